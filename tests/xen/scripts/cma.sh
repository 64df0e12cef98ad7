# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043,SC2016 # ash has local; much is for the guest's shell
#
# cma [KEY=VALUE...]: a 512 MiB guest that sets 128 MiB aside for devices (cma=128M; the kernel
# needs CONFIG_CMA) is told 256 MiB, 64 MiB and 0.  None of what is set aside goes to Xen, and
# none of it counts as what the kernel has for itself, nor does page cache that lies there: the
# guest lives, and grows again.
. /lab/files/lib-driver.sh

CACHED=320	# MiB of pages of files: more than there is room for elsewhere

# held_there NAME FROM: how many pages of the 128 MiB from there have no frame.
held_there() {
	in_guest "$1" "insmod /frames.ko from=$2 to=$(($2 + 128 * 1048576 - 1)) && rmmod frames &&
		dmesg | sed -n 's/.*frames: used=.* held=\([0-9]*\) .*/\1/p' | tail -n 1"
}

# lives LABEL: Xen has nothing of what is set aside, and there is enough to live on.
lives() {
	note "$g: $1 it has $(($(guest_tot_pages $g) / 256)) MiB, free for devices $(guest_meminfo $g CmaFree) KiB"
	check "$g: $1: of what is set aside Xen has" 0 "$(held_there $g "$from")"
	check "$g: $1: fifty processes at a time" 50 \
		"$(in_guest $g 'i=0; while [ $i -lt 50 ]; do sh -c "sleep 1; echo x" & i=$((i + 1)); done | grep -c x')"
	check "$g: $1: no OOM kill" 0 "$(oom_kills $g)"
}

# and_back: to 512 MiB
and_back() {
	xl mem-set $g 512
	check_ok "$g: and back" reach $g 524288
	books_check $g 524288 "512 MiB"
}

g=guest
guest_start $g memory=512 io=yes cmdline=cma=128M "$@"
books_open $g
target=/local/domain/$(guest_domid $g)/memory/target
check "$g: has set it aside" 131072 "$(guest_meminfo $g CmaTotal)"
from=$(in_guest $g dmesg | sed -n 's/.*cma: Reserved 128 MiB at \(0x[0-9a-f]*\).*/\1/p')
check_ok "$g: says where" [ -n "$from" ]

for kib in 262144 65536 0; do
	xenstore-write "$target" $kib
	if [ $kib = 262144 ]; then
		check_ok "$g: told $kib KiB it goes there" reach $g $kib
		books_check $g $kib "$kib KiB"
	else
		check_ok "$g: told $kib KiB it says guest-floor" wait_report $g cause guest-floor 60
	fi
	sleep 3
	lives "told $kib KiB"
done
and_back

free=$(guest_meminfo $g CmaFree)
check_ok "$g: fill its caches" in_guest -t 600 $g '
	for m in crc16 crc32c_generic mbcache jbd2 ext4 loop; do
		[ ! -e /lib/modules/$m.ko ] || insmod /lib/modules/$m.ko || exit 1
	done
	truncate -s 2G /tmp/image && mke2fs -F /tmp/image >/dev/null && mkdir /tmp/fs &&
	mount -t ext4 -o loop /tmp/image /tmp/fs && cachefill /tmp/fs 0 '$CACHED' && sync'
check_ok "$g: page cache lies in what is set aside" [ "$(guest_meminfo $g CmaFree)" -lt $((free - 16384)) ]
xenstore-write "$target" 0
check_ok "$g: it stops" wait_until $g 120 "case \$(cat $REPORT/cause) in guest-floor | guest-busy) ;; *) false ;; esac"
sleep 3
lives "full of page cache, told 0"
and_back
check_log $g
