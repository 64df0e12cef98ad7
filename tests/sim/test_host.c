/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory of the host: the account of it, and what it keeps for itself. */
#include "common.h"

#include <string.h>

#include "command.h"

static void test_account(void **state)
{
	struct json_object *object;
	uint64_t sum = 0;

	(void)state;
	assert_int_equal(command_line("free"), 0);
	assert_non_null(strstr(command_out, "total                    8192M\n"
				    "  domains                1536M  2 of them\n"));
	assert_non_null(strstr(command_out, "    kept                   82M  for the host, as is usual\n"));
	assert_null(strstr(command_out, "coming"));
	assert_null(strstr(command_out, "hotballoon free SIZE"));
	for (char *line = strtok(command_out, "\n"); line; line = strtok(NULL, "\n"))
		assert_true(strlen(line) <= 80);
	/* All of it is somewhere. */
	assert_int_equal(command_line("free --json"), 0);
	object = command_json();
	sum = json_object_get_uint64(command_at(object, "domains_kib")) +
	      json_object_get_uint64(command_at(object, "xen_kib")) +
	      json_object_get_uint64(command_at(object, "host.free_kib"));
	assert_int_equal(sum, 8 * G);
	assert_json_number(object, "coming_kib", 0);
	assert_json_number(object, "givable_kib", 0);
	assert_null(command_at(object, "host_reserve_kib"));
	json_object_put(object);
}

/* What is under way, and what could be. */
static void test_account_of_changes(void **state)
{
	struct json_object *object;

	(void)state;
	assert_int_equal(command_line("limits guest1 --min=128M"), 0);
	assert_int_equal(command_line("reserve 64M --for=web"), 0);
	assert_int_equal(command_line("free"), 0);
	assert_non_null(strstr(command_out, "    reserved               68M  "));
	assert_non_null(strstr(command_out, "1 guest may be asked for 384M at most: \"hotballoon free SIZE\"\n"));
	sim_guest(command_sim, GUEST)->rate_kib_s = 0;
	assert_int_equal(command_line("set guest1 256M"), 0);
	assert_int_equal(command_line("free"), 0);
	assert_non_null(strstr(command_out, "coming                    256M  domains hold that"));
	assert_int_equal(command_line("free --json"), 0);
	object = command_json();
	assert_json_number(object, "coming_kib", 256 * M + 64);
	json_object_put(object);
}

/* What an agent says that its guest uses is never asked for, and what its kernel keeps: 32M. */
static void test_account_of_use(void **state)
{
	(void)state;
	assert_int_equal(command_line("limits guest1 --min=128M"), 0);
	sim_write_key(command_sim, GUEST, HB_KEY_MEMINFO_TOTAL, "491520");
	sim_write_key(command_sim, GUEST, HB_KEY_MEMINFO_FREE, "196608");
	assert_int_equal(command_line("free"), 0);
	assert_non_null(strstr(command_out, "1 guest may be asked for 192M at most: "));
}

/* It is kept from everybody, until it is the usual one again. */
static void test_host_reserve(void **state)
{
	struct json_object *object;
	uint64_t before = common_available(command_sim);

	(void)state;
	assert_int_equal(command_line("reserve --host=1G"), 0);
	assert_string_equal(command_out, "The host keeps 1G for itself.\n");
	assert_int_equal(common_available(command_sim), before + 83884 - G);
	assert_int_equal(command_line("list"), 0);
	assert_non_null(strstr(command_out, " - 1G kept for the host\n"));
	assert_int_equal(command_line("free"), 0);
	assert_non_null(strstr(command_out, "    kept                 1024M  for the host, as \"reserve --host\" has said"));
	assert_int_equal(command_line("set guest1 6500M"), HB_E_REFUSED);
	assert_int_equal(command_line("reserve 6G --for=web"), HB_E_REFUSED);
	assert_int_equal(command_line("reserve --host=512M --dry-run"), 0);
	assert_int_equal(command_line("free --json"), 0);
	object = command_json();
	assert_json_number(object, "host.reserve_kib", G);
	assert_json_number(object, "host_reserve_kib", G);
	json_object_put(object);
	assert_int_equal(command_line("reserve --host=8G"), HB_E_USAGE);
	assert_non_null(strstr(command_err, "the host cannot keep 8G for itself: it has 8G"));
	assert_int_equal(command_line("reserve --host=usual --json"), 0);
	object = command_json();
	assert_null(command_at(object, "host_reserve_kib"));
	json_object_put(object);
	assert_int_equal(common_available(command_sim), before);
}

/* A file that was mended by hand and not well: the rule applies, and nobody is kept from looking. */
static void test_damaged_file(void **state)
{
	static const char *const texts[] = {
		"hotballoon host 1\nreserve=1\n", "hotballoon host 1\nreserve=4M\n", "nonsense\n",
		"hotballoon host 1\nreserve=4\nreserve=8\n", "hotballoon host 1\nreserve=-4\n",
	};
	uint64_t before = common_available(command_sim);

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		print_message("%s\n", texts[i] ? texts[i] : "-");
		common_write_state_file("host", texts[i]);
		assert_int_equal(common_available(command_sim), before);
		assert_int_equal(command_line("list"), 0);
		assert_int_equal(command_line("free"), 0);
		assert_non_null(strstr(command_out, "What the host keeps is not known: "));
	}
	assert_int_equal(command_line("reserve --host=1G"), 0);
	assert_string_equal(common_state_file("host"), "hotballoon host 1\nreserve=1048576\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, command_setup, command_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_account),
		TEST(test_account_of_changes),
		TEST(test_account_of_use),
		TEST(test_host_reserve),
		TEST(test_damaged_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
