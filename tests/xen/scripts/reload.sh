# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# reload [loads=N] [KEY=VALUE...]: in a guest of 256 MiB, or memory=M, N times, or twenty, unloaded and loaded, with targets in between for
# both drivers: no page is lost, and each driver goes on where the other was.
# With initcall_blacklist=balloon_init on the command line there is no other driver.
. /lab/files/lib-driver.sh

loads=20
case ${1:-} in
loads=*) loads=${1#*=}; shift ;;
esac
g=guest
boot=$(boot_size 256 "$@")
guest_start $g memory=$boot "$@"
books_open $g
builtin=$(in_guest $g "[ -e $XEN_MEMORY ] && echo yes")
check_ok "$g: fill" guest_fill $g data 40

i=0
while [ $i -lt "$loads" ]; do
	i=$((i + 1))
	mib=$((boot - i * 7 % 60))
	if [ "$builtin" = yes ]; then
		check_ok "$g: unload $i" in_guest $g rmmod xen_hotballoon
		xl mem-set $g $mib
		# The built-in driver is within a page of its target, at its own speed.
		check_ok "$g: the kernel's driver reaches $mib MiB" guest_wait_size $g $mib 64 30
		in_guest $g 'dmesg | grep -c "xen-balloon\|balloon thread again"' >/dev/null
		check "$g: the kernel's thread runs again" 1 "$(in_guest $g 'ps | grep -c "[x]en-balloon"')"
	else
		xl mem-set $g $mib
		check_ok "$g: reaches $mib MiB" reach $g $((mib * 1024))
		check_ok "$g: unload $i" in_guest $g rmmod xen_hotballoon
	fi
	check_ok "$g: load $i" in_guest $g insmod /xen-hotballoon.ko
	[ "$builtin" != yes ] || check "$g: its thread is stopped" 0 "$(in_guest $g 'ps | grep -c "[x]en-balloon"')"
	check_ok "$g: where the other was" reach $g $((mib * 1024))
	books_check $g $((mib * 1024)) "load $i"
	xl mem-set $g $((mib - 20))
	check_ok "$g: reaches $((mib - 20)) MiB" reach $g $(((mib - 20) * 1024))
done
xl mem-set $g $boot
check_ok "$g: back to its boot size" reach $g $((boot * 1024))
books_check $g $((boot * 1024)) "after $loads reloads"
check_ok "$g: contents" guest_verify $g data
check_log $g
