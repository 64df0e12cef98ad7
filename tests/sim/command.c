/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include <string.h>
#include <unistd.h>

#include "common.h"

#define WORDS_MAX 10

struct sim *command_sim;
char *command_out, *command_err;

enum hb_code command_open(struct hb **hb, struct hb_error *error)
{
	(void)error;
	*hb = sim_connect(command_sim);
	return HB_OK;
}

enum hb_code command_open_nothing(struct hb **hb, struct hb_error *error)
{
	*hb = NULL;
	error->code = HB_E_PERMISSION;
	error->reason = HB_REASON_NOT_DOMAIN_0;
	strcpy(error->message, "cannot connect");
	strcpy(error->remedy, "run it in domain 0");
	return HB_E_PERMISSION;
}

static void forget(void)
{
	free(command_out);
	free(command_err);
	command_out = command_err = NULL;
}

int command_run(cli_open_fn *open, int argc, char **argv)
{
	size_t out_size, err_size;
	FILE *out, *err;
	int code;

	forget();
	out = open_memstream(&command_out, &out_size);
	err = open_memstream(&command_err, &err_size);
	assert_non_null(out);
	assert_non_null(err);
	code = cli_main(argc, argv, open, out, err);
	fclose(out);
	fclose(err);
	return code;
}

int command_line_with(cli_open_fn *open, const char *line)
{
	char copy[256], *argv[WORDS_MAX + 2] = { (char *)"hotballoon" };
	int argc = 1;

	assert_true(strlen(line) < sizeof(copy));
	strcpy(copy, line);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
		assert_true(argc <= WORDS_MAX);
		argv[argc++] = strcmp(word, "~") ? word : (char *)"";
	}
	return command_run(open, argc, argv);
}

int command_line(const char *line)
{
	return command_line_with(command_open, line);
}

struct json_object *command_json(void)
{
	struct json_object *object = json_tokener_parse(command_out);

	if (!object)
		fail_msg("no JSON: %s", command_out);
	assert_string_equal(command_err, "");
	return object;
}

struct json_object *command_at(struct json_object *object, const char *path)
{
	char copy[64];

	strcpy(copy, path);
	for (char *name = strtok(copy, "."); name; name = strtok(NULL, ".")) {
		if (json_object_is_type(object, json_type_array))
			object = json_object_array_get_idx(object, atoi(name));
		else if (!json_object_object_get_ex(object, name, &object))
			fail_msg("no %s in %s", path, command_out);
	}
	return object;
}

void assert_json_text(struct json_object *object, const char *path, const char *want)
{
	assert_string_equal(json_object_get_string(command_at(object, path)), want);
}

void assert_json_number(struct json_object *object, const char *path, uint64_t want)
{
	assert_true(json_object_is_type(command_at(object, path), json_type_int));
	assert_int_equal(json_object_get_uint64(command_at(object, path)), want);
}

bool command_shows(int terminal, char *seen, size_t size, const char *what)
{
	size_t used = strlen(seen);
	ssize_t n;

	while (!strstr(seen, what) && used < size - 1 &&
	       (n = read(terminal, seen + used, size - 1 - used)) > 0) {
		used += n;
		seen[used] = '\0';
	}
	return strstr(seen, what);
}

int command_setup(void **state)
{
	(void)state;
	common_make_state_dir();
	command_sim = common_host();
	return 0;
}

int command_setup_nothing(void **state)
{
	(void)state;
	common_make_state_dir();
	return 0;
}

void command_end_host(void)
{
	if (command_sim)
		sim_close(command_sim);
	command_sim = NULL;
}

int command_teardown(void **state)
{
	(void)state;
	command_end_host();
	forget();
	common_remove_state_dir();
	return 0;
}
