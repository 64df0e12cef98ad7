# SPDX-License-Identifier: GPL-2.0-or-later
#
# The log of a cmocka program that failed, without what went well: of a table, which prints
# the name of each row before it is tried, the row that failed.
/^\[ RUN / { last = ""; next }
/^\[ +(OK|PASSED) +\]/ || /^\[=+\]/ { next }
/^ERROR:/ || /^\[ +ERROR +\]/ || /Sanitizer|runtime error|Assertion/ {
	if (last != "")
		print last
	last = ""
	telling = 1
}
/^\[ +FAILED +\]/ {
	if (!told[$0]++ && !/listed below/)
		print
	next
}
/FAILED TEST/ { next }
telling {
	print
	if (/\[ +LINE +\]/)
		telling = 0
	next
}
{ last = $0 }
# It has ended in the middle of a test.
END {
	if (last != "" && !telling)
		print last
}
