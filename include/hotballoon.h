/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libhotballoon: read and set the memory size of the guests of a Xen host.
 *
 * Every size is in KiB (1024 bytes) and a multiple of HB_PAGE_KIB. "Size" is
 * what people and "xl mem-set" mean, video memory included; "target" is the
 * value of memory/target, video memory excluded: target = size - videoram.
 *
 * Objects. What may grow in a later version is made and released by the library: a
 * program that was built for an older one goes on working.
 *
 *   Every struct of this header, but for the four of the next paragraph, is an object: made
 *   by its hb_..._new(), which gives one of zeros, or NULL if there is no memory, and
 *   released by its hb_..._free(), which heeds NULL. Or by a function that says so, such as
 *   hb_list(). A program has pointers to them only: it neither declares a variable or an
 *   array of one, nor assigns one, nor asks for sizeof. New fields are appended, and 0 in
 *   one that is handed to the library means what was before it. Those without fields here
 *   are read by functions. A function that fills an object can fill the same one again.
 *
 *   struct hb_size, hb_number, hb_word and hb_range are values that never change.
 *
 *   Words can be added to each enum, at its end: a program must be ready for one that it
 *   does not know. HB_..._COUNT is how many this header has, and grows with them.
 *
 * What a function gives belongs to the caller if it says by what it is released; otherwise,
 * as const, it belongs to the object that it was asked of, and lives until that is filled
 * again or released.
 *
 * Functions that can fail return an enum hb_code, HB_OK (0) on success, and
 * fill the struct hb_error they were given; every pointer must be valid. Nothing is
 * printed, no signal is handled, and only a monitor starts a thread, with all signals
 * blocked. A handle must not be used by two threads at the same time.
 *
 * Nodes that a guest writes are hints: they are parsed strictly, and a value
 * of the wrong form is HB_INVALID, never a number.
 */
#ifndef HOTBALLOON_H
#define HOTBALLOON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hotballoon/keys.h>
#include <hotballoon/reasons.h>
#include <hotballoon/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Grows by one with each version that adds something to this header. HB_VERSION is the
 * version of hotballoon that it is of.
 */
#define HB_API_VERSION 1

/* The same of the library that the program runs with; static. */
const char *hb_version(void);
unsigned int hb_api_version(void);

#define HB_PAGE_KIB 4ULL
/* The largest size accepted: 4 PiB, the 52 physical address bits of x86-64. */
#define HB_SIZE_MAX_KIB (1ULL << 42)

/* The values are the exit codes of the hotballoon command and never change. */
enum hb_code {
	HB_OK = 0,
	HB_E_INTERNAL = 1,	/* this process ran out of something */
	HB_E_USAGE = 2,		/* an argument that cannot mean anything */
	HB_E_NO_DOMAIN = 3,	/* no such domain, or it went away */
	HB_E_REFUSED = 4,	/* understood, and not done because it would harm or cannot work */
	HB_E_HOST = 5,		/* Xen, xenstore, a file of ours or a lock of others */
	HB_E_PERMISSION = 6,	/* not in dom0, or not root */
	HB_E_TIMEOUT = 7,	/* the time is over, and the guest is not there yet */
	HB_E_STUCK = 8,		/* the guest does not move any more */
	HB_E_INTERRUPTED = 9,	/* the caller asked the wait to end */
	HB_E_SUPERSEDED = 10,	/* somebody else has set another target meanwhile */
	HB_CODE_COUNT
};

struct hb_error {
	enum hb_code code;
	char message[512];	/* what is wrong, one sentence without full stop, names the value */
	char remedy[320];	/* what to do about it, in words of no tool; may be empty */
	enum hb_reason reason;	/* why, for programs: see hotballoon/reasons.h */
	bool of_domain;		/* it is about domid */
	uint32_t domid;
	/* The size that would help: of the domain, or (host-full) to be made free; 0: none. */
	uint64_t size_kib;
};

struct hb_error *hb_error_new(void);
void hb_error_free(struct hb_error *error);

/* "no-such-domain" for HB_E_NO_DOMAIN and so on; static. */
const char *hb_code_name(enum hb_code code);

/* "host-full" for HB_REASON_HOST_FULL and so on, and what it means; static, never NULL. */
const char *hb_reason_name(enum hb_reason reason);
const char *hb_reason_meaning(enum hb_reason reason);
/* The code that comes with it. */
enum hb_code hb_reason_code(enum hb_reason reason);

/*
 * Put a question mark in place of every byte that is no part of a printable
 * character in UTF-8. Names, messages and remedies are clean: they can be shown on
 * a terminal and put into JSON whoever has written them. Returns text.
 */
char *hb_text_clean(char *text);

/* ------------------------------------------------------------------ sizes */

enum hb_size_kind {
	HB_SIZE_ABSOLUTE,	/* 512M */
	HB_SIZE_DELTA,		/* +256M, -1G */
	HB_SIZE_PERCENT,	/* +10%, -10% of the current size */
};

#define HB_PERCENT_MAX 10000

struct hb_size {
	enum hb_size_kind kind;
	bool negative;		/* of DELTA and PERCENT */
	/* KiB, or whole percent (1 ... HB_PERCENT_MAX, negative ones below 100). */
	uint64_t amount;
};

/*
 * Parse a size. Accepted: a decimal whole number and one of B K M G T KiB MiB
 * GiB TiB in either case, with + or - in front for a change; or +N% and -N%. The
 * amount must be a multiple of a page and at most HB_SIZE_MAX_KIB. Everything
 * else is HB_E_USAGE, with the likely meant forms in the remedy.
 */
enum hb_code hb_size_parse(const char *text, struct hb_size *size, struct hb_error *error);

#define HB_SIZE_TEXT 24
/* Exact text of kib, the largest unit that divides it: parses back to kib. Returns text. */
char *hb_size_format(uint64_t kib, char text[HB_SIZE_TEXT]);
/*
 * Text for people, rounded to a tenth of a unit that there are ten or a whole number of:
 * "512M", "1536M", "11.5G". Returns text.
 */
char *hb_size_human(uint64_t kib, char text[HB_SIZE_TEXT]);

/* ---------------------------------------------------------------- domains */

enum hb_presence {
	HB_ABSENT,	/* there is no such node */
	HB_INVALID,	/* there is one and its value is not what the contract says */
	HB_PRESENT,
};

struct hb_number {
	enum hb_presence presence;
	uint64_t value;		/* KiB unless said otherwise; 0 unless HB_PRESENT */
};

