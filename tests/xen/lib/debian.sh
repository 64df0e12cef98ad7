# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034 # CACHE and others are shared with the other files of lab
#
# debian.sh: a real Debian for a guest, with systemd and udev, on a disk.
#
# Model: CACHE/debian-KERNEL/disk.img is a file system with a minimal system of the release
# that the kernel is of, what xen-hotballoon-dkms depends on, and the headers of that kernel.
# Those of the newest kernel of that release are not installed: their packages lie in
# /srv/next.  The lab's agent runs in it as a service, so that helpers.sh
# commands it like any guest.  It boots with the lab's kernel and an initramfs that mounts
# /dev/xvda (guest/init); dom0 has the image as a disk whose changes are thrown away.
#
# An emulated compiler takes half an hour for the module.  So the compiler of that system is
# ccache, and before a run the packages are installed in a copy of it here: what DKMS compiles
# then, as always, in the guest, its ccache has seen.
# Takes root.

DEBIAN_PACKAGES=(systemd systemd-sysv dbus udev kmod procps dkms ccache)
# KiB; most of it is a hole.
DEBIAN_DISK=3145728

# debian_hash: of what makes an image but the packages' versions.
debian_hash() {
	{
		echo "${DEBIAN_PACKAGES[*]} $DEBIAN_DISK"
		declare -f cache_try_debian debian_agent debian_next debian_next_packages debian_compiler
		cat "$XEN_TESTS/guest/agent.c"
	} | sha256sum | cut -c 1-12
}

# debian_next KERNEL: the newest of packaging/platforms that a system of its release can have;
# nothing if that is itself.
debian_next() {
	local kernel suite last=
	suite=$(base_suite "$(kernel_suite "$1")")
	for kernel in $(platform_names kernel); do
		[ "$(base_suite "$(kernel_suite "$kernel")")" != "$suite" ] || last=$kernel
	done
	[ "$last" = "$1" ] || echo "$last"
}

# debian_agent ROOT: commands come by the console, and a login there would take them.
debian_agent() {
	CC=musl-gcc compile "$1/usr/local/sbin/agent" "$XEN_TESTS/guest/agent.c" -static -s
	cat >"$1/etc/systemd/system/agent.service" <<-UNIT
		[Unit]
		Description=Takes commands from dom0
		After=multi-user.target
		[Service]
		ExecStart=/usr/local/sbin/agent
		Environment=PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
		OOMScoreAdjust=-1000
		KillMode=process
		[Install]
		WantedBy=multi-user.target
	UNIT
	in_root "$1" 'systemctl enable -q agent.service; systemctl mask -q serial-getty@hvc0.service
		systemctl set-default -q multi-user.target'
}

# debian_next_packages ROOT KERNEL: what installing its headers takes, in ROOT/srv/next.
debian_next_packages() {
	local line package headers
	mkdir -p "$1/srv/next"
	[ -n "$2" ] || return 0
	line=$(kernel_line "$2")
	package=$(platform_column kernel "$line" 4)
	headers=${package/image/headers}
	in_root "$1" "apt-get install -q -y --no-install-recommends --download-only $headers
		mv /var/cache/apt/archives/*.deb /srv/next/"
}

# debian_compiler ROOT: whoever calls it, by the name that the kernel's headers have for it.
debian_compiler() {
	local compiler
	for compiler in "$1"/usr/bin/gcc-[0-9]*; do
		ln -s /usr/bin/ccache "$1/usr/local/bin/$(basename "$compiler")"
	done
	# A file system that was made of it keeps times, not the numbers of files.
	printf 'cache_dir = /var/cache/ccache\ncompiler_check = mtime\nsloppiness = include_file_ctime\n' \
		>"$1/etc/ccache.conf"
}

# cache_try_debian KERNEL DIR
cache_try_debian() {
	local kernel=$1 dir=$2 root=$2/system next release
	[ "$(id -u)" -eq 0 ] || die "a Debian for a guest takes root: run it with sudo"
	"$TOP/packaging/install-dependencies" full >&2
	next=$(debian_next "$kernel")
	cache_complete "$kernel" || die "kernel $kernel is not in the cache: lab fetch $kernel"
	release=$(cache_release "$kernel")
	minimal_root "$(kernel_suite "${next:-$kernel}")" "$root" "${DEBIAN_PACKAGES[@]}" || return 1
	in_root "$root" "apt-get update -q; apt-get install -q -y --no-install-recommends linux-headers-$release" >&2 || return 1
	debian_next_packages "$root" "$next" >&2 || return 1
	debian_agent "$root"
	debian_compiler "$root"
	rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,locale}
	echo guest >"$root/etc/hostname"
	echo '/dev/xvda / ext4 defaults 0 1' >"$root/etc/fstab"
	mkdir -p "$dir/root"
	truncate -s "${DEBIAN_DISK}K" "$dir/root/disk.img"
	mkfs.ext4 -q -F -O ^metadata_csum,^has_journal -d "$root" "$dir/root/disk.img" || return 1
	mv "$root" "$dir/root/system"
	cache_publish "$dir/root" "debian-${release}_$(debian_hash)" "debian-$kernel"
}

# debian_newer DEB OUT: the same package as the next version.
debian_newer() {
	local work version
	work=$(mktemp -d)
	dpkg-deb -R "$1" "$work/package"
	version=$(basename "$work"/package/usr/src/xen-hotballoon-*)
	version=${version#xen-hotballoon-}
	mv "$work/package/usr/src/xen-hotballoon-$version" "$work/package/usr/src/xen-hotballoon-$version.1"
	grep -rlF "$version" "$work/package/DEBIAN" "$work/package/usr/src" |
		xargs sed -i "s/${version//./[.]}/$version.1/g"
	(cd "$work/package" && find . -type f -not -path './DEBIAN/*' -printf '%P\n' | LC_ALL=C sort | xargs -d '\n' md5sum) \
		>"$work/package/DEBIAN/md5sums"
	dpkg-deb --root-owner-group -b "$work/package" "$2" >/dev/null
	rm -rf "$work"
}

# debian_compile KERNEL DEB DIR: DIR gets the package, that as the next version, and
# ccache.tar, what compiling both for both kernels gave.
debian_compile() {
	local work start
	start=$(now_ms)
	work=$(mktemp -d)
	cp "$2" "$3/package.deb"
	debian_newer "$2" "$3/newer.deb"
	cp -a "$CACHE/debian-$1/system" "$work/system"
	cp "$3"/*.deb "$work/system/srv/"
	in_root "$work/system" 'export DEBIAN_FRONTEND=noninteractive
		apt-get install -q -y /srv/package.deb; ls /srv/next/*.deb | xargs -r apt-get install -q -y --no-install-recommends
		apt-get install -q -y /srv/newer.deb' >"$work/log" 2>&1 || {
		tail -n 40 "$work/log" >&2
		die "the package for guests cannot be installed in a minimal system"
	}
	tar -C "$work/system/var/cache" -cf "$3/ccache.tar" ccache
	rm -rf --one-file-system "$work"
	phase "the module compiled for a Debian guest" "$start"
}
