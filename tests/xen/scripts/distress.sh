# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# distress [KEY=VALUE...]: a guest that is driven into an OOM kill has told what it lacks a tenth of
# a second after the kernel asked for memory instead, however little time there was to see it
# come; says it again if somebody removed it; takes it back when it is over; and what it said is
# the number that saves the next round, if the host gives it.
. /lab/files/lib-driver.sh

g=guest
TRACE=/sys/kernel/debug/tracing

key() { echo "/local/domain/$(guest_domid $g)/$1"; }
is_over() { [ "$(lacking $g)" -eq 0 ]; }
is_on() { [ "$(lacking $g)" -gt 0 ]; }
has_key() { xenstore-read "$(key "$1")" >/dev/null 2>&1; }

# A look of the OOM notifier's with news, and the end of the next work item that begins to tell.
# Prints how many there were, and how many us the longest took; "never": one was not told.
# shellcheck disable=SC2016 # it is awk's
TOLD='function us(i, t) {
	for (i = 1; i <= NF; i++)
		if ($i ~ /^[0-9]+[.][0-9]+:$/) { t = $i; sub(/:/, "", t); return t * 1000000 }
}
/hb_distress: oom=1 .* news=1 / { n++; if (!looked) looked = us() }
/workqueue_execute_start: .*distress_work/ { telling = looked; looked = 0 }
/workqueue_execute_end: .*distress_work/ && telling {
	took = int(us() - telling); telling = 0
	if (took > most) most = took
}
END { print n + 0, (looked || telling) ? "never" : most + 0 }'

guest_start $g memory=256 maxmem=1024 "$@"
books_open $g
check "$g: lacks nothing" 0 "$(lacking $g)"
check_ok "$g: trace" in_guest $g "cd $TRACE && echo >trace && echo 1 >events/hotballoon/hb_distress/enable &&
	echo 1 >events/workqueue/workqueue_execute_start/enable &&
	echo 1 >events/workqueue/workqueue_execute_end/enable && echo 1 >tracing_on"
# Faster than anybody looks whether there is need: only the notifier can have it told.  A kernel of
# 7.3 may want one more before the first has gone, and panics if there is nobody to kill.
for n in 1 2 3; do
	check_ok "$g: one to kill, $n" in_guest $g "echo 500 >/proc/self/oom_score_adj; memfill start eat-spare$n 4"
done
check_fails "$g: in a hurry it is killed" in_guest -t 120 $g "eat 4000 256"
check_ok "$g: end those that are left" end_eating $g
check_ok "$g: in a hurry: it is taken back" soon is_over
eat_until_kill $g "at its target" 40
most=$EATEN missing=$LACKED
check_ok "$g: it had an OOM kill" [ "$(oom_kills $g)" -gt 0 ]
check_ok "$g: it lacked at least 4 MiB" [ "$missing" -ge 4096 ]
in_guest $g "echo 0 >$TRACE/tracing_on; grep 'hb_distress: oom=1\|distress_work' $TRACE/trace" >"$OUT/trace"
told=$(awk "$TOLD" "$OUT/trace")
looks=${told% *} slowest=${told#* }
note "the notifier had news $looks times, told after $slowest us at the longest"
check_ok "$g: the notifier had news" [ "$looks" -gt 0 ]
check_ok "$g: told 100 ms after the notifier's look at most" [ "$slowest" != never -a "$slowest" -le 100000 ]
# Somebody removes the report; the next target, though it is the same, has the driver look for it.
check_ok "$g: it lacks memory still" is_on
check_ok "$g: remove the report" xenstore-rm "$(key data/hotballoon)"
check_ok "$g: told its size again" xl mem-set $g 256
check_ok "$g: it says again that it lacks memory" soon is_on
check_ok "$g: ... what that is used for" soon has_key data/hotballoon/stats
check_ok "$g: ... and the rest" soon has_key data/hotballoon/version
check_ok "$g: end what eats" end_eating $g
check_ok "$g: it is taken back" soon is_over
sleep 5
check "$g: ... and stays so" 0 "$(lacking $g)"

check_ok "$g: the host gives it that" hotballoon set $g +$(((missing + 1023) / 1024))M --wait=60
kills=$(oom_kills $g)
eat_until_kill $g "with what it lacked" $((most + 1))
check "$g: it has eaten what it was killed for" $((most + 1)) $EATEN
check "$g: no more OOM kill" "$kills" "$(oom_kills $g)"
check_ok "$g: end what eats" end_eating $g
check_ok "$g: it is taken back" soon is_over
check_ok "$g: told its size again" hotballoon set $g 256M
check_ok "$g: back to 256 MiB" reach $g 262144
check_log $g 'oom-kill\|[Oo]ut of memory'
