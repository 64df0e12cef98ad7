/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doctor and explain: everything that can be wrong is found, by its name. */
#include "common.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct sim *sim;
static struct hb *hb;
static struct hb_error error;

static void start(const struct sim_guest *guest)
{
	common_make_state_dir();
	sim = common_host_with(guest);
	hb = common_connect(sim);
}

static int setup(void **state)
{
	(void)state;
	start(&usual_guest);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	hb_close(hb);
	sim_close(sim);
	common_remove_state_dir();
	return 0;
}

/* The names of what was found, each followed by a blank: host's, then domains'. */
static const char *found(void)
{
	static char names[1024];
	struct hb_examination **domains;
	struct hb_findings host;
	size_t count;

	assert_int_equal(hb_doctor(hb, &host, &domains, &count, &error), HB_OK);
	names[0] = '\0';
	for (unsigned int i = 0; i < host.count; i++) {
		assert_true(host.list[i].remedy[0]);
		strcat(strcat(names, host.list[i].what), " ");
	}
	for (size_t i = 0; i < count; i++) {
		for (unsigned int j = 0; j < domains[i]->findings.count; j++) {
			const struct hb_finding *finding = &domains[i]->findings.list[j];

			/* A sentence that names the domain, and no buffer was too small. */
			assert_non_null(strstr(finding->message, domains[i]->domain.name));
			assert_true(strlen(finding->message) < sizeof(finding->message) - 1);
			assert_in_range(strlen(finding->remedy), 1, sizeof(finding->remedy) - 2);
			strcat(strcat(names, finding->what), " ");
		}
	}
	hb_examinations_free(domains);
	return names;
}

static void test_healthy(void **state)
{
	(void)state;
	assert_string_equal(found(), "");
}

/* One thing wrong at a time. */
static void break_max(void) { sim_write_key(sim, GUEST, HB_KEY_STATIC_MAX, "262144"); }
static void break_target(void) { sim_write_key(sim, GUEST, HB_KEY_TARGET, "much"); }
static void remove_target(void) { sim_remove_key(sim, GUEST, HB_KEY_TARGET); }
static void lower_limit(void) { sim_set_limit(sim, GUEST, 400 * M); }
static void raise_limit(void) { sim_set_limit(sim, GUEST, 2 * G); }
static void pause_it(void) { sim_guest(sim, GUEST)->paused = true; }
static void crash_it(void) { sim_guest(sim, GUEST)->crashed = true; }
static void newer(void) { sim_write_key(sim, GUEST, HB_KEY_REPORT_VERSION, "2"); }
static void invalid(void) { sim_write_key(sim, GUEST, HB_KEY_REPORT_CAUSE, "because"); }
static void lie(void) { sim_write_key(sim, GUEST, HB_KEY_REPORT_CURRENT, "4194304"); }
static void unload(void) { sim_remove_key(sim, GUEST, HB_KEY_REPORT_VERSION); }
static void squeezed(void) { sim_write_key(sim, GUEST, HB_KEY_DYNAMIC_MIN, "262144"); }
static void qmemman(void)
{
	sim->qmemman = true;
	sim_write_key(sim, GUEST, HB_KEY_QUBES_MEMINFO, "100000");
}

static void let_die(void) { sim_guest(sim, GUEST)->dying = true; }
static void begin_destroy(void) { sim_begin_destroy(sim, GUEST); }
static void give_vnodes(void) { sim_guest(sim, GUEST)->vnodes = 2; }

static void leave_still(void) { sim_write_key(sim, GUEST, HB_KEY_STILL, "1"); }

/* It comes down at once, and has come down before doctor looks again. */
static void lower_target(void) { sim_write_key(sim, GUEST, HB_KEY_TARGET, "262144"); }

static void hold_and_lower_target(void)
{
	sim_guest(sim, GUEST)->rate_kib_s = 0;
	lower_target();
}

/* The report is there, and nobody updates it any more. */
static void hang(void)
{
	sim_guest(sim, GUEST)->rate_kib_s = 0;
	sim_guest(sim, GUEST)->reports = false;
	common_other_tool(sim, 480 * M);
	sim_write_key(sim, GUEST, HB_KEY_STATIC_MAX, "524288");
	sim_set_limit(sim, GUEST, 513 * M);
	sim_run(sim, 3600000);
}

