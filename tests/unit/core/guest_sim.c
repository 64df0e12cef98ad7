// SPDX-License-Identifier: GPL-2.0-or-later
/* What is true: Xen, the kernel, and its programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "guest_sim.h"

void sim_fail(const struct guest *g, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	print_error("schedule failed in step %u: %s\n"
		    "repeat it alone: HB_SEED=%llu HB_SCHEDULES=1 (HB_TRACE=1 shows its steps)\n",
		    g->steps, text, (unsigned long long)g->first_seed);
	fail();
	abort();
}

bool sim_fault(struct guest *g)
{
	return random_below(&g->seed, 100) < g->fault_percent;
}

bool sim_one_in(struct guest *g, unsigned int n)
{
	return random_below(&g->seed, n) == 0;
}

u64 sim_block_pages(const struct guest *g)
{
	return g->core.map.block_pages;
}

unsigned int sim_nr_units(const struct guest *g)
{
	return g->shape.slots * g->shape.block_units;
}

u64 sim_populated(const struct guest *g)
{
	return hb_guest_populated(&g->core);
}

static struct sim_slot *slot_of(const struct guest *g, unsigned int unit)
{
	return &g->kernel[unit / g->shape.block_units];
}

/* ---- Xen */

static bool host_gives(struct guest *g, u64 nr)
{
	return g->xen_pages + nr <= g->xen_limit && nr <= g->host_free &&
	       !sim_fault(g);
}

/* Frames change hands: @given to the guest, or else to Xen. */
static void move_frames(struct guest *g, u64 pfn, u64 nr, bool given)
{
	struct sim_unit *unit = &g->units[pfn / HB_UNIT_PAGES];
	u64 on_demand = nr < g->pod_outstanding ? nr : g->pod_outstanding;

	unit->extent = given && nr == HB_UNIT_PAGES;
	unit->unsure = false;
	if (given) {
		sim_require(g, find_next_bit(g->frames, pfn + nr, pfn) == pfn + nr);
		bitmap_set(g->frames, pfn, nr);
		g->xen_pages += nr;
		g->host_free -= nr;
		return;
	}
	sim_require(g, find_next_zero_bit(g->frames, pfn + nr, pfn) == pfn + nr);
	bitmap_clear(g->frames, pfn, nr);
	/* Xen keeps for others what it owes this guest. */
	g->pod_outstanding -= on_demand;
	g->xen_pages -= nr - on_demand;
	g->host_free += nr - on_demand;
}

u64 sim_xen_populate(struct guest *g, u64 pfn, u64 nr)
{
	u64 done = nr;

	if (nr == HB_UNIT_PAGES && !g->host_extents)
		return 0;
	if (!host_gives(g, nr)) {
		/* A PV guest's extent is made of single frames. */
		done = nr == 1 || g->translated ? 0 : random_below(&g->seed, nr);
		if (g->xen_pages + done > g->xen_limit || done > g->host_free)
			done = 0;
	}
	if (done)
		move_frames(g, pfn, done, true);
	return done;
}

/* A PV guest could not map a page again that Xen did not take. */
static void lose_a_mapping(struct guest *g, u64 pfn)
{
	if (!g->translated && sim_one_in(g, 8) &&
	    slot_of(g, pfn / HB_UNIT_PAGES)->presence == SIM_ONLINE)
		bitmap_set(g->unmapped, pfn, 1);
}

u64 sim_xen_release(struct guest *g, u64 pfn, u64 nr)
{
	u64 done = nr;

	if (g->fault_percent && sim_one_in(g, 50))
		done = random_below(&g->seed, nr);
	if (done)
		move_frames(g, pfn, done, false);
	else
		g->units[pfn / HB_UNIT_PAGES].unsure = true;
	if (done < nr)
		lose_a_mapping(g, pfn + done);
	return done;
}

enum hb_cause sim_xen_refusal(const struct guest *g)
{
	return g->xen_pages >= g->xen_limit ? HB_CAUSE_ABOVE_MAX :
					      HB_CAUSE_HOST_OUT_OF_MEMORY;
}

/* ---- the allocator */

static u64 unit_free(const struct guest *g, unsigned int unit)
{
	const struct sim_unit *u = &g->units[unit];

	return slot_of(g, unit)->leaving ? 0 : u->owned - u->data - u->kernel;
}

