# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# with-xl [operations=N] [KEY=VALUE...]: hotballoon and xl change the same domain at
# the same time, N times in all (200), in rounds.  After each round the keys, Xen's
# limit and the guest say the same, and nothing of either tool is left behind.
. /lab/files/lib-command.sh

PER_ROUND=10

operations=200
case ${1:-} in
operations=*) operations=${1#*=}; shift ;;
esac

key() { xenstore-read "/local/domain/$(guest_domid $g)/memory/$1"; }

# The operations are another one each time and the same in every run: sizes of 192 to
# 384 MiB, and a maximum of 512.
xl_loop() {
	local i=0 seed=$1 n
	while [ $i -lt $((PER_ROUND / 2)) ]; do
		seed=$(((seed * 1103515245 + 12345) % 2147483648))
		n=$((seed / 65536 % 7))
		if [ $n -eq 6 ]; then
			xl mem-max $g 512
		else
			xl mem-set $g $((192 + n * 32))
		fi || echo "xl failed: $n" >>/tmp/failures
		i=$((i + 1))
	done
}

hotballoon_loop() {
	local i=0 seed=$1 n
	while [ $i -lt $((PER_ROUND / 2)) ]; do
		seed=$(((seed * 1103515245 + 12345) % 2147483648))
		n=$((seed / 65536 % 7))
		case $n in
		6) hotballoon max $g 512M ;;
		5) hotballoon set $g +32M --force ;;
		4) hotballoon set $g 224M --wait=20 ;;
		*) hotballoon set $g $((208 + n * 32))M ;;
		esac >/tmp/out 2>&1 || {
			# Another one's size meanwhile is no failure of ours.
			[ $? -eq 10 ] || { cat /tmp/out; echo "hotballoon failed: $n"; } >>/tmp/failures
		}
		i=$((i + 1))
	done
}

agree() {
	local target max uuid
	check_ok "round $1: hotballoon wait" hotballoon wait $g --timeout=60
	target=$(key target)
	max=$(key static-max)
	uuid=$(xenstore-read "/local/domain/$(guest_domid $g)/vm")
	check "round $1: /vm/UUID/memory" $((target / 1024)) "$(xenstore-read "$uuid/memory")"
	check_ok "round $1: static-max $max is not below the target $target" [ "$max" -ge "$target" ]
	check "round $1: Xen's limit" $((target + 1024)) $(($(guest_max_pages $g) * 4))
	check_near "round $1: the guest is there" "$target" "$(counted_kib "$target" 128 tot_kib $g)" 128
}

g=guest
guest_start $g memory=256 "$@"
: >/tmp/failures
check_ok "mem-max 512" xl mem-max $g 512
round=1
while [ $((round * PER_ROUND)) -le "$operations" ]; do
	xl_loop $((round * 2)) &
	first=$!
	hotballoon_loop $((round * 2 + 1)) &
	wait $first $!
	agree $round
	round=$((round + 1))
done
check "no operation failed" "" "$(cat /tmp/failures)"
check "no lock is left behind" "" "$(ls /var/lib/xen | grep userdata-l)"
check_ok "nothing is wrong" healthy warning
