// SPDX-License-Identifier: GPL-2.0-only
#include "floor.h"
#include "reserve.h"

#define STALE_SHIFT	4

static u64 least(u64 a, u64 b)
{
	return a < b ? a : b;
}

u64 hb_floor_reserve(u64 managed)
{
	return hb_reserve_of(managed, HB_MIB_PAGES);
}

static u64 above(u64 value, u64 reserve)
{
	return value > reserve ? value - reserve : 0;
}

u64 hb_floor_cache(u64 files, u64 low)
{
	return files - least(files / 2, low);
}

u64 hb_floor_unwritten(const struct hb_writes *writes, u64 pending, u64 cache)
{
	u64 of_files = writes->dirty + above(writes->writing, writes->swapcache);

	if (!of_files)
		return 0;
	return least(pending * of_files / (writes->dirty + writes->writing), cache);
}

/* What one node can give of all its memory, and of what the kernel can use itself. */
static struct hb_floor node_floor(const struct hb_floor_input *in)
{
	u64 reserve = hb_floor_reserve(in->managed);
	struct hb_floor floor = { 0 };
	u64 kernel;

	floor.take_added = above(in->available, reserve);
	/*
	 * Movable memory cannot serve the kernel; half the reserve must be
	 * where it can.
	 */
	kernel = above(in->available_kernel, reserve / 2);
	floor.take_boot = least(floor.take_added, kernel);
	return floor;
}

u64 hb_floor_commit_room(const struct hb_commit *commit, u64 reserve)
{
	u64 spare;

	if (!commit->strict || !commit->percent)
		return U64_MAX;
	spare = above(above(commit->limit, commit->committed), reserve);
	return spare / commit->percent * 100;
}

/* Promises are made for all nodes together. */
static void cap_by_commit(struct hb_floor *floor,
			  const struct hb_pressure *pressure)
{
	u64 managed = 0, room;
	unsigned int i;

	for (i = 0; i < pressure->nr; i++)
		managed += pressure->of[i].in.managed;
	room = hb_floor_commit_room(&pressure->commit,
				    hb_floor_reserve(managed));
	floor->commit_room = room;
	floor->take_added = least(floor->take_added, room);
	floor->take_added_kernel = least(floor->take_added_kernel, room);
	floor->take_boot = least(floor->take_boot, room);
}

struct hb_floor hb_floor_compute(const struct hb_pressure *pressure)
{
	struct hb_floor floor = { .node = pressure->of[0].node };
	unsigned int i;

	for (i = 0; i < pressure->nr; i++) {
		struct hb_floor one = node_floor(&pressure->of[i].in);

		if (i == pressure->added) {
			floor.take_added = one.take_added;
			floor.take_added_kernel = one.take_boot;
		}
		if (one.take_boot > floor.take_boot) {
			floor.take_boot = one.take_boot;
			floor.node = pressure->of[i].node;
		}
	}
	cap_by_commit(&floor, pressure);
	return floor;
}

s64 hb_floor_margin(const struct hb_pressure *pressure)
{
	s64 most = S64_MIN;
	unsigned int i;

	for (i = 0; i < pressure->nr; i++) {
		const struct hb_floor_input *in = &pressure->of[i].in;
		s64 reserve = hb_floor_reserve(in->managed);
		s64 all = (s64)in->available - reserve;
		s64 kernel = (s64)in->available_kernel - reserve / 2;
		s64 margin = all < kernel ? all : kernel;

		if (margin > most)
			most = margin;
	}
	return most;
}

u64 hb_floor_available_kernel(const struct hb_pressure *pressure)
{
	u64 pages = 0;
	unsigned int i;

	for (i = 0; i < pressure->nr; i++)
		pages += pressure->of[i].in.available_kernel;
	return pages;
}

bool hb_floor_watermarks_stale(u64 managed, u64 before)
{
	u64 moved = managed > before ? managed - before : before - managed;

	return moved > before >> STALE_SHIFT;
}
