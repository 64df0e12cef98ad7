/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Taking snapshots: Xen's domain list joined with xenstore. The two are read
 * one after the other, so a snapshot can be torn; who writes on the ground of
 * one checks again inside the transaction (execute.c).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "domain.h"
#include "objects.h"
#include "stats.h"
#include "value.h"

/* Domain ids from here on are Xen's own (DOMID_FIRST_RESERVED). */
#define DOMID_END 0x7ff0U
#define LIST_BATCH 128U
/*
 * Xen keeps the limit of a domain in 32 bits, and all ones say that there is none: so it
 * is for domain 0 without dom0_mem=max:, and libxl takes its maximum from there.
 */
#define XEN_PAGES_UNLIMITED UINT32_MAX

static const char *const type_names[HB_TYPE_COUNT] = {
	[HB_TYPE_PV] = "pv",
	[HB_TYPE_PVH] = "pvh",
	[HB_TYPE_HVM] = "hvm",
};

static const char *const domain_state_names[HB_DOMAIN_STATE_COUNT] = {
	[HB_DOMAIN_RUNNING] = "running",
	[HB_DOMAIN_PAUSED] = "paused",
	[HB_DOMAIN_BUILDING] = "building",
	[HB_DOMAIN_SHUTDOWN] = "shutdown",
	[HB_DOMAIN_CRASHED] = "crashed",
	[HB_DOMAIN_DYING] = "dying",
	[HB_DOMAIN_SAVING] = "saving",
	[HB_DOMAIN_MIGRATING] = "migrating",
};

static const char *const stillness_names[HB_STILLNESS_COUNT] = {
	[HB_STILL_NO] = "no",
	[HB_STILL_HELD] = "held",
	[HB_STILL_LEFT] = "left",
};

static const char *const driver_names[HB_DRIVER_COUNT] = {
	[HB_DRIVER_UNKNOWN] = "-",
	[HB_DRIVER_ANNOUNCED] = "other",
	[HB_DRIVER_HOTBALLOON] = "hotballoon",
	[HB_DRIVER_WINDOWS] = "windows",
};

const char *hb_type_name(enum hb_type type)
{
	return type_names[type];
}

const char *hb_domain_state_name(enum hb_domain_state state)
{
	return domain_state_names[state];
}

const char *hb_stillness_name(enum hb_stillness still)
{
	return stillness_names[still];
}

const char *hb_driver_name(enum hb_driver driver)
{
	return driver_names[driver];
}

const char *hb_service_name(enum hb_service service)
{
	static const char *const names[HB_SERVICE_COUNT] = {
		[HB_SERVICE_NONE] = "-",
		[HB_SERVICE_XENSTORE] = "xenstore",
		[HB_SERVICE_DEVICE_MODEL] = "stubdom",
		[HB_SERVICE_DRIVER] = "driver-dom",
	};

	return names[service];
}

const char *hb_domain_path(char text[HB_PATH_TEXT], uint32_t domid, const char *key)
{
	int used = snprintf(text, HB_PATH_TEXT, HB_DIR_DOMAIN "/", domid);

	strncat(text + used, key, HB_PATH_TEXT - 1 - used);
	return text;
}

const char *hb_vm_path(char text[HB_PATH_TEXT], const char *uuid, const char *key)
{
	snprintf(text, HB_PATH_TEXT, HB_DIR_VM "/%s", uuid, key);
	return text;
}

/* *value is NULL if there is no such node. */
static int read_node(struct hb_host *host, uint32_t transaction, const char *path, char **value,
		     size_t *length)
{
	int rc = host->ops->read(host, transaction, path, value, length);

	if (rc == 0)
		return 0;
	*value = NULL;
	return rc == -ENOENT ? 0 : rc;
}

int hb_read_number(struct hb_host *host, uint32_t transaction, const char *path, uint64_t limit,
		   struct hb_number *number)
{
	char *value;
	size_t length;
	int rc = read_node(host, transaction, path, &value, &length);

