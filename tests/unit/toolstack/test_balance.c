/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what domains say to what is decided, look after look. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "account.h"
#include "balance.h"
#include "seed.h"
#include "usage.h"

#define M (1ULL << 10)
#define G (1ULL << 20)
#define S 1000ULL
#define MOST 8

static struct hb_balance balance;
static struct hb_domain domains[MOST];
static struct hb_look looks[MOST];
static struct hb_host_memory host;
static size_t count;
static uint64_t now;

static int setup(void **state)
{
	(void)state;
	hb_balance_clear(&balance);
	count = 0;
	now = S;
	host = (struct hb_host_memory){
		.total_kib = 4 * G, .free_kib = 2 * G, .reserve_kib = hb_account_reserve_kib(4 * G),
	};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	hb_balance_clear(&balance);
	return 0;
}

static void say(size_t i, enum hb_stat stat, uint64_t value)
{
	domains[i].report.stats[stat] = (struct hb_number){ HB_PRESENT, value };
}

/* One of our drivers, that uses so much of its size. */
static size_t add(uint32_t domid, uint64_t size, uint64_t used)
{
	size_t i = count++;

	domains[i] = (struct hb_domain){
		.domid = domid, .type = HB_TYPE_PVH, .vcpus = 1, .hap = true, .actual_kib = size,
		.maxmem_kib = size + M, .target = { HB_PRESENT, size }, .static_max = { HB_PRESENT, 4 * G },
		.driver = HB_DRIVER_HOTBALLOON,
	};
	snprintf(domains[i].uuid, sizeof(domains[i].uuid), "%08x-0000-0000-0000-000000000000", domid);
	say(i, HB_STAT_TOTAL, size - 32 * M);
	say(i, HB_STAT_AVAILABLE, size - 32 * M - used);
	say(i, HB_STAT_FREE, 0);
	looks[i] = (struct hb_look){ .domain = &domains[i], .limits = {
		.mode = HB_MODE_AUTO, .weight = HB_WEIGHT_DEFAULT, .min = { HB_PRESENT, 256 * M },
		.max = { HB_PRESENT, 2 * G }, .set = { HB_PRESENT, size } } };
	return i;
}

static bool hear(void)
{
	bool memory, due = hb_balance_hear(&balance, looks, count, now, &memory);

	assert_true(memory);
	return due;
}

static void decide(void)
{
	hear();
	hb_balance_decide(&balance, looks, &host, now);
}

static void test_usage(void **state)
{
	struct hb_usage usage;

	(void)state;
	add(1, 512 * M, 100 * M);
	say(0, HB_STAT_SWAP_IN, 400);
	say(0, HB_STAT_SWAP_OUT, 44);
	say(0, HB_STAT_REFAULTS_ANON, 4);
	usage = hb_usage_of(&domains[0]);
	assert_int_equal(usage.known, HB_KNOWS_TOTAL | HB_KNOWS_FREE | HB_KNOWS_AVAILABLE | HB_KNOWS_SWAPPING);
	assert_int_equal(usage.total, 480 * M);
	assert_int_equal(usage.available, 380 * M);
	/* The line has KiB, an estimate pages. */
	assert_int_equal(usage.swap_in, 100);
	assert_int_equal(usage.swap_out, 11);
	/* Half of what is needed is nothing. */
	domains[0].report.stats[HB_STAT_AVAILABLE].presence = HB_INVALID;
	assert_int_equal(hb_usage_of(&domains[0]).known, 0);
	/* An agent's word. */
	domains[0].used = (struct hb_number){ HB_PRESENT, 77 * M };
	assert_int_equal(hb_usage_of(&domains[0]).known, HB_KNOWS_USED);
	assert_int_equal(hb_usage_of(&domains[0]).used, 77 * M);
	/* That of XenServer is of what the guest's kernel hands out. */
	domains[0].total = (struct hb_number){ HB_PRESENT, 480 * M };
	usage = hb_usage_of(&domains[0]);
	assert_int_equal(usage.known, HB_KNOWS_TOTAL | HB_KNOWS_AVAILABLE);
	assert_int_equal(usage.total, 480 * M);
	assert_int_equal(usage.available, 403 * M);
	domains[0].used.presence = HB_INVALID;
	assert_int_equal(hb_usage_of(&domains[0]).known, 0);
}

