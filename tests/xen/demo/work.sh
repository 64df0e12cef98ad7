# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034
#
# work.sh: what the guest is busy with.  Hash 256 KiB with a new process, compare
# with the first time, and say so on the console, for tests/xen/demo/readings.c.
# A page that is lost or someone else's gives a wrong hash; a guest that stands
# still gives none.
head -c 262144 /bin/busybox >/tmp/data
first=$(md5sum /tmp/data)
rounds=0 wrong=0
while :; do
	[ "$(md5sum /tmp/data)" = "$first" ] || wrong=$((wrong + 1))
	rounds=$((rounds + 1))
	read -r up idle </proc/uptime
	read -r key memtotal unit </proc/meminfo
	set -- /sys/devices/system/memory/memory[0-9]*
	echo "@WORK $rounds $wrong ${up%.*}${up#*.} $memtotal $# ." >/dev/hvc0
done
