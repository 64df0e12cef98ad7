/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who gets how much: what must hold whatever is asked for, and by whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "allocate.h"
#include "seed.h"

#define M (1ULL << 10)
#define G (1ULL << 20)
#define MOST 12
#define RUNS 20000

static struct hb_wish wish(uint64_t key, uint64_t min, uint64_t must, uint64_t want, uint64_t max)
{
	return (struct hb_wish){
		.key = key, .range = { min, max }, .must_kib = must, .want_kib = want,
		.weight = HB_WEIGHT_DEFAULT,
	};
}

static void test_tiers(void **state)
{
	const struct hb_wish wishes[] = {
		wish(1, 256 * M, 512 * M, G, 2 * G),
		wish(2, 256 * M, G, G, 2 * G),
	};
	struct hb_portion portions[2];
	struct hb_allocation allocation;

	(void)state;
	for (int i = 0; i < 2; i++)
		portions[i] = hb_portion_of(HB_PRESET_DEMAND, false, &wishes[i]);
	/* Not even the minima: they are given, and it is said. */
	allocation = hb_allocate(portions, 2, 500 * M);
	assert_int_equal(allocation.short_kib, 12 * M);
	assert_int_equal(allocation.ends_in, HB_TIER_MIN);
	assert_int_equal(portions[0].give_kib, 256 * M);
	/* Both need more: each the same until the first has what it needs. */
	hb_allocate(portions, 2, 768 * M);
	assert_int_equal(portions[0].give_kib, 384 * M);
	assert_int_equal(portions[1].give_kib, 384 * M);
	allocation = hb_allocate(portions, 2, 1280 * M);
	assert_int_equal(allocation.ends_in, HB_TIER_MUST);
	assert_int_equal(portions[0].give_kib, 512 * M);
	assert_int_equal(portions[1].give_kib, 768 * M);
	/* What one needs comes before what the other would like. */
	hb_allocate(portions, 2, 1700 * M);
	assert_int_equal(portions[0].give_kib, 676 * M);
	assert_int_equal(portions[1].give_kib, G);
	/* Nobody needs more. */
	allocation = hb_allocate(portions, 2, 3 * G);
	assert_int_equal(allocation.left_kib, G);
	assert_int_equal(allocation.ends_in, HB_TIER_COUNT);
	for (int i = 0; i < 2; i++)
		portions[i] = hb_portion_of(HB_PRESET_DEMAND, true, &wishes[i]);
	allocation = hb_allocate(portions, 2, 3 * G);
	assert_int_equal(allocation.left_kib, 0);
	assert_int_equal(portions[0].give_kib, 1536 * M);
}

/* What was its own comes after what others need, and before what they want. */
static void test_own(void **state)
{
	struct hb_wish wishes[] = {
		wish(1, 256 * M, 512 * M, 600 * M, 2 * G),
		wish(2, 256 * M, G, 2 * G, 2 * G),
	};
	struct hb_portion portions[2];

	(void)state;
	wishes[0].own_kib = 1536 * M;
	for (int i = 0; i < 2; i++)
		portions[i] = hb_portion_of(HB_PRESET_DEMAND, false, &wishes[i]);
	assert_int_equal(portions[0].wants_kib, 600 * M);
	assert_int_equal(portions[1].wants_kib, 2 * G);
	hb_allocate(portions, 2, 1536 * M);
	assert_int_equal(portions[0].give_kib, 512 * M);
	assert_int_equal(portions[1].give_kib, G);
	assert_int_equal(hb_allocate(portions, 2, 2 * G).ends_in, HB_TIER_OWN);
	assert_int_equal(portions[0].give_kib, G);
	assert_int_equal(portions[1].give_kib, G);
	hb_allocate(portions, 2, 3 * G);
	assert_int_equal(portions[0].give_kib, 1536 * M);
	assert_int_equal(portions[1].give_kib, 1536 * M);
	/* It asks for no more than that, and the other presets ask nobody. */
	assert_int_equal(hb_allocate(portions, 2, 4 * G).left_kib, 512 * M);
	portions[0] = hb_portion_of(HB_PRESET_SHARES, false, &wishes[0]);
	assert_int_equal(portions[0].upto_kib[HB_TIER_WANT], 256 * M);
}

static void test_pages(void **state)
{
	struct hb_portion portions[3];
	uint64_t sum = 0;

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct hb_wish one = wish(i, 0, 0, 0, G);

		one.weight = i == 2 ? 2 : 1;
		portions[i] = hb_portion_of(HB_PRESET_SHARES, false, &one);
	}
	/* Six pages among 1 : 1 : 2 are d'Hondt's 2, 1 and 3: the lowest key wins a tie. */
	hb_allocate(portions, 3, 6 * HB_PAGE_KIB + 3);
	for (int i = 0; i < 3; i++)
		sum += portions[i].give_kib;
	assert_int_equal(sum, 6 * HB_PAGE_KIB);
	assert_int_equal(portions[0].give_kib, 2 * HB_PAGE_KIB);
	assert_int_equal(portions[1].give_kib, HB_PAGE_KIB);
	assert_int_equal(portions[2].give_kib, 3 * HB_PAGE_KIB);
}

