/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "change.h"

struct teller {
	const struct hb_domain *now;
	hb_change_fn *tell;
	void *argument;
};

static void number_text(char text[32], const struct hb_number *number)
{
	if (number->presence == HB_PRESENT)
		snprintf(text, 32, "%" PRIu64, number->value);
	else
		strcpy(text, number->presence == HB_ABSENT ? "-" : "invalid");
}

static void compare_number(const struct teller *teller, const char *what,
			   const struct hb_number *a, const struct hb_number *b)
{
	struct hb_change change = {
		.kind = HB_CHANGE_VALUE, .domain = teller->now, .what = what, .is_size = true,
	};

	number_text(change.from, a);
	number_text(change.to, b);
	if (strcmp(change.from, change.to))
		teller->tell(&change, teller->argument);
}

static void compare_word(const struct teller *teller, const char *what, const char *a, const char *b)
{
	struct hb_change change = { .kind = HB_CHANGE_VALUE, .domain = teller->now, .what = what };

	snprintf(change.from, sizeof(change.from), "%s", a);
	snprintf(change.to, sizeof(change.to), "%s", b);
	if (strcmp(a, b))
		teller->tell(&change, teller->argument);
}

static const char *answer_text(const struct hb_number *still)
{
	if (still->presence != HB_PRESENT)
		return still->presence == HB_ABSENT ? "-" : "invalid";
	return still->value ? "yes" : "no";
}

/* By the kind of a row of HB_REPORT_ROWS(). */
#define COMPARE_NUMBER(name, a, b) compare_number(&teller, name, a, b)
#define COMPARE_FLAG(name, a, b) \
	compare_word(&teller, "keeps-" name, answer_text(a), answer_text(b))
#define COMPARE_STATE(name, a, b) \
	compare_word(&teller, name, hb_report_state_name(a), hb_report_state_name(b))
#define COMPARE_CAUSE(name, a, b) \
	compare_word(&teller, name, hb_report_cause_name(a), hb_report_cause_name(b))

void hb_change_compare(const struct hb_domain *was, const struct hb_domain *now, hb_change_fn *tell,
		       void *argument)
{
	const struct teller teller = { now, tell, argument };
	const struct hb_report *a = &was->report, *b = &now->report;

	compare_number(&teller, "target", &was->target, &now->target);
	compare_number(&teller, "static-max", &was->static_max, &now->static_max);
	compare_number(&teller, "hotplug-max", &was->hotplug_max, &now->hotplug_max);
	compare_number(&teller, "headroom", &was->headroom, &now->headroom);
	compare_word(&teller, "driver", hb_driver_name(was->driver), hb_driver_name(now->driver));
	compare_number(&teller, "used", &was->used, &now->used);
	compare_word(&teller, "still", hb_stillness_name(was->still), hb_stillness_name(now->still));
#define COMPARE(NAME, field, kind, json) COMPARE_##kind(#field, &a->field, &b->field);
	HB_REPORT_ROWS(COMPARE)
#undef COMPARE
}
