/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What hotballoond answers, message by message. */
#include <string.h>

#include "answer.h"
#include "room.h"
#include "seed.h"

static struct room room;
static char *text;

static struct answer said;

static void ask_as(bool may_change, const char *message)
{
	free(text);
	said = answer(room.manager, may_change, message);
	text = said.text;
	assert_true(said.good);
}

/* As who may only read. */
static void ask(const char *message)
{
	ask_as(false, message);
	assert_false(said.changed);
}

/* As root; what it changes counts at once, as in the loop. */
static void tell(const char *message)
{
	ask_as(true, message);
	if (said.changed)
		room.next_ms = 0;
}

static bool says(const char *what)
{
	return text && strstr(text, what);
}

static void test_answers(void **state)
{
	static const char *const nonsense[] = {
		"", "x", "[]", "7", "{}", "{\"method\":7}", "{\"method\":", "{\"parameters\":{}}",
	};

	(void)state;
	room_open(&room, 4 * G);
	ask("{\"method\":\"org.hotballoon.Manager.GetStatus\"}");
	assert_true(says("\"connected\":false"));
	room_add(&room, 512 * M, 256 * M, G);
	room_run(&room, 5000);
	room_guest(&room, 0)->load.load.anon_kib = 600 * M;
	room_run(&room, 60000);
	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
		said = answer(room.manager, true, nonsense[i]);
		assert_null(said.text);
		assert_false(said.good || said.changed || said.follows);
	}
	ask("{\"method\":\"org.hotballoon.Manager.GetStatus\",\"parameters\":{}}");
	assert_true(says("\"connected\":true") && says("\"preset\":\"demand\"") && says("\"total_kib\":4194304"));
	ask("{\"method\":\"org.hotballoon.Manager.GetDomains\"}");
	assert_true(says("\"name\":\"g1\"") && says("\"reason\":\"settled\"") && says("\"min_kib\":262144"));
	/* It was there before hotballoond, and the next one was not. */
	assert_false(says("since_ms"));
	room_add(&room, 512 * M, 256 * M, G);
	room_run(&room, 2000);
	ask("{\"method\":\"org.hotballoon.Manager.GetDomains\"}");
	assert_true(says("\"name\":\"g2\",\"uuid\":\"00000002-0000-0000-0000-000000000000\",\"since_ms\":1800000"));
	ask("{\"method\":\"org.hotballoon.Manager.History\",\"parameters\":{\"domid\":1}}");
	assert_true(says("\"from_kib\":524288") && says("\"reason_text\":\"it "));
	ask("{\"method\":\"org.hotballoon.Manager.History\",\"parameters\":{\"domid\":2}}");
	assert_string_equal(text, "{\"parameters\":{\"deeds\":[]}}");
	ask("{\"method\":\"org.hotballoon.Manager.History\",\"parameters\":{\"domid\":\"1\"}}");
	assert_string_equal(text, "{\"parameters\":{\"parameter\":\"domid\"},\"error\":\"org.varlink.service.InvalidParameter\"}");
	ask("{\"method\":\"org.hotballoon.Manager.History\",\"parameters\":{\"last_s\":3600}}");
	assert_true(says("\"from_kib\":524288") && says("{\"time_ms\":18000000"));
	ask("{\"method\":\"org.hotballoon.Manager.History\",\"parameters\":{\"last_s\":0}}");
	assert_string_equal(text, "{\"parameters\":{\"deeds\":[]}}");
	ask("{\"method\":\"org.hotballoon.Manager.History\",\"parameters\":{\"last_s\":-1}}");
	assert_string_equal(text, "{\"parameters\":{\"parameter\":\"last_s\"},\"error\":\"org.varlink.service.InvalidParameter\"}");
	ask("{\"method\":\"org.hotballoon.Manager.History\",\"parameters\":\"x\"}");
	assert_string_equal(text, "{\"parameters\":{\"parameter\":\"parameters\"},\"error\":\"org.varlink.service.InvalidParameter\"}");
	ask("{\"method\":\"org.hotballoon.Manager.GetDomains\",\"parameters\":null}");
	assert_true(says("\"name\":\"g1\""));
	ask("{\"method\":\"org.hotballoon.Manager.Destroy\"}");
	assert_string_equal(text, "{\"parameters\":{\"method\":\"org.hotballoon.Manager.Destroy\"},"
			    "\"error\":\"org.varlink.service.MethodNotFound\"}");
	ask("{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":{\"interface\":\"org.hotballoon.Manager\"}}");
	assert_true(says("method GetDomains() -> (domains: []Domain)"));
	ask("{\"method\":\"org.varlink.service.GetInterfaceDescription\"}");
	assert_true(says("InvalidParameter"));
	ask("{\"method\":\"org.hotballoon.Manager.GetDomains\",\"oneway\":true}");
	assert_null(text);
	ask("{\"method\":\"org.hotballoon.Manager.History\",\"parameters\":{\"dom\":1}}");
	assert_string_equal(text, "{\"parameters\":{\"parameter\":\"dom\"},\"error\":\"org.varlink.service.InvalidParameter\"}");
	room_close(&room);
}

