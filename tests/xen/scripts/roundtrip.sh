# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# roundtrip [KEY=VALUE...]: how long it takes from "set" until the guest has given or
# taken its first page, with hotballoon and with xl.  Ours asks more questions before
# it writes; that may cost 50 ms more than xl mem-set and no more.
. /lab/files/lib-command.sh

ROUNDS=5
MORE_MS=50

# first_ms KIB COMMAND...: milliseconds until the guest's first page has moved.
first_ms() {
	local kib=$1
	shift
	(
		guest_wait_pages $g $((kib / 4 + $(cat /run/lab/guests/$g/gap))) 0 60
		echo "$WAIT_FIRST_MS" >/tmp/first
	) &
	"$@" >/tmp/out 2>&1 || { cat /tmp/out; fail "$*"; }
	wait
	cat /tmp/first
}

# rounds COMMAND...: the sum over a shrink and a growth, ROUNDS times; %d is the size.
rounds() {
	local i=0 sum=0 size command
	while [ $i -lt $ROUNDS ]; do
		for size in 240 256; do
			command=$(echo "$*" | sed "s/%d/$size/")
			# shellcheck disable=SC2086 # words
			sum=$((sum + $(first_ms $((size * 1024)) $command)))
			check_ok "$command: settles" hotballoon wait $g --timeout=60 >&2
		done
		i=$((i + 1))
	done
	echo $sum
}

g=guest
guest_start $g memory=256 "$@"
books_open $g
# The first run of each reads its program.
hotballoon set $g 256M --wait=60 >/dev/null
xl mem-set $g 256
xl=$(rounds xl mem-set $g %d)
ours=$(rounds hotballoon set $g %dM)
moves=$((2 * ROUNDS))
note "to the first page of $moves moves each: xl $((xl / moves)) ms, hotballoon $((ours / moves)) ms on average"
check_ok "not more than $MORE_MS ms beyond xl" [ $((ours / moves)) -le $((xl / moves + MORE_MS)) ]
