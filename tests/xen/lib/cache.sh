# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034 # opt_* and others are shared with the other files of lab
#
# cache.sh: Debian packages that are unpacked, never installed.
#
# Model: the cache holds one directory per kernel, and one per Xen, QEMU that runs it, libvirt,
# device model of HVM guests, root to build in (root.sh), Debian for a guest (debian.sh) or for
# dom0 (debian-dom0.sh), the kernel's source,
# and the debug kernel that is built of it (debug-kernel.sh):
#
#   CACHE/kernel-6.1.0-56-amd64_6.1.192-2/   image, modules, headers, kbuild tools
#   CACHE/kernel-6.1  -> kernel-6.1.0-...    the one in use
#   CACHE/xen-4.17.7.../  CACHE/xen-4.17 -> ...   hypervisor, tools, shared libraries
#   CACHE/apt/                               how apt gets them (apt.sh)
#   CACHE/tmp/                               work in progress, emptied by the next writer
#
# A directory appears under its name only by rename, after everything in it is
# complete, and the link is switched last.  So a killed or a concurrent fetch
# leaves either the old state or the new one.  One writer at a time (flock);
# readers need no lock, since a directory in use is never changed, and removed no earlier
# than a day after it has lost its link (prune.sh).
#
# Parts: a kernel's name, "source", "debug", "build-SUITE", "debian-KERNEL", and what there is
# once for each Xen: "xen-VERSION", "qemu-VERSION", "libvirt-VERSION", "hvm-VERSION", "dom0-VERSION",
# "stress-VERSION" and "varlink-VERSION", which has varlinkctl (of its suite).
#
# Installing instead would put kernels into this machine's /boot, and packages of other
# suites cannot be.

cache_init() {
	CACHE=${HOTBALLOON_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hotballoon}
	mkdir -p "$CACHE" || die "cannot create the cache $CACHE; set HOTBALLOON_CACHE to a directory you can write"
	CACHE=$(cd "$CACHE" && pwd)
}

# cache_release KERNEL: its release in the cache, such as 6.1.0-56-amd64.
cache_release() {
	local target
	target=$(readlink "$CACHE/kernel-$1") || return 1
	target=${target#kernel-}
	echo "${target%%_*}"
}

cache_kdir() { echo "$CACHE/kernel-$1/usr/src/linux-headers-$(cache_release "$1")"; }

# cache_link PART: its link's name.
cache_link() {
	case $1 in
	xen-* | qemu-* | libvirt-* | hvm-* | stress-* | varlink-* | build-* | debian-* | dom0-* | source) echo "$1" ;;
	*) echo "kernel-$1" ;;
	esac
}

# cache_suite PART: where it comes from.
cache_suite() {
	case $1 in
	xen-* | qemu-* | libvirt-* | hvm-* | stress-* | varlink-* | dom0-*) xen_suite "${1#*-}" ;;
	build-*) echo "${1#build-}" ;;
	debian-*) kernel_suite "${1#debian-}" ;;
	source | debug) kernel_suite 6.1 ;;
	*) kernel_suite "$1" ;;
	esac
}

# cache_complete PART...: are they all there?
cache_complete() {
	local part link
	for part in "$@"; do
		link=$CACHE/$(cache_link "$part")
		case $part in
		xen-*) [ -e "$link/boot/xen" ] || return 1 ;;
		qemu-*) [ -e "$link/usr/bin/qemu-system-x86_64" ] || return 1 ;;
		libvirt-*) [ -e "$link/usr/sbin/libvirtd" ] || return 1 ;;
		hvm-*) [ -e "$link/usr/libexec/xen-qemu-system-i386" ] || return 1 ;;
		stress-*) [ -e "$link/usr/bin/stress-ng" ] || return 1 ;;
		varlink-*) [ -e "$link/usr/bin/varlinkctl" ] || return 1 ;;
		build-*) [[ $(readlink "$link") = *_$(root_hash) ]] && [ -e "$link/usr/bin/make" ] || return 1 ;;
		debian-*) [ "$(readlink "$link")" = "$(debian_name "${part#debian-}")" ] && [ -e "$link/disk.img" ] || return 1 ;;
		dom0-*) [[ $(readlink "$link") = *_$(dom0_hash) ]] && [ -e "$link/disk.img" ] || return 1 ;;
		source) compgen -G "$link/usr/src/linux-source-*.tar.xz" >/dev/null || return 1 ;;
		debug) [[ $(readlink "$link") = *_$(debug_kernel_hash) ]] && [ -e "$link/vmlinux" ] || return 1 ;;
		*) [ -e "$link/vmlinux" ] || return 1 ;;
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
	cache_clear
	"$TOP/packaging/install-dependencies" fetch >&2 || die "packages are missing: see lab doctor"
	for part in "$@"; do
		cache_complete "$part" || cache_fetch_part "$part"
	done
	cache_clear
	exec {cache_lock}>&-
}

