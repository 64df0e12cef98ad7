# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# large [KEY=VALUE...]: a guest of 2 GiB grows to 4 and 8 GiB and shrinks again.  For
# a lab with `--host-memory 10240`.
#
# The emulator wants a PVH guest's control blocks below 4 GiB (lib/qemu.sh), and Xen takes
# its highest memory first: so another domain, which never runs, holds all but the lowest
# while the guest is created.  That leaves no room for a PVH guest that boots with more.
. /lab/files/lib-driver.sh

g=guest
BOOT=2048
MOST=8192

hold_high_memory() {
	cat >/run/holder.cfg <<-CFG
		name = "holder"
		type = "pvh"
		kernel = "/kernels/${LAB_KERNELS%% *}/vmlinux"
		memory = $(($(host_free_kib) / 1024 - BOOT - 160))
		vcpus = 1
	CFG
	xl create -q -p /run/holder.cfg || fail "hold the memory above 4 GiB"
	note "host: $(($(host_free_kib) / 1024)) MiB are left for the guest"
}

let_high_memory_go() {
	xl destroy holder
	note "host: $(($(host_free_kib) / 1024)) MiB free"
}

# Xen's page tables of the guest grow with it, which xl does not see to.
go_to() {
	# Its progress, ten times a second, is no result.
	check_ok "$g: hotballoon set ${1}M" hotballoon set $g "${1}M" --wait=300 2>>"$OUT/progress"
	check_ok "$g: reaches $1 MiB" reach $g $(($1 * 1024))
	note "$g: $1 MiB, blocks $(guest_blocks $g)"
	books_check $g $(($1 * 1024)) "$1 MiB"
}

check_ok "the host has enough memory: --host-memory 10240" [ "$(host_free_kib)" -gt $(((MOST + 256) * 1024)) ] || exit 1
hold_high_memory
guest_start $g memory=$BOOT "$@"
let_high_memory_go
books_open $g
at_boot=$(guest_blocks $g)
at_boot=${at_boot##* }
check_ok "$g: fill 256 MiB" guest_fill $g before 256
go_to 4096
go_to $MOST
check_ok "$g: fill 512 MiB more" guest_fill $g more 512
go_to 3072
check_ok "$g: contents of these" guest_verify $g more
check_ok "$g: free it" guest_release $g more
go_to 4500
go_to $BOOT
check_ok "$g: hot-added blocks left" wait_blocks $g "$at_boot" 60 || books_show $g
go_to 1024
check_ok "$g: contents from before" guest_verify $g before
check_log $g
