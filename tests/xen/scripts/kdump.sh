# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# needs: bzimage
#
# kdump [KEY=VALUE...]: a guest with holes in its boot memory, and one with a hot-added
# block that is only partly there, crash and are dumped by the kernel that waits for it.
# Reading the whole dump touches no page without a frame: those are zeroes in it.
. /lab/files/lib-kexec.sh

FILLED=60

# dumped NAME MIB HOLES: at MIB of memory, of which HOLES pages have no frame
dumped() {
	local g=$1 holes=$3 pages zero filled read tot
	check_ok "$g: fill" guest_fill $g data $FILLED
	check_ok "$g: loads a kernel for a crash" kexec_load $g crash
	guest_may_die $g
	tot=$(guest_tot_pages $g)
	kexec_go $g 'echo c >/proc/sysrq-trigger'
	check_ok "$g: the crash kernel runs" kexec_wait $g 90 ||
		{ guest_console $g | grep -v '^@' | tail -n 30 | sed 's/^/# /'; fail "$g: is dumped"; }
	check "$g: its frames are all there" "$tot" "$(guest_tot_pages $g)"
	check_fails "$g: our driver does not load" in_guest $g insmod /xen-hotballoon.ko
	read=$(in_guest -t 300 $g dumpread /proc/vmcore)
	note "$g: $read, of $2 MiB with $holes pages without a frame"
	pages=${read#pages=} zero=${read#*zero=} filled=${read#*filled=}
	check_ok "$g: the dump has all of its memory" [ "${pages%% *}" -ge $((($2 - 130) * 256)) ]
	check_ok "$g: what has no frame is zero" [ "${zero%% *}" -ge "$holes" ]
	check_ok "$g: what was in memory is in the dump" [ "$filled" -ge $((FILLED * 256)) ]
	check "$g: and reading has taken no frame" "$tot" "$(guest_tot_pages $g)"
	guest_destroy $g
}

kexec_start shrunk memory=512 cmdline=crashkernel=128M "$@"
books_open shrunk
guest_mem_set shrunk 330
check_ok "shrunk: reaches 330 MiB" reach shrunk $((330 * 1024))
dumped shrunk 512 $((182 * 256))

# 128 MiB are added, 88 of them come.
kexec_start grown memory=512 cmdline=crashkernel=128M "$@"
books_open grown
xl mem-max grown 700
guest_mem_set grown 600
check_ok "grown: reaches 600 MiB" reach grown $((600 * 1024))
dumped grown 640 $((40 * 256))