/* When others have come or gone, and no round was since: limits are known, and who is there still. */
static void test_between_rounds(void **state)
{
	size_t one;

	(void)state;
	room_open(&room, 4 * G);
	room_add(&room, 512 * M, 256 * M, G);
	room_run(&room, 60000);
	manager_run(room.manager);
	ask("{\"method\":\"org.hotballoon.Manager.GetDomains\"}");
	assert_true(says("\"name\":\"g1\"") && says("\"max_kib\":1048576,\"weight\":1000"));
	one = room_add(&room, 256 * M, 128 * M, G);
	room_run(&room, 1000);
	/* A round was a moment ago. */
	manager_wake(room.manager);
	manager_run(room.manager);
	room_remove(&room, one);
	manager_run(room.manager);
	ask("{\"method\":\"org.hotballoon.Manager.GetDomains\"}");
	assert_true(says("\"name\":\"g1\"") && says("\"max_kib\":1048576,\"weight\":1000"));
	assert_false(says("\"name\":\"g2\""));
	manager_wake(room.manager);
	manager_run(room.manager);
	sim_add(room.sim, &(const struct sim_guest){
		.domid = 9, .name = "g9", .type = HB_TYPE_PVH, .memory_kib = 128 * M, .maxmem_kib = 128 * M, .vcpus = 1,
	});
	manager_run(room.manager);
	ask("{\"method\":\"org.hotballoon.Manager.GetDomains\"}");
	assert_true(says("\"name\":\"g1\"") && says("\"max_kib\":1048576,\"weight\":1000"));
	assert_false(says("\"name\":\"g9\""));
	room_run(&room, 300);
	ask("{\"method\":\"org.hotballoon.Manager.GetDomains\"}");
	assert_true(says("\"name\":\"g1\"") && says("\"name\":\"g9\""));
	room_close(&room);
}

#define MANAGER "org.hotballoon.Manager"
#define CALL(method, parameters) "{\"method\":\"" MANAGER "." method "\",\"parameters\":{" parameters "}}"
#define WRONG(name) "{\"parameters\":{\"parameter\":\"" name "\"},\"error\":\"org.varlink.service.InvalidParameter\"}"
#define DENIED "{\"parameters\":{},\"error\":\"org.varlink.service.PermissionDenied\"}"

static void open_room(uint64_t size_kib)
{
	room_open(&room, 4 * G);
	room_add(&room, size_kib, 256 * M, G);
	room_run(&room, 5000);
}

/* What is set aside for a domain to come, in the file that all others read. */
static uint64_t reserved(void)
{
	struct hb_reservation **list;
	struct hb *hb = common_connect(room.sim);
	struct hb_error error;
	uint64_t kib = 0;
	size_t count;

	assert_int_equal(hb_reservations(hb, &list, &count, &error), HB_OK);
	for (size_t i = 0; i < count; i++)
		kib += list[i]->kib;
	hb_reservations_free(list);
	hb_close(hb);
	return kib;
}

