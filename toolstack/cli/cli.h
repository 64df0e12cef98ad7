/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hotballoon command: table.c says what commands and options there are,
 * arguments.c reads them, nearest.c guesses what was meant by one that there is not,
 * help.c prints help, cli.c runs the command. Each command has a file, json.c turns
 * the library's structs into JSON. Results go to out, errors and progress to err; with
 * --json errors go to out as JSON, too.
 */
#ifndef HB_CLI_H
#define HB_CLI_H

#include <stdio.h>
#include <termios.h>

#include <json-c/json.h>

#include "balance.h"
#include "results.h"

/* What to do about an error, for whom uses this command; returns text, which is not empty. */
#define CLI_REMEDY_TEXT 768
const char *cli_remedy(const struct hb_error *error, char text[CLI_REMEDY_TEXT]);
const char *cli_finding_remedy(const struct hb_finding *finding, char text[CLI_REMEDY_TEXT]);
/* Is there a row for it? */
bool cli_has_remedy(enum hb_reason reason);
bool cli_has_finding_remedy(enum hb_finding_kind kind);

enum cli_option {
	OPT_JSON, OPT_WAIT, OPT_KEEP_TARGET, OPT_FORCE, OPT_TIMEOUT, OPT_MIN, OPT_MAX, OPT_WEIGHT, OPT_AUTO, OPT_OFF,
	OPT_RESET, OPT_FORGET, OPT_HEADROOM, OPT_DRY_RUN, OPT_FOR, OPT_TTL, OPT_VCPUS, OPT_MAXMEM, OPT_HOST, OPT_SORT,
	OPT_INTERVAL, OPT_LAST, OPT_PLOT, OPT_HELP, OPT_VERSION, OPT_COUNT
};

#define CLI_BIT(option) (1U << (option))
/* Options that ask for nothing by themselves. */
#define CLI_BESIDE (CLI_BIT(OPT_JSON) | CLI_BIT(OPT_DRY_RUN))
#define CLI_OPERANDS_MAX 2

/* What stands in the arguments beside options, and what could not be read. */
struct cli_words {
	const char **list;	/* the command and its operands; to be released by free() */
	int count;
	const char *wrong;	/* the first that is no option and looks like one, or NULL */
	int wrong_option;	/* the enum cli_option that it nearly is, or -1 */
	int time_at;		/* which of list stands behind "--wait" as its value might, or -1 */
	enum cli_option time_of;
};

struct cli {
	FILE *out, *err;
	const struct cli_command *command;
	struct cli_words words;
	unsigned int given;			/* CLI_BIT() of each option */
	const char *values[OPT_COUNT];		/* NULL if the option has none */
	const char **doms;			/* in words: the first operand, of which there can be several */
	int nr_doms;
	const char *operands[CLI_OPERANDS_MAX];	/* the first one is that of doms which is next */
	char **rest;				/* what follows "--", of commands that take that */
	int nr_rest;
	struct hb_size size;			/* the operand SIZE */
	unsigned int timeout_s;			/* 0: none; of top: between two frames */
	struct hb_limits_change change;		/* of limits */
	unsigned long vcpus;			/* of reserve; 0: not given */
	uint64_t maxmem_kib, headroom_kib;
	struct hb_number host_reserve;
	struct hb *hb;
	struct hb_error error;
	int status;		/* the exit code if nothing failed */
	struct json_object *array;	/* what JSON goes into, of several doms; else NULL */
	bool reported;		/* the error is part of the JSON already */
	bool told;		/* all that failed has been told */
	bool progressed;	/* a line of progress stands on the terminal */
};

/* An error of the command's own: fills cli->error and returns its code. */
enum hb_code cli_fail(struct cli *cli, enum hb_reason reason, const char *remedy,
		      const char *format, ...) __attribute__((format(printf, 4, 5)));

typedef enum hb_code cli_run_fn(struct cli *cli);

/* Of the operands; 0: all of them, once. */
enum cli_form {
	CLI_OPTIONAL = 1,	/* or none */
	CLI_REPEATED = 2,	/* the first of them several times: the command runs for each */
	CLI_TOGETHER = 4,	/* and once for all of them */
	CLI_BLOCKS = 8,	/* what is printed of each is several lines: with an empty one between */
	CLI_WITH_XL = 16,	/* and "--" with options for xl behind it */
};

struct cli_command {
	const char *name, *operands;	/* operands: as the help shows them, or "" */
	int nr_operands;
	unsigned int form;		/* of enum cli_form */
	unsigned int options;		/* CLI_BIT() of those that it takes, besides --help */
	const char *what;		/* one line */
	cli_run_fn *prepare;		/* reads the values, before a host is needed; may be NULL */
	cli_run_fn *run;		/* NULL: that was all */
};

