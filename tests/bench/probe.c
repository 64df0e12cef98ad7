// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probe: measures in dom0.
 *
 *   probe begin                  tell the meter which pages are dom0's; there is no guest yet
 *   probe move DOMID KIB PAGES TIMEOUT_MS
 *                                write KIB to the domain's memory/target, wait until Xen
 *                                counts PAGES for it, and until it has come to rest
 *   probe rest DOMID             wait until it has come to rest
 *   probe walk ADDRESS           count the mappings of the nested page table there
 *   probe profile begin|end
 *
 * A domain is at rest when it executes next to nothing for REST_WINDOW_MS: what a
 * driver does after the last page belongs to the cost of moving it.
 *
 * `move` prints one line of KEY=VALUE words, also when the domain did not get there in
 * time or did not come to rest; if it died, `stood` alone:
 *   stood        pages when the move ended
 *   pages        moved; positive if the domain grew
 *   ms           from the write to the last page
 *   first_ms     from the write to the first page that stayed
 *   first_pages  how many had come or gone when that was seen
 *   insn         instructions of the domain as Xen counts its time, 2 ns each
 *   guest_insn   those of them outside Xen
 *   dom0_insn    dom0's meanwhile, outside Xen
 *   hypercalls   the domain's
 * Exit status: 0; 1 the meter or Xen does not answer; 2 usage; 3 the domain is gone; 4 it
 * did not get there, or to rest, in time.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenguest.h>
#include <xenstore.h>

#include "meter.h"

enum { DONE, FAILED, USAGE, GONE, LATE };

#define NS_PER_INSTRUCTION 2	/* as tests/xen/lab --icount has it */
#define POLL_US 2000
#define REST_WINDOW_MS 100
#define REST_INSTRUCTIONS 100000	/* an idle guest needs a tenth of it for its clock */
#define REST_TIMEOUT_MS 30000

static struct meter_request request;
static xc_interface *xch;
static unsigned long own_pages;	/* that the meter was told, or that wait in the request */

struct sample {
	int64_t ns;
	uint64_t pages, cpu_ns;
	uint64_t instructions[OWNERS], hypercalls[OWNERS];
};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static unsigned long long number(const char *text, int base)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, &end, base);
	if (!*text || *end || errno || *text == '-') {
		fprintf(stderr, "probe: '%s' is no number\n", text);
		exit(USAGE);
	}
	return n;
}

static int ask(enum meter_command command, uint64_t argument)
{
	if (!meter_ask(&request, command, argument))
		return DONE;
	fprintf(stderr, "probe: the emulator %s\n",
		request.status == METER_UNANSWERED ?
			"has no meter: lab run --plugin build/bench/meter.so" :
			"could not do that");
	return FAILED;
}

static bool domain(uint32_t domid, xc_domaininfo_t *d)
{
	return xc_domain_getinfolist(xch, domid, 1, d) == 1 && d->domain == domid &&
	       !(d->flags & (XEN_DOMINF_dying | XEN_DOMINF_shutdown));
}

static int sample(uint32_t domid, struct sample *s)
{
	xc_domaininfo_t d;

	if (!domain(domid, &d))
		return GONE;
	s->ns = now_ns();
	s->pages = d.tot_pages;
	s->cpu_ns = d.cpu_time;
	if (ask(METER_READ, 0))
		return FAILED;
	memcpy(s->instructions, request.instructions, sizeof(s->instructions));
	memcpy(s->hypercalls, request.hypercalls, sizeof(s->hypercalls));
	return DONE;
}

static int write_target(struct xs_handle *xs, uint32_t domid, unsigned long long kib)
{
	char path[64], text[32];

	snprintf(path, sizeof(path), "/local/domain/%u/memory/target", domid);
	snprintf(text, sizeof(text), "%llu", kib);
	if (xs_write(xs, XBT_NULL, path, text, strlen(text)))
		return DONE;
	perror(path);
	return FAILED;
}

static int rest(uint32_t domid)
{
	int64_t end_ns = now_ns() + REST_TIMEOUT_MS * INT64_C(1000000);
	xc_domaininfo_t before, after;

	if (!domain(domid, &before))
		return GONE;
	while (now_ns() < end_ns) {
		usleep(REST_WINDOW_MS * 1000);
		if (!domain(domid, &after))
			return GONE;
		if (after.cpu_time - before.cpu_time < REST_INSTRUCTIONS * NS_PER_INSTRUCTION)
			return DONE;
		before = after;
	}
	fprintf(stderr, "probe: domain %u does not come to rest within %d s\n", domid,
		REST_TIMEOUT_MS / 1000);
	return LATE;
}

struct progress {
	int64_t first_ns;	/* when the first page that stayed was seen; 0: none yet */
	int64_t first_pages;
	int64_t last_ns;
	uint64_t stood;		/* pages at last_ns */
};

/* Drivers probe: pages that come and go again are not the first page. */
static int follow(uint32_t domid, uint64_t from, uint64_t to, int64_t end_ns, struct progress *p)
{
	xc_domaininfo_t d;

	*p = (struct progress){ .stood = from };
	for (;;) {
		if (!domain(domid, &d))
			return GONE;
		p->last_ns = now_ns();
		p->stood = d.tot_pages;
		if (d.tot_pages == from) {
			p->first_ns = 0;
		} else if (!p->first_ns) {
			p->first_ns = p->last_ns;
			p->first_pages = d.tot_pages - from;
		}
		if (p->stood == to)
			return DONE;
		if (p->last_ns >= end_ns) {
			fprintf(stderr, "probe: domain %u is at %llu pages, not %llu\n", domid,
				(unsigned long long)p->stood, (unsigned long long)to);
			return LATE;
		}
		usleep(POLL_US);
	}
}

