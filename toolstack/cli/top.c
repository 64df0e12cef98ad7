/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hotballoon top: on a terminal a live view, elsewhere one frame. Nothing is
 * changed. Plain escape sequences that every terminal of the last decades knows;
 * a screen library would be the larger half of the command.
 */
/* For ppoll(). */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "top.h"

#define INTERVAL_MAX 3600UL
/* Who took as long to say nothing would hold up each frame. */
#define PATIENCE_MS 500

#define SCREEN_BEGIN "\033[?1049h\033[?25l"	/* the other screen, no cursor */
#define SCREEN_END "\033[?25h\033[?1049l"
#define SCREEN_HOME "\033[H"
#define ERASE_LINE "\033[K"	/* from the cursor on */
#define ERASE_REST "\033[J"

static bool find_sort(const char *name, enum top_sort *sort)
{
	for (int i = 0; i < TOP_SORT_COUNT; i++) {
		if (!strcmp(name, top_sort_names[i])) {
			*sort = i;
			return true;
		}
	}
	return false;
}

enum hb_code cli_top_prepare(struct cli *cli)
{
	unsigned long seconds = 1;
	enum top_sort sort = TOP_SORT_ID;

	if (cli_has(cli, OPT_SORT) && !find_sort(cli->values[OPT_SORT], &sort))
		return cli_usage(cli, "\"--sort=%s\": sort by id, name, actual, target, demand or cause",
				 cli->values[OPT_SORT]);
	if (cli_has(cli, OPT_INTERVAL) &&
	    !cli_parse_number(cli->values[OPT_INTERVAL], INTERVAL_MAX, &seconds))
		return cli_usage(cli, "\"--interval=%s\": the time is 1 to 3600 whole seconds",
				 cli->values[OPT_INTERVAL]);
	cli->timeout_s = seconds;
	return HB_OK;
}

static enum hb_code fail_memory(struct cli *cli)
{
	return cli_fail(cli, HB_REASON_OUT_OF_MEMORY, "", "out of memory");
}

/* data->rows is to be released by free(). */
static enum hb_code make_rows(struct cli *cli, const struct hb_domain *const *domains,
			      struct top_data *data)
{
	struct cli_limits limits;

	data->rows = calloc(data->count + 1, sizeof(*data->rows));
	if (!data->rows)
		return fail_memory(cli);
	cli_read_limits(cli, &limits);
	for (size_t i = 0; i < data->count; i++) {
		struct top_row *row = &data->rows[i];

		row->domain = *domains[i];
		/* Of what cannot be read doctor tells more. */
		cli_find_limits(&limits, domains[i], &row->limits);
	}
	hb_limits_list_free(limits.list);
	return HB_OK;
}

static enum hb_code read_data(struct cli *cli, struct top_data *data)
{
	struct hb_domain **domains;
	enum hb_code code = hb_snapshot(cli->hb, &data->host, &domains, &data->count, &cli->error);

	data->rows = NULL;
	if (!code)
		code = make_rows(cli, (const struct hb_domain *const *)domains, data);
	hb_domains_free(domains);
	return code;
}

/* The same from what a monitor knows, once Xen has been asked for what it tells nobody. */
static enum hb_code follow_data(struct cli *cli, struct hb_monitor *monitor, struct top_data *data)
{
	const struct hb_domain **domains = NULL;
	enum hb_code code = hb_monitor_measure(monitor, &cli->error);

	data->rows = NULL;
	if (!code)
		code = hb_monitor_dispatch(monitor, &cli->error);
	if (!code)
		code = hb_monitor_memory(monitor, &data->host, &cli->error);
	if (code)
		return code;
	data->count = hb_monitor_count(monitor);
	domains = calloc(data->count + 1, sizeof(*domains));
	for (size_t i = 0; i < data->count && domains; i++)
		domains[i] = hb_monitor_domain(monitor, i);
	code = domains ? make_rows(cli, domains, data) : fail_memory(cli);
	free(domains);
	return code;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Rows are in order of domid still. */
static void read_reasons(struct cli *cli, struct top_data *data, struct top_view *view)
{
	const uint64_t begin = now_ms();
	struct json_object *reply = cli_ask_reasons(cli);
	size_t next = 0;

	for (size_t i = 0; i < data->count; i++)
		data->rows[i].reason = cli_reason_of(reply, &data->rows[i].domain, &next);
	view->unasked = !reply && now_ms() - begin >= PATIENCE_MS;
	json_object_put(reply);
}

static void read_clock(struct top_view *view)
{
	time_t now = time(NULL);
	struct tm local;

	strftime(view->clock, sizeof(view->clock), "%H:%M:%S", localtime_r(&now, &local));
}

static enum hb_code print_json(struct cli *cli, struct top_data *data)
{
	struct json_object *object = json_object_new_object(), *array = json_object_new_array();

