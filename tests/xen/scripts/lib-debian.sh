# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043,SC2154
#
# What the tests in a real Debian guest share: its disks, apt in it, systemd's opinion.  The
# script sets g, BOOT and TOP, the guest's name and its MiB at boot and at most.

# Building, emulated.
BUILD_SECONDS=1200
PACKAGE=xen-hotballoon-dkms

# What dom0's kernel has as a module; some have it built in.
load_modules() {
	local module
	for module in virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk \
		loop xen-blkback crc16 crc32c_generic mbcache jbd2 ext4; do
		[ ! -e /lib/modules/$module.ko ] || insmod /lib/modules/$module.ko || fail "dom0: load $module"
	done
}

# Its disk is dom0's second; the package comes on another, which is made here.  Guests have
# Xen's time, which is dom0's: files from the future are no good to make and ccache.
make_disks() {
	load_modules
	date -s "@$(cat /lab/debs/now)" >/dev/null || fail "dom0: set the time"
	truncate -s 48M /run/debs && losetup /dev/loop0 /run/debs && mke2fs /dev/loop0 >/dev/null &&
		mkdir -p /run/mnt && mount -t ext4 /dev/loop0 /run/mnt && cp /lab/debs/* /run/mnt/ && rm -r /lab/debs &&
		umount /run/mnt || fail "dom0: the package on its disk"
}

# boot KERNEL [KEY=VALUE...]
boot() {
	local kernel="$1"
	shift
	guest_create $g kernel="$kernel" memory=$BOOT driver=none io=yes \
		cmdline="hb.root=/dev/xvda systemd.show_status=false" \
		cfg="disk = ['phy:/dev/vdb,xvda,w', 'phy:/dev/loop0,xvdb,w']" "$@"
	guest_wait_up $g 600
	xl mem-max $g $((TOP + 64))
	in_guest $g 'mount /dev/xvdb /mnt && tar -C /var/cache -xf /mnt/ccache.tar'
}

# apt LABEL ARGUMENT...
apt() {
	local label="$1" start
	shift
	start=$(now_ms)
	check_ok "$label" in_guest -t $BUILD_SECONDS $g \
		"DEBIAN_FRONTEND=noninteractive apt-get -q -y $* </dev/null >/tmp/apt.log 2>&1 || { tail -n 40 /tmp/apt.log; exit 1; }"
	note "$label: $((($(now_ms) - start) / 1000)) s; ccache: $(in_guest $g 'ccache --print-stats | grep -E "^(direct|preprocessed)_cache_(hit|miss)" | xargs')"
}

# Nothing of what starts at boot is still on its way, or has failed.
up_in_order() {
	check "systemd: the guest is up" running "$(in_guest -t 300 $g 'systemctl is-system-running --wait')" ||
		failed_units
}

# Failed units of systemd; nothing.
failed_units() { in_guest $g 'systemctl list-units --failed --no-legend --plain'; }

# at MIB LABEL
at() {
	guest_mem_set $g "$1"
	check_ok "$2: reaches $1 MiB" reach $g $(($1 * 1024)) || books_show $g
	books_check $g $(($1 * 1024)) "$2: $1 MiB"
}

# as_packaged LABEL: dpkg -V prints what is not, and need not say so by its status.
as_packaged() { check "$1: its files are as packaged" "" "$(in_guest $g "dpkg -V $PACKAGE")"; }

install() {
	apt "the package is installed" install /mnt/package.deb
	check_ok "it is loaded" in_guest $g 'grep -q ^xen_hotballoon /proc/modules'
	check "no unit has failed" "" "$(failed_units)"
	as_packaged "installed"
}

