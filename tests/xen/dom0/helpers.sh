# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043,SC2034,SC2153 # busybox ash has local; results in variables are for the scripts; LAB_* are the run's settings
#
# helpers.sh: what a test script finds in dom0.  `lab --help-script` prints the list below.
#
# Guests
#   guest_create NAME [type=pvh|pv|hvm] [kernel=KERNEL] [memory=MIB] [maxmem=MIB] [vcpus=N]
#                [driver=load|none] [params='A=1 B=2'] [cmdline='...'] [cfg='xl.cfg lines'] [by=xl|hotballoon]
#                [io=yes] [ramdisk=FILE]
#                                      create it, do not wait; kernel: one of the run's, the first
#                                      if none is named; io: with modules for disks and
#                                      networks in /lib/modules; ramdisk: instead of the
#                                      lab's; hvm: only in a script that says "needs: hvm",
#                                      with 16 MiB of video memory
#   guest_wait_up NAME [SECONDS]       wait until it takes commands (and our driver is loaded)
#   guest_start NAME [KEY=VALUE...]    both
#   guest_destroy NAME
#   guest_refresh NAME [NEW-NAME]      look up the domain again, after xl restore or migrate
#   guest_may_die NAME                 from now on its death is no failure by itself
#   guest_wait_gone NAME [SECONDS]     0 if it died or left
#   guest_alive NAME
#   guest_domid NAME, guest_kernel NAME, guest_type NAME
#   guest_console NAME                 its console log
#   guest_dmesg NAME
#   in_guest [-t SECONDS] NAME COMMAND...
#                                      output and exit status are the command's; 60 s limit
#   guest_spawn NAME ID COMMAND        run it in the background of the guest
#   guest_end NAME ID [SECONDS]        SIGTERM it and wait; its output and exit status (60 s)
# Sizes
#   guest_mem_set NAME MIB             xl mem-set
#   guest_tot_pages NAME, guest_max_pages NAME, guest_cpu_ns NAME     as Xen counts
#   guest_wait_size NAME MIB [TOLERANCE_KIB [SECONDS]]
#                                      until tot_pages is there (256 KiB, 60 s); sets WAIT_MS,
#                                      WAIT_CPU_MS, WAIT_FIRST_MS (first page moved), WAIT_PAGES
#   guest_wait_pages NAME PAGES [TOLERANCE_PAGES [SECONDS]]
#   guest_meminfo NAME FIELD           KiB from /proc/meminfo
#   guest_memtotal_kib NAME, guest_memfree_kib NAME
#   guest_blocks NAME                  "PRESENT ONLINE" memory blocks
#   nested_table                       where that of the only PVH or HVM guest begins, in hexadecimal
#   host_free_kib                      as Xen counts
# Contents
#   guest_fill NAME ID MIB             a process keeps MIB of memory filled with a pattern
#   guest_verify NAME ID               every word of it is as written
#   guest_release NAME ID
# Results
#   check LABEL EXPECTED ACTUAL        "ok N - LABEL" or "not ok N - LABEL" and both values
#   check_near LABEL EXPECTED ACTUAL TOLERANCE
#   check_ok LABEL COMMAND...          ok if the command succeeds
#   check_fails LABEL COMMAND...       ok if it does not
#   pass LABEL, fail MESSAGE           fail ends the script
#   note TEXT                          "# TEXT"
#   now_ms                             dom0's clock
#   $OUT                               files put here come out in build/lab/RUN/out
#
#
# A guest of the debug kernel is of type pvh, with 768 MiB at least; a report of that kernel
# on a console is a failure when the script ends, but those that match the script's EXPECTED.
#
# Model: a guest that dies fails the script at once, with the end of its console,
# wherever a helper notices it, unless guest_may_die was said.  A helper that runs
# inside $(...) cannot end the script itself, so it leaves word in /run/lab/abort
# and sends SIGUSR1 to the script's shell.

OUT=/out
LAB_STATE=/run/lab
LAB_GUESTS=$LAB_STATE/guests
LAB_SHELL=$$
LAB_COUNT=$LAB_STATE/count
LAB_FAILED=$LAB_STATE/failed

