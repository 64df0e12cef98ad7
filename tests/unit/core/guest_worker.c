// SPDX-License-Identifier: GPL-2.0-or-later
/* What drivers/worker.c and drivers/mem do, on the guest in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "guest_sim.h"

/* hb_pick.is_free has no room for it. */
static struct guest *current_guest;

u64 worker_target(const struct guest *g)
{
	return g->target.valid ? g->target.pages : sim_populated(g);
}

void worker_wake(struct guest *g)
{
	g->event = true;
}

/* ---- the notifier */

static struct hb_block_transition note(struct guest *g, struct hb_block *block,
				       enum hb_block_event event)
{
	enum hb_block_state before = block->state;
	struct hb_block_transition t = hb_blockmap_event(&g->map, block, event);

	if (t.verdict == HB_VERDICT_IMPOSSIBLE)
		sim_fail(g, "block %lu is %s and was told %s",
			 block->start_pfn / g->map.block_pages,
			 hb_block_state_word(before), hb_block_event_word(event));
	return t;
}

bool worker_told(struct guest *g, unsigned int slot, enum hb_block_event event)
{
	struct sim_slot *kernel = &g->kernel[slot];
	struct hb_block_transition t = note(g, g->slots[slot], event);

	if (t.act != HB_ACT_NONE) {
		sim_require(g, kernel->referenced == (t.act == HB_ACT_LET_GO));
		kernel->referenced = !kernel->referenced;
	}
	if (event == HB_EVENT_ONLINE)
		hb_blockmap_set_movable(&g->map, g->slots[slot],
					kernel->movable);
	if (!g->way.by_us && event != HB_EVENT_GOING_ONLINE &&
	    event != HB_EVENT_GOING_OFFLINE)
		worker_wake(g);
	return t.verdict == HB_VERDICT_ALLOW;
}

/* ---- pages */

static void mark_onlined(struct guest *g, u64 pfn, u64 nr)
{
	sim_require(g, !hb_blockmap_release(&g->map, pfn, nr));
	sim_free(g, pfn, nr);
}

static u64 populate(struct guest *g, u64 pfn, u64 nr)
{
	u64 done = sim_xen_populate(g, pfn, nr);

	if (done)
		mark_onlined(g, pfn, done);
	return done;
}

static struct hb_outcome grow_units(struct guest *g, u64 pages)
{
	struct hb_outcome outcome = { 0 };

	while (outcome.pages + HB_UNIT_PAGES <= pages) {
		struct hb_run unit = hb_blockmap_empty_unit(&g->map);
		u64 got;

		if (!unit.nr)
			break;
		got = populate(g, unit.pfn, unit.nr);
		outcome.pages += got;
		if (got < unit.nr)
			break;
	}
	if (outcome.pages < pages)
		outcome.cause = sim_xen_refusal(g);
	return outcome;
}

static struct hb_outcome grow_pages(struct guest *g, u64 pages)
{
	static unsigned long pfns[HB_STEP_PAGES];
	unsigned int nr, i;
	struct hb_outcome outcome = { 0 };

	sim_require(g, pages <= HB_STEP_PAGES);
	nr = hb_blockmap_held_pages(&g->map, pfns, pages);
	for (i = 0; i < nr && populate(g, pfns[i], 1); i++)
		outcome.pages++;
	if (i < nr)
		outcome.cause = sim_xen_refusal(g);
	return outcome;
}

static bool is_usable(const struct guest *g, u64 pfn)
{
	return hb_blockmap_find(&g->map, pfn)->state == HB_BLOCK_ONLINE;
}

/*
 * Allocated pages that lie in one unit go to Xen.  What Xen does not take, and what
 * lies in a block that has begun to leave, goes back to the allocator.
 */
static u64 surrender(struct guest *g, u64 pfn, u64 nr)
{
	u64 done;

	if (!is_usable(g, pfn)) {
		sim_free(g, pfn, nr);
		return 0;
	}
	sim_require(g, !hb_blockmap_hold(&g->map, pfn, nr));
	done = sim_xen_release(g, pfn, nr);
	if (done < nr)
		mark_onlined(g, pfn + done, nr - done);
	return done;
}

static struct hb_outcome shrink_allocated(struct guest *g, u64 pages, u64 size)
{
	struct hb_outcome outcome = { 0 };
	u64 pfn, asked;

