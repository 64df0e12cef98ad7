/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest may take above its target by itself, as every command has to do with it. */
#include "common.h"

#include <string.h>

#include "command.h"

#define assert_says(text) assert_non_null(strstr(command_out, text))
#define assert_silent(text) assert_null(strstr(command_out, text))

static uint64_t actual(void)
{
	return sim_xen(command_sim, GUEST, NULL).tot_pages * HB_PAGE_KIB;
}

static uint64_t limit(void)
{
	return sim_xen(command_sim, GUEST, NULL).max_pages * HB_PAGE_KIB;
}

static uint64_t pool(void)
{
	uint64_t kib;

	sim_xen(command_sim, GUEST, &kib);
	return kib;
}

/* Granted 64M, and in need of so much. */
static void need(uint64_t kib)
{
	assert_int_equal(command_line("limits guest1 --headroom=64M"), 0);
	sim_guest(command_sim, GUEST)->needs_kib = kib;
	sim_run(command_sim, 500);
}

static void test_grant(void **state)
{
	uint64_t before = common_available(command_sim) + pool();
	struct json_object *object;

	(void)state;
	assert_int_equal(command_line("limits guest1 --headroom=64M --dry-run"), 0);
	assert_says("headroom 64M\n");
	assert_null(sim_read_key(command_sim, GUEST, HB_KEY_HEADROOM));

	assert_int_equal(command_line("limits guest1 --headroom=64M"), 0);
	assert_says("headroom 64M\n");
	/* Nobody has said anything of managers. */
	assert_says("mode     manual\n");
	assert_string_equal(sim_read_key(command_sim, GUEST, HB_KEY_HEADROOM), "65536");
	assert_int_equal(limit(), 512 * M + 64 * M + M);
	assert_int_equal(common_number(command_sim, GUEST, HB_KEY_TARGET), 512 * M);
	assert_int_equal(before - common_available(command_sim) - pool(), 64 * M - usual_guest.offset_kib);
	assert_int_equal(command_line("show guest1 --json"), 0);
	object = command_json();
	assert_json_number(object, "headroom_kib", 65536);
	json_object_put(object);
	assert_int_equal(command_line("limits guest1 --json"), 0);
	object = command_json();
	assert_json_number(object, "headroom_kib", 65536);
	json_object_put(object);

	/* It goes along with every size. */
	assert_int_equal(command_line("set guest1 768M --wait"), 0);
	assert_int_equal(limit(), 768 * M + 64 * M + M);
	assert_int_equal(command_line("set guest1 256M --wait"), 0);
	assert_int_equal(limit(), 256 * M + 64 * M + M);
	common_assert_consistent(command_sim, GUEST);

	assert_int_equal(command_line("limits guest1 --headroom=16M"), 0);
	assert_int_equal(limit(), 256 * M + 16 * M + M);
	assert_int_equal(command_line("limits guest1 --headroom=none"), 0);
	assert_silent("headroom");
	assert_null(sim_read_key(command_sim, GUEST, HB_KEY_HEADROOM));
	assert_int_equal(limit(), 256 * M + M);
}

static void test_refused(void **state)
{
	(void)state;
	assert_int_equal(command_line("limits guest1 --headroom=100G"), HB_E_REFUSED);
	assert_non_null(strstr(command_err, " more with a headroom of 100G, and the host has"));
	assert_int_equal(command_line("limits guest1 --headroom=64"), HB_E_USAGE);
	assert_int_equal(command_line("limits 0 --headroom=64M"), HB_E_REFUSED);
	assert_int_equal(command_line("limits nobody --headroom=64M"), HB_E_NO_DOMAIN);
	assert_int_equal(command_line("limits guest1 --headroom=4096T"), HB_E_USAGE);
	assert_null(sim_read_key(command_sim, GUEST, HB_KEY_HEADROOM));
	assert_int_equal(limit(), 512 * M + M);
	/* What is granted is there for nobody else, and less can be granted even so. */
	assert_int_equal(command_line("limits guest1 --headroom=6G"), 0);
	assert_int_equal(command_line("reserve 2G --for=web"), HB_E_REFUSED);
	assert_int_equal(command_line("limits guest1 --headroom=5G"), 0);
	assert_int_equal(command_line("limits guest1 --forget"), 0);
	assert_null(sim_read_key(command_sim, GUEST, HB_KEY_HEADROOM));
	assert_int_equal(command_line("reserve 2G --for=web"), 0);
	sim_destroy(command_sim, GUEST);
	assert_int_equal(command_line("limits 5 --headroom=64M"), HB_E_NO_DOMAIN);
	assert_false(sim_has_nodes(command_sim, GUEST));
}