mkdir -p "$LAB_GUESTS" "$OUT"
[ -e $LAB_COUNT ] || echo 0 >$LAB_COUNT
[ -e $LAB_FAILED ] || echo 0 >$LAB_FAILED

# ---- results

_result() {
	local n
	read -r n <$LAB_COUNT
	n=$((n + 1))
	echo $n >$LAB_COUNT
	echo "$1 $n - $2"
	if [ "$1" = "not ok" ]; then
		read -r n <$LAB_FAILED
		echo $((n + 1)) >$LAB_FAILED
	fi
}

note() { echo "# $*"; }

pass() { _result ok "$*"; }

# End the script, from wherever we are.
fail() {
	_result "not ok" "$*" >&2
	_abort
}

_abort() {
	if [ "$LAB_MODE" = shell ]; then
		# A person wants the prompt back.
		kill -INT "$LAB_SHELL"
		exit 1
	fi
	: >$LAB_STATE/abort
	kill -USR1 "$LAB_SHELL"
	exit 1
}

check() {
	if [ "$2" = "$3" ]; then
		_result ok "$1"
	else
		_result "not ok" "$1"
		note "expected: $2"
		note "actual:   $3"
		return 1
	fi
}

check_near() {
	local off
	case $2$3$4 in
	*[!0-9-]* | '')
		_result "not ok" "$1"
		note "expected $2 within $4, got '$3'"
		return 1
		;;
	esac
	off=$(($3 - $2))
	if [ ${off#-} -le "$4" ]; then
		_result ok "$1"
	else
		_result "not ok" "$1"
		note "expected: $2 within $4"
		note "actual:   $3 (off by $off)"
		return 1
	fi
}

check_ok() {
	local label="$1" status=0
	shift
	"$@" || status=$?
	if [ $status -eq 0 ]; then
		_result ok "$label"
	else
		_result "not ok" "$label"
		note "status $status: $*"
		return 1
	fi
}

check_fails() {
	local label="$1"
	shift
	if "$@"; then
		_result "not ok" "$label"
		note "succeeded: $*"
		return 1
	fi
	_result ok "$label"
}

now_ms() {
	local up rest
	read -r up rest </proc/uptime
	echo "${up%.*}${up#*.}0"
}

# What a kernel with all checks says when it found something.
_REPORT='BUG[: ]|WARNING: |INFO: |KASAN|UBSAN|ODEBUG|pagealloc: |page dumped|possible .* detected|corruption'

# check_consoles: none of the debug kernels did.
check_consoles() {
	local log name
	case " $LAB_KERNELS " in *' debug '*) ;; *) return ;; esac
	for log in /var/log/xen/console/guest-*.log; do
		[ -e "$log" ] || return
		name=${log##*/guest-}
		check "${name%.log}: no report on its console" "" \
			"$(tr -d '\r\000' <"$log" | grep -v '^@' | grep -E "$_REPORT" | grep -vE "${EXPECTED:-^\$}" | head -n 5)"
	done
}

# What the script is at, for the message of a time limit.
_doing() { echo "$*" >$LAB_STATE/doing; }
_done() { : >$LAB_STATE/doing; }

# ---- guests

_guest() {
	[ -d "$LAB_GUESTS/$1" ] || fail "no guest '$1' was created"
}

# _get NAME KEY
_get() {
	local value
	_guest "$1"
	read -r value <"$LAB_GUESTS/$1/$2"
	echo "$value"
}

guest_domid() { _get "$1" domid; }
guest_kernel() { _get "$1" kernel; }
guest_type() { _get "$1" type; }
_log() { echo "/var/log/xen/console/guest-$(_get "$1" console).log"; }
guest_console() { tr -d '\r\000' <"$(_log "$1")"; }
guest_may_die() { _guest "$1" && : >"$LAB_GUESTS/$1/may-die"; }

