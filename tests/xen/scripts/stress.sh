# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
# needs: stress
#
# stress [seed=N] [targets=N] [without=A,B...] [KEY=VALUE...]: Debian's stress-ng does to the guest's
# memory what it can, but for stressors A, B..., with swap in memory (zram), while random targets
# come.  At the end the guest lives, nothing of the kernel's is to be seen in its log, and its
# books are exact.
. /lab/files/lib-driver.sh

g=guest
seed=$(random_seed "$1")
case ${1:-} in seed=*) shift ;; esac
TARGETS=200
ARRIVES_S=30
case ${1:-} in targets=*) TARGETS=${1#targets=}; shift ;; esac
without=''
case ${1:-} in without=*) without=${1#without=}; shift ;; esac
# shellcheck disable=SC2034 # random_below has it
RANDOM_STATE=$seed
note "seed=$seed targets=$TARGETS without=$without"

# What runs beside each other, an option and its value a line.  Debian 12's has not all of them:
# there brk has no bound, and is left out; the others are as large by themselves.
STRESSORS='--vm 1
--vm-bytes 64m
--mmap 1
--mmap-bytes 48m
--brk-bytes 48m
--madvise 1
--madvise-hwpoison
--memfd 1
--memfd-bytes 32m
--shm 1
--shm-bytes 8m
--userfaultfd 1
--userfaultfd-bytes 16m
--memhotplug 1
--numa 1'

# stressors: those of the program in dom0's /stress, in one line.
stressors() {
	local help option value name
	help=$(/stress/lib64/ld-linux-x86-64.so.2 --library-path /stress/lib/x86_64-linux-gnu /stress/bin/stress-ng --help)
	echo "$STRESSORS" | while read -r option value; do
		case $help in *"$option "*) ;; *) continue ;; esac
		name=${option#--}
		case ,$without, in *",${name%%-*},"*) continue ;; esac
		[ "$option" != --brk-bytes ] || printf ' --brk 1'
		printf ' %s' "$option" ${value:+"$value"}
	done
}

# A file system with the program, which is as large as its libraries.
make_disk() {
	local module kib
	for module in loop xen-blkback crc16 crc32c_generic mbcache jbd2 ext4; do
		[ ! -e /lib/modules/$module.ko ] || insmod /lib/modules/$module.ko || fail "dom0: load $module"
	done
	kib=$(du -sk /stress)
	truncate -s $((${kib%%[!0-9]*} * 5 / 4 + 8192))K /run/image && losetup /dev/loop6 /run/image &&
		mke2fs /dev/loop6 >/dev/null && mkdir -p /run/disk && mount -t ext4 /dev/loop6 /run/disk &&
		cp -r /stress/* /run/disk/ && umount /run/disk || fail "dom0: make a disk"
}

prepare() {
	check_ok "$g: swap and the program" in_guest -t 240 $g '
		for m in crc16 crc32c_generic mbcache jbd2 ext4 xen-blkfront zsmalloc lz4_compress lz4hc_compress zram; do
			[ ! -e /lib/modules/$m.ko ] || insmod /lib/modules/$m.ko || exit 1
		done
		until [ -b /dev/xvda ]; do sleep 0.2; done
		mkdir -p /s && mount -t ext4 -o ro /dev/xvda /s || exit 1
		echo 300M >/sys/block/zram0/disksize && mkswap /dev/zram0 >/dev/null && swapon /dev/zram0
		mkdir -p /dev/shm && mount -t tmpfs shm /dev/shm'
}

stress() {
	check_ok "$g: stress-ng begins" in_guest $g "cd /tmp
		/s/lib64/ld-linux-x86-64.so.2 --library-path /s/lib/x86_64-linux-gnu /s/bin/stress-ng \
			--oomable --temp-path /tmp $stressors >/tmp/stress.log 2>&1 &
		sleep 5; pidof ld-linux-x86-64.so.2 stress-ng >/dev/null || { cat /tmp/stress.log; exit 1; }"
}

is_stressed() { in_guest -t 120 $g 'pidof ld-linux-x86-64.so.2 stress-ng >/dev/null'; }

# It is there, or says why not; the cause is always there, and "none" says nothing.
arrives_or_says() {
	local report cause
	report="/local/domain/$(guest_domid $g)/data/hotballoon"
	[ "$(xenstore-read "$report/state")" != idle ] || return 0
	cause=$(xenstore-read "$report/cause")
	[ -n "$cause" ] && [ "$cause" != none ]
}

# arrives_in_time: what moves needs time under stress, but not minutes.
arrives_in_time() {
	local end
	end=$(($(date +%s) + ARRIVES_S))
	until arrives_or_says; do
		[ "$(date +%s)" -lt $end ] || return 1
		sleep 0.2
	done
}

# event NAME: of the guest's /proc/vmstat.
event() { in_guest -t 120 $g "sed -n 's/^$1 //p' /proc/vmstat"; }

stressors=$(stressors)
note "stress-ng$stressors"
check_ok "some of it can be done" [ "$(echo "$stressors" | wc -w)" -gt 10 ]
make_disk
guest_start $g memory=384 io=yes "$@" cfg='shadow_memory = 16
disk = [ "phy:/dev/loop6,xvda,r" ]'
books_open $g
xl mem-max $g 768
prepare
stress
n=0
while [ $n -lt "$TARGETS" ]; do
	random_below 640
	xl mem-set $g $((128 + RANDOM_NUMBER))
	random_below 3000
	sleep $((RANDOM_NUMBER / 1000)).$((RANDOM_NUMBER % 1000))
	n=$((n + 1))
	[ $((n % 20)) != 0 ] || check_ok "$g: target $n is reached, or it says why not" arrives_in_time
done
check_ok "$g: it lives" in_guest -t 120 $g true
check_ok "$g: it is still under stress" is_stressed
check_ok "$g: it has swapped" [ "$(event pswpout)" -gt 0 ]
note "$g: under stress: $(($(guest_tot_pages $g) / 256)) MiB, $(oom_kills $g) OOM kills"
check "$g: a recount of its books under stress" ok "$(in_guest -t 120 $g cat $BOOKS/check)"
# What takes blocks offline is killed before it has put them online again.
check_ok "$g: end" in_guest -t 120 $g "killall -9 ld-linux-x86-64.so.2 stress-ng 2>/dev/null; sleep 2
	for state in $BLOCKS/memory[0-9]*/state; do
		case \$(cat \$state) in online) ;; *) echo online >\$state || exit 1 ;; esac
	done"
for mib in 384 640 256; do
	xl mem-set $g $mib
	check_ok "$g: $mib MiB" reach $g $((mib * 1024)) 180
	books_check $g $((mib * 1024)) "$mib MiB"
done
# What was killed for want of memory, and what broke, was to be.
check_log $g 'oom-kill\|[Oo]ut of memory\|[Mm]emory failure'