	for (asked = 0; asked + size <= pages; asked += size) {
		if ((sim_one_in(g, 16) && sim_fault(g)) ||
		    !sim_alloc(g, size, &pfn)) {
			outcome.cause = HB_CAUSE_GUEST_BUSY;
			break;
		}
		outcome.pages += surrender(g, pfn, size);
	}
	if (!outcome.cause && outcome.pages < asked)
		outcome.cause = HB_CAUSE_BACKEND_GONE;
	return outcome;
}

static bool unit_is_free(unsigned long pfn)
{
	return sim_unit_is_free(current_guest, pfn / HB_UNIT_PAGES);
}

/* As surrender(), of as many units as there are. */
static u64 surrender_run(struct guest *g, struct hb_run run)
{
	u64 gone = 0, done;

	/* Somebody begins to take the block offline just now. */
	if (g->fault_percent && sim_one_in(g, 100))
		sim_way_begin(g, run.pfn / sim_block_pages(g), false, false,
			      false);
	for (done = 0; done < run.nr; done += HB_UNIT_PAGES)
		gone += surrender(g, run.pfn + done,
				  run.nr - done < HB_UNIT_PAGES ?
				  run.nr - done : HB_UNIT_PAGES);
	return gone;
}

static struct hb_outcome shrink_picked(struct guest *g, struct hb_pick pick,
				       u64 pages)
{
	u64 most = pages, whole = pick.whole;
	struct hb_outcome outcome = { 0 };

	while (outcome.pages < pages && !outcome.cause) {
		struct hb_run run;
		u64 gone;
		int rc;

		pick.max = pages - outcome.pages;
		pick.max = pick.max < most ? pick.max : most;
		pick.whole = whole - (whole < outcome.pages ? whole : outcome.pages);
		pick.budget = random_below(&g->seed, 5);
		do
			run = hb_blockmap_pick(&g->map, &pick);
		while (pick.more);
		rc = run.nr ? sim_alloc_range(g, run.pfn, run.nr) : -ENOMEM;
		if (rc && run.nr > HB_UNIT_PAGES) {
			most = HB_UNIT_PAGES;
			continue;
		}
		if (rc == -EBUSY) {
			hb_blockmap_mark_busy(&g->map, run.pfn);
			break;
		}
		gone = rc ? 0 : surrender_run(g, run);
		outcome.pages += gone;
		if (rc)
			outcome.cause = HB_CAUSE_GUEST_BUSY;
		else if (gone < run.nr)
			outcome.cause = HB_CAUSE_BACKEND_GONE;
	}
	return outcome;
}

static struct hb_outcome shrink_added(struct guest *g, const struct hb_step *step)
{
	struct hb_pick pick = {
		.added = true,
		.movable_only = step->movable_only,
		.whole = step->whole,
		.is_free = unit_is_free,
	};

	return shrink_picked(g, pick, step->pages);
}

static struct hb_outcome shrink_boot(struct guest *g, u64 pages)
{
	return shrink_picked(g, (struct hb_pick){ .added = false }, pages);
}

static struct hb_outcome shrink_parked(struct guest *g, u64 pages)
{
	struct hb_outcome outcome = { 0 };

	while (outcome.pages < pages && !outcome.cause) {
		u64 left = pages - outcome.pages, done = 0;
		struct hb_run run = hb_blockmap_parked_run(&g->map,
			left < HB_UNIT_PAGES ? left : HB_UNIT_PAGES);

		if (run.nr) {
			sim_require(g, !hb_blockmap_hold(&g->map, run.pfn, run.nr));
			done = sim_xen_release(g, run.pfn, run.nr);
			if (done < run.nr)
				sim_require(g, !hb_blockmap_release(&g->map,
					run.pfn + done, run.nr - done));
		}
		outcome.pages += done;
		if (!run.nr)
			outcome.cause = HB_CAUSE_GUEST_BUSY;
		else if (done < run.nr)
			outcome.cause = HB_CAUSE_BACKEND_GONE;
	}
	return outcome;
}

/* One extent again, or else as many single pages as Xen has. */
static bool renew_unit(struct guest *g, u64 pfn)
{
	u64 gone = surrender(g, pfn, HB_UNIT_PAGES), i;

	if (gone == HB_UNIT_PAGES) {
		u64 got = populate(g, pfn, HB_UNIT_PAGES);

		if (got)
			return got == HB_UNIT_PAGES;
	}
	for (i = 0; i < gone && populate(g, pfn + i, 1); i++)
		;
	return false;
}

