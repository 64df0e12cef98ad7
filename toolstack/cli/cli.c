/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* A week: nobody waits longer for a guest, and the milliseconds fit easily. */
#define TIMEOUT_MAX_S 604800UL

enum { OPT_JSON = 'j', OPT_WAIT = 'w', OPT_FORCE = 'f', OPT_HELP = 'h', OPT_VERSION = 'V' };

static const struct option long_options[] = {
	{ "json", no_argument, NULL, OPT_JSON },
	{ "wait", optional_argument, NULL, OPT_WAIT },
	{ "force", no_argument, NULL, OPT_FORCE },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 },
};

static const struct command {
	const char *name, *synopsis, *options, *what;
	int nr_operands;
	enum hb_code (*prepare)(struct cli *cli);	/* before a host is needed; may be NULL */
	enum hb_code (*run)(struct cli *cli);
} commands[] = {
	{ "list", "list", "j", "all domains and the host's free memory", 0, NULL, cli_list },
	{ "show", "show DOM", "j", "everything that is known of one domain", 1, NULL, cli_show },
	{ "set", "set DOM SIZE [--wait[=SECONDS]] [--force]", "jwf",
	  "give a guest another size, also beyond its boot maximum", 2, cli_set_prepare,
	  cli_set },
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *out)
{
	fprintf(out, "hotballoon: the memory of Xen guests\n\n");
	for (size_t i = 0; i < NR_COMMANDS; i++)
		fprintf(out, "  hotballoon %s\n        %s\n", commands[i].synopsis, commands[i].what);
	fprintf(out,
		"\nDOM is a name or a domid. SIZE is 512M, 2G or 2GiB, or a change: +256M, -1G, +10%%, -10%%.\n"
		"  --json            output for programs, sizes in KiB\n"
		"  --wait[=SECONDS]  return when the guest has reached the size or does not move any more\n"
		"  --force           do what would be refused as unwise\n"
		"  --version         print the version\n"
		"\nExit codes: 0 done, 1 internal error, 2 usage, 3 no such domain, 4 refused,\n"
		"5 Xen or xenstore failed, 6 no permission, 7 timeout, 8 the guest is stuck,\n"
		"9 interrupted, 10 another tool has set another size. See docs/hotballoon.md.\n");
}

static enum hb_code usage(struct cli *cli, const char *what, const char *value)
{
	cli->error.code = HB_E_USAGE;
	snprintf(cli->error.message, sizeof(cli->error.message), what, value);
	snprintf(cli->error.remedy, sizeof(cli->error.remedy), "see \"hotballoon --help\"");
	return HB_E_USAGE;
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < NR_COMMANDS; i++) {
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	}
	return NULL;
}

/* What the arguments say, before it is known whether it makes sense. */
struct arguments {
	const char *operands[3];	/* the command and its operands */
	int nr_operands;		/* can be more than there is room for */
	char options[8];		/* one letter each, in the order given */
};

static void add_operand(struct arguments *arguments, const char *operand)
{
	if (arguments->nr_operands < 3)
		arguments->operands[arguments->nr_operands] = operand;
	arguments->nr_operands++;
}

static void add_option(struct arguments *arguments, int option)
{
	char letter[2] = { option, '\0' };

	if (!strchr(arguments->options, option))
		strcat(arguments->options, letter);
}

static enum hb_code parse_timeout(struct cli *cli, const char *text)
{
	unsigned long seconds = 0;
	char *end = NULL;

	if (!text)
		return HB_OK;
	if (*text >= '0' && *text <= '9')
		seconds = strtoul(text, &end, 10);
	if (!seconds || *end || seconds > TIMEOUT_MAX_S)
		return usage(cli, "\"--wait=%s\": the time is 1 to 604800 whole seconds", text);
	cli->timeout_s = seconds;
	return HB_OK;
}

/* "-256M" is a size and not a heap of options. */
static bool is_negative_size(const char *argument)
{
	return argument && argument[0] == '-' && argument[1] >= '0' && argument[1] <= '9';
}

static enum hb_code read_arguments(struct cli *cli, int argc, char **argv,
				   struct arguments *arguments)
{
	enum hb_code code = HB_OK;
	int option;

	optind = 0;
	opterr = 0;
	/* "-": operands are returned in place, as option 1. */
	while ((option = getopt_long(argc, argv, "-:", long_options, NULL)) != -1 && !code) {
		if (option == 1)
			add_operand(arguments, optarg);
		else if (option == '?' || option == ':')
			code = usage(cli, "unknown or incomplete option \"%s\"", argv[optind - 1]);
		else
			add_option(arguments, option);
		if (option == OPT_WAIT)
			code = parse_timeout(cli, optarg);
		while (is_negative_size(argv[optind]))
			add_operand(arguments, argv[optind++]);
	}
	while (optind < argc)
		add_operand(arguments, argv[optind++]);
	return code;
}

static enum hb_code check_arguments(struct cli *cli, const struct arguments *arguments,
				    const struct command **command)
{
	const char *name = arguments->operands[0];

	cli->wait = strchr(arguments->options, OPT_WAIT);
	cli->force = strchr(arguments->options, OPT_FORCE);
	if (!arguments->nr_operands)
		return usage(cli, "%s", "no command is given");
	*command = find_command(name);
	if (!*command)
		return usage(cli, "there is no command \"%s\"", name);
	if (arguments->nr_operands - 1 != (*command)->nr_operands)
		return usage(cli, "wrong number of arguments; write: hotballoon %s",
			     (*command)->synopsis);
	if (arguments->options[strspn(arguments->options, (*command)->options)])
		return usage(cli, "an option does not belong here; write: hotballoon %s [--json]",
			     (*command)->synopsis);
	cli->operands[0] = arguments->operands[1];
	cli->operands[1] = arguments->operands[2];
	return HB_OK;
}

static void print_error(struct cli *cli)
{
	struct json_object *object;

	if (cli->json && !cli->reported) {
		object = json_object_new_object();
		json_object_object_add(object, "error", cli_json_error(&cli->error));
		cli_print_json(cli, object);
	} else if (!cli->json) {
		fprintf(cli->err, "hotballoon: %s\n", cli->error.message);
		if (cli->error.remedy[0])
			fprintf(cli->err, "  %s\n", cli->error.remedy);
	}
}

/* --help and --version need neither a command nor a host. */
static bool answer_help(struct cli *cli, const struct arguments *arguments)
{
	if (strchr(arguments->options, OPT_HELP))
		print_help(cli->out);
	else if (strchr(arguments->options, OPT_VERSION))
		fprintf(cli->out, "hotballoon " HB_VERSION "\n");
	else
		return false;
	return true;
}

static enum hb_code run(struct cli *cli, int argc, char **argv, cli_open_fn *open)
{
	struct arguments arguments = { 0 };
	const struct command *command = NULL;
	enum hb_code code = read_arguments(cli, argc, argv, &arguments);

	cli->json = strchr(arguments.options, OPT_JSON);
	if (!code && answer_help(cli, &arguments))
		return HB_OK;
	if (!code)
		code = check_arguments(cli, &arguments, &command);
	if (!code && command->prepare)
		code = command->prepare(cli);
	if (!code)
		code = open(&cli->hb, &cli->error);
	if (code)
		return code;
	code = command->run(cli);
	hb_close(cli->hb);
	return code;
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