	for (size_t i = 0; i < data->count; i++) {
		struct json_object *domain = cli_json_domain(&data->rows[i].domain);

		json_object_object_add(domain, "limits",
				       cli_json_limits(&data->rows[i].domain, &data->rows[i].limits));
		json_object_object_add(domain, "hotballoond", cli_json_reason(&data->rows[i].reason));
		json_object_array_add(array, domain);
	}
	json_object_object_add(object, "host", cli_json_host(&data->host));
	json_object_object_add(object, "domains", array);
	cli_print_json(cli, object);
	return HB_OK;
}

static enum hb_code print_once(struct cli *cli, struct top_view *view)
{
	struct top_data data;
	enum hb_code code = read_data(cli, &data);

	if (!code && cli_has(cli, OPT_JSON)) {
		read_reasons(cli, &data, view);
		top_sort_rows(&data, view);
		print_json(cli, &data);
	} else if (!code) {
		top_frame(cli->out, &data, view);
	}
	free(data.rows);
	return code;
}

static void read_size(struct cli *cli, struct top_view *view)
{
	struct winsize size = { 0 };

	view->width = TOP_WIDTH_MIN;
	view->height = 24;
	if (ioctl(fileno(cli->out), TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row)
		return;
	view->width = size.ws_col;
	view->height = size.ws_row;
}

/* Keys at once and unseen; Ctrl-Z and Ctrl-\ would leave the terminal like that. */
static void begin_screen(struct cli *cli, struct termios *before)
{
	struct termios raw;
	bool is_terminal = !tcgetattr(STDIN_FILENO, before);

	cli_guard_screen(fileno(cli->out), before, SCREEN_END);
	if (is_terminal) {
		raw = *before;
		raw.c_lflag &= ~(ICANON | ECHO);
		raw.c_cc[VSUSP] = _POSIX_VDISABLE;
		raw.c_cc[VQUIT] = _POSIX_VDISABLE;
		raw.c_cc[VMIN] = 0;
		raw.c_cc[VTIME] = 0;
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	fputs(SCREEN_BEGIN, cli->out);
}

static void end_screen(struct cli *cli, const struct termios *before)
{
	fputs(SCREEN_END, cli->out);
	fflush(cli->out);
	if (isatty(STDIN_FILENO))
		tcsetattr(STDIN_FILENO, TCSANOW, before);
	cli_guard_screen(-1, NULL, NULL);
}

static void on_resize(int number)
{
	(void)number;
}

/*
 * A terminal that has become larger or smaller ends the sleep between two frames, and
 * nothing else: *before is the mask for that sleep, and for afterwards.
 */
static void begin_resizes(sigset_t *before)
{
	struct sigaction action = { .sa_handler = on_resize };
	sigset_t resize;

	sigemptyset(&resize);
	sigaddset(&resize, SIGWINCH);
	sigprocmask(SIG_BLOCK, &resize, before);
	sigaction(SIGWINCH, &action, NULL);
}

static void end_resizes(const sigset_t *before)
{
	signal(SIGWINCH, SIG_DFL);
	sigprocmask(SIG_SETMASK, before, NULL);
}

static bool take_keys(struct top_view *view)
{
	char keys[32];
	ssize_t n = read(STDIN_FILENO, keys, sizeof(keys));

	/* A terminal that has gone away is readable and says nothing. */
	return n > 0 && top_take_keys(view, keys, n);
}

/* What there is to do for the monitor or a key, or an interruption, also by a new size: < 0. */
static int sleep_until(uint64_t end_ms, struct pollfd inputs[2], const sigset_t *mask)
{
	uint64_t now = now_ms(), left = end_ms > now ? end_ms - now : 0;
	const struct timespec time = { left / 1000, left % 1000 * 1000000 };

	return ppoll(inputs, isatty(STDIN_FILENO) ? 2 : 1, &time, mask);
}

/*
 * Until the time is over, the terminal is resized or a key was pressed; *go_on is false if
 * that says to quit. What changes on the host meanwhile is taken note of, and drawn when it
 * is time.
 */
static enum hb_code listen(struct cli *cli, struct hb_monitor *monitor, struct top_view *view,
			   const sigset_t *mask, bool *go_on)
{
	uint64_t end = now_ms() + cli->timeout_s * 1000ULL;
	struct pollfd inputs[] = {
		{ .fd = hb_monitor_fd(monitor), .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};
	enum hb_code code = HB_OK;
	bool key = false;
	int ready = 0;

	while (!code && !key && ready >= 0 && !cli_interrupted() && now_ms() < end) {
		ready = sleep_until(end, inputs, mask);
		key = ready > 0 && inputs[1].revents;
		if (ready > 0 && inputs[0].revents)
			code = hb_monitor_dispatch(monitor, &cli->error);
	}
	*go_on = (!key || take_keys(view)) && !cli_interrupted();
	return code;
}

/*
 * What a line covers is erased before it is drawn: behind one as wide as the screen the
 * cursor stands on its last character. The last line has no end: that would scroll.
 */
static void draw_lines(FILE *out, char *frame)
{
	fputs(SCREEN_HOME, out);
	for (char *line = frame, *end; (end = strchr(line, '\n')); line = end + 1) {
		bool last = !end[1];

		*end = '\0';
		fprintf(out, "%s%s%s", last ? ERASE_REST : ERASE_LINE, line, last ? "" : "\r\n");
	}
}

static enum hb_code draw_frame(struct cli *cli, struct top_data *data, const struct top_view *view)
{
	char *frame = NULL;
	size_t size;
	FILE *text = open_memstream(&frame, &size);
	bool whole = text;

	if (text) {
		top_frame(text, data, view);
		whole = !fclose(text);
	}
	if (whole)
		draw_lines(cli->out, frame);
	free(frame);
	return whole ? HB_OK : fail_memory(cli);
}

static enum hb_code draw(struct cli *cli, struct hb_monitor *monitor, struct top_view *view)
{
	struct top_data data;
	enum hb_code code = follow_data(cli, monitor, &data);

	if (!code) {
		read_size(cli, view);
		read_clock(view);
		if (view->width >= TOP_WIDTH_REASON && !view->unasked)
			read_reasons(cli, &data, view);
		view->page = top_rows_shown(&data, view);
		view->most = data.count - view->page;
		view->first = view->first < view->most ? view->first : view->most;
		code = draw_frame(cli, &data, view);
	}
	free(data.rows);
	return code;
}

static enum hb_code watch_screen(struct cli *cli, struct hb_monitor *monitor, struct top_view *view)
{
	struct termios before = { 0 };
	bool go_on = true;
	enum hb_code code;
	sigset_t mask;

	cli_begin_wait();
	begin_resizes(&mask);
	begin_screen(cli, &before);
	do {
		code = draw(cli, monitor, view);
		if (!code && fflush(cli->out))
			break;
		if (!code)
			code = listen(cli, monitor, view, &mask, &go_on);
	} while (!code && go_on);
	end_screen(cli, &before);
	end_resizes(&mask);
	cli_end_wait(cli);
	return code;
}

static enum hb_code watch_host(struct cli *cli, struct top_view *view)
{
	struct hb_monitor *monitor;
	enum hb_code code = hb_monitor_open(cli->hb, NULL, NULL, &monitor, &cli->error);

	if (!code)
		code = watch_screen(cli, monitor, view);
	hb_monitor_close(monitor);
	return code;
}

enum hb_code cli_top(struct cli *cli)
{
	struct top_view view = {
		.width = TOP_WIDTH_MIN, .sort = TOP_SORT_ID, .warning = cli_colour(cli, HB_WARNING),
		.fault = cli_colour(cli, HB_FAULT), .plain = cli_plain(cli),
	};

	if (cli_has(cli, OPT_SORT))
		find_sort(cli->values[OPT_SORT], &view.sort);
	read_clock(&view);
	if (cli_has(cli, OPT_JSON) || !isatty(fileno(cli->out)))
		return print_once(cli, &view);
	view.keys = true;
	return watch_host(cli, &view);
}