	*number = (struct hb_number){ HB_ABSENT, 0 };
	if (value)
		*number = hb_value_number(value, length, limit);
	free(value);
	return rc;
}

int hb_read_target(struct hb_host *host, uint32_t transaction, uint32_t domid,
		   struct hb_number *target)
{
	char path[HB_PATH_TEXT];

	return hb_read_number(host, transaction, hb_domain_path(path, domid, HB_KEY_TARGET),
			      HB_SIZE_MAX_KIB, target);
}

int hb_read_static_max(struct hb_host *host, uint32_t transaction, uint32_t domid,
		       struct hb_number *static_max)
{
	char path[HB_PATH_TEXT];
	int rc = hb_read_number(host, transaction, hb_domain_path(path, domid, HB_KEY_STATIC_MAX),
				UINT64_MAX, static_max);

	if (static_max->value > HB_SIZE_MAX_KIB ||
	    (!domid && static_max->value >= XEN_PAGES_UNLIMITED * HB_PAGE_KIB))
		static_max->value = HB_SIZE_MAX_KIB;
	return rc;
}

int hb_read_headroom(struct hb_host *host, uint32_t transaction, uint32_t domid,
		     struct hb_number *headroom)
{
	char path[HB_PATH_TEXT];

	return hb_read_number(host, transaction, hb_domain_path(path, domid, HB_KEY_HEADROOM),
			      HB_SIZE_MAX_KIB, headroom);
}

int hb_read_told_still(struct hb_host *host, uint32_t transaction, uint32_t domid, bool *told)
{
	struct hb_number still;
	char path[HB_PATH_TEXT];
	int rc = hb_read_number(host, transaction, hb_domain_path(path, domid, HB_KEY_STILL), 1, &still);

	*told = still.presence == HB_INVALID || still.value == 1;
	return rc;
}

static int read_domain_number(struct hb *hb, uint32_t domid, const char *key, uint64_t limit,
			      struct hb_number *number)
{
	char path[HB_PATH_TEXT];

	return hb_read_number(hb->host, HB_NO_TRANSACTION, hb_domain_path(path, domid, key), limit,
			      number);
}

static int read_word(struct hb *hb, uint32_t domid, const char *key, const char *const *words,
		     size_t count, struct hb_word *word)
{
	char path[HB_PATH_TEXT], *value;
	size_t length;
	int rc = read_node(hb->host, HB_NO_TRANSACTION, hb_domain_path(path, domid, key), &value,
			   &length);

	*word = (struct hb_word){ HB_ABSENT, 0 };
	if (value)
		*word = hb_value_word(value, length, words, count);
	free(value);
	return rc;
}

/* init-dom0less writes -1; libxl's atoi() would add one KiB to the target for it. */
static int read_videoram(struct hb *hb, struct hb_domain *domain)
{
	struct hb_number videoram;
	int rc = read_domain_number(hb, domain->domid, HB_KEY_VIDEORAM, HB_SIZE_MAX_KIB, &videoram);

	domain->videoram_kib = videoram.value;
	return rc;
}

static int read_numbers(struct hb *hb, struct hb_domain *domain)
{
	int rc = hb_read_static_max(hb->host, HB_NO_TRANSACTION, domain->domid, &domain->static_max);

	if (!rc)
		rc = read_domain_number(hb, domain->domid, HB_KEY_HOTPLUG_MAX, HB_SIZE_MAX_KIB,
					&domain->hotplug_max);
	if (!rc)
		rc = hb_read_headroom(hb->host, HB_NO_TRANSACTION, domain->domid, &domain->headroom);
	return rc ? rc : read_videoram(hb, domain);
}

/* Who has told it to keep still holds a lock as long as it lives. */
static int read_still(struct hb *hb, struct hb_domain *domain)
{
	bool told;
	int rc = hb_read_told_still(hb->host, HB_NO_TRANSACTION, domain->domid, &told);

	if (rc || !told)
		return rc;
	rc = hb->host->ops->is_held(hb->host, domain->domid, domain->uuid);
	domain->still = rc > 0 ? HB_STILL_HELD : HB_STILL_LEFT;
	return rc < 0 ? rc : 0;
}