/* What is called out counts at once, and when it is taken back, whatever the line says. */
static void test_distress(void **state)
{
	(void)state;
	add(1, 512 * M, 100 * M);
	decide();
	assert_false(balance.all[0].shown.distress);
	domains[0].report.distress = (struct hb_number){ HB_PRESENT, 20 * M + 3 };
	assert_true(hear());
	assert_true(balance.all[0].shown.distress);
	assert_int_equal(balance.all[0].shown.lacks_kib, 20 * M);
	now += 100;
	decide();
	assert_int_equal(balance.control.nr_actions, 1);
	assert_int_equal(balance.domains[0].reason, HB_MOTIVE_DISTRESS);
	assert_true(balance.domains[0].to_kib >= 532 * M);
	/* That much is what it must have; its word stays for a while when it has got it. */
	assert_int_equal(balance.all[0].shown.must_kib, 532 * M);
	domains[0].target.value = looks[0].limits.set.value = domains[0].actual_kib = balance.domains[0].to_kib;
	hear();
	assert_int_equal(balance.all[0].shown.must_kib, 532 * M);
	/* It lacks more: that does not wait until it reports, nor for the next relief. */
	domains[0].report.distress.value = 40 * M;
	now += 300;
	decide();
	assert_int_equal(balance.control.nr_actions, 1);
	assert_int_equal(balance.domains[0].to_kib, domains[0].actual_kib + 40 * M);
	say(0, HB_STAT_AVAILABLE, M);
	domains[0].report.distress.value = 0;
	hear();
	assert_true(balance.all[0].estimate.distress);
	assert_false(balance.all[0].shown.distress);
	domains[0].report.distress.presence = HB_ABSENT;
	hear();
	assert_true(balance.all[0].shown.distress);
}

/* Nothing happens: nothing is decided, and nobody needs to look again. */
static void test_quiet(void **state)
{
	(void)state;
	add(1, 512 * M, 100 * M);
	add(4, 512 * M, 100 * M);
	decide();
	assert_int_equal(balance.control.nr_actions, 0);
	assert_int_equal(balance.domains[1].reason, HB_MOTIVE_SETTLED);
	assert_true(hb_balance_next_ms(&balance) == UINT64_MAX);
	assert_false(balance.news);
	now += 60 * S;
	assert_false(hear());
	assert_false(balance.news);
	say(1, HB_STAT_AVAILABLE, 300 * M);
	assert_false(hear());
	assert_true(balance.news);
}

/* A short host is looked at each second, one where somebody moves sooner. */
static void test_next(void **state)
{
	(void)state;
	add(1, 512 * M, 100 * M);
	host.free_kib = host.reserve_kib + 100 * M;
	decide();
	assert_true(balance.host_short);
	assert_int_equal(hb_balance_next_ms(&balance), now + (balance.control.soon ? 100 : S));
	now += S;
	/* Its cache is not tried yet, and it moves for nobody: each second. */
	balance.control.soon = false;
	balance.decided_ms = now;
	assert_int_equal(hb_balance_next_ms(&balance), now + S);
}

/* What is known of a domain stays with it, and goes with it. */
static void test_join(void **state)
{
	(void)state;
	add(1, 512 * M, 100 * M);
	add(3, 512 * M, 100 * M);
	decide();
	balance.all[1].held = 7;
	/* One comes between, then the first goes. */
	domains[2] = domains[1];
	looks[2] = looks[1];
	looks[2].domain = &domains[2];
	count = 1;
	add(2, 512 * M, 300 * M);
	count = 3;
	decide();
	assert_int_equal(balance.all[2].held, 7);
	assert_int_equal(balance.all[1].held, 0);
	assert_true(balance.all[1].estimate.must_kib > balance.all[2].estimate.must_kib);
	domains[0] = domains[2];
	looks[0] = looks[2];
	looks[0].domain = &domains[0];
	count = 1;
	decide();
	assert_int_equal(balance.all[0].held, 7);
	/* Another domain with the same domid is another one. */
	domains[0].uuid[0] = 'f';
	decide();
	assert_int_equal(balance.all[0].held, 0);
	count = 0;
	decide();
	assert_int_equal(balance.control.nr_actions, 0);
}

/* One that must have more at once. */
static void add_starved(void)
{
	add(1, 512 * M, 600 * M);
	say(0, HB_STAT_TOTAL, 480 * M);
	say(0, HB_STAT_AVAILABLE, 0);
	say(0, HB_STAT_SWAP_TOTAL, G);
	say(0, HB_STAT_SWAP_FREE, 800 * M);
}

