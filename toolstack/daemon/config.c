/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

/* The longest line that inih takes, its end included (INI_MAX_LINE is 200). */
#define LINE_MAX_TEXT 197

enum kind { FLAG, PRESET, SIZE, SECONDS, PATH };

static const struct option {
	const char *section, *name;
	enum kind kind;
	size_t member;
	unsigned int least, most;
	const char *text, *doc;
} options[CONFIG_COUNT] = {
#define ROW(NAME, section, name, kind, member, least, most, text, doc) \
	[CONFIG_##NAME] = { section, name, kind, offsetof(struct config, member), least, most, text, doc },
	CONFIG_OPTIONS(ROW)
#undef ROW
};

/* ------------------------------------------------------------------- kinds */

static bool parse_flag(const struct option *option, const char *text, void *to)
{
	bool yes = !strcmp(text, "yes");

	(void)option;
	*(bool *)to = yes;
	return yes || !strcmp(text, "no");
}

static bool parse_preset(const struct option *option, const char *text, void *to)
{
	(void)option;
	for (int i = 0; i < HB_PRESET_COUNT; i++) {
		if (strcmp(text, hb_preset_name(i)))
			continue;
		*(enum hb_preset *)to = i;
		return true;
	}
	return false;
}

static bool parse_size(const struct option *option, const char *text, void *to)
{
	struct hb_error error;
	struct hb_size size;

	(void)option;
	*(struct hb_number *)to = (struct hb_number){ HB_ABSENT, 0 };
	if (!strcmp(text, "auto"))
		return true;
	if (hb_size_parse(text, &size, &error) || size.kind != HB_SIZE_ABSOLUTE)
		return false;
	*(struct hb_number *)to = (struct hb_number){ HB_PRESENT, size.amount };
	return true;
}

/* Digits only. */
static bool parse_seconds(const struct option *option, const char *text, void *to)
{
	unsigned long number = 0;

	for (const char *c = text; *c; c++) {
		if (*c < '0' || *c > '9' || c - text > 8)
			return false;
		number = number * 10 + (*c - '0');
	}
	*(unsigned int *)to = number;
	return *text && number >= option->least && number <= option->most;
}

/* node_exporter reads no file with another end, and so never one that is half-written. */
#define TEXTFILE_END ".prom"

static bool parse_path(const struct option *option, const char *text, void *to)
{
	const size_t length = strlen(text);
	char *path = to;

	(void)option;
	path[0] = '\0';
	if (!strcmp(text, "off"))
		return true;
	if (text[0] != '/' || length >= CONFIG_FILE_TEXT || length <= strlen(TEXTFILE_END) ||
	    strcmp(text + length - strlen(TEXTFILE_END), TEXTFILE_END))
		return false;
	strcpy(path, text);
	return true;
}

#define VALUE_TEXT CONFIG_FILE_TEXT

static void print_flag(const void *from, char text[VALUE_TEXT])
{
	snprintf(text, VALUE_TEXT, "%s", *(const bool *)from ? "yes" : "no");
}

static void print_preset(const void *from, char text[VALUE_TEXT])
{
	snprintf(text, VALUE_TEXT, "%s", hb_preset_name(*(const enum hb_preset *)from));
}

static void print_size(const void *from, char text[VALUE_TEXT])
{
	const struct hb_number *number = from;
	char size[HB_SIZE_TEXT];

	snprintf(text, VALUE_TEXT, "%s",
		 number->presence == HB_PRESENT ? hb_size_format(number->value, size) : "auto");
}

static void print_seconds(const void *from, char text[VALUE_TEXT])
{
	snprintf(text, VALUE_TEXT, "%u", *(const unsigned int *)from);
}

static void print_path(const void *from, char text[VALUE_TEXT])
{
	const char *path = from;

	snprintf(text, VALUE_TEXT, "%s", *path ? path : "off");
}

static const struct {
	bool (*parse)(const struct option *option, const char *text, void *to);
	void (*print)(const void *from, char text[VALUE_TEXT]);
	const char *what;		/* what a value can be */
} kinds[] = {
	[FLAG] = { parse_flag, print_flag, "yes or no" },
	[PRESET] = { parse_preset, print_preset, "demand, proportional or shares" },
	[SIZE] = { parse_size, print_size, "auto, or a size such as 256M" },
	[SECONDS] = { parse_seconds, print_seconds, "whole seconds" },
	[PATH] = { parse_path, print_path, "off, or an absolute path that ends in " TEXTFILE_END },
};

#define WHAT_TEXT 64

/* What the option can be, with its range; returns text. */
static const char *what_of(const struct option *option, char text[WHAT_TEXT])
{
	if (option->most)
		snprintf(text, WHAT_TEXT, "%s, %u to %u", kinds[option->kind].what, option->least,
			 option->most);
	else
		snprintf(text, WHAT_TEXT, "%s", kinds[option->kind].what);
	return text;
}

static void *member_of(struct config *config, const struct option *option)
{
	return (char *)config + option->member;
}

void config_defaults(struct config *config)
{
	memset(config, 0, sizeof(*config));
	for (int i = 0; i < CONFIG_COUNT; i++)
		kinds[options[i].kind].parse(&options[i], options[i].text, member_of(config, &options[i]));
}

/* ------------------------------------------------------------------- a file */

struct parser {
	struct config *config;
	const char *name;
	FILE *file;
	config_complain_fn *complain;
	void *argument;
	unsigned int line;		/* that was read last */
	unsigned int seen[CONFIG_COUNT];	/* in this file, in that line; 0: not yet */
	bool wrong;
};

static void wrong_line(struct parser *parser, unsigned int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void wrong_line(struct parser *parser, unsigned int line, const char *format, ...)
{
	char what[512], text[CONFIG_FILE_TEXT + sizeof(what)];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	snprintf(text, sizeof(text), "%s:%u: %s", parser->name, line, what);
	parser->complain(hb_text_clean(text), parser->argument);
	parser->wrong = true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/*
 * A line for inih: without blanks in front, which would make it a part of the one before,
 * and none that it would cut.
 */
static char *read_line(char *to, int room, void *argument)
{
	struct parser *parser = argument;
	char *line = NULL, *start;
	size_t size = 0;
	ssize_t length = getline(&line, &size, parser->file);

	if (length < 0) {
		free(line);
		return NULL;
	}
	parser->line++;
	for (start = line; is_blank(*start);)
		start++;
	if (strlen(line) != (size_t)length)
		wrong_line(parser, parser->line, "there is a zero byte in the line: it is no text");
	else if (strlen(start) > LINE_MAX_TEXT || strlen(start) >= (size_t)room)
		wrong_line(parser, parser->line, "the line is longer than %d bytes: shorten it",
			   LINE_MAX_TEXT - 1);
	else
		memcpy(to, start, strlen(start) + 1);
	if (strlen(line) != (size_t)length || strlen(start) > LINE_MAX_TEXT || strlen(start) >= (size_t)room)
		strcpy(to, "\n");
	free(line);
	return to;
}

static const struct option *find(const char *section, const char *name)
{
	for (int i = 0; i < CONFIG_COUNT; i++) {
		if (!strcmp(options[i].section, section) && !strcmp(options[i].name, name))
			return &options[i];
	}
	return NULL;
}

/* Their names, of that section, or "section: name" of all; returns text. */
static const char *names_of(const char *section, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (int i = 0; i < CONFIG_COUNT && used < size; i++) {
		if (section && strcmp(options[i].section, section))
			continue;
		/* A section once. */
		if (!section && i && !strcmp(options[i].section, options[i - 1].section))
			continue;
		used += snprintf(text + used, size - used, "%s%s%s%s", used ? ", " : "",
				 section ? "" : "[", section ? options[i].name : options[i].section,
				 section ? "" : "]");
	}
	return text;
}

static void refuse_name(struct parser *parser, const char *section, const char *name)
{
	char names[256];

	if (!*section)
		wrong_line(parser, parser->line, "\"%s\" stands in no section: put it behind a line \"[balance]\" or the like",
			   name);
	else if (*names_of(section, names, sizeof(names)))
		wrong_line(parser, parser->line, "[%s] has no option \"%s\": it has %s", section, name, names);
	else
		wrong_line(parser, parser->line, "there is no section [%s]: there are %s", section,
			   names_of(NULL, names, sizeof(names)));
}

static int take(void *argument, const char *section, const char *name, const char *value)
{
	struct parser *parser = argument;
	const struct option *option = find(section, name);
	unsigned int *seen;
	char what[WHAT_TEXT];

	if (!option) {
		refuse_name(parser, section, name);
		return 1;
	}
	seen = &parser->seen[option - options];
	if (*seen)
		wrong_line(parser, parser->line, "%s is set a second time, after line %u: keep one of them",
			   name, *seen);
	*seen = parser->line;
	if (!kinds[option->kind].parse(option, value, member_of(parser->config, option)))
		wrong_line(parser, parser->line, "%s cannot be \"%s\": it is %s", name, value,
			   what_of(option, what));
	parser->config->from[option - options].line = parser->line;
	snprintf(parser->config->from[option - options].file, CONFIG_FILE_TEXT, "%s", parser->name);
	return 1;
}

bool config_parse(struct config *config, const char *name, FILE *file,
		  config_complain_fn *complain, void *argument)
{
	struct parser parser = {
		.config = config, .name = name, .file = file,
		.complain = complain, .argument = argument,
	};
	int line = ini_parse_stream(read_line, &parser, take, &parser);

	if (line)
		wrong_line(&parser, line > 0 ? line : 0,
			   "this is neither a [section] nor \"option = value\": mend the line, or put # before it");
	if (ferror(file))
		wrong_line(&parser, parser.line, "the rest of the file cannot be read");
	return !parser.wrong;
}

/* ---------------------------------------------------------------- in words */

void config_print(const struct config *config, FILE *out)
{
	char text[VALUE_TEXT];

	for (int i = 0; i < CONFIG_COUNT; i++) {
		const struct option *option = &options[i];

		if (!i || strcmp(option->section, options[i - 1].section))
			fprintf(out, "%s[%s]\n", i ? "\n" : "", option->section);
		kinds[option->kind].print((const char *)config + option->member, text);
		if (config->from[i].line)
			fprintf(out, "# %s:%u\n", config->from[i].file, config->from[i].line);
		fprintf(out, "%s = %s\n", option->name, text);
	}
}

void config_print_manual(FILE *out)
{
	char what[WHAT_TEXT];

	fprintf(out, "| option | meaning |\n| --- | --- |\n");
	for (int i = 0; i < CONFIG_COUNT; i++)
		fprintf(out, "| `[%s]` `%s` | %s. It is %s; `%s` by default |\n", options[i].section,
			options[i].name, options[i].doc, what_of(&options[i], what), options[i].text);
}

/* text in lines of a comment. */
static void print_comment(const char *text, FILE *out)
{
	const int width = 78;

	while (*text) {
		int length = strlen(text);

		if (length > width) {
			for (length = width; length > 1 && text[length] != ' ';)
				length--;
		}
		fprintf(out, "# %.*s\n", length, text);
		text += length + (text[length] == ' ');
	}
}

void config_print_example(FILE *out)
{
	char what[WHAT_TEXT];

	fprintf(out, "# Configuration of hotballoond(8): what stands here is what holds anyway. After a change:\n"
		"# \"hotballoond --check\", then \"systemctl reload hotballoond\".\n");
	for (int i = 0; i < CONFIG_COUNT; i++) {
		const struct option *option = &options[i];

		if (!i || strcmp(option->section, options[i - 1].section))
			fprintf(out, "\n[%s]\n", option->section);
		fprintf(out, "\n");
		print_comment(option->doc, out);
		fprintf(out, "# (%s)\n#%s = %s\n", what_of(option, what), option->name, option->text);
	}
}
