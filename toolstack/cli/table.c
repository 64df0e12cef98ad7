/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which commands, options and exit codes there are: help, manual and completion. */
#include <string.h>

#include "cli.h"

#define JSON CLI_BIT(OPT_JSON)
#define FORCE CLI_BIT(OPT_FORCE)
#define DRY_RUN CLI_BIT(OPT_DRY_RUN)

const struct cli_option_info cli_options[OPT_COUNT] = {
	[OPT_JSON] = { "json", 0, NULL, false, "output for programs, sizes in KiB", NULL },
	[OPT_WAIT] = { "wait", 0, "SECONDS", true,
		       "return when the guest has reached the size or does not move any more", NULL },
	[OPT_KEEP_TARGET] = { "keep-target", 0, NULL, false,
			      "with --wait: leave the target, though the guest got stuck above it", NULL },
	[OPT_FORCE] = { "force", 0, NULL, false, "do what would be refused as unwise", NULL },
	[OPT_TIMEOUT] = { "timeout", 0, "SECONDS", false, "give up after that time", NULL },
	[OPT_MIN] = { "min", 0, "SIZE", false, "managers never make it smaller", NULL },
	[OPT_MAX] = { "max", 0, "SIZE", false, "managers never make it larger", NULL },
	[OPT_WEIGHT] = { "weight", 0, "N", false, "its share where memory is short, usually 1000", NULL },
	[OPT_AUTO] = { "auto", 0, NULL, false, "managers may size it again, from its size now on", NULL },
	[OPT_OFF] = { "off", 0, NULL, false, "managers leave it alone", NULL },
	[OPT_RESET] = { "reset", 0, NULL, false, "minimum, maximum and size are what it can grow to now", NULL },
	[OPT_FORGET] = { "forget", 0, NULL, false, "as if nothing had ever been said about it", NULL },
	[OPT_HEADROOM] = { "headroom", 0, "SIZE", false,
			   "what it may take above its target by itself, in need; \"none\" takes that back", "none" },
	[OPT_DRY_RUN] = { "dry-run", 0, NULL, false, "say what would be done, and change nothing", NULL },
	[OPT_FOR] = { "for", 0, "NAME", false, "name of the domain", NULL },
	[OPT_TTL] = { "ttl", 0, "SECONDS", false, "how long it is set aside, usually an hour", NULL },
	[OPT_VCPUS] = { "vcpus", 0, "N", false, "virtual processors that the domain will have, usually 1", NULL },
	[OPT_MAXMEM] = { "maxmem", 0, "SIZE", false, "its maxmem, if that is more than its memory", NULL },
	[OPT_HOST] = { "host", 0, "SIZE", false,
		       "what the host keeps for itself, for good; \"usual\" is the rule again", "usual" },
	[OPT_SORT] = { "sort", 0, "COLUMN", false, "by id, name, actual, target, demand or cause",
		       "id name actual target demand cause" },
	[OPT_INTERVAL] = { "interval", 0, "SECONDS", false, "time between two frames, usually 1", NULL },
	[OPT_LAST] = { "last", 0, "TIME", false, "only of so long until now: 90s, 30m, 1h or 7d", NULL },
	[OPT_PLOT] = { "plot", 0, "svg", true, "draw who had how much over time; as SVG, or in characters", "svg" },
	[OPT_HELP] = { "help", 'h', NULL, false, "print help", NULL },
	[OPT_VERSION] = { "version", 'V', NULL, false, "print the version", NULL },
};

