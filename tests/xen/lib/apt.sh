# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034 # CACHE and others are shared with the other files of lab
#
# apt.sh: packages of any suite, whatever this machine's is.
#
# Model: CACHE/apt/SUITE is a configuration of apt of its own: sources, lists, and the
# state of a machine on which nothing is installed.  Between apt_use SUITE and the end of
# the function that called it, apt works there (APT_CONFIG).  This machine's mirror, its
# proxies and its keyring are used, its own apt is neither changed nor asked what it has.

DEBIAN_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# machine_apt COMMAND...: by this machine's own configuration of apt, whatever suite is in use.
machine_apt() { APT_CONFIG='' "$@"; }

# machine_sources: "MIRROR SUITE CODENAME ORIGIN..." of each of this machine's sources whose lists
# it has, then "MIRROR SUITE" of all.
machine_sources() {
	# shellcheck disable=SC2016 # for apt, not for us
	local format='$(REPO_URI) $(RELEASE)'
	# shellcheck disable=SC2016
	machine_apt apt-get indextargets --format "$format \$(CODENAME) \$(ORIGIN)" \
		'Created-By: Packages' 2>/dev/null
	machine_apt apt-get indextargets --no-release-info --format "$format" \
		'Created-By: Packages' 2>/dev/null
}

# machine_mirror SUITE: where this machine, if it is a Debian, gets that suite of its own from.
# Others have suites of that name, too: the lists tell whose they are; without lists a name has
# to do, and Debian's names are also these.
machine_mirror() {
	# shellcheck source=/dev/null
	[ "$(. /etc/os-release && echo "$ID")" = debian ] || return 0
	machine_sources | awk -v want="$1" '
		BEGIN { part = want; sub(/^[^-]*/, "", part); alias = "^(old)*stable" part "$" }
		NF > 3 && $4 !~ /^[$]/ { known[$1 $2] = 1 }
		found { next }
		NF == 4 && $4 == "Debian" && ($2 == want || $3 == want) { found = $1 }
		NF == 2 && !known[$1 $2] && ($2 == want || $2 ~ alias) { found = $1 }
		END { print found }'
}

# apt_mirror SUITE: where such a suite comes from: HOTBALLOON_MIRROR="URL [URL OF SECURITY]", else
# where this machine has its own from, else Debian's own mirror.
apt_mirror() {
	local named security
	read -r named security <<<"${HOTBALLOON_MIRROR:-}"
	case $1 in
	*-security)
		[ -z "$named" ] || : "${security:=${named%/}-security/}"
		: "${security:=$(machine_mirror "$(machine_suite)-security")}"
		echo "${security:-http://deb.debian.org/debian-security/}"
		;;
	*)
		: "${named:=$(machine_mirror "$(machine_suite)")}"
		echo "${named:-http://deb.debian.org/debian/}"
		;;
	esac
}

