# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# moved-load how=save|migrate [KEY=VALUE...]: Xen keeps no memory map for a domain that was
# restored or migrated.  The driver is loaded there all the same: again, and for the first
# time, in a guest as it was created, and in one that the kernel's own driver grew or shrank.
. /lab/files/lib-move.sh

how=${1#how=}
case $how in
save | migrate) shift ;;
*) fail "moved-load: how=save or how=migrate, not '$1'" ;;
esac

# Without the driver there is nothing more to see of that guest.
load() {
	check_ok "$1: $2" in_guest "$1" insmod /xen-hotballoon.ko && return
	guest_dmesg "$1" | tail -n 5 | sed 's/^/# /'
	guest_destroy "$1"
	return 1
}
unload() { check_ok "$1: $2" in_guest "$1" rmmod xen_hotballoon; }

# follows NAME MIB...: targets, the last of which is the boot size or less: then no block
# keeps the module.
follows() {
	local g=$1 mib
	shift
	for mib in "$@"; do at_size "$g" "$mib" "moved"; done
	[ "$(guest_type "$g")" = pv ] || check_ok "$g: added blocks have left" wait_report "$g" added_blocks 0
}

# both_drivers NAME: ours is loaded; the kernel's has its turn, then ours again.
both_drivers() {
	unload "$1" "unload"
	guest_mem_set "$1" 230
	check_ok "$1: the kernel's driver goes on" guest_wait_size "$1" 230 64 60
	load "$1" "load again" || return 1
	check_ok "$1: where the other was" reach "$1" 235520
	books_check "$1" 235520 "loaded again"
	frames_check "$1" "loaded again" || true
}

# ends NAME: beyond the boot size, where PV guests keep what they got.
ends() {
	at_size "$1" 420 "at last"
	frames_check "$1" "at last"
	check_ok "$1: fill what it has" guest_fill "$1" most $(($(guest_meminfo "$1" MemAvailable) / 1024 - 64))
	check_ok "$1: contents of it" guest_verify "$1" most
	check_ok "$1: contents from before" guest_verify "$1" data
	check_log "$1"
	guest_destroy "$1"
}

begin() {
	guest_start "$@"
	books_open "$1"
	check_ok "$1: fill" guest_fill "$1" data 40
	xl mem-max "$1" 512
}

moved() { check_ok "$1: $how" move_guest "$1" $how && check_ok "$1: it answers" in_guest "$1" true; }

# Ours was there from the start.
again() {
	local g=again
	begin $g memory=256 "$@"
	at_size $g 200 "before"
	moved $g
	books_again $g 204800 "moved"
	unload $g "unload"
	load $g "load" || return 0
	check_ok "$g: is where it was" reach $g 204800
	books_check $g 204800 "loaded"
	if [ "$(guest_type $g)" = pv ]; then
		follows $g 240 160
	else
		follows $g 400 160
	fi
	! both_drivers $g || ends $g
}

# first NAME MIB [KEY=VALUE...]: the kernel's driver brought it to that size.
first() {
	local g=$1 mib=$2
	shift 2
	begin $g memory=256 "$@" driver=none cmdline=memhp_default_state=online
	guest_mem_set $g "$mib"
	check_ok "$g: the kernel's driver reaches $mib MiB" guest_wait_size $g "$mib" 64 60
	note "$g: blocks, present and online: $(guest_blocks $g)"
	moved $g
	load $g "first load" || return 0
	check_ok "$g: is where it was" reach $g $((mib * 1024))
	books_again $g $((mib * 1024)) "loaded"
	books_check $g $((mib * 1024)) "loaded"
	if [ "$(guest_type $g)" = pv ]; then
		follows $g 240 170
	else
		follows $g 450 170
	fi
	! both_drivers $g || ends $g
}

again "$@"
first untouched 256 "$@"
first grown 350 "$@"
first shrunk 190 "$@"
