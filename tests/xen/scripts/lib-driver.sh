# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# What the tests of our driver share.  The lab puts it beside every script.
#
# The books of a guest: Xen's count of its pages is its target plus a constant (none on PV;
# special pages on PVH, 16 on Xen 4.17 and 14 on 4.20; on HVM 16 MiB of video memory and
# some), and Xen's count less MemTotal is what the kernel keeps for itself, which does not
# change either.

XEN_MEMORY=/sys/devices/system/xen_memory/xen_memory0
REPORT=/sys/kernel/hotballoon
BOOKS=/sys/kernel/debug/hotballoon
BLOCKS=/sys/devices/system/memory

# boot_size DEFAULT [KEY=VALUE...]: MiB that a guest of the run's kernel boots with: memory=M
# among the settings, or the default, if the debug kernel does not need more.
boot_size() {
	local mib=$1 n
	shift
	case " $LAB_KERNELS " in
	*' debug '*) [ "$mib" -ge "$LAB_DEBUG_MEMORY" ] || mib=$LAB_DEBUG_MEMORY ;;
	esac
	for n in "$@"; do
		case $n in memory=*) mib=${n#*=} ;; esac
	done
	echo "$mib"
}

# block_cost MIB: what hot-added memory of that size takes from the rest, in MiB: struct pages,
# 1.6 %; with the debug kernel also an eighth for KASAN, and the pages' owners.
block_cost() {
	case " $LAB_KERNELS " in
	*' debug '*) echo $(($1 / 6)) ;;
	*) echo $(($1 / 62)) ;;
	esac
}

# Remember the constants of a fresh guest at its boot size.
books_open() {
	local g=$1 tot gap least=1 most=64
	tot=$(guest_tot_pages "$g")
	gap=$((tot - $(xenstore-read "/local/domain/$(guest_domid "$g")/memory/target") / 4))
	case $(guest_type "$g") in
	pv) least=0 most=0 ;;
	hvm) least=4096 most=$((4096 + 64)) ;;
	esac
	check_ok "$g: Xen counts its target and $gap pages, of $least to $most" \
		[ "$gap" -ge $least -a "$gap" -le $most ]
	echo "$gap" >"/run/lab/guests/$g/gap"
	echo $((tot * 4 - $(guest_memtotal_kib "$g"))) >"/run/lab/guests/$g/kept"
}

# tot_kib NAME: what Xen counts; 0 of a guest that is gone, which whoever looks next says.
tot_kib() {
	local pages
	pages=$(guest_tot_pages "$1")
	echo $((pages * 4))
}

# counted_kib EXPECTED TOLERANCE COMMAND...: the KiB that the command prints; asked again for 3 s
# while they are short of what is expected by the 2 MiB that tidying takes for an exchange and gives
# back at once.  Not asked whether the guest is tidying: it may have ended by then.
counted_kib() {
	local short=$(($1 - 2048)) tolerance=$2 n=0 kib off
	shift 2
	while :; do
		kib=$("$@")
		off=$((kib - short))
		[ ${off#-} -le "$tolerance" ] && [ $n -lt 30 ] || break
		n=$((n + 1))
		sleep 0.1
	done
	echo "$kib"
}

# books_check NAME KIB LABEL: the guest is exactly there, whoever counts.
books_check() {
	local g=$1 kib=$2 label=$3 gap kept tot
	read -r gap <"/run/lab/guests/$g/gap"
	read -r kept <"/run/lab/guests/$g/kept"
	tot=$(($(counted_kib $((kib + gap * 4)) 0 tot_kib "$g") / 4))
	check "$g: $label: Xen counts the target and $gap pages" $((kib / 4 + gap)) "$tot"
	check "$g: $label: MemTotal follows" $((tot * 4 - kept)) "$(guest_memtotal_kib "$g")"
	check "$g: $label: the driver agrees" "$kib 0" \
		"$(in_guest "$g" "echo \$(cat $REPORT/current_kb) \$(cat $REPORT/drift_kb)")"
	check "$g: $label: a recount of its books" ok "$(in_guest "$g" cat $BOOKS/check)"
}

# What explains a failure.
books_show() {
	in_guest "$1" "grep '' $REPORT/*; cat /proc/\$(pidof hotballoon)/stack $BOOKS/steps $BOOKS/blocks; dmesg | grep hotballoon: | tail -n 5" |
		sed 's/^/# /'
}

# Blocks as the driver knows them: fields are 1 block, 2 origin, 3 state, 4 movable,
# 5 held pages, 6 empty units.
# driver_blocks NAME CONDITION: the numbers of those for which that of awk holds, in a line
driver_blocks() {
	in_guest "$1" "awk 'NR > 1 && ($2) { printf \"%s%s\", n++ ? \" \" : \"\", \$1 }' $BOOKS/blocks"
}

# driver_block NAME BLOCK FIELD
driver_block() { in_guest "$1" "awk '\$1 == \"$2\" { print \$$3 }' $BOOKS/blocks"; }

# As user space does it.
set_block() { in_guest "$1" "echo $3 >$BLOCKS/memory$2/state"; }

# wait_until NAME SECONDS CONDITION: until it holds in the guest, for whose shell it is.  By the
# clock: with the debug kernel it is the commands that take the time.
wait_until() {
	in_guest -t $(($2 + 30)) "$1" "read -r now rest </proc/uptime; end=\$((\${now%.*} + $2))
		until $3; do
			read -r now rest </proc/uptime
			[ \${now%.*} -lt \$end ] || exit 1
			sleep 0.1
		done"
}

# soon COMMAND...: until it succeeds here; ten seconds at most.
soon() {
	local n=0
	until "$@"; do
		n=$((n + 1))
		[ $n -lt 100 ] || return 1
		sleep 0.1
	done
}

# wait_blocks NAME N [SECONDS]: until only N are left; on PV, where blocks stay, online.
wait_blocks() {
	local which="ls -d $BLOCKS/memory[0-9]*"
	[ "$(guest_type "$1")" != pv ] || which="grep -l ^online $BLOCKS/memory[0-9]*/state"
	wait_until "$1" "${3:-20}" "[ \$($which | wc -l) -eq $2 ]"
}

# wait_report NAME FILE VALUE [SECONDS]: until the driver says so.
wait_report() { wait_until "$1" "${4:-20}" "[ \"\$(cat $REPORT/$2)\" = '$3' ]"; }

# Wait until Xen has the guest's last pages and the driver has booked them.
reach() {
	guest_wait_pages "$1" $(($2 / 4 + $(cat "/run/lab/guests/$1/gap"))) 0 "${3:-60}" &&
		wait_report "$1" state idle
}

# random_seed [seed=N]: N, or one that nobody chose.
random_seed() {
	case ${1:-} in
	seed=*) echo "${1#seed=}" ;;
	*) od -An -N 4 -t u4 /dev/urandom | tr -d ' ' ;;
	esac
}

