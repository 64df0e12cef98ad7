# SPDX-License-Identifier: GPL-2.0-or-later
#
# stack.awk: what guests had, on top of each other, and what was free, as SVG, from readings
# "ms,NAME,KIB".  NAME "free" is the host's; a guest that a reading does not name was not there.
#
#   awk -f stack.awk [-v title=TEXT] sizes.csv >picture.svg

BEGIN {
	FS = ","
	width = 860; height = 460
	left = 84; right = 20; top = 56; bottom = 66
	gsub(/&/, "\\&amp;", title)
	gsub(/</, "\\&lt;", title)
	gsub(/"/, "\\&quot;", title)
	split("#2f74c0 #e39a2e #2e8b57 #b04ea3 #d2521c #33a7b5 #7fb0e6 #e8d24a", colours, " ")
}

# A line that was cut when the recording ended is no reading.
NF != 3 || $1 !~ /^[0-9]+$/ || $3 !~ /^[0-9]+$/ { next }

$1 != last { time[n++] = $1 / 1000; last = $1 }

{
	if (!($2 in seen) && $2 != "free")
		names[++count] = $2
	seen[$2] = 1
	mib[n - 1, $2] = $3 / 1024
	sum[n - 1] += $3 / 1024
	if (sum[n - 1] > max)
		max = sum[n - 1]
}

END {
	if (n < 2) {
		print "no readings to draw in " FILENAME >"/dev/stderr"
		exit 1
	}
	names[++count] = "free"
	seconds = time[n - 1] - time[0]
	ceiling = (int((max - 1) / 256) + 1) * 256
	head()
	grid()
	for (i = 1; i <= count; i++)
		layer(i)
	print "</svg>"
}

function x_of(s) { return left + (s - time[0]) / seconds * (width - left - right) }
function y_of(m) { return height - bottom - m / ceiling * (height - top - bottom) }
function colour_of(i) { return names[i] == "free" ? "#e4e8ec" : colours[(i - 1) % 8 + 1] }

function head() {
	print "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
	print "<!-- SPDX-License-Identifier: GPL-2.0-or-later -->"
	print "<!-- made by tests/xen/demo/stack.awk from the readings of a real run of: make demo-balance -->"
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n", width, height, title
	print "<style>"
	print "text { font: 13px system-ui, 'DejaVu Sans', Helvetica, Arial, sans-serif; fill: #333 }"
	print ".title { font-size: 16px; font-weight: 600 }"
	print ".grid { stroke: #e3e3e3 }"
	print "</style>"
	printf "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", width, height
	printf "<text class=\"title\" x=\"%d\" y=\"26\">%s</text>\n", left, title
}

function grid(    v, s, step) {
	for (v = 0; v <= ceiling; v += 256) {
		printf "<path class=\"grid\" d=\"M%d %.1fH%d\"/>\n", left, y_of(v), width - right
		printf "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%d%s</text>\n", left - 8, y_of(v) + 4.5, v, (v + 256 > ceiling ? " MiB" : "")
	}
	for (step = 10; seconds / step > 12; step *= 2)
		;
	for (s = 0; s <= seconds; s += step)
		printf "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d%s</text>\n", x_of(time[0] + s), height - bottom + 20, s, s ? "" : " s"
}

# What the first i have together at a reading.
function below(i, at,    j, m) {
	for (j = 1; j <= i; j++)
		m += mib[at, names[j]]
	return m + 0
}

# A size holds until the next reading; what stays the same adds nothing.
function layer(i,    at, d, x) {
	for (at = 0; at < n; at++)
		if (!at)
			d = sprintf("M%.1f %.1f", x_of(time[0]), y_of(below(i, 0)))
		else if (below(i, at) != below(i, at - 1))
			d = d sprintf("H%.1fV%.1f", x_of(time[at]), y_of(below(i, at)))
	d = d sprintf("H%.1fV%.1f", x_of(time[n - 1]), y_of(below(i - 1, n - 1)))
	for (at = n - 1; at > 0; at--)
		if (below(i - 1, at) != below(i - 1, at - 1))
			d = d sprintf("H%.1fV%.1f", x_of(time[at]), y_of(below(i - 1, at - 1)))
	printf "<path fill=\"%s\" d=\"%sH%.1fZ\"/>\n", colour_of(i), d, x_of(time[0])
	x = left + (i - 1) * (width - left - right) / count
	printf "<rect fill=\"%s\" x=\"%d\" y=\"%d\" width=\"12\" height=\"12\"/><text x=\"%d\" y=\"%d\">%s</text>\n", colour_of(i), x, height - 28, x + 18, height - 18, names[i]
}
