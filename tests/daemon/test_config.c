/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration of hotballoond: what is taken, and how what is not is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config.h"

static struct config config;
static char said[4096];		/* each complaint a line */

static void complain(const char *text, void *argument)
{
	size_t used = strlen(said);

	(void)argument;
	snprintf(said + used, sizeof(said) - used, "%s\n", text);
}

static bool parse_bytes(const char *text, size_t length)
{
	FILE *file = fmemopen((void *)text, length, "r");
	bool good;

	assert_non_null(file);
	said[0] = '\0';
	config_defaults(&config);
	good = config_parse(&config, "x.conf", file, complain, NULL);
	fclose(file);
	return good;
}

static bool parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

static void test_defaults(void **state)
{
	(void)state;
	config_defaults(&config);
	assert_int_equal(config.preset, HB_PRESET_DEMAND);
	assert_false(config.surplus || config.domain_0 || config.dry_run || config.verbose);
	assert_int_equal(config.pool.presence, HB_ABSENT);
	assert_int_equal(config.look_s, 30);
	assert_string_equal(config.textfile, "");
	assert_int_equal(config.from[CONFIG_POOL].line, 0);
}

static void test_taken(void **state)
{
	(void)state;
	assert_true(parse("# a comment\n[balance]\npreset = shares\r\n  surplus=yes ; why not\n"
			  "\tpool: 256M\nlook = 3600\n; another\n\n[log]\nverbose = yes\n[balance]\ndomain-0 = yes\n"
			  "[socket]\neverybody = yes\n[metrics]\ntextfile = /a b/h.prom\n"));
	assert_string_equal(said, "");
	assert_int_equal(config.preset, HB_PRESET_SHARES);
	assert_true(config.surplus && config.verbose && config.domain_0 && config.everybody);
	assert_int_equal(config.pool.value, 256 * 1024);
	assert_int_equal(config.look_s, 3600);
	assert_string_equal(config.textfile, "/a b/h.prom");
	assert_int_equal(config.from[CONFIG_SURPLUS].line, 4);
	assert_string_equal(config.from[CONFIG_SURPLUS].file, "x.conf");
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *said;
	} rows[] = {
		{ "[balance]\npreset = fair\n",
		  "x.conf:2: preset cannot be \"fair\": it is demand, proportional or shares\n" },
		{ "[balance]\nsurplus = true\n", "x.conf:2: surplus cannot be \"true\": it is yes or no\n" },
		{ "[balance]\nsurplus =\n", "x.conf:2: surplus cannot be \"\": it is yes or no\n" },
		{ "[balance]\npool = 256\n",
		  "x.conf:2: pool cannot be \"256\": it is auto, or a size such as 256M\n" },
		{ "[balance]\npool = +1G\n",
		  "x.conf:2: pool cannot be \"+1G\": it is auto, or a size such as 256M\n" },
		{ "[balance]\nlook = 0\n", "x.conf:2: look cannot be \"0\": it is whole seconds, 1 to 3600\n" },
		{ "[balance]\nlook = 3601\n", "x.conf:2: look cannot be \"3601\": it is whole seconds, 1 to 3600\n" },
		{ "[balance]\nlook = 99999999999999999999\n",
		  "x.conf:2: look cannot be \"99999999999999999999\": it is whole seconds, 1 to 3600\n" },
		{ "[balance]\nlook = 5s\n", "x.conf:2: look cannot be \"5s\": it is whole seconds, 1 to 3600\n" },
		{ "[log]\nverbos = yes\n", "x.conf:2: [log] has no option \"verbos\": it has verbose\n" },
		{ "[balanc]\nlook = 5\n",
		  "x.conf:2: there is no section [balanc]: there are [balance], [log], [socket], [metrics]\n" },
		{ "look = 5\n",
		  "x.conf:1: \"look\" stands in no section: put it behind a line \"[balance]\" or the like\n" },
		{ "[metrics]\ntextfile = h.prom\n",
		  "x.conf:2: textfile cannot be \"h.prom\": it is off, or an absolute path that ends in .prom\n" },
		{ "[metrics]\ntextfile = /h.txt\n",
		  "x.conf:2: textfile cannot be \"/h.txt\": it is off, or an absolute path that ends in .prom\n" },
		{ "[metrics]\ntextfile =\n",
		  "x.conf:2: textfile cannot be \"\": it is off, or an absolute path that ends in .prom\n" },
		{ "[balance]\nlook = 5\n\nlook = 6\n",
		  "x.conf:4: look is set a second time, after line 2: keep one of them\n" },
		{ "[balance]\nlook\n",
		  "x.conf:2: this is neither a [section] nor \"option = value\": mend the line, or put # before it\n" },
		{ "[balance\nlook = 5\n",
		  "x.conf:2: \"look\" stands in no section: put it behind a line \"[balance]\" or the like\n"
		  "x.conf:1: this is neither a [section] nor \"option = value\": mend the line, or put # before it\n" },
		/* All of them are named, and what a terminal would act on is not shown. */
		{ "[balance]\nlook = \033[1m\nsurplus = \xff\n",
		  "x.conf:2: look cannot be \"?[1m\": it is whole seconds, 1 to 3600\n"
		  "x.conf:3: surplus cannot be \"?\": it is yes or no\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_false(parse(rows[i].text));
		assert_string_equal(said, rows[i].said);
	}
}

