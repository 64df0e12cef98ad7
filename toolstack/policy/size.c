/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sizes as people write them. A size without a unit is the classic mistake
 * ("xl mem-set" reads MiB while its manual says KiB), so it is refused with
 * the readings shown, like everything else that could mean two things.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "error.h"

/* A sign, 20 digits and a unit of up to 15 letters. */
#define LIKELY_TEXT 40

static const struct unit {
	char letter;
	uint64_t kib;
} units[] = {
	{ 'K', 1 },
	{ 'M', 1ULL << 10 },
	{ 'G', 1ULL << 20 },
	{ 'T', 1ULL << 30 },
};

#define NR_UNITS (sizeof(units) / sizeof(units[0]))

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Letter alone, or letter and "iB"; either case. */
static const struct unit *find_unit(const char *text)
{
	for (size_t i = 0; i < NR_UNITS; i++) {
		char letter[2] = { units[i].letter, '\0' };
		char full[4] = { units[i].letter, 'i', 'B', '\0' };

		if (!strcasecmp(text, letter) || !strcasecmp(text, full))
			return &units[i];
	}
	return NULL;
}

/* Reads digits up to limit, returns how many there are; *number > limit if too large. */
static size_t read_number(const char *text, uint64_t limit, uint64_t *number)
{
	size_t n = 0;

	*number = 0;
	for (; is_digit(text[n]); n++) {
		if (*number <= limit)
			*number = *number * 10 + (text[n] - '0');
	}
	return n;
}

/* A size with blanks around it, or one that begins with its decimal point. */
static bool likely_number(char form[LIKELY_TEXT], const char *text)
{
	struct hb_size size;
	struct hb_error error;
	char shown[LIKELY_TEXT];
	size_t start = strspn(text, " \t\r\n");

	if (*text == '.' && is_digit(text[1]) && strlen(text) < LIKELY_TEXT - 1) {
		snprintf(shown, sizeof(shown), "0%s", text);
		return hb_size_parse(shown, &size, &error) == HB_E_USAGE &&
		       sscanf(error.remedy, "write %39s", form) == 1;
	}
	if (!start || strlen(text + start) >= LIKELY_TEXT)
		return false;
	snprintf(form, LIKELY_TEXT, "%s", text + start);
	form[strcspn(form, " \t\r\n")] = '\0';
	return !hb_size_parse(form, &size, &error);
}

static enum hb_code refuse_no_number(const char *text, struct hb_error *error)
{
	char form[LIKELY_TEXT];

	hb_fail(error, HB_REASON_BAD_SIZE, "\"%.200s\" is not a size", text);
	if (likely_number(form, text))
		hb_remedy(error, "write %s", form);
	else
		hb_remedy(error, "write for example 512M, 2G, +256M or -10%%");
	return HB_E_USAGE;
}

/* One reading of a bare number: "512M (MiB, as xl reads it)"; empty if it is no size. */
static void print_reading(char reading[96], const char *sign, uint64_t number,
			  const struct unit *unit, const char *whose)
{
	char form[HB_SIZE_TEXT], written[HB_SIZE_TEXT];

	reading[0] = '\0';
	if (number > HB_SIZE_MAX_KIB / unit->kib || number * unit->kib % HB_PAGE_KIB)
		return;
	snprintf(written, sizeof(written), "%" PRIu64 "%c", number, unit->letter);
	hb_size_format(number * unit->kib, form);
	if (strcmp(written, form))
		snprintf(reading, 96, "%s%s (= %s; %s)", sign, written, form, whose);
	else
		snprintf(reading, 96, "%s%s (%s)", sign, written, whose);
}

static enum hb_code refuse_no_unit(const char *text, const char *sign, uint64_t number,
				   struct hb_error *error)
{
	char mib[96], kib[96];

	print_reading(mib, sign, number, &units[1], "MiB, as xl reads it");
	print_reading(kib, sign, number, &units[0], "KiB, as xenstore counts");
	hb_fail(error, HB_REASON_BAD_SIZE, "\"%.200s\" has no unit", text);
	hb_remedy(error, "write %s%s%s", mib, mib[0] && kib[0] ? " or " : "",
		  mib[0] || kib[0] ? kib : "the unit: K, M, G or T");
	return HB_E_USAGE;
}

