/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * The xenstore contract as C, for the kernel and for user space.
 * Made from xenstore-keys/keys.def by xenstore-keys/check --update; change that file.
 */
#ifndef HOTBALLOON_KEYS_H
#define HOTBALLOON_KEYS_H

/* What the driver writes to HB_KEY_REPORT_VERSION. */
#define HB_REPORT_VERSION 1
/* The driver's directory, which holds every HB_KEY_REPORT_ key. */
#define HB_KEY_REPORT_DIR "data/hotballoon"
/* The host's directory, which holds the target and the maxima. */
#define HB_KEY_MEMORY_DIR "memory"

/* printf format of the directory that the keys are relative to; %u is the domid. */
#define HB_DIR_DOMAIN "/local/domain/%u"
/* printf format of the directory that HB_KEY_VM_MEMORY is relative to; %s is the uuid. */
#define HB_DIR_VM "/vm/%s"

/* memory/target; unit KiB; decimal; written by toolstack, read by driver, toolstack:
 * size the host wants the guest to have, video memory not counted. */
#define HB_KEY_TARGET "memory/target"

/* memory/static-max; unit KiB; decimal; written by toolstack, read by toolstack:
 * largest size the toolstacks allow; our driver never reads it. */
#define HB_KEY_STATIC_MAX "memory/static-max"

/* memory/videoram; unit KiB; decimal or -1; written by libxl, read by toolstack:
 * video memory, part of the size people ask for but not of memory/target. */
#define HB_KEY_VIDEORAM "memory/videoram"

/* memory/hotplug-max; unit KiB; decimal; written by Qubes OS, read by toolstack:
 * ceiling for growth past the boot size, set by the administrator. */
#define HB_KEY_HOTPLUG_MAX "memory/hotplug-max"

/* memory/dynamic-min; unit KiB; decimal; written by xapi, read by driver, toolstack:
 * smallest size that xapi's squeezed gives; its presence says that squeezed manages the domain. */
#define HB_KEY_DYNAMIC_MIN "memory/dynamic-min"

/* memory/still; unit -; 0 or 1; written by toolstack, read by driver, toolstack:
 * 1 asks the driver to leave the guest's memory as it is, while the guest is saved or migrated; absent means 0. */
#define HB_KEY_STILL "memory/still"

/* memory/hotballoon-stats; unit -; 0 or 1; written by administrator, read by driver:
 * 0 asks the driver for no statistics: it then reads none; absent means 1. */
#define HB_KEY_STATS_WANTED "memory/hotballoon-stats"

/* memory/hotballoon-headroom; unit KiB; decimal; written by toolstack, read by driver, toolstack:
 * what the guest may take above its target by itself, before it kills a process for want of memory; absent means 0. */
#define HB_KEY_HEADROOM "memory/hotballoon-headroom"

/* memory/hotballoon-swap; unit -; never, idle or always; written by administrator, read by driver:
 * what the driver may have the guest swap out at its floor: nothing, until it hurts, or whatever the swap has room for; absent: as its parameter says. */
#define HB_KEY_SWAP "memory/hotballoon-swap"

/* data/hotballoon/version; unit -; decimal; written by driver, read by toolstack:
 * version of this report; its presence says that our driver runs. */
#define HB_KEY_REPORT_VERSION "data/hotballoon/version"

/* data/hotballoon/state; unit -; word; written by driver, read by toolstack:
 * what the driver does now. */
#define HB_KEY_REPORT_STATE "data/hotballoon/state"

/* data/hotballoon/cause; unit -; word; written by driver, read by toolstack:
 * why the guest is not at its target. */
#define HB_KEY_REPORT_CAUSE "data/hotballoon/cause"

/* data/hotballoon/current; unit KiB; decimal; written by driver, read by toolstack:
 * what the guest holds now, counted the way memory/target counts. */
#define HB_KEY_REPORT_CURRENT "data/hotballoon/current"

/* data/hotballoon/goal; unit KiB; decimal; written by driver, read by toolstack:
 * the target the driver acts on. */
#define HB_KEY_REPORT_GOAL "data/hotballoon/goal"

/* data/hotballoon/floor; unit KiB; decimal; written by driver, read by toolstack:
 * smallest size the driver believes it can reach now; has a meaning with guest-floor only. */
