# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# refuse [KEY=VALUE...]: where the driver must not run it says so, and changes nothing.
. /lab/files/lib-driver.sh

# The run has the kernel that dom0 runs, too.
driver=$(for d in /kernels/*/driver; do
	! tr '\000' '\n' <"$d" | grep -qF "vermagic=$(uname -r) " || echo "$d"
done)
check_ok "the driver for dom0's $(uname -r) is here" [ -s "$driver" ]
before=$(cat $XEN_MEMORY/info/current_kb)
check_fails "dom0: it does not load" insmod "$driver"
check_ok "dom0: which is no failure to systemd" eval "insmod $driver 2>&1 | grep -q 'No such device'"
check_ok "dom0: it says why and what to do" eval \
	"dmesg | grep 'hotballoon: this is dom0' | grep -q 'xl mem-set 0'"
check "dom0: its own driver is untouched" "$before" "$(cat $XEN_MEMORY/info/current_kb)"

g=guest
guest_start $g memory=256 "$@"
books_open $g
check_fails "$g: a second load" in_guest $g 'insmod /xen-hotballoon.ko 2>/dev/null'
xl mem-set $g 230
check_ok "$g: the first goes on" reach $g 235520
books_check $g 235520 "after the second load"

# Hot-added memory keeps the module where it is.
xl mem-max $g 384
xl mem-set $g 384
check_ok "$g: reaches 384 MiB" reach $g 393216
check_fails "$g: unload with hot-added memory" in_guest $g 'rmmod xen_hotballoon 2>/dev/null'
xl mem-set $g 256
check_ok "$g: and it goes on" reach $g 262144
books_check $g 262144 "after the unload that was refused"
check_log $g
