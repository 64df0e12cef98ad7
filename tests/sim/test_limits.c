/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits as they are kept: by uuid, across restarts, kills and damage. */
#include "common.h"
#include "announce.h"
#include "manage.h"
#include "noted.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEADER "hotballoon limits 1\n"
#define UUID "00000005-0000-0000-0000-000000000000"
/* That of the simulated host. */
#define BOOT "00000000-0000-4000-8000-000000000000"
#define OTHER "00000006-0000-0000-0000-000000000000"

static struct sim *sim;
static struct hb *hb;
static struct hb_error error;

static int setup(void **state)
{
	(void)state;
	common_make_state_dir();
	sim = common_host();
	hb = common_connect(sim);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	hb_close(hb);
	sim_close(sim);
	common_remove_state_dir();
	return 0;
}

static struct hb_domain show(uint32_t domid)
{
	struct hb_domain domain;

	assert_int_equal(hb_show(hb, domid, &domain, &error), HB_OK);
	return domain;
}

static struct hb_limits get(void)
{
	struct hb_domain domain = show(GUEST);
	struct hb_limits limits;

	assert_int_equal(hb_limits_get(hb, &domain, &limits, &error), HB_OK);
	return limits;
}

static struct hb_limits change(struct hb_limits_change what)
{
	struct hb_domain domain = show(GUEST);
	struct hb_limits limits, kept;

	assert_int_equal(hb_limits_set(hb, &domain, &what, &limits, &error), HB_OK);
	kept = get();
	assert_true(common_same_limits(&kept, &limits));
	return limits;
}

static struct hb_number kib(uint64_t value)
{
	return (struct hb_number){ HB_PRESENT, value };
}

static void test_nothing_kept(void **state)
{
	struct hb_limits limits = get();

	(void)state;
	assert_int_equal(limits.mode, HB_MODE_MANUAL);
	assert_int_equal(limits.weight, HB_WEIGHT_DEFAULT);
	assert_null(common_state_file("limits"));
}

static void test_changes(void **state)
{
	struct hb_limits limits = change((struct hb_limits_change){ .min = kib(256 * M) });

	(void)state;
	assert_int_equal(limits.mode, HB_MODE_AUTO);
	assert_int_equal(limits.set.value, 512 * M);
	assert_string_equal(common_state_file("limits"),
			    HEADER UUID " mode=auto weight=1000 min=262144 set=524288 of=5," BOOT "\n");
	/* What is not said stays. */
	limits = change((struct hb_limits_change){ .max = kib(2 * G), .weight = 7 });
	assert_int_equal(limits.min.value, 256 * M);
	limits = change((struct hb_limits_change){ .off = true });
	assert_int_equal(limits.mode, HB_MODE_OFF);
	assert_int_equal(limits.max.value, 2 * G);
	limits = change((struct hb_limits_change){ .weight = 8 });
	assert_int_equal(limits.mode, HB_MODE_OFF);
	limits = change((struct hb_limits_change){ .automatic = true });
	assert_int_equal(limits.mode, HB_MODE_AUTO);
	limits = change((struct hb_limits_change){ .reset = true });
	assert_int_equal(limits.min.value, 512 * M);
	assert_int_equal(limits.max.value, 512 * M);
	limits = change((struct hb_limits_change){ .forget = true });
	assert_int_equal(limits.mode, HB_MODE_MANUAL);
	assert_string_equal(common_state_file("limits"), HEADER);
}

/* What a later version has written is none of this one's, and is there when that comes back. */
static void test_of_later_version(void **state)
{
	const struct hb_domain domain = show(GUEST);
	const struct hb_limits_next next = { &domain, 384 * M };

	(void)state;
	common_write_state_file("limits", HEADER UUID " mode=auto later=a,b min=262144 set=524288\n"
				OTHER " mode=off later=c\n");
	assert_int_equal(get().min.value, 256 * M);
	change((struct hb_limits_change){ .weight = 7 });
	assert_string_equal(common_state_file("limits"), HEADER OTHER " mode=off later=c\n"
			    UUID " mode=auto weight=7 min=262144 set=524288 later=a,b\n");
	assert_int_equal(hb_limits_announce(hb, &next, 1, &error), HB_OK);
	assert_string_equal(common_state_file("limits"), HEADER OTHER " mode=off later=c\n"
			    UUID " mode=auto weight=7 min=262144 set=524288 later=a,b\n");
	change((struct hb_limits_change){ .weight = 8 });
	assert_string_equal(common_state_file("limits"), HEADER OTHER " mode=off later=c\n"
			    UUID " mode=auto weight=8 min=262144 set=524288 of=5," BOOT " later=a,b\n");
	change((struct hb_limits_change){ .forget = true });
	assert_string_equal(common_state_file("limits"), HEADER OTHER " mode=off later=c\n");
}

