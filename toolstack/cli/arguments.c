/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the arguments: what stands in them first, then whether that makes a command. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* A week: nobody waits longer for a guest, and the milliseconds fit easily. */
#define SECONDS_MAX 604800UL

/* Taken by every command. */
#define ALWAYS (CLI_BIT(OPT_HELP) | CLI_BIT(OPT_VERSION))

enum hb_code cli_usage(struct cli *cli, const char *what, const char *value)
{
	cli->error = (struct hb_error){ .code = HB_E_USAGE, .reason = HB_REASON_BAD_ARGUMENTS };
	snprintf(cli->error.message, sizeof(cli->error.message), what, value);
	hb_text_clean(cli->error.message);
	snprintf(cli->error.remedy, sizeof(cli->error.remedy), "see \"hotballoon %s%s--help\"",
		 cli->command ? cli->command->name : "", cli->command ? " " : "");
	return HB_E_USAGE;
}

/* cli_usage() with a remedy to come first. */
static enum hb_code usage_and(struct cli *cli, const char *what, const char *value,
			      const char *remedy)
{
	char see[sizeof(cli->error.remedy)];

	cli_usage(cli, what, value);
	strcpy(see, cli->error.remedy);
	snprintf(cli->error.remedy, sizeof(cli->error.remedy), "%s %.200s", remedy, see);
	return HB_E_USAGE;
}

enum hb_code cli_usage_command(struct cli *cli, const char *name)
{
	const char *nearest = cli_nearest_command(name);
	char remedy[64];

	if (!nearest)
		return cli_usage(cli, "there is no command \"%s\"", name);
	snprintf(remedy, sizeof(remedy), "did you mean \"hotballoon %s\"?", nearest);
	return usage_and(cli, "there is no command \"%s\"", name, remedy);
}

const struct cli_command *cli_find_command(const char *name)
{
	for (size_t i = 0; i < cli_nr_commands; i++) {
		if (!strcmp(cli_commands[i].name, name))
			return &cli_commands[i];
	}
	return NULL;
}

bool cli_parse_number(const char *text, unsigned long max, unsigned long *number)
{
	char *end = NULL;

	*number = 0;
	if (*text >= '0' && *text <= '9')
		*number = strtoul(text, &end, 10);
	return *number && !*end && *number <= max;
}

enum hb_code cli_parse_seconds(struct cli *cli, enum cli_option option)
{
	const char *text = cli->values[option];
	unsigned long seconds;
	char what[64];

	if (!text)
		return HB_OK;
	snprintf(what, sizeof(what), "\"--%s=%%s\": the time is 1 to 604800 whole seconds",
		 cli_options[option].name);
	if (!cli_parse_number(text, SECONDS_MAX, &seconds))
		return cli_usage(cli, what, text);
	cli->timeout_s = seconds;
	return HB_OK;
}

enum hb_code cli_parse_absolute(struct cli *cli, const char *text, uint64_t *kib)
{
	struct hb_size size;
	enum hb_code code = hb_size_parse(text, &size, &cli->error);

	if (code)
		return code;
	if (size.kind != HB_SIZE_ABSOLUTE)
		return cli_usage(cli, "\"%s\" is a change, and a size is needed here", text);
	*kib = size.amount;
	return HB_OK;
}

/* "-256M" is a size and not a heap of options. */
static bool is_negative_size(const char *argument)
{
	return argument && argument[0] == '-' && argument[1] >= '0' && argument[1] <= '9';
}

/* An option's value in getopt's return value: beyond all characters. */
#define FIRST_OPTION 256

static void list_options(struct option options[OPT_COUNT + 1], char letters[OPT_COUNT + 3])
{
	/* Operands are returned in place, as option 1, and a missing value as ":". */
	size_t used = sprintf(letters, "-:");

	memset(options, 0, (OPT_COUNT + 1) * sizeof(*options));
	for (int i = 0; i < OPT_COUNT; i++) {
		options[i].name = cli_options[i].name;
		options[i].has_arg = !cli_options[i].value ? no_argument :
				     cli_options[i].optional ? optional_argument : required_argument;
		options[i].val = FIRST_OPTION + i;
		if (cli_options[i].letter)
			letters[used++] = cli_options[i].letter;
	}
	letters[used] = '\0';
}