# The domain died under a helper: say so and end, or return 255.
_dead() {
	[ ! -e "$LAB_GUESTS/$1/may-die" ] || return 255
	{
		echo "lab: guest '$1' died ($2); the end of its console:"
		guest_console "$1" | grep -vE '^(@[RE] .*|@READY|)$' | tail -n 60 | sed 's/^/  | /'
	} >&2
	echo "$1" >>$LAB_STATE/died
	fail "guest '$1' is alive"
}

guest_create() {
	local name="$1" type="$LAB_GUEST" kernel="${LAB_KERNELS%% *}" memory="$LAB_MEMORY" maxmem="$LAB_MAXMEM"
	local vcpus="$LAB_VCPUS" driver="$LAB_DRIVER" params='' cmdline='' cfg='' io=no dir start n
	local image=vmlinux by=xl ramdisk=''
	shift
	for n in "$@"; do
		case $n in
		type=* | kernel=* | memory=* | maxmem=* | vcpus=* | driver=* | params=* | cmdline=* | cfg=* | io=* | by=* | ramdisk=*) ;;
		*) fail "guest_create $name: unknown setting '$n'" ;;
		esac
		# shellcheck disable=SC2163 # that is the point: a name of the list above
		local "$n"
	done
	[ -n "$maxmem" ] && [ "$maxmem" -ge "$memory" ] || maxmem=$memory
	[ -e "/kernels/$kernel/vmlinux" ] ||
		fail "guest_create $name: kernel $kernel is not in this run: lab run --kernel $kernel"
	[ "$driver" = none ] || [ -e "/kernels/$kernel/driver" ] ||
		fail "guest_create $name: driver=$driver, but this run has no driver for $kernel"
	if [ "$kernel" = debug ]; then
		[ "$type" = pvh ] || fail "guest_create $name: the debug kernel boots as pvh, not as $type"
		[ "$memory" -ge "$LAB_DEBUG_MEMORY" ] ||
			fail "guest_create $name: the debug kernel takes memory=$LAB_DEBUG_MEMORY or more, not $memory"
		# Some of its reports are no more than warnings, which "quiet" would keep off the console.
		cmdline="loglevel=5 $cmdline"
	fi
	[ "$io" = yes ] && io=-io || io=
	if [ "$type" = hvm ]; then
		image=vmlinuz
		[ -e "/kernels/$kernel/$image" ] || fail "guest_create $name: the script does not say 'needs: hvm'"
		cfg="vga = 'stdvga'
			videoram = 16
			nographic = 1
			vnc = 0
			usb = 0
			$cfg"
	fi
	dir=$LAB_GUESTS/$name
	[ ! -e "$dir/domid" ] || ! guest_alive "$name" || fail "guest_create $name: there is a guest of that name"
	rm -rf "$dir"
	mkdir -p "$dir"
	# A log of an earlier guest of this name would be taken for this one's.
	if [ -e "/var/log/xen/console/guest-$name.log" ]; then
		n=1
		while [ -e "/var/log/xen/console/guest-$name.$n.log" ]; do n=$((n + 1)); done
		mv "/var/log/xen/console/guest-$name.log" "/var/log/xen/console/guest-$name.$n.log"
	fi
	echo "$type" >"$dir/type"
	echo "$kernel" >"$dir/kernel"
	echo "$driver" >"$dir/driver"
	echo "$name" >"$dir/console"
	cat >"$dir/xl.cfg" <<-CFG
		name = "$name"
		type = "$type"
		kernel = "/kernels/$kernel/$image"
		ramdisk = "${ramdisk:-/kernels/$kernel/initrd$io.gz}"
		cmdline = "console=hvc0 rdinit=/init quiet panic=-1 oops=panic panic_on_warn=1 hb.driver=$driver${params:+ hb.params=$(echo "$params" | tr ' ' ';')} $cmdline"
		memory = $memory
		maxmem = $maxmem
		vcpus = $vcpus
		tsc_mode = "native"
		on_crash = "destroy"
		on_reboot = "destroy"
		on_poweroff = "destroy"
		$cfg
	CFG
	_doing "$by create $name"
	start=$(now_ms)
	case $by in
	xl) xl create -q "$dir/xl.cfg" ;;
	hotballoon) hotballoon create "$dir/xl.cfg" -- -q ;;
	*) fail "guest_create $name: by=xl or by=hotballoon, not by=$by" ;;
	esac </dev/null >"$dir/xl.log" 2>&1 || {
		cat "$dir/xl.log" >&2
		fail "guest_create $name: $by create"
	}
	xl domid "$name" >"$dir/domid" 2>/dev/null || _dead "$name" "right after xl create"
	now_ms >"$dir/created"
	_done
	note "guest $name: $type, $kernel, $memory of $maxmem MiB, $vcpus vcpu, driver $driver; $by create took $(($(now_ms) - start)) ms"
}

