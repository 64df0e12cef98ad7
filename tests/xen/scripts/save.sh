# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# save [KEY=VALUE...]: a guest that grew past its boot size is saved and restored; it keeps
# its size and its data, reports to the host again, and goes on following its target.
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