static void test_taken(void **state)
{
	uint64_t before = common_available(command_sim) + pool();

	(void)state;
	need(24 * M);
	assert_int_equal(actual(), 512 * M + 24 * M + usual_guest.offset_kib);
	/* What it holds now it need not be promised any more. */
	assert_int_equal(before - common_available(command_sim) - pool(), 64 * M - usual_guest.offset_kib);
	assert_int_equal(command_line("show guest1"), 0);
	assert_says("taken              24M above its target, in need\n");
	assert_says("  rescued          24M\n");
	assert_int_equal(command_line("list"), 0);
	assert_says("guest1 has taken 24M above its target in need: \"hotballoon set 5 +24M\" lets it have that\n");
	command_line("doctor");
	assert_says("guest1 has taken 24M above its target in need; its headroom is 64M");
	assert_says("\"hotballoon set 5 536M\"");
	assert_silent("does not move");
	assert_int_equal(command_line("explain guest1"), 0);
	assert_says("it has taken 24M above that in need");
	assert_silent("has to give memory back");

	/* It is there: nobody waits for what it was allowed to have. */
	assert_int_equal(command_line("set guest1 512M --wait"), 0);
	assert_says("it has taken 24M above that in need");
	assert_int_equal(command_line("wait guest1"), 0);
	assert_int_equal(actual(), 512 * M + 24 * M + usual_guest.offset_kib);
	assert_int_equal(limit(), 512 * M + 64 * M + M);

	sim_guest(command_sim, GUEST)->needs_kib = 100 * M;
	sim_run(command_sim, 500);
	assert_int_equal(actual(), 512 * M + 64 * M + usual_guest.offset_kib);
	sim_guest(command_sim, GUEST)->needs_kib = 0;
	sim_run(command_sim, 2000);
	assert_int_equal(actual(), 512 * M + usual_guest.offset_kib);
	assert_int_equal(command_line("list"), 0);
	assert_silent("taken");
}

static void test_new_target(void **state)
{
	(void)state;
	need(24 * M);
	sim_guest(command_sim, GUEST)->needs_kib = 0;
	assert_int_equal(command_line("set guest1 +24M --wait"), 0);
	assert_silent("it has taken");
	assert_int_equal(actual(), 536 * M + usual_guest.offset_kib);
	sim_run(command_sim, 100);
	assert_int_equal(common_number(command_sim, GUEST, HB_KEY_REPORT_RESCUED), 0);
	assert_int_equal(limit(), 536 * M + 64 * M + M);
}

static void test_withdrawn(void **state)
{
	(void)state;
	need(24 * M);
	assert_int_equal(command_line("limits guest1 --headroom=none"), 0);
	/* What it has, Xen lets it keep. */
	assert_int_equal(limit(), actual() + M);
	assert_int_equal(command_line("list"), 0);
	assert_says("guest1 has taken 24M above its target in need");
	/* Whether it was granted before nobody knows any more. */
	command_line("doctor");
	assert_says("says that it has taken 24M above its target in need, and may take 0K");
	assert_int_equal(command_line("set guest1 +24M --wait"), 0);
	assert_int_equal(limit(), 536 * M + M);
}

static void test_saved(void **state)
{
	(void)state;
	need(24 * M);
	assert_int_equal(command_line("list"), 0);
	assert_says("a save or a migration now would lose guest1");
	assert_int_equal(command_line("save guest1 /tmp/image --dry-run"), 0);
	assert_int_equal(command_line("set guest1 536M --wait"), 0);
	assert_int_equal(command_line("list"), 0);
	assert_silent("would lose");
}

/* What is refused of it changes nothing, and what is to be known is said. */
static void test_together(void **state)
{
	(void)state;
	assert_int_equal(command_line("limits guest1 --headroom=32M --min=2G --max=1G"), HB_E_USAGE);
	assert_null(sim_read_key(command_sim, GUEST, HB_KEY_HEADROOM));
	assert_int_equal(command_line("limits guest1 --headroom=32M --min=1G --dry-run"), 0);
	assert_null(sim_read_key(command_sim, GUEST, HB_KEY_HEADROOM));
	assert_int_equal(command_line("limits guest1 --headroom=32M --dry-run"), 0);
	assert_int_equal(command_line("limits guest1 --headroom=32M"), 0);
	assert_silent("note:");
	assert_int_equal(command_line("limits guest1 --headroom=none --dry-run"), 0);
	assert_silent("headroom");
	sim_guest(command_sim, GUEST)->reports = false;
	sim_remove_key(command_sim, GUEST, HB_KEY_REPORT_VERSION);
	assert_int_equal(command_line("limits guest1 --headroom=64M"), 0);
	assert_says("note: no driver of ours reports in it");
}

/* Limits that cannot be forgotten leave what was granted, too. */
static void test_not_forgotten(void **state)
{
	(void)state;
	assert_int_equal(command_line("limits guest1 --min=256M --headroom=64M"), 0);
	common_write_state_file("limits", "hotballoon limits 1\nnonsense\n");
	assert_int_not_equal(command_line("limits guest1 --forget"), 0);
	assert_non_null(sim_read_key(command_sim, GUEST, HB_KEY_HEADROOM));
	assert_string_equal(sim_read_key(command_sim, GUEST, HB_KEY_HEADROOM), "65536");
	assert_int_equal(limit(), 512 * M + 64 * M + M);
}