#define HB_KEY_REPORT_FLOOR "data/hotballoon/floor"

/* data/hotballoon/max; unit KiB; decimal; written by driver, read by toolstack:
 * largest size the guest's address window permits, counted the way memory/target counts. */
#define HB_KEY_REPORT_MAX "data/hotballoon/max"

/* data/hotballoon/still; unit -; 0 or 1; written by driver, read by toolstack:
 * 1: the driver leaves the guest's memory as it is, because memory/still asks for it. */
#define HB_KEY_REPORT_STILL "data/hotballoon/still"

/* data/hotballoon/stats; unit -; words; written by driver, read by toolstack:
 * what the guest's memory is used for, in one piece; absent while statistics are off. */
#define HB_KEY_REPORT_STATS "data/hotballoon/stats"

/* data/hotballoon/distress; unit KiB; decimal; written by driver, read by toolstack:
 * what the guest lacks now to go on without an OOM kill; 0 or absent: nothing. */
#define HB_KEY_REPORT_DISTRESS "data/hotballoon/distress"

/* data/hotballoon/rescued; unit KiB; decimal; written by driver, read by toolstack:
 * what the guest has above its target, taken in need from its headroom; 0 or absent: nothing. */
#define HB_KEY_REPORT_RESCUED "data/hotballoon/rescued"

/* data/hotballoon/spared; unit KiB; decimal; written by driver, read by toolstack:
 * what the guest leaves of its target, as it sizes itself below it (autoballoon=1); 0 or absent: nothing. */
#define HB_KEY_REPORT_SPARED "data/hotballoon/spared"

/* control/feature-balloon; unit -; 0 or 1; written by guest agents, driver, read by driver, toolstack:
 * some balloon driver is announced; ours does so where it may and no agent has; the kernel's own writes nothing. */
#define HB_KEY_FEATURE_BALLOON "control/feature-balloon"

/* data/os_name; unit -; text; written by guest agents, read by toolstack:
 * the guest's operating system; tells the balloon driver of Windows from others. */
#define HB_KEY_OS_NAME "data/os_name"

/* drivers; unit -; text; written by drivers of Windows, read by toolstack:
 * a node a driver, numbered from 0: vendor, name, version; XENBUS has the balloon. */
#define HB_KEY_PV_DRIVERS "drivers"

/* data/meminfo_total; unit KiB; decimal; written by guest agents, driver, read by driver, toolstack:
 * memory that the guest's kernel has, as the XenServer agent says. */
#define HB_KEY_MEMINFO_TOTAL "data/meminfo_total"

/* data/meminfo_free; unit KiB; decimal; written by guest agents, driver, read by toolstack:
 * memory that is available in the guest; the total less this is its demand. */
#define HB_KEY_MEMINFO_FREE "data/meminfo_free"

/* data/updated; unit -; text; written by guest agents, driver, read by driver:
 * written behind the two before, another value each time; one that is not the driver's says that an agent writes them. */
#define HB_KEY_AGENT_UPDATED "data/updated"

/* memory/meminfo; unit KiB; decimal; written by Qubes OS guests, driver, read by driver, toolstack:
 * memory the guest uses; where qmemman runs, it manages the domains that have it. */
#define HB_KEY_QUBES_MEMINFO "memory/meminfo"

/* domid; unit -; decimal; written by libxl, xapi, read by toolstack:
 * read first in every transaction: a domain without it is gone and is not written to. */
#define HB_KEY_DOMID "domid"

/* name; unit -; text; written by libxl, xapi, read by toolstack:
 * the domain's name. */
#define HB_KEY_NAME "name"

/* target; unit -; decimal; written by libxl, read by toolstack:
 * domid of the guest that a stub domain, named NAME-dm, is the device model of. */
#define HB_KEY_STUB_TARGET "target"

/* libxl; unit -; directory; written by libxl, read by toolstack:
 * its presence says that the domain was made with driver_domain=1: backends for others. */
#define HB_KEY_DRIVER_DOMAIN "libxl"

/* /vm/<uuid>/memory; unit MiB; decimal; written by toolstack, read by older tools:
 * memory/target in MiB, kept in step as xl does. */
#define HB_KEY_VM_MEMORY "memory"

/*
 * The driver's report but its version, one row a key, for who reads or writes all of it:
 * ROW(NAME, field, kind, json), kind being NUMBER (KiB), FLAG or the list of the words,
 * json the name of the field in JSON.
 */
