# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# stuck [KEY=VALUE...]: pages of the guest cannot be moved for a long time, and whoever wants to
# move them waits: they are locked, which the driver sees and goes round; or it is what they are
# mapped by, which it does not see.  It follows new targets all the same, and says what is stuck;
# it stays until that ends, and then nothing is lost.
. /lab/files/lib-driver.sh

g=guest
FILE=160	# MiB, of 512, a locked page in each of them

# worker_state: of the driver's thread; D is one that waits for what cannot be interrupted.
worker_state() {
	in_guest $g "sed -n 's/^State:.\\(.\\).*/\\1/p' /proc/\$(pidof hotballoon)/status"
}

stuck_seconds() { in_guest $g 'cat /sys/kernel/hotballoon/stuck_s'; }

# follows MIB
follows() {
	xl mem-set $g "$1"
	check_ok "$g: a target of $1 MiB is followed" reach $g $(($1 * 1024)) 30 || books_show $g
	books_check $g $(($1 * 1024)) "stuck, $1 MiB"
}

# fill_file: the file, anew, and what is in it.
fill_file() {
	in_guest -t 120 $g "rm -f /t/f && dd if=/dev/urandom of=/t/f bs=1M count=$FILE 2>/dev/null && md5sum /t/f >/tmp/sum"
}

# after MIB...: nothing is stuck any more, and each of these is reached.
after() {
	local mib
	# shellcheck disable=SC2016 # it is the guest's shell
	check_ok "$g: nothing is stuck" wait_until $g 20 '[ "$(cat /sys/kernel/hotballoon/stuck_s)" = 0 ]'
	for mib; do
		xl mem-set $g "$mib"
		check_ok "$g: and after it, $mib MiB" reach $g $((mib * 1024))
		books_check $g $((mib * 1024)) "$mib MiB"
	done
	check_ok "$g: contents" in_guest -t 120 $g 'md5sum -c /tmp/sum >/dev/null'
}

guest_start $g memory=512 "$@"
books_open $g
xl mem-max $g 1024
check_ok "$g: a place for a file" in_guest $g 'mkdir -p /t && mount -t tmpfs -o size=400m t /t'

check_ok "$g: a file of $FILE MiB" fill_file
check_ok "$g: its pages are locked" in_guest $g 'insmod /lockpages.ko path=/t/f every=256'
# Above the floor of a PV guest of 7.3, too, whose added blocks stay.
follows 320
follows 700
follows 310
follows 512
check_ok "$g: the pages are unlocked" in_guest $g 'rmmod lockpages'
after 300 700 512

# In hot-added memory, which has to go first.
follows 1024
check_ok "$g: a file of $FILE MiB" fill_file
guest_spawn $g map 'mapfile /t/f'
check_ok "$g: it is mapped" soon in_guest $g 'grep -q mapped /run/map.log'
check_ok "$g: its mappings are locked" in_guest $g 'insmod /lockpages.ko path=/t/f mapping=1'
follows 500
check_ok "$g: something is stuck" [ "$(stuck_seconds)" -gt 0 ]
check_ok "$g: its worker does not wait" [ "$(worker_state)" != D ]
follows 800
follows 450
check_fails "$g: the driver stays" in_guest $g 'rmmod xen_hotballoon'
check_ok "$g: the mappings are unlocked" in_guest $g 'rmmod lockpages'
after 900 400 512
check_log $g "cannot be moved: something waits there"