static bool for_kernel(const struct guest *g, unsigned int unit)
{
	return !slot_of(g, unit)->movable;
}

int sim_node_of(const struct guest *g, u64 pfn)
{
	return g->second_node && pfn >= g->second_node &&
	       pfn < g->first_added * sim_block_pages(g);
}

/* A unit on both nodes counts for the first. */
static bool is_on(const struct guest *g, unsigned int unit, int node)
{
	return node == SIM_ALL_NODES || sim_node_of(g, (u64)unit * HB_UNIT_PAGES) == node;
}

u64 sim_node_free(const struct guest *g, int node, bool kernel_only)
{
	unsigned int unit;
	u64 sum = 0;

	for (unit = 0; unit < sim_nr_units(g); unit++)
		if (is_on(g, unit, node) && (!kernel_only || for_kernel(g, unit)))
			sum += unit_free(g, unit);
	return sum;
}

u64 sim_node_managed(const struct guest *g, int node)
{
	unsigned int unit;
	u64 sum = 0;

	for (unit = 0; unit < sim_nr_units(g); unit++)
		sum += is_on(g, unit, node) ? g->units[unit].owned : 0;
	return sum;
}

u64 sim_free_pages(const struct guest *g, bool kernel_only)
{
	return sim_node_free(g, SIM_ALL_NODES, kernel_only);
}

u64 sim_managed(const struct guest *g)
{
	return sim_node_managed(g, SIM_ALL_NODES);
}

struct hb_commit sim_commit(const struct guest *g)
{
	struct hb_commit commit = g->commit;

	if (commit.percent)
		commit.limit = sim_managed(g) * commit.percent / 100;
	return commit;
}

bool sim_unit_is_free(const struct guest *g, unsigned int unit)
{
	return unit_free(g, unit) == HB_UNIT_PAGES &&
	       g->units[unit].pinned_until <= g->now;
}

/* Pages with frames come to the allocator: never others. */
void sim_free(struct guest *g, u64 pfn, u64 nr)
{
	sim_require(g, slot_of(g, pfn / HB_UNIT_PAGES)->presence == SIM_ONLINE);
	sim_require(g, find_next_zero_bit(g->frames, pfn + nr, pfn) == pfn + nr);
	sim_require(g, find_next_bit(g->owned, pfn + nr, pfn) == pfn + nr);
	bitmap_set(g->owned, pfn, nr);
	while (nr) {
		u64 room = HB_UNIT_PAGES - pfn % HB_UNIT_PAGES;
		u64 part = nr < room ? nr : room;

		g->units[pfn / HB_UNIT_PAGES].owned += part;
		pfn += part;
		nr -= part;
	}
}

static void take(struct guest *g, u64 pfn, u64 nr)
{
	unsigned int unit = pfn / HB_UNIT_PAGES;

	sim_require(g, find_next_zero_bit(g->owned, pfn + nr, pfn) == pfn + nr);
	sim_require(g, g->units[unit].owned >=
		       g->units[unit].data + g->units[unit].kernel + nr);
	bitmap_clear(g->owned, pfn, nr);
	g->units[unit].owned -= nr;
	g->taken += nr;
	if (for_kernel(g, unit))
		g->kernel_taken += nr;
}

/*
 * From boot memory and from blocks that are for everything.  Single pages come from
 * units that are in use if there are such, as the allocator keeps whole ones.
 */
bool sim_alloc(struct guest *g, u64 size, int node, u64 *pfn)
{
	unsigned int units = sim_nr_units(g), i, best = units;
	unsigned int start = random_below(&g->seed, units);

	for (i = 0; i < units; i++) {
		unsigned int unit = (start + i) % units;
		u64 nr = unit_free(g, unit);

		if (!nr || nr < size || !for_kernel(g, unit) || !is_on(g, unit, node))
			continue;
		best = unit;
		if (size > 1 || nr < HB_UNIT_PAGES)
			break;
	}
	if (best == units)
		return false;
	*pfn = find_next_bit(g->owned, (best + 1) * HB_UNIT_PAGES,
			     best * HB_UNIT_PAGES);
	take(g, *pfn, size);
	return true;
}