# Ours alone now, as we hold the lock: whatever lies there was left by a killed fetch.
cache_clear() {
	rm -rf --one-file-system "$CACHE/tmp" ||
		die "a fetch by another user was killed and left $CACHE/tmp: sudo rm -rf --one-file-system $CACHE/tmp"
	mkdir -p "$CACHE/tmp"
}

# cache_update: what is there of Debian's packages, as the archive has it now, and no more.
cache_update() {
	local part known=() asked=' ' suite name status=0
	local -x APT_CONFIG=
	exec {cache_lock}>"$CACHE/lock"
	flock "$cache_lock"
	cache_clear
	"$TOP/packaging/install-dependencies" fetch >&2 || die "packages are missing: see lab doctor"
	mapfile -t known < <(cache_known)
	for part in "${known[@]}"; do
		suite=$(cache_suite "$part")
		apt_select "$suite"
		[[ $asked = *" $suite "* ]] || apt_update
		asked+="$suite "
		name=$(cache_name "$part") || name=
		if [ -z "$name" ]; then
			say "the archive has no $part any more: what is in the cache stays"
		elif [ "$name" = "$(readlink "$CACHE/$(cache_link "$part")")" ]; then
			say "$part is the newest"
		elif cache_try_part "$part"; then
			say "$part is $name now"
		else
			say "cannot update $part: see the messages above"
			status=$EXIT_LAB
		fi
	done
	cache_prune
	cache_clear
	exec {cache_lock}>&-
	return $status
}

# cache_known: the parts of Debian's packages that are in the cache.
cache_known() {
	local part xen
	for part in $(platform_names kernel) $(for xen in $(platform_names xen); do
		echo "xen-$xen qemu-$xen libvirt-$xen hvm-$xen stress-$xen varlink-$xen"
	done) source; do
		! cache_complete "$part" || echo "$part"
	done
}

# cache_fetch_part PART.  The package lists may name versions that the archive has
# replaced since: then update them, once, and try again.
cache_fetch_part() {
	local start
	local -x APT_CONFIG=
	start=$(now_ms)
	say "fetching $1 into $CACHE"
	apt_use "$(cache_suite "$1")"
	if ! cache_try_part "$1"; then
		apt_update
		cache_try_part "$1" || die "cannot fetch $1: see the messages above"
	fi
	phase "$1 fetched and unpacked" "$start"
}

cache_try_part() {
	local dir=$CACHE/tmp/$1
	rm -rf "$dir"
	mkdir -p "$dir/archives" "$dir/root"
	case $1 in
	xen-* | qemu-* | libvirt-* | hvm-* | stress-* | varlink-*) cache_try_listed "$1" "$dir" ;;
	build-*) cache_again "$1_$(root_hash)" "$1" usr/bin/make || cache_try_root "${1#build-}" "$dir" ;;
	dom0-*) cache_try_dom0 "${1#dom0-}" "$dir" ;;
	debian-*) cache_again "$(debian_name "${1#debian-}")" "$1" disk.img || cache_try_debian "${1#debian-}" "$dir" ;;
	source) cache_try_source "$dir" ;;
	debug) cache_try_debug "$dir" ;;
	*) cache_try_kernel "$1" "$dir" ;;
	esac
}

