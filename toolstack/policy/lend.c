/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lend.h"
#include "minmax.h"
#include "plan.h"
#include "wait.h"

/* Beside what it holds it keeps an eighth of that, what it can take before anybody has looked. */
#define MARGIN_PART 8
#define MARGIN_MIN_KIB (64 * 1024ULL)

static uint64_t holds_kib(const struct hb_domain *domain)
{
	return hb_wait_position(domain) + domain->videoram_kib;
}

static uint64_t margin_beside(uint64_t holds_kib)
{
	uint64_t margin = larger(MARGIN_MIN_KIB, holds_kib / MARGIN_PART);

	/* Whole pages together: a target is. */
	return margin + (HB_PAGE_KIB - (holds_kib + margin) % HB_PAGE_KIB) % HB_PAGE_KIB;
}

bool hb_lend_is_left(const struct hb_domain *domain, uint64_t size_kib)
{
	return hb_spared_kib(domain) && size_kib >= holds_kib(domain);
}

uint64_t hb_lend(struct hb_lent *lent, struct hb_estimate *estimate, const struct hb_domain *domain,
		 uint64_t size_kib, bool host_short)
{
	uint64_t holds = holds_kib(domain), margin = margin_beside(holds), keeps = holds + margin;

	if (size_kib >= lent->of_kib)
		lent->of_kib = 0;
	if (host_short && keeps < size_kib && hb_spared_kib(domain))
		lent->of_kib = larger(lent->of_kib, size_kib);
	else if (lent->of_kib)
		keeps = holds + margin / 2 > size_kib ? smaller(keeps, lent->of_kib) : size_kib;
	else
		return 0;
	/* It says itself that it does not want more. */
	estimate->want_kib = larger(estimate->must_kib, keeps);
	return keeps;
}
