# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
# needs: hvm
#
# hvm-life [KEY=VALUE...]: an HVM guest with two processors and our driver grows past its
# boot size, is saved and restored, migrated to this host, and reboots; it keeps its size
# and its data, and goes on following what it is told.
#
# libxl builds a guest that has less than its maximum with 1 MiB less than it is told, and
# adds that when it reads the size again, if the guest was built like that.  So one that was
# booted with all of its maximum, and has less of it when libxl builds it anew for the first
# time, gets 1 MiB less than it had, and one that has all of it again 1 MiB more; with xl
# alone, too.
. /lab/files/lib-command.sh

VIDEORAM=16384

g=guest
# at LABEL MIB: the guest is there, whoever counts.
at() {
	# A new domain is silent at first, and a silent one is where it should be within 1 MiB.
	check_ok "$1: its driver reports" wait_field $g driver hotballoon 120
	check_ok "$1: hotballoon wait" hotballoon wait $g --timeout=60
	check_ok "$1: its driver rests" wait_rest $g
	check "$1: Xen's limit" $((($2 + 1) * 1024)) "$(field $g maxmem_kib)"
	books_check $g $(($2 * 1024 - VIDEORAM)) "$1"
}

# to LABEL MIB
to() {
	check_ok "$1: set ${2}M" hotballoon set $g "${2}M" --wait=60
	at "$1, ${2}M" "$2"
}

guest_start $g type=hvm memory=192 maxmem=192 vcpus=2 cfg='on_reboot = "restart"' "$@"
check_ok "it rests" wait_rest $g
books_open $g
check_ok "fill" guest_fill $g data 30
to "grown" 288
# dom0 has room for an image of that.
to "shrunk" 160
guest_may_die $g

# ---- saved
check_ok "xl save" xl save $g /tmp/image
check_ok "xl restore" xl restore /tmp/image
rm -f /tmp/image
guest_refresh $g
check_ok "it answers" in_guest $g true
at "restored" 159
check_ok "contents" guest_verify $g data
check "its type and driver" "hvm hotballoon" "$(field $g type) $(field $g driver)"
to "restored" 288
to "restored" 224

# ---- migrated
# Right after a new size it tidies up, which xl alone may not survive: see docs/driver.md.
check_ok "hotballoon migrate" hotballoon migrate $g 'xl migrate-receive' -- -s ''
guest_refresh $g
check_ok "it answers" in_guest $g true
at "migrated" 224
check_ok "contents" guest_verify $g data
to "migrated" 288

# ---- rebooted
# comes_back MIB: after a reboot it has that size.
comes_back() {
	reboot_guest $g
	check_ok "rebooted: its driver reports" wait_field $g driver hotballoon 120
	# Its console has another log than the one that was migrated, once it has said something.
	guest_refresh $g
	check_ok "rebooted: hotballoon wait" hotballoon wait $g --timeout=60
	check_ok "rebooted: its driver rests" wait_rest $g
	check "rebooted: its target" $(($1 * 1024 - VIDEORAM)) "$(field $g target_kib)"
	# What its kernel keeps is of this boot, and another size.
	books_open $g
}

to "migrated" 256
check_log $g
comes_back 256
to "rebooted" 288
# At its maximum: see above.
comes_back 289
check_ok "doctor finds no fault" healthy