/* By the kind of a row of HB_REPORT_ROWS(). */
#define READ_NUMBER(key, to) read_domain_number(hb, domain->domid, key, HB_SIZE_MAX_KIB, to)
#define READ_FLAG(key, to) read_domain_number(hb, domain->domid, key, 1, to)
#define READ_STATE(key, to) read_word(hb, domain->domid, key, hb_state_words, HB_STATE_COUNT, to)
#define READ_CAUSE(key, to) read_word(hb, domain->domid, key, hb_cause_words, HB_CAUSE_COUNT, to)

/* A line that is no line of statistics counts as none. */
static int read_stats(struct hb *hb, struct hb_domain *domain)
{
	char path[HB_PATH_TEXT], *value;
	size_t length;
	int rc = read_node(hb->host, HB_NO_TRANSACTION,
			   hb_domain_path(path, domain->domid, HB_KEY_REPORT_STATS), &value, &length);

	if (value)
		hb_stats_parse(value, length, domain->report.stats);
	free(value);
	return rc;
}

/* The driver writes the version last: without it there is no report, or not a whole one. */
static int read_report(struct hb *hb, struct hb_domain *domain)
{
	struct hb_report *report = &domain->report;
	int rc = READ_NUMBER(HB_KEY_REPORT_VERSION, &report->version);

	if (rc || !report->version.value) {
		report->version = (struct hb_number){ 0 };
		return rc;
	}
	domain->driver = HB_DRIVER_HOTBALLOON;
#define READ(NAME, field, kind, json) rc = rc ? rc : READ_##kind(HB_KEY_REPORT_##NAME, &report->field);
	HB_REPORT_ROWS(READ)
#undef READ
	return rc ? rc : read_stats(hb, domain);
}

/* Text at key, cut to size and clean, empty if there is none. */
static int read_text(struct hb *hb, uint32_t domid, const char *key, char *text, size_t size)
{
	char path[HB_PATH_TEXT], *value;
	size_t length;
	int rc = read_node(hb->host, HB_NO_TRANSACTION, hb_domain_path(path, domid, key), &value,
			   &length);

	snprintf(text, size, "%s", value ? value : "");
	hb_text_clean(text);
	free(value);
	return rc;
}

/* An agent has announced a driver: is it that of Windows? */
#define WINDOWS "Microsoft Windows"

static int read_announced(struct hb *hb, struct hb_domain *domain)
{
	char os[sizeof(WINDOWS)] = "";
	int rc = read_text(hb, domain->domid, HB_KEY_OS_NAME, os, sizeof(os));

	domain->driver = strcmp(os, WINDOWS) ? HB_DRIVER_ANNOUNCED : HB_DRIVER_WINDOWS;
	return rc;
}

/*
 * libxl does not let guests announce anything, but Windows' drivers list themselves, each
 * at the first free number: the one with the balloon as "VENDOR XENBUS VERSION".
 */
#define PV_DRIVERS_MAX 8
#define BUS " XENBUS "

static int read_listed(struct hb *hb, struct hb_domain *domain)
{
	char key[sizeof(HB_KEY_PV_DRIVERS) + 12], text[64];
	int rc = 0;

	for (unsigned int i = 0; i < PV_DRIVERS_MAX && !rc; i++) {
		const char *product;

		snprintf(key, sizeof(key), HB_KEY_PV_DRIVERS "/%u", i);
		rc = read_text(hb, domain->domid, key, text, sizeof(text));
		if (rc || !*text)
			break;
		product = strchr(text, ' ');
		if (product && product > text && !strncasecmp(product, BUS, strlen(BUS)))
			domain->driver = HB_DRIVER_WINDOWS;
	}
	return rc;
}

