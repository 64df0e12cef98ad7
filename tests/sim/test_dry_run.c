/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --dry-run: says what would be done, which is what is done then, and changes nothing. */
#include "common.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "file_lock.h"

/* What any of the commands could change, as text. */
static char *state_of_host(void)
{
	char *text = NULL;
	const char *limits = common_state_file("limits");
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fprintf(out, "%s\n", limits ? limits : "no limits");
	limits = common_state_file("reservations");
	fprintf(out, "%s\n", limits ? limits : "no reservations");
	/* The rest of it is in the snapshot that show prints. */
	assert_int_equal(command_line("show guest1 --json"), 0);
	fprintf(out, "%s\n", command_out);
	assert_int_equal(command_line("list --json"), 0);
	fprintf(out, "%s\n", command_out);
	fclose(out);
	return text;
}

/* Nothing is changed, whoever has a lock; and it is said. */
static void test_nothing_is_changed(void **state)
{
	static const char *const lines[] = {
		"set guest1 1G", "set guest1 256M", "set guest1 256M --wait", "set guest1 16G --force",
		"max guest1 4G", "limits guest1 --min=256M --max=1G", "limits guest1 --off",
		"limits guest1 --reset", "limits guest1 --forget", "free 6400M", "reserve 64M --for=new",
		"reserve 1G --for=guest1", "release web", "save guest1 /tmp/image -- -p",
		"migrate guest1 there",
	};
	char line[128], *before, *after;
	int lock;

	(void)state;
	assert_int_equal(command_line("max guest1 2G"), 0);
	assert_int_equal(command_line("limits guest1 --min=128M --max=2G"), 0);
	assert_int_equal(command_line("reserve 64M --for=web"), 0);
	before = state_of_host();
	common_lock_file(command_sim);
	lock = hb_file_lock(command_sim->host_lock);
	assert_true(lock >= 0);
	command_sim->locked_domid = GUEST;
	command_sim->locked_until_ms = UINT64_MAX;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(line, sizeof(line), "%s", lines[i]);
		/* Behind "--" it would be one for xl. */
		if (strstr(line, " -- "))
			strcpy(strstr(line, " -- "), "");
		strcat(line, " --dry-run");
		if (strstr(lines[i], " -- "))
			strcat(line, strstr(lines[i], " -- "));
		if (command_line(line) || strcmp(strstr(command_out, "Nothing was changed.\n") ?: "",
						 "Nothing was changed.\n"))
			fail_msg("%s: %s%s", line, command_out, command_err);
		after = state_of_host();
		if (strcmp(before, after))
			fail_msg("%s has changed something:\n%s\n%s", line, before, after);
		free(after);
	}
	close(lock);
	free(before);
}

/* The steps of a dry run are those of the run, and the domain is what it will be. */
static void test_same_as_done(void **state)
{
	static const char *const lines[] = {
		"set guest1 1G --wait --json", "set guest1 300M --wait --json", "max guest1 2G --json",
	};
	static const char *const paths[] = {
		"steps", "size_kib", "target_kib", "after.target_kib", "after.static_max_kib",
		"after.maxmem_kib", "after.paging_pool_kib",
	};
	struct json_object *would, *has;
	char line[128];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		print_message("%s\n", lines[i] ? lines[i] : "-");
		snprintf(line, sizeof(line), "%s --dry-run", lines[i]);
		assert_int_equal(command_line(line), 0);
		would = command_json();
		assert_int_equal(command_line(lines[i]), 0);
		has = command_json();
		for (size_t p = 0; p < sizeof(paths) / sizeof(paths[0]); p++)
			assert_string_equal(json_object_to_json_string(command_at(would, paths[p])),
					    json_object_to_json_string(command_at(has, paths[p])));
		json_object_put(would);
		json_object_put(has);
	}
}

/* What would be refused is, with the same words. */
static void test_refused_as_well(void **state)
{
	static const char *const lines[] = {
		"set guest1 100G", "set 0 512M", "max guest1 1M", "limits guest1 --min=2G --max=1G",
		"free 100G", "reserve 1T --for=web", "release nobody", "save 0 /tmp/image",
	};
	char line[128], *said;
	int code;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		print_message("%s\n", lines[i] ? lines[i] : "-");
		snprintf(line, sizeof(line), "%s --dry-run", lines[i]);
		code = command_line(line);
		if (!code)
			fail_msg("%s: %s", line, command_out);
		said = strdup(command_err);
		assert_int_equal(command_line(lines[i]), code);
		assert_string_equal(command_err, said);
		free(said);
	}
}

/* A program needs to say it once, for whatever it calls. */
static void test_of_handle(void **state)
{
	const struct hb_limits_change change = { .min = { HB_PRESENT, 128 * M } };
	const struct hb_free_request request = { .need_kib = 6650 * M };
	struct hb *hb = common_connect(command_sim);
	struct hb_free_result result = { 0 };
	struct hb_domain domain;
	struct hb_limits limits;
	struct hb_error error;

	(void)state;
	assert_int_equal(hb_show(hb, GUEST, &domain, &error), HB_OK);
	assert_int_equal(hb_limits_set(hb, &domain, &change, &limits, &error), HB_OK);
	hb_set_dry_run(hb);
	assert_int_equal(hb_free(hb, &request, &result, &error), HB_OK);
	assert_int_equal(result.count, 1);
	hb_free_result_clear(&result);
	assert_int_equal(hb_limits_set(hb, &domain, &(struct hb_limits_change){ .forget = true }, &limits,
				       &error), HB_OK);
	assert_int_equal(limits.mode, HB_MODE_MANUAL);
	hb_close(hb);
	assert_non_null(strstr(common_state_file("limits"), "min=131072"));
	assert_int_equal(common_number(command_sim, GUEST, HB_KEY_TARGET), 512 * M);
}

static void test_what_is_said(void **state)
{
	(void)state;
	assert_int_equal(command_line("set guest1 256M --dry-run"), 0);
	assert_string_equal(command_out,
			    "guest1: 512M -> 256M\n"
			    "  target           512M -> 256M       the guest's driver follows it\n"
			    "  maxmem           513M -> 257M       Xen's limit follows the size: the size and 1M\n"
			    "Nothing was changed.\n");
	assert_int_equal(command_line("limits guest1 --reset --dry-run"), 0);
	assert_non_null(strstr(command_out, "size     512M\nmode     auto\n"));
	assert_int_equal(command_line("save guest1 /tmp/image --dry-run -- -c"), 0);
	assert_string_equal(command_out, "would run: xl save -c 5 /tmp/image\nNothing was changed.\n");
	assert_int_equal(command_line("reserve 64M --for=web --dry-run"), 0);
	assert_non_null(strstr(command_out, "web: 68M would be set aside (64M"));
	assert_int_equal(command_line("show guest1 --dry-run"), HB_E_USAGE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, command_setup, command_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_is_changed),
		TEST(test_same_as_done),
		TEST(test_refused_as_well),
		TEST(test_of_handle),
		TEST(test_what_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
