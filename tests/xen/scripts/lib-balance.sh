# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043,SC2034 # ash has local; what is set here others use
#
# What the tests of hotballoond share.  The lab puts it beside every script.  GUESTS: their names;
# LOAD: MiB of load; HOST_RESERVE: KiB that the host keeps for itself.
. /lab/files/lib-command.sh

LOG=$OUT/hotballoond.log

# ---- the daemon

daemon_start() {
	hotballoond >>"$LOG" 2>&1 &
	DAEMON=$!
	check_ok "hotballoond listens" soon [ -S /run/hotballoond.socket ]
}

# It is ended; each guest has its target then, and nothing to say.
daemon_end() {
	local status=0 g
	kill -TERM "$DAEMON"
	wait "$DAEMON" || status=$?
	check "hotballoond ends" 0 $status
	check_ok "... and says so" grep -q "ends: all guests keep the sizes that they have" "$LOG"
	check_fails "... and cannot be asked" [ -e /run/hotballoond.socket ]
	check "each line of the log has a reason" "" "$(sed -n '/ -> \| keeps /{/: [a-z][a-z0-9 ,:-]*$/!p;}' "$LOG")"
	for g in $GUESTS; do
		check_ok "$g: its driver rests" wait_rest "$g"
		books_check "$g" "$(field "$g" target_kib)" "at the end"
		check_log "$g"
	done
}

# ---- what is seen

targets() { for g in $GUESTS; do echo "$g=$(field "$g" target_kib)"; done | xargs; }

# rest [SECONDS]: until no target has changed for so long (5 s); a minute at most.
rest() {
	local last='' now since end
	since=$(now_ms) end=$(($(now_ms) + 60000))
	while [ $(($(now_ms) - since)) -lt $((${1:-5} * 1000)) ]; do
		[ "$(now_ms)" -lt $end ] || return 1
		now=$(targets)
		[ "$now" = "$last" ] || since=$(now_ms)
		last=$now
		sleep 0.2
	done
}

# The least that Xen had free, from here until least_free, which sets LEAST_FREE.
watch_free() {
	rm -f /tmp/enough
	(
		least=$(host_free_kib)
		while [ ! -e /tmp/enough ]; do
			now=$(host_free_kib)
			[ "$now" -ge "$least" ] || least=$now
			sleep 0.1
		done
		echo "$least" >/tmp/least
	) &
	FREE_WATCH=$!
}

least_free() {
	touch /tmp/enough
	wait "$FREE_WATCH"
	LEAST_FREE=$(cat /tmp/least)
}

# no_harm LABEL: since watch_free.
no_harm() {
	local g
	least_free
	check_ok "$1: the host has kept what is its own" [ "$LEAST_FREE" -ge "$HOST_RESERVE" ]
	note "$1: $(targets), at least $((LEAST_FREE - HOST_RESERVE)) KiB free beside that"
	for g in $GUESTS; do check "$1: $g: no OOM kill" 0 "$(oom_kills "$g")"; done
}

# has_what_it_needs NAME: what the driver keeps available is.
has_what_it_needs() {
	# shellcheck disable=SC2016 # it is the guest's shell
	in_guest "$1" 'awk "/^MemTotal/ { t = \$2 } /^MemAvailable/ { a = \$2 } END { exit a < 16384 + t / 16 }" /proc/meminfo'
}

# load NAME: 8 MiB at a time, PACE seconds apart: 18 MiB/s in an emulated machine.
load() {
	in_guest "$1" "i=0; while [ \$i -lt $((LOAD / 8)) ]; do memfill start l\$i 8 || exit 1; i=\$((i + 1)); sleep ${PACE:-0.4}; done"
}

# load_served NAME: the load comes, and it has what it needs within SECONDS_TO_SERVE.
SECONDS_TO_SERVE=5
load_served() {
	local begun loaded
	begun=$(now_ms)
	check_ok "$1: $LOAD MiB more in use" load "$1"
	loaded=$(now_ms)
	until has_what_it_needs "$1"; do
		[ $(($(now_ms) - loaded)) -lt 30000 ] || break
		sleep 0.1
	done
	note "$1: loaded for $((loaded - begun)) ms, has what it needs $(($(now_ms) - loaded)) ms later; $(targets)"
	check_ok "$1: has what it needs within $SECONDS_TO_SERVE s" [ $(($(now_ms) - loaded)) -le $((SECONDS_TO_SERVE * 1000)) ]
}

unload() { in_guest "$1" "kill \$(pidof memfill)"; }
