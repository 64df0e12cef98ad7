# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043,SC2016 # ash has local; quoted code is for the guest's shell
#
# balance.sh: what happens in dom0 when hotballoond sizes four PVH guests on a host that is full.
# The load moves from one to the next; then a fifth guest is created.
#
# Prints for tests/xen/demo/table: "@stage TEXT", "@command TEXT", a row of sizes every two
# seconds, and at the end what hotballoond has done, as a chart; $OUT/balance.svg is the same
# as a picture, $OUT/history.json what both were made from, $OUT/hotballoond.log its own words.
. /lab/files/lib-balance.sh

GUESTS='web shop mail db'
BOOT=400	# MiB: four of them, and the host has next to nothing left
LOAD=360	# MiB: with that a guest of BOOT would not live
FIFTH=256	# MiB

stage() { echo "@stage $*"; }

# As a person would type it.
command_line() {
	local status=0
	echo "@command $*"
	"$@" >/tmp/said 2>&1 || status=$?
	sed 's/^/    /' /tmp/said
	return $status
}

# ---- the table

start_rows() {
	(
		while :; do
			hotballoon list | awk -v s=$((($(now_ms) - BEGAN_MS) / 1000)) '
				/^ *[0-9]+ / && $1 > 0 { row = row sprintf("  %s %s of %s", $2, $4, $5) }
				/^Host:/ { host = $2 }
				END { printf "%5d s%s  host %s\n", s, row, host }'
			sleep 2
		done
	) &
	ROWS=$!
}

BEGAN_MS=$(now_ms)
stage "Four PVH guests of $BOOT MiB each boot; after that the host is full"
for g in $GUESTS; do guest_start "$g" type=pvh memory=$BOOT; done

stage "hotballoond takes over: each guest between 160M and 1G"
daemon_start
for g in $GUESTS; do
	check_ok "hotballoon limits $g --min=160M --max=1G --auto" hotballoon limits "$g" --min=160M --max=1G --auto
done
command_line hotballoon list
start_rows

for g in $GUESTS; do
	stage "$g uses $LOAD MiB more"
	check_ok "$g: the load has come" load "$g"
	check_ok "$g: it has what it needs" soon has_what_it_needs "$g"
	sleep 15
	check_ok "$g: the load ends" unload "$g"
done

stage "A fifth guest, on a full host"
echo "@command hotballoon create fifth.cfg"
guest_create fifth type=pvh memory=$FIFTH by=hotballoon
guest_wait_up fifth
check_ok "fifth: it works" in_guest fifth true
sleep 10

stage "What was it?"
kill $ROWS
for g in $GUESTS; do check "$g: nothing was killed for want of memory" 0 "$(oom_kills "$g")"; done
command_line hotballoon history --last=20s || fail "who gave what, when and why"
hotballoon history --json >"$OUT/history.json"
hotballoon history --plot=svg >"$OUT/balance.svg"
command_line hotballoon history --plot
kill -TERM "$DAEMON"
check_ok "hotballoond ends" wait "$DAEMON"
