// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * report: what `make bench` prints and writes.
 *
 *   report metrics           all metrics: "NAME EXPERIMENT GUEST..." a line
 *   report results FILE      read lines as results.h has them from standard input,
 *                            print the table, write FILE (JSON)
 *
 * Exit status: 0; 1 something is missing or not understood, and FILE is as it was; 2
 * usage; 3 a bar is missed.
 */
#include <stdlib.h>
#include <string.h>

#include "results.h"

#define BARS_MISSED 3

static struct results results;

static int print_metrics(void)
{
	for (size_t i = 0; i < metrics_count; i++)
		printf("%s %s pvh%s\n", metrics[i].name, metrics[i].experiment,
		       metric_applies(&metrics[i], "pv") ? " pv" : "");
	return 0;
}

static int complain(const char *message)
{
	fprintf(stderr, "bench: %s\n", message);
	return 1;
}

static int print_results(const char *path)
{
	char line[512];
	unsigned int missed;
	FILE *file;

	results_init(&results);
	while (fgets(line, sizeof(line), stdin))
		if (!results_line(&results, line))
			return complain(results.error);
	if (!results_complete(&results))
		return complain(results.error);
	missed = results_table(&results, stdout);
	file = fopen(path, "w");
	if (!file)
		return complain(path);
	results_json(&results, file);
	if (ferror(file) | fclose(file))
		return complain(path);
	printf("bars missed: %u\n", missed);
	return missed ? BARS_MISSED : 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "metrics"))
		return print_metrics();
	if (argc == 3 && !strcmp(argv[1], "results"))
		return print_results(argv[2]);
	fprintf(stderr, "usage: report metrics | results FILE\n");
	return 2;
}