struct hb_word {
	enum hb_presence presence;
	int value;		/* an enum hb_state or enum hb_cause; 0 unless HB_PRESENT */
};

/* The last of this and others is no value: how many there are. */
enum hb_type { HB_TYPE_PV, HB_TYPE_PVH, HB_TYPE_HVM, HB_TYPE_COUNT };

enum hb_domain_state {
	HB_DOMAIN_RUNNING,
	HB_DOMAIN_PAUSED,
	HB_DOMAIN_BUILDING,	/* paused and has never run */
	HB_DOMAIN_SHUTDOWN,	/* powered off or rebooting */
	HB_DOMAIN_CRASHED,
	HB_DOMAIN_DYING,
	HB_DOMAIN_SAVING,	/* suspended, to be saved or to go to another host */
	HB_DOMAIN_MIGRATING,	/* one end of a migration that has not succeeded yet */
	HB_DOMAIN_STATE_COUNT
};

enum hb_driver {
	HB_DRIVER_UNKNOWN,	/* nothing is announced: the kernel's own driver, or none */
	HB_DRIVER_ANNOUNCED,	/* an agent announced some balloon driver */
	HB_DRIVER_HOTBALLOON,	/* ours: it reports */
	HB_DRIVER_WINDOWS,	/* that of Windows, which cannot grow beyond its boot maximum */
	HB_DRIVER_COUNT
};

/* A domain that works for others, and is not sized: the host's own tools know what it needs. */
enum hb_service {
	HB_SERVICE_NONE,
	HB_SERVICE_XENSTORE,		/* xenstored runs in it */
	HB_SERVICE_DEVICE_MODEL,	/* the stub domain with the device model of a guest */
	HB_SERVICE_DRIVER,		/* a driver domain (driver_domain=1): backends for others */
	HB_SERVICE_COUNT
};

/*
 * What the guest's driver says, a member a key: state, cause, current, goal, floor, max,
 * still; see keys.h. All of it is written by the guest.
 */
#define HB_REPORT_NUMBER struct hb_number	/* KiB */
#define HB_REPORT_FLAG struct hb_number		/* 1; 0 or absent: not */
#define HB_REPORT_STATE struct hb_word		/* enum hb_state */
#define HB_REPORT_CAUSE struct hb_word		/* enum hb_cause */
#define HB_REPORT_MEMBER(NAME, field, kind, json) HB_REPORT_##kind field;
#define HB_REPORT_ONE(NAME, field, kind, json) + 1
/* Room for what drivers will say: a report is a part of struct hb_domain, and stays as large. */
#define HB_REPORT_ROOM 15
#define HB_STATS_ROOM 32
struct hb_report {
	struct hb_number version;	/* a plain number */
	/*
	 * By enum hb_stat; KiB, or a count where HB_STAT_IS_KIB says so. Those from HB_STAT_COUNT
	 * on are absent, until a later version has names for them.
	 */
	struct hb_number stats[HB_STATS_ROOM];
	HB_REPORT_ROWS(HB_REPORT_MEMBER)
	struct hb_number spare[HB_REPORT_ROOM - (0 HB_REPORT_ROWS(HB_REPORT_ONE))];	/* absent */
};
#undef HB_REPORT_MEMBER
#undef HB_REPORT_ONE

/* Is a domain told to leave its memory as it is (memory/still)? See hb_still_begin(). */
enum hb_stillness {
	HB_STILL_NO,
	HB_STILL_HELD,	/* by a process that lives: it is being saved or migrated */
	HB_STILL_LEFT,	/* by one that has ended without taking that back */
	HB_STILLNESS_COUNT
};

struct hb_domain {
	uint32_t domid;
	char name[256];		/* empty if there is none; longer names are cut; clean */
	char uuid[37];
	enum hb_type type;
	enum hb_domain_state state;
	unsigned int vcpus;
	bool hap;		/* hardware-assisted paging */

	uint64_t actual_kib;	/* Xen's count of the pages the domain has */
	uint64_t maxmem_kib;	/* Xen's limit for actual_kib */
	uint64_t claimed_kib;	/* claimed and not allocated yet */

	struct hb_number target, static_max, hotplug_max;
	uint64_t videoram_kib;	/* 0 if there is none */
	enum hb_driver driver;
	struct hb_report report;	/* all absent unless driver is HB_DRIVER_HOTBALLOON */
	enum hb_stillness still;
	/*
	 * Its demand: what our driver or an agent in the guest, or domain 0's own kernel, says
	 * that it uses.
	 */
	struct hb_number used;
	bool qmemman;		/* the qmemman of Qubes OS sizes it */
	enum hb_service service;

	/* Read for one domain only, not by hb_list(). */
	bool squeezed;			/* xapi's squeezed sizes it */
	unsigned int vnodes;		/* virtual NUMA nodes; 0: none */
	struct hb_number pool;		/* paging pool; absent where Xen has none (PV) */
	bool pod;			/* the two below are known */
	uint64_t pod_cache_kib;		/* populate-on-demand: memory not handed out yet */
	uint64_t pod_entries_kib;	/* populate-on-demand: guest memory without frames yet */

	/* What it may take above its target by itself, in need: see hb_headroom_set(). */
	struct hb_number headroom;
	/*
	 * What "used" is of: what the guest's kernel hands out, as our driver or the agent of
	 * XenServer says it; it keeps the rest of its size for itself. Absent: that is in "used".
	 */
	struct hb_number total;
};

struct hb_domain *hb_domain_new(void);
void hb_domain_free(struct hb_domain *domain);

struct hb_host_memory {
	uint64_t total_kib, free_kib, scrub_kib;
	uint64_t claimed_kib;	/* set aside in Xen for domains that exist */
	uint64_t reserved_kib;	/* set aside for domains that do not exist yet */
	uint64_t promised_kib;	/* targets and headroom above what the domains hold, claims not counted */
	uint64_t reserve_kib;	/* what the host keeps for itself; see hb_host_reserve_set() */
};

struct hb_host_memory *hb_host_memory_new(void);
void hb_host_memory_free(struct hb_host_memory *memory);

/* Free to be given away: free + scrub - all the others, not below 0. */
uint64_t hb_host_available_kib(const struct hb_host_memory *host);

