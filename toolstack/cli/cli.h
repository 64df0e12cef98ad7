/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hotballoon command: table.c says what commands and options there are,
 * cli.c reads the arguments, each command has a file, json.c turns the library's
 * structs into JSON. Results go to out, errors and progress to err; with --json
 * errors go to out as JSON, too.
 */
#ifndef HB_CLI_H
#define HB_CLI_H

#include <stdio.h>
#include <termios.h>

#include <json-c/json.h>

#include <hotballoon.h>

enum cli_option {
	OPT_JSON, OPT_WAIT, OPT_FORCE, OPT_TIMEOUT, OPT_MIN, OPT_MAX, OPT_WEIGHT, OPT_AUTO, OPT_OFF,
	OPT_RESET, OPT_FORGET, OPT_DRY_RUN, OPT_FOR, OPT_TTL, OPT_VCPUS, OPT_MAXMEM, OPT_SORT,
	OPT_INTERVAL, OPT_HELP, OPT_VERSION, OPT_COUNT
};

#define CLI_BIT(option) (1U << (option))
#define CLI_OPERANDS_MAX 2

struct cli {
	FILE *out, *err;
	const struct cli_command *command;
	unsigned int given;			/* CLI_BIT() of each option */
	const char *values[OPT_COUNT];		/* NULL if the option has none */
	const char *operands[CLI_OPERANDS_MAX];
	char **rest;				/* what follows "--", of commands that take that */
	int nr_rest;
	struct hb_size size;			/* the operand SIZE */
	unsigned int timeout_s;			/* 0: none; of top: between two frames */
	struct hb_limits_change change;		/* of limits */
	unsigned long vcpus;			/* of reserve; 0: not given */
	uint64_t maxmem_kib;
	struct hb *hb;
	struct hb_error error;
	bool reported;		/* the error is part of the JSON already */
	bool progressed;	/* a line of progress stands on the terminal */
};

typedef enum hb_code cli_run_fn(struct cli *cli);

enum cli_form {
	CLI_EXACT,		/* all the operands */
	CLI_OPTIONAL,		/* or none */
	CLI_WITH_XL,		/* all, and "--" with options for xl behind it */
};

struct cli_command {
	const char *name, *operands;	/* operands: as the help shows them, or "" */
	int nr_operands;
	enum cli_form form;
	unsigned int options;		/* CLI_BIT() of those that it takes, besides --help */
	const char *what;		/* one line */
	cli_run_fn *prepare;		/* reads the values, before a host is needed; may be NULL */
	cli_run_fn *run;
};

struct cli_option_info {
	const char *name;
	const char *value;		/* as the help shows it; NULL: takes none */
	bool optional;			/* the value */
	const char *what;
};

struct cli_exit_info {
	enum hb_code code;		/* its name is hb_code_name() */
	const char *what;
};

/* All in the order of the help. Manual and completion are made from these, too. */
extern const struct cli_command cli_commands[];
extern const size_t cli_nr_commands;
extern const struct cli_option_info cli_options[OPT_COUNT];
extern const struct cli_exit_info cli_exits[];
extern const size_t cli_nr_exits;

/* "--wait[=SECONDS]"; returns text. */
#define CLI_FORM_TEXT 40
const char *cli_option_form(const struct cli_option_info *option, char text[CLI_FORM_TEXT]);
/* " DOM SIZE", in brackets if they can be left out, or ""; returns text. */
const char *cli_operands_form(const struct cli_command *command, char text[CLI_FORM_TEXT]);
/* " [-- XL-OPTION...]" or ""; returns text. */
const char *cli_rest_form(const struct cli_command *command, char text[CLI_FORM_TEXT]);

typedef enum hb_code cli_open_fn(struct hb **hb, struct hb_error *error);

/* The whole command; returns the exit code. open gives the host to work on. */
int cli_main(int argc, char **argv, cli_open_fn *open, FILE *out, FILE *err);

static inline bool cli_has(const struct cli *cli, enum cli_option option)
{
	return cli->given & CLI_BIT(option);
}

/* HB_E_USAGE; what is a format with one %s. */
enum hb_code cli_usage(struct cli *cli, const char *what, const char *value);

/* Commands: on failure they leave the reason in cli->error. */
cli_run_fn cli_list, cli_show, cli_set_prepare, cli_set, cli_max_prepare, cli_max,
	   cli_wait_prepare, cli_wait, cli_limits_prepare, cli_limits, cli_explain, cli_doctor,
	   cli_free_prepare, cli_free, cli_reserve_prepare, cli_reserve, cli_release,
	   cli_watch, cli_top_prepare, cli_top, cli_save, cli_migrate;

/* The domain that operands[0] names. */
enum hb_code cli_find(struct cli *cli, struct hb_domain *domain);
/* An absolute size; HB_E_USAGE for anything else. */
enum hb_code cli_parse_absolute(struct cli *cli, const char *text, uint64_t *kib);
/* The whole seconds of --wait or --timeout, 1 to a week. */
enum hb_code cli_parse_seconds(struct cli *cli, enum cli_option option);
/* A whole number of 1 to max. */
bool cli_parse_number(const char *text, unsigned long max, unsigned long *number);

/* "guest1", or "domain 7" if it has no name; text is the buffer. */
#define CLI_WHO_TEXT 24
const char *cli_who(const struct hb_domain *domain, char text[CLI_WHO_TEXT]);
/* Text of a size or of what is in its place: "-" or "invalid". Returns text. */
const char *cli_number(const struct hb_number *number, char text[HB_SIZE_TEXT]);

/* Draws one line of progress to err, if that is a terminal. */
void cli_show_progress(struct cli *cli, const struct hb_progress *progress);
/* Takes it away. */
void cli_clear_progress(struct cli *cli);

/*
 * Ctrl-C and SIGTERM end waits, and not the process, from cli_begin_wait() to
 * cli_end_wait(), which takes the line of progress away. Not nested.
 */
void cli_begin_wait(void);
/*
 * The second Ctrl-C ends the process. Until it is called again with NULL, the terminal
 * gets end first, a constant, on fd, and is set to *before.
 */
void cli_guard_screen(int fd, const struct termios *before, const char *end);
void cli_end_wait(struct cli *cli);
bool cli_interrupted(void);

/* cli_show_progress() and cli_interrupted(); for hb_set_progress(). */
hb_progress_fn cli_on_progress;

/* "\033[31m" and so on around text, if out is a terminal and NO_COLOR is not set. */
const char *cli_colour(const struct cli *cli, enum hb_severity severity);
const char *cli_plain(const struct cli *cli);

/* Prints and releases object: readable, or as one line. */
void cli_print_json(struct cli *cli, struct json_object *object);
void cli_print_json_line(struct cli *cli, struct json_object *object);
/* NULL, which is null, if it has none. */
struct json_object *cli_json_name(const struct hb_domain *domain);
struct json_object *cli_json_domain(const struct hb_domain *domain);
struct json_object *cli_json_host(const struct hb_host_memory *host);
struct json_object *cli_json_error(const struct hb_error *error);
/* Without what xl did. */
struct json_object *cli_json_still(const struct hb_still_result *result);
struct json_object *cli_json_set(const struct hb_set_result *result);
struct json_object *cli_json_limits(const struct hb_domain *domain, const struct hb_limits *limits);
struct json_object *cli_json_findings(const struct hb_findings *findings);
struct json_object *cli_json_explanation(const struct hb_explanation *explanation);

#endif
