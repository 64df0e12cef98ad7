# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# toggle [WAY] [KEY=VALUE...]: in a guest of 512 MiB, or memory=M, user space takes blocks offline and puts them online, in each
# of the three ways or only in that one: full, partly plugged and empty ones, and boot
# memory.  What the driver believes is true at each step, nothing without a frame reaches
# the allocator, and a block that somebody took offline is left alone, whatever the target
# does meanwhile.
. /lab/files/lib-driver.sh

g=guest
BLOCK_PAGES=32768

# plugged N: KiB of the block that have a frame.
plugged() { echo $(((BLOCK_PAGES - $(driver_block $g "$1" 5)) * 4)); }

# zone_of N: the zone of an online block, as the kernel says.
zone_of() { in_guest $g "cat $BLOCKS/memory$1/valid_zones"; }

check_parked() {
	local label=$1 block=$2
	check "$g: $label: is offline" offline "$(in_guest $g "cat $BLOCKS/memory$block/state")"
	check "$g: $label: the driver leaves it alone" parked "$(driver_block $g "$block" 3)"
}

# take_offline LABEL N: the guest loses what the block had, Xen's count does not change.
take_offline() {
	local label=$1 block=$2 kib total tot
	kib=$(plugged "$block")
	total=$(guest_memtotal_kib $g)
	tot=$(guest_tot_pages $g)
	check_ok "$g: $label: take it offline" set_block $g "$block" offline
	check "$g: $label: MemTotal is less by its $kib KiB" $((total - kib)) "$(guest_memtotal_kib $g)"
	check_parked "$label" "$block"
	sleep 2
	check_parked "$label, later" "$block"
	check "$g: $label: Xen counts what it did" "$tot" "$(guest_tot_pages $g)"
	check "$g: $label: a recount of the books" ok "$(in_guest $g cat $BOOKS/check)"
}

put_online() {
	local label=$1 block=$2 how=$3
	check_ok "$g: $label: $how" set_block $g "$block" "$how"
	check "$g: $label: $how: the driver knows" online "$(driver_block $g "$block" 3)"
	case $how in
	online_movable) check "$g: $label: is movable" "Movable 1" "$(zone_of "$block") $(driver_block $g "$block" 4)" ;;
	online_kernel) check "$g: $label: is the kernel's" "Normal 0" "$(zone_of "$block") $(driver_block $g "$block" 4)" ;;
	esac
	books_check $g "$target" "$label: $how"
}

try_block() {
	take_offline "$1" "$2"
	put_online "$1" "$2" "$how"
}

go_to() {
	target=$(($1 * 1024))
	xl mem-set $g "$1"
	check_ok "$g: reaches $1 MiB" reach $g $target
}

# The target moves around a block that somebody took offline, until it is empty.
try_targets() {
	take_offline "a block" "$1"
	go_to $((boot + 448))
	check_parked "while the guest grows" "$1"
	go_to $((boot + 320))
	check_parked "while the guest shrinks" "$1"
	check "$g: what it had went first" $BLOCK_PAGES "$(driver_block $g "$1" 5)"
	books_check $g $target "with an empty block that is parked"
}

# An empty block that goes online has nothing to give; the driver retires it.
try_empty() {
	check_ok "$g: an empty block: $how" set_block $g "$1" "$how"
	books_check $g $target "an empty block: $how"
	check_ok "$g: the driver takes it offline again" wait_empty_gone "$1"
	books_check $g $target "the empty block is gone"
}

wait_empty_gone() {
	in_guest $g "n=0; while grep -q ^online $BLOCKS/memory$1/state 2>/dev/null; do
		n=\$((n + 1)); [ \$n -lt 200 ] || exit 1; sleep 0.1; done"
}

# tell_why BLOCK: what of the kernel's last words are of the page that kept it from going offline.
tell_why() {
	note "$g: block $1 stays: $(in_guest $g "dmesg | tail -n 6 | grep -e pfn -e 'dumped because'" | tr '\n' ' ')"
}

# The kernel keeps what it cannot move, and says so.
try_boot_memory() {
	local block went=0 n=0
	go_to $((boot - 32))
	for block in $(driver_blocks $g '$2 == "boot"'); do
		n=$((n + 1))
		set_block $g "$block" offline 2>/dev/null || { tell_why "$block"; continue; }
		went=$((went + 1))
		check_parked "boot memory, block $block" "$block"
		put_online "boot memory, block $block" "$block" online
	done
	note "$g: $went of $n boot blocks went offline"
	books_check $g $target "boot memory"
}

# A block may be for ever what it was put online for: a guest for each way.
try_way() {
	local how=$1 full partly
	shift
	guest_start $g memory=$boot "$@"
	books_open $g
	check_ok "$g: fill" guest_fill $g data 40
	xl mem-max $g $((boot + 640))
	go_to $((boot + 320))
	full=$(driver_blocks $g '$2 == "ours" && $5 == 0')
	check_ok "$g: two full blocks: $full" [ "${full%% *}" != "${full##* }" ]
	try_targets "${full##* }"
	try_empty "${full##* }"
	partly=$(driver_blocks $g '$2 == "ours" && $3 == "online" && $5 > 0')
	try_block "a full block" "${full%% *}"
	try_block "a partly plugged block" "$partly"
	try_boot_memory
	go_to $boot
	books_check $g $target "at last"
	check_ok "$g: contents" guest_verify $g data
	check_log $g
	guest_destroy $g
}

ways='online_movable online online_kernel'
case ${1:-} in
online*)
	ways=$1
	shift
	;;
esac
boot=$(boot_size 512 "$@")
for way in $ways; do
	try_way "$way" "$@"
done
