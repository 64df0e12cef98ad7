// SPDX-License-Identifier: GPL-2.0-only
#include <linux/atomic.h>
#include <linux/cpuhotplug.h>
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/timer.h>

#include "autoballoon.h"
#include "stats.h"
#include "ticker.h"

/*
 * A deferrable timer runs while its processor is awake, and not for another that is: so each
 * has one.  What it finds late is not looked for twice.
 */
static DEFINE_PER_CPU(struct timer_list, timers);
static unsigned long next;	/* jiffies: before, nobody looks */

static int state;		/* of the kernel's CPU hotplug; 0: none */

static void ticker_tick(struct timer_list *timer)
{
	unsigned long due = READ_ONCE(next);

	/* One of those that find that it is time. */
	if (!time_before(jiffies, due) && cmpxchg(&next, due, jiffies + HZ) == due) {
		hb_stats_look();
		hb_autoballoon_tick();
	}
	mod_timer(timer, jiffies + HZ);
}

/* These two run on @cpu. */
static int ticker_online(unsigned int cpu)
{
	struct timer_list *timer = per_cpu_ptr(&timers, cpu);

	timer_setup(timer, ticker_tick, TIMER_DEFERRABLE | TIMER_PINNED);
	timer->expires = jiffies + HZ;
	add_timer_on(timer, cpu);
	return 0;
}

static int ticker_offline(unsigned int cpu)
{
	timer_delete_sync(per_cpu_ptr(&timers, cpu));
	return 0;
}

int hb_ticker_start(void)
{
	int rc;

	next = jiffies;
	rc = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "hotballoon:online", ticker_online,
			       ticker_offline);
	if (rc < 0)
		return rc;
	state = rc;
	return 0;
}

void hb_ticker_stop(void)
{
	if (state)
		cpuhp_remove_state(state);
	state = 0;
}
