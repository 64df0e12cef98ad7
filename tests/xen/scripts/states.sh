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
# Far enough that it takes longer than a watch waits between two looks, a tenth of a second.
check_ok "set 160M" hotballoon set $g 160M --wait=60
check_ok "set 256M" hotballoon set $g 256M --wait=60
sleep 0.5
kill -INT $watcher
wait $watcher
check "Ctrl-C ends a watch" 0 $?
check "watch tells of the targets" "target 256M -> 160M target 160M -> 256M" \
	"$(sed -n 's/.*\(target [0-9].*\)/\1/p' /tmp/watch | tr '\n' ' ' | sed 's/ $//')"
check_ok "and of what the driver does" grep -q 'state .* -> shrinking' /tmp/watch

# ---- what does not change wakes nobody: libxenstore's thread waits, too
# switches PID: how often its threads have waited so far.
switches() { awk '/^voluntary/ { n += $2 } END { print n }' /proc/"$1"/task/*/status; }

check_ok "the driver rests" wait_rest $g
hotballoon watch >/tmp/watch 2>&1 &
watcher=$!
until grep -q "$g  started" /tmp/watch; do sleep 0.1; done
# What moved while it booted is told within ten seconds.
sleep 12
before=$(switches $watcher)
sleep 10
check "a watch wakes in ten idle seconds" 0 $(($(switches $watcher) - before))
kill -TERM $watcher
wait $watcher
check "SIGTERM ends a watch, too" 0 $?

# ---- a frame of top: two domains, the head and the legend
check "top: lines" 5 "$(hotballoon top | wc -l)"
check_ok "top: the guest" eval "hotballoon top --sort=actual | grep -q '^$g .* 256M .*|.* idle .*none'"

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
	kernel = "/kernels/${LAB_KERNELS%% *}/vmlinux"
	memory = 128
	maxmem = 256
CFG
check_ok "xl create -p" xl create -q -p /tmp/building.cfg
is_state building building
refused "building: set" "has never run" hotballoon set building 192M
xl destroy building

# ---- being destroyed, while dom0 has 4 MiB of it mapped
g=guest-dying
guest_start $g memory=512 "$@"
guest_may_die $g
d=$(guest_domid $g)
labtool hold "$d" 1024 >/tmp/hold 2>&1 &
holder=$!
until grep -q holds /tmp/hold; do
	kill -0 $holder 2>/dev/null || fail "labtool hold: $(cat /tmp/hold)"
	sleep 0.1
done
hotballoon watch $g >/tmp/watch 2>&1 &
watcher=$!
until grep -q started /tmp/watch; do sleep 0.1; done
xl destroy $g &
destroyer=$!
while kill -0 $destroyer 2>/dev/null; do
	hotballoon list | awk -v d="$d" '$1 == d { print $2, $3, $4 }' >>/tmp/ways
done
wait $destroyer
note "on its way: $(uniq /tmp/ways | tr '\n' ';')"
check "without a name it is dying and nothing else" "" "$(grep '^- ' /tmp/ways | grep -v ' dying ')"
check_ok "dying was seen while Xen took its memory" grep -q '^- dying [1-9][0-9.]*M$' /tmp/ways
check "dying: listed" "- dying 4M" "$(hotballoon list | awk -v d="$d" '$1 == d { print $2, $3, $4 }')"
check "xl lists it, too" 1 "$(xl list | grep -c "^(null) *$d ")"
is_state "$d" dying
check "dying: its type" "$type" "$(field "$d" type)"
wait $watcher
check "a watch of it has ended" 0 $?
check_ok "and said so" grep -q "$g  ended" /tmp/watch
refused "dying: set" "is being destroyed" hotballoon set "$d" 192M
refused "dying: max" "is being destroyed" hotballoon max "$d" 1G
hotballoon set $g 192M >/tmp/gone 2>&1
check "dying: its name is nobody's" 3 $?
check "dying: nothing is promised" 0 "$(host_field promised_kib)"
check "dying: doctor names it" 1 "$(hotballoon doctor | grep -c "domain $d is being destroyed and still holds 4M")"
check_ok "dying: memory is set aside for the next of its name" hotballoon reserve 64M --for=$g
check_ok "dying: all of it" [ "$(host_field reserved_kib)" -ge 65536 ]
check_ok "dying: and released" hotballoon release $g
available=$(host_field available_kib)
start=$(now_ms)
hotballoon free $((available + 3072))K >/tmp/free 2>&1
check "free gives up on what does not come" 8 $?
check_ok "in about ten seconds" [ $(($(now_ms) - start)) -lt 20000 ]
(sleep 3; kill $holder) &
check_ok "free waits for what comes" hotballoon free $((available + 3072))K
check_ok "it came" [ "$(host_field available_kib)" -ge $((available + 4096)) ]
hotballoon show "$d" >/tmp/gone 2>&1
check "then it is gone" 3 $?
check "no lock is left behind" "" "$(ls /var/lib/xen | grep userdata-l)"

# ---- domain 0
check "domain 0: state and type" "running pv" "$(field 0 state) $(field 0 type)"
check_ok "domain 0: its driver" eval "hotballoon show Domain-0 | grep -q 'driver .*domain 0 has the kernel'"
refused "domain 0: below 1G" "less than 1G" hotballoon set 0 512M
refused "domain 0: below what it lives with" "128M" hotballoon set 0 96M --force
refused "domain 0: max" "set at boot" hotballoon max 0 2G

# ---- gone
hotballoon set building 192M >/tmp/gone 2>&1
check "gone: no such domain" 3 $?
