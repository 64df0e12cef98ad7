# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043,SC2086 # busybox and dash have local; $PACKAGES are words
# needs: dom0
#
# debian-dom0 [KEY=VALUE...]: a real Debian as dom0, with systemd, from the installation of
# hotballoon, libhotballoon0 and libhotballoon-dev to their purge, with a guest that xl has
# started.  Nobody answers a question.
. /lab/files/lib-balance.sh

g=guest
BOOT=256
TOP=400
# Of lib-balance.sh.  MiB: with that a guest of 192 would not live.
# shellcheck disable=SC2034
GUESTS=$g LOAD=160
PACKAGES="hotballoon libhotballoon0 libhotballoon-dev"
UNIT=hotballoond.service
CONF=/etc/hotballoon/hotballoond.conf.d
METRICS=/var/lib/prometheus/node-exporter/hotballoon.prom

# apt LABEL ARGUMENT...
apt() {
	local label="$1" start
	shift
	start=$(now_ms)
	# shellcheck disable=SC2016 # "$@" is for the inner shell
	check_ok "$label" sh -c 'DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@" </dev/null >/tmp/apt.log 2>&1 ||
		{ tail -n 40 /tmp/apt.log; exit 1; }' sh "$@"
	note "$label: $((($(now_ms) - start) / 1000)) s"
}

failed_units() { systemctl list-units --failed --no-legend --plain; }
in_order() { check "$1: no unit has failed" "" "$(failed_units)"; }
main_pid() { systemctl show -P MainPID $UNIT; }

# completed WORD...: what bash makes of the last of them.
completed() {
	bash -c '
		. /usr/share/bash-completion/bash_completion
		. /usr/share/bash-completion/completions/hotballoon
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
		last=${COMP_WORDS[COMP_CWORD]}
		$(complete -p hotballoon | sed "s/.*-F \([^ ]*\).*/\1/") hotballoon "$last" "${COMP_WORDS[COMP_CWORD-1]}"
		echo "${COMPREPLY[*]% }"' sh "$@"
}

# manual PAGE: as a terminal has it.
manual() { man -P cat "$1" | sed -n 1p | grep -qi "^$1("; }

as_packaged() { check "$1: their files are as packaged" "" "$(for p in $PACKAGES; do dpkg -V "$p"; done)"; }

