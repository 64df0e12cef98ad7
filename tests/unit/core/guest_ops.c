// SPDX-License-Identifier: GPL-2.0-or-later
/* The driver's operations, on the guest in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "guest_sim.h"

static struct guest *sim_of(const struct hb_guest *core)
{
	return (struct guest *)core;
}

/* ---- the lock, and who must hold it */

static void op_lock(struct hb_guest *core)
{
	struct guest *g = sim_of(core);

	sim_require(g, !g->locked);
	g->locked = true;
}

static bool op_trylock(struct hb_guest *core)
{
	struct guest *g = sim_of(core);

	if (g->locked || sim_fault(g))
		return false;
	g->locked = true;
	return true;
}

/* Another thread comes in between. */
static void interrupt(struct guest *g, unsigned int one_in)
{
	if (!g->meanwhile || !g->stepping || g->interrupted || !sim_one_in(g, one_in))
		return;
	g->interrupted = true;
	g->meanwhile(g);
	g->interrupted = false;
}

static void op_unlock(struct hb_guest *core)
{
	struct guest *g = sim_of(core);

	sim_require(g, g->locked);
	if (g->watch_books)
		sim_require(g, sim_populated(g) + g->gap <= g->xen_pages);
	g->locked = false;
	interrupt(g, 40);
}

static struct guest *with_lock(const struct hb_guest *core)
{
	struct guest *g = sim_of(core);

	sim_require(g, g->locked);
	return g;
}

static struct guest *without_lock(const struct hb_guest *core)
{
	struct guest *g = sim_of(core);

	sim_require(g, !g->locked);
	return g;
}

/* ---- the notifier */

bool worker_told(struct guest *g, unsigned int slot, enum hb_block_event event)
{
	u64 pfn = slot * sim_block_pages(g);
	bool agreed;

	if (event == HB_EVENT_GOING_ONLINE &&
	    hb_guest_before_online(&g->core, pfn))
		return false;
	if (!g->slots[slot])	/* it could not be entered, and was cancelled */
		return true;
	agreed = hb_guest_block_event(&g->core, g->slots[slot], event,
				      g->kernel[slot].movable);
	if (!g->way.by_us && !hb_event_may_be_refused(event))
		worker_wake(g);
	return agreed;
}

static void op_let_go(struct hb_guest *core, const struct hb_block *block, bool go)
{
	struct guest *g = without_lock(core);
	struct sim_slot *kernel = &g->kernel[block->start_pfn / sim_block_pages(g)];

	sim_require(g, kernel->referenced == go);
	kernel->referenced = !go;
}

static bool op_poisoned(struct hb_guest *core, const struct hb_block *block)
{
	struct guest *g = without_lock(core);
	u64 start = block->start_pfn;

	/* Nobody else fills or empties it then. */
	sim_require(g, block->state == HB_BLOCK_GOING_OFFLINE);
	return g->broken && g->broken >= start &&
	       g->broken < start + sim_block_pages(g) && test_bit(g->broken, g->frames);
}

static void op_quarantined(struct hb_guest *core, const struct hb_block *block,
			   enum hb_block_state before, enum hb_block_event event)
{
	struct guest *g = with_lock(core);

	sim_fail(g, "block %lu is %s and was told %s",
		 block->start_pfn / core->map.block_pages,
		 hb_block_state_word(before), hb_block_event_word(event));
}

/* ---- Xen */

/* At most one extent of 2 MiB while the lock is held. */
static void check_extents(struct guest *g, unsigned int nr, unsigned int order)
{
	sim_require(g, order == 0 || order == HB_UNIT_ORDER);
	sim_require(g, nr && (u64)nr << order <= HB_UNIT_PAGES);
}

/* Does the next page of the list lie behind the last one in the same unit? */
static bool goes_on(const unsigned long *pfns, unsigned int i)
{
	return pfns[i] == pfns[i - 1] + 1 && pfns[i] % HB_UNIT_PAGES;
}

