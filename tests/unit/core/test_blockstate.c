// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The states of a memory block: every state with every event, and every order of
 * events that the kernel and the driver can bring about.
 *
 * The second half is a model of the kernel's hotplug protocol for one block.  It knows
 * what is true of the block and derives from that what the driver should believe;
 * all that can happen is tried from every situation that can be reached.
 *
 * "test_blockstate --table" prints the table of docs/driver.md.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/blockstate.h"

/* ---- each pair for itself */

#define FOR_EACH_PAIR(_state, _event) \
	for (_state = 0; _state < HB_BLOCK_STATES; _state++) \
		for (_event = 0; _event < HB_EVENTS; _event++)

static void check_pair(enum hb_block_state state, enum hb_block_event event)
{
	struct hb_block_transition t = hb_block_transition(state, event);

	print_message("  %s, %s: %s\n", hb_block_state_word(state),
		      hb_block_event_word(event), t.why);
	assert_non_null(t.why);
	assert_true(t.next < HB_BLOCK_STATES);
	if (t.verdict == HB_VERDICT_IMPOSSIBLE)
		assert_int_equal(t.next, HB_BLOCK_QUARANTINED);
	if (t.verdict == HB_VERDICT_REFUSE)
		assert_int_equal(t.next, state);
	if (t.verdict != HB_VERDICT_ALLOW)
		assert_int_equal(t.act, HB_ACT_NONE);
	if (t.act == HB_ACT_LET_GO)
		assert_true(event == HB_EVENT_GOING_OFFLINE &&
			    t.next == HB_BLOCK_GOING_OFFLINE);
	if (t.act == HB_ACT_TAKE_BACK)
		assert_true(event == HB_EVENT_CANCEL_OFFLINE &&
			    state == HB_BLOCK_GOING_OFFLINE);
}

/* Only what asks can be refused: the rest has happened already. */
static bool is_question(enum hb_block_event event)
{
	return event == HB_EVENT_GOING_ONLINE ||
	       event == HB_EVENT_GOING_OFFLINE || event == HB_EVENT_REMOVE;
}

static void test_every_pair(void **unused)
{
	enum hb_block_state state;
	enum hb_block_event event;

	(void)unused;
	FOR_EACH_PAIR(state, event) {
		struct hb_block_transition t = hb_block_transition(state, event);

		check_pair(state, event);
		if (t.verdict == HB_VERDICT_REFUSE)
			assert_true(is_question(event));
		if (t.next == HB_BLOCK_GONE)
			assert_true(state == HB_BLOCK_NEW ||
				    state == HB_BLOCK_REMOVING);
		if (state == HB_BLOCK_GONE)
			assert_int_equal(t.verdict, HB_VERDICT_IMPOSSIBLE);
		/* What somebody parked, and what goes away, the driver leaves so. */
		if (state == HB_BLOCK_PARKED)
			assert_true(t.next != HB_BLOCK_REMOVING &&
				    t.next != HB_BLOCK_OFFLINE);
		if (state == HB_BLOCK_REMOVING)
			assert_true(t.next != HB_BLOCK_GOING_ONLINE &&
				    t.next != HB_BLOCK_ONLINE);
	}
}

static void test_quarantine_is_for_ever(void **unused)
{
	enum hb_block_event event;

	(void)unused;
	for (event = 0; event < HB_EVENTS; event++) {
		struct hb_block_transition t =
			hb_block_transition(HB_BLOCK_QUARANTINED, event);

		assert_int_equal(t.next, HB_BLOCK_QUARANTINED);
		assert_int_equal(t.act, HB_ACT_NONE);
		if (is_question(event))
			assert_int_equal(t.verdict, HB_VERDICT_REFUSE);
	}
}

static void test_words(void **unused)
{
	unsigned int i, j;

	(void)unused;
	for (i = 0; i < HB_BLOCK_STATES; i++)
		for (j = 0; j < i; j++)
			assert_string_not_equal(hb_block_state_word(i),
						hb_block_state_word(j));
	for (i = 0; i < HB_EVENTS; i++)
		for (j = 0; j < i; j++)
			assert_string_not_equal(hb_block_event_word(i),
						hb_block_event_word(j));
}

