# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# faults [seed=N] [targets=N] [KEY=VALUE...]: things fail in the guest and on the host's side
# while it follows N random targets, or 1000 (debug kernel):
#   memory      allocations of the driver's thread, of the thread that hears of targets, and
#               of the kernel's workers, which write the reports
#   blocks      other users of memory hotplug refuse that a block goes online or offline
#   xenstore    the report cannot be written, or is removed; targets that are none
# First each of them alone: it has an effect, and what it held up goes on by itself once it is
# over.  Then all of them at random, in spells of SPELL targets, the books recounted after
# each.  Then all is well, and the guest goes to the last target it was told, is exact, and
# the host sees that; nothing was reported, nothing was killed, every word is as written.
. /lab/files/lib-driver.sh

g=guest
RANDOM_STATE=$(random_seed "$@")
case ${1:-} in seed=*) shift ;; esac
note "faults: seed=$RANDOM_STATE"
TARGETS=1000
case ${1:-} in targets=*) TARGETS=${1#*=}; shift ;; esac
SPELL=25
BLOCK=128
BOOT=$(boot_size 512 "$@")
MOST=$((BOOT + 3 * BLOCK))
PROCESSES=4
EACH=12
HELD=24
INJECT=/sys/kernel/debug
REFUSE=notifier-error-inject/memory/actions
TIMES=1000000000	# more failures than there will be

# The guest's threads whose allocations fail: the driver's alone, or all three kinds.
WORKER='hotballoon'
ALL='hotballoon | xenwatch | kworker*'
who=$WORKER

# Failures are counted down from here.
faults_init() {
	in_guest $g "cd $INJECT || exit
		for kind in failslab fail_page_alloc; do
			echo Y >\$kind/task-filter
			echo N >\$kind/ignore-gfp-wait
			echo 0 >\$kind/verbose
			echo $TIMES >\$kind/times
		done
		echo 0 >fail_page_alloc/min-order
		echo N >fail_page_alloc/ignore-gfp-highmem"
}

# faults_set SLAB PAGES ONLINE OFFLINE: percent of allocations of objects and of pages that
# fail, and the errors of blocks on their way online and offline, 0 for none.
faults_set() {
	in_guest $g "cd $INJECT || exit
		echo $1 >failslab/probability
		echo $2 >fail_page_alloc/probability
		echo $3 >$REFUSE/MEM_GOING_ONLINE/error
		echo $4 >$REFUSE/MEM_GOING_OFFLINE/error
		for dir in /proc/[0-9]*; do
			read -r name <\$dir/comm || continue
			case \$name in
			$who) echo 1 >\$dir/make-it-fail ;;
			esac
		done 2>/dev/null"
}

# faults_count KIND: how many were injected so far.
faults_count() { echo $((TIMES - $(in_guest $g cat "$INJECT/$1/times"))); }

# There may be no report at the moment.
report_unwritable() { xenstore-chmod -r "$report" n0 2>/dev/null; }
report_writable() { xenstore-chmod -r "$report" "n$domid" 2>/dev/null; }
report_removed() { xenstore-rm "$report" 2>/dev/null; }

# The host's view: what the report in xenstore says.
wait_host_sees() {
	local n=0
	until [ "$(xenstore-read "$report/state" "$report/current" 2>/dev/null | tr '\n' ' ')" = "idle $1 " ]; do
		n=$((n + 1))
		[ $n -lt 100 ] || return 1
		sleep 0.1
	done
}

set_target() { xenstore-write "$target" "$1"; }

# ---- one kind of fault alone

check_held_up() {
	local label=$1 cause=$2
	check_ok "$g: $label: says $cause" wait_report $g cause "$cause"
	check "$g: $label: a recount of its books" ok "$(in_guest $g cat $BOOKS/check)"
}

goes_on() {
	local label=$1 mib=$2
	faults_set 0 0 0 0
	check_ok "$g: $label: over: reaches $mib MiB by itself" reach $g $((mib * 1024))
	books_check $g $((mib * 1024)) "$label: over"
}

try_no_memory() {
	local label="no memory for a block"
	faults_set 100 100 0 0
	set_target $(((BOOT + BLOCK) * 1024))
	check_held_up "$label" guest-busy
	goes_on "$label" $((BOOT + BLOCK))
}

# Whoever hears of the target has no memory to read it.
try_not_read() {
	local label="no memory to read the target"
	who=$ALL
	faults_set 100 100 0 0
	set_target $(((BOOT + BLOCK - 64) * 1024))
	sleep 1
	goes_on "$label" $((BOOT + BLOCK - 64))
}

try_not_online() {
	local label="a block is not let online"
	faults_set 0 0 -12 0
	set_target $(((BOOT + 2 * BLOCK) * 1024))
	check_held_up "$label" offline-pending
	goes_on "$label" $((BOOT + 2 * BLOCK))
}

try_not_offline() {
	local label="blocks are not let offline" present
	present=$(guest_blocks $g)
	faults_set 0 0 0 -16
	set_target $((BOOT * 1024))
	check_ok "$g: $label: reaches $BOOT MiB all the same" reach $g $((BOOT * 1024))
	books_check $g $((BOOT * 1024)) "$label"
	check "$g: $label: they stay" "$present" "$(guest_blocks $g)"
	faults_set 0 0 0 0
	check_ok "$g: $label: over: they leave" wait_blocks $g $((BOOT / BLOCK)) 60 || books_show $g
}