/* Its driver has taken the target, and does nothing about it. */
static void do_nothing(void)
{
	sim_guest(sim, GUEST)->rate_kib_s = 0;
	common_other_tool(sim, 480 * M);
	sim_set_limit(sim, GUEST, 513 * M);
	sim_run(sim, 1000);
	assert_string_equal(sim_read_key(sim, GUEST, HB_KEY_REPORT_STATE), "shrinking");
}

static void get_stuck(void)
{
	sim_write_key(sim, GUEST, HB_KEY_REPORT_STATE, "waiting");
	sim_write_key(sim, GUEST, HB_KEY_REPORT_CAUSE, "guest-busy");
}

static void forget_pool(void)
{
	sim_write_key(sim, GUEST, HB_KEY_STATIC_MAX, "4194304");
	sim_set_limit(sim, GUEST, 513 * M);
}

static void fill_host(void)
{
	sim_add(sim, &(struct sim_guest){ .domid = 9, .name = "big", .type = HB_TYPE_PV, .reports = true,
					  .memory_kib = sim->free_pages * 4 - 40 * M,
					  .maxmem_kib = 8 * G, .vcpus = 1 });
}

static void promise(void)
{
	fill_host();
	sim_write_key(sim, GUEST, HB_KEY_TARGET, "716800");
	sim_write_key(sim, GUEST, HB_KEY_STATIC_MAX, "716800");
	sim_set_limit(sim, GUEST, 701 * M);
}

static void leave_limits(void)
{
	common_write_state_file("limits", "hotballoon limits 1\n"
		"00000005-0000-0000-0000-000000000000 mode=auto min=1048576 set=524288\n");
}

static void pin(void)
{
	common_write_state_file("limits", "hotballoon limits 1\n"
		"00000005-0000-0000-0000-000000000000 mode=auto min=262144 set=262144\n");
}

static void copy(bool may_be_sized)
{
	common_write_state_file("limits", may_be_sized ? "hotballoon limits 1\n"
		"00000005-0000-0000-0000-000000000000 mode=auto min=262144 set=524288\n" : "hotballoon limits 1\n");
	common_add_copy(sim, 6, "guest1-copy");
}

static void copy_it(void) { copy(true); }
static void copy_manual(void) { copy(false); }

static const struct {
	void (*make)(void);
	const char *names;
} cases[] = {
	{ break_max, "max-below-target " },
	{ break_target, "invalid-key " },
	{ remove_target, "no-target " },
	{ lower_limit, "maxmem-below-target " },
	{ raise_limit, "maxmem-too-high " },
	{ pause_it, "paused " },
	{ crash_it, "crashed " },
	{ let_die, "dying " },
	{ begin_destroy, "dying " },
	{ newer, "version-skew " },
	{ invalid, "invalid-report " },
	{ lie, "wrong-report " },
	{ unload, "no-report " },
	{ squeezed, "second-manager " },
	{ qmemman, "second-manager " },
	{ give_vnodes, "virtual-numa " },
	{ get_stuck, "stuck " },
	{ leave_still, "left-still " },
	{ lower_target, "" },
	{ hold_and_lower_target, "not-following would-be-lost " },
	{ hang, "stale-report would-be-lost " },
	{ do_nothing, "not-following would-be-lost " },
	{ forget_pool, "small-pool " },
	{ fill_host, "low-reserve " },
	{ promise, "promised-too-much small-pool stuck " },
	{ leave_limits, "outside-limits " },
	{ pin, "pinned " },
	{ copy_it, "same-uuid same-uuid " },
	{ copy_manual, "" },
};

static void test_findings(void **state)
{
	char longest[256] = "";

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start(&usual_guest);
		cases[i].make();
		print_message("%zu: %s\n", i, cases[i].names);
		assert_string_equal(found(), cases[i].names);
		/* As well if it has the longest name that there is room for. */
		sim_write_key(sim, GUEST, HB_KEY_NAME, longest);
		assert_string_equal(found(), cases[i].names);
		teardown(NULL);
	}
}

