# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# rescue [KEY=VALUE...]: a guest that would kill a process takes memory above its target, as far
# as the host has granted it; the worker lets it have that until the need is over, or a new
# target comes.  So does one that was never shrunk, into a block that is there, empty, as long as
# the host grants it that.
. /lab/files/lib-driver.sh

TARGET=192	# MiB, of 256
GRANTED=40
TRACE=/sys/kernel/tracing

key() { echo "/local/domain/$(guest_domid $g)/$1"; }
rescued() { xenstore-read "$(key data/hotballoon/rescued)" 2>/dev/null || echo 0; }
is_returned() { [ "$(rescued)" -eq 0 ]; }
stat() { xenstore-read "$(key data/hotballoon/stats)" | tr ' ' '\n' | sed -n "s/^$1=//p"; }
# Whether it comes to the last moment depends on who is faster.
says_why() { [ "$(stat rescues)" -gt 0 ] && [ "$(stat oom-rescues)" -le "$(stat rescues)" ]; }

# eat MOST: 8 MiB at a time, so many times at most, until something of that is killed.  Sets EATEN.
eat() {
	local before
	before=$(oom_kills $g)
	EATEN=0
	while [ $EATEN -lt "$1" ]; do
		in_guest $g "echo 1000 >/proc/self/oom_score_adj; memfill start eat$EATEN 8" || break
		[ "$(oom_kills $g)" = "$before" ] || break
		EATEN=$((EATEN + 1))
	done >/dev/null 2>&1
	note "$EATEN times 8 MiB, $(guest_tot_pages $g) pages, $(($(oom_kills $g) - before)) kills, took $(rescued) KiB"
}

# hurry MOST: 8 MiB so many times, faster than anybody looks whether there is need, until it has come
# to the last moment before a kill.
hurry() {
	local n=0
	until [ "$(stat oom-rescues)" -gt 0 ] || [ $n = 5 ]; do
		n=$((n + 1))
		check_ok "$g: in a hurry, round $n: it eats $(($1 * 8)) MiB" in_guest -t 120 $g "eat 4000 $(($1 * 8))"
		note "$g: in a hurry: rescues $(stat rescues), of these instead of a kill $(stat oom-rescues)"
		check_ok "$g: in a hurry, round $n: it goes back" \
			wait_until $g 30 "[ \"\$(cat $REPORT/current_kb)\" = $((TARGET * 1024)) ]"
	done
	check_ok "$g: it came to the last moment" [ "$(stat oom-rescues)" -gt 0 ]
}

# From the OOM notifier's look to the moment at which the first 8 MiB that came since were handed
# out, or to its end with less.  That nothing came although more is granted is a failure.  Prints
# how often it looked, how often nothing came, and how many us the longest took.
# shellcheck disable=SC2016 # it is awk's
FIRST='function us(i, t) {
	for (i = 1; i <= NF; i++)
		if ($i ~ /^[0-9]+[.][0-9]+:$/) { t = $i; sub(/:/, "", t); return t * 1000000 }
}
function of(name, i) {
	for (i = 1; i <= NF; i++)
		if (index($i, name "=") == 1) return substr($i, length(name) + 2) + 0
}
/hb_distress: oom=1/ { who = of("short") ? $1 : ""; since = us() - of("ns") / 1000; came = 0; there = 0 }
/hb_extent: populate / { came += of("done"); above += of("done") }
/hb_extent: release / { above -= of("done") }
/hb_lock:/ && who && !there && came >= 2048 { there = us() }
/hb_rescue:/ && $1 == who {
	took = int((there ? there : us()) - since); who = ""; n++
	if (took > most) most = took
	if (!came && above < granted) nothing++
}
END { print n + 0, nothing + 0, most + 0 }'

# grant: above the size that it has.
grant() {
	xl mem-max $g $((TARGET + GRANTED))
	xenstore-write "$(key memory/hotballoon-headroom)" $((GRANTED * 1024))
}

g=guest
guest_start $g memory=256 "$@"
books_open $g
xl mem-set $g $TARGET
check_ok "$g: $TARGET MiB" reach $g $((TARGET * 1024))

eat 40
most=$EATEN
check_ok "$g: without a grant something is killed" [ "$(oom_kills $g)" -gt 0 ]
check "$g: and it has its target" $((TARGET * 256)) "$(($(guest_tot_pages $g) - $(cat /run/lab/guests/$g/gap)))"
check_ok "$g: end what eats" end_eating $g