struct cli_option_info {
	const char *name;
	char letter;			/* of its short form; 0: it has none */
	const char *value;		/* as the help shows it; NULL: takes none */
	bool optional;			/* the value */
	const char *what;
	const char *words;		/* what the value can be, if that is one of some; or NULL */
};

/* Of doctor alone: nothing failed, and that is what has been found. */
#define CLI_EXIT_WARNING 11
#define CLI_EXIT_FAULT 12

struct cli_exit_info {
	int code;
	const char *name;		/* NULL: that of hb_code_name() */
	const char *what;
};

/* All in the order of the help. Manual and completion are made from these, too. */
extern const struct cli_command cli_commands[];
extern const size_t cli_nr_commands;
extern const struct cli_option_info cli_options[OPT_COUNT];
extern const struct cli_exit_info cli_exits[];
extern const size_t cli_nr_exits;
/* Of doctor alone. */
#define CLI_DOCTOR_EXITS 2
extern const struct cli_exit_info cli_doctor_exits[CLI_DOCTOR_EXITS];
const char *cli_exit_name(const struct cli_exit_info *info);

/* "--wait[=SECONDS]", "-h, --help"; returns text. */
#define CLI_FORM_TEXT 40
const char *cli_option_form(const struct cli_option_info *option, char text[CLI_FORM_TEXT]);
/* " DOM... SIZE", in brackets if they can be left out, or ""; returns text. */
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

/* Prints cli->error as the command ends with it: to err, or as JSON. */
void cli_print_error(struct cli *cli);
/* The same for a command that there is not, with the one that was likely meant. */
enum hb_code cli_usage_command(struct cli *cli, const char *name);

/* NULL if there is none of that name. */
const struct cli_command *cli_find_command(const char *name);
/* What the arguments say, into cli; cli->words is to be released whatever it returns. */
enum hb_code cli_read_arguments(struct cli *cli, int argc, char **argv);
/* Does that make a command? Not asked of who asks for help. */
enum hb_code cli_check_arguments(struct cli *cli);

/* --help and --version need neither a complete command nor a host; false: neither is given. */
bool cli_answer_help(struct cli *cli);

/* The command that was likely meant, also by who knows other tools; NULL: none. */
const char *cli_nearest_command(const char *word);
/* The name of the option of those that was likely meant by "--word"; NULL: none. */
const char *cli_nearest_option(const char *word, unsigned int options);

/* Commands: on failure they leave the reason in cli->error. */
cli_run_fn cli_help_prepare, cli_list, cli_show, cli_set_prepare, cli_set, cli_max_prepare, cli_max,
	   cli_wait_prepare, cli_wait, cli_limits_prepare, cli_limits, cli_explain, cli_doctor,
	   cli_free_prepare, cli_free, cli_free_account, cli_reserve_prepare, cli_reserve, cli_release,
	   cli_watch, cli_top_prepare, cli_top, cli_save, cli_migrate, cli_create_prepare, cli_create, cli_metrics,
	   cli_history;

/*
 * Ask hotballoond: parameters are released; *reply is what it says, an object, to be released
 * by json_object_put().
 */
enum hb_code cli_ask_daemon(struct cli *cli, const char *method, struct json_object *parameters,
			    struct json_object **reply);

/* The same for what is only good to know: a second is waited at most, and no error is left. */
struct json_object *cli_ask_briefly(struct cli *cli, const char *method);

/* Does hotballoond run, and size guests? No error if not. */
bool cli_is_balanced(struct cli *cli);

/* hb_find(), with what else could have been meant. */
enum hb_code cli_find_domid(struct cli *cli, const char *dom, uint32_t *domid);
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
/*
 * What people call the target of a domain, everywhere in text: its size, video memory
 * included. JSON has the value of the key as well.
 */
struct hb_number cli_size(const struct hb_domain *domain);

/* Whole MiB, in tenths below 10M: sizes that stand below each other. Returns text. */
const char *cli_column_size(uint64_t kib, char text[HB_SIZE_TEXT]);
/* The same of a number, with what is in its place: "-", "invalid" or "none" for no limit. */
const char *cli_column_number(const struct hb_number *number, char text[HB_SIZE_TEXT]);

/* How many columns of a terminal text takes, which is UTF-8. */
unsigned int cli_width(const char *text);
/*
 * Prints text in width columns: filled with blanks, or cut with a sign for that at its end;
 * one that is negative fills at the left, as printf() has it.
 */
void cli_print_cell(FILE *out, const char *text, int width);
/* Of the terminal that out is; 0: it is none. */
unsigned int cli_terminal_width(FILE *out);

