# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# hibernate [KEY=VALUE...]: the image of a hibernated guest would be read back into a
# domain with all of its boot memory and none of the added: so a guest with holes or added
# blocks does not hibernate, and says why.  These guests have no swap, so none hibernates; but
# one that may freezes its processes, and ends there by the kernel's own test.
. /lab/files/lib-driver.sh

g=guest

hibernate() { in_guest $g 'echo freezer >/sys/power/pm_test && echo disk >/sys/power/state' 2>/dev/null; }

# frozen: how often it got as far as to freeze processes.
frozen() { in_guest $g 'dmesg | grep -c "Freezing user space processes"'; }

AUTOBALLOON=/sys/module/xen_hotballoon/parameters/autoballoon
speaks_of_autoballoon() { in_guest $g 'dmesg | grep "hotballoon: .*hibernat" | tail -n 1 | grep -q autoballoon'; }

said() { in_guest $g 'dmesg | grep -c "hotballoon: .*hibernat"'; }

# tries LABEL: nothing of ours is in the way.
tries() {
	local frozen_before
	frozen_before=$(frozen)
	hibernate
	check_ok "$g: $1: would hibernate" [ "$(frozen)" -gt "$frozen_before" ]
}

# refuses LABEL: nothing is frozen for it, and the log says what is in the way.
refuses() {
	local frozen_before said_before
	frozen_before=$(frozen) said_before=$(said)
	check_fails "$g: $1: does not hibernate" hibernate
	check "$g: $1: no process was frozen" "$frozen_before" "$(frozen)"
	check "$g: $1: says why" $((said_before + 1)) "$(said)"
	check_ok "$g: $1: contents" guest_verify $g data
}

guest_start $g memory=256 "$@"
books_open $g
check_ok "$g: fill" guest_fill $g data 40
xl mem-max $g 512
tries "at its boot size"
xl mem-set $g 200
check_ok "$g: reaches 200 MiB" reach $g 204800
refuses "shrunk"
check_fails "$g: shrunk: nothing of a guest that sizes itself" speaks_of_autoballoon
# Its boot size alone would not help such a guest: it goes on holding pages.
check_ok "$g: sizes itself" in_guest $g "echo 1 >$AUTOBALLOON"
refuses "sizes itself"
check_ok "$g: sizes itself: says that it must not" speaks_of_autoballoon
check_ok "$g: sizes itself no more" in_guest $g "echo 0 >$AUTOBALLOON"
xl mem-set $g 400
check_ok "$g: reaches 400 MiB" reach $g 409600
refuses "grown"
xl mem-set $g 256
check_ok "$g: back to its boot size" reach $g 262144
check_ok "$g: added blocks have left" wait_report $g added_blocks 0
tries "back at its boot size"

# A target that comes while files are written is followed when it is over.
check_ok "$g: takes its time" in_guest $g insmod /slowend.ko seconds=8
before=$(guest_tot_pages $g)
in_guest $g '(echo freezer >/sys/power/pm_test && echo disk >/sys/power/state) >/dev/null 2>&1 &'
sleep 2
xl mem-set $g 400
sleep 3
check "$g: on its way: has what it had" "$before" "$(guest_tot_pages $g)"
check_ok "$g: afterwards reaches 400 MiB" reach $g 409600
xl mem-set $g 256
check_ok "$g: once more at its boot size" reach $g 262144
check_ok "$g: added blocks have left again" wait_report $g added_blocks 0
books_check $g 262144 "at last"
check_ok "$g: unload" in_guest $g rmmod xen_hotballoon
check_log $g
