# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# swap [on=disk] [KEY=VALUE...]: a guest with swap, in memory (zram) or on a disk of dom0, and much
# data that nobody touches is told less than it holds.  It has the kernel swap, keeps the floor's
# reserve and its content, and stops where it hurts; with "never", from itself or from the host, it
# stops with its swap unused.
. /lab/files/lib-driver.sh

g=guest
IDLE=300	# MiB of text in a tmpfs, which compresses well

key() { echo "/local/domain/$(guest_domid $g)/$1"; }
size_mib() { echo $(($(guest_tot_pages $g) / 256)); }
swapped_mib() { echo $((($(guest_meminfo $g SwapTotal) - $(guest_meminfo $g SwapFree)) / 1024)); }
idle_sum() { in_guest -t 600 $g "md5sum </idle/data"; }

# How often the kernel was made to swap, and MiB that it has written there.
presses() { in_guest $g "sed -n 's/^press \([0-9]*\) .*/\1/p' $BOOKS/steps"; }
written_mib() { echo $(($(in_guest $g "sed -n 's/^pswpout //p' /proc/vmstat") / 256)); }
# At 8 MiB it is stopped, and ends what it is at.
STEP_MIB=16

# KiB that move while one looks.
MOVES=4096

# The floor's rule.
reserve_stays() {
	local total
	total=$(guest_meminfo $g MemTotal)
	note "$g: $1: $(guest_meminfo $g MemAvailable) KiB of $total KiB are available, $(swapped_mib) MiB in swap"
	check_ok "$g: $1: the reserve is there" \
		[ "$(guest_meminfo $g MemAvailable)" -ge $((12288 + total / 16 - MOVES)) ]
	check "$g: $1: no OOM kill" 0 "$(oom_kills $g)"
}

# The disk is in dom0's memory, and takes as much of it as is swapped.
on_disk() {
	local module
	for module in loop xen-blkback xen-netback; do
		insmod /lib/modules/$module.ko || fail "dom0: load $module"
	done
	truncate -s 600M /run/swap && losetup /dev/loop0 /run/swap || fail "dom0: a disk"
	guest_start $g memory=512 io=yes "$@" cfg="disk = ['phy:/dev/loop0,xvda,w']"
	check_ok "$g: swap on a disk" in_guest $g '
		[ ! -e /lib/modules/xen-blkfront.ko ] || insmod /lib/modules/xen-blkfront.ko || exit 1
		until [ -b /dev/xvda ]; do sleep 0.1; done && mkswap /dev/xvda >/dev/null && swapon /dev/xvda'
}

in_memory() {
	guest_start $g memory=512 io=yes "$@"
	check_ok "$g: swap in memory" in_guest $g 'for m in zsmalloc lz4_compress lz4hc_compress zram; do
		[ ! -e /lib/modules/$m.ko ] || insmod /lib/modules/$m.ko || exit 1
	done
	echo 600M >/sys/block/zram0/disksize && mkswap /dev/zram0 >/dev/null && swapon /dev/zram0'
}

case ${1:-} in
on=disk) shift; on_disk "$@" ;;
*) in_memory "$@" ;;
esac
books_open $g
check_ok "$g: $IDLE MiB of idle data" in_guest -t 300 $g "mkdir /idle && mount -t tmpfs -o size=${IDLE}m idle /idle &&
	yes 'what nobody has looked at for a long time is in use all the same' |
	dd of=/idle/data bs=64k count=$((IDLE * 16)) iflag=fullblock 2>/dev/null"
sum=$(idle_sum)

# Nothing is swapped if the guest says so, whatever the host wants.
check_ok "$g: never" in_guest $g "echo never >/sys/module/xen_hotballoon/parameters/swap"
xenstore-write "$(key memory/hotballoon-swap)" always
xl mem-set $g 128
check_ok "$g: never: it stops" wait_report $g cause guest-floor 60
sleep 5
before=$(size_mib)
note "$g: never: it stops at $before MiB with $(swapped_mib) MiB in swap"

# Nor if the host does.
xenstore-write "$(key memory/hotballoon-swap)" never
check_ok "$g: idle" in_guest $g "echo idle >/sys/module/xen_hotballoon/parameters/swap"
sleep 3
check_ok "$g: the host's never: it stays" [ "$(size_mib)" -ge $((before - 4)) ]

pressed=$(presses) written=$(written_mib)
rm -f /tmp/enough /tmp/most
follow_distress $g &
follower=$!
xenstore-rm "$(key memory/hotballoon-swap)"
check_ok "$g: idle: it says that it swaps" wait_report $g cause swapping 30
check "$g: idle: and that it shrinks" shrinking "$(in_guest $g cat $REPORT/state)"
check_ok "$g: idle: it is there, or stops" wait_until $g 400 "[ \$(cat $REPORT/cause) != swapping ]"
touch /tmp/enough
wait $follower
# What is on its way to swap is no memory that the guest lacks.
check "$g: idle: it lacked nothing meanwhile" 0 "$(cat /tmp/most 2>/dev/null || echo 0)"
after=$(size_mib)
note "$g: idle: it stops at $after MiB, for $(in_guest $g cat $REPORT/cause)"
check_ok "$g: idle: it is 150 MiB further" [ "$after" -le $((before - 150)) ]
check_ok "$g: idle: there is something in swap" [ "$(swapped_mib)" -ge 150 ]
pressed=$(($(presses) - pressed)) written=$(($(written_mib) - written))
note "$g: idle: $written MiB were swapped out in $pressed steps"
check_ok "$g: idle: no more than it should in a step" [ "$written" -le $((pressed * STEP_MIB)) ]
reserve_stays "idle"
in_guest $g "grep -A 3 'zone \|min\|high' /proc/zoneinfo | grep 'zone\|min\|low\|high '" | sed 's/^/# /'

xl mem-set $g 512
check_ok "$g: and back" reach $g 524288
check "$g: content" "$sum" "$(idle_sum)"
books_check $g 524288 "512 MiB"

# What is read all the time hurts: most of it stays, however long it is tried.
in_guest $g "echo 'while :; do md5sum </idle/data; echo; done' >/tmp/read.sh; sh /tmp/read.sh >/tmp/reads 2>&1 & echo \$! >/tmp/reader"
sleep 10
xl mem-set $g 128
check_ok "$g: in use: it stops" wait_report $g cause guest-floor 120
stopped=$(size_mib)
note "$g: in use: it has $stopped MiB, $(swapped_mib) MiB in swap"
check_ok "$g: in use: it keeps most of it" [ "$stopped" -ge $(((before + after) / 2)) ]
reserve_stays "in use"
sleep 120
note "$g: in use: after two minutes it has $(size_mib) MiB, all was read $(in_guest $g 'grep -c . /tmp/reads') times"
check_ok "$g: in use: it stays" [ "$(size_mib)" -ge $((stopped - 32)) ]
reserve_stays "in use, later"
check_ok "$g: in use: end" in_guest $g "kill \$(cat /tmp/reader)"
xl mem-set $g 512
check_ok "$g: in use: and back" reach $g 524288 120
books_check $g 524288 "512 MiB again"
check_log $g