const char *hb_type_name(enum hb_type type);
const char *hb_domain_state_name(enum hb_domain_state state);
const char *hb_driver_name(enum hb_driver driver);
/* "-", "xenstore", "stubdom" or "driver-dom"; static. */
const char *hb_service_name(enum hb_service service);
/* "no", "held" or "left"; static. */
const char *hb_stillness_name(enum hb_stillness still);
/* The word of the contract, "-" if absent, "invalid" if it is none. */
const char *hb_report_state_name(const struct hb_word *state);
const char *hb_report_cause_name(const struct hb_word *cause);

/*
 * Would a save or a migration lose the domain, as it is now? libxl builds the new domain
 * with room for its target only: a guest that holds more does not fit in. If so,
 * *size_kib is the size that it holds, video memory included, which hb_set() can give it
 * and which it can keep; 0 if not. size_kib may be NULL.
 */
bool hb_would_be_lost(const struct hb_domain *domain, uint64_t *size_kib);

/* ----------------------------------------------------------------- handle */

struct hb;

/*
 * Connect to Xen and xenstore. On success *hb is to be closed by hb_close(). api_version is
 * the HB_API_VERSION that the program was built with, which hb_open() knows: HB_E_USAGE if
 * the library is older, as it does not know what the program expects.
 */
enum hb_code hb_open_api(unsigned int api_version, struct hb **hb, struct hb_error *error);
static inline enum hb_code hb_open(struct hb **hb, struct hb_error *error)
{
	return hb_open_api(HB_API_VERSION, hb, error);
}
void hb_close(struct hb *hb);

struct hb_progress {
	/*
	 * As it was before. If locked, only its domid; or only a name, "host": the host's
	 * lock, or hb_free().
	 */
	const struct hb_domain *domain;
	bool locked;		/* waits for another tool that has it locked: no sizes */
	uint64_t from_kib;	/* size when the wait began */
	uint64_t now_kib;	/* size now */
	uint64_t goal_kib;	/* size asked for */
	uint64_t rate_kib_s;	/* over about the last second, towards the goal */
	uint64_t elapsed_ms;
};

/* False ends the wait, and with it the function that waits: HB_E_INTERRUPTED. */
typedef bool hb_progress_fn(const struct hb_progress *progress, void *argument);

/*
 * From now on progress is called about ten times a second whenever a function of
 * this handle waits for a guest, or for another tool that has a domain or the host
 * locked. NULL, as at first: nobody is told. argument is passed on. hb_watch() has
 * its own way.
 */
void hb_set_progress(struct hb *hb, hb_progress_fn *progress, void *argument);

/*
 * From now on the functions of this handle that change something say what they would do,
 * and change nothing: neither domain, nor host, nor file. They refuse what they would
 * refuse, wait for nobody and lock nothing, so that the host can be another one afterwards.
 * What they say of a domain afterwards is what it would be at the end. hb_wait(), which
 * only waits, has nothing to say.
 */
void hb_set_dry_run(struct hb *hb);

/*
 * A host that does not answer is waited for ten seconds, then the function ends with
 * HB_E_HOST, and so does every one that follows on this handle. From now on, until seconds
 * are over, it is no longer than that; then it is one second. 0, as at first: no limit. A
 * function that has a timeout of its own heeds the sooner of both.
 */
void hb_set_time_limit(struct hb *hb, unsigned int seconds);

enum hb_code hb_host_memory(struct hb *hb, struct hb_host_memory *memory, struct hb_error *error);

/*
 * All domains in order of domid: *domains is an array of count pointers and NULL, to be
 * released by hb_domains_free(). Domains that go away meanwhile are left out. pool and pod
 * are not read.
 */
enum hb_code hb_list(struct hb *hb, struct hb_domain ***domains, size_t *count,
		     struct hb_error *error);
void hb_domains_free(struct hb_domain **domains);

/*
 * hb_host_memory() and hb_list() as one look, which asks about each domain once: the
 * numbers of both fit each other.
 */
enum hb_code hb_snapshot(struct hb *hb, struct hb_host_memory *memory, struct hb_domain ***domains,
			 size_t *count, struct hb_error *error);

/*
 * Find a domain by domid or name. Digits alone are a domid, never a name. Two
 * domains of the same name are HB_E_REFUSED.
 */
enum hb_code hb_find(struct hb *hb, const char *dom, uint32_t *domid, struct hb_error *error);

/* Everything that is known of one domain. */
enum hb_code hb_show(struct hb *hb, uint32_t domid, struct hb_domain *domain,
		     struct hb_error *error);

/* -------------------------------------------------------------------- set */

enum hb_step_kind {
	HB_STEP_POOL,		/* Xen: paging pool */
	HB_STEP_MAXMEM,		/* Xen: limit of the domain's memory */
	HB_STEP_POD,		/* Xen: populate-on-demand target */
	HB_STEP_STATIC_MAX,	/* xenstore */
	HB_STEP_TARGET,		/* xenstore */
	HB_STEP_VM_MEMORY,	/* xenstore, for older tools */
	HB_STEP_HEADROOM,	/* xenstore; to 0: there is none any more */
	HB_STEP_COUNT
};

/* "paging-pool", "maxmem", ...; static. */
const char *hb_step_name(enum hb_step_kind kind);

struct hb_step {
	enum hb_step_kind kind;
	uint64_t from_kib;	/* 0 if there was no value, or it is not read: POD, VM_MEMORY */
	uint64_t to_kib;
	const char *reason;	/* static */
};

struct hb_set_request {
	struct hb_size size;
	bool force;		/* do what would be refused as unwise; see hb_set() */
	/* With wait: one that gets stuck keeps the target that it was given; see hb_set(). */
	bool keep_target;
	bool wait;		/* return when the guest has got there, or does not any more */
	/*
	 * Of wait; 0: none, a guest that stops moving ends it. Of waiting for another
	 * tool, too, which takes half a minute at most: HB_E_HOST.
	 */
	unsigned int timeout_s;
};

struct hb_set_request *hb_set_request_new(void);
void hb_set_request_free(struct hb_set_request *request);

/* What hb_set(), hb_max(), hb_headroom_set() and hb_wait() have done; filled as far as known whatever they return. */
struct hb_set_result;

struct hb_set_result *hb_set_result_new(void);
void hb_set_result_free(struct hb_set_result *result);