static void test_nobody(void **state)
{
	struct hb_allocation allocation = hb_allocate(NULL, 0, G);

	(void)state;
	assert_int_equal(allocation.left_kib, G);
	assert_int_equal(allocation.short_kib, 0);
}

/* Needs that are not whole pages, or outside of the range, or the wrong way round. */
static void test_odd_wishes(void **state)
{
	struct hb_wish odd = wish(1, 100 * M, 200 * M + 1, 50 * M, 300 * M);
	struct hb_portion portion = hb_portion_of(HB_PRESET_DEMAND, false, &odd);

	(void)state;
	assert_int_equal(portion.upto_kib[HB_TIER_MUST], 200 * M + 4);
	assert_int_equal(portion.upto_kib[HB_TIER_WANT], 200 * M + 4);
	assert_int_equal(portion.wants_kib, 200 * M + 4);
	odd = wish(1, 100 * M, UINT64_MAX - 2, UINT64_MAX, 300 * M);
	portion = hb_portion_of(HB_PRESET_DEMAND, false, &odd);
	assert_int_equal(portion.upto_kib[HB_TIER_MUST], 300 * M);
	odd = wish(1, 0, 0, 0, 0);
	assert_int_equal(hb_portion_of(HB_PRESET_PROPORTIONAL, false, &odd).weight, 1);
}

static uint64_t random_size(uint64_t from, uint64_t to)
{
	return from + random() % ((to - from) / HB_PAGE_KIB + 1) * HB_PAGE_KIB;
}

/* Small sizes, so that single pages count; now and then the largest that there are. */
static struct hb_wish random_wish(uint64_t key)
{
	uint64_t largest = random() % 8 ? 100 * HB_PAGE_KIB : HB_SIZE_MAX_KIB;
	uint64_t max = random_size(0, largest), min = random_size(0, max);
	struct hb_wish one = wish(key, min, random_size(0, largest), random_size(0, largest), max);

	one.own_kib = random_size(0, largest);
	one.weight = random() % 3 ? random() % 2000 + 1 : random() % 2 ? 1 : HB_WEIGHT_MAX;
	return one;
}

struct instance {
	struct hb_wish wishes[MOST];
	struct hb_portion portions[MOST];
	size_t count;
	enum hb_preset preset;
	bool surplus;
	uint64_t have;
};

static struct hb_allocation solve(struct instance *in)
{
	for (size_t i = 0; i < in->count; i++)
		in->portions[i] = hb_portion_of(in->preset, in->surplus, &in->wishes[i]);
	return hb_allocate(in->portions, in->count, in->have);
}

static struct instance random_instance(void)
{
	struct instance in = {
		.count = random() % MOST + 1, .preset = random() % HB_PRESET_COUNT,
		.surplus = random() % 2,
	};
	uint64_t min = 0, max = 0;

	for (size_t i = 0; i < in.count; i++) {
		in.wishes[i] = random_wish(i * 7 % MOST);
		min += in.wishes[i].range.min_kib;
		max += in.wishes[i].range.max_kib;
	}
	in.have = random() % 10 ? random_size(min, max) + random() % HB_PAGE_KIB : random_size(0, min);
	return in;
}

static void check_bounds(const struct instance *in, const struct hb_allocation *allocation)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < in->count; i++) {
		assert_in_range(in->portions[i].give_kib, in->wishes[i].range.min_kib,
				in->wishes[i].range.max_kib);
		assert_int_equal(in->portions[i].give_kib % HB_PAGE_KIB, 0);
		sum += in->portions[i].give_kib;
	}
	if (allocation->short_kib) {
		assert_int_equal(sum, in->have + allocation->short_kib);
		assert_int_equal(allocation->ends_in, HB_TIER_MIN);
		return;
	}
	/* Never more than the host has, and to the page all that somebody asks for. */
	assert_int_equal(sum + allocation->left_kib, in->have - in->have % HB_PAGE_KIB);
	if (allocation->ends_in < HB_TIER_COUNT)
		assert_int_equal(allocation->left_kib, 0);
	for (size_t i = 0; i < in->count; i++) {
		for (int tier = 0; tier < (int)allocation->ends_in; tier++)
			assert_true(in->portions[i].give_kib >= in->portions[i].upto_kib[tier]);
		if (allocation->ends_in < HB_TIER_COUNT)
			assert_true(in->portions[i].give_kib <=
				    in->portions[i].upto_kib[allocation->ends_in]);
	}
}

static uint64_t given(const struct instance *in, uint64_t key)
{
	for (size_t i = 0; i < in->count; i++) {
		if (in->wishes[i].key == key)
			return in->portions[i].give_kib;
	}
	fail();
	return 0;
}

static void check_any_order(const struct instance *in)
{
	struct instance other = *in;

	for (size_t i = other.count; i > 1; i--) {
		size_t with = random() % i;
		struct hb_wish one = other.wishes[i - 1];

		other.wishes[i - 1] = other.wishes[with];
		other.wishes[with] = one;
	}
	solve(&other);
	for (size_t i = 0; i < in->count; i++)
		assert_int_equal(given(&other, in->wishes[i].key), in->portions[i].give_kib);
}

