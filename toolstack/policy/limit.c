/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "limit.h"
#include "minmax.h"
#include "moment.h"
#include "overhead.h"
#include "plan.h"
#include "refusal.h"
#include "value.h"

static const char *const mode_words[HB_MODE_COUNT] = {
	[HB_MODE_MANUAL] = "manual",
	[HB_MODE_AUTO] = "auto",
	[HB_MODE_OFF] = "off",
};

#define NR_MODES (sizeof(mode_words) / sizeof(mode_words[0]))

const char *hb_mode_name(enum hb_mode mode)
{
	return mode_words[mode];
}

static bool is_uuid(const char *text, size_t length)
{
	if (length != 36)
		return false;
	for (size_t i = 0; i < length; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : !strchr("0123456789abcdef", text[i]))
			return false;
	}
	return true;
}

static bool parse_target(const char *value, size_t length, struct hb_number *number)
{
	if (number->presence != HB_ABSENT)
		return false;
	*number = hb_value_number(value, length, HB_SIZE_MAX_KIB);
	return number->presence == HB_PRESENT;
}

static bool parse_size(const char *value, size_t length, struct hb_number *number)
{
	return parse_target(value, length, number) && number->value % HB_PAGE_KIB == 0;
}

/* DOMID, or DOMID,BOOT. */
static bool parse_of(const char *value, size_t length, struct hb_limits *limits)
{
	const char *comma = memchr(value, ',', length);
	size_t domid = comma ? (size_t)(comma - value) : length;

	if (limits->set_domid.presence != HB_ABSENT)
		return false;
	limits->set_domid = hb_value_number(value, domid, HB_DOMID_OTHER);
	if (comma && !hb_moment_is_boot(comma + 1, length - domid - 1))
		return false;
	if (comma)
		memcpy(limits->set_boot, comma + 1, sizeof(limits->set_boot) - 1);
	return limits->set_domid.presence == HB_PRESENT;
}

/*
 * One NAME=VALUE of length characters that this version does not know. Nothing of it is believed,
 * but that it is one: a value is of printable characters, without a space.
 */
static bool keep_unknown(const char *field, size_t length, char unknown[HB_LIMITS_UNKNOWN])
{
	const char *value = memchr(field, '=', length);
	size_t used = strlen(unknown);

	if (!value || field[0] < 'a' || field[0] > 'z' || value + 1 == field + length ||
	    length + 2 > HB_LIMITS_UNKNOWN - used)
		return false;
	for (const char *at = field; at < value; at++) {
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-", *at))
			return false;
	}
	for (const char *at = value; at < field + length; at++) {
		if (*at <= ' ' || *at > '~')
			return false;
	}
	snprintf(unknown + used, HB_LIMITS_UNKNOWN - used, " %.*s", (int)length, field);
	return true;
}

/* One NAME=VALUE of length characters. */
static bool parse_field(const char *field, size_t length, struct hb_limits_entry *entry,
			char unknown[HB_LIMITS_UNKNOWN])
{
	struct hb_limits *limits = &entry->limits;
	const char *value = memchr(field, '=', length);
	size_t name = value ? (size_t)(value - field) : 0, rest = length - name - 1;
	struct hb_number weight;
	struct hb_word mode;

	if (!value)
		return false;
	value++;
	if (name == 3 && !memcmp(field, "min", 3))
		return parse_size(value, rest, &limits->min);
	if (name == 3 && !memcmp(field, "max", 3))
		return parse_size(value, rest, &limits->max);
	if (name == 3 && !memcmp(field, "set", 3))
		return parse_target(value, rest, &limits->set);
	if (name == 2 && !memcmp(field, "of", 2))
		return parse_of(value, rest, limits);
	if (name == 4 && !memcmp(field, "next", 4))
		return parse_target(value, rest, &entry->next);
	if (name == 4 && !memcmp(field, "mode", 4)) {
		mode = hb_value_word(value, rest, mode_words, NR_MODES);
		limits->mode = mode.value;
		return mode.presence == HB_PRESENT;
	}
	if (name != 6 || memcmp(field, "weight", 6))
		return keep_unknown(field, length, unknown);
	weight = hb_value_number(value, rest, HB_WEIGHT_MAX);
	limits->weight = weight.value;
	return weight.value > 0;
}

bool hb_limits_parse_all(const char *line, struct hb_limits_entry *entry, char unknown[HB_LIMITS_UNKNOWN])
{
	size_t length = strcspn(line, " ");

	*unknown = '\0';
	*entry = (struct hb_limits_entry){ .limits.weight = HB_WEIGHT_DEFAULT };
	if (!is_uuid(line, length))
		return false;
	memcpy(entry->uuid, line, length);
	for (line += length; *line == ' '; line += length) {
		line++;
		length = strcspn(line, " ");
		if (!parse_field(line, length, entry, unknown))
			return false;
	}
	return true;
}

bool hb_limits_parse(const char *line, struct hb_limits_entry *entry)
{
	char unknown[HB_LIMITS_UNKNOWN];

	return hb_limits_parse_all(line, entry, unknown);
}