static struct hb_outcome mend_unit(struct guest *g)
{
	struct hb_run unit = hb_blockmap_mendable_unit(&g->map);
	struct hb_outcome outcome = { 0 };

	if (!unit.nr)
		outcome.cause = HB_CAUSE_GUEST_BUSY;
	else if (sim_alloc_range(g, unit.pfn, unit.nr))
		hb_blockmap_mark_busy(&g->map, unit.pfn);
	else if (renew_unit(g, unit.pfn))
		outcome.pages = unit.nr;
	else
		outcome.cause = HB_CAUSE_HOST_OUT_OF_MEMORY;
	return outcome;
}

/* ---- blocks */

static u64 descriptor_pages(const struct guest *g)
{
	return sim_block_pages(g) / 64;
}

static void refill_reserve(struct guest *g, u64 spare)
{
	u64 want = descriptor_pages(g) - g->reserve;

	if (want && spare >= want && sim_use_kernel(g, want))
		g->reserve += want;
}

static bool wants_movable(const struct guest *g)
{
	struct hb_zone_input in = {
		.kernel = sim_populated(g) - g->map.movable_plugged -
			  g->map.parked_plugged,
		.movable = g->map.movable_blocks * sim_block_pages(g),
		.block = sim_block_pages(g),
		.spare = sim_free_pages(g, true),
		.cost = descriptor_pages(g),
		.ratio = HB_ZONE_RATIO_DEFAULT,
		.policy = g->policy,
	};

	return hb_zone_is_movable(&in);
}

static int take_offline(struct guest *g, struct hb_block *block)
{
	if (block->state == HB_BLOCK_OFFLINE)
		return 0;
	return sim_write_state(g, block->start_pfn / g->map.block_pages, false,
			       false, true);
}

static int put_online(struct guest *g, struct hb_block *block)
{
	bool movable = block->origin == HB_BLOCK_OURS && wants_movable(g);

	if (block->state == HB_BLOCK_ONLINE)
		return 0;
	if (sim_fault(g))	/* late: perhaps somebody else does it */
		return -EBUSY;
	return sim_write_state(g, block->start_pfn / g->map.block_pages, true,
			       movable, true);
}

static struct hb_outcome online_block(struct guest *g)
{
	struct hb_block *block = hb_blockmap_offline_block(&g->map);

	if (block && !put_online(g, block))
		return (struct hb_outcome){ .pages = 1 };
	return (struct hb_outcome){ .cause = HB_CAUSE_OFFLINE_PENDING };
}

static void forget_block(struct guest *g, struct hb_block *block)
{
	sim_require(g, block->state == HB_BLOCK_GONE);
	hb_blockmap_remove(&g->map, block);
	g->ledger.capacity -= g->map.block_pages;
	g->added_blocks--;
	free(block);
}

static struct hb_block *book_block(struct guest *g)
{
	void *memory = calloc(1, hb_block_bytes(g->map.block_pages));
	unsigned int slot = hb_blockmap_free_slot(&g->map, g->first_added *
						  g->map.block_pages) /
			    g->map.block_pages;
	struct hb_block *block;

	sim_require(g, slot < g->shape.slots);
	assert_non_null(memory);
	block = hb_block_init(memory, slot * g->map.block_pages,
			      g->map.block_pages, HB_BLOCK_OURS);
	hb_blockmap_insert(&g->map, block);
	sim_require(g, !hb_blockmap_hold(&g->map, block->start_pfn,
					 g->map.block_pages));
	g->ledger.capacity += g->map.block_pages;
	g->added_blocks++;
	return block;
}

/* add_memory(): descriptors out of the guest's memory; it may online the block. */
static bool kernel_adds(struct guest *g, unsigned int slot)
{
	if (g->way.active)	/* it waits for the lock */
		sim_way_end(g, true);
	if (sim_fault(g) || !sim_use_kernel(g, descriptor_pages(g)))
		return false;
	g->kernel[slot].presence = SIM_OFFLINE;
	if (g->auto_online)
		sim_write_state(g, slot, true, sim_one_in(g, 2), true);
	return true;
}

