# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# moves how=save|migrate [times=N] [states=A,B...] [superpages=no] [seed=N] [KEY=VALUE...]:
# a guest is saved and restored, or migrated to this same host, in every state that its
# memory can be in: where xl alone cannot, by hotballoon.  After each move it is where it should be,
# with exact books and what it had in memory; it follows targets both ways, and the driver can be
# unloaded and loaded.
#
#   idle         at its boot size
#   shrunk       below it
#   grown        beyond it, by hot-added memory
#   removed      at its boot size again; what was behind a block that was hot-added and removed
#                was copied before, so the new domain has it (PVH: PV keeps its blocks)
#   growing      told to grow right before
#   shrinking    told to shrink right before
#   floor        told to become smaller than it can
#   still-small  told to grow, and to keep still meanwhile (memory/still)
#   still-large  told to shrink, and to keep still meanwhile
#   grows        told to grow while it is migrated
#   shrinks      told to shrink while it is migrated
#
# Xen before 4.21 maps what it restores page by page; the driver puts 2 MiB together again
# when it has nothing else to do.  That is seen in the nested page table, so it needs
#   --plugin build/bench/meter.so
. /lab/files/lib-move.sh

BOOT=256
TOP=330
MEND_SECONDS=120

# MiB: what the kernel itself uses cannot be moved (100 in a guest of 6.1, whatever its size).
UNMOVABLE=112
how='' times=1 superpages=yes
states=idle,shrunk,grown,growing,shrinking,floor,still-small,still-large
RANDOM_STATE=$(random_seed)
for word in "$@"; do
	shift
	case $word in
	how=save | how=migrate) how=${word#*=} ;;
	times=*) times=${word#*=} ;;
	states=*) states=${word#*=} ;;
	superpages=no) superpages=no ;;
	seed=*) RANDOM_STATE=${word#*=} ;;
	*) set -- "$@" "$word" ;;
	esac
done
[ -n "$how" ] || fail "moves: how=save or how=migrate is missing"
note "moves: seed=$RANDOM_STATE"

# ---- before a move

key() { echo "/local/domain/$(guest_domid $g)/$1"; }

target_kib() { xenstore-read "$(key memory/target)"; }

# tell MIB: a target that it has no time to reach.
tell() {
	guest_mem_set $g "$1"
	goal=$(($1 * 1024))
}

# tell_meanwhile MIB: while the migration copies.  Whether the guest has this target then or
# that from before depends on who was faster: libxl takes none over that comes late.
tell_meanwhile() {
	random_below 4
	(sleep $RANDOM_NUMBER.5; xl mem-set $g "$1" >/dev/null 2>&1) &
	told=$(($1 * 1024))
}

# The driver says that it keeps still, and does so, wherever its target is.
keep_still() {
	local before
	xenstore-write "$(key memory/still)" 1
	check_ok "$g: $turn: says that it keeps still" wait_key data/hotballoon/still 1
	before=$(guest_tot_pages $g)
	tell "$1"
	sleep 2
	check "$g: $turn: keeps still" "$before" "$(guest_tot_pages $g)"
}

# wait_key KEY VALUE
wait_key() {
	local n=0
	until [ "$(xenstore-read "$(key "$1")" 2>/dev/null)" = "$2" ]; do
		n=$((n + 1))
		[ $n -lt 50 ] || return 1
		sleep 0.1
	done
}

# stay MIB
stay() {
	at_size $g "$1" "$turn"
	goal=$(($1 * 1024))
}

# left_behind: a hot-added block is removed again, and there is memory where it was.
left_behind() {
	local first
	stay $TOP
	first=$(in_guest $g "grep -m 1 'System RAM (hotballoon)' /proc/iomem") ||
		{ fail "$g: $turn: a block was added"; return; }
	first=${first%%-*}
	stay $BOOT
	check_ok "$g: $turn: the block is removed" wait_report $g added_blocks 0
	check_ok "$g: $turn: some of it is copied" labtool give "$(guest_domid $g)" $((0x${first##* } / 4096 + 700)) 100
}

# to_floor: whoever told it that leaves a target that the guest can keep.
to_floor() {
	hotballoon set $g 40M --wait=20 >/tmp/set.log 2>&1
	sed 's/^/# /' /tmp/set.log
	goal=$(target_kib)
	note "$g: $turn: its target is $goal KiB, it has $(($(guest_tot_pages $g) * 4))"
}

# into STATE: sets goal, the KiB that the guest is to be at after the move.
into() {
	random_below 30
	case $1 in
	growing | still-small | grows) stay 150 ;;
	shrinking | still-large | shrinks) stay $most ;;
	esac
	case $1 in
	idle) stay $BOOT ;;
	shrunk) stay 180 ;;
	grown) stay $TOP ;;
	removed) left_behind ;;
	growing) tell $((most - RANDOM_NUMBER)) ;;
	shrinking) tell $((150 + RANDOM_NUMBER)) ;;
	floor) to_floor ;;
	still-small) keep_still $((most - RANDOM_NUMBER)) ;;
	still-large) keep_still $((150 + RANDOM_NUMBER)) ;;
	grows) tell_meanwhile $((most - RANDOM_NUMBER)) ;;
	shrinks) tell_meanwhile $((150 + RANDOM_NUMBER)) ;;
	*) fail "moves: no state '$1'" ;;
	esac
}

# ---- the move

