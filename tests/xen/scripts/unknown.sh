# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# unknown [parts=A,B...] [KEY=VALUE...]: memory blocks that come behind the driver's back;
# nothing that has no frame is ever handed out.
#
#   races    the kernel's driver adds one while ours is being loaded
#   strays   something else (tests/xen/module) adds one without frames while ours is loaded
#   found    and before ours is loaded
. /lab/files/lib-move.sh

# On PV a block takes more than add_memory(): entries of the p2m, which the kernel's own
# driver makes.
parts=races,strays,found
case " $* " in *" type=pv "*) parts=races ;; esac
case ${1:-} in
parts=*) parts=${1#*=}; shift ;;
esac

BOOT=256

# unknown_blocks NAME: those that the kernel has and the driver's books have not.
unknown_blocks() {
	in_guest "$1" "cd $BLOCKS; for b in memory[0-9]*; do
		n=\${b#memory}
		awk -v n=\$n 'NR > 1 && \$1 == n { found = 1 } END { exit !found }' $BOOKS/blocks || printf '%s ' \$n
	done"
}

# As somebody who wants all the memory that there is; a refusal is an answer, too.
online_all() {
	in_guest "$1" "cd $BLOCKS; for b in memory[0-9]*; do
		[ \$(cat \$b/state) = online ] || echo online >\$b/state
		printf '%s:%s ' \$b \$(cat \$b/state)
	done 2>&1"
}

# use_all NAME LABEL: a page without a frame does not survive being written and read.
use_all() {
	check_ok "$1: $2: fill what there is" guest_fill "$1" all $(($(guest_meminfo "$1" MemAvailable) / 1024 - 64))
	check_ok "$1: $2: contents of it" guest_verify "$1" all
	check_ok "$1: $2: contents from before" guest_verify "$1" data
	check_ok "$1: $2: free it" guest_release "$1" all
}

# ---- the kernel's driver adds a block while ours is being loaded: it is told to grow
# so many ms after ours began
race() {
	local g=$1 delay=$2 mib=$3 kib
	in_guest $g "
		(n=0; until grep -q 'Hotballoon window' /proc/iomem || [ \$n -gt 200 ]; do n=\$((n + 1)); done
		 sleep 0.$(printf %03d "$delay"); echo $((mib * 1024)) >$XEN_MEMORY/target_kb) &
		insmod /xen-hotballoon.ko; status=\$?; wait; exit \$status" || { fail "$g: load"; return; }
	check_ok "$g: $delay ms: it comes to rest" wait_report $g state idle 60
	kib=$(in_guest $g cat $REPORT/target_kb)
	note "$g: $delay ms: present and online: $(guest_blocks $g), target $kib KiB"
	check "$g: $delay ms: no block that the driver does not know" "" "$(unknown_blocks $g)"
	note "$g: $(online_all $g)"
	sleep 1
	check_ok "$g: $delay ms: rests" reach $g "$kib"
	books_check $g "$kib" "$delay ms"
	frames_check $g "$delay ms"
	use_all $g "$delay ms"
	check_ok "$g: $delay ms: unload" in_guest $g rmmod xen_hotballoon
}

races() {
	local g=race mib=$BOOT delay
	guest_start $g memory=$BOOT "$@" driver=none
	books_open $g
	check_ok "$g: fill" guest_fill $g data 40
	xl mem-max $g 2000
	for delay in 0 40 120; do
		mib=$((mib + 128))
		race $g $delay $mib
	done
	check_ok "$g: load at last" in_guest $g insmod /xen-hotballoon.ko
	for mib in 300 200; do
		xl mem-set $g $mib
		check_ok "$g: reaches $mib MiB" reach $g $((mib * 1024))
		books_check $g $((mib * 1024)) "at last, $mib MiB"
	done
	check_ok "$g: contents" guest_verify $g data
	check_log $g
	guest_destroy $g
}

# ---- a block that nobody's balloon driver added
# in_window NAME: an address that the driver has reserved for blocks of its own, far from
# those that it adds first.
in_window() {
	# shellcheck disable=SC2016 # for awk
	in_guest "$1" 'grep "Hotballoon window" /proc/iomem' |
		{ IFS=- read -r first _ && printf '0x%x' $((0x$first + 0x800000000)); }
}

# stray NAME ADDRESS LABEL: it is added, wanted online, and the guest's memory used.
stray() {
	local g=$1 address=$2 label=$3 before
	before=$(guest_memtotal_kib $g)
	check_ok "$g: $label: a block is added" in_guest $g insmod /addblock.ko start="$address"
	note "$g: $label: $(online_all $g)"
	frames_check $g "$label"
	check "$g: $label: MemTotal is as it was" "$before" "$(guest_memtotal_kib $g)"
	use_all $g "$label"
}

# sizes NAME LABEL: with that block, or after it
sizes() {
	local g=$1 mib
	for mib in 200 420 $BOOT; do
		xl mem-set $g $mib
		check_ok "$g: $2: reaches $mib MiB" reach $g $((mib * 1024))
		books_check $g $((mib * 1024)) "$2, $mib MiB"
	done
}

# forgets NAME BLOCK: the driver looks every 30 s for blocks that vanished.
forgets() {
	local waited=0
	while [ $waited -lt 40 ]; do
		in_guest "$1" "! awk '\$1 == $2 { found = 1 } END { exit !found }' $BOOKS/blocks" && return
		sleep 1
		waited=$((waited + 1))
	done
	return 1
}

# stray_leaves NAME ADDRESS LABEL: whoever added it may remove it again, as long as nobody has
# put frames behind it.
stray_leaves() {
	local block=$BLOCKS/memory$(($2 / 134217728))
	check_ok "$1: $3: the block is taken offline" in_guest $1 \
		"[ \$(cat $block/state) = offline ] || echo offline >$block/state"
	check_ok "$1: $3: and removed" in_guest $1 "rmmod addblock && [ ! -e $block ]"
	check_ok "$1: $3: and forgotten" forgets $1 "${block##*memory}"
}

strays() {
	local g=stray address
	guest_start $g memory=$BOOT "$@"
	books_open $g
	check_ok "$g: fill" guest_fill $g data 40
	xl mem-max $g 512
	for address in 0xc0000000 "$(in_window $g)"; do
		stray $g $address "$address"
		stray_leaves $g $address "$address"
		sizes $g "$address, gone"
	done
	stray $g 0x4400000000 "stays"
	sizes $g "stays"
	use_all $g "stays, after it"
	check_ok "$g: added blocks have left" wait_report $g added_blocks 0
	check_ok "$g: unload" in_guest $g rmmod xen_hotballoon
	check_ok "$g: load" in_guest $g insmod /xen-hotballoon.ko
	check_ok "$g: is at $BOOT MiB" reach $g $((BOOT * 1024))
	books_check $g $((BOOT * 1024)) "loaded again"
	check_ok "$g: contents" guest_verify $g data
	check_log $g
	guest_destroy $g
}

# ---- the same, and the driver is loaded into it
found() {
	local g=found
	guest_start $g memory=$BOOT "$@" driver=none cmdline=memhp_default_state=offline
	books_open $g
	check_ok "$g: fill" guest_fill $g data 40
	xl mem-max $g 512
	check_ok "$g: a block is added" in_guest $g insmod /addblock.ko start=0xc0000000
	check_ok "$g: load" in_guest $g insmod /xen-hotballoon.ko
	check_ok "$g: is at $BOOT MiB" reach $g $((BOOT * 1024))
	check "$g: no block that the driver does not know" "" "$(unknown_blocks $g)"
	note "$g: $(online_all $g)"
	check_ok "$g: rests" reach $g $((BOOT * 1024))
	books_check $g $((BOOT * 1024)) "with the block"
	frames_check $g "with the block"
	use_all $g "with the block"
	check_ok "$g: contents" guest_verify $g data
	check_log $g
	guest_destroy $g
}

for part in $(echo "$parts" | tr , ' '); do
	case $part in
	races | strays | found) "$part" "$@" ;;
	*) fail "unknown: no part '$part'" ;;
	esac
done
