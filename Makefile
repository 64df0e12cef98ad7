# SPDX-License-Identifier: GPL-2.0-or-later
#
# make module [KDIR=...]  the driver, for installed headers (default: this kernel's)
#                         HB_ANY_KERNEL=1: for a kernel newer than any that was tested
# make modules-lab        the driver, for kernels that the lab boots: KERNELS= (those of the oldest
#                         release)
# make module-debug       the driver, for the lab's debug kernel, which takes half an hour once
# make toolstack          library and command line tool
# make toolstack-lab XEN=4.20   the tool, for the lab's dom0 with that Xen
# make test               everything that CI runs; installs what it needs
# make test-unit          the part of it that needs no Xen: minutes
# make test-full          the whole matrix and long random runs: takes root, hours
# make fresh SUITE=trixie make demo and test in a minimal Debian of that release, or GOALS=: takes
#                         root, hours
# make demo               a guest growing past its boot size, on real Xen in QEMU
# make demo-balance       hotballoond sizes four guests on a full host, and makes room for a fifth
# make bench              our driver and the kernel's own, measured side by side: KERNELS=, RUNS=
# make lint               checkpatch and sparse over the driver
# make install-guest      the module for KDIR's kernel, loaded at boot, to DESTDIR
# make install-dom0       the toolstack, to DESTDIR, PREFIX; the daemon's unit to UNITDIR
# make install            both
# make uninstall          both away again
# make deb                Debian packages for this machine's release, into build/deb
# make clean

# Those of the oldest release of packaging/platforms; `make bench` measures on them, too.
KERNELS ?= $(shell awk '$$1 == "kernel" && (!suite || suite == $$3) { suite = $$3; print $$2 }' packaging/platforms)
KDIR ?= /lib/modules/$(shell uname -r)/build
LAB := tests/xen/lab
DEPENDENCIES := packaging/install-dependencies

.PHONY: all module test-module modules-lab module-debug toolstack toolstack-lab test test-unit test-full fresh demo demo-balance bench lint install install-guest install-dom0 uninstall deb clean

all: module toolstack

# Kbuild writes beside its sources: give each kernel its own tree of links, so
# that builds for several kernels do not disturb each other.
# $(call kbuild,FOLDER OF BUILD/,SOURCES)
define kbuild
	+@release=$$(sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h 2>/dev/null); \
	if [ -z "$$release" ]; then \
		echo "No kernel headers at KDIR=$(KDIR): install linux-headers-$$(uname -r), or name others" >&2; \
		exit 1; \
	fi; \
	tree=build/$(1)/$$release; \
	mkdir -p $$tree && cp -rsf $(2) $$tree/ && \
	$(MAKE) -C $(KDIR) M=$(CURDIR)/$$tree CONFIG_DEBUG_INFO_BTF_MODULES= modules && \
	echo "Built $$tree"
endef

module:
	$(call kbuild,module,$(addprefix $(CURDIR)/,Kbuild drivers include))

# What tests need in a guest's kernel.
test-module:
	$(call kbuild,test-module,$(wildcard $(CURDIR)/tests/xen/module/*))

modules-lab:
	@$(DEPENDENCIES) build
	@$(LAB) build $(KERNELS)

module-debug:
	@$(DEPENDENCIES) build
	@$(LAB) build debug

toolstack:
	$(MAKE) -C toolstack all

toolstack-lab:
	@$(DEPENDENCIES) build
	@$(LAB) build $(or $(XEN),$(error toolstack-lab wants XEN=VERSION))

test:
	@tests/run ci

test-unit:
	@tests/run unit

test-full:
	@tests/run full

fresh:
	@tests/xen/fresh $(or $(SUITE),$(error fresh wants SUITE=RELEASE)) $(or $(GOALS),demo test)

demo:
	@tests/xen/demo/run

demo-balance:
	@tests/xen/demo/run balance

# The variables of tests/bench/run, given to make, are in its environment.
bench: modules-lab toolstack
	@KERNELS="$(KERNELS)" tests/bench/run

lint:
	@$(DEPENDENCIES) build lint
	@$(LAB) fetch
	@packaging/lint-driver

install: install-guest install-dom0

install-dom0: toolstack
	$(MAKE) -C toolstack install
	install -D -m 644 build/toolstack/xen-hotballoon.4 $(DESTDIR)$(or $(PREFIX),/usr/local)/share/man/man4/xen-hotballoon.4

install-guest: module
	$(MAKE) -C $(KDIR) M=$(CURDIR)/build/module/$$(sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' \
		$(KDIR)/include/generated/utsrelease.h) INSTALL_MOD_PATH=$(DESTDIR) modules_install
	install -D -m 644 packaging/guest/xen-hotballoon.conf $(DESTDIR)/etc/modules-load.d/xen-hotballoon.conf

# With the same variables. Kernels differ in the directory that modules of others go to.
uninstall:
	$(MAKE) -C toolstack uninstall
	rm -f $(DESTDIR)/etc/modules-load.d/xen-hotballoon.conf $(DESTDIR)/lib/modules/$$(sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' \
		$(KDIR)/include/generated/utsrelease.h)/[eu]*/xen-hotballoon.ko* \
		$(DESTDIR)$(or $(PREFIX),/usr/local)/share/man/man4/xen-hotballoon.4

deb:
	@packaging/build-deb

clean:
	rm -rf build