/* Ours reports; of any other there are signs. */
static int read_driver(struct hb *hb, struct hb_domain *domain)
{
	struct hb_number announced;
	int rc;

	domain->driver = HB_DRIVER_UNKNOWN;
	rc = read_report(hb, domain);
	if (rc || domain->driver == HB_DRIVER_HOTBALLOON)
		return rc;
	rc = read_domain_number(hb, domain->domid, HB_KEY_FEATURE_BALLOON, 1, &announced);
	if (!rc && announced.value)
		rc = read_announced(hb, domain);
	else if (!rc && domain->type == HB_TYPE_HVM)
		rc = read_listed(hb, domain);
	return rc;
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);

	return length >= tail && !strcmp(text + length - tail, end);
}

/*
 * Xen calls a domain dying when it has taken back all of its memory but what others have
 * mapped. Until then it is one that does not run, and has no nodes: libxl removes those
 * first.
 */
static int read_destruction(struct hb *hb, struct hb_domain *domain)
{
	struct hb_number domid;
	int rc;

	if (domain->state == HB_DOMAIN_RUNNING || domain->state == HB_DOMAIN_BUILDING ||
	    domain->state == HB_DOMAIN_DYING)
		return 0;
	rc = read_domain_number(hb, domain->domid, HB_KEY_DOMID, UINT32_MAX, &domid);
	if (!rc && domid.presence == HB_ABSENT)
		domain->state = HB_DOMAIN_DYING;
	return rc;
}

/* xl renames both ends of a migration until it has succeeded. */
static int read_name(struct hb *hb, struct hb_domain *domain)
{
	int rc = read_text(hb, domain->domid, HB_KEY_NAME, domain->name, sizeof(domain->name));

	if (domain->state != HB_DOMAIN_DYING &&
	    (ends_with(domain->name, "--incoming") || ends_with(domain->name, "--migratedaway")))
		domain->state = HB_DOMAIN_MIGRATING;
	return rc;
}

static enum hb_type type_of(const struct hb_xen_domain *xen)
{
	if (!xen->hvm)
		return HB_TYPE_PV;
	return xen->pvh ? HB_TYPE_PVH : HB_TYPE_HVM;
}

static enum hb_domain_state state_of(const struct hb_xen_domain *xen)
{
	if (xen->dying)
		return HB_DOMAIN_DYING;
	if (xen->suspended)
		return HB_DOMAIN_SAVING;
	if (xen->shutdown)
		return xen->crashed ? HB_DOMAIN_CRASHED : HB_DOMAIN_SHUTDOWN;
	if (xen->paused)
		return xen->cpu_time_ns ? HB_DOMAIN_PAUSED : HB_DOMAIN_BUILDING;
	return HB_DOMAIN_RUNNING;
}

/* By hand: printf() takes a fifteenth of all the time that a list of hundreds takes. */
static void uuid_text(char text[HB_UUID_TEXT], const uint8_t *u)
{
	static const char digits[] = "0123456789abcdef";

	for (unsigned int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*text++ = '-';
		*text++ = digits[u[i] >> 4];
		*text++ = digits[u[i] & 15];
	}
	*text = '\0';
}

static void fill_numbers(struct hb_domain *domain, const struct hb_xen_domain *xen)
{
	domain->actual_kib = xen->tot_pages * HB_PAGE_KIB;
	domain->maxmem_kib = xen->max_pages >= XEN_PAGES_UNLIMITED ?
			     HB_SIZE_MAX_KIB : xen->max_pages * HB_PAGE_KIB;
	domain->claimed_kib = xen->outstanding_pages * HB_PAGE_KIB;
}

static void fill_from_xen(struct hb_domain *domain, const struct hb_xen_domain *xen)
{
	domain->domid = xen->domid;
	domain->type = type_of(xen);
	domain->state = state_of(xen);
	domain->vcpus = xen->vcpus;
	domain->hap = xen->hap;
	fill_numbers(domain, xen);
	uuid_text(domain->uuid, xen->uuid);
}

void hb_domain_identify(struct hb_domain *domain, const struct hb_xen_domain *xen)
{
	memset(domain, 0, sizeof(*domain));
	fill_from_xen(domain, xen);
}