# apt_configure DIR SUITE: writes the configuration.
apt_configure() {
	local dir=$1 suites=() suite
	read -ra suites <<<"$(awk -v name="$2" \
		'$1 == "suite" && $2 == name { $1 = $2 = ""; print }' "$PLATFORMS")"
	[ ${#suites[@]} -gt 0 ] || die "$PLATFORMS has no line \"suite $2\": add one"
	[ -e "$DEBIAN_KEYRING" ] || die "no $DEBIAN_KEYRING to check packages with: apt-get install debian-archive-keyring"
	mkdir -p "$dir"/{etc/preferences.d,etc/trusted.gpg.d,state/lists/partial,cache/archives/partial}
	: >"$dir/status"
	for suite in "${suites[@]}"; do
		echo "deb [arch=amd64 signed-by=$DEBIAN_KEYRING] $(apt_mirror "$suite") $suite main"
	done >"$dir/etc/sources.list"
	{
		# How this machine reaches its mirror.
		machine_apt apt-config dump | grep -E '^Acquire::(https?|ftp|Check-|Retries|ForceIPv)' || true
		cat <<-CONF
			Dir::Etc "$dir/etc";
			Dir::Etc::parts "$dir/etc";
			Dir::Etc::netrc "/etc/apt/auth.conf";
			Dir::Etc::netrcparts "/etc/apt/auth.conf.d";
			Dir::State "$dir/state";
			Dir::State::status "$dir/status";
			Dir::Cache "$dir/cache";
			APT::Architecture "amd64";
			APT::Architectures { "amd64"; };
			APT::Install-Recommends "false";
			Acquire::Languages "none";
		CONF
		# Backports come after everything else unless they are asked for.
		[[ ${suites[-1]} != *-backports ]] || echo "APT::Default-Release \"${suites[-1]}\";"
		# As root, apt would drop to a user that cannot write here, and say so.
		[ "$(id -u)" -ne 0 ] || echo 'APT::Sandbox::User "root";'
	} >"$dir/apt.conf"
}

# apt_select SUITE: sets APT_CONFIG, which the caller has made local and exported.
apt_select() {
	# Written anew each time: the machine's mirror and the table may have changed.
	apt_configure "$CACHE/apt/$1" "$1"
	APT_CONFIG=$CACHE/apt/$1/apt.conf
}

# apt_use SUITE: the same, with lists of today's, or without network of those there are: what is
# wanted may be in the cache.
apt_use() {
	local dir=$CACHE/apt/$1 days
	apt_select "$1"
	cmp -s "$dir/etc/sources.list" "$dir/lists-complete" || { apt_update; return; }
	days=$(apt_lists_days "$1")
	[ "$days" -lt 1 ] || (apt_update) || say "going on with the package lists of $days days ago"
}

# apt_lists_days SUITE: how old its lists are; status 1 if there are none.
apt_lists_days() {
	local then
	then=$(stat -c %Y "$CACHE/apt/$1/lists-complete" 2>/dev/null) || return 1
	echo $((($(date +%s) - then) / 86400))
}

# apt_update: all lists or none: with some of them, apt would take an older version without a
# word.  Of which sources they all are here, lists-complete says.
apt_update() {
	local dir
	dir=$(dirname "$APT_CONFIG")
	say "getting the package lists of $(basename "$dir")"
	apt-get update -qq --error-on=any >&2 || {
		say "apt-get update failed for $(sed 's/.*] //; s/ main$//' "$dir/etc/sources.list" | paste -sd ,)"
		die "check the network; the mirror must have these suites, signed by Debian" \
			"($DEBIAN_KEYRING): HOTBALLOON_MIRROR=URL names another"
	}
	cp "$dir/etc/sources.list" "$dir/lists-complete"
}

# pkg_field PACKAGE FIELD: of the candidate version.
pkg_field() { LC_ALL=C apt-cache show --no-all-versions "$1" 2>/dev/null | sed -n "s/^$2: //p" | head -n1; }

# pkg_version PACKAGE: says so if there is none.
pkg_version() {
	local version
	version=$(pkg_field "$1" Version) || version=
	[ -n "$version" ] || { say "no package $1 in $(basename "$(dirname "$APT_CONFIG")")"; return 1; }
	echo "$version"
}

# pkg_depends PACKAGE: the names it depends on, one a line (no alternatives, no virtual ones).
pkg_depends() {
	LC_ALL=C apt-cache depends --important "$1" 2>/dev/null |
		sed -n 's/^ *|\{0,1\}\(Pre\)\{0,1\}Depends: \([^<].*\)$/\2/p'
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

# pkg_unpack DIR PACKAGE[=VERSION]...: download into DIR/archives, unpack into DIR/root.
pkg_unpack() {
	local dir=$1
	shift
	[ $# -eq 0 ] || (cd "$dir/archives" && apt-get -qq download "$@" >&2) || return 1
	pkg_unpack_archives "$dir"
}

# pkg_unpack_archives DIR: what lies in DIR/archives, into DIR/root.
pkg_unpack_archives() {
	local dir=$1 deb
	for deb in "$dir"/archives/*.deb; do
		dpkg-deb -x "$deb" "$dir/root" || return 1
		rm -f "$deb"
	done
	pkg_merge_usr "$dir/root"
}

# From Debian 13 on all lies in usr/, and only base-files has the links that old names need.
pkg_merge_usr() {
	local name
	for name in bin sbin lib lib64; do
		[ ! -d "$1/usr/$name" ] || [ -e "$1/$name" ] || ln -s "usr/$name" "$1/$name" || return 1
	done
}

# pkg_download URL FILE [SHA256]: apt says why not.
pkg_download() { /usr/lib/apt/apt-helper -qq download-file "$1" "$2" ${3:+"SHA256:$3"} >&2; }

# pinned_files KERNEL: "FILE SHA256" of each package that the table pins for it.
pinned_files() { awk -v kernel="$1" '$1 == "pinned" && $2 == kernel { print $3, $4 }' "$PLATFORMS"; }

# pool_url FILE: where the archive of the suite in use, the first of its sources, keeps a kernel's
# package.
pool_url() {
	local mirror folder=linux
	# shellcheck disable=SC2016 # for apt, not for us
	mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | sed -n 1p)
	case $1 in linux-image-* | linux-binary-*) folder=linux-signed-amd64 ;; esac
	echo "${mirror}pool/main/l/$folder/$1"
}

SNAPSHOT=http://snapshot.debian.org

# snapshot_url FILE WORK: where Debian keeps a package that it has dropped.
snapshot_url() {
	local file=$1 name version line
	IFS=_ read -r name version line <<<"$file"
	pkg_download "$SNAPSHOT/mr/binary/${name//+/%2B}/${version//+/%2B}/binfiles?fileinfo=1" "$2/info" ||
		return 1
	line=$(tr -d ' \n' <"$2/info" | tr '{' '\n' | grep -F "\"name\":\"$file\"" | tail -n 1) || return 1
	value() { grep -o "\"$1\":\"[A-Za-z0-9/-]*\"" <<<"$line" | cut -d '"' -f 4; }
	echo "$SNAPSHOT/archive/$(value archive_name)/$(value first_seen)$(value path)/$file"
}

# pkg_pinned KERNEL DIR: what the table pins for that kernel, into DIR/archives.
pkg_pinned() {
	local file sum url
	while read -r file sum; do
		! pkg_download "$(pool_url "$file")" "$2/archives/$file" "$sum" || continue
		say "asking $SNAPSHOT for $file"
		! { url=$(snapshot_url "$file" "$2") && pkg_download "$url" "$2/archives/$file" "$sum"; } || continue
		say "cannot get $file, see above: $PLATFORMS pins it for kernel $1;" \
			"where Debian does not have it any more, pin a newer one"
		return 1
	done < <(pinned_files "$1")
}
