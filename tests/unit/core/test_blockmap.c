// SPDX-License-Identifier: GPL-2.0-or-later
/* The block map against a model that keeps one byte a page and counts anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/blockmap.h"

#include "random.h"

#define BLOCKS 6
#define BLOCK_PAGES (4 * HB_UNIT_PAGES)
#define PAGES (BLOCKS * BLOCK_PAGES)
/* The last three blocks are hot-added. */
#define BOOT_BLOCKS 3

struct fixture {
	struct hb_blockmap map;
	struct hb_block *slots[BLOCKS];
	unsigned char held[PAGES];
};

static struct fixture *make(void)
{
	struct fixture *f = calloc(1, sizeof(*f));
	unsigned int i;

	assert_non_null(f);
	f->map.block_pages = BLOCK_PAGES;
	f->map.nr_slots = BLOCKS;
	f->map.slots = f->slots;
	for (i = 0; i < BLOCKS; i++) {
		void *memory = calloc(1, hb_block_bytes(BLOCK_PAGES));
		struct hb_block *block;

		assert_non_null(memory);
		block = hb_block_init(memory, i * BLOCK_PAGES, BLOCK_PAGES,
				      i >= BOOT_BLOCKS);
		hb_blockmap_insert(&f->map, block);
		hb_blockmap_set_state(&f->map, block, HB_BLOCK_ONLINE);
	}
	return f;
}

static void destroy(struct fixture *f)
{
	unsigned int i;

	for (i = 0; i < BLOCKS; i++)
		free(f->slots[i]);
	free(f);
}

static unsigned int held_in_unit(const struct fixture *f, unsigned long pfn)
{
	unsigned long start = pfn / HB_UNIT_PAGES * HB_UNIT_PAGES, i;
	unsigned int n = 0;

	for (i = start; i < start + HB_UNIT_PAGES; i++)
		n += f->held[i];
	return n;
}

static bool online(const struct fixture *f, unsigned long pfn)
{
	return f->slots[pfn / BLOCK_PAGES]->state == HB_BLOCK_ONLINE;
}

/* Every finder against what a scan of the model says. */
static void check_finders(const struct fixture *f, uint64_t *seed)
{
	unsigned long max = 1 + random_below(seed, HB_UNIT_PAGES);
	struct hb_run empty = hb_blockmap_empty_unit(&f->map);
	struct hb_run added = hb_blockmap_added_run(&f->map, max);
	unsigned long pfn, lowest_empty = PAGES, usable = 0, plugged = 0;
	unsigned long pfns[64];
	unsigned int nr, i;

	for (pfn = 0; pfn < PAGES; pfn++) {
		if (!online(f, pfn))
			continue;
		usable += f->held[pfn];
		plugged += pfn >= BOOT_BLOCKS * BLOCK_PAGES && !f->held[pfn];
		if (pfn % HB_UNIT_PAGES == 0 && lowest_empty == PAGES &&
		    held_in_unit(f, pfn) == HB_UNIT_PAGES)
			lowest_empty = pfn;
	}
	assert_int_equal(usable, f->map.usable_held);
	assert_int_equal(plugged, f->map.added_plugged);
	assert_int_equal(empty.nr, lowest_empty == PAGES ? 0 : HB_UNIT_PAGES);
	if (empty.nr)
		assert_int_equal(empty.pfn, lowest_empty);

	assert_int_equal(!!added.nr, !!plugged);
	assert_true(added.nr <= max);
	for (pfn = added.pfn; pfn < added.pfn + added.nr; pfn++) {
		assert_false(f->held[pfn]);
		assert_true(online(f, pfn) && pfn >= BOOT_BLOCKS * BLOCK_PAGES);
		assert_int_equal(pfn / HB_UNIT_PAGES, added.pfn / HB_UNIT_PAGES);
	}

	nr = hb_blockmap_held_pages(&f->map, pfns, 64);
	assert_int_equal(nr, usable < 64 ? usable : 64);
	for (i = 0; i < nr; i++) {
		assert_true(f->held[pfns[i]] && online(f, pfns[i]));
		/* Partly held units come first. */
		if (i && held_in_unit(f, pfns[i - 1]) == HB_UNIT_PAGES)
			assert_int_equal(held_in_unit(f, pfns[i]), HB_UNIT_PAGES);
	}
}

static void random_change(struct fixture *f, uint64_t *seed)
{
	unsigned long pfn = random_below(seed, PAGES);
	unsigned long nr = 1 + random_below(seed, 2 * HB_UNIT_PAGES), i;
	bool hold = random_below(seed, 2), possible = true;
	int rc;

	if (random_below(seed, 4) == 0) {	/* whole units matter most */
		pfn = pfn / HB_UNIT_PAGES * HB_UNIT_PAGES;
		nr = HB_UNIT_PAGES;
	}
	if (random_below(seed, 20) == 0) {
		struct hb_block *block = f->slots[pfn / BLOCK_PAGES];

		hb_blockmap_set_state(&f->map, block, random_below(seed, 4));
		return;
	}
	if (pfn % BLOCK_PAGES + nr > BLOCK_PAGES)
		possible = false;
	for (i = pfn; possible && i < pfn + nr; i++)
		possible = f->held[i] == !hold;
	rc = hold ? hb_blockmap_hold(&f->map, pfn, nr) :
		    hb_blockmap_release(&f->map, pfn, nr);
	assert_int_equal(rc, possible ? 0 : -EINVAL);
	if (!rc)
		memset(f->held + pfn, hold, nr);
}

