/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What keeps managers from sizing a domain: a row for each reason, and which one comes first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "manage.h"

#define M 1024ULL

/* One that managers may size. */
static const struct hb_domain good = {
	.domid = 5, .name = "guest1", .type = HB_TYPE_PVH, .state = HB_DOMAIN_RUNNING,
	.target = { HB_PRESENT, 512 * M },
};
static const struct hb_limits given = {
	.mode = HB_MODE_AUTO, .weight = HB_WEIGHT_DEFAULT, .set = { HB_PRESENT, 512 * M },
};

static struct hb_domain domain;
static struct hb_limits limits;

static void serves(void) { domain.service = HB_SERVICE_DRIVER; }
static void has_stub(void) { domain.service = HB_SERVICE_DEVICE_MODEL; }
static void has_nodes(void) { domain.vnodes = 2; }
static void damaged(void) { limits.damaged = true; }
static void no_limits(void) { limits.mode = HB_MODE_MANUAL; }
static void off(void) { limits.mode = HB_MODE_OFF; }
static void no_target(void) { domain.target = (struct hb_number){ HB_ABSENT, 0 }; }
static void bad_target(void) { domain.target = (struct hb_number){ HB_INVALID, 0 }; }
static void pinned(void) { domain.target.value = 400 * M; }
static void squeezed(void) { domain.squeezed = true; }
static void qmemman(void) { domain.qmemman = true; }
static void paused(void) { domain.state = HB_DOMAIN_PAUSED; }
static void building(void) { domain.state = HB_DOMAIN_BUILDING; }
static void shut_down(void) { domain.state = HB_DOMAIN_SHUTDOWN; }
static void crashed(void) { domain.state = HB_DOMAIN_CRASHED; }
static void dying(void) { domain.state = HB_DOMAIN_DYING; }
static void saving(void) { domain.state = HB_DOMAIN_SAVING; }
static void migrating(void) { domain.state = HB_DOMAIN_MIGRATING; }
static void held(void) { domain.still = HB_STILL_HELD; }
static void left(void) { domain.still = HB_STILL_LEFT; }
static void claims(void) { domain.claimed_kib = 4; }

/* In the order of precedence. */
static const struct {
	void (*spoil)(void);
	enum hb_obstacle obstacle;
	const char *word, *motive, *text;
} rows[] = {
	{ serves, HB_OBSTACLE_SERVICE, "serves-others", "service", "it works for other domains and is not sized" },
	{ has_stub, HB_OBSTACLE_SERVICE, "serves-others", "service", "it works for other domains and is not sized" },
	{ has_nodes, HB_OBSTACLE_NUMA, "virtual-numa", "numa", "it has virtual NUMA nodes" },
	{ damaged, HB_OBSTACLE_DAMAGED, "damaged-file", "limits-damaged", "its limits cannot be read" },
	{ no_limits, HB_OBSTACLE_NO_LIMITS, "no-limits", "manual", "nobody has given it limits" },
	{ off, HB_OBSTACLE_OFF, "sizing-off", "off", "automatic sizing is off for it" },
	{ no_target, HB_OBSTACLE_NO_TARGET, "no-target", "no-target", "it has no target in xenstore, or an invalid one" },
	{ bad_target, HB_OBSTACLE_NO_TARGET, "no-target", "no-target", "it has no target in xenstore, or an invalid one" },
	{ pinned, HB_OBSTACLE_PINNED, "pinned", "pinned", "a person or another tool has set its size: it is pinned" },
	{ squeezed, HB_OBSTACLE_SQUEEZED, "squeezed", "other-manager", "xapi's squeezed sizes it" },
	{ qmemman, HB_OBSTACLE_QMEMMAN, "qmemman", "other-manager", "qmemman of Qubes OS sizes it" },
	{ paused, HB_OBSTACLE_PAUSED, "not-running", "paused", "it is paused" },
	{ building, HB_OBSTACLE_BUILDING, "building", "building", "it is being built" },
	{ shut_down, HB_OBSTACLE_SHUTDOWN, "shut-down", "shut-down", "it is shut down" },
	{ crashed, HB_OBSTACLE_CRASHED, "crashed", "shut-down", "it has crashed" },
	{ dying, HB_OBSTACLE_DYING, "dying", "dying", "it is being destroyed" },
	{ saving, HB_OBSTACLE_SAVING, "saving", "still", "it is suspended, to be saved or to go to another host" },
	{ migrating, HB_OBSTACLE_MIGRATING, "migrating", "still", "it is one end of a migration" },
	{ held, HB_OBSTACLE_STILL, "kept-still", "still", "it is told to keep its memory as it is" },
	{ left, HB_OBSTACLE_STILL, "kept-still", "still", "it is told to keep its memory as it is" },
	{ claims, HB_OBSTACLE_CLAIM, "has-claim", "claim",
	  "it has a claim, and older Xens set aside for that what it gives back" },
};