/* Who can be given nothing does not make others decide ten times a second, and is not forgotten. */
static void test_unserved(void **state)
{
	(void)state;
	add_starved();
	looks[0].limits.max.value = 512 * M;
	assert_true(hear());
	decide();
	assert_int_equal(balance.control.nr_actions, 0);
	assert_true(balance.all[0].unserved);
	assert_false(hear());
	assert_int_equal(hb_balance_next_ms(&balance), now + S);
	/* What it says is news, as of anybody. */
	say(0, HB_STAT_SWAP_FREE, 700 * M);
	assert_false(hear());
	assert_true(balance.news);
	/* Now it may have more. */
	now += S;
	looks[0].limits.max.value = G;
	decide();
	assert_int_equal(balance.control.nr_actions, 1);
	assert_false(balance.all[0].unserved);
	/* It has had enough for a while: when it calls again it is heard. */
	looks[0].limits.max.value = 512 * M;
	hb_balance_undo(&balance, &balance.domains[0], false);
	decide();
	assert_true(balance.all[0].unserved);
	now += S;
	say(0, HB_STAT_AVAILABLE, 400 * M);
	say(0, HB_STAT_SWAP_FREE, G);
	domains[0].target.value = domains[0].actual_kib = G;
	assert_false(hear());
	assert_false(balance.all[0].unserved);
	domains[0].report.distress = (struct hb_number){ HB_PRESENT, 20 * M };
	assert_true(hear());
	/* It gets nothing, and calls for less, or for more. */
	looks[0].limits.max.value = G;
	decide();
	assert_true(balance.all[0].unserved);
	assert_false(hear());
	domains[0].report.distress.value = 16 * M;
	assert_false(hear());
	domains[0].report.distress.value = 24 * M;
	assert_true(hear());
}

/* What was not carried out is decided again, with hold after a while that doubles. */
static void test_undo(void **state)
{
	struct hb_controlled *one;

	(void)state;
	add_starved();
	/* It has not come to distress. */
	domains[0].report.distress = (struct hb_number){ HB_PRESENT, 0 };
	decide();
	assert_int_equal(balance.control.nr_actions, 1);
	one = balance.control.actions[0];
	assert_true(one->before->asked);
	hb_balance_undo(&balance, one, false);
	assert_false(one->before->asked);
	now += 100;
	decide();
	assert_int_equal(balance.control.nr_actions, 1);
	for (unsigned int i = 0; i < 3; i++) {
		hb_balance_undo(&balance, balance.control.actions[0], true);
		assert_int_equal(hb_balance_of(&balance, &balance.domains[0])->held_ms, now + (S << i));
		now += (S << i) - 1;
		decide();
		assert_int_equal(balance.control.nr_actions, 0);
		assert_int_equal(balance.domains[0].reason, HB_MOTIVE_HELD);
		assert_int_equal(hb_balance_next_ms(&balance), now + 1);
		now += 1;
		decide();
		assert_int_equal(balance.control.nr_actions, 1);
	}
	hb_balance_done(&balance, balance.control.actions[0]);
	assert_int_equal(balance.all[0].held, 0);
}

/* Who is held and in distress is tried each second, which makes it held no longer. */
static void test_held_in_distress(void **state)
{
	uint64_t held_ms;

	(void)state;
	add_starved();
	domains[0].report.distress = (struct hb_number){ HB_PRESENT, 0 };
	for (unsigned int i = 0; i < 6; i++) {
		decide();
		hb_balance_undo(&balance, balance.control.actions[0], true);
		now = balance.all[0].held_ms;
	}
	now = balance.decided_ms + 100;
	held_ms = balance.all[0].held_ms;
	assert_true(held_ms > now + 30 * S);
	domains[0].report.distress.value = 20 * M;
	decide();
	assert_int_equal(balance.domains[0].reason, HB_MOTIVE_HELD);
	assert_true(hb_balance_next_ms(&balance) <= now + S);
	for (unsigned int i = 0; i < 5; i++) {
		now += S;
		decide();
		assert_int_equal(balance.control.nr_actions, 1);
		assert_int_equal(balance.domains[0].reason, HB_MOTIVE_DISTRESS);
		hb_balance_undo(&balance, balance.control.actions[0], true);
		now += 100;
		decide();
		assert_int_equal(balance.control.nr_actions, 0);
		assert_int_equal(balance.domains[0].reason, HB_MOTIVE_HELD);
	}
	assert_int_equal(balance.all[0].held_ms, held_ms);
	/* It is served: nothing of that is left. */
	now += S;
	decide();
	hb_balance_done(&balance, balance.control.actions[0]);
	domains[0].target.value = looks[0].limits.set.value = domains[0].actual_kib = balance.domains[0].to_kib;
	domains[0].report.distress.value = 0;
	now += 100;
	decide();
	assert_int_not_equal(balance.domains[0].reason, HB_MOTIVE_HELD);
}

