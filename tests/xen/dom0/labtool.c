// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * labtool: what dom0's test helpers need from Xen and from a guest's agent.
 *
 *   labtool host                      total_kib=... free_kib=...
 *   labtool dom DOMID                 tot_pages=... max_pages=... state=... cpu_ns=...
 *   labtool wait-size DOMID PAGES TOLERANCE TIMEOUT_MS
 *                                     ms=... cpu_ms=... first_ms=... tot_pages=...
 *   labtool wait-text DOMID LOG TEXT TIMEOUT_MS
 *   labtool vnuma DOMID               gives it two virtual NUMA nodes, which libxl
 *                                     builds for HVM guests only
 *   labtool give DOMID FRAME PAGES    puts memory behind so many guest frames, unasked: as a
 *                                     copy does of what was given away meanwhile
 *   labtool hold DOMID PAGES          maps that many of its pages and keeps them until
 *                                     it is killed: "holds N" when it has them
 *   labtool ask SOCKET MESSAGE        what a server of varlink answers
 *   labtool write PATH COUNT VALUE    into PATH/1, PATH/2 and so on, one after the other over
 *                                     one connection, as so many guests do over theirs
 *   labtool exec DOMID PTY LOG TIMEOUT_MS RESULT COMMAND
 *
 * Model: every wait watches the domain at the same time, so that a guest that
 * dies ends the wait at once.  Exit status: 0 done (exec: the command's own),
 * 1 not within the time, 2 usage, 3 the domain is dead or gone.  Since a command
 * may end with any status, exec also writes to the file RESULT what happened:
 * "exit", "timeout", "dead" or "lost" (no answer from the agent).
 *
 * exec writes a request to the guest's console (PTY) and reads the answer from
 * xenconsoled's log; lib/wire.h has the format.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenforeignmemory.h>
#include <xenstore.h>

#include "../lib/wire.h"

enum { DONE, LATE, USAGE, DEAD };

#define POLL_US 4000

static xc_interface *xch;

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

static long number(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (!*text || *end || n < 0) {
		fprintf(stderr, "labtool: '%s' is no whole number\n", text);
		exit(USAGE);
	}
	return n;
}

/* What Xen knows of the domain; false when it is dead, dying or gone. */
static bool domain(long domid, xc_domaininfo_t *d)
{
	if (xc_domain_getinfolist(xch, (uint32_t)domid, 1, d) != 1 || d->domain != domid)
		return false;
	return !(d->flags & (XEN_DOMINF_dying | XEN_DOMINF_shutdown));
}

static int cmd_host(void)
{
	xc_physinfo_t p = { 0 };

	if (xc_physinfo(xch, &p)) {
		perror("labtool: physinfo");
		return LATE;
	}
	printf("total_kib=%llu free_kib=%llu scrub_kib=%llu outstanding_kib=%llu\n",
	       (unsigned long long)p.total_pages * 4, (unsigned long long)p.free_pages * 4,
	       (unsigned long long)p.scrub_pages * 4, (unsigned long long)p.outstanding_pages * 4);
	return DONE;
}

static int cmd_dom(long domid)
{
	xc_domaininfo_t d;
	bool live = domain(domid, &d);

	if (!live && d.domain != domid)
		return DEAD;
	printf("tot_pages=%llu max_pages=%lld state=%s cpu_ns=%llu\n",
	       (unsigned long long)d.tot_pages, (long long)d.max_pages,
	       d.flags & XEN_DOMINF_dying ? "dying" :
	       d.flags & XEN_DOMINF_shutdown ? "shutdown" :
	       d.flags & XEN_DOMINF_paused ? "paused" : "live",
	       (unsigned long long)d.cpu_time);
	return live ? DONE : DEAD;
}

static int cmd_vnuma(long domid)
{
	unsigned int distances[4] = { 10, 20, 20, 10 }, pnodes[2] = { 0, 0 };
	xen_vmemrange_t ranges[2] = {
		{ .start = 0, .end = 64 << 20, .nid = 0 },
		{ .start = 64 << 20, .end = 128 << 20, .nid = 1 },
	};
	unsigned int *nodes_of_vcpus;
	xc_domaininfo_t d;
	int rc;

	if (!domain(domid, &d))
		return DEAD;
	nodes_of_vcpus = calloc(d.max_vcpu_id + 1, sizeof(*nodes_of_vcpus));
	rc = nodes_of_vcpus ? xc_domain_setvnuma(xch, domid, 2, 2, d.max_vcpu_id + 1, ranges, distances,
						 nodes_of_vcpus, pnodes) : -1;
	if (rc)
		perror("labtool: setvnuma");
	free(nodes_of_vcpus);
	return rc ? LATE : DONE;
}

/* Where Linux maps all of a guest's memory, and where the kernel and its image end. */
#define DIRECT_MAP UINT64_C(0xffff888000000000)
#define HOLD_FROM (UINT64_C(96) << 20)

/*
 * The frames behind those addresses: machine frames of a PV guest, guest frames of others.
 * Each is what Xen takes for a mapping.
 */
static bool find_frames(long domid, xen_pfn_t *frames, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t address = DIRECT_MAP + HOLD_FROM + i * XC_PAGE_SIZE;

		frames[i] = xc_translate_foreign_address(xch, (uint32_t)domid, 0, address);
		if (!frames[i]) {
			fprintf(stderr, "labtool: domain %ld has nothing at %#llx\n", domid,
				(unsigned long long)address);
			return false;
		}
	}
	return true;
}