/* Move data out of a unit, to units outside of those from @first to @last. */
static bool move_data(struct guest *g, unsigned int from, u64 nr,
		      unsigned int first, unsigned int last)
{
	unsigned int unit;

	for (unit = 0; unit < sim_nr_units(g) && nr; unit++) {
		u64 part = unit_free(g, unit);

		if (!part || (unit >= first && unit <= last))
			continue;
		part = part < nr ? part : nr;
		g->units[unit].data += part;
		g->units[from].data -= part;
		nr -= part;
	}
	return !nr;
}

/* Make room for a range in each of its units: 0, -EBUSY or -ENOMEM. */
static int clear_range(struct guest *g, u64 pfn, u64 nr)
{
	unsigned int first = pfn / HB_UNIT_PAGES, unit;
	unsigned int last = (pfn + nr - 1) / HB_UNIT_PAGES;
	u64 part = nr < HB_UNIT_PAGES ? nr : HB_UNIT_PAGES;

	if (find_next_bit(g->unmapped, pfn + nr, pfn) < pfn + nr)
		return -EBUSY;
	for (unit = first; unit <= last; unit++)
		if (g->units[unit].kernel || g->units[unit].pinned_until > g->now)
			return -EBUSY;
	for (unit = first; unit <= last; unit++) {
		u64 have = g->units[unit].owned - g->units[unit].data;

		if (have < part &&
		    !move_data(g, unit, part - have, first, last))
			return -ENOMEM;
	}
	return 0;
}

int sim_alloc_range(struct guest *g, u64 pfn, u64 nr)
{
	int rc = sim_fault(g) ? -EBUSY : clear_range(g, pfn, nr);
	u64 done;

	if (rc)
		g->units[pfn / HB_UNIT_PAGES].refused = true;
	for (done = 0; !rc && done < nr; done += HB_UNIT_PAGES)
		take(g, pfn + done,
		     nr - done < HB_UNIT_PAGES ? nr - done : HB_UNIT_PAGES);
	return rc;
}

u64 sim_use_data(struct guest *g, u64 pages, bool scattered)
{
	unsigned int units = sim_nr_units(g), i;
	unsigned int start = random_below(&g->seed, units);
	u64 left = pages;

	for (i = 0; i < units && left; i++) {
		unsigned int unit = (start + i) % units;
		u64 part = unit_free(g, unit);

		if (scattered && part)
			part = random_below(&g->seed, part);
		part = part < left ? part : left;
		g->units[unit].data += part;
		left -= part;
	}
	return pages - left;
}

u64 sim_drop_data(struct guest *g, u64 pages)
{
	unsigned int units = sim_nr_units(g), i;
	unsigned int start = random_below(&g->seed, units);
	u64 left = pages;

	for (i = 0; i < units && left; i++) {
		struct sim_unit *unit = &g->units[(start + i) % units];
		u64 part = unit->data < left ? unit->data : left;

		unit->data -= part;
		left -= part;
	}
	return pages - left;
}

u64 sim_swap_out(struct guest *g, u64 pages)
{
	u64 done = sim_drop_data(g, pages < g->swap_free ? pages : g->swap_free);

	g->swap_free -= done;
	g->swapped += done;
	return done;
}

u64 sim_swap_in(struct guest *g, u64 pages)
{
	u64 done = sim_use_data(g, pages < g->swapped ? pages : g->swapped, true);

	g->swap_free += done;
	g->swapped -= done;
	g->refaults += done;
	return done;
}

bool sim_use_kernel(struct guest *g, u64 pages)
{
	unsigned int units = sim_nr_units(g), i;
	unsigned int start = random_below(&g->seed, units);

	if (sim_free_pages(g, true) < pages)
		return false;
	for (i = 0; i < units && pages; i++) {
		unsigned int unit = (start + i) % units;
		u64 part = for_kernel(g, unit) ? unit_free(g, unit) : 0;

		part = part < pages ? part : pages;
		g->units[unit].kernel += part;
		pages -= part;
	}
	return true;
}

void sim_drop_kernel(struct guest *g, u64 pages)
{
	unsigned int units = sim_nr_units(g), i;
	unsigned int start = random_below(&g->seed, units);

	for (i = 0; i < units && pages; i++) {
		struct sim_unit *unit = &g->units[(start + i) % units];
		u64 part = unit->kernel < pages ? unit->kernel : pages;

		unit->kernel -= part;
		pages -= part;
	}
}

void sim_pin(struct guest *g, unsigned int unit, u64 ms)
{
	g->units[unit].pinned_until = g->now + ms;
}

/* ---- memory blocks */

