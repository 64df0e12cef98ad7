# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034 # CACHE and others are shared with the other files of lab
#
# build.sh: our programs for any kernel and any Xen of packaging/platforms.
#
# Model: what is for this machine's own suite is built here, anything else in a root of
# its suite (root.sh), by the same Makefile.  Where results lie says driver_path and
# toolstack_dir, wherever they were built.  Warnings are errors.

# shellcheck source=tests/xen/lib/versions.sh
. "$XEN_TESTS/lib/versions.sh"

# driver_path KERNEL: our module for that kernel.
driver_path() { echo "$TOP/build/module/$(cache_release "$1")/xen-hotballoon.ko"; }

# test_modules KERNEL: what tests load into that kernel (tests/xen/module).
test_modules() {
	local dir
	dir=$TOP/build/test-module/$(cache_release "$1")
	[ ! -d "$dir" ] || find "$dir" -maxdepth 1 -name '*.ko'
}

# toolstack_dir XEN: our programs for a dom0 of that Xen.
toolstack_dir() {
	if is_foreign "$(xen_suite "$1")"; then
		echo "$TOP/build/toolstack-$1"
	else
		echo "$TOP/build/toolstack"
	fi
}

# driver_goals KERNEL...: what make builds them with.
driver_goals() {
	local kernel ours=()
	for kernel in "$@"; do
		[ "$kernel" = debug ] || ours+=("$kernel")
	done
	[ ${#ours[@]} -eq 0 ] || echo -n "modules-lab KERNELS=\"${ours[*]}\" "
	case " $* " in *' debug '*) echo -n 'module-debug ' ;; esac
}

# module_goals RELEASE: what make is told, a word a line.  The lab is where kernels are tested that
# nobody has yet; for others compat.h has to allow the build, as it does everywhere.
module_goals() {
	printf '%s\n' module test-module KCFLAGS=-Werror
	! is_untested "$1" || echo HB_ANY_KERNEL=1
}

# untested_kernels KERNEL...: those of them that compat.h refuses, for which DKMS does not build.
untested_kernels() {
	local kernel
	for kernel in "$@"; do
		! is_untested "$(cache_release "$kernel")" || echo "$kernel"
	done | xargs
}

# warnings LOG: those of the compiler, and what -Werror does not reach: objtool's, the linker's
# and modpost's.  That pahole or the compiler is another one is no fault of the module's.
warnings() { grep -i 'warning:' "$1" | grep -vE '(pahole version|the compiler) differs|^make'; }

# build_driver KERNEL: the driver and the tests' modules.  What gave a warning is made again the
# next time: else that would be seen once only.
build_driver() {
	local kernel=$1 suite base log status=0 release dir goals=()
	suite=$(kernel_suite "$kernel")
	cache_fetch "$kernel"
	release=$(cache_release "$kernel")
	mapfile -t goals < <(module_goals "$release")
	log=$(mktemp)
	if is_foreign "$suite"; then
		base=$(base_suite "$suite")
		cache_fetch "build-$base"
		(root_build_driver "$kernel" "$base" "${goals[@]}") >"$log" 2>&1 || status=1
	else
		make -s -j "$(nproc)" -C "$TOP" "${goals[@]}" KDIR="$(cache_kdir "$kernel")" >"$log" 2>&1 || status=1
	fi
	cat "$log"
	if warnings "$log" >/dev/null; then
		status=1
		for dir in "$TOP" ${base:+"$(root_dir "$base")$(root_build_dir)"}; do
			rm -rf "$dir/build"/{module,test-module}/"$release"
		done
	fi
	rm -f "$log"
	return $status
}

# root_sources ROOT NAME...: those of the source tree into the root's copy of it.
root_sources() {
	local to name
	to=$1$(root_build_dir)
	shift
	mkdir -p "$(dirname "$to")"
	echo "$TOP" >"$to.tree"	# whose it is (prune.sh)
	for name in "$@"; do
		root_mirror "$TOP/$name" "$to/$name" || die "cannot copy $name to $to"
	done
}

# root_kdir KERNEL ROOT: prints where the root has that kernel's headers.  They are in the
# same file system: links do.
root_kdir() {
	local name tmp
	name=$(readlink "$CACHE/kernel-$1")
	if [ ! -e "$2/kernels/$name" ]; then
		mkdir -p "$2/kernels"
		tmp=$(mktemp -d "$2/kernels/.XXXXXX")
		mkdir -p "$tmp/usr/lib"
		if ! cp -al "$CACHE/$name/usr/src" "$tmp/usr/" ||
			! cp -al "$CACHE/$name"/usr/lib/linux-kbuild-* "$tmp/usr/lib/"; then
			die "cannot link $CACHE/$name/usr/src into $2"
		fi
		chmod 755 "$tmp"
		mv -T "$tmp" "$2/kernels/$name" 2>/dev/null || rm -rf "$tmp"
	fi
	echo "/kernels/$name/usr/src/linux-headers-$(cache_release "$1")"
}

# root_build_driver KERNEL SUITE GOAL...
root_build_driver() {
	local kernel=$1 suite=$2 root kdir release dir kind
	shift 2
	root=$(root_dir "$suite")
	kdir=$(root_kdir "$kernel" "$root") || return 1
	release=$(cache_release "$kernel")
	root_sources "$root" Makefile Kbuild drivers include tests/xen/module
	dir=$(root_build_dir)
	root_run "$suite" make -s -j "$(nproc)" -C "$dir" "$@" KDIR="$kdir" || return 1
	for kind in module test-module; do
		mkdir -p "$TOP/build/$kind/$release"
		cp -u --preserve=timestamps,mode "$root$dir/build/$kind/$release"/*.ko "$TOP/build/$kind/$release/" ||
			return 1
	done
}

# sparse_driver KERNEL: the status is that of packaging/sparse-driver.
sparse_driver() {
	local suite root kdir
	cache_fetch "$1"
	suite=$(kernel_suite "$1")
	if ! is_foreign "$suite"; then
		"$TOP/packaging/sparse-driver" "$(cache_kdir "$1")"
		return
	fi
	suite=$(base_suite "$suite")
	cache_fetch "build-$suite"
	root=$(root_dir "$suite")
	kdir=$(root_kdir "$1" "$root")
	root_sources "$root" Kbuild drivers include packaging/sparse-driver
	root_run "$suite" "$(root_build_dir)/packaging/sparse-driver" "$kdir"
}

# build_toolstack XEN
build_toolstack() {
	local xen=$1 suite dir to
	suite=$(base_suite "$(xen_suite "$xen")")
	if ! is_foreign "$suite"; then
		make -s -C "$TOP/toolstack" all
		return
	fi
	cache_fetch "build-$suite"
	root_sources "$(root_dir "$suite")" toolstack drivers include docs xenstore-keys
	dir=$(root_build_dir)
	root_run "$suite" make -s -j "$(nproc)" -C "$dir/toolstack" all || return 1
	to=$(toolstack_dir "$xen")
	mkdir -p "$to"
	cp -u --preserve=timestamps,mode "$(root_dir "$suite")$dir/build/toolstack"/{hotballoon,hotballoond} "$to/"
}

# build_dom0_tool XEN SOURCE OUT [OPTION...]: a program for a dom0 of that Xen.  What it
# includes lies beside it, or in tests/xen/lib.
build_dom0_tool() {
	local xen=$1 suite source=$2 out=$3 work root
	suite=$(base_suite "$(xen_suite "$xen")")
	shift 3
	if ! is_foreign "$suite"; then
		compile "$out" "$source" "$@"
		return
	fi
	cache_fetch "build-$suite"
	root=$(root_dir "$suite")
	work=$(mktemp -d "$root/tmp/XXXXXX")
	mkdir -p "$work/dom0"
	cp "$(dirname "$source")"/*.[ch] "$work/dom0/"
	cp -r "$XEN_TESTS/lib" "$work/"
	root_run "$suite" gcc -std=gnu11 -O2 -Wall -Wextra -o "${work#"$root"}/out" \
		"${work#"$root"}/dom0/$(basename "$source")" "$@" || die "cannot compile $source for Xen $xen"
	cp "$work/out" "$out"
	rm -rf "$work"
}
