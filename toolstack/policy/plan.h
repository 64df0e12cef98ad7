/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What to write, and in which order, to give a domain another size. Pure: a
 * snapshot and a request in, a list of steps with reasons or a refusal out.
 *
 * The order keeps one thing true at every instant: the guest is never told a
 * target that Xen would not let it reach. So what has to grow (paging pool,
 * maxmem) grows before the target is written, and what has to come down
 * (maxmem) comes down after the guest did; hb_plan_settle() says how far.
 *
 * Every step is computed from what the domain has now, not from what the last
 * request was. A process that is killed half-way leaves pool or maxmem too
 * large, which harms nobody, and the next plan takes maxmem to its place.
 */
#ifndef HB_PLAN_H
#define HB_PLAN_H

#include "results.h"

struct hb_plan {
	uint64_t size_kib, target_kib;
	unsigned int nr_steps;
	struct hb_step steps[HB_STEPS_MAX];
	/* Not among steps: what hb_plan_settle() will find when the guest is there; kind MAXMEM. */
	bool has_later;
	struct hb_step later;
	bool may_lack_pool;	/* go on if Xen has no memory for the paging pool */
	bool clear_still;	/* take back what a process that has ended had told the domain */
	unsigned int nr_notes;
	char notes[HB_NOTES_MAX][sizeof(((struct hb_set_result *)0)->notes[0])];
};

/*
 * The domain with the keys that it counts as having. Domain 0 has neither target nor
 * static-max until a tool has set its size once: then it has the target that it holds,
 * and Xen's limit for it is its maximum, as libxl has it. All others are as they are.
 */
struct hb_domain hb_plan_complete(const struct hb_domain *domain);

/*
 * What it uses now as far as that is known, as a size: less would make it swap, or die. Of
 * domain 0 with something to spare. 0: nothing is known.
 */
uint64_t hb_plan_used_kib(const struct hb_domain *domain);

/*
 * For who looks again while it shrinks. *kept_kib, 0 at first, becomes the most that its kernel
 * was seen to keep: its size is newer than its word, and what is seen is the least that it can
 * be. What it hands out becomes what that leaves, so that an outdated word is as one of now.
 */
void hb_plan_heed_kept(struct hb_domain *domain, uint64_t *kept_kib);

/*
 * Populate-on-demand that has not settled: memory that the guest counts as its own, and
 * for which Xen has set no frames aside. A guest booted with less than its maximum gives
 * it back first, and holds no less by Xen's count until it has.
 */
uint64_t hb_plan_unsettled_kib(const struct hb_domain *domain);

/* The smallest size that hb_plan_make() takes the domain to without force. */
uint64_t hb_plan_least_kib(const struct hb_domain *domain);

/* HB_OK, HB_E_USAGE for a size that leads nowhere, or HB_E_REFUSED. */
enum hb_code hb_plan_make(const struct hb_domain *domain, const struct hb_host_memory *host,
			  const struct hb_size *size, bool force, struct hb_plan *plan,
			  struct hb_error *error);

/*
 * The same for another maximum: paging pool, maxmem and static-max, as xl mem-max
 * has it. The target stays, and a relative size counts from static-max.
 */
enum hb_code hb_plan_ceiling(const struct hb_domain *domain, const struct hb_host_memory *host,
			     const struct hb_size *size, bool force, struct hb_plan *plan,
			     struct hb_error *error);

/*
 * The same for another headroom, an absolute size; 0: none. Before the guest may take it,
 * the host has it to give and Xen's limit has room for it. force is not used.
 */
enum hb_code hb_plan_headroom(const struct hb_domain *domain, const struct hb_host_memory *host,
			      const struct hb_size *headroom, bool force, struct hb_plan *plan,
			      struct hb_error *error);

/*
 * The size that a domain holds which hb_would_be_lost() with its own; no step if it would
 * not be. size and force are not used: it has that memory, and nobody gives it any.
 */
enum hb_code hb_plan_keep(const struct hb_domain *domain, const struct hb_host_memory *host,
			  const struct hb_size *size, bool force, struct hb_plan *plan,
			  struct hb_error *error);

/*
 * What Xen and xenstore need so that the domain can reach the target that it has, whoever
 * wrote that: no step unless hb_plan_repair() finds something. The target is written again,
 * which tells the driver to try at once. size and force are not used.
 */
enum hb_code hb_plan_mend(const struct hb_domain *domain, const struct hb_host_memory *host,
			  const struct hb_size *size, bool force, struct hb_plan *plan,
			  struct hb_error *error);

/*
 * After the keys are written: the maxmem that still has to come down, to what
 * size_kib (video memory included) and the headroom need or, while the guest holds more, to what
 * it holds. False if there is nothing to do, or the domain is one that gets no other
 * size.
 */
bool hb_plan_settle(const struct hb_domain *domain, uint64_t size_kib, struct hb_step *step);

/*
 * True if maxmem is below what the domain's target and its headroom need, whoever wrote that:
 * another tool can have come between our look at the target and our deed.
 */
bool hb_plan_repair(const struct hb_domain *domain, struct hb_step *step);

#endif
