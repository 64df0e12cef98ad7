/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text for Prometheus, line by line. What promtool says of it: check-metrics. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "account.h"
#include "metrics.h"

#define M (1ULL << 10)
#define G (1ULL << 20)

static struct hb_balance balance;
static struct hb_domain domains[2];
static struct hb_look looks[2];
static struct hb_host_memory host;
static char *text;

/* One of our drivers, automatic, and one that says nothing. */
static int setup(void **state)
{
	(void)state;
	host = (struct hb_host_memory){
		.total_kib = 4 * G, .free_kib = 2 * G, .scrub_kib = 4, .claimed_kib = 8,
		.reserved_kib = 12, .promised_kib = 16, .reserve_kib = hb_account_reserve_kib(4 * G),
	};
	domains[0] = (struct hb_domain){
		.domid = 5, .name = "web", .uuid = "u5", .type = HB_TYPE_PVH, .vcpus = 1,
		.actual_kib = G, .maxmem_kib = G + M, .target = { HB_PRESENT, G - 16 * M },
		.videoram_kib = 16 * M, .static_max = { HB_PRESENT, 4 * G }, .driver = HB_DRIVER_HOTBALLOON,
		.used = { HB_PRESENT, 300 * M },
	};
	domains[0].report.stats[HB_STAT_TOTAL] = (struct hb_number){ HB_PRESENT, G };
	domains[0].report.stats[HB_STAT_AVAILABLE] = (struct hb_number){ HB_PRESENT, 700 * M };
	domains[0].report.stats[HB_STAT_OOM_KILLS] = (struct hb_number){ HB_PRESENT, 3 };
	domains[1] = (struct hb_domain){
		.domid = 7, .name = "db", .type = HB_TYPE_PV, .vcpus = 1, .actual_kib = G,
		.maxmem_kib = G + M,
	};
	looks[0] = (struct hb_look){ .domain = &domains[0], .limits = {
		.mode = HB_MODE_AUTO, .min = { HB_PRESENT, 256 * M }, .max = { HB_PRESENT, 2 * G },
		.weight = HB_WEIGHT_DEFAULT, .set = { HB_PRESENT, G - 16 * M },
	} };
	looks[1] = (struct hb_look){ .domain = &domains[1], .limits = { .weight = HB_WEIGHT_DEFAULT } };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	hb_balance_clear(&balance);
	free(text);
	text = NULL;
	return 0;
}

static void print(const struct hb_metrics_manager *manager)
{
	size_t length;
	FILE *out;

	free(text);
	out = open_memstream(&text, &length);
	hb_metrics_print(&balance, manager, out);
	assert_int_equal(fclose(out), 0);
}

static void look(uint64_t now_ms)
{
	bool memory;

	hb_balance_hear(&balance, looks, 2, now_ms, &memory);
	assert_true(memory);
	hb_balance_decide(&balance, looks, &host, now_ms);
}

/* A whole line, once. */
static bool has(const char *line)
{
	char whole[512];
	const char *found;

	snprintf(whole, sizeof(whole), "\n%s\n", line);
	found = strstr(text, whole);
	return found && !strstr(found + 1, whole);
}

#define WEB "{domid=\"5\",name=\"web\",uuid=\"u5\"}"
#define DB "{domid=\"7\",name=\"db\",uuid=\"\"}"

static void test_look(void **state)
{
	(void)state;
	look(1);
	print(NULL);
	assert_int_equal(strncmp(text, "# HELP hotballoon_host_memory_bytes Memory that Xen has.\n"
				       "# TYPE hotballoon_host_memory_bytes gauge\n"
				       "hotballoon_host_memory_bytes 4294967296\n", 60), 0);
	assert_true(has("hotballoon_host_free_bytes 2147487744"));
	assert_true(has("hotballoon_host_claimed_bytes 8192"));
	assert_true(has("hotballoon_host_reserved_bytes 12288"));
	assert_true(has("hotballoon_host_promised_bytes 16384"));
	assert_true(has("hotballoon_host_short_bytes 0"));
	assert_true(has("hotballoon_host_minima_short_bytes 0"));
	assert_true(has("hotballoon_domain_actual_bytes" WEB " 1073741824"));
	/* Its size, and so the video memory, too. */
	assert_true(has("hotballoon_domain_target_bytes" WEB " 1073741824"));
	assert_true(has("hotballoon_domain_min_bytes" WEB " 268435456"));
	assert_true(has("hotballoon_domain_max_bytes" WEB " 2147483648"));
	assert_true(has("hotballoon_domain_demand_bytes" WEB " 314572800"));
	assert_true(has("hotballoon_domain_distress_bytes" WEB " 0"));
	assert_true(has("hotballoon_domain_oom_kills_total" WEB " 3"));
	assert_true(has("hotballoon_domain_automatic" WEB " 1"));
	assert_true(has("hotballoon_domain_cause{domid=\"5\",name=\"web\",uuid=\"u5\",cause=\"none\"} 1"));
	assert_true(has("hotballoon_domain_automatic" DB " 0"));
	assert_true(has("hotballoon_domain_cause{domid=\"7\",name=\"db\",uuid=\"\",cause=\"no-report\"} 1"));
	/* What is not known is left out, and what one look cannot know. */
	assert_null(strstr(text, "hotballoon_domain_target_bytes" DB));
	assert_null(strstr(text, "hotballoon_domain_demand_bytes" DB));
	assert_null(strstr(text, "hotballoon_domain_distress_bytes" DB));
	assert_null(strstr(text, "hotballoon_domain_distress_total"));
	assert_null(strstr(text, "hotballoon_domain_reason"));
	assert_null(strstr(text, "hotballoon_manager"));
}

