// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "metrics.h"

#define PER_PAGE "instructions/page"
#define PER_GIB "hypercalls/GiB"
#define PER_GIB_GRAIN 40	/* those that Xen preempts are made again; 27 were seen */

const struct metric metrics[] = {
	{ .name = "shrink_insn_per_page", .unit = PER_PAGE, .experiment = "cycle" },
	{ .name = "shrink_guest_insn_per_page", .unit = PER_PAGE, .experiment = "cycle",
	  .whole = "shrink_insn_per_page" },
	{ .name = "grow_insn_per_page", .unit = PER_PAGE, .experiment = "cycle" },
	{ .name = "grow_guest_insn_per_page", .unit = PER_PAGE, .experiment = "cycle",
	  .whole = "grow_insn_per_page" },
	{ .name = "hotadd_grow_insn_per_page", .unit = PER_PAGE, .experiment = "hotadd" },
	{ .name = "hotadd_grow_guest_insn_per_page", .unit = PER_PAGE, .experiment = "hotadd",
	  .detail = true, .whole = "hotadd_grow_insn_per_page" },
	/* probe looks every 2 ms. */
	{ .name = "hotadd_first_page_ms", .unit = "ms", .experiment = "hotadd",
	  .decimals = 1, .grain = 4 },
	{ .name = "hypercalls_per_gib_shrink", .unit = PER_GIB, .experiment = "cycle",
	  .grain = PER_GIB_GRAIN },
	{ .name = "hypercalls_per_gib_grow", .unit = PER_GIB, .experiment = "cycle",
	  .grain = PER_GIB_GRAIN },
	{ .name = "superpages_after_cycle_percent", .unit = "%", .experiment = "cycle",
	  .more_is_better = true, .pvh_only = true, .decimals = 1 },
	{ .name = "load_shrink_insn_per_page", .unit = PER_PAGE, .experiment = "load",
	  .pvh_only = true },
	{ .name = "load_grow_insn_per_page", .unit = PER_PAGE, .experiment = "load",
	  .pvh_only = true },
	{ .name = "superpages_after_load_percent", .unit = "%", .experiment = "load",
	  .more_is_better = true, .pvh_only = true, .decimals = 1 },
	{ .name = "superpages_after_pod_percent", .unit = "%", .experiment = "pod",
	  .more_is_better = true, .pvh_only = true, .decimals = 1 },
	/* The next rate that is tried is twice as much. */
	{ .name = "outrun_mib_s", .unit = "MiB/s", .experiment = "outrun", .more_is_better = true },
	/* Some pages of slab more or less are the guest's own. */
	{ .name = "left_behind_kib", .unit = "KiB", .experiment = "left", .grain = 64 },
	{ .name = "left_behind_later_cycle_kib", .unit = "KiB", .experiment = "left",
	  .detail = true },
};

const size_t metrics_count = sizeof(metrics) / sizeof(*metrics);

const struct metric *metric_find(const char *name)
{
	for (size_t i = 0; i < metrics_count; i++)
		if (!strcmp(metrics[i].name, name))
			return &metrics[i];
	return NULL;
}

bool metric_applies(const struct metric *metric, const char *guest)
{
	return !metric->pvh_only || !strcmp(guest, "pvh");
}
