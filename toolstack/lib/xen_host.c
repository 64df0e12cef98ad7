/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host that is Xen. libxenctrl has no stable ABI and 4.17 to 4.21 differ
 * in what they offer, therefore its headers are included here and nowhere else.
 */
#define _GNU_SOURCE	/* ppoll() */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenstore.h>
#include <xentoollog.h>

#include "file_lock.h"
#include "host.h"
#include "libxl_lock.h"

#define HOST_LOCK HB_HOST_LOCK_DIR "/hotballoon.lock"
/* Of a domid and a uuid: after a migration to this host both ends have the same uuid. */
#define STILL_LOCK HB_HOST_LOCK_DIR "/hotballoon-still.%u.%s"

struct xen_host {
	struct hb_host host;
	xc_interface *xc;
	struct xs_handle *xs;
	xentoollog_logger *log;
	struct hb_path_lock lock;
	int host_lock;		/* while it is held */
};

static struct xen_host *xen(struct hb_host *host)
{
	return (struct xen_host *)host;
}

/* libxenctrl and libxenstore report failure through errno. */
static int result(bool ok)
{
	if (ok)
		return 0;
	if (errno == ENOSYS)
		return -EOPNOTSUPP;
	return errno ? -errno : -EIO;
}

/* Xen emulates devices of a PC for an HVM guest, and none but the local APIC for PVH. */
static bool is_pvh(const xc_domaininfo_t *info)
{
#if defined(__x86_64__) || defined(__i386__)
	return (info->flags & XEN_DOMINF_hvm_guest) &&
	       !(info->arch_config.emulation_flags & XEN_X86_EMU_VGA);
#else
	return info->flags & XEN_DOMINF_hvm_guest;
#endif
}

static void fill_domain(struct hb_xen_domain *to, const xc_domaininfo_t *from)
{
	unsigned int reason = (from->flags >> XEN_DOMINF_shutdownshift) & XEN_DOMINF_shutdownmask;

	*to = (struct hb_xen_domain){
		.domid = from->domain,
		.vcpus = from->max_vcpu_id == XEN_INVALID_MAX_VCPU_ID ? 0 : from->max_vcpu_id + 1,
		.hvm = from->flags & XEN_DOMINF_hvm_guest,
		.pvh = is_pvh(from),
		.xenstore = from->flags & XEN_DOMINF_xs_domain,
		.hap = from->flags & XEN_DOMINF_hap,
		.dying = from->flags & XEN_DOMINF_dying,
		.shutdown = from->flags & XEN_DOMINF_shutdown,
		.crashed = (from->flags & XEN_DOMINF_shutdown) && reason == SHUTDOWN_crash,
		.suspended = (from->flags & XEN_DOMINF_shutdown) && reason == SHUTDOWN_suspend,
		.paused = from->flags & XEN_DOMINF_paused,
		.tot_pages = from->tot_pages,
		.max_pages = from->max_pages,
		.outstanding_pages = from->outstanding_pages,
		.cpu_time_ns = from->cpu_time,
	};
	memcpy(to->uuid, from->handle, sizeof(to->uuid));
}

static int xen_domains(struct hb_host *host, uint32_t first, struct hb_xen_domain *domains,
		       unsigned int max)
{
	xc_domaininfo_t *list = calloc(max, sizeof(*list));
	int count;

	if (!list)
		return -ENOMEM;
	count = xc_domain_getinfolist(xen(host)->xc, first, max, list);
	if (count < 0)
		count = result(false);
	for (int i = 0; i < count; i++)
		fill_domain(&domains[i], &list[i]);
	free(list);
	return count;
}

static int xen_memory(struct hb_host *host, struct hb_xen_memory *memory)
{
	xc_physinfo_t info = { 0 };
	int rc = result(xc_physinfo(xen(host)->xc, &info) == 0);

	*memory = (struct hb_xen_memory){
		.total_pages = info.total_pages,
		.free_pages = info.free_pages,
		.scrub_pages = info.scrub_pages,
		.outstanding_pages = info.outstanding_pages,
	};
	return rc;
}