static void test_no_text(void **state)
{
	static const char zero[] = "[balance]\nlook\0 = 5\nsurplus = yes\n";
	char line[300] = "[balance]\nlook = ";

	(void)state;
	assert_false(parse_bytes(zero, sizeof(zero) - 1));
	assert_string_equal(said, "x.conf:2: there is a zero byte in the line: it is no text\n");
	memset(line + strlen(line), '1', 250);
	assert_false(parse(line));
	assert_string_equal(said, "x.conf:2: the line is longer than 196 bytes: shorten it\n");
	/* A long comment is one line, too, and does not shift the numbers of others. */
	snprintf(line, sizeof(line), "[balance]\n# %0180d\nlook = x\n", 0);
	assert_false(parse(line));
	assert_string_equal(said, "x.conf:3: look cannot be \"x\": it is whole seconds, 1 to 3600\n");
}

/* What --check prints can be read again, and is the same. */
static void test_printed(void **state)
{
	char *text = NULL;
	size_t size;
	struct config before;
	FILE *out;

	(void)state;
	assert_true(parse("[balance]\npreset = proportional\npool = 64M\ndry-run = yes\n[metrics]\ntextfile = /h.prom\n"));
	before = config;
	out = open_memstream(&text, &size);
	config_print(&config, out);
	fclose(out);
	assert_non_null(strstr(text, "# x.conf:2\npreset = proportional\n"));
	assert_non_null(strstr(text, "\nsurplus = no\n"));
	assert_true(parse(text));
	assert_int_equal(config.preset, before.preset);
	assert_int_equal(config.pool.value, before.pool.value);
	assert_true(config.dry_run);
	assert_string_equal(config.textfile, "/h.prom");
	free(text);
}

/* The file to begin with says nothing; without its marks it says what holds anyway. */
static void test_example(void **state)
{
	struct config usual;
	char *text = NULL;
	size_t size, options = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	config_print_example(out);
	fclose(out);
	assert_true(parse(text));
	assert_int_equal(config.from[CONFIG_PRESET].line, 0);
	for (char *c = text; (c = strstr(c, "\n#")); c++) {
		if (c[2] == ' ')
			continue;
		c[1] = ' ';
		options++;
	}
	assert_int_equal(options, CONFIG_COUNT);
	assert_true(parse(text));
	config_defaults(&usual);
	for (int i = 0; i < CONFIG_COUNT; i++)
		assert_true(config.from[i].line > 0);
	memcpy(config.from, usual.from, sizeof(usual.from));
	assert_int_equal(config.preset, usual.preset);
	assert_int_equal(config.look_s, usual.look_s);
	assert_int_equal(config.pool.presence, usual.pool.presence);
	assert_string_equal(config.textfile, usual.textfile);
	assert_false(config.surplus || config.domain_0 || config.dry_run || config.verbose);
	free(text);
}

/* ------------------------------------------------------------------- files */

static char folder[64], path[128];

static void write_file(const char *name, const char *text)
{
	char whole[256];
	FILE *file;

	snprintf(whole, sizeof(whole), "%s/%s", folder, name);
	file = fopen(whole, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int make_folder(void **state)
{
	char parts[128];

	(void)state;
	strcpy(folder, "/tmp/hotballoon-config-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/d.conf", folder);
	snprintf(parts, sizeof(parts), "%s/d.conf.d", folder);
	return mkdir(parts, 0755);
}

static int remove_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static bool read_all(bool must)
{
	said[0] = '\0';
	return config_read(&config, path, must, complain, NULL);
}

static void test_files(void **state)
{
	(void)state;
	assert_true(read_all(false));
	assert_int_equal(config.look_s, 30);
	assert_false(read_all(true));
	assert_non_null(strstr(said, "d.conf: cannot be read: No such file or directory"));
	write_file("d.conf", "[balance]\nlook = 10\nsurplus = yes\n");
	/* By name; what else lies there does not count. */
	write_file("d.conf.d/20-b.conf", "[balance]\nlook = 20\n");
	write_file("d.conf.d/10-a.conf", "[balance]\nlook = 15\npool = 32M\n");
	write_file("d.conf.d/30-c.conf~", "nonsense\n");
	write_file("d.conf.d/.conf", "nonsense\n");
	assert_true(read_all(true));
	assert_string_equal(said, "");
	assert_int_equal(config.look_s, 20);
	assert_int_equal(config.pool.value, 32 * 1024);
	assert_true(config.surplus);
	assert_non_null(strstr(config.from[CONFIG_LOOK].file, "d.conf.d/20-b.conf"));
	write_file("d.conf.d/25-bad.conf", "\n[balance]\nlook = soon\n");
	assert_false(read_all(true));
	assert_non_null(strstr(said, "d.conf.d/25-bad.conf:3: look cannot be \"soon\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_text),
		cmocka_unit_test(test_printed),
		cmocka_unit_test(test_example),
		cmocka_unit_test_setup_teardown(test_files, make_folder, remove_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
