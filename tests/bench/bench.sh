# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043 # ash has local
#
# bench.sh: what happens in dom0.  README.md says what is measured, and why so.
#
#   bench.sh EXPERIMENT... type=pvh|pv runs=N profile=yes|no bound=SECONDS files=N
#
# An experiment is done with one driver and then with the other, each time in a guest
# that was created for it; nothing else runs.
#
# Model: each figure is printed at once, as a line that results.h has, so that nothing
# that comes later can take it away.  A move that has not ended when its time is up ends
# there: what would have been measured of it gets a line that says how far it came, and so
# does what needs the whole way of the guest.  The next move goes on from there.  A guest
# that the kernel's driver killed is measured no further; ours must kill none.

PROBE=${PROBE:-probe}
CMDLINE=memhp_default_state=online
g=guest

experiments='' type='' runs='' profile='' bound='' files='' profiles=0 whole=''
for word in "$@"; do
	case $word in
	type=*) type=${word#*=} ;;
	runs=*) runs=${word#*=} ;;
	profile=*) profile=${word#*=} ;;
	bound=*) bound=${word#*=} ;;
	files=*) files=${word#*=} ;;
	*) experiments="$experiments $word" ;;
	esac
done

# ---- guests

# fresh SIDE MEMORY MAXMEM [KEY=VALUE]: the guest of a measurement.
fresh() {
	local driver=none
	[ "$1" = theirs ] || driver=load
	guest_start $g type="$type" memory="$2" maxmem="$3" driver=$driver cmdline="$CMDLINE" ${4:+"$4"}
	sleep 3
	"$PROBE" rest "$(guest_domid $g)" || fail "the guest comes to rest after its boot"
	[ "$1" = ours ] || guest_may_die $g
	failed_move='' failed_way=''
	domid=$(guest_domid $g)
	boot_pages=$(guest_tot_pages $g) boot_mib=$2 stood=$2
}

# limit MIB: what a growth needs beside the target, done before it.
limit() {
	xl mem-max $g "$1" || fail "xl mem-max"
	xenstore-write "/local/domain/$domid/memory/static-max" $(($1 * 1024))
	sleep 1
}

# The next guest must find the machine as this one did: Xen cleans in its idle time.
gone() {
	guest_destroy $g
	sleep 5
	case $(labtool host) in
	*" scrub_kib=0 "*) ;;
	*) fail "Xen has cleaned what the guest left: $(labtool host)" ;;
	esac
}

# ---- measuring

# value KEY TEXT: of "KEY=VALUE ..." words.
value() {
	local word
	for word in $2; do
		[ "${word%%=*}" != "$1" ] || echo "${word#*=}"
	done
}

# calc EXPRESSION: with fractions.
calc() { awk "BEGIN { printf \"%.4f\", $1 }"; }

# row KIND SIDE METRIC VALUE: what must not be lost.  The host's side picks it up.
row() { echo "$1 $type ${LAB_KERNELS%% *} $LAB_VCPUS $3 $2 $4"; }

# lost SIDE WHAT: WHAT could not be done: if the kernel's driver has killed its guest, that
# is a figure, else it ends the run.
lost() {
	if [ "$1" = ours ] || guest_alive $g; then
		fail "$type, $1: $2"
	fi
	failed_move="died $stood" failed_way=${failed_way:-died $stood}
	note "$type $1: died, standing at $stood MiB: $2"
}

# sample "KIND MIB"|"" SIDE METRIC COMMAND...: what COMMAND prints; or, after such a
# failure, that.
sample() {
	local failure="$1" side="$2" metric="$3" value status=0
	shift 3
	if [ -z "$failure" ]; then
		value=$("$@") || status=$?
		case $status in
		0) row sample "$side" "$metric" "$value"; return ;;
		4) failure="late $stood" ;;
		*) lost "$side" "$metric is measured"; failure=$failed_move ;;
		esac
	fi
	row "${failure% *}" "$side" "$metric" "${failure#* }"
}

# sample_move: a figure of the last move.  sample_way: one of all that the guest did.
sample_move() { sample "$failed_move" "$@"; }
sample_way() { sample "$failed_way" "$@"; }

# move SIDE MIB LABEL: sets moved to what probe says of it, stood to where it ended, and
# failed_move (and failed_way, if it is the first) if that was not MIB.
move() {
	local status=0
	case $failed_move in died*) return ;; esac
	failed_move=''
	if [ "$profile" = yes ]; then
		"$PROBE" profile begin || fail "the meter profiles"
	fi
	moved=$("$PROBE" move "$domid" $(($2 * 1024)) $((boot_pages + ($2 - boot_mib) * 256)) \
		$((bound * 1000))) || status=$?
	note "$type $1 $3 $moved"
	case $status in
	0 | 3 | 4) stood=$(mib "$(value stood "$moved")") ;;
	*) fail "$type, $1: $3: is measured" ;;
	esac
	case $status in
	3) lost "$1" "$3" ;;
	4) failed_move="late $stood" failed_way=${failed_way:-late $stood}
		note "$type $1 $3: not at $2 MiB within $bound s, stands at $stood MiB" ;;
	esac
	[ "$profile" != yes ] || [ $status -ne 0 ] || profile_end "$1" "$3"
}

