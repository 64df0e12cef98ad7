# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034 # CACHE, opt_* and others are shared with the other files of lab
#
# debian-dom0.sh: a real Debian for dom0, with systemd, on a disk.
#
# Model: CACHE/dom0-XEN/disk.img is a file system with what somebody installs who wants a Xen
# host of that Xen's release, its kernel and its initramfs included, which QEMU hands to Xen.
# In /srv/needed is what our packages depend on, as there is no network.  It is dom0's second
# disk, whose changes are thrown away; the first takes the results.  The third is a tar archive
# with what is the run's own: scripts, guests' kernels, packages.  A service unpacks it and does
# what the lab's own dom0 does (dom0/session).
# Takes root.

DOM0_PACKAGES=(systemd systemd-sysv dbus udev kmod procps xen-system-amd64 linux-image-amd64
	initramfs-tools zstd man-db bash-completion)
# What our packages were built with: their libraries, and what libhotballoon-dev depends on.
DOM0_NEEDED=(libxen-dev libjson-c-dev libinih-dev libuv1-dev)
# KiB; most of it is a hole.
DOM0_DISK=4194304

# dom0_hash: of what makes an image but the packages' versions.
dom0_hash() {
	{
		echo "${DOM0_PACKAGES[*]} ${DOM0_NEEDED[*]} $DOM0_DISK"
		declare -f cache_try_dom0 dom0_service debian_download debian_disk
	} | sha256sum | cut -c 1-12
}

# dom0_service ROOT: the lab's own.  Nothing of a script is killed for want of memory.
dom0_service() {
	cat >"$1/etc/systemd/system/lab.service" <<-UNIT
		[Unit]
		Description=Runs the lab's scripts
		After=multi-user.target
		[Service]
		ExecStart=/bin/sh -c 'tar --no-overwrite-dir -xf /dev/vdc -C / && . /lab/settings && . /lab/session && session'
		Environment=PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
		OOMScoreAdjust=-1000
		[Install]
		WantedBy=multi-user.target
	UNIT
	# Guests' consoles are what tests read.
	echo 'XENCONSOLED_ARGS="--log=guest --timestamp=none"' >"$1/etc/default/xen"
	in_root "$1" 'systemctl enable -q lab.service; systemctl set-default -q multi-user.target'
}

# cache_try_dom0 XEN DIR
cache_try_dom0() {
	local suite dir=$2 root=$2/system version
	[ "$(id -u)" -eq 0 ] || die "a Debian dom0 takes root: run it with sudo"
	"$TOP/packaging/install-dependencies" system >&2 || return 1
	suite=$(xen_suite "$1")
	minimal_root "$suite" "$root" "${DOM0_PACKAGES[@]}" || return 1
	in_root "$root" 'apt-get update -q' >&2 || return 1
	debian_download "$root" "$suite" needed "${DOM0_NEEDED[@]}" >&2 || return 1
	dom0_service "$root"
	rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
	echo host >"$root/etc/hostname"
	echo '/dev/vdb / ext4 defaults 0 0' >"$root/etc/fstab"
	cp "$root"/boot/vmlinuz-* "$dir/root/vmlinuz" && cp "$root"/boot/initrd.img-* "$dir/root/initrd.img" || return 1
	debian_disk "$root" "$dir/root/disk.img" "$DOM0_DISK" || return 1
	# shellcheck disable=SC2016 # for the inner shell
	version=$(in_root "$root" 'dpkg-query -W -f "\${Version}" xen-hypervisor-*-amd64')
	cache_publish "$dir/root" "dom0-${version//[^A-Za-z0-9.+~-]/_}_$(dom0_hash)" "dom0-$1"
}

# deb_sources REPOSITORY: of what the packages are, as it is committed there.
deb_sources() {
	git -C "$1" rev-parse HEAD:toolstack HEAD:drivers HEAD:include HEAD:debian HEAD:docs HEAD:packaging
}

# dom0_debs ROOT: our packages, and the same as the next version.
dom0_debs() {
	local suite deb
	suite=$(base_suite "$(xen_suite "$opt_xen")")
	deb_sources "$TOP" | cmp -s - "$TOP/build/deb-$suite/sources" ||
		die "the packages in $TOP/build/deb-$suite are not of the sources that are committed here: run tests/deb/run $suite"
	mkdir -p "$1/lab/debs" "$1/lab/newer"
	for deb in "$TOP/build/deb-$suite"/{hotballoon,libhotballoon0,libhotballoon-dev}_*.deb; do
		[ -e "$deb" ] || die "no $deb: run tests/deb/run $suite"
		cp "$deb" "$1/lab/debs/"
		debian_newer "$deb" "$1/lab/newer/$(basename "$deb")"
	done
}

# dom0_archive TREE OUT: what the service unpacks.
dom0_archive() {
	local series
	for series in "${opt_kernels[@]}"; do
		cp "$CACHE/kernel-$series/vmlinux" "$1/kernels/$series/"
	done
	(cd "$1" && cpio --quiet -id '*usr/bin/labtool' <"$BASE/dom0.cpio")
	dom0_debs "$1"
	tar -C "$1" --owner=0 --group=0 -cf "$2" .
}

# dom0_boot ARCHIVE: sets opt_drives, and BOOT: what QEMU gives Xen.
dom0_boot() {
	local dir=$CACHE/dom0-$opt_xen
	opt_drives=(-drive "file=$dir/disk.img,format=raw,if=virtio,snapshot=on"
		-drive "file=$1,format=raw,if=virtio,readonly=on")
	BOOT="$dir/vmlinuz console=hvc0 root=/dev/vdb ro quiet panic=-1 oops=panic,$dir/initrd.img"
}