static int cancel(struct guest *g)
{
	struct sim_way way = g->way;

	/* Whoever had agreed that it goes online wanted it. */
	if (g->slots[way.slot] &&
	    g->slots[way.slot]->state == HB_BLOCK_GOING_ONLINE)
		g->kernel[way.slot].parked = false;
	g->way.active = false;
	g->kernel[way.slot].leaving = false;
	worker_told(g, way.slot, way.online ? HB_EVENT_CANCEL_ONLINE :
					      HB_EVENT_CANCEL_OFFLINE);
	return -EBUSY;
}

int sim_way_begin(struct guest *g, unsigned int slot, bool online,
		  bool movable, bool by_us)
{
	struct sim_slot *kernel = &g->kernel[slot];

	if (g->way.active)
		return -EBUSY;
	if (kernel->presence != (online ? SIM_OFFLINE : SIM_ONLINE))
		return -EINVAL;
	/* Nobody is told. */
	if (online && g->counts_broken && g->broken / sim_block_pages(g) == slot)
		return -EHWPOISON;
	g->way = (struct sim_way){ .active = true, .online = online,
				   .movable = movable, .by_us = by_us,
				   .slot = slot };
	kernel->leaving = !online;
	/* Another notifier refuses, or the driver does. */
	if (sim_fault(g) ||
	    !worker_told(g, slot, online ? HB_EVENT_GOING_ONLINE :
					   HB_EVENT_GOING_OFFLINE))
		return cancel(g);
	return 0;
}

/* What has no frame stays with the driver, by its online callback. */
static void finish_online(struct guest *g, const struct sim_way *way)
{
	struct hb_block *block = g->slots[way->slot];
	struct sim_slot *kernel = &g->kernel[way->slot];
	u64 start = way->slot * sim_block_pages(g), pfn, end;

	kernel->presence = SIM_ONLINE;
	kernel->movable = way->movable;
	kernel->referenced = true;
	kernel->parked = false;
	for (pfn = start; pfn < start + sim_block_pages(g); pfn = end) {
		end = start + find_next_bit(block->page_held,
					    sim_block_pages(g), pfn - start);
		if (end > pfn)
			sim_free(g, pfn, end - pfn);
		end = start + find_next_zero_bit(block->page_held,
						 sim_block_pages(g), end - start);
	}
	worker_told(g, way->slot, HB_EVENT_ONLINE);
}

/* The kernel passes over held pages only when nobody has a reference to them. */
static bool can_leave(struct guest *g, unsigned int slot)
{
	unsigned int first = slot * g->shape.block_units, unit;
	u64 data = 0, start = slot * sim_block_pages(g);
	u64 end = start + sim_block_pages(g);

	sim_require(g, !g->kernel[slot].referenced);
	if (find_next_bit(g->unmapped, end, start) < end)
		return false;
	for (unit = first; unit < first + g->shape.block_units; unit++) {
		if (g->units[unit].kernel || g->units[unit].pinned_until > g->now)
			return false;
		data += g->units[unit].data;
	}
	return data <= sim_free_pages(g, false);
}

static void finish_offline(struct guest *g, const struct sim_way *way)
{
	unsigned int first = way->slot * g->shape.block_units, unit;

	for (unit = first; unit < first + g->shape.block_units; unit++) {
		move_data(g, unit, g->units[unit].data, 1, 0);
		sim_require(g, !g->units[unit].data);
		g->units[unit].owned = 0;
	}
	bitmap_clear(g->owned, way->slot * sim_block_pages(g),
		     sim_block_pages(g));
	g->kernel[way->slot].presence = SIM_OFFLINE;
	g->kernel[way->slot].leaving = false;
	g->kernel[way->slot].movable = false;
	g->kernel[way->slot].parked = !way->by_us;
	worker_told(g, way->slot, way->by_us ? HB_EVENT_OFFLINE_BY_US :
					       HB_EVENT_OFFLINE_BY_OTHER);
}

int sim_way_end(struct guest *g, bool works)
{
	struct sim_way way = g->way;

	if (!works || (!way.online && !can_leave(g, way.slot)))
		return cancel(g);
	g->way.active = false;
	if (way.online)
		finish_online(g, &way);
	else
		finish_offline(g, &way);
	return 0;
}

