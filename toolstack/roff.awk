# SPDX-License-Identifier: GPL-2.0-or-later
#
# What lowdown makes, as a manual page needs it. A hyphen in code is a minus sign: it is no
# place to break a word, as \% forbids all others, and a search for it or a copy of it finds
# what is meant. Words are not hyphenated and lines not stretched: options and findings are
# what is looked for. In a table, a short cell is no text block: its column is as wide as it is.

function code_of(code) {
	gsub(/-/, "\\-", code)
	gsub(/ /, " \\%", code)
	return "\\%" code
}

function line_of(text,    line, start, end, code) {
	line = ""
	while ((start = index(text, CODE)) > 0) {
		line = line substr(text, 1, start - 1) CODE
		text = substr(text, start + length(CODE))
		end = index(text, "\\f")
		code = end ? substr(text, 1, end - 1) : text
		line = line code_of(code)
		text = end ? substr(text, end) : ""
	}
	return line text
}

# What is seen of it.
function width_of(text) {
	gsub(/\\f(\(CR|.)|\\%/, "", text)
	return length(text)
}

# The dash of NAME, which whatis reads.
function name_of(text) {
	gsub(/\\f\(CR\\%|\\fR/, "", text)
	sub(/ - /, " \\- ", text)
	return text
}

# Older ones say C, which later troffs do not know.
BEGIN { CODE = "\\f(CR" }
{ gsub(/\\fC/, "\\f(CR") }

/^\.TH / { print; print ".nh"; print ".ad l"; print ".ds AD l"; next }
/^\.EX/ { example = 1 }
/^\.EE/ { example = 0 }
/^\./ { print; next }
example { gsub(/-/, "\\-"); print; next }

# A cell of one line: T{, the line, T} and perhaps the beginning of the next cell.
/T\{$/ {
	row = row substr($0, 1, length($0) - 2)
	opened = 1
	next
}
opened {
	cell = line_of($0)
	opened = 0
	if ((getline after) <= 0)
		exit 1
	if (after ~ /^T\}/ && width_of($0) <= 18) {
		row = row cell
	} else {
		print row "T{"
		print cell
		while (after !~ /^T\}/) {
			print line_of(after)
			if ((getline after) <= 0)
				exit 1
		}
		row = "T}"
	}
	after = substr(after, 3)
	if (after ~ /T\{$/) {
		row = row substr(after, 1, length(after) - 2)
		opened = 1
	} else {
		print row after
		row = ""
	}
	next
}
/^\\f\(CR[^ ]*\\fR - / { print name_of(line_of($0)); next }
{ print line_of($0) }
