# SPDX-License-Identifier: GPL-2.0-or-later
#
# picture.awk: the chart as SVG, from the same readings.
#
#   awk -f scale.awk -f picture.awk [-v title=TEXT] readings.csv >picture.svg

BEGIN {
	FS = ","
	width = 860; height = 420
	left = 84; right = 20; top = 56; bottom = 66
	if (!title)
		title = "Memory of a guest"
	gsub(/&/, "\\&amp;", title)
	gsub(/</, "\\&lt;", title)
	gsub(/"/, "\\&quot;", title)
}

END {
	check_readings()
	tick = tick_mib(max, 8)
	ceiling = ceil(max / tick) * tick
	seconds = end - begin > 0 ? end - begin : 1
	head()
	grid()
	draw_area()
	draw_line("host", "free", 0)
	draw_line("target", "target", 1)
	legend()
	print "</svg>"
}

function x_of(s) { return left + (s - begin) / seconds * (width - left - right) }
function y_of(mib) { return height - bottom - mib / ceiling * (height - top - bottom) }

function head() {
	print "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
	print "<!-- SPDX-License-Identifier: GPL-2.0-or-later -->"
	print "<!-- made by tests/xen/demo/picture.awk from the readings of a real run of: make demo -->"
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n", width, height, title
	print "<style>"
	print "text { font: 13px system-ui, 'DejaVu Sans', Helvetica, Arial, sans-serif; fill: #333 }"
	print ".title { font-size: 16px; font-weight: 600 }"
	print ".grid { stroke: #e3e3e3 }"
	print ".actual { fill: #7fb0e6; stroke: #2f74c0; stroke-width: 1.5; stroke-linejoin: round }"
	print ".target { fill: none; stroke: #d2521c; stroke-width: 2; stroke-dasharray: 7 4 }"
	print ".free { fill: none; stroke: #2e8b57; stroke-width: 2; stroke-linejoin: round }"
	print "</style>"
	printf "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", width, height
	printf "<text class=\"title\" x=\"%d\" y=\"26\">%s</text>\n", left, title
}

function grid(    v, s, step) {
	for (v = 0; v <= ceiling; v += tick) {
		printf "<path class=\"grid\" d=\"M%d %.1fH%d\"/>\n", left, y_of(v), width - right
		printf "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%d%s</text>\n", left - 8, y_of(v) + 4.5, v, (v + tick > ceiling ? " MiB" : "")
	}
	step = tick_seconds(seconds, 12)
	for (s = 0; s <= seconds; s += step)
		printf "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d%s</text>\n", x_of(begin + s), height - bottom + 20, s, s ? "" : " s"
}

# Points between two of the same value add nothing.
function draw_area(    i, d) {
	d = sprintf("M%.1f %.1f", x_of(begin), y_of(0))
	for (i = 0; i < n; i++)
		if (!i || i == n - 1 || actual[i] != actual[i - 1] || actual[i] != actual[i + 1])
			d = d sprintf("L%.1f %.1f", x_of(time[i]), y_of(actual[i]))
	printf "<path class=\"actual\" d=\"%sL%.1f %.1fZ\"/>\n", d, x_of(end), y_of(0)
}

function draw_line(what, class, steps,    i, d, v, before, after) {
	for (i = 0; i < n; i++) {
		v = value(what, i); before = value(what, i - 1); after = value(what, i + 1)
		if (!i)
			d = sprintf("M%.1f %.1f", x_of(time[i]), y_of(v))
		else if (steps && v != before)
			d = d sprintf("H%.1fV%.1f", x_of(time[i]), y_of(v))
		else if (i == n - 1 || !steps && (v != before || v != after))
			d = d sprintf("L%.1f %.1f", x_of(time[i]), y_of(v))
	}
	printf "<path class=\"%s\" d=\"%s\"/>\n", class, d
}

function value(what, i) { return what == "target" ? target[i] : host[i] }

function legend(    y) {
	y = height - 18
	printf "<path class=\"target\" d=\"M%d %dh34\"/><text x=\"%d\" y=\"%d\">target: what the host wants</text>\n", left, y - 4, left + 42, y
	printf "<rect class=\"actual\" x=\"%d\" y=\"%d\" width=\"34\" height=\"11\"/><text x=\"%d\" y=\"%d\">actual: what Xen counts</text>\n", left + 260, y - 10, left + 302, y
	printf "<path class=\"free\" d=\"M%d %dh34\"/><text x=\"%d\" y=\"%d\">free memory of the host</text>\n", left + 510, y - 4, left + 552, y
}