const struct hb_domain *hb_set_result_before(const struct hb_set_result *result);
const struct hb_domain *hb_set_result_after(const struct hb_set_result *result);
/* The size asked for, resolved, and the target that it makes. */
uint64_t hb_set_result_size_kib(const struct hb_set_result *result);
uint64_t hb_set_result_target_kib(const struct hb_set_result *result);
/* The target stands, even if the return code is not HB_OK. */
bool hb_set_result_is_done(const struct hb_set_result *result);
/*
 * With HB_E_STUCK: the size that it holds and was given instead, because a save or a
 * migration would lose it with the one asked for; 0: none.
 */
uint64_t hb_set_result_kept_kib(const struct hb_set_result *result);
uint64_t hb_set_result_waited_ms(const struct hb_set_result *result);
/* What was done, in that order; of very many the last are left out. NULL from the count on. */
unsigned int hb_set_result_steps(const struct hb_set_result *result);
const struct hb_step *hb_set_result_step(const struct hb_set_result *result, unsigned int i);
/* What the caller should know, sentences. NULL from the count on. */
unsigned int hb_set_result_notes(const struct hb_set_result *result);
const char *hb_set_result_note(const struct hb_set_result *result, unsigned int i);

/*
 * Set the size of a guest, also beyond the maximum it was booted with.
 *
 * Order: paging pool, Xen's maxmem, populate-on-demand target, then static-max,
 * target and /vm/<uuid>/memory in one transaction; a maxmem that must come down
 * follows afterwards. Before the transaction is committed every failure is
 * undone; a domain that is gone is never written to. Once committed, the target
 * stands: hb_set_result_is_done(), and the remaining failures say what is left.
 *
 * Without wait, a lower maxmem follows at once, down to what the guest still
 * holds. With wait it follows down to the new size when the guest is there. A guest
 * that gets stuck above its new size is given the one that it holds, as far as
 * hb_would_be_lost() needs it: hb_set_result_kept_kib(). Not so with keep_target.
 *
 * A domain that managers size is pinned from then on, also by the size that it has already.
 *
 * HB_E_REFUSED unless force: more than the host has free, more than the
 * guest's driver or memory/hotplug-max permits, a guest without our driver
 * below 128 MiB, domain 0 below 1 GiB or what it uses. HB_E_REFUSED always: a
 * domain that serves others, is being built, saved or migrated, shut down or dying,
 * one that another process keeps still (what one that has ended has left is cleared),
 * one with virtual NUMA nodes, a size not above 0, domain 0 below 128 MiB or beyond
 * its boot maximum, if it has one.
 * HB_E_USAGE: above HB_SIZE_MAX_KIB, or an amount that hb_size_parse() never gives.
 */
enum hb_code hb_set(struct hb *hb, uint32_t domid, const struct hb_set_request *request,
		    struct hb_set_result *result, struct hb_error *error);

struct hb_max_request {
	struct hb_size size;	/* a relative one counts from static-max */
	bool force;
	unsigned int timeout_s;	/* of waiting for another tool; as in struct hb_set_request */
};

struct hb_max_request *hb_max_request_new(void);
void hb_max_request_free(struct hb_max_request *request);

/*
 * Set how far a running guest may grow, as xl mem-max does: paging pool, Xen's
 * maxmem and static-max; the target stays. hb_set_result_size_kib() is the maximum.
 *
 * Until the next hb_set() Xen lets the guest take that much whatever its target
 * is. HB_E_REFUSED: below the size now, and what hb_set() refuses; domain 0
 * always. More than the host has free is no reason: nothing is taken yet.
 */
enum hb_code hb_max(struct hb *hb, uint32_t domid, const struct hb_max_request *request,
		    struct hb_set_result *result, struct hb_error *error);

/*
 * Let a guest take so much above its target by itself (KiB, whole pages; 0: nothing), before
 * it kills a process for want of memory: memory/hotballoon-headroom, and Xen's limit with
 * it. Target and static-max stay. The host counts it as promised from now on, and every
 * function that changes the size leaves room for it; it ends with the domain. What the
 * guest has taken already, it keeps until its need is over or its target is another one.
 *
 * HB_E_REFUSED: the host has not that much to give, domain 0, and what hb_set() refuses
 * whatever is forced. timeout_s: of waiting for another tool; as in struct hb_set_request.
 */
enum hb_code hb_headroom_set(struct hb *hb, uint32_t domid, uint64_t headroom_kib,
			     unsigned int timeout_s, struct hb_set_result *result,
			     struct hb_error *error);

/*
 * What the guest has above its target now because it has taken it in need, as far as what
 * it says and what Xen counts agree; KiB, 0: nothing. A larger size makes that its own.
 */
uint64_t hb_rescued_kib(const struct hb_domain *domain);

/*
 * What the guest leaves of its target now because it sizes itself (the driver's autoballoon),
 * in the same manner; KiB, 0: nothing. It takes that back whenever it needs it, so the host
 * goes on counting it as promised.
 */
uint64_t hb_spared_kib(const struct hb_domain *domain);

struct hb_wait_request {
	unsigned int timeout_s;	/* 0: none, a guest that stops moving ends it */
};

struct hb_wait_request *hb_wait_request_new(void);
void hb_wait_request_free(struct hb_wait_request *request);

/*
 * Wait until the guest is at the target that it has, whoever set that; then let
 * maxmem follow. A limit of Xen's that is below the target is mended first.
 */
enum hb_code hb_wait(struct hb *hb, uint32_t domid, const struct hb_wait_request *request,
		     struct hb_set_result *result, struct hb_error *error);

/* ----------------------------------------------------------------- limits */

enum hb_mode {
	HB_MODE_MANUAL,		/* nobody has said anything: its size is what a person sets */
	HB_MODE_AUTO,		/* managers may size it between min and max */
	HB_MODE_OFF,		/* managers leave it alone, whatever else is said */
	HB_MODE_COUNT
};

/* "manual", "auto" or "off"; static. */
const char *hb_mode_name(enum hb_mode mode);

#define HB_WEIGHT_DEFAULT 1000
#define HB_WEIGHT_MAX 1000000

/*
 * What an administrator has said about the size of a domain. Kept by uuid in the
 * state directory, so that it outlives restarts and renames. Sizes include video
 * memory; set is a target.
 */