/* What the remedy says helps. */
static void test_remedies(void **state)
{
	struct hb_size size = { HB_SIZE_ABSOLUTE, false, 4 * G };
	struct hb_set_result result;

	(void)state;
	lower_limit();
	assert_string_equal(found(), "maxmem-below-target ");
	assert_int_equal(common_set(sim, "512M", NULL, &result, &error), HB_OK);
	assert_string_equal(found(), "");
	raise_limit();
	assert_int_equal(common_set(sim, "512M", NULL, &result, &error), HB_OK);
	assert_string_equal(found(), "");
	forget_pool();
	assert_int_equal(hb_max(hb, GUEST, &(struct hb_max_request){ .size = size }, &result, &error), HB_OK);
	assert_string_equal(found(), "");
	leave_still();
	assert_string_equal(found(), "left-still ");
	assert_int_equal(common_set(sim, "512M", NULL, &result, &error), HB_OK);
	assert_string_equal(found(), "");
	hold_and_lower_target();
	assert_string_equal(found(), "not-following would-be-lost ");
	assert_int_equal(common_set(sim, "512M", NULL, &result, &error), HB_OK);
	assert_string_equal(found(), "");
}

/* One that is on its way is worth a note, one that rests a warning; the remedy names both ways. */
static void test_would_be_lost(void **state)
{
	static const struct {
		const char *state;
		enum hb_severity severity;
	} cases[] = { { "shrinking", HB_NOTE }, { "idle", HB_WARNING }, { "nonsense", HB_WARNING } };
	struct hb_examination **domains;
	const struct hb_finding *finding;
	struct hb_findings host;
	size_t count;

	(void)state;
	hold_and_lower_target();
	sim_run(sim, 1000);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("cases, row %zu\n", i);
		sim_write_key(sim, GUEST, HB_KEY_REPORT_STATE, cases[i].state);
		assert_int_equal(hb_doctor(hb, &host, &domains, &count, &error), HB_OK);
		finding = &domains[1]->findings.list[domains[1]->findings.count - 1];
		assert_string_equal(finding->what, "would-be-lost");
		assert_int_equal(finding->severity, cases[i].severity);
		assert_non_null(strstr(finding->message, "guest1 holds 512.1M and its target is 256M"));
		assert_string_equal(common_finding_remedy(finding), "wait if it still comes down; if not, set the size that it holds: \"hotballoon wait 5\", \"hotballoon set 5 512M\"");
		hb_examinations_free(domains);
	}
}

/* A size in a remedy is one that the command takes: exact, and that of the remedy. */
static void test_sizes_in_remedies(void **state)
{
	struct hb_examination **domains;
	struct hb_findings host;
	size_t count;

	(void)state;
	sim_write_key(sim, GUEST, HB_KEY_STATIC_MAX, "4195000");
	fill_host();
	assert_int_equal(hb_doctor(hb, &host, &domains, &count, &error), HB_OK);
	assert_string_equal(common_finding_remedy(&domains[1]->findings.list[0]), "set its maximum again, that enlarges it: \"hotballoon max 5 4195000K\"");
	assert_string_equal(host.list[0].what, "low-reserve");
	assert_string_equal(host.list[0].message, "40M are left for the host itself, less than 81.9M");
	hb_examinations_free(domains);
}

/* The only finding is small-pool, and what its remedy says is accepted and helps. */
static void follow_small_pool(void)
{
	struct hb_max_request request = { 0 };
	struct hb_examination **domains;
	struct hb_set_result result;
	struct hb_findings host;
	char size[HB_SIZE_TEXT];
	size_t count;

	assert_int_equal(hb_doctor(hb, &host, &domains, &count, &error), HB_OK);
	assert_int_equal(count, 2);
	assert_int_equal(domains[1]->findings.count, 1);
	assert_string_equal(domains[1]->findings.list[0].what, "small-pool");
	assert_true(hb_size_format(domains[1]->findings.list[0].size_kib, size));
	hb_examinations_free(domains);
	assert_int_equal(hb_size_parse(size, &request.size, &error), HB_OK);
	if (hb_max(hb, GUEST, &request, &result, &error))
		fail_msg("%s: %s", error.message, error.remedy);
	assert_string_equal(found(), "");
}

/*
 * xl sets a target of up to static-max, and the size is that and the video memory: no
 * maximum may be less.
 */
