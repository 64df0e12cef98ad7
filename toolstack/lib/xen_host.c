/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host that is Xen, and its event channels. libxenctrl has no stable ABI and 4.17 to 4.21 differ
 * in what they offer, therefore its headers are included here and nowhere else. xenstore
 * has a protocol that is stable: store.c.
 */
#define _GNU_SOURCE	/* ppoll() */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenevtchn.h>
#include <xentoollog.h>

#include "deadline.h"
#include "file_lock.h"
#include "host.h"
#include "libxl_lock.h"
#include "store.h"

#define HOST_LOCK HB_HOST_LOCK_DIR "/hotballoon.lock"
/* Of a domid and a uuid: after a migration to this host both ends have the same uuid. */
#define STILL_LOCK HB_HOST_LOCK_DIR "/hotballoon-still.%u.%s"

struct xen_host {
	struct hb_host host;
	xc_interface *xc;
	struct hb_store *store;
	xentoollog_logger *log;
	struct hb_path_lock lock;
	int host_lock;		/* while it is held */
	int events, timer;	/* -1: not made yet */
	xenevtchn_handle *low;	/* VIRQ_ENOMEM; NULL: it is not heard of */
	char low_token[16];
	char boot[HB_BOOT_TEXT];	/* the id of domain 0's; empty: unknown */
};

static struct xen_host *xen(struct hb_host *host)
{
	return (struct xen_host *)host;
}

/* libxenctrl reports failure through errno. */
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

