# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034 # CACHE and others are shared with the other files of lab
#
# root.sh: builds for another suite than this machine's, in a root of that suite.
#
# Model: the kernel's own build tools and the libraries of a dom0 are of one suite, and want
# its C library and its compiler.  CACHE/build-SUITE_HASH is such a system, unpacked and never
# configured: nothing runs in it but make.  What is built is copied in, to /build/HASH (the
# source tree's), so that unchanged objects are there the next time; what came of it is
# copied out.  Root can do this, and anybody with user namespaces.

# root_hash: of what root_build puts into a root; a change of it has another one made.
root_hash() {
	{ root_packages; declare -f cache_try_root; } | sha256sum | cut -c 1-12
}

# root_dir SUITE: that of this source tree; the link may be another one's.
root_dir() { echo "$CACHE/build-$1_$(root_hash)"; }

root_packages() { awk '$1 == "build" || $1 == "root" { print $2 }' "$TOP/packaging/dependencies"; }

# cache_try_root SUITE DIR: apt resolves what the packages need, on a machine without any.
cache_try_root() {
	local suite=$1 dir=$2 packages=()
	mapfile -t packages < <(root_packages)
	apt-get -qq -y -o Dir::Cache::archives="$dir/archives" --download-only \
		install "${packages[@]}" >&2 || return 1
	pkg_unpack_archives "$dir" || return 1
	rm -rf "$dir/root"/usr/share/{doc,locale,man}
	# What configuring the packages would have done.
	ln -sf mawk "$dir/root/usr/bin/awk"
	ln -sf gcc "$dir/root/usr/bin/cc"
	mkdir -p "$dir/root"/{build,dev,proc,tmp}
	cache_publish "$dir/root" "build-${suite}_$(root_hash)" "build-$suite"
}

# root_namespaces: prints what unshare wants, so that we may chroot; status 1 if we may not.
root_namespaces() {
	local namespaces=(--mount)
	[ "$(id -u)" -eq 0 ] || namespaces+=(--user --map-root-user)
	echo "${namespaces[@]}"
	unshare "${namespaces[@]}" true 2>/dev/null
}

# root_run SUITE COMMAND [ARG...]: in the root of that suite, with this machine's /dev and
# /proc (objtool looks there for its own stack).
root_run() {
	local root allowed namespaces=()
	root=$(root_dir "$1")
	shift
	allowed=$(root_namespaces) || {
		say "building in $root takes root, or namespaces of users: unshare $allowed does not work here"
		return 1
	}
	read -ra namespaces <<<"$allowed"
	# shellcheck disable=SC2016 # for the inner shell
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/ LC_ALL=C unshare "${namespaces[@]}" sh -c '
		root=$1; shift
		mount --rbind /dev "$root/dev" && mount --rbind /proc "$root/proc" && exec chroot "$root" "$@"
	' sh "$root" "$@"
}

# Where this source tree's builds lie in every root.
root_build_dir() { echo "/build/$(echo "$TOP" | sha256sum | cut -c 1-12)"; }

# root_mirror FROM TO: TO is as FROM, a file or a folder; what is the same keeps its time.
root_mirror() {
	local from=$1 to=$2 file
	if [ -d "$from" ]; then
		mkdir -p "$to"
		while read -r file; do
			[ -e "$from/$file" ] || rm -f "$to/$file"
		done < <(cd "$to" && find . -type f)
		while read -r file; do
			root_mirror "$from/$file" "$to/$file" || return 1
		done < <(cd "$from" && find . -type f)
	elif ! cmp -s "$from" "$to"; then
		mkdir -p "$(dirname "$to")"
		# With the time of now: make is to see it, whatever the file's own is.
		cp --preserve=mode "$from" "$to"
	fi
}

# is_foreign SUITE: must builds for it be done in a root?
is_foreign() { [ "$(base_suite "$1")" != "$(machine_suite)" ]; }