static void test_small_pool_with_videoram(void **state)
{
	struct sim_guest guest = usual_guest;

	(void)state;
	teardown(NULL);
	guest.type = HB_TYPE_HVM;
	guest.videoram_kib = 16 * M;
	start(&guest);
	sim_write_key(sim, GUEST, HB_KEY_TARGET, "4194304");
	sim_write_key(sim, GUEST, HB_KEY_STATIC_MAX, "4194304");
	sim_set_limit(sim, GUEST, 4 * G + 17 * M);
	sim_run(sim, 20000);
	follow_small_pool();
}

/* xl mem-max asks nobody how far the guest can go, and enlarges no pool. */
static void test_small_pool_beyond_ceiling(void **state)
{
	(void)state;
	sim_write_key(sim, GUEST, HB_KEY_REPORT_MAX, "4194306");
	sim_write_key(sim, GUEST, HB_KEY_STATIC_MAX, "8388608");
	sim_set_limit(sim, GUEST, 8 * G + M);
	follow_small_pool();
	assert_int_equal(common_number(sim, GUEST, HB_KEY_STATIC_MAX), 4 * G);
}

/*
 * Domain 0 of type PVH, once a tool has written that it has no maximum: Xen sizes its
 * pool itself, and there is no size that a pool could be too small for.
 */
static void test_pool_of_domain_0(void **state)
{
	(void)state;
	sim_destroy(sim, 0);
	sim_add(sim, &(struct sim_guest){ .domid = 0, .name = "Domain-0", .type = HB_TYPE_PVH,
					  .memory_kib = G, .maxmem_kib = G, .vcpus = 4 });
	sim_write_key(sim, 0, HB_KEY_STATIC_MAX, "17179869180");
	assert_string_equal(found(), "");
}

/* Of whatever key of the report it is: nonsense is found, and shown as such. */
static void test_each_invalid_key(void **state)
{
	static const char *const keys[] = {
#define ROW(NAME, field, kind, json) HB_KEY_REPORT_##NAME,
		HB_REPORT_ROWS(ROW)
#undef ROW
	};

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *value = sim_read_key(sim, GUEST, keys[i]);
		char before[32] = "";

		print_message("%s\n", keys[i] ? keys[i] : "-");
		if (value)
			strcpy(before, value);
		sim_write_key(sim, GUEST, keys[i], "-nonsense-");
		if (!strstr(found(), "invalid-report "))
			fail_msg("doctor says nothing of nonsense in %s", keys[i]);
		if (value)
			sim_write_key(sim, GUEST, keys[i], before);
		else
			sim_remove_key(sim, GUEST, keys[i]);
		assert_string_equal(found(), "");
	}
}

/* What of our files cannot be read is found, with its place, and all the rest is looked at. */
static void test_damaged_files(void **state)
{
	struct hb_examination **domains;
	struct hb_findings host;
	size_t count;

	(void)state;
	common_write_state_file("limits", "hotballoon limits 1\nnonsense\n"
		"00000005-0000-0000-0000-000000000000 mode=auto min=262144 set=262144\n"
		"00000006-0000-0000-0000-000000000000 mode=auto colour=\n");
	common_write_state_file("reservations", "hotballoon reservations 1\n4096 x web\n");
	assert_string_equal(found(), "damaged-file damaged-file pinned ");
	assert_int_equal(hb_doctor(hb, &host, &domains, &count, &error), HB_OK);
	hb_examinations_free(domains);
	assert_int_equal(host.list[0].severity, HB_FAULT);
	assert_non_null(strstr(host.list[0].message, "/limits, line 2, is damaged, and 1 more: they count for nothing"));
	assert_non_null(strstr(host.list[0].message, common_state_dir));
	assert_non_null(strstr(host.list[1].message, "/reservations, line 2, is damaged: it counts for nothing"));
	common_write_state_file("reservations", "hotballoon reservations 1\n");
	common_write_state_file("limits", "x\n");
	assert_string_equal(found(), "damaged-file ");
	/* What the host keeps is a file, too: the rule counts, and that is a finding. */
	common_write_state_file("limits", "hotballoon limits 1\n");
	common_write_state_file("host", "hotballoon host 1\nreserve=1048576\nreserve=\n");
	assert_string_equal(found(), "damaged-file ");
	assert_int_equal(hb_doctor(hb, &host, &domains, &count, &error), HB_OK);
	hb_examinations_free(domains);
	assert_int_equal(host.list[0].severity, HB_FAULT);
	assert_non_null(strstr(host.list[0].message, "/host, line 3, is damaged"));
	assert_non_null(strstr(host.list[0].message, common_state_dir));
	common_write_state_file("host", "");
	assert_string_equal(found(), "damaged-file ");
	common_write_state_file("host", "hotballoon host 1\nreserve=1048576\n");
	assert_string_equal(found(), "");
}

