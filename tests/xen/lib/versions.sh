# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # TOP is its user's
#
# versions.sh: for which kernels the driver is built, which include/compat.h says.
#
# Model: a version is a number: 6.12 is 6012.

# version_number RELEASE: 6012 of 6.12.118+deb13-amd64.
version_number() {
	[[ $1 =~ ^([0-9]+)\.([0-9]+) ]] && echo $((BASH_REMATCH[1] * 1000 + BASH_REMATCH[2]))
}

# version_text NUMBER: 6.12 of 6012.
version_text() { echo "$(($1 / 1000)).$(($1 % 1000))"; }

# driver_versions: the oldest, and the newest that was tested.
driver_versions() {
	sed -nE 's/^#error "hotballoon (needs|was tested up to) Linux ([0-9]+)\.([0-9]+)[ ;].*/\2 \3/p' \
		"$TOP/include/compat.h" | awk '{ print $1 * 1000 + $2 }' | xargs
}

# is_untested RELEASE: newer than any that was tested?  compat.h refuses it unless it is told.
is_untested() {
	local newest
	read -r _ newest < <(driver_versions)
	[ "$(version_number "$1")" -gt "$newest" ]
}