static struct hb_outcome add_block(struct guest *g, u64 probe)
{
	struct hb_block *block;

	if (g->xen_pages + probe > g->xen_limit || g->host_free < probe)
		return (struct hb_outcome){ .cause = sim_xen_refusal(g) };
	sim_drop_kernel(g, g->reserve);
	g->reserve = 0;
	block = book_block(g);
	if (!kernel_adds(g, block->start_pfn / g->map.block_pages)) {
		note(g, block, HB_EVENT_ADD_FAILED);
		forget_block(g, block);
		return (struct hb_outcome){ .cause = HB_CAUSE_GUEST_BUSY };
	}
	/* Somebody may be faster than the books. */
	if (sim_fault(g))
		sim_way_begin(g, block->start_pfn / g->map.block_pages,
			      sim_one_in(g, 2), true, false);
	note(g, block, HB_EVENT_ADDED);
	if (put_online(g, block))
		return (struct hb_outcome){ .cause = HB_CAUSE_OFFLINE_PENDING };
	return (struct hb_outcome){ .pages = 1 };
}

static bool kernel_removes(struct guest *g, unsigned int slot)
{
	struct sim_slot *kernel = &g->kernel[slot];

	if (sim_fault(g))	/* somebody tries to have it online */
		sim_require(g, sim_way_begin(g, slot, true, true, false));
	if (g->way.active || sim_fault(g))
		return false;
	sim_require(g, kernel->presence == SIM_OFFLINE && !kernel->parked);
	kernel->presence = SIM_ABSENT;
	sim_drop_kernel(g, descriptor_pages(g));
	return true;
}

static int remove_block(struct guest *g, struct hb_block *block)
{
	unsigned int slot = block->start_pfn / g->map.block_pages;
	bool gone;

	if (sim_fault(g))	/* somebody is faster */
		sim_way_begin(g, slot, true, true, false);
	if (sim_fault(g) && g->way.active && !sim_way_end(g, true))
		sim_write_state(g, slot, false, false, false);
	if (note(g, block, HB_EVENT_REMOVE).verdict != HB_VERDICT_ALLOW)
		return -EBUSY;
	gone = kernel_removes(g, slot);
	note(g, block, gone ? HB_EVENT_REMOVED : HB_EVENT_REMOVE_FAILED);
	if (!gone)
		return -EBUSY;
	forget_block(g, block);
	return 0;
}

static struct hb_outcome retire_block(struct guest *g)
{
	struct hb_block *block = hb_blockmap_empty_block(&g->map, g->translated);
	int rc = block ? take_offline(g, block) : -ENOENT;

	if (!rc && g->translated)
		rc = remove_block(g, block);
	if (rc)
		return (struct hb_outcome){ .cause = HB_CAUSE_OFFLINE_PENDING };
	return (struct hb_outcome){ .pages = 1 };
}

/* ---- snapshot, plan, step */

static struct hb_floor floor_now(const struct guest *g)
{
	struct hb_floor_input in = {
		.managed = sim_managed(g),
		.available = sim_free_pages(g, false),
		.available_kernel = sim_free_pages(g, true),
	};

	return hb_floor_compute(&in);
}

static struct hb_snapshot look(const struct guest *g)
{
	const struct hb_blockmap *map = &g->map;

	return (struct hb_snapshot){
		.target = worker_target(g),
		.populated = sim_populated(g),
		.usable_held = map->usable_held,
		.usable_empty_units = map->usable_empty_units,
		.boot_empty_units = map->boot_empty_units,
		.boot_held = map->boot_held,
		.mendable_units = g->translated ? map->mendable_units : 0,
		.parked_plugged = map->parked_plugged,
		.added_plugged = map->added_plugged,
		.added_movable = map->added_movable,
		.retirable = map->empty_online +
			     (g->translated ? map->empty_offline : 0),
		.added_offline = map->added_offline,
		.blocks_left = g->shape.slots - g->first_added -
			       g->added_blocks,
		.floor = floor_now(g),
		.unsettled = !g->ledger.settled,
		.hotplug_busy = map->in_transition,
		.patient = g->now < g->patient_until,
	};
}