/* How people shorten and lengthen the units: "Mi", "meg", "gigabytes", "p". */
static const struct {
	const char *name;
	char letter;
	unsigned int factor;	/* of the unit with that letter */
} likely_units[] = {
	{ "ki", 'K', 1 }, { "kib", 'K', 1 }, { "kilobyte", 'K', 1 }, { "kilobytes", 'K', 1 },
	{ "mi", 'M', 1 }, { "mib", 'M', 1 }, { "meg", 'M', 1 }, { "megs", 'M', 1 },
	{ "megabyte", 'M', 1 }, { "megabytes", 'M', 1 },
	{ "gi", 'G', 1 }, { "gib", 'G', 1 }, { "gig", 'G', 1 }, { "gigs", 'G', 1 },
	{ "gigabyte", 'G', 1 }, { "gigabytes", 'G', 1 },
	{ "ti", 'T', 1 }, { "terabyte", 'T', 1 }, { "terabytes", 'T', 1 },
	{ "p", 'T', 1024 }, { "pi", 'T', 1024 }, { "pib", 'T', 1024 }, { "pb", 'T', 1024 },
};

/* Text of a size that was likely meant; false if it would be refused, too. */
static bool likely(char form[LIKELY_TEXT], const char *sign, uint64_t number, const char *unit)
{
	struct hb_size size;
	struct hb_error ignored;

	snprintf(form, LIKELY_TEXT, "%s%" PRIu64 "%s", sign, number, unit);
	return !hb_size_parse(form, &size, &ignored);
}

static bool likely_unit(char form[LIKELY_TEXT], const char *sign, uint64_t number, const char *unit)
{
	for (size_t i = 0; i < sizeof(likely_units) / sizeof(likely_units[0]); i++) {
		char letter[2] = { likely_units[i].letter, '\0' };

		if (!strcasecmp(unit, likely_units[i].name) && number <= HB_SIZE_MAX_KIB)
			return likely(form, sign, number * likely_units[i].factor, letter);
	}
	return false;
}

/* A blank before or behind the unit. */
static bool likely_without_blanks(char form[LIKELY_TEXT], const char *sign, uint64_t number,
				  const char *rest)
{
	char unit[16];
	size_t start = strspn(rest, " \t\r\n"), length = strcspn(rest + start, " \t\r\n");

	if (length >= sizeof(unit) || rest[start + length + strspn(rest + start + length, " \t\r\n")] ||
	    (!start && !rest[length]))
		return false;
	snprintf(unit, sizeof(unit), "%.*s", (int)length, rest + start);
	return likely(form, sign, number, unit);
}

/* "GB" and "Gbit": the unit is known, and what it counts is not. */
static bool likely_decimal(char form[LIKELY_TEXT], const char *sign, uint64_t number,
			   const char *unit)
{
	char letter[2] = { unit[0], '\0' };

	if (!find_unit(letter) || (strcasecmp(unit + 1, "b") && strcasecmp(unit + 1, "bit")))
		return false;
	letter[0] &= ~0x20;
	return likely(form, sign, number, letter);
}

/* "1.5G": exact in a smaller unit if it is a whole number of pages there. */
static bool likely_fraction(char form[LIKELY_TEXT], const char *sign, uint64_t whole,
			    const char *rest)
{
	uint64_t decimals, scale = 1, kib;
	size_t digits = read_number(rest + 1, 999999, &decimals);
	const char *name = rest + 1 + digits;
	char letter[2] = { name[0], '\0' };
	const struct unit *unit = find_unit(strcasecmp(name + strlen(letter), "B") ? name : letter);
	char exact[HB_SIZE_TEXT];

	for (size_t i = 0; i < digits && i < 6; i++)
		scale *= 10;
	if (!unit || !digits || digits > 6 || whole > HB_SIZE_MAX_KIB / unit->kib)
		return false;
	kib = whole * unit->kib + decimals * unit->kib / scale;
	kib -= kib % HB_PAGE_KIB;
	if (!kib || kib > HB_SIZE_MAX_KIB)
		return false;
	snprintf(form, LIKELY_TEXT, "%s%s", sign, hb_size_format(kib, exact));
	return true;
}

static bool separates_groups(char c)
{
	return c && strchr(",.'_", c);
}

/* "1,024M", "1,024MB": a size with its digits in groups of three, as some write them. */
static bool likely_grouped(char form[LIKELY_TEXT], const char *sign, uint64_t number,
			   const char *rest)
{
	size_t used = snprintf(form, LIKELY_TEXT, "%s%" PRIu64, sign, number);
	struct hb_size size;
	struct hb_error ignored;
	bool decimal;

	if (number == 0 || number >= 1000 || !separates_groups(*rest))
		return false;
	for (; separates_groups(*rest); rest += 4) {
		if (strspn(rest + 1, "0123456789") != 3 || used + 4 > LIKELY_TEXT)
			return false;
		memcpy(form + used, rest + 1, 3);
		used += 3;
	}
	decimal = *rest && !strcasecmp(rest + 1, "B");
	snprintf(form + used, LIKELY_TEXT - used, "%.*s", decimal ? 1 : (int)LIKELY_TEXT, rest);
	return !hb_size_parse(form, &size, &ignored) && size.kind != HB_SIZE_PERCENT;
}

