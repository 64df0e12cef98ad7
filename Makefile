# SPDX-License-Identifier: GPL-2.0-or-later
#
# make module [KDIR=...]  the driver, for installed headers (default: this kernel's)
# make modules-lab        the driver, for the kernels that the lab boots
# make module-debug       the driver, for the lab's debug kernel, which takes half an hour once
# make toolstack          library and command line tool
# make test               everything that CI runs; installs what it needs
# make test-unit          the part of it that needs no Xen: seconds
# make test-full          the whole matrix and long random runs: hours
# make demo               a guest growing past its boot size, on real Xen in QEMU
# make bench              our driver and the kernel's own, measured side by side: KERNELS=, RUNS=
# make lint               checkpatch and sparse over the driver
# make install            toolstack to DESTDIR, PREFIX; the module for KDIR's kernel
# make clean

KDIR ?= /lib/modules/$(shell uname -r)/build
LAB := tests/xen/lab
DEPENDENCIES := packaging/install-dependencies

.PHONY: all module modules-lab module-debug toolstack test test-unit test-full demo bench lint install clean

all: module toolstack

# Kbuild writes beside its sources: give each kernel its own tree of links, so
# that builds for several kernels do not disturb each other.
define build_module
	@release=$$(sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(1)/include/generated/utsrelease.h 2>/dev/null); \
	if [ -z "$$release" ]; then \
		echo "No kernel headers at KDIR=$(1): install linux-headers-$$(uname -r), or name others" >&2; \
		exit 1; \
	fi; \
	tree=build/module/$$release; \
	mkdir -p $$tree && cp -rsf $(CURDIR)/Kbuild $(CURDIR)/drivers $(CURDIR)/include $$tree/ && \
	$(MAKE) -C $(1) M=$(CURDIR)/$$tree CONFIG_DEBUG_INFO_BTF_MODULES= modules && \
	echo "Built $$tree/xen-hotballoon.ko"
endef

# What tests need in a guest's kernel.
define build_test_module
	@release=$$($(LAB) release $(1)) && tree=build/test-module/$$release && \
	mkdir -p $$tree && cp -sf $(CURDIR)/tests/xen/module/* $$tree/ && \
	$(MAKE) -C $$($(LAB) kdir $(1)) M=$(CURDIR)/$$tree CONFIG_DEBUG_INFO_BTF_MODULES= modules
endef

module:
	$(call build_module,$(KDIR))

modules-lab:
	@$(DEPENDENCIES) build
	@$(LAB) fetch
	$(call build_module,$$($(LAB) kdir 6.1))
	$(call build_module,$$($(LAB) kdir 6.12))
	$(call build_test_module,6.1)
	$(call build_test_module,6.12)

module-debug:
	@$(DEPENDENCIES) build
	@$(LAB) fetch debug
	$(call build_module,$$($(LAB) kdir debug))
	$(call build_test_module,debug)

toolstack:
	$(MAKE) -C toolstack all

test:
	@tests/run ci

test-unit:
	@tests/run unit

test-full:
	@tests/run full

demo:
	@tests/xen/demo/run

# The variables of tests/bench/run, given to make, are in its environment.
bench: modules-lab toolstack
	@tests/bench/run

lint:
	@$(DEPENDENCIES) build lint
	@$(LAB) fetch
	@packaging/lint-driver

install: module toolstack
	$(MAKE) -C toolstack install
	$(MAKE) -C $(KDIR) M=$(CURDIR)/build/module/$$(sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' \
		$(KDIR)/include/generated/utsrelease.h) INSTALL_MOD_PATH=$(DESTDIR) modules_install

clean:
	rm -rf build