/* Nothing to fail for: a kernel without it is one of which nothing is known. */
static int xen_available(struct hb_host *host, uint64_t *kib)
{
	FILE *file = fopen("/proc/meminfo", "re");
	unsigned long long value;
	char line[128];
	int rc = -EOPNOTSUPP;

	(void)host;
	while (file && rc && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "MemAvailable: %llu kB", &value) == 1) {
			*kib = value;
			rc = 0;
		}
	}
	if (file)
		fclose(file);
	return rc;
}

static int xen_set_maxmem(struct hb_host *host, uint32_t domid, uint64_t kib)
{
	return result(xc_domain_setmaxmem(xen(host)->xc, domid, kib) == 0);
}

static int xen_get_pool(struct hb_host *host, uint32_t domid, uint64_t *bytes)
{
	return result(xc_get_paging_mempool_size(xen(host)->xc, domid, bytes) == 0);
}

static int xen_set_pool(struct hb_host *host, uint32_t domid, uint64_t bytes)
{
	return result(xc_set_paging_mempool_size(xen(host)->xc, domid, bytes) == 0);
}

static int xen_get_pod(struct hb_host *host, uint32_t domid, struct hb_xen_pod *pod)
{
	return result(xc_domain_get_pod_target(xen(host)->xc, domid, NULL, &pod->cache_pages,
					       &pod->entry_pages) == 0);
}

static int xen_set_pod(struct hb_host *host, uint32_t domid, uint64_t target_pages)
{
	return result(xc_domain_set_pod_target(xen(host)->xc, domid, target_pages, NULL, NULL,
					       NULL) == 0);
}

static int xen_claim(struct hb_host *host, uint32_t domid, uint64_t pages)
{
	return result(xc_domain_claim_pages(xen(host)->xc, domid, pages) == 0);
}

/* Asked with room for nothing, Xen says how many there are and that they do not fit. */
static int xen_get_vnodes(struct hb_host *host, uint32_t domid, unsigned int *vnodes)
{
	uint32_t nodes = 0, ranges = 0, vcpus = 0;
	int rc = result(xc_domain_getvnuma(xen(host)->xc, domid, &nodes, &ranges, &vcpus, NULL, NULL,
					   NULL) == 0);

	*vnodes = 0;
	if (rc == -EOPNOTSUPP)
		return 0;
	if (rc && rc != -ENOBUFS)
		return rc;
	*vnodes = nodes;
	return 0;
}

static int xen_lock(struct hb_host *host, uint32_t domid, const char *uuid)
{
	return hb_libxl_lock(&xen(host)->lock, HB_LIBXL_DIR, domid, uuid);
}

static void xen_unlock(struct hb_host *host)
{
	hb_path_unlock(&xen(host)->lock);
}

static int xen_lock_host(struct hb_host *host)
{
	int fd = hb_file_lock(HOST_LOCK);

	if (fd < 0)
		return fd;
	xen(host)->host_lock = fd;
	return 0;
}

static void xen_unlock_host(struct hb_host *host)
{
	close(xen(host)->host_lock);
}

static void still_path(char *path, size_t size, uint32_t domid, const char *uuid)
{
	snprintf(path, size, STILL_LOCK, domid, uuid);
}

static int xen_hold(struct hb_host *host, uint32_t domid, const char *uuid,
		    struct hb_path_lock *hold)
{
	(void)host;
	still_path(hold->path, sizeof(hold->path), domid, uuid);
	return hb_path_lock(hold);
}

static void xen_let_go(struct hb_host *host, struct hb_path_lock *hold)
{
	(void)host;
	hb_path_unlock(hold);
}

static int xen_is_held(struct hb_host *host, uint32_t domid, const char *uuid)
{
	char path[sizeof(((struct hb_path_lock *)0)->path)];

	(void)host;
	still_path(path, sizeof(path), domid, uuid);
	return hb_path_is_locked(path);
}

static int xen_begin(struct hb_host *host, uint32_t *transaction)
{
	*transaction = xs_transaction_start(xen(host)->xs);
	return result(*transaction != XBT_NULL);
}

static int xen_end(struct hb_host *host, uint32_t transaction, bool commit)
{
	return result(xs_transaction_end(xen(host)->xs, transaction, !commit));
}