static struct hb_outcome carry_out(struct guest *g, const struct hb_step *step)
{
	switch (step->kind) {
	case HB_STEP_GROW_UNITS:
		return grow_units(g, step->pages);
	case HB_STEP_GROW_PAGES:
		return grow_pages(g, step->pages);
	case HB_STEP_ONLINE_BLOCK:
		return online_block(g);
	case HB_STEP_ADD_BLOCK:
		return add_block(g, step->pages);
	case HB_STEP_SHRINK_PARKED:
		return shrink_parked(g, step->pages);
	case HB_STEP_SHRINK_ADDED:
		return shrink_added(g, step);
	case HB_STEP_SHRINK_UNITS:
		return shrink_allocated(g, step->pages, HB_UNIT_PAGES);
	case HB_STEP_SHRINK_BOOT:
		return shrink_boot(g, step->pages);
	case HB_STEP_SHRINK_PAGES:
		return shrink_allocated(g, step->pages, 1);
	case HB_STEP_RETIRE_BLOCK:
		return retire_block(g);
	case HB_STEP_MEND_UNIT:
		return mend_unit(g);
	default:
		sim_fail(g, "step %d", step->kind);
	}
}

static void account(struct guest *g)
{
	bool at_target = g->target.valid && sim_populated(g) <= worker_target(g);
	bool before = g->ledger.settled;

	g->ledger.held = g->map.held;
	hb_ledger_compare(&g->ledger, g->xen_pages, at_target);
	if (g->ledger.settled && !before)
		g->blurred = g->pod_outstanding;
}

static void begin_pass(struct guest *g)
{
	hb_pass_begin(&g->pass);
	hb_blockmap_clear_busy(&g->map);
}

static void take_event(struct guest *g)
{
	if (!g->event)
		return;
	g->event = false;
	hb_backoff_reset(&g->backoff);
	g->patient_until = g->now + HB_PATIENCE_SECONDS * 1000;
	begin_pass(g);
}

static void trace(const struct guest *g, const struct hb_snapshot *now,
		  const struct hb_step *step)
{
	static int wanted = -1;

	if (wanted < 0)
		wanted = getenv("HB_TRACE") != NULL;
	if (wanted)
		printf("%6u %8llu ms: %llu -> %llu: step %d, %llu pages, cause %d\n",
		       g->steps, (unsigned long long)g->now,
		       (unsigned long long)now->populated,
		       (unsigned long long)now->target, step->kind,
		       (unsigned long long)step->pages, step->cause);
}

static void one_step(struct guest *g, const struct hb_snapshot *now,
		     const struct hb_step *step)
{
	struct hb_outcome outcome;

	g->taken = 0;
	g->kernel_taken = 0;
	g->managed = sim_managed(g);
	g->free = sim_free_pages(g, false);
	g->kernel_free = sim_free_pages(g, true);
	g->steps++;
	g->now += 1 + random_below(&g->seed, 10);
	outcome = carry_out(g, step);
	if (step->kind == HB_STEP_GROW_UNITS || step->kind == HB_STEP_GROW_PAGES)
		g->grew |= outcome.pages;
	hb_pass_note(&g->pass, step, &outcome);
	check_step(g, now, step);
	check_guest(g);
}

struct hb_step worker_pass(struct guest *g, void (*happen)(struct guest *g))
{
	unsigned int bound = 100 + 8 * sim_nr_units(g), steps;

	current_guest = g;
	begin_pass(g);
	for (steps = 0; steps < bound; steps++) {
		struct hb_snapshot now;
		struct hb_step step;

		if (happen)
			happen(g);
		account(g);
		if (g->event)
			steps = 0;
		take_event(g);
		now = look(g);
		step = hb_plan(&now, &g->pass);
		trace(g, &now, &step);
		if (step.kind == HB_STEP_NONE) {
			check_end(g, &now, &step);
			if (!step.cause)
				refill_reserve(g, now.floor.take_boot);
			return step;
		}
		one_step(g, &now, &step);
	}
	sim_fail(g, "a pass does not end");
}

unsigned int worker_sleep(struct guest *g, const struct hb_step *last)
{
	if (!last->cause && !last->tidy_later) {
		hb_backoff_reset(&g->backoff);
		return HB_BACKOFF_NEVER;
	}
	if (last->only_event)
		return HB_BACKOFF_NEVER;
	return hb_backoff_next(&g->backoff,
			       last->cause ? last->cause : HB_CAUSE_GUEST_BUSY,
			       g->pass.progress, random_next(&g->seed));
}