static void close_events(struct xen_host *h)
{
	if (h->events >= 0)
		close(h->events);
	if (h->timer >= 0)
		close(h->timer);
	h->events = h->timer = -1;
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

/*
 * It listens where it is asked for memory. To connect would be a question of its own, and the
 * file stays when it ends: whether somebody listens there the kernel knows. Where that cannot
 * be read, it is not said that nobody does.
 */
#define QMEMMAN_SOCKET " /var/run/qubes/qmemman.sock\n"

static int xen_qmemman(struct hb_host *host)
{
	FILE *file = fopen("/proc/net/unix", "re");
	const size_t tail = strlen(QMEMMAN_SOCKET);
	bool runs = !file;
	char line[256];

	(void)host;
	while (file && !runs && fgets(line, sizeof(line), file)) {
		size_t length = strlen(line);

		runs = length > tail && !strcmp(line + length - tail, QMEMMAN_SOCKET);
	}
	if (file)
		fclose(file);
	return runs;
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

/* xenstore for one call. */
static struct hb_store *store(struct hb_host *host)
{
	hb_store_limit(xen(host)->store, hb_call_limit_ms(host));
	return xen(host)->store;
}

static int xen_begin(struct hb_host *host, uint32_t *transaction)
{
	return hb_store_begin(store(host), transaction);
}

static int xen_end(struct hb_host *host, uint32_t transaction, bool commit)
{
	return hb_store_end(store(host), transaction, commit);
}

static int xen_read(struct hb_host *host, uint32_t transaction, const char *path, char **value,
		    size_t *length)
{
	return hb_store_read(store(host), transaction, path, value, length);
}

static int xen_write(struct hb_host *host, uint32_t transaction, const char *path,
		     const char *value)
{
	return hb_store_write(store(host), transaction, path, value);
}

static int xen_remove(struct hb_host *host, uint32_t transaction, const char *path)
{
	return hb_store_remove(store(host), transaction, path);
}

static int xen_watch(struct hb_host *host, const char *path, const char *token)
{
	return hb_store_watch(store(host), path, token);
}

static int xen_unwatch(struct hb_host *host, const char *path, const char *token)
{
	return hb_store_unwatch(store(host), path, token);
}

/* Xen has run low since that was last asked. Its channel is masked until it is told to go on. */
static bool take_low(struct xen_host *h)
{
	struct pollfd fd = { .fd = h->low ? xenevtchn_fd(h->low) : -1, .events = POLLIN };
	xenevtchn_port_or_error_t port;

	if (!h->low || poll(&fd, 1, 0) <= 0)
		return false;
	port = xenevtchn_pending(h->low);
	return port >= 0 && !xenevtchn_unmask(h->low, port);
}

static int xen_next_event(struct hb_host *host, char *token, size_t size)
{
	struct xen_host *h = xen(host);

	if (take_low(h)) {
		snprintf(token, size, "%s", h->low_token);
		return 0;
	}
	return hb_store_next_event(h->store, token, size);
}

/* One descriptor for the events and the timer, made when it is first asked for. */
static int add_to_events(struct xen_host *h, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(h->events, EPOLL_CTL_ADD, fd, &event);
}

static int xen_event_fd(struct hb_host *host)
{
	struct xen_host *h = xen(host);

	if (h->events >= 0)
		return h->events;
	h->events = epoll_create1(EPOLL_CLOEXEC);
	h->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (h->events >= 0 && h->timer >= 0 && !add_to_events(h, h->timer) &&
	    !add_to_events(h, hb_store_event_fd(h->store)))
		return h->events;
	close_events(h);
	return -1;
}

static void close_low(struct xen_host *h)
{
	if (h->low)
		xenevtchn_close(h->low);
	h->low = NULL;
}

/* Xen gives it to one process of domain 0, and only there. */
static int xen_watch_low(struct hb_host *host, const char *token)
{
	struct xen_host *h = xen(host);
	int rc = 0;

	if (h->low)
		return 0;
	if (xen_event_fd(host) < 0)
		return -EMFILE;
	h->low = xenevtchn_open(h->log, 0);
	if (!h->low)
		return -EOPNOTSUPP;
	if (xenevtchn_bind_virq(h->low, VIRQ_ENOMEM) < 0 || add_to_events(h, xenevtchn_fd(h->low)))
		rc = result(false);
	snprintf(h->low_token, sizeof(h->low_token), "%s", token);
	if (rc)
		close_low(h);
	return rc;
}

static int xen_set_timer(struct hb_host *host, int ms)
{
	struct itimerspec at = { 0 };

	/* Zero would be none. */
	at.it_value.tv_sec = ms > 0 ? ms / 1000 : 0;
	at.it_value.tv_nsec = ms > 0 ? ms % 1000 * 1000000L : ms == 0;
	if (xen_event_fd(host) < 0)
		return -EMFILE;
	return result(timerfd_settime(xen(host)->timer, 0, &at, NULL) == 0);
}

static int xen_wait_event(struct hb_host *host, const sigset_t *mask)
{
	struct pollfd fd = { .fd = xen_event_fd(host), .events = POLLIN };

	return result(ppoll(&fd, 1, NULL, mask) > 0);
}

static uint64_t xen_now_ms(struct hb_host *host)
{
	struct timespec now;

	(void)host;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct hb_clock xen_clock(struct hb_host *host)
{
	struct hb_clock clock = { .wall_s = time(NULL) };
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	clock.boot_s = now.tv_sec;
	memcpy(clock.boot, xen(host)->boot, sizeof(clock.boot));
	return clock;
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

	close_events(h);
	close_low(h);
	hb_store_close(h->store);
	if (h->xc)
		xc_interface_close(h->xc);
	xtl_logger_destroy(h->log);
	free(h);
}

static const struct hb_host_ops xen_ops = {
	.domains = xen_domains,
	.memory = xen_memory,
	.available = xen_available,
	.qmemman = xen_qmemman,
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
	.watch_low = xen_watch_low,
	.set_timer = xen_set_timer,
	.event_fd = xen_event_fd,
	.wait_event = xen_wait_event,
	.now_ms = xen_now_ms,
	.clock = xen_clock,
	.sleep_ms = xen_sleep_ms,
	.close = xen_close,
};

/* Without it, the clock of the wall is all there is. */
static void read_boot(char boot[HB_BOOT_TEXT])
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	const size_t length = HB_BOOT_TEXT - 1;

	if (!file || fread(boot, 1, length, file) != length || !hb_moment_is_boot(boot, length))
		boot[0] = '\0';
	if (file)
		fclose(file);
}

int hb_xen_host_open(struct hb_host **host)
{
	struct xen_host *h = calloc(1, sizeof(*h));
	int rc;

	if (!h)
		return -ENOMEM;
	h->host.ops = &xen_ops;
	h->events = h->timer = -1;
	read_boot(h->boot);
	/* The caller explains failures; libxenctrl's own lines would only repeat them. */
	h->log = (xentoollog_logger *)xtl_createlogger_stdiostream(stderr, XTL_CRITICAL, 0);
	h->xc = h->log ? xc_interface_open(h->log, h->log, 0) : NULL;
	rc = h->xc ? hb_store_open(&h->store, HB_CALL_MS) : result(false);
	if (rc) {
		xen_close(&h->host);
		return rc;
	}
	*host = &h->host;
	return 0;
}
