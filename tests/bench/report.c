// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * report: what is made of results files (results.h has their format).
 *
 *   report metrics                   all metrics: "NAME EXPERIMENT GUEST..." a line
 *   report results RESULTS JSON      print the table and what is missing, write JSON
 *   report table RESULTS             the table alone
 *   report compare OLD NEW PERCENT   print each ratio and its change
 *
 * Exit status: 0; 2 usage, or a file that cannot be read or written; of `results`: 1
 * something was not measured, 3 a bar is missed; of `compare`: 1 our driver made a ratio
 * worse by more than PERCENT, or NEW lacks a figure.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "results.h"
#include "table.h"

enum { DONE, NOT_GOOD, TROUBLE, BARS_MISSED };

static int print_metrics(void)
{
	for (size_t i = 0; i < metrics_count; i++)
		printf("%s %s pvh%s\n", metrics[i].name, metrics[i].experiment,
		       metric_applies(&metrics[i], "pv") ? " pv" : "");
	return DONE;
}

static int complain(const char *path, const char *message)
{
	fprintf(stderr, "bench: %s: %s\n", path, message);
	return TROUBLE;
}

static int read_results(const char *path, struct results *results)
{
	FILE *file = fopen(path, "r");
	bool ok;

	if (!file)
		return complain(path, strerror(errno));
	results_init(results);
	ok = results_read(results, file);
	fclose(file);
	return ok ? DONE : complain(path, results->error);
}

static int write_json(const struct results *results, const char *path)
{
	FILE *file = fopen(path, "w");

	if (!file)
		return complain(path, strerror(errno));
	print_json(results, file);
	return ferror(file) | fclose(file) ? complain(path, strerror(errno)) : DONE;
}

static int cmd_results(const char *path, const char *json)
{
	static struct results results;
	struct verdicts verdicts;
	size_t missing;

	if (read_results(path, &results))
		return TROUBLE;
	verdicts = print_table(&results, stdout);
	missing = print_missing(&results, stdout);
	printf("bars missed: %u, open: %u\n", verdicts.missed, verdicts.open);
	if (write_json(&results, json))
		return TROUBLE;
	if (missing)
		return NOT_GOOD;
	return verdicts.missed ? BARS_MISSED : DONE;
}

static int cmd_table(const char *path)
{
	static struct results results;

	if (read_results(path, &results))
		return TROUBLE;
	print_table(&results, stdout);
	return DONE;
}

static int cmd_compare(const char *old_path, const char *new_path, const char *text)
{
	static struct results old, new;
	struct comparison c;
	char *end;
	double percent = strtod(text, &end);

	if (!*text || *end || !isfinite(percent) || percent < 0 || percent >= 100)
		return complain(text, "no percentage: give a number from 0 to 99");
	if (read_results(old_path, &old) || read_results(new_path, &new))
		return TROUBLE;
	c = compare_results(&old, &new, percent, stdout);
	printf("%u compared, %u worse (by more than %g %%), %u missing, %u late before\n",
	       c.compared, c.worse, percent, c.missing, c.late_before);
	return c.worse || c.missing ? NOT_GOOD : DONE;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "metrics"))
		return print_metrics();
	if (argc == 4 && !strcmp(argv[1], "results"))
		return cmd_results(argv[2], argv[3]);
	if (argc == 3 && !strcmp(argv[1], "table"))
		return cmd_table(argv[2]);
	if (argc == 5 && !strcmp(argv[1], "compare"))
		return cmd_compare(argv[2], argv[3], argv[4]);
	fprintf(stderr, "usage: report metrics | results RESULTS JSON | table RESULTS |\n"
		"       compare OLD NEW PERCENT\n");
	return TROUBLE;
}
