# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# numa [KEY=VALUE...]: a guest whose memory is of two nodes (numa=fake=2; a PV guest has one
# only).  It is told what does not hold there; it follows targets with exact books; at the floor
# each node keeps its own reserve, also the one that its processes fill.
. /lab/files/lib-move.sh

BOOT=512
RESERVE_MIB=8	# least that a node of 256 MiB keeps free or can drop; its floor is above that
NODES=/sys/devices/system/node

g=guest

# node_mib NODE KEY...: of that node's meminfo, summed.
node_mib() {
	local node=$1
	shift
	in_guest $g "awk -v keys=' $* ' '{ sub(\":\", \"\", \$3) } index(keys, \" \" \$3 \" \") { n += \$4 } END { print int(n / 1024) }' $NODES/node$node/meminfo"
}

# keeps_reserves LABEL
keeps_reserves() {
	local node mib
	for node in 0 1; do
		mib=$(node_mib $node MemFree 'Active(file)' 'Inactive(file)')
		note "$g: $1: node $node: $mib MiB free or of files, of $(node_mib $node MemTotal)"
		check_ok "$g: $1: node $node keeps its reserve" [ "$mib" -ge $RESERVE_MIB ]
	done
}

# counted LABEL: where /proc/meminfo has "Balloon", it is what the driver holds.
counted() {
	local kib
	kib=$(guest_meminfo $g Balloon) || return 0
	[ -n "$kib" ] || return 0
	check "$g: $1: the kernel counts what is held" "$(in_guest $g "awk 'NR > 1 { n += \$5 } END { print n * 4 }' $BOOKS/blocks")" "$kib"
}

guest_start $g memory=$BOOT cmdline=numa=fake=2 "$@"
books_open $g
check "$g: its nodes" 2 "$(in_guest $g "ls -d $NODES/node[0-9]* | wc -l")"
check "$g: is told what does not hold" 1 "$(in_guest $g "dmesg | grep -c 'hotballoon: this guest has 2 NUMA nodes'")"
check_ok "$g: fill" guest_fill $g data 300
note "$g: free: $(node_mib 0 MemFree) and $(node_mib 1 MemFree) MiB"
xl mem-max $g 1024
for mib in 640 480 800 $BOOT; do
	at_size $g $mib "with data"
	counted "with data, $mib MiB"
done
frames_check $g "with data"

guest_mem_set $g 64
check_ok "$g: at its floor" wait_report $g cause guest-floor 60
sleep 3
keeps_reserves "at its floor"
check "$g: no OOM kill" 0 "$(oom_kills $g)"
check_ok "$g: a 16 MiB allocation" guest_fill $g small 16
check_ok "$g: contents" guest_verify $g data
check_ok "$g: free them" guest_release $g small
check_ok "$g: free the data" guest_release $g data
guest_mem_set $g 200
check_ok "$g: goes on to 200 MiB" reach $g 204800
books_check $g 204800 "200 MiB"
keeps_reserves "200 MiB"
for mib in 700 $BOOT; do at_size $g $mib "empty"; done
frames_check $g "empty"
check_log $g "workqueue cpumask: online intersect"	# of numa=fake itself