static int cmd_give(long domid, long frame, long pages)
{
	xen_pfn_t *frames = calloc((size_t)pages + 1, sizeof(*frames));
	int rc = -1;

	for (long i = 0; frames && i < pages; i++)
		frames[i] = (xen_pfn_t)(frame + i);
	if (frames)
		rc = xc_domain_populate_physmap_exact(xch, (uint32_t)domid, (unsigned long)pages, 0, 0,
						      frames);
	if (rc)
		perror("labtool: give");
	free(frames);
	return rc ? LATE : DONE;
}

static int cmd_hold(long domid, long pages)
{
	xenforeignmemory_handle *memory = xenforeignmemory_open(NULL, 0);
	xen_pfn_t *frames = calloc((size_t)pages + 1, sizeof(*frames));
	void *mapped = NULL;

	if (!memory || !frames || !pages) {
		perror("labtool: hold");
		return LATE;
	}
	if (find_frames(domid, frames, (size_t)pages))
		mapped = xenforeignmemory_map(memory, (uint32_t)domid, PROT_READ, (size_t)pages, frames,
					      NULL);
	if (!mapped) {
		perror("labtool: cannot map");
		return LATE;
	}
	printf("holds %ld\n", pages);
	fflush(stdout);
	/* What is mapped is given back when the process ends. */
	for (;;)
		pause();
}

static int cmd_wait_size(long domid, long pages, long tolerance, long timeout)
{
	xc_domaininfo_t d, first;
	int64_t start = now_ms(), moved = -1, t;
	bool there = false;

	if (!domain(domid, &first))
		return DEAD;
	for (;;) {
		if (!domain(domid, &d))
			return DEAD;
		t = now_ms() - start;
		if (moved < 0 && d.tot_pages != first.tot_pages)
			moved = t;
		there = labs((long)d.tot_pages - pages) <= tolerance;
		if (there || t >= timeout)
			break;
		usleep(POLL_US);
	}
	printf("ms=%lld cpu_ms=%.3f first_ms=%lld tot_pages=%llu\n", (long long)t,
	       (double)(d.cpu_time - first.cpu_time) / 1e6, (long long)moved,
	       (unsigned long long)d.tot_pages);
	return there ? DONE : LATE;
}

/* The log from some offset on, whole lines only. */
struct log {
	int fd;
	char *text;
	size_t len, size, parsed;
};

static bool log_open(struct log *log, const char *path, off_t from)
{
	memset(log, 0, sizeof(*log));
	log->fd = open(path, O_RDONLY | O_CLOEXEC);
	return log->fd >= 0 && lseek(log->fd, from, SEEK_SET) >= 0;
}

/* Reads what is new; true if something was. */
static bool log_read(struct log *log)
{
	size_t before = log->len;
	ssize_t n;

	do {
		if (log->size - log->len < 65536) {
			log->size = log->size * 2 + 131072;
			log->text = realloc(log->text, log->size);
			if (!log->text) {
				perror("labtool");
				exit(LATE);
			}
		}
		n = read(log->fd, log->text + log->len, log->size - log->len - 1);
		if (n > 0)
			log->len += (size_t)n;
	} while (n > 0);
	if (log->len == before)
		return false;
	/* A guest can print NUL bytes; they must not end our strings. */
	for (size_t i = before; i < log->len; i++)
		if (!log->text[i])
			log->text[i] = ' ';
	log->text[log->len] = 0;
	return true;
}

/* The next whole line without its end, or NULL. */
static char *log_line(struct log *log)
{
	char *line = log->text + log->parsed, *end;

	if (!log->text || !(end = memchr(line, '\n', log->len - log->parsed)))
		return NULL;
	*end = 0;
	log->parsed = (size_t)(end - log->text) + 1;
	return line;
}

