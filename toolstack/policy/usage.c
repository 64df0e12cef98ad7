/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "usage.h"

static struct hb_usage of_line(const struct hb_number *stats)
{
	uint64_t values[HB_STAT_COUNT];
	uint32_t known = 0;

	for (int i = 0; i < HB_STAT_COUNT; i++) {
		values[i] = stats[i].value;
		known |= (uint32_t)(stats[i].presence == HB_PRESENT) << i;
	}
	return hb_usage_from_stats(values, known);
}

struct hb_usage hb_usage_of(const struct hb_domain *domain)
{
	struct hb_usage usage = of_line(domain->report.stats);
	const uint32_t enough = HB_KNOWS_TOTAL | HB_KNOWS_AVAILABLE;

	if ((usage.known & enough) == enough)
		return usage;
	if (domain->used.presence != HB_PRESENT)
		return (struct hb_usage){ 0 };
	/* Not as a size: what the kernel keeps is to be learned, and is not given up with the rest. */
	if (domain->total.presence == HB_PRESENT && domain->total.value >= domain->used.value)
		return (struct hb_usage){ .known = enough, .total = domain->total.value,
					  .available = domain->total.value - domain->used.value };
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