install() {
	apt "the packages are installed" install --no-install-recommends /srv/needed/*.deb /lab/debs/*.deb
	in_order "installed"
	as_packaged "installed"
	check "the daemon is not enabled" disabled "$(systemctl is-enabled $UNIT)"
	check "nor started" inactive "$(systemctl is-active $UNIT)"
}

# What somebody sees who looks at it for the first time.
looked_at() {
	local page
	check "systemctl status: it does not run" 3 "$(systemctl --no-pager status $UNIT >/tmp/status; echo $?)"
	check_ok "and where its manual is" grep -q 'Docs: man:hotballoond(8)' /tmp/status
	for page in hotballoon hotballoond libhotballoon; do
		check_ok "man $page" manual $page
	done
	check "completion of a command" doctor "$(completed hotballoon doc)"
	check_ok "hotballoon list" hotballoon list
	check_ok "hotballoon doctor" hotballoon doctor
}

# has MIB LABEL: the guest has it, as Xen counts.
has() { check "$2" $(($1 * 256 + GAP)) "$(guest_tot_pages $g)"; }

sized() {
	guest_start $g memory=$BOOT "$@"
	books_open $g
	GAP=$(cat /run/lab/guests/$g/gap)
	check "completion of a guest" $g "$(completed hotballoon set gue)"
	check "hotballoon list has it" $g "$(hotballoon list | awk -v g=$g '$0 ~ g { print g }')"
	check_ok "hotballoon set: larger than at boot" hotballoon set $g ${TOP}M --wait
	has $TOP "it is larger"
	check_ok "hotballoon set: smaller" hotballoon set $g 192M --wait
	has 192 "it is smaller"
	check_ok "hotballoon limits" hotballoon limits $g --min=128M --max=${TOP}M
}

daemon() {
	mkdir -p $CONF "${METRICS%/*}"
	printf '[metrics]\ntextfile = %s\n' $METRICS >$CONF/lab.conf
	check_ok "the daemon is enabled, and starts" systemctl enable -q --now $UNIT
	check "it is active" active "$(systemctl is-active $UNIT)"
	check "it does not restart itself" 0 "$(systemctl show -P NRestarts $UNIT)"
	check_ok "and answers" hotballoon history
	# A guest that nobody has left to it.
	has 192 "the guest's size is left alone"
	check "it has nothing to complain about" "" "$(journalctl -q -b -u $UNIT -p warning -o cat)"
}

larger() { [ "$(field $g target_kib)" -gt $((192 * 1024)) ]; }
has_history() { hotballoon history $g | grep -q "$g ($(guest_domid $g)): .* -> .*: "; }
has_metrics() { grep -q '^hotballoon_manager_writes_total [1-9]' $METRICS; }

# What it is for, in the sandbox of its unit: Xen, xenstore, its state and its metrics.
balances() {
	check_ok "the guest is left to the daemon" hotballoon limits $g --auto
	check_ok "$LOAD MiB more in use" load $g
	check_ok "the daemon has made it larger" soon larger
	check_ok "history has it" soon has_history
	check_ok "it is kept" [ -s /var/lib/hotballoon/history ]
	check_ok "the metrics have it" soon has_metrics
	check "nothing was killed for want of memory" 0 "$(oom_kills $g)"
	check_ok "the load ends" unload $g
	check_ok "it comes to rest" rest
	check "nothing was denied to the daemon" "" \
		"$(journalctl -q -b -u $UNIT -o cat | grep -i 'denied\|not permitted\|read-only\|cannot')"
	check_ok "a person has the last word" hotballoon set $g 192M --wait
	has 192 "it is as the person has set it"
}

upgrade() {
	local pid limits
	pid=$(main_pid) limits=$(hotballoon limits $g)
	apt "they are upgraded" install /lab/newer/*.deb
	check "they are the new ones" 3 "$(dpkg-query -W -f '${Version}\n' $PACKAGES | grep -c '^[0-9.]*\.1+')"
	in_order "upgraded"
	as_packaged "upgraded"
	check "the daemon is active" active "$(systemctl is-active $UNIT)"
	check_fails "it is the new one" [ "$(main_pid)" = "$pid" ]
	check "and enabled, as before" enabled "$(systemctl is-enabled $UNIT)"
	check "limits have stayed" "$limits" "$(hotballoon limits $g)"
	has 192 "the guest has its size"
}

# prerm fails when it has done all: dpkg goes back.
given_up() {
	local prerm=/var/lib/dpkg/info/hotballoon.prerm pid
	pid=$(main_pid)
	cp $prerm /tmp/prerm
	echo 'exit 1' >>$prerm
	check_fails "a removal fails" sh -c 'apt-get -q -y remove hotballoon </dev/null >/tmp/apt.log 2>&1'
	cp /tmp/prerm $prerm
	check "given up: the daemon is active" active "$(systemctl is-active $UNIT)"
	check_fails "given up: it was not for a while" [ "$(main_pid)" = "$pid" ]
	in_order "given up"
	as_packaged "given up"
}

# By its uuid, which xenstore has as /vm/UUID.
limits_kept() {
	local vm
	vm=$(xenstore-read "/local/domain/$(guest_domid $g)/vm") && grep -q "${vm#/vm/}" /var/lib/hotballoon/limits
}

remove() {
	given_up
	apt "they are removed" remove $PACKAGES
	check "the daemon has ended" inactive "$(systemctl is-active $UNIT)"
	check_fails "no process of it is left" pidof hotballoond
	check_fails "nor its metrics" [ -e $METRICS ]
	check_ok "the guest's limits are kept" limits_kept
	has 192 "the guest has its size"
	check "and answers" here "$(in_guest $g echo here)"
	# Of the others nothing is left that could be purged.
	rm -r $CONF
	apt "what is left is purged" purge hotballoon
	systemctl daemon-reload
	in_order "purged"
	# Nor a link in multi-user.target.wants to a unit that is not there.
	check "nothing of them is left" "" "$(find / -xdev \( -path /lab -o -path /out -o -path /tmp -o -path /proc -o -path /sys -o -path /var/cache/man \) -prune -o \
		-name '*hotballoon*' -print 2>/dev/null; find /run -name '*hotballoon*' 2>/dev/null)"
}

check "systemd: dom0 is up" running "$(systemctl is-system-running --wait)" || failed_units
note "$(. /etc/os-release && echo "$PRETTY_NAME"), Linux $(uname -r), Xen $(xl info xen_version)"
install
looked_at
sized "$@"
daemon
balances
upgrade
remove
in_order "at the end"
# An error that names Xen; what WARN() prints has the level of a warning, as much of an ordinary boot has.
check "no error of Xen's in the kernel's log" "" "$(dmesg -l emerg,alert,crit,err | grep -i xen)"
check "nor a warning" "" "$(dmesg -l emerg,alert,crit,err,warn | grep 'BUG:\|WARNING:')"
guest_destroy $g
