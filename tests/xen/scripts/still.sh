# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# still [KEY=VALUE...]: a guest whose target lies below what it can give.  With xl alone it
# is lost; `hotballoon set --wait` gives it a size that it can keep, and `hotballoon save`
# and `migrate` one that they find without.  Meanwhile the guest keeps still, and
# afterwards nobody is told to any more, whatever has become of xl and of us.  (A PV guest is
# not migrated live: Debian's Xen has no log-dirty mode for it.)
. /lab/files/lib-command.sh

g=guest
image=/tmp/image

still() { xenstore-read "/local/domain/$(guest_domid $g)/memory/still" 2>/dev/null || echo none; }
answer() { xenstore-read "/local/domain/$(guest_domid $g)/data/hotballoon/still" 2>/dev/null || echo none; }
locks() { find /run/ -name 'hotballoon-still.*' | wc -l; }

# nobody LABEL: is told to keep still, or holds the lock of that.
nobody() {
	check "$1: nobody is told to keep still" none "$(still)"
	check "$1: and no lock is left" 0 "$(locks)"
	check "$1: hotballoon says so" no "$(field $g still)"
}

# whole LABEL: it lives, its data are what they were, and it follows targets.
whole() {
	nobody "$1"
	check_ok "$1: contents" guest_verify $g data
	check_ok "$1: hotballoon set" hotballoon set $g 160M --wait=60
	check_ok "$1: and back" hotballoon set $g 192M --wait=60
	settled "$1" $g 196608
}

# Ends at the floor: the target is what it holds.
ends_short() {
	local status=0 target
	hotballoon set $g 40M --wait=60 >/tmp/out 2>&1 || status=$?
	check "$1: ends short" 8 $status
	check_ok "$1: says what its size is" grep -q 'its size is .* now' /tmp/out
	note "$(grep -o 'its size is [^ ]* now' /tmp/out)"
	check "$1: a save would not lose it" false "$(field $g would_be_lost)"
	target=$(field $g target_kib)
	check_near "$1: the target is what it holds" "$target" "$(counted_kib "$target" 128 field $g actual_kib)" 128
}

# too_low: told less than it can give, by a tool that asks nobody.
too_low() {
	xl mem-set $g 40
	check_ok "$g: told 40M it says guest-floor" wait_report $g cause guest-floor 60
	check "$g: a save would lose it" true "$(field $g would_be_lost)"
	check_ok "$g: the list marks it" sh -c 'hotballoon list | grep -q "40M! "'
	check_ok "$g: the doctor names it" sh -c 'hotballoon doctor | grep -q would-be-lost'
}

# migrate: afterwards it is another domain, with another console.
migrate() {
	quiet hotballoon migrate $g 'xl migrate-receive' -- -s '' && guest_refresh $g
}

# quiet COMMAND...: its output only if it fails; in /tmp/out in any case.
quiet() { "$@" >/tmp/out 2>&1 || { status=$?; cat /tmp/out; return $status; }; }

restore() {
	xl restore $image >/tmp/out 2>&1 || { cat /tmp/out >&2; return 1; }
	rm -f $image
	guest_refresh $g
	# The log of a domain that was restored under its own name; one that was migrated has another.
	echo $g >"/run/lab/guests/$g/console"
	guest_wait_pages $g $(($(field $g target_kib) / 4)) 256 10
}

guest_start $g memory=192 maxmem=256 "$@"
guest_may_die $g
check_ok "$g: fill" guest_fill $g data 30
type=$(guest_type $g)

# With a size that it can keep.
ends_short "set"
check_ok "hotballoon save" quiet hotballoon save $g $image
check "it is gone from here" "" "$(xl domid $g 2>/dev/null)"
check "no lock is left" 0 "$(locks)"
check_ok "xl restore" restore
whole "restored"

