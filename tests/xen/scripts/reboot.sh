# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# reboot [KEY=VALUE...]: a guest that reboots comes back at the size that it should
# have: after growth past its boot size, and after a shrink below it; with our driver
# and with the kernel's own.
. /lab/files/lib-command.sh

# comes_back NAME MIB
comes_back() {
	check_ok "$1: set ${2}M" hotballoon set "$1" "${2}M" --wait=60
	reboot_guest "$1"
	settled "$1: rebooted at ${2}M" "$1" $(($2 * 1024))
	check_ok "$1: static-max is no less" [ "$(field "$1" static_max_kib)" -ge $(($2 * 1024)) ]
}

for driver in load none; do
	g=guest-$driver
	[ $driver = load ] && last=1 || last=2
	# Without our driver, somebody must put online what is added.
	guest_start $g memory=256 driver=$driver cmdline=memhp_default_state=online \
		cfg='on_reboot = "restart"
		uuid = "00000000-0000-4000-8000-00000000000'$last'"' "$@"
	check_ok "$g: limits" hotballoon limits $g --min=192M
	comes_back $g 384
	comes_back $g 224
	check "$g: its limits apply to it again" "min      192M" "$(hotballoon limits $g | grep ^min)"
	check_ok "$g: and it can be set" hotballoon set $g 256M --wait=60
	guest_destroy $g
done
check "nothing is promised" 0 "$(host_field promised_kib)"