/* Appends to text, which has room for a line of the longest values. */
static void append_size(char text[HB_LIMITS_LINE], const char *name, const struct hb_number *number)
{
	size_t used = strlen(text);

	if (number->presence == HB_PRESENT)
		snprintf(text + used, HB_LIMITS_LINE - used, " %s=%" PRIu64, name, number->value);
}

static void append_of(char text[HB_LIMITS_LINE], const struct hb_limits *limits)
{
	size_t used = strlen(text);

	if (limits->set.presence == HB_PRESENT && limits->set_domid.presence == HB_PRESENT)
		snprintf(text + used, HB_LIMITS_LINE - used, " of=%" PRIu64 "%s%s", limits->set_domid.value,
			 *limits->set_boot ? "," : "", limits->set_boot);
}

char *hb_limits_format(const struct hb_limits_entry *entry, const char *unknown, char text[HB_LIMITS_LINE])
{
	const struct hb_limits *limits = &entry->limits;

	snprintf(text, HB_LIMITS_LINE, "%s mode=%s weight=%u", entry->uuid, mode_words[limits->mode],
		 limits->weight);
	append_size(text, "min", &limits->min);
	append_size(text, "max", &limits->max);
	append_size(text, "set", &limits->set);
	append_of(text, limits);
	append_size(text, "next", &entry->next);
	strcat(text, unknown);
	strcat(text, "\n");
	return text;
}

/* The guest's own word about its maximum is not believed below least_kib. */
static uint64_t ceiling_of(const struct hb_domain *domain, uint64_t least_kib)
{
	const struct hb_number *driver = &domain->report.max, *admin = &domain->hotplug_max;
	uint64_t ceiling = HB_SIZE_MAX_KIB;

	if (domain->driver == HB_DRIVER_HOTBALLOON && driver->presence == HB_PRESENT)
		ceiling = smaller(ceiling, larger(driver->value + domain->videoram_kib, least_kib));
	/* Windows' driver takes the video memory off its maximum; domain 0 has none. */
	if (domain->driver == HB_DRIVER_WINDOWS || !domain->domid)
		ceiling = smaller(ceiling, domain->static_max.value);
	if (admin->presence == HB_PRESENT)
		ceiling = smaller(ceiling, admin->value + domain->videoram_kib);
	return ceiling;
}

void hb_limits_bounds(const struct hb_domain *seen, uint64_t *floor_kib, uint64_t *ceiling_kib)
{
	const struct hb_domain domain = hb_plan_complete(seen);
	uint64_t size = domain.target.value + domain.videoram_kib;

	/* A domain that is smaller already lives with it. */
	*floor_kib = smaller(hb_plan_least_kib(&domain), size);
	/* A guest that reports nonsense cannot keep its host from giving it limits. */
	*ceiling_kib = larger(ceiling_of(&domain, size), *floor_kib);
}

bool hb_limits_valid(uint64_t floor_kib, uint64_t min_kib, uint64_t max_kib, uint64_t ceiling_kib)
{
	return floor_kib <= min_kib && min_kib <= max_kib && max_kib <= ceiling_kib;
}

bool hb_limits_fixed(const struct hb_range *range)
{
	return range->min_kib == range->max_kib;
}

static enum hb_code fail_limits(const struct hb_domain *domain, uint64_t min_kib, uint64_t max_kib,
				uint64_t floor_kib, uint64_t ceiling_kib, struct hb_error *error)
{
	char who[HB_WHO_TEXT], a[HB_SIZE_TEXT], b[HB_SIZE_TEXT];

	hb_who(domain, who);
	if (min_kib > max_kib) {
		hb_fail(error, HB_REASON_BAD_LIMITS, "the minimum of %s would be %s and its maximum %s", who,
			hb_size_format(min_kib, a), hb_size_format(max_kib, b));
		hb_remedy(error, "give both, the minimum as the smaller one");
	} else if (min_kib < floor_kib) {
		hb_fail(error, HB_REASON_BAD_LIMITS, "%s cannot live with %s", who, hb_size_format(min_kib, a));
		hb_remedy(error, "set a minimum of at least %s", hb_at_least(floor_kib, a));
	} else {
		hb_fail(error, HB_REASON_BAD_LIMITS, "%s cannot grow to %s", who, hb_size_format(max_kib, a));
		hb_remedy(error, "set a maximum of at most %s", hb_at_most(ceiling_kib, a));
	}
	return HB_E_USAGE;
}

enum hb_code hb_limits_check(const struct hb_domain *domain, const struct hb_limits *limits,
			     struct hb_error *error)
{
	uint64_t floor, ceiling, min, max;

	if (domain->service)
		return hb_refuse_service(domain, error);
	hb_limits_bounds(domain, &floor, &ceiling);
	min = limits->min.presence == HB_PRESENT ? limits->min.value : floor;
	max = limits->max.presence == HB_PRESENT ? limits->max.value : ceiling;
	if (hb_limits_valid(floor, min, max, ceiling))
		return HB_OK;
	return fail_limits(domain, min, max, floor, ceiling, error);
}

