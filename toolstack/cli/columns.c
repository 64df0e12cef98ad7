/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables: text in columns of a terminal, whatever it is made of. */
/* For wcwidth(). */
#define _GNU_SOURCE
#include <inttypes.h>
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <wchar.h>

#include "cli.h"

#define ELLIPSIS "\u2026"

/* What is assumed of who reads what is no terminal. */
#define USUAL_WIDTH 80
/* A name that is cut further tells nobody anything. */
#define CUT_LEAST 8

struct cli_table {
	const struct cli_column *columns;
	size_t nr_columns, nr_cells;
	char **cells;		/* row by row */
	bool failed;		/* out of memory */
};

const char *cli_column_size(uint64_t kib, char text[HB_SIZE_TEXT])
{
	uint64_t tenths = (kib * 10 + 512) / 1024;

	if (tenths < 100 && tenths % 10)
		snprintf(text, HB_SIZE_TEXT, "%" PRIu64 ".%" PRIu64 "M", tenths / 10, tenths % 10);
	else
		snprintf(text, HB_SIZE_TEXT, "%" PRIu64 "M", (kib + 512) / 1024);
	return text;
}

const char *cli_column_number(const struct hb_number *number, char text[HB_SIZE_TEXT])
{
	if (number->presence != HB_PRESENT)
		return cli_number(number, text);
	return number->value >= HB_SIZE_MAX_KIB ? "none" : cli_column_size(number->value, text);
}

/*
 * One character: its bytes, and its columns as the C library knows them, which no locale
 * of whoever runs this must change. What it does not know is taken for one column.
 */
static size_t next_character(const char *text, unsigned int *columns)
{
	static locale_t utf8;
	locale_t before;
	wchar_t character = 0;
	mbstate_t state = { 0 };
	size_t bytes;
	int width;

	/* Most are, and a table has thousands. */
	if (*text >= ' ' && *text <= '~') {
		*columns = 1;
		return 1;
	}
	if (!utf8)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", 0);
	before = uselocale(utf8);
	bytes = mbrtowc(&character, text, strlen(text), &state);
	width = bytes < MB_LEN_MAX + 1U ? wcwidth(character) : -1;
	uselocale(before);
	*columns = width < 0 ? 1 : width;
	return bytes && bytes < MB_LEN_MAX + 1U ? bytes : 1;
}

unsigned int cli_width(const char *text)
{
	unsigned int width = 0, columns;

	for (; *text; width += columns)
		text += next_character(text, &columns);
	return width;
}

/* As much of it as leaves a column for the sign; returns the columns of both. */
static unsigned int print_cut(FILE *out, const char *text, unsigned int room)
{
	unsigned int used = 0, columns;

	while (*text) {
		size_t bytes = next_character(text, &columns);

		if (used + columns > room - 1)
			break;
		used += columns;
		fwrite(text, 1, bytes, out);
		text += bytes;
	}
	fputs(ELLIPSIS, out);
	return used + 1;
}

void cli_print_cell(FILE *out, const char *text, int width)
{
	unsigned int room = abs(width), used = cli_width(text);
	bool cut = used > room;

	if (!cut && width < 0)
		fprintf(out, "%*s", (int)(room - used), "");
	if (cut)
		used = print_cut(out, text, room);
	else
		fputs(text, out);
	if (used < room && (cut || width > 0))
		fprintf(out, "%*s", (int)(room - used), "");
}

unsigned int cli_terminal_width(FILE *out)
{
	struct winsize size = { 0 };

	return ioctl(fileno(out), TIOCGWINSZ, &size) ? 0 : size.ws_col;
}

struct cli_table *cli_table_new(const struct cli_column *columns, size_t nr_columns)
{
	struct cli_table *table = calloc(1, sizeof(*table));

	if (table)
		*table = (struct cli_table){ .columns = columns, .nr_columns = nr_columns };
	return table;
}

void cli_table_add(struct cli_table *table, const char *const cells[])
{
	char **grown;

	if (!table || table->failed)
		return;
	grown = realloc(table->cells, (table->nr_cells + table->nr_columns) * sizeof(*grown));
	table->failed = !grown;
	if (grown)
		table->cells = grown;
	for (size_t i = 0; i < table->nr_columns && grown; i++) {
		table->cells[table->nr_cells] = strdup(cells[i]);
		table->failed |= !table->cells[table->nr_cells++];
	}
}

/* The widths of all columns, and with blanks between them of the whole. */
static unsigned int measure(const struct cli_table *table, unsigned int widths[],
			    unsigned int blanks)
{
	unsigned int whole = blanks * (table->nr_columns - 1);

	for (size_t i = 0; i < table->nr_columns; i++) {
		widths[i] = cli_width(table->columns[i].head);
		for (size_t cell = i; cell < table->nr_cells; cell += table->nr_columns) {
			unsigned int width = cli_width(table->cells[cell]);

			widths[i] = width > widths[i] ? width : widths[i];
		}
		whole += widths[i];
	}
	return whole;
}

static void make_narrower(const struct cli_table *table, unsigned int widths[], unsigned int by)
{
	for (size_t i = 0; i < table->nr_columns; i++) {
		if (table->columns[i].cut && widths[i] > CUT_LEAST)
			widths[i] = widths[i] > by + CUT_LEAST ? widths[i] - by : CUT_LEAST;
	}
}

/* Nothing is filled behind the last one. */
static void print_cells(FILE *out, const struct cli_table *table, const unsigned int widths[],
			unsigned int blanks, char *const cells[])
{
	for (size_t i = 0; i < table->nr_columns; i++) {
		const struct cli_column *column = &table->columns[i];
		const char *cell = cells ? cells[i] : column->head;
		bool last = i + 1 == table->nr_columns;

		if (last && !column->right)
			fprintf(out, "%s\n", cell);
		else
			cli_print_cell(out, cell, column->right ? -(int)widths[i] : (int)widths[i]);
		if (!last)
			fprintf(out, "%*s", (int)blanks, "");
		else if (column->right)
			fprintf(out, "\n");
	}
}

static void print_rows(FILE *out, const struct cli_table *table)
{
	unsigned int terminal = cli_terminal_width(out), widths[table->nr_columns], blanks = 2;
	unsigned int room = terminal ? terminal : USUAL_WIDTH;
	unsigned int whole = measure(table, widths, blanks);

	if (whole > room) {
		blanks = 1;
		whole -= table->nr_columns - 1;
	}
	if (terminal && whole > terminal)
		make_narrower(table, widths, whole - terminal);
	print_cells(out, table, widths, blanks, NULL);
	for (size_t cell = 0; cell < table->nr_cells; cell += table->nr_columns)
		print_cells(out, table, widths, blanks, &table->cells[cell]);
}

enum hb_code cli_table_print(struct cli *cli, struct cli_table *table)
{
	bool whole = table && !table->failed;

	if (whole)
		print_rows(cli->out, table);
	else
		cli_fail(cli, HB_REASON_OUT_OF_MEMORY, "", "out of memory");
	for (size_t i = 0; table && i < table->nr_cells; i++)
		free(table->cells[i]);
	free(table ? table->cells : NULL);
	free(table);
	return whole ? HB_OK : HB_E_INTERNAL;
}
