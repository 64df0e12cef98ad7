/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who follows its target: the answer from two hand-made looks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "follow.h"

#define M 1024ULL

/* A guest of 512M that has been told 256M and does not report. */
static struct hb_domain silent(uint64_t actual_kib)
{
	return (struct hb_domain){
		.domid = 5,
		.state = HB_DOMAIN_RUNNING,
		.actual_kib = actual_kib,
		.target = { HB_PRESENT, 256 * M },
	};
}

static struct hb_domain reporting(uint64_t actual_kib, uint64_t goal_kib)
{
	struct hb_domain domain = silent(actual_kib);

	domain.driver = HB_DRIVER_HOTBALLOON;
	domain.report.current = (struct hb_number){ HB_PRESENT, actual_kib };
	domain.report.goal = (struct hb_number){ HB_PRESENT, goal_kib };
	return domain;
}

static enum hb_following judge(struct hb_domain first, struct hb_domain second)
{
	return hb_follow_judge(&first, &second, 2000).kind;
}

static void test_moves_or_rests(void **state)
{
	struct hb_follow follow;
	struct hb_domain domain = silent(512 * M), other;

	(void)state;
	assert_int_equal(judge(domain, silent(257 * M)), HB_FOLLOW_THERE);
	assert_int_equal(judge(domain, silent(510 * M)), HB_FOLLOW_MOVES);
	assert_int_equal(judge(domain, silent(510 * M + 4)), HB_FOLLOW_RESTS);
	assert_int_equal(judge(domain, silent(520 * M)), HB_FOLLOW_RESTS);
	/* Away from the other side. */
	assert_int_equal(judge(silent(100 * M), silent(102 * M)), HB_FOLLOW_MOVES);
	assert_int_equal(judge(silent(100 * M), silent(98 * M)), HB_FOLLOW_RESTS);
	follow = hb_follow_judge(&domain, &domain, 2000);
	assert_int_equal(follow.gap_kib, 256 * M);
	assert_true(follow.above);
	/* Told something else in between: nobody can have followed yet. */
	other = domain;
	other.target.value = 300 * M;
	assert_int_equal(judge(other, domain), HB_FOLLOW_MOVES);
}

static void test_stale(void **state)
{
	struct hb_domain bad;

	(void)state;
	assert_int_equal(judge(reporting(512 * M, 512 * M), reporting(512 * M, 512 * M)), HB_FOLLOW_STALE);
	assert_int_equal(judge(reporting(512 * M, 256 * M), reporting(512 * M, 256 * M)), HB_FOLLOW_RESTS);
	/* It has seen the target, and says that it could not read it. */
	bad = reporting(512 * M, 512 * M);
	bad.report.cause = (struct hb_word){ HB_PRESENT, HB_CAUSE_BAD_TARGET };
	assert_int_equal(judge(bad, bad), HB_FOLLOW_RESTS);
	/* It has just seen the target, or goes there whatever it says. */
	assert_int_equal(judge(reporting(512 * M, 512 * M), reporting(512 * M, 256 * M)), HB_FOLLOW_RESTS);
	assert_int_equal(judge(reporting(512 * M, 512 * M), reporting(400 * M, 512 * M)), HB_FOLLOW_MOVES);
}

/* Memory without frames goes first, and Xen's count stands meanwhile. */
static void test_unsettled(void **state)
{
	struct hb_domain first = silent(300 * M), second = silent(300 * M);

	(void)state;
	first.pod = second.pod = true;
	first.pod_entries_kib = 200 * M;
	second.pod_entries_kib = 150 * M;
	assert_int_equal(judge(first, second), HB_FOLLOW_MOVES);
	assert_int_equal(judge(first, first), HB_FOLLOW_RESTS);
}

/* Of whom nobody expects that it follows now. */
static void test_nobody_expects(void **state)
{
	struct hb_domain domain;

	(void)state;
#define EXCUSED(change) do { domain = silent(512 * M); change; \
		assert_true(hb_follow_is_there(&domain)); \
		assert_int_equal(judge(domain, domain), HB_FOLLOW_THERE); } while (0)
	EXCUSED(domain.domid = 0);
	EXCUSED(domain.service = HB_SERVICE_XENSTORE);
	EXCUSED(domain.state = HB_DOMAIN_PAUSED);
	EXCUSED(domain.state = HB_DOMAIN_CRASHED);
	EXCUSED(domain.still = HB_STILL_HELD);
	EXCUSED(domain.vnodes = 2);
	EXCUSED(domain.target.presence = HB_INVALID);
	/* Linux's own driver in an HVM guest rests below its size by the video memory. */
	EXCUSED(domain.type = HB_TYPE_HVM; domain.videoram_kib = 16 * M; domain.actual_kib = 256 * M);
	/* As libxl builds an HVM guest with a maximum above its size. */
	EXCUSED(domain.type = HB_TYPE_HVM; domain.actual_kib = 257 * M + 376);
	domain.actual_kib = 259 * M;
	assert_false(hb_follow_is_there(&domain));
	domain = silent(257 * M + 376);
	assert_false(hb_follow_is_there(&domain));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moves_or_rests),
		cmocka_unit_test(test_stale),
		cmocka_unit_test(test_unsettled),
		cmocka_unit_test(test_nobody_expects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
