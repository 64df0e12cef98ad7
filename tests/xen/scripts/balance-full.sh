# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# balance-full [pace=SECONDS] [KEY=VALUE...]: four guests on a host of 3 GiB (lab: --host-memory 3072), which is
# full then.  The load moves every minute: who has it has what it needs within seconds, nothing is
# killed for want of memory, and the host keeps what is its own.  A fifth guest is created all the
# same, and who gave for it is named; a sixth one is refused, and who could not give is named.
# When Xen itself runs low, hotballoond hears of that and makes room.  pace: a load comes faster than
# with 0.4 s between two of 8 MiB.
. /lab/files/lib-balance.sh

GUESTS='a b c d'
BOOT=400	# MiB
LOAD=360	# MiB: with that a guest of BOOT would not live
FIFTH=256	# MiB
TURN=60		# seconds
# shellcheck disable=SC2034 # of load
case ${1:-} in
pace=*) PACE=${1#*=}; shift ;;
esac

# serve NAME: the load comes, stays for the rest of TURN, and goes.
serve() {
	local begun
	begun=$(now_ms)
	load_served "$1"
	while [ $(($(now_ms) - begun)) -lt $((TURN * 1000)) ]; do sleep 1; done
	check_ok "$1: the load ends" unload "$1"
}

for g in $GUESTS; do
	guest_start "$g" memory=$BOOT "$@"
	books_open "$g"
done
HOST_RESERVE=$(host_field reserve_kib)
note "to give: $(host_field available_kib) KiB"
daemon_start
for g in $GUESTS; do
	hotballoon limits "$g" --min=160M --max=1G --auto >/tmp/limits || fail "$g is left to managers"
done

# ---- the load moves
watch_free
for loaded in $GUESTS a; do
	serve "$loaded"
done
check_ok "all come to rest" rest 10
no_harm "the load has moved"

# ---- a fifth guest
# The host's pool is not there for it: all is in use.
available=$(host_field available_kib)
need=$(((FIFTH + available / 1024) * 1024))
watch_free
guest_create fifth memory=$((need / 1024)) by=hotballoon "$@"
sed 's/^/# /' "$LAB_GUESTS/fifth/xl.log"
guest_wait_up fifth
check_ok "the fifth works" guest_fill fifth data 64
check_ok "... with what is its own" guest_verify fifth data
hotballoon history --last=1m >/tmp/history
sed 's/^/# /' /tmp/history
check_ok "the donors are named, and why they gave" grep -q "the host has promised or set aside more than it has" /tmp/history
check "nothing is set aside any more" 0 "$(host_field reserved_kib)"
check_ok "all come to rest" rest
no_harm "a fifth guest"

# ---- a sixth one is too large
before=$(targets)
status=0
sed 's/^name = .*/name = "sixth"/; s/^memory = .*/memory = 1900/; s/^maxmem = .*/maxmem = 1900/' \
	"$LAB_GUESTS/fifth/xl.cfg" >/tmp/sixth.cfg
hotballoon create /tmp/sixth.cfg --timeout=10 >/tmp/refused 2>&1 || status=$?
sed 's/^/# /' /tmp/refused
check "a sixth of 1900 MiB is refused" 4 $status
for g in $GUESTS; do check_ok "... and says of $g what it could give" grep -q "\<$g\>" /tmp/refused; done
check_fails "... and there is none" xl domid sixth
check "... and nothing is set aside" 0 "$(host_field reserved_kib)"
check "... and nobody was squeezed for it" "$before" "$(targets)"

# ---- Xen runs low
# Two have more than they need, which nobody else does.  Then a guest that nobody has asked about
# takes what is free but 48 MiB; Xen says so at 64.
check_ok "the fifth goes" guest_destroy fifth
for g in a b; do
	check_ok "$g: $LOAD MiB more in use" load "$g"
	check_ok "$g: the load ends" unload "$g"
done
check_ok "all come to rest" rest
note "$(targets)"
free=$(host_free_kib)
lines=$(wc -l <"$LOG")
GREEDY=$((free / 1024 - 48))
watch_free
guest_create greedy memory=$GREEDY "$@"
began=$(now_ms)
check_ok "hotballoond has heard of it" soon grep -q "Xen runs low on memory: all is looked at now" "$LOG"
until [ "$(host_free_kib)" -ge "$HOST_RESERVE" ]; do
	[ $(($(now_ms) - began)) -lt 30000 ] || break
	sleep 0.1
done
least_free
# That it has run low Xen has said: for how short a time is not seen from here.
note "$GREEDY MiB more, $LEAST_FREE KiB free at the least: the host has its own again $(($(now_ms) - began)) ms later"
sed "1,${lines}d; s/^/# /" "$LOG"
check_ok "the host has what is its own again within 10 s" [ $(($(now_ms) - began)) -le 10000 ]
for g in $GUESTS; do check "Xen runs low: $g: no OOM kill" 0 "$(oom_kills "$g")"; done
check_ok "it goes" guest_destroy greedy

# ---- in the end
daemon_end