/* ---- the kernel's protocol for one block */

enum kernel {
	KERNEL_HAS_NOT,
	KERNEL_OFFLINE,
	KERNEL_GOING_ONLINE,
	KERNEL_ONLINE,
	KERNEL_GOING_OFFLINE,
};

/* How far a way online or offline has come. */
enum asked {
	ASKED_NOBODY,		/* also: somebody refused before the driver was asked */
	ASKED_AGREED,
	ASKED_REFUSED,
};

enum driver {
	DRIVER_SCANNING,	/* the block was there when the driver came */
	DRIVER_BOOKED,		/* about to add it */
	DRIVER_ADDING,		/* inside of the kernel's add_memory */
	DRIVER_ADDED,		/* that returned; the books do not say so yet */
	DRIVER_ADD_FAILED,
	DRIVER_IDLE,
	DRIVER_REMOVING,	/* the books say so; about to remove it */
	DRIVER_REMOVED,		/* the kernel did; the books do not say so yet */
	DRIVER_REMOVE_FAILED,
	DRIVER_FORGOT,
};

struct world {
	enum kernel kernel;
	enum asked asked;
	enum driver driver;
	bool by_us;		/* the worker is inside of that way */
	bool closed;		/* the driver is being loaded or unloaded: refuses */
	bool parked;		/* offline by somebody else's hand */
	bool fresh;		/* nobody has told the books anything */
	bool referenced;	/* the driver has a reference to each held page */
	enum hb_block_state believed;
};

static bool seen[HB_BLOCK_STATES][HB_EVENTS];

static bool under_way(const struct world *w)
{
	return w->kernel == KERNEL_GOING_ONLINE ||
	       w->kernel == KERNEL_GOING_OFFLINE;
}

static bool scanning(const struct world *w)
{
	return w->driver == DRIVER_SCANNING;
}

/* What the driver should believe. */
static enum hb_block_state truth(const struct world *w)
{
	bool agreed = under_way(w) && w->asked == ASKED_AGREED;

	switch (w->driver) {
	case DRIVER_SCANNING:
		return HB_BLOCK_NEW;
	case DRIVER_REMOVING:
	case DRIVER_REMOVED:
	case DRIVER_REMOVE_FAILED:
		return HB_BLOCK_REMOVING;
	case DRIVER_FORGOT:
		return HB_BLOCK_GONE;
	default:
		break;
	}
	if (agreed)
		return w->kernel == KERNEL_GOING_ONLINE ? HB_BLOCK_GOING_ONLINE :
							 HB_BLOCK_GOING_OFFLINE;
	if (w->kernel == KERNEL_ONLINE || w->kernel == KERNEL_GOING_OFFLINE)
		return HB_BLOCK_ONLINE;
	if (w->parked)
		return HB_BLOCK_PARKED;
	return w->fresh ? HB_BLOCK_NEW : HB_BLOCK_OFFLINE;
}

/* Tell the driver's books, and do with the references what they say. */
static bool tell(struct world *w, enum hb_block_event event)
{
	struct hb_block_transition t = hb_block_transition(w->believed, event);

	if (t.verdict == HB_VERDICT_IMPOSSIBLE)
		fail_msg("can happen: %s, %s", hb_block_state_word(w->believed),
			 hb_block_event_word(event));
	seen[w->believed][event] = true;
	if (t.act != HB_ACT_NONE) {
		/* Dropped only when there, taken only when dropped. */
		assert_int_equal(w->referenced, t.act == HB_ACT_LET_GO);
		w->referenced = !w->referenced;
	}
	w->believed = t.next;
	return t.verdict == HB_VERDICT_ALLOW;
}

/*
 * What can happen.  Each returns whether it can, and then has changed @w.  The
 * kernel's hotplug lock is held on the way on- and offline and while it adds; only
 * adding puts a block online meanwhile.
 */

