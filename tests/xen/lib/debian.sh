# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034 # CACHE and others are shared with the other files of lab
#
# debian.sh: a real Debian for a guest, with systemd and udev, on a disk.
#
# Model: CACHE/debian-KERNEL/disk.img is a file system with a minimal system of the release
# that the kernel is of, what xen-hotballoon-dkms depends on, and the headers of that kernel.
# Those of the newest kernel of that release are not installed: their packages lie in
# /srv/next, some that are installed and removed all the time in /srv/load, and what acts on want
# of memory in /srv/pressure.  The lab's agent runs in it as a service, so that helpers.sh
# commands it like any guest.  It boots with the lab's kernel and an initramfs that mounts
# /dev/xvda (guest/init), or with one that it made itself; dom0 has the image as a disk whose changes are thrown away.
#
# An emulated compiler takes half an hour for the module.  So the compiler of that system is
# ccache, and before a run the packages are installed in a copy of it here: what DKMS compiles
# then, as always, in the guest, its ccache has seen.
# Takes root.

DEBIAN_PACKAGES=(systemd systemd-sysv dbus udev kmod procps dkms ccache initramfs-tools stress-ng)
# What apt has to do while the guest's size changes.
DEBIAN_LOAD=(hello tree)
DEBIAN_PRESSURE=(systemd-oomd systemd-zram-generator)
# Of its kernel's: what an initramfs of its own takes, and swap in memory.
DEBIAN_MODULES=(crc16 ?crc32c_generic mbcache jbd2 ext4 xen-blkfront ?zsmalloc ?lz4_compress ?lz4hc_compress zram)
# In the environment of whoever builds a module.
DEBIAN_CCACHE=DEBIAN_KERNEL_USE_CCACHE=1
# KiB; most of it is a hole.
DEBIAN_DISK=3145728

# debian_hash: of what makes an image but the packages' versions.
debian_hash() {
	{
		echo "${DEBIAN_PACKAGES[*]} ${DEBIAN_LOAD[*]} ${DEBIAN_PRESSURE[*]} ${DEBIAN_MODULES[*]} $DEBIAN_DISK $DEBIAN_CCACHE"
		declare -f cache_try_debian debian_agent debian_next debian_download debian_next_packages debian_slim debian_compiler debian_trim debian_initramfs debian_disk
		cat "$XEN_TESTS/guest/agent.c"
	} | sha256sum | cut -c 1-12
}

# debian_name KERNEL: the image's directory.
debian_name() { echo "debian-$(cache_release "$1")_$(debian_hash)"; }

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
	CC=musl-gcc compile "$1/usr/local/sbin/agent" "$XEN_TESTS/guest/agent.c" -static -s || return 1
	cat >"$1/etc/systemd/system/agent.service" <<-UNIT
		[Unit]
		Description=Takes commands from dom0
		After=multi-user.target
		[Service]
		ExecStart=/usr/local/sbin/agent
		Environment=PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 $DEBIAN_CCACHE
		OOMScoreAdjust=-1000
		KillMode=process
		[Install]
		WantedBy=multi-user.target
	UNIT
	in_root "$1" 'systemctl enable -q agent.service; systemctl mask -q serial-getty@hvc0.service
		systemctl set-default -q multi-user.target'
}