/* Which option getopt means; OPT_COUNT: none. */
static int option_of(int found)
{
	int i = found >= FIRST_OPTION ? found - FIRST_OPTION : 0;

	while (found < FIRST_OPTION && i < OPT_COUNT && cli_options[i].letter != found)
		i++;
	return i;
}

/* One option; next is the argument behind it. */
static void take_option(struct cli *cli, enum cli_option option, const char *next)
{
	cli->given |= CLI_BIT(option);
	cli->values[option] = optarg;
	/* One that has words has no time. */
	if (optarg || !cli_options[option].optional || cli_options[option].words || !next || *next < '0' || *next > '9')
		return;
	cli->words.time_at = cli->words.count;
	cli->words.time_of = option;
}

/* The first mistake is told; what follows it still says whether in JSON. */
static void read_options(struct cli *cli, int argc, char **argv)
{
	struct option options[OPT_COUNT + 1];
	struct cli_words *words = &cli->words;
	char letters[OPT_COUNT + 3];
	int found, at;	/* the argument that found is from, also if it is one of several */

	list_options(options, letters);
	optind = 0;
	opterr = 0;
	for (at = 1; (found = getopt_long(argc, argv, letters, options, NULL)) != -1; at = optind) {
		if (found == 1) {
			words->list[words->count++] = optarg;
		} else if (found == '?' || found == ':') {
			if (!words->wrong)
				words->wrong_option = optopt >= FIRST_OPTION ? optopt - FIRST_OPTION : -1;
			words->wrong = words->wrong ? words->wrong : argv[at];
			/* getopt may still be within that argument. */
			continue;
		} else {
			take_option(cli, option_of(found), argv[optind]);
		}
		/* Still within "-2h"?  That is not the argument behind it. */
		while (optind != at && is_negative_size(argv[optind]))
			words->list[words->count++] = argv[optind++];
	}
}

/*
 * Which command it is, and what follows "--": most take that as operands, whatever it
 * looks like, and the command itself can be among them.
 */
static void find_command_and_rest(struct cli *cli, int argc, char **argv)
{
	struct cli_words *words = &cli->words;

	if (words->count)
		cli->command = cli_find_command(words->list[0]);
	/* getopt ends before them only if there is a "--". */
	if (cli->command && cli->command->form & CLI_WITH_XL) {
		cli->rest = argv + optind;
		cli->nr_rest = argc - optind;
		return;
	}
	for (int i = optind; i < argc; i++)
		words->list[words->count++] = argv[i];
	if (words->count)
		cli->command = cli_find_command(words->list[0]);
}

static enum hb_code refuse_option(struct cli *cli)
{
	unsigned int options = ALWAYS | (cli->command ? cli->command->options : ~0U);
	const struct cli_words *words = &cli->words;
	char remedy[96], form[CLI_FORM_TEXT];
	const char *nearest;

	if (words->wrong_option >= 0) {
		snprintf(remedy, sizeof(remedy), "write %s;",
			 cli_option_form(&cli_options[words->wrong_option], form));
		return usage_and(cli, "unknown or incomplete option \"%s\"", words->wrong, remedy);
	}
	nearest = cli_nearest_option(words->wrong, options);
	if (!nearest)
		return cli_usage(cli, "unknown or incomplete option \"%s\"", words->wrong);
	snprintf(remedy, sizeof(remedy), "did you mean --%s?", nearest);
	return usage_and(cli, "unknown or incomplete option \"%s\"", words->wrong, remedy);
}