static bool add_begins(struct world *w)
{
	if (w->driver != DRIVER_BOOKED)
		return false;
	w->driver = DRIVER_ADDING;
	w->kernel = KERNEL_OFFLINE;
	return true;
}

static bool add_fails(struct world *w)
{
	if (w->driver != DRIVER_BOOKED)
		return false;
	w->driver = DRIVER_ADD_FAILED;
	return true;
}

static bool add_returns(struct world *w)
{
	if (w->driver != DRIVER_ADDING || under_way(w))
		return false;
	w->driver = DRIVER_ADDED;
	return true;
}

static bool begin(struct world *w, enum kernel from, enum kernel to, bool by_us)
{
	if (w->kernel != from || w->driver == DRIVER_REMOVED)
		return false;
	w->kernel = to;
	w->asked = ASKED_NOBODY;
	w->by_us = by_us;
	return true;
}

static bool someone_onlines(struct world *w)
{
	return begin(w, KERNEL_OFFLINE, KERNEL_GOING_ONLINE, false);
}

static bool someone_offlines(struct world *w)
{
	return w->driver != DRIVER_ADDING &&
	       begin(w, KERNEL_ONLINE, KERNEL_GOING_OFFLINE, false);
}

static bool driver_onlines(struct world *w)
{
	return w->driver == DRIVER_IDLE && w->believed == HB_BLOCK_OFFLINE &&
	       begin(w, KERNEL_OFFLINE, KERNEL_GOING_ONLINE, true);
}

static bool driver_offlines(struct world *w)
{
	return w->driver == DRIVER_IDLE && w->believed == HB_BLOCK_ONLINE &&
	       begin(w, KERNEL_ONLINE, KERNEL_GOING_OFFLINE, true);
}

static bool kernel_asks(struct world *w)
{
	enum hb_block_event event = w->kernel == KERNEL_GOING_ONLINE ?
		HB_EVENT_GOING_ONLINE : HB_EVENT_GOING_OFFLINE;

	if (!under_way(w) || w->asked != ASKED_NOBODY)
		return false;
	if (!w->closed && tell(w, event)) {
		w->asked = ASKED_AGREED;
		w->fresh = false;
	} else {
		w->asked = ASKED_REFUSED;
	}
	return true;
}

/* Because the driver refused, or another notifier, or it does not work. */
static bool kernel_cancels(struct world *w)
{
	bool online = w->kernel == KERNEL_GOING_ONLINE;

	if (!under_way(w))
		return false;
	if (online && w->asked == ASKED_AGREED)
		w->parked = false;	/* somebody wanted it */
	w->kernel = online ? KERNEL_OFFLINE : KERNEL_ONLINE;
	tell(w, online ? HB_EVENT_CANCEL_ONLINE : HB_EVENT_CANCEL_OFFLINE);
	w->by_us = false;
	return true;
}

/* Held pages come to the driver with a reference. */
static bool kernel_onlined(struct world *w)
{
	if (w->kernel != KERNEL_GOING_ONLINE || w->asked != ASKED_AGREED)
		return false;
	w->kernel = KERNEL_ONLINE;
	w->referenced = true;
	w->parked = false;
	tell(w, HB_EVENT_ONLINE);
	w->by_us = false;
	return true;
}

/* Not while somebody has a reference. */
static bool kernel_offlined(struct world *w)
{
	if (w->kernel != KERNEL_GOING_OFFLINE || w->asked != ASKED_AGREED)
		return false;
	assert_false(w->referenced);
	w->kernel = KERNEL_OFFLINE;
	w->parked = !w->by_us;
	tell(w, w->by_us ? HB_EVENT_OFFLINE_BY_US : HB_EVENT_OFFLINE_BY_OTHER);
	w->by_us = false;
	return true;
}

