# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# poison [KEY=VALUE...]: pages of programs, in boot memory and in hot-added, and a page that the
# balloon holds are marked broken.  Nobody gets them, sizes are exact all the same, up and down,
# and a block with such a page that somebody takes offline keeps its memory and stays offline.
. /lab/files/lib-driver.sh

g=guest

broken() { in_guest -t 120 $g poison count; }

# size MIB WHEN
size() {
	xl mem-set $g "$1"
	check_ok "$g: $2: $1 MiB" reach $g $(($1 * 1024)) 120
	books_check $g $(($1 * 1024)) "$2: $1 MiB"
}

# use WHERE: a program's page breaks; prints its number.
use() {
	local pfn
	pfn=$(in_guest $g poison use)
	check_ok "$g: a page breaks ($1)" [ -n "$pfn" ] >&2
	echo "$pfn"
}

guest_start $g memory=256 "$@"
books_open $g
boot=$(use "boot memory")
xl mem-max $g 1024
size 448 "grown"
check_ok "$g: fill 100 MiB" guest_fill $g a 100
added=$(use "with hot-added memory")
note "$g: broken: pages $boot and $added"
check "$g: two are broken" 2 "$(broken)"

size 288 "down"
held=$(in_guest -t 120 $g poison held)
# The kernel marks it, and says that it can do nothing about it.
in_guest $g "echo $((${held:-0} * 4096)) >/sys/devices/system/memory/hard_offline_page" 2>/dev/null
check "$g: a held one is broken, too (page $held)" 3 "$(broken)"
for n in 1 2 3; do
	size 448 "round $n"
	check_ok "$g: round $n: the held one is for nobody" in_guest $g "poison free $held"
	check_ok "$g: round $n: fill what is there" guest_fill $g b 120
	check_ok "$g: round $n: contents" guest_verify $g b
	check_ok "$g: round $n: end" guest_release $g b
	size 288 "round $n"
done
check "$g: three are broken" 3 "$(broken)"
check_ok "$g: contents" guest_verify $g a
check_ok "$g: end" guest_release $g a

# A block of the driver's with a broken page in it.
size 448 "again"
block=$((added / 32768))
if in_guest $g "awk '\$1 == $block && \$2 == \"ours\"' $BOOKS/blocks | grep -q ." &&
	in_guest -t 120 $g "echo offline >$BLOCKS/memory$block/state"; then
	plugged=$((32768 - $(driver_block $g $block 5)))
	# What is behind it is the guest's still, and in no MemTotal.
	echo $(($(cat /run/lab/guests/$g/kept) + plugged * 4)) >/run/lab/guests/$g/kept
	size 256 "a block is offline"
	check "$g: what is behind it stays" $plugged $((32768 - $(driver_block $g $block 5)))
	check "$g: it stays offline" 1 \
		"$(in_guest $g "echo online_movable >$BLOCKS/memory$block/state 2>/dev/null; echo \$?")"
else
	fail "$g: page $added is in a block of the driver's, which goes offline"
fi
check_log $g