int sim_write_state(struct guest *g, unsigned int slot, bool online,
		    bool movable, bool by_us)
{
	int rc = sim_way_begin(g, slot, online, movable, by_us);

	return rc ? rc : sim_way_end(g, !sim_fault(g));
}

/* ---- life and death */

static void *allocate(size_t size)
{
	void *memory = calloc(1, size);

	assert_non_null(memory);
	return memory;
}

static void enter_block(struct guest *g, unsigned int slot,
			enum hb_block_origin origin)
{
	u64 pages = sim_block_pages(g);
	struct hb_block *block = hb_block_init(allocate(hb_block_bytes(pages)),
					       slot * pages, pages, origin);

	hb_blockmap_insert(&g->core.map, block);
	g->core.ledger.capacity += pages;
}

static void boot_block(struct guest *g, unsigned int slot)
{
	u64 start = slot * sim_block_pages(g), pfn;

	enter_block(g, slot, HB_BLOCK_BOOT);
	g->kernel[slot] = (struct sim_slot){ .presence = SIM_ONLINE,
					     .referenced = true };
	bitmap_set(g->frames, start, sim_block_pages(g));
	for (pfn = start; pfn < start + sim_block_pages(g); pfn += HB_UNIT_PAGES) {
		g->units[pfn / HB_UNIT_PAGES].extent = true;
		sim_free(g, pfn, HB_UNIT_PAGES);
	}
	hb_blockmap_event(&g->core.map, g->slots[slot], HB_EVENT_FOUND_ONLINE);
}

/* The kernel's own driver hot-added it, and nobody onlined it. */
static void inherit_block(struct guest *g, unsigned int slot)
{
	enter_block(g, slot, HB_BLOCK_INHERITED);
	g->kernel[slot].presence = SIM_OFFLINE;
	hb_blockmap_event(&g->core.map, g->slots[slot], HB_EVENT_ADDED);
	sim_require(g, !hb_blockmap_hold(&g->core.map, slot * sim_block_pages(g),
					 sim_block_pages(g)));
}

static void make_room(struct guest *g)
{
	u64 pages = sim_nr_units(g) * HB_UNIT_PAGES;

	hb_blockmap_init(&g->core.map, allocate(hb_blockmap_bytes(g->shape.slots)),
			 g->shape.block_units * HB_UNIT_PAGES, g->shape.slots);
	g->slots = g->core.map.slots;
	g->kernel = allocate(g->shape.slots * sizeof(*g->kernel));
	g->units = allocate(sim_nr_units(g) * sizeof(*g->units));
	g->owned = allocate(BITS_TO_LONGS(pages) * sizeof(long));
	g->frames = allocate(BITS_TO_LONGS(pages) * sizeof(long));
	g->unmapped = allocate(BITS_TO_LONGS(pages) * sizeof(long));
}

/*
 * As it is after populate-on-demand, or after another driver: some of boot memory is
 * mapped page by page, and the driver can but suspect all of it.
 */
static void broken_before(struct guest *g)
{
	unsigned int unit = g->shape.boot_blocks * g->shape.block_units;

	while (unit-- > 0) {
		g->units[unit].extent = !sim_one_in(g, 4);
		g->units[unit].unsure = g->units[unit].extent;
	}
	hb_guest_suspect(&g->core);
}

struct guest *sim_boot(uint64_t seed, const struct sim_shape *shape,
		       bool populate_on_demand)
{
	struct guest *g = allocate(sizeof(*g));
	unsigned int slot;

	g->first_seed = seed;
	g->seed = seed;
	g->shape = *shape;
	make_room(g);
	for (slot = 0; slot < shape->boot_blocks; slot++)
		boot_block(g, slot);
	if (sim_one_in(g, 4))
		inherit_block(g, slot++);
	g->first_added = slot;
	g->core.window_start = slot * sim_block_pages(g);
	g->core.window_end = shape->slots * sim_block_pages(g);
	g->translated = populate_on_demand || sim_one_in(g, 2);
	g->auto_online = sim_one_in(g, 2);
	g->core.ops = &sim_ops;
	g->core.zone_policy = random_below(&g->seed, HB_ZONE_POLICIES);
	g->core.zone_ratio = HB_ZONE_RATIO_DEFAULT;
	g->core.tidy_rate = HB_TIDY_RATE_DEFAULT;
	g->core.swap_by_host = HB_PRESS_POLICIES;
	g->core.drop_caches = true;
	g->gap = 16;
	g->host_free = 2 * sim_nr_units(g) * HB_UNIT_PAGES;
	g->host_extents = true;
	g->xen_pages = sim_populated(g) + g->gap;
	g->xen_limit = U64_MAX;
	if (populate_on_demand) {
		g->pod_outstanding = sim_populated(g) / 2;
		g->xen_pages -= g->pod_outstanding;
	}
	if (populate_on_demand || sim_one_in(g, 4))
		broken_before(g);
	return g;
}