static unsigned long op_populate(struct hb_guest *core, const unsigned long *pfns,
				 unsigned int nr, unsigned int order)
{
	struct guest *g = with_lock(core);
	unsigned int i;

	check_extents(g, nr, order);
	if (order)
		return sim_xen_populate(g, pfns[0], HB_UNIT_PAGES);
	for (i = 0; i < nr; i++)
		if (!sim_xen_populate(g, pfns[i], 1))
			break;
	return i;
}

static bool op_release(struct hb_guest *core, const unsigned long *pfns,
		       unsigned int nr, unsigned int order)
{
	struct guest *g = with_lock(core);
	unsigned int i, run, left;

	check_extents(g, nr, order);
	if (order)
		return sim_xen_release(g, pfns[0], HB_UNIT_PAGES) == HB_UNIT_PAGES;
	for (i = 0; i < nr; i += run) {
		run = 1;
		while (i + run < nr && goes_on(pfns, i + run) && run < HB_UNIT_PAGES - 1)
			run++;
		if (sim_xen_release(g, pfns[i], run) < run)
			break;
	}
	/* What Xen has not even tried was held and let go by the books. */
	for (left = nr - i; left; left--)
		g->units[pfns[i + left - 1] / HB_UNIT_PAGES].unsure = true;
	return i >= nr;
}

static enum hb_frame op_frame(struct hb_guest *core, unsigned long pfn)
{
	struct guest *g = with_lock(core);

	if (g->xen_is_mute)
		return HB_FRAME_UNKNOWN;
	if (!test_bit(pfn, g->frames))
		return HB_FRAME_NONE;
	return test_bit(pfn, g->unmapped) ? HB_FRAME_STRANDED : HB_FRAME_THERE;
}

static unsigned int op_reach(struct hb_guest *core, unsigned long *pfns, unsigned int nr)
{
	struct guest *g = with_lock(core);
	unsigned int i;

	for (i = 0; i < nr; i++) {
		sim_require(g, test_bit(pfns[i], g->frames));
		bitmap_clear(g->unmapped, pfns[i], 1);
	}
	return nr;
}

static enum hb_cause op_refusal(struct hb_guest *core, unsigned long pages)
{
	return sim_xen_refusal(with_lock(core));
}

static enum hb_cause op_kept(struct hb_guest *core)
{
	with_lock(core);
	return HB_CAUSE_PAGING_POOL;
}

static u64 op_xen_pages(struct hb_guest *core)
{
	return with_lock(core)->xen_pages;
}

static bool op_probe(struct hb_guest *core, unsigned long pfn, unsigned int nr)
{
	struct guest *g = without_lock(core);

	sim_require(g, nr && nr <= HB_UNIT_PAGES);
	return g->xen_pages + nr <= g->xen_limit && g->host_free >= nr;
}

static bool op_translated(struct hb_guest *core)
{
	return sim_of(core)->translated;
}

/* ---- pages */

static bool op_alloc(struct hb_guest *core, unsigned int order, int node,
		     unsigned long *pfn)
{
	struct guest *g = without_lock(core);
	u64 found;

	if ((sim_one_in(g, 16) && sim_fault(g)) ||
	    !sim_alloc(g, 1UL << order, node, &found))
		return false;
	*pfn = found;
	return true;
}

/* Hot-added memory lies behind both, and is of the first. */
static void op_node_range(struct hb_guest *core, int node, unsigned long *from,
			  unsigned long *end)
{
	struct guest *g = without_lock(core);

	*from = node ? g->second_node : 0;
	*end = g->second_node && !node ? g->second_node : ULONG_MAX;
}

static int op_isolate(struct hb_guest *core, unsigned long pfn, unsigned long nr,
		      bool give, int node)
{
	struct guest *g = without_lock(core);
	int rc;

	sim_require(g, node == HB_ANY_NODE || (sim_node_of(g, pfn) == node &&
					       sim_node_of(g, pfn + nr - 1) == node));
	rc = sim_alloc_range(g, pfn, nr);
	/* Somebody begins to take the block offline just now. */
	if (!rc && (g->leave_next || (g->fault_percent && sim_one_in(g, 100))))
		sim_way_begin(g, pfn / sim_block_pages(g), false, false, false);
	g->leave_next = false;
	return rc;
}