static bool is_automatic(void)
{
	const struct hb_domain domain = show(GUEST);
	const struct hb_limits limits = get();
	const char *why;

	return hb_limits_automatic(&domain, &limits, &why);
}

static void announce(uint64_t target_kib)
{
	const struct hb_domain domain = show(GUEST);
	const struct hb_limits_next next = { &domain, target_kib };

	assert_int_equal(hb_limits_announce(hb, &next, 1, &error), HB_OK);
}

/* What managers set is noted beside what persons say, until one of them writes that anew. */
static void test_noted(void **state)
{
	char before[512], after[512], noted[512];

	(void)state;
	change((struct hb_limits_change){ .min = kib(256 * M) });
	snprintf(before, sizeof(before), "%s", common_state_file("limits"));
	announce(384 * M);
	assert_true(is_automatic());
	sim_write_key(sim, GUEST, HB_KEY_TARGET, "393216");
	assert_true(is_automatic());
	announce(300 * M);
	assert_true(is_automatic());
	assert_string_equal(common_state_file("limits"), before);
	snprintf(noted, sizeof(noted), "%s", common_state_file("sizes"));
	/* Damaged, or not there any more, it counts for nothing: but that the host is booted then. */
	common_write_state_file("sizes", "nonsense\n\n|||\n" UUID "|\n");
	assert_false(is_automatic());
	sim->boot++;
	assert_true(is_automatic());
	sim->boot--;
	common_write_state_file("sizes", noted);
	assert_true(is_automatic());
	/* What is noted becomes a part of the line, and a note of before counts for nothing. */
	change((struct hb_limits_change){ .weight = 7 });
	assert_string_equal(common_state_file("limits"),
			    HEADER UUID " mode=auto weight=7 min=262144 set=393216 of=5," BOOT "\n");
	assert_true(is_automatic());
	sim_write_key(sim, GUEST, HB_KEY_TARGET, "307200");
	assert_false(is_automatic());
	/* Nor does it if the line says again what it said then. */
	sim_write_key(sim, GUEST, HB_KEY_TARGET, "524288");
	change((struct hb_limits_change){ .automatic = true, .weight = 1000 });
	snprintf(after, sizeof(after), "%s", common_state_file("limits"));
	assert_string_equal(after, before);
	assert_int_equal(get().set.value, 512 * M);
	sim_write_key(sim, GUEST, HB_KEY_TARGET, "307200");
	assert_false(is_automatic());
}

/* Of lines that are written at once each ends its note, and brings back none that another has ended. */
static void test_notes_yield(void **state)
{
	static const char *const lines[] = {
		UUID " mode=auto weight=1000 set=262144", OTHER " mode=auto weight=1000 set=262144",
		"00000007-0000-0000-0000-000000000000 mode=auto weight=1000 set=262144",
	};
	char text[1024] = "hotballoon sizes 1\n";
	struct hb_limits_entry entry;
	struct hb_noted noted;
	size_t used;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		used = strlen(text);
		snprintf(text + used, sizeof(text) - used, "%s|%s next=393216\n", lines[i], lines[i]);
	}
	common_write_state_file("sizes", text);
	assert_int_equal(hb_noted_read(hb, NULL, &noted, &error), HB_OK);
	assert_int_equal(noted.count, 3);
	for (size_t i = 0; i < 2; i++) {
		assert_true(hb_limits_parse(lines[i], &entry));
		assert_int_equal(hb_noted_yield(hb, &noted, &entry, &error), HB_OK);
	}
	hb_noted_clear(&noted);
	assert_null(strstr(common_state_file("sizes"), UUID));
	assert_null(strstr(common_state_file("sizes"), OTHER));
	assert_non_null(strstr(common_state_file("sizes"), "00000007-"));
}

