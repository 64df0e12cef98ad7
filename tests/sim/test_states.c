/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain in every state, of every type and with every driver: what show calls it,
 * whether it can be made larger and smaller, and that what is refused changes
 * nothing. A refusal names the domain, says why and what to do.
 */
#include "common.h"

#include <stdio.h>
#include <string.h>

#include "command.h"

static void name_incoming(void)
{
	sim_write_key(command_sim, GUEST, HB_KEY_NAME, "guest1--incoming");
}

static void name_migratedaway(void)
{
	sim_write_key(command_sim, GUEST, HB_KEY_NAME, "guest1--migratedaway");
}

static void without_target(void)
{
	sim_remove_key(command_sim, GUEST, HB_KEY_TARGET);
}

static void announce(void)
{
	sim_write_key(command_sim, GUEST, HB_KEY_FEATURE_BALLOON, "1");
}

static void announce_windows(void)
{
	announce();
	sim_write_key(command_sim, GUEST, HB_KEY_OS_NAME, "Microsoft Windows");
}

/* What Windows' drivers can write under libxl, which keeps control/ from them. */
static void list_windows_drivers(void)
{
	sim_write_key(command_sim, GUEST, HB_KEY_PV_DRIVERS "/0", "Xen_Project XENBUS 9.1.0.101 ");
	sim_write_key(command_sim, GUEST, HB_KEY_PV_DRIVERS "/1", "Xen_Project XENVIF 9.1.0.44 (DEBUG)");
}

/* After an update of the drivers the list has another order. */
static void list_windows_drivers_anew(void)
{
	list_windows_drivers();
	sim_write_key(command_sim, GUEST, HB_KEY_PV_DRIVERS "/0", "XCP_ng xeniface 9.0.9008.0 ");
	sim_write_key(command_sim, GUEST, HB_KEY_PV_DRIVERS "/2", "XCP_ng xenbus 9.0.9072.0 ");
}

static void list_other_drivers(void)
{
	sim_write_key(command_sim, GUEST, HB_KEY_PV_DRIVERS "/0", "XENBUS");
	sim_write_key(command_sim, GUEST, HB_KEY_PV_DRIVERS "/1", " XENBUSES 1");
	sim_write_key(command_sim, GUEST, HB_KEY_PV_DRIVERS "/2", "");
	sim_write_key(command_sim, GUEST, HB_KEY_PV_DRIVERS "/3", "unread XENBUS 1");
}

