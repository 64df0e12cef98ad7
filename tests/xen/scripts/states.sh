# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# states [KEY=VALUE...]: domains in the states that Xen can show: what show calls them,
# and that each is set, refused or waited for as it should be.
. /lab/files/lib-command.sh

is_state() { check "$1 is $2" "$2" "$(field "$1" state)"; }

# seen DOM STATE PID: is the domain in that state at some moment while PID lives?
seen() {
	while kill -0 "$3" 2>/dev/null; do
		if [ "$(field "$1" state)" = "$2" ]; then
			hotballoon set "$1" 240M >/tmp/set.out 2>&1
			echo $? >/tmp/set.status
			[ "$(field "$1" state)" != "$2" ] || return 0
		fi
	done
	return 1
}

g=guest
guest_start $g memory=256 "$@"
type=$(guest_type $g)

# ---- what changes is told
hotballoon watch $g >/tmp/watch 2>&1 &
watcher=$!
until grep -q started /tmp/watch; do sleep 0.1; done
check_ok "set 240M" hotballoon set $g 240M --wait=60
check_ok "set 256M" hotballoon set $g 256M --wait=60
sleep 0.5
kill -INT $watcher
wait $watcher
check "Ctrl-C ends a watch" 0 $?
check "watch tells of the targets" "target 256M -> 240M target 240M -> 256M" \
	"$(sed -n 's/.*\(target [0-9].*\)/\1/p' /tmp/watch | tr '\n' ' ' | sed 's/ $//')"
check_ok "and of what the driver does" grep -q 'state .* -> shrinking' /tmp/watch

# ---- a frame of top: two domains, the head and the legend
check "top: lines" 5 "$(hotballoon top | wc -l)"
check_ok "top: the guest" eval "hotballoon top --sort=actual | grep -q '^$g .* 256M .*|.* idle  *none'"

# ---- running, paused
is_state $g running
check "its type" "$type" "$(field $g type)"
check "its driver" hotballoon "$(field $g driver)"
xl pause $g
is_state $g paused
check_ok "paused: set 240M" hotballoon set $g 240M
hotballoon wait $g >/tmp/wait 2>&1
check "paused: wait gives up" 8 $?
check_ok "paused: says what to do" grep -q 'xl unpause' /tmp/wait
xl unpause $g
settled "unpaused" $g 245760
check_ok "set 256M" hotballoon set $g 256M --wait=60

# ---- saved: suspended for a moment, and refused then
xl save $g /tmp/image >/tmp/save.log 2>&1 &
if seen $g saving $!; then
	check "saving: refused" 4 "$(cat /tmp/set.status)"
	pass "saving was seen"
else
	fail "saving was not seen"
fi
wait
check_ok "restore" xl restore /tmp/image
rm -f /tmp/image
guest_refresh $g
settled "restored" $g 262144

# ---- migrated to this host: the receiving end has another name.  PV needs shadow
# paging for that, which Debian's Xen does not have.
if [ "$type" = pvh ]; then
	xl migrate -s '' $g 'xl migrate-receive' >/tmp/migrate.log 2>&1 &
	if seen $g--incoming migrating $!; then
		check "migrating: refused" 4 "$(cat /tmp/set.status)"
		pass "migrating was seen"
	else
		cat /tmp/migrate.log
		fail "migrating was not seen"
	fi
	wait
	guest_refresh $g
	settled "migrated" $g 262144
	check_ok "and it can be set" hotballoon set $g 320M --wait=60
fi

# ---- virtual NUMA nodes
check_ok "two virtual NUMA nodes" labtool vnuma "$(field $g domid)"
check "its nodes" 2 "$(field $g virtual_numa_nodes)"
refused "virtual NUMA: set" "virtual NUMA" hotballoon set $g 240M
refused "virtual NUMA: max" "virtual NUMA" hotballoon max $g 1G
check "virtual NUMA: doctor names it" 1 "$(hotballoon doctor | grep -c virtual-numa)"

# ---- crashed, and shut down
guest_may_die $g
guest_destroy $g
for end in crashed shutdown; do
	g=guest-$end
	guest_start $g memory=192 cfg='on_crash = "preserve"
		on_poweroff = "preserve"' "$@"
	guest_may_die $g
	if [ $end = crashed ]; then
		in_guest $g 'echo c >/proc/sysrq-trigger' >/dev/null 2>&1
	else
		in_guest $g 'poweroff -f' >/dev/null 2>&1
	fi
	check_ok "$g" wait_field $g state $end
	refused "$end: set" "$g" hotballoon set $g 256M
	refused "$end: max" "$g" hotballoon max $g 256M
	xl destroy $g
done
check "nothing is promised" 0 "$(host_field promised_kib)"

# ---- created paused: it has never run
cat >/tmp/building.cfg <<-CFG
	name = "building"
	type = "$type"
	kernel = "/kernels/6.1/vmlinux"
	memory = 128
	maxmem = 256
CFG
check_ok "xl create -p" xl create -q -p /tmp/building.cfg
is_state building building
refused "building: set" "has never run" hotballoon set building 192M
xl destroy building

# ---- gone
hotballoon set building 192M >/tmp/gone 2>&1
check "gone: no such domain" 3 $?
