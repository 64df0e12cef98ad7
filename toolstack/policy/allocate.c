/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "allocate.h"

#include "minmax.h"

typedef unsigned __int128 wide;

static const struct {
	const char *word;
	bool by_need;		/* tiers for what it needs and wants */
	bool all;		/* everything is given */
	bool by_range;		/* the weight is what the domain can be moved by */
} presets[HB_PRESET_COUNT] = {
	[HB_PRESET_DEMAND] = { "demand", true, false, false },
	[HB_PRESET_PROPORTIONAL] = { "proportional", false, true, true },
	[HB_PRESET_SHARES] = { "shares", false, true, false },
};

const char *hb_preset_name(enum hb_preset preset)
{
	return presets[preset].word;
}

bool hb_preset_by_need(enum hb_preset preset)
{
	return presets[preset].by_need;
}

static uint64_t within(const struct hb_range *range, uint64_t kib)
{
	if (kib >= range->max_kib)
		return range->max_kib;
	kib += (HB_PAGE_KIB - kib % HB_PAGE_KIB) % HB_PAGE_KIB;
	return kib > range->min_kib ? kib : range->min_kib;
}

struct hb_portion hb_portion_of(enum hb_preset preset, bool surplus, const struct hb_wish *wish)
{
	const struct hb_range *range = &wish->range;
	uint64_t must = within(range, wish->must_kib), want = within(range, wish->want_kib);
	uint64_t own = within(range, wish->own_kib);
	struct hb_portion portion = { .key = wish->key, .weight = wish->weight };

	if (!presets[preset].by_need)
		must = own = want = range->min_kib;
	portion.wants_kib = want = larger(want, must);
	own = larger(own, must);
	want = larger(want, own);
	/* As weights they only count beside each other: pages or KiB is the same. */
	if (presets[preset].by_range)
		portion.weight = range->max_kib - range->min_kib;
	if (!portion.weight)
		portion.weight = 1;
	portion.upto_kib[HB_TIER_MIN] = range->min_kib;
	portion.upto_kib[HB_TIER_MUST] = must;
	portion.upto_kib[HB_TIER_OWN] = own;
	portion.upto_kib[HB_TIER_WANT] = want;
	portion.upto_kib[HB_TIER_MAX] = presets[preset].all || surplus ? range->max_kib : want;
	return portion;
}

/*
 * A heap of those who wait for memory, the lowest turn / weight on top: a leftist tree, in
 * which the way down to the right is never longer than log2 of all.
 */
static bool goes_first(const struct hb_portion *a, const struct hb_portion *b)
{
	wide at_a = (wide)a->turn * b->weight, at_b = (wide)b->turn * a->weight;

	return at_a != at_b ? at_a < at_b : a->key < b->key;
}

static unsigned int rank_of(const struct hb_portion *heap)
{
	return heap ? heap->rank : 0;
}

static struct hb_portion *merge(struct hb_portion *a, struct hb_portion *b)
{
	struct hb_portion *lower;

	if (!a || !b)
		return a ? a : b;
	if (goes_first(b, a)) {
		lower = a;
		a = b;
		b = lower;
	}
	a->right = merge(a->right, b);
	if (rank_of(a->left) < rank_of(a->right)) {
		lower = a->left;
		a->left = a->right;
		a->right = lower;
	}
	a->rank = rank_of(a->right) + 1;
	return a;
}

static struct hb_portion *put(struct hb_portion *heap, struct hb_portion *one, uint64_t turn)
{
	one->turn = turn;
	one->left = one->right = NULL;
	one->rank = 1;
	return merge(heap, one);
}

/* All who are not full, and have their turn set. Halves are merged: O(count) together. */
static struct hb_portion *heap_of(struct hb_portion *portions, size_t count)
{
	size_t half = count / 2;

	if (count > 1)
		return merge(heap_of(portions, half), heap_of(portions + half, count - half));
	if (!count || portions->pages == portions->room)
		return NULL;
	return put(NULL, portions, portions->turn);
}

static struct hb_portion *without_top(struct hb_portion *heap)
{
	return merge(heap->left, heap->right);
}

/* What is left for those who are not full yet. */
struct rest {
	uint64_t pages;
	wide weights;
	size_t count;
};

static void fill(struct hb_portion *one, struct rest *rest)
{
	one->pages = one->room;
	rest->pages -= one->room;
	rest->weights -= one->weight;
	rest->count--;
}

/* Is a part of what is left, by weight, all that it has room for? */
static bool gets_full(const struct hb_portion *one, const struct rest *rest)
{
	return one->room * rest->weights <= (wide)rest->pages * one->weight;
}