guest_wait_up() {
	local name="$1" seconds="${2:-$LAB_UP_TIMEOUT}" status=0
	_guest "$name"
	_doing "guest_wait_up $name"
	labtool wait-text "$(guest_domid "$name")" "$(_log "$name")" @READY $((seconds * 1000)) || status=$?
	_done
	case $status in
	0) ;;
	3) _dead "$name" "while it booted" || return ;;
	*)
		guest_console "$name" | tail -n 60 | sed 's/^/  | /' >&2
		fail "guest $name is up within $seconds s"
		;;
	esac
	if [ "$(_get "$name" driver)" = load ] &&
		[ "$(in_guest "$name" cat /run/driver.status)" != 0 ]; then
		guest_console "$name" | grep -vE '^(@[RE] .*|@READY|)$' | tail -n 60 | sed 's/^/  | /' >&2
		in_guest "$name" 'cat /tmp/insmod.err; dmesg | tail -n 30' >&2
		fail "guest $name loads our driver"
	fi
	note "guest $name: up $(($(now_ms) - $(_get "$name" created))) ms after its creation"
}

guest_start() {
	guest_create "$@" && guest_wait_up "$1"
}

guest_alive() { labtool dom "$(guest_domid "$1")" >/dev/null 2>&1; }

guest_destroy() {
	_guest "$1"
	! guest_alive "$1" || xl destroy "$1"
}

guest_refresh() {
	local name="$1"
	_guest "$name"
	xl domid "${2:-$name}" >"$LAB_GUESTS/$name/domid" || fail "guest_refresh $name: xl knows no such domain"
	local log
	# shellcheck disable=SC2012 # names are ours
	log=$(ls -t "/var/log/xen/console/guest-$name.log" "/var/log/xen/console/guest-$name--incoming.log" 2>/dev/null | head -n 1)
	log=${log##*/guest-}
	echo "${log%.log}" >"$LAB_GUESTS/$name/console"
}

guest_wait_gone() {
	local end
	guest_may_die "$1"
	_doing "guest_wait_gone $1"
	end=$(($(now_ms) + ${2:-60} * 1000))
	while guest_alive "$1"; do
		[ "$(now_ms)" -lt $end ] || { _done; return 1; }
		sleep 0.1
	done
	_done
}

in_guest() {
	local seconds=60 name domid tty file status=0
	if [ "$1" = -t ]; then
		seconds=$2
		shift 2
	fi
	name=$1
	shift
	_guest "$name"
	case "$*" in *insmod* | *modprobe*) : >$LAB_STATE/driver-loaded ;; esac
	domid=$(guest_domid "$name")
	tty=$(xenstore-read "/local/domain/$domid/console/tty" 2>/dev/null) || tty=/dev/null
	file=$LAB_GUESTS/$name/exec.$$
	_doing "in_guest $name $*"
	labtool exec "$domid" "$tty" "$(_log "$name")" $((seconds * 1000)) "$file" "$*" || status=$?
	_done
	case $(cat "$file") in
	exit) return $status ;;
	dead) _dead "$name" "in: $*" ;;
	timeout)
		fail "in guest $name within $seconds s: $*"
		;;
	*)
		guest_console "$name" | tail -n 60 | sed 's/^/  | /' >&2
		fail "guest $name answers: $*"
		;;
	esac
}

