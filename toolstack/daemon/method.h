/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a method is for answer.c, and what methods share: parameters of a client are hostile. */
#ifndef HB_DAEMON_METHOD_H
#define HB_DAEMON_METHOD_H

#include <json-c/json.h>

#include "manager.h"

struct question {
	struct manager *manager;
	struct json_object *parameters;	/* NULL: none were given */
	struct json_object *reply;	/* to be filled: the parameters of the answer */
	const char *wrong;		/* METHOD_WRONG: the parameter that is not as it must be */
	struct hb_error error;		/* METHOD_FAILED: why */
};

enum outcome { METHOD_DONE, METHOD_WRONG, METHOD_FAILED };

typedef enum outcome method_fn(struct question *question);

/* Change something. */
method_fn method_reserve, method_set_limits, method_balance;

/* Parameters; absent ones are 0, false or NULL. False: it is something else, see wrong. */
bool method_number(struct question *question, const char *name, uint64_t most, uint64_t *number);
bool method_flag(struct question *question, const char *name, bool *flag);
bool method_text(struct question *question, const char *name, const char **text);
bool method_has(const struct question *question, const char *name);

void method_add_number(struct json_object *object, const char *name, uint64_t number);
void method_add_text(struct json_object *object, const char *name, const char *text);
void method_add_flag(struct json_object *object, const char *name, bool yes);
struct json_object *method_deed(const struct hb_deed *deed);

#endif