static int xen_read(struct hb_host *host, uint32_t transaction, const char *path, char **value,
		    size_t *length)
{
	unsigned int len = 0;

	*value = xs_read(xen(host)->xs, transaction, path, &len);
	*length = len;
	return result(*value);
}

static int xen_write(struct hb_host *host, uint32_t transaction, const char *path,
		     const char *value)
{
	return result(xs_write(xen(host)->xs, transaction, path, value, strlen(value)));
}

static int xen_remove(struct hb_host *host, uint32_t transaction, const char *path)
{
	return result(xs_rm(xen(host)->xs, transaction, path));
}

static int xen_watch(struct hb_host *host, const char *path, const char *token)
{
	return result(xs_watch(xen(host)->xs, path, token));
}

static int xen_unwatch(struct hb_host *host, const char *path, const char *token)
{
	return result(xs_unwatch(xen(host)->xs, path, token));
}

static int xen_next_event(struct hb_host *host, int timeout_ms, const sigset_t *mask, char *token,
			  size_t size)
{
	struct timespec timeout = {
		.tv_sec = timeout_ms / 1000, .tv_nsec = timeout_ms % 1000 * 1000000L,
	};
	struct pollfd fd = { .fd = xs_fileno(xen(host)->xs), .events = POLLIN };
	char **event = xs_check_watch(xen(host)->xs);
	int ready;

	if (!event && errno == EAGAIN) {
		ready = ppoll(&fd, 1, timeout_ms < 0 ? NULL : &timeout, mask);
		if (ready < 0)
			return -errno;
		if (ready == 0)
			return -EAGAIN;
		event = xs_check_watch(xen(host)->xs);
	}
	if (!event)
		return errno ? -errno : -EIO;
	snprintf(token, size, "%s", event[XS_WATCH_TOKEN]);
	free(event);
	return 0;
}

static uint64_t xen_now_ms(struct hb_host *host)
{
	struct timespec now;

	(void)host;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static uint64_t xen_wall_s(struct hb_host *host)
{
	(void)host;
	return time(NULL);
}

static void xen_sleep_ms(struct hb_host *host, unsigned int ms)
{
	struct timespec delay = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	(void)host;
	nanosleep(&delay, NULL);
}

static void xen_close(struct hb_host *host)
{
	struct xen_host *h = xen(host);

	xs_close(h->xs);
	if (h->xc)
		xc_interface_close(h->xc);
	xtl_logger_destroy(h->log);
	free(h);
}

static const struct hb_host_ops xen_ops = {
	.domains = xen_domains,
	.memory = xen_memory,
	.available = xen_available,
	.set_maxmem = xen_set_maxmem,
	.get_pool = xen_get_pool,
	.set_pool = xen_set_pool,
	.get_pod = xen_get_pod,
	.set_pod = xen_set_pod,
	.claim = xen_claim,
	.get_vnodes = xen_get_vnodes,
	.lock = xen_lock,
	.unlock = xen_unlock,
	.lock_host = xen_lock_host,
	.unlock_host = xen_unlock_host,
	.hold = xen_hold,
	.let_go = xen_let_go,
	.is_held = xen_is_held,
	.begin = xen_begin,
	.end = xen_end,
	.read = xen_read,
	.write = xen_write,
	.remove = xen_remove,
	.watch = xen_watch,
	.unwatch = xen_unwatch,
	.next_event = xen_next_event,
	.now_ms = xen_now_ms,
	.wall_s = xen_wall_s,
	.sleep_ms = xen_sleep_ms,
	.close = xen_close,
};

int hb_xen_host_open(struct hb_host **host)
{
	struct xen_host *h = calloc(1, sizeof(*h));
	int rc;

	if (!h)
		return -ENOMEM;
	h->host.ops = &xen_ops;
	/* The caller explains failures; libxenctrl's own lines would only repeat them. */
	h->log = (xentoollog_logger *)xtl_createlogger_stdiostream(stderr, XTL_CRITICAL, 0);
	h->xc = h->log ? xc_interface_open(h->log, h->log, 0) : NULL;
	h->xs = h->xc ? xs_open(0) : NULL;
	if (!h->xs) {
		rc = result(false);
		xen_close(&h->host);
		return rc;
	}
	*host = &h->host;
	return 0;
}