#define HB_REPORT_ROWS(ROW) \
	ROW(STATE, state, STATE, "state") \
	ROW(CAUSE, cause, CAUSE, "cause") \
	ROW(CURRENT, current, NUMBER, "current_kib") \
	ROW(GOAL, goal, NUMBER, "goal_kib") \
	ROW(FLOOR, floor, NUMBER, "floor_kib") \
	ROW(MAX, max, NUMBER, "max_kib") \
	ROW(STILL, still, FLAG, "still") \
	ROW(DISTRESS, distress, NUMBER, "distress_kib") \
	ROW(RESCUED, rescued, NUMBER, "rescued_kib") \
	ROW(SPARED, spared, NUMBER, "spared_kib") \
	/* and no more */

enum hb_state {
	HB_STATE_IDLE,	/* at the target, or nothing to do */
	HB_STATE_GROWING,	/* taking memory from Xen */
	HB_STATE_SHRINKING,	/* giving memory to Xen */
	HB_STATE_WAITING,	/* not at the target and not moving now: the cause says why, the driver tries again */
};
#define HB_STATE_COUNT 4
/* Initializer of an array of strings, indexed by enum hb_state. */
#define HB_STATE_WORDS { \
	[HB_STATE_IDLE] = "idle", \
	[HB_STATE_GROWING] = "growing", \
	[HB_STATE_SHRINKING] = "shrinking", \
	[HB_STATE_WAITING] = "waiting", \
}

enum hb_cause {
	HB_CAUSE_NONE,	/* nothing is in the way */
	HB_CAUSE_GUEST_BUSY,	/* the guest's memory is in use and cannot be moved out of the way now */
	HB_CAUSE_GUEST_FLOOR,	/* a smaller size would take memory the guest needs to stay alive */
	HB_CAUSE_HOST_OUT_OF_MEMORY,	/* Xen has no memory to give: the host is full */
	HB_CAUSE_ABOVE_MAX,	/* the target is more than the guest may have: Xen's limit for it (maxmem), or its address window */
	HB_CAUSE_OFFLINE_PENDING,	/* memory was added and the guest has not put it online */
	HB_CAUSE_BACKEND_GONE,	/* Xen refuses the guest's memory calls altogether, not for want of memory */
	HB_CAUSE_BAD_TARGET,	/* memory/target is not a number the driver accepts */
	HB_CAUSE_PAGING_POOL,	/* Xen cannot take memory back: the guest's paging pool has no room for smaller page tables */
	HB_CAUSE_STILL,	/* the host has asked the guest to keep its memory as it is (memory/still) */
	HB_CAUSE_SWAPPING,	/* the guest swaps out what nobody uses, to give what becomes free */
};
#define HB_CAUSE_COUNT 11
/* Initializer of an array of strings, indexed by enum hb_cause. */
#define HB_CAUSE_WORDS { \
	[HB_CAUSE_NONE] = "none", \
	[HB_CAUSE_GUEST_BUSY] = "guest-busy", \
	[HB_CAUSE_GUEST_FLOOR] = "guest-floor", \
	[HB_CAUSE_HOST_OUT_OF_MEMORY] = "host-out-of-memory", \
	[HB_CAUSE_ABOVE_MAX] = "above-max", \
	[HB_CAUSE_OFFLINE_PENDING] = "offline-pending", \
	[HB_CAUSE_BACKEND_GONE] = "backend-gone", \
	[HB_CAUSE_BAD_TARGET] = "bad-target", \
	[HB_CAUSE_PAGING_POOL] = "paging-pool", \
	[HB_CAUSE_STILL] = "still", \
	[HB_CAUSE_SWAPPING] = "swapping", \
}