const struct cli_command cli_commands[] = {
	{ "list", "DOM", 1, CLI_OPTIONAL | CLI_REPEATED | CLI_TOGETHER, JSON, "all domains, or some, and the host's free memory", NULL, cli_list },
	{ "show", "DOM", 1, CLI_REPEATED | CLI_BLOCKS, JSON, "everything that is known of a domain", NULL, cli_show },
	{ "set", "DOM SIZE", 2, CLI_REPEATED, JSON | FORCE | DRY_RUN | CLI_BIT(OPT_WAIT) | CLI_BIT(OPT_KEEP_TARGET),
	  "give a guest another size, also beyond its boot maximum", cli_set_prepare, cli_set },
	{ "max", "DOM SIZE", 2, CLI_REPEATED, JSON | FORCE | DRY_RUN, "set how far a running guest may grow",
	  cli_max_prepare, cli_max },
	{ "wait", "DOM", 1, CLI_REPEATED, JSON | CLI_BIT(OPT_TIMEOUT),
	  "wait until a guest has the size that it shall have", cli_wait_prepare, cli_wait },
	{ "save", "DOM FILE", 2, CLI_WITH_XL, JSON | DRY_RUN, "xl save, of a guest that is kept still meanwhile",
	  NULL, cli_save },
	{ "migrate", "DOM HOST", 2, CLI_WITH_XL, JSON | DRY_RUN, "xl migrate, of a guest that is kept still meanwhile",
	  NULL, cli_migrate },
	{ "create", "CONFIG", 1, CLI_WITH_XL, JSON | DRY_RUN | CLI_BIT(OPT_TIMEOUT),
	  "xl create, of a guest that there is no room for yet", cli_create_prepare, cli_create },
	{ "limits", "DOM", 1, CLI_OPTIONAL | CLI_REPEATED | CLI_BLOCKS, JSON | CLI_BIT(OPT_MIN) | CLI_BIT(OPT_MAX) | CLI_BIT(OPT_WEIGHT) |
	  CLI_BIT(OPT_AUTO) | CLI_BIT(OPT_OFF) | CLI_BIT(OPT_RESET) | CLI_BIT(OPT_FORGET) |
	  CLI_BIT(OPT_HEADROOM) | FORCE | DRY_RUN,
	  "between which sizes managers may move domains", cli_limits_prepare, cli_limits },
	{ "top", "", 0, 0, JSON | CLI_BIT(OPT_SORT) | CLI_BIT(OPT_INTERVAL),
	  "a live view of all domains; one frame if this is no terminal", cli_top_prepare, cli_top },
	{ "watch", "DOM", 1, CLI_OPTIONAL, JSON, "tell what changes, of one domain or all", NULL, cli_watch },
	{ "free", "SIZE", 1, CLI_OPTIONAL, JSON | DRY_RUN | CLI_BIT(OPT_TIMEOUT),
	  "make memory free, from guests that have limits, or show what is", cli_free_prepare, cli_free },
	{ "reserve", "SIZE", 1, CLI_OPTIONAL, JSON | FORCE | DRY_RUN | CLI_BIT(OPT_FOR) | CLI_BIT(OPT_TTL) |
	  CLI_BIT(OPT_VCPUS) | CLI_BIT(OPT_MAXMEM) | CLI_BIT(OPT_HOST),
	  "set memory aside for a domain to come, or show what is", cli_reserve_prepare, cli_reserve },
	{ "release", "NAME", 1, CLI_REPEATED, JSON | DRY_RUN, "end what is set aside for a domain", NULL, cli_release },
	{ "explain", "DOM", 1, CLI_REPEATED | CLI_BLOCKS, JSON, "why a domain has the size that it has", NULL, cli_explain },
	{ "history", "DOM", 1, CLI_OPTIONAL, JSON | CLI_BIT(OPT_LAST) | CLI_BIT(OPT_PLOT), "which sizes hotballoond has set, when and why",
	  cli_history, NULL },
	{ "metrics", "", 0, 0, 0, "the host and all domains, as text for Prometheus", NULL, cli_metrics },
	{ "doctor", "", 0, 0, JSON, "what is wrong on this host, and what to do about it", NULL,
	  cli_doctor },
	{ "help", "COMMAND", 1, CLI_OPTIONAL, 0, "print help, also of a command", cli_help_prepare, NULL },
};

const struct cli_exit_info cli_exits[] = {
	{ HB_OK, NULL, "done" },
	{ HB_E_INTERNAL, NULL, "out of memory, or the output could not be written" },
	{ HB_E_USAGE, NULL, "the arguments cannot mean anything" },
	{ HB_E_NO_DOMAIN, NULL, "no such domain, or it went away; of release: nothing is set aside" },
	{ HB_E_REFUSED, NULL, "it would harm or cannot work; the message says what to do" },
	{ HB_E_HOST, NULL, "Xen, xenstore, xl or a file of ours failed, or another tool kept something locked" },
	{ HB_E_PERMISSION, NULL, "not root, or not in domain 0 of a running Xen host" },
	{ HB_E_TIMEOUT, NULL, "the time is over, and the guest is not there yet" },
	{ HB_E_STUCK, NULL, "the guest does not move any more; the message names the cause" },
	{ HB_E_INTERRUPTED, NULL, "Ctrl-C during the wait, or while xl was at work" },
	{ HB_E_SUPERSEDED, NULL, "somebody else has set another target during the wait" },
};

const struct cli_exit_info cli_doctor_exits[CLI_DOCTOR_EXITS] = {
	{ CLI_EXIT_WARNING, "warning", "it has found something that is worth a warning, and no fault" },
	{ CLI_EXIT_FAULT, "fault", "it has found a fault" },
};

const char *cli_exit_name(const struct cli_exit_info *info)
{
	return info->name ? info->name : hb_code_name(info->code);
}

const size_t cli_nr_exits = sizeof(cli_exits) / sizeof(cli_exits[0]);

const size_t cli_nr_commands = sizeof(cli_commands) / sizeof(cli_commands[0]);

const char *cli_option_form(const struct cli_option_info *option, char text[CLI_FORM_TEXT])
{
	char letter[] = { '-', option->letter, ',', ' ', '\0' };

	snprintf(text, CLI_FORM_TEXT, "%s--%s%s%s%s%s", option->letter ? letter : "", option->name,
		 option->optional ? "[" : "", option->value ? "=" : "",
		 option->value ? option->value : "", option->optional ? "]" : "");
	return text;
}

const char *cli_operands_form(const struct cli_command *command, char text[CLI_FORM_TEXT])
{
	const char *operands = command->operands;
	bool optional = command->form & CLI_OPTIONAL;

	snprintf(text, CLI_FORM_TEXT, "%s%s%.*s%s%s%s", *operands ? " " : "", optional ? "[" : "",
		 (int)strcspn(operands, " "), operands, command->form & CLI_REPEATED ? "..." : "",
		 operands + strcspn(operands, " "), optional ? "]" : "");
	return text;
}

const char *cli_rest_form(const struct cli_command *command, char text[CLI_FORM_TEXT])
{
	strcpy(text, command->form & CLI_WITH_XL ? " [-- XL-OPTION...]" : "");
	return text;
}
