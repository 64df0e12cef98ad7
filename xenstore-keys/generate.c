/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * Prints what is made from keys.def: "header" prints include/hotballoon/keys.h,
 * "table" prints the tables of xenstore-keys/README.md, "columns" a line a key, for check:
 * name, writer, reader and permissions between tabs. The compiler reads
 * keys.def, so a row that is not well formed does not build.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct key {
	const char *name, *base, *path, *unit, *format, *writer, *reader;
	const char *permissions, *since, *meaning;
};

struct word {
	const char *name, *word, *meaning;
};

static const struct key keys[] = {
#define HB_KEY(name, base, path, unit, format, writer, reader, permissions, since, meaning) \
	{ #name, #base, path, unit, format, writer, reader, permissions, since, meaning },
#include "keys.def"
};

static const struct word states[] = {
#define HB_STATE(name, word, meaning) { #name, word, meaning },
#include "keys.def"
};

static const struct word causes[] = {
#define HB_CAUSE(name, word, meaning) { #name, word, meaning },
#include "keys.def"
};

static const struct stat {
	const char *name, *word, *unit, *meaning;
} stats[] = {
#define HB_STAT(name, word, unit, meaning) { #name, word, unit, meaning },
#include "keys.def"
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *base_path(const struct key *key)
{
	return strcmp(key->base, "VM") ? "" : "/vm/<uuid>/";
}

static void print_enum(const char *prefix, const char *type, const struct word *words, size_t n)
{
	printf("\nenum %s {\n", type);
	for (size_t i = 0; i < n; i++)
		printf("\tHB_%s_%s,\t/* %s */\n", prefix, words[i].name, words[i].meaning);
	printf("};\n#define HB_%s_COUNT %zu\n", prefix, n);
	printf("/* Initializer of an array of strings, indexed by enum %s. */\n", type);
	printf("#define HB_%s_WORDS { \\\n", prefix);
	for (size_t i = 0; i < n; i++)
		printf("\t[HB_%s_%s] = \"%s\", \\\n", prefix, words[i].name, words[i].word);
	printf("}\n");
}

#define REPORT "REPORT_"

static const char *in_case(const char *text, int change(int c))
{
	static char changed[64];
	size_t i;

	for (i = 0; text[i] && i < sizeof(changed) - 1; i++)
		changed[i] = change((unsigned char)text[i]);
	changed[i] = '\0';
	return changed;
}

/* NUMBER, FLAG, or the name of the list of words; NULL: who reads it names it. */
static const char *kind_of(const struct key *key)
{
	if (!strcmp(key->format, "decimal"))
		return "NUMBER";
	if (!strcmp(key->format, "0 or 1"))
		return "FLAG";
	return strcmp(key->format, "word") ? NULL : key->name + strlen(REPORT);
}

/* All keys of the report of these kinds but the version, which says that there is one. */
static void print_report_rows(void)
{
	printf("\n/*\n * The driver's report but its version, one row a key, for who reads or writes all of it:\n"
	       " * ROW(NAME, field, kind, json), kind being NUMBER (KiB), FLAG or the list of the words,\n"
	       " * json the name of the field in JSON.\n */\n#define HB_REPORT_ROWS(ROW) \\\n");
	for (size_t i = 0; i < COUNT(keys); i++) {
		const char *name = keys[i].name + strlen(REPORT);

		if (strncmp(keys[i].name, REPORT, strlen(REPORT)) || !strcmp(name, "VERSION") ||
		    !kind_of(&keys[i]))
			continue;
		printf("\tROW(%s, %s, %s, ", name, in_case(name, tolower), kind_of(&keys[i]));
		printf("\"%s%s\") \\\n", in_case(name, tolower), strcmp(keys[i].unit, "KiB") ? "" : "_kib");
	}
	printf("\t/* and no more */\n");
}

static void print_columns(void)
{
	for (size_t i = 0; i < COUNT(keys); i++)
		printf("%s\t%s\t%s\t%s\n", keys[i].name, keys[i].writer, keys[i].reader,
		       keys[i].permissions);
}

/* As print_enum(), and which of them are sizes. */
static void print_stats(void)
{
	struct word words[COUNT(stats)];

	for (size_t i = 0; i < COUNT(stats); i++)
		words[i] = (struct word){ stats[i].name, stats[i].word, stats[i].meaning };
	print_enum("STAT", "hb_stat", words, COUNT(words));
	printf("/* The same: is it KiB? */\n#define HB_STAT_IS_KIB { \\\n");
	for (size_t i = 0; i < COUNT(stats); i++)
		printf("\t[HB_STAT_%s] = %d, \\\n", stats[i].name, !strcmp(stats[i].unit, "KiB"));
	printf("}\n");
}

static void print_header(void)
{
	printf("/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */\n"
	       "/*\n * The xenstore contract as C, for the kernel and for user space.\n"
	       " * Made from xenstore-keys/keys.def by xenstore-keys/check --update; change that file.\n */\n"
	       "#ifndef HOTBALLOON_KEYS_H\n#define HOTBALLOON_KEYS_H\n\n"
	       "/* What the driver writes to HB_KEY_REPORT_VERSION. */\n"
	       "#define HB_REPORT_VERSION 1\n"
	       "/* The driver's directory, which holds every HB_KEY_REPORT_ key. */\n"
	       "#define HB_KEY_REPORT_DIR \"data/hotballoon\"\n"
	       "/* The host's directory, which holds the target and the maxima. */\n"
	       "#define HB_KEY_MEMORY_DIR \"memory\"\n\n"
	       "/* printf format of the directory that the keys are relative to; %%u is the domid. */\n"
	       "#define HB_DIR_DOMAIN \"/local/domain/%%u\"\n"
	       "/* printf format of the directory that HB_KEY_VM_MEMORY is relative to; %%s is the uuid. */\n"
	       "#define HB_DIR_VM \"/vm/%%s\"\n");
	for (size_t i = 0; i < COUNT(keys); i++) {
		printf("\n/* %s%s; unit %s; %s; written by %s, read by %s:\n * %s. */\n",
		       base_path(&keys[i]), keys[i].path, keys[i].unit, keys[i].format,
		       keys[i].writer, keys[i].reader, keys[i].meaning);
		printf("#define HB_KEY_%s \"%s\"\n", keys[i].name, keys[i].path);
	}
	print_report_rows();
	print_enum("STATE", "hb_state", states, COUNT(states));
	print_enum("CAUSE", "hb_cause", causes, COUNT(causes));
	print_stats();
	printf("\n#endif\n");
}

static void print_words(const char *title, const struct word *words, size_t n)
{
	printf("\n| %s | meaning |\n| --- | --- |\n", title);
	for (size_t i = 0; i < n; i++)
		printf("| `%s` | %s |\n", words[i].word, words[i].meaning);
}

static void print_table(void)
{
	printf("| key | unit | format | writer | reader | permissions | since | meaning |\n"
	       "| --- | --- | --- | --- | --- | --- | --- | --- |\n");
	for (size_t i = 0; i < COUNT(keys); i++)
		printf("| `%s%s` | %s | %s | %s | %s | %s | %s | %s |\n",
		       base_path(&keys[i]), keys[i].path, keys[i].unit, keys[i].format,
		       keys[i].writer, keys[i].reader, keys[i].permissions, keys[i].since,
		       keys[i].meaning);
	print_words("state", states, COUNT(states));
	print_words("cause", causes, COUNT(causes));
	printf("\n| word of stats | unit | meaning |\n| --- | --- | --- |\n");
	for (size_t i = 0; i < COUNT(stats); i++)
		printf("| `%s` | %s | %s |\n", stats[i].word, stats[i].unit, stats[i].meaning);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "header"))
		print_header();
	else if (argc == 2 && !strcmp(argv[1], "table"))
		print_table();
	else if (argc == 2 && !strcmp(argv[1], "columns"))
		print_columns();
	else
		return 2;
	return 0;
}
