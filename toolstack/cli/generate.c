/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes from table.c what else must know the commands: bash completion, and the
 * parts of the manual that toolstack/check-manual puts into docs/hotballoon.md. The same
 * from the options of hotballoond's configuration.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "config.h"

/* The options of a command, --json last: all take that. */
static void each_option(const struct cli_command *command,
			void (*print)(const struct cli_option_info *option))
{
	for (int i = OPT_JSON + 1; i < OPT_HELP; i++) {
		if (command->options & CLI_BIT(i))
			print(&cli_options[i]);
	}
	if (command->options & CLI_BIT(OPT_JSON))
		print(&cli_options[OPT_JSON]);
}

#define SYNOPSIS_WIDTH 78
#define SYNOPSIS_INDENT 8

static int column;

/* text begins with a blank. */
static void print_part(const char *text)
{
	if (column + (int)strlen(text) > SYNOPSIS_WIDTH)
		column = printf("\n%*s", SYNOPSIS_INDENT, "") - 1;
	column += printf("%s", text);
}

static void print_optional(const struct cli_option_info *option)
{
	char form[CLI_FORM_TEXT], text[CLI_FORM_TEXT + 3];

	snprintf(text, sizeof(text), " [%s]", cli_option_form(option, form));
	print_part(text);
}

static void print_synopsis(void)
{
	char form[CLI_FORM_TEXT];

	for (size_t i = 0; i < cli_nr_commands; i++) {
		column = printf("    hotballoon %s%s", cli_commands[i].name,
				cli_operands_form(&cli_commands[i], form));
		each_option(&cli_commands[i], print_optional);
		print_part(cli_rest_form(&cli_commands[i], form));
		printf("\n");
	}
	printf("    hotballoon [COMMAND] -h | --help | -V | --version\n");
}

/* Of --json those that do not take it, as they are fewer. */
static void print_takers(unsigned int option)
{
	const bool takes = option != OPT_JSON;
	const char *between = "";

	for (size_t i = 0; i < cli_nr_commands; i++) {
		if (!(cli_commands[i].options & CLI_BIT(option)) == takes)
			continue;
		printf("%s`%s`", between, cli_commands[i].name);
		between = ", ";
	}
}

static void print_options(void)
{
	char form[CLI_FORM_TEXT];

	printf("| option | of | meaning |\n| --- | --- | --- |\n");
	for (int i = 0; i < OPT_COUNT; i++) {
		printf("| `%s` | ", cli_option_form(&cli_options[i], form));
		if (i == OPT_JSON || i >= OPT_HELP)
			printf("all");
		if (i == OPT_JSON)
			printf(" but ");
		if (i < OPT_HELP)
			print_takers(i);
		printf(" | %s |\n", cli_options[i].what);
	}
}

static void print_exits(void)
{
	printf("| code | name | meaning |\n| --- | --- | --- |\n");
	for (size_t i = 0; i < cli_nr_exits; i++)
		printf("| %d | %s | %s |\n", cli_exits[i].code, cli_exit_name(&cli_exits[i]),
		       cli_exits[i].what);
	for (size_t i = 0; i < CLI_DOCTOR_EXITS; i++)
		printf("| %d | %s | of `doctor`: %s |\n", cli_doctor_exits[i].code,
		       cli_exit_name(&cli_doctor_exits[i]), cli_doctor_exits[i].what);
}

static void print_reasons(void)
{
	printf("| reason | code | meaning |\n| --- | --- | --- |\n");
	for (int i = HB_REASON_NONE + 1; i < HB_REASON_COUNT; i++)
		printf("| `%s` | %d | %s |\n", hb_reason_name(i), hb_reason_code(i),
		       hb_reason_meaning(i));
}

static void print_findings(void)
{
	printf("| finding | meaning |\n| --- | --- |\n");
	for (int i = 0; i < HB_FINDING_COUNT; i++)
		printf("| `%s` | %s |\n", hb_finding_name(i), hb_finding_meaning(i));
}

static void print_words(void)
{
	for (size_t i = 0; i < cli_nr_word_lists; i++) {
		const struct cli_word_list *list = &cli_word_lists[i];

		printf("%s %s %s", list->object, list->name[0] ? list->name : "-",
		       list->whole ? "whole" : "part");
		for (int row = list->first; row < list->count; row++)
			printf(" %s", list->word(row));
		printf("\n");
	}
}

/* "--json", and "--min=" for one that is not complete without a value. */
static void print_word(const struct cli_option_info *option)
{
	printf(" --%s%s", option->name, option->value && !option->optional ? "=" : "");
}

/* Values that are words or names; of the others nothing can be offered. */
static void print_values(void)
{
	printf("# What the value of an option can be: words, or NAME.\n_hotballoon_values()\n{\n"
	       "\tcase $1 in\n");
	for (size_t i = 0; i < OPT_COUNT; i++) {
		const struct cli_option_info *option = &cli_options[i];

		if (option->words || (option->value && !strcmp(option->value, "NAME")))
			printf("\t--%s) echo '%s' ;;\n", option->name,
			       option->words ? option->words : option->value);
	}
	printf("\tesac\n}\n\n");
}

static void print_completion_table(void)
{
	char form[CLI_FORM_TEXT];

	printf("_hotballoon_commands='");
	for (size_t i = 0; i < cli_nr_commands; i++)
		printf("%s%s", i ? " " : "", cli_commands[i].name);
	printf("'\n\n# What a command takes: its operands, then its options.\n_hotballoon_takes()\n{\n"
	       "\tcase $1 in\n");
	for (size_t i = 0; i < cli_nr_commands; i++) {
		printf("\t%s) echo '%s' '", cli_commands[i].name,
		       cli_operands_form(&cli_commands[i], form));
		each_option(&cli_commands[i], print_word);
		printf(" --help' ;;\n");
	}
	printf("\tesac\n}\n\n");
	print_values();
}

static void print_completion(const char *functions)
{
	FILE *file = fopen(functions, "r");
	char line[256];

	if (!file) {
		perror(functions);
		exit(1);
	}
	printf("# SPDX-License-Identifier: GPL-2.0-or-later\n"
	       "# bash completion for hotballoon(8); made from toolstack/cli/table.c\n");
	print_completion_table();
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "# SPDX", 6))
			fputs(line, stdout);
	}
	fclose(file);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "synopsis")) {
		print_synopsis();
	} else if (!strcmp(what, "options")) {
		print_options();
	} else if (!strcmp(what, "exits")) {
		print_exits();
	} else if (!strcmp(what, "findings")) {
		print_findings();
	} else if (!strcmp(what, "reasons")) {
		print_reasons();
	} else if (!strcmp(what, "config")) {
		config_print_manual(stdout);
	} else if (!strcmp(what, "example")) {
		config_print_example(stdout);
	} else if (!strcmp(what, "words")) {
		print_words();
	} else if (!strcmp(what, "completion") && argc == 3) {
		print_completion(argv[2]);
	} else {
		fprintf(stderr, "usage: generate synopsis | options | exits | findings | reasons | config | example | words | completion FILE\n");
		return 2;
	}
	return fflush(stdout) || ferror(stdout);
}
