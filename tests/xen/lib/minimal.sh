# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # the functions of common.sh, platforms.sh, apt.sh
#
# minimal.sh: a minimal Debian of any release of packaging/platforms, as somebody has it who
# has just installed it.
#
# Model: made by mmdebstrap, with this machine's mirror; it shares only the machine's
# network and its processors.  Its processes are in a namespace of their own, so that none
# outlives the caller.  Takes root.

# acquire_options CONF URI: how this machine reaches its mirror, of an apt.conf: what finds its
# proxy is not in a root, so with what it finds now.
acquire_options() {
	local line program proxy
	while read -r line; do
		case $line in
		Acquire::http*::Proxy*uto*etect' '*)
			program=${line#*\"}
			proxy=$("${program%\"*}" "$2" | sed -n 1p) || proxy=
			echo "${line%%::Proxy*}::Proxy \"${proxy:-DIRECT}\";"
			;;
		Acquire::*) echo "$line" ;;
		esac
	done <"$1"
}

# root_network ROOT SOURCES: what this machine knows of the network, also where its mirrors are.
root_network() {
	local file
	for file in /etc/resolv.conf /etc/hosts /etc/ssl/certs/ca-certificates.crt \
		$(sed -n 's|.* mirror+file:/*\([^ ]*\).*|/\1|p' "$2" | sed 's|/*$||' | sort -u); do
		[ -e "$file" ] || continue
		mkdir -p "$(dirname "$1$file")"
		cp -L "$file" "$1$file"
	done
}

# minimal_root SUITE ROOT PACKAGE...: makes it, with these packages.  Backports are in its lists,
# if SUITE is such a one, and nothing is installed from there.  No name of its own is one that
# callers' traps use: what is to be removed when it is interrupted.
minimal_root() {
	local suite=$1 root=$2 packages conf start
	shift 2
	packages=$(IFS=, && echo "$*")
	start=$(now_ms)
	conf=$(mktemp -d)
	apt_configure "$conf/apt" "$suite"
	acquire_options "$conf/apt/apt.conf" "$(apt_mirror "$suite")" >"$conf/acquire"
	# A killed one leaves neither processes nor mounts in what the next one deletes.
	unshare --mount --pid --fork --kill-child --mount-proc \
		mmdebstrap --quiet --variant=minbase --include="$packages" \
		--aptopt="$conf/acquire" "$(base_suite "$suite")" "$root" "$conf/apt/etc/sources.list" >&2 || {
		rm -rf "$conf"
		return 1
	}
	cp "$conf/acquire" "$root/etc/apt/apt.conf.d/99machine"
	root_network "$root" "$conf/apt/etc/sources.list"
	rm -rf "$conf"
	phase "a minimal $suite" "$start"
}

# in_root ROOT COMMAND: by its shell.  What is / there is a mount, as everywhere: namespaces within
# it want that.
in_root() {
	local network=()
	mapfile -t network < <(proxies)
	# shellcheck disable=SC2016 # for the inner shells
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "${network[@]}" \
		unshare --mount --pid --fork --kill-child --mount-proc sh -c '
			mount --rbind "$1" "$1" && mount --rbind /dev "$1/dev" && mount -t proc proc "$1/proc" &&
			mount --rbind /sys "$1/sys" && exec chroot "$1" sh -ec "$2"' sh "$1" "$2"
}