/* The driver enters into its books what a call of its own came to. */
static bool driver_notes(struct world *w)
{
	static const struct {
		enum hb_block_event event;
		enum driver next;
	} notes[] = {
		[DRIVER_ADDED] = { HB_EVENT_ADDED, DRIVER_IDLE },
		[DRIVER_ADD_FAILED] = { HB_EVENT_ADD_FAILED, DRIVER_FORGOT },
		[DRIVER_REMOVED] = { HB_EVENT_REMOVED, DRIVER_FORGOT },
		[DRIVER_REMOVE_FAILED] = { HB_EVENT_REMOVE_FAILED, DRIVER_IDLE },
	};

	if (w->driver >= sizeof(notes) / sizeof(*notes) ||
	    notes[w->driver].next == DRIVER_SCANNING)
		return false;
	w->fresh = false;
	tell(w, notes[w->driver].event);
	w->driver = notes[w->driver].next;
	return true;
}

/* The scan of what was there.  Somebody may have begun, and will be refused. */
static bool scan(struct world *w, enum kernel found, enum kernel or_leaving,
		 enum hb_block_event event)
{
	if (!scanning(w) || (w->kernel != found && w->kernel != or_leaving))
		return false;
	w->driver = DRIVER_IDLE;
	w->fresh = false;
	w->parked = event == HB_EVENT_OFFLINE_BY_OTHER;
	tell(w, event);
	return true;
}

static bool scan_finds_online(struct world *w)
{
	return scan(w, KERNEL_ONLINE, KERNEL_GOING_OFFLINE,
		    HB_EVENT_FOUND_ONLINE);
}

/* Boot memory that somebody took offline. */
static bool scan_finds_parked(struct world *w)
{
	return scan(w, KERNEL_OFFLINE, KERNEL_GOING_ONLINE,
		    HB_EVENT_OFFLINE_BY_OTHER);
}

/* The kernel's own driver hot-added it and nobody onlined it. */
static bool scan_finds_added(struct world *w)
{
	return scan(w, KERNEL_OFFLINE, KERNEL_GOING_ONLINE, HB_EVENT_ADDED);
}

static bool driver_opens(struct world *w)
{
	if (scanning(w) || !w->closed)
		return false;
	w->closed = false;
	return true;
}

static bool driver_closes(struct world *w)
{
	if (w->driver != DRIVER_IDLE || w->closed || w->by_us)
		return false;
	w->closed = true;
	return true;
}

/* It believes the block offline and empty; that may have changed since. */
static bool driver_begins_removal(struct world *w)
{
	if (w->driver != DRIVER_IDLE || w->by_us)
		return false;
	if (tell(w, HB_EVENT_REMOVE))
		w->driver = DRIVER_REMOVING;
	return true;
}

static bool kernel_removes(struct world *w)
{
	if (w->driver != DRIVER_REMOVING || under_way(w))
		return false;
	assert_int_equal(w->kernel, KERNEL_OFFLINE);
	w->kernel = KERNEL_HAS_NOT;
	w->driver = DRIVER_REMOVED;
	return true;
}

static bool kernel_does_not_remove(struct world *w)
{
	if (w->driver != DRIVER_REMOVING)
		return false;
	w->driver = DRIVER_REMOVE_FAILED;
	return true;
}

static bool (*const happenings[])(struct world *w) = {
	add_begins, add_fails, add_returns, someone_onlines, someone_offlines,
	driver_onlines, driver_offlines, kernel_asks, kernel_cancels,
	kernel_onlined, kernel_offlined, driver_notes, scan_finds_online,
	scan_finds_parked, scan_finds_added, driver_opens, driver_closes,
	driver_begins_removal, kernel_removes, kernel_does_not_remove,
};

#define HAPPENINGS (sizeof(happenings) / sizeof(*happenings))

/* ---- all of its histories */

struct reached {
	struct world worlds[4096];
	size_t nr;
};

static bool same(const struct world *a, const struct world *b)
{
	return a->kernel == b->kernel && a->asked == b->asked &&
	       a->driver == b->driver && a->by_us == b->by_us &&
	       a->closed == b->closed && a->parked == b->parked &&
	       a->fresh == b->fresh && a->referenced == b->referenced &&
	       a->believed == b->believed;
}

static void reach(struct reached *reached, const struct world *w)
{
	size_t i;

	for (i = 0; i < reached->nr; i++)
		if (same(&reached->worlds[i], w))
			return;
	assert_true(reached->nr < sizeof(reached->worlds) / sizeof(*w));
	reached->worlds[reached->nr++] = *w;
}

