# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034 # opt_* and others are shared with the other files of lab
#
# cache.sh: Debian packages that are unpacked, never installed.
#
# Model: the cache holds one directory per kernel series, one for Xen, one for libvirt,
# one for the device model of HVM guests, one for the kernel's source, and one for the debug
# kernel that is built of it (debug-kernel.sh):
#
#   CACHE/kernel-6.1.0-56-amd64_6.1.192-2/   image, modules, headers, kbuild tools
#   CACHE/kernel-6.1  -> kernel-6.1.0-...    the one in use
#   CACHE/xen-4.17.7.../  CACHE/xen -> ...   hypervisor, tools, shared libraries
#   CACHE/tmp/                               work in progress, emptied by the next writer
#
# A directory appears under its name only by rename, after everything in it is
# complete, and the link is switched last.  So a killed or a concurrent fetch
# leaves either the old state or the new one.  One writer at a time (flock);
# readers need no lock, since a directory in use is never changed or removed.
#
# Installing instead would put kernels into this machine's /boot, and Debian's
# 6.12 headers package depends on the image.

cache_init() {
	CACHE=${HOTBALLOON_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hotballoon}
	mkdir -p "$CACHE" || die "cannot create the cache $CACHE; set HOTBALLOON_CACHE to a directory you can write"
	CACHE=$(cd "$CACHE" && pwd)
}

# The kernel series that the dependency list names, oldest first; "debug" is one more, which
# is there for who asks for it.
cache_series() { echo 6.1 6.12; }

cache_image_meta() { case $1 in 6.1) echo linux-image-amd64 ;; *) echo "linux-image-$1-amd64" ;; esac; }
cache_headers_meta() { case $1 in 6.1) echo linux-headers-amd64 ;; *) echo "linux-headers-$1-amd64" ;; esac; }

# cache_release SERIES: the kernel release in the cache, such as 6.1.0-56-amd64.
cache_release() {
	local target
	target=$(readlink "$CACHE/kernel-$1") || return 1
	target=${target#kernel-}
	echo "${target%%_*}"
}

cache_kdir() { echo "$CACHE/kernel-$1/usr/src/linux-headers-$(cache_release "$1")"; }

# cache_complete PART...: are they all there?  (PART: xen, libvirt, hvm, source,
# debug or a kernel series)
cache_complete() {
	local part
	for part in "$@"; do
		case $part in
		xen) [ -e "$CACHE/xen/boot/xen" ] || return 1 ;;
		libvirt) [ -e "$CACHE/libvirt/usr/sbin/libvirtd" ] || return 1 ;;
		bzimage) ;;	# in each kernel's package
		hvm) [ -e "$CACHE/hvm/usr/libexec/xen-qemu-system-i386" ] || return 1 ;;
		source) compgen -G "$CACHE/source/usr/src/linux-source-*.tar.xz" >/dev/null || return 1 ;;
		debug)
			[ -e "$CACHE/kernel-debug/vmlinux" ] &&
				[[ $(readlink "$CACHE/kernel-debug") = *_$(debug_kernel_hash) ]] || return 1
			;;
		*) [ -e "$CACHE/kernel-$part/vmlinux" ] || return 1 ;;
		esac
	done
}

# cache_fetch PART...: make them all be there.
cache_fetch() {
	local part
	cache_complete "$@" && return
	exec {cache_lock}>"$CACHE/lock"
	if ! flock -n "$cache_lock"; then
		say "waiting for another lab that is filling $CACHE"
		flock "$cache_lock"
	fi
	# Ours alone now: whatever lies here was left by a killed fetch.
	rm -rf "$CACHE/tmp"
	mkdir -p "$CACHE/tmp"
	for part in "$@"; do
		cache_complete "$part" || cache_fetch_part "$part"
	done
	rm -rf "$CACHE/tmp"
	exec {cache_lock}>&-
}

# cache_fetch_part PART.  The package lists may be missing, or name versions that
# the archive has replaced since: then update them, once, and try again.
cache_fetch_part() {
	local start
	start=$(now_ms)
	say "fetching $1 into $CACHE"
	if ! cache_try_part "$1"; then
		say "updating the package lists"
		as_root apt-get update -qq || die "apt-get update failed: check the network and /etc/apt"
		cache_try_part "$1" || die "cannot fetch $1: see the messages above"
	fi
	phase "$1 fetched and unpacked" "$start"
}