try_no_report() {
	local kib=$(((BOOT - 32) * 1024))
	check_ok "$g: the host sees the report" wait_host_sees $((BOOT * 1024))
	report_unwritable
	set_target $kib
	check_ok "$g: no report: reaches its target all the same" reach $g $kib
	check_fails "$g: no report: the host does not see it" wait_host_sees $kib
	report_writable
	check_ok "$g: no report: over: the host sees it" wait_host_sees $kib
}

# ---- all of them at random

# one_of WORD...: sets ONE.
one_of() {
	random_below $#
	shift "$RANDOM_NUMBER"
	ONE=$1
}

new_faults() {
	local slab pages online
	one_of 0 0 5 30 100
	slab=$ONE
	one_of 0 0 5 30 100
	pages=$ONE
	one_of 0 0 -12
	online=$ONE
	one_of 0 0 -16
	faults_set "$slab" "$pages" "$online" "$ONE"
	report_writable
	one_of writable writable unwritable removed
	"report_$ONE"
}

random_target() {
	random_below 40
	case $RANDOM_NUMBER in
	0) set_target '' ;;
	1) set_target 'no number' ;;
	2) set_target 18446744073709551616 ;;
	3) set_target 4294967296 ;;
	*)
		random_below $(((MOST - least) * 4))
		set_target $((least * 1024 + RANDOM_NUMBER * 256))
		;;
	esac
}

pause() {
	random_below 10
	case $RANDOM_NUMBER in
	0) sleep 0.5 ;;
	[1-4]) sleep 0.0$RANDOM_NUMBER ;;
	esac
}

faults() {
	local i=0
	wrong=
	while [ $i -lt "$TARGETS" ]; do
		[ $((i % SPELL)) -ne 0 ] || new_faults
		i=$((i + 1))
		random_target
		pause
		[ $((i % SPELL)) -eq 0 ] || continue
		case $(in_guest $g cat $BOOKS/check) in
		ok) ;;
		*) wrong="$wrong $i" ;;
		esac
	done
}

check_guest_log() {
	local bad
	bad=$(in_guest $g 'dmesg | grep -i "WARNING:\|BUG:\|oom-kill\|out of memory\|counts .* pages more"' |
		grep -vE "$EXPECTED")
	check "$g: no warning, no OOM kill" "" "$bad" || guest_dmesg $g >"$OUT/$g.dmesg"
}

# Whatever makes adding a block fail, the kernel itself warns of it on x86, once.
EXPECTED='WARNING: .* arch/x86/mm/init_64\.c:[0-9]+ add_pages'
guest_start $g memory="$BOOT" cmdline=panic_on_warn=0 "$@"
books_open $g
domid=$(guest_domid $g)
target=/local/domain/$domid/memory/target
report=/local/domain/$domid/data/hotballoon
xl mem-max $g $MOST
check_ok "$g: fill" guest_fill $g held $HELD
check_ok "$g: faults can be injected" faults_init
try_no_memory
try_not_online
try_not_offline
try_no_report
try_not_read

# As in storm.sh: whatever dies, dies of the driver.
used=$((BOOT + BLOCK - 64 - $(guest_meminfo $g MemAvailable) / 1024))
least=$((used + PROCESSES * EACH + 16 + BOOT / 16 + $(block_cost $((MOST - BOOT)))))
note "$g: targets from $least to $MOST MiB"
guest_spawn $g churn "churn $PROCESSES $EACH $RANDOM_STATE"
start=$(now_ms)
faults
note "$g: $TARGETS targets in $(($(now_ms) - start)) ms"
check "$g: its books were right after each spell of faults" "" "$wrong"
last=$(((BOOT + 200) * 1024))
set_target $last
sleep 0.5
faults_set 0 0 0 0
report_writable
for kind in failslab fail_page_alloc; do
	check_ok "$g: $kind: $(faults_count $kind) failures were injected" [ "$(faults_count $kind)" -ge $((TARGETS / 4)) ]
done

check_ok "$g: all well: reaches the last target it was told" reach $g $last || books_show $g
check_ok "$g: all well: the host sees it" wait_host_sees $last
churned=$(guest_end $g churn 300)
check "$g: no process died, no word was lost" ok "${churned%% *}"
books_check $g $last "all well"
set_target $((BOOT * 1024))
check_ok "$g: all well: reaches $BOOT MiB" reach $g $((BOOT * 1024))
check_ok "$g: all well: hot-added blocks left" wait_blocks $g $((BOOT / BLOCK)) 60 || books_show $g
books_check $g $((BOOT * 1024)) "at its boot size"
check_ok "$g: unload" in_guest $g rmmod xen_hotballoon
check_ok "$g: load" in_guest $g insmod /xen-hotballoon.ko
check_ok "$g: it is where it was" reach $g $((BOOT * 1024))
books_check $g $((BOOT * 1024)) "loaded again"
check_ok "$g: contents from before" guest_verify $g held
check_guest_log
