# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# cycles N [KEY=VALUE...]: N times 512 -> 1536 -> 512 MiB.  A guest that was large is
# afterwards what it was: MemTotal, memory blocks, and free memory.  PVH: blocks are
# removed, and the module can be unloaded.  PV: blocks stay and are used again, and
# only the first cycle costs something.
#
# Free memory is what guest/freemem.c says; how much that moves by itself is measured
# first, in the same guest, and must be less than what is looked for.
. /lab/files/lib-driver.sh

g=guest
times=$1
shift
A_CYCLE=64	# KiB that each cycle after the first may cost
IN_ALL=2048	# KiB, on PVH with the first

# free_now LABEL: sets FREE, in KiB.
free_now() {
	local reading
	reading=$(in_guest $g freemem)
	FREE=${reading%% *}
	note "$g: $1: $FREE KiB free (samples within ${reading##* } KiB), blocks $(guest_blocks $g)"
}

# Between two readings of a guest that does nothing.
check_quiet() {
	local before
	free_now "at rest"
	before=$FREE
	sleep 5
	free_now "5 s later"
	check_near "$g: free memory of an idle guest stays within $((A_CYCLE / 4)) KiB" "$before" "$FREE" $((A_CYCLE / 4))
}

cycle() {
	xl mem-set $g 1536
	check_ok "$g: cycle $1: reaches 1536 MiB" reach $g 1572864
	xl mem-set $g 512
	check_ok "$g: cycle $1: reaches 512 MiB" reach $g 524288
	# Emptied blocks may leave a little later than their memory.
	check_ok "$g: cycle $1: hot-added blocks left" wait_blocks $g "$online" || books_show $g
	check "$g: cycle $1: memory blocks, present and online" "$present $online" "$(guest_blocks $g)"
	check "$g: cycle $1: MemTotal as at start" "$total" "$(guest_memtotal_kib $g)"
	free_now "cycle $1"
}

guest_start $g memory=512 "$@"
books_open $g
total=$(guest_memtotal_kib $g)
online=$(guest_blocks $g)
online=${online##* }
xl mem-max $g 1536
free_now "the first reading loads what later ones use"
check_quiet
at_start=$FREE

# On PV the first growth adds the blocks that all later ones use again.
present=$online
[ "$(guest_type $g)" != pv ] || present=$((online + 8))
cycle 1
i=1
after_first=$FREE
while [ $i -lt "$times" ]; do
	i=$((i + 1))
	before=$FREE
	cycle $i
	check_ok "$g: cycle $i cost $((before - FREE)) KiB, less than $A_CYCLE" [ $((before - FREE)) -lt $A_CYCLE ]
done
books_check $g 524288 "after $times cycles"

if [ "$(guest_type $g)" = pv ]; then
	check_ok "$g: all after the first cost $((after_first - FREE)) KiB, less than $A_CYCLE" \
		[ $((after_first - FREE)) -lt $A_CYCLE ]
else
	check_ok "$g: $times cycles cost $((at_start - FREE)) KiB, at most $IN_ALL" [ $((at_start - FREE)) -le $IN_ALL ]
	check "$g: no added block is left" 0 "$(in_guest $g cat $REPORT/added_blocks)"
	check_ok "$g: unload" in_guest $g rmmod xen_hotballoon
	xl mem-set $g 400
	check_ok "$g: the kernel's driver goes on" guest_wait_size $g 400 64 60
	check_ok "$g: load again" in_guest $g insmod /xen-hotballoon.ko
	check_ok "$g: it is at 400 MiB" reach $g 409600
	books_check $g 409600 "loaded again"
fi
check_log $g