cache_try_part() {
	rm -rf "$CACHE/tmp/$1"
	mkdir -p "$CACHE/tmp/$1/archives" "$CACHE/tmp/$1/root"
	case $1 in
	xen) cache_try_xen "$CACHE/tmp/$1" ;;
	libvirt) cache_try_libvirt "$CACHE/tmp/$1" ;;
	hvm) cache_try_hvm "$CACHE/tmp/$1" ;;
	source) cache_try_source "$CACHE/tmp/$1" ;;
	debug) cache_try_debug "$CACHE/tmp/$1" ;;
	*) cache_try_kernel "$1" "$CACHE/tmp/$1" ;;
	esac
}

# pkg_field PACKAGE FIELD: of the candidate version.
pkg_field() { LC_ALL=C apt-cache show --no-all-versions "$1" 2>/dev/null | sed -n "s/^$2: //p" | head -n1; }

# pkg_depends PACKAGE: the names it depends on, one a line (no alternatives, no virtual ones).
pkg_depends() {
	LC_ALL=C apt-cache depends --important "$1" 2>/dev/null |
		sed -n 's/^ *|\{0,1\}\(Pre\)\{0,1\}Depends: \([^<].*\)$/\2/p'
}

# pkg_unpack DIR PACKAGE[=VERSION]...: download into DIR/archives, unpack into DIR/root.
pkg_unpack() {
	local dir=$1 deb sandbox=()
	shift
	# As root, apt would drop to a user that cannot write here, and say so.
	[ "$(id -u)" -ne 0 ] || sandbox=(-o APT::Sandbox::User=root)
	(cd "$dir/archives" && apt-get -qq "${sandbox[@]}" download "$@" >&2) || return 1
	for deb in "$dir"/archives/*.deb; do
		dpkg-deb -x "$deb" "$dir/root" || return 1
		rm -f "$deb"
	done
}

# cache_publish ROOT NAME LINK: move ROOT to CACHE/NAME and point CACHE/LINK at it.
cache_publish() {
	rm -rf "${CACHE:?}/$2"
	mv -T "$1" "$CACHE/$2"
	cache_point "$2" "$3"
}

cache_point() {
	ln -sfnT "$1" "$CACHE/tmp/link"
	mv -T "$CACHE/tmp/link" "$CACHE/$2"
}

# A kernel: image and headers of one and the same version.
cache_try_kernel() {
	local series=$1 dir=$2 image headers version depends p packages=()
	image=$(pkg_depends "$(cache_image_meta "$series")" | grep -m1 '^linux-image-') || return 1
	headers=$(pkg_depends "$(cache_headers_meta "$series")" | grep -m1 '^linux-headers-') || return 1
	version=$(pkg_field "$headers" Version)
	local release=${image#linux-image-}
	if [ "$release" != "${headers#linux-headers-}" ] || [ "$version" != "$(pkg_field "$image" Version)" ]; then
		say "$image and $headers differ in version: the archive may be in the middle of an update"
		return 1
	fi
	packages=("$image=$version" "$headers=$version")
	depends=$(pkg_depends "$headers") || return 1
	for p in $depends; do
		case $p in
		linux-headers-*) packages+=("$p=$version") ;;
		linux-kbuild-*) packages+=("$p") ;;
		esac
	done
	pkg_unpack "$dir" "${packages[@]}" || return 1
	cache_relocate_headers "$dir/root" "$release" || return 1
	cache_extract_vmlinux "$dir/root/boot/vmlinuz-$release" "$dir/root/vmlinux" || return 1
	cache_publish "$dir/root" "kernel-${release}_${version//[^A-Za-z0-9.+~-]/_}" "kernel-$series"
}

# The headers name their other half by absolute path.
cache_relocate_headers() {
	local makefile=$1/usr/src/linux-headers-$2/Makefile
	# shellcheck disable=SC2016 # for make, not for us
	sed -i 's|^include /usr/src/|include $(dir $(lastword $(MAKEFILE_LIST)))../|' "$makefile"
	if grep -q '/usr/src' "$makefile"; then
		say "$makefile still names /usr/src: its format has changed, cache_relocate_headers must follow"
		return 1
	fi
}

# le FILE OFFSET BYTES: a little-endian number.
le() { od -An -v -t "u$3" -j "$2" -N "$3" --endian=little "$1" | tr -d ' '; }

# cache_extract_vmlinux BZIMAGE OUT: the ELF kernel inside.  xl and Xen unpack a
# bzImage at the speed of emulation (5 s each time), an ELF file not at all.  The
# place comes from the boot protocol's header (Documentation/arch/x86/boot.rst).
cache_extract_vmlinux() {
	local image=$1 out=$2 start length magic unpack=()
	[ "$(le "$image" 0x202 2)" -ge $((0x208)) ] ||
		{ say "$image: boot protocol older than 2.08, no payload offset"; return 1; }
	start=$((($(le "$image" 0x1f1 1) + 1) * 512 + $(le "$image" 0x248 4)))
	length=$(le "$image" 0x24c 4)
	magic=$(od -An -v -t x1 -j "$start" -N 6 "$image" | tr -d ' ')
	case $magic in
	1f8b*) unpack=(gzip -dc) ;;
	fd377a585a00) unpack=(xz -dc) ;;
	28b52ffd*) unpack=(zstd -dcq) ;;
	02214c18*) unpack=(lz4 -dc) ;;
	*)
		say "$image: kernel compressed in an unknown way (starts with $magic)"
		return 1
		;;
	esac
	# All but gzip are followed by the unpacked size in 4 bytes, which is no part of the stream.
	[ "${unpack[0]}" = gzip ] || length=$((length - 4))
	head -c $((start + length)) "$image" | tail -c "$length" | "${unpack[@]}" >"$out" ||
		{ say "$image: ${unpack[0]} cannot unpack the kernel in it"; return 1; }
	[ "$(head -c 4 "$out" | od -An -t x1 | tr -d ' ')" = 7f454c46 ] ||
		{ say "$image: what is in it is no ELF file"; return 1; }
}

# pkg_with_libraries PACKAGE...: these, and the shared libraries that they need, and
# that those need.  Their other dependencies (udev, python3, ...) have no work to do in
# the lab's dom0.  One question to apt for all: each takes half a second.
pkg_with_libraries() {
	LC_ALL=C apt-cache depends --recurse --important "$@" 2>/dev/null | awk -v roots="$*" '
		/^[^ ]/ { package = $1 }
		/Depends: [^<]/ && $NF ~ /^lib/ { needs[package] = needs[package] " " $NF }
		END {
			n = split(roots, queue, " ")
			for (i = 1; i <= n; i++) {
				if (seen[queue[i]]++) continue
				print queue[i]
				count = split(needs[queue[i]], more, " ")
				for (j = 1; j <= count; j++) queue[++n] = more[j]
			}
		}'
}

# cache_try_listed DIR PATTERN: unpack the packages of the list that match, with the
# libraries.  Sets version to that of the first one.
cache_try_listed() {
	local dir=$1 listed=() packages=()
	read -ra listed < <(awk -v pattern="$2" '$1 == "unpack" && $2 ~ pattern { printf "%s ", $2 }' \
		"$TOP/packaging/dependencies")
	version=$(pkg_field "${listed[0]}" Version)
	[ -n "$version" ] || return 1
	mapfile -t packages < <(pkg_with_libraries "${listed[@]}")
	pkg_unpack "$dir" "${packages[@]}"
}

cache_try_xen() {
	local dir=$1 version
	cache_try_listed "$dir" '^xen' || return 1
	# QEMU's multiboot loader wants it unpacked.
	gzip -dc "$dir"/root/boot/xen-*-amd64.gz >"$dir/root/boot/xen" || return 1
	cache_publish "$dir/root" "xen-${version//[^A-Za-z0-9.+~-]/_}" xen
}

cache_try_libvirt() {
	local dir=$1 version model
	cache_try_listed "$dir" '^(libvirt|dmidecode)' || return 1
	# Xen clears SYSENTER on AMD, and the emulated processor has no VME: no model of
	# libvirt's list fits what is left, and its Xen driver does not start without one.
	model=$dir/root/usr/share/libvirt/cpu_map/x86_qemu64.xml
	sed -i "/<feature name='sep'\/>/d" "$model" || return 1
	cache_publish "$dir/root" "libvirt-${version//[^A-Za-z0-9.+~-]/_}" libvirt
}

cache_try_hvm() {
	local dir=$1 version
	cache_try_listed "$dir" '^(qemu-system-(xen|data)|seabios)$' || return 1
	cache_publish "$dir/root" "hvm-${version//[^A-Za-z0-9.+~-]/_}" hvm
}

cache_try_source() {
	local dir=$1 package version
	package=$(awk '$1 == "source" { print $2 }' "$TOP/packaging/dependencies")
	version=$(pkg_field "$package" Version)
	[ -n "$version" ] || return 1
	pkg_unpack "$dir" "$package=$version" || return 1
	cache_publish "$dir/root" "source-${version//[^A-Za-z0-9.+~-]/_}" source
}
