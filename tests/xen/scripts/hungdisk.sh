# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# hungdisk [KEY=VALUE...]: a disk of the guest does not answer any more while pages wait to be
# written to it, in boot memory and in hot-added.  The driver goes round them and counts
# nothing as available that must be written first: it follows new targets both ways at once,
# stops where the guest can live, and counters are exact when the disk is back.
. /lab/files/lib-driver.sh

g=guest
DISK=110	# MiB; what the guest writes to it waits in 70
SECONDS_TO_FOLLOW=20

# The disk is a file on a file system of dom0 that can be frozen.
make_disk() {
	local module
	for module in loop xen-blkback crc16 crc32c_generic mbcache jbd2 ext4; do
		[ ! -e /lib/modules/$module.ko ] || insmod /lib/modules/$module.ko || fail "dom0: load $module"
	done
	mkdir -p /run/outer
	truncate -s 160M /run/image && losetup /dev/loop6 /run/image &&
		mke2fs /dev/loop6 >/dev/null && mount -t ext4 /dev/loop6 /run/outer &&
		truncate -s ${DISK}M /run/outer/disk && losetup /dev/loop7 /run/outer/disk ||
		fail "dom0: make a disk"
}

# A file system on it, of which much may be dirty.
use_disk() {
	check_ok "$g: a file system" in_guest -t 240 $g '
		for m in crc16 crc32c_generic mbcache jbd2 ext4 xen-blkfront; do
			[ ! -e /lib/modules/$m.ko ] || insmod /lib/modules/$m.ko || exit 1
		done
		until [ -b /dev/xvda ]; do sleep 0.2; done
		mke2fs /dev/xvda >/dev/null && mkdir -p /d && mount -t ext4 /dev/xvda /d || exit 1
		echo 60 >/proc/sys/vm/dirty_ratio
		echo 50 >/proc/sys/vm/dirty_background_ratio
		dd if=/dev/zero of=/d/a bs=1M count=4 2>/dev/null && sync
		echo "dd if=/dev/zero of=/d/b bs=1M count=70; sync" >/tmp/write.sh'
}

# worker_state: of the driver's thread; D is one that waits for a disk.
worker_state() {
	in_guest $g "sed -n 's/^State:.\\(.\\).*/\\1/p' /proc/\$(pidof hotballoon)/status"
}

# What the guest tells of that in its own files and in its statistics; 0: nothing waits.
stuck_seconds() { in_guest $g 'cat /sys/kernel/hotballoon/stuck_s'; }
told_stuck() {
	xenstore-read "/local/domain/$(guest_domid $g)/data/hotballoon/stats" | tr ' ' '\n' |
		sed -n 's/^stuck-seconds=//p'
}
told_cause() { xenstore-read "/local/domain/$(guest_domid $g)/data/hotballoon/cause"; }
is_told_of() { [ "$(told_stuck)" -gt 0 ]; }
is_told_over() { [ "$(told_stuck)" = 0 ]; }

# follows MIB: the target while the disk hangs.
follows() {
	xl mem-set $g "$1"
	check_ok "$g: a target of $1 MiB is followed while the disk hangs" \
		guest_wait_size $g "$1" 256 $SECONDS_TO_FOLLOW
}

make_disk
guest_start $g memory=256 io=yes "$@" cfg='shadow_memory = 16
disk = [ "phy:/dev/loop7,xvda,w" ]'
books_open $g
xl mem-max $g 1024
use_disk
xl mem-set $g 640
check_ok "$g: grown" reach $g $((640 * 1024))
check_ok "dom0: the disk hangs" fsfreeze --freeze /run/outer
guest_spawn $g w 'sh /tmp/write.sh'
# shellcheck disable=SC2016 # it is the guest's shell
check_ok "$g: 2 MiB and more wait for it" \
	wait_until $g 30 '[ "$(sed -n "s/^Writeback: *\([0-9]*\) kB/\1/p" /proc/meminfo)" -ge 2048 ]'
note "$g: $(in_guest $g "grep -E 'Dirty|Writeback:' /proc/meminfo" | tr -s ' \n' ' ')"

# Below what it has, through what waits: as far as it goes.
xl mem-set $g 150
sleep 15
check "$g: no OOM kill" 0 "$(oom_kills $g)"
note "$g: told 150 MiB it has $(($(guest_tot_pages $g) / 256)), stuck for $(stuck_seconds) s, cause $(told_cause)"
check_ok "$g: the host sees how long something waits" soon is_told_of
check_ok "$g: so does the guest" [ "$(stuck_seconds)" -gt 0 ]
# What waits cannot be moved, and is not available.
cause=$(told_cause)
check_ok "$g: the host sees why ($cause)" [ "$cause" = guest-busy -o "$cause" = guest-floor ]
check_ok "$g: it gave what does not wait for the disk" [ "$(guest_tot_pages $g)" -lt $((480 * 256)) ]
check_ok "$g: its worker does not wait for a disk" [ "$(worker_state)" != D ]

# What must be written to the disk first does not save a program: the host is told in time, and
# all that is missing: given that, the guest lives through the same.
has=$(guest_tot_pages $g)
kills=$(oom_kills $g)
eat_until_kill $g "while the disk hangs" 40
most=$EATEN
check_ok "$g: it had an OOM kill" [ "$(oom_kills $g)" -gt "$kills" ]
check_ok "$g: it lacked what it was killed for, or more" [ "$LACKED" -ge 8192 ]
check_ok "$g: end what eats" end_eating $g
mib=$((has / 256 + (LACKED + 1023) / 1024))
follows $mib
kills=$(oom_kills $g)
eat_until_kill $g "with what it lacked" $((most + 1))
check "$g: it has eaten what it was killed for" $((most + 1)) $EATEN
check "$g: no more OOM kill" "$kills" "$(oom_kills $g)"
check_ok "$g: end what eats" end_eating $g

follows 800
follows 500
follows 700
check_ok "dom0: the disk goes on" fsfreeze --unfreeze /run/outer
check_ok "$g: what was written is written" wait_until $g 60 '! pidof sync dd >/dev/null'
for mib in 300 800 256; do
	xl mem-set $g $mib
	check_ok "$g: and after it, $mib MiB" reach $g $((mib * 1024)) 60
	books_check $g $((mib * 1024)) "$mib MiB"
done
check "$g: nothing is stuck" 0 "$(stuck_seconds)"
check_ok "$g: the host sees that nothing waits" soon is_told_over
check_log $g 'oom-kill\|[Oo]ut of memory'