static int cmd_wait_text(long domid, const char *path, const char *text, long timeout)
{
	int64_t start = now_ms();
	xc_domaininfo_t d;
	struct log log;
	bool live, open = false;
	char *line;

	for (;;) {
		live = domain(domid, &d);
		/* xenconsoled creates the file when the guest first prints */
		if (!open)
			open = log_open(&log, path, 0);
		if (open && log_read(&log))
			while ((line = log_line(&log)))
				if (strstr(line, text))
					return DONE;
		if (!live)
			return DEAD;
		if (now_ms() - start >= timeout)
			return LATE;
		usleep(5 * POLL_US);
	}
}

/* A reply being put together. */
struct reply {
	char id[9];
	struct chunk {
		unsigned char data[WIRE_CHUNK + 4];
		size_t len;
		bool have;
	} *chunk;
	size_t allocated, have;
	bool seen, ended;
	size_t lines;
	int status;
};

static void take_chunk(struct reply *r, const char *text)
{
	unsigned char data[256];
	char *end;
	unsigned long seq = strtoul(text, &end, 10);
	uint32_t crc = (uint32_t)strtoul(end, &end, 16);
	size_t n;

	if (*end != ' ' || strlen(end) > 300 || seq > 1000000)
		return;
	n = wire_decode(data, end + 1);
	if (n > WIRE_CHUNK || wire_crc(data, n) != crc)
		return;
	if (seq >= r->allocated) {
		size_t want = seq * 2 + 64;

		r->chunk = realloc(r->chunk, want * sizeof(*r->chunk));
		if (!r->chunk) {
			perror("labtool");
			exit(LATE);
		}
		memset(r->chunk + r->allocated, 0, (want - r->allocated) * sizeof(*r->chunk));
		r->allocated = want;
	}
	if (r->chunk[seq].have)
		return;
	memcpy(r->chunk[seq].data, data, n);
	r->chunk[seq].len = n;
	r->chunk[seq].have = true;
	r->have++;
}

static void take_line(struct reply *r, const char *line)
{
	char tag[16], body[64];
	const char *at;
	size_t lines;
	int status, n;
	unsigned int crc;

	snprintf(tag, sizeof(tag), "@R %s ", r->id);
	if ((at = strstr(line, tag))) {
		r->seen = true;
		take_chunk(r, at + strlen(tag));
		return;
	}
	snprintf(tag, sizeof(tag), "@E %s ", r->id);
	if (!(at = strstr(line, tag)))
		return;
	r->seen = true;
	if (sscanf(at + strlen(tag), "%zu %d %8x", &lines, &status, &crc) != 3)
		return;
	n = snprintf(body, sizeof(body), "%s %zu %d", r->id, lines, status);
	if (wire_crc(body, (size_t)n) != crc)
		return;
	r->ended = true;
	r->lines = lines;
	r->status = status;
}

static void send_text(int pty, const char *format, ...)
{
	char *text;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0) {
		perror("labtool");
		exit(LATE);
	}
	for (char *at = text; n > 0;) {
		ssize_t done = write(pty, at, (size_t)n);

		if (done < 0 && errno != EINTR && errno != EAGAIN) {
			perror("labtool: write to the guest's console");
			break;
		}
		if (done > 0) {
			at += done;
			n -= (int)done;
		}
	}
	free(text);
}

static void result(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fprintf(f, "%s\n", text) < 0 || fclose(f)) {
		perror(path);
		exit(LATE);
	}
}