static void test_reserves(void **state)
{
	static const struct {
		const char *call, *answer;
	} wrong[] = {
		{ CALL("Reserve", ""), WRONG("name") },
		{ CALL("Reserve", "\"name\":7,\"size_kib\":4"), WRONG("name") },
		{ CALL("Reserve", "\"name\":\"a\\u0000b\",\"size_kib\":4"), WRONG("name") },
		{ CALL("Reserve", "\"name\":\"web\""), WRONG("size_kib") },
		{ CALL("Reserve", "\"name\":\"web\",\"size_kib\":-1"), WRONG("size_kib") },
		{ CALL("Reserve", "\"name\":\"web\",\"size_kib\":99999999999999999999999"), WRONG("size_kib") },
		{ CALL("Reserve", "\"name\":\"web\",\"size_kib\":4096,\"maxmem_kib\":2048"), WRONG("maxmem_kib") },
		{ CALL("Reserve", "\"name\":\"web\",\"size_kib\":4096,\"vcpus\":513"), WRONG("vcpus") },
		{ CALL("Reserve", "\"name\":\"web\",\"size_kib\":4096,\"ttl_s\":604801"), WRONG("ttl_s") },
		{ CALL("Reserve", "\"name\":\"web\",\"size_kib\":4096,\"force\":1"), WRONG("force") },
		{ CALL("Reserve", "\"name\":\"web\",\"size_kib\":4096,\"for\":\"x\""), WRONG("for") },
	};
	struct hb_host_memory memory;

	(void)state;
	open_room(512 * M);
	ask(CALL("Reserve", "\"name\":\"web\",\"size_kib\":524288"));
	assert_string_equal(text, DENIED);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		tell(wrong[i].call);
		assert_string_equal(text, wrong[i].answer);
	}
	assert_int_equal(reserved(), 0);
	tell(CALL("Reserve", "\"name\":\"web\",\"size_kib\":524288,\"vcpus\":null,\"ttl_s\":60"));
	assert_true(said.changed && says("\"kib\":") && says("\"until_s\":"));
	assert_true(reserved() > 512 * M);
	/* The daemon goes by it. */
	room_run(&room, 1000);
	memory = *manager_look(room.manager).host;
	assert_int_equal(memory.reserved_kib, reserved());
	/* What the library refuses comes with its reason, and what it is told to force is done. */
	tell(CALL("Reserve", "\"name\":\"db\",\"size_kib\":8388608"));
	assert_true(says("\"error\":\"org.hotballoon.Manager.Failed\"") && says("\"code\":\"refused\",\"reason\":\"host-full\"") &&
		    says("\"message\":\"db needs "));
	tell(CALL("Reserve", "\"name\":\"17\",\"size_kib\":4096"));
	assert_true(says("\"reason\":\"bad-name\""));
	/* Of a domain that is there: Xen's claim, which has no time. */
	tell(CALL("Reserve", "\"name\":\"g1\",\"size_kib\":524288,\"ttl_s\":60"));
	assert_true(says("\"reason\":\"not-of-a-claim\""));
	room_close(&room);
}

/* What is set aside by force is taken from guests that do not need it, at once. */
static void test_makes_room(void **state)
{
	struct hb_host_memory memory;

	(void)state;
	room_open(&room, 3 * G);
	for (int i = 0; i < 2; i++)
		room_add(&room, 800 * M, 256 * M, G);
	room_run(&room, 5000);
	tell(CALL("Reserve", "\"name\":\"web\",\"size_kib\":716800,\"force\":true"));
	room_run(&room, 3000);
	memory = *manager_look(room.manager).host;
	assert_true(memory.reserved_kib > 700 * M);
	assert_true(memory.free_kib + memory.scrub_kib >= memory.reserved_kib + memory.reserve_kib + memory.promised_kib);
	assert_true(room_said(&room, "the host has promised or set aside more than it has"));
	room_close(&room);
}

static void test_locked(void **state)
{
	(void)state;
	open_room(512 * M);
	room.sim->locked_domid = 1;
	room.sim->locked_until_ms = UINT64_MAX;
	tell(CALL("Reserve", "\"name\":\"g1\",\"size_kib\":524288,\"force\":true"));
	assert_true(says("\"code\":\"host\",\"reason\":\"locked\""));
	room_close(&room);
}

static void test_limits(void **state)
{
	static const struct {
		const char *call, *answer;
	} wrong[] = {
		{ CALL("SetLimits", ""), WRONG("domid") },
		{ CALL("SetLimits", "\"domid\":\"g1\""), WRONG("domid") },
		{ CALL("SetLimits", "\"domid\":4294967297"), WRONG("domid") },
		{ CALL("SetLimits", "\"domid\":1,\"weight\":0"), WRONG("weight") },
		{ CALL("SetLimits", "\"domid\":1,\"weight\":1000001"), WRONG("weight") },
		{ CALL("SetLimits", "\"domid\":1,\"max_kib\":1.5"), WRONG("max_kib") },
		{ CALL("SetLimits", "\"domid\":1,\"automatic\":true,\"off\":true"), WRONG("off") },
		{ CALL("SetLimits", "\"domid\":1,\"forget\":true,\"min_kib\":4"), WRONG("forget") },
		{ CALL("SetLimits", "\"domid\":1,\"reset\":true"), WRONG("reset") },
	};

	(void)state;
	open_room(512 * M);
	ask(CALL("SetLimits", "\"domid\":1,\"off\":true"));
	assert_string_equal(text, DENIED);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		tell(wrong[i].call);
		assert_string_equal(text, wrong[i].answer);
	}
	tell(CALL("SetLimits", "\"domid\":1,\"max_kib\":409600,\"weight\":2000"));
	assert_string_equal(text, "{\"parameters\":{\"mode\":\"auto\",\"min_kib\":262144,\"max_kib\":409600,\"weight\":2000}}");
	/* It counts at once, also when nothing else would wake it for half a minute. */
	room_run(&room, 1000);
	assert_true(room_target(&room, 0) <= 400 * M);
	tell(CALL("SetLimits", "\"domid\":1,\"min_kib\":819200"));
	assert_true(says("\"code\":\"usage\",\"reason\":\"bad-limits\""));
	tell(CALL("SetLimits", "\"domid\":9,\"off\":true"));
	assert_true(says("\"reason\":\"no-such-domain\""));
	tell(CALL("SetLimits", "\"domid\":1,\"off\":true"));
	assert_true(says("\"mode\":\"off\""));
	tell(CALL("SetLimits", "\"domid\":1,\"forget\":true"));
	assert_true(says("\"mode\":\"manual\""));
	room_close(&room);
}