/* Who cannot read what is noted does not replace it: nobody is pinned, and it counts again when it can be read. */
static void test_notes_not_readable(void **state)
{
	const struct hb_domain domain = show(GUEST);
	const struct hb_limits_next next = { &domain, 300 * M };
	char path[96], away[96], noted[512];
	struct hb_limits limits;

	(void)state;
	change((struct hb_limits_change){ .min = kib(256 * M) });
	announce(384 * M);
	sim_write_key(sim, GUEST, HB_KEY_TARGET, "393216");
	snprintf(noted, sizeof(noted), "%s", common_state_file("sizes"));
	snprintf(path, sizeof(path), "%s/sizes", common_state_dir);
	snprintf(away, sizeof(away), "%s/away", common_state_dir);
	assert_int_equal(rename(path, away), 0);
	assert_int_equal(symlink(away, path), 0);
	assert_int_equal(hb_limits_announce(hb, &next, 1, &error), HB_E_HOST);
	assert_non_null(strstr(error.message, path));
	assert_int_equal(hb_limits_get(hb, &domain, &limits, &error), HB_E_HOST);
	assert_true(limits.damaged);
	assert_int_equal(hb_limits_set(hb, &domain, &(struct hb_limits_change){ .weight = 7 }, &limits, &error),
			 HB_E_HOST);
	/* The link is there still, and what it leads to is as it was. */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rename(away, path), 0);
	assert_string_equal(common_state_file("sizes"), noted);
	assert_true(is_automatic());
}

/* A person sets the size: pinned, until --auto. */
static void test_pin(void **state)
{
	struct hb_set_result result;
	struct hb_limits limits;
	struct hb_domain domain;
	const char *why;

	(void)state;
	limits = change((struct hb_limits_change){ .min = kib(256 * M) });
	domain = show(GUEST);
	assert_true(hb_limits_automatic(&domain, &limits, &why));
	assert_int_equal(common_set(sim, "1G", NULL, &result, &error), HB_OK);
	domain = show(GUEST);
	assert_false(hb_limits_automatic(&domain, &limits, &why));
	limits = change((struct hb_limits_change){ .automatic = true });
	assert_true(hb_limits_automatic(&domain, &limits, &why));
	assert_int_equal(limits.set.value, G);
}

/*
 * It is started anew, with what its configuration says: no person has set that while it runs. What
 * is set from then on is a person's, once that was noted.
 */
static void test_started_anew(void **state)
{
	struct sim_guest again = usual_guest;
	const struct hb_domain *seen;
	struct hb_limits limits;
	struct hb_domain domain;
	const char *why;

	(void)state;
	change((struct hb_limits_change){ .min = kib(256 * M) });
	sim_write_key(sim, GUEST, HB_KEY_TARGET, "307200");
	change((struct hb_limits_change){ .automatic = true });
	sim_destroy(sim, GUEST);
	sim->boot++;
	sim_add(sim, &again);
	domain = show(GUEST);
	limits = get();
	assert_int_equal(limits.min.value, 256 * M);
	assert_true(hb_limits_automatic(&domain, &limits, &why));
	assert_true(hb_limits_is_to_note(&domain, &limits));
	seen = &domain;
	assert_int_equal(hb_limits_note(hb, &seen, 1, &error), HB_OK);
	limits = get();
	assert_false(hb_limits_is_to_note(&domain, &limits));
	sim_write_key(sim, GUEST, HB_KEY_TARGET, "307200");
	for (int boots = 0; boots < 2; boots++) {
		domain = show(GUEST);
		limits = get();
		assert_false(hb_limits_automatic(&domain, &limits, &why));
		assert_string_equal(why, "a person or another tool has set its size: it is pinned");
		/* It stays so when the host is booted once more. */
		assert_int_equal(hb_limits_note(hb, &seen, 1, &error), HB_OK);
		sim_destroy(sim, GUEST);
		sim->boot++;
		sim_add(sim, &again);
	}
}

/* Restarts, renames and other domids do not matter: the uuid does. */
static void test_kept_by_uuid(void **state)
{
	struct sim_guest other = usual_guest;

	(void)state;
	change((struct hb_limits_change){ .min = kib(256 * M) });
	other.domid = 6;
	other.name = "other";
	sim_add(sim, &other);
	sim_write_key(sim, GUEST, HB_KEY_NAME, "renamed");
	hb_close(hb);
	hb = common_connect(sim);
	assert_int_equal(get().min.value, 256 * M);
	sim_reboot(sim, GUEST);
	assert_int_equal(get().min.value, 256 * M);
	/* A domain that takes its place is another one. */
	other = usual_guest;
	other.generation = 1;
	sim_destroy(sim, GUEST);
	sim_add(sim, &other);
	assert_int_equal(get().mode, HB_MODE_MANUAL);
}

