# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
#
# account [KEY=VALUE...]: the toolstack's arithmetic against Xen's numbers.  What a
# domain takes when it is created is its pages and its paging pool; what is reserved
# for it is at least that; claims, promises and domain 0.
. /lab/files/lib-command.sh

g=guest

# ---- what a domain costs
check "nothing is reserved" 0 "$(host_field reserved_kib)"
hotballoon reserve 256M --for=$g
reserved=$(host_field reserved_kib)
check "libxl's need_memory of 256M and one processor" 266240 "$reserved"
free=$(host_free_kib)
available=$(host_field available_kib)
guest_start $g memory=256 vcpus=1 "$@"
taken=$((free - $(host_free_kib)))
pages=$(($(guest_tot_pages $g) * 4))
pool=$(field $g paging_pool_kib)
note "taken from the host: $taken KiB; the domain's pages: $pages, its pool: ${pool:-none}"
check_near "what Xen gave is pages and pool, and Xen's own records" $((pages + ${pool:-0} + 512)) "$taken" 512
check_ok "no more than was reserved" [ "$taken" -le "$reserved" ]
check "the reservation has ended" 0 "$(host_field reserved_kib)"
check_ok "nobody lost by it: $available -> $(host_field available_kib)" \
	[ "$(host_field available_kib)" -ge "$available" ]

# ---- claims
check_fails "no claim beyond maxmem" hotballoon reserve 512M --for=$g
check_ok "max 512M" hotballoon max $g 512M
check_ok "reserve 512M for the running guest" hotballoon reserve 512M --for=$g
check "Xen has claimed the difference" $((524288 - pages)) "$(field $g claimed_kib)"
check_fails "one claim a domain" hotballoon reserve 400M --for=$g
check_ok "set 512M --wait" hotballoon set $g 512M --wait=60
check "the claim is used up" 0 "$(field $g claimed_kib)"
check_ok "max 600M" hotballoon max $g 600M
check_ok "reserve 600M" hotballoon reserve 600M --for=$g
check_ok "release" hotballoon release $g
check "nothing is claimed" 0 "$(host_field claimed_kib)"
check_fails "nothing to release" hotballoon release $g

# ---- promises: beyond Xen's limit, which a size has taken to its place
check_ok "set 512M" hotballoon set $g 512M --wait=60
xenstore-write "/local/domain/$(guest_domid $g)/memory/target" 1048576
check_near "what was promised and cannot come is not given away" 524288 "$(host_field promised_kib)" 1024
check "doctor finds it" 1 "$(hotballoon doctor | grep -c maxmem-below-target)"
check_ok "set 512M" hotballoon set $g 512M --wait=60
check "nothing is promised" 0 "$(host_field promised_kib)"
check_ok "doctor finds no fault" healthy warning

# ---- free
check_ok "limits" hotballoon limits $g --min=256M
want=$(($(host_field available_kib) / 1024 + 128))
check_ok "free ${want}M --dry-run" hotballoon free ${want}M --dry-run
check "nothing has changed" 524288 "$(field $g target_kib)"
check_ok "free ${want}M" hotballoon free ${want}M
check_ok "it is there" [ "$(host_field available_kib)" -ge $((want * 1024)) ]
check "limits are kept" "min      256M" "$(hotballoon limits $g | grep ^min)"

# ---- two at once: what the host has is promised to one of them
guest_start second memory=192 vcpus=1 "$@"
xl pause $g
xl pause second
both=0 one=0
for round in 1 2 3 4 5 6 7 8 9 10; do
	# Each is less than there is, both together are more.
	share=$(($(host_field available_kib) / 1024 * 2 / 3))
	hotballoon set $g +${share}M >/tmp/first 2>&1 &
	first=$!
	status=0
	if [ $((round % 2)) = 0 ]; then
		hotballoon reserve ${share}M --for=new >/tmp/second 2>&1 || status=$?
	else
		hotballoon set second +${share}M >/tmp/second 2>&1 || status=$?
	fi
	wait $first
	case "$?$status" in
	00) both=$((both + 1)) ;;
	04 | 40) one=$((one + 1)) ;;
	*) cat /tmp/first /tmp/second ;;
	esac
	hotballoon release new >/dev/null 2>&1
	check_ok "round $round: $g as before" hotballoon set $g 512M
	check_ok "round $round: second as before" hotballoon set second 192M
done
check "promised to both" 0 $both
check "promised to one" 10 $one
xl unpause $g
xl unpause second
check_ok "domains come to rest" hotballoon wait $g --timeout=60
guest_destroy second

# ---- domain 0
check_fails "domain 0 is not taken below 1G" hotballoon set 0 960M
check_ok "but with --force" hotballoon set 0 960M --force --wait=60
check "xl agrees" 960 "$(xl list 0 | awk '$2 == 0 { print $3 }')"
check_ok "and back" hotballoon set 0 1G --wait=60
check_fails "not beyond what it was booted with" hotballoon set 0 2G --force