guest_spawn() {
	in_guest "$1" "rm -f /run/$2.pid /run/$2.status
		($3 >/run/$2.log 2>&1 & echo \$! >/run/$2.pid; wait \$!; echo \$? >/run/$2.status) >/dev/null 2>&1 &
		until [ -s /run/$2.pid ]; do sleep 0.1; done"
}

guest_end() {
	in_guest -t "${3:-60}" "$1" "kill -TERM \$(cat /run/$2.pid) 2>/dev/null
		until [ -s /run/$2.status ]; do sleep 0.1; done
		cat /run/$2.log; exit \$(cat /run/$2.status)"
}

guest_dmesg() { in_guest "$1" dmesg; }

# ---- sizes

# _dom NAME KEY: from Xen.
_dom() {
	local all
	all=$(labtool dom "$(guest_domid "$1")") || { _dead "$1" "when Xen was asked for its $2"; return; }
	all=${all#*"$2="}
	echo "${all%% *}"
}

guest_tot_pages() { _dom "$1" tot_pages; }
guest_max_pages() { _dom "$1" max_pages; }
guest_cpu_ns() { _dom "$1" cpu_ns; }

host_free_kib() {
	local all
	all=$(labtool host) || fail "Xen tells its free memory"
	all=${all#*free_kib=}
	echo "${all%% *}"
}

guest_mem_set() {
	_guest "$1"
	_doing "xl mem-set $1 $2"
	xl mem-set "$1" "$2" || { guest_alive "$1" || _dead "$1" "at xl mem-set $2"; return 1; }
	_done
}

guest_wait_pages() {
	local name="$1" out status=0
	_guest "$name"
	_doing "guest_wait_pages $*"
	out=$(labtool wait-size "$(guest_domid "$name")" "$2" "${3:-64}" $((${4:-60} * 1000))) || status=$?
	_done
	[ $status -ne 3 ] || { _dead "$name" "on its way to $2 pages"; return; }
	WAIT_MS=${out#*ms=} WAIT_MS=${WAIT_MS%% *}
	WAIT_CPU_MS=${out#*cpu_ms=} WAIT_CPU_MS=${WAIT_CPU_MS%% *}
	WAIT_FIRST_MS=${out#*first_ms=} WAIT_FIRST_MS=${WAIT_FIRST_MS%% *}
	WAIT_PAGES=${out#*tot_pages=}
	[ $status -eq 0 ] || note "guest $name has $WAIT_PAGES pages after ${4:-60} s, not $2"
	return $status
}

guest_wait_size() {
	guest_wait_pages "$1" $(($2 * 256)) $((${3:-256} / 4)) "${4:-60}"
}

guest_meminfo() {
	# shellcheck disable=SC2016 # for the guest's shell
	in_guest "$1" 'while read -r key value unit; do [ "$key" != '"'$2:'"' ] || echo "$value"; done </proc/meminfo'
}

guest_memtotal_kib() { guest_meminfo "$1" MemTotal; }
guest_memfree_kib() { guest_meminfo "$1" MemFree; }

guest_blocks() {
	# shellcheck disable=SC2016 # for the guest's shell
	in_guest "$1" 'cd /sys/devices/system/memory && set -- memory[0-9]* && echo "$# $(cat memory[0-9]*/state | grep -c "^online")"'
}

# Xen's own name for the place is in its dump.
nested_table() {
	local tries=0 found=''
	xl dmesg -c >>"$OUT/xen-messages"
	xl debug-keys v
	while [ -z "$found" ]; do
		[ $tries -lt 50 ] || fail "Xen tells where the nested page table is"
		sleep 0.1
		tries=$((tries + 1))
		found=$(xl dmesg | sed -n 's/.*H_CR3 *= *0x\([0-9a-f]*\).*/\1/p' | tail -n 1)
	done
	echo "$found"
}

# ---- contents

guest_fill() { in_guest -t 300 "$1" "memfill start '$2' '$3'"; }
guest_verify() { in_guest -t 300 "$1" "memfill verify '$2' >/dev/null"; }
guest_release() { in_guest "$1" "memfill stop '$2' >/dev/null"; }