static const struct situation {
	const char *name;
	struct sim_guest guest;		/* what differs from the usual one */
	void (*prepare)(void);
	const char *show[2];		/* lines of show; the second may be NULL */
	enum hb_code larger, smaller;	/* 1G and 256M */
	const char *why;		/* of the refusals */
} situations[] = {
	{ "running", { .reports = true }, NULL,
	  { "state              running\n", "driver             hotballoon" }, HB_OK, HB_OK, NULL },
	{ "paused", { .reports = true, .paused = true }, NULL,
	  { "state              paused\n", NULL }, HB_OK, HB_OK, NULL },
	{ "building", { .never_ran = true }, NULL,
	  { "state              building\n", NULL }, HB_E_REFUSED, HB_E_REFUSED, "is being built" },
	{ "saving", { .reports = true, .suspended = true }, NULL,
	  { "state              saving\n", NULL }, HB_E_REFUSED, HB_E_REFUSED, "is suspended, to be saved" },
	{ "arriving", { .reports = true }, name_incoming,
	  { "state              migrating\n", NULL }, HB_E_REFUSED, HB_E_REFUSED, "one end of a migration" },
	{ "leaving", { .reports = true }, name_migratedaway,
	  { "state              migrating\n", NULL }, HB_E_REFUSED, HB_E_REFUSED, "one end of a migration" },
	{ "sent", { .reports = true, .suspended = true }, name_migratedaway,
	  { "state              migrating\n", NULL }, HB_E_REFUSED, HB_E_REFUSED, "one end of a migration" },
	{ "shut down", { .shutdown = true }, NULL,
	  { "state              shutdown\n", NULL }, HB_E_REFUSED, HB_E_REFUSED, "is shut down" },
	{ "crashed", { .crashed = true }, NULL,
	  { "state              crashed\n", NULL }, HB_E_REFUSED, HB_E_REFUSED, "has crashed" },
	{ "dying", { .dying = true }, NULL,
	  { "state              dying\n", NULL }, HB_E_REFUSED, HB_E_REFUSED, "is being destroyed" },
	{ "virtual NUMA", { .reports = true, .vnodes = 2 }, NULL,
	  { "virtual NUMA nodes 2: it keeps its size\n", NULL }, HB_E_REFUSED, HB_E_REFUSED,
	  "has virtual NUMA nodes" },
	{ "not libxl's", { .reports = true }, without_target,
	  { "target             -\n", NULL }, HB_E_REFUSED, HB_E_REFUSED, "has no target" },
	{ "kernel's driver, or none", { .vcpus = 1 }, NULL,
	  { "driver             - (none reports: the kernel's own, or none)\n", NULL }, HB_OK, HB_OK, NULL },
	{ "another driver", { .vcpus = 1 }, announce,
	  { "driver             other (an agent", NULL }, HB_OK, HB_OK, NULL },
	{ "Windows", { .type = HB_TYPE_HVM, .videoram_kib = 16 * M }, announce_windows,
	  { "driver             windows (cannot grow beyond its boot maximum)\n", "type               hvm\n" },
	  HB_E_REFUSED, HB_OK, "Windows cannot grow beyond its boot maximum" },
	{ "Windows below its boot maximum", { .type = HB_TYPE_HVM, .videoram_kib = 16 * M, .maxmem_kib = 2 * G },
	  announce_windows, { "driver             windows", NULL }, HB_OK, HB_OK, NULL },
	{ "Windows under libxl", { .type = HB_TYPE_HVM, .videoram_kib = 16 * M }, list_windows_drivers,
	  { "driver             windows (cannot grow beyond its boot maximum)\n", NULL },
	  HB_E_REFUSED, HB_OK, "Windows cannot grow beyond its boot maximum" },
	{ "Windows after an update", { .type = HB_TYPE_HVM, .videoram_kib = 16 * M }, list_windows_drivers_anew,
	  { "driver             windows", NULL }, HB_E_REFUSED, HB_OK, "Windows cannot grow" },
	{ "not Windows", { .type = HB_TYPE_HVM, .videoram_kib = 16 * M }, list_other_drivers,
	  { "driver             - (none reports", NULL }, HB_OK, HB_OK, NULL },
	{ "Windows is HVM", { .vcpus = 1 }, list_windows_drivers,
	  { "driver             - (none reports", NULL }, HB_OK, HB_OK, NULL },
	{ "PV", { .type = HB_TYPE_PV, .reports = true }, NULL,
	  { "type               pv\n", "paging pool        -\n" }, HB_OK, HB_OK, NULL },
	{ "PVH", { .type = HB_TYPE_PVH, .reports = true }, NULL,
	  { "type               pvh\n", "paging pool        4M\n" }, HB_OK, HB_OK, NULL },
	{ "HVM", { .type = HB_TYPE_HVM, .reports = true, .videoram_kib = 16 * M }, NULL,
	  { "type               hvm\n", "video memory       16M\n" }, HB_OK, HB_OK, NULL },
};

static struct sim_guest make(const struct situation *situation)
{
	struct sim_guest guest = situation->guest;

	guest.domid = usual_guest.domid;
	guest.name = usual_guest.name;
	guest.memory_kib = usual_guest.memory_kib;
	guest.maxmem_kib = guest.maxmem_kib ? guest.maxmem_kib : usual_guest.maxmem_kib;
	guest.type = situation->guest.type || !strcmp(situation->name, "PV") ? guest.type : HB_TYPE_PVH;
	guest.vcpus = guest.vcpus ? guest.vcpus : usual_guest.vcpus;
	guest.offset_kib = usual_guest.offset_kib;
	guest.rate_kib_s = usual_guest.rate_kib_s;
	return guest;
}

static void begin(const struct situation *situation)
{
	struct sim_guest guest = make(situation);

	command_sim = common_host_with(&guest);
	if (situation->prepare)
		situation->prepare();
}