# mib PAGES: as targets count it.
mib() { calc "$boot_mib + ($1 - $boot_pages) / 256"; }

# profile_end SIDE LABEL: say which profile that was, and of how many pages; keep the
# symbols.
profile_end() {
	"$PROBE" profile end || fail "the meter writes a profile"
	in_guest -t 300 $g 'grep " [tTwW] " /proc/kallsyms | gzip' >"$OUT/symbols-$profiles.gz"
	echo "$profiles $type ${LAB_KERNELS%% *} $1 $2 $(value pages "$moved")" >>"$OUT/profiles"
	profiles=$((profiles + 1))
}

# per_page KEY, per_gib KEY: of the last move.
per_page() {
	local pages
	pages=$(value pages "$moved")
	calc "$(value "$1" "$moved") / ${pages#-}"
}

per_gib() { calc "$(per_page "$1") * 262144"; }

# superpages: 2 MiB mappings, with larger ones as what they are worth.
superpages() {
	local leaves
	leaves=$("$PROBE" walk "$(nested_table)") || fail "the nested page table can be read"
	note "$type $leaves" >&2
	echo $(($(value leaves_2m "$leaves") + 512 * $(value leaves_1g "$leaves")))
}

# fresh_superpages: those of a guest that was given 1024 MiB at its boot, whichever
# driver it has.
fresh_superpages() {
	if [ -z "$whole" ]; then
		fresh ours 1024 1024
		whole=$(superpages)
		gone
	fi
}

# A driver may mend mappings after it has reached its target; give it time.
superpages_at_last() {
	sleep 15
	"$PROBE" rest "$domid" || return
	superpages
}

# percent_of_fresh: of its 2 MiB mappings, what the guest has now.
percent_of_fresh() {
	local found
	found=$(superpages_at_last) || return
	calc "100 * $found / $whole"
}

# keep_state SIDE LABEL: what our driver says of itself, for who wonders about a figure.
keep_state() {
	[ "$1" = ours ] || return 0
	in_guest $g 'cd /sys/kernel/debug/hotballoon && cat steps blocks check && cat /proc/buddyinfo' \
		>"$OUT/driver-$type-$2"
}

# ---- experiments: NAME SIDE

do_cycle() {
	[ "$type" = pv ] || fresh_superpages
	fresh "$1" 1024 1024
	move "$1" 256 shrink
	sample_move "$1" shrink_insn_per_page per_page insn
	sample_move "$1" shrink_guest_insn_per_page per_page guest_insn
	sample_move "$1" hypercalls_per_gib_shrink per_gib hypercalls
	move "$1" 1024 grow
	sample_move "$1" grow_insn_per_page per_page insn
	sample_move "$1" grow_guest_insn_per_page per_page guest_insn
	sample_move "$1" hypercalls_per_gib_grow per_gib hypercalls
	[ "$type" = pv ] || sample_way "$1" superpages_after_cycle_percent percent_of_fresh
	gone
}

do_hotadd() {
	local first
	fresh "$1" 512 512
	limit 1536
	move "$1" 1536 hotadd
	sample_move "$1" hotadd_grow_insn_per_page per_page insn
	sample_move "$1" hotadd_grow_guest_insn_per_page per_page guest_insn
	# Known as soon as a page has come, whatever becomes of the others.
	first=$(value first_ms "$moved")
	case $first in
	'' | 0.000) sample_move "$1" hotadd_first_page_ms fail "a page has come" ;;
	*) sample '' "$1" hotadd_first_page_ms echo "$first" ;;
	esac
	gone
}

# A file system without a disk: ext4 on a sparse image.  20 MiB of it are real.
fill_caches() {
	# shellcheck disable=SC2016 # for the guest's shell
	in_guest -t 300 $g '
		for m in crc16 crc32c_generic mbcache jbd2 ext4 loop; do
			insmod /lib/modules/$m.ko || exit 1
		done
		truncate -s 2G /tmp/image && mke2fs -F /tmp/image >/dev/null &&
		mkdir /tmp/fs && mount -t ext4 -o loop /tmp/image /tmp/fs &&
		cachefill /tmp/fs '"$files"' 640 && sync' || fail "$type: fills its caches"
	note "$type: $(in_guest $g 'grep -E "^(MemFree|Cached|Buffers|SReclaimable|SUnreclaim):" \
		/proc/meminfo' | tr -s ' \n' ' ')"
}