static void remove_word(struct cli_words *words, int at)
{
	words->count--;
	memmove(&words->list[at], &words->list[at + 1], (words->count - at) * sizeof(*words->list));
	words->time_at = -1;
}

/*
 * "--wait 60", as most options are written. It is the time where it cannot be anything
 * else: at the end, where a size would have to have a unit, or before the command.
 */
static enum hb_code find_time(struct cli *cli)
{
	struct cli_words *words = &cli->words;
	int at = words->time_at;
	char what[128];
	struct hb_size size;
	struct hb_error ignored;

	if (at < 0 || at >= words->count)
		return HB_OK;
	if (at == 0 || (at == words->count - 1 && hb_size_parse(words->list[at], &size, &ignored))) {
		cli->values[words->time_of] = words->list[at];
		remove_word(words, at);
		if (words->count)
			cli->command = cli_find_command(words->list[0]);
		return HB_OK;
	}
	if (!cli->command || strspn(words->list[at], "0123456789") != strlen(words->list[at]) ||
	    words->count - 1 <= cli->command->nr_operands)
		return HB_OK;
	snprintf(what, sizeof(what), "is %%s the time of --%s, or a domain?", cli_options[words->time_of].name);
	cli_usage(cli, what, words->list[at]);
	snprintf(cli->error.remedy, sizeof(cli->error.remedy),
		 "write --%s=%.20s for the time, or put --%s last", cli_options[words->time_of].name,
		 words->list[at], cli_options[words->time_of].name);
	return HB_E_USAGE;
}

enum hb_code cli_read_arguments(struct cli *cli, int argc, char **argv)
{
	struct cli_words *words = &cli->words;

	words->time_at = words->wrong_option = -1;
	words->list = calloc(argc + 1, sizeof(*words->list));
	if (!words->list)
		return cli_fail(cli, HB_REASON_OUT_OF_MEMORY, "", "out of memory");
	read_options(cli, argc, argv);
	find_command_and_rest(cli, argc, argv);
	return words->wrong ? refuse_option(cli) : find_time(cli);
}

static enum hb_code check_options(struct cli *cli)
{
	char remedy[64];

	for (unsigned int i = 0; i < OPT_COUNT; i++) {
		const struct cli_command *taker = cli_commands;

		if (!cli_has(cli, i) || (cli->command->options | ALWAYS) & CLI_BIT(i))
			continue;
		while (taker < cli_commands + cli_nr_commands && !(taker->options & CLI_BIT(i)))
			taker++;
		snprintf(remedy, sizeof(remedy), "it is one of \"hotballoon %s\";", taker->name);
		return usage_and(cli, "the option --%s does not belong here", cli_options[i].name, remedy);
	}
	return HB_OK;
}

/* Do so many operands make sense? */
static bool is_right_number(const struct cli_command *command, int count)
{
	if (!count && command->form & CLI_OPTIONAL)
		return true;
	return command->form & CLI_REPEATED ? count >= command->nr_operands :
	       count == command->nr_operands;
}

enum hb_code cli_check_arguments(struct cli *cli)
{
	const struct cli_command *command = cli->command;
	int count = cli->words.count - 1;
	char operands[CLI_FORM_TEXT], rest[CLI_FORM_TEXT], form[96];

	if (count < 0)
		return cli_usage(cli, "%s", "no command is given");
	if (!command)
		return cli_usage_command(cli, cli->words.list[0]);
	snprintf(form, sizeof(form), "%s%s%s", command->name, cli_operands_form(command, operands),
		 cli_rest_form(command, rest));
	if (!is_right_number(command, count))
		return cli_usage(cli, "wrong number of arguments; write: hotballoon %s", form);
	cli->doms = cli->words.list + 1;
	cli->nr_doms = command->form & CLI_REPEATED && count ? count - command->nr_operands + 1 : 0;
	if (count)
		cli->operands[0] = cli->doms[0];
	if (count > 1 && command->nr_operands > 1)
		cli->operands[1] = cli->doms[count - 1];
	return check_options(cli);
}
