# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043,SC2016 # ash has local; quoted code is for the guest's shell
#
# balance.sh: what happens in dom0 when hotballoond sizes four PVH guests on a host that is full.
# The load moves from one to the next; then a fifth guest is created.
#
# Prints for tests/xen/demo/table: "@stage TEXT", "@command TEXT", a row of sizes every two
# seconds, and at the end what hotballoond has done, as a chart.  $OUT/sizes.csv has what Xen counts,
# a line "ms,NAME,KIB" each, for stack.awk; $OUT/hotballoond.log its own words.
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
			ms=$(($(now_ms) - BEGAN_MS))
			hotballoon list --json | awk -v ms=$ms '
				/"name":/ { name = $2; gsub(/[",]/, "", name) }
				/"actual_kib":/ && name != "Domain-0" { print ms "," name "," $2 + 0 }
				/"free_kib":/ { print ms ",free," $2 + 0 }' | tee /tmp/reading >>"$OUT/sizes.csv"
			awk -F, '{ row = row sprintf("  %s %d", $2, $3 / 1024) }
				END { printf "%5d s %s MiB\n", $1 / 1000, row }' /tmp/reading
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
	echo "@command hotballoon limits $g --min=160M --max=1G --auto"
	hotballoon limits "$g" --min=160M --max=1G --auto >/tmp/limits || fail "$g is left to it"
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
command_line hotballoon history --plot
kill -TERM "$DAEMON"
check_ok "hotballoond ends" wait "$DAEMON"
