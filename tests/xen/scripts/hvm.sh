# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
# needs: hvm
#
# hvm: an HVM guest with a device model and 16 MiB of video memory, booted with less than
# its maximum.  A size of ours and of xl's means the same; with the kernel's own driver
# and with ours the guest gets there.
. /lab/files/lib-command.sh

VIDEORAM=16384

g=guest
key() { xenstore-read "/local/domain/$(guest_domid $g)/memory/$1"; }

# written: what a size leaves behind.
written() {
	echo "$(key target) $(key static-max) $(guest_max_pages $g)" \
		"$(xenstore-read "$(xenstore-read "/local/domain/$(guest_domid $g)/vm")/memory")"
}

# ---- as libxl made it
check_ok "reserve 256M of 512M" hotballoon reserve 256M --for=$g --maxmem=512M
reserved=$(host_field reserved_kib)
free=$(host_free_kib)
guest_start $g type=hvm memory=256 maxmem=512 driver=none
d=$(guest_domid $g)
check "its type" hvm "$(field $g type)"
check "its video memory" $VIDEORAM "$(field $g videoram_kib)"
# libxl keeps 1 MiB for itself where memory is less than maxmem.
check "its target is 256M less 1M and the video memory" $((262144 - 1024 - VIDEORAM)) "$(field $g target_kib)"
check "its maximum" 524288 "$(field $g static_max_kib)"
check "Xen's limit" 263168 "$(field $g maxmem_kib)"
check "its paging pool: a page a MiB, and 256 a processor" 3072 "$(field $g paging_pool_kib)"
check "xl list agrees" "$(($(field $g actual_kib) / 1024))" "$(xl list $g | awk -v d="$d" '$2 == d { print $3 }')"
check "list has the same, the video memory included" "running $(field $g size_kib) $(field $g static_max_kib)" \
	"$(hotballoon list | awk -v d="$d" '$1 == d { print $3, $5 * 1024, $6 * 1024 }')"
taken=$((free - $(host_free_kib)))
check_near "the host has given its pages and its pool" $(($(guest_tot_pages $g) * 4 + 3072 + 256)) "$taken" 256
check_ok "no more than was reserved: $taken of $reserved KiB" [ "$taken" -le "$reserved" ]
check "the reservation has ended" 0 "$(host_field reserved_kib)"
check_ok "doctor finds no fault" healthy

# ---- the kernel's own driver, which takes the video memory off its size
for mib in 300 200 400; do
	check_ok "kernel's driver: set ${mib}M" hotballoon set $g ${mib}M --wait=60
	guest_wait_size $g $((mib - VIDEORAM / 1024)) 256
	check_near "kernel's driver: ${mib}M less the video memory" $((mib * 1024 - VIDEORAM)) "$(field $g actual_kib)" 256
	check "kernel's driver: Xen's limit at ${mib}M" $((mib * 1024 + 1024)) "$(field $g maxmem_kib)"
done

# ---- a size of xl's and of ours is the same one, up to what xl takes for possible
for mib in 300 512 528; do
	hotballoon set $g 256M >/dev/null
	check_ok "xl mem-set $mib" xl mem-set $g $mib
	theirs=$(written)
	hotballoon set $g 256M >/dev/null
	check_ok "hotballoon set ${mib}M" hotballoon set $g ${mib}M
	check "both write the same for $mib MiB" "$theirs" "$(written)"
done

check_ok "xl mem-max 600" xl mem-max $g 600
theirs=$(written)
check_ok "hotballoon max 544M" hotballoon max $g 544M
check_ok "hotballoon max 600M" hotballoon max $g 600M
check "both write the same for a maximum" "$theirs" "$(written)"
check "and the pool has grown: a page a MiB" $((4 * (256 + 600))) "$(field $g paging_pool_kib)"
hotballoon set $g 256M >/dev/null
check_ok "hotballoon max 512M" hotballoon max $g 512M

# ---- Windows: its drivers may list themselves, and may not announce a feature
hotballoon set $g 256M >/dev/null
rights=$(xenstore-ls -p "/local/domain/$d")
check_ok "libxl lets the guest write drivers/" eval "echo '$rights' | grep -q '^drivers = .*(n$d'"
check_ok "and not control/" eval "echo '$rights' | grep -q '^control = .*(n0,r$d)'"
xenstore-write "/local/domain/$d/drivers/0" 'Xen_Project XENBUS 9.1.0.101 '
xenstore-write "/local/domain/$d/drivers/1" 'Xen_Project XENVIF 9.1.0.44 '
check "Windows: named" "windows (cannot grow beyond its boot maximum)" \
	"$(hotballoon show $g | sed -n 's/^driver  *//p')"
refused "Windows: more than its boot maximum" "Windows cannot grow" hotballoon set $g 516M
refused "Windows: a larger maximum" "Windows cannot grow" hotballoon max $g 640M
check_ok "Windows: all of it" hotballoon set $g 512M
check "Windows: the driver's own maximum is its target" $((524288 - VIDEORAM)) "$(key target)"
xenstore-rm "/local/domain/$d/drivers/0"
xenstore-rm "/local/domain/$d/drivers/1"

# ---- our driver
check_ok "it loads" in_guest $g insmod /xen-hotballoon.ko
check_ok "it reports" wait_field $g driver hotballoon
check_ok "set 256M" hotballoon set $g 256M --wait=60
check_ok "it rests" wait_rest $g
books_open $g
for mib in 400 200 300 640 256; do
	check_ok "set ${mib}M" hotballoon set $g ${mib}M --wait=60
	check_ok "${mib}M: its driver rests" wait_rest $g
	check "${mib}M: Xen's limit" $((mib * 1024 + 1024)) "$(field $g maxmem_kib)"
	books_check $g $((mib * 1024 - VIDEORAM)) "${mib}M"
	# Beyond its boot maximum, in added memory, too.
	[ $mib -ne 640 ] || check_ok "it fills 450 MiB" guest_fill $g data 450
	[ $mib -ne 640 ] || check_ok "and has what it wrote" guest_verify $g data
	[ $mib -ne 640 ] || check_ok "and frees it" guest_release $g data
done
check_ok "the added memory goes" wait_until $g 60 "[ \"\$(cat $REPORT/added_blocks)\" = 0 ]"

# ---- a maximum of xl's leaves the pool as it is, and xl sets that much without the video memory
check_ok "xl mem-max 768" xl mem-max $g 768
check_ok "xl mem-set 784" xl mem-set $g 784
settled_size=$((784 * 1024 - VIDEORAM))
check "its target is its maximum" "$settled_size $settled_size" "$(key target) $(key static-max)"
check_ok "it gets there" hotballoon wait $g --timeout=60
remedy=$(hotballoon doctor | sed -n 's/.*-> .*"\(hotballoon max [^"]*\)".*/\1/p')
check "doctor says how the pool is enlarged" "hotballoon max $d 784M" "$remedy"
# shellcheck disable=SC2086 # several words
check_ok "and that works" $remedy
check_ok "then nothing is wrong" healthy
check_ok "back to 256M" hotballoon set $g 256M --wait=60
check_log $g