static void check_set(const struct situation *situation, const char *size, enum hb_code code)
{
	uint64_t limit;
	const char *target;
	char before[32], line[32];

	begin(situation);
	limit = sim_xen(command_sim, GUEST, NULL).max_pages;
	target = sim_read_key(command_sim, GUEST, HB_KEY_TARGET);
	snprintf(before, sizeof(before), "%s", target ? target : "none");
	snprintf(line, sizeof(line), "set 5 %s", size);
	if (command_line(line) != (int)code)
		fail_msg("%s, set %s: %s%s", situation->name, size, command_out, command_err);
	if (code) {
		/* Which domain, why, and what to do; and nothing has changed. */
		assert_non_null(strstr(command_err, "hotballoon: guest1"));
		if (!strstr(command_err, situation->why))
			fail_msg("%s: %s", situation->name, command_err);
		assert_non_null(strstr(command_err, "\n  "));
		target = sim_read_key(command_sim, GUEST, HB_KEY_TARGET);
		assert_string_equal(target ? target : "none", before);
		assert_int_equal(sim_xen(command_sim, GUEST, NULL).max_pages, limit);
	} else {
		sim_guest(command_sim, GUEST)->paused = false;
		assert_int_equal(command_line("wait 5"), 0);
		common_assert_consistent(command_sim, GUEST);
	}
	command_end_host();
}

static void check_show(const struct situation *situation)
{
	begin(situation);
	assert_int_equal(command_line("show 5"), 0);
	for (int i = 0; i < 2 && situation->show[i]; i++) {
		if (!strstr(command_out, situation->show[i]))
			fail_msg("%s: no \"%s\" in %s", situation->name, situation->show[i], command_out);
	}
	assert_int_equal(command_line("explain 5"), 0);
	command_end_host();
}

static void test_situations(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(situations) / sizeof(situations[0]); i++) {
		print_message("situations, row %zu\n", i);
		check_show(&situations[i]);
		check_set(&situations[i], "1G", situations[i].larger);
		check_set(&situations[i], "256M", situations[i].smaller);
	}
}

static void destroy_guest(struct sim *sim)
{
	sim_destroy(sim, GUEST);
}

/* One that goes away while the domains are listed is in the list as it was, or not at all. */
static void test_gone_while_listed(void **state)
{
	unsigned int left_out = 0, calls = 2;

	(void)state;
	for (unsigned int at = 2; at <= calls; at++) {
		struct hb_domain **domains;
		struct hb_error error;
		struct hb *hb;
		size_t count;

		command_sim = common_host();
		hb = sim_connect(command_sim);
		command_sim->hook = destroy_guest;
		command_sim->fault = SIM_FAULT_HOOK;
		command_sim->fault_at = at;
		assert_int_equal(hb_list(hb, &domains, &count, &error), HB_OK);
		assert_true(count == 1 || domains[1]->target.presence == HB_PRESENT);
		left_out += count == 1;
		calls = command_sim->calls;
		hb_domains_free(domains);
		hb_close(hb);
		command_end_host();
	}
	assert_in_range(left_out, 10, calls - 1);
}

/* What gets no other size gets no other limit, either: its builder has set that. */
static void test_limit_stays(void **state)
{
	unsigned int n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(situations) / sizeof(situations[0]); i++) {
		print_message("%s\n", situations[i].name);
		if (situations[i].smaller != HB_E_REFUSED)
			continue;
		begin(&situations[i]);
		sim_set_limit(command_sim, GUEST, 2 * G);
		command_line("wait 5 --timeout=3");
		if (sim_xen(command_sim, GUEST, NULL).max_pages * HB_PAGE_KIB != 2 * G)
			fail_msg("%s: %s", situations[i].name, command_out);
		command_end_host();
		n++;
	}
	assert_int_equal(n, 10);
}

