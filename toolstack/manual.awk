# SPDX-License-Identifier: GPL-2.0-or-later
#
# Markdown of docs/ as lowdown wants it for a manual page: the title becomes the
# section NAME, the other headings move up a level, and comments go.  One of them leaves
# the section after it out.
/^<!-- not in the manual page -->/ { skip = 2 }
skip && /^## / { skip-- }
skip { next }
/^<!--.*-->$/ { next }
/^# / { print "# NAME"; next }
/^## / { print "# " toupper(substr($0, 4)); next }
/^### / { print "## " substr($0, 5); next }
{ print }