/* Why it failed says whether it is held. */
static void test_failed(void **state)
{
	static const struct {
		enum hb_code code;
		enum hb_reason reason;
		enum hb_undone want;
		bool held;
	} rows[] = {
		{ HB_E_NO_DOMAIN, HB_REASON_WENT_AWAY, HB_UNDONE_GONE, false },
		{ HB_E_REFUSED, HB_REASON_TARGET_CHANGED, HB_UNDONE_GONE, false },
		{ HB_E_REFUSED, HB_REASON_HOST_FULL, HB_UNDONE_REFUSED, true },
		{ HB_E_HOST, HB_REASON_NO_ANSWER, HB_UNDONE_REFUSED, true },
		{ HB_E_INTERRUPTED, HB_REASON_INTERRUPTED, HB_UNDONE_LOCKED, false },
	};
	struct hb_controlled *one;

	(void)state;
	add_starved();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		now += 20 * S;
		decide();
		assert_int_equal(balance.control.nr_actions, 1);
		one = balance.control.actions[0];
		assert_int_equal(hb_balance_failed(&balance, one, rows[i].code, rows[i].reason), rows[i].want);
		assert_false(one->before->asked);
		assert_int_equal(balance.all[0].held_ms > now, rows[i].held);
	}
	/* Locked for long: that is said once, and then it is held. It was locked once already. */
	for (unsigned int i = 2; i <= 12; i++) {
		now += 20 * S;
		decide();
		assert_int_equal(hb_balance_failed(&balance, balance.control.actions[0], HB_E_INTERRUPTED,
						   HB_REASON_INTERRUPTED),
				 i == 10 ? HB_UNDONE_LOCKED_LONG : HB_UNDONE_LOCKED);
		assert_int_equal(balance.all[0].held_ms > now, i > 10);
	}
	/* Once it could be sized, that is forgotten. */
	now += 20 * S;
	decide();
	hb_balance_done(&balance, balance.control.actions[0]);
	assert_int_equal(balance.all[0].locked, 0);
}

static void test_stale(void **state)
{
	(void)state;
	add(1, 512 * M, 100 * M);
	/* One that came is decided upon as soon as may be. */
	assert_true(hear());
	decide();
	domains[0].report.distress = (struct hb_number){ HB_PRESENT, 20 * M };
	looks[0].stale = true;
	assert_false(hear());
	decide();
	assert_int_equal(balance.control.nr_actions, 0);
}

/* A pool of another size than the rule's. */
/* Who has stopped saying what it needs, as when its driver is removed, keeps its size: what it said once is no need of now. */
static void test_fell_silent(void **state)
{
	(void)state;
	add(1, G, 100 * M);
	add(2, G, G - 100 * M);
	looks[1].limits.max.value = 4 * G;
	host.free_kib = host.reserve_kib + 128 * M;
	hear();
	memset(domains[0].report.stats, 0, sizeof(domains[0].report.stats));
	domains[0].driver = HB_DRIVER_UNKNOWN;
	now += S;
	decide();
	assert_string_equal(hb_motive_word(balance.domains[0].reason), "no-report");
	assert_int_equal(balance.domains[0].to_kib, G);
	/* It speaks again. */
	say(0, HB_STAT_TOTAL, G - 32 * M);
	say(0, HB_STAT_AVAILABLE, G - 132 * M);
	say(0, HB_STAT_FREE, 0);
	now += S;
	decide();
	assert_true(balance.domains[0].share_kib < G);
}

static void test_pool(void **state)
{
	(void)state;
	add(1, 512 * M, 100 * M);
	host.free_kib = host.reserve_kib + 100 * M;
	decide();
	assert_true(balance.control.host_short);
	balance.pool = (struct hb_number){ HB_PRESENT, 64 * M };
	decide();
	assert_false(balance.control.host_short);
	assert_int_equal(balance.control.pool_kib, 64 * M);
}

