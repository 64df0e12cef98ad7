# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# json [KEY=VALUE...]: every command with --json on this host: what it prints is kept, a line an
# object, "COMMAND<TAB>OBJECT", for ../json, which compares it with the schema.
. /lab/files/lib-command.sh

g=guest
other=other
image=/tmp/$g.save

# keep COMMAND: what it printed, one line of it an object if it prints many.
keep() {
	if [ "$1" = watch ]; then
		sed "s/^/watch$(printf '\t')/" /tmp/json
	else
		printf '%s\t%s\n' "$1" "$(tr '\n' ' ' </tmp/json)"
	fi >>"$OUT/json"
}

# json STATUS COMMAND ARGUMENT...: it ends with that status.
json() {
	local expected="$1" command="$2" status=0
	shift 2
	hotballoon "$command" --json "$@" >/tmp/json 2>/tmp/said || status=$?
	check "hotballoon $command $*" "$expected" $status
	[ $status = "$expected" ] || sed 's/^/# /' /tmp/said /tmp/json
	keep "$command"
}

case " $* " in
*" type=pv "*) type=pv ;;
*) type=pvh ;;
esac

# ---- what is shown, with a driver that reports and without, and of the host
guest_start $g memory=256 "$@"
guest_start $other memory=256 driver=none "$@"
check_ok "$g runs" wait_field $g state running
for name in $g $other 0; do
	json 0 show $name
	json 0 explain $name
	json 0 limits $name
done
json 0 list
json 0 list $g $other
json 0 show $g $other
json 0 top
json 0 doctor
json 0 free
json 0 reserve

# ---- what changes, and what would
hotballoon watch --json >/tmp/watched 2>/dev/null &
watcher=$!
sleep 2
json 0 set $g 200M --dry-run
json 0 set $g 200M --wait=60
json 0 set $g $other 256M
json 0 wait $g --timeout=60
json 0 max $g 512M --dry-run
json 0 max $g 512M
json 0 set $g 400M --wait=60
json 0 limits $g --min=200M --max=512M --weight=200
json 0 limits $g --headroom=16M
json 0 limits $g --headroom=0
json 0 limits
json 0 reserve 64M --for=newcomer --ttl=600
json 0 reserve
json 0 list
json 0 release newcomer --dry-run
json 0 release newcomer
want=$(($(host_field available_kib) / 1024 + 64))
json 0 free ${want}M --dry-run
json 0 free ${want}M
json 0 set $g 400M --wait=60
kill -INT $watcher
wait $watcher 2>/dev/null
mv /tmp/watched /tmp/json
check_ok "hotballoon watch: it saw that" grep -q '"what": *"target"' /tmp/json
keep watch

# ---- what moves a domain; domain 0 has room for a small image
json 0 set $g 160M --wait=60
json 0 save $g $image --dry-run
json 0 save $g $image
check_ok "xl restore" xl restore $image
guest_refresh $g
rm -f $image
json 0 migrate $g 'xl migrate-receive' --dry-run
# Debian's Xen does not migrate a PV guest live.
if [ $type = pvh ]; then
	json 0 migrate $g 'xl migrate-receive' -- -s ''
	guest_refresh $g
fi

# ---- what the daemon has done: nothing yet
json 5 history
hotballoond >"$OUT/hotballoond.log" 2>&1 &
daemon=$!
check_ok "hotballoond listens" soon [ -S /run/hotballoond.socket ]
json 0 history
json 0 history --last=1h
check_ok "hotballoon metrics" sh -c "hotballoon metrics | grep -q ^hotballoon_"
kill $daemon
wait $daemon

# ---- what is refused, and what is wrong
json 2 set $g 12Q
json 3 show nobody
json 3 set nobody 256M
json 3 release nobody
json 4 set $g 1T
json 4 max $g 1T
json 4 reserve 1T --for=newcomer
json 4 free 1T
json 5 save $g /nonexistent/image
json 8 set $g 48M --wait=60
xenstore-write "/local/domain/$(guest_domid $g)/memory/target" 134217728
hotballoon doctor --json >/tmp/json || :
check_ok "hotballoon doctor: a target that cannot be" grep -q '"promised-too-much"' /tmp/json
keep doctor
json 0 list
json 0 set $g 256M --wait=60
xenstore-write "/local/domain/$(guest_domid $g)/data/hotballoon/state" nonsense
json 0 show $g
json 0 list
check_log $g
