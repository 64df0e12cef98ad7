# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# lock [KEY=VALUE...]: how long the driver's lock is held while the guest grows and shrinks:
# never longer than Xen takes for one extent of 2 MiB.  The kernel's tracepoints say so;
# a processor that somebody else has meanwhile counts, in both.
. /lab/files/lib-driver.sh

g=guest
TRACE=/sys/kernel/tracing
# What is not the extent: books, page descriptors.
SLACK_US=200

guest_start $g memory=512 "$@"
books_open $g
check_ok "$g: tracing" in_guest $g "mount -t tracefs tracefs $TRACE 2>/dev/null
	echo 8192 >$TRACE/buffer_size_kb && echo 1 >$TRACE/events/hotballoon/enable"
check_ok "$g: fill" guest_fill $g data 40
xl mem-max $g 1280
for mib in 1280 400 900 512; do
	xl mem-set $g $mib
	check_ok "$g: reaches $mib MiB" reach $g $((mib * 1024))
done
sleep 6		# and what is tidied up
in_guest $g "echo 0 >$TRACE/tracing_on"
# The longest of a kind, in us: lock, or populate and release of whole units.
longest() {
	in_guest -t 60 $g "grep '$1' $TRACE/trace | sed 's/.*ns=//' | sort -n | tail -n 1"
}
n=$(in_guest $g "grep -c hb_lock: $TRACE/trace")
lock=$(($(longest hb_lock:) / 1000))
extent=$(($(longest 'order=9') / 1000))
note "$g: lock held $n times, $lock us at the longest; an extent of 2 MiB took $extent us at the longest"
in_guest $g "grep hb_lock: $TRACE/trace | sed 's/.*hb_lock: //' | awk '{ split(\$NF, t, \"=\"); if (t[2] > m[\$1]) m[\$1] = t[2]; n[\$1]++ }
	END { for (i in m) print m[i] / 1000, n[i], i }' | sort -rn | head -n 8" | sed 's/^/# us, times, where: /'
check_ok "$g: it was traced" [ "$n" -gt 500 ]
check_ok "$g: every step was traced" in_guest $g "grep -q 'hb_step: grow-units' $TRACE/trace && grep -q 'hb_step: shrink-' $TRACE/trace"
check_ok "$g: ... and where a pass ended" in_guest $g "grep -q 'hb_rest: cause=none' $TRACE/trace"
check_ok "$g: the lock is never held longer than one extent takes" [ "$lock" -le $((extent + SLACK_US)) ]
check_ok "$g: contents" guest_verify $g data
check_log $g