grant
check_ok "$g: tracing" in_guest $g "mount -t tracefs tracefs $TRACE 2>/dev/null
	for event in distress extent lock rescue; do echo 1 >$TRACE/events/hotballoon/hb_\$event/enable || exit 1; done"
kills=$(oom_kills $g)
eat $((most + 3))
check "$g: it has eaten 24 MiB more" $((most + 3)) $EATEN
check "$g: nothing is killed" "$kills" "$(oom_kills $g)"
check_ok "$g: it says what it took" soon [ "$(rescued)" -ge 8192 ]
check_ok "$g: how often, and how often of that instead of a kill" soon says_why
check_ok "$g: no more than was granted" [ "$(rescued)" -le $((GRANTED * 1024)) ]
sleep 3
check_ok "$g: it keeps that" [ "$(rescued)" -ge 8192 ]
check "$g: Xen counts the target, and it" $((TARGET * 256 + $(rescued) / 4)) \
	"$(($(guest_tot_pages $g) - $(cat /run/lab/guests/$g/gap)))"
check_ok "$g: end what eats" end_eating $g
check_ok "$g: it goes back" wait_until $g 30 "[ \"\$(cat $REPORT/current_kb)\" = $((TARGET * 1024)) ]"
check_ok "$g: and says so" soon is_returned
check_ok "$g: it rests" reach $g $((TARGET * 1024))
books_check $g $((TARGET * 1024)) "afterwards"

hurry $((most + 3))
check "$g: nothing is killed in a hurry" "$kills" "$(oom_kills $g)"
read -r looks nothing slowest <<-END
	$(in_guest $g "echo 0 >$TRACE/tracing_on; awk -v granted=$((GRANTED * 256)) '$FIRST' $TRACE/trace")
END
note "instead of a kill $looks times, of these nothing came $nothing times, 8 MiB after $slowest us at the longest"
check_ok "$g: the notifier was traced" [ "$looks" -gt 0 ]
check "$g: something came each time that more was granted" 0 "$nothing"
check_ok "$g: the first 8 MiB, or all that came, within 20 ms of the notifier" [ "$slowest" -le 20000 ]
eat $((most + 3))
check "$g: nothing is killed the next time" "$kills" "$(oom_kills $g)"
# It is in need still.  The limit is the largest size that xl sets, too.
xenstore-rm "$(key memory/hotballoon-headroom)"
xl mem-max $g 256
xl mem-set $g 240
check_ok "$g: a new target" reach $g $((240 * 1024))
check_ok "$g: ends it" soon is_returned
books_check $g $((240 * 1024)) "a new target"
check_ok "$g: end what eats" end_eating $g
check_log $g 'oom-kill\|[Oo]ut of memory'
guest_destroy $g

g=whole
guest_start $g memory=$TARGET "$@"
books_open $g
eat 40
most=$EATEN
check_ok "$g: without a grant something is killed" [ "$(oom_kills $g)" -gt 0 ]
# Which takes memory itself, that may not be there.
check_ok "$g: end what eats" end_eating $g
kills=$(oom_kills $g)
grant
check_ok "$g: there is a block for what it is granted" wait_report $g added_blocks 1 60
check_ok "$g: which is empty" reach $g $((TARGET * 1024))
books_check $g $((TARGET * 1024)) "granted"
# PV guests keep the blocks that they got.
if [ "$(guest_type $g)" = pvh ]; then
	xenstore-rm "$(key memory/hotballoon-headroom)"
	check_ok "$g: the block goes with the grant" wait_report $g added_blocks 0 60
	grant
	check_ok "$g: and comes with it again" wait_report $g added_blocks 1 60
fi
eat $((most + 3))
check "$g: it has eaten 24 MiB more" $((most + 3)) $EATEN
check "$g: nothing is killed" "$kills" "$(oom_kills $g)"
check_ok "$g: no more than was granted" [ "$(rescued)" -le $((GRANTED * 1024)) ]
check_ok "$g: end what eats" end_eating $g
check_ok "$g: it goes back" wait_until $g 30 "[ \"\$(cat $REPORT/current_kb)\" = $((TARGET * 1024)) ]"
xenstore-rm "$(key memory/hotballoon-headroom)"
# The block may stay: the kernel has used it, too.
check_ok "$g: it rests" reach $g $((TARGET * 1024))
books_check $g $((TARGET * 1024)) "with the grant gone"
check_log $g 'oom-kill\|[Oo]ut of memory'