/* Of these pages the copy has all; a PV guest's page tables say nothing of those that went. */
static void copy_frames(struct guest *g, u64 pfn, u64 nr)
{
	for (; nr; pfn++, nr--) {
		if (test_bit(pfn, g->frames))
			continue;
		g->xen_pages++;
		bitmap_set(g->frames, pfn, 1);
		if (!g->translated)
			bitmap_set(g->unmapped, pfn, 1);
	}
}

/* Held pages that were copied before they went, in a block that is there. */
static void copy_too_much(struct guest *g)
{
	unsigned int tries, unit, i;

	for (tries = random_below(&g->seed, 8); tries-- > 0;) {
		u64 pfn = random_below(&g->seed, sim_nr_units(g)) * HB_UNIT_PAGES;

		unit = pfn / HB_UNIT_PAGES;
		if (!g->slots[unit / g->shape.block_units])
			continue;
		i = random_below(&g->seed, HB_UNIT_PAGES);
		copy_frames(g, pfn + i, HB_UNIT_PAGES - i);
	}
}

/*
 * The same where a block was that is not there any more; by more pages than the gap may
 * have changed.
 */
static void copy_removed(struct guest *g)
{
	u64 block = sim_block_pages(g), pfn = g->core.window_start, nr;

	for (; pfn < g->core.added_end; pfn += block) {
		if (g->slots[pfn / block] || sim_one_in(g, 2))
			continue;
		nr = 32 + random_below(&g->seed, block - 32);
		copy_frames(g, pfn + random_below(&g->seed, block - nr + 1), nr);
	}
}

/* Free pages that were given while the guest was copied, and are not there. */
static void copy_too_little(struct guest *g)
{
	unsigned int unit;
	u64 pfn, i;

	do
		unit = random_below(&g->seed, sim_nr_units(g));
	while (!g->units[unit].owned);
	pfn = unit * HB_UNIT_PAGES;
	for (i = pfn; i < pfn + HB_UNIT_PAGES; i++)
		if (test_bit(i, g->frames)) {
			bitmap_clear(g->frames, i, 1);
			g->xen_pages--;
		}
}

void sim_set_target(struct guest *g, u64 pages)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)(pages * HB_PAGE_KIB));
	if (hb_guest_is_news(&g->core, hb_target_update(&g->core.target, text)))
		worker_wake(g);
}

void sim_move(struct guest *g, bool lossy)
{
	unsigned int unit;

	copy_too_much(g);
	if (g->translated) {
		for (unit = 0; unit < sim_nr_units(g); unit++)
			g->units[unit].extent = false;
		g->xen_pages -= g->gap;
		g->gap = 10 + random_below(&g->seed, 10);
		g->xen_pages += g->gap;
		if (lossy)
			copy_too_little(g);
		else
			copy_removed(g);
	}
	/* The new domain has memory of its own. */
	g->xen_pages += g->pod_outstanding;
	g->pod_outstanding = 0;
	g->blurred = 0;
	g->news |= HB_NEWS_RESUMED | HB_NEWS_MOVED;
	g->core.verify.wanted = true;	/* as it will be before anything else */
}

struct guest *sim_boot_plain(const struct sim_shape *shape, bool translated)
{
	struct guest *g;
	uint64_t seed;

	for (seed = 1;; seed++) {
		g = sim_boot(seed, shape, false);
		if (g->translated == translated && !g->auto_online &&
		    g->first_added == shape->boot_blocks &&
		    !g->core.map.mendable_units)
			return g;
		sim_halt(g);
	}
}

void sim_halt(struct guest *g)
{
	unsigned int slot;

	for (slot = 0; slot < g->shape.slots; slot++)
		free(g->slots[slot]);
	free(g->slots);
	free(g->kernel);
	free(g->units);
	free(g->owned);
	free(g->frames);
	free(g->unmapped);
	free(g);
}
