// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "bars.h"

const struct bar bars[] = {
	{ "pvh", "shrink_insn_per_page", BAR_RATIO_AT_LEAST, 2.2 },
	{ "pvh", "shrink_guest_insn_per_page", BAR_SHARE_AT_MOST, 15 },
	{ "pvh", "grow_insn_per_page", BAR_RATIO_AT_LEAST, 12 },
	{ "pvh", "grow_guest_insn_per_page", BAR_SHARE_AT_MOST, 15 },
	{ "pvh", "hotadd_first_page_ms", BAR_OURS_AT_MOST, 100 },
	{ "pvh", "superpages_after_cycle_percent", BAR_OURS_AT_LEAST, 99 },
	{ "pvh", "superpages_after_load_percent", BAR_OURS_AT_LEAST, 80 },
	{ "pvh", "superpages_after_pod_percent", BAR_OURS_AT_LEAST, 90 },
	{ "pvh", "left_behind_kib", BAR_OURS_AT_MOST, 2048 },
	{ "pvh", "left_behind_later_cycle_kib", BAR_OURS_AT_MOST, 63 },
	{ "pvh", "outrun_mib_s", BAR_OURS_AT_LEAST, 256 },
	{ "pv", "shrink_insn_per_page", BAR_RATIO_AT_LEAST, 1.5 },
	{ "pv", "grow_insn_per_page", BAR_RATIO_AT_LEAST, 1.5 },
	{ "pv", "hotadd_first_page_ms", BAR_OURS_AT_MOST, 250 },
	/* What the first cycle costs stays: its page descriptors do. */
	{ "pv", "left_behind_later_cycle_kib", BAR_OURS_AT_MOST, 63 },
};

const size_t bars_count = sizeof(bars) / sizeof(*bars);

const struct bar *bar_find(const char *guest, const char *metric)
{
	for (size_t i = 0; i < bars_count; i++)
		if (!strcmp(bars[i].guest, guest) && !strcmp(bars[i].metric, metric))
			return &bars[i];
	return NULL;
}

bool bar_met(const struct bar *bar, const struct measured *measured)
{
	switch (bar->kind) {
	case BAR_RATIO_AT_LEAST:
		return measured->has_ratio && measured->ratio >= bar->limit;
	case BAR_OURS_AT_LEAST:
		return measured->ours >= bar->limit;
	case BAR_OURS_AT_MOST:
		return measured->ours <= bar->limit;
	case BAR_SHARE_AT_MOST:
		return measured->whole > 0 &&
		       100 * measured->ours / measured->whole <= bar->limit;
	}
	return false;
}

const char *bar_text(const struct bar *bar, char *buf, size_t size)
{
	static const char *const words[] = {
		[BAR_RATIO_AT_LEAST] = "ratio >= %g",
		[BAR_OURS_AT_LEAST] = ">= %g",
		[BAR_OURS_AT_MOST] = "<= %g",
		[BAR_SHARE_AT_MOST] = "<= %g %% of all",
	};

	snprintf(buf, size, words[bar->kind], bar->limit);
	return buf;
}