/* Of domain 0, where we run ourselves: all that is not available, its kernel included. */
static int read_own_use(struct hb *hb, struct hb_domain *domain)
{
	uint64_t available;
	int rc = hb->host->ops->available(hb->host, &available);

	if (!rc)
		domain->used = (struct hb_number){
			HB_PRESENT, domain->actual_kib > available ? domain->actual_kib - available : 0,
		};
	return rc;
}

bool hb_domain_measure(struct hb *hb, struct hb_domain *domain, const struct hb_xen_domain *xen)
{
	fill_numbers(domain, xen);
	/* Nobody writes that anywhere; what cannot be read stays as it was. */
	if (!domain->domid)
		read_own_use(hb, domain);
	/* That a migration is over its name says. */
	return domain->state != HB_DOMAIN_MIGRATING && domain->state != state_of(xen);
}

/* That of XenServer says what the guest's kernel hands out, and what is left of it. */
static int read_xenserver_use(struct hb *hb, struct hb_domain *domain)
{
	struct hb_number total, left;
	int rc = read_domain_number(hb, domain->domid, HB_KEY_MEMINFO_TOTAL, HB_SIZE_MAX_KIB, &total);

	if (rc || total.presence == HB_ABSENT)
		return rc;
	rc = read_domain_number(hb, domain->domid, HB_KEY_MEMINFO_FREE, HB_SIZE_MAX_KIB, &left);
	domain->used.presence = HB_INVALID;
	if (total.presence != HB_PRESENT || left.presence != HB_PRESENT || left.value > total.value)
		return rc;
	domain->used = (struct hb_number){ HB_PRESENT, total.value - left.value };
	domain->total = total;
	return rc;
}

/*
 * The guest's demand, from our driver, or from whichever agent it runs: that of Qubes OS says
 * it as a size.
 */
static int read_used(struct hb *hb, struct hb_domain *domain)
{
	int rc = domain->domid ? -EOPNOTSUPP : read_own_use(hb, domain);

	if (rc != -EOPNOTSUPP)
		return rc;
	rc = read_domain_number(hb, domain->domid, HB_KEY_QUBES_MEMINFO, HB_SIZE_MAX_KIB,
				    &domain->used);

	/* It sizes who says that; where it does not run, that is an agent's word as any. */
	if (!rc && domain->used.presence != HB_ABSENT) {
		rc = hb->host->ops->qmemman(hb->host);
		domain->qmemman = rc > 0;
		rc = rc < 0 ? rc : 0;
	}
	if (domain->report.stats[HB_STAT_USED].presence == HB_PRESENT &&
	    domain->report.stats[HB_STAT_USED].value <= HB_SIZE_MAX_KIB) {
		domain->used = domain->report.stats[HB_STAT_USED];
		domain->total = domain->report.stats[HB_STAT_TOTAL];
	}
	return rc || domain->used.presence != HB_ABSENT ? rc : read_xenserver_use(hb, domain);
}

static int find_in_xen(struct hb *hb, uint32_t domid, struct hb_xen_domain *xen)
{
	int rc = hb->host->ops->domains(hb->host, domid, xen, 1);

	if (rc < 0)
		return rc;
	return rc == 1 && xen->domid == domid ? 0 : -ESRCH;
}

/*
 * libxl removes all nodes of a domain at once, before Xen takes its memory, and the target
 * is read last: without it, what was read before can be of another time. Is the domain there
 * at all, and if so, has its end begun?
 */
static int check_there(struct hb *hb, struct hb_domain *domain)
{
	struct hb_domain now = { .domid = domain->domid };
	struct hb_xen_domain xen;
	int rc;

	if (domain->target.presence != HB_ABSENT)
		return 0;
	rc = find_in_xen(hb, domain->domid, &xen);
	if (rc)
		return rc;
	now.state = state_of(&xen);
	rc = read_destruction(hb, &now);
	if (now.state == HB_DOMAIN_DYING)
		domain->state = HB_DOMAIN_DYING;
	return rc;
}

