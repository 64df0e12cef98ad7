# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# balance [KEY=VALUE...]: hotballoond sizes three guests on a host that has little to give.  The
# load moves from one to the next: who has it has what it needs within seconds, the others give,
# nothing is killed for want of memory and the host keeps what is its own.  Then nothing is
# written any more; a person's size stands; it can be killed, started again and ended; guests
# come and go.
. /lab/files/lib-balance.sh

GUESTS='a b c'
BOOT=256	# MiB
LOAD=240	# MiB: with that a guest of BOOT would not live
POOL=128	# MiB, what it keeps for guests in distress
SPARE=64	# MiB that the host has to give besides that

leave_to_managers() {
	hotballoon limits "$1" --min=128M --max=512M --auto >/tmp/limits || fail "$1 is left to managers"
}

# serve NAME: the load comes, and what follows from it.
serve() {
	watch_free
	load_served "$1"
	check_ok "$1: all come to rest" rest
	no_harm "$1"
}

# ---- a host that has little to give

mkdir -p /etc/hotballoon
printf '[balance]\npool = 1\n' >/etc/hotballoon/hotballoond.conf
check_fails "a wrong configuration is refused" hotballoond --check
printf '[log]\nverbose = yes\n' >/etc/hotballoon/hotballoond.conf
check "hotballoond --check" "verbose = yes" "$(hotballoond --check | grep -A 1 "^# /etc/hotballoon/hotballoond.conf:2$" | tail -n 1)"
for g in $GUESTS; do
	guest_start "$g" memory=$BOOT "$@"
	books_open "$g"
done
HOST_RESERVE=$(($(host_field available_kib) + $(host_field reserve_kib) - (POOL + SPARE) * 1024))
check_ok "the host keeps $((HOST_RESERVE / 1024)) MiB" hotballoon reserve --host=$((HOST_RESERVE / 1024))M
HOST_RESERVE=$(host_field reserve_kib)
note "to give: $(host_field available_kib) KiB"

daemon_start
refused "a second hotballoond" "another hotballoond runs" hotballoond
for g in $GUESTS; do
	leave_to_managers "$g"
done
check_ok "all come to rest" rest
note "$(targets)"

# ---- the load moves
for loaded in $GUESTS; do
	serve "$loaded"
	check_ok "$loaded: the load ends" unload "$loaded"
done
check_ok "all come to rest" rest 10

# ---- silence

# what_is_written SECONDS: but for what guests report.  Each path that is watched is told once.
what_is_written() {
	local watch
	xenstore-watch /local/domain /vm /libxl >/tmp/written &
	watch=$!
	sleep "$1"
	# One of ours, by which it is seen that writes are seen.
	xenstore-write /local/domain/0/marker 1
	soon grep -q marker /tmp/written || echo "what is written is not seen"
	kill $watch
	grep -v '^/local/domain$\|^/vm$\|^/libxl$\|/data/\|marker' /tmp/written
}
cpu_ticks() { awk '{ print $14 + $15 }' "/proc/$DAEMON/stat"; }
lines=$(wc -l <"$LOG") ticks=$(cpu_ticks)
check "settled: a minute without a write" "" "$(what_is_written 60)"
check "settled: ... and without a line" "$lines" "$(wc -l <"$LOG")"
note "in that minute: $(($(cpu_ticks) - ticks)) ticks of 10 ms, $(sed -n 's/^VmRSS:[[:space:]]*//p' "/proc/$DAEMON/status") resident"

# ---- a person wins
for how in "xl mem-set" "hotballoon set"; do
	case $how in xl*) size=200 ;; *) size=210M ;; esac
	# shellcheck disable=SC2086 # two words
	$how b $size >/tmp/set || fail "$how b $size"
	kib=$((${size%M} * 1024))
	check_ok "a: $LOAD MiB more in use" load a
	check_ok "$how: all come to rest" rest
	check "b: $how: stands" "$kib" "$(field b target_kib)"
	check_ok "b: $how: and why" grep -q "^hotballoond: b ($(guest_domid b)) keeps $((kib / 1024))M: a person or another tool has set its size" "$LOG"
	check_ok "a: the load ends" unload a
	hotballoon limits b --auto >/tmp/limits
	check_ok "b: $LOAD MiB more in use" load b
	check_ok "b: all come to rest" rest
	check_ok "b: $how: it is sized again" [ "$(field b target_kib)" -gt "$kib" ]
	check_ok "b: the load ends" unload b
done
check_ok "all come to rest" rest

# ---- killed and started again; ended
before=$(targets)
kill -KILL "$DAEMON"
daemon_start
check_ok "started again: all come to rest" rest 10
check "started again: nothing has changed" "$before" "$(targets)"

# ---- guests come and go
check_ok "c is destroyed" guest_destroy c
guest_start d memory=$BOOT "$@"
books_open d
leave_to_managers d
GUESTS='a b d'
serve d

# ---- in the end
daemon_end