static bool op_is_free(const void *owner, unsigned long pfn)
{
	return sim_unit_is_free(with_lock(owner), pfn / HB_UNIT_PAGES);
}

static void op_put_back(struct hb_guest *core, unsigned long pfn, unsigned long nr)
{
	sim_free(sim_of(core), pfn, nr);
}

static void op_begin_hold(struct hb_guest *core)
{
	struct guest *g = without_lock(core);

	sim_require(g, !g->holding);
	g->holding = true;
}

static void op_end_hold(struct hb_guest *core)
{
	struct guest *g = sim_of(core);

	sim_require(g, g->holding);
	g->holding = false;
}

/* A page that is held later than its block let its held pages go would stop that. */
static void op_hold(struct hb_guest *core, unsigned long pfn, unsigned long nr)
{
	struct guest *g = with_lock(core);

	sim_require(g, g->holding);
	sim_require(g, g->kernel[pfn / sim_block_pages(g)].referenced);
}

static void op_mark_onlined(struct hb_guest *core, unsigned long pfn,
			    unsigned long nr)
{
	sim_free(with_lock(core), pfn, nr);
}

/* It has a frame, and neither the allocator nor the driver has it. */
static void op_strand(struct hb_guest *core, unsigned long pfn)
{
	struct guest *g = with_lock(core);

	sim_require(g, test_bit(pfn, g->unmapped));
}

/* Nobody else may see what was in them. */
static void op_clear(struct hb_guest *core, const unsigned long *pfns,
		     unsigned int nr)
{
	struct guest *g = with_lock(core);
	unsigned int i;

	for (i = 0; i < nr; i++)
		sim_require(g, test_bit(pfns[i], g->frames) &&
			       !test_bit(pfns[i], g->unmapped));
	g->cleared += nr;
}

static bool op_clear_removed(struct hb_guest *core, const unsigned long *pfns,
			     unsigned int nr)
{
	struct guest *g = without_lock(core);
	unsigned int i;

	if (sim_fault(g) && sim_one_in(g, 4))
		return false;
	for (i = 0; i < nr; i++) {
		sim_require(g, !g->slots[pfns[i] / sim_block_pages(g)]);
		sim_require(g, test_bit(pfns[i], g->frames));
	}
	g->cleared += nr;
	return true;
}

static bool op_is_ram(struct hb_guest *core, unsigned long pfn)
{
	struct guest *g = with_lock(core);

	return pfn < g->no_ram || pfn >= g->no_ram_end;
}

static void op_clear_parked(struct hb_guest *core, unsigned long pfn,
			    unsigned long nr)
{
	struct guest *g = with_lock(core);

	sim_require(g, g->kernel[pfn / sim_block_pages(g)].presence == SIM_OFFLINE);
}

/* ---- blocks */

static void *op_alloc_books(struct hb_guest *core, size_t bytes)
{
	struct guest *g = without_lock(core);

	return sim_fault(g) && sim_one_in(g, 4) ? NULL : calloc(1, bytes);
}

static void op_free_books(struct hb_guest *core, void *books)
{
	without_lock(core);
	free(books);
}

static bool op_keep_driver(struct hb_guest *core)
{
	struct guest *g = sim_of(core);

	if (sim_fault(g) && sim_one_in(g, 8))
		return false;
	g->references++;
	return true;
}

static void op_let_driver_go(struct hb_guest *core)
{
	struct guest *g = sim_of(core);

	sim_require(g, g->references > 0);
	g->references--;
}

static u64 descriptor_pages(const struct guest *g)
{
	return sim_block_pages(g) / 64;
}

static void op_refill_reserve(struct hb_guest *core, u64 spare)
{
	struct guest *g = without_lock(core);
	u64 want = descriptor_pages(g) - g->reserve;

	if (want && spare >= want && sim_use_kernel(g, want))
		g->reserve += want;
}

