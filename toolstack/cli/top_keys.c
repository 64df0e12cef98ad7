/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the keys of hotballoon top do. */
#include <string.h>

#include "top.h"

/* What keys send that are more than a character: ESC and one of these. */
static const struct {
	const char *sequence;
	char key;		/* one that is a character and does the same */
} sequences[] = {
	{ "[A", 'k' }, { "OA", 'k' }, { "[B", 'j' }, { "OB", 'j' },
	{ "[5~", '\b' }, { "[6~", ' ' },	/* PgUp, PgDn */
	{ "[H", 'g' }, { "OH", 'g' }, { "[1~", 'g' }, { "[7~", 'g' },
	{ "[F", 'G' }, { "OF", 'G' }, { "[4~", 'G' }, { "[8~", 'G' },
};

/* The key that begins keys, 0 for one that does nothing; *length is what it takes. */
static char next_key(const char *keys, size_t *length)
{
	size_t all = *length;

	*length = 1;
	if (keys[0] != '\033' || all == 1 || (keys[1] != '[' && keys[1] != 'O'))
		return keys[0] == 127 ? '\b' : keys[0];
	for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
		size_t most = strlen(sequences[i].sequence);

		if (most < all && !memcmp(keys + 1, sequences[i].sequence, most)) {
			*length = 1 + most;
			return sequences[i].key;
		}
	}
	/* One that is not known ends with a letter or a tilde. */
	for (*length = 2; *length < all && (unsigned char)keys[*length] < '@';)
		(*length)++;
	*length += *length < all;
	return 0;
}

static size_t scroll_up(size_t first, size_t by)
{
	return first > by ? first - by : 0;
}

static size_t scroll_down(size_t first, size_t by, size_t most)
{
	return first + by < most ? first + by : most;
}

static void take_key(struct top_view *view, char key)
{
	if (key == '?' || key == 'h')
		view->help = true;
	else if (key == 'r')
		view->reverse = !view->reverse;
	else if (key == 'k')
		view->first = scroll_up(view->first, 1);
	else if (key == 'j')
		view->first = scroll_down(view->first, 1, view->most);
	else if (key == '\b')
		view->first = scroll_up(view->first, view->page);
	else if (key == ' ')
		view->first = scroll_down(view->first, view->page, view->most);
	else if (key == 'g')
		view->first = 0;
	else if (key == 'G')
		view->first = view->most;
	for (int i = 0; i < TOP_SORT_COUNT; i++) {
		if (top_sort_names[i][0] == key)
			view->sort = i;
	}
}

bool top_take_keys(struct top_view *view, const char *keys, size_t length)
{
	size_t taken;

	for (size_t i = 0; i < length; i += taken) {
		char key;

		taken = length - i;
		key = next_key(keys + i, &taken);
		if (view->help)
			view->help = false;
		else if (key == 'q')
			return false;
		else
			take_key(view, key);
	}
	return true;
}
