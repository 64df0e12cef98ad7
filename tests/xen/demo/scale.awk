# SPDX-License-Identifier: GPL-2.0-or-later
#
# scale.awk: what both drawings (chart.awk, picture.awk) share: the readings in
# MiB and seconds, in time[], target[], actual[], host[] from 0 to n - 1, their
# begin, end and max, and where ticks go.

NR == 1 {
	for (i = 1; i <= NF; i++)
		field[$i] = i
	next
}

# A line that was cut when the recording ended is no reading.
NF == length_of(field) && $(field["target_kib"]) ~ /^[0-9]+$/ {
	time[n + 0] = $(field["ms"]) / 1000
	target[n + 0] = $(field["target_kib"]) / 1024
	actual[n + 0] = $(field["actual_kib"]) / 1024
	host[n + 0] = $(field["host_free_kib"]) / 1024
	max = larger(larger(max, target[n + 0]), larger(actual[n + 0], host[n + 0]))
	if (!n)
		begin = time[0]
	end = time[n + 0]
	n++
}

function larger(a, b) { return a > b ? a : b }

function ceil(x) { return x == int(x) ? x : int(x) + 1 }

function length_of(array,    key, count) {
	for (key in array)
		count++
	return count
}

function check_readings() {
	if (n < 2) {
		print "no readings to draw in " FILENAME >"/dev/stderr"
		exit 1
	}
}

# The distance of ticks that gives at most `most` of them: MiB in powers of two,
# seconds in 1, 2, 5.
function tick_mib(up_to, most,    tick) {
	for (tick = 64; up_to / tick > most; tick *= 2)
		;
	return tick
}

function tick_seconds(up_to, most,    tick, i) {
	for (tick = 1; up_to / tick > most; i++)
		tick *= i % 3 == 1 ? 2.5 : 2
	return tick
}
