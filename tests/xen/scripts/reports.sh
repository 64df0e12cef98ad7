# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# reports [KEY=VALUE...]: what six guests say of their memory, each of which has something new to
# say every second, costs xenstored and the guests next to nothing; nor does what a hundred would
# write cost xenstored much.
. /lab/files/lib-driver.sh

GUESTS='one two three four five six'
SECONDS_EACH=30
PARAMETER=/sys/module/xen_hotballoon/parameters/stats

# Of xenstored, in hundredths of a second; clock ticks are that.
xenstored_ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$(pidof xenstored)/stat"; }
# Of all guests, in ms.
guests_ms() { local g sum=0; for g in $GUESTS; do sum=$((sum + $(guest_cpu_ns "$g") / 1000000)); done; echo $sum; }
# Each time that one has written is another line.
lines() { local g; for g in $GUESTS; do xenstore-read "/local/domain/$(guest_domid "$g")/data/hotballoon/stats"; done; }

# period on|off: sets TICKS and MS to what SECONDS_EACH of it took.
period() {
	local g value=1 ticks ms
	[ "$1" = on ] || value=0
	for g in $GUESTS; do in_guest "$g" "echo $value >$PARAMETER" || fail "$g: $1"; done
	sleep 2
	ticks=$(xenstored_ticks) ms=$(guests_ms)
	sleep $SECONDS_EACH
	TICKS=$(($(xenstored_ticks) - ticks)) MS=$(($(guests_ms) - ms))
	note "$1: $TICKS hundredths of xenstored, $MS ms of the guests"
}

for g in $GUESTS; do
	guest_start "$g" memory=128 "$@"
	# With few processes: each costs an emulated guest some of its life expectancy (lib/crash.sh).
	guest_spawn "$g" busy 'while :; do dd if=/dev/zero of=/tmp/busy bs=1M count=8 2>/dev/null; sleep 1
		>/tmp/busy; sleep 1; done'
done >/dev/null
period on
before=$(lines)
sleep 3
check_ok "they have something to say" [ "$before" != "$(lines)" ]
# The least of each: what else a guest does now and then only adds to it.
least() { if [ "$1" -le "$2" ]; then echo "$1"; else echo "$2"; fi; }
on_ticks=$TICKS on_ms=$MS off_ticks=99999 off_ms=99999
for _ in 1 2; do
	period off
	off_ticks=$(least $off_ticks "$TICKS") off_ms=$(least $off_ms "$MS")
	period on
	on_ticks=$(least "$on_ticks" "$TICKS") on_ms=$(least "$on_ms" "$MS")
done
note "xenstored: $((on_ticks - off_ticks)) hundredths more in $SECONDS_EACH s; six guests: $((on_ms - off_ms)) ms more"
check_ok "xenstored: under 1 % of a core" [ $((on_ticks - off_ticks)) -lt $SECONDS_EACH ]
check_ok "a guest: under 0.1 % of one" [ $((on_ms - off_ms)) -lt $((6 * SECONDS_EACH)) ]

# A hundred that are not there write as much, once a second, while those that are there rest.
MANY=100
for g in $GUESTS; do guest_end "$g" busy >/dev/null; done
sleep 5
line=$(xenstore-read "/local/domain/$(guest_domid one)/data/hotballoon/stats")
write_many() { labtool write /tool/reports $MANY "$line moved=$1" || fail "a hundred write"; }
write_many 0
idle=$(xenstored_ticks)
sleep 20
idle=$(($(xenstored_ticks) - idle))
ticks=$(xenstored_ticks) n=0
while [ $n -lt 20 ]; do
	n=$((n + 1))
	write_many $n
	sleep 1
done
ticks=$(($(xenstored_ticks) - ticks))
xenstore-rm /tool/reports
note "xenstored: $ticks hundredths, and $idle without, for $n lines of each of $MANY guests"
check_ok "xenstored: under 1 % of a core for a hundred" [ $((ticks - idle)) -lt $n ]
for g in $GUESTS; do check_log "$g"; done
