# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
# needs: debian
#
# debian-load [seed=N] [targets=N] [KEY=VALUE...]: a real Debian as guest, with the package's
# driver, through random targets while apt installs and purges packages, stress-ng fills and
# verifies memory, and journald writes down what a unit says.  Nothing is lost: no line of the
# journal, no word of memory, no file, no state of dpkg, no process; and no unit has failed.
. /lab/files/lib-driver.sh
. /lab/files/lib-debian.sh

g=debian
BOOT=512
TOP=832
# Below what the system and the load use at most no target lies: what dies, dies of the driver.
LEAST=320
seed=$(random_seed "$@")
case ${1:-} in seed=*) shift ;; esac
TARGETS=200
case ${1:-} in targets=*) TARGETS=${1#targets=}; shift ;; esac
# shellcheck disable=SC2034 # random_below has it
RANDOM_STATE=$seed
note "seed=$seed targets=$TARGETS"

# What apt and the others do, until /run/stop is there; each says what went wrong in a file.
write_load() {
	in_guest $g 'cat >/run/apt-load <<"LOAD"
#!/bin/sh
export DEBIAN_FRONTEND=noninteractive
n=0
until [ -e /run/stop ]; do
	apt-get -q -y install /srv/load/*.deb && hello && tree --version && dpkg -V hello tree || exit 1
	apt-get -q -y purge hello tree || exit 1
	n=$((n + 1))
	echo $n >/run/apt.rounds
done
LOAD
	cat >/run/chatter <<"LOAD"
#!/bin/sh
n=0
until [ -e /run/stop ]; do
	n=$((n + 1))
	echo "line $n of what must not be lost"
	echo $n >/run/chatter.lines
	sleep 0.1
done
LOAD
	chmod +x /run/apt-load /run/chatter
	systemd-run -q --unit=load-apt -p RemainAfterExit=yes /run/apt-load &&
	systemd-run -q --unit=load-chatter -p RemainAfterExit=yes /run/chatter &&
	systemd-run -q --unit=load-stress -p RemainAfterExit=yes stress-ng \
		--vm 2 --vm-bytes 40m --verify --hdd 1 --hdd-bytes 16m --temp-path /var/tmp'
}

# Every file of the system that a package brought, from the disk.
sums() { in_guest -t 600 $g 'echo 3 >/proc/sys/vm/drop_caches; find /usr/bin /usr/sbin /usr/lib/systemd /usr/lib/x86_64-linux-gnu -xdev -type f | LC_ALL=C sort | xargs -d "\n" md5sum | md5sum'; }

storm() {
	local n=0
	low=$BOOT high=$BOOT
	while [ $n -lt "$TARGETS" ]; do
		random_below $((TOP - LEAST + 1))
		xl mem-set $g $((LEAST + RANDOM_NUMBER))
		random_below 2000
		sleep $((RANDOM_NUMBER / 1000)).$((RANDOM_NUMBER % 1000))
		now=$(($(guest_tot_pages $g) / 256))
		[ $now -ge $low ] || low=$now
		[ $now -le $high ] || high=$now
		n=$((n + 1))
	done
}

# Stressors of stress-ng end at once, apt when its round is over.
end_load() {
	in_guest -t 900 $g 'touch /run/stop; systemctl stop load-stress
		for unit in load-apt load-chatter; do
			while [ "$(systemctl show -P SubState $unit)" = running ]; do sleep 0.5; done
		done'
}

nothing_lost() {
	local lines
	check "no unit has failed" "" "$(failed_units)"
	note "apt: $(in_guest $g cat /run/apt.rounds) rounds"
	check "apt has done what it was asked for" 0 "$(in_guest $g 'systemctl show -P ExecMainStatus load-apt')"
	check "dpkg finds nothing half done" "" "$(in_guest $g 'dpkg --audit')"
	check "stress-ng has found no wrong word" "" "$(in_guest -t 120 $g 'journalctl -q -u load-stress | grep "stress-ng: \(fail\|error\):"')"
	lines=$(in_guest $g cat /run/chatter.lines)
	check "journald has every line of $lines" "$lines" \
		"$(in_guest -t 300 $g 'journalctl -q -o cat -u load-chatter | grep -c "^line [0-9]* of what must not be lost$"')"
	# Of a file that is being written nothing can be said.
	check_ok "its files are in order" in_guest -t 300 $g 'journalctl --rotate && journalctl --verify -q'
	check "every file is as it was" "$before" "$(sums)"
	check "nothing was killed for want of memory" 0 "$(oom_kills $g)"
}

make_disks
boot "${LAB_KERNELS%% *}" "$@"
up_in_order
books_open $g
install
before=$(sums)
check_ok "the load begins" write_load
storm
check_ok "from $low to $high MiB: smaller than at boot, and larger" [ "$low" -lt $BOOT -a "$high" -gt $BOOT ]
check_ok "the load ends" end_load
nothing_lost
for mib in 384 $TOP $BOOT; do
	at $mib "at rest"
done
check_log $g
guest_destroy $g
