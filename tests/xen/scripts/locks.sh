# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# locks [KEY=VALUE...]: all that takes a lock of the driver, beside what may take it at the same
# moment: targets both ways and the unloading of the module while processors come and go, all of
# its files are read, statistics and sizing by itself are switched; need with and without a grant
# of the host; a restore.  On the debug kernel lockdep knows from one time that an order is wrong.
# With vcpus=2 processors come and go; with one, nothing comes of that.
. /lab/files/lib-driver.sh

g=guest
GRANTED=40	# MiB
PARAMETERS=/sys/module/xen_hotballoon/parameters

key() { echo "/local/domain/$(guest_domid $g)/$1"; }
rescued() { xenstore-read "$(key data/hotballoon/rescued)" 2>/dev/null || echo 0; }
lacks() { [ "$(lacking $g)" -gt 0 ]; }
is_over() { [ "$(lacking $g)" -eq 0 ]; }
took() { [ "$(rescued)" -gt 0 ]; }

# Until they are ended; each counts its rounds.
start_beside() {
	[ $processors = 1 ] || guest_spawn $g processors 'cd /sys/devices/system/cpu/cpu1; n=0
		while echo 0 >online && sleep 0.2 && echo 1 >online; do
			n=$((n + 1)); echo $n >/run/processors.rounds; sleep 0.2
		done'
	guest_spawn $g readers "n=0; while :; do
			cat $REPORT/* $BOOKS/* /proc/meminfo >/dev/null 2>&1
			[ ! -e /proc/kcore ] || dd if=/proc/kcore of=/dev/null bs=64k count=16 2>/dev/null
			n=\$((n + 1)); echo \$n >/run/readers.rounds; sleep 0.1
		done"
	guest_spawn $g switches "n=0; while :; do
			for parameter in stats autoballoon; do
				echo 0 >$PARAMETERS/\$parameter; sleep 0.1; echo 1 >$PARAMETERS/\$parameter
			done
			echo 0 >$PARAMETERS/autoballoon
			n=\$((n + 1)); echo \$n >/run/switches.rounds
		done 2>/dev/null"
}

rounds() { in_guest $g "cat /run/$1.rounds 2>/dev/null || echo 0"; }

end_beside() {
	local what
	for what in $beside; do
		check_ok "$g: $1: $what: $(rounds $what) rounds" [ "$(rounds $what)" -gt 0 ]
		guest_end $g $what >/dev/null
	done
	in_guest $g "[ $processors = 1 ] || echo 1 >/sys/devices/system/cpu/cpu1/online 2>/dev/null
		[ ! -e $PARAMETERS ] || { echo 1 >$PARAMETERS/stats; echo 0 >$PARAMETERS/autoballoon; }"
	check "$g: $1: all processors are there" $processors "$(in_guest $g 'grep -c ^processor /proc/cpuinfo')"
}

# goes_to MIB LABEL
goes_to() {
	xl mem-set $g "$1"
	check_ok "$g: $2: reaches $1 MiB" reach $g $(($1 * 1024)) 120 || books_show $g
	books_check $g $(($1 * 1024)) "$2, $1 MiB"
}

boot=$(boot_size 256 "$@")
guest_start $g memory=$boot "$@"
books_open $g
processors=$(in_guest $g 'grep -c ^processor /proc/cpuinfo')
beside="readers switches"
[ "$processors" = 1 ] || beside="processors $beside"
xl mem-max $g $((boot + 256))

# Before anything is hot-added, which may keep the module.
start_beside
for n in 1 2 3; do
	check_ok "$g: unload $n" wait_until $g 60 'rmmod xen_hotballoon 2>/dev/null'
	check_ok "$g: load $n" in_guest $g insmod /xen-hotballoon.ko
	sleep 3
done
end_beside "reloaded"
goes_to $((boot - 50)) "reloaded"

# It sizes itself now and then meanwhile: where it is tells only what comes afterwards.
start_beside
for mib in $((boot + 130)) $((boot - 60)) $((boot + 190)) $((boot - 40)); do
	xl mem-set $g $mib
	sleep 8
done
end_beside "resized"
goes_to $((boot - 60)) "resized"

# What is needed is told, and taken as far as it is granted.
eat_until_kill $g "without a grant" 120
check_ok "$g: without a grant something is killed" [ "$(oom_kills $g)" -gt 0 ]
check_ok "$g: and the host is told" [ "$LACKED" -gt 0 ]
check_ok "$g: end what eats" end_eating $g
check_ok "$g: it is taken back" soon is_over
xl mem-max $g $((boot - 60 + GRANTED))
xenstore-write "$(key memory/hotballoon-headroom)" $((GRANTED * 1024))
kills=$(oom_kills $g)
eat_until_kill $g "with a grant" $((EATEN + 1))
check "$g: with a grant nothing is killed" "$kills" "$(oom_kills $g)"
check_ok "$g: it took memory" took
check_ok "$g: end what eats" end_eating $g
check_ok "$g: it goes back" reach $g $(((boot - 60) * 1024)) 120
books_check $g $(((boot - 60) * 1024)) "after its need"
xenstore-rm "$(key memory/hotballoon-headroom)"

check_ok "$g: fill" guest_fill $g data 30
guest_may_die $g
check_ok "$g: saved" xl save $g /tmp/image
check_ok "$g: restored" xl restore /tmp/image
rm -f /tmp/image
guest_refresh $g
check_ok "$g: it answers" in_guest $g true
xl mem-max $g $((boot + 256))
for mib in $((boot + 70)) $((boot - 30)) $boot; do
	goes_to $mib "restored"
done
check_ok "$g: contents" guest_verify $g data
check_log $g 'oom-kill\|[Oo]ut of memory'