static void test_random_changes(void **state)
{
	uint64_t seed = random_seed("blockmap");
	struct fixture *f = make();
	unsigned long pfn;
	int i;

	(void)state;
	for (i = 0; i < 4000; i++) {
		random_change(f, &seed);
		assert_null(hb_blockmap_check(&f->map));
		check_finders(f, &seed);
	}
	for (pfn = 0; pfn < PAGES; pfn++)
		assert_int_equal(hb_blockmap_is_held(&f->map, pfn), f->held[pfn]);
	destroy(f);
}

static void test_check_finds_damage(void **state)
{
	struct fixture *f = make();

	(void)state;
	assert_int_equal(hb_blockmap_hold(&f->map, 0, HB_UNIT_PAGES), 0);
	f->slots[0]->unit_held[0]--;
	assert_non_null(hb_blockmap_check(&f->map));
	f->slots[0]->unit_held[0]++;
	f->map.usable_empty_units++;
	assert_non_null(hb_blockmap_check(&f->map));
	f->map.usable_empty_units--;
	f->map.added_plugged--;
	assert_non_null(hb_blockmap_check(&f->map));
	f->map.added_plugged++;
	assert_null(hb_blockmap_check(&f->map));
	destroy(f);
}

static void test_added_order(void **state)
{
	struct fixture *f = make();
	unsigned long top = PAGES - HB_UNIT_PAGES;
	struct hb_run run;

	(void)state;
	/* From the top, whole units. */
	run = hb_blockmap_added_run(&f->map, HB_UNIT_PAGES);
	assert_int_equal(run.pfn, top);
	assert_int_equal(run.nr, HB_UNIT_PAGES);
	/* Units that lie together, but not across a block's border. */
	run = hb_blockmap_added_run(&f->map, 3 * HB_UNIT_PAGES + 100);
	assert_int_equal(run.pfn, PAGES - 3 * HB_UNIT_PAGES);
	assert_int_equal(run.nr, 3 * HB_UNIT_PAGES);
	run = hb_blockmap_added_run(&f->map, 2 * BLOCK_PAGES);
	assert_int_equal(run.nr, BLOCK_PAGES);
	hb_blockmap_mark_busy(&f->map, PAGES - 3 * HB_UNIT_PAGES);
	run = hb_blockmap_added_run(&f->map, BLOCK_PAGES);
	assert_int_equal(run.nr, 2 * HB_UNIT_PAGES);
	hb_blockmap_clear_busy(&f->map);
	/* A remainder goes to a unit that is broken already. */
	assert_int_equal(hb_blockmap_hold(&f->map, top - 3000, 100), 0);
	run = hb_blockmap_added_run(&f->map, 10);
	assert_int_equal(run.pfn / HB_UNIT_PAGES, (top - 3000) / HB_UNIT_PAGES);
	assert_int_equal(run.nr, 10);
	/* Busy units are passed over until that is forgotten. */
	hb_blockmap_mark_busy(&f->map, top);
	run = hb_blockmap_added_run(&f->map, HB_UNIT_PAGES);
	assert_int_equal(run.pfn, top - HB_UNIT_PAGES);
	hb_blockmap_clear_busy(&f->map);
	run = hb_blockmap_added_run(&f->map, HB_UNIT_PAGES);
	assert_int_equal(run.pfn, top);
	destroy(f);
}

/* A block that user space took offline is left alone; others are wanted. */
static void test_offline_blocks(void **state)
{
	struct fixture *f = make();
	struct hb_block *block = f->slots[BOOT_BLOCKS];

	(void)state;
	assert_null(hb_blockmap_offline_block(&f->map));
	hb_blockmap_set_state(&f->map, block, HB_BLOCK_OFFLINE);
	assert_ptr_equal(hb_blockmap_offline_block(&f->map), block);
	hb_blockmap_remove(&f->map, block);
	block->by_user = true;
	hb_blockmap_insert(&f->map, block);
	assert_null(hb_blockmap_offline_block(&f->map));
	hb_blockmap_set_state(&f->map, block, HB_BLOCK_ONLINE);
	assert_false(block->by_user);
	/* Boot memory is not ours to online. */
	hb_blockmap_set_state(&f->map, f->slots[0], HB_BLOCK_OFFLINE);
	assert_null(hb_blockmap_offline_block(&f->map));
	assert_null(hb_blockmap_check(&f->map));
	destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_changes),
		cmocka_unit_test(test_check_finds_damage),
		cmocka_unit_test(test_added_order),
		cmocka_unit_test(test_offline_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
