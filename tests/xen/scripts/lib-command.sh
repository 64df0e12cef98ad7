# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# What the tests of the command share.  The lab puts it beside every script.
. /lab/files/lib-driver.sh

# host_field FIELD, field DOM FIELD: as hotballoon prints it for programs; nothing for
# null.
host_field() {
	hotballoon list --json | sed -n "s/^ *\"$1\": *\([0-9]*\).*/\1/p" | head -n 1
}

field() {
	hotballoon show "$1" --json 2>/dev/null |
		sed -n "/: *null,*\$/d; s/^ *\"$2\": *\"*\([^\",]*\).*/\1/p" | head -n 1
}

# wait_field DOM FIELD VALUE [SECONDS]: until it has that value.
wait_field() {
	local n=0
	until [ "$(field "$1" "$2")" = "$3" ]; do
		n=$((n + 1))
		[ $n -lt $((${4:-60} * 10)) ] || return 1
		sleep 0.1
	done
}

# wait_rest DOM: until its driver rests.  At its goal it still mends superpages, and
# gives 2 MiB back for a moment; the kernel's own driver says nothing.
wait_rest() {
	local n=0 node
	node=/local/domain/$(field "$1" domid)/data/hotballoon/state
	while [ "$(xenstore-read "$node" 2>/dev/null || echo idle)" != idle ]; do
		n=$((n + 1))
		[ $n -lt 100 ] || return 1
		sleep 0.1
	done
}

# reboot_guest NAME: the guest reboots by itself, and xl builds it anew.
reboot_guest() {
	local domid
	domid=$(guest_domid "$1")
	guest_may_die "$1"
	in_guest "$1" 'reboot -f' >/dev/null 2>&1
	until [ "$(xl domid "$1" 2>/dev/null || echo "$domid")" != "$domid" ]; do sleep 0.1; done
	guest_refresh "$1"
	wait_field "$1" state running
}

# settled LABEL DOM KIB: the guest, Xen and the keys say the same size.
settled() {
	check_ok "$1: hotballoon wait" hotballoon wait "$2" --timeout=60
	check_ok "$1: its driver rests" wait_rest "$2"
	check "$1: target" "$3" "$(field "$2" target_kib)"
	check "$1: Xen's limit" $(($3 + 1024)) "$(field "$2" maxmem_kib)"
	check_near "$1: Xen's count" "$3" "$(counted_kib "$3" 256 field "$2" actual_kib)" 256
}

# healthy [warning]: the doctor has looked and found nothing, or no more than a warning.
healthy() {
	local status=0
	hotballoon doctor >/tmp/doctor || status=$?
	case $status:${1:-} in
	0: | 0:warning | 11:warning) ;;
	*)
		sed 's/^/# /' /tmp/doctor
		return $status
		;;
	esac
}

# refused LABEL WORDS COMMAND...: with exit status 4 and these words in the reason.
refused() {
	local label="$1" words="$2" status=0
	shift 2
	"$@" >/tmp/refused 2>&1 || status=$?
	check "$label" 4 $status
	check_ok "$label: says why" grep -q "$words" /tmp/refused
}
