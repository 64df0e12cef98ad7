# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# Guests that are saved and restored, or migrated to this same host.
. /lab/files/lib-driver.sh

IMAGE=/run/image

# Without ssh: xl runs its second argument itself, and an empty transport lets the host's
# name be the command.  PV would need shadow paging, which Debian's Xen does not have.
migrate_guest() { xl migrate -s '' "$1" 'xl migrate-receive' </dev/null >/tmp/move.log 2>&1; }

# restore_guest [CONFIG]: with another than that of the image
# shellcheck disable=SC2120 # a script may
restore_guest() {
	xl restore "$@" $IMAGE </dev/null >>/tmp/move.log 2>&1 || return 1
	rm -f $IMAGE
}

save_and_restore() {
	rm -f $IMAGE
	xl save "$1" $IMAGE </dev/null >/tmp/move.log 2>&1 || return 1
	# shellcheck disable=SC2119
	restore_guest
}

# From now on its death is a failure again.
guest_must_live() { rm -f "/run/lab/guests/$1/may-die"; }

# look_up NAME: after a move.  A domain that stayed keeps its console, whatever the one
# that should have taken its place has printed.
look_up() {
	local domid
	domid=$(xl domid "$1") || return 1
	[ "$domid" = "$(guest_domid "$1")" ] || guest_refresh "$1"
	guest_must_live "$1"
}

# move_guest NAME save|migrate: it has another domain id then.  0 if that worked; 1 if
# the guest is where it was; 2 if it is only in the image.
move_guest() {
	local status=0
	guest_may_die "$1"
	case $2 in
	save) save_and_restore "$1" || status=1 ;;
	migrate) migrate_guest "$1" || status=1 ;;
	esac
	[ $status -eq 0 ] || grep -v '^$' /tmp/move.log | tail -n 12 | sed 's/^/# /'
	look_up "$1" || return 2
	return $status
}

# move_kept_still NAME save|migrate: the same by hotballoon, which has the guest keep still and
# finds a size that it can be moved with: that works at any moment.
move_kept_still() {
	guest_may_die "$1"
	rm -f $IMAGE
	# shellcheck disable=SC2119
	case $2 in
	save) hotballoon save "$1" $IMAGE </dev/null >/tmp/move.log 2>&1 && restore_guest ;;
	migrate) hotballoon migrate "$1" 'xl migrate-receive' -- -s '' </dev/null >/tmp/move.log 2>&1 ;;
	esac || { grep -v '^$' /tmp/move.log | tail -n 12 | sed 's/^/# /'; return 1; }
	look_up "$1"
}

# books_again NAME KIB LABEL: what Xen counts beside the target may have become something
# else by a move: look once, when the guest is at rest.  From now on it stays that.
books_again() {
	local g=$1 kib=$2 before gap
	check_ok "$g: $3: the driver rests" wait_report "$g" state idle 60
	read -r before <"/run/lab/guests/$g/gap"
	gap=$(($(guest_tot_pages "$g") - kib / 4))
	check_near "$g: $3: pages beside the target" "$before" $gap 64
	echo $gap >"/run/lab/guests/$g/gap"
}

# frames_check NAME LABEL: Xen is asked about every page (tests/xen/module/frames.c): those
# in use have a frame, and those that are held have none.
frames_check() {
	check "$1: $2: pages in use without a frame, held pages with one" "lost=0 stray=0" \
		"$(in_guest "$1" 'insmod /frames.ko && rmmod frames &&
			dmesg | sed -n "s/.*frames: used=.*\(lost=.*\)/\1/p" | tail -n 1')"
}

# at_size NAME MIB LABEL: told so, the guest goes there, and the books are exact.
at_size() {
	guest_mem_set "$1" "$2"
	check_ok "$1: $3: reaches $2 MiB" reach "$1" $(($2 * 1024)) || { books_show "$1"; return 1; }
	books_check "$1" $(($2 * 1024)) "$3, $2 MiB"
}