static void test_refused(void **state)
{
	struct hb_limits_change bad = { .min = kib(2 * G), .max = kib(G) };
	struct hb_domain domain = show(GUEST);
	struct hb_limits limits;

	(void)state;
	assert_int_equal(hb_limits_set(hb, &domain, &bad, &limits, &error), HB_E_USAGE);
	assert_null(common_state_file("limits"));
	/* Together with what is kept already. */
	change((struct hb_limits_change){ .max = kib(G) });
	bad.max.presence = HB_ABSENT;
	assert_int_equal(hb_limits_set(hb, &domain, &bad, &limits, &error), HB_E_USAGE);
	assert_int_equal(get().min.presence, HB_ABSENT);
}

/* What could not be read again is not written: one domain would take all limits with it. */
static void test_what_cannot_be_kept(void **state)
{
	const struct hb_limits_change changes[] = {
		{ .min = kib(256 * M + 1) },
		{ .max = kib(G + 2) },
		{ .weight = HB_WEIGHT_MAX + 1 },
	};
	struct hb_domain domain = show(GUEST), nobody = { 0 };
	struct hb_limits limits;
	char before[256];

	(void)state;
	change((struct hb_limits_change){ .min = kib(128 * M) });
	snprintf(before, sizeof(before), "%s", common_state_file("limits"));
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		print_message("changes, row %zu\n", i);
		assert_int_equal(hb_limits_set(hb, &domain, &changes[i], &limits, &error), HB_E_USAGE);
		assert_non_null(strstr(error.message, "guest1"));
		assert_non_null(strstr(error.remedy, "whole pages"));
		assert_string_equal(common_state_file("limits"), before);
	}
	assert_int_equal(hb_limits_set(hb, &nobody, &changes[2], &limits, &error), HB_E_USAGE);
	assert_string_equal(common_state_file("limits"), before);
	assert_int_equal(get().min.value, 128 * M);
}

static void test_damaged_file(void **state)
{
	static const struct {
		const char *text, *line, *remedy;
		enum hb_code get;	/* what there is of this domain counts if it can be read */
		enum hb_mode mode;
	} cases[] = {
		/* Without its first line, the next one would be damaged. */
		{ "", "line 1", "\"hotballoon limits 1\"", HB_E_HOST, HB_MODE_OFF },
		{ "hotballoon limits 2\n", "line 1", "\"hotballoon limits 1\"", HB_E_HOST, HB_MODE_OFF },
		{ "hotballoon limits 1", "line 1", "\"hotballoon limits 1\"", HB_E_HOST, HB_MODE_OFF },
		{ UUID " mode=auto\n", "line 1", "\"hotballoon limits 1\"", HB_E_HOST, HB_MODE_OFF },
		{ HEADER "nonsense\n", "line 2", "delete that line", HB_OK, HB_MODE_MANUAL },
		{ HEADER "nonsense\n" UUID " mode=auto\n", "line 2", "delete that line", HB_OK, HB_MODE_AUTO },
		{ HEADER OTHER " mode=auto colour=\n" UUID " mode=auto\n", "line 2", "delete that line",
		  HB_OK, HB_MODE_AUTO },
		{ HEADER UUID " mode=auto\n" UUID " mode=off\n", "line 3", "delete that line", HB_OK,
		  HB_MODE_AUTO },
		{ HEADER UUID " mode=auto\n\n" OTHER " mo", "line 3", "delete that line", HB_OK, HB_MODE_AUTO },
		{ HEADER OTHER " mode=off\n" UUID " mode=auto colour=\n", "line 3", "delete that line",
		  HB_E_HOST, HB_MODE_OFF },
	};
	struct hb_limits_change what = { .off = true };
	struct hb_domain domain = show(GUEST);
	struct hb_limits limits;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("%s\n", cases[i].text);
		common_write_state_file("limits", cases[i].text);
		assert_int_equal(hb_limits_get(hb, &domain, &limits, &error), cases[i].get);
		assert_int_equal(limits.mode, cases[i].mode);
		/* And what is in it is not written over. */
		assert_int_equal(hb_limits_set(hb, &domain, &what, &limits, &error), HB_E_HOST);
		assert_non_null(strstr(error.message, cases[i].line));
		assert_non_null(strstr(error.message, common_state_dir));
		assert_non_null(strstr(error.remedy, cases[i].remedy));
		assert_string_equal(common_state_file("limits"), cases[i].text);
	}
}

