# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# stats [KEY=VALUE...]: what the guest says of its memory is true, follows within seconds, at
# most once a second, whichever processor is awake, and the command shows it; what could not be
# written is written later; what agents of others write is written where the guest may and left
# alone where an agent does; off by key and parameter, and gone after the module is unloaded.
. /lab/files/lib-command.sh

g=guest
PARAMETER=/sys/module/xen_hotballoon/parameters/stats

key() { echo "/local/domain/$(guest_domid $g)/$1"; }
has_key() { xenstore-read "$(key "$1")" >/dev/null 2>&1; }
lacks_key() { ! has_key "$1"; }
line() { xenstore-read "$(key data/hotballoon/stats)" 2>/dev/null; }
# word NAME [LINE]: of that line, or of the one that is there now; nothing if it is not there.
word() { echo "${2:-$(line)}" | tr ' ' '\n' | sed -n "s/^$1=//p"; }
# uses_it: what the guest itself sees, give or take what is not worth a new line, and what asking
# takes.  The kernel itself uses some MiB more or less than a moment before.
uses_it() {
	local used own
	used=$(word used) own=$(($(guest_memtotal_kib $g) - $(guest_meminfo $g MemAvailable)))
	[ "${used:-0}" -ge $((own - 6144)) -a "${used:-0}" -le $((own + 6144)) ]
}
# is_shown: the command and the line say the same, each of which may be a newer one than the other.
is_shown() { local used; used=$(word used); [ "${used:-none}" = "$(field $g used_kib)" ]; }
used_between() { local used; used=$(word used) && [ "${used:-0}" -ge "$1" -a "${used:-0}" -le "$2" ]; }

guest_start $g memory=256 maxmem=512 "$@"
books_open $g
check_ok "$g: says something" soon has_key data/hotballoon/stats
said=$(line)
note "$said"
check "$g: used is the rest" $(($(word total-memory "$said") - $(word available-memory "$said"))) "$(word used "$said")"
check "$g: total-memory is MemTotal" "$(guest_memtotal_kib $g)" "$(word total-memory)"
check_near "$g: available-memory is MemAvailable" "$(guest_meminfo $g MemAvailable)" "$(word available-memory)" 6144
check "$g: it has no swap" "0 0" "$(word swap-total "$said") $(word swap-free "$said")"
check "$g: no OOM kill" 0 "$(word oom-kills)"
# What looks is promised some MiB, too.
check_near "$g: committed is Committed_AS" "$(guest_meminfo $g Committed_AS)" "$(word committed)" 12288
check_ok "$g: the command shows it" soon is_shown || note "it is $(word used), shown is $(field $g used_kib)"
check_ok "$g: ... and top" sh -c "hotballoon top | grep -q DEMAND"

# Follows, and not more often than once a second.
# What a kernel of 7.3 frees after its boot is no part of it.
sleep 10
before=$(word used)
check_ok "$g: fill 48 MiB" guest_fill $g a 48
check_ok "$g: used follows" soon used_between $((before + 36864)) $((before + 61440)) || note "it was $before, is $(word used)"
check_ok "$g: it is what the guest sees" soon uses_it || note "it is $(word used)"
check_ok "$g: ... and back" guest_release $g a
check_ok "$g: used follows" soon used_between $((before - 12288)) $((before + 12288)) || note "it was $before, is $(word used)"
check_ok "$g: it is what the guest sees" soon uses_it || note "it is $(word used)"
guest_spawn $g busy 'while :; do memfill start b 16 && memfill stop b; done'
lines=0 last='' end=$(($(now_ms) + 10000)) now=''
while [ "$(now_ms)" -lt $end ]; do
	now=$(xenstore-read "$(key data/hotballoon/stats)")
	[ "$now" = "$last" ] || lines=$((lines + 1))
	last=$now
done
guest_end $g busy >/dev/null
check_ok "$g: $lines lines in ten busy seconds: 3 to 12" [ $lines -ge 3 -a $lines -le 12 ]