struct hb_limits {
	enum hb_mode mode;
	struct hb_number min, max;	/* absent: not limited beyond what is possible */
	unsigned int weight;		/* 1 ... HB_WEIGHT_MAX: its share where memory is short */
	/*
	 * The target that automatic sizing has written last. A domain with another
	 * target is pinned: a person wins over a manager. The 1 MiB that libxl puts on
	 * the target of an HVM guest, or takes off, when it builds it anew is no other.
	 * Absent: a person has set its size since, and it is pinned whatever that is.
	 */
	struct hb_number set;
	/*
	 * Of which domain that is, and of which boot of the host, whose id is empty if it is not
	 * known. One that has been built anew since has the size of its configuration, and nobody
	 * has set that while it runs: it is not pinned by it. Absent: not known.
	 */
	struct hb_number set_domid;	/* a plain number; HB_DOMID_OTHER: that of an earlier boot */
	char set_boot[37];
	bool damaged;		/* what is kept cannot be read: HB_MODE_OFF */
};

#define HB_DOMID_OTHER UINT32_MAX

struct hb_limits *hb_limits_new(void);
void hb_limits_free(struct hb_limits *limits);

/* The sizes between which managers may move the domain; equal if they may not. */
struct hb_range {
	uint64_t min_kib, max_kib;
};

/* Where limits and reservations are kept, unless hb_set_state_dir() says otherwise. */
#define HB_STATE_DIR "/var/lib/hotballoon"

/* Keep limits and reservations in dir, which is made when something is written to it. */
enum hb_code hb_set_state_dir(struct hb *hb, const char *dir, struct hb_error *error);

/*
 * What is kept for the domain, or HB_MODE_MANUAL and default weight if nothing is. HB_E_HOST,
 * and HB_MODE_OFF, if it cannot be read; what is damaged of others does not matter.
 */
enum hb_code hb_limits_get(struct hb *hb, const struct hb_domain *domain, struct hb_limits *limits,
			   struct hb_error *error);

struct hb_limits_entry {
	char uuid[37];
	struct hb_number next;		/* what a manager was about to set; hb_limits_find() heeds it */
	struct hb_limits limits;	/* the last: it grows */
};

/*
 * Everything that is kept, also for domains that are not there, to read it once for all:
 * *list is an array of count pointers and NULL, in order of uuid, to be released by
 * hb_limits_list_free(). *damage tells which lines cannot be read, or has the code HB_OK:
 * those whose line that is are HB_MODE_OFF.
 */
enum hb_code hb_limits_list(struct hb *hb, struct hb_limits_entry ***list, size_t *count,
			    struct hb_error *damage, struct hb_error *error);
void hb_limits_list_free(struct hb_limits_entry **list);
/* What hb_limits_get() would give for that domain, from such a list. */
void hb_limits_find(struct hb_limits_entry *const *list, size_t count,
		    const struct hb_domain *domain, struct hb_limits *limits);

struct hb_limits_change {
	struct hb_number min, max;	/* absent: as they are */
	unsigned int weight;		/* 0: as it is */
	bool automatic;			/* managers may size it again, from its size now on */
	bool off;			/* managers shall leave it alone */
	bool reset;			/* min and max are its static-max; the size is the caller's */
	bool forget;			/* as if nothing had ever been said; alone */
};

struct hb_limits_change *hb_limits_change_new(void);
void hb_limits_change_free(struct hb_limits_change *change);

/*
 * Change what is kept; a first change without off makes the mode auto. HB_E_USAGE
 * if the domain cannot have such limits. *limits is the outcome. Of a domain whose limits
 * are forgotten only the uuid counts: it need not be there. The file is
 * replaced at once or not at all. With reset, which belongs to a target that
 * has been written, no progress ends the wait for the host's lock.
 */
enum hb_code hb_limits_set(struct hb *hb, const struct hb_domain *domain,
			   const struct hb_limits_change *change, struct hb_limits *limits,
			   struct hb_error *error);

/* What of the limits applies to the domain as it is now. */
struct hb_range hb_limits_range(const struct hb_domain *domain, const struct hb_limits *limits);
/*
 * Is its size left to managers, by what is kept, and it has not been pinned? If not, *why
 * says why not; static text, else NULL. hb_may_size() knows all that stands in the way.
 */
bool hb_limits_automatic(const struct hb_domain *domain, const struct hb_limits *limits,
			 const char **why);

/* ---------------------------------------------------------------- manager */

/*
 * What a program needs that sizes domains by itself: it decides from a look at domains, and
 * that can be out of date when it acts. A person wins over it, other managers are not
 * fought, and wherever it is killed, no domain is pinned by what it did.
 */

/* What keeps managers from sizing a domain. */
enum hb_obstacle {
	HB_OBSTACLE_NONE,
	/* It is none for managers at all: */
	HB_OBSTACLE_SERVICE,	/* it works for others, see enum hb_service */
	HB_OBSTACLE_NUMA,	/* it has virtual NUMA nodes */
	/* Somebody else decides about it: */
	HB_OBSTACLE_NO_LIMITS,	/* HB_MODE_MANUAL */
	HB_OBSTACLE_OFF,	/* HB_MODE_OFF */
	HB_OBSTACLE_NO_TARGET,	/* nor a valid one: no tool has set its size yet */
	HB_OBSTACLE_PINNED,	/* a person has set its size: see struct hb_limits, set */
	HB_OBSTACLE_SQUEEZED,	/* xapi's squeezed */
	HB_OBSTACLE_QMEMMAN,	/* that of Qubes OS */
	/* It is no time for it now: */
	HB_OBSTACLE_PAUSED,
	HB_OBSTACLE_BUILDING,
	HB_OBSTACLE_SHUTDOWN,
	HB_OBSTACLE_CRASHED,
	HB_OBSTACLE_DYING,
	HB_OBSTACLE_SAVING,
	HB_OBSTACLE_MIGRATING,
	HB_OBSTACLE_STILL,	/* it is told to keep its memory as it is, see hb_still_begin() */
	HB_OBSTACLE_CLAIM,	/* pages are set aside for it in Xen */
	/* Added since; it comes before HB_OBSTACLE_NO_LIMITS: */
	HB_OBSTACLE_DAMAGED,	/* what is kept of its limits cannot be read */
	HB_OBSTACLE_COUNT
};

/* The reason of an error because of it: its word is that of the obstacle, too. */
enum hb_reason hb_obstacle_reason(enum hb_obstacle obstacle);
/* "it is paused" and so on, without full stop; static. NULL: none. */
const char *hb_obstacle_text(enum hb_obstacle obstacle);

/*
 * May managers size the domain, and what is in the way first? Nothing is asked of the host:
 * domain is from hb_show(), as hb_list() does not read all that this looks at, and limits
 * are of that domain. Between which sizes is what hb_limits_range() says.
 */
enum hb_obstacle hb_may_size(const struct hb_domain *domain, const struct hb_limits *limits);