/* A link that somebody has put there is neither read nor written through. */
static void test_link(void **state)
{
	struct hb_limits_change what = { .off = true };
	struct hb_domain domain = show(GUEST);
	struct hb_limits limits;
	char path[96], victim[96];

	(void)state;
	common_write_state_file("reservations", HEADER UUID " mode=auto\n");
	snprintf(victim, sizeof(victim), "%s/reservations", common_state_dir);
	snprintf(path, sizeof(path), "%s/limits", common_state_dir);
	assert_int_equal(symlink(victim, path), 0);
	assert_int_equal(hb_limits_get(hb, &domain, &limits, &error), HB_E_HOST);
	assert_non_null(strstr(error.message, "cannot read"));
	assert_non_null(strstr(error.remedy, "symbolic link"));
	assert_int_equal(hb_limits_set(hb, &domain, &what, &limits, &error), HB_E_HOST);
	assert_string_equal(common_state_file("reservations"), HEADER UUID " mode=auto\n");
	/* Nor through one in the place of the file that becomes the new one. */
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/limits.new", common_state_dir);
	assert_int_equal(symlink(victim, path), 0);
	assert_int_equal(hb_limits_set(hb, &domain, &what, &limits, &error), HB_OK);
	assert_string_equal(common_state_file("reservations"), HEADER UUID " mode=auto\n");
	assert_int_equal(unlink(path), 0);
}

static void test_directory(void **state)
{
	struct hb_limits_change what = { .off = true };
	struct hb_domain domain = show(GUEST);
	struct hb_limits limits;
	char dir[96];

	(void)state;
	assert_int_equal(hb_set_state_dir(hb, "relative", &error), HB_E_USAGE);
	assert_int_equal(hb_set_state_dir(hb, "", &error), HB_E_USAGE);
	assert_int_equal(hb_set_state_dir(hb, "/proc/nothing/here", &error), HB_OK);
	assert_int_equal(hb_limits_get(hb, &domain, &limits, &error), HB_OK);
	assert_int_equal(hb_limits_set(hb, &domain, &what, &limits, &error), HB_E_HOST);
	assert_non_null(strstr(error.message, "cannot make /proc/nothing/here"));
	/* It is made when something is to be kept. */
	snprintf(dir, sizeof(dir), "%s/deeper", common_state_dir);
	assert_int_equal(hb_set_state_dir(hb, dir, &error), HB_OK);
	assert_int_equal(hb_limits_set(hb, &domain, &what, &limits, &error), HB_OK);
	snprintf(dir, sizeof(dir), "%s/deeper/limits", common_state_dir);
	assert_int_equal(unlink(dir), 0);
	snprintf(dir, sizeof(dir), "%s/deeper", common_state_dir);
	assert_int_equal(rmdir(dir), 0);
}

/* Many processes change at once, each another thing of another domain: none is lost. */
#define PROCESSES 8
#define ROUNDS 50

static int change_often(unsigned int number)
{
	struct hb_domain domain = { .domid = 9, .target = { HB_PRESENT, G } };
	struct hb *own = common_connect(sim);
	struct hb_limits limits;

	snprintf(domain.uuid, sizeof(domain.uuid), "%08x-0000-0000-0000-000000000000", number);
	for (unsigned int i = 1; i <= ROUNDS; i++) {
		struct hb_limits_change what = { .weight = i };

		if (hb_limits_set(own, &domain, &what, &limits, &error))
			return 1;
	}
	hb_close(own);
	return 0;
}

static void test_many_writers(void **state)
{
	int status;

	(void)state;
	common_lock_file(sim);
	for (unsigned int i = 0; i < PROCESSES; i++) {
		if (fork() == 0)
			_exit(change_often(i));
	}
	for (unsigned int i = 0; i < PROCESSES; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	for (unsigned int i = 0; i < PROCESSES; i++) {
		char line[96];

		snprintf(line, sizeof(line), "%08x-0000-0000-0000-000000000000 mode=auto weight=%u ", i,
			 ROUNDS);
		assert_non_null(strstr(common_state_file("limits"), line));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_kept),
		TEST(test_changes),
		TEST(test_of_later_version),
		TEST(test_noted), TEST(test_notes_not_readable), TEST(test_notes_yield), TEST(test_pin),
		TEST(test_started_anew),
		TEST(test_kept_by_uuid),
		TEST(test_refused),
		TEST(test_what_cannot_be_kept),
		TEST(test_damaged_file),
		TEST(test_link),
		TEST(test_directory),
		TEST(test_many_writers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