#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))

static const char *word_of(enum hb_obstacle obstacle)
{
	return hb_reason_name(hb_obstacle_reason(obstacle));
}

static void test_each(void **state)
{
	(void)state;
	assert_int_equal(hb_may_size(&good, &given), HB_OBSTACLE_NONE);
	assert_string_equal(word_of(HB_OBSTACLE_NONE), "none");
	assert_null(hb_obstacle_text(HB_OBSTACLE_NONE));
	for (size_t i = 0; i < NR_ROWS; i++) {
		domain = good;
		limits = given;
		rows[i].spoil();
		assert_int_equal(hb_may_size(&domain, &limits), rows[i].obstacle);
		assert_string_equal(word_of(rows[i].obstacle), rows[i].word);
		assert_string_equal(hb_motive_word(hb_obstacle_motive(rows[i].obstacle)), rows[i].motive);
		assert_string_equal(hb_obstacle_text(rows[i].obstacle), rows[i].text);
	}
	assert_int_equal(hb_obstacle_motive(HB_OBSTACLE_NONE), HB_MOTIVE_SETTLED);
}

/* Of two the one that is said is the first of the table, unless they exclude each other. */
static void test_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_ROWS; i++) {
		for (size_t j = i + 1; j < NR_ROWS; j++) {
			domain = good;
			limits = given;
			rows[j].spoil();
			rows[i].spoil();
			assert_int_equal(hb_may_size(&domain, &limits), rows[i].obstacle);
		}
	}
}

/* The refusal names the domain, says why, and is of that reason. */
static void test_refusal(void **state)
{
	struct hb_error error;

	(void)state;
	assert_int_equal(hb_refuse_obstacle(&good, HB_OBSTACLE_NONE, &error), HB_OK);
	for (size_t i = 0; i < NR_ROWS; i++) {
		assert_int_equal(hb_refuse_obstacle(&good, rows[i].obstacle, &error),
				 rows[i].obstacle == HB_OBSTACLE_DAMAGED ? HB_E_HOST : HB_E_REFUSED);
		assert_non_null(strstr(error.message, "guest1"));
		assert_non_null(strstr(error.message, rows[i].text));
		assert_string_equal(hb_reason_name(error.reason), rows[i].word);
		assert_true(error.of_domain);
		assert_int_equal(error.domid, 5);
	}
}

/* What libxl takes off an HVM guest's target when it builds it anew is no person. */
static void test_hvm_is_not_pinned(void **state)
{
	(void)state;
	domain = good;
	domain.target.value += M;
	assert_int_equal(hb_may_size(&domain, &given), HB_OBSTACLE_PINNED);
	domain.type = HB_TYPE_HVM;
	assert_int_equal(hb_may_size(&domain, &given), HB_OBSTACLE_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each),
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_refusal),
		cmocka_unit_test(test_hvm_is_not_pinned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
