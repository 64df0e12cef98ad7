/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests on the simulated host share. */
#ifndef TESTS_SIM_COMMON_H
#define TESTS_SIM_COMMON_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "results.h"
#include "sim_host.h"

#define M 1024ULL
#define G (1024 * M)

/* The guest that most tests use: PVH, 512M of 512M, 256 MiB/s, with our driver. */
#define GUEST 5U
extern const struct sim_guest usual_guest;

/* A host of 8G with domain 0 and that guest. */
struct sim *common_host(void);
struct sim *common_host_with(const struct sim_guest *guest);

uint64_t common_number(const struct sim *sim, uint32_t domid, const char *key);
/* /vm/<uuid>/memory of the guest, MiB. */
uint64_t common_vm_memory(const struct sim *sim);
/*
 * Another tool sets the guest's target without asking: Xen's limit, then both
 * keys, as xl mem-set does.
 */
void common_other_tool(struct sim *sim, uint64_t target_kib);

/*
 * Is the domain one that a person would call consistent? Never may its target
 * be more than Xen's limit, static-max or paging pool allow.
 */
void common_assert_consistent(const struct sim *sim, uint32_t domid);

/* By what they say: between their fields there can be anything. */
bool common_same_limits(const struct hb_limits *a, const struct hb_limits *b);

/*
 * A domain as libxl makes it: it is there, and has neither a limit of Xen's nor a target. What
 * becomes of it the test does. xenstored tells nobody of it.
 */
void common_begin_build(struct sim *sim, uint32_t domid, const char *name);

/* Another with the guest's uuid, as a copied configuration makes it. */
void common_add_copy(struct sim *sim, uint32_t domid, const char *name);

/* What the command says to do about it; valid until the next call. */
const char *common_remedy(const struct hb_error *error);
const char *common_finding_remedy(const struct hb_finding *finding);

/* Set the size through a connection of its own. */
enum hb_code common_set(struct sim *sim, const char *size, const struct hb_set_request *how,
			struct hb_set_result *result, struct hb_error *error);
/* The same, with hb_set_progress(). */
enum hb_code common_set_telling(struct sim *sim, const char *size,
				const struct hb_set_request *how, hb_progress_fn *progress,
				void *argument, struct hb_set_result *result,
				struct hb_error *error);

/* A state directory of this test's own, in HOTBALLOON_STATE_DIR, too. */
extern char common_state_dir[64];
void common_make_state_dir(void);
void common_remove_state_dir(void);
/* The host's lock is a file there, "lock", for processes that are forked; real time passes. */
void common_lock_file(struct sim *sim);
/* A handle that keeps its state there. */
struct hb *common_connect(struct sim *sim);
/* What the host has to give, as a process of its own is told. */
uint64_t common_available(struct sim *sim);
/* Text of a file there, valid until the next call; NULL if there is none. */
const char *common_state_file(const char *name);
void common_write_state_file(const char *name, const char *text);
/* How many files a writer who was ended half-way has left there. */
unsigned int common_leftovers(void);

#endif