/* Who sizes it goes on doing so; who has pinned it has still done that. */
static void test_managed(void **state)
{
	(void)state;
	assert_int_equal(command_line("limits guest1 --min=256M --max=1G --headroom=64M"), 0);
	assert_says("mode     auto\n");
	assert_int_equal(command_line("limits guest1 --headroom=32M"), 0);
	assert_silent("Managers leave it alone");
	assert_int_equal(command_line("set guest1 600M --wait"), 0);
	assert_int_equal(command_line("limits guest1 --headroom=64M"), 0);
	assert_says("Managers leave it alone");
	assert_int_equal(limit(), 600 * M + 64 * M + M);
}

/* Another tool sets the limit without it: that is told, and the next size mends it. */
static void test_other_tool(void **state)
{
	(void)state;
	assert_int_equal(command_line("limits guest1 --headroom=64M"), 0);
	common_other_tool(command_sim, 400 * M);
	sim_run(command_sim, 2000);
	command_line("doctor");
	assert_says("leaves no room for its headroom of 64M");
	assert_int_equal(command_line("set guest1 400M --wait"), 0);
	assert_int_equal(limit(), 400 * M + 64 * M + M);
	sim_write_key(command_sim, GUEST, HB_KEY_HEADROOM, "much");
	command_line("doctor");
	assert_says("the headroom of guest1 in xenstore is no number");
	assert_int_equal(command_line("limits guest1 --headroom=none"), 0);
	assert_null(sim_read_key(command_sim, GUEST, HB_KEY_HEADROOM));
}

/* One that says so and was granted nothing has nothing to excuse it. */
static void test_liar(void **state)
{
	(void)state;
	sim_guest(command_sim, GUEST)->rate_kib_s = 0;
	sim_write_key(command_sim, GUEST, HB_KEY_REPORT_RESCUED, "262144");
	assert_int_equal(command_line("set guest1 256M --wait"), HB_E_STUCK);
	assert_int_equal(command_line("set guest1 256M --keep-target --wait"), HB_E_STUCK);
	sim_run(command_sim, 120000);
	command_line("doctor");
	assert_says("and does not move");
	assert_says("guest1 says that it has taken 256M above its target in need, and may take 0K");
}

/* Others have all but so much, or a little less: what they cost is more than their size. */
static void fill_host(uint64_t left)
{
	char line[64];

	sprintf(line, "reserve %lluK --for=other",
		(unsigned long long)(common_available(command_sim) - left - 32 * M));
	assert_int_equal(command_line(line), 0);
	assert_in_range(common_available(command_sim), 1, left + 8 * M);
}

/* On a full host a larger size takes from the headroom what it needs, and what was taken is not needed twice. */
static void test_full(void **state)
{
	uint64_t before;

	(void)state;
	need(24 * M);
	fill_host(20 * M);
	before = common_available(command_sim);
	assert_int_equal(command_line("set guest1 +24M --dry-run"), 0);
	assert_int_equal(command_line("set guest1 +24M --wait"), 0);
	assert_says("for its headroom beside that, not 64M as before");
	assert_int_equal(common_number(command_sim, GUEST, HB_KEY_TARGET), 536 * M);
	assert_in_range(common_number(command_sim, GUEST, HB_KEY_HEADROOM), 40 * M, 63 * M);
	assert_in_range(before - common_available(command_sim), 0, 28 * M);
	common_assert_consistent(command_sim, GUEST);
	/* No more than there is, all the same. */
	assert_int_equal(command_line("set guest1 +128M"), HB_E_REFUSED);
	assert_int_equal(common_number(command_sim, GUEST, HB_KEY_TARGET), 536 * M);
}

/* What is kept for good is no more than the host has, however often. */
static void test_kept(void **state)
{
	(void)state;
	need(64 * M);
	fill_host(20 * M);
	sim_guest(command_sim, GUEST)->rate_kib_s = 0;
	assert_int_equal(command_line("set guest1 500M --wait"), HB_E_STUCK);
	assert_in_range(common_number(command_sim, GUEST, HB_KEY_TARGET), 575 * M, 577 * M);
	assert_in_range(common_number(command_sim, GUEST, HB_KEY_HEADROOM), 0, 28 * M);
	assert_in_range(common_available(command_sim), 0, 28 * M);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, command_setup, command_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_grant),
		TEST(test_refused),
		TEST(test_taken),
		TEST(test_new_target),
		TEST(test_withdrawn),
		TEST(test_saved),
		TEST(test_together),
		TEST(test_not_forgotten),
		TEST(test_managed),
		TEST(test_other_tool),
		TEST(test_liar),
		TEST(test_full),
		TEST(test_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
