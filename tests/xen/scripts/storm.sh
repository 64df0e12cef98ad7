# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# storm [seed=N] [KEY=VALUE...]: 300 random targets in less than a minute, while eight
# processes in the guest fill, verify and free memory, and another takes random memory
# blocks offline and puts them online, boot memory too where the kernel lets it.
# Then all is quiet, and the books are exact.  Fewer targets would not do: for as long as
# somebody's offlining of a busy block takes, seconds sometimes, no block can be added.
#
# The smallest target leaves room for everything that the guest itself uses at most,
# so that whatever dies, dies of the driver: what a fresh guest uses, the processes,
# one block that is offline, struct pages, and the driver's own reserve.
. /lab/files/lib-driver.sh

g=guest
RANDOM_STATE=$(random_seed "$@")
case ${1:-} in seed=*) shift ;; esac
note "storm: seed=$RANDOM_STATE"
TARGETS=300
BOOT=$(boot_size 512 "$@")
MOST=$((BOOT + 640))
PROCESSES=8
EACH=12
HELD=24
BLOCK=128

# What a fresh guest uses, in MiB, without what it could drop.
used_now() { echo $((BOOT - $(guest_meminfo $g MemAvailable) / 1024)); }

# The driver's reserve is 16 MiB and a sixteenth of MemTotal.
smallest() {
	echo $(($(used_now) + PROCESSES * EACH + HELD + BLOCK + 16 + BOOT / 16 + $(block_cost $((MOST - BOOT)))))
}

# One target: most of them are only written, some come with all that a tool does, which
# takes Xen's limit down and up under the driver's hands.
set_target() {
	local mib=$1 way=$2
	case $way in
	0)
		hotballoon set $g "${mib}M" >/dev/null
		xl mem-max $g $MOST
		;;
	*) xenstore-write "$target" $((mib * 1024)) ;;
	esac
}

# note_size: how small and how large was it?
note_size() {
	local now
	now=$(($(guest_tot_pages $g) / 256))
	[ $now -ge $low ] || low=$now
	[ $now -le $high ] || high=$now
}

# Half of the targets are followed at once by the next; the others by a moment, or by
# time enough to get somewhere.
pause() {
	random_below 20
	case $RANDOM_NUMBER in
	0 | 1)
		random_below 7
		sleep 0.$((RANDOM_NUMBER + 1))
		note_size
		;;
	[2-9]) sleep 0.0$RANDOM_NUMBER ;;
	esac
}

# One in three is smaller than the guest was at boot.
random_size() {
	local limit=$MOST
	random_below 3
	[ "$RANDOM_NUMBER" -ne 0 ] || limit=$BOOT
	random_below $((limit - least + 1))
}

been() {
	case $1 in
	small) [ $low -lt $BOOT ] ;;
	large) [ $high -gt $((BOOT + BLOCK)) ] ;;
	esac
}

# Time enough to be small or large, if it has not been: slow work with other things going on.
# While somebody offlines a busy block no block can be added, for as long as that takes.
become() {
	local begun
	begun=$(now_ms)
	case $1 in
	small) set_target "$least" 1 ;;
	large) set_target $MOST 1 ;;
	esac
	until been "$1" || [ $(($(now_ms) - begun)) -gt 30000 ]; do
		sleep 0.1
		note_size
	done
	waited=$((waited + $(now_ms) - begun))
	been "$1" || note "$g: not $1 within 30 s: $(xenstore-ls "${target%/memory/target}/data/hotballoon" | tr '\n' ' ')"
}

storm() {
	local i=0 mib
	low=$BOOT high=$BOOT waited=0
	while [ $i -lt $TARGETS ]; do
		i=$((i + 1))
		random_size
		mib=$((least + RANDOM_NUMBER))
		random_below 20
		set_target $mib "$RANDOM_NUMBER"
		pause
		case $((i % 100)) in
		25) become small ;;
		75) become large ;;
		esac
	done
}

# at_rest MIB: nothing else happens, so it is exactly there.
at_rest() {
	xl mem-set $g "$1"
	check_ok "$g: afterwards, reaches $1 MiB" reach $g $(($1 * 1024))
	books_check $g $(($1 * 1024)) "afterwards, $1 MiB"
}

guest_start $g memory=$BOOT "$@"
books_open $g
check_ok "$g: fill" guest_fill $g held $HELD
least=$(smallest)
note "$g: targets from $least to $MOST MiB"
target=/local/domain/$(guest_domid $g)/memory/target
xl mem-max $g $MOST
guest_spawn $g churn "churn $PROCESSES $EACH $RANDOM_STATE"
guest_spawn $g toggle "toggle $RANDOM_STATE"

start=$(now_ms)
storm
took=$(($(now_ms) - start - waited))
check_ok "$g: $TARGETS targets in $took ms, less than a minute, and $waited ms waited for sizes" [ $took -lt 60000 ]
check_ok "$g: from $low to $high MiB: it was smaller than at boot" been small
check_ok "$g: from $low to $high MiB: it was larger than at boot" been large

toggled=$(guest_end $g toggle)
check "$g: every block that was taken offline could be put online again" ok "${toggled%% *}"
note "$g: toggled: $toggled (boot memory offline, added memory offline, refused, put online, was removed)"
churned=$(guest_end $g churn 300)
check "$g: no process died, no word was lost" ok "${churned%% *}"
note "$g: churned: $churned (rounds, MiB verified)"
check_ok "$g: contents from before" guest_verify $g held

# PV guests keep a block that was added while another one was offline by other hands.
at_rest $MOST
# What is empty leaves a little later.
wait_blocks $g $((MOST / BLOCK))
blocks=$(guest_blocks $g)
check "$g: all blocks that it needs are online, of ${blocks%% *}" $((MOST / BLOCK)) "${blocks##* }" || books_show $g
check_ok "$g: fill what it has" guest_fill $g most $(($(guest_meminfo $g MemAvailable) / 1024 - 100))
check_ok "$g: contents of it" guest_verify $g most
check_ok "$g: free it" guest_release $g most
at_rest $BOOT
check_ok "$g: contents from before" guest_verify $g held
check_log $g