static void test_balances(void **state)
{
	uint64_t writes, target;

	(void)state;
	open_room(512 * M);
	ask(CALL("Balance", "\"dry_run\":true"));
	assert_string_equal(text, DENIED);
	tell(CALL("Balance", ""));
	assert_string_equal(text, "{\"parameters\":{\"dry_run\":false,\"deeds\":[]}}");
	/* It needs more, and nobody has looked yet. Its paging pool, which grows with it, takes a part. */
	room_limit(&room, 0, &(struct hb_limits_change){ .min = { HB_PRESENT, 700 * M } });
	writes = room_writes(&room);
	target = room_target(&room, 0);
	for (int i = 0; i < 3; i++) {
		tell(CALL("Balance", "\"dry_run\":true"));
		assert_true(says("\"dry_run\":true") && says("\"from_kib\":524288,\"to_kib\":716048,\"reason\":\"below-min\""));
	}
	assert_int_equal(room_writes(&room), writes);
	assert_int_equal(room_target(&room, 0), target);
	tell(CALL("Balance", "\"dry_run\":false"));
	assert_true(says("\"dry_run\":false") && says("\"from_kib\":524288,\"to_kib\":716048,\"reason\":\"below-min\""));
	assert_int_equal(room_writes(&room), writes + 1);
	assert_int_equal(room_target(&room, 0), 716048);
	/* What it has just set it knows: it does so no more than once. */
	tell(CALL("Balance", ""));
	assert_string_equal(text, "{\"parameters\":{\"dry_run\":false,\"deeds\":[]}}");
	tell(CALL("Balance", "\"dry_run\":true"));
	assert_string_equal(text, "{\"parameters\":{\"dry_run\":true,\"deeds\":[]}}");
	assert_int_equal(room_writes(&room), writes + 1);
	/* Of one that decides and does nothing, all is what it would do. */
	room.config.dry_run = true;
	manager_configure(room.manager, &room.config);
	room_limit(&room, 0, &(struct hb_limits_change){ .min = { HB_PRESENT, 800 * M } });
	room_run(&room, 2000);
	tell(CALL("Balance", ""));
	assert_true(says("\"dry_run\":true") && says("\"from_kib\":716048,\"to_kib\":81"));
	assert_int_equal(room_target(&room, 0), 716048);
	room_close(&room);
}

/* A round that came to no decision is none in which there was nothing to do. */
static void test_balance_fails(void **state)
{
	uint64_t rounds;

	(void)state;
	open_room(512 * M);
	tell(CALL("Balance", ""));
	rounds = manager_look(room.manager).rounds;
	room.sim->fault = SIM_FAULT_ERROR;
	room.sim->fault_errno = 5;
	room.sim->fault_at = room.sim->calls + 1;
	tell(CALL("Balance", ""));
	assert_true(says("\"reason\":\"host-failed\"") && says("the host could not be looked at") && says("ask again"));
	assert_int_equal(manager_look(room.manager).rounds, rounds);
	tell(CALL("Balance", ""));
	assert_string_equal(text, "{\"parameters\":{\"dry_run\":false,\"deeds\":[]}}");
	assert_int_equal(manager_look(room.manager).rounds, rounds + 1);
	room_close(&room);
}