/* The same of a file that cannot be read at all: all of it counts for nothing, and nothing else fails. */
static void test_unreadable_files(void **state)
{
	static const char *const files[] = { "limits", "reservations", "host", "sizes" };
	struct hb_set_result result;
	struct hb_domain **domains;
	struct hb_host_memory memory;
	struct hb_findings host;
	struct hb_examination **examinations;
	struct hb_reservation **reservations;
	char path[128];
	size_t count;

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		print_message("%s\n", files[i]);
		snprintf(path, sizeof(path), "%s/%s", common_state_dir, files[i]);
		assert_int_equal(symlink("/nonexistent/file", path), 0);
		assert_string_equal(found(), "damaged-file ");
		assert_int_equal(hb_doctor(hb, &host, &examinations, &count, &error), HB_OK);
		hb_examinations_free(examinations);
		assert_int_equal(host.list[0].severity, HB_FAULT);
		assert_non_null(strstr(host.list[0].message, "symbolic links: it counts for nothing"));
		assert_non_null(strstr(host.list[0].message, path));
		assert_non_null(strstr(host.list[0].remedy, "none is followed"));
		assert_int_equal(hb_snapshot(hb, &memory, &domains, &count, &error), HB_OK);
		hb_domains_free(domains);
		assert_int_equal(common_set(sim, i % 2 ? "400M" : "300M", NULL, &result, &error), HB_OK);
		/* Who asks for what is in it is told. */
		assert_int_equal(hb_reservations(hb, &reservations, &count, &error), i == 1 ? HB_E_HOST : HB_OK);
		if (i != 1)
			hb_reservations_free(reservations);
		assert_int_equal(unlink(path), 0);
		sim_run(sim, 2000);
	}
}

/* The one finding of that name about the guest; its message and remedy are copied. */
static struct hb_finding finding_of(const char *what)
{
	struct hb_finding finding = { 0 };
	struct hb_examination **domains;
	struct hb_findings host;
	size_t count;

	assert_int_equal(hb_doctor(hb, &host, &domains, &count, &error), HB_OK);
	for (unsigned int i = 0; i < domains[1]->findings.count; i++) {
		if (!strcmp(domains[1]->findings.list[i].what, what))
			finding = domains[1]->findings.list[i];
	}
	hb_examinations_free(domains);
	return finding;
}

/* Both are named, and what is to be done. */
static void test_same_uuid(void **state)
{
	struct hb_finding finding;

	(void)state;
	copy_it();
	finding = finding_of("same-uuid");
	assert_int_equal(finding.severity, HB_WARNING);
	assert_string_equal(finding.message, "guest1 (domain 5) and guest1-copy (domain 6) have the same uuid, 00000005-0000-0000-0000-000000000000, and with it the same limits: neither is sized");
	assert_string_equal(common_finding_remedy(&finding), "give one another uuid= in its configuration, and build it anew");
}

/* One look cannot tell who follows: a note at most of one that is on its way, and time is taken for it. */
static void test_following(void **state)
{
	struct hb_finding finding;
	uint64_t start;

	(void)state;
	start = sim->clock_ms;
	assert_string_equal(found(), "");
	assert_int_equal(sim->clock_ms, start);
	sim_guest(sim, GUEST)->rate_kib_s = 20 * M;
	assert_int_equal(common_set(sim, "2G", NULL, &(struct hb_set_result){ 0 }, &error), HB_OK);
	assert_string_equal(found(), "");
	assert_true(sim->clock_ms > start);
	/* A page now and then is no way to go 1.4G. */
	sim_guest(sim, GUEST)->rate_kib_s = 400;
	assert_string_equal(found(), "not-following ");
	sim_guest(sim, GUEST)->rate_kib_s = 0;
	finding = finding_of("not-following");
	assert_int_equal(finding.severity, HB_WARNING);
	assert_non_null(strstr(finding.message, "short of its size of 2G, and does not move; its driver says that it is growing"));
}

