# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# refusal [KEY=VALUE...]: Xen gives nothing, because the host is full or the domain is at
# its limit.  The guest stays as it was, says why, and goes on by itself later.
. /lab/files/lib-driver.sh

g=guest
guest_start $g memory=256 "$@"
books_open $g
domid=$(guest_domid $g)
target=/local/domain/$domid/memory/target
report=/local/domain/$domid/data/hotballoon
check_ok "$g: fill" guest_fill $g data 60

# Past Xen's limit: the target is written, maxmem is not.
xenstore-write "$target" 524288
check_ok "$g: at Xen's limit it says above-max" wait_report $g cause above-max 10
sleep 2
check "$g: no block was added for nothing" 0 "$(in_guest $g cat $REPORT/added_blocks)"
check_near "$g: Xen's limit was used" 65552 "$(guest_tot_pages $g)" 256
check "$g: told to the host" above-max "$(xenstore-read "$report/cause")"
xl mem-max $g 512
check_ok "$g: goes on by itself when the limit is raised" reach $g 524288 30
books_check $g 524288 "512 MiB"

# An empty host: a paused guest holds what is free.
xl mem-set $g 256
check_ok "$g: back to 256 MiB" reach $g 262144
free=$(($(host_free_kib) / 1024))
ballast=$((free - 100))
set -- /kernels/*/vmlinux
cat >/tmp/ballast.cfg <<-CFG
	name = "ballast"
	type = "pvh"
	kernel = "$1"
	memory = $ballast
	on_crash = "destroy"
CFG
check_ok "ballast of $ballast MiB" xl create -q -p /tmp/ballast.cfg
before=$(host_free_kib)
note "host has $before KiB left"
xl mem-max $g 1024
xl mem-set $g 1024
check_ok "$g: the host is out of memory" wait_report $g cause host-out-of-memory 20
sleep 2
check "$g: told to the host" host-out-of-memory "$(xenstore-read "$report/cause")"
check_ok "$g: it lives" in_guest $g true
check_ok "$g: it has no more blocks than memory for them" \
	[ "$(in_guest $g cat $REPORT/added_blocks)" -le $((before / 1024 / 128 + 3)) ]
check_ok "$g: contents" guest_verify $g data
xl destroy ballast
check_ok "$g: goes on by itself when the host has memory" reach $g 1048576 30
books_check $g 1048576 "1024 MiB"
check_ok "$g: contents" guest_verify $g data
check_log $g