static void check_more_memory(const struct instance *in)
{
	struct instance more = *in;

	more.have += random() % 3 ? HB_PAGE_KIB : random_size(0, 1000 * HB_PAGE_KIB);
	solve(&more);
	for (size_t i = 0; i < in->count; i++)
		assert_true(more.portions[i].give_kib >= in->portions[i].give_kib);
}

static void check_more_weight(const struct instance *in)
{
	struct instance more = *in;
	size_t who = random() % in->count;

	if (in->preset == HB_PRESET_PROPORTIONAL)
		return;
	more.wishes[who].weight += random() % 3 + 1;
	solve(&more);
	for (size_t i = 0; i < in->count; i++) {
		if (i == who)
			assert_true(more.portions[i].give_kib >= in->portions[i].give_kib);
		else
			assert_true(more.portions[i].give_kib <= in->portions[i].give_kib);
	}
}

/*
 * A guest that says anything else: the others keep what they need, as far as their weight
 * entitles them to it, which is what they have when all ask for everything.
 */
static void check_liar(const struct instance *in)
{
	struct instance lie = *in, greedy = *in;
	size_t who = random() % in->count;

	lie.wishes[who].must_kib = random() % 2 ? UINT64_MAX : random_size(0, 200 * HB_PAGE_KIB);
	lie.wishes[who].own_kib = random() % 2 ? UINT64_MAX : random_size(0, 200 * HB_PAGE_KIB);
	lie.wishes[who].want_kib = random() % 2 ? UINT64_MAX : random_size(0, 200 * HB_PAGE_KIB);
	for (size_t i = 0; i < in->count; i++)
		greedy.wishes[i].must_kib = UINT64_MAX;
	solve(&lie);
	if (solve(&greedy).short_kib)
		return;
	for (size_t i = 0; i < in->count; i++) {
		uint64_t must = in->portions[i].upto_kib[HB_TIER_MUST];
		uint64_t entitled = greedy.portions[i].give_kib;

		if (i != who)
			assert_true(lie.portions[i].give_kib >= (must < entitled ? must : entitled));
	}
}

static void test_properties(void **state)
{
	unsigned int ends[HB_TIER_COUNT + 1] = { 0 };

	(void)state;
	srandom(choose_seed());
	for (int run = 0; run < RUNS; run++) {
		struct instance in = random_instance();
		struct hb_allocation allocation = solve(&in);

		ends[allocation.ends_in]++;
		check_bounds(&in, &allocation);
		check_any_order(&in);
		check_more_memory(&in);
		check_more_weight(&in);
		check_liar(&in);
	}
	/* All ways to end must have been walked. */
	for (int tier = 0; tier <= HB_TIER_COUNT; tier++)
		assert_true(ends[tier] > RUNS / 100);
}

/* One page after the other: what hb_allocate() computes in another way. */
static void page_by_page(struct instance *in, uint64_t pages)
{
	uint64_t got[MOST] = { 0 };

	while (pages--) {
		size_t next = in->count;

		for (size_t i = 0; i < in->count; i++) {
			const struct hb_portion *one = &in->portions[i], *best = &in->portions[next];
			uint64_t room = (one->upto_kib[HB_TIER_MAX] - one->upto_kib[HB_TIER_MIN]) / HB_PAGE_KIB;

			if (got[i] == room)
				continue;
			if (next == in->count ||
			    (got[i] + 1) * best->weight < (got[next] + 1) * one->weight ||
			    ((got[i] + 1) * best->weight == (got[next] + 1) * one->weight &&
			     one->key < best->key))
				next = i;
		}
		if (next < in->count)
			got[next]++;
	}
	for (size_t i = 0; i < in->count; i++)
		in->portions[i].give_kib = in->portions[i].upto_kib[HB_TIER_MIN] + got[i] * HB_PAGE_KIB;
}

static void test_page_by_page(void **state)
{
	(void)state;
	srandom(choose_seed());
	for (int run = 0; run < RUNS; run++) {
		struct instance in = { .count = random() % MOST + 1, .preset = HB_PRESET_SHARES }, slow;
		uint64_t min = 0, pages, most = random() % 2 ? 100 : 12, room = 0;

		for (size_t i = 0; i < in.count; i++) {
			in.wishes[i] = random_wish(i);
			in.wishes[i].weight = random() % 50 + 1;
			in.wishes[i].range.max_kib = in.wishes[i].range.min_kib + random_size(0, most * HB_PAGE_KIB);
			min += in.wishes[i].range.min_kib;
			room += (in.wishes[i].range.max_kib - in.wishes[i].range.min_kib) / HB_PAGE_KIB;
		}
		pages = random() % (room + 1);
		in.have = min + pages * HB_PAGE_KIB;
		solve(&in);
		slow = in;
		page_by_page(&slow, pages);
		for (size_t i = 0; i < in.count; i++)
			assert_int_equal(in.portions[i].give_kib, slow.portions[i].give_kib);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tiers),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_odd_wishes),
		cmocka_unit_test(test_properties),
		cmocka_unit_test(test_page_by_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
