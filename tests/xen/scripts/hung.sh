# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# hung [KEY=VALUE...]: xenstored is stopped under every command.  Each ends at its time limit,
# or after ten seconds; those that wait for changes end at the second interrupt.  When it
# goes on, nothing is left behind.
. /lab/files/lib-command.sh

g=guest
STORE=$(pidof xenstored)
LIMIT=10	# of a command that has none of its own
SLACK=5		# the command starts, and the machine is busy

# ends LABEL LIMIT COMMAND...: it ends by itself, with the reason.
ends() {
	local label="$1" limit="$2" start status=0 seconds
	shift 2
	kill -STOP $STORE
	start=$(date +%s)
	"$@" >/tmp/said 2>&1 || status=$?
	seconds=$(($(date +%s) - start))
	kill -CONT $STORE
	note "$label: ended after $seconds s with $status: $(head -n 1 /tmp/said)"
	check "$label: exit status" 5 $status
	check_ok "$label: says why" grep -q 'xenstored does not answer' /tmp/said
	check_ok "$label: within its time" [ $seconds -le $((limit + SLACK)) ]
}

# interrupted LABEL COMMAND...: xenstored is stopped while it runs, and two interrupts come.
interrupted() {
	local label="$1" pid status=0 n=0
	shift
	"$@" >/tmp/said 2>&1 &
	pid=$!
	sleep 2
	check_ok "$label: it waits" kill -0 $pid
	kill -STOP $STORE
	sleep 1
	kill -TERM $pid
	sleep 0.5
	kill -TERM $pid 2>/dev/null
	while kill -0 $pid 2>/dev/null && [ $n -lt 30 ]; do
		n=$((n + 1))
		sleep 0.1
	done
	check_ok "$label: ended by the second signal" [ $n -lt 30 ]
	kill -CONT $STORE
	kill -KILL $pid 2>/dev/null
	wait $pid || status=$?
	note "$label: ended with $status after $n tenths of a second"
}

guest_start $g memory=512 "$@"
check_ok "$g: limits" hotballoon limits $g --min=256M

for line in "list" "show $g" "explain $g" "doctor" "limits $g" "set $g 400M" "max $g 1G" \
	"reserve" "reserve 64M --for=other" "release other" "top"; do
	# shellcheck disable=SC2086 # a command line
	ends "$line" $LIMIT hotballoon $line
done
for line in "set $g 400M --wait=2" "wait $g --timeout=2" "free 64M --timeout=2"; do
	# shellcheck disable=SC2086 # a command line
	ends "$line" 2 hotballoon $line
done
interrupted "watch" hotballoon watch
# A size that it never gets to: it is waited for all the time.
interrupted "set --wait" hotballoon set $g 64M --wait

check_ok "$g: a size again" hotballoon set $g 512M --wait=60
settled "$g: afterwards" $g $((512 * 1024))
check_ok "nothing is locked" hotballoon limits $g --min=128M
check_log $g
