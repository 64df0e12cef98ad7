# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# stuck [KEY=VALUE...]: pages of the guest cannot be moved for a long time, and whoever wants to
# move them waits: they are locked, which the driver sees and goes round; or it is what they are
# mapped by, which it does not see.  It follows new targets all the same, and says what is stuck;
# it stays until that ends, and then nothing is lost.  Who unloads it meanwhile is told so.
. /lab/files/lib-driver.sh

g=guest
FILE=160	# MiB, of 512 or more, a locked page in each of them
MAPPED=120	# MiB of another, whose pages have as many free ones beside them

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

# In boot memory nothing but what is stuck keeps the module, which is there before the driver
# leaves that to a thread of its own.
refuses_to_unload() {
	check_ok "$g: files whose pages take turns" in_guest -t 120 $g "
		for n in \$(seq 1 $MAPPED); do
			head -c 1048576 /dev/urandom >>/t/f && head -c 1048576 /dev/zero >>/t/between || exit 1
		done
		md5sum /t/f >/tmp/sum && rm /t/between"
	guest_spawn $g map 'mapfile /t/f'
	check_ok "$g: one is mapped" soon in_guest $g 'grep -q mapped /run/map.log'
	check_ok "$g: its mappings are locked" in_guest $g 'insmod /lockpages.ko path=/t/f mapping=1'
	# shellcheck disable=SC2016 # it is the guest's shell
	guest_spawn $g unload '{ until grep -q "^State:.D" /proc/$(pidof hotballoon)/status; do :; done
		sleep 0.5; rmmod xen_hotballoon; }'
	# Into what is free between the file's pages.
	xl mem-set $g $((boot - $(guest_memfree_kib $g) / 1024 + MAPPED * 2 / 3))
	# shellcheck disable=SC2016 # it is the guest's shell
	check_ok "$g: who unloads the driver is told no" wait_until $g 60 '[ "$(cat /run/unload.status 2>/dev/null)" = 1 ]'
	note "$g: $(in_guest $g 'cat /run/unload.log')"
	check_ok "$g: it is there" in_guest $g 'grep -q xen_hotballoon /proc/modules'
	check_ok "$g: the mappings are unlocked" in_guest $g 'rmmod lockpages'
	xl mem-set $g $boot
	guest_end $g map >/dev/null
	after $boot
	check_ok "$g: and now it is unloaded" in_guest $g 'rmmod xen_hotballoon'
	check_ok "$g: and loaded" in_guest $g 'insmod /xen-hotballoon.ko'
}

boot=$(boot_size 512 "$@")
guest_start $g memory=$boot "$@"
books_open $g
xl mem-max $g $((boot + 512))
check_ok "$g: a place for a file" in_guest $g 'mkdir -p /t && mount -t tmpfs -o size=400m t /t'
refuses_to_unload

check_ok "$g: a file of $FILE MiB" fill_file
check_ok "$g: its pages are locked" in_guest $g 'insmod /lockpages.ko path=/t/f every=256'
# Above the floor of a PV guest of 7.3, too, whose added blocks stay.
follows $((boot - 192))
follows $((boot + 188))
follows $((boot - 202))
follows $boot
check_ok "$g: the pages are unlocked" in_guest $g 'rmmod lockpages'
after $((boot - 212)) $((boot + 188)) $boot

# In hot-added memory, which has to go first.
follows $((boot + 512))
check_ok "$g: a file of $FILE MiB" fill_file
guest_spawn $g map 'mapfile /t/f'
check_ok "$g: it is mapped" soon in_guest $g 'grep -q mapped /run/map.log'
check_ok "$g: its mappings are locked" in_guest $g 'insmod /lockpages.ko path=/t/f mapping=1'
follows $((boot - 12))
check_ok "$g: something is stuck" [ "$(stuck_seconds)" -gt 0 ]
check_ok "$g: its worker does not wait" [ "$(worker_state)" != D ]
follows $((boot + 288))
follows $((boot - 62))
check_fails "$g: the driver stays" in_guest $g 'rmmod xen_hotballoon'
check_ok "$g: the mappings are unlocked" in_guest $g 'rmmod lockpages'
after $((boot + 388)) $((boot - 112)) $boot
check_log $g "cannot be moved: something waits there"
