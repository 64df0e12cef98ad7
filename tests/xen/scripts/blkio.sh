# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# blkio [seed=N] [targets=N] [KEY=VALUE...]: real I/O through grants while the guest is
# resized, to six sizes or the first N of them: file systems on two disks of dom0 (one
# with persistent grants, which copy; one without, which lets dom0 at the pages
# themselves, those of the page cache and of processes), and a network connection.  All
# that is read is what was written.
. /lab/files/lib-driver.sh

g=guest
DISK=128	# MiB each
FILE=24		# MiB

# Disks in memory: dom0 has 1 GiB.
make_disks() {
	local n
	for module in loop xen-blkback xen-netback; do
		insmod /lib/modules/$module.ko || fail "dom0: load $module"
	done
	for n in 0 1; do
		truncate -s ${DISK}M /run/disk$n && losetup /dev/loop$n /run/disk$n || fail "dom0: disk $n"
	done
}

# offered DEVICE: does dom0 offer persistent grants?
offered() { xenstore-read "/local/domain/0/backend/vbd/$(guest_domid $g)/$1/feature-persistent"; }

# The second disk comes when dom0 does not offer persistent grants any more.
attach_disks() {
	check_ok "$g: load modules" in_guest $g 'for m in crc16 crc32c_generic mbcache jbd2 ext4 xen-blkfront xen-netfront; do
		[ ! -e /lib/modules/$m.ko ] || insmod /lib/modules/$m.ko || exit 1; done'
	check_ok "$g: the first disk" in_guest $g 'until [ -b /dev/xvda ]; do sleep 0.1; done'
	echo 0 >/sys/module/xen_blkback/parameters/feature_persistent
	check_ok "$g: attach the second" xl block-attach $g phy:/dev/loop1 xvdb w
	check_ok "$g: the second disk" in_guest $g 'until [ -b /dev/xvdb ]; do sleep 0.1; done'
	check "$g: persistent grants on the first disk only" "1 0" \
		"$(offered 51712) $(offered 51728)"
}

mount_disks() {
	in_guest $g 'for d in xvda xvdb; do mkdir -p /$d && mount -t ext4 /dev/$d /$d || exit 1; done'
}

# A file that stays, and programs that write and read others.
start_io() {
	check_ok "$g: make file systems" in_guest $g 'mke2fs /dev/xvda >/dev/null && mke2fs /dev/xvdb >/dev/null'
	check_ok "$g: mount them" mount_disks
	in_guest $g 'cp /bin/busybox /xvda/kept && cp /bin/busybox /xvdb/kept && sync'
	guest_spawn $g a "diskio /xvda $FILE $RANDOM_STATE"
	guest_spawn $g b "diskio /xvdb $FILE $((RANDOM_STATE + 1))"
}

end_io() {
	local id result
	for id in a b; do
		result=$(guest_end $g $id)
		check "$g: disk $id: all that was read is what was written" ok "${result%% *}"
		note "$g: disk $id: $result (rounds, MiB read back)"
	done
	in_guest $g 'umount /xvda /xvdb'
	check_ok "$g: mount again" mount_disks
	check_ok "$g: the files from before" in_guest $g 'cmp /bin/busybox /xvda/kept && cmp /bin/busybox /xvdb/kept'
}

# Dom0 sends back what it gets; the guest sends a file again and again.
start_network() {
	nc -ll -p 7 -e cat &
	echo_server=$!
	check_ok "$g: network" in_guest $g 'ifconfig eth0 10.0.0.2 netmask 255.255.255.0 up &&
		n=0; until ping -c 1 -W 1 10.0.0.1 >/dev/null; do n=$((n + 1)); [ $n -lt 30 ] || exit 1; done'
	in_guest $g 'head -c 2097152 /dev/urandom >/run/sent
		cat >/run/echo.sh <<-"END"
			n=0 stop=
			trap stop=1 TERM
			while [ -z "$stop" ]; do
				nc 10.0.0.1 7 </run/sent >/run/returned
				cmp /run/sent /run/returned || exit 1
				n=$((n + 1))
			done
			echo "ok $n"
		END'
	guest_spawn $g net "sh /run/echo.sh"
}

end_network() {
	local result
	result=$(guest_end $g net)
	check "$g: network: all that came back is what was sent" ok "${result%% *}"
	note "$g: network: $result (times 2 MiB, there and back)"
	kill $echo_server
}

go_to() {
	xl mem-set $g "$1"
	check_ok "$g: reaches $1 MiB" reach $g $(($1 * 1024))
	sleep 1
}

RANDOM_STATE=$(random_seed "$@")
case ${1:-} in seed=*) shift ;; esac
targets=6
case ${1:-} in targets=*) targets=${1#*=}; shift ;; esac
note "blkio: seed=$RANDOM_STATE"
make_disks
guest_start $g memory=512 io=yes "$@" cfg="disk = ['phy:/dev/loop0,xvda,w']
vif = ['script=/etc/xen/scripts/vif']"
books_open $g
attach_disks
start_io
start_network
xl mem-max $g 1152
n=0
for mib in 1024 384 800 320 1152 640; do
	[ $n -lt "$targets" ] || break
	go_to $mib
	n=$((n + 1))
done
go_to 512
end_network
end_io
books_check $g 524288 "at last"
check "$g: no I/O error" "" "$(in_guest $g 'dmesg | grep -i "I/O error\|EXT4-fs error\|xvd.*error"')"
check_log $g