static unsigned long op_block_cost(struct hb_guest *core)
{
	return descriptor_pages(sim_of(core));
}

static bool op_present(struct hb_guest *core, unsigned long pfn)
{
	struct guest *g = with_lock(core);

	return g->kernel[pfn / sim_block_pages(g)].presence != SIM_ABSENT;
}

/* add_memory(): descriptors out of the guest's memory; it may online the block. */
static int op_add(struct hb_guest *core, unsigned long pfn)
{
	struct guest *g = without_lock(core);
	unsigned int slot = pfn / sim_block_pages(g);

	sim_drop_kernel(g, g->reserve);
	g->reserve = 0;
	if (g->way.active)	/* it waits for the kernel's lock */
		sim_way_end(g, true);
	if (g->kernel[slot].presence != SIM_ABSENT)
		return -EEXIST;
	if (sim_fault(g) || !sim_use_kernel(g, descriptor_pages(g)))
		return -ENOMEM;
	g->kernel[slot].presence = SIM_OFFLINE;
	if (g->auto_online)
		sim_write_state(g, slot, true, sim_one_in(g, 2), true);
	/* Somebody may be faster than the books. */
	if (sim_fault(g))
		sim_way_begin(g, slot, sim_one_in(g, 2), true, false);
	return 0;
}

static int op_remove(struct hb_guest *core, unsigned long pfn)
{
	struct guest *g = without_lock(core);
	unsigned int slot = pfn / sim_block_pages(g);
	struct sim_slot *kernel = &g->kernel[slot];

	if (sim_fault(g))	/* somebody tries to have it online */
		sim_require(g, sim_way_begin(g, slot, true, true, false));
	if (g->way.active || sim_fault(g))
		return -EBUSY;
	sim_require(g, kernel->presence == SIM_OFFLINE && !kernel->parked);
	kernel->presence = SIM_ABSENT;
	sim_drop_kernel(g, descriptor_pages(g));
	return 0;
}

static int op_set_online(struct hb_guest *core, unsigned long pfn, bool movable)
{
	struct guest *g = without_lock(core);

	if (sim_fault(g))	/* late: perhaps somebody else does it */
		return -EBUSY;
	return sim_write_state(g, pfn / sim_block_pages(g), true, movable, true);
}

/* Somebody is faster than the driver, who wants to remove the block. */
static void want_it_back(struct guest *g, unsigned int slot)
{
	if (sim_fault(g))
		sim_way_begin(g, slot, true, true, false);
	if (sim_fault(g) && g->way.active && !sim_way_end(g, true))
		sim_write_state(g, slot, false, false, false);
}

static int op_set_offline(struct hb_guest *core, unsigned long pfn)
{
	struct guest *g = without_lock(core);
	unsigned int slot = pfn / sim_block_pages(g);
	int rc;

	interrupt(g, 2);
	rc = sim_write_state(g, slot, false, false, true);
	if (!rc)
		want_it_back(g, slot);
	return rc;
}

/* ---- surroundings */

static void op_pressure(struct hb_guest *core, struct hb_pressure *pressure)
{
	struct guest *g = without_lock(core);

	unsigned int i;

	*pressure = (struct hb_pressure){ .nr = g->second_node ? 2 : 1, .commit = sim_commit(g) };
	for (i = 0; i < pressure->nr; i++) {
		pressure->of[i].node = i;
		pressure->of[i].in = (struct hb_floor_input){
			.managed = sim_node_managed(g, i),
			.available = sim_node_free(g, i, false),
			.available_kernel = sim_node_free(g, i, true),
		};
	}
}

static void op_swap_room(struct hb_guest *core, struct hb_press_look *look)
{
	struct guest *g = without_lock(core);

	*look = (struct hb_press_look){ .managed = sim_managed(g),
					.swap_free = g->swap_free,
					.refaults = g->refaults };
}

