# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# needs: bzimage
#
# kexec [KEY=VALUE...]: the next kernel takes all boot memory for RAM.  So a guest with holes
# gets its boot memory back before it goes there, or reboots as if there were no kexec.
#
# The next kernel itself does not run here: between the two the domain shuts down for a "soft
# reset" by its host, and libxl does that for HVM guests only.  What the guest has when it
# shuts down is what the next kernel would find.
. /lab/files/lib-driver.sh

BOOT=320
RAMDISK=/run/initrd-kexec
REBOOT=1
SOFT_RESET=5

# The guest's own kernel, in /next; xl takes several archives one after the other, as long as
# they are not compressed.
kernel=/kernels/${LAB_KERNELS%% *}
mkdir -p /run/kexec/next
cp "$kernel/vmlinuz" /run/kexec/next/
zcat "$kernel/initrd.gz" >$RAMDISK
(cd /run/kexec && find . | cpio -o -H newc 2>/dev/null) >>$RAMDISK

# begin NAME [KEY=VALUE...]: where the next kernel's parts go is chosen when it is loaded: in
# a guest that has all of its memory yet.
begin() {
	guest_start "$@" memory=$BOOT cfg="ramdisk = '$RAMDISK'
		on_soft_reset = 'preserve'
		on_reboot = 'preserve'"
	books_open "$1"
	check_ok "$1: fill" guest_fill "$1" data 40
	check_ok "$1: loads the next kernel" in_guest "$1" 'kexecload load /next/vmlinuz /init console=hvc0'
}

# to_size NAME MIB
to_size() {
	guest_mem_set "$1" "$2"
	check_ok "$1: reaches $2 MiB" reach "$1" $(($2 * 1024))
}

# reason NAME: how xl saw it end
reason() {
	sed -n 's/.*has shut down, reason code \([0-9]*\).*/\1/p' "/var/log/xen/xl-$1.log"
}

# ends NAME REASON: kexec, as `kexec -e` does it; nobody waits for what does not return.
ends() {
	local n=0
	guest_may_die "$1"
	in_guest "$1" '(sleep 0.5; kexecload start) >/dev/null 2>&1 &'
	until [ -n "$(reason "$1")" ] || [ $n -eq 60 ]; do
		n=$((n + 1))
		sleep 1
	done
	check "$1: shuts down (1: reboot, 3: crash, 5: for the next kernel)" "$2" "$(reason "$1")"
}

# whole NAME: what the next kernel takes for memory is there.
whole() {
	local all
	all=$(labtool dom "$(guest_domid "$1")")
	all=${all#*tot_pages=}
	check_ok "$1: Xen counts all of its boot memory: ${all%% *} pages" \
		[ "${all%% *}" -ge $((BOOT * 256 + $(cat "/run/lab/guests/$1/gap"))) ]
}

says_why() {
	guest_console "$1" | grep 'hotballoon:' | sed 's/^/# /'
	check_ok "$1: says why" eval "guest_console $1 | grep -q 'hotballoon: no kexec'"
}

begin idle "$@"
ends idle $SOFT_RESET
whole idle
xl destroy idle

# Xen may give it what it had at boot.
begin shrunk "$@"
to_size shrunk 250
xl mem-max shrunk $BOOT
ends shrunk $SOFT_RESET
whole shrunk
xl destroy shrunk

# xl mem-set has lowered Xen's limit to the target.
begin limited "$@"
to_size limited 250
ends limited $REBOOT
says_why limited
xl destroy limited

begin grown "$@"
xl mem-max grown 512
to_size grown 400
ends grown $SOFT_RESET
whole grown
xl destroy grown

# What it left by itself it takes back, too.
begin spared "$@"
xl mem-max spared $BOOT
check_ok "spared: sizes itself" in_guest spared 'echo 1 >/sys/module/xen_hotballoon/parameters/autoballoon'
check_ok "spared: is below its target" wait_until spared 60 "[ \"\$(cat $REPORT/current_kb)\" -lt $(((BOOT - 40) * 1024)) ]"
ends spared $SOFT_RESET
whole spared
xl destroy spared

# The host changes its mind while devices are shut down: too late.
begin late "$@"
check_ok "late: takes its time to end" in_guest late insmod /slowend.ko seconds=8
(sleep 4; guest_mem_set late 200) &
ends late $SOFT_RESET
whole late
xl destroy late
