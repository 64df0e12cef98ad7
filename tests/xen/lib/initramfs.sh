# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034 # opt_* and others are shared with the other files of lab
#
# initramfs.sh: the memory images that dom0 and the guests boot from.
#
# Model: dom0's image is a row of cpio archives, which the kernel unpacks one
# after the other:
#
#   dom0.cpio         busybox, Xen's tools and their libraries, labtool   } built when an
#   kernel-X.cpio     /kernels/X/vmlinux, one for each guest kernel       } input changes
#   run.cpio          the script, its files, our driver and CLI, the guests' images
#
# None is compressed: unpacking costs more, emulated, than the memory.  A guest's
# image is one gzip stream (xl refuses several), made for each run, since it holds
# the driver.  What does not depend on the run lies in build/lab/base-HASH, named
# after everything that went into it.

# cpio_dir DIR OUT: everything in DIR, owned by root.
cpio_dir() {
	(cd "$1" && find . -mindepth 1 | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) >"$2"
}

# needed ELF: the shared libraries it names.
needed() { readelf -d "$1" 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'; }

# machine_libraries: where libraries lie that our programs for this Xen were linked with.
machine_libraries() {
	local suite
	suite=$(base_suite "$(xen_suite "$opt_xen")")
	if is_foreign "$suite"; then
		echo "$(root_dir "$suite")"/{usr/,}lib/x86_64-linux-gnu
	else
		echo /usr/lib/x86_64-linux-gnu /lib/x86_64-linux-gnu
	fi
}

# copy_libraries ROOT: every library that a program in ROOT needs and ROOT lacks,
# from the Xen packages first (the C library too), then from where it was built.
copy_libraries() {
	local root=$1 lib=$1/lib/x86_64-linux-gnu xen=$CACHE/xen-$opt_xen queue name dir from
	mkdir -p "$lib" "$root/lib64"
	# The C library loads this one by itself, when a thread is cancelled (xl does that).
	cp -L "$xen/lib/x86_64-linux-gnu/libgcc_s.so.1" "$lib/"
	mapfile -t queue < <(find "$root" -type f -perm /111 -o -type f -name '*.so*')
	while [ ${#queue[@]} -gt 0 ]; do
		for name in $(needed "${queue[0]}"); do
			[ ! -e "$lib/$name" ] || continue
			from=
			for dir in "$xen"/{usr/,}lib/x86_64-linux-gnu "$xen/usr/lib/xen-$opt_xen/lib" \
				"$CACHE"/{libvirt,hvm,stress}-"$opt_xen"/{usr/,}lib/x86_64-linux-gnu $(machine_libraries); do
				[ ! -e "$dir/$name" ] || { from=$dir/$name; break; }
			done
			[ -n "$from" ] || die "${queue[0]} needs $name, which is neither in the packages of Xen $opt_xen nor in what it was built with"
			cp -L "$from" "$lib/$name"
			queue+=("$lib/$name")
		done
		queue=("${queue[@]:1}")
	done
	# Its link in lib64 may lead out of the packages, to this machine's.
	for dir in "$xen"/{usr/,}lib/x86_64-linux-gnu; do
		[ ! -e "$dir/ld-linux-x86-64.so.2" ] || cp -L "$dir/ld-linux-x86-64.so.2" "$root/lib64/"
	done
}

# add_busybox ROOT
add_busybox() {
	local applet
	mkdir -p "$1/bin"
	cp /bin/busybox "$1/bin/busybox"
	for applet in $(/bin/busybox --list); do
		[ "$applet" = busybox ] || ln -s busybox "$1/bin/$applet"
	done
}

# copy_modules KERNEL DIR MODULE...: unpacked, from that kernel's package; what is built in is
# there anyway.  Kernels need not have a ?MODULE.
copy_modules() {
	local tree dir=$2 name module file
	tree=$CACHE/kernel-$1/lib/modules/$(cache_release "$1")
	shift 2
	mkdir -p "$dir"
	for name in "$@"; do
		module=${name#\?}
		! grep -qs "/$module\.ko\$" "$tree/modules.builtin" || continue
		file=$(find "$tree" -name "$module.ko" -o -name "$module.ko.xz")
		case $file in
		*.ko) cp "$file" "$dir/" ;;
		*.xz) xz -dc "$file" >"$dir/$module.ko" ;;
		*) [ "$name" != "$module" ] || die "$tree has no $module.ko" ;;
		esac
	done
}

compile() {
	local out=$1 source=$2
	shift 2
	"${CC:-gcc}" -std=gnu11 -O2 -Wall -Wextra -o "$out" "$source" "$@" ||
		die "cannot compile $source"
}

# base_hash: of everything that base_build reads.
base_hash() {
	{
		readlink "$CACHE/xen-$opt_xen" "$CACHE/kernel-$(xen_kernel "$opt_xen")"
		sha256sum </bin/busybox
		cat "$XEN_TESTS"/dom0/{init,block,vif,labtool.c} "$XEN_TESTS"/guest/* \
			"$TOP"/tests/bench/{probe.c,meter.h} \
			"$XEN_TESTS"/lib/{build.sh,initramfs.sh,wire.h}
	} | sha256sum | cut -c 1-16
}

# base_prepare: sets BASE.
base_prepare() {
	local start tmp
	BASE=$LAB_DIR/base-$(base_hash)
	[ ! -d "$BASE" ] || { touch "$BASE"; return; }
	start=$(now_ms)
	# Bases of older sources (one in use was touched by its run), and what killed labs left.
	find "$LAB_DIR" -mindepth 1 -maxdepth 1 \
		\( -name 'base-*' -o -name '.base-*' -o -name '.run-*' -o -name '.kernel-*' \) \
		-mmin +720 -exec rm -rf {} + || say "some of what killed labs left in $LAB_DIR is another user's"
	tmp=$(mktemp -d "$LAB_DIR/.base-XXXXXX")
	base_dom0 "$tmp"
	base_guest "$tmp"
	# Another lab may have been faster.
	mv -T "$tmp" "$BASE" 2>/dev/null || rm -rf "$tmp"
	[ -d "$BASE" ] || die "cannot create $BASE"
	phase "initramfs built" "$start"
}

base_dom0() {
	local root=$1/dom0 xen=$CACHE/xen-$opt_xen tools=usr/lib/xen-$opt_xen/bin tool
	mkdir -p "$root"/{bin,sbin,dev,proc/xen,sys,run,tmp,root,out,lab,kernels} "$root"/lib/modules \
		"$root"/etc/xen/scripts "$root"/usr/{bin,sbin} "$root/$tools" \
		"$root"/var/{lib/xen,lib/xenstored,log/xen/console}
	ln -s /run "$root/var/run"
	ln -s /run/lock "$root/var/lock"
	add_busybox "$root"
	# Where libxl looks for its helpers; the packages' own xl is a wrapper that picks a version.
	for tool in xl xenstored xenconsoled xen-init-dom0 libxl-save-helper xenconsole xentrace xenpm; do
		cp -L "$xen/$tools/$tool" "$root/$tools/$tool"
		ln -s "/$tools/$tool" "$root/usr/sbin/$tool"
	done
	for tool in "$xen"/usr/bin/xenstore*; do
		cp -L "$tool" "$root/usr/bin/"
	done
	# We give dom0 a fixed size: xl must not take from it for a new guest.
	printf 'autoballoon="off"\n' >"$root/etc/xen/xl.conf"
	printf 'root:x:0:0:root:/root:/bin/sh\n' >"$root/etc/passwd"
	printf 'root:x:0:\n' >"$root/etc/group"
	copy_modules "$(xen_kernel "$opt_xen")" "$root/lib/modules" xen-privcmd xen-evtchn xen-gntdev xen-gntalloc xenfs \
		virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk \
		loop xen-blkback xen-netback crc16 ?crc32c_generic mbcache jbd2 ext4
	# The packages' own want bash, and tools that are not here.
	install -m 755 "$XEN_TESTS/dom0/block" "$XEN_TESTS/dom0/vif" "$root/etc/xen/scripts/"
	build_dom0_tool "$opt_xen" "$XEN_TESTS/dom0/labtool.c" "$root/usr/bin/labtool" -lxenctrl -lxenforeignmemory -lxenstore
	build_dom0_tool "$opt_xen" "$TOP/tests/bench/probe.c" "$root/usr/bin/probe" -lxenctrl -lxenguest -lxenstore
	install -m 755 "$XEN_TESTS/dom0/init" "$root/init"
	copy_libraries "$root"
	cpio_dir "$root" "$1/dom0.cpio"
	rm -rf "$root"
}

# Its programs lie in the guest's memory: with musl they are a twentieth of the size.
base_guest() {
	local root=$1/guest tool
	mkdir -p "$root"/{dev,proc,sys,run,tmp}
	add_busybox "$root"
	for tool in agent cachefill churn diskio eat freemem kexecload mapfile memfill names pin poison toggle vmcore; do
		CC=musl-gcc compile "$root/bin/$tool" "$XEN_TESTS/guest/$tool.c" -static -s
	done
	install -m 755 "$XEN_TESTS/guest/init" "$root/init"
	cpio_dir "$root" "$1/guest.cpio"
	rm -rf "$root"
}

# kernel_cpio SERIES: prints the archive with that guest kernel.
kernel_cpio() {
	local series=$1 tmp out
	out=$LAB_DIR/kernel-$series-$(cache_release "$series").cpio
	if [ ! -e "$out" ] || [ "$CACHE/kernel-$series/vmlinux" -nt "$out" ]; then
		tmp=$(mktemp -d "$LAB_DIR/.kernel-XXXXXX")
		# A command substitution goes on after what fails.
		mkdir -p "$tmp/root/kernels/$series" &&
			cp "$CACHE/kernel-$series/vmlinux" "$tmp/root/kernels/$series/" &&
			cpio_dir "$tmp/root" "$tmp/cpio" && mv "$tmp/cpio" "$out" ||
			{ rm -rf "$tmp"; die "cannot make $out: is $LAB_DIR full?"; }
		rm -rf "$tmp"
	fi
	echo "$out"
}

# initrd_build OUT: dom0's whole image for the run described by the LAB_* and opt_* variables;
# sets BOOT, "KERNEL COMMAND-LINE,IMAGE" as QEMU gives them to Xen.
initrd_build() {
	local out=$1 series tmp parts=("$BASE/dom0.cpio")
	tmp=$(mktemp -d "$LAB_DIR/.run-XXXXXX")
	run_tree "$tmp"
	if is_needed dom0; then
		dom0_archive "$tmp/root" "$out"
		dom0_boot "$out"
	else
		add_programs "$tmp/root"
		for series in "${opt_kernels[@]}"; do
			parts+=("$(kernel_cpio "$series")") || exit
		done
		cpio_dir "$tmp/root" "$tmp/run.cpio"
		cat "${parts[@]}" "$tmp/run.cpio" >"$out"
		BOOT="$CACHE/kernel-$(xen_kernel "$opt_xen")/vmlinux console=hvc0 rdinit=/init quiet panic=-1 oops=panic,$out"
	fi
	rm -rf "$tmp"
}

# is_needed WHAT: by one of the scripts.
is_needed() { [[ " ${opt_needs[*]} " = *" $1 "* ]]; }

# run_tree TMP: TMP/root gets what is the run's own, whatever dom0 it is for.
run_tree() {
	local tmp=$1 series
	mkdir -p "$tmp"/root/{lab/files,kernels,usr/sbin}
	for series in "${opt_kernels[@]}"; do
		mkdir -p "$tmp/root/kernels/$series"
		guest_initrd "$series" "$tmp" "$tmp/root/kernels/$series"
	done
	write_settings >"$tmp/root/lab/settings"
	cp "$XEN_TESTS"/dom0/{helpers.sh,runner,session,shell} "$tmp/root/lab/"
	printf '. /lab/settings\n. /lab/helpers.sh\n' >"$tmp/root/lab/env"
	[ "$opt_mode" != run ] || add_scripts "$tmp/root/lab"
	add_files "$tmp/root"
}

# add_programs ROOT: what the scripts need, and ours.
add_programs() {
	local need
	for need in "${opt_needs[@]}"; do
		"add_$need" "$1"
	done
	if [ "$opt_driver" = load ] || [ -x "$(toolstack_dir "$opt_xen")/hotballoon" ]; then
		add_toolstack "$1"
	fi
}

# add_scripts DIR: what is to be run, as DIR/scripts/NUMBER-NAME, with its arguments in
# DIR/arguments/NUMBER-NAME.
add_scripts() {
	local n script name
	mkdir "$1/scripts" "$1/arguments"
	for n in "${!opt_scripts[@]}"; do
		script=${opt_scripts[n]}
		name=$(printf '%02d-%s' $((n + 1)) "$(basename "$script")")
		cp "$script" "$1/scripts/$name"
		echo "set --${opt_args[n]}" >"$1/arguments/$name"
		# Files that a script sources lie beside it.
		find "$(dirname "$script")" -maxdepth 1 -type f -size -1024k -exec cp {} "$1/files/" \;
	done
}

# What guests need for disks and networks, in the order in which it is loaded, and for swap in
# memory.  From 6.15 on the checksum is a part of the kernel.
GUEST_MODULES=(crc16 ?crc32c_generic mbcache jbd2 ext4 loop xen-blkfront xen-netfront
	?zsmalloc ?lz4_compress ?lz4hc_compress ?zram)

# guest_initrd SERIES TMP DIR: the guests' image, with our driver if there is one; and
# another, initrd-io.gz, with GUEST_MODULES.
guest_initrd() {
	local driver
	driver=$(driver_path "$1")
	: >"$2/driver.cpio"
	if [ -e "$driver" ]; then
		rm -rf "$2/driver"
		mkdir "$2/driver"
		cp "$driver" "$2/driver/"
		test_modules "$1" | xargs -r cp -t "$2/driver"
		cpio_dir "$2/driver" "$2/driver.cpio"
		cp "$driver" "$3/driver"
	fi
	cat "$BASE/guest.cpio" "$2/driver.cpio" | gzip -1n >"$3/initrd.gz"
	rm -rf "$2/io"
	copy_modules "$1" "$2/io/lib/modules" "${GUEST_MODULES[@]}"
	cpio_dir "$2/io" "$2/io.cpio"
	cat "$BASE/guest.cpio" "$2/driver.cpio" "$2/io.cpio" | gzip -1n >"$3/initrd-io.gz"
}

# add_toolstack ROOT: our programs, and the libraries that the base lacks.
add_toolstack() {
	local program dir
	dir=$(toolstack_dir "$opt_xen")
	for program in hotballoon hotballoond; do
		[ ! -x "$dir/$program" ] || cp "$dir/$program" "$1/usr/sbin/"
	done
	copy_libraries "$1"
}

# add_libvirt ROOT: the daemon with its Xen driver, and virsh.
add_libvirt() {
	local from=$CACHE/libvirt-$opt_xen lib=usr/lib/x86_64-linux-gnu
	mkdir -p "$1"/usr/{bin,sbin,share} "$1/$lib/libvirt/connection-driver" "$1/etc/libvirt" \
		"$1/var/lib/libvirt" "$1/var/log/libvirt" "$1/var/cache/libvirt"
	cp "$from"/usr/sbin/{libvirtd,dmidecode} "$1/usr/sbin/"
	cp "$from/usr/bin/virsh" "$1/usr/bin/"
	cp "$from/$lib/libvirt/connection-driver/libvirt_driver_libxl.so" "$1/$lib/libvirt/connection-driver/"
	cp -r "$from/usr/share/libvirt" "$1/usr/share/"
	printf 'auth_unix_rw = "none"\nunix_sock_group = "root"\n' >"$1/etc/libvirt/libvirtd.conf"
	copy_libraries "$1"
}

# add_stress ROOT: /stress, with stress-ng and all of its libraries, for a disk of a guest.
add_stress() {
	mkdir -p "$1/stress/bin"
	cp "$CACHE/stress-$opt_xen/usr/bin/stress-ng" "$1/stress/bin/"
	copy_libraries "$1/stress"
}

# add_hvm ROOT: Xen's loader, the device model, and what it reads.  It loads a kernel as the
# machine's firmware would: a bzImage.
add_hvm() {
	local from=$CACHE/hvm-$opt_xen boot=usr/lib/xen-$opt_xen/boot
	mkdir -p "$1"/usr/{libexec,share/qemu,share/seabios} "$1/$boot"
	cp "$CACHE/xen-$opt_xen/$boot/hvmloader" "$1/$boot/"
	cp "$from/usr/libexec/xen-qemu-system-i386" "$1/usr/libexec/"
	cp "$from"/usr/share/seabios/{bios-256k,vgabios-stdvga}.bin "$1/usr/share/seabios/"
	cp "$from"/usr/share/qemu/{linuxboot,linuxboot_dma,kvmvapic}.bin "$1/usr/share/qemu/"
	cp -r "$from/usr/share/qemu/keymaps" "$1/usr/share/qemu/"
	add_bzimage "$1"
	copy_libraries "$1"
}

# add_debian ROOT: dom0's /dev/vdb, and the package for guests; needs: packaging/build-deb.
add_debian() {
	local deb compiled
	opt_drives=(-drive "file=$CACHE/$(debian_name "${opt_kernels[0]}")/disk.img,format=raw,if=virtio,snapshot=on")
	deb=$(find "$TOP/build/deb" -name 'xen-hotballoon-dkms_*.deb' 2>/dev/null | sort | tail -n 1) || true
	[ -n "$deb" ] || die "not built: the package for guests; run: packaging/build-deb --guest"
	"$TOP/packaging/build-deb" --sources | cmp -s - "$TOP/build/deb/sources" ||
		die "$deb is not of the sources that are here; run: packaging/build-deb --guest"
	compiled=$(debian_compiled "$deb" "${opt_kernels[@]}") || die "no module for a Debian guest"
	cp -r "$compiled" "$1/lab/debs"
}

# add_bzimage ROOT: the kernels as they are installed, for firmware and for kexec.
add_bzimage() {
	local series
	for series in "${opt_kernels[@]}"; do
		cp "$CACHE/kernel-$series/boot/vmlinuz-$(cache_release "$series")" "$1/kernels/$series/vmlinuz"
	done
}

# add_files ROOT: what --add FILE[:PATH] asked for, /lab/files/NAME unless said otherwise.
add_files() {
	local spec file path
	for spec in "${opt_add[@]}"; do
		file=${spec%%:*} path=/lab/files/${file##*/}
		[[ $spec != *:* ]] || path=${spec#*:}
		[ -e "$file" ] || die "--add $spec: no file $file"
		mkdir -p "$(dirname "$1$path")"
		cp -rL "$file" "$1$path"
	done
}

write_settings() {
	printf "LAB_MODE='%s'\nLAB_GUEST='%s'\nLAB_KERNELS='%s'\nLAB_MEMORY='%s'\nLAB_MAXMEM='%s'\n" \
		"$opt_mode" "$opt_guest" "${opt_kernels[*]}" "$opt_memory" "$opt_maxmem"
	printf "LAB_UNTESTED='%s'\n" "$(untested_kernels "${opt_kernels[@]}")"
	printf "LAB_DEBUG_MEMORY='%s'\n" "$DEBUG_KERNEL_MEMORY"
	printf "LAB_VCPUS='%s'\nLAB_DRIVER='%s'\nLAB_ICOUNT='%s'\nLAB_UP_TIMEOUT='%s'\n" \
		"$opt_vcpus" "$opt_driver" "$opt_icount" 240
}
