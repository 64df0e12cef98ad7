# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # the functions of common.sh, platforms.sh, apt.sh
#
# minimal.sh: a minimal Debian of any release of packaging/platforms, as somebody has it who
# has just installed it.
#
# Model: made by mmdebstrap, with this machine's mirror; it shares only the machine's
# network and its processors.  Its processes are in a namespace of their own, so that none
# outlives the caller.  Takes root.

# minimal_root SUITE ROOT PACKAGE...: makes it, with these packages.  Backports are in its lists,
# if SUITE is such a one, and nothing is installed from there.
minimal_root() {
	local suite=$1 root=$2 packages work start conf
	shift 2
	packages=$(IFS=, && echo "$*")
	start=$(now_ms)
	work=$(mktemp -d)
	apt_configure "$work/apt" "$suite"
	grep '^Acquire::' "$work/apt/apt.conf" >"$work/acquire" || true
	# A killed one leaves neither processes nor mounts in what the next one deletes.
	unshare --mount --pid --fork --kill-child --mount-proc \
		mmdebstrap --quiet --variant=minbase --include="$packages" \
		--aptopt="$work/acquire" "$(base_suite "$suite")" "$root" "$work/apt/etc/sources.list" >&2 || {
		rm -rf "$work"
		return 1
	}
	cp "$work/acquire" "$root/etc/apt/apt.conf.d/99machine"
	rm -rf "$work"
	for conf in resolv.conf hosts ssl/certs/ca-certificates.crt; do
		[ ! -e "/etc/$conf" ] || { mkdir -p "$(dirname "$root/etc/$conf")" && cp -L "/etc/$conf" "$root/etc/$conf"; }
	done
	phase "a minimal $suite" "$start"
}

# in_root ROOT COMMAND: by its shell.  What is / there is a mount, as everywhere: namespaces within
# it want that.
in_root() {
	# shellcheck disable=SC2016 # for the inner shells
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
		unshare --mount --pid --fork --kill-child --mount-proc sh -c '
			mount --rbind "$1" "$1" && mount --rbind /dev "$1/dev" && mount -t proc proc "$1/proc" &&
			mount --rbind /sys "$1/sys" && exec chroot "$1" sh -ec "$2"' sh "$1" "$2"
}
