# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# zones [KEY=VALUE...]: which hot-added memory is for movable pages only.  As documented:
# three times as much as of other memory, or what the module's parameters say.  With that
# the kernel has room for more of its own than the memory at boot had.
. /lab/files/lib-driver.sh

g=guest
PARAMETERS=/sys/module/xen_hotballoon/parameters
SLAB=200	# MiB

# The zones of the hot-added blocks in the order of their addresses, a letter each:
# Movable or Normal, as the kernel says.
zones() {
	local blocks
	blocks=$(driver_blocks $g '$2 == "ours"')
	in_guest $g "cd $BLOCKS; for n in $blocks; do head -c 1 memory\$n/valid_zones; done"
}

# fresh PARAMS [KEY=VALUE...]
fresh() {
	local params=$1
	shift
	[ ! -e "/run/lab/guests/$g" ] || guest_destroy $g
	guest_start $g memory=256 params="$params" "$@"
	books_open $g
	xl mem-max $g 2048
}

# grow MIB ZONES
grow() {
	xl mem-set $g "$1"
	check_ok "$g: reaches $1 MiB" reach $g $(($1 * 1024))
	check "$g: the zones of the hot-added blocks" "$2" "$(zones)"
	check "$g: the driver knows them" "$(echo "$2" | tr MN 10)" \
		"$(in_guest $g "awk '\$2 == \"ours\" { printf \"%s\", \$4 }' $BOOKS/blocks")"
}

# Files in memory: their names and inodes are the kernel's own, and not reclaimable.
fill_slab() {
	in_guest -t 300 $g "mkdir /slab && mount -t tmpfs -o nr_inodes=0 slab /slab && names /slab $SLAB"
}

# More of the kernel's own than it could have had at boot.
check_kernel_memory() {
	local room
	room=$(($1 / 1024))
	check_ok "$g: as booted, less than $SLAB MiB were available: $room" [ "$room" -lt $SLAB ]
	check_ok "$g: $SLAB MiB of inodes and names" fill_slab
	check "$g: no OOM kill" 0 "$(oom_kills $g)"
	note "$g: Slab $(guest_meminfo $g Slab) KiB, MemFree $(guest_memfree_kib $g) KiB"
}

fresh "" "$@"
check "$g: by default" "auto 301" "$(in_guest $g "echo \$(cat $PARAMETERS/online $PARAMETERS/movable_ratio)")"
available=$(guest_meminfo $g MemAvailable)
grow 1536 MMMMMMNMMM
check_kernel_memory "$available"
books_check $g 1572864 "1536 MiB"
check_log $g

fresh "online=kernel movable_ratio=100" "$@"
grow 384 N
# At run time, for blocks that go online from then on.
check_fails "$g: another word" in_guest $g "echo other 2>/dev/null >$PARAMETERS/online"
check "$g: changes nothing" kernel "$(in_guest $g cat $PARAMETERS/online)"
check_ok "$g: from now on as much movable as other memory" in_guest $g "echo auto >$PARAMETERS/online"
grow 896 NMMMN
check_ok "$g: from now on movable" in_guest $g "echo movable >$PARAMETERS/online"
grow 1152 NMMMNMM
books_check $g 1179648 "1152 MiB"
check_log $g
