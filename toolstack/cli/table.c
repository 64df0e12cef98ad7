/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which commands, options and exit codes there are: help, manual and completion. */
#include <string.h>

#include "cli.h"

#define JSON CLI_BIT(OPT_JSON)
#define FORCE CLI_BIT(OPT_FORCE)

const struct cli_option_info cli_options[OPT_COUNT] = {
	[OPT_JSON] = { "json", NULL, false, "output for programs, sizes in KiB" },
	[OPT_WAIT] = { "wait", "SECONDS", true,
		       "return when the guest has reached the size or does not move any more" },
	[OPT_KEEP_TARGET] = { "keep-target", NULL, false,
			      "with --wait: leave the target, though the guest got stuck above it" },
	[OPT_FORCE] = { "force", NULL, false, "do what would be refused as unwise" },
	[OPT_TIMEOUT] = { "timeout", "SECONDS", false, "give up after that time" },
	[OPT_MIN] = { "min", "SIZE", false, "managers never make it smaller" },
	[OPT_MAX] = { "max", "SIZE", false, "managers never make it larger" },
	[OPT_WEIGHT] = { "weight", "N", false, "its share where memory is short, usually 1000" },
	[OPT_AUTO] = { "auto", NULL, false, "managers may size it again, from its size now on" },
	[OPT_OFF] = { "off", NULL, false, "managers leave it alone" },
	[OPT_RESET] = { "reset", NULL, false, "minimum, maximum and size are what it can grow to now" },
	[OPT_FORGET] = { "forget", NULL, false, "as if nothing had ever been said about it" },
	[OPT_DRY_RUN] = { "dry-run", NULL, false, "say what would be done, and change nothing" },
	[OPT_FOR] = { "for", "NAME", false, "name of the domain" },
	[OPT_TTL] = { "ttl", "SECONDS", false, "how long it is set aside, usually an hour" },
	[OPT_VCPUS] = { "vcpus", "N", false, "virtual processors that the domain will have, usually 1" },
	[OPT_MAXMEM] = { "maxmem", "SIZE", false, "its maxmem, if that is more than its memory" },
	[OPT_SORT] = { "sort", "COLUMN", false, "by id, name, actual, target, demand or cause" },
	[OPT_INTERVAL] = { "interval", "SECONDS", false, "time between two frames, usually 1" },
	[OPT_HELP] = { "help", NULL, false, "print help" },
	[OPT_VERSION] = { "version", NULL, false, "print the version" },
};

