# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# nocallback [KEY=VALUE...]: a kernel whose own balloon driver was built without memory hotplug
# (CONFIG_XEN_BALLOON_MEMORY_HOTPLUG) has a thread and a watch, but not the online-page callback.
# It is taken over all the same: never do two drivers follow one target.
. /lab/files/lib-move.sh

BOOT=256

g=guest

# kernels_thread N: of its own driver, N run.
kernels_thread() {
	check "$g: $2: the kernel's driver has $1 threads" "$1" "$(in_guest $g "ps | grep -c '\[xen-balloon\]'")"
}

load() {
	check_ok "$g: $1: load" in_guest $g insmod /xen-hotballoon.ko
	kernels_thread 0 "$1"
}

# unload LABEL MIB: and the kernel's driver goes there.
unload() {
	guest_mem_set $g $BOOT
	check_ok "$g: $1: added blocks have left" wait_report $g added_blocks 0
	check_ok "$g: $1: unload" in_guest $g rmmod xen_hotballoon
	kernels_thread 1 "$1"
	guest_mem_set $g "$2"
	check_ok "$g: $1: the kernel's driver goes to $2 MiB" guest_wait_size $g "$2" 64 60
}

guest_start $g memory=$BOOT "$@" driver=none
books_open $g
check_ok "$g: fill" guest_fill $g data 40
xl mem-max $g 512
callback=$(in_guest $g "sed -n 's/ t xen_online_page$//p' /proc/kallsyms")
check_ok "$g: its driver is as without memory hotplug" in_guest $g "insmod /nocallback.ko callback=0x$callback"
kernels_thread 1 "before"
load first
for mib in 200 384; do at_size $g $mib first; done
frames_check $g first
at_size $g 300 first
# PV guests keep the blocks that they got, and those keep the module.
if [ "$(guest_type $g)" = pvh ]; then
	unload first 210
	load second
	at_size $g 384 second
	frames_check $g second
	at_size $g 200 second
	unload second 220
	check_ok "$g: it has its callback back" in_guest $g rmmod nocallback
	load third
	for mib in 384 200; do at_size $g $mib third; done
fi
check_ok "$g: contents" guest_verify $g data
check_log $g
