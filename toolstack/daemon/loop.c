/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "loop.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "act.h"
#include "notify.h"
#include "socket.h"
#include "state.h"
#include "textfile.h"

struct loop {
	uv_loop_t *uv;
	const struct loop_terms *terms;
	struct manager *manager;
	uv_poll_t *poll;		/* of manager_fd(); NULL: there is none now */
	uint64_t opened;		/* which of the manager's connections it is of */
	uv_timer_t timer, watchdog;
	uv_signal_t hangup, terminate, interrupt;
	uv_fs_event_t limits;
	struct socket_server *server;
	struct textfile metrics;
	bool ready;
	bool owes_reloading, owes_ready;	/* that has not been taken yet, in that order */
};

/* So often who started us is told again what he did not take. */
#define NOTIFY_AGAIN_MS 100

static void say(const struct loop *loop, enum manager_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void say(const struct loop *loop, enum manager_level level, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	loop->terms->host->log(level, text, loop->terms->host->argument);
}

static void turn(struct loop *loop);

/* ------------------------------------------------------------------- events */

static void on_closed(uv_handle_t *handle)
{
	free(handle);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	turn(poll->data);
}

/* The manager opens its host anew after errors: another descriptor, whatever its number is. */
static void watch_manager(struct loop *loop)
{
	uint64_t opened = manager_look(loop->manager).reopened;
	int fd = manager_fd(loop->manager);

	if (loop->poll && fd >= 0 && opened == loop->opened)
		return;
	if (loop->poll)
		uv_close((uv_handle_t *)loop->poll, on_closed);
	loop->poll = fd >= 0 ? malloc(sizeof(*loop->poll)) : NULL;
	if (!loop->poll)
		return;
	loop->opened = opened;
	uv_poll_init(loop->uv, loop->poll, fd);
	loop->poll->data = loop;
	uv_poll_start(loop->poll, UV_READABLE, on_poll);
}

static void on_timer(uv_timer_t *timer)
{
	turn(timer->data);
}

static void set_timer(struct loop *loop, uint64_t next_ms)
{
	const struct manager_host *host = loop->terms->host;
	uint64_t now = host->now_ms(host->argument);

	uv_update_time(loop->uv);
	uv_timer_start(&loop->timer, on_timer, next_ms > now ? next_ms - now : 0, 0);
}

/* What is said once is said until it is taken; returns by when it is to be tried again. */
static uint64_t pay_notes(struct loop *loop, uint64_t now_ms)
{
	loop->owes_reloading = loop->owes_reloading && !notify_reloading();
	if (!loop->owes_reloading)
		loop->owes_ready = loop->owes_ready && !notify("READY=1\nSTATUS=guests are sized");
	return loop->owes_reloading || loop->owes_ready ? now_ms + NOTIFY_AGAIN_MS : UINT64_MAX;
}

/* Who gets on with a first look that takes its time shall not be started again for that. */
static void ask_for_time(void)
{
	notify("EXTEND_TIMEOUT_USEC=30000000");
}

static uint64_t earlier(uint64_t a_ms, uint64_t b_ms)
{
	return a_ms < b_ms ? a_ms : b_ms;
}

static void turn(struct loop *loop)
{
	uint64_t next = manager_run(loop->manager);
	const struct manager_view view = manager_look(loop->manager);

	socket_tell(loop->server);
	next = earlier(next, textfile_keep(&loop->metrics, &view));
	watch_manager(loop);
	loop->owes_ready |= !loop->ready && view.rounds;
	loop->ready |= view.rounds;
	if (!loop->ready && view.behind)
		ask_for_time();
	set_timer(loop, earlier(next, pay_notes(loop, view.now_ms)));
}

static void on_watchdog(uv_timer_t *timer)
{
	(void)timer;
	/* One that is not taken is of no matter: the next one says the same. */
	notify("WATCHDOG=1");
}

/* What else is there a round does not look at: what was done, and new files that may not fit on the disk. */
static bool is_for_rounds(const char *name)
{
	static const char *const names[] = {
		HB_STATE_HOST, HB_STATE_LIMITS, HB_STATE_RESERVATIONS, HB_STATE_TO_COME,
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(name, names[i]))
			return true;
	}
	return false;
}

/*
 * Limits are files that are replaced: what is there now is looked at in a round. One is replaced
 * in several events, and by ourselves, too.
 */
static void on_limits(uv_fs_event_t *event, const char *name, int events, int status)
{
	struct loop *loop = event->data;

	(void)events;
	if (status || (name && !is_for_rounds(name)))
		return;
	manager_notice(loop->manager);
	turn(loop);
}

/* ------------------------------------------------------------------ signals */

static void on_complaint(const char *text, void *argument)
{
	say(argument, MANAGER_ERROR, "%s", text);
}

static void on_metrics(const char *text, void *argument)
{
	say(argument, MANAGER_WARNING, "%s", text);
}

static void on_hangup(uv_signal_t *signal, int number)
{
	struct loop *loop = signal->data;
	struct config config;

	(void)number;
	loop->owes_reloading = true;
	pay_notes(loop, 0);
	if (config_read(&config, loop->terms->config_path, loop->terms->config_must, on_complaint, loop)) {
		manager_configure(loop->manager, &config);
		socket_let_in(loop->server, config.everybody);
		say(loop, MANAGER_INFO, "the configuration was read again");
	} else {
		say(loop, MANAGER_ERROR, "the configuration stays as it was: mend it, then \"hotballoond --check\" and SIGHUP again");
	}
	/* Not before guests are sized: turn() says so then. */
	loop->owes_ready |= loop->ready;
	turn(loop);
}