/* Xen's limit follows when the guest is there, and only if there is something to follow. */
static void test_settle(void **state)
{
	(void)state;
	add(1, 512 * M, 100 * M);
	decide();
	assert_false(hb_balance_is_to_settle(&balance, &balance.domains[0]));
	domains[0].maxmem_kib = G;
	decide();
	assert_true(hb_balance_is_to_settle(&balance, &balance.domains[0]));
	/* Who is locked is tried again at once, after another failure in a while. */
	hb_balance_settled(&balance, &balance.domains[0], HB_E_INTERRUPTED);
	assert_true(hb_balance_is_to_settle(&balance, &balance.domains[0]));
	hb_balance_settled(&balance, &balance.domains[0], HB_E_HOST);
	assert_false(hb_balance_is_to_settle(&balance, &balance.domains[0]));
	assert_true(hb_balance_next_ms(&balance) <= now + 30 * S);
	now += 30 * S;
	decide();
	assert_true(hb_balance_is_to_settle(&balance, &balance.domains[0]));
	/* What has followed has, of that target. */
	hb_balance_settled(&balance, &balance.domains[0], HB_OK);
	assert_false(hb_balance_is_to_settle(&balance, &balance.domains[0]));
	hb_balance_done(&balance, &balance.domains[0]);
	assert_true(hb_balance_is_to_settle(&balance, &balance.domains[0]));
	domains[0].actual_kib = 600 * M;
	decide();
	assert_false(hb_balance_is_to_settle(&balance, &balance.domains[0]));
	domains[0].actual_kib = 512 * M;
	looks[0].limits.mode = HB_MODE_MANUAL;
	decide();
	assert_false(hb_balance_is_to_settle(&balance, &balance.domains[0]));
}

static void test_other_manager(void **state)
{
	(void)state;
	add(1, 512 * M, 100 * M);
	add(2, 512 * M, 100 * M);
	domains[0].qmemman = true;
	domains[1].squeezed = true;
	decide();
	assert_int_equal(balance.domains[0].reason, HB_MOTIVE_OTHER_MANAGER);
	assert_int_equal(balance.domains[1].reason, HB_MOTIVE_OTHER_MANAGER);
}

/* Something was taken from it a moment ago: in a second it is looked whether it may have it again. */
static void test_waits(void **state)
{
	(void)state;
	add(1, 512 * M, 100 * M);
	decide();
	balance.all[0].estimate.want_kib = 600 * M;
	balance.all[0].before.shrunk_ms = now;
	decide();
	assert_int_equal(balance.control.nr_actions, 0);
	assert_int_equal(balance.domains[0].reason, HB_MOTIVE_WAITS);
	assert_false(balance.host_short);
	assert_int_equal(hb_balance_next_ms(&balance), now + S);
	now += 10 * S;
	decide();
	assert_int_equal(balance.control.nr_actions, 1);
}

/* It holds so much of its size and wants no more. */
static void spares(size_t i, uint64_t holds)
{
	domains[i].actual_kib = holds;
	domains[i].report.current = (struct hb_number){ HB_PRESENT, holds - domains[i].videoram_kib };
	domains[i].report.goal = domains[i].target;
	domains[i].report.spared = (struct hb_number){
		HB_PRESENT, domains[i].target.value - domains[i].report.current.value };
}

/* What a guest that sizes itself leaves is lent while somebody is short, but for a margin. */
static void test_lends(void **state)
{
	struct hb_balanced *one;

	(void)state;
	add(1, G, 100 * M);
	spares(0, 300 * M);
	decide();
	one = &balance.all[0];
	assert_int_equal(one->own_kib, 0);
	assert_int_equal(one->shown.want_kib, G);
	/* The host lacks its pool. */
	host.free_kib = host.reserve_kib + 100 * M;
	decide();
	assert_int_equal(one->lent.of_kib, 0);
	assert_true(balance.host_short);
	now += S;
	decide();
	assert_int_equal(one->lent.of_kib, G);
	assert_int_equal(one->own_kib, 364 * M);
	assert_int_equal(balance.control.nr_actions, 1);
	assert_int_equal(balance.domains[0].to_kib, 364 * M);
	assert_int_equal(balance.domains[0].reason, HB_MOTIVE_LENT);
	domains[0].target.value = looks[0].limits.set.value = 364 * M;
	spares(0, 300 * M);
	/* Nobody is short any more: it keeps that, and what it takes of the margin is its own. */
	host.free_kib = 2 * G;
	now += S;
	decide();
	now += S;
	spares(0, 332 * M);
	assert_false(hear());
	decide();
	assert_int_equal(one->own_kib, 364 * M);
	assert_int_equal(balance.control.nr_actions, 0);
	/* More than half of it: it gets the whole of a margin again, and does not wait. */
	spares(0, 336 * M);
	assert_true(hear());
	decide();
	assert_int_equal(one->own_kib, 400 * M);
	assert_int_equal(balance.domains[0].to_kib, 400 * M);
	assert_int_equal(balance.domains[0].reason, HB_MOTIVE_RETURNS);
	/* At most what it had. */
	domains[0].target.value = looks[0].limits.set.value = 990 * M;
	spares(0, 980 * M);
	now += S;
	decide();
	assert_int_equal(balance.domains[0].to_kib, G);
	domains[0].target.value = looks[0].limits.set.value = G;
	spares(0, 980 * M);
	decide();
	assert_int_equal(one->lent.of_kib, 0);
	assert_int_equal(one->own_kib, 0);
}

