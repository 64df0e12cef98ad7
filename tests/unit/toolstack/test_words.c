/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words that programs go by: each list is looped over to its end, and who has left a
 * place out is told which row it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "advice.h"
#include "cli.h"
#include "error.h"

static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";

/* One word of small letters, not used by another row before it. */
static void check_word(const char *list, int row, const char *name(int row))
{
	const char *word = name(row);

	if (!word || !word[0] || strspn(word, letters) != strlen(word))
		fail_msg("%s, row %d: \"%s\" is no word", list, row, word ? word : "(null)");
	for (int i = 0; i < row; i++) {
		if (!strcmp(name(i), word))
			fail_msg("%s: \"%s\" is there twice", list, word);
	}
}

static void test_words(void **state)
{
	char what[64];

	(void)state;
	for (size_t i = 0; i < cli_nr_word_lists; i++) {
		const struct cli_word_list *list = &cli_word_lists[i];

		snprintf(what, sizeof(what), "%s.%s", list->object, list->name);
		for (int row = 0; row < list->count; row++)
			check_word(what, row, list->word);
	}
}

static void test_meanings(void **state)
{
	(void)state;
	for (int i = 0; i < HB_REASON_COUNT; i++) {
		if (!hb_reason_meaning(i)[0])
			fail_msg("the reason \"%s\" has no meaning", hb_reason_name(i));
		if (i && (!hb_reason_code(i) || !hb_code_name(hb_reason_code(i))))
			fail_msg("the reason \"%s\" has no code", hb_reason_name(i));
	}
	for (int i = 0; i < HB_FINDING_COUNT; i++) {
		if (!hb_finding_meaning(i)[0])
			fail_msg("the finding \"%s\" has no meaning", hb_finding_name(i));
	}
}

/* A sentence that is whole, whatever is known: no NULL, no place that was left open. */
static void check_text(const char *what, const char *text)
{
	if (!text[0] || strstr(text, "(null)") || strpbrk(text, "{}[]%"))
		fail_msg("the remedy of \"%s\" is \"%s\"", what, text);
	if (text[0] == ';' || text[0] == ':' || text[0] == ' ' || strstr(text, "  "))
		fail_msg("the remedy of \"%s\" is \"%s\"", what, text);
}

static void check_reason(enum hb_reason reason, const char *advice, bool known)
{
	struct hb_error error;
	char text[CLI_REMEDY_TEXT];

	hb_fail(&error, reason, "it does not work");
	assert_int_equal(error.code, hb_reason_code(reason));
	assert_int_equal(error.reason, reason);
	hb_remedy(&error, "%s", advice);
	error.of_domain = known;
	error.domid = 7;
	error.size_kib = known ? 512 * 1024 : 0;
	/* Sizes have the one percent sign there is. */
	for (char *at = strchr(cli_remedy(&error, text), '%'); at; at = strchr(text, '%'))
		*at = ' ';
	check_text(hb_reason_name(reason), text);
	if (advice[0] && !strstr(text, advice))
		fail_msg("the remedy of \"%s\" drops what the library says", hb_reason_name(reason));
	if (known && (strstr(text, "DOM\"") || strstr(text, "DOM SIZE")))
		fail_msg("the remedy of \"%s\" names no domain: %s", hb_reason_name(reason), text);
}

static void test_remedies(void **state)
{
	(void)state;
	for (int i = 0; i < HB_REASON_COUNT; i++) {
		if (!cli_has_remedy(i))
			fail_msg("cli/remedy.c has no row for the reason \"%s\"", hb_reason_name(i));
		for (int known = 0; known < 2; known++) {
			check_reason(i, "", known);
			check_reason(i, "look out of the window", known);
		}
	}
}

static void test_finding_remedies(void **state)
{
	char text[CLI_REMEDY_TEXT];

	(void)state;
	for (int i = 0; i < HB_FINDING_COUNT; i++) {
		struct hb_finding finding = { .kind = i };

		if (!cli_has_finding_remedy(i))
			fail_msg("cli/remedy.c has no row for the finding \"%s\"", hb_finding_name(i));
		check_text(hb_finding_name(i), cli_finding_remedy(&finding, text));
		finding.of_domain = true;
		finding.size_kib = 512 * 1024;
		strcpy(finding.remedy, "look out of the window");
		check_text(hb_finding_name(i), cli_finding_remedy(&finding, text));
		assert_non_null(strstr(text, "look out of the window"));
	}
}

/* The values stand in their places. */
static void test_values(void **state)
{
	struct hb_domain domain = { .domid = 5 };
	struct hb_error error;
	char text[CLI_REMEDY_TEXT];

	(void)state;
	hb_fail(&error, HB_REASON_GUEST_FLOOR, "it stopped");
	hb_remedy(&error, "free memory in the guest; a save or a migration now would lose it");
	hb_about(&error, &domain, 300 * 1024);
	assert_string_equal(cli_remedy(&error, text),
			    "free memory in the guest; a save or a migration now would lose it, and \"hotballoon set 5 300M\" ends that");
	hb_about(&error, &domain, 0);
	assert_string_equal(cli_remedy(&error, text),
			    "free memory in the guest; a save or a migration now would lose it");
}

/* A cause of the contract has a reason of the same word, and something to be said about it. */
static void test_causes(void **state)
{
	static const char *const words[] = HB_CAUSE_WORDS;

	(void)state;
	for (int i = 0; i < HB_CAUSE_COUNT; i++) {
		enum hb_reason reason = hb_reason_of_cause(i);

		if (i != HB_CAUSE_NONE && strcmp(hb_reason_name(reason), words[i]))
			fail_msg("the cause \"%s\" has no reason of that word in reasons.h", words[i]);
		if (!hb_advice_what(i) || !hb_advice_what(i)[0] || !hb_advice_remedy(i) ||
		    !hb_advice_remedy(i)[0])
			fail_msg("the cause \"%s\" has no row in policy/advice.c", words[i]);
		assert_int_equal(hb_reason_code(reason), HB_E_STUCK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_meanings),
		cmocka_unit_test(test_remedies),
		cmocka_unit_test(test_finding_remedies),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_causes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
