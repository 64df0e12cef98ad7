# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # CACHE and others are shared with the other files of lab
#
# prune.sh: removes what nothing uses any more.
#
# Model: what is in use has a link in the cache (cache.sh).  What lost its link is removed when a
# day has gone since, as cache_point noted: runs that began before have ended, and no other source
# tree has pointed at it again.

# Kinds of directories that are there for a link.
PRUNE_KINDS=(kernel xen qemu libvirt hvm stress varlink source build debian dom0)

# cache_prune: for who holds the cache's lock.
cache_prune() {
	prune_links
	prune_unnamed
	prune_builds
	prune_archives
	prune_memory_images
}

# prune_remove PATH...
prune_remove() {
	local path
	for path; do
		say "removing $path, which nothing uses any more"
		rm -rf --one-file-system "$path" 2>/dev/null ||
			say "it is another user's: sudo rm -rf --one-file-system $path"
	done
}

# prune_links: a number that is neither the newest kernel's nor a line's names nothing.
prune_links() {
	local kernels link
	kernels=" $(platform_names kernel) $(newest_number || true) debug "
	for link in "$CACHE"/{kernel,debian}-*; do
		[ -L "$link" ] || continue
		[[ $kernels = *" ${link#"$CACHE"/*-} "* ]] || { cache_unnamed "$link" && rm -f "$link"; }
	done
}

prune_unnamed() {
	local named dir kind kinds=(-false)
	for kind in "${PRUNE_KINDS[@]}"; do kinds+=(-o -name "$kind-*"); done
	named=" $(find "$CACHE" -maxdepth 1 -type l -printf '%l ') "
	while read -r dir; do
		[[ $named = *" ${dir##*/} "* ]] || prune_remove "$dir"
	done < <(find "$CACHE" -mindepth 1 -maxdepth 1 -type d -mmin +1440 \( "${kinds[@]}" \))
}

# prune_builds: in the roots that stay, of source trees that are gone, or of which nobody knows
# and nothing was built for a day; and headers of kernels that are gone.
prune_builds() {
	local dir tree
	for dir in "$CACHE"/build-*_*/build/*/; do
		dir=${dir%/}
		[ -d "$dir" ] || continue
		if tree=$(cat "$dir.tree" 2>/dev/null); then
			[ ! -d "$tree" ] || continue
		elif [ -n "$(find "$dir" -mmin -1440 -print -quit)" ]; then
			continue
		fi
		prune_remove "$dir" && rm -f "$dir.tree"
	done
	for dir in "$CACHE"/build-*_*/kernels/*/; do
		[ ! -d "$dir" ] || [ -d "$CACHE/$(basename "$dir")" ] || prune_remove "${dir%/}"
	done
}

# prune_archives: what was downloaded for tests of the packages, but for the newest versions.
prune_archives() {
	local dir file
	for dir in "$CACHE"/archives-*/; do
		[ -d "$dir" ] || continue
		while read -r file; do
			prune_remove "$dir$file"
		done < <(find "$dir" -name '*.deb' -printf '%f\n' | LC_ALL=C sort -V | awk -F _ '
			$1 == name && $3 == machine { print last }
			{ name = $1; machine = $3; last = $0 }')
	done
}

# prune_memory_images: those of this source tree with a kernel that the cache has not any more.
prune_memory_images() {
	local image link kernel used=' '
	for link in "$CACHE"/kernel-*; do
		kernel=${link#"$CACHE"/kernel-}
		[ ! -L "$link" ] || used+="kernel-$kernel-$(cache_release "$kernel").cpio "
	done
	for image in "$LAB_DIR"/kernel-*.cpio; do
		[ ! -e "$image" ] || [[ $used = *" ${image##*/} "* ]] || prune_remove "$image"
	done
}
