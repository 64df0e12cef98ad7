# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
# needs: debian
#
# debian [parts=PART,...] [KEY=VALUE...]: a real Debian as guest, of the release of the run's first kernel,
# from the installation of xen-hotballoon-dkms to its purge.  Nobody answers a question,
# nothing is put on the kernel's command line, and the guest reboots only for its initramfs, for a new
# kernel, if the run has a second one (--kernel 6.1 --kernel 6.12), which is the one of /srv/next, and
# when all is over.
#
# Parts: udev, hibernation, upgrade, given-up (a removal), initramfs (the driver in one of the guest's
# own, from which it boots), kernel between the installation and the removal; reboot after it, and
# afterwards, where nothing was added, ordinary: once more installed and removed.  none, or all of
# them but ordinary if nothing else is said.
#
# DKMS builds in the guest, once for each kernel and each version of the package; the compiler
# has seen these files before (lib/debian.sh).
. /lab/files/lib-driver.sh
. /lab/files/lib-debian.sh

g=debian
BOOT=512
TOP=832
THREADS_MAX=/proc/sys/kernel/threads-max
FIRST=${LAB_KERNELS%% *}
SECOND=${LAB_KERNELS#"$FIRST"}
SECOND=${SECOND# }

PARTS=udev,hibernation,upgrade,given-up,initramfs,kernel,reboot
case ${1:-} in parts=*) PARTS=${1#parts=}; shift ;; esac

# wanted PART
wanted() { case ",$PARTS," in *",$1,"*) ;; *) return 1 ;; esac; }

loaded() { in_guest $g 'grep -q ^xen_hotballoon /proc/modules'; }
version() { in_guest $g cat /sys/module/xen_hotballoon/version; }

resize() {
	at 384 "$1"
	at $TOP "$1"
	check "$1: every block is online" "" "$(in_guest $g "grep -L '^online' $BLOCKS/memory[0-9]*/state")"
}

back() {
	at $BOOT "$1"
	[ "$(guest_type $g)" = pv ] || check_ok "$1: added blocks have left" wait_report $g added_blocks 0 60
}

# Added blocks that are not in the zone in which the driver has them: "BLOCK ZONE MOVABLE".
other_zones() {
	in_guest $g "awk 'NR > 1 && \$2 == \"ours\" && \$3 == \"online\" { print \$1, \$4 }' $BOOKS/blocks | while read -r block movable; do
		read -r zone rest <$BLOCKS/memory\$block/valid_zones
		case \$zone\$movable in Movable1 | Normal0 | DMA320 | DMA0) ;; *) echo \$block \$zone \$movable ;; esac
	done"
}

# With a rule of the administrator's, as many have it, that puts new blocks online by itself.
udev() {
	in_guest $g "echo 'SUBSYSTEM==\"memory\", ACTION==\"add\", ATTR{state}=\"online\"' >/etc/udev/rules.d/80-online.rules
		udevadm control --reload"
	resize "with udev's rule"
	in_guest $g 'udevadm settle'
	check_fails "with udev's rule: blocks were added" wait_report $g added_blocks 0 0
	check "with udev's rule: every block is in the driver's zone" "" "$(other_zones)"
	in_guest $g 'rm /etc/udev/rules.d/80-online.rules; udevadm control --reload'
}

# While blocks are there, that the image would not have.
hibernation() {
	check_fails "a grown guest does not hibernate" in_guest $g 'echo disk >/sys/power/state 2>/dev/null'
	check_ok "the log says what is in the way" in_guest $g 'dmesg | grep -q "hotballoon: no hibernation: "'
}

# lower_limit: as if the guest had booted with a fourth of its memory.
lower_limit() { check_ok "a limit is lowered" in_guest $g "echo $((THREADS / 4)) >$THREADS_MAX"; }

# raised LABEL [PERCENT]: by the timer's unit, in its sandbox, to more than that of what it was at boot.
raised() {
	check_ok "$1: it is raised" wait_until $g 90 "[ \$(cat $THREADS_MAX) -gt $((THREADS * ${2:-25} / 100)) ]" ||
		in_guest $g 'systemctl --no-pager status xen-hotballoon-limits.service'
}

