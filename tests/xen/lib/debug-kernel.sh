# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034 # opt_* and others are shared with the other files of lab
#
# debug-kernel.sh: builds the guest kernel that looks for mistakes.
#
# Model: Debian's source of 6.1 (the cache's part "source") with tinyconfig and
# debug-kernel.config, built in CACHE/debug-build, where a killed build goes on next
# time.  What guests and our module need of it becomes CACHE/kernel-RELEASE_VERSION_HASH,
# laid out as Debian's own packages are, and CACHE/debug-build goes.  HASH is that of what
# was asked for, so that a change of it has another kernel built; a newer source has not.

# MiB that a guest of it boots with at least: the shadow of memory alone is an eighth.
DEBUG_KERNEL_MEMORY=768

DEBUG_KERNEL_CONFIG=$XEN_TESTS/debug-kernel.config

# What runs before KASAN's shadow memory is there, or on page tables without it: the entries
# of PVH and PV guests, and the string functions that the first one calls.
DEBUG_KERNEL_NO_KASAN='arch/x86/platform/pvh/Makefile: KASAN_SANITIZE := n
arch/x86/xen/Makefile: KASAN_SANITIZE := n
lib/Makefile: KASAN_SANITIZE_string.o := n'

# The options that the file asks for, one a line.
debug_kernel_options() { grep -E '^(# )?CONFIG_' "$DEBUG_KERNEL_CONFIG"; }

debug_kernel_hash() {
	{ debug_kernel_options; echo "$DEBUG_KERNEL_NO_KASAN"; } | sha256sum | cut -c 1-12
}

# debug_kernel_unpack TREE VERSION: the source, ours to change.
debug_kernel_unpack() {
	local tree=$1 version=$2 file line
	[ "$(cat "$tree/.unpacked" 2>/dev/null)" != "$version" ] || return 0
	rm -rf "$tree"
	mkdir -p "$tree"
	tar xf "$CACHE"/source/usr/src/linux-source-*.tar.xz -C "$tree" --strip-components=1 || return 1
	while IFS=: read -r file line; do
		echo "$line" >>"$tree/$file"
	done <<<"$DEBUG_KERNEL_NO_KASAN"
	echo "$version" >"$tree/.unpacked"
}

# debug_kernel_configure TREE: the kernel drops what it does not know or what lacks something;
# a check that is not there would find nothing.
debug_kernel_configure() {
	local tree=$1 missing
	{
		make -s -C "$tree" tinyconfig &&
			debug_kernel_options >>"$tree/.config" &&
			make -s -C "$tree" olddefconfig
	} >"$tree/.log" 2>&1 || { cat "$tree/.log" >&2; return 1; }
	missing=$(debug_kernel_options | grep -vxFf "$tree/.config") || return 0
	say "$DEBUG_KERNEL_CONFIG: this source does not take ${missing//$'\n'/, }"
	return 1
}

debug_kernel_make() {
	local tree=$1 log=$1/.log
	say "building a debug kernel, once: half an hour or more (its messages: $log)"
	nice -n 5 make -C "$tree" -j "$(nproc)" vmlinux modules >"$log" 2>&1 && return
	grep -aE 'error|Error|\*\*\*' "$log" | tail -n 20 | sed 's/^/  | /' >&2
	return 1
}

# debug_kernel_headers TREE TO: what modules are built with, as Debian's headers packages
# have it.  The kernel was built where its source is: all names are relative, it can be moved.
debug_kernel_headers() {
	local tree=$1 to=$2
	mkdir -p "$to"
	(
		cd "$tree" || exit
		find . arch/x86 -maxdepth 1 -name 'Makefile*'
		find arch/x86 -path '*/include/*' -type f
		find include scripts \( -type f -o -type l \) ! -name '*.o' ! -name '.*.cmd'
		printf '%s\n' .config Module.symvers tools/objtool/objtool
	) | tar c -C "$tree" -T - | tar x -C "$to"
}

# cache_try_debug DIR: the cache's part "debug", which needs the part "source".
cache_try_debug() {
	local dir=$1 tree=$CACHE/debug-build version release built
	if built=$(compgen -G "$CACHE/kernel-*_$(debug_kernel_hash)"); then
		# Somebody asked for another one since.
		cache_point "$(basename "$built")" kernel-debug
		return
	fi
	"$TOP/packaging/install-dependencies" debug-kernel >&2 || return 1
	cache_complete source || cache_fetch_part source
	version=$(readlink "$CACHE/source") version=${version#source-}
	debug_kernel_unpack "$tree" "$version" || return 1
	debug_kernel_configure "$tree" || return 1
	debug_kernel_make "$tree" || return 1
	release=$(cat "$tree/include/config/kernel.release")
	debug_kernel_headers "$tree" "$dir/root/usr/src/linux-headers-$release" || return 1
	mkdir -p "$dir/root/lib/modules/$release"
	cp "$tree/modules.builtin" "$dir/root/lib/modules/$release/" || return 1
	cp "$tree/vmlinux" "$dir/root/" || return 1
	cache_publish "$dir/root" "kernel-${release}_${version}_$(debug_kernel_hash)" kernel-debug
	rm -rf "$tree"
}
