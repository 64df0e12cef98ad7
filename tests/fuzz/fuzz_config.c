/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration of hotballoond: what is taken is printed as something that is taken. */
#include "config.h"
#include "fuzz.h"

static void complain(const char *text, void *argument)
{
	unsigned int *complaints = argument;

	MUST(!strncmp(text, "x:", 2) && strchr("0123456789", text[2]));
	++*complaints;
}

static bool parse(struct config *config, const void *data, size_t size)
{
	FILE *file = fmemopen((void *)data, size, "r");
	unsigned int complaints = 0;
	bool good;

	MUST(file);
	config_defaults(config);
	good = config_parse(config, "x", file, complain, &complaints);
	MUST(good == !complaints);
	fclose(file);
	return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config, again;
	char *text = NULL;
	size_t length;
	FILE *out;

	if (!size || !parse(&config, data, size))
		return 0;
	out = open_memstream(&text, &length);
	MUST(out);
	config_print(&config, out);
	fclose(out);
	MUST(parse(&again, text, length));
	MUST(config.preset == again.preset && config.look_s == again.look_s);
	MUST(config.pool.value == again.pool.value && config.surplus == again.surplus);
	free(text);
	return 0;
}