# cache_again NAME LINK FILE: point at what another source tree had made otherwise meanwhile.
cache_again() {
	[ -e "$CACHE/$1/$3" ] && cache_point "$1" "$2"
}

# cache_publish ROOT NAME LINK: move ROOT to CACHE/NAME and point CACHE/LINK at it.  What
# has that name already may be in use; it is replaced only if it is what was found damaged.
cache_publish() {
	if [ ! -e "$CACHE/$2" ] || [ "$(readlink "$CACHE/$3")" = "$2" ]; then
		rm -rf "${CACHE:?}/$2"
		mv -T "$1" "$CACHE/$2"
	fi
	cache_point "$2" "$3"
}

# cache_point NAME LINK
cache_point() {
	[ "$(readlink "$CACHE/$2")" = "$1" ] || cache_unnamed "$CACHE/$2"
	ln -sfnT "$1" "$CACHE/tmp/link"
	mv -T "$CACHE/tmp/link" "$CACHE/$2"
}

# cache_unnamed LINK: notes when what it names loses that name (prune.sh); it may not be ours.
cache_unnamed() { touch -c "$(readlink -f "$1")" 2>/dev/null || true; }

# kernel_candidate NAME: its release and version: those of the image that the table pins, else as
# the lists have them.  A meta package names the newest.
kernel_candidate() {
	local line package image version
	line=$(kernel_line "$1") || return 1
	image=$(pinned_files "$line" | sed -n 's/^linux-image-\(.*\)_\(.*\)_amd64[.]deb .*/\1 \2/p')
	[ -z "$image" ] || { echo "$image"; return; }
	package=$(platform_column kernel "$line" 4)
	image=$(pkg_depends "$package" | grep -m1 '^linux-image-[0-9]') || image=$package
	version=$(pkg_version "$image") || return 1
	echo "${image#linux-image-} $version"
}

# cache_name PART: the directory of what the lists have.
cache_name() {
	local release='' version listed=()
	case $1 in
	xen-* | qemu-* | libvirt-* | hvm-* | stress-* | varlink-* | source)
		read -ra listed < <(cache_listed "$1")
		version=$(pkg_version "${listed[0]}") || return 1
		echo "${1%%-*}-${version//[^A-Za-z0-9.+~-]/_}"
		;;
	*)
		read -r release version < <(kernel_candidate "$1")
		[ -n "$release" ] || return 1
		echo "kernel-${release}_${version//[^A-Za-z0-9.+~-]/_}"
		;;
	esac
}

# cache_try_kernel NAME DIR: image and headers of one and the same version.
cache_try_kernel() {
	local name=$1 dir=$2 line release='' version packages=()
	line=$(kernel_line "$name") || return 1
	read -r release version < <(kernel_candidate "$name")
	[ -n "$release" ] || return 1
	pkg_pinned "$line" "$dir" || return 1
	kernel_packages "$release" "$version" "$dir/archives" >"$dir/packages" || return 1
	mapfile -t packages <"$dir/packages"
	pkg_unpack "$dir" "${packages[@]}" || return 1
	cache_relocate_headers "$dir/root" "$release" || return 1
	kernel_normalize "$dir/root" "$release" || return 1
	cache_extract_vmlinux "$dir/root/boot/vmlinuz-$release" "$dir/root/vmlinux" || return 1
	kernel_publish "$dir/root" "$(cache_name "$name")" "$line"
}

# kernel_depends PACKAGE HAVE: what it depends on, by its file in HAVE, else by the lists.
kernel_depends() {
	local deb
	deb=$(compgen -G "$2/$1_*.deb") || { pkg_depends "$1"; return; }
	dpkg-deb -f "$deb" Depends | tr , '\n' | sed 's/^ *\([^ ]*\).*/\1/'
}

