# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# floor [KEY=VALUE...]: a 512 MiB guest with 300 MiB of its own data is told 64 MiB, 1 KiB
# and 0.  It gives what it can, calls for nothing meanwhile, says guest-floor, and lives: fifty
# processes and a 16 MiB allocation.
. /lab/files/lib-driver.sh

calls_for_nothing() { [ "$(lacking $g)" = 0 ]; }

# follow_calls: what it says that it lacks, until /tmp/there is there; in /tmp/called if it is anything.
follow_calls() {
	local now
	while [ ! -e /tmp/there ]; do
		now=$(lacking $g)
		[ "$now" = 0 ] || echo "$now" >/tmp/called
		sleep 0.05
	done
}

g=guest
guest_start $g memory=512 "$@"
books_open $g
check_ok "$g: fill 300 MiB" guest_fill $g dirty 300
target=/local/domain/$(guest_domid $g)/memory/target

for kib in 65536 1 0; do
	rm -f /tmp/there /tmp/called
	# What it ate at the floor in the round before may still be called for.
	check_ok "$g: before $kib KiB it calls for nothing" soon calls_for_nothing
	follow_calls &
	xenstore-write "$target" $kib
	check_ok "$g: told $kib KiB it says guest-floor" wait_report $g cause guest-floor 30
	sleep 3
	touch /tmp/there
	wait
	check "$g: told $kib KiB it calls for nothing" "" "$(cat /tmp/called 2>/dev/null)"
	note "$g: told $kib KiB it has $(($(guest_tot_pages $g) / 256)) MiB, MemAvailable $(guest_meminfo $g MemAvailable) KiB"
	check_ok "$g: it gave at least 64 MiB" [ "$(guest_tot_pages $g)" -lt $((448 * 256)) ]
	check "$g: fifty processes at a time" 50 \
		"$(in_guest $g 'i=0; while [ $i -lt 50 ]; do sh -c "sleep 1; echo x" & i=$((i + 1)); done | grep -c x')"
	check_ok "$g: a 16 MiB allocation" guest_fill $g small 16
	check_ok "$g: ... that is what it should be" guest_verify $g small
	check_ok "$g: ... and goes" guest_release $g small
	check "$g: no OOM kill" 0 "$(oom_kills $g)"
	check "$g: told to the host" "guest-floor" \
		"$(xenstore-read "/local/domain/$(guest_domid $g)/data/hotballoon/cause")"
done
check_ok "$g: contents at the floor" guest_verify $g dirty

# When the guest frees memory the shrink goes on by itself.
xenstore-write "$target" 204800
check_ok "$g: free the 300 MiB" guest_release $g dirty
check_ok "$g: goes on to 200 MiB by itself" reach $g 204800 40
books_check $g 204800 "200 MiB"
xl mem-set $g 512
check_ok "$g: and back" reach $g 524288
books_check $g 524288 "512 MiB"
check_log $g
