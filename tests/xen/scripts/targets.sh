# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# targets [KEY=VALUE...]: what is not a size changes nothing, and is said once.
. /lab/files/lib-driver.sh

g=guest
guest_start $g memory=256 "$@"
books_open $g
target=/local/domain/$(guest_domid $g)/memory/target
report=/local/domain/$(guest_domid $g)/data/hotballoon

try_bad() {
	local before after
	before=$(in_guest $g 'dmesg | grep -c "not a size in KiB"')
	xenstore-write -- "$target" "$1"
	xenstore-write -- "$target" "$1"
	check_ok "$g: '$1' is reported" wait_report $g cause bad-target 5
	sleep 0.5
	after=$(in_guest $g 'dmesg | grep -c "not a size in KiB"')
	check "$g: '$1' is said once" 1 $((after - before))
	check "$g: '$1' is told to the host" bad-target "$(xenstore-read "$report/cause")"
	books_check $g 229376 "after '$1'"
}

xl mem-set $g 224
# xl reads the target too, and wants a good one: raise Xen's limit first.
xl mem-max $g 256
check_ok "$g: reaches 224 MiB" reach $g 229376
for bad in "" abc -1 " 5" "5 " 0x40000 1e9 18446744073709551616 \
	1234567890123456789012345678901234567890 262144junk; do
	try_bad "$bad"
done
xenstore-write "$target" 240000
check_ok "$g: a good target is followed again" reach $g 240000
sleep 0.3
check "$g: and the cause is gone" none "$(xenstore-read "$report/cause")"
books_check $g 240000 "after the next good target"

# More than the address window holds: as much as Xen allows, and a cause.
xenstore-write "$target" 18446744073709551615
check_ok "$g: 2^64 - 1 KiB is above the maximum" wait_report $g cause above-max 20
check_ok "$g: it is still there" in_guest $g true
xenstore-write "$target" 240000
check_ok "$g: it comes back from there" reach $g 240000
books_check $g 240000 "after 2^64 - 1"

# A hundred targets in a row: the last one counts.
i=0
while [ $i -lt 50 ]; do
	xenstore-write "$target" 200000 "$target" 250000
	i=$((i + 1))
done
xenstore-write "$target" 222224
check_ok "$g: the last of a hundred" reach $g 222224
books_check $g 222224 "after a hundred targets"
check_log $g
guest_destroy $g

# How far a guest can grow is a parameter, 4 GiB at least; the host sees it.
ceiling_gib() { echo $((($(xenstore-read "/local/domain/$(guest_domid $g)/data/hotballoon/max") - 262144 + 65536) / 1048576)); }
window_gib() {
	in_guest $g "sed -n 's/^ *\([0-9a-f]*\)-\([0-9a-f]*\) : Hotballoon window/echo \$(((0x\2 + 1 - 0x\1) >> 30))/p' /proc/iomem | sh"
}
for gib in 1 6; do
	g=window$gib
	guest_start $g memory=256 "$@" params=window_gib=$gib
	check_ok "$g: reports" wait_until $g 20 "[ \"\$(cat $REPORT/state)\" = idle ]"
	check "$g: what it can grow by" "$((gib > 4 ? gib : 4))" "$(ceiling_gib)"
	check "$g: that is its window" "$((gib > 4 ? gib : 4))" "$(window_gib)"
	guest_destroy $g
done