void hb_limits_reset(const struct hb_domain *domain, struct hb_limits *limits)
{
	struct hb_number whole = domain->static_max;

	whole.value -= whole.value % HB_PAGE_KIB;
	/* One that is no number limits nothing, nor does one that stands for no maximum. */
	if (whole.presence == HB_INVALID || whole.value >= HB_SIZE_MAX_KIB)
		whole.presence = HB_ABSENT;
	limits->min = whole;
	limits->max = whole;
}

struct hb_range hb_limits_range(const struct hb_domain *seen, const struct hb_limits *limits)
{
	const struct hb_domain domain = hb_plan_complete(seen);
	uint64_t size = domain.target.value + domain.videoram_kib;
	struct hb_range range = { size, size };
	uint64_t floor, ceiling;

	if (limits->mode != HB_MODE_AUTO || domain.service)
		return range;
	hb_limits_bounds(&domain, &floor, &ceiling);
	/* Nor can it take its own minimum away. */
	if (limits->min.presence == HB_PRESENT)
		ceiling = larger(ceiling_of(&domain, larger(size, limits->min.value)), floor);
	/* What nobody has said is the size it has: nothing is taken or given unasked. */
	if (limits->min.presence == HB_PRESENT)
		range.min_kib = limits->min.value;
	if (limits->max.presence == HB_PRESENT)
		range.max_kib = limits->max.value;
	else if (range.max_kib < range.min_kib)
		range.max_kib = range.min_kib;
	range.max_kib = smaller(range.max_kib, ceiling);
	range.min_kib = range.min_kib > floor ? range.min_kib : floor;
	range.min_kib = smaller(range.min_kib, range.max_kib);
	return range;
}

/*
 * Is the target what managers have set last? libxl takes what it allows a domain above
 * its size off an HVM guest's target, or not, by whether its memory was less than its
 * maximum (libxl__get_targetmem_fudge()), and looks that up in the first configuration
 * when it builds the guest anew: a reboot, a restore or a migration can move the target
 * by that (measured: Xen 4.17), and no person has.
 */
static bool is_as_set(const struct hb_domain *domain, const struct hb_number *set)
{
	uint64_t target = domain->target.value, value = set->value;
	uint64_t off = target > value ? target - value : value - target;

	if (set->presence != HB_PRESENT)
		return false;
	return !off || (domain->type == HB_TYPE_HVM && off == HB_MAXMEM_SLACK_KIB);
}

void hb_limits_heed_boot(struct hb_limits *limits, const char *boot)
{
	if (*boot && *limits->set_boot && strcmp(limits->set_boot, boot))
		limits->set_domid.value = HB_DOMID_OTHER;
}

void hb_limits_stamp(struct hb_limits *limits, const struct hb_domain *domain, const char *boot)
{
	limits->set_domid = (struct hb_number){ HB_PRESENT, domain->domid };
	snprintf(limits->set_boot, sizeof(limits->set_boot), "%s", boot);
}

bool hb_limits_is_of(const struct hb_limits *limits, const struct hb_domain *domain)
{
	return limits->set_domid.presence == HB_PRESENT && limits->set_domid.value == domain->domid;
}

static bool same_number(const struct hb_number *a, const struct hb_number *b)
{
	return a->presence == b->presence && (a->presence != HB_PRESENT || a->value == b->value);
}

/* Whose it is, is kept of what is set only. */
bool hb_limits_same_record(const struct hb_limits_entry *a, const struct hb_limits_entry *b)
{
	const struct hb_limits *x = &a->limits, *y = &b->limits;

	return same_number(&a->next, &b->next) && same_number(&x->set, &y->set) &&
	       (x->set.presence != HB_PRESENT ||
		(same_number(&x->set_domid, &y->set_domid) && !strcmp(x->set_boot, y->set_boot)));
}

void hb_limits_take_record(struct hb_limits_entry *entry, const struct hb_limits_entry *from)
{
	entry->limits.set = from->limits.set;
	entry->limits.set_domid = from->limits.set_domid;
	memcpy(entry->limits.set_boot, from->limits.set_boot, sizeof(entry->limits.set_boot));
	entry->next = from->next;
}

static bool is_built_anew(const struct hb_limits *limits, const struct hb_domain *domain)
{
	return limits->set.presence == HB_PRESENT && limits->set_domid.presence == HB_PRESENT &&
	       !hb_limits_is_of(limits, domain);
}

void hb_limits_resolve(struct hb_limits_entry *entry, const struct hb_domain *domain)
{
	struct hb_limits *limits = &entry->limits;

	if (domain->target.presence == HB_PRESENT && !is_as_set(domain, &limits->set)) {
		if (is_as_set(domain, &entry->next))
			limits->set = entry->next;
		else if (is_built_anew(limits, domain))
			limits->set = domain->target;
	}
	entry->next = (struct hb_number){ 0 };
}

bool hb_limits_is_set(const struct hb_domain *domain, const struct hb_limits *limits)
{
	return is_as_set(domain, &limits->set);
}
