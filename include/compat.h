/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the kernels that the driver is built for (6.1 to 7.3).
 * Kbuild force-includes this file; no other file looks at the version.
 */
#ifndef HB_COMPAT_H
#define HB_COMPAT_H

/* Being the first of all headers, this is also where the log prefix belongs. */
#define pr_fmt(fmt) "hotballoon: " fmt

#include <linux/atomic.h>
#include <linux/build_bug.h>
#include <linux/gfp.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/shrinker.h>
#include <linux/timer.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "hotballoon needs Linux 6.1 or newer"
#endif

/* 1 if `make HB_ANY_KERNEL=1` built it: see Kbuild. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 4, 0) && !defined(HB_ANY_KERNEL)
#error "hotballoon was tested up to Linux 7.3; to build it anyway: make HB_ANY_KERNEL=1"
#endif

/* Its name since 6.2; 6.1's stable series has it from 6.1.84 on. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 84)
#define timer_delete_sync(timer) del_timer_sync(timer)
#endif

/*
 * Until 6.10 a page comes to the online callback reserved and unmarked, and
 * offlining a block takes all its pages off the managed count, those of a driver
 * too.  From 6.11 on it comes PG_offline, and offlining counts only pages that
 * are not PG_offline.
 */
#define HB_OFFLINE_PAGES_COUNT_AS_MANAGED \
	(LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0))

/* The largest page of the allocator; before 6.4 MAX_ORDER was one more. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define HB_COMPAT_MAX_PAGE_ORDER (MAX_ORDER - 1)
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define HB_COMPAT_MAX_PAGE_ORDER MAX_ORDER
#else
#define HB_COMPAT_MAX_PAGE_ORDER MAX_PAGE_ORDER
#endif

/*
 * Memory that is set aside for devices (CMA) is not taken: until 6.16 a range is isolated as
 * movable memory, which it is not.  The same number would ask for CMA from 6.17 on, and no
 * compiler tells: by what is there, not by the version.  Where neither says so nothing is guessed.
 */
static inline int hb_compat_alloc_contig_range(unsigned long start,
					       unsigned long end, gfp_t gfp)
{
#ifdef ACR_FLAGS_NONE
	return alloc_contig_range(start, end, ACR_FLAGS_NONE, gfp);
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
#error "hotballoon does not know how this kernel's alloc_contig_range() is told to leave CMA alone"
#else
	return alloc_contig_range(start, end, MIGRATE_MOVABLE, gfp);
#endif
}

/* Since 6.18 flags are a struct of their own. */
static inline unsigned long hb_compat_page_flags(const struct page *page)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
	return READ_ONCE(page->flags);
#else
	return READ_ONCE(page->flags.f);
#endif
}

/* Is the instruction a landing pad of indirect branches?  For who includes <asm/ibt.h>. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
#define hb_compat_is_endbr(instruction) is_endbr(instruction)
#else
#define hb_compat_is_endbr(instruction) __is_endbr(instruction)
#endif

/*
 * checkpatch takes the kernel's own names for these two for camel case: this is
 * the one file that is excused.
 */
static inline void hb_compat_set_page_offline(struct page *page)
{
	__SetPageOffline(page);
}

static inline void hb_compat_clear_page_offline(struct page *page)
{
	__ClearPageOffline(page);
}

/* Keep a page that the online callback was given: make it a held page. */
static inline void hb_compat_hold_onlining_page(struct page *page)
{
#if HB_OFFLINE_PAGES_COUNT_AS_MANAGED
	ClearPageReserved(page);
	hb_compat_set_page_offline(page);
#endif
}

/*
 * The block that starts with @page is about to go offline with @nr held pages, or (as
 * a negative number) did not after all: keep the managed count what it will be set to.
 */
static inline void hb_compat_count_going_offline(struct page *page, long nr)
{
#if HB_OFFLINE_PAGES_COUNT_AS_MANAGED
	adjust_managed_page_count(page, nr);
#endif
}

/* /proc/meminfo's "Balloon", where the kernel has it: pages that are with Xen. */
#define HB_KERNEL_COUNTS_BALLOONED (LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0))

static inline void hb_compat_count_ballooned(int nid, long pages)
{
#if HB_KERNEL_COUNTS_BALLOONED
	mod_node_page_state(NODE_DATA(nid), NR_BALLOON_PAGES, pages);
#endif
}

/*
 * How often in a row kswapd found nothing to free; too often, and nobody wakes it.  Older kernels
 * have a plain integer there, which an atomic one is, too.
 */
static inline atomic_t *hb_compat_kswapd_failures(int nid)
{
	BUILD_BUG_ON(sizeof(NODE_DATA(nid)->kswapd_failures) != sizeof(atomic_t));
	return (atomic_t *)&NODE_DATA(nid)->kswapd_failures;
}

/*
 * @count is called whenever the kernel looks for memory that it could free, and @scan if there
 * is any.  Return: NULL without memory.
 */
static inline struct shrinker *
hb_compat_register_shrinker(unsigned long (*count)(struct shrinker *, struct shrink_control *),
			    unsigned long (*scan)(struct shrinker *, struct shrink_control *))
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
	static struct shrinker shrinker = { .seeks = DEFAULT_SEEKS };

	shrinker.count_objects = count;
	shrinker.scan_objects = scan;
	return register_shrinker(&shrinker, "hotballoon") ? NULL : &shrinker;
#else
	struct shrinker *shrinker = shrinker_alloc(0, "hotballoon");

	if (!shrinker)
		return NULL;
	shrinker->count_objects = count;
	shrinker->scan_objects = scan;
	shrinker_register(shrinker);
	return shrinker;
#endif
}

static inline void hb_compat_unregister_shrinker(struct shrinker *shrinker)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
	unregister_shrinker(shrinker);
#else
	shrinker_free(shrinker);
#endif
}

#endif /* HB_COMPAT_H */
