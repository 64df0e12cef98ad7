# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# sizes [KEY=VALUE...]: 256 -> 1024 -> 192 -> 512 MiB, with xl and with hotballoon.
# The guest (settings as for guest_create) boots with 256 MiB, or with memory=M: then all of
# these are as much larger.  All counts are exact at each size, what it held before is intact
# after, and the built-in driver's files in sysfs tell the truth and take a target.
. /lab/files/lib-driver.sh

by_xl() {
	[ "$2" -le $boot ] || check_ok "$1: xl mem-max $2" xl mem-max "$1" "$2"
	check_ok "$1: xl mem-set $2" xl mem-set "$1" "$2"
}

by_hotballoon() {
	check_ok "$1: hotballoon set ${2}M --wait" hotballoon set "$1" "${2}M" --wait=60
}

# xen_memory0 shows what it shows with the built-in driver: on PVH 388 KiB less (the
# hole below 1 MiB and page 0).
check_sysfs() {
	local g=$1 kib=$2 less=0 tool_kib
	[ "$(guest_type "$g")" = pv ] || less=388
	check "$g: xen_memory0 current_kb and target_kb" "$((kib - less)) $((kib - less))" \
		"$(in_guest "$g" "echo \$(cat $XEN_MEMORY/info/current_kb) \$(cat $XEN_MEMORY/target_kb)")"
	tool_kib=$(xl list "$g" | while read -r name _ mem _; do [ "$name" != "$g" ] || echo "$mem"; done)
	check "$g: xl list" $((kib / 1024)) "$tool_kib"
}

try_size() {
	local g=$1 how=$2 mib=$3
	"by_$how" "$g" "$mib"
	check_ok "$g: reaches $mib MiB by $how" reach "$g" $((mib * 1024))
	note "$g: $mib MiB after $WAIT_MS ms more"
	books_check "$g" $((mib * 1024)) "$mib MiB by $how"
	check_sysfs "$g" $((mib * 1024))
	check_ok "$g: contents at $mib MiB" guest_verify "$g" before
}

# The root user of the guest asks in the built-in driver's file.
try_target_kb() {
	local g=$1 now
	now=$(in_guest "$g" "cat $XEN_MEMORY/target_kb")
	in_guest "$g" "echo $((now - 40000)) >$XEN_MEMORY/target_kb"
	check_ok "$g: target_kb is honoured" reach "$g" $((last * 1024 - 40000))
	books_check "$g" $((last * 1024 - 40000)) "after target_kb"
	xl mem-set "$g" $last
	check_ok "$g: and the host has the last word" reach "$g" $((last * 1024))
	books_check "$g" $((last * 1024)) "after the host's word"
}

g=guest
boot=$(boot_size 256 "$@")
last=$((boot + 256))
guest_start $g memory=$boot "$@"
books_open $g
books_check $g $((boot * 1024)) "as booted"
check_ok "$g: fill 60 MiB" guest_fill $g before 60
for how in xl hotballoon; do
	for mib in $((boot + 768)) $((boot - 64)) $last; do
		try_size $g $how $mib
	done
done
try_target_kb $g
check_ok "$g: contents at last" guest_verify $g before
note "$g: memory blocks, present and online: $(guest_blocks $g)"
check_log $g