# kernel_packages RELEASE VERSION HAVE: the packages of that kernel, NAME=VERSION, without
# those of which a file is in HAVE.  From 7.0 on the image package is empty, and depends on
# linux-binary and linux-modules.
kernel_packages() {
	local release=$1 version=$2 have=$3 package
	{
		echo "linux-image-$release"
		kernel_depends "linux-image-$release" "$have" | grep -E '^linux-(binary|modules)-'
		echo "linux-headers-$release"
		kernel_depends "linux-headers-$release" "$have" | grep -E '^linux-(headers|kbuild)-'
	} >"$have/../wanted"
	while read -r package; do
		! compgen -G "$have/${package}_*.deb" >/dev/null || continue
		case $package in
		linux-kbuild-*) echo "$package" ;;
		*)
			[ "$(pkg_version "$package")" = "$version" ] || {
				say "$package is not of version $version, as linux-image-$release is: the archive may be in the middle of an update"
				return 1
			}
			echo "$package=$version"
			;;
		esac
	done <"$have/../wanted"
}

# kernel_normalize ROOT RELEASE: the kernel where older packages have it.
kernel_normalize() {
	local vmlinuz=$1/usr/lib/modules/$2/vmlinuz
	[ ! -e "$vmlinuz" ] || [ -e "$1/boot/vmlinuz-$2" ] || {
		mkdir -p "$1/boot"
		cp "$vmlinuz" "$1/boot/vmlinuz-$2"
	}
}

# kernel_publish ROOT DIRECTORY LINE: the newest goes by its number, too, unless that is another
# line's.
kernel_publish() {
	local number
	cache_publish "$1" "$2" "kernel-$3"
	[ "$3" = newest ] || return 0
	number=$(newest_number)
	platform_column kernel "$number" 2 >/dev/null || cache_point "$2" "kernel-$number"
}

# The headers name their other half, and from 6.16 on themselves, by absolute path.
cache_relocate_headers() {
	local makefile=$1/usr/src/linux-headers-$2/Makefile
	# shellcheck disable=SC2016 # for make, not for us
	sed -i -e 's|^include /usr/src/|include $(dir $(lastword $(MAKEFILE_LIST)))../|' \
		-e 's|^KBUILD_OUTPUT=/usr/src/.*|KBUILD_OUTPUT:=$(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))|' "$makefile"
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

# cache_listed PART: the packages of packaging/dependencies that it is made of.
cache_listed() {
	local pattern
	case $1 in
	xen-*) pattern='^xen' ;;
	qemu-*) pattern='^(qemu-system-(x86|common|data)|seabios)$' ;;
	libvirt-*) pattern='^(libvirt|dmidecode)' ;;
	hvm-*) pattern='^(qemu-system-(xen|data)|seabios)$' ;;
	stress-*) pattern='^stress-ng$' ;;
	varlink-*) pattern='^systemd$' ;;
	source)
		awk '$1 == "source" { print $2 }' "$TOP/packaging/dependencies"
		return
		;;
	esac
	awk -v pattern="$pattern" -v xen="${1#*-}" '
		$1 == "unpack" && $2 ~ pattern { sub("@XEN@", xen, $2); printf "%s ", $2 }
		END { print "" }' "$TOP/packaging/dependencies"
}

# cache_try_listed PART DIR: unpack them, with the libraries.
cache_try_listed() {
	local listed=() packages=()
	read -ra listed < <(cache_listed "$1")
	mapfile -t packages < <(pkg_with_libraries "${listed[@]}")
	pkg_unpack "$2" "${packages[@]}" || return 1
	"cache_mend_${1%%-*}" "$2/root" || return 1
	cache_publish "$2/root" "$(cache_name "$1")" "$1"
}

# QEMU's multiboot loader wants it unpacked.
cache_mend_xen() { gzip -dc "$1"/boot/xen-*-amd64.gz >"$1/boot/xen"; }

# Xen clears SYSENTER on AMD, and the emulated processor has no VME: no model of libvirt's list
# fits what is left, and its Xen driver does not start without one.
cache_mend_libvirt() { sed -i "/<feature name='sep'\/>/d" "$1/usr/share/libvirt/cpu_map/x86_qemu64.xml"; }

cache_mend_qemu() { :; }
cache_mend_hvm() { :; }
cache_mend_stress() { :; }
cache_mend_varlink() { :; }

cache_try_source() {
	pkg_unpack "$1" "$(cache_listed source)" || return 1
	cache_publish "$1/root" "$(cache_name source)" source
}
