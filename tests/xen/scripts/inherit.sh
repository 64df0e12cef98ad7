# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# inherit [KEY=VALUE...]: the kernel's own driver was told to grow past the boot size
# before ours was loaded.  On 6.1 its new blocks stay offline and without frames for
# ever; ours takes them up, whatever state they are in.
. /lab/files/lib-driver.sh

g=guest
guest_start $g memory=256 "$@" driver=none
books_open $g
check_ok "$g: fill" guest_fill $g data 40
xl mem-max $g 512
xl mem-set $g 512
n=0
while [ "$(guest_blocks $g | cut -d ' ' -f 1)" -lt 4 ] && [ $n -lt 60 ]; do
	n=$((n + 1))
	sleep 0.5
done
note "$g: blocks, present and online: $(guest_blocks $g); $(guest_tot_pages $g) pages"
check_ok "$g: load" in_guest $g insmod /xen-hotballoon.ko
check_ok "$g: reaches 512 MiB" reach $g 524288
books_check $g 524288 "512 MiB"
check "$g: with the blocks that were there" 0 "$(in_guest $g cat $REPORT/added_blocks)"
for mib in 200 500; do
	xl mem-set $g $mib
	check_ok "$g: reaches $mib MiB" reach $g $((mib * 1024))
	books_check $g $((mib * 1024)) "$mib MiB"
done
check_ok "$g: unload" in_guest $g rmmod xen_hotballoon
xl mem-set $g 300
check_ok "$g: the kernel's driver goes on" guest_wait_size $g 300 64 60
check_ok "$g: load again" in_guest $g insmod /xen-hotballoon.ko
check_ok "$g: is at 300 MiB" reach $g 307200
books_check $g 307200 "300 MiB"
check_ok "$g: contents" guest_verify $g data
check_log $g
