# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# tidy [KEY=VALUE...]: with tidy_rate=0 the layout of memory is left as it is; a rate that is set
# later is followed at once, although nothing else happens in the guest.
. /lab/files/lib-driver.sh

g=guest
rate=/sys/module/xen_hotballoon/parameters/tidy_rate

guest_start $g memory=256 "$@"
books_open $g
xl mem-max $g 512
check_ok "$g: tidying is off" in_guest $g "echo 0 >$rate && grep -q off $REPORT/tidying"
guest_mem_set $g 400
check_ok "$g: grows" reach $g $((400 * 1024))
guest_mem_set $g 256
check_ok "$g: shrinks" reach $g $((256 * 1024))
in_guest -t 150 $g 'sleep 90'
blocks=$(in_guest $g cat $REPORT/added_blocks)
check_ok "$g: its empty blocks stay: $blocks" [ "$blocks" -gt 0 ]
check_ok "$g: no rate that is none" eval "! in_guest $g 'echo much >$rate'"
check_ok "$g: tidying is on" in_guest $g "echo 128 >$rate"
check_ok "$g: they leave" wait_report $g added_blocks 0 90
books_check $g $((256 * 1024)) "tidied"
check_log $g
guest_destroy $g
