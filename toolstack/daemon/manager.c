/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "manager.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "act.h"
#include "advice.h"
#include "history_file.h"
#include "monitor.h"
#include "pace.h"
#include "reopen.h"

/* That Xen runs low is said once in so long. */
#define TELL_LOW_MS 60000

struct manager {
	struct manager_host host;
	struct config config;
	struct hb *hb;
	struct hb_monitor *monitor;
	struct sight sight;
	struct hb_balance balance;
	struct hb_balance preview;	/* what manager_preview() decided */
	struct hb_pace pace;
	bool changed;		/* a domain has: by the monitor */
	bool unheard;		/* what was to be heard last could not be */
	bool knows_all;		/* each domain that was there when the host was opened */
	bool behind;		/* something is left to be heard at once */
	struct hb_reopen reopen;
	bool told_lost, told_short, told_pool;
	uint64_t told_low_ms;		/* 0: never */
	char told_limits[512];	/* the last complaint about them */
	char told_note[512];	/* the same of what is to be written to them */
	struct hb_history history;
	struct history_file history_file;
	bool told_history;
	uint64_t rounds, writes, refused, locked, reopened;
};

static uint64_t now_ms(const struct manager *manager)
{
	return manager->host.now_ms(manager->host.argument);
}

static void say(const struct manager *manager, enum manager_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void say(const struct manager *manager, enum manager_level level, const char *format, ...)
{
	char text[1024];
	va_list args;

	if (level == MANAGER_DEBUG && !manager->config.verbose)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	manager->host.log(level, text, manager->host.argument);
}

#define WHO_TEXT 300

static const char *who(const struct hb_domain *domain, char text[WHO_TEXT])
{
	if (*domain->name)
		snprintf(text, WHO_TEXT, "%s (%u)", domain->name, domain->domid);
	else
		snprintf(text, WHO_TEXT, "domain %u", domain->domid);
	return text;
}

static void say_error(const struct manager *manager, enum manager_level level, const char *what,
		      const struct hb_error *error)
{
	say(manager, level, "%s: %s%s%s", what, error->message, *error->remedy ? "; " : "", error->remedy);
}

/* --------------------------------------------------------------- connection */

static void on_change(const struct hb_change *change, void *argument)
{
	struct manager *manager = argument;

	(void)change;
	manager->changed = true;
}

/* They point to domains of the monitor, which need not be there any more. */
static void forget_domains(struct manager *manager)
{
	manager->sight.count = 0;
	manager->balance.control.count = 0;
	hb_balance_clear(&manager->preview);
}

static void disconnect(struct manager *manager)
{
	hb_monitor_close(manager->monitor);
	hb_close(manager->hb);
	manager->monitor = NULL;
	manager->hb = NULL;
	manager->knows_all = manager->behind = false;
	forget_domains(manager);
}

/* The host does not work: all is tried again later, ever more rarely. */
static void lose(struct manager *manager, const struct hb_error *error)
{
	if (!manager->told_lost)
		say_error(manager, MANAGER_ERROR, "nobody is sized for now, and it is tried again", error);
	manager->told_lost = true;
	disconnect(manager);
	hb_reopen_lost(&manager->reopen, now_ms(manager));
}

/* Without it, it is seen in the next round that the host has less. */
static void hear_low(struct manager *manager)
{
	int rc = hb_monitor_hear_low(manager->monitor);

	if (rc)
		say(manager, MANAGER_DEBUG, "Xen cannot be heard of when it runs low on memory: %s", strerror(-rc));
}

static void connect_host(struct manager *manager)
{
	struct hb_error error;
	enum hb_code code = manager->host.open(&manager->hb, &error, manager->host.argument);

	if (!code) {
		act_never_wait(manager->hb);
		code = hb_monitor_open(manager->hb, on_change, manager, &manager->monitor, &error);
	} else {
		manager->hb = NULL;
	}
	if (code) {
		lose(manager, &error);
		return;
	}
	hear_low(manager);
	manager->reopened++;
	hb_reopen_opened(&manager->reopen);
	hb_pace_wake(&manager->pace, now_ms(manager));
}

/* Something of the host's has failed: it may be for now. */
static void note_failure(struct manager *manager, const struct hb_error *error)
{
	enum hb_failure failure = hb_reopen_failed(&manager->reopen, error->reason == HB_REASON_NO_ANSWER);

	if (failure == HB_FAILURE_LOST)
		lose(manager, error);
	else if (failure == HB_FAILURE_FIRST)
		say_error(manager, MANAGER_WARNING, "the host could not be looked at", error);
}

static void note_success(struct manager *manager)
{
	if (manager->told_lost)
		say(manager, MANAGER_WARNING, "the host answers again: guests are sized");
	manager->told_lost = false;
	hb_reopen_works(&manager->reopen);
}

/* ------------------------------------------------------------------ in words */

/* What is wrong with limits, once. */
static void tell_limits(struct manager *manager)
{
	const struct sight *sight = &manager->sight;
	const struct hb_error *error = sight->limits_error.code ? &sight->limits_error : &sight->damage;
	const char *text = error->code ? error->message : "";

	if (!strcmp(manager->told_limits, text))
		return;
	snprintf(manager->told_limits, sizeof(manager->told_limits), "%s", text);
	if (error->code)
		say_error(manager, MANAGER_WARNING, sight->limits_error.code ?
			  "no guest is sized" : "some guests are not sized", error);
	else
		say(manager, MANAGER_INFO, "limits can be read again");
}

/* Once of each that comes to another: whose the record is cannot be told, by its uuid. */
static void tell_twins(struct manager *manager)
{
	for (size_t i = 0; i < manager->sight.count; i++) {
		const struct hb_look *look = &manager->sight.looks[i];
		struct hb_balanced *kept = &manager->balance.all[i];
		char a[WHO_TEXT], b[WHO_TEXT];

		if (look->twin && look->twin->domid < look->domain->domid && !kept->said_twin)
			say(manager, MANAGER_WARNING, "%s and %s have the same uuid, %s, and with it the same limits: "
			    "neither is sized; %s",
			    who(look->twin, a), who(look->domain, b), look->domain->uuid, hb_advice_same_uuid());
		kept->said_twin = look->twin;
	}
}

/* It comes each time that Xen's free memory sinks below a mark: a guest can have that often. */
static void tell_low(struct manager *manager, uint64_t now)
{
	if (manager->told_low_ms && now < manager->told_low_ms + TELL_LOW_MS)
		return;
	manager->told_low_ms = now;
	say(manager, MANAGER_WARNING, "Xen runs low on memory: all is looked at now");
}

static void tell_host(struct manager *manager)
{
	const uint64_t kib = manager->balance.control.short_kib;
	char size[HB_SIZE_TEXT];

	if (!kib == !manager->told_short)
		return;
	manager->told_short = kib;
	if (kib)
		say(manager, MANAGER_WARNING, "the minima of all guests, and what is kept for those in distress, are "
		    "%s more than the host has: nobody goes below its own; "
		    "lower some with \"hotballoon limits DOM --min=SIZE\"",
		    hb_size_human(kib, size));
	else
		say(manager, MANAGER_INFO, "the host has the minima of all guests again");
}

/* Once for a configuration: only the host says whether it can be meant. */
static void tell_pool(struct manager *manager)
{
	const struct config *config = &manager->config;
	const struct hb_control *control = &manager->balance.control;
	char pool[HB_SIZE_TEXT], total[HB_SIZE_TEXT], kept[HB_SIZE_TEXT];

	if (manager->told_pool || config->pool.presence == control->pool.presence)
		return;
	manager->told_pool = true;
	say(manager, MANAGER_ERROR,
	    "%s:%u: pool = %s is more than half of the host's %s: it is as with auto, %s; "
	    "give it another size there, and reload",
	    config->from[CONFIG_POOL].file, config->from[CONFIG_POOL].line, hb_size_human(config->pool.value, pool),
	    hb_size_human(control->host->total_kib, total),
	    hb_size_human(hb_control_pool_kib(control->host->total_kib), kept));
}

/* A guest that is left as it is: only what somebody can do something about is no detail. */
static enum manager_level level_of(enum hb_motive reason)
{
	return reason == HB_MOTIVE_STUCK || reason == HB_MOTIVE_NO_REPORT || reason == HB_MOTIVE_OTHER_MANAGER ?
	       MANAGER_WARNING : MANAGER_DEBUG;
}

static void tell_reason(struct manager *manager, struct hb_controlled *one)
{
	struct hb_balanced *kept = hb_balance_of(&manager->balance, one);
	char text[WHO_TEXT], size[HB_SIZE_TEXT];
	/* A guest can fall silent as often as it likes. */
	const bool again = one->reason == HB_MOTIVE_NO_REPORT && kept->said_silent;

	/* That one moves or rests is told by the action. */
	if (kept->said == one->reason || one->to_kib != one->from_kib || one->reason == HB_MOTIVE_MOVES)
		return;
	/* After it was given what it rests at, it has been told already. */
	if (kept->said != HB_MOTIVE_RESTS || one->reason != HB_MOTIVE_STUCK)
		say(manager, again ? MANAGER_DEBUG : level_of(one->reason), "%s keeps %s: %s",
		    who(one->domain, text), hb_size_human(one->from_kib, size), hb_motive_text(one->reason));
	kept->said = one->reason;
	kept->said_silent |= one->reason == HB_MOTIVE_NO_REPORT;
}

static void tell_deed(struct manager *manager, const struct hb_controlled *one)
{
	char text[WHO_TEXT], from[HB_SIZE_TEXT], to[HB_SIZE_TEXT];
	struct hb_balanced *kept = hb_balance_of(&manager->balance, one);
	bool dry = manager->config.dry_run;

	/* A dry run decides the same again and again. */
	if (dry && kept->said == one->reason && kept->said_kib == one->to_kib)
		return;
	kept->said = one->reason;
	kept->said_silent = false;
	kept->said_kib = one->to_kib;
	say(manager, one->reason == HB_MOTIVE_RESTS || one->reason == HB_MOTIVE_DISTRESS ?
	    MANAGER_WARNING : MANAGER_INFO, "%s: %s -> %s%s: %s", who(one->domain, text),
	    hb_size_human(one->from_kib, from), hb_size_human(one->to_kib, to),
	    dry ? ", if this were no dry run" : "", hb_motive_text(one->reason));
}

static void complain(struct manager *manager, const struct hb_controlled *one, uint64_t to_kib,
		     const struct hb_error *error)
{
	struct hb_balanced *kept = hb_balance_of(&manager->balance, one);
	char text[WHO_TEXT], what[WHO_TEXT + 64], to[HB_SIZE_TEXT];

	if (kept->complained == error->reason)
		return;
	kept->complained = error->reason;
	snprintf(what, sizeof(what), "%s could not be given %s", who(one->domain, text),
		 hb_size_human(to_kib, to));
	say_error(manager, MANAGER_WARNING, what, error);
}

/*
 * It has its size, and what comes after that failed: it can hold more than that. Once for each
 * reason, until it works. Another tool's lock, and its end, are no failures, and a lost host is told.
 */
static void tell_unsettled(struct manager *manager, const struct hb_controlled *one, enum hb_code code,
			   const struct hb_error *error)
{
	struct hb_balanced *kept = hb_balance_of(&manager->balance, one);
	const enum hb_reason reason = code ? error->reason : HB_REASON_NONE;
	char text[WHO_TEXT];

	if (code == HB_E_INTERRUPTED || code == HB_E_NO_DOMAIN || reason == HB_REASON_NO_ANSWER ||
	    kept->unsettled == reason)
		return;
	kept->unsettled = reason;
	if (code)
		say(manager, MANAGER_WARNING, "Xen's limit for %s did not follow to its size, and is tried again: %s",
		    who(one->domain, text), error->message);
}

/* Once, until it works. */
static void tell_history(struct manager *manager, const char *what, int error)
{
	if (error && !manager->told_history)
		say(manager, MANAGER_WARNING, "the history in %s cannot be %s, and is lost when this ends: %s",
		    manager->host.history, what, strerror(error));
	manager->told_history = error;
}

static void remember(struct manager *manager, const struct hb_controlled *one)
{
	const struct hb_deed deed = hb_deed_of(one, manager->host.time_ms(manager->host.argument));

	tell_history(manager, "written", history_file_add(&manager->history_file, &manager->history, &deed));
	hb_history_add(&manager->history, &deed);
}

/* ------------------------------------------------------------------- deeds */

static void note_done(struct manager *manager, const struct hb_controlled *one)
{
	struct hb_balanced *kept = hb_balance_of(&manager->balance, one);

	kept->complained = HB_REASON_NONE;
	manager->writes++;
	hb_balance_done(&manager->balance, one);
	tell_deed(manager, one);
	remember(manager, one);
}

static void note_failed(struct manager *manager, const struct hb_controlled *one, enum hb_code code,
			const struct hb_error *error)
{
	const uint64_t to_kib = one->to_kib;
	enum hb_undone undone = hb_balance_failed(&manager->balance, one, code, error->reason);
	bool locked = undone == HB_UNDONE_LOCKED || undone == HB_UNDONE_LOCKED_LONG;
	char text[WHO_TEXT];

	manager->locked += locked;
	manager->refused += !locked;
	if (undone == HB_UNDONE_LOCKED_LONG)
		say(manager, MANAGER_WARNING, "another tool has had %s or the host locked for a while: it is sized when that ends",
		    who(one->domain, text));
	if (undone == HB_UNDONE_REFUSED)
		complain(manager, one, to_kib, error);
}

/* False if the host is lost. */
static bool carry_out(struct manager *manager, const struct hb_controlled *one)
{
	struct hb_error error;
	enum hb_code code;
	bool done;

	if (manager->config.dry_run) {
		tell_deed(manager, one);
		hb_balance_undo(&manager->balance, one, false);
		return true;
	}
	code = act_set(manager->hb, manager->monitor, one, &done, &error);
	if (done) {
		note_done(manager, one);
		/* What could not be done after that, settle() does later. */
		tell_unsettled(manager, one, code, &error);
	} else {
		note_failed(manager, one, code, &error);
	}
	if (!code || error.reason != HB_REASON_NO_ANSWER)
		return true;
	lose(manager, &error);
	return false;
}

/* Xen's limit follows to guests that have got there; false if the host is lost. */
static bool settle(struct manager *manager, const struct hb_controlled *one)
{
	struct hb_error error;
	enum hb_code code;

	if (manager->config.dry_run || !hb_balance_is_to_settle(&manager->balance, one))
		return true;
	code = act_settle(manager->hb, one->domain, &error);
	hb_balance_settled(&manager->balance, one, code);
	tell_unsettled(manager, one, code, &error);
	if (!code || error.reason != HB_REASON_NO_ANSWER)
		return true;
	lose(manager, &error);
	return false;
}

/*
 * What is left of a round whose time is up is decided anew in the next, which comes at once: who
 * calls meanwhile does not wait for all of it.
 */
static bool is_over(struct manager *manager, uint64_t until_ms)
{
	bool over = now_ms(manager) >= until_ms;

	manager->balance.control.soon |= over;
	return over;
}

/* False if the host is lost. */
static bool act_on_all(struct manager *manager, uint64_t until_ms)
{
	const struct hb_control *control = &manager->balance.control;
	bool over = false;

	for (size_t i = 0; i < control->nr_actions; i++) {
		over = over || (i && is_over(manager, until_ms));
		if (over)
			hb_balance_undo(&manager->balance, control->actions[i], false);
		else if (!carry_out(manager, control->actions[i]))
			return false;
	}
	for (size_t i = 0; i < control->count && !over; i++) {
		if (!settle(manager, &control->domains[i]))
			return false;
		over = is_over(manager, until_ms);
	}
	return true;
}

/* One with another's size is left alone nevertheless, until it has the manager's again. */
static void tell_not_noted(struct manager *manager, const struct hb_domain *domain, bool foreign,
			   const struct hb_error *error)
{
	char text[WHO_TEXT], what[WHO_TEXT + 96];

	if (!strcmp(manager->told_note, error->message))
		return;
	snprintf(manager->told_note, sizeof(manager->told_note), "%s", error->message);
	snprintf(what, sizeof(what), foreign ?
		 "that somebody has set the size of %s cannot be kept, and it is tried again" :
		 "the size that %s was built with cannot be kept, and it is tried again", who(domain, text));
	say_error(manager, MANAGER_WARNING, what, error);
}

static void note_all(struct manager *manager)
{
	struct act_notes notes;
	struct hb_error error;
	enum act_note noted = act_note(manager->hb, &manager->sight, &notes, &error);

	manager->balance.control.soon |= notes.more && noted == ACT_NOTE_DONE;
	if (noted == ACT_NOTE_FAILED)
		tell_not_noted(manager, notes.first, notes.foreign, &error);
	else if (noted == ACT_NOTE_DONE && *manager->told_note)
		say(manager, MANAGER_INFO, "it can be kept again that somebody has set a size");
	if (noted <= ACT_NOTE_DONE)
		*manager->told_note = '\0';
}

static bool carry_out_all(struct manager *manager)
{
	const struct hb_control *control = &manager->balance.control;

	for (size_t i = 0; i < control->count; i++)
		tell_reason(manager, &control->domains[i]);
	/* Whose the sizes are: in a dry run, too, or what a person sets meanwhile is lost when it ends. */
	note_all(manager);
	if (!manager->config.dry_run)
		act_announce(manager->hb, control->actions, control->nr_actions);
	return act_on_all(manager, hb_pace_until_ms(now_ms(manager)));
}

/* ------------------------------------------------------------------- rounds */

static bool no_memory(struct manager *manager)
{
	say(manager, MANAGER_ERROR, "out of memory: it is tried again in a second");
	hb_pace_put_off(&manager->pace, now_ms(manager));
	return false;
}

/* One that could not be read when that was tried last, or never yet; false: there is none. */
static bool find_unreadable(const struct manager *manager, uint32_t *domid)
{
	for (size_t i = 0; i < manager->sight.count; i++) {
		*domid = manager->sight.looks[i].domain->domid;
		if (manager->sight.looks[i].stale)
			return true;
	}
	*domid = 0;
	return hb_monitor_find_unread(manager->monitor, domid);
}

/*
 * A domain that cannot be read is left alone, but if that is because nothing can be read any
 * more, the host is lost.
 */
static bool is_lost(struct manager *manager)
{
	struct hb_error error;
	uint32_t domid;

	if (!find_unreadable(manager, &domid) || !act_probe(manager->hb, domid, &error) ||
	    error.reason != HB_REASON_NO_ANSWER)
		return false;
	lose(manager, &error);
	return true;
}

/* False if that was not possible, which was told, or somebody is to be read first: that is done at once. */
static bool look(struct manager *manager, uint64_t now)
{
	struct hb_error error;
	bool memory;

	if (sight_look(&manager->sight, manager->hb, manager->monitor, &manager->behind, &error)) {
		note_failure(manager, &error);
		return false;
	}
	if (manager->behind) {
		hb_pace_wake(&manager->pace, now);
		return false;
	}
	if (is_lost(manager))
		return false;
	manager->balance.to_come = &manager->sight.to_come;
	hb_balance_hear(&manager->balance, manager->sight.looks, manager->sight.count, now, &memory);
	return memory ? true : no_memory(manager);
}

static void decide(struct manager *manager, struct hb_balance *balance, uint64_t now)
{
	hb_balance_decide(balance, manager->sight.looks, &manager->sight.host, now);
}

static void do_round(struct manager *manager, uint64_t now)
{
	hb_pace_begin(&manager->pace, now);
	manager->changed = false;
	if (!look(manager, now))
		return;
	tell_limits(manager);
	tell_twins(manager);
	decide(manager, &manager->balance, now);
	note_success(manager);
	tell_host(manager);
	tell_pool(manager);
	if (!carry_out_all(manager))
		return;
	manager->rounds++;
	hb_pace_end(&manager->pace, hb_balance_next_ms(&manager->balance), manager->config.look_s,
		    manager->config.dry_run);
}

/* False if there is no memory. */
static bool hear_all(struct manager *manager, uint64_t now, bool *due)
{
	struct sight *sight = &manager->sight;
	struct hb_error ignored;
	bool memory;

	if (sight_domains(sight, manager->monitor, &ignored))
		return false;
	*due = hb_balance_hear(&manager->balance, sight->looks, sight->count, now, &memory);
	return memory;
}

static bool hear_some(struct manager *manager, const struct hb_heard *heard, uint64_t now)
{
	bool due = false;

	for (size_t i = 0; i < heard->count; i++) {
		const struct hb_look *look = sight_heard(&manager->sight, heard->domids[i]);

		due |= look && hb_balance_hear_one(&manager->balance, look - manager->sight.looks, look, now);
	}
	return due;
}

/* What the domains say by now: all, or those that have been read since. False if there is no memory. */
static bool hear_domains(struct manager *manager, uint64_t now, bool *due)
{
	const struct hb_heard heard = hb_monitor_take_heard(manager->monitor);

	manager->unheard |= heard.all;
	if (!manager->unheard) {
		*due = hear_some(manager, &heard, now);
		return true;
	}
	manager->unheard = !hear_all(manager, now, due);
	if (manager->unheard)
		forget_domains(manager);
	return !manager->unheard;
}

/*
 * Reads of the domains what there is time for. Until all have been read nothing is said of them: what
 * was known of one before the host was opened anew stays so.
 */
static enum hb_code read_domains(struct manager *manager, uint64_t now, struct hb_error *error)
{
	enum hb_code code = hb_monitor_dispatch_until(manager->monitor, hb_pace_until_ms(now), &manager->behind, error);

	manager->behind &= !code;
	manager->knows_all |= !code && !manager->behind;
	return code;
}

/* Takes note of what has happened; false if there is no more to do now. */
static bool hear(struct manager *manager, uint64_t now)
{
	struct hb_error error;
	bool due = false;
	enum hb_code code = read_domains(manager, now, &error);

	/* Whatever has failed: of who has ended nothing is left, also not in what was decided last. */
	if (manager->knows_all && !hear_domains(manager, now, &due))
		return no_memory(manager);
	if (code)
		note_failure(manager, &error);
	if (code || !manager->knows_all)
		return false;
	if (hb_monitor_take_low(manager->monitor)) {
		tell_low(manager, now);
		due = true;
	}
	hb_pace_hear(&manager->pace, due || !manager->balance.control.count,
		     manager->changed || manager->balance.news, now);
	/* Nobody is given what one that is not known yet may take. */
	return !manager->behind;
}

static uint64_t next_ms(const struct manager *manager, uint64_t now)
{
	if (!manager->hb)
		return manager->reopen.at_ms;
	return manager->behind ? now : hb_pace_again_ms(now);
}

uint64_t manager_run(struct manager *manager)
{
	uint64_t now = now_ms(manager);

	if (!manager->hb && now >= manager->reopen.at_ms)
		connect_host(manager);
	if (!manager->hb)
		return manager->reopen.at_ms;
	if (!hear(manager, now))
		return next_ms(manager, now);
	if (manager->pace.round_ms > now)
		return manager->pace.round_ms;
	do_round(manager, now);
	return manager->hb ? manager->pace.round_ms : manager->reopen.at_ms;
}

/* --------------------------------------------------------------- the object */

void manager_configure(struct manager *manager, const struct config *config)
{
	manager->config = *config;
	manager->told_pool = false;
	manager->balance.preset = config->preset;
	manager->balance.surplus = config->surplus;
	manager->balance.domain_0 = config->domain_0;
	manager->balance.pool = config->pool;
	manager_wake(manager);
}

void manager_wake(struct manager *manager)
{
	hb_pace_wake(&manager->pace, now_ms(manager));
}

void manager_notice(struct manager *manager)
{
	hb_pace_hear(&manager->pace, true, false, now_ms(manager));
}

int manager_fd(const struct manager *manager)
{
	return manager->monitor ? hb_monitor_fd(manager->monitor) : -1;
}

struct manager *manager_new(const struct manager_host *host, const struct config *config)
{
	struct manager *manager = calloc(1, sizeof(*manager));

	if (!manager)
		return NULL;
	manager->host = *host;
	manager_configure(manager, config);
	tell_history(manager, "read", history_file_open(&manager->history_file, host->history, &manager->history));
	return manager;
}

void manager_free(struct manager *manager)
{
	if (!manager)
		return;
	disconnect(manager);
	sight_clear(&manager->sight);
	hb_balance_clear(&manager->balance);
	hb_balance_clear(&manager->preview);
	free(manager);
}

struct manager_view manager_look(const struct manager *manager)
{
	return (struct manager_view){
		.connected = manager->hb, .behind = manager->behind, .now_ms = now_ms(manager), .config = &manager->config,
		.balance = &manager->balance, .host = &manager->sight.host, .history = &manager->history,
		.time_ms = manager->host.time_ms(manager->host.argument), .rounds = manager->rounds, .writes = manager->writes,
		.refused = manager->refused, .locked = manager->locked, .reopened = manager->reopened,
	};
}

/* ----------------------------------------------------------- what clients ask */

static enum hb_code fail(struct hb_error *error, enum hb_reason reason, const char *message, const char *remedy)
{
	*error = (struct hb_error){ .code = HB_E_HOST, .reason = reason };
	snprintf(error->message, sizeof(error->message), "%s", message);
	snprintf(error->remedy, sizeof(error->remedy), "%s", remedy);
	return HB_E_HOST;
}

static enum hb_code check_host(const struct manager *manager, struct hb_error *error)
{
	if (manager->hb)
		return HB_OK;
	return fail(error, HB_REASON_NO_ANSWER, "Xen or xenstore does not answer now, and it is tried again",
		    "ask again in half a minute, and look at the log if it stays so");
}

/* The handle does not wait: its wait for a lock was ended at once. */
static enum hb_code finish(struct manager *manager, enum hb_code code, struct hb_error *error)
{
	if (code == HB_E_INTERRUPTED)
		code = fail(error, HB_REASON_LOCKED, "another tool has the domain or the host locked", "ask again");
	else if (code && error->reason == HB_REASON_NO_ANSWER)
		lose(manager, error);
	manager_wake(manager);
	return code;
}

enum hb_code manager_reserve(struct manager *manager, const struct hb_reserve_request *request,
			     struct hb_reservation *reservation, struct hb_error *error)
{
	enum hb_code code = check_host(manager, error);

	return code ? code : finish(manager, hb_reserve(manager->hb, request, reservation, error), error);
}

enum hb_code manager_limit(struct manager *manager, uint32_t domid, const struct hb_limits_change *change,
			   struct hb_domain *domain, struct hb_limits *limits, struct hb_error *error)
{
	enum hb_code code = check_host(manager, error);

	if (code)
		return code;
	code = hb_show(manager->hb, domid, domain, error);
	if (!code)
		code = hb_limits_set(manager->hb, domain, change, limits, error);
	return finish(manager, code, error);
}

static enum hb_code fail_look(const struct manager *manager, struct hb_error *error)
{
	if (manager->behind)
		return fail(error, HB_REASON_NOT_READ_YET, "domains are still being read", "ask again in a moment");
	return fail(error, HB_REASON_HOST_FAILED, "the host could not be looked at", "ask again");
}

enum hb_code manager_balance(struct manager *manager, struct hb_error *error)
{
	const uint64_t rounds = manager->rounds;
	enum hb_code code;

	manager_wake(manager);
	manager_run(manager);
	code = check_host(manager, error);
	return !code && manager->rounds == rounds ? fail_look(manager, error) : code;
}

enum hb_code manager_preview(struct manager *manager, struct manager_view *view, struct hb_error *error)
{
	uint64_t now = now_ms(manager);
	enum hb_code code = check_host(manager, error);

	if (code)
		return code;
	if (!hear(manager, now) || !look(manager, now) ||
	    !hb_balance_copy(&manager->preview, &manager->balance))
		return fail_look(manager, error);
	decide(manager, &manager->preview, now);
	*view = manager_look(manager);
	view->balance = &manager->preview;
	/* What was heard for it is still to be acted upon. */
	manager_wake(manager);
	return HB_OK;
}
