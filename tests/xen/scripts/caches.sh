# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# caches [KEY=VALUE...]: a guest without swap that caches much of files is told less than its floor,
# which takes some of that for needed: half, but no more than the low watermark, which is large
# here.  After minutes in which nothing went it drops them, unless it is told not to, and keeps the
# floor's reserve.  Where nothing is left to drop, kswapd is not worn out for others by that.
. /lab/files/lib-driver.sh

g=guest
CACHED=240	# MiB of pages of files
FILES=20000	# with an inode and a dentry each
MIN_FREE=24	# MiB, of which the low watermark is made
TARGET=64	# MiB
GAIN=12		# MiB
PARAMETER=/sys/module/xen_hotballoon/parameters/drop_caches
# Before it drops anything: HB_PRESS_STUCK_MS.
STUCK_S=120

size_mib() { echo $(($(guest_tot_pages $g) / 256)); }
cached_mib() { echo $((($(guest_meminfo $g Cached) + $(guest_meminfo $g SReclaimable)) / 1024)); }

presses() { in_guest $g "sed -n 's/^press \([0-9]*\) .*/\1/p' $BOOKS/steps"; }
stalls() { in_guest $g "awk '/^allocstall_/ { n += \$2 } END { print n }' /proc/vmstat"; }
# Of each zone: 1 where kswapd has given up, and is not woken any more.
given_up() { in_guest $g "sed -n 's/.*node_unreclaimable: *//p' /proc/zoneinfo" | sort -u; }

# How often it dropped some, as the host sees it.
told_drops() {
	xenstore-read "/local/domain/$(guest_domid $g)/data/hotballoon/stats" | tr ' ' '\n' |
		sed -n 's/^cache-drops=//p'
}
is_told() { [ "$(told_drops)" -gt 0 ]; }

guest_start $g memory=512 io=yes "$@"
books_open $g
# shellcheck disable=SC2016 # for the guest's shell
check_ok "$g: fill its caches" in_guest -t 600 $g '
	for m in crc16 crc32c_generic mbcache jbd2 ext4 loop; do
		[ ! -e /lib/modules/$m.ko ] || insmod /lib/modules/$m.ko || exit 1
	done
	truncate -s 2G /tmp/image && mke2fs -F /tmp/image >/dev/null && mkdir /tmp/fs &&
	mount -t ext4 -o loop /tmp/image /tmp/fs && cachefill /tmp/fs '"$FILES $CACHED"' && sync'
note "$g: $(cached_mib) MiB are cached, $(guest_meminfo $g MemAvailable) KiB available"

check_ok "$g: large watermarks" in_guest $g "echo $((MIN_FREE * 1024)) >/proc/sys/vm/min_free_kbytes"
check_ok "$g: told not to" in_guest $g "echo 0 >$PARAMETER"
xl mem-set $g $TARGET
check_ok "$g: it stops" wait_until $g 120 "case \$(cat $REPORT/cause) in guest-floor | guest-busy) ;; *) false ;; esac"
sleep $((STUCK_S + 20))
before=$(size_mib) cached=$(cached_mib)
note "$g: it stops at $before MiB with $cached MiB cached"
check "$g: the host sees that it keeps them" 0 "$(told_drops)"

check_ok "$g: told to" in_guest $g "echo 1 >$PARAMETER"
sleep $((STUCK_S + 60))
note "$g: after three minutes it has $(size_mib) MiB with $(cached_mib) MiB cached, for $(in_guest $g cat $REPORT/cause)"
check_ok "$g: it goes on" [ "$(size_mib)" -le $((before - GAIN)) ]
check_ok "$g: the host sees that" soon is_told
check_ok "$g: by what was cached" [ "$(cached_mib)" -le $((cached - GAIN)) ]
total=$(guest_meminfo $g MemTotal)
check_ok "$g: the reserve is there" [ "$(guest_meminfo $g MemAvailable)" -ge $((12288 + total / 16)) ]
xl mem-set $g 512
check_ok "$g: and back" reach $g 524288
books_check $g 524288 "512 MiB"

check_ok "$g: no files any more" in_guest $g 'umount /tmp/fs && rm /tmp/image && echo 3 >/proc/sys/vm/drop_caches'
pressed=$(presses) stalled=$(stalls)
xl mem-set $g $TARGET
sleep $((STUCK_S + 90))
note "$g: with nothing to drop it has $(size_mib) MiB, $(cached_mib) MiB cached, $(($(stalls) - stalled)) stalls"
check_ok "$g: it has tried" [ "$(presses)" -gt "$pressed" ]
check "$g: kswapd has not given up" 0 "$(given_up)"
xl mem-set $g 512
check_ok "$g: and back again" reach $g 524288
books_check $g 524288 "512 MiB again"
check_log $g
