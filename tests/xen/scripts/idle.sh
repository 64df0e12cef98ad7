# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# idle [KEY=VALUE...]: a guest at its target has no wake-ups of ours: a minute long the
# driver's thread is not switched to, and no timer and no work item of the module runs.  But
# those that look at its memory, which are deferrable: they run when something else has woken the
# guest.
. /lab/files/lib-driver.sh

g=guest
TRACE=/sys/kernel/debug/tracing

# How often the thread ran: two numbers.
switches() { in_guest $g 'grep ctxt_switches "/proc/$(pidof hotballoon)/status" | tr -dc "0-9\n" | tr "\n" " "'; }

# Everything that could be ours: timers and work items by the module's name.
trace_start() {
	in_guest $g "cd $TRACE && echo 0 >tracing_on && echo >trace &&
		echo 'comm == \"hotballoon\"' >events/sched/sched_waking/filter &&
		for event in sched/sched_waking timer/timer_start timer/timer_expire_entry \
			timer/hrtimer_start workqueue/workqueue_execute_start; do
			echo 1 >events/\$event/enable || exit 1
		done
		echo boot >trace_clock && echo 1 >tracing_on"
}

# trace_stop SECONDS: how many of the events of the last so many seconds were ours, but deferrable
# timers.
trace_stop() {
	in_guest $g "cd $TRACE && echo 0 >tracing_on && read now rest </proc/uptime && awk -v from=\$now -v last=$1 '
		BEGIN { from -= last }
		match(\$0, / [0-9]+\.[0-9]+: /) { at = substr(\$0, RSTART + 1) + 0 }
		/xen_hotballoon|comm=hotballoon/ && at >= from' trace |
		grep -v 'timer_start: .*flags=D\|timer_expire_entry: .*function=ticker_tick ' >/tmp/ours
		wc -l </tmp/ours"
}

# What has moved on the way here is told, and so is what a command takes that begins the trace: ten
# seconds later, or, if nobody has seen it yet, when the guest is awake again.  A minute counts from
# when it has said nothing for twice as long; nobody talks to it meanwhile.
QUIET=20
key() { echo "/local/domain/$(guest_domid $g)/$1"; }
said() { xenstore-read "$(key data/hotballoon/stats)" "$(key data/updated)"; }
all_told() {
	local since before now n=0
	before=$(said) since=$(now_ms)
	while [ $(($(now_ms) - since)) -lt $((QUIET * 1000)) ]; do
		n=$((n + 1))
		[ $n -lt 120 ] || return 1
		sleep 1
		now=$(said)
		[ "$now" = "$before" ] || { before=$now since=$(now_ms); }
	done
}

check_idle() {
	local label=$1 before
	check_ok "$g: $label: trace" trace_start
	before=$(switches)
	check_ok "$g: $label: the thread was switched to before, $before times" [ "${before%% *}" -gt 0 ]
	check_ok "$g: $label: what has moved is told" all_told
	sleep 60
	check "$g: $label: no timer, work item or wake-up of ours" 0 "$(trace_stop 60)" ||
		in_guest $g 'head -n 5 /tmp/ours' | sed 's/^/# /'
	check "$g: $label: the thread was not switched to" "$before" "$(switches)"
}

go_to() {
	xl mem-set $g "$1"
	check_ok "$g: reaches $1 MiB" reach $g $(($1 * 1024))
}

guest_start $g memory=256 "$@"
books_open $g
xl mem-max $g 1024
check_idle "as booted"

check_ok "$g: trace" trace_start
go_to 1024
check_ok "$g: the trace shows a growth" [ "$(trace_stop 60)" -gt 4 ]
# Large pages are mended and reports written for some time after.
sleep 10
check_idle "grown to 1024 MiB"
go_to 300
sleep 10
check_idle "shrunk to 300 MiB, with a part of a block"
go_to 200
sleep 10
check_idle "shrunk to 200 MiB"
check_log $g