# Restored with room for what it held, as somebody would who reads xl's message: libxl
# gives a new domain room for the target in the image, which is less while a guest shrinks.
restore_with_room() {
	note "$g: $turn: restored with room for $most MiB"
	sed "s/^memory = .*/memory = $most/; s/^maxmem = .*/maxmem = $most/" "/run/lab/guests/$g/xl.cfg" >/tmp/room.cfg
	restore_guest /tmp/room.cfg && look_up $g && guest_mem_set $g $((goal / 1024))
}

# xl alone has not moved it, and it lives on: hotballoon moves it all the same, whatever it is at.
# The target is what it holds then, if that is more.
move_refused() {
	wait
	note "$g: $turn: no $how by xl alone: it lives on"
	check_ok "$g: $turn: hotballoon $how" move_kept_still $g $how
	goal=$(target_kib) told=none
}

# What a guest holds beyond its target, or is to get beyond what it had, is more than libxl
# makes room for.  A migration may fail by that, and then nothing has happened.
move() {
	local status=0
	note "$g: $turn: moved at $(($(guest_tot_pages $g) / 256)) MiB"
	move_guest $g $how || status=$?
	case $1:$how:$status in
	*:0)
		pass "$g: $turn: $how"
		alone=$((alone + 1))
		;;
	shrinking:migrate:1 | still-large:migrate:1 | grows:migrate:1 | shrinks:migrate:1)
		move_refused
		;;
	# The driver does not let a guest be suspended that could not be restored.
	shrinking:save:1 | still-large:save:1)
		move_refused
		;;
	shrinking:save:2 | still-large:save:2)
		check_ok "$g: $turn: its image can be restored" restore_with_room
		;;
	*) fail "$g: $turn: $how" ;;
	esac
	wait
	check_ok "$g: $turn: it answers" in_guest $g true
	xenstore-rm "$(key memory/still)" 2>/dev/null
}

# xl moves a guest that is on its way down as often as not, if it gets there before it is
# suspended.  Not so one that gets more than it had when the migration began, or keeps still above
# its target: there is no room for that in the new domain.
moved_alone() {
	note "$g: xl alone moved it $alone of $times times"
	case $1:$how in
	shrinking:migrate | shrinks:migrate)
		[ "$times" -lt 2 ] || check_ok "$g: xl alone moved it half of the times" [ $((alone * 2)) -ge "$times" ]
		;;
	esac
}

# ---- after it

# single_mib: of the guest's memory, what is not mapped by 2 MiB.
single_mib() {
	local leaves
	leaves=$(probe walk "$(nested_table)") || fail "the nested page table can be read"
	leaves=${leaves#*leaves_2m=}
	echo $(($(guest_tot_pages $g) / 256 - ${leaves%% *} * 2))
}

mended() {
	local start now
	start=$(now_ms)
	while :; do
		now=$(single_mib)
		[ $now -gt $UNMOVABLE ] || break
		[ $(($(now_ms) - start)) -lt $((MEND_SECONDS * 1000)) ] || break
		sleep 5
	done
	note "$g: $turn: $now MiB in single pages after $((($(now_ms) - start) / 1000)) s"
	[ $now -le $UNMOVABLE ]
}

# PV guests keep the blocks that they got, and those keep the module.
loaded_again() {
	if [ "$(guest_type $g)" = pv ]; then
		[ "$(in_guest $g cat $REPORT/added_blocks)" = 0 ] || return 0
	else
		check_ok "$g: $turn: added blocks have left" wait_report $g added_blocks 0
	fi
	check_ok "$g: $turn: unload" in_guest $g rmmod xen_hotballoon
	check_ok "$g: $turn: load" in_guest $g insmod /xen-hotballoon.ko ||
		{ guest_dmesg $g | tail -n 3; fail "$g: $turn: the driver is there"; }
	check_ok "$g: $turn: loaded again, is where it was" reach $g 204800
	books_check $g 204800 "$turn, loaded again"
}

after() {
	local kib mib
	kib=$(target_kib)
	case $goal,$told in
	*,$kib) ;;
	*) check "$g: $turn: its target is kept" "$goal" "$kib" ;;
	esac
	check_ok "$g: $turn: moved, reaches $kib KiB" reach $g "$kib" || books_show $g
	check_ok "$g: $turn: moved, its books agree with Xen" wait_report $g drift_kb 0 60
	books_again $g "$kib" "$turn, moved"
	books_check $g "$kib" "$turn, moved, $kib KiB"
	frames_check $g "$turn, moved"
	check "$g: $turn: nobody keeps it still" 0 \
		"$(xenstore-read "$(key data/hotballoon/still)" 2>/dev/null || echo 0)"
	if [ $superpages = yes ]; then
		check_ok "$g: $turn: is mapped by 2 MiB again" mended
	fi
	for mib in $most 200; do at_size $g "$mib" "$turn, afterwards"; done
	loaded_again
	frames_check $g "$turn, at last"
	check_ok "$g: $turn: contents" guest_verify $g data
}

# ---- everything

try() {
	local state=$1 i=0
	shift
	alone=0
	g=$state
	guest_start $g memory=$BOOT "$@"
	books_open $g
	check_ok "$g: fill" guest_fill $g data 40
	xl mem-max $g $((TOP + 64))
	most=$TOP
	[ "$(guest_type $g)" = pvh ] || { most=250; superpages=no; }
	while [ $i -lt "$times" ]; do
		i=$((i + 1))
		turn="move $i" told=none
		into "$state"
		move "$state"
		after
	done
	moved_alone "$state"
	# Memory did come unasked there.
	check_log $g "$([ "$state" != removed ] || echo 'counts .* pages more')"
	guest_destroy $g
}

for state in $(echo "$states" | tr , ' '); do
	try "$state" "$@"
done
