/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "twin.h"

#include <stdlib.h>
#include <string.h>

static bool can_be_twin(const struct hb_look *look)
{
	const struct hb_domain *domain = look->domain;

	return look->limits.mode == HB_MODE_AUTO && !domain->service &&
	       (domain->state == HB_DOMAIN_RUNNING || domain->state == HB_DOMAIN_PAUSED);
}

static int compare_looks(const void *a, const void *b)
{
	const struct hb_domain *one = (*(struct hb_look *const *)a)->domain;
	const struct hb_domain *other = (*(struct hb_look *const *)b)->domain;
	int order = strcmp(one->uuid, other->uuid);

	return order ? order : (one->domid > other->domid) - (one->domid < other->domid);
}

/* Without a record it is nobody's but a person's, which is not written down: it ends with the other. */
static void pair(struct hb_look *look, const struct hb_look *twin)
{
	look->twin = twin->domain;
	look->limits.set = (struct hb_number){ 0 };
}

void hb_twins_find(struct hb_look *looks, size_t count, struct hb_look **order)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		looks[i].twin = NULL;
		if (can_be_twin(&looks[i]))
			order[found++] = &looks[i];
	}
	if (found > 1)
		qsort(order, found, sizeof(*order), compare_looks);
	for (size_t i = 1; i < found; i++) {
		if (strcmp(order[i - 1]->domain->uuid, order[i]->domain->uuid))
			continue;
		if (!order[i - 1]->twin)
			pair(order[i - 1], order[i]);
		pair(order[i], order[i - 1]);
	}
}
