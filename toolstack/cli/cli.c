/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* A week: nobody waits longer for a guest, and the milliseconds fit easily. */
#define SECONDS_MAX 604800UL

/* Where limits and reservations are, if not in the usual place; for tests. */
#define STATE_DIR_VARIABLE "HOTBALLOON_STATE_DIR"

static void print_exits(FILE *out)
{
	fprintf(out, "\nExit codes:\n");
	for (size_t i = 0; i < cli_nr_exits; i++)
		fprintf(out, "  %2d  %-14s  %s\n", cli_exits[i].code, hb_code_name(cli_exits[i].code),
			cli_exits[i].what);
}

static void print_option(FILE *out, const struct cli_option_info *option)
{
	char form[CLI_FORM_TEXT];

	fprintf(out, "  %-18s  %s\n", cli_option_form(option, form), option->what);
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

	fprintf(out, "hotballoon: the memory of Xen guests\n\n");
	for (size_t i = 0; i < cli_nr_commands; i++)
		fprintf(out, "  hotballoon %-7s%-10s %s\n", cli_commands[i].name,
			cli_operands_form(&cli_commands[i], form), cli_commands[i].what);
	fprintf(out,
		"\nDOM is a name or a domid. SIZE is 512M, 2G or 2GiB, or a change: +256M, -1G, +10%%, -10%%.\n"
		"\"hotballoon COMMAND --help\" prints the options of a command. All take:\n");
	print_options(out, CLI_BIT(OPT_JSON) | CLI_BIT(OPT_HELP) | CLI_BIT(OPT_VERSION));
	print_exits(out);
}

static void print_command_help(FILE *out, const struct cli_command *command)
{
	char operands[CLI_FORM_TEXT], rest[CLI_FORM_TEXT];

	fprintf(out, "hotballoon %s%s [OPTION...]%s: %s\n\n", command->name,
		cli_operands_form(command, operands), cli_rest_form(command, rest), command->what);
	print_options(out, command->options | CLI_BIT(OPT_HELP));
	print_exits(out);
}

enum hb_code cli_usage(struct cli *cli, const char *what, const char *value)
{
	cli->error.code = HB_E_USAGE;
	snprintf(cli->error.message, sizeof(cli->error.message), what, value);
	hb_text_clean(cli->error.message);
	snprintf(cli->error.remedy, sizeof(cli->error.remedy), "see \"hotballoon %s%s--help\"",
		 cli->command ? cli->command->name : "", cli->command ? " " : "");
	return HB_E_USAGE;
}

static const struct cli_command *find_command(const char *name)
{
	for (size_t i = 0; i < cli_nr_commands; i++) {
		if (!strcmp(cli_commands[i].name, name))
			return &cli_commands[i];
	}
	return NULL;
}

/* What the arguments say, before it is known whether it makes sense. */
struct arguments {
	const char *operands[CLI_OPERANDS_MAX + 1];	/* the command and its operands */
	int nr_operands;		/* can be more than there is room for */
	char **rest;			/* what follows "--" */
	int nr_rest;
};