# debian_download ROOT SUITE FOLDER PACKAGE...: what installing them takes, in ROOT/srv/FOLDER.
# Backports have to be asked for; a release that is asked for comes before its own updates.
debian_download() {
	local root=$1 suite=$2 folder=$3 from=
	shift 3
	[ "$suite" = "$(base_suite "$suite")" ] || from="-t $suite"
	mkdir -p "$root/srv/$folder"
	[ $# -gt 0 ] || return 0
	in_root "$root" "apt-get clean
		apt-get install -q -y --no-install-recommends --download-only $from $*
		mv /var/cache/apt/archives/*.deb /srv/$folder/"
}

# debian_next_packages KERNEL: its and its headers', if there is such a kernel.  The lab boots what
# is in its cache.  Headers alone would not do: there are some that do not want their kernel, and
# without its list of modules nothing is indexed, and nothing loaded at boot.
debian_next_packages() {
	local line package
	[ -n "$1" ] || return 0
	if cache_complete "$1"; then
		package=linux-image-$(cache_release "$1")
	else
		line=$(kernel_line "$1")
		package=$(platform_column kernel "$line" 4)
	fi
	echo "$package ${package/image/headers}"
}

# debian_slim DIR: the kernel there without its thousands of modules, which the lab's initramfs
# has as far as they are needed: unpacking and indexing them takes an emulated machine half an hour.
debian_slim() {
	local deb work
	for deb in "$1"/linux-{image,modules}-*.deb; do
		[ -e "$deb" ] || continue
		work=$(mktemp -d)
		dpkg-deb -R "$deb" "$work/package" || return 1
		rm -rf "$work/package"/{usr/,}lib/modules/*/kernel
		sed -i '\|lib/modules/[^/]*/kernel/|d' "$work/package/DEBIAN/md5sums" || return 1
		dpkg-deb --root-owner-group -Zgzip -b "$work/package" "$deb" >&2 || return 1
		rm -rf "$work"
	done
}

# debian_compiler ROOT: what the kernel's own makefiles do about ccache, if they are asked to
# (DEBIAN_CCACHE).
debian_compiler() {
	# A file system that was made of it keeps times of contents, not the numbers of files.
	printf '%s\n' 'cache_dir = /var/cache/ccache' 'compiler_check = mtime' \
		'sloppiness = file_stat_matches,file_stat_matches_ctime,include_file_ctime,locale,time_macros' \
		>"$1/etc/ccache.conf"
}

# debian_disk ROOT IMAGE KIB: a file system with what is in ROOT.
debian_disk() {
	mkdir -p "$(dirname "$2")"
	truncate -s "${3}K" "$2"
	mkfs.ext4 -q -F -O ^metadata_csum,^has_journal -d "$1" "$2"
}

# debian_trim ROOT KERNEL RELEASE: without what nothing reads here; of the modules DEBIAN_MODULES stay.
debian_trim() {
	local root=$1 kernel=$2 release=$3
	# The lab's initramfs has what else is needed of them; depmod reads them all, for a minute.
	rm -rf "$root/lib/modules/$release/kernel"
	copy_modules "$kernel" "$root/lib/modules/$release/kernel" "${DEBIAN_MODULES[@]}" || return 1
	in_root "$root" "depmod $release" >&2 || return 1
	rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,locale}
	debian_initramfs "$root" "$release"
}

# debian_initramfs ROOT RELEASE: one that update-initramfs makes there has what its root file system
# takes; the kernel's package, which may not be there, would have its configuration.
debian_initramfs() {
	mkdir -p "$1/etc/initramfs-tools/conf.d"
	echo MODULES=list >"$1/etc/initramfs-tools/conf.d/small"
	printf '%s\n' crc32c ext4 xen-blkfront >>"$1/etc/initramfs-tools/modules"
	[ -e "$1/boot/config-$2" ] || cp "$1/usr/src/linux-headers-$2/.config" "$1/boot/config-$2"
}

# cache_try_debian KERNEL DIR
cache_try_debian() {
	local kernel=$1 dir=$2 root=$2/system next suite release
	[ "$(id -u)" -eq 0 ] || die "a Debian for a guest takes root: run it with sudo"
	"$TOP/packaging/install-dependencies" system >&2 || return 1
	next=$(debian_next "$kernel")
	cache_complete "$kernel" || die "kernel $kernel is not in the cache: lab fetch $kernel"
	release=$(cache_release "$kernel")
	# The archive keeps those of a few releases only.  Another kernel in the middle of a run would
	# be one that nothing was built for.
	pkg_version "linux-headers-$release" >/dev/null || {
		say "the archive has dropped the headers of kernel $kernel in the cache: lab update, then again"
		return 1
	}
	suite=$(kernel_suite "${next:-$kernel}")
	minimal_root "$suite" "$root" "${DEBIAN_PACKAGES[@]}" || return 1
	# From 6.12 on the headers want the kernel, which nothing boots here.
	in_root "$root" "apt-get update -q
		INITRD=No apt-get install -q -y --no-install-recommends linux-headers-$release" >&2 || return 1
	# shellcheck disable=SC2046 # two or none
	debian_download "$root" "$suite" next $(debian_next_packages "$next") >&2 || {
		say "if there are no such headers any more, the kernel in the cache is an old one: lab update"
		return 1
	}
	debian_slim "$root/srv/next" || return 1
	debian_download "$root" "$(base_suite "$suite")" load "${DEBIAN_LOAD[@]}" >&2 || return 1
	debian_download "$root" "$(base_suite "$suite")" pressure "${DEBIAN_PRESSURE[@]}" >&2 || return 1
	debian_agent "$root" || return 1
	debian_compiler "$root" || return 1
	debian_trim "$root" "$kernel" "$release" || return 1
	echo guest >"$root/etc/hostname"
	echo '/dev/xvda / ext4 defaults 0 1' >"$root/etc/fstab"
	debian_disk "$root" "$dir/root/disk.img" "$DEBIAN_DISK" || return 1
	mv "$root" "$dir/root/system"
	cache_publish "$dir/root" "$(debian_name "$kernel")" "debian-$kernel"
}