static void on_end(uv_signal_t *signal, int number)
{
	struct loop *loop = signal->data;

	(void)number;
	notify("STOPPING=1");
	uv_stop(loop->uv);
}

/* ------------------------------------------------------------------ the loop */

static int begin(struct loop *loop)
{
	const uint64_t watchdog_us = notify_watchdog_us();
	int rc = uv_timer_init(loop->uv, &loop->timer);

	rc = rc ? rc : uv_timer_init(loop->uv, &loop->watchdog);
	rc = rc ? rc : uv_signal_init(loop->uv, &loop->hangup);
	rc = rc ? rc : uv_signal_init(loop->uv, &loop->terminate);
	rc = rc ? rc : uv_signal_init(loop->uv, &loop->interrupt);
	rc = rc ? rc : uv_fs_event_init(loop->uv, &loop->limits);
	loop->timer.data = loop->hangup.data = loop->terminate.data = loop->interrupt.data =
		loop->limits.data = loop;
	rc = rc ? rc : uv_signal_start(&loop->hangup, on_hangup, SIGHUP);
	rc = rc ? rc : uv_signal_start(&loop->terminate, on_end, SIGTERM);
	rc = rc ? rc : uv_signal_start(&loop->interrupt, on_end, SIGINT);
	if (!rc && watchdog_us)
		rc = uv_timer_start(&loop->watchdog, on_watchdog, watchdog_us / 2000, watchdog_us / 2000);
	return rc;
}

/*
 * Without it, changes of limits are seen at the next round. The folder is made by who needs it
 * first: until then there is nothing that could be watched.
 */
static void watch_limits(struct loop *loop)
{
	int rc;

	mkdir(loop->terms->state_dir, 0755);
	rc = uv_fs_event_start(&loop->limits, on_limits, loop->terms->state_dir, 0);

	if (rc)
		say(loop, MANAGER_WARNING, "%s cannot be watched (%s): new limits count within %u s",
		    loop->terms->state_dir, uv_strerror(rc), loop->terms->config->look_s);
}

static void on_changed(void *argument)
{
	turn(argument);
}

/* It sizes guests whether somebody can ask it or not. */
static void listen_to_clients(struct loop *loop)
{
	const struct socket_terms terms = {
		.path = loop->terms->socket, .manager = loop->manager, .everybody = loop->terms->config->everybody,
		.changed = on_changed, .argument = loop,
	};
	int rc = 0;

	if (terms.path)
		loop->server = socket_open(loop->uv, &terms, &rc);
	if (rc)
		say(loop, MANAGER_WARNING, "nobody can ask at %s: %s", loop->terms->socket, uv_strerror(rc));
}

static void close_handle(uv_handle_t *handle, void *argument)
{
	struct loop *loop = argument;
	bool ours = handle == (uv_handle_t *)&loop->timer || handle == (uv_handle_t *)&loop->watchdog ||
		    handle == (uv_handle_t *)&loop->hangup || handle == (uv_handle_t *)&loop->terminate ||
		    handle == (uv_handle_t *)&loop->interrupt || handle == (uv_handle_t *)&loop->limits;

	if (ours && !uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void end(struct loop *loop)
{
	if (loop->poll)
		uv_close((uv_handle_t *)loop->poll, on_closed);
	loop->poll = NULL;
	socket_close(loop->server);
	textfile_end(&loop->metrics);
	uv_walk(loop->uv, close_handle, loop);
	/* Until all that is ours has been closed; who gave the loop may have more in it. */
	uv_run(loop->uv, UV_RUN_NOWAIT);
	manager_free(loop->manager);
}

int loop_try(const struct manager_host *host)
{
	const struct loop_terms terms = { .host = host };
	const struct loop loop = { .terms = &terms };
	struct hb_error error;
	struct hb *hb;
	enum hb_code code = host->open(&hb, &error, host->argument);

	if (!code) {
		code = act_try(hb, &error);
		hb_close(hb);
	}
	if (code != HB_E_PERMISSION && code != HB_E_USAGE)
		return 0;
	say(&loop, MANAGER_ERROR, "%s%s%s", error.message, *error.remedy ? "; " : "", error.remedy);
	return code;
}

int loop_run(uv_loop_t *uv, const struct loop_terms *terms)
{
	struct loop loop = {
		.uv = uv, .terms = terms, .manager = manager_new(terms->host, terms->config),
		.metrics = { .complain = on_metrics, .argument = &loop },
	};
	int rc = loop.manager ? begin(&loop) : UV_ENOMEM;

	/* A client may go before it is answered, and who reads the log, too: that is an error to them. */
	signal(SIGPIPE, SIG_IGN);
	if (rc) {
		say(&loop, MANAGER_ERROR, "cannot begin: %s", uv_strerror(rc));
	} else {
		watch_limits(&loop);
		listen_to_clients(&loop);
		set_timer(&loop, 0);
		uv_run(uv, UV_RUN_DEFAULT);
		say(&loop, MANAGER_INFO, "ends: all guests keep the sizes that they have");
	}
	end(&loop);
	return rc ? 1 : 0;
}
