# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043,SC2016 # ash has local; quoted code is for the guest's shell
#
# demo.sh: what happens in dom0, and its record.  A PVH guest of 256 MiB grows to
# 1 GiB, uses it, and shrinks to 192 MiB, while it works.
#
# Prints for tests/xen/demo/table: "@stage TEXT", "@command TEXT", and the readings as
# comma separated values with a header line, which also go to $OUT/readings.csv.

g=guest
interval_ms=100

stage() { echo "@stage $*"; }

# As a person would type it; its output comes when it ends.
command_line() {
	echo "@command $*"
	"$@" 2>&1 | sed 's/^/    /'
}

start_work() {
	in_guest $g "cat >/tmp/work <<\\END
$(cat /lab/files/work.sh)
END" &&
		in_guest $g "setsid sh /tmp/work </dev/null >/dev/null 2>&1 &"
}

start_readings() {
	chmod 755 /lab/files/readings
	{
		/lab/files/readings "$(guest_domid $g)" "$(_log $g)" $interval_ms ||
			echo "ended with status $?" >/tmp/readings.failed
	} | tee "$OUT/readings.csv" &
	readings=$!
}

# last FIELD: of the latest reading (fields as in the header).
last() { tail -n 1 "$OUT/readings.csv" | cut -d , -f "$1"; }

stage "A PVH guest boots with 256 MiB; the module takes over from the kernel's balloon driver"
guest_start $g type=pvh memory=256 maxmem=256
check_ok "the guest keeps 60 MiB of data, to be verified" guest_fill $g data 60
check_ok "the guest works: hashes a file again and again, a new process each time" start_work
boot_kib=$(guest_memtotal_kib $g)
start_readings
sleep 2

stage "It grows to 1 GiB, four times its boot size: memory blocks are hot-added"
command_line hotballoon set $g 1G --wait=60
check_ok "Xen counts 1 GiB" guest_wait_size $g 1024
sleep 1
check "six of its eight memory blocks were hot-added, all are online" "6 8 8" \
	"$(in_guest $g cat /sys/kernel/hotballoon/added_blocks) $(guest_blocks $g)"
check "its MemTotal grew by 768 MiB" 768 $((($(guest_memtotal_kib $g) - boot_kib) / 1024))

stage "It uses what it got: 220 MiB more of data, 280 MiB in all"
check_ok "the guest fills 220 MiB" guest_fill $g more 220
check_ok "every word of it is what was written" guest_verify $g more
check_ok "the guest frees it" guest_release $g more

stage "It shrinks to 192 MiB, less than it booted with"
command_line hotballoon set $g 192M --wait=60
check_ok "Xen counts 192 MiB" guest_wait_size $g 192
# Empty blocks stay for some seconds, for a target that goes up again.
in_guest $g 'n=0; until [ "$(cat /sys/kernel/hotballoon/added_blocks)" = 0 ] || [ $n -ge 100 ]; do
	n=$((n + 1)); sleep 0.2; done'
check "the hot-added blocks are removed, its two first ones are there" "0 2 2" \
	"$(in_guest $g cat /sys/kernel/hotballoon/added_blocks) $(guest_blocks $g)"

stage "Was anything lost?"
check_ok "the 60 MiB from before are what they were" guest_verify $g data
check "not one hash was wrong" 0 "$(last 8)"
longest=$(last 9)
check_ok "the work never stopped: $(last 7) hashes, at most $longest ms apart" [ "${longest:-99999}" -lt 10000 ]
check "the guest's kernel has no warning and killed nothing" 0 \
	"$(in_guest $g 'dmesg | grep -c -i "WARNING:\|BUG:\|oom-kill\|out of memory"')"
check_fails "the readings were taken to the end" [ -e /tmp/readings.failed ]
kill $readings
