/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All lists of words that JSON speaks in, a row a list: tests loop over each to its end,
 * and the schema must have exactly these.
 */
#include "cli.h"
#include "control.h"

static const char *state_name(int state)
{
	const struct hb_word word = { HB_PRESENT, state };

	return hb_report_state_name(&word);
}

static const char *cause_name(int cause)
{
	const struct hb_word word = { HB_PRESENT, cause };

	return hb_report_cause_name(&word);
}

/* What "watch" calls a key of the report. */
static const char *change_name(int row)
{
#define NAME_NUMBER(name) name
#define NAME_FLAG(name) "keeps-" name
#define NAME_STATE(name) name
#define NAME_CAUSE(name) name
#define ROW(NAME, field, kind, json) NAME_##kind(#field),
	static const char *const names[] = { HB_REPORT_ROWS(ROW) };
#undef ROW

	return names[row];
}

static const char *report_name(int row)
{
#define ROW(NAME, field, kind, json) json,
	static const char *const names[] = { "version", HB_REPORT_ROWS(ROW) "stats" };
#undef ROW

	return names[row];
}

#define ROW(NAME, field, kind, json) + 1
#define NR_REPORT_ROWS (0 HB_REPORT_ROWS(ROW))

static const char *obstacle_name(int obstacle)
{
	return hb_reason_name(hb_obstacle_reason(obstacle));
}

/* The functions of the library take an enum of their own. */
#define NAME(function, type) \
	static const char *function##_of(int row) { return function((enum type)row); }
NAME(hb_code_name, hb_code)
NAME(hb_reason_name, hb_reason)
NAME(hb_finding_name, hb_finding_kind)
NAME(hb_severity_name, hb_severity)
NAME(hb_type_name, hb_type)
NAME(hb_domain_state_name, hb_domain_state)
NAME(hb_service_name, hb_service)
NAME(hb_driver_name, hb_driver)
NAME(hb_stillness_name, hb_stillness)
NAME(hb_step_name, hb_step_kind)
NAME(hb_mode_name, hb_mode)
NAME(hb_still_answer_name, hb_still_answer)
NAME(hb_motive_word, hb_motive)

const struct cli_word_list cli_word_lists[] = {
	{ "error", "code", HB_CODE_COUNT, hb_code_name_of, 1, true },
	{ "error", "reason", HB_REASON_COUNT, hb_reason_name_of, 1, true },
	{ "finding", "what", HB_FINDING_COUNT, hb_finding_name_of, 0, true },
	{ "finding", "severity", HB_SEVERITY_COUNT, hb_severity_name_of, 0, true },
	{ "domain", "type", HB_TYPE_COUNT, hb_type_name_of, 0, true },
	{ "domain", "state", HB_DOMAIN_STATE_COUNT, hb_domain_state_name_of, 0, true },
	{ "domain", "service", HB_SERVICE_COUNT, hb_service_name_of, 1, true },
	{ "domain", "driver", HB_DRIVER_COUNT, hb_driver_name_of, 1, true },
	{ "domain", "still", HB_STILLNESS_COUNT, hb_stillness_name_of, 0, true },
	{ "report", "state", HB_STATE_COUNT, state_name, 0, true },
	{ "report", "cause", HB_CAUSE_COUNT, cause_name, 0, true },
	{ "report", "", NR_REPORT_ROWS + 2, report_name, 0, true },
	{ "watch", "what", NR_REPORT_ROWS, change_name, 0, false },
	{ "step", "what", HB_STEP_COUNT, hb_step_name_of, 0, true },
	{ "limits_of_one", "mode", HB_MODE_COUNT, hb_mode_name_of, 0, true },
	{ "kept_limits", "mode", HB_MODE_COUNT, hb_mode_name_of, 0, true },
	{ "limits_of_one", "obstacle", HB_OBSTACLE_COUNT, obstacle_name, 1, true },
	/* Those that something is done for, which come first. */
	{ "deed", "reason", HB_MOTIVE_RESTS + 1, hb_motive_word_of, 0, true },
	{ "save", "answer", HB_STILL_ANSWER_COUNT, hb_still_answer_name_of, 0, true },
};

const size_t cli_nr_word_lists = sizeof(cli_word_lists) / sizeof(cli_word_lists[0]);
