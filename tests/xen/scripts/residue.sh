# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# residue [KEY=VALUE...]: no page that a guest gave to Xen still has its data, whatever
# the kernel clears by itself.  Run by tests/xen/residue, which looks into the
# machine's memory at the end: when a guest is destroyed Xen clears what it still
# owned, so what is left is what it gave away uncleared.
. /lab/files/lib-driver.sh

# try NAME WORD SETTINGS...: fill pages with WORD, free them, shrink, die.
try() {
	local g=$1 word=$2 before
	shift 2
	guest_start "$g" memory=256 "$@"
	check_ok "$g: fill 80 MiB" in_guest "$g" \
		"yes $word | dd of=/tmp/data bs=1M count=80 iflag=fullblock 2>/dev/null"
	check_ok "$g: free them" in_guest "$g" 'rm /tmp/data; echo 3 >/proc/sys/vm/drop_caches'
	before=$(guest_tot_pages "$g")
	xl mem-set "$g" 128
	check_ok "$g: gives 128 MiB" guest_wait_pages "$g" $((before - 32768)) 512 60
	guest_destroy "$g"
}

# 15 characters and a newline: 256 times in a page.
try default   RESIDUE-DEFAULT "$@"
try noalloc   RESIDUE-NOALLOC cmdline="init_on_alloc=0" "$@"
try onfree    RESIDUE-ON-FREE cmdline="init_on_alloc=0 init_on_free=1" "$@"
try poison    RESIDUE-POISONS cmdline="page_poison=1" "$@"
# The kernel's driver, told not to clear: shows that this test can see.
try control   RESIDUE-CONTROL driver=none cmdline="init_on_alloc=0 xen_scrub_pages=0" "$@"
sleep 3
echo "LOOK FOR RESIDUE NOW"
# With --icount that is seconds only until somebody stops the machine: time here flies while all wait.
sleep 120
