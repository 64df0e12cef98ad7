/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "account.h"
#include "error.h"
#include "minmax.h"
#include "overhead.h"
#include "reservation.h"
#include "value.h"

static bool is_name(const char *name)
{
	char clean[sizeof(((struct hb_reservation *)0)->name)];
	size_t length = strlen(name);

	if (!length || length >= sizeof(clean))
		return false;
	memcpy(clean, name, length + 1);
	/* Digits alone are a domid. */
	return !strcmp(hb_text_clean(clean), name) && strspn(name, "0123456789") < length;
}

enum hb_code hb_reservation_check_name(const char *name, struct hb_error *error)
{
	if (is_name(name))
		return HB_OK;
	hb_fail(error, HB_REASON_BAD_NAME, "\"%.100s\" is no name for a domain", name);
	hb_remedy(error, "give the name= of its configuration; digits alone are a domid");
	return HB_E_USAGE;
}

bool hb_reservation_parse(const char *line, struct hb_reservation *reservation,
			  struct hb_moment *until)
{
	const size_t length = strcspn(line, " "), end = length + !!line[length];
	const size_t until_length = strcspn(line + end, " ");
	const char *name = line + end + until_length;
	struct hb_number kib = hb_value_number(line, length, HB_SIZE_MAX_KIB);

	memset(reservation, 0, sizeof(*reservation));
	if (kib.presence != HB_PRESENT || !kib.value || *name != ' ' || !is_name(name + 1) ||
	    !hb_moment_parse(line + end, until_length, until))
		return false;
	strcpy(reservation->name, name + 1);
	reservation->kib = kib.value;
	return true;
}

char *hb_reservation_format(const struct hb_reservation *reservation, const struct hb_moment *until,
			    char text[HB_RESERVATION_LINE])
{
	char when[HB_MOMENT_TEXT];

	snprintf(text, HB_RESERVATION_LINE, "%" PRIu64 " %s %s\n", reservation->kib,
		 hb_moment_format(until, when), reservation->name);
	return text;
}

bool hb_reservation_heeds(const struct hb_domain *domain)
{
	return domain->state != HB_DOMAIN_DYING && domain->state != HB_DOMAIN_CRASHED &&
	       domain->state != HB_DOMAIN_SHUTDOWN;
}

/* It takes its memory now: its builder, or the sender of a migration, fills it. */
static bool is_being_filled(const struct hb_domain *domain)
{
	return domain->state == HB_DOMAIN_BUILDING || domain->state == HB_DOMAIN_MIGRATING;
}

bool hb_reservation_lasts(const struct hb_reservation *reservation, const struct hb_domain *domain,
			  uint64_t now_s)
{
	return hb_reservation_left(reservation, domain, now_s) ||
	       (domain && is_being_filled(domain) && now_s < reservation->until_s);
}

uint64_t hb_reservation_left(const struct hb_reservation *reservation,
			     const struct hb_domain *domain, uint64_t now_s)
{
	uint64_t has;

	if (now_s >= reservation->until_s)
		return 0;
	if (!domain || !hb_reservation_heeds(domain))
		return reservation->kib;
	if (!is_being_filled(domain))
		return 0;
	/* Claims and promises are counted for themselves, the pool is taken already. */
	has = domain->actual_kib + domain->claimed_kib + hb_account_promised_kib(domain);
	if (domain->actual_kib)
		has += hb_overhead_pool_kib(domain->type, domain->hap, domain->vcpus,
					    larger(domain->static_max.value, domain->target.value));
	return reservation->kib > has ? reservation->kib - has : 0;
}
