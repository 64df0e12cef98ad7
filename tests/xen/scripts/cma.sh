# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043,SC2016 # ash has local; much is for the guest's shell
#
# cma [KEY=VALUE...]: a 512 MiB guest that sets 128 MiB aside for devices (cma=128M; the kernel
# needs CONFIG_CMA) is told 256 MiB, 64 MiB and 0.  None of what is set aside goes to Xen, and
# none of it counts as what the kernel has for itself: the guest lives, and grows again.
. /lab/files/lib-driver.sh

# held_there NAME FROM: how many pages of the 128 MiB from there have no frame.
held_there() {
	in_guest "$1" "insmod /frames.ko from=$2 to=$(($2 + 128 * 1048576 - 1)) && rmmod frames &&
		dmesg | sed -n 's/.*frames: used=.* held=\([0-9]*\) .*/\1/p' | tail -n 1"
}

g=guest
guest_start $g memory=512 cmdline=cma=128M "$@"
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
	note "$g: told $kib KiB it has $(($(guest_tot_pages $g) / 256)) MiB, free for devices $(guest_meminfo $g CmaFree) KiB"
	check "$g: told $kib KiB: of what is set aside Xen has" 0 "$(held_there $g "$from")"
	check "$g: told $kib KiB: fifty processes at a time" 50 \
		"$(in_guest $g 'i=0; while [ $i -lt 50 ]; do sh -c "sleep 1; echo x" & i=$((i + 1)); done | grep -c x')"
	check "$g: told $kib KiB: no OOM kill" 0 "$(oom_kills $g)"
done

xl mem-set $g 512
check_ok "$g: and back" reach $g 524288
books_check $g 524288 "512 MiB"
check_log $g