/* Long: one wait with one state, whose ends (answer, death, silence) belong together. */
static int cmd_exec(long domid, const char *pty_path, const char *log_path, long timeout,
		    const char *result_path, const char *command)
{
	int64_t start = now_ms(), heard = start, killed = 0, dead = 0, t;
	size_t n = strlen(command);
	char *code = malloc(n / 3 * 4 + 8);
	struct reply r = { 0 };
	struct timespec clock;
	xc_domaininfo_t d;
	struct log log;
	struct stat st;
	char *line;
	int pty;

	result(result_path, "lost");
	pty = open(pty_path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (pty < 0 || stat(log_path, &st) || !log_open(&log, log_path, st.st_size) || !code) {
		if (!domain(domid, &d)) {
			result(result_path, "dead");
			return DEAD;
		}
		fprintf(stderr, "labtool: cannot open %s and %s: %s\n", pty_path, log_path, strerror(errno));
		return LATE;
	}
	/* xenconsoled puts the guest's output here too, and nobody reads it */
	tcflush(pty, TCIFLUSH);
	clock_gettime(CLOCK_MONOTONIC, &clock);
	snprintf(r.id, sizeof(r.id), "%08x",
		 (uint32_t)(clock.tv_sec * 1000003 + clock.tv_nsec) ^ (uint32_t)getpid() << 16);
	wire_encode(code, command, n);
	send_text(pty, "\n@Q %s %08x %s\n", r.id, wire_crc(command, n), code);
	for (;;) {
		bool live = domain(domid, &d);

		t = now_ms();
		if (log_read(&log)) {
			heard = t;
			while ((line = log_line(&log)))
				take_line(&r, line);
		}
		if (r.ended && r.have == r.lines)
			break;
		if (!live) {
			/* the console's last words may still be on their way */
			dead = dead ? dead : t;
			if (t - dead > 300) {
				result(result_path, "dead");
				return DEAD;
			}
		} else if (killed ? t - killed > 10000 : t - start > timeout + 20000) {
			break;
		} else if (!killed && t - start > timeout) {
			killed = t;
			send_text(pty, "\n@K %s\n", r.id);
		} else if (t - heard > (r.seen ? 1000 : 10000)) {
			/* A damaged or lost message, or a command that takes long. */
			heard = t;
			send_text(pty, "\n@A %s\n", r.id);
		}
		usleep(POLL_US);
	}
	/* First: whoever reads the output may end before it does. */
	if (r.ended)
		result(result_path, killed ? "timeout" : "exit");
	for (size_t i = 0; i < r.allocated && r.chunk[i].have; i++)
		fwrite(r.chunk[i].data, 1, r.chunk[i].len, stdout);
	return r.ended && !killed ? r.status : LATE;
}

static int cmd_write(const char *path, unsigned int count, const char *value)
{
	struct xs_handle *xs = xs_open(0);
	char key[256];
	bool good = xs;

	for (unsigned int i = 1; i <= count && good; i++) {
		snprintf(key, sizeof(key), "%s/%u", path, i);
		good = xs_write(xs, XBT_NULL, key, value, (unsigned int)strlen(value));
	}
	if (!good)
		perror("labtool: cannot write to xenstore");
	if (xs)
		xs_close(xs);
	return good ? DONE : LATE;
}

/* By varlink's rules: a message and a zero byte, and so is the answer. */
static int cmd_ask(const char *path, const char *message)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(message) + 1;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char c;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    send(fd, message, length, 0) != (ssize_t)length) {
		fprintf(stderr, "labtool: cannot ask %s: %s\n", path, strerror(errno));
		return LATE;
	}
	while (recv(fd, &c, 1, 0) == 1) {
		putchar(c ? c : '\n');
		if (!c)
			return 0;
	}
	return LATE;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (argc == 4 && !strcmp(verb, "ask"))
		return cmd_ask(argv[2], argv[3]);
	if (argc == 5 && !strcmp(verb, "write"))
		return cmd_write(argv[2], number(argv[3]), argv[4]);

	xch = xc_interface_open(NULL, NULL, 0);
	if (!xch) {
		perror("labtool: no access to Xen");
		return LATE;
	}
	if (argc == 2 && !strcmp(verb, "host"))
		return cmd_host();
	if (argc == 3 && !strcmp(verb, "dom"))
		return cmd_dom(number(argv[2]));
	if (argc == 3 && !strcmp(verb, "vnuma"))
		return cmd_vnuma(number(argv[2]));
	if (argc == 4 && !strcmp(verb, "hold"))
		return cmd_hold(number(argv[2]), number(argv[3]));
	if (argc == 5 && !strcmp(verb, "give"))
		return cmd_give(number(argv[2]), number(argv[3]), number(argv[4]));
	if (argc == 6 && !strcmp(verb, "wait-size"))
		return cmd_wait_size(number(argv[2]), number(argv[3]), number(argv[4]), number(argv[5]));
	if (argc == 6 && !strcmp(verb, "wait-text"))
		return cmd_wait_text(number(argv[2]), argv[3], argv[4], number(argv[5]));
	if (argc == 8 && !strcmp(verb, "exec"))
		return cmd_exec(number(argv[2]), argv[3], argv[4], number(argv[5]), argv[6], argv[7]);
	fputs("usage: labtool host | dom DOMID | vnuma DOMID | hold DOMID PAGES |\n"
	      "       give DOMID FRAME PAGES | ask SOCKET MESSAGE | write PATH COUNT VALUE |\n"
	      "       wait-size DOMID PAGES TOLERANCE TIMEOUT_MS | wait-text DOMID LOG TEXT TIMEOUT_MS |\n"
	      "       exec DOMID PTY LOG TIMEOUT_MS RESULT COMMAND\n", stderr);
	return USAGE;
}
