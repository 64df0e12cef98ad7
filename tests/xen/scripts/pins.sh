# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# pins [KEY=VALUE...]: pages in hot-added memory that cannot be moved for a while.  They
# keep their block, and nothing else: the target is reached, a new one is followed at
# once, and when they are gone the block leaves, too.  The same when user space waits for
# such a block to go offline, which keeps the kernel's hotplug busy.
. /lab/files/lib-driver.sh

g=guest
MOST=1280
AT_ONCE=500	# ms until the first page moves

go_to() {
	xl mem-set $g "$1"
	check_ok "$g: $2: reaches $1 MiB" reach $g $(($1 * 1024))
}

# The first page moves at once.  xl's own way would take time, and Xen's limit down.
go_at_once() {
	xl mem-max $g $MOST
	xenstore-write "$target" $(($1 * 1024))
	check_ok "$g: $2: reaches $1 MiB" reach $g $(($1 * 1024)) 30 || books_show $g
	check_ok "$g: $2: the first page moved within $AT_ONCE ms ($WAIT_FIRST_MS; -1: all did)" [ "$WAIT_FIRST_MS" -lt $AT_ONCE ]
}

# Sets PINNED, the blocks.
pin() {
	guest_spawn $g pins "pin 64"
	check_ok "$g: pin pages" in_guest $g 'until grep -q "^pinned" /run/pins.log; do sleep 0.1; done'
	PINNED=$(in_guest $g 'grep ^pinned /run/pins.log')
	note "$g: $PINNED"
	PINNED=$(echo "${PINNED##* in }" | tr ' ' '\n' | sort -nu | tr '\n' ' ')
	for block in $PINNED; do
		check "$g: pinned block $block is hot-added" ours "$(driver_block $g "$block" 2)"
	done
}

unpin() {
	check "$g: all that was pinned is what it was" ok "$(guest_end $g pins | tail -n 1)"
}

check_stays() {
	for block in $PINNED; do
		check "$g: pinned block $block stays" online "$(driver_block $g "$block" 3)"
	done
}

# The driver wants the block.
try_removal() {
	go_to 1024 "grow"
	pin
	go_to 512 "with pinned pages"
	check_stays
	books_check $g 524288 "with pinned pages"
	# It is tried again and again.
	sleep 3
	go_at_once 640 "while it is tried"
	sleep 1
	go_at_once 512 "while it is tried"
	check_stays
	# Xen's limit is there too: what takes the block's place can only come afterwards.
	xl mem-set $g 512
	# It lets the guest have less than a unit more, which must not keep the block either.
	xenstore-write "$target" $((640 * 1024))
	check_ok "$g: beyond Xen's limit" wait_report $g cause above-max
	xenstore-write "$target" $((512 * 1024))
	check_ok "$g: back from there" reach $g 524288
	unpin
	check_ok "$g: afterwards the blocks leave" wait_blocks $g "$at_boot" 30 || books_show $g
	check_ok "$g: and it is at its target" reach $g 524288
	books_check $g 524288 "without pinned pages"
}

# Somebody else wants it, and waits for ever.
try_user() {
	go_to 1024 "grow again"
	pin
	block=${PINNED%% *}
	guest_spawn $g user "sh -c 'echo offline >$BLOCKS/memory$block/state'"
	sleep 1
	check "$g: a block on its way, by other hands" going-offline "$(driver_block $g "$block" 3)"
	go_at_once 832 "meanwhile"
	sleep 1
	go_at_once 896 "meanwhile"
	xenstore-write "$target" $((MOST * 1024))
	check_ok "$g: no block is added meanwhile" wait_report $g cause offline-pending
	unpin
	check "$g: it goes offline, and stays" parked "$(in_guest $g "until [ -s /run/user.status ]; do sleep 0.1; done"
		driver_block $g "$block" 3)"
	check_ok "$g: reaches $MOST MiB" reach $g $((MOST * 1024))
	check_ok "$g: put it online" set_block $g "$block" online_movable
	books_check $g $((MOST * 1024)) "with the block"
	go_to 512 "at last"
	check_ok "$g: all blocks leave" wait_blocks $g "$at_boot" 30 || books_show $g
	books_check $g 524288 "at last"
}

guest_start $g memory=512 "$@"
books_open $g
at_boot=$(guest_blocks $g)
at_boot=${at_boot##* }
target=/local/domain/$(guest_domid $g)/memory/target
xl mem-max $g $MOST
try_removal
try_user
check_log $g