enum hb_stat {
	HB_STAT_TOTAL,	/* memory that the guest's kernel manages (MemTotal) */
	HB_STAT_FREE,	/* free */
	HB_STAT_AVAILABLE,	/* free, or can be had without swapping (MemAvailable) */
	HB_STAT_USED,	/* total less available, and the swap that is in use */
	HB_STAT_CACHE,	/* page cache */
	HB_STAT_SWAP_TOTAL,	/* swap space */
	HB_STAT_SWAP_FREE,	/* swap space that is free */
	HB_STAT_SWAP_IN,	/* read back from swap since boot */
	HB_STAT_SWAP_OUT,	/* written to swap since boot */
	HB_STAT_MAJOR_FAULTS,	/* page faults that had to wait for a disk */
	HB_STAT_REFAULTS_ANON,	/* processes' memory that was needed again soon after it was swapped out, since boot */
	HB_STAT_REFAULTS_FILE,	/* page cache that was needed again soon after it was dropped, since boot */
	HB_STAT_ALLOC_STALLS,	/* allocations that had to free memory themselves */
	HB_STAT_OOM_KILLS,	/* processes killed for want of memory */
	HB_STAT_COMMITTED,	/* what processes were promised (Committed_AS) */
	HB_STAT_MOVED,	/* what the driver took from Xen and gave to it since it was loaded */
	HB_STAT_FAILED,	/* steps of the driver that did not do all they should, since it was loaded */
	HB_STAT_RESCUES,	/* times that the guest took memory by itself, in need, since the driver was loaded */
	HB_STAT_OOM_RESCUES,	/* those of them that came last before an OOM kill; the others, as allocations had to free memory themselves */
	HB_STAT_STUCK_SECONDS,	/* for so long memory that the driver tried to move has been waiting, for a disk or a lock; 0: none does */
	HB_STAT_CACHE_DROPS,	/* times that the driver had the kernel drop caches, as the guest had not got to its target for minutes, since it was loaded */
};
#define HB_STAT_COUNT 21
/* Initializer of an array of strings, indexed by enum hb_stat. */
#define HB_STAT_WORDS { \
	[HB_STAT_TOTAL] = "total-memory", \
	[HB_STAT_FREE] = "free-memory", \
	[HB_STAT_AVAILABLE] = "available-memory", \
	[HB_STAT_USED] = "used", \
	[HB_STAT_CACHE] = "disk-caches", \
	[HB_STAT_SWAP_TOTAL] = "swap-total", \
	[HB_STAT_SWAP_FREE] = "swap-free", \
	[HB_STAT_SWAP_IN] = "swap-in", \
	[HB_STAT_SWAP_OUT] = "swap-out", \
	[HB_STAT_MAJOR_FAULTS] = "major-faults", \
	[HB_STAT_REFAULTS_ANON] = "refaults-anon", \
	[HB_STAT_REFAULTS_FILE] = "refaults-file", \
	[HB_STAT_ALLOC_STALLS] = "alloc-stalls", \
	[HB_STAT_OOM_KILLS] = "oom-kills", \
	[HB_STAT_COMMITTED] = "committed", \
	[HB_STAT_MOVED] = "moved", \
	[HB_STAT_FAILED] = "failed", \
	[HB_STAT_RESCUES] = "rescues", \
	[HB_STAT_OOM_RESCUES] = "oom-rescues", \
	[HB_STAT_STUCK_SECONDS] = "stuck-seconds", \
	[HB_STAT_CACHE_DROPS] = "cache-drops", \
}
/* The same: is it KiB? */
#define HB_STAT_IS_KIB { \
	[HB_STAT_TOTAL] = 1, \
	[HB_STAT_FREE] = 1, \
	[HB_STAT_AVAILABLE] = 1, \
	[HB_STAT_USED] = 1, \
	[HB_STAT_CACHE] = 1, \
	[HB_STAT_SWAP_TOTAL] = 1, \
	[HB_STAT_SWAP_FREE] = 1, \
	[HB_STAT_SWAP_IN] = 1, \
	[HB_STAT_SWAP_OUT] = 1, \
	[HB_STAT_MAJOR_FAULTS] = 0, \
	[HB_STAT_REFAULTS_ANON] = 1, \
	[HB_STAT_REFAULTS_FILE] = 1, \
	[HB_STAT_ALLOC_STALLS] = 0, \
	[HB_STAT_OOM_KILLS] = 0, \
	[HB_STAT_COMMITTED] = 1, \
	[HB_STAT_MOVED] = 1, \
	[HB_STAT_FAILED] = 0, \
	[HB_STAT_RESCUES] = 0, \
	[HB_STAT_OOM_RESCUES] = 0, \
	[HB_STAT_STUCK_SECONDS] = 0, \
	[HB_STAT_CACHE_DROPS] = 0, \
}

#endif