static void print_move(const struct sample *a, const struct sample *b, const struct progress *p)
{
	printf("pages=%lld ms=%.3f first_ms=%.3f first_pages=%lld ",
	       (long long)(b->pages - a->pages), (double)(p->last_ns - a->ns) / 1e6,
	       p->first_ns ? (double)(p->first_ns - a->ns) / 1e6 : 0, (long long)p->first_pages);
	printf("insn=%llu guest_insn=%llu dom0_insn=%llu hypercalls=%llu\n",
	       (unsigned long long)(b->cpu_ns - a->cpu_ns) / NS_PER_INSTRUCTION,
	       (unsigned long long)(b->instructions[OWNER_GUEST] - a->instructions[OWNER_GUEST]),
	       (unsigned long long)(b->instructions[OWNER_DOM0] - a->instructions[OWNER_DOM0]),
	       (unsigned long long)(b->hypercalls[OWNER_GUEST] - a->hypercalls[OWNER_GUEST]));
}

/* From the write of the target to the rest after it. */
static int follow_to_rest(uint32_t domid, uint64_t to, int64_t timeout_ms,
			  const struct sample *before, struct progress *progress)
{
	int rc = follow(domid, before->pages, to, before->ns + timeout_ms * 1000000, progress);

	return rc ? rc : rest(domid);
}

static int cmd_move(uint32_t domid, unsigned long long kib, uint64_t pages, int64_t timeout_ms)
{
	struct xs_handle *xs = xs_open(0);
	struct sample before, after;
	struct progress progress;
	int rc, end;

	if (!xs) {
		perror("probe: xenstore");
		return FAILED;
	}
	rc = sample(domid, &before);
	if (!rc)
		rc = write_target(xs, domid, kib);
	xs_close(xs);
	if (rc)
		return rc;
	rc = follow_to_rest(domid, pages, timeout_ms, &before, &progress);
	end = sample(domid, &after);
	if (rc == FAILED || end == FAILED)
		return FAILED;
	printf("stood=%llu ", (unsigned long long)progress.stood);
	if (end == GONE) {
		printf("\n");
		return GONE;
	}
	print_move(&before, &after, &progress);
	return rc;
}

/* Xen's table of what each machine frame is to its owner; there is only dom0 yet. */
static int tell_pages(const xen_pfn_t *owners, unsigned long frames, xen_pfn_t last_pfn)
{
	int rc = DONE;

	for (unsigned long frame = 0; frame < frames && !rc; frame++) {
		if (owners[frame] > last_pfn)
			continue;	/* Xen's, or nobody's */
		request.pages[own_pages++ % METER_PAGES] = frame;
		if (own_pages % METER_PAGES == 0)
			rc = ask(METER_DOM0, METER_PAGES);
	}
	if (!rc && own_pages % METER_PAGES)
		rc = ask(METER_DOM0, own_pages % METER_PAGES);
	return rc;
}

static int cmd_begin(void)
{
	xen_pfn_t *owners, last_pfn;
	unsigned long last_frame;
	xc_domaininfo_t d;
	int rc;

	if (!domain(0, &d) || xc_maximum_ram_page(xch, &last_frame) ||
	    xc_domain_maximum_gpfn(xch, 0, &last_pfn)) {
		perror("probe: the machine's memory");
		return FAILED;
	}
	owners = xc_map_m2p(xch, last_frame + 1, PROT_READ, NULL);
	if (!owners)
		return FAILED;	/* it has said why */
	rc = tell_pages(owners, last_frame + 1, last_pfn);
	if (!rc && (own_pages < d.tot_pages / 100 * 99 || own_pages > d.tot_pages / 100 * 101)) {
		fprintf(stderr, "probe: found %lu pages of dom0, Xen counts %llu\n", own_pages,
			(unsigned long long)d.tot_pages);
		rc = FAILED;
	}
	return rc;
}

static int cmd_walk(uint64_t address)
{
	if (ask(METER_WALK, address))
		return FAILED;
	printf("leaves_1g=%llu leaves_2m=%llu leaves_4k=%llu\n",
	       (unsigned long long)request.leaves_1g, (unsigned long long)request.leaves_2m,
	       (unsigned long long)request.leaves_4k);
	return DONE;
}

static int run(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (argc == 2 && !strcmp(verb, "begin"))
		return cmd_begin();
	if (argc == 6 && !strcmp(verb, "move"))
		return cmd_move(number(argv[2], 10), number(argv[3], 10), number(argv[4], 10),
				number(argv[5], 10));
	if (argc == 3 && !strcmp(verb, "rest"))
		return rest(number(argv[2], 10));
	if (argc == 3 && !strcmp(verb, "walk"))
		return cmd_walk(number(argv[2], 16));
	if (argc == 3 && !strcmp(verb, "profile") && !strcmp(argv[2], "begin"))
		return ask(METER_PROFILE_BEGIN, 0);
	if (argc == 3 && !strcmp(verb, "profile") && !strcmp(argv[2], "end"))
		return ask(METER_PROFILE_END, 0);
	fputs("usage: probe begin | move DOMID KIB PAGES TIMEOUT_MS | rest DOMID |\n"
	      "       walk ADDRESS | profile begin|end\n", stderr);
	return USAGE;
}

int main(int argc, char **argv)
{
	int rc;

	xch = xc_interface_open(NULL, NULL, 0);
	/* The plugin finds the request by its machine address. */
	if (!xch || mlock(&request, sizeof(request))) {
		perror("probe");
		return FAILED;
	}
	memset(&request, 0, sizeof(request));
	rc = run(argc, argv);
	xc_interface_close(xch);
	return rc;
}
