# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# absent [KEY=VALUE...]: the kernel's own driver is left out of the boot.  With
# populate-on-demand (memory < maxmem) ours gives back what the guest must not touch
# before anything else runs.
. /lab/files/lib-driver.sh

g=guest
guest_start $g memory=256 cmdline=initcall_blacklist=balloon_init "$@"
check "$g: the kernel's driver is absent" no "$(in_guest $g "[ -e $XEN_MEMORY ] && echo yes || echo no")"
check_ok "$g: it is at its size" wait_report $g state idle 30
books_open $g
books_check $g 262144 "as booted"
check_ok "$g: fill 60 MiB, with data that Xen cannot reclaim" guest_fill $g data 60
xl mem-max $g 1024
for mib in 1024 224 512; do
	xl mem-set $g $mib
	check_ok "$g: reaches $mib MiB" reach $g $((mib * 1024))
	books_check $g $((mib * 1024)) "$mib MiB"
done
check_ok "$g: contents" guest_verify $g data
check_log $g