# The other processor sleeps, which was the last to be awake before.
if in_guest $g '[ "$(grep -c ^processor /proc/cpuinfo)" -gt 1 ]'; then
	check_ok "$g: off and on by one processor" \
		in_guest $g "taskset 1 sh -c 'echo 0 >$PARAMETER; echo 1 >$PARAMETER'"
	check_ok "$g: says something" soon has_key data/hotballoon/stats
	sleep 10
	before=$(word used)
	guest_spawn $g other "taskset 2 sh -c 'memfill start c 48; while :; do :; done'"
	check_ok "$g: used follows another" soon used_between $((before + 36864)) $((before + 61440)) ||
		note "it was $before, is $(word used)"
	guest_end $g other >/dev/null
	check_ok "$g: free it" guest_release $g c
fi

# Nothing moves: what could not be written is written when it can be.
check_ok "$g: off by the parameter" in_guest $g "echo 0 >$PARAMETER"
check_ok "$g: the report is dom0's" xenstore-chmod "$(key data/hotballoon)" n0 "r$(guest_domid $g)"
check_ok "$g: on again" in_guest $g "echo 1 >$PARAMETER"
sleep 3
check_ok "$g: it may not say anything" lacks_key data/hotballoon/stats
check_ok "$g: it may" xenstore-chmod "$(key data/hotballoon)" "n$(guest_domid $g)"
check_ok "$g: says something" soon has_key data/hotballoon/stats

# What others' agents write.
check "$g: data/meminfo_total" "$(guest_memtotal_kib $g)" "$(xenstore-read "$(key data/meminfo_total)")"
check_ok "$g: data/meminfo_free" has_key data/meminfo_free
check_ok "$g: data/updated is ours" sh -c "xenstore-read $(key data/updated) | grep -q '^hotballoon '"
check_ok "$g: no memory/meminfo where nobody has made it" lacks_key memory/meminfo
check_ok "$g: no control/feature-balloon where it may not" lacks_key control/feature-balloon
xenstore-write "$(key data/updated)" "an agent" "$(key data/meminfo_free)" 4711
xenstore-write "$(key memory/meminfo)" ""
xenstore-chmod "$(key memory/meminfo)" "n$(guest_domid $g)"
is_number() { xenstore-read "$(key "$1")" | grep -qx '[0-9][0-9]*'; }
check_ok "$g: memory/meminfo, which Qubes OS makes" soon is_number memory/meminfo
check_ok "$g: fill 48 MiB" guest_fill $g a 48
# The line of ours comes a second after the one before at the earliest,
# and what Qubes OS reads moves by 30000 KiB.
is_what_it_uses() {
	local off
	# What the kernel keeps is no part of the line.
	off=$(($(word used) + $(cat /run/lab/guests/$g/kept) - $(xenstore-read "$(key memory/meminfo)")))
	[ $off -ge -30000 -a $off -le 30000 ]
}
check_ok "$g: ... is what it uses" soon is_what_it_uses
xenstore-write "$(key memory/meminfo)" 4711
check_ok "$g: free it" guest_release $g a
sleep 12
check "$g: what an agent writes is left alone" "an agent 4711 4711" \
	"$(echo $(xenstore-read "$(key data/updated)" "$(key data/meminfo_free)" "$(key memory/meminfo)"))"

# Off.
xenstore-write "$(key memory/hotballoon-stats)" 0
check_ok "$g: off by the host" soon lacks_key data/hotballoon/stats
check_ok "$g: fill 48 MiB" guest_fill $g a 48
sleep 3
check_ok "$g: ... nothing is said" lacks_key data/hotballoon/stats
check "$g: ... and a report is" hotballoon "$(field $g driver)"
xenstore-rm "$(key memory/hotballoon-stats)"
check_ok "$g: on again" soon has_key data/hotballoon/stats
check_ok "$g: off by the parameter" in_guest $g "echo 0 >$PARAMETER"
check_ok "$g: ... at once" lacks_key data/hotballoon/stats
check_fails "$g: nonsense is refused" in_guest $g "echo perhaps >$PARAMETER"
check_ok "$g: on again" in_guest $g "echo 1 >$PARAMETER"
check_ok "$g: ... it says something" soon has_key data/hotballoon/stats
check_ok "$g: free it" guest_release $g a

