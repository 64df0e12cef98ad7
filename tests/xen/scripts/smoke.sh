# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043,SC2016,SC1003 # ash has local; much is for the guest's shell
#
# smoke: the lab's own test.  Every helper once, on a PVH and a PV guest of each
# kernel of the run (the debug kernel: PVH), with the kernel's own balloon driver (needs
# nothing of ours):
#   lab run --no-driver --kernel 6.1 --kernel 6.12 tests/xen/scripts/smoke.sh
. /lab/files/lib-driver.sh

try_guest() {
	local g="$1" total pages free start

	check "$g: type and kernel" "$2 $3" "$(guest_type "$g") $(guest_kernel "$g")"
	check "$g: Xen knows it" "$g" "$(xl domname "$(guest_domid "$g")")"

	# Output and status come through, whatever they are.
	check "$g: output" "one two" "$(in_guest "$g" echo one two)"
	in_guest "$g" 'exit 7'
	check "$g: status" 7 $?
	check "$g: quotes and lines" "$(printf 'a "b"\n\n$c %%\\')" "$(in_guest "$g" 'printf "a \"b\"\n\n\$c %%\\\\"')"
	check "$g: long output" "$(seq 1 20000 | md5sum)" "$(in_guest "$g" seq 1 20000 | md5sum)"
	check_ok "$g: output that nobody reads" eval "in_guest $g seq 1 20000 | true"
	check "$g: output among kernel messages" "$(seq 1 2000 | md5sum)" \
		"$(in_guest "$g" '(i=0; while [ $i -lt 300 ]; do echo "<0>noise $i" >/dev/kmsg; i=$((i+1)); done) & seq 1 2000' | md5sum)"
	check_ok "$g: its console was kept" eval "guest_console $g | grep -q 'noise [0-9]'"
	check_ok "$g: its kernel log can be read" eval "guest_dmesg $g | grep -q 'noise 0'"

	# Sizes
	pages=$(guest_tot_pages "$g")
	check_near "$g: Xen's page count" $((boot * 256)) "$pages" 64
	check_ok "$g: Xen's limit is above" [ "$(guest_max_pages "$g")" -ge "$pages" ]
	check "$g: memory blocks" "$((boot / 128)) $((boot / 128))" "$(guest_blocks "$g")"
	total=$(guest_memtotal_kib "$g")
	check_near "$g: MemTotal" $((boot * 1024 - kernel_kib)) "$total" 20000
	check_ok "$g: MemFree is less" [ "$(guest_memfree_kib "$g")" -lt "$total" ]

	# Contents survive a shrink and a growth.
	check_ok "$g: fill 64 MiB" guest_fill "$g" a 64
	check_ok "$g: fill 32 MiB more" guest_fill "$g" b 32
	free=$(host_free_kib)
	start=$(now_ms)
	check_ok "$g: mem-set $less" guest_mem_set "$g" $less
	check_ok "$g: reaches $less MiB" guest_wait_size "$g" $less
	note "$g: $boot -> $less MiB took $WAIT_MS ms after mem-set, $(($(now_ms) - start)) ms with it"
	check_near "$g: the host has what it gave" 262144 $(($(host_free_kib) - free)) 8192
	check_ok "$g: verify both" eval "guest_verify $g a && guest_verify $g b"
	check_ok "$g: mem-set $boot" guest_mem_set "$g" "$boot"
	check_ok "$g: reaches $boot MiB" guest_wait_size "$g" "$boot" 64 60
	check_ok "$g: page count as before" guest_wait_pages "$g" "$pages" 0
	check_near "$g: MemTotal as before" "$total" "$(guest_memtotal_kib "$g")" 256
	check_ok "$g: verify both" eval "guest_verify $g a && guest_verify $g b"
	check_ok "$g: release" guest_release "$g" a
	check_fails "$g: nothing to verify after release" guest_verify "$g" a
	check_fails "$g: a size that does not come is no size" guest_wait_size "$g" $((boot - 112)) 64 1
	echo "$g $(guest_cpu_ns "$g")" >>"$OUT/cpu-ns"

	# A death that was announced is no failure.
	guest_may_die "$g"
	in_guest "$g" 'echo c >/proc/sysrq-trigger'
	check "$g: a command that kills the guest" 255 $?
	check_ok "$g: it is gone" guest_wait_gone "$g" 20
	check_ok "$g: its console has the panic" eval "guest_console $g | grep -q 'Kernel panic'"
}

boot=$(boot_size 512)
less=$((boot - 256))
for kernel in $LAB_KERNELS; do
	types='pvh pv'
	# KiB that the kernel takes for itself before it counts the rest.
	kernel_kib=44288
	[ "$kernel" != debug ] || types=pvh kernel_kib=150000
	for type in $types; do
		guest_create "$type-$kernel" type=$type kernel="$kernel" memory="$boot" driver=none
	done
	for type in $types; do
		guest_wait_up "$type-$kernel"
		try_guest "$type-$kernel" $type "$kernel"
	done
done
