/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What hotballoond says of the sizes that it has set, read: history.c prints it, plot.c draws it. */
#ifndef HB_CLI_DEEDS_H
#define HB_CLI_DEEDS_H

#include "cli.h"
#include "history.h"

/* Its own words of the reason: a later hotballoond can have more of them. */
struct cli_deed {
	struct hb_deed deed;
	char reason[32], reason_text[256];
};

/* False: it is none that can be understood. Names and words are printable then. */
bool cli_read_deed(struct json_object *object, struct cli_deed *told);
/* From when it remembers, or knows a domain; 0: nothing is said of that. False as above. */
bool cli_read_since(struct json_object *object, uint64_t *since_ms);
/* One of its domains: what it has now, as a deed that gave it that when it came; false as above. */
bool cli_read_domain(struct json_object *object, struct hb_deed *deed);
/*
 * By domid, uuid or name, whichever it is; NULL is any. It need not be there any more, and
 * so is not looked for.
 */
bool cli_deed_is_of(const struct hb_deed *deed, const char *dom);
/* Of another version than this command, or damaged: what is what it tells of. */
enum hb_code cli_no_deeds(struct cli *cli, const char *what);

#endif
