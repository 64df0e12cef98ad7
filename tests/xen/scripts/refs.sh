# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# refs [KEY=VALUE...]: somebody has references to pages that the driver holds.  The block that they
# are in does not go offline under him; handed out, a page is the allocator's when he lets go, and
# the others of its 2 MiB at once; and never is a page free that has no frame.
. /lab/files/lib-move.sh

g=guest
BOOT=256	# MiB
UNIT=512	# pages

# held_unit: the first page of 2 MiB that are held, of hot-added memory.
held_unit() {
	local page
	page=$(in_guest -t 120 $g poison held $((BOOT * 256))) || return 1
	echo $(((page + UNIT - 1) / UNIT * UNIT))
}

# somebody_has PAGE...
somebody_has() {
	check_ok "$g: somebody has pages $*" in_guest $g "insmod /refpage.ko pfn=$(echo "$*" | tr ' ' ,)"
}
nobody_has() { check_ok "$g: $1: he lets go" in_guest $g rmmod refpage; }

exact() {
	check "$g: $1: a recount of its books" ok "$(in_guest $g cat $BOOKS/check)"
	frames_check $g "$1"
}

guest_start $g memory=$BOOT "$@"
books_open $g
check_ok "$g: fill" guest_fill $g data 40
xl mem-max $g 1024
at_size $g 448 "grown"
at_size $g 320 "down"
unit=$(held_unit)
block=$((unit / 32768))
note "$g: 2 MiB from page $unit are held, in block $block"
check "$g: it is the driver's" ours "$(driver_block $g $block 2)"

somebody_has "$unit" $((unit + 1)) $((unit + 300)) $((unit + 511))
check_fails "$g: its block does not go offline" set_block $g $block offline
check "$g: it is online" online "$(in_guest $g cat $BLOCKS/memory$block/state)"
exact "had"
nobody_has "held"
exact "held"
check_ok "$g: now the block goes offline" set_block $g $block offline
check_ok "$g: and online" set_block $g $block online_movable
at_size $g 320 "online again"

# Of 2 MiB the first page, the last; neighbours, and one in the midst.
for pages in 0 511 "1 2 300"; do
	unit=$(held_unit)
	# shellcheck disable=SC2046,SC2086 # lists
	somebody_has $(for page in $pages; do echo $((unit + page)); done)
	at_size $g 448 "handed out"
	exact "handed out"
	check_ok "$g: fill what is there" guest_fill $g more 120
	nobody_has "handed out"
	exact "his are free"
	check_ok "$g: contents" guest_verify $g more
	check_ok "$g: end" guest_release $g more
	# What was in single pages for a while is free as a whole again, and goes.
	at_size $g 320 "down again"
done
check_ok "$g: contents" guest_verify $g data
check_log $g
