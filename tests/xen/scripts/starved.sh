# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# starved [KEY=VALUE...]: a guest of 256 MiB, or memory=M, that has no free memory at all
# grows by a block.  The block's page descriptors, and with the debug kernel KASAN's shadow
# of it, must come from somewhere before it gives anything.
. /lab/files/lib-driver.sh

g=guest
SHORT=8192	# KiB

# Fill the guest until MemFree and MemAvailable are at most SHORT.
starve() {
	local id=$1 n=0 free available
	check_ok "$g: $id: fill nearly all" guest_fill $g "$id" $(($(guest_meminfo $g MemAvailable) / 1024 - 16))
	while :; do
		free=$(guest_memfree_kib $g)
		available=$(guest_meminfo $g MemAvailable)
		[ "$free" -gt $SHORT ] || [ "$available" -gt $SHORT ] || break
		n=$((n + 1))
		guest_fill $g "$id-$n" 1 || break
	done
	check_ok "$g: $id: MemFree $free KiB, MemAvailable $available KiB" [ "$free" -le $SHORT -a "$available" -le $SHORT ]
}

grow() {
	xl mem-set $g "$1"
	check_ok "$g: grows to $1 MiB" reach $g $(($1 * 1024)) 30
	check "$g: no OOM kill" 0 "$(oom_kills $g)"
	books_check $g $(($1 * 1024)) "$1 MiB"
}

boot=$(boot_size 256 "$@")
guest_start $g memory="$boot" "$@"
books_open $g
check "$g: it has no swap" 0 "$(guest_meminfo $g SwapTotal)"
xl mem-max $g $((boot + 256))
starve first
grow $((boot + 128))
# What the first growth needed is there again for the second.
starve second
grow $((boot + 256))
check_ok "$g: what it got can be used" guest_fill $g third $((100 - $(block_cost 128)))
for id in first second third; do
	check_ok "$g: contents: $id" guest_verify $g $id
done
check_log $g
