/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Domains that serve others: xenstored's, device models, driver domains. Recognised by what
 * Xen and libxl say of them, never sized, and left the limit that they were made with: a
 * Mini-OS domain takes what it needs by itself, up to its maximum. After reports that a
 * memory manager took xenstored's or a device model's memory away.
 */
#include "common.h"

#include <stdio.h>
#include <string.h>

#include "command.h"

#define STORE 6U
#define MODEL 7U
#define BACKEND 8U
#define NAMESAKE 9U

static int setup(void **state)
{
	struct sim_guest guest = usual_guest;

	command_setup(state);
	guest.reports = false;
	guest.rate_kib_s = 0;
	guest.domid = STORE;
	guest.name = "Xenstore";
	guest.memory_kib = 32 * M;
	sim_add(command_sim, &guest);
	sim_set_limit(command_sim, STORE, 513 * M);
	guest.domid = MODEL;
	guest.name = "win-dm";
	guest.type = HB_TYPE_PV;
	guest.memory_kib = 500 * M;
	sim_add(command_sim, &guest);
	guest.domid = BACKEND;
	guest.name = "net";
	guest.type = HB_TYPE_PVH;
	guest.driver_domain = true;
	sim_add(command_sim, &guest);
	return 0;
}

static const struct {
	uint32_t domid;
	const char *name, *word;
} services[] = {
	{ STORE, "Xenstore", "xenstore" },
	{ MODEL, "win-dm", "stubdom" },
	{ BACKEND, "net", "driver-dom" },
};

#define EACH_SERVICE(i) (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)

static int run(const char *format, const char *name)
{
	char line[128];

	snprintf(line, sizeof(line), format, name);
	return command_line(line);
}

static void test_shown(void **state)
{
	struct json_object *object;

	(void)state;
	for EACH_SERVICE(i) {
		assert_int_equal(run("show %s --json", services[i].name), HB_OK);
		object = command_json();
		assert_json_text(object, "service", services[i].word);
		json_object_put(object);
		assert_int_equal(run("show %s", services[i].name), HB_OK);
		assert_non_null(strstr(command_out, services[i].word));
		assert_int_equal(command_line("list"), HB_OK);
		assert_non_null(strstr(command_out, services[i].word));
		assert_int_equal(run("explain %s", services[i].name), HB_OK);
		assert_non_null(strstr(command_out, "is not sized"));
	}
	assert_int_equal(command_line("show guest1 --json"), HB_OK);
	object = command_json();
	assert_null(command_at(object, "service"));
	json_object_put(object);
}

/* Nothing that is tried changes its target or its limit. */
static void test_never_sized(void **state)
{
	static const char *const tries[] = {
		"set %s 600M", "set %s 256M --force", "set %s 256M --wait=5 --force", "max %s 4G",
		"limits %s --auto", "limits %s --min=128M", "limits %s --reset",
	};

	(void)state;
	for EACH_SERVICE(i) {
		struct hb_xen_domain before = sim_xen(command_sim, services[i].domid, NULL), after;
		uint64_t target = common_number(command_sim, services[i].domid, HB_KEY_TARGET);

		for (size_t j = 0; j < sizeof(tries) / sizeof(tries[0]); j++) {
			assert_int_equal(run(tries[j], services[i].name), HB_E_REFUSED);
			assert_non_null(strstr(command_err, services[i].name));
			assert_non_null(strstr(command_err, "not sized"));
		}
		assert_int_equal(run("wait %s --timeout=5", services[i].name), HB_OK);
		after = sim_xen(command_sim, services[i].domid, NULL);
		assert_int_equal(after.max_pages, before.max_pages);
		assert_int_equal(after.tot_pages, before.tot_pages);
		assert_int_equal(common_number(command_sim, services[i].domid, HB_KEY_TARGET), target);
	}
}

/* Though its limits said so once, and though it is above its target. */
static void test_gives_nothing(void **state)
{
	char text[512];

	(void)state;
	snprintf(text, sizeof(text), "hotballoon limits 1\n"
		 "%08x-0000-0000-0000-000000000000 mode=auto weight=1000 min=131072 set=512000\n", MODEL);
	common_write_state_file("limits", text);
	assert_int_equal(command_line("free 7G"), HB_E_REFUSED);
	assert_int_equal(common_number(command_sim, MODEL, HB_KEY_TARGET), 500 * M);
	sim_write_key(command_sim, MODEL, HB_KEY_TARGET, "262144");
	assert_int_equal(command_line("free 7G"), HB_E_REFUSED);
	assert_null(strstr(command_out, "win-dm"));
	assert_int_equal(command_line("list"), HB_OK);
	assert_null(strstr(command_out, "would lose win-dm"));
}

/* It has taken what it needs, by itself: nobody waits until it gives that back. */
static void test_grown_by_itself(void **state)
{
	(void)state;
	sim_write_key(command_sim, STORE, HB_KEY_TARGET, "16384");
	assert_int_equal(command_line("wait Xenstore --timeout=5"), HB_E_REFUSED);
	assert_non_null(strstr(command_err, "not sized"));
	assert_int_equal(command_line("doctor"), HB_OK);
	assert_int_equal(command_line("explain Xenstore"), HB_OK);
	assert_null(strstr(command_out, "give memory back"));
}

/* It is not told to load a module for Linux, nor anything else about a guest. */
static void test_nothing_wrong(void **state)
{
	(void)state;
	assert_int_equal(command_line("doctor"), HB_OK);
	assert_non_null(strstr(command_out, "Nothing is wrong"));
	for EACH_SERVICE(i) {
		assert_int_equal(run("explain %s", services[i].name), HB_OK);
		assert_null(strstr(command_out, "xen-hotballoon"));
		assert_null(strstr(command_out, "reports nothing"));
	}
}

static void test_not_saved(void **state)
{
	(void)state;
	assert_int_equal(command_line("save Xenstore /nonexistent/file"), HB_E_REFUSED);
	assert_non_null(strstr(command_err, "serves others"));
	assert_int_equal(command_line("migrate win-dm host"), HB_E_REFUSED);
	assert_non_null(strstr(command_err, "serves others"));
}

/* A guest that is named so and is none is a guest. */
static void test_namesake(void **state)
{
	struct sim_guest guest = usual_guest;

	(void)state;
	guest.domid = NAMESAKE;
	guest.name = "my-dm";
	sim_add(command_sim, &guest);
	sim_remove_key(command_sim, NAMESAKE, HB_KEY_STUB_TARGET);
	assert_int_equal(command_line("set my-dm 600M --wait"), HB_OK);
	guest.domid = NAMESAKE + 1;
	guest.name = "hvm-dm";
	guest.type = HB_TYPE_HVM;
	sim_add(command_sim, &guest);
	assert_int_equal(command_line("set hvm-dm 600M --wait"), HB_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_shown, setup, command_teardown),
		cmocka_unit_test_setup_teardown(test_never_sized, setup, command_teardown),
		cmocka_unit_test_setup_teardown(test_gives_nothing, setup, command_teardown),
		cmocka_unit_test_setup_teardown(test_grown_by_itself, setup, command_teardown),
		cmocka_unit_test_setup_teardown(test_nothing_wrong, setup, command_teardown),
		cmocka_unit_test_setup_teardown(test_not_saved, setup, command_teardown),
		cmocka_unit_test_setup_teardown(test_namesake, setup, command_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
