# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# drivers [KEY=VALUE...]: guests that do not report: with the kernel's own driver, with
# none, and with what other drivers say of themselves.
. /lab/files/lib-command.sh

# named GUEST TEXT: what show calls its driver.
named() { check "$1: its driver" "$2" "$(hotballoon show "$1" | sed -n 's/^driver  *//p')"; }

# stuck GUEST SIZE: a wait for it gives up, says why, and leaves Xen's limit where it belongs.
stuck() {
	hotballoon set "$1" "$2" --wait >/tmp/stuck 2>&1
	check "$1: set $2 does not get there" 8 $?
	check_ok "$1: says why" grep -q 'the guest reports nothing' /tmp/stuck
	check_ok "$1: says what to do" grep -q 'check that a balloon driver runs in it' /tmp/stuck
}

# ---- the kernel's own; it follows a target, and grows where added memory goes online
g=kernel
guest_start $g memory=256 driver=none cmdline=memhp_default_state=online "$@"
named $g "- (none reports: the kernel's own, or none)"
check "$g: list says so" "no report" "$(hotballoon list $g | awk -v g=$g '$2 == g { print $8, $9 }')"
check_ok "$g: set 192M" hotballoon set $g 192M --wait=60
settled "$g: smaller" $g 196608
hotballoon set $g 384M --wait=60 >/tmp/set.out 2>&1
check "$g: set 384M, beyond its boot maximum" 0 $?
check_ok "$g: a note says what that takes" grep -q 'beyond the maximum of 256M the guest must add memory' /tmp/set.out
settled "$g: larger" $g 393216
refused "$g: below 128M" "no driver that stops at a floor" hotballoon set $g 96M
check "$g: doctor says that nobody reports" 1 "$(hotballoon doctor | grep -c "^note .*$g.*(no-report)")"
check_ok "$g: explain, too" eval "hotballoon explain $g | grep -q 'it reports nothing'"

# ---- that of Windows, and any other: what an agent in the guest announces
dir=/local/domain/$(guest_domid $g)
xenstore-write "$dir/control/feature-balloon" 1
named $g "other (an agent announces a balloon driver)"
xenstore-write "$dir/data/os_name" 'Microsoft Windows Server 2022 Standard|C:\\Windows|\\Device\\Harddisk0\\Partition2'
named $g "windows (cannot grow beyond its boot maximum)"
check "windows: list" "Windows driver" "$(hotballoon list $g | awk -v g=$g '$2 == g { print $8, $9 }')"
refused "windows: beyond its boot maximum" "Windows cannot grow" hotballoon set $g 512M
refused "windows: a larger maximum" "Windows cannot grow" hotballoon max $g 512M
check "windows: nothing has changed" "393216 393216" "$(field $g target_kib) $(field $g static_max_kib)"
check_ok "windows: set 320M" hotballoon set $g 320M --wait=60
check_ok "windows: back to its boot maximum" hotballoon set $g 384M --wait=60
settled "windows: as before" $g 393216
guest_destroy $g

# ---- none at all: the guest keeps what it has
g=none
guest_start $g memory=256 driver=none cmdline=initcall_blacklist=balloon_init "$@"
named $g "- (none reports: the kernel's own, or none)"
stuck $g 192M
check_ok "$g: says what its size is" grep -q 'its size is 256M now' /tmp/stuck
check "$g: the target is what it holds" 262144 "$(field $g target_kib)"
check "$g: Xen's limit stays with what it holds" 263168 "$(field $g maxmem_kib)"
stuck $g 320M
check_near "$g: what it may take is promised" 65536 "$(host_field promised_kib)" 256
check_ok "$g: set 256M" hotballoon set $g 256M --wait=60
settled "$g: as it was" $g 262144
check "$g: nothing is promised" 0 "$(host_field promised_kib)"
