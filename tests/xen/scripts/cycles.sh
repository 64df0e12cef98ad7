# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# cycles N [KEY=VALUE...]: N times 512 -> 1536 -> 512 MiB, or memory=M and 1024 more.  A guest that was large is
# afterwards what it was: MemTotal, memory blocks, and free memory.  PVH: blocks are
# removed, and the module can be unloaded.  PV: blocks stay and are used again, and
# only the first cycle costs something.
#
# Free memory is what guest/freemem.c says; how much that moves by itself is measured
# first, in the same guest, and must be less than what is looked for.  What a guest has
# just run for the first time still takes pages a few readings later: they begin to
# count once it has come to rest.
. /lab/files/lib-driver.sh

g=guest
times=$1
shift
A_CYCLE=64	# KiB that each cycle after the first may cost
AT_REST=16	# KiB between two readings of a guest that does nothing
READINGS=8	# until it does nothing, at most
IN_ALL=2048	# KiB, on PVH with the first

# free_now LABEL: sets FREE, in KiB.
free_now() {
	local reading
	reading=$(in_guest $g freemem)
	FREE=${reading%% *}
	note "$g: $1: $FREE KiB free (samples within ${reading##* } KiB), blocks $(guest_blocks $g)"
}

# Reads until two readings in a row agree.
check_quiet() {
	local before i=1
	free_now "reading 1"
	while [ $i -lt $READINGS ]; do
		before=$FREE
		i=$((i + 1))
		sleep 3
		free_now "reading $i"
		[ $((before - FREE)) -gt $AT_REST ] || [ $((FREE - before)) -gt $AT_REST ] || break
	done
	check_near "$g: free memory of an idle guest stays within $AT_REST KiB" "$before" "$FREE" $AT_REST
}

cycle() {
	xl mem-set $g $large
	check_ok "$g: cycle $1: reaches $large MiB" reach $g $((large * 1024))
	xl mem-set $g $boot
	check_ok "$g: cycle $1: reaches $boot MiB" reach $g $((boot * 1024))
	# Emptied blocks may leave a little later than their memory.
	check_ok "$g: cycle $1: hot-added blocks left" wait_blocks $g "$online" || books_show $g
	check "$g: cycle $1: memory blocks, present and online" "$present $online" "$(guest_blocks $g)"
	check "$g: cycle $1: MemTotal as at start" "$total" "$(guest_memtotal_kib $g)"
	free_now "cycle $1"
}

boot=$(boot_size 512 "$@")
large=$((boot + 1024))
less=$((boot - 112))
guest_start $g memory=$boot "$@"
books_open $g
total=$(guest_memtotal_kib $g)
online=$(guest_blocks $g)
online=${online##* }
xl mem-max $g $large
check_quiet
at_start=$FREE

# On PV the first growth adds the blocks that all later ones use again.
present=$online
[ "$(guest_type $g)" != pv ] || present=$((online + 8))
cycle 1
i=1
# The first made a guest that has done something for the first time.
check_quiet
after_first=$FREE
while [ $i -lt "$times" ]; do
	i=$((i + 1))
	before=$FREE
	cycle $i
	check_ok "$g: cycle $i cost $((before - FREE)) KiB, less than $A_CYCLE" [ $((before - FREE)) -lt $A_CYCLE ]
done
books_check $g $((boot * 1024)) "after $times cycles"

if [ "$(guest_type $g)" = pv ]; then
	check_ok "$g: all after the first cost $((after_first - FREE)) KiB, no more than an idle guest's readings differ" \
		[ $((after_first - FREE)) -le $((times * AT_REST)) ]
else
	check_ok "$g: $times cycles cost $((at_start - FREE)) KiB, at most $IN_ALL" [ $((at_start - FREE)) -le $IN_ALL ]
	check "$g: no added block is left" 0 "$(in_guest $g cat $REPORT/added_blocks)"
	check_ok "$g: unload" in_guest $g rmmod xen_hotballoon
	xl mem-set $g $less
	check_ok "$g: the kernel's driver goes on" guest_wait_size $g $less 64 60
	check_ok "$g: load again" in_guest $g insmod /xen-hotballoon.ko
	check_ok "$g: it is at $less MiB" reach $g $((less * 1024))
	books_check $g $((less * 1024)) "loaded again"
fi
check_log $g
