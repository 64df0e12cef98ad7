# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC3043
# needs: libvirt
#
# libvirt [type=pvh|pv]: libvirt's Xen driver and hotballoon set sizes of the same
# guest in turn.  Each sees what the other did; where libvirt cannot go, because its
# own definition of the guest says so, it says that and changes nothing.
. /lab/files/lib-command.sh

type=pvh
case ${1:-} in
type=*) type=${1#*=} ;;
esac
g=lvguest

# The recipe of a dom0 without systemd: what the daemon wants to find.
libvirt_start() {
	local n=0
	ip link set lo up
	head -c 16 /dev/urandom | md5sum | cut -c 1-32 >/etc/machine-id
	mkdir -p /run/libvirt
	printf 'root:x:0:\nlibvirt:x:100:\nkvm:x:101:\n' >/etc/group
	libvirtd -d >/tmp/libvirtd.log 2>&1
	until virsh -q list >/dev/null 2>&1; do
		n=$((n + 1))
		[ $n -lt 60 ] || { cat /tmp/libvirtd.log; fail "libvirtd answers"; }
		sleep 0.5
	done
}

definition() {
	cat <<-XML
		<domain type='xen'>
		  <name>$g</name>
		  <memory unit='MiB'>512</memory>
		  <currentMemory unit='MiB'>256</currentMemory>
		  <vcpu>1</vcpu>
		  <os>
		    <type arch='x86_64' machine='$([ $type = pv ] && echo xenpv || echo xenpvh)'>$([ $type = pv ] && echo linux || echo xenpvh)</type>
		    <kernel>/kernels/6.1/vmlinux</kernel>
		    <initrd>/kernels/6.1/initrd.gz</initrd>
		    <cmdline>console=hvc0 rdinit=/init quiet panic=-1 hb.driver=load</cmdline>
		  </os>
		  <clock offset='utc'><timer name='tsc' mode='native'/></clock>
		  <on_reboot>restart</on_reboot>
		  <devices><console type='pty'><target type='xen'/></console></devices>
		</domain>
	XML
}

stat_actual() { virsh -q dommemstat $g | awk '$1 == "actual" { print $2 }'; }

# agree LABEL KIB: Xen, xenstore and both tools say the same size.
agree() {
	settled "$1" $g "$2"
	check_near "$1: virsh dommemstat" "$2" "$(stat_actual)" 256
}

libvirt_start
definition >/tmp/guest.xml
check_ok "virsh define" virsh -q define /tmp/guest.xml
check_ok "virsh start" virsh -q start $g
check_ok "our driver reports" wait_field $g driver hotballoon 120
agree "libvirt made it" 262144

check_ok "virsh setmem 384M" virsh -q setmem $g 384M --live
agree "virsh grew it" 393216
check_ok "hotballoon set 320M" hotballoon set $g 320M --wait=60
agree "hotballoon shrank it" 327680
check_ok "virsh setmem 256M" virsh -q setmem $g 256M --live
agree "virsh shrank it" 262144

# Past the maximum of its definition: ours grows it, and libvirt sees it.
check_ok "hotballoon set 768M" hotballoon set $g 768M --wait=60
agree "hotballoon grew it past its boot maximum" 786432
check "static-max follows" 786432 "$(field $g static_max_kib)"
# libvirt's own definition still says 512M: it refuses, and changes nothing.
check_fails "virsh setmem 700M is refused by libvirt" virsh -q setmem $g 700M --live
agree "nothing has changed" 786432
check_ok "virsh setmem 400M" virsh -q setmem $g 400M --live
agree "virsh took it back" 409600

# libvirt's maximum is what ours calls max.
check_ok "virsh setmaxmem 900M" virsh -q setmaxmem $g 900M --live
check "hotballoon shows it" 921600 "$(field $g static_max_kib)"
check "and that Xen lets it take that much" 922624 "$(field $g maxmem_kib)"
check_ok "hotballoon set 880M" hotballoon set $g 880M --wait=60
agree "hotballoon used it" 901120
check_ok "nothing is wrong" healthy warning

check_ok "virsh destroy" virsh -q destroy $g
check_fails "it is gone for ours" hotballoon show $g