static void test_short(void **state)
{
	(void)state;
	host.promised_kib = 2 * G;
	looks[0].limits.min.value = 2 * G;
	looks[0].limits.max.value = 4 * G;
	look(1);
	print(NULL);
	assert_true(has("hotballoon_host_available_bytes 0"));
	assert_true(strstr(text, "\nhotballoon_host_short_bytes 75"));
	assert_true(strstr(text, "\nhotballoon_host_minima_short_bytes 1"));
}

/* What managers could have back of it: what it does not need, above its minimum. */
static void test_reclaimable(void **state)
{
	const char *found;

	(void)state;
	look(1);
	print(NULL);
	found = strstr(text, "\nhotballoon_host_reclaimable_bytes ");
	assert_in_range(strtoull(found + strlen("\nhotballoon_host_reclaimable_bytes "), NULL, 10),
			(G - 450 * M) << 10, (G - 300 * M) << 10);
	looks[0].limits.mode = HB_MODE_OFF;
	look(2);
	print(NULL);
	assert_true(has("hotballoon_host_reclaimable_bytes 0"));
}

/* Times of distress, not how long it lasts. */
static void test_distress(void **state)
{
	static const struct {
		uint64_t lacks_kib;
		const char *bytes, *total;
	} rows[] = {
		{ 0, "hotballoon_domain_distress_bytes" WEB " 0", "hotballoon_domain_distress_total" WEB " 0" },
		{ 64, "hotballoon_domain_distress_bytes" WEB " 65536", "hotballoon_domain_distress_total" WEB " 1" },
		{ 32, "hotballoon_domain_distress_bytes" WEB " 32768", "hotballoon_domain_distress_total" WEB " 1" },
		{ 0, "hotballoon_domain_distress_bytes" WEB " 0", "hotballoon_domain_distress_total" WEB " 1" },
		{ 4, "hotballoon_domain_distress_bytes" WEB " 4096", "hotballoon_domain_distress_total" WEB " 2" },
	};
	const struct hb_metrics_manager manager = { true, 7, 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		domains[0].report.distress = (struct hb_number){ HB_PRESENT, rows[i].lacks_kib };
		look(1000 * (i + 1));
		print(&manager);
		assert_true(has(rows[i].bytes));
		assert_true(has(rows[i].total));
	}
}

static void test_manager(void **state)
{
	struct hb_metrics_manager manager = { false, 7, 1 };

	(void)state;
	/* Nothing has been looked at yet. */
	manager.connected = true;
	print(&manager);
	assert_null(strstr(text, "hotballoon_host"));
	look(1);
	print(&manager);
	assert_true(has("hotballoon_manager_connected 1"));
	assert_true(has("hotballoon_manager_writes_total 7"));
	assert_true(has("hotballoon_manager_refused_total 1"));
	assert_true(strstr(text, "\nhotballoon_domain_reason{domid=\"7\",name=\"db\",uuid=\"\",reason=\"manual\"} 1\n"));
	/* What was seen last is not what is so now. */
	manager.connected = false;
	print(&manager);
	assert_true(has("hotballoon_manager_connected 0"));
	assert_null(strstr(text, "hotballoon_host"));
	assert_null(strstr(text, "hotballoon_domain"));
}

static void test_hostile(void **state)
{
	(void)state;
	strcpy(domains[0].name, "a\"} 1\nb\\n{");
	domains[0].report.cause = (struct hb_word){ HB_INVALID, 0 };
	domains[0].used.value = UINT64_MAX;
	domains[0].report.distress = (struct hb_number){ HB_INVALID, 0 };
	look(1);
	print(NULL);
	assert_true(has("hotballoon_domain_cause{domid=\"5\",name=\"a\\\"} 1\\nb\\\\n{\",uuid=\"u5\",cause=\"invalid\"} 1"));
	assert_null(strstr(text, "hotballoon_domain_demand_bytes{domid=\"5\""));
	assert_null(strstr(text, "hotballoon_domain_distress_bytes{domid=\"5\""));
}

/* What it uses is said, or follows from what is. */
static void test_demand(void **state)
{
	(void)state;
	domains[0].used.presence = HB_ABSENT;
	look(1);
	print(NULL);
	assert_true(has("hotballoon_domain_demand_bytes" WEB " 339738624"));
	domains[0].report.stats[HB_STAT_SWAP_TOTAL] = (struct hb_number){ HB_PRESENT, 64 * M };
	domains[0].report.stats[HB_STAT_SWAP_FREE] = (struct hb_number){ HB_PRESENT, 60 * M };
	look(2);
	print(NULL);
	assert_true(has("hotballoon_domain_demand_bytes" WEB " 343932928"));
	domains[0].report.stats[HB_STAT_AVAILABLE].presence = HB_ABSENT;
	look(3);
	print(NULL);
	assert_null(strstr(text, "hotballoon_domain_demand_bytes" WEB));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_look), TEST(test_short), TEST(test_reclaimable), TEST(test_distress),
		TEST(test_manager), TEST(test_hostile), TEST(test_demand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