upgrade() {
	local old
	old=$(version)
	at 384 "limits"
	lower_limit
	check_ok "limits are to be raised" in_guest $g 'systemctl enable -q --now xen-hotballoon-limits.timer'
	at $TOP "limits"
	# With 384 MiB it is three fourths at most.
	raised "grown" 80
	apt "it is upgraded while memory is hot-added" install /mnt/newer.deb
	check "the loaded module is not exchanged behind the guest's back" "$old" "$(version)"
	check_ok "and it is said how the new one is taken" in_guest $g "grep -q 'is loaded, .* is installed' /tmp/apt.log"
	as_packaged "upgraded"
	lower_limit
	raised "upgraded"
	check "no unit has failed" "" "$(failed_units)"
	at $((TOP - 64)) "upgraded, the old module still loaded"
	back "upgraded"
	# PV guests keep their added blocks until they reboot, and the module that has them.
	if [ "$(guest_type $g)" = pv ]; then
		check_fails "it stays until the reboot" in_guest $g 'modprobe -r xen-hotballoon'
		check "it is the old one" "$old" "$(version)"
		return
	fi
	check_ok "the new one is taken" in_guest $g 'modprobe -r xen-hotballoon && modprobe xen-hotballoon'
	check "it is the new one" "$old.1" "$(version)"
	resize "the new one"
}

timer_since() { in_guest $g systemctl show -P ActiveEnterTimestampMonotonic xen-hotballoon-limits.timer; }

# prerm fails when it has done all: dpkg goes back.
given_up() {
	local prerm="/var/lib/dpkg/info/$PACKAGE.prerm" since
	back "to be removed"
	check_ok "limits are to be raised, though nobody has enabled that" in_guest $g \
		'systemctl disable -q xen-hotballoon-limits.timer && systemctl start xen-hotballoon-limits.timer'
	since=$(timer_since)
	check_fails "a removal fails" in_guest -t $BUILD_SECONDS $g \
		"cp $prerm /tmp/prerm; echo exit 1 >>$prerm; apt-get -q -y remove $PACKAGE </dev/null >/tmp/apt.log 2>&1"
	in_guest $g "cp /tmp/prerm $prerm"
	check "given up: it is installed" "install ok installed" "$(in_guest $g "dpkg-query -W -f '\${Status}' $PACKAGE")"
	as_packaged "given up"
	check_ok "given up: it is loaded" loaded
	lower_limit
	raised "given up"
	check_fails "given up: the timer did not run for a while" [ "$(timer_since)" = "$since" ]
	check "given up: no unit has failed" "" "$(failed_units)"
	books_open $g
	resize "given up"
}

# boot_own [KEY=VALUE...]: from the initramfs of its kernel that is on its disk.
boot_own() {
	local image
	image=boot/initrd.img-$(in_guest $g uname -r)
	power_off
	mount -t ext4 -o ro /dev/vdb /run/mnt && cp "/run/mnt/$image" /run/initrd.img && umount /run/mnt ||
		fail "dom0: take $image from the guest's disk"
	boot "$FIRST" ramdisk=/run/initrd.img cmdline="root=/dev/xvda systemd.show_status=false" "$@"
	up_in_order
	check_ok "the driver is loaded at boot" loaded || why_not_loaded
	books_open $g
}

in_initramfs() { in_guest -t 300 $g 'lsinitramfs /boot/initrd.img-$(uname -r) | grep -q /xen-hotballoon.ko'; }

# first_at_boot: which of the two the kernel's log has first, the driver or the root file system.
first_at_boot() { in_guest $g 'dmesg | sed -n "s/.*hotballoon: .*/driver/p; s/.*EXT4-fs (xvda): mounted.*/root/p" | head -n 1'; }

# say_initramfs yes|no: as the manual has it.
say_initramfs() {
	check_ok "INITRAMFS=$1, and it is made anew" in_guest -t $BUILD_SECONDS $g \
		"sed -i 's/^INITRAMFS=.*/INITRAMFS=$1/' /etc/default/xen-hotballoon && update-initramfs -u"
}

initramfs() {
	# The kernel's package would have made it.
	check_ok "an initramfs is made" in_guest -t $BUILD_SECONDS $g 'update-initramfs -c -k $(uname -r)'
	check_fails "nobody has asked for the driver in it" in_initramfs
	say_initramfs yes
	check_ok "the driver is in it" in_initramfs
	boot_own "$@"
	check "it is loaded before the root file system is mounted" driver "$(first_at_boot)"
	resize "loaded by the initramfs"
	say_initramfs no
	check_fails "the driver is not in it any more" in_initramfs
	boot_own "$@"
	check "it is loaded by the system on the disk" root "$(first_at_boot)"
	resize "loaded by the system"
}

why_not_loaded() {
	in_guest $g 'journalctl -b -u systemd-modules-load --no-pager | tail -n 5; modprobe -v xen-hotballoon
		dmesg | grep -i hotballoon; grep hotballoon /lib/modules/$(uname -r)/modules.dep' 2>&1 | sed 's/^/# /'
}

# But what was to be said: DKMS's key is not the kernel's, and hibernation was asked for.
check_kernel_log() {
	check "no warning in the kernel's log" "" "$(in_guest $g 'dmesg -l emerg,alert,crit,err,warn |
		grep -i "hotballoon\|WARNING\|BUG:\|page alloc" | grep -v "taints kernel\|tainting kernel\|no hibernation: "')"
}