/* From a report: an hour later its driver still acts on the target of before. */
static void test_stale_report(void **state)
{
	struct hb_finding finding;

	(void)state;
	sim_guest(sim, GUEST)->rate_kib_s = 0;
	sim_guest(sim, GUEST)->reports = false;
	assert_int_equal(common_set(sim, "2G", &(struct hb_set_request){ .wait = true },
				    &(struct hb_set_result){ 0 }, &error), HB_E_STUCK);
	assert_non_null(strstr(error.message, "its driver acts on another target"));
	assert_null(strstr(error.message, "names no cause"));
	sim_run(sim, 3600000);
	finding = finding_of("stale-report");
	assert_non_null(strstr(finding.message, "guest1 holds 512.1M, 1536M short of its size of 2G, and does not move: its driver acts on another target, 512M"));
}

/* A guest that reports nothing, and does not do what it was told. */
static void test_short_without_report(void **state)
{
	struct sim_guest guest = usual_guest;
	struct hb_finding finding;

	(void)state;
	teardown(NULL);
	guest.reports = false;
	guest.rate_kib_s = 0;
	start(&guest);
	assert_int_equal(common_set(sim, "2G", &(struct hb_set_request){ .wait = true },
				    &(struct hb_set_result){ 0 }, &error), HB_E_STUCK);
	finding = finding_of("not-following");
	assert_int_equal(finding.severity, HB_WARNING);
	assert_non_null(strstr(finding.message, "guest1 holds 512.1M, 1535.9M short of its size of 2G, and does not move"));
	assert_non_null(strstr(finding.remedy, "balloon driver runs in it"));
}

static bool says(const struct hb_explanation *explanation, const char *text)
{
	for (unsigned int i = 0; i < explanation->nr_reasons; i++) {
		if (strstr(explanation->reasons[i], text))
			return true;
	}
	return false;
}

static struct hb_explanation explain(void)
{
	static struct hb_explanation explanation;

	assert_int_equal(hb_explain(hb, GUEST, &explanation, &error), HB_OK);
	return explanation;
}

static void test_explain(void **state)
{
	struct hb_explanation e = explain();

	(void)state;
	assert_true(says(&e, "it holds 512.1M by Xen's count, and its size is set to 512M"));
	assert_true(says(&e, "it is where it shall be"));
	assert_true(says(&e, "its driver is idle, and nothing is in its way"));
	assert_true(says(&e, "a person decides its size: nobody has given it limits"));
	assert_int_equal(e.findings.count, 0);

	sim_guest(sim, GUEST)->stick_at_kib = 300 * M;
	sim_guest(sim, GUEST)->stick_cause = HB_CAUSE_GUEST_BUSY;
	common_other_tool(sim, 200 * M);
	sim_run(sim, 5000);
	e = explain();
	assert_true(says(&e, "it is 100M above that: it has to give memory back"));
	assert_true(says(&e, "its driver is waiting: the guest's memory is in use (guest-busy)"));
	assert_string_equal(e.findings.list[0].what, "stuck");

	common_write_state_file("limits", "hotballoon limits 1\n"
		"00000005-0000-0000-0000-000000000000 mode=auto min=131072 max=1048576 set=204800\n");
	sim_write_key(sim, GUEST, HB_KEY_REPORT_MAX, "2097152");
	e = explain();
	assert_true(says(&e, "managers may size it between 128M and 1G, with weight 1000"));
	assert_true(says(&e, "it can never be larger than 2G"));
	remove_target();
	e = explain();
	assert_true(says(&e, "xenstore says no size for it"));
	assert_int_equal(hb_explain(hb, 77, &e, &error), HB_E_NO_DOMAIN);
}