static void add_operand(struct arguments *arguments, const char *operand)
{
	if (arguments->nr_operands <= CLI_OPERANDS_MAX)
		arguments->operands[arguments->nr_operands] = operand;
	arguments->nr_operands++;
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

enum hb_code cli_find(struct cli *cli, struct hb_domain *domain)
{
	uint32_t domid;
	enum hb_code code = hb_find(cli->hb, cli->operands[0], &domid, &cli->error);

	return code ? code : hb_show(cli->hb, domid, domain, &cli->error);
}

/* "-256M" is a size and not a heap of options. */
static bool is_negative_size(const char *argument)
{
	return argument && argument[0] == '-' && argument[1] >= '0' && argument[1] <= '9';
}

/* An option's value in getopt's return value: beyond all characters. */
#define FIRST_OPTION 256

static void list_options(struct option options[OPT_COUNT + 1])
{
	memset(options, 0, (OPT_COUNT + 1) * sizeof(*options));
	for (int i = 0; i < OPT_COUNT; i++) {
		options[i].name = cli_options[i].name;
		options[i].has_arg = !cli_options[i].value ? no_argument :
				     cli_options[i].optional ? optional_argument : required_argument;
		options[i].val = FIRST_OPTION + i;
	}
}

/* The first mistake is told; what follows it still says whether in JSON. */
static enum hb_code read_arguments(struct cli *cli, int argc, char **argv,
				   struct arguments *arguments)
{
	struct option options[OPT_COUNT + 1];
	enum hb_code code = HB_OK;
	int option, at;	/* the argument that option is from, also if it is one of several */

	list_options(options);
	optind = 0;
	opterr = 0;
	/* "-": operands are returned in place, as option 1. */
	for (at = 1; (option = getopt_long(argc, argv, "-:", options, NULL)) != -1; at = optind) {
		if (option == 1) {
			add_operand(arguments, optarg);
		} else if (option < FIRST_OPTION) {
			if (!code)
				code = cli_usage(cli, "unknown or incomplete option \"%s\"", argv[at]);
			/* getopt may still be within that argument. */
			continue;
		} else {
			cli->given |= CLI_BIT(option - FIRST_OPTION);
			cli->values[option - FIRST_OPTION] = optarg;
		}
		while (is_negative_size(argv[optind]))
			add_operand(arguments, argv[optind++]);
	}
	/* getopt ends before them only if there is a "--". */
	arguments->rest = argv + optind;
	arguments->nr_rest = argc - optind;
	return code;
}

/*
 * Which command it is, and what follows "--": most take that as operands, whatever it
 * looks like, and the command itself can be among them.
 */
static void find_command_and_rest(struct cli *cli, struct arguments *arguments)
{
	if (arguments->nr_operands)
		cli->command = find_command(arguments->operands[0]);
	if (cli->command && cli->command->form == CLI_WITH_XL) {
		cli->rest = arguments->rest;
		cli->nr_rest = arguments->nr_rest;
		return;
	}
	for (int i = 0; i < arguments->nr_rest; i++)
		add_operand(arguments, arguments->rest[i]);
	if (arguments->nr_operands)
		cli->command = find_command(arguments->operands[0]);
}

static enum hb_code find_operands(struct cli *cli, const struct arguments *arguments)
{
	const struct cli_command *command = cli->command;
	const unsigned int always = CLI_BIT(OPT_HELP) | CLI_BIT(OPT_VERSION);
	char operands[CLI_FORM_TEXT], rest[CLI_FORM_TEXT], form[96];

	if (!arguments->nr_operands)
		return cli_usage(cli, "%s", "no command is given");
	if (!command)
		return cli_usage(cli, "there is no command \"%s\"", arguments->operands[0]);
	snprintf(form, sizeof(form), "%s%s%s", command->name, cli_operands_form(command, operands),
		 cli_rest_form(command, rest));
	if (arguments->nr_operands - 1 != command->nr_operands &&
	    !(command->form == CLI_OPTIONAL && arguments->nr_operands == 1))
		return cli_usage(cli, "wrong number of arguments; write: hotballoon %s", form);
	for (unsigned int i = 0; i < OPT_COUNT; i++) {
		if (cli_has(cli, i) && !((command->options | always) & CLI_BIT(i)))
			return cli_usage(cli, "the option --%s does not belong here", cli_options[i].name);
	}
	memcpy(cli->operands, &arguments->operands[1], sizeof(cli->operands));
	return HB_OK;
}

static void print_error(struct cli *cli)
{
	struct json_object *object;

	/* On one line: some commands print an object a line. */
	if (cli_has(cli, OPT_JSON) && !cli->reported) {
		object = json_object_new_object();
		json_object_object_add(object, "error", cli_json_error(&cli->error));
		cli_print_json_line(cli, object);
	} else if (!cli_has(cli, OPT_JSON)) {
		fprintf(cli->err, "hotballoon: %s\n", cli->error.message);
		if (cli->error.remedy[0])
			fprintf(cli->err, "  %s\n", cli->error.remedy);
	}
}

/* --help and --version need neither a complete command nor a host. */
static bool answer_help(struct cli *cli)
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

static enum hb_code run_on(struct cli *cli, cli_open_fn *open)
{
	const char *dir = getenv(STATE_DIR_VARIABLE);
	enum hb_code code = open(&cli->hb, &cli->error);

	if (code)
		return code;
	hb_set_progress(cli->hb, cli_on_progress, cli);
	if (cli_has(cli, OPT_WAIT) || cli_has(cli, OPT_TIMEOUT))
		hb_set_time_limit(cli->hb, cli->timeout_s);
	if (dir)
		code = hb_set_state_dir(cli->hb, dir, &cli->error);
	if (!code)
		code = cli->command->run(cli);
	hb_close(cli->hb);
	return code;
}

static enum hb_code run(struct cli *cli, int argc, char **argv, cli_open_fn *open)
{
	struct arguments arguments = { 0 };
	enum hb_code code = read_arguments(cli, argc, argv, &arguments);

	find_command_and_rest(cli, &arguments);
	if (!code && answer_help(cli))
		return HB_OK;
	if (!code)
		code = find_operands(cli, &arguments);
	if (!code && cli->command->prepare)
		code = cli->command->prepare(cli);
	return code ? code : run_on(cli, open);
}

int cli_main(int argc, char **argv, cli_open_fn *open, FILE *out, FILE *err)
{
	struct cli cli = { .out = out, .err = err };
	enum hb_code code = run(&cli, argc, argv, open);

	if (code)
		print_error(&cli);
	if (fflush(out) || ferror(out)) {
		fprintf(err, "hotballoon: cannot write the output\n");
		return code ? code : HB_E_INTERNAL;
	}
	return code;
}