const struct cli_command cli_commands[] = {
	{ "list", "", 0, CLI_EXACT, JSON, "all domains and the host's free memory", NULL, cli_list },
	{ "show", "DOM", 1, CLI_EXACT, JSON, "everything that is known of one domain", NULL, cli_show },
	{ "set", "DOM SIZE", 2, CLI_EXACT, JSON | FORCE | CLI_BIT(OPT_WAIT) | CLI_BIT(OPT_KEEP_TARGET),
	  "give a guest another size, also beyond its boot maximum", cli_set_prepare, cli_set },
	{ "max", "DOM SIZE", 2, CLI_EXACT, JSON | FORCE, "set how far a running guest may grow",
	  cli_max_prepare, cli_max },
	{ "wait", "DOM", 1, CLI_EXACT, JSON | CLI_BIT(OPT_TIMEOUT),
	  "wait until a guest has the size that it shall have", cli_wait_prepare, cli_wait },
	{ "save", "DOM FILE", 2, CLI_WITH_XL, JSON, "xl save, of a guest that is kept still meanwhile",
	  NULL, cli_save },
	{ "migrate", "DOM HOST", 2, CLI_WITH_XL, JSON, "xl migrate, of a guest that is kept still meanwhile",
	  NULL, cli_migrate },
	{ "limits", "DOM", 1, CLI_EXACT, JSON | CLI_BIT(OPT_MIN) | CLI_BIT(OPT_MAX) | CLI_BIT(OPT_WEIGHT) |
	  CLI_BIT(OPT_AUTO) | CLI_BIT(OPT_OFF) | CLI_BIT(OPT_RESET) | CLI_BIT(OPT_FORGET) | FORCE,
	  "show or say between which sizes managers may move a domain", cli_limits_prepare, cli_limits },
	{ "top", "", 0, CLI_EXACT, JSON | CLI_BIT(OPT_SORT) | CLI_BIT(OPT_INTERVAL),
	  "a live view of all domains; one frame if this is no terminal", cli_top_prepare, cli_top },
	{ "watch", "DOM", 1, CLI_OPTIONAL, JSON, "tell what changes, of one domain or all", NULL, cli_watch },
	{ "free", "SIZE", 1, CLI_EXACT, JSON | CLI_BIT(OPT_DRY_RUN) | CLI_BIT(OPT_TIMEOUT),
	  "make memory of the host free, from guests that have limits", cli_free_prepare, cli_free },
	{ "reserve", "SIZE", 1, CLI_OPTIONAL, JSON | FORCE | CLI_BIT(OPT_FOR) | CLI_BIT(OPT_TTL) |
	  CLI_BIT(OPT_VCPUS) | CLI_BIT(OPT_MAXMEM),
	  "set memory aside for a domain to come, or show what is", cli_reserve_prepare, cli_reserve },
	{ "release", "NAME", 1, CLI_EXACT, JSON, "end what is set aside for a domain", NULL, cli_release },
	{ "explain", "DOM", 1, CLI_EXACT, JSON, "why a domain has the size that it has", NULL, cli_explain },
	{ "doctor", "", 0, CLI_EXACT, JSON, "what is wrong on this host, and what to do about it", NULL,
	  cli_doctor },
};

const struct cli_exit_info cli_exits[] = {
	{ HB_OK, "done" },
	{ HB_E_INTERNAL, "out of memory, or the output could not be written" },
	{ HB_E_USAGE, "the arguments cannot mean anything" },
	{ HB_E_NO_DOMAIN, "no such domain, or it went away; of release: nothing is set aside" },
	{ HB_E_REFUSED, "it would harm or cannot work; the message says what to do" },
	{ HB_E_HOST, "Xen, xenstore, xl or a file of ours failed, or another tool kept something locked" },
	{ HB_E_PERMISSION, "not root, or not in domain 0 of a running Xen host" },
	{ HB_E_TIMEOUT, "the time is over, and the guest is not there yet" },
	{ HB_E_STUCK, "the guest does not move any more; the message names the cause" },
	{ HB_E_INTERRUPTED, "Ctrl-C during the wait, or while xl was at work" },
	{ HB_E_SUPERSEDED, "somebody else has set another target during the wait" },
};

const size_t cli_nr_exits = sizeof(cli_exits) / sizeof(cli_exits[0]);

const size_t cli_nr_commands = sizeof(cli_commands) / sizeof(cli_commands[0]);

const char *cli_option_form(const struct cli_option_info *option, char text[CLI_FORM_TEXT])
{
	snprintf(text, CLI_FORM_TEXT, "--%s%s%s%s%s", option->name, option->optional ? "[" : "",
		 option->value ? "=" : "", option->value ? option->value : "",
		 option->optional ? "]" : "");
	return text;
}

const char *cli_operands_form(const struct cli_command *command, char text[CLI_FORM_TEXT])
{
	bool optional = command->form == CLI_OPTIONAL;

	snprintf(text, CLI_FORM_TEXT, "%s%s%s%s", *command->operands ? " " : "", optional ? "[" : "",
		 command->operands, optional ? "]" : "");
	return text;
}

const char *cli_rest_form(const struct cli_command *command, char text[CLI_FORM_TEXT])
{
	strcpy(text, command->form == CLI_WITH_XL ? " [-- XL-OPTION...]" : "");
	return text;
}
