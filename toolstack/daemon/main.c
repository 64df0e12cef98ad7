/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hotballoond: keeps every guest of a Xen host at the size that it needs. */
#define _GNU_SOURCE	/* secure_getenv() */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "file_lock.h"
#include "interface.h"
#include "loop.h"

#define CONFIG_PATH "/etc/hotballoon/hotballoond.conf"
#define LOCK_PATH HB_HOST_LOCK_DIR "/hotballoond.lock"
/* As the command's. */
#define STATE_DIR_VARIABLE "HOTBALLOON_STATE_DIR"

static const char usage[] =
	"hotballoond - keep every guest of a Xen host at the size that it needs\n"
	"\n"
	"    hotballoond [--config=FILE] [--check]\n"
	"    hotballoond -h | --help | -V | --version\n"
	"\n"
	"  -c, --config=FILE  read FILE and FILE.d/*.conf, not " CONFIG_PATH "\n"
	"      --check        read the configuration, print it, and end\n"
	"  -h, --help         print this\n"
	"  -V, --version      print the version\n"
	"\n"
	"It runs in the foreground, until SIGTERM. SIGHUP: read the configuration again.\n"
	"Which guests it sizes, and between what, is said by \"hotballoon limits\".\n"
	"More: man hotballoond\n";

enum { OPTION_CHECK = 256 };

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "check", no_argument, NULL, OPTION_CHECK },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 }
};

struct arguments {
	const char *config;	/* NULL: the usual one, which need not be there */
	bool check, done;
};

/* False: that cannot be meant. */
static bool read_arguments(int argc, char **argv, struct arguments *arguments)
{
	int option;

	while ((option = getopt_long(argc, argv, "c:hV", options, NULL)) >= 0) {
		switch (option) {
		case 'c':
			arguments->config = optarg;
			break;
		case OPTION_CHECK:
			arguments->check = true;
			break;
		case 'h':
			fputs(usage, stdout);
			arguments->done = true;
			break;
		case 'V':
			puts("hotballoond " HB_VERSION);
			arguments->done = true;
			break;
		default:
			return false;
		}
	}
	if (optind == argc)
		return true;
	fprintf(stderr, "%s: there is no operand \"%s\"\n", argv[0], hb_text_clean(argv[optind]));
	return false;
}

/* ----------------------------------------------------------------- the host */

static const char *state_dir(void)
{
	const char *dir = secure_getenv(STATE_DIR_VARIABLE);

	return dir && *dir ? dir : HB_STATE_DIR;
}

static enum hb_code open_xen(struct hb **hb, struct hb_error *error, void *argument)
{
	enum hb_code code = hb_open(hb, error);

	(void)argument;
	if (!code)
		code = hb_set_state_dir(*hb, state_dir(), error);
	if (code)
		hb_close(*hb);
	return code;
}

static uint64_t now_ms(void *argument)
{
	struct timespec now;

	(void)argument;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000 + 1;
}

static uint64_t time_ms(void *argument)
{
	struct timespec now;

	(void)argument;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/* The journal takes the level from the beginning of a line. */
static void log_line(enum manager_level level, const char *text, void *argument)
{
	static const int syslog_level[] = {
		[MANAGER_ERROR] = 3, [MANAGER_WARNING] = 4, [MANAGER_INFO] = 6, [MANAGER_DEBUG] = 7,
	};

	(void)argument;
	if (getenv("JOURNAL_STREAM"))
		fprintf(stderr, "<%d>%s\n", syslog_level[level], text);
	else
		fprintf(stderr, "hotballoond: %s\n", text);
}

static void complain(const char *text, void *argument)
{
	(void)argument;
	fprintf(stderr, "%s\n", text);
}

static int run(const struct loop_terms *terms)
{
	int status = loop_try(terms->host), lock;

	if (status)
		return status;
	lock = hb_file_lock(LOCK_PATH);
	if (lock < 0) {
		fprintf(stderr, "hotballoond: %s\n", lock == -EBUSY ?
			"another hotballoond runs already: end that one first" : strerror(-lock));
		return lock == -EBUSY ? HB_E_REFUSED : HB_E_HOST;
	}
	status = loop_run(uv_default_loop(), terms);
	uv_loop_close(uv_default_loop());
	close(lock);
	return status;
}

int main(int argc, char **argv)
{
	static char history[PATH_MAX];
	static const struct manager_host host = {
		.open = open_xen, .now_ms = now_ms, .time_ms = time_ms, .log = log_line, .history = history,
	};
	struct arguments arguments = { 0 };
	static struct config config;
	const char *path;

	if (!read_arguments(argc, argv, &arguments)) {
		fprintf(stderr, "Try \"%s --help\".\n", argv[0]);
		return HB_E_USAGE;
	}
	if (arguments.done)
		return 0;
	path = arguments.config ? arguments.config : CONFIG_PATH;
	if (!config_read(&config, path, arguments.config, complain, NULL))
		return HB_E_USAGE;
	snprintf(history, sizeof(history), "%s/history", state_dir());
	if (!arguments.check)
		return run(&(struct loop_terms){
			.host = &host, .config = &config, .config_path = path,
			.config_must = arguments.config, .socket = HB_DAEMON_SOCKET, .state_dir = state_dir(),
		});
	config_print(&config, stdout);
	return fflush(stdout) ? HB_E_INTERNAL : 0;
}