struct cli_column {
	const char *head;
	bool right;		/* as numbers stand */
	bool cut;		/* where a terminal is too narrow for all */
};

struct cli_table;

/* NULL: out of memory, which the functions below are content with. */
struct cli_table *cli_table_new(const struct cli_column *columns, size_t nr_columns);
/* cells: one for each column; they are copied. */
void cli_table_add(struct cli_table *table, const char *const cells[]);
/*
 * Prints it and releases it. Columns are as wide as what they hold, and one blank apart
 * instead of two if the terminal, or 80 columns, have no more room. On a terminal that is
 * too narrow even so, one is cut.
 */
enum hb_code cli_table_print(struct cli *cli, struct cli_table *table);

/* Limits of all domains, read once. */
struct cli_limits {
	struct hb_limits_entry **list;	/* to be released by hb_limits_list_free() */
	size_t count;
	struct hb_error error;		/* why they are not known, or HB_OK */
	struct hb_error damage;		/* which lines of the file count for nothing, or HB_OK */
};

/* Never fails: a table is shown without them, and says why. */
void cli_read_limits(struct cli *cli, struct cli_limits *limits);
/* Those of domain; what cannot be read is off, as hotballoond has it. */
void cli_find_limits(const struct cli_limits *limits, const struct hb_domain *domain,
		     struct hb_limits *found);
/* The same of count domains that are looked at, and who of them has another's uuid (twin.h). False: no memory. */
bool cli_look_at_limits(const struct cli_limits *limits, struct hb_look *looks, size_t count);
/* A line about what of them is not known, if there is such. */
void cli_print_damage(struct cli *cli, const struct cli_limits *limits);
/* Who decides about its size: "auto", "pinned", "manual" or "off"; "-": nobody can. */
const char *cli_mode(const struct hb_domain *domain, const struct hb_limits *limits);
/* What "limits" does without a domain; and with a uuid, also of a domain that is not there. */
cli_run_fn cli_limits_all, cli_limits_of_uuid;
bool cli_is_uuid(const char *text);
/* What it does with one that is there; domain is what it is afterwards. */
enum hb_code cli_limits_of(struct cli *cli, struct hb_domain *domain);
/* why_not: why managers leave it alone, or NULL. */
void cli_print_kept(struct cli *cli, const struct hb_domain *domain, const struct hb_limits *limits,
		    const char *why_not);
/* Why it is short, or why nobody knows: "no report" and the like, or whom it serves. */
const char *cli_cause(const struct hb_domain *domain);

/* A list of words of JSON, see words.c. */
struct cli_word_list {
	const char *object, *name;	/* of the schema; name "": the names of the object itself */
	int count;
	const char *(*word)(int row);
	int first;			/* JSON has no word for those before it */
	bool whole;			/* the schema has no others */
};

extern const struct cli_word_list cli_word_lists[];
extern const size_t cli_nr_word_lists;

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

/* "Nothing was changed.", behind what would be, for --dry-run. */
void cli_print_dry_run(struct cli *cli);

/* cli_show_progress() and cli_interrupted(); for hb_set_progress(). */
hb_progress_fn cli_on_progress;

/* out is a terminal, and NO_COLOR is not set. */
bool cli_has_colours(const struct cli *cli);
/* "\033[31m" and so on around text, if it has colours. */
const char *cli_colour(const struct cli *cli, enum hb_severity severity);
const char *cli_plain(const struct cli *cli);

/* Prints and releases object: readable, or as one line. With several doms it goes to cli->array. */
void cli_print_json(struct cli *cli, struct json_object *object);
void cli_print_json_line(struct cli *cli, struct json_object *object);
void cli_print_array(struct cli *cli);
/* NULL, which is null, if it has none. */
struct json_object *cli_json_name(const struct hb_domain *domain);
struct json_object *cli_json_domain(const struct hb_domain *domain);
struct json_object *cli_json_host(const struct hb_host_memory *host);
struct json_object *cli_json_error(const struct hb_error *error);
/* Without what xl did. */
struct json_object *cli_json_still(const struct hb_still_result *result);
struct json_object *cli_json_set(const struct hb_set_result *result);
struct json_object *cli_json_limits(const struct hb_domain *domain, const struct hb_limits *limits);
/* domain: NULL if it is not there; why: why managers may not size it, or NULL. */
struct json_object *cli_json_kept(const struct hb_limits_entry *entry, const struct hb_domain *domain,
				  bool automatic, const char *why);
struct json_object *cli_json_findings(const struct hb_findings *findings);
struct json_object *cli_json_explanation(const struct hb_explanation *explanation);

#endif