/*
 * hb_set() only if the target is expected_kib still, as seen under libxl's lock: otherwise
 * HB_E_REFUSED, and nothing is changed. For sizes that were worked out from an earlier
 * look. It counts as set by a person.
 */
enum hb_code hb_set_expected(struct hb *hb, uint32_t domid, uint64_t expected_kib,
			     const struct hb_set_request *request, struct hb_set_result *result,
			     struct hb_error *error);

/*
 * The same for a manager: HB_E_REFUSED also if hb_may_size() finds something, as seen under
 * the same lock. That the target is a manager's is on disk before the target is written: killed
 * between, or wherever else, the domain is sized automatically as before, with the old
 * target or the new one.
 */
enum hb_code hb_set_managed(struct hb *hb, uint32_t domid, uint64_t expected_kib,
			    const struct hb_set_request *request, struct hb_set_result *result,
			    struct hb_error *error);

/*
 * Let maxmem follow to what target_kib needs, as far as the guest has come; does
 * nothing if the domain has another target by now. A manager does that when guests have
 * got there that it did not wait for. timeout_s: of waiting for libxl's lock, as in struct
 * hb_set_request.
 */
enum hb_code hb_settle(struct hb *hb, uint32_t domid, uint64_t target_kib, unsigned int timeout_s,
		       struct hb_error *error);

/* ------------------------------------------------------- free and reserve */

struct hb_free_request {
	uint64_t need_kib;	/* what shall be free to be given away */
	bool dry_run;		/* only say from whom and how much */
	unsigned int timeout_s;	/* 0: none, guests that stop moving end it */
	/*
	 * A manager sizes guests now: it is let make room from those that need it least, as long
	 * as it gets anywhere, and guests are asked for what it does not bring.
	 */
	bool managed;
};

struct hb_free_request *hb_free_request_new(void);
void hb_free_request_free(struct hb_free_request *request);

/* What hb_free() and hb_make_room() have done; filled as far as known whatever it returns. */
struct hb_free_result;

struct hb_free_result *hb_free_result_new(void);
void hb_free_result_free(struct hb_free_result *result);

/* Free to be given away. */
uint64_t hb_free_result_before_kib(const struct hb_free_result *result);
uint64_t hb_free_result_after_kib(const struct hb_free_result *result);
/* What guests give back by themselves. */
uint64_t hb_free_result_coming_kib(const struct hb_free_result *result);
uint64_t hb_free_result_waited_ms(const struct hb_free_result *result);
/* Those who give. Of one from the count on: NULL, 0 and false. */
unsigned int hb_free_result_donors(const struct hb_free_result *result);
/* As it was before. */
const struct hb_domain *hb_free_result_domain(const struct hb_free_result *result, unsigned int i);
/* Its size before, and asked for; of one that got stuck, what it was given to keep. */
uint64_t hb_free_result_from_kib(const struct hb_free_result *result, unsigned int i);
uint64_t hb_free_result_to_kib(const struct hb_free_result *result, unsigned int i);
/* It did not get there, or could not be asked. */
bool hb_free_result_is_stuck(const struct hb_free_result *result, unsigned int i);

/*
 * Make memory free now, from guests that managers may size (hb_limits_set()), in
 * inverse proportion to their weights and never below their minimum; one with a
 * claim frees nothing but for that, and is not asked. Guests that do not move are
 * left and others asked instead. If all together cannot give enough, nothing is done:
 * HB_E_REFUSED; HB_E_USAGE above HB_SIZE_MAX_KIB. Guests that have given stay smaller,
 * also when the wait ends early. What another call that ended meanwhile has made free is not
 * counted, for a minute or until a domain has come: two at once do not promise the same memory.
 */
enum hb_code hb_free(struct hb *hb, const struct hb_free_request *request,
		     struct hb_free_result *result, struct hb_error *error);

struct hb_reservation {
	char name[256];
	uint64_t kib;		/* the size and what the domain costs beyond it */
	uint64_t until_s;	/* seconds since 1970; 0: a claim of Xen's */
	uint64_t left_kib;	/* what of it is set aside now; not kept */
};

struct hb_reservation *hb_reservation_new(void);
void hb_reservation_free(struct hb_reservation *reservation);

struct hb_reserve_request {
	const char *name;
	uint64_t size_kib;
	uint64_t maxmem_kib;	/* 0: as size_kib */
	unsigned int vcpus;	/* 0: one */
	unsigned int ttl_s;	/* 0: an hour */
	bool force;		/* although the host has not that much to give */
	/*
	 * A manager sizes guests now: it is let make free what the host lacks for a domain that
	 * does not exist yet, if all together can give it. That is waited for, a minute at most.
	 */
	bool managed;
};

struct hb_reserve_request *hb_reserve_request_new(void);
void hb_reserve_request_free(struct hb_reserve_request *request);

/*
 * Set memory aside for a domain that does not exist yet, by name; another one for
 * the same name replaces it, in its place. If the domain runs already, Xen's claim is taken for
 * it instead: until_s is 0, maxmem_kib, vcpus and ttl_s must be 0, kib is the size, and
 * left_kib what of that it does not hold yet. If the host has not that much to give,
 * *reservation is what it would have been, and what was set aside for the name is as it was.
 * A claim is used up as the domain takes memory; older Xens (4.17) set aside for it again what
 * it gives back, later ones (4.20.3) do not.
 */
enum hb_code hb_reserve(struct hb *hb, const struct hb_reserve_request *request,
			struct hb_reservation *reservation, struct hb_error *error);
/* End a reservation or a claim; HB_E_NO_DOMAIN if there is none for that name. */
enum hb_code hb_release(struct hb *hb, const char *name, struct hb_error *error);
/*
 * Those that are not over, and after them the claims that hb_release() ends:
 * *reservations is an array of count pointers and NULL, to be released by
 * hb_reservations_free().
 */
enum hb_code hb_reservations(struct hb *hb, struct hb_reservation ***reservations, size_t *count,
			     struct hb_error *error);
void hb_reservations_free(struct hb_reservation **reservations);

/* What is set aside for a while; made by hb_raise_begin(), released by hb_raise_end(). */
struct hb_raise;

/*
 * hb_reserve() by force for a domain that does not exist yet, for as long as it takes to make
 * room for it, or to create it. What is set aside for its name already is raised to that, in its
 * place, and neither less nor for a shorter time. If it fails *raise is NULL.
 */
