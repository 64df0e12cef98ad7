// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * readings: one line of comma separated values every so often, for one domain.
 *
 *   readings DOMID CONSOLE-LOG INTERVAL_MS
 *
 * Everything is read, nothing is computed: what Xen counts, what xenstore holds,
 * and the last line "@WORK rounds wrong clock_cs memtotal_kib blocks ." that a
 * process in the guest wrote to its console.  pause_ms is the longest time between
 * two such lines by the guest's own clock.  Values that are not known yet are
 * empty.  Runs until it is killed; ends with status 3 when the domain is dead, 1
 * if Xen or xenstore cannot be read, 2 for wrong usage.
 *
 * A program and not a script, so that ten readings a second do not slow down the
 * emulated host that they are of.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenstore.h>

#define PAGE_KIB 4

struct work {
	unsigned long rounds, wrong, clock_cs, memtotal_kib, blocks;
	unsigned long pause_ms;
	bool seen;
};

struct console {
	int fd;
	char buf[8192];
	size_t len;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

static void sleep_until_ms(int64_t when)
{
	struct timespec t = { .tv_sec = when / 1000, .tv_nsec = when % 1000 * 1000000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

/* Lines that the console damaged do not match and are passed over. */
static void take_line(struct work *work, const char *line)
{
	const char *at = strstr(line, "@WORK ");
	struct work now = { .pause_ms = work->pause_ms, .seen = true };
	char end;

	if (!at || sscanf(at, "@WORK %lu %lu %lu %lu %lu %c", &now.rounds, &now.wrong,
			  &now.clock_cs, &now.memtotal_kib, &now.blocks, &end) != 6 || end != '.')
		return;
	if (work->seen && now.clock_cs > work->clock_cs &&
	    (now.clock_cs - work->clock_cs) * 10 > now.pause_ms)
		now.pause_ms = (now.clock_cs - work->clock_cs) * 10;
	*work = now;
}

/* What the guest wrote since the last call. */
static void read_console(struct console *c, struct work *work)
{
	ssize_t n;

	while ((n = read(c->fd, c->buf + c->len, sizeof(c->buf) - c->len - 1)) > 0) {
		char *line = c->buf, *end;

		c->len += (size_t)n;
		c->buf[c->len] = 0;
		while ((end = memchr(line, '\n', c->len - (size_t)(line - c->buf)))) {
			*end = 0;
			take_line(work, line);
			line = end + 1;
		}
		c->len -= (size_t)(line - c->buf);
		memmove(c->buf, line, c->len);
		if (c->len == sizeof(c->buf) - 1)
			c->len = 0;	/* no line of ours is that long */
	}
}

/* A key of the domain, cleaned of what would break the line; "" if absent. */
static const char *key(struct xs_handle *xs, long domid, const char *name, char *to, size_t size)
{
	char path[128];
	unsigned int len = 0;
	char *value;

	snprintf(path, sizeof(path), "/local/domain/%ld/%s", domid, name);
	value = xs_read(xs, XBT_NULL, path, &len);
	snprintf(to, size, "%s", value ? value : "");
	free(value);
	for (char *c = to; *c; c++)
		if (*c == ',' || *c == '"' || *c < ' ')
			*c = '?';
	return to;
}

static void print_work(const struct work *w)
{
	if (w->seen)
		printf(",%lu,%lu,%lu,%lu,%lu", w->memtotal_kib, w->blocks, w->rounds, w->wrong,
		       w->pause_ms);
	else
		printf(",,,,,");
}

int main(int argc, char **argv)
{
	xc_interface *xch = xc_interface_open(NULL, NULL, 0);
	struct xs_handle *xs = xs_open(0);
	struct console console = { .fd = -1 };
	struct work work = { 0 };
	long domid = argc == 4 ? atol(argv[1]) : 0;
	int interval = argc == 4 ? atoi(argv[3]) : 0;
	int64_t start = now_ms(), due = start;

	if (domid < 1 || interval < 1) {
		fputs("usage: readings DOMID CONSOLE-LOG INTERVAL_MS\n", stderr);
		return 2;
	}
	console.fd = open(argv[2], O_RDONLY | O_CLOEXEC);
	if (!xch || !xs || console.fd < 0) {
		fprintf(stderr, "readings: no access to Xen, to xenstore or to %s\n", argv[2]);
		return 1;
	}
	lseek(console.fd, 0, SEEK_END);
	puts("ms,target_kib,actual_kib,host_free_kib,memtotal_kib,blocks,rounds,wrong,pause_ms,state,cause");
	for (;;) {
		char target[32], state[32], cause[32];
		xc_physinfo_t host = { 0 };
		xc_domaininfo_t d;

		if (xc_physinfo(xch, &host)) {
			perror("readings: Xen's physinfo");
			return 1;
		}
		if (xc_domain_getinfolist(xch, (uint32_t)domid, 1, &d) != 1 || d.domain != domid ||
		    d.flags & (XEN_DOMINF_dying | XEN_DOMINF_shutdown))
			return 3;
		read_console(&console, &work);
		printf("%" PRId64 ",%s,%" PRIu64 ",%" PRIu64, now_ms() - start,
		       key(xs, domid, "memory/target", target, sizeof(target)),
		       (uint64_t)d.tot_pages * PAGE_KIB,
		       (uint64_t)(host.free_pages + host.scrub_pages) * PAGE_KIB);
		print_work(&work);
		printf(",%s,%s\n", key(xs, domid, "data/hotballoon/state", state, sizeof(state)),
		       key(xs, domid, "data/hotballoon/cause", cause, sizeof(cause)));
		if (fflush(stdout))
			return 1;
		due += interval;
		if (due < now_ms())
			due = now_ms();
		sleep_until_ms(due);
	}
}