/*
 * Fill all those who get full. Who does leaves more to the others. As long as many do a
 * pass over all of them is cheap; then they are taken in order, who needs least for its
 * weight first.
 */
static void fill_small(struct hb_portion *portions, size_t count, struct rest *rest)
{
	struct hb_portion *heap;
	size_t before;

	do {
		before = rest->count;
		for (size_t i = 0; i < count; i++) {
			if (portions[i].pages < portions[i].room && gets_full(&portions[i], rest))
				fill(&portions[i], rest);
		}
	} while ((before - rest->count) * 8 > before);
	if (rest->count == before)
		return;
	for (size_t i = 0; i < count; i++)
		portions[i].turn = portions[i].room;
	heap = heap_of(portions, count);
	while (heap && gets_full(heap, rest)) {
		struct hb_portion *full = heap;

		heap = without_top(heap);
		fill(full, rest);
	}
}

/* One that is not full gets its part of that many pages, rounded down; returns them. */
static uint64_t part_of(const struct hb_portion *one, const struct rest *rest, uint64_t pages)
{
	wide part = (wide)pages * one->weight / rest->weights;

	return part < one->room ? part : one->room;
}

/*
 * Rounding down leaves half a page each on average, which costs a turn each to give out.
 * So all are given their part of so much more, which is the same order of turns; but of
 * no more than there is.
 */
static uint64_t round_down(struct hb_portion *portions, size_t count, const struct rest *rest)
{
	uint64_t more = rest->pages + rest->count / 2 - rest->count / 32, sum = 0;

	for (size_t i = 0; i < count; i++) {
		portions[i].turn = portions[i].pages == portions[i].room;
		if (!portions[i].turn)
			sum += portions[i].pages = part_of(&portions[i], rest, more);
	}
	if (sum <= rest->pages)
		return rest->pages - sum;
	sum = 0;
	for (size_t i = 0; i < count; i++) {
		if (!portions[i].turn)
			sum += portions[i].pages = part_of(&portions[i], rest, rest->pages);
	}
	return rest->pages - sum;
}

/* The last pages, to those whose turn it is. */
static void give_turns(struct hb_portion *portions, size_t count, uint64_t pages)
{
	struct hb_portion *heap;

	for (size_t i = 0; i < count; i++)
		portions[i].turn = portions[i].pages + 1;
	heap = heap_of(portions, pages ? count : 0);
	for (; pages; pages--) {
		struct hb_portion *next = heap;

		heap = without_top(heap);
		next->pages++;
		if (next->pages < next->room)
			heap = put(heap, next, next->pages + 1);
	}
}

/* So many pages among those with room, which is more than that for all together. */
static void spread(struct hb_portion *portions, size_t count, uint64_t pages)
{
	struct rest rest = { .pages = pages };

	for (size_t i = 0; i < count; i++) {
		portions[i].pages = 0;
		if (!portions[i].room)
			continue;
		rest.weights += portions[i].weight;
		rest.count++;
	}
	fill_small(portions, count, &rest);
	give_turns(portions, count, round_down(portions, count, &rest));
}

/* False if the *left pages are not enough for all. */
static bool fill_tier(struct hb_portion *portions, size_t count, enum hb_tier tier, uint64_t *left)
{
	uint64_t all = 0, had = *left;

	for (size_t i = 0; i < count; i++) {
		uint64_t end = portions[i].upto_kib[tier], has = portions[i].give_kib;

		portions[i].room = end > has ? (end - has) / HB_PAGE_KIB : 0;
		portions[i].pages = portions[i].room;
		all += portions[i].room;
	}
	if (all > had)
		spread(portions, count, had);
	for (size_t i = 0; i < count; i++)
		portions[i].give_kib += portions[i].pages * HB_PAGE_KIB;
	*left -= all > had ? had : all;
	return all <= had;
}

struct hb_allocation hb_allocate(struct hb_portion *portions, size_t count, uint64_t have_kib)
{
	struct hb_allocation allocation = { .ends_in = HB_TIER_MIN };
	uint64_t min_kib = 0, left;

	for (size_t i = 0; i < count; i++) {
		portions[i].give_kib = portions[i].upto_kib[HB_TIER_MIN];
		min_kib += portions[i].give_kib;
	}
	if (min_kib > have_kib) {
		allocation.short_kib = min_kib - have_kib;
		return allocation;
	}
	left = (have_kib - min_kib) / HB_PAGE_KIB;
	do
		allocation.ends_in++;
	while (allocation.ends_in < HB_TIER_COUNT &&
	       fill_tier(portions, count, allocation.ends_in, &left));
	allocation.left_kib = left * HB_PAGE_KIB;
	return allocation;
}