/*
 * What says so belongs to domain 0: no guest can pretend to be one. A stub domain is never
 * HVM, and libxl names it after its guest, also when that is renamed.
 */
static int read_service(struct hb *hb, bool xenstore, struct hb_domain *domain)
{
	struct hb_number target = { HB_ABSENT, 0 };
	char path[HB_PATH_TEXT], *value = NULL;
	size_t length;
	int rc = 0;

	if (!domain->domid)
		return 0;
	if (domain->type != HB_TYPE_HVM && ends_with(domain->name, "-dm"))
		rc = read_domain_number(hb, domain->domid, HB_KEY_STUB_TARGET, UINT32_MAX, &target);
	if (!rc)
		rc = read_node(hb->host, HB_NO_TRANSACTION,
			       hb_domain_path(path, domain->domid, HB_KEY_DRIVER_DOMAIN), &value, &length);
	if (xenstore)
		domain->service = HB_SERVICE_XENSTORE;
	else if (target.presence != HB_ABSENT)
		domain->service = HB_SERVICE_DEVICE_MODEL;
	else if (value)
		domain->service = HB_SERVICE_DRIVER;
	free(value);
	return rc;
}

static int fill_domain(struct hb *hb, const struct hb_xen_domain *xen, struct hb_domain *domain)
{
	int rc;

	hb_domain_identify(domain, xen);
	rc = read_destruction(hb, domain);
	if (!rc)
		rc = read_name(hb, domain);
	if (!rc)
		rc = read_service(hb, xen->xenstore, domain);
	if (!rc)
		rc = read_numbers(hb, domain);
	if (!rc)
		rc = read_still(hb, domain);
	if (!rc)
		rc = read_driver(hb, domain);
	if (!rc)
		rc = read_used(hb, domain);
	if (!rc)
		rc = hb_read_target(hb->host, HB_NO_TRANSACTION, domain->domid, &domain->target);
	return rc ? rc : check_there(hb, domain);
}

int hb_domain_read(struct hb *hb, uint32_t domid, struct hb_domain *domain)
{
	struct hb_xen_domain xen;
	int rc = find_in_xen(hb, domid, &xen);

	return rc ? rc : fill_domain(hb, &xen, domain);
}

/* The key of another memory manager: its presence is all that matters. */
static int read_squeezed(struct hb *hb, struct hb_domain *domain)
{
	struct hb_number key;
	int rc = read_domain_number(hb, domain->domid, HB_KEY_DYNAMIC_MIN, HB_SIZE_MAX_KIB, &key);

	domain->squeezed = key.presence != HB_ABSENT;
	return rc;
}

/* Other managers, virtual NUMA, paging pool and populate-on-demand, where the domain has them. */
int hb_domain_details(struct hb *hb, struct hb_domain *domain)
{
	struct hb_host *host = hb->host;
	struct hb_xen_pod pod;
	uint64_t bytes;
	int rc = read_squeezed(hb, domain);

	if (!rc)
		rc = host->ops->get_vnodes(host, domain->domid, &domain->vnodes);
	if (rc || domain->type == HB_TYPE_PV)
		return rc;
	rc = host->ops->get_pool(host, domain->domid, &bytes);
	if (rc && rc != -EOPNOTSUPP)
		return rc;
	if (!rc)
		domain->pool = (struct hb_number){ HB_PRESENT, bytes / 1024 };
	rc = host->ops->get_pod(host, domain->domid, &pod);
	if (rc)
		return rc == -EOPNOTSUPP ? 0 : rc;
	domain->pod = true;
	domain->pod_cache_kib = pod.cache_pages * HB_PAGE_KIB;
	domain->pod_entries_kib = pod.entry_pages * HB_PAGE_KIB;
	return 0;
}

int hb_domain_uuid(struct hb *hb, uint32_t domid, char uuid[HB_UUID_TEXT])
{
	struct hb_xen_domain xen;
	int rc = domid < DOMID_END ? find_in_xen(hb, domid, &xen) : -ESRCH;

	if (!rc)
		uuid_text(uuid, xen.uuid);
	return rc;
}

