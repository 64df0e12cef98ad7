# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
# needs: debian
#
# debian-pressure [rounds=N] [KEY=VALUE...]: a real Debian as guest, with the package's driver,
# beside all that acts on want of memory: systemd-oomd, which may kill every service for
# pressure, as soon as others have it do so; swap in memory that zram-generator made; and
# services with limits of their own.  The guest is taken to its floor and kept there, and given
# back, several times: nothing is killed and no unit fails.
. /lab/files/lib-driver.sh
. /lab/files/lib-debian.sh

g=debian
BOOT=512
TOP=832
# At the floor, longer than oomd bears pressure.
HOLD=60
ROUNDS=3
case ${1:-} in rounds=*) ROUNDS=${1#rounds=}; shift ;; esac

# Before it is installed: what starts reads it.
configure() {
	in_guest $g 'printf "[zram0]\nzram-size = ram / 2\n" >/etc/systemd/zram-generator.conf
		mkdir -p /etc/systemd/system/system.slice.d /etc/systemd/oomd.conf.d
		printf "[Slice]\nManagedOOMMemoryPressure=kill\nManagedOOMSwap=kill\n" \
			>/etc/systemd/system/system.slice.d/oomd.conf
		printf "[OOM]\nDefaultMemoryPressureLimit=50%%\nDefaultMemoryPressureDurationSec=20s\n" \
			>/etc/systemd/oomd.conf.d/strict.conf'
}

swap_is_on() { in_guest $g 'grep -q ^/dev/zram0 /proc/swaps'; }

pressure() {
	configure
	apt "oomd and zram-generator are installed" install --no-install-recommends '/srv/pressure/*.deb'
	in_guest $g 'systemctl daemon-reload && systemctl start systemd-oomd.service dev-zram0.swap'
	check "systemd-oomd runs" active "$(in_guest $g systemctl is-active systemd-oomd)"
	check_ok "it watches the services" in_guest $g 'oomctl | grep -q "Path: /system.slice"'
	check_ok "there is swap in memory" swap_is_on
}

# One that reads more than it may keep, one that keeps what it has been given, and one that
# must not be killed by anybody.
services() {
	in_guest -t 120 $g 'dd if=/dev/urandom of=/var/tmp/data bs=1M count=64 2>/dev/null
		cat >/run/reader <<"LOAD"
#!/bin/sh
until [ -e /run/stop ]; do cat /var/tmp/data >/dev/null; sleep 0.5; done
LOAD
		chmod +x /run/reader
		systemd-run -q --unit=load-reader -p MemoryHigh=16M -p MemoryMax=24M -p RemainAfterExit=yes /run/reader &&
		systemd-run -q --unit=load-keeper -p MemoryMax=96M -p RemainAfterExit=yes \
			stress-ng --vm 1 --vm-bytes 32m --vm-keep --vm-hang 1 --verify &&
		systemd-run -q --unit=load-low -p MemoryLow=32M -p RemainAfterExit=yes sleep infinity'
}

# shellcheck disable=SC2016 # for the guest's shell
running() { in_guest $g 'for u in reader keeper low; do systemctl show -P SubState load-$u; done | xargs'; }

# killed: how often, by whomever.
killed() { in_guest $g 'journalctl -q -b | grep -c -i "systemd-oomd.*killed\|oom-kill\|out of memory: kill\|result .oom-kill"'; }

floor() {
	xl mem-set $g 64
	check_ok "$1: it says that it is at its floor" wait_report $g cause guest-floor 120
	sleep $HOLD
	note "$1: $(($(guest_tot_pages $g) / 256)) MiB, MemAvailable $(guest_meminfo $g MemAvailable) KiB, $(in_guest $g 'grep some /proc/pressure/memory; tail -n 1 /proc/swaps')"
	check "$1: no unit has failed" "" "$(failed_units)"
	check "$1: every service goes on" "running running running" "$(running)"
	check "$1: nobody was killed" 0 "$(killed)"
}

make_disks
boot "${LAB_KERNELS%% *}" "$@"
up_in_order
books_open $g
install
pressure
check_ok "services with limits" services
n=1
while [ $n -le "$ROUNDS" ]; do
	floor "round $n"
	at $TOP "round $n"
	n=$((n + 1))
done
check_ok "swap is still on" swap_is_on
check "stress-ng has found no wrong word" "" "$(in_guest -t 120 $g 'journalctl -q -u load-keeper | grep "stress-ng: \(fail\|error\):"')"
at $BOOT "at rest"
check_log $g
guest_destroy $g
