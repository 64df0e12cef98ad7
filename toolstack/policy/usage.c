/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "usage.h"

/* What must be there for that to be known, at most two words, and where it goes. */
static const struct {
	uint32_t known;
	enum hb_stat first, second;
} groups[] = {
	{ HB_KNOWS_TOTAL, HB_STAT_TOTAL, HB_STAT_TOTAL },
	{ HB_KNOWS_FREE, HB_STAT_FREE, HB_STAT_FREE },
	{ HB_KNOWS_AVAILABLE, HB_STAT_AVAILABLE, HB_STAT_AVAILABLE },
	{ HB_KNOWS_SWAP, HB_STAT_SWAP_TOTAL, HB_STAT_SWAP_FREE },
	{ HB_KNOWS_SWAPPING, HB_STAT_SWAP_IN, HB_STAT_SWAP_OUT },
	{ HB_KNOWS_REFAULTS, HB_STAT_REFAULTS_ANON, HB_STAT_REFAULTS_FILE },
	{ HB_KNOWS_STALLS, HB_STAT_ALLOC_STALLS, HB_STAT_ALLOC_STALLS },
	{ HB_KNOWS_OOM_KILLS, HB_STAT_OOM_KILLS, HB_STAT_OOM_KILLS },
};

static uint64_t pages(const struct hb_number *kib)
{
	return kib->value / HB_PAGE_KIB;
}

static struct hb_usage of_line(const struct hb_number *stats)
{
	struct hb_usage usage = {
		.total = stats[HB_STAT_TOTAL].value,
		.free = stats[HB_STAT_FREE].value,
		.available = stats[HB_STAT_AVAILABLE].value,
		.swap_total = stats[HB_STAT_SWAP_TOTAL].value,
		.swap_free = stats[HB_STAT_SWAP_FREE].value,
		.swap_in = pages(&stats[HB_STAT_SWAP_IN]),
		.swap_out = pages(&stats[HB_STAT_SWAP_OUT]),
		.refaults_anon = pages(&stats[HB_STAT_REFAULTS_ANON]),
		.refaults_file = pages(&stats[HB_STAT_REFAULTS_FILE]),
		.alloc_stalls = stats[HB_STAT_ALLOC_STALLS].value,
		.oom_kills = stats[HB_STAT_OOM_KILLS].value,
	};

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (stats[groups[i].first].presence == HB_PRESENT &&
		    stats[groups[i].second].presence == HB_PRESENT)
			usage.known |= groups[i].known;
	}
	return usage;
}

struct hb_usage hb_usage_of(const struct hb_domain *domain)
{
	struct hb_usage usage = of_line(domain->report.stats);
	const uint32_t enough = HB_KNOWS_TOTAL | HB_KNOWS_AVAILABLE;

	if ((usage.known & enough) == enough)
		return usage;
	if (domain->used.presence != HB_PRESENT)
		return (struct hb_usage){ 0 };
	return (struct hb_usage){ .known = HB_KNOWS_USED, .used = domain->used.value };
}

void hb_usage_call(struct hb_estimate *estimate, const struct hb_domain *domain, uint64_t had_kib)
{
	const struct hb_number *lacks = &domain->report.distress;
	uint64_t must;

	if (lacks->presence != HB_PRESENT)
		return;
	estimate->distress = lacks->value;
	estimate->lacks_kib = lacks->value - lacks->value % HB_PAGE_KIB;
	if (!lacks->value)
		return;
	must = had_kib + estimate->lacks_kib;
	if (estimate->must_kib < must)
		estimate->must_kib = must;
	if (estimate->want_kib < must)
		estimate->want_kib = must;
}
