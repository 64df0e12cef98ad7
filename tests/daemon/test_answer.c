/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What hotballoond answers, message by message. */
#include <string.h>

#include "answer.h"
#include "room.h"

static struct room room;
static char *text;

static void ask(const char *message)
{
	const struct manager_view view = manager_look(room.manager);
	bool good;

	free(text);
	text = answer(&view, message, &good);
	assert_true(good);
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
	struct manager_view view;
	bool good;

	(void)state;
	room_open(&room, 4 * G);
	ask("{\"method\":\"org.hotballoon.Manager.GetStatus\"}");
	assert_true(says("\"connected\":false"));
	room_add(&room, 512 * M, 256 * M, G);
	room_run(&room, 5000);
	room_guest(&room, 0)->load.load.anon_kib = 600 * M;
	room_run(&room, 60000);
	view = manager_look(room.manager);
	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
		assert_null(answer(&view, nonsense[i], &good));
		assert_false(good);
	}
	ask("{\"method\":\"org.hotballoon.Manager.GetStatus\",\"parameters\":{}}");
	assert_true(says("\"connected\":true") && says("\"preset\":\"demand\"") && says("\"total_kib\":4194304"));
	ask("{\"method\":\"org.hotballoon.Manager.GetDomains\"}");
	assert_true(says("\"name\":\"g1\"") && says("\"reason\":\"settled\"") && says("\"min_kib\":262144"));
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
	ask("{\"method\":\"org.hotballoon.Manager.Destroy\"}");
	assert_string_equal(text, "{\"parameters\":{\"method\":\"org.hotballoon.Manager.Destroy\"},"
			    "\"error\":\"org.varlink.service.MethodNotFound\"}");
	ask("{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":{\"interface\":\"org.hotballoon.Manager\"}}");
	assert_true(says("method GetDomains() -> (domains: []Domain)"));
	ask("{\"method\":\"org.varlink.service.GetInterfaceDescription\"}");
	assert_true(says("InvalidParameter"));
	ask("{\"method\":\"org.hotballoon.Manager.GetDomains\",\"oneway\":true}");
	assert_null(text);
	free(text);
	room_close(&room);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_answers) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