# Migrated, with such a size and without.
if [ "$type" = pvh ]; then
	ends_short "before a migration"
	check_ok "hotballoon migrate" migrate
	whole "migrated"
	too_low
	check_ok "hotballoon migrate finds a size" migrate
	check_ok "and says so" grep -q 'with less the migration would lose it' /tmp/out
	whole "migrated from its floor"
fi
too_low
check_ok "hotballoon save finds a size" quiet hotballoon save $g $image
check_ok "and says so" grep -q 'with less the save would lose it' /tmp/out
check_ok "xl restore" restore
whole "restored from its floor"

# It answers, and keeps still while xl is at work: one that does nothing stands for it.
mkdir -p /tmp/slow
cat >/tmp/slow/xl <<-'XL'
	#!/bin/sh
	echo begun >/tmp/begun
	until [ -e /tmp/go ]; do sleep 0.1; done
	exit 7
XL
chmod 755 /tmp/slow/xl

# slow_save: begins such a save, in the background.
slow_save() {
	rm -f /tmp/begun /tmp/go
	PATH=/tmp/slow:$PATH hotballoon save $g $image --json >/tmp/out 2>&1 &
	saver=$!
	until [ -e /tmp/begun ]; do sleep 0.1; done
}

slow_save
check "told to keep still" 1 "$(still)"
check "the guest says that it does" 1 "$(answer)"
check "hotballoon shows it" held "$(field $g still)"
refused "hotballoon set meanwhile" "being saved or migrated" hotballoon set $g 160M
refused "a second hotballoon save meanwhile" "another process keeps it still" hotballoon save $g $image
pages=$(guest_tot_pages $g)
xenstore-write "/local/domain/$(guest_domid $g)/memory/target" 163840
sleep 3
check "it moves no page" "$pages" "$(guest_tot_pages $g)"
check "it says why" "waiting still" \
	"$(in_guest $g "echo \$(cat $REPORT/state) \$(cat $REPORT/cause)")"
: >/tmp/go
wait $saver
check "xl's failure is ours" 5 $?
check_ok "and told" grep -q '"xl_status": 7' /tmp/out
nobody "after a failure"
check_ok "it goes on by itself" guest_wait_pages $g 40960 16 20
check "and says that it does" 0 "$(answer)"
check_ok "back" hotballoon set $g 192M --wait=60

# Killed while xl is at work: it goes on being held until xl has ended, too.
slow_save
kill -KILL $saver
wait $saver 2>/dev/null
check "killed: still told" 1 "$(still)"
check "killed: xl is alive, and so it is held" held "$(field $g still)"
: >/tmp/go
check_ok "killed: then it is left" wait_field $g still left 10
check_ok "killed: the doctor finds that" sh -c 'hotballoon doctor | grep -q left-still'
check_ok "killed: hotballoon set takes it back" hotballoon set $g 192M --wait=60
check "killed: nobody is told to keep still" none "$(still)"

# Asked to end while xl is at work.
slow_save
kill -TERM $saver
wait $saver
check "ended: exit status" 9 $?
nobody "ended"

# A real xl that fails, and one that is asked to end while it copies.
check_fails "hotballoon save to a file that cannot be" sh -c "hotballoon save $g /nonexistent/image >/tmp/out 2>&1"
nobody "no file"
if [ "$type" = pvh ]; then
	# The receiver takes what comes, slowly, and says nothing.
	cat >/tmp/slow/receive <<-'RECEIVE'
		#!/bin/sh
		printf 'xl migration receiver ready\n'
		sleep 30
	RECEIVE
	chmod 755 /tmp/slow/receive
	status=0
	hotballoon migrate $g /tmp/slow/receive -- -s '' >/tmp/out 2>&1 &
	saver=$!
	wait_field $g still held 20
	sleep 2
	kill -TERM $saver
	wait $saver || status=$?
	check "a migration that is ended: exit status" 9 $status
	whole "a migration that was ended"
fi

# With xl alone it would be lost: it does not let itself be suspended.
too_low
check_fails "xl alone does not save it" xl save $g $image
rm -f $image
check_ok "it lives on" in_guest $g true