enum hb_code hb_raise_begin(struct hb *hb, const struct hb_reserve_request *request,
			    struct hb_raise **raise, struct hb_error *error);
/*
 * As it was before, to the letter; not if it is kept, or somebody else has changed or released it
 * since. raise is released whatever is returned; NULL: nothing is done.
 */
enum hb_code hb_raise_end(struct hb *hb, struct hb_raise *raise, bool keep, struct hb_error *error);

struct hb_room_request {
	const char *name;	/* the domain to come */
	uint64_t need_kib;	/* 0: what is set aside for it */
	bool dry_run;		/* only say from whom and how much; it need not be set aside yet */
	unsigned int timeout_s;	/* 0: none */
	bool managed;		/* as in struct hb_free_request */
};

struct hb_room_request *hb_room_request_new(void);
void hb_room_request_free(struct hb_room_request *request);

/*
 * Room for a domain to come that has a reservation, though the host has not that much yet
 * (force in struct hb_reserve_request). Who reserves first is served first: what was set aside
 * earlier has to be there before, and those are waited for, half the time limit or 30 s at
 * most. Then guests are asked as by hb_free(), for which what is set aside for that name and
 * after it counts as free. It stays set aside until hb_release(). HB_E_TIMEOUT with what is
 * lacking; HB_E_NO_DOMAIN if nothing is set aside for the name; and what hb_free() returns.
 */
enum hb_code hb_make_room(struct hb *hb, const struct hb_room_request *request,
			  struct hb_free_result *result, struct hb_error *error);

/*
 * What the host keeps for itself and never gives away, if an administrator has said how
 * much; absent: by rule, which is 72 MiB or 1 % of a host of more than 7200 MiB. It is
 * part of hb_host_memory(); a file of it that is damaged is an error here only, and the
 * rule applies.
 */
enum hb_code hb_host_reserve_get(struct hb *hb, struct hb_number *kib, struct hb_error *error);
/* HB_E_USAGE for as much as the host has. kib absent: by rule again. */
enum hb_code hb_host_reserve_set(struct hb *hb, const struct hb_number *kib, struct hb_error *error);

/* ------------------------------------------------------ save and migrate */

/* A domain that is kept still; made by hb_still_begin(), released by hb_still_end(). */
struct hb_still;

enum hb_still_answer {
	HB_STILL_ANSWERED,	/* its driver leaves the memory as it is */
	HB_STILL_SILENT,	/* its driver is ours and has not said so in time: old, or hanging */
	HB_STILL_NO_DRIVER,	/* there is no driver of ours, which nobody can ask */
	HB_STILL_ANSWER_COUNT
};

/* "answered", "silent" or "no-driver"; static. */
const char *hb_still_answer_name(enum hb_still_answer answer);

struct hb_still_request {
	unsigned int timeout_s;	/* for the answer of the driver; 0: five seconds */
};

struct hb_still_request *hb_still_request_new(void);
void hb_still_request_free(struct hb_still_request *request);

/* What hb_still_begin() has done; filled as far as known whatever it returns. */
struct hb_still_result;

struct hb_still_result *hb_still_result_new(void);
void hb_still_result_free(struct hb_still_result *result);

/* As it is kept. */
const struct hb_domain *hb_still_result_domain(const struct hb_still_result *result);
enum hb_still_answer hb_still_result_answer(const struct hb_still_result *result);
/* Another process had ended and left it told to keep still. */
bool hb_still_result_is_taken_over(const struct hb_still_result *result);
/* Its size before. */
uint64_t hb_still_result_from_kib(const struct hb_still_result *result);
/* The size that it holds and was given, because it would have been lost; 0: none. */
uint64_t hb_still_result_kept_kib(const struct hb_still_result *result);
/* For the answer. */
uint64_t hb_still_result_waited_ms(const struct hb_still_result *result);
/*
 * A descriptor that a child may inherit (it has FD_CLOEXEC): the domain counts as
 * kept still until all who have it have ended. -1: none. Not to be closed.
 */
int hb_still_result_fd(const struct hb_still_result *result);

/*
 * Get a domain ready to be saved or migrated by whichever tool, and keep it so until
 * hb_still_end(): its driver is told to leave the memory as it is, and answers; a domain
 * that hb_would_be_lost() is given the size that it holds; and nobody who uses this
 * library sets its size meanwhile. A driver that does not answer in time is no error:
 * hb_still_result_answer() says so, and the caller decides. The kernel's own driver cannot be told.
 *
 * HB_E_REFUSED: domain 0, a domain that another process keeps still, is being built,
 * saved or migrated already, is shut down or dying, or that cannot be given a size that it
 * can keep. HB_E_INTERRUPTED: progress has ended the wait. If it is not HB_OK, nothing is
 * kept still and *still is NULL; a size that was set stays, and result says which.
 */
enum hb_code hb_still_begin(struct hb *hb, uint32_t domid, const struct hb_still_request *request,
			    struct hb_still **still, struct hb_still_result *result,
			    struct hb_error *error);

/*
 * The end of it, whatever has become of the domain: one that is gone is left alone.
 * still is released in any case; NULL is nothing to do. An error says that the domain is
 * still told to keep still, which hb_doctor() finds and the next hb_set() clears. A
 * process that ends without this leaves the same behind.
 */
enum hb_code hb_still_end(struct hb *hb, struct hb_still *still, struct hb_error *error);

/* ---------------------------------------------------------------- monitor */

enum hb_change_kind {
	HB_CHANGE_STARTED,	/* the domain is there: created, or when the monitor began */
	HB_CHANGE_ENDED,
	HB_CHANGE_VALUE,
};

struct hb_change {
	enum hb_change_kind kind;
	const struct hb_domain *domain;	/* as it is now; as it was if it has ended */
	const char *what;		/* of VALUE: "target", "cause" and so on, as in hotballoon show */
	bool is_size;			/* of VALUE: from and to are KiB, and "-" or "invalid" */
	char from[32], to[32];		/* of VALUE */
};

/* change and what it points to are gone when it returns. */
typedef void hb_change_fn(const struct hb_change *change, void *argument);

/*
 * Keeps the domains of a host current: what hb_show() reads, read again when xenstore
 * says that it changes, without polling. For the event loop of a program that runs long:
 *
 *   poll() or the like for hb_monitor_fd(), to be readable; no timeout is needed
 *   hb_monitor_dispatch()
 *
 * A quiet host costs nothing. A guest that writes all the time is read ten times a
 * second, and however long nobody dispatches, what waits does not grow. A domain that
 * cannot be read ends nothing: it keeps what was read last, is tried again each second,
 * and hb_monitor_is_stale().
 */