power_off() {
	check_kernel_log
	guest_may_die $g
	in_guest $g 'systemctl poweroff' >/dev/null 2>&1
	check_ok "it goes down in order" guest_wait_gone $g 120
	rm -f "/run/lab/guests/$g/may-die"
}

kernels_driver() {
	guest_mem_set $g 400
	check_ok "$1: the kernel's driver follows targets" guest_wait_size $g 400
}

new_kernel() {
	local release
	apt "a new kernel is installed with its headers" install --no-install-recommends '/srv/next/*.deb'
	release=$(in_guest $g "ls -t /usr/src | sed -n 's/linux-headers-\(.*-amd64\)\$/\1/p' | sort -V | tail -n 1")
	as_packaged "a new kernel"
	case " $LAB_UNTESTED " in
	*" $SECOND "*) left_out "$release" "$@" ;;
	*) built_for "$release" "$@" ;;
	esac
}

# boot_new RELEASE [KEY=VALUE...]
boot_new() {
	local release="$1"
	shift
	power_off
	boot "$SECOND" "$@"
	check "it runs the new kernel" "$release" "$(in_guest $g uname -r)"
}

module_of() { in_guest $g "ls /lib/modules/$1/updates/dkms/xen-hotballoon.ko*"; }

# built_for RELEASE [KEY=VALUE...]
built_for() {
	check_ok "it has its module ($1)" module_of "$1"
	boot_new "$@"
	check_ok "the driver is loaded at boot" loaded || why_not_loaded
	books_open $g
	resize "the new kernel"
}

# left_out RELEASE [KEY=VALUE...]: of a kernel newer than any that the driver was tested with; back to
# the one before it.
left_out() {
	note "$1 is newer than include/compat.h allows"
	check_fails "it has no module" module_of "$1"
	check_ok "and it is said why" in_guest $g 'grep -q BUILD_EXCLUSIVE /tmp/apt.log'
	boot_new "$@"
	up_in_order
	check_fails "the driver is not loaded" loaded
	kernels_driver "a kernel without the driver"
	shift
	power_off
	boot "$FIRST" "$@"
	check_ok "the kernel before it: the driver is loaded at boot" loaded || why_not_loaded
	books_open $g
	resize "the kernel before it"
}

remove() {
	apt "the package is removed while memory is hot-added" remove $PACKAGE
	check_ok "the module stays" loaded
	check_ok "and it is said until when" in_guest $g 'grep -q "stays loaded until" /tmp/apt.log'
	at $BOOT "removed"
	if [ "$(guest_type $g)" = pvh ]; then
		check_ok "added blocks have left" wait_report $g added_blocks 0 60
		in_guest $g 'rmmod xen_hotballoon' || true
		check_fails "the module is gone" loaded
		kernels_driver "removed"
	fi
	apt "it is purged" purge $PACKAGE
	# Nor a link in timers.target.wants to a unit that is not there.
	check "nothing of it is left" "" "$(in_guest $g "find / -xdev -name '*hotballoon*' -not -path '/tmp/*' -not -path '/proc/*' -not -path '/sys/*' 2>/dev/null | grep -v '^/var/log/'")"
	check "no unit has failed" "" "$(failed_units)"
}

# As if it had never been there; with the kernel that the run began with.
again() {
	power_off
	boot "$FIRST" "$@"
	check_fails "booted again: the module is not there" loaded
	check "booted again: no unit has failed" "" "$(failed_units)"
	kernels_driver "booted again"
	guest_mem_set $g $BOOT
	check_ok "booted again: it has what it booted with" guest_wait_size $g $BOOT
}

# Of the next version, which was compiled for every kernel that is there (lib/debian.sh).
ordinary() {
	apt "installed once more" install /mnt/newer.deb
	check_ok "installed once more: it is loaded" loaded
	apt "removed at the size it booted with" remove $PACKAGE
	check_fails "the module is gone at once" loaded
	kernels_driver "removed at once"
	apt "it is purged again" purge $PACKAGE
}

make_disks
boot "$FIRST" "$@"
up_in_order
books_open $g
THREADS=$(in_guest $g cat $THREADS_MAX)
install
! wanted udev || udev
resize "installed"
! wanted hibernation || hibernation
! wanted upgrade || upgrade
! wanted given-up || given_up
! wanted initramfs || initramfs "$@"
! wanted kernel || [ -z "$SECOND" ] || new_kernel "$@"
remove
! wanted reboot || again "$@"
! wanted ordinary || ordinary
check_kernel_log
guest_destroy $g
