# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# needs: bzimage
#
# kexec [KEY=VALUE...]: the next kernel takes all boot memory for RAM, and knows nothing of
# blocks that were added.  With the driver loaded, a guest of any size either runs the next
# kernel with all of its memory there, or reboots as if there were no kexec.
. /lab/files/lib-kexec.sh

BOOT=320

# whole NAME: under the next kernel, what was there at boot is there, and can be used.
whole() {
	local g=$1
	check "$g: Xen counts its boot memory" $((BOOT * 256 + $(cat "/run/lab/guests/$g/gap"))) "$(guest_tot_pages $g)"
	check_ok "$g: fill all memory" guest_fill $g all $(($(guest_meminfo $g MemAvailable) / 1024 - 48))
	check_ok "$g: contents of it" guest_verify $g all
}

# ends_well NAME: after kexec
ends_well() {
	local g=$1
	guest_may_die $g
	kexec_go $g 'kexecload start'
	if kexec_wait $g 60; then
		note "$g: the next kernel runs"
		whole $g
	else
		check "$g: no next kernel: it has rebooted (1), and not crashed (3)" 1 "$(shutdowns $g)"
		guest_console $g | grep -v '^@' | tail -n 20 | sed 's/^/# /'
		check_ok "$g: and has said why" eval "guest_console $g | grep -q 'hotballoon: .*kexec'"
	fi
	guest_destroy $g
}

# begin NAME [KEY=VALUE...]: the image's place is chosen when it is loaded: in a guest
# that has all of its memory yet.
begin() {
	kexec_start "$@"
	books_open "$1"
	check_ok "$1: loads the next kernel" kexec_load "$1" load
}

# Without our driver: what kexec does here.
control() {
	begin control memory=$BOOT driver=none "$@"
	guest_may_die control
	kexec_go control 'kexecload start'
	if kexec_wait control 60; then
		note "control: the next kernel runs"
	else
		note "control: no next kernel: shutdowns $(shutdowns control)"
	fi
	guest_destroy control
}

control "$@"

begin idle memory=$BOOT "$@"
ends_well idle

begin shrunk memory=$BOOT "$@"
guest_mem_set shrunk 180
check_ok "shrunk: reaches 180 MiB" reach shrunk $((180 * 1024))
ends_well shrunk

begin grown memory=$BOOT "$@"
xl mem-max grown 512
guest_mem_set grown 400
check_ok "grown: reaches 400 MiB" reach grown $((400 * 1024))
ends_well grown