/* A host that is lost is no reason to be silent. */
static void test_lost(void **state)
{
	(void)state;
	room_open(&room, 4 * G);
	tell(CALL("Reserve", "\"name\":\"web\",\"size_kib\":524288"));
	assert_true(says("\"code\":\"host\",\"reason\":\"no-answer\""));
	room_close(&room);
	open_room(512 * M);
	room.sim->hangs_at = room.sim->calls + 1;
	tell(CALL("SetLimits", "\"domid\":1,\"off\":true"));
	assert_true(says("\"reason\":\"no-answer\""));
	tell(CALL("Balance", ""));
	assert_true(says("\"reason\":\"no-answer\""));
	tell(CALL("Balance", "\"dry_run\":true"));
	assert_true(says("\"reason\":\"no-answer\""));
	room_close(&room);
}

static void test_follows(void **state)
{
	struct hb_deed deed = { .time_ms = 7, .domid = 3, .name = "web", .from_kib = 4, .to_kib = 8 };

	(void)state;
	open_room(512 * M);
	ask(CALL("Subscribe", ""));
	assert_string_equal(text, "{\"parameters\":{},\"error\":\"org.varlink.service.ExpectedMore\"}");
	assert_false(said.follows);
	ask("{\"method\":\"" MANAGER ".Subscribe\",\"more\":true,\"parameters\":{\"x\":1}}");
	assert_string_equal(text, WRONG("x"));
	assert_false(said.follows);
	ask("{\"method\":\"" MANAGER ".Subscribe\",\"more\":true,\"oneway\":true}");
	assert_null(text);
	assert_false(said.follows);
	ask("{\"method\":\"" MANAGER ".Subscribe\",\"more\":true}");
	assert_null(text);
	assert_true(said.follows);
	text = answer_deed(&deed);
	assert_string_equal(text, "{\"parameters\":{\"deed\":{\"time_ms\":7,\"domid\":3,\"name\":\"web\",\"uuid\":\"\",\"from_kib\":4,"
			    "\"to_kib\":8,\"reason\":\"distress\",\"reason_text\":\"it cannot go on without more memory\"}},\"continues\":true}");
	room_close(&room);
}

/* Whatever comes, the manager goes on, and what is no message ends the connection. */
static void test_mangled(void **state)
{
	static const char *const messages[] = {
		CALL("GetDomains", ""), CALL("History", "\"domid\":1,\"last_s\":60"),
		CALL("Reserve", "\"name\":\"web\",\"size_kib\":4096,\"vcpus\":2,\"ttl_s\":60,\"force\":true"),
		CALL("SetLimits", "\"domid\":1,\"min_kib\":262144,\"max_kib\":524288,\"weight\":1000,\"automatic\":true"),
		CALL("Balance", "\"dry_run\":true"), "{\"method\":\"" MANAGER ".Subscribe\",\"more\":true}",
	};
	static const char bytes[] = "{}[]\",:\\0123456789-+.eE \n\x01\x7f\xc3\xffnulltruefalse";
	char message[512];

	(void)state;
	srand(choose_seed());
	open_room(512 * M);
	for (unsigned int i = 0; i < 4000; i++) {
		strcpy(message, messages[i % (sizeof(messages) / sizeof(messages[0]))]);
		for (int n = rand() % 4; n >= 0; n--)
			message[rand() % strlen(message)] = bytes[rand() % (sizeof(bytes) - 1)];
		said = answer(room.manager, i % 2, message);
		assert_true(said.good || !said.text);
		free(said.text);
	}
	room.next_ms = 0;
	room_run(&room, 1000);
	assert_true(manager_look(room.manager).connected);
	room_close(&room);
}

/* What a method takes is what its description says. */
static void test_described(void **state)
{
	static const char *const lines[] = {
		"method Reserve(name: string, size_kib: int, maxmem_kib: ?int, vcpus: ?int, ttl_s: ?int, force: ?bool) -> ",
		"method SetLimits(domid: int, min_kib: ?int, max_kib: ?int, weight: ?int, automatic: ?bool, off: ?bool, forget: ?bool) -> ",
		"method Balance(dry_run: ?bool) -> (dry_run: bool, deeds: []Deed)",
		"method Subscribe() -> (deed: Deed)", "error Failed (code: string, reason: string, message: string, remedy: string)",
	};

	(void)state;
	room_open(&room, 4 * G);
	ask("{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":{\"interface\":\"" MANAGER "\"}}");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (!says(lines[i]))
			fail_msg("%s", lines[i]);
	}
	room_close(&room);
}

static int teardown(void **state)
{
	(void)state;
	free(text);
	text = NULL;
	return 0;
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_answers), TEST(test_between_rounds), TEST(test_reserves), TEST(test_makes_room), TEST(test_locked), TEST(test_limits),
		TEST(test_balances), TEST(test_balance_fails), TEST(test_lost), TEST(test_follows), TEST(test_mangled),
		TEST(test_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