# debian_newer DEB OUT: the same package as the next version.
debian_newer() (
	work=$(mktemp -d) || exit 1
	trap 'rm -rf "$work"' EXIT
	dpkg-deb -R "$1" "$work/package" && version=$(dpkg-deb -f "$1" Version) || exit 1
	version=${version%%+*}
	source=$work/package/usr/src/xen-hotballoon-$version
	if [ -d "$source" ]; then
		grep -rlF "$version" "$source" | xargs sed -i "s/${version//./[.]}/$version.1/g"
		mv "$source" "$source.1"
	fi
	grep -rlF "$version" "$work/package/DEBIAN" | xargs sed -i "s/${version//./[.]}/$version.1/g"
	(cd "$work/package" && find . -type f -not -path './DEBIAN/*' -printf '%P\n' | LC_ALL=C sort | xargs -d '\n' md5sum) \
		>"$work/package/DEBIAN/md5sums"
	dpkg-deb --root-owner-group -b "$work/package" "$2" >/dev/null
)

# debian_compiled DEB KERNEL [SECOND]: prints the folder of debian_compile for these; made if it
# is not there, below build/lab, where old ones are deleted as other bases are.  By one lab at a
# time: those of one kernel begin together, and want the same.
debian_compiled() (
	out=$LAB_DIR/base-debian-$(debian_compiled_hash "$@")
	exec {lock}>"$LAB_DIR/debian.lock"
	flock "$lock"
	if [ -d "$out" ]; then
		touch "$out"
	else
		tmp=$(mktemp -d "$LAB_DIR/.base-XXXXXX") || exit 1
		trap 'rm -rf --one-file-system "$tmp"' EXIT
		debian_compile "$tmp" "$@" && mv -T "$tmp" "$out" || exit 1
	fi
	echo "$out"
)

debian_compiled_hash() {
	{
		sha256sum <"$1"
		debian_name "$2"
		echo "${3:+and the next}"
		declare -f debian_compile debian_newer
	} | sha256sum | cut -c 1-16
}

# debian_compile DIR DEB KERNEL [SECOND]: DIR gets the package, that as the next version, and
# ccache.tar, what compiling both gave, and the next version for a second kernel, if the run has
# one: in the order in which the guest installs them; and now, the time of that.
debian_compile() {
	local dir=$1 work=$1/work start next=:
	start=$(now_ms)
	mkdir "$work" || return 1
	cp "$2" "$dir/package.deb" && debian_newer "$2" "$dir/newer.deb" &&
		cp -a "$CACHE/$(debian_name "$3")/system" "$work/system" &&
		cp "$dir"/*.deb "$work/system/srv/" || return 1
	[ -z "${4:-}" ] || next='apt-get install -q -y --no-install-recommends /srv/next/*.deb'
	in_root "$work/system" "export DEBIAN_FRONTEND=noninteractive INITRD=No $DEBIAN_CCACHE
		apt-get install -q -y /srv/package.deb
		apt-get install -q -y /srv/newer.deb
		$next" >"$work/log" 2>&1 </dev/null || {
		tail -n 40 "$work/log" >&2
		die "the package for guests cannot be installed in a minimal system"
	}
	tar -C "$work/system/var/cache" -cf "$dir/ccache.tar" ccache && date +%s >"$dir/now" || return 1
	rm -rf --one-file-system "$work"
	phase "the module compiled for a Debian guest" "$start"
}