static void check_world(const struct world *w)
{
	assert_string_equal(hb_block_state_word(w->believed),
			    hb_block_state_word(truth(w)));
	/* In use: what is held is the driver's, but for a block on its way out. */
	if (w->believed == HB_BLOCK_ONLINE)
		assert_true(w->referenced);
	if (w->kernel == KERNEL_OFFLINE)
		assert_false(w->referenced);
}

static void test_every_history(void **unused)
{
	static struct reached reached;
	struct world booked = { .driver = DRIVER_BOOKED, .fresh = true };
	struct world offline = { .driver = DRIVER_SCANNING, .fresh = true,
				 .closed = true, .kernel = KERNEL_OFFLINE };
	struct world online = { .driver = DRIVER_SCANNING, .fresh = true,
				.closed = true, .kernel = KERNEL_ONLINE,
				.referenced = true };
	size_t i, n;

	(void)unused;
	reach(&reached, &booked);
	reach(&reached, &offline);
	reach(&reached, &online);
	for (i = 0; i < reached.nr; i++)
		for (n = 0; n < HAPPENINGS; n++) {
			struct world w = reached.worlds[i];

			if (!happenings[n](&w))
				continue;
			check_world(&w);
			reach(&reached, &w);
		}
	print_message("%zu situations\n", reached.nr);
}

/* What nobody can reach is neither used nor put online; while it is in use no block is told. */
static void test_stranded(void **unused)
{
	enum hb_block_state state;

	(void)unused;
	for (state = 0; state < HB_BLOCK_STATES; state++) {
		bool apart = state == HB_BLOCK_OFFLINE || state == HB_BLOCK_PARKED;
		struct hb_block_transition t =
			hb_block_transition(state, HB_EVENT_STRANDED);

		assert_int_equal(t.verdict == HB_VERDICT_ALLOW, apart);
		assert_int_equal(t.next, HB_BLOCK_QUARANTINED);
		seen[state][HB_EVENT_STRANDED] = apart;
	}
}

/* Nothing is in the table that cannot happen. */
static void test_every_pair_was_seen(void **unused)
{
	enum hb_block_state state;
	enum hb_block_event event;

	(void)unused;
	FOR_EACH_PAIR(state, event) {
		struct hb_block_transition t = hb_block_transition(state, event);

		if (state != HB_BLOCK_QUARANTINED &&
		    seen[state][event] != (t.verdict != HB_VERDICT_IMPOSSIBLE))
			fail_msg("cannot happen: %s, %s",
				 hb_block_state_word(state),
				 hb_block_event_word(event));
	}
}

/* ---- the documentation's table */

static void print_table(void)
{
	static const char *const verdicts[] = {
		[HB_VERDICT_ALLOW] = "yes",
		[HB_VERDICT_REFUSE] = "no",
	};
	static const char *const acts[] = {
		[HB_ACT_NONE] = "",
		[HB_ACT_LET_GO] = "references dropped",
		[HB_ACT_TAKE_BACK] = "references taken back",
	};
	enum hb_block_state state;
	enum hb_block_event event;

	printf("| state | event | goes on | then | held pages | why |\n");
	printf("| --- | --- | --- | --- | --- | --- |\n");
	FOR_EACH_PAIR(state, event) {
		struct hb_block_transition t = hb_block_transition(state, event);

		if (t.verdict == HB_VERDICT_IMPOSSIBLE)
			continue;
		printf("| `%s` | %s | %s | `%s` | %s | %s |\n",
		       hb_block_state_word(state), hb_block_event_word(event),
		       verdicts[t.verdict], hb_block_state_word(t.next),
		       acts[t.act], t.why);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_pair),
		cmocka_unit_test(test_quarantine_is_for_ever),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_every_history),
		cmocka_unit_test(test_stranded),
		cmocka_unit_test(test_every_pair_was_seen),
	};

	if (argc == 2 && !strcmp(argv[1], "--table")) {
		print_table();
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
