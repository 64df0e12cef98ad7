# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034 # opt_* and others are shared with the other files of lab
#
# qemu.sh: one emulated machine, from start to an unpacked result.
#
# Model: QEMU is a child of the lab and never outlives it (setpriv has the kernel see
# to that when the lab is killed).  The run's folder gets
#
#   qemu.pid      while it runs, for who looks into it
#   serial.log    Xen's console: Xen, dom0's kernel and daemons
#   output.log    what the script printed; streamed to the terminal meanwhile
#   guests/       the guests' consoles        xl-dmesg.txt xenstore.txt ...
#   out/          files that the script put into $OUT
#
# The last two come as a tar archive on a disk that dom0 writes when it ends.  When
# the time is up dom0 is asked to do that at once, and only then QEMU is killed.

# The flags that matter:
#   -xsave        QEMU 7.2 does not report a PVH guest's write to XCR0 to Xen, so Xen
#                 and the processor disagree on what XSAVE stores: kernels warn about
#                 its size at boot, and now and then a process anywhere crashes
#   -smap         Xen would toggle it at each access to a PV guest, which is slow here
#   -x2apic       QEMU has it from 9.0 on, and dies ("Bad icount read") when its timer is read
#                 while instructions are counted
#   -erms,-fsrm   else kernels clear pages with "rep stosb", emulated byte by byte
QEMU_CPU=max,-smap,-x2apic,-erms,-fsrm,-xsave

# The most memory that lies below 4 GiB.  Above that, QEMU 7.2 cuts the address of a
# PVH guest's control block to 32 bits while the guest is in 32-bit mode, as it is
# when it starts, and overwrites whatever lies there.  scripts/large.sh has a way round it.
QEMU_MEMORY_BELOW_4G=3580

# The machine's QEMU; nothing if there is none.
qemu_version() { qemu-system-x86_64 --version 2>/dev/null | sed -n '1s/.*version \([0-9.]*\).*/\1/p'; }

# qemu_fits XEN VERSION: does it run in that QEMU?
qemu_fits() {
	local before
	before=$(xen_qemu_before "$1")
	printf '%s\n' "$(xen_qemu "$1")" "$2" "${before/#-/999}" | sort -CVu
}

# qemu_command XEN: sets QEMU to the machine's own, or that of the Xen's suite, with all of its
# libraries.
qemu_command() {
	local from=$CACHE/qemu-$1 lib=lib/x86_64-linux-gnu
	QEMU=(qemu-system-x86_64)
	! qemu_fits "$1" "$(qemu_version)" || return 0
	cache_fetch "qemu-$1"
	QEMU=(env "QEMU_MODULE_DIR=$from/usr/$lib/qemu" "$from/$lib/ld-linux-x86-64.so.2"
		--library-path "$from/usr/$lib:$from/$lib" "$from/usr/bin/qemu-system-x86_64"
		-L "$from/usr/share/qemu" -L "$from/usr/share/seabios")
}

# qemu_arguments RUN: sets QEMU_ARGS.
qemu_arguments() {
	local run=$1 dom0_memory=1G
	QEMU_ARGS=(-cpu "$QEMU_CPU" -m "$opt_host_memory" -display none -monitor none
		-no-reboot -nodefaults -net none)
	if [ "$opt_icount" = yes ]; then
		# One instruction is 2 ns, whatever the machine does meanwhile.
		QEMU_ARGS+=(-accel "tcg,thread=single" -icount "shift=1,sleep=off" -smp "${opt_cpus:-1}"
			-rtc "base=2026-01-01,clock=vm" -seed 1)
	else
		QEMU_ARGS+=(-accel "tcg,thread=multi" -smp "${opt_cpus:-2}")
	fi
	[ -z "$opt_plugin" ] || QEMU_ARGS+=(-plugin "$opt_plugin")
	QEMU_ARGS+=(-chardev "file,id=serial,path=$run/serial.log" -serial chardev:serial)
	if [ "$opt_mode" = shell ]; then
		QEMU_ARGS+=(-chardev "stdio,id=script,mux=on,signal=off,logfile=$run/output.log")
	else
		QEMU_ARGS+=(-chardev "stdio,id=script,signal=off")
	fi
	QEMU_ARGS+=(-serial chardev:script
		-drive "file=$run/results.tar,format=raw,if=virtio"
		"${opt_drives[@]}"
		-kernel "$CACHE/xen-$opt_xen/boot/xen"
		-append "console=com1 com1=115200,8n1 dom0_mem=$dom0_memory,max:$dom0_memory loglvl=info guest_loglvl=info"
		# QEMU splits at commas; the first word is the file
		-initrd "$BOOT")
}

