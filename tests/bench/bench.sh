# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043 # ash has local
#
# bench.sh: what happens in dom0.  README.md says what is measured, and why so.
#
#   bench.sh EXPERIMENT... -- type=pvh|pv runs=N profile=yes|no
#
# An experiment is done with one driver and then with the other, each time in a guest
# that was created for it; nothing else runs.  Leaves in $OUT/samples lines as
# results.h has them.

PROBE=/lab/files/probe
TIMEOUT_MS=120000	# for one move; the slowest takes a tenth of it
CMDLINE=memhp_default_state=online
g=guest

experiments='' type='' runs='' profile='' profiles=0 whole=''
for word in "$@"; do
	case $word in
	type=*) type=${word#*=} ;;
	runs=*) runs=${word#*=} ;;
	profile=*) profile=${word#*=} ;;
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
	domid=$(guest_domid $g)
	boot_pages=$(guest_tot_pages $g) boot_mib=$2
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

sample() {
	echo "sample $type ${LAB_KERNELS%% *} $LAB_VCPUS $2 $1 $3" >>"$OUT/samples"
	note "$1 $2 $3"
}

# move SIDE MIB LABEL: sets MOVED to what probe says of it.
move() {
	if [ "$profile" = yes ]; then
		"$PROBE" profile begin || fail "the meter profiles"
	fi
	MOVED=$("$PROBE" move "$domid" $(($2 * 1024)) $((boot_pages + ($2 - boot_mib) * 256)) \
		$TIMEOUT_MS) || fail "$type, $1: $3: reaches $2 MiB"
	[ "$profile" != yes ] || profile_end "$1" "$3"
	note "$type $1 $3 $MOVED"
}

# profile_end SIDE LABEL: say which profile that was, and of how many pages; keep the
# symbols.
profile_end() {
	"$PROBE" profile end || fail "the meter writes a profile"
	in_guest -t 300 $g 'grep " [tTwW] " /proc/kallsyms | gzip' >"$OUT/symbols-$profiles.gz"
	echo "$profiles $type ${LAB_KERNELS%% *} $1 $2 $(value pages "$MOVED")" >>"$OUT/profiles"
	profiles=$((profiles + 1))
}

# per_page KEY, per_gib KEY: of MOVED.
per_page() {
	local pages
	pages=$(value pages "$MOVED")
	calc "$(value "$1" "$MOVED") / ${pages#-}"
}

per_gib() { calc "$(per_page "$1") * 262144"; }

# Xen's own name for the place of the guest's nested page table is in its dump.
nested_table() {
	local tries=0 found=''
	xl dmesg -c >>"$OUT/xen-messages"
	xl debug-keys v
	while [ -z "$found" ]; do
		[ $tries -lt 50 ] || fail "Xen tells where the nested page table is"
		sleep 0.1
		tries=$((tries + 1))
		found=$(xl dmesg | sed -n 's/.*H_CR3 *= *0x\([0-9a-f]*\).*/\1/p' | tail -n 1)
	done
	echo "$found"
}

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
	"$PROBE" rest "$domid" || fail "the guest comes to rest after it has grown"
	superpages
}

# percent_of_fresh: of its 2 MiB mappings, what the guest has now.
percent_of_fresh() {
	calc "100 * $(superpages_at_last) / $whole"
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
	sample "$1" shrink_insn_per_page "$(per_page insn)"
	sample "$1" shrink_guest_insn_per_page "$(per_page guest_insn)"
	sample "$1" hypercalls_per_gib_shrink "$(per_gib hypercalls)"
	move "$1" 1024 grow
	sample "$1" grow_insn_per_page "$(per_page insn)"
	sample "$1" grow_guest_insn_per_page "$(per_page guest_insn)"
	sample "$1" hypercalls_per_gib_grow "$(per_gib hypercalls)"
	[ "$type" = pv ] || sample "$1" superpages_after_cycle_percent "$(percent_of_fresh)"
	gone
}

do_hotadd() {
	fresh "$1" 512 512
	limit 1536
	move "$1" 1536 hotadd
	sample "$1" hotadd_grow_insn_per_page "$(per_page insn)"
	sample "$1" hotadd_grow_guest_insn_per_page "$(per_page guest_insn)"
	sample "$1" hotadd_first_page_ms "$(value first_ms "$MOVED")"
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
		cachefill /tmp/fs 30000 640 && sync' || fail "$type: fills its caches"
	note "$type: $(in_guest $g 'grep -E "^(MemFree|Cached|Buffers|SReclaimable|SUnreclaim):" \
		/proc/meminfo' | tr -s ' \n' ' ')"
}

do_load() {
	fresh_superpages
	fresh "$1" 1024 1024 io=yes
	fill_caches
	move "$1" 256 loaded-shrink
	move "$1" 1024 loaded-grow
	sample "$1" superpages_after_load_percent "$(percent_of_fresh)"
	keep_state "$1" load
	gone
}

# What a guest started with populate-on-demand has never touched is mapped by nothing
# yet: have it use its memory once.
touch_memory() {
	local kib
	kib=$(guest_meminfo $g MemAvailable)
	guest_fill $g touch $((kib / 1024 - 16)) || fail "$type: uses its memory"
	guest_verify $g touch || fail "$type: has its memory as it was written"
	guest_release $g touch
}

do_pod() {
	fresh_superpages
	fresh "$1" 256 1024
	limit 1024
	move "$1" 1024 pod-grow
	superpages_at_last >/dev/null	# what it mends by itself comes first
	touch_memory
	sample "$1" superpages_after_pod_percent "$(percent_of_fresh)"
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
	while [ $n -lt 10 ]; do
		n=$((n + 1))
		before=$after
		move "$1" 1536 hotadd-$n
		move "$1" 512 back-$n
		sleep 5	# emptied blocks may leave a little later than their memory
		after=$(free_kib)
		note "$type $1 cycle $n: $((before - after)) KiB gone"
		[ $n -eq 1 ] || [ $((before - after)) -le $worst ] || worst=$((before - after))
	done
	note "$type $1 after: blocks $(guest_blocks $g), MemTotal $(guest_memtotal_kib $g) KiB"
	keep_state "$1" left
	sample "$1" left_behind_kib $((start - after))
	sample "$1" left_behind_later_cycle_kib $worst
	gone
}

# Structure does not vary from run to run as instructions may.
runs_of() {
	case $1 in
	cycle | hotadd) echo "$runs" ;;
	*) echo 1 ;;
	esac
}

"$PROBE" begin || fail "the meter answers"
for experiment in $experiments; do
	n=0
	while [ $n -lt "$(runs_of "$experiment")" ]; do
		n=$((n + 1))
		"do_$experiment" ours
		"do_$experiment" theirs
	done
done
