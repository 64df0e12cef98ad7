# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034 # opt_* and others are shared with the other files of lab
#
# crash.sh: tells a crash of the emulation's own making from a failure of ours.
#
# Model: emulated Xen now and then kills an ordinary process.  A run that failed may
# be repeated, once, if there is positive evidence of that and nothing that speaks
# against it.  Evidence is
#   - a PVH guest that died with Xen's registers: QEMU 7.2 now and then stores those of
#     the host into the guest's control block, and no guest can get Xen's code segment
#     (e008) and addresses in another way;
#   - a kernel's own line about a process of Debian's in dom0, or about a guest's
#     processes before our driver was loaded there.
#   - a guest's interrupt by Xen's callback that came while the processor had interrupts
#     off, as the registers of what it interrupted show (EFLAGS without 0x200), and nothing
#     failed before: neither a kernel nor a driver can make a processor do that.
# What failed in another script of the same boot, and a kernel's warning or oops on another
# console, speak against each of them.  Our programs (hotballoon*, labtool), any word of the
# driver, and any kernel warning or oops speak against the latter: such a run is a failure,
# however rare.

# A kernel's words for a process that crashed, and for the crash of PID 1.
readonly CRASHED='segfault at|trap invalid opcode|trap divide error|general protection fault ip:|bad frame in rt_sigreturn'
readonly INIT_CRASHED='Attempted to kill init! exitcode=0x0000000[4b]'
readonly OURS='hotballoon|labtool|xen_hotballoon'
readonly KERNEL_FAULT='WARNING: |BUG: |kernel BUG|Oops|general protection fault, |Unable to handle|INFO: task|soft lockup|rcu.*stall'

# masked_interrupt LOG: the line with the flags, if an interrupt came while they were off.  An
# interrupt's own frame is below its name in a call trace.
masked_interrupt() {
	tr -d '\r' <"$1" | awk '
		/asm_sysvec_xen_hvm_callback/ { frame = 1; next }
		frame && /EFLAGS: / {
			flags = $NF
			if (substr(flags, length(flags) - 2, 1) !~ /[2367abefABEF]/) { print; found = 1; exit }
			frame = 0
		}
		END { exit !found }'
}

# Did anything fail but that a guest stopped?
failed_otherwise() {
	grep -aE '^not ok' "$1/output.log" |
		grep -aqvE ' - guest .*( answers: | is alive$)| - .*: no report on its console$'
}

# Did anything fail in a script in which no guest stopped?
failed_elsewhere() {
	awk '
		/^lab: begins: / { if (failed && !stopped) found = 1; failed = stopped = 0 }
		/^not ok/ { failed = 1 }
		/^not ok.* - (guest .*( answers: | is alive$)|.*: no report on its console$)/ { stopped = 1 }
		END { exit !(found || (failed && !stopped)) }' "$1/output.log"
}

# kernel_fault RUN [BUT]: did any kernel say so, on another console than that?
kernel_fault() {
	local log
	for log in "$1"/guests/*.log "$1/serial.log" "$1/dom0-dmesg.txt"; do
		[ -e "$log" ] && [ "$log" != "${2:-}" ] || continue
		! tr -d '\r' <"$log" | grep -aEq "$KERNEL_FAULT" || return 0
	done
	return 1
}

# emulator_crash RUN: prints the evidence; false if there is none.
emulator_crash() {
	local run=$1 log line
	! failed_elsewhere "$run" || return 1
	if ! kernel_fault "$run" && grep -aqE '^\(XEN\) RIP: +e008:\[<ffff82d0' "$run/xl-dmesg.txt" 2>/dev/null &&
		line=$(grep -aEm1 'Triple fault' "$run/xl-dmesg.txt"); then
		echo "${line#(XEN) } with Xen's registers in the guest"
		return
	fi
	for log in "$run"/guests/*.log; do
		[ -e "$log" ] && ! failed_otherwise "$run" && line=$(masked_interrupt "$log") &&
			! kernel_fault "$run" "$log" || continue
		echo "$(basename "$log" .log): interrupt with interrupts off: ${line#\[*\] }"
		return
	done
	# The driver was loaded by a script, we cannot tell when.
	! compgen -G "$run/run/driver-loaded" >/dev/null && ! compgen -G "$run/run/*/driver-loaded" >/dev/null || return 1
	! kernel_fault "$run" || return 1
	for log in "$run"/guests/*.log "$run/serial.log" "$run/dom0-dmesg.txt"; do
		[ -e "$log" ] || continue
		! tr -d '\r' <"$log" | grep -aE "$OURS" | grep -avqE '^@LOADING |hb\.driver=' || return 1
	done
	for log in "$run/dom0-dmesg.txt" "$run/serial.log"; do
		[ -e "$log" ] || continue
		line=$(tr -d '\r' <"$log" | grep -aEm1 "$CRASHED|$INIT_CRASHED") || continue
		echo "dom0: ${line#\[*\] }"
		return
	done
	for log in "$run"/guests/*.log; do
		[ -e "$log" ] || continue
		line=$(tr -d '\r' <"$log" | sed '/^@LOADING/,$d' | grep -aEm1 "$CRASHED|$INIT_CRASHED") || continue
		echo "$(basename "$log" .log): ${line#\[*\] }"
		return
	done
	return 1
}