do_load() {
	fresh_superpages
	fresh "$1" 1024 1024 io=yes
	fill_caches
	move "$1" 256 loaded-shrink
	sample_move "$1" load_shrink_insn_per_page per_page insn
	move "$1" 1024 loaded-grow
	sample_move "$1" load_grow_insn_per_page per_page insn
	sample_way "$1" superpages_after_load_percent percent_of_fresh
	keep_state "$1" load
	gone
}

# What a guest started with populate-on-demand has never touched is mapped by nothing
# yet: have it use its memory once.
touch_memory() {
	local kib
	kib=$(guest_meminfo $g MemAvailable)
	guest_fill $g touch $((kib / 1024 - 16)) || return
	guest_verify $g touch || return
	guest_release $g touch
}

do_pod() {
	fresh_superpages
	fresh "$1" 256 1024
	limit 1024
	move "$1" 1024 pod-grow
	if [ -z "$failed_way" ]; then
		superpages_at_last >/dev/null	# what it mends by itself comes first
		touch_memory || lost "$1" "uses its memory"
	fi
	sample_way "$1" superpages_after_pod_percent percent_of_fresh
	keep_state "$1" pod
	gone
}

# free_kib: comparable over the cycles; see tests/xen/guest/freemem.c.
free_kib() {
	local answer
	answer=$(in_guest $g freemem) || fail "$type: tells its free memory"
	echo "${answer%% *}"
}

do_left() {
	local start before after n=0 worst=0
	fresh "$1" 512 512
	limit 1536
	free_kib >/dev/null	# loads what later readings use
	start=$(free_kib)
	after=$start
	note "$type $1 before: blocks $(guest_blocks $g), MemTotal $(guest_memtotal_kib $g) KiB"
	while [ $n -lt 10 ] && [ -z "$failed_way" ]; do
		n=$((n + 1))
		left_cycle "$1"
	done
	[ -n "$failed_way" ] ||
		note "$type $1 after: blocks $(guest_blocks $g), MemTotal $(guest_memtotal_kib $g) KiB"
	keep_state "$1" left
	sample_way "$1" left_behind_kib echo $((start - after))
	sample_way "$1" left_behind_later_cycle_kib echo $worst
	gone
}

# left_cycle SIDE: the N-th round of do_left, whose variables it uses.
left_cycle() {
	before=$after
	move "$1" 1536 "hotadd-$n"
	[ -z "$failed_way" ] || return 0
	move "$1" 512 "back-$n"
	[ -z "$failed_way" ] || return 0
	sleep 5	# emptied blocks may leave a little later than their memory
	after=$(free_kib)
	note "$type $1 cycle $n: $((before - after)) KiB gone"
	[ "$n" -eq 1 ] || [ $((before - after)) -le "$worst" ] || worst=$((before - after))
}

# outruns SIDE RATE: a guest that is full, may have 768 MiB more and wants 512 at once: does it
# get there before something is killed?
OUTRUN_LEFT=40	# MiB that it has still
outruns() {
	local kib status=0
	fresh "$1" 256 256
	limit 1024
	kib=$(guest_meminfo $g MemAvailable)
	guest_fill $g full $((kib / 1024 - OUTRUN_LEFT)) || fail "$type: fills its memory"
	xenstore-write "/local/domain/$domid/memory/target" $((1024 * 1024))
	in_guest -t 120 $g "eat $2 512" >/dev/null 2>&1 || status=1
	note "$type $1: eats 512 MiB at $2 MiB/s: $([ $status -eq 0 ] && echo lives || echo dies)"
	gone
	return $status
}

# The most that works before the first that does not; no guest of ours may be lost at 16.
do_outrun() {
	local rate=8
	while [ $rate -lt 1024 ] && outruns "$1" $((rate * 2)); do
		rate=$((rate * 2))
	done
	[ "$1" = theirs ] || [ $rate -ge 16 ] || fail "$type: a guest that is given more lives"
	sample '' "$1" outrun_mib_s echo $((rate == 8 ? 0 : rate))
}

# Structure does not vary from run to run as instructions may.
runs_of() {
	case $1 in
	cycle | hotadd) echo "$runs" ;;
	*) echo 1 ;;
	esac
}

note "Xen $(xl info | awk '$1 == "xen_version" { print $3 }'), $type guests of ${LAB_KERNELS%% *}"
"$PROBE" begin || fail "the meter answers"
for experiment in $experiments; do
	n=0
	while [ $n -lt "$(runs_of "$experiment")" ]; do
		n=$((n + 1))
		"do_$experiment" ours
		"do_$experiment" theirs
	done
done
