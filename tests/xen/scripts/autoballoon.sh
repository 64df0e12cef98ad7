# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# autoballoon [KEY=VALUE...]: a guest that sizes itself below the host's target: it gives back
# what it does not use, has it again before anybody is killed, and follows the host below that.
. /lab/files/lib-command.sh

g=guest
SIZE=512	# MiB
PARAMETER=/sys/module/xen_hotballoon/parameters/autoballoon

current() { in_guest $g "cat $REPORT/current_kb"; }
spared() { field $g spared_kib; }
switch() { in_guest $g "echo $1 >$PARAMETER"; }

# rests LABEL: wherever it is, it rests there, and everybody agrees about that.
rests() {
	local kib
	check_ok "$g: $1: it rests" wait_report $g state idle
	kib=$(current)
	books_check $g "$kib" "$1"
	check_ok "$g: $1: xenstore says what it leaves" wait_field $g spared_kib $(($(field $g target_kib) - kib))
	check_ok "$g: $1: it is where it shall be" hotballoon wait $g --timeout=20
	check_ok "$g: $1: doctor finds no fault" healthy warning
	check "$g: $1: and nothing of it" "" "$(grep "$g" /tmp/doctor)"
}

guest_start $g memory=$SIZE "$@"
books_open $g
check "$g: off, as it was loaded" N "$(in_guest $g "cat $PARAMETER")"
check_fails "$g: no such value" switch maybe

before=$(host_free_kib)
check_ok "$g: on" switch 1
check_ok "$g: gives back 150 MiB and more" wait_until $g 60 "[ \"\$(cat $REPORT/current_kb)\" -lt $(((SIZE - 150) * 1024)) ]"
sleep 5
rests "unused"
small=$(current)
check "$g: unused: the target is the host's" $((SIZE * 1024)) "$(field $g target_kib)"
check_ok "$g: unused: the host has it: $before -> $(host_free_kib) KiB" [ "$(host_free_kib)" -gt $((before + 140 * 1024)) ]
check_ok "$g: unused: list says so" sh -c "hotballoon list | grep -q '$g sizes itself: it leaves'"
check_ok "$g: unused: set says so" sh -c "hotballoon set $g ${SIZE}M --wait=30 | grep -q 'it sizes itself'"

# No more than it has in one piece: the kernel refuses what can never be.
for n in 1 2 3 4 5; do
	check_ok "$g: it uses $((n * 40)) MiB" guest_fill $g data$n 40
done
sleep 3
rests "used"
large=$(current)
note "$g: $small KiB with nothing in use, $large with 200 MiB"
check_ok "$g: used: it has that" [ "$large" -gt $((small + 150 * 1024)) ]
for n in 1 2 3 4 5; do
	check_ok "$g: used: contents" guest_verify $g data$n
	check_ok "$g: it uses $((200 - n * 40)) MiB" guest_release $g data$n
done
check_ok "$g: gives it back" wait_until $g 180 "[ \"\$(cat $REPORT/current_kb)\" -lt $((small + 40 * 1024)) ]"
sleep 5
rests "unused again"

low=$(($(current) / 1024 - 32))
xl mem-set $g $low
check_ok "$g: the host's size is smaller" reach $g $((low * 1024))
rests "smaller"
check "$g: smaller: it leaves nothing" 0 "$(spared)"
xl mem-set $g $SIZE
sleep 5
rests "larger"
check_ok "$g: larger: it does not take it" [ "$(spared)" -gt $((100 * 1024)) ]

check_ok "$g: off" switch 0
check_ok "$g: it has the host's size" reach $g $((SIZE * 1024))
rests "off"
check "$g: off: it leaves nothing" 0 "$(spared)"
check_log $g