/* A larger one keeps an eighth; sizes are whole pages; and what it does not say is not lent. */
static void test_margin(void **state)
{
	struct hb_estimate estimate = { .known = true, .must_kib = 100 * M, .want_kib = 2 * G };
	struct hb_lent lent = { 0 };

	(void)state;
	add(1, 2 * G, 100 * M);
	domains[0].videoram_kib = 16 * M;
	domains[0].target.value -= 16 * M;
	spares(0, G + 4);
	assert_int_equal(hb_lend(&lent, &estimate, &domains[0], 2 * G, true) % HB_PAGE_KIB, 0);
	assert_in_range(estimate.want_kib, G + 128 * M + 4, G + 128 * M + 8);
	assert_true(hb_lend_is_left(&domains[0], G + 4));
	assert_false(hb_lend_is_left(&domains[0], G));
	/* It uses more than that, and says so. */
	estimate.must_kib = 1500 * M;
	hb_lend(&lent, &estimate, &domains[0], 2 * G, true);
	assert_int_equal(estimate.want_kib, 1500 * M);
	/* A margin is all that it leaves. */
	lent = (struct hb_lent){ 0 };
	spares(0, 1900 * M);
	assert_int_equal(hb_lend(&lent, &estimate, &domains[0], 2 * G, true), 0);
	spares(0, G);
	domains[0].report.spared.value = 0;
	assert_int_equal(hb_lend(&lent, &estimate, &domains[0], 2 * G, true), 0);
	assert_false(hb_lend_is_left(&domains[0], G));
}

static uint64_t any_kib(uint64_t most)
{
	return random() % (most / HB_PAGE_KIB + 1) * HB_PAGE_KIB;
}

/*
 * Whatever a guest holds and says, look after look: nothing of what it holds is lent, it gets back
 * no more than it had, and when it has got its size, nothing changes until it moves.
 */
static void test_any_lend(void **state)
{
	struct hb_lent lent = { 0 };
	uint64_t had = 2 * G;
	unsigned int lends = 0, returns = 0;

	(void)state;
	srandom(choose_seed());
	add(1, had, 100 * M);
	for (int look = 0; look < 100000; look++) {
		struct hb_estimate estimate = { .known = true, .must_kib = any_kib(G), .want_kib = any_kib(2 * G) };
		const uint64_t must = estimate.must_kib, size = domains[0].target.value;
		const uint64_t holds = random() % 8 ? size - any_kib(size) : size;
		uint64_t own;

		spares(0, holds);
		if (random() % 8 == 0)
			domains[0].report.spared.value = random();
		own = hb_lend(&lent, &estimate, &domains[0], size, random() % 2);
		if (!own)
			continue;
		assert_int_equal(own % HB_PAGE_KIB, 0);
		assert_true(own >= holds);
		assert_true(own <= had);
		assert_true(estimate.want_kib >= own && (estimate.want_kib == own || estimate.want_kib == must));
		lends += own < size;
		returns += own > size;
		domains[0].target.value = own;
		spares(0, holds);
		assert_true(hb_lend(&lent, &estimate, &domains[0], own, random() % 2) <= own || own == had);
		if (random() % 100 == 0) {
			/* A person's size, or a new guest. */
			domains[0].target.value = had = 64 * M + any_kib(2 * G);
			lent = (struct hb_lent){ 0 };
		}
	}
	assert_true(lends > 1000 && returns > 1000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_usage), TEST(test_distress), TEST(test_quiet), TEST(test_next), TEST(test_unserved), TEST(test_join),
		TEST(test_undo), TEST(test_held_in_distress), TEST(test_failed),
		TEST(test_stale), TEST(test_fell_silent), TEST(test_pool), TEST(test_settle), TEST(test_other_manager),
		TEST(test_waits), TEST(test_lends), TEST(test_margin), TEST(test_any_lend),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
