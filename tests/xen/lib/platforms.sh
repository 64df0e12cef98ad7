# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034 # CACHE and others are shared with the other files of lab
#
# platforms.sh: what packaging/platforms says.
#
# Model: a kernel's name is its line's there.  The newest kernel goes by its number
# ("7.3") wherever a name is stored, and by "newest" where one is asked for; which number
# that is, the cache's link kernel-newest says.  "debug" is one more kernel, which is
# built and not fetched (debug-kernel.sh).

PLATFORMS=$TOP/packaging/platforms

# platform_column KIND NAME COLUMN: of the line "KIND NAME ..."; status 1 if there is none.
platform_column() {
	awk -v kind="$1" -v name="$2" -v column="$3" '
		$1 == kind && $2 == name { print $column; found = 1; exit }
		END { exit !found }' "$PLATFORMS"
}

# check_platforms: refuse a table that names a suite or a kernel without a line, or a line that it
# does not know.
check_platforms() {
	local wrong
	wrong=$(awk '
		function want(kind, name) { wanted[++n] = kind " " name; line[n] = NR ": " $0 }
		/^#/ || !NF { next }
		{ have[$1 " " $2] = 1 }
		$1 == "suite" && NF > 2 { next }
		$1 == "xen" && NF == 6 { want("suite", $3); want("kernel", $4); next }
		$1 == "kernel" && NF == 4 { want("suite", $3); next }
		$1 == "pinned" && NF == 4 && $4 ~ /^[0-9a-f]+$/ && length($4) == 64 { want("kernel", $2); next }
		{ print "line " NR ": not understood, see the head of the file: " $0 }
		END {
			for (i = 1; i <= n; i++)
				if (!have[wanted[i]])
					print "line " line[i] ": there is no line \"" wanted[i] "\": add one"
		}' "$PLATFORMS") || die "cannot read $PLATFORMS"
	[ -z "$wrong" ] || die "$PLATFORMS, $wrong"
}

platform_names() { awk -v kind="$1" '$1 == kind { print $2 }' "$PLATFORMS" | xargs; }

# The machine's own suite, as far as it is one.
machine_suite() { sed -n 's/^VERSION_CODENAME=//p' /etc/os-release | tr -d '"'; }

# The suite that packages of SUITE build and run on: backports' is that which they are for.
base_suite() { platform_column suite "$1" 3; }

# All of them.
base_suites() { awk '$1 == "suite" { print $3 }' "$PLATFORMS" | sort -u | xargs; }

# The machine's own Xen, if it is Debian with one of the table's; else the oldest.
xen_default() {
	awk -v suite="$(machine_suite)" '
		$1 == "xen" { if (!first) first = $2; if ($3 == suite) own = $2 }
		END { print own ? own : first }' "$PLATFORMS"
}

# The oldest Xen: what tests run on that name none, on whatever machine.
xen_oldest() { awk '$1 == "xen" { print $2; exit }' "$PLATFORMS"; }

xen_newest() { awk '$1 == "xen" { last = $2 } END { print last }' "$PLATFORMS"; }

# The machine's own kernel, if it is Debian with one of the table's; else the oldest.
kernel_default() {
	awk -v suite="$(machine_suite)" '
		$1 == "kernel" { if (!first) first = $2; if ($3 == suite && !own) own = $2 }
		END { print own ? own : first }' "$PLATFORMS"
}

xen_suite() { platform_column xen "$1" 3; }
xen_kernel() { platform_column xen "$1" 4; }
xen_qemu() { platform_column xen "$1" 5; }
xen_qemu_before() { platform_column xen "$1" 6; }

# newest_number: which kernel "newest" is, such as 7.3; status 1 if it is not in the cache.
newest_number() {
	local release
	release=$(cache_release newest) || return 1
	[[ $release =~ ^[0-9]+\.[0-9]+ ]] && echo "${BASH_REMATCH[0]}"
}

# kernel_line NAME: the name that its line of the table has.
kernel_line() {
	if platform_column kernel "$1" 2; then
		return
	fi
	[ "$1" = "$(newest_number)" ] && echo newest
}

# kernel_suite NAME: where its packages come from.  The debug kernel is built on this machine.
kernel_suite() {
	if [ "$1" = debug ]; then
		machine_suite
	else
		platform_column kernel "$(kernel_line "$1")" 3
	fi
}

# need_kernel NAME: refuse what there is not.  Prints the name that goes by: "default" is the
# machine's own; "newest" and numbers that are not in the table need that kernel in the cache.
need_kernel() {
	local newest
	[ "$1" != default ] || { kernel_default; return; }
	if [ "$1" != newest ] && { [ "$1" = debug ] || platform_column kernel "$1" 2; }; then
		[ "$1" != debug ] || echo debug
		return
	fi
	[[ $1 = newest || $1 =~ ^[0-9]+\.[0-9]+$ ]] || no_kernel "$1"
	cache_fetch newest >&2
	newest=$(newest_number) || die "no release in $CACHE/kernel-newest: remove that link and try again"
	[ "$1" = newest ] || [ "$1" = "$newest" ] || no_kernel "$1"
	echo "$newest"
}

no_kernel() {
	local newest
	newest=$(newest_number) || newest=
	usage_error "no kernel '$1'; there are: $(platform_names kernel)${newest:+ ($newest)} debug;" \
		"newer ones come with lab update, one that was the newest once wants a line in $PLATFORMS"
}

# need_xen NAME: refuse what there is not.  Prints the version, which "default" (the machine's
# own), "oldest" and "newest" stand for, too.
need_xen() {
	case $1 in
	default | oldest | newest) "xen_$1" ;;
	*) platform_column xen "$1" 2 ;;
	esac ||
		usage_error "no Xen '$1'; there are: $(platform_names xen)"
}