/* What is not so is not said: that nothing is in its way, or what a dead guest's driver does. */
static void test_explain_short(void **state)
{
	struct hb_explanation e;

	(void)state;
	do_nothing();
	e = explain();
	assert_true(says(&e, "it is 32M above that: it has to give memory back, and does not move"));
	assert_false(says(&e, "nothing is in its way"));
	assert_true(says(&e, "its driver is shrinking, and names nothing that is in its way"));
	sim_guest(sim, GUEST)->rate_kib_s = 4 * M;
	e = explain();
	assert_true(says(&e, "it has to give memory back, and moves"));
	assert_false(says(&e, "nothing is in its way"));
	sim_run(sim, 10000);
	hang();
	sim_write_key(sim, GUEST, HB_KEY_TARGET, "409600");
	e = explain();
	assert_true(says(&e, "its driver acts on another target, 480M"));
	assert_false(says(&e, "nothing is in its way"));
	sim_guest(sim, GUEST)->crashed = true;
	e = explain();
	assert_true(says(&e, "it has crashed and cannot follow a target"));
	assert_true(says(&e, "it holds 480.1M by Xen's count"));
	assert_false(says(&e, "its driver is"));
	assert_false(says(&e, "where it shall be"));
	assert_false(says(&e, "a person decides"));
	assert_false(says(&e, "the host has"));
}

/* It is at its target, and that is too little for it: of it, too, that is not said. */
static void test_explain_distress(void **state)
{
	struct hb_explanation e;

	(void)state;
	sim_write_key(sim, GUEST, HB_KEY_REPORT_DISTRESS, "65536");
	e = explain();
	assert_true(says(&e, "it is where it shall be"));
	assert_true(says(&e, "its driver is idle, and says that the guest lacks 64M"));
	assert_false(says(&e, "nothing is in its way"));
}

/* Nobody has turned it off: what is kept of it cannot be read, and that is said. */
static void test_explain_damaged(void **state)
{
	struct hb_explanation e;

	(void)state;
	common_write_state_file("limits", "hotballoon limits 1\n"
		"00000005-0000-0000-0000-000000000000 mode=auto colour=\n");
	e = explain();
	assert_true(says(&e, "managers leave it alone: its limits cannot be read"));
	assert_false(says(&e, "automatic sizing is off"));
	assert_int_equal(e.findings.count, 1);
	assert_string_equal(e.findings.list[0].what, "damaged-file");
	assert_non_null(strstr(e.findings.list[0].message, "/limits, line 2, is damaged"));
}

/*
 * Another tool has set a target above Xen's limit, and the host has memory: that no guest need
 * be made smaller for, and what is to be done is said with its size.
 */
static void test_stuck_at_limit(void **state)
{
	struct hb_finding finding;

	(void)state;
	sim_write_key(sim, GUEST, HB_KEY_TARGET, "1048576");
	sim_run(sim, 5000);
	assert_string_equal(sim_read_key(sim, GUEST, HB_KEY_REPORT_CAUSE), "host-out-of-memory");
	assert_string_equal(found(), "max-below-target maxmem-below-target stuck ");
	finding = finding_of("stuck");
	assert_null(strstr(finding.remedy, "shrink"));
	assert_string_equal(common_finding_remedy(&finding), "set the size again, which raises Xen's limit: \"hotballoon set 5 1G\"");
	finding = finding_of("maxmem-below-target");
	assert_string_equal(common_finding_remedy(&finding), "set the size again: \"hotballoon set 5 1G\"");
	finding = finding_of("max-below-target");
	assert_string_equal(common_finding_remedy(&finding), "set the size again: \"hotballoon set 5 1G\"");
	assert_int_equal(common_set(sim, "1G", &(struct hb_set_request){ .wait = true },
				    &(struct hb_set_result){ 0 }, &error), HB_OK);
	assert_string_equal(found(), "");
	raise_limit();
	finding = finding_of("maxmem-too-high");
	assert_non_null(strstr(common_finding_remedy(&finding), "\"hotballoon set 5 1G\""));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_healthy),
		cmocka_unit_test(test_findings),
		TEST(test_remedies),
		TEST(test_would_be_lost),
		TEST(test_sizes_in_remedies),
		TEST(test_small_pool_with_videoram),
		TEST(test_small_pool_beyond_ceiling),
		TEST(test_pool_of_domain_0),
		TEST(test_damaged_files),
		TEST(test_unreadable_files),
		TEST(test_each_invalid_key),
		TEST(test_same_uuid),
		TEST(test_following),
		TEST(test_stale_report),
		TEST(test_short_without_report),
		TEST(test_explain),
		TEST(test_explain_short),
		TEST(test_explain_distress),
		TEST(test_explain_damaged),
		TEST(test_stuck_at_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
