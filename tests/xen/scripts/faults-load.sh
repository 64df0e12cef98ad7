# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043,SC2016 # much is for the guest's shell
#
# faults-load [step=N] [KEY=VALUE...]: the module is loaded and unloaded again and again, and
# each time another allocation fails, of all that loading it makes: the first, the second, and
# so on (or each Nth), until none is left to fail; then the same for unloading (debug kernel).
# A load that failed leaves the kernel's driver at work, and nothing behind.
. /lab/files/lib-driver.sh

g=guest
STEP=1
case ${1:-} in step=*) STEP=${1#*=}; shift ;; esac
BOOT=$(boot_size 512 "$@")
FEWER=$((BOOT - 64))

# In the guest.  A failure is counted down in `times`; attempt N COMMAND... has the Nth
# allocation of the command fail, and tells whether there was one.
TOOLS='
cd /sys/kernel/debug || exit
for kind in failslab fail_page_alloc; do
	echo N >$kind/ignore-gfp-wait
	echo 0 >$kind/verbose
	echo 1000000 >$kind/times
done
echo 0 >fail_page_alloc/min-order
left() { echo $(($(cat failslab/times) + $(cat fail_page_alloc/times))); }
attempt() {
	local before=$(left) nth=$1
	shift
	(echo $nth >/proc/self/fail-nth; exec "$@") >/dev/null 2>&1
	status=$?
	[ $(left) -ne $before ]
}
loaded() { [ -e /sys/module/xen_hotballoon ]; }
kernels_thread() {
	local n=0
	until pidof xen-balloon >/dev/null; do n=$((n + 1)); [ $n -lt 50 ] || return 1; sleep 0.1; done
}
'

# Each prints "ATTEMPTS FAILED" or what went wrong.
LOAD='
n=1 attempts=0 failed=0
while attempt $n insmod /xen-hotballoon.ko; do
	attempts=$((attempts + 1))
	if loaded; then
		rmmod xen_hotballoon || { echo "load $n: no unload after it"; exit 1; }
	else
		failed=$((failed + 1))
	fi
	kernels_thread || { echo "load $n: the thread of the driver of the kernel is gone"; exit 1; }
	n=$((n + STEP))
done
loaded || { echo "load $n: failed without a cause"; exit 1; }
echo "$attempts $failed"
'

UNLOAD='
n=1 attempts=0 failed=0
while attempt $n rmmod xen_hotballoon; do
	attempts=$((attempts + 1))
	if loaded; then
		failed=$((failed + 1))
	else
		kernels_thread || { echo "unload $n: the thread of the driver of the kernel is gone"; exit 1; }
		insmod /xen-hotballoon.ko || { echo "unload $n: no load after it"; exit 1; }
	fi
	n=$((n + STEP))
done
! loaded || { echo "unload $n: failed without a cause"; exit 1; }
echo "$attempts $failed"
'

# try WHAT SCRIPT
try() {
	local out
	out=$(in_guest -t 1200 $g "$TOOLS STEP=$STEP; $2")
	check_ok "$g: $1: attempts, those that failed: $out" [ "${out% *}" -gt 20 ]
}

guest_start $g memory="$BOOT" driver=none "$@"
check_ok "$g: fill" guest_fill $g data 40
books_open $g
# What the kernel's driver ballooned is taken over each time, and given back.
xl mem-set $g $FEWER
check_ok "$g: the kernel's driver reaches $FEWER MiB" guest_wait_size $g $FEWER 64 60
try "while one allocation fails, load" "$LOAD"
check_ok "$g: reaches its target" reach $g $((FEWER * 1024))
books_check $g $((FEWER * 1024)) "loaded at last"
try "while one allocation fails, unload" "$UNLOAD"
xl mem-set $g "$BOOT"
check_ok "$g: the kernel's driver reaches $BOOT MiB" guest_wait_size $g "$BOOT" 64 60
check_ok "$g: load" in_guest $g insmod /xen-hotballoon.ko
check_ok "$g: it is there, too" reach $g $((BOOT * 1024))
books_check $g $((BOOT * 1024)) "loaded for good"
check_ok "$g: contents" guest_verify $g data
# What could not be done for want of memory was said.
check_log $g 'hotballoon: .*cannot'
