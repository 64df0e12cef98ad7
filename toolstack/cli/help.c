/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Help, made from table.c. */
#include <string.h>

#include "cli.h"

#define WIDTH 80

/* Text behind what stands on the line already, in lines that begin below its first word. */
static void print_wrapped(FILE *out, unsigned int indent, const char *text)
{
	unsigned int column = indent;

	while (*text) {
		size_t length = strcspn(text, " ");

		if (column > indent && column + 1 + length > WIDTH)
			column = fprintf(out, "\n%*s", (int)indent, "") - 1;
		else if (column > indent)
			column += fprintf(out, " ");
		column += fprintf(out, "%.*s", (int)length, text);
		text += length + strspn(text + length, " ");
	}
	fprintf(out, "\n");
}

static void print_exit(FILE *out, const struct cli_exit_info *info)
{
	print_wrapped(out, fprintf(out, "  %2d  %-14s  ", info->code, cli_exit_name(info)), info->what);
}

/* command: NULL for what all have. */
static void print_exits(FILE *out, const struct cli_command *command)
{
	fprintf(out, "\nExit codes:\n");
	for (size_t i = 0; i < cli_nr_exits; i++)
		print_exit(out, &cli_exits[i]);
	for (size_t i = 0; command && command->run == cli_doctor && i < CLI_DOCTOR_EXITS; i++)
		print_exit(out, &cli_doctor_exits[i]);
}

static void print_option(FILE *out, const struct cli_option_info *option)
{
	char form[CLI_FORM_TEXT];

	print_wrapped(out, fprintf(out, "  %-18s  ", cli_option_form(option, form)), option->what);
}

static void print_options(FILE *out, unsigned int options)
{
	for (size_t i = 0; i < OPT_COUNT; i++) {
		if (options & CLI_BIT(i))
			print_option(out, &cli_options[i]);
	}
}

static void print_help(FILE *out)
{
	char form[CLI_FORM_TEXT];

	fprintf(out, "hotballoon COMMAND ...: the memory of Xen guests\n\n");
	for (size_t i = 0; i < cli_nr_commands; i++)
		print_wrapped(out, fprintf(out, "  %-7s%-12s  ", cli_commands[i].name,
					   cli_operands_form(&cli_commands[i], form)), cli_commands[i].what);
	fprintf(out,
		"\nDOM is a name or a domid. SIZE is 512M, 2G or 2GiB, or a change: +256M, -1G,\n"
		"+10%%, -10%%. \"hotballoon help COMMAND\" prints the options of a command. All take:\n");
	print_options(out, CLI_BIT(OPT_JSON) | CLI_BIT(OPT_HELP) | CLI_BIT(OPT_VERSION));
	print_exits(out, NULL);
}

static void print_command_help(FILE *out, const struct cli_command *command)
{
	char operands[CLI_FORM_TEXT], rest[CLI_FORM_TEXT];

	fprintf(out, "hotballoon %s%s [OPTION...]%s\n  ", command->name,
		cli_operands_form(command, operands), cli_rest_form(command, rest));
	print_wrapped(out, 2, command->what);
	fprintf(out, "\n");
	print_options(out, command->options | CLI_BIT(OPT_HELP));
	print_exits(out, command);
}

bool cli_answer_help(struct cli *cli)
{
	if (cli_has(cli, OPT_HELP) && cli->command)
		print_command_help(cli->out, cli->command);
	else if (cli_has(cli, OPT_HELP))
		print_help(cli->out);
	else if (cli_has(cli, OPT_VERSION))
		fprintf(cli->out, "hotballoon " HB_VERSION "\n");
	else
		return false;
	return true;
}

enum hb_code cli_help_prepare(struct cli *cli)
{
	const struct cli_command *command = NULL;
	const char *name = cli->operands[0];

	if (name) {
		command = cli_find_command(name);
		if (!command)
			return cli_usage_command(cli, name);
		print_command_help(cli->out, command);
	} else {
		print_help(cli->out);
	}
	return HB_OK;
}
