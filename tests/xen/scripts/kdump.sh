# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
# needs: hvm
# needs: bzimage
#
# kdump [KEY=VALUE...]: a guest with holes dies, and its crash kernel reads all that was memory.
# It finds the data, and zeros where there is no frame: Xen's answer to a read of such a page
# would be ones, or the crash kernel's end.  Our driver leaves that kernel alone.
#
# HVM: libxl carries out the "soft reset" between the two kernels for such guests only.
. /lab/files/lib-driver.sh

BOOT=512	# of which the crash kernel keeps some
FOR_CRASH=176
DATA=40
RAMDISK=/run/initrd-kdump

# The crash kernel and what it boots from, in /next; with hb.driver=load it tries to load ours.
kernel=/kernels/${LAB_KERNELS%% *}
mkdir -p /run/kdump/next
cp "$kernel/vmlinuz" "$kernel/initrd.gz" /run/kdump/next/
# An HVM guest's firmware reads it byte by byte: as little as can be.
cp "$kernel/initrd.gz" $RAMDISK
(cd /run/kdump && find . | cpio -o -H newc 2>/dev/null | gzip -1) >>$RAMDISK

boots() { guest_console "$1" | grep -c '^@READY'; }

# crash NAME: until its crash kernel is up.
crash() {
	local before n=0
	before=$(boots "$1")
	guest_may_die "$1"
	in_guest "$1" '(sleep 0.5; echo c >/proc/sysrq-trigger) >/dev/null 2>&1 &'
	until [ "$(boots "$1")" -gt "$before" ]; do
		n=$((n + 1))
		[ $n -lt 120 ] || { guest_console "$1" >"$OUT/$1.console"; return 1; }
		sleep 1
	done
}

# number KEY, of what vmcore said
number() { sed -n "s/.*\<$1=\([0-9]*\).*/\1/p" /tmp/vmcore; }

# load NAME: what was memory then is what will be read.  The kernel wants twice the room of that
# one: a guest that has become small cannot.  The crash kernel's own balloon driver would follow
# the target, which is the whole guest's, and give most of its memory away.
load() {
	check_ok "$1: the crash kernel is loaded" in_guest "$1" \
		"kexecload crash /next/vmlinuz /next/initrd.gz 'console=hvc0 rdinit=/init quiet panic=-1 hb.driver=load maxcpus=1 initcall_blacklist=balloon_init'"
}

# to_size NAME MIB
to_size() {
	xl mem-set "$1" "$2"
	check_ok "$1: reaches $2 MiB" reach "$1" "$(xenstore-read "/local/domain/$(guest_domid "$1")/memory/target")"
}

# dump NAME: dies where it is, the driver holding some of what was memory.
dump() {
	local g=$1 held
	held=$(in_guest $g "awk 'NR > 1 { n += \$5 } END { print n }' $BOOKS/blocks")
	note "$g: $held pages held, blocks $(guest_blocks $g)"
	check_ok "$g: some are held" [ "$held" -gt 4096 ]
	check_ok "$g: dies, and its crash kernel boots" crash $g || return
	check_fails "$g: our driver does not load there" in_guest $g grep -qx 0 /run/driver.status
	check_ok "$g: and says so" in_guest $g "dmesg | grep -q 'hotballoon: leaving the crash kernel'"
	check_ok "$g: all of /proc/vmcore can be read" eval "in_guest -t 300 $g 'vmcore data $DATA' >/tmp/vmcore"
	sed 's/^/# /' /tmp/vmcore
	check "$g: all of the data is in it" "$(number of)" "$(number data)"
	check_ok "$g: every hole reads as zeros" [ "$(number zero)" -ge "$held" ]
	# Some pages of ones there are in any guest (98).
	check_ok "$g: they do not read as what has no frame" [ "$(number ones)" -lt $((held / 16)) ]
	xl destroy $g
}

# begin NAME
begin() {
	local g=$1
	shift
	guest_start $g type=hvm memory=$BOOT cmdline="crashkernel=${FOR_CRASH}M" cfg="ramdisk = '$RAMDISK'" "$@"
	books_open $g
	check_ok "$g: fill" guest_fill $g data $DATA
	xl mem-max $g 768
}

begin shrunk "$@"
load shrunk
to_size shrunk 420
dump shrunk

# As udev has it loaded again when memory was added; most of what was is held.
begin grown "$@"
to_size grown 560
load grown
dump grown
