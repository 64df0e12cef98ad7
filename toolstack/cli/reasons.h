/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What hotballoond thinks of each domain: explain and top tell it, if it says so. */
#ifndef HB_CLI_REASONS_H
#define HB_CLI_REASONS_H

#include "cli.h"

/* Its own words: a later hotballoond can have more of them. */
struct cli_reason {
	bool known;
	char reason[32], reason_text[256], need[32], need_text[256];
};

/*
 * What it says of all, to be released by json_object_put(). NULL if it says nothing, of which
 * nobody hears: it need not run, and is not waited for.
 */
struct json_object *cli_ask_reasons(struct cli *cli);
/*
 * Of one of them; not known if it is not there. *next is 0 at first, and goes on from there: who
 * looks for several has them in order of domid, as they are said.
 */
struct cli_reason cli_reason_of(struct json_object *reply, const struct hb_domain *domain,
				size_t *next);
/* The same as an object, or NULL. */
struct json_object *cli_json_reason(const struct cli_reason *reason);

#endif