enum hb_code hb_domain_fail(struct hb_error *error, int rc, uint32_t domid)
{
	if (rc == -ESRCH) {
		hb_fail(error, HB_REASON_NO_SUCH_DOMAIN, "there is no domain %u", domid);
		return HB_E_NO_DOMAIN;
	}
	return hb_fail_host(error, rc, "cannot read domain %u", domid);
}

enum hb_code hb_show(struct hb *hb, uint32_t domid, struct hb_domain *domain,
		     struct hb_error *error)
{
	struct hb_xen_domain xen;
	int rc = domid < DOMID_END ? find_in_xen(hb, domid, &xen) : -ESRCH;

	memset(domain, 0, sizeof(*domain));
	if (!rc)
		rc = fill_domain(hb, &xen, domain);
	if (!rc)
		rc = hb_domain_details(hb, domain);
	return rc ? hb_domain_fail(error, rc, domid) : HB_OK;
}

enum hb_code hb_domain_refresh(struct hb *hb, struct hb_domain *domain, struct hb_error *error)
{
	struct hb_domain now;
	enum hb_code code = hb_show(hb, domain->domid, &now, error);

	if (!code)
		*domain = now;
	return code;
}

int hb_domain_account(struct hb *hb, const struct hb_xen_domain *xen, struct hb_domain *domain)
{
	int rc;

	hb_domain_identify(domain, xen);
	rc = hb_read_target(hb->host, HB_NO_TRANSACTION, xen->domid, &domain->target);
	if (!rc)
		rc = hb_read_headroom(hb->host, HB_NO_TRANSACTION, xen->domid, &domain->headroom);
	return rc ? rc : read_videoram(hb, domain);
}

int hb_domain_accounts(struct hb *hb, uint32_t first, struct hb_domain domains[HB_ACCOUNT_BATCH])
{
	struct hb_xen_domain batch[HB_ACCOUNT_BATCH];
	int n = hb->host->ops->domains(hb->host, first, batch, HB_ACCOUNT_BATCH);

	for (int i = 0; i < n; i++) {
		int rc = hb_domain_account(hb, &batch[i], &domains[i]);

		if (rc)
			return rc;
	}
	return n;
}

/* Visits every domain until one visit returns something else than 0, and returns that. */
static int each_domain(struct hb *hb,
		       int (*visit)(struct hb *hb, uint32_t domid, void *argument), void *argument)
{
	struct hb_xen_domain batch[HB_ACCOUNT_BATCH];
	uint32_t first = 0;
	int n, rc = 0;

	while ((n = hb->host->ops->domains(hb->host, first, batch, HB_ACCOUNT_BATCH)) > 0) {
		for (int i = 0; i < n && !rc; i++)
			rc = visit(hb, batch[i].domid, argument);
		if (rc)
			return rc;
		first = batch[n - 1].domid + 1;
	}
	return n;
}

static int see_squeezed(struct hb *hb, uint32_t domid, void *any)
{
	struct hb_number key;
	int rc = read_domain_number(hb, domid, HB_KEY_DYNAMIC_MIN, HB_SIZE_MAX_KIB, &key);

	*(bool *)any |= key.presence != HB_ABSENT;
	return rc;
}

int hb_domain_any_squeezed(struct hb *hb, bool *any)
{
	*any = false;
	return each_domain(hb, see_squeezed, any);
}

/* All that Xen knows of, in the order of domid; returns how many, or -errno with *list NULL. */
static int list_xen(struct hb *hb, struct hb_xen_domain **list)
{
	size_t count = 0;
	uint32_t first = 0;
	int n;

	*list = NULL;
	do {
		struct hb_xen_domain *grown = realloc(*list, (count + LIST_BATCH) * sizeof(*grown));

		if (grown)
			*list = grown;
		n = grown ? hb->host->ops->domains(hb->host, first, grown + count, LIST_BATCH) : -ENOMEM;
		if (n > 0) {
			count += n;
			first = grown[count - 1].domid + 1;
		}
	} while (n > 0);
	if (!n)
		return count;
	free(*list);
	*list = NULL;
	return n;
}

