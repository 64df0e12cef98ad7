// SPDX-License-Identifier: GPL-2.0-only
/* /sys/kernel/debug/hotballoon/: what the driver did and what it knows, to find faults. */
#include <linux/debugfs.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

#include "core/steps.h"
#include "debugfs.h"
#include "driver.h"

static struct dentry *directory;

/* Written by the worker only. */
static struct {
	u64 times;
	u64 incomplete;
	u64 pages;
	u64 us;
} steps[HB_STEP_COUNT];

void hb_debugfs_count(const struct hb_move *step,
		      const struct hb_outcome *outcome, u64 us)
{
	steps[step->kind].times++;
	steps[step->kind].incomplete += outcome->cause != HB_CAUSE_NONE;
	steps[step->kind].pages += outcome->pages;
	steps[step->kind].us += us;
}

static int steps_show(struct seq_file *out, void *unused)
{
	unsigned int i;

	seq_puts(out, "step times incomplete pages us\n");
	for (i = HB_STEP_NONE + 1; i < HB_STEP_COUNT; i++)
		seq_printf(out, "%s %llu %llu %llu %llu\n", hb_steps[i].word,
			   steps[i].times, steps[i].incomplete, steps[i].pages,
			   steps[i].us);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(steps);

static int blocks_show(struct seq_file *out, void *unused)
{
	static const char *const origin[] = { "boot", "inherited", "ours" };
	unsigned int slot;

	seq_puts(out, "block origin state movable held-pages empty-units mendable-units busy-units\n");
	for (slot = 0; slot < hb.guest.map.nr_slots; slot++) {
		const struct hb_block *block;

		/* One at a time: there may be many. */
		hb_lock();
		block = hb.guest.map.slots[slot];
		if (block)
			seq_printf(out, "%u %s %s %u %lu %u %u %u\n", slot,
				   origin[block->origin],
				   hb_block_state_word(block->state),
				   block->movable, block->held,
				   block->empty_units, block->mendable_units,
				   block->busy_units);
		hb_unlock();
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(blocks);

/* Recounts every page, which may take long in a large guest: block by block. */
static const char *find_wrong(void)
{
	const struct hb_blockmap *map = &hb.guest.map;
	const char *wrong = NULL;
	unsigned int slot;

	for (slot = 0; slot < map->nr_slots && !wrong; slot++) {
		hb_lock();
		wrong = hb_blockmap_check_slot(map, slot);
		hb_unlock();
		cond_resched();
	}
	if (wrong)
		return wrong;
	hb_lock();
	wrong = hb_blockmap_check_sums(map);
	hb_unlock();
	return wrong;
}

static int check_show(struct seq_file *out, void *unused)
{
	const char *wrong = find_wrong();

	if (wrong)
		seq_printf(out, "wrong: %s\n", wrong);
	else
		seq_puts(out, "ok\n");
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(check);

/* Nothing depends on it: a kernel without debugfs has none. */
void hb_debugfs_register(void)
{
	directory = debugfs_create_dir("hotballoon", NULL);
	debugfs_create_file("steps", 0400, directory, NULL, &steps_fops);
	debugfs_create_file("blocks", 0400, directory, NULL, &blocks_fops);
	debugfs_create_file("check", 0400, directory, NULL, &check_fops);
}

void hb_debugfs_unregister(void)
{
	debugfs_remove_recursive(directory);
}