static void op_press(struct hb_guest *core, u64 pages)
{
	struct guest *g = without_lock(core);

	sim_require(g, !g->pressed_ms || g->now >= g->pressed_ms + HB_PRESS_MS);
	g->pressed_ms = g->now;
	if (sim_fault(g))
		return;
	pages -= sim_swap_out(g, pages);
	g->caches -= sim_drop_data(g, pages < g->caches ? pages : g->caches);
}

static u64 op_now_us(struct hb_guest *core)
{
	return sim_of(core)->now * 1000;
}

static u32 op_random(struct hb_guest *core)
{
	return random_next(&sim_of(core)->seed);
}

static unsigned int op_take_news(struct hb_guest *core)
{
	struct guest *g = without_lock(core);
	unsigned int news;

	g->stepping = false;
	if (g->happen)
		g->happen(g);
	news = g->news;
	g->news = 0;
	if (news)
		g->pass_steps = 0;
	return news;
}

/* A step is about to be taken: remember what it finds. */
static void remember(struct guest *g)
{
	g->stepping = false;
	hb_guest_look(&g->core, &g->before);
	g->rescued = 0;
	g->taken = 0;
	g->kernel_taken = 0;
	g->stepping = true;
	g->managed = sim_managed(g);
	g->free = sim_free_pages(g, false);
	g->kernel_free = sim_free_pages(g, true);
}

static bool op_has_news(struct hb_guest *core)
{
	remember(sim_of(core));
	return sim_of(core)->news;
}

/* Here the guest may be frozen, and wake up elsewhere. */
static bool op_breathe(struct hb_guest *core)
{
	struct guest *g = without_lock(core);

	if (g->move_next)
		sim_move(g, false);
	g->move_next = false;
	return false;
}

static bool op_sync(struct hb_guest *core, u64 populated, u64 *target)
{
	struct guest *g = with_lock(core);
	bool written = g->written;

	if (core->ledger.settled && !g->settled)
		g->blurred = g->pod_outstanding;
	g->settled = core->ledger.settled;
	if (written)
		*target = g->written_target;
	g->written = false;
	return written;
}

static void op_publish(struct hb_guest *core, const struct hb_status *report)
{
	struct guest *g = without_lock(core);

	g->report = *report;
	/* Idle is who is where it shall be. */
	sim_require(g, report->state != HB_STATE_IDLE ||
		       report->current_kib == report->goal_kib + report->rescued_kib - report->spared_kib);
	remember(g);
	if (g->before_step)
		g->before_step(g);
}

static void trace(const struct guest *g, const struct hb_move *step,
		  const struct hb_outcome *outcome)
{
	static int wanted = -1;

	if (wanted < 0)
		wanted = getenv("HB_TRACE") != NULL;
	if (wanted)
		printf("%6u %8llu ms: %llu -> %llu: step %d, %llu pages: %llu, cause %d\n",
		       g->steps, (unsigned long long)g->now,
		       (unsigned long long)g->before.populated,
		       (unsigned long long)g->before.target, step->kind,
		       (unsigned long long)step->pages,
		       (unsigned long long)outcome->pages, outcome->cause);
}

static void op_stepped(struct hb_guest *core, const struct hb_move *step,
		       const struct hb_outcome *outcome, u64 us)
{
	struct guest *g = without_lock(core);

	trace(g, step, outcome);
	g->stepping = false;
	g->steps++;
	g->now += 1 + random_below(&g->seed, 10);
	if (step->kind == HB_STEP_GROW_UNITS || step->kind == HB_STEP_GROW_PAGES)
		g->grew |= outcome->pages;
	check_step(g, &g->before, step, outcome);
	check_guest(g);
	if (++g->pass_steps > 100 + 8 * sim_nr_units(g))
		sim_fail(g, "a pass does not end");
}

static void op_wrong(struct hb_guest *core, const char *what)
{
	sim_fail(with_lock(core), "%s", what);
}

