# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# strict [KEY=VALUE...]: a guest whose kernel promises no more than it has
# (vm.overcommit_memory=2) is told less than it has promised.  It stops where it can still
# start processes, and goes on when promises are given back, or do not count any more.
. /lab/files/lib-driver.sh

# At a time: two, with sleep, take a megabyte of promises, and the floor keeps 24.
PROCESSES=25
AUTOBALLOON=/sys/module/xen_hotballoon/parameters/autoballoon

g=guest

# spare_kib: what may still be promised.
spare_kib() {
	echo $(($(guest_meminfo $g CommitLimit) - $(guest_meminfo $g Committed_AS)))
}

# policy MODE [FILE VALUE]: vm.overcommit_memory, and vm.FILE before it.
policy() {
	check_ok "$g: overcommit_memory=$1 ${2:-}" in_guest $g \
		"${2:+echo $3 >/proc/sys/vm/$2;} echo $1 >/proc/sys/vm/overcommit_memory"
}

# lives WHEN
lives() {
	check "$g: $1: $PROCESSES processes at a time" $PROCESSES \
		"$(in_guest $g "i=0; while [ \$i -lt $PROCESSES ]; do sh -c 'sleep 1; echo x' & i=\$((i + 1)); done | grep -c x")"
	check "$g: $1: no OOM kill" 0 "$(oom_kills $g)"
}

guest_start $g memory=512 "$@"
guest_may_die $g
books_open $g
check_ok "$g: fill 120 MiB" guest_fill $g a 120
domid=$(guest_domid $g)

for ratio in 50 80; do
	policy 2 overcommit_ratio $ratio
	xl mem-set $g 128
	check_ok "$g: overcommit_ratio $ratio, told 128 MiB it says guest-floor" wait_report $g cause guest-floor 30
	sleep 3
	note "$g: overcommit_ratio $ratio: it has $(($(guest_tot_pages $g) / 256)) MiB, can promise $(spare_kib) KiB"
	check_ok "$g: overcommit_ratio $ratio: it gave at least 64 MiB" \
		[ "$(guest_tot_pages $g)" -lt $((448 * 256)) ]
	check_ok "$g: overcommit_ratio $ratio: 24 MiB can be promised" [ "$(spare_kib)" -ge 24576 ]
	lives "overcommit_ratio $ratio"
	xl mem-set $g 512
	check_ok "$g: overcommit_ratio $ratio: and back" reach $g 524288
done

# One that sizes itself leaves what was promised, and who asks step by step gets what the target has.
policy 2 overcommit_ratio 50
check_ok "$g: sizes itself" in_guest $g "echo 1 >$AUTOBALLOON"
check_ok "$g: sizes itself: gives back at least 64 MiB" wait_until $g 60 "[ \"\$(cat $REPORT/current_kb)\" -lt $((448 * 1024)) ]"
sleep 5
check_ok "$g: sizes itself: is where it wants to be" wait_report $g state idle
check_ok "$g: sizes itself: 20 MiB can be promised" [ "$(spare_kib)" -ge 20480 ]
before=$(guest_tot_pages $g)
for n in 1 2 3 4 5 6 7 8; do
	check_ok "$g: sizes itself: is asked for $((n * 8)) MiB" guest_fill $g step$n 8
	sleep 2
done
note "$g: sizes itself: from $((before / 256)) to $(($(guest_tot_pages $g) / 256)) MiB, can promise $(spare_kib) KiB"
check_ok "$g: sizes itself: grew for it" [ "$(guest_tot_pages $g)" -gt $((before + 64 * 256)) ]
lives "sizes itself"
for n in 1 2 3 4 5 6 7 8; do
	check_ok "$g: sizes itself: contents" guest_verify $g step$n
	guest_release $g step$n
done
check_ok "$g: sizes itself no more" in_guest $g "echo 0 >$AUTOBALLOON"
check_ok "$g: sizes itself: and back" reach $g 524288

# A limit that is a number does not follow the guest's size, and does not hold it up.
policy 2 overcommit_kbytes 262144
xl mem-set $g 256
check_ok "$g: overcommit_kbytes: reaches 256 MiB" reach $g 262144
books_check $g 262144 "overcommit_kbytes, 256 MiB"
lives "overcommit_kbytes"

# What held it up goes away.
xl mem-set $g 512
check_ok "$g: overcommit_kbytes: and back" reach $g 524288
policy 2 overcommit_ratio 50
xl mem-set $g 300
check_ok "$g: it stops again" wait_report $g cause guest-floor 30
policy 0
check_ok "$g: goes on to 300 MiB by itself" reach $g 307200 60
books_check $g 307200 "300 MiB"
check_ok "$g: contents" guest_verify $g a
check_ok "$g: is the same domain" [ "$domid" = "$(guest_domid $g)" ]
xl mem-set $g 512
check_ok "$g: and back" reach $g 524288
books_check $g 524288 "512 MiB"
check_log $g