/* explain says what keeps a domain where it is. */
static void test_explained(void **state)
{
	static const struct {
		const char *name, *says;
	} cases[] = {
		{ "paused", "it is paused: it can be set" },
		{ "building", "it is being built" },
		{ "saving", "a size set now would be lost" },
		{ "crashed", "it has crashed" },
		{ "virtual NUMA", "it has virtual NUMA nodes" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("%s\n", cases[i].name);
		for (size_t j = 0; j < sizeof(situations) / sizeof(situations[0]); j++) {
			if (strcmp(situations[j].name, cases[i].name))
				continue;
			begin(&situations[j]);
			assert_int_equal(command_line("explain 5"), 0);
			if (!strstr(command_out, cases[i].says))
				fail_msg("%s: %s", cases[i].name, command_out);
			command_end_host();
		}
	}
}

static void test_domain_0(void **state)
{
	(void)state;
	command_sim = common_host();
	assert_int_equal(command_line("show 0"), 0);
	assert_non_null(strstr(command_out, "driver             - (domain 0 has the kernel's own)\n"));
	assert_int_equal(command_line("set 0 768M"), HB_E_REFUSED);
	assert_int_equal(command_line("set 0 2G"), HB_E_REFUSED);
	assert_int_equal(command_line("max 0 2G"), HB_E_REFUSED);
	command_end_host();
}

/* What is set while it is paused is there when it goes on, and wait says why not before. */
static void test_paused_then_unpaused(void **state)
{
	(void)state;
	begin(&situations[1]);
	assert_int_equal(command_line("set 5 1G"), 0);
	assert_non_null(strstr(command_out, "note: the guest is paused"));
	assert_int_equal(command_line("wait 5"), HB_E_STUCK);
	assert_non_null(strstr(command_err, "guest1 is paused and cannot move from 512M to 1G"));
	assert_non_null(strstr(command_err, "xl unpause"));
	sim_guest(command_sim, GUEST)->paused = false;
	assert_int_equal(command_line("wait 5"), 0);
	command_end_host();
}

/* In each of count situations, given by name. */
static void in_each(const char *const *names, size_t count, void (*what)(const char *name))
{
	size_t found = 0;

	for (size_t i = 0; i < sizeof(situations) / sizeof(situations[0]); i++) {
		print_message("%s\n", situations[i].name);
		for (size_t j = 0; j < count; j++) {
			if (strcmp(situations[i].name, names[j]))
				continue;
			found++;
			begin(&situations[i]);
			what(names[j]);
			command_end_host();
		}
	}
	assert_int_equal(found, count);
}

static void wait_in_vain(const char *name)
{
	sim_write_key(command_sim, GUEST, HB_KEY_TARGET, "262144");
	sim_guest(command_sim, GUEST)->rate_kib_s = 0;
	assert_int_equal(command_line("wait 5"), HB_E_STUCK);
	if (!strstr(command_err, "and cannot move from 512") || !strstr(command_err, "\n  "))
		fail_msg("%s: %s", name, command_err);
}

/* Whatever keeps a guest from moving: wait names it, and what to do. */
static void test_wait_says_what_to_do(void **state)
{
	static const char *const names[] = { "saving", "arriving", "sent", "shut down", "crashed" };

	(void)state;
	in_each(names, sizeof(names) / sizeof(names[0]), wait_in_vain);
}

static void be_destroyed(const char *name)
{
	(void)name;
	sim_begin_destroy(command_sim, GUEST);
	assert_int_equal(command_line("show 5"), 0);
	assert_non_null(strstr(command_out, "state              dying\n"));
	/* Xen still knows what it was. */
	assert_non_null(strstr(command_out, "type               pvh\n"));
	assert_int_equal(command_line("set 5 256M"), HB_E_REFUSED);
	assert_non_null(strstr(command_err, "domain 5 is being destroyed"));
	assert_int_equal(command_line("max 5 1G"), HB_E_REFUSED);
	assert_int_equal(command_line("wait 5"), HB_E_REFUSED);
	assert_non_null(strstr(command_err, "domain 5 is being destroyed"));
	assert_int_equal(command_line("set guest1 256M"), HB_E_NO_DOMAIN);
	assert_int_equal(command_line("doctor"), 0);
	assert_non_null(strstr(command_out, "domain 5 is being destroyed and still holds 512.1M"));
}

/*
 * Xen calls a domain dying only when its memory has gone: before that it is one without
 * nodes that does not run, and was running or whatever else.
 */
static void test_being_destroyed(void **state)
{
	static const char *const names[] = { "paused", "shut down", "crashed", "saving" };

	(void)state;
	in_each(names, sizeof(names) / sizeof(names[0]), be_destroyed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, command_setup_nothing, command_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_situations),
		TEST(test_limit_stays),
		TEST(test_gone_while_listed),
		TEST(test_explained),
		TEST(test_being_destroyed),
		TEST(test_domain_0),
		TEST(test_paused_then_unpaused),
		TEST(test_wait_says_what_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