static void op_rested(struct hb_guest *core, const struct hb_move *last,
		      const struct hb_snapshot *now, u64 ms)
{
	struct guest *g = without_lock(core);

	g->rests++;
	g->rest_cause = last->cause;
	g->rest_ms = ms;
}

static void op_drifted(struct hb_guest *core, s64 pages)
{
	struct guest *g = without_lock(core);

	/* While populate-on-demand was not settled, more seemed to be there. */
	sim_require(g, g->blurred || !pages);
}

static void op_verified(struct hb_guest *core, u64 surplus, u64 missing)
{
	struct guest *g = without_lock(core);

	g->surplus += surplus;
	g->missing += missing;
}

const struct hb_ops sim_ops = {
	.lock = op_lock,
	.unlock = op_unlock,
	.trylock = op_trylock,
	.populate = op_populate,
	.release = op_release,
	.frame = op_frame,
	.reach = op_reach,
	.refusal = op_refusal,
	.kept = op_kept,
	.xen_pages = op_xen_pages,
	.probe = op_probe,
	.superpages = op_translated,
	.removable = op_translated,
	.alloc = op_alloc,
	.node_range = op_node_range,
	.isolate = op_isolate,
	.is_free = op_is_free,
	.put_back = op_put_back,
	.begin_hold = op_begin_hold,
	.end_hold = op_end_hold,
	.hold = op_hold,
	.mark_onlined = op_mark_onlined,
	.strand = op_strand,
	.clear = op_clear,
	.clear_removed = op_clear_removed,
	.is_ram = op_is_ram,
	.clear_parked = op_clear_parked,
	.alloc_books = op_alloc_books,
	.free_books = op_free_books,
	.keep_driver = op_keep_driver,
	.let_driver_go = op_let_driver_go,
	.present = op_present,
	.add = op_add,
	.remove = op_remove,
	.set_online = op_set_online,
	.set_offline = op_set_offline,
	.refill_reserve = op_refill_reserve,
	.block_cost = op_block_cost,
	.let_go = op_let_go,
	.poisoned = op_poisoned,
	.quarantined = op_quarantined,
	.pressure = op_pressure,
	.swap_room = op_swap_room,
	.press = op_press,
	.now_us = op_now_us,
	.random = op_random,
	.take_news = op_take_news,
	.has_news = op_has_news,
	.breathe = op_breathe,
	.sync = op_sync,
	.publish = op_publish,
	.wrong = op_wrong,
	.stepped = op_stepped,
	.rested = op_rested,
	.drifted = op_drifted,
	.verified = op_verified,
};

/* ---- the worker */

void worker_wake(struct guest *g)
{
	g->news |= HB_NEWS_LOOK;
}

bool worker_rests(struct guest *g, u64 ms)
{
	struct hb_snapshot now;

	if (ms == HB_REST_FOREVER)
		return true;
	if (g->core.tidy.active || g->report.state != HB_STATE_IDLE)
		return false;
	/* It looks whether a block has vanished, and has nothing else to do, */
	if (ms == HB_VANISH_MS && g->core.map.may_vanish)
		return true;
	/* or whether there is room for a block at last. */
	hb_guest_look(&g->core, &now);
	return hb_grant_lacking(&now) &&
	       (now.hotplug_busy || now.floor.take_boot < HB_UNIT_PAGES || !g->host_free);
}

u64 worker_pass(struct guest *g, void (*happen)(struct guest *g))
{
	unsigned int rests;
	u64 rest;

	g->happen = happen;
	g->pass_steps = 0;
	rests = g->rests;
	rest = hb_pass_run(&g->core);
	g->happen = NULL;
	/* It says so once, whatever it did. */
	sim_require(g, g->rests == rests + 1 && g->rest_ms == rest);
	sim_require(g, !g->locked && !g->holding);
	check_end(g, rest);
	return rest;
}

u64 worker_settle(struct guest *g)
{
	u64 begun = g->now, ms;

	while (!worker_rests(g, ms = worker_pass(g, NULL)))
		g->now += ms;
	return g->now - begun;
}
