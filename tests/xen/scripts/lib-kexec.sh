# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# Guests that start another kernel by kexec, on purpose or after a panic.  The kernel is
# the guest's own; the memory image is what lies in the guest's root, so that it has the
# agent, too.  The script says "needs: bzimage".
#
# Between the two the domain shuts down for a "soft reset" by its host.  libxl does that
# for HVM guests only, and destroys others; here labtool does it, as other toolstacks do.
. /lab/files/lib-driver.sh

KEXEC_RAMDISK=/run/initrd-kexec

# kexec_start NAME [KEY=VALUE...]: a guest with its kernel in /next; xl takes several
# archives one after the other, as long as they are not compressed.
kexec_start() {
	local kernel=/kernels/${LAB_KERNELS%% *}
	if [ ! -e $KEXEC_RAMDISK ]; then
		mkdir -p /run/kexec/next
		cp "$kernel/vmlinuz" /run/kexec/next/
		zcat "$kernel/initrd.gz" >$KEXEC_RAMDISK
		(cd /run/kexec && find . | cpio -o -H newc 2>/dev/null) >>$KEXEC_RAMDISK
	fi
	guest_start "$@" cfg="ramdisk = '$KEXEC_RAMDISK'
		on_soft_reset = 'preserve'"
	in_guest "$1" 'cd / && find . -xdev -name next -prune -o -xdev -print |
		cpio -o -H newc 2>/dev/null >/run/ramdisk'
}

# kexec_load NAME load|crash: no driver of ours loads itself there.
kexec_load() {
	in_guest "$1" "line=\$(sed 's/hb.driver=load/hb.driver=none/; s/crashkernel=[^ ]*//' /proc/cmdline)
		kexecload $2 /next/vmlinuz /run/ramdisk \"\$line hb.next\""
}

# kexec_go NAME COMMAND: which does not return, so nobody waits for it.
kexec_go() { in_guest "$1" "(sleep 0.5; $2) >/dev/null 2>&1 &"; }

# is_next NAME: does its agent answer under the next kernel?  in_guest would end the script.
is_next() {
	local tty
	tty=$(xenstore-read "/local/domain/$(guest_domid "$1")/console/tty" 2>/dev/null) || return 1
	labtool exec "$(guest_domid "$1")" "$tty" "$(_log "$1")" 2000 /tmp/next.result 'grep -q hb.next /proc/cmdline' \
		>/dev/null 2>&1 && [ "$(cat /tmp/next.result)" = exit ]
}

# shutdowns NAME: how xl saw it end: 1 rebooted, 3 crashed, 5 soft reset.
shutdowns() {
	sed -n 's/.*has shut down, reason code \([0-9]*\).*/\1/p' "/var/log/xen/xl-$1.log" | tr '\n' ' ' | sed 's/ $//'
}

# kexec_wait NAME [SECONDS]: until the next kernel is up, or the domain has ended.
kexec_wait() {
	local n=0
	until is_next "$1"; do
		xl domid "$1" >/dev/null 2>&1 || return 1
		labtool soft-reset "$(guest_domid "$1")" && note "$1: soft reset after $n s"
		n=$((n + 1))
		[ $n -lt "${2:-60}" ] || return 1
		sleep 1
	done
}
