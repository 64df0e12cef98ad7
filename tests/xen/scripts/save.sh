# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# save [KEY=VALUE...]: a guest that grew past its boot size is saved and restored; it keeps
# its size and its data, reports to the host again, and goes on following its target.  With
# more memory than the host has told it would be lost: it does not let itself be suspended.
. /lab/files/lib-driver.sh

g=guest
guest_start $g memory=192 "$@"
books_open $g
check_ok "$g: fill" guest_fill $g data 30
xl mem-max $g 320
xl mem-set $g 300
check_ok "$g: reaches 300 MiB" reach $g 307200
xl mem-set $g 250
check_ok "$g: reaches 250 MiB" reach $g 256000
guest_may_die $g
check_ok "xl save" xl save $g /tmp/image
check_ok "xl restore" xl restore /tmp/image
rm -f /tmp/image
guest_refresh $g
check_ok "$g: it answers" in_guest $g true
books_check $g 256000 "restored"
sleep 1
check "$g: reports to the host again" "idle none 256000" \
	"$(cd / && for key in state cause current; do xenstore-read "/local/domain/$(guest_domid $g)/data/hotballoon/$key"; done | tr '\n' ' ' | sed 's/ $//')"
for mib in 220 310 192; do
	[ $mib -lt 310 ] || xl mem-max $g 320
	xl mem-set $g $mib
	check_ok "$g: restored, reaches $mib MiB" reach $g $((mib * 1024))
	books_check $g $((mib * 1024)) "restored, $mib MiB"
done
check_ok "$g: contents" guest_verify $g data
check_log $g

refusals() { in_guest $g "dmesg | grep -c 'hotballoon: no suspend: this guest has more memory'"; }

# lives_on LABEL: libxl makes room in the new domain for what memory/target says, and no more.
lives_on() {
	local before
	before=$(refusals)
	check_fails "$g: $1: is not saved" xl save $g /tmp/image
	rm -f /tmp/image
	check_ok "$g: $1: lives on" in_guest $g true
	check_ok "$g: $1: says why" [ "$(refusals)" -gt "$before" ]
	check_ok "$g: $1: contents" guest_verify $g data
}

xl mem-max $g 320
check_ok "$g: root in it wants 300 MiB" in_guest $g "echo 307200 >$XEN_MEMORY/target_kb"
check_ok "$g: root's: has them" wait_until $g 60 "[ \"\$(cat $REPORT/current_kb)\" -gt 300000 ]"
lives_on "root's"
xl mem-set $g 193
xl mem-set $g 192
check_ok "$g: follows the host again" reach $g 196608
books_check $g 196608 "the host's again"
xl mem-set $g 40
check_ok "$g: at its floor" wait_report $g cause guest-floor 30
lives_on "at its floor"
check_log $g
check_ok "$g: is told to let it be" in_guest $g "echo 1 >/sys/module/xen_hotballoon/parameters/save_above_target"
check_ok "$g: is saved, whatever comes of it" xl save $g /tmp/image
rm -f /tmp/image