# qemu_run RUN: boots BOOT and waits.  Sets QEMU_STATUS to "done" (dom0 handed over
# its results), "timeout" or "died"; the script's status is then in RUN/status.
qemu_run() {
	local run=$1 start tail_pid='' watch_pid='' ended
	start=$(now_ms)
	qemu_arguments "$run"
	truncate -s 1G "$run/results.tar"
	: >"$run/output.log"
	QEMU_STATUS='' QEMU_PID='' timer_pid=''
	printf '%q ' "${QEMU[@]}" "${QEMU_ARGS[@]}" >"$run/qemu.txt"
	if [ "$opt_mode" = shell ]; then
		say "booting; the prompt comes in about 20 s"
		"${QEMU[@]}" "${QEMU_ARGS[@]}" 2>"$run/qemu.log" || true
	else
		mkfifo "$run/orders"
		# Open for both directions: QEMU must find a writer, and may be gone when we write.
		exec {orders}<>"$run/orders"
		setpriv --pdeathsig KILL "${QEMU[@]}" "${QEMU_ARGS[@]}" <&"$orders" >"$run/output.log" 2>"$run/qemu.log" &
		QEMU_PID=$!
		echo "$QEMU_PID" >"$run/qemu.pid"
		# Whole lines: others write there, too, and who reads it looks for lines of the lab.
		tail -n +1 -s 0.1 -f --pid=$QEMU_PID "$run/output.log" | sed -u '' &
		tail_pid=$!
		watch_boot "$run" "$start" &
		watch_pid=$!
		setpriv --pdeathsig KILL sleep "$opt_timeout" &
		timer_pid=$!
		wait -n -p ended "$QEMU_PID" "$timer_pid" || true
		if [ "${ended:-}" = "$timer_pid" ]; then
			QEMU_STATUS=timeout
			qemu_collect "$orders"
		else
			kill "$timer_pid" 2>/dev/null || true
		fi
		exec {orders}>&-
		rm -f "$run/orders" "$run/qemu.pid"
		wait "$QEMU_PID" 2>/dev/null || true
		QEMU_PID=
		wait "$tail_pid" "$timer_pid" "$watch_pid" 2>/dev/null || true
	fi
	qemu_unpack "$run"
	RUN_MS=$(($(now_ms) - start))
}

# watch_boot RUN START_MS: says when dom0 is up; ends by itself.
watch_boot() {
	while kill -0 "$QEMU_PID" 2>/dev/null; do
		if grep -aqs '^@dom0 ready' "$1/serial.log"; then
			phase "Xen and dom0 up" "$2"
			return
		fi
		sleep 0.2
	done
}

# Ask dom0 for its results, give it a minute (its guests may keep it busy), then end it.
qemu_collect() {
	local i
	printf 'collect\n' >&"$1"
	for ((i = 0; i < 600; i++)); do
		kill -0 "$QEMU_PID" 2>/dev/null || return 0
		sleep 0.1
	done
	kill -KILL "$QEMU_PID" 2>/dev/null || true
}

# End QEMU and the timer, if they run: called when the lab ends for whatever reason.
qemu_end() {
	[ -n "${QEMU_PID:-}" ] || return 0
	kill -KILL "$QEMU_PID" ${timer_pid:+"$timer_pid"} 2>/dev/null || true
	wait "$QEMU_PID" ${timer_pid:+"$timer_pid"} 2>/dev/null || true
}

# qemu_unpack RUN: take the results apart.
qemu_unpack() {
	local run=$1
	rm -f "$run/initrd"
	mkdir -p "$run/out"
	if tar -tf "$run/results.tar" ./.lab/status >/dev/null 2>&1; then
		tar -xf "$run/results.tar" -C "$run/out" --no-same-owner
		mkdir -p "$run/guests"
		find "$run/out/.lab/log/console" -type f -exec mv {} "$run/guests/" \;
		mv "$run"/out/.lab/log "$run/xen-logs"
		mv "$run"/out/.lab/* "$run/"
		rmdir "$run/out/.lab"
		: "${QEMU_STATUS:=done}"
	else
		: "${QEMU_STATUS:=died}"
	fi
	rm -f "$run/results.tar"
}
