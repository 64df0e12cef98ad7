# SPDX-License-Identifier: GPL-2.0-or-later
#
# chart.awk: a chart of target, actual and free host memory over time, from the
# readings (CSV with a header line), for any awk.
#
#   awk -f scale.awk -f chart.awk [-v width=80] [-v ascii=1] [-v color=1] readings.csv
#
# Lines are at most `width` characters.  A cell is one array element, since an awk
# that counts bytes cannot cut strings of such characters.

BEGIN {
	FS = ","
	if (!width)
		width = 80
	label = 8			# "  1024 |" in front of the cells
	columns = width - label - 1
	full = ascii ? "#" : "█"
	target_mark = ascii ? "-" : "━"
	free_mark = ascii ? "o" : "•"
	if (color) {
		paint[full] = "\033[34m"; paint[target_mark] = "\033[33m"; paint[free_mark] = "\033[32m"
	}
}

END {
	check_readings()
	tick = tick_mib(max, 8)
	ticks = ceil(max / tick)
	rows_per_tick = ticks > 6 ? 3 : 4
	rows = ticks * rows_per_tick
	seconds = end - begin > 0 ? end - begin : 1

	next_reading = 0
	for (c = 0; c < columns; c++)
		column(c)
	printf "%6s\n", "MiB"
	for (row = rows; row >= 1; row--)
		print_row(row)
	print_time()
	print spaces(label + 1) mark(full) " actual   " mark(target_mark) " target   " \
		mark(free_mark) " free host memory"
}

# The readings of one column: the last of each, or those of before.
function column(c,    until, row) {
	until = begin + (c + 1) * seconds / columns
	while (next_reading < n && (time[next_reading] <= until || next_reading == 0)) {
		a = actual[next_reading]; t = target[next_reading]; f = host[next_reading]
		next_reading++
	}
	for (row = 1; row <= row_of(a); row++)
		cell[row, c] = full
	cell[row_of(f), c] = free_mark
	cell[row_of(t), c] = target_mark
}

# 0 lies below row 1; a value on the border of two rows belongs to the lower one.
function row_of(mib,    row) {
	row = ceil(mib * rows_per_tick / tick - 0.01)
	return row < 1 ? 1 : row > rows ? rows : row
}

function spaces(count) { return sprintf("%" count "s", "") }

function mark(m) { return m in paint ? paint[m] m "\033[0m" : m }

function print_row(row,    line, blanks, c) {
	if (row % rows_per_tick)
		line = sprintf("%6s %s", "", ascii ? "|" : "│")
	else
		line = sprintf("%6d %s", row / rows_per_tick * tick, ascii ? "+" : "┤")
	for (c = 0; c < columns; c++) {
		if ((row, c) in cell) {
			line = line blanks mark(cell[row, c])
			blanks = ""
		} else {
			blanks = blanks " "
		}
	}
	print line
}

function print_time(    step, c, s, line, numbers, name, at) {
	step = tick_seconds(seconds, 8)
	line = sprintf("%6d %s", 0, ascii ? "+" : "└")
	for (c = 0; c < columns; c++)
		at[c] = ascii ? "-" : "─"
	for (s = 0; s <= seconds; s += step) {
		c = int(s / seconds * columns)
		name = s ? s " s" : "0"
		if (label + c + length(name) > width)
			break
		at[c] = ascii ? "+" : "┬"
		numbers = numbers spaces(label + c - length(numbers)) name
	}
	for (c = 0; c < columns; c++)
		line = line at[c]
	print line
	print numbers
}