static enum hb_code refuse_fraction(const char *text, const char *sign, uint64_t whole,
				    const char *rest, struct hb_error *error)
{
	size_t digits = strspn(rest + 1, "0123456789");
	char form[LIKELY_TEXT], other[LIKELY_TEXT];
	bool grouped = likely_grouped(other, sign, whole, rest);

	hb_fail(error, HB_REASON_BAD_SIZE, "\"%.200s\" has a fraction; sizes are whole numbers", text);
	if (likely_fraction(form, sign, whole, rest))
		hb_remedy(error, "write %s%s%s", grouped ? other : "", grouped ? " or " : "", form);
	else if (grouped)
		hb_remedy(error, "write %s", other);
	else if (*sign && !strcmp(rest + 1 + digits, "%") && whole < HB_PERCENT_MAX &&
		 likely(form, sign, whole, "%") && likely(other, sign, whole + 1, "%"))
		hb_remedy(error, "write %s or %s", form, other);
	else
		hb_remedy(error, "write it in a smaller unit, for example 1536M instead of 1.5G");
	return HB_E_USAGE;
}

static enum hb_code refuse_unit(const char *text, const char *sign, uint64_t number,
				const char *unit, struct hb_error *error)
{
	char form[LIKELY_TEXT], other[LIKELY_TEXT];

	hb_fail(error, HB_REASON_BAD_SIZE, "\"%.200s\": unknown unit \"%.200s\"", text, unit);
	if (likely_without_blanks(form, sign, number, unit)) {
		hb_remedy(error, "write %s, without a blank", form);
		return HB_E_USAGE;
	}
	unit += strspn(unit, " ");
	if (likely_decimal(form, sign, number, unit))
		hb_remedy(error, "write %s or %siB (powers of 1024): \"%s\" means powers of 1000 to some",
			  form, form, unit);
	else if (likely_unit(form, sign, number, unit))
		hb_remedy(error, "write %s", form);
	else if (likely_grouped(form, sign, number, unit))
		hb_remedy(error, "write %s", form);
	else if (!isalpha((unsigned char)unit[0]) && !strpbrk(unit, "0123456789") &&
		 likely(form, sign, number, "M") &&
		 likely(other, sign, number, "G"))
		hb_remedy(error, "write %s or %s: the units are K, M, G and T, or KiB and so on", form, other);
	else
		hb_remedy(error, "write digits and one of K, M, G, T, KiB, MiB, GiB, TiB: for example 512M");
	return HB_E_USAGE;
}

static enum hb_code refuse_percent(const char *text, struct hb_error *error)
{
	hb_fail(error, HB_REASON_BAD_SIZE, "\"%.200s\" is out of range", text);
	hb_remedy(error, "write -1%% to -99%%, or +1%% to +%d%%", HB_PERCENT_MAX);
	return HB_E_USAGE;
}

static enum hb_code parse_percent(const char *text, const char *sign, uint64_t number,
				  struct hb_size *size, struct hb_error *error)
{
	char shrink[40];

	if (number == 0 || number > HB_PERCENT_MAX || (*sign == '-' && number >= 100))
		return refuse_percent(text, error);
	if (!*sign) {
		hb_fail(error, HB_REASON_BAD_SIZE, "\"%.200s\" does not say in which direction", text);
		snprintf(shrink, sizeof(shrink), " or -%" PRIu64 "%% to shrink", number);
		hb_remedy(error, "write +%" PRIu64 "%% to grow%s by that part of the current size",
			  number, number < 100 ? shrink : "");
		return HB_E_USAGE;
	}
	*size = (struct hb_size){ HB_SIZE_PERCENT, *sign == '-', number };
	return HB_OK;
}

static enum hb_code refuse_zero(const char *text, const char *sign, struct hb_error *error)
{
	hb_fail(error, HB_REASON_BAD_SIZE, "\"%.200s\" is zero", text);
	hb_remedy(error, "the smallest size or change is one page: %s4K", sign);
	return HB_E_USAGE;
}