# random_below N: sets RANDOM_NUMBER; the same row of numbers for the same RANDOM_STATE.
random_below() {
	RANDOM_STATE=$(((RANDOM_STATE * 1103515245 + 12345) % 2147483648))
	RANDOM_NUMBER=$((RANDOM_STATE / 65536 % $1))
}

oom_kills() { in_guest "$1" 'dmesg | grep -c -i "out of memory\|oom-kill"'; }

# lacking NAME: KiB that the guest tells that it lacks.
lacking() { xenstore-read "/local/domain/$(guest_domid "$1")/data/hotballoon/distress" 2>/dev/null || echo 0; }

# follow_distress NAME: the most that is lacked meanwhile, in /tmp/most.
follow_distress() {
	local now most=0
	while [ ! -e /tmp/enough ]; do
		now=$(lacking "$1")
		[ "$now" -le $most ] || { most=$now; echo "$most" >/tmp/most; }
		sleep 0.02
	done
}

# eat_until_kill NAME LABEL MOST: the guest eats 8 MiB at a time, so many times at most, until
# something of that is killed.  Sets EATEN, and LACKED: the most KiB that it lacked meanwhile.
eat_until_kill() {
	local g=$1 pid before
	before=$(oom_kills "$g")
	EATEN=0
	rm -f /tmp/enough /tmp/most
	follow_distress "$g" &
	pid=$!
	while [ $EATEN -lt "$3" ]; do
		in_guest -t 120 "$g" "echo 1000 >/proc/self/oom_score_adj; memfill start eat$EATEN 8" || break
		# The one that is killed may be an older one.
		[ "$(oom_kills "$g")" = "$before" ] || break
		EATEN=$((EATEN + 1))
	done >/dev/null 2>&1
	sleep 1
	touch /tmp/enough
	wait $pid
	LACKED=$(cat /tmp/most 2>/dev/null || echo 0)
	note "$g: $2: $EATEN times 8 MiB, lacking $LACKED KiB at most, $(($(guest_tot_pages "$g") / 256)) MiB"
}

# end_eating NAME: until the last is gone: one may be gone before it is told to, and to tell all of
# them takes memory, which there may be none of at first.
# shellcheck disable=SC2016 # it is the guest's shell
end_eating() {
	in_guest "$1" 'while pids=$(pidof memfill); do kill $pids 2>/dev/null; sleep 0.1; done'
}

# Nothing in the guest's kernel log that should not be there; else the whole log is kept.
check_log() {
	local bad
	bad=$(in_guest "$1" 'dmesg | grep -i "WARNING:\|\bBUG:\|oom-kill\|out of memory\|page allocation failure\|hotballoon: .*cannot\|counts .* pages more"' | grep -v "${2:-^\$}")
	check "$1: no warning, no OOM kill" "" "$bad" || guest_dmesg "$1" >"$OUT/$1.dmesg"
	# The debug kernel's: it stops looking at the first fault of anybody.
	in_guest "$1" '[ ! -e /proc/lockdep_stats ]' ||
		check_ok "$1: lockdep looks at locks still" in_guest "$1" 'grep -q "debug_locks: *1$" /proc/lockdep_stats'
}