/* Those that have gone meanwhile are left out: *count is less then. */
static int fill_all(struct hb *hb, const struct hb_xen_domain *xen, size_t nr_xen,
		    struct hb_domain *domains, size_t *count)
{
	*count = 0;
	for (size_t i = 0; i < nr_xen; i++) {
		int rc = fill_domain(hb, &xen[i], &domains[*count]);

		if (rc && rc != -ESRCH)
			return rc;
		*count += !rc;
	}
	return 0;
}

/* Xen first: so the domains, which are large, are allocated once. */
enum hb_code hb_domain_list(struct hb *hb, struct hb_domain **domains, size_t *count,
			    struct hb_error *error)
{
	struct hb_xen_domain *xen;
	int n = list_xen(hb, &xen), rc = n < 0 ? n : 0;

	*count = 0;
	*domains = rc ? NULL : malloc((n + 1) * sizeof(**domains));
	if (!rc)
		rc = *domains ? fill_all(hb, xen, n, *domains, count) : -ENOMEM;
	free(xen);
	if (!rc)
		return HB_OK;
	free(*domains);
	*domains = NULL;
	*count = 0;
	return hb_fail_host(error, rc, "cannot list the domains");
}

enum hb_code hb_list(struct hb *hb, struct hb_domain ***domains, size_t *count,
		     struct hb_error *error)
{
	struct hb_domain *values;
	enum hb_code code = hb_domain_list(hb, &values, count, error);

	*domains = hb_array_of(values, count, sizeof(*values), &code, error);
	return code;
}

struct search {
	const char *name;
	unsigned int found;
	uint32_t domids[2];	/* the first and the last one found */
};

static int see_name(struct hb *hb, uint32_t domid, void *argument)
{
	struct search *search = argument;
	char name[sizeof(((struct hb_domain *)0)->name)];
	int rc = read_text(hb, domid, HB_KEY_NAME, name, sizeof(name));

	if (!rc && !strcmp(name, search->name))
		search->domids[search->found++ > 0] = domid;
	return rc;
}

/* Of each domain no more than its name is read: there can be hundreds. */
static enum hb_code find_name(struct hb *hb, const char *name, uint32_t *domid,
			      struct hb_error *error)
{
	struct search search = { .name = name };
	int rc = each_domain(hb, see_name, &search);

	if (rc)
		return hb_fail_host(error, rc, "cannot list the domains");
	*domid = search.domids[0];
	if (search.found == 1)
		return HB_OK;
	if (search.found) {
		hb_fail(error, HB_REASON_AMBIGUOUS_NAME, "domains %u and %u are both named \"%s\"", *domid,
			search.domids[1], name);
		hb_remedy(error, "use the domid");
	} else {
		hb_fail(error, HB_REASON_NO_SUCH_DOMAIN, "there is no domain named \"%s\"", name);
	}
	return error->code;
}

enum hb_code hb_find(struct hb *hb, const char *dom, uint32_t *domid, struct hb_error *error)
{
	struct hb_number number = hb_value_number(dom, strlen(dom), UINT64_MAX);
	struct hb_xen_domain xen;
	int rc;

	if (!*dom) {
		hb_fail(error, HB_REASON_BAD_NAME, "the name of the domain is empty");
		hb_remedy(error, "give a name or a domid");
		return HB_E_USAGE;
	}
	if (strspn(dom, "0123456789") != strlen(dom))
		return find_name(hb, dom, domid, error);
	if (number.presence != HB_PRESENT || number.value >= DOMID_END) {
		hb_fail(error, HB_REASON_NO_SUCH_DOMAIN, "%s is no domid: they end at %u", dom, DOMID_END - 1);
		return HB_E_NO_DOMAIN;
	}
	*domid = number.value;
	rc = find_in_xen(hb, *domid, &xen);
	return rc ? hb_domain_fail(error, rc, *domid) : HB_OK;
}