static enum hb_code refuse_too_large(const char *text, struct hb_error *error)
{
	char form[HB_SIZE_TEXT];

	hb_fail(error, HB_REASON_TOO_LARGE, "\"%.200s\" is too large", text);
	hb_remedy(error, "the largest size is %s", hb_size_format(HB_SIZE_MAX_KIB, form));
	return HB_E_USAGE;
}

static enum hb_code refuse_part_of_page(const char *text, const char *sign, uint64_t kib,
					struct hb_error *error)
{
	uint64_t down = kib - kib % HB_PAGE_KIB;
	char low[HB_SIZE_TEXT], high[HB_SIZE_TEXT];

	hb_fail(error, HB_REASON_BAD_SIZE, "\"%.200s\" is not a whole number of pages of 4K", text);
	hb_size_format(down + HB_PAGE_KIB, high);
	if (down)
		hb_remedy(error, "write %s%s or %s%s", sign, hb_size_format(down, low), sign, high);
	else
		hb_remedy(error, "write %s%s", sign, high);
	return HB_E_USAGE;
}

/* As xl has it: bytes, in which programs pass sizes on. */
static enum hb_code parse_bytes(const char *text, const char *sign, uint64_t number,
				struct hb_size *size, struct hb_error *error)
{
	if (number == 0)
		return refuse_zero(text, sign, error);
	if (number > HB_SIZE_MAX_KIB * 1024)
		return refuse_too_large(text, error);
	if (number % (HB_PAGE_KIB * 1024))
		return refuse_part_of_page(text, sign, number / 1024, error);
	*size = (struct hb_size){
		.kind = *sign ? HB_SIZE_DELTA : HB_SIZE_ABSOLUTE,
		.negative = *sign == '-',
		.amount = number / 1024,
	};
	return HB_OK;
}

enum hb_code hb_size_parse(const char *text, struct hb_size *size, struct hb_error *error)
{
	const char *sign = text[0] == '+' ? "+" : text[0] == '-' ? "-" : "";
	const char *start = text + strlen(sign);
	const struct unit *unit;
	const char *rest;
	uint64_t number;
	size_t digits = read_number(start, HB_SIZE_MAX_KIB * 1024, &number);

	rest = start + digits;
	if (!digits)
		return refuse_no_number(text, error);
	if (*rest == '.' || *rest == ',')
		return refuse_fraction(text, sign, number, rest, error);
	if (!strcmp(rest, "%"))
		return parse_percent(text, sign, number, size, error);
	if (!strcasecmp(rest, "B"))
		return parse_bytes(text, sign, number, size, error);

	unit = *rest ? find_unit(rest) : &units[0];
	if (!unit)
		return refuse_unit(text, sign, number, rest, error);
	if (number == 0)
		return refuse_zero(text, sign, error);
	if (number > HB_SIZE_MAX_KIB / unit->kib)
		return refuse_too_large(text, error);
	if (!*rest)
		return refuse_no_unit(text, sign, number, error);
	if (number * unit->kib % HB_PAGE_KIB)
		return refuse_part_of_page(text, sign, number * unit->kib, error);
	*size = (struct hb_size){
		.kind = *sign ? HB_SIZE_DELTA : HB_SIZE_ABSOLUTE,
		.negative = *sign == '-',
		.amount = number * unit->kib,
	};
	return HB_OK;
}

char *hb_size_format(uint64_t kib, char text[HB_SIZE_TEXT])
{
	size_t i = NR_UNITS - 1;

	while (i > 0 && (kib < units[i].kib || kib % units[i].kib))
		i--;
	snprintf(text, HB_SIZE_TEXT, "%" PRIu64 "%c", kib / units[i].kib, units[i].letter);
	return text;
}

char *hb_size_human(uint64_t kib, char text[HB_SIZE_TEXT])
{
	size_t i = NR_UNITS - 1;
	uint64_t whole, tenths;

	/* At least ten of the unit, or a whole number of it: a tenth then hides little. */
	while (i > 0 && kib < 10 * units[i].kib && (kib < units[i].kib || kib % units[i].kib))
		i--;
	whole = kib / units[i].kib;
	tenths = (kib % units[i].kib * 10 + units[i].kib / 2) / units[i].kib;
	whole += tenths / 10;
	tenths %= 10;
	if (tenths)
		snprintf(text, HB_SIZE_TEXT, "%" PRIu64 ".%" PRIu64 "%c", whole, tenths,
			 units[i].letter);
	else
		snprintf(text, HB_SIZE_TEXT, "%" PRIu64 "%c", whole, units[i].letter);
	return text;
}