# The kernel counts what is with Xen, where it has a place for it.
xl mem-set $g 200
check_ok "$g: reaches 200 MiB" reach $g 204800
check_ok "$g: moved is 56 MiB or more" soon sh -c "[ \$(xenstore-read $(key data/hotballoon/stats) | tr ' ' '\n' | sed -n 's/^moved=//p') -ge 57344 ]"
held() { in_guest $g "awk 'NR > 1 { n += \$5 } END { print n * 4 }' $BOOKS/blocks"; }
balloon=$(guest_meminfo $g Balloon)
[ -z "$balloon" ] || check "$g: Balloon of /proc/meminfo" "$(held)" "$balloon"
xl mem-set $g 256
check_ok "$g: reaches 256 MiB" reach $g 262144
[ -z "$balloon" ] || check "$g: Balloon of /proc/meminfo" "$(held)" "$(guest_meminfo $g Balloon)"

# Where the guest may, as with xapi; and all is taken back.
xenstore-rm "$(key data/updated)"
xenstore-rm "$(key data/meminfo_total)"
xenstore-chmod "$(key control)" "n$(guest_domid $g)"
check_ok "$g: unload" in_guest $g 'rmmod xen_hotballoon'
check_ok "$g: nothing of ours is left" lacks_key data/hotballoon
xenstore-write "$(key memory/meminfo)" ""
check_ok "$g: load" in_guest $g 'insmod /xen-hotballoon.ko'
check_ok "$g: it announces a balloon driver" soon has_key control/feature-balloon
check_ok "$g: says something" soon has_key data/hotballoon/stats
check_ok "$g: data/updated is ours again" soon sh -c "xenstore-read $(key data/updated) | grep -q '^hotballoon '"
check_ok "$g: memory/meminfo again, where no agent writes it" soon is_number memory/meminfo
check_ok "$g: unload" in_guest $g 'rmmod xen_hotballoon'
check "$g: memory/meminfo is empty again: another load may write it" "" "$(xenstore-read "$(key memory/meminfo)")"
for key in control/feature-balloon data/updated data/meminfo_total data/meminfo_free data/hotballoon; do
	check_ok "$g: $key is taken back" lacks_key $key
done

# One of an agent's keys that is another's: none is written.
xenstore-write "$(key data/meminfo_free)" 4711
xenstore-chmod "$(key data/meminfo_free)" n0 "r$(guest_domid $g)"
check_ok "$g: load" in_guest $g 'insmod /xen-hotballoon.ko'
check_ok "$g: says something" soon has_key data/hotballoon/stats
sleep 3
check_ok "$g: unload" in_guest $g 'rmmod xen_hotballoon'
for key in data/updated data/meminfo_total; do
	check_ok "$g: $key is not left behind" lacks_key $key
done
check "$g: what is another's is" 4711 "$(xenstore-read "$(key data/meminfo_free)")"
xenstore-rm "$(key data/meminfo_free)"

# Off before it is loaded: not a single line.  A watch itself is one event.
xenstore-write "$(key memory/hotballoon-stats)" 0
xenstore-watch "$(key data/hotballoon/stats)" >/tmp/lines &
watch=$!
check_ok "$g: load" in_guest $g 'insmod /xen-hotballoon.ko'
check_ok "$g: it reports" soon has_key data/hotballoon/version
sleep 3
kill $watch
check "$g: nothing was said" 1 "$(wc -l </tmp/lines)"
xenstore-write "$(key memory/hotballoon-stats)" 1
check_ok "$g: on by the host" soon has_key data/hotballoon/stats
check_log $g 'cannot write statistics'