struct hb_monitor;

/*
 * From now on change is called, by hb_monitor_dispatch() only, for each change: targets,
 * maxima, reports, domains that come and go, and those that are there now. NULL: nobody
 * is told. One monitor a handle, HB_E_USAGE for another; the handle can be used for
 * everything else, but not in change. *monitor is to be closed by hb_monitor_close()
 * before the handle.
 */
enum hb_code hb_monitor_open(struct hb *hb, hb_change_fn *change, void *argument,
			     struct hb_monitor **monitor, struct hb_error *error);
void hb_monitor_close(struct hb_monitor *monitor);

/* Readable when there is something to do for hb_monitor_dispatch(), at first at once. */
int hb_monitor_fd(const struct hb_monitor *monitor);

/*
 * Take note of what has happened; does not wait. An error is one of the host, not of a
 * domain; what is known stays, and it can be called again.
 */
enum hb_code hb_monitor_dispatch(struct hb_monitor *monitor, struct hb_error *error);

/*
 * Xen tells nobody how many pages a domain has, and neither of its limit or a pause: ask
 * for these numbers of all domains, and for what domain 0 uses. One that is built, of which
 * xenstore tells nobody before that is done, is found by this. A call to Xen for each 128
 * domains, none to xenstore.
 */
enum hb_code hb_monitor_measure(struct hb_monitor *monitor, struct hb_error *error);

/*
 * hb_host_memory() by the domains that it knows: nothing is asked about any of them. One that could not
 * be read yet is promised what Xen lets it take, as of the last hb_monitor_measure().
 */
enum hb_code hb_monitor_memory(struct hb_monitor *monitor, struct hb_host_memory *memory,
			       struct hb_error *error);

/*
 * The domains as of the last hb_monitor_dispatch(), in order of domid. One is NULL from
 * the count on, and valid until the next dispatch.
 */
size_t hb_monitor_count(const struct hb_monitor *monitor);
const struct hb_domain *hb_monitor_domain(const struct hb_monitor *monitor, size_t i);
/* Could it not be read when that was tried last? */
bool hb_monitor_is_stale(const struct hb_monitor *monitor, size_t i);
/* Is there one that could never be read yet, from *domid on? *domid becomes the first; it is not among those. */
bool hb_monitor_find_unread(const struct hb_monitor *monitor, uint32_t *domid);

struct hb_watch_request {
	bool all;
	uint32_t domid;			/* unless all: the watch ends when this one does */
	/* Called for each change; false ends the watch. */
	bool (*change)(const struct hb_change *change, void *argument);
	/*
	 * Called before every wait, with signals blocked, and so after every signal:
	 * true ends the watch with HB_E_INTERRUPTED.
	 */
	bool (*interrupted)(void *argument);
	void *argument;
};

struct hb_watch_request *hb_watch_request_new(void);
void hb_watch_request_free(struct hb_watch_request *request);

/*
 * A monitor and a loop around it, for programs that do nothing else: tell what changes
 * until change or interrupted says that it is enough, or the domain has ended.
 * HB_E_NO_DOMAIN: there is no domain domid when it begins.
 */
enum hb_code hb_watch(struct hb *hb, const struct hb_watch_request *request,
		      struct hb_error *error);

/* --------------------------------------------------- what is wrong, and why */

enum hb_severity {
	HB_NOTE,	/* worth knowing */
	HB_WARNING,	/* something does not work as well as it could */
	HB_FAULT,	/* something is wrong */
	HB_SEVERITY_COUNT
};

/* "note", "warning" or "fault"; static. */
const char *hb_severity_name(enum hb_severity severity);

/* "small-pool" for HB_FINDING_SMALL_POOL and so on, and what it means; static, never NULL. */
const char *hb_finding_name(enum hb_finding_kind kind);
const char *hb_finding_meaning(enum hb_finding_kind kind);

struct hb_finding {
	enum hb_severity severity;
	enum hb_finding_kind kind;
	const char *what;	/* its word for programs, such as "small-pool"; static */
	char message[512];	/* a sentence without full stop that names the values */
	char remedy[256];	/* what to do, in words of no tool; may be empty */
	bool of_domain;		/* it is about domid */
	uint32_t domid;
	uint64_t size_kib;	/* the size or maximum that would help; 0: none */
};

/* Any number of them. */
struct hb_findings;

struct hb_findings *hb_findings_new(void);
void hb_findings_free(struct hb_findings *findings);

unsigned int hb_findings_count(const struct hb_findings *findings);
/* NULL from the count on. */
const struct hb_finding *hb_findings_at(const struct hb_findings *findings, unsigned int i);

/* Why a domain has the size it has, and what stands in the way of another one. */
struct hb_explanation;

struct hb_explanation *hb_explanation_new(void);
void hb_explanation_free(struct hb_explanation *explanation);

const struct hb_domain *hb_explanation_domain(const struct hb_explanation *explanation);
const struct hb_host_memory *hb_explanation_host(const struct hb_explanation *explanation);
const struct hb_limits *hb_explanation_limits(const struct hb_explanation *explanation);
const struct hb_findings *hb_explanation_findings(const struct hb_explanation *explanation);
/* Sentences without full stop, in order. NULL from the count on. */
unsigned int hb_explanation_reasons(const struct hb_explanation *explanation);
const char *hb_explanation_reason(const struct hb_explanation *explanation, unsigned int i);

enum hb_code hb_explain(struct hb *hb, uint32_t domid, struct hb_explanation *explanation,
			struct hb_error *error);

/* What was found about one domain. */
struct hb_examination;

const struct hb_domain *hb_examination_domain(const struct hb_examination *examination);
const struct hb_findings *hb_examination_findings(const struct hb_examination *examination);

/*
 * Look for what is wrong: on the host, and in each domain. If a guest is away from its
 * target, all are looked at again two seconds later, to see who moves; hb_explain() does the
 * same. *domains is an array of count pointers and NULL, in order of domid and with those
 * that nothing was found about, to be released by hb_examinations_free().
 */
enum hb_code hb_doctor(struct hb *hb, struct hb_findings *host, struct hb_examination ***domains,
		       size_t *count, struct hb_error *error);
void hb_examinations_free(struct hb_examination **examinations);

#ifdef __cplusplus
}
#endif
#endif
