# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# balance-asked [KEY=VALUE...]: what hotballoond answers and does on its socket; a guest that sizes
# itself (autoballoon=1), of which others get what it leaves, and which has it again; and one that
# writes its keys all the time.
. /lab/files/lib-balance.sh

GUESTS='a b c'
BOOT=320	# MiB
LOAD=240	# MiB
POOL=128	# MiB, what it keeps for guests in distress
PARAMETER=/sys/module/xen_hotballoon/parameters/autoballoon

# ask METHOD PARAMETERS: the answer, on one line.
ask() { labtool ask /run/hotballoond.socket "{\"method\":\"org.hotballoon.Manager.$1\",\"parameters\":$2}"; }
# answers LABEL WORDS METHOD PARAMETERS: with these words in it.
answers() {
	local label="$1" words="$2"
	shift 2
	ask "$@" >/tmp/answer || fail "$label: no answer"
	grep -q "$words" /tmp/answer || sed 's/^/# /' /tmp/answer
	check_ok "$label" grep -q "$words" /tmp/answer
}

for g in $GUESTS; do
	guest_start "$g" memory=$BOOT "$@"
	books_open "$g"
done
# What is not in use the host keeps, so that guests must give to each other.
spare=$(($(host_field available_kib) + $(host_field reserve_kib) - (POOL + 48) * 1024))
check_ok "the host keeps $((spare / 1024)) MiB" hotballoon reserve --host=$((spare / 1024))M
daemon_start

# ---- the socket
answers "GetStatus: it is connected" '"connected":true' GetStatus '{}'
answers "GetDomains: a is not left to it" '"name":"a".*"reason":"manual"' GetDomains '{}'
for g in $GUESTS; do
	answers "SetLimits: $g is left to managers" '"mode":"auto"' SetLimits \
		"{\"domid\":$(guest_domid "$g"),\"min_kib\":131072,\"max_kib\":786432,\"automatic\":true}"
done
check_ok "SetLimits: hotballoon limits says the same" sh -c "hotballoon limits a | grep -q 'between 128M and 768M'"
answers "SetLimits: a minimum above the maximum is refused" '"error":"org.hotballoon.Manager.Failed"' SetLimits \
	"{\"domid\":$(guest_domid a),\"min_kib\":1048576}"
# With what the domain costs beside its memory.
answers "Reserve: 64 MiB" '"kib":6[5-9][0-9]*,"left_kib":6' Reserve '{"name":"one-to-come","size_kib":65536,"force":true}'
check_ok "Reserve: hotballoon reserve says so" sh -c "hotballoon reserve | grep -q one-to-come"
check_ok "hotballoon release" hotballoon release one-to-come
check_ok "all come to rest" rest
answers "Balance: what it would do now is nothing" '"deeds":\[\]' Balance '{"dry_run":true}'
answers "a parameter that nobody knows" '"error":"org.varlink.service.InvalidParameter"' GetStatus '{"x":1}'
answers "a method that nobody knows" '"error":"org.varlink.service.MethodNotFound"' Sing '{}'
answers "History: c has none yet" '"deeds":\[' History "{\"domid\":$(guest_domid c)}"
(labtool ask /run/hotballoond.socket '{"method":"org.hotballoon.Manager.Subscribe","more":true}' >/tmp/told) &
subscribed=$!
watch_free
HOST_RESERVE=$(host_field reserve_kib)
check_ok "a: $LOAD MiB more in use" load a
wait $subscribed
check_ok "Subscribe: it is told of the next size" grep -q '"continues":true.*\|"deed":{' /tmp/told
check_ok "a: has what it needs" soon has_what_it_needs a
check_ok "a: the load ends" unload a
check_ok "all come to rest" rest

# ---- a guest that sizes itself
check_ok "b sizes itself" in_guest b "echo 1 >$PARAMETER"
check_ok "b: leaves more than 60 MiB" soon sh -c "[ \"\$(hotballoon show b --json | sed -n 's/^ *\"spared_kib\": *\([0-9]*\).*/\1/p')\" -gt 61440 ]"
note "b: $(field b target_kib) KiB, spares $(field b spared_kib)"
load_served c
check_ok "all come to rest" rest
note "$(targets); b holds $(field b actual_kib)"
check_ok "b has lent what it left" grep -q "^hotballoond: b ($(guest_domid b)): .*: it sizes itself, and leaves that to others for now" "$LOG"
check_ok "b: it holds as much as before" [ "$(field b target_kib)" -ge $(($(field b actual_kib) - 1024)) ]
check_ok "c: the load ends" unload c
load_served b
check_ok "b: it had back what it had lent" grep -q "^hotballoond: b ($(guest_domid b)): .*: it takes back what it had left to others" "$LOG"
check_ok "b: the load ends" unload b
check_ok "b is sized by the host only" in_guest b "echo 0 >$PARAMETER"
check_ok "all come to rest" rest 10

# ---- a guest that writes all the time
cpu_ticks() { awk '{ print $14 + $15 }' "/proc/$DAEMON/stat"; }
# Since the boot, in ticks of 10 ms, too: what a slow lab sleeps is longer than it says.
time_ticks() { awk '{ print int($1 * 100) }' /proc/uptime; }
key=/local/domain/$(guest_domid c)/data/hotballoon/distress
others=$(field a target_kib)
(n=0; while [ ! -e /tmp/quiet ]; do xenstore-write "$key" $((n % 2 * 40960)); n=$((n + 1)); sleep 0.02; done; echo $n >/tmp/writes) &
flood=$!
sleep 40
writes=$(ask GetStatus '{}' | sed 's/.*"writes":\([0-9]*\).*/\1/') ticks=$(cpu_ticks) passed=$(time_ticks)
sleep 30
passed=$(($(time_ticks) - passed)) ticks=$(($(cpu_ticks) - ticks)) writes=$(($(ask GetStatus '{}' | sed 's/.*"writes":\([0-9]*\).*/\1/') - writes))
touch /tmp/quiet
wait $flood
note "a guest that writes $(($(cat /tmp/writes) / 70)) times a second: $ticks of $passed ticks of 10 ms, $writes sizes"
# Less than 1 % was seen, of an emulated processor, which is ten or more times slower than a real one.
check_ok "hotballoond: not more than 2 % of the processor" [ $((ticks * 50)) -le $passed ]
check_ok "it is given few sizes" [ $writes -le 12 ]
check_ok "a: keeps what it has but for the pool's part" [ "$(field a target_kib)" -ge $((others - POOL * 1024 / 2)) ]
xenstore-write "$key" 0
no_harm "all of it"

# ---- in the end
daemon_end
