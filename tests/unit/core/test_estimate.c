// SPDX-License-Identifier: GPL-2.0-or-later
/* How much a guest needs: the law, case by case, and what no report can break. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/estimate.h"

#include "random.h"

#define MIB 1024ULL
#define GIB (1024 * MIB)
#define S 1000ULL
#define MIN (60 * S)
#define DRIVER (HB_KNOWS_TOTAL | HB_KNOWS_FREE | HB_KNOWS_AVAILABLE | \
		HB_KNOWS_SWAP | HB_KNOWS_SWAPPING | HB_KNOWS_REFAULTS | \
		HB_KNOWS_STALLS | HB_KNOWS_OOM_KILLS)

/* 2 GiB of which the kernel keeps 48 MiB; 500 MiB are used, the rest is cache. */
static const struct hb_usage usual = {
	.known = DRIVER, .total = 2000 * MIB, .free = 100 * MIB,
	.available = 1500 * MIB, .swap_total = GIB, .swap_free = GIB,
};

static struct hb_estimate started(const struct hb_usage *usage)
{
	struct hb_estimate e;

	hb_estimate_start(&e, 2 * GIB);
	hb_estimate_report(&e, usage, 2 * GIB, S);
	return e;
}

/* Time passes second by second, in which the guest says the same. */
static u64 pass(struct hb_estimate *e, const struct hb_usage *usage, u64 from,
		u64 ms, bool host_short)
{
	u64 now;

	for (now = from + S; now <= from + ms; now += S) {
		hb_estimate_report(e, usage, 2 * GIB, now);
		hb_estimate_pass(e, 2 * GIB, host_short, now);
	}
	return now - S;
}

static void test_silent(void **state)
{
	struct hb_estimate e;
	struct hb_usage nothing = { .known = HB_KNOWS_FREE | HB_KNOWS_SWAP };

	(void)state;
	hb_estimate_start(&e, GIB);
	hb_estimate_report(&e, &nothing, GIB, S);
	hb_estimate_pass(&e, 2 * GIB, true, 2 * S);
	assert_false(e.known);
	assert_int_equal(e.must_kib, 2 * GIB);
	assert_int_equal(e.want_kib, 2 * GIB);
	assert_string_equal(hb_need_word(e.why), "no-report");
	assert_non_null(hb_need_text(e.why));
}

static void test_first_report(void **state)
{
	struct hb_estimate e = started(&usual);

	(void)state;
	/* 48 of the kernel and 500; a reserve that is a sixteenth of what it would have. */
	assert_int_equal(e.overhead_kib, 48 * MIB);
	assert_in_range(e.must_kib, (548 + 53) * MIB, (548 + 54) * MIB);
	assert_in_range(e.base_kib, 657 * MIB, 658 * MIB);
	/* Nothing changes because somebody looks. */
	assert_int_equal(e.want_kib, 2 * GIB);
	assert_int_equal(e.why, HB_NEED_STEADY);
	assert_false(e.distress);
}

/* Numbers that no guest has do not overflow: the largest that there is counts. */
static void test_clamped(void **state)
{
	const struct hb_usage huge = {
		.known = DRIVER, .total = UINT64_MAX, .available = 0, .used = UINT64_MAX,
		.swap_total = UINT64_MAX,
	};
	struct hb_estimate e = started(&huge);

	(void)state;
	assert_int_equal(e.must_kib, (1ULL << 42) + 256 * MIB);
	assert_int_equal(e.lacks_kib, 256 * MIB);
}

static void test_swap_is_used(void **state)
{
	struct hb_usage swapped = usual;
	struct hb_estimate e;

	(void)state;
	swapped.swap_free = GIB - 300 * MIB;
	e = started(&swapped);
	assert_in_range(e.must_kib, (848 + 72) * MIB, (848 + 74) * MIB);
}

/* Qubes OS' number has the swap and the kernel in it, and no other number says more. */
static void test_other_sources(void **state)
{
	const struct hb_usage qubes = { .known = HB_KNOWS_USED, .used = 600 * MIB };
	const struct hb_usage xapi = {
		.known = HB_KNOWS_TOTAL | HB_KNOWS_AVAILABLE,
		.total = 2000 * MIB, .available = 1448 * MIB,
	};
	struct hb_estimate e = started(&qubes);

	(void)state;
	assert_in_range(e.base_kib, 779 * MIB, 780 * MIB);
	e = started(&xapi);
	assert_in_range(e.base_kib, 779 * MIB, 780 * MIB);
	assert_int_equal(e.want_kib, 2 * GIB);
}

/* What an agent says of what the kernel hands out, of a guest with so much in use. */
static struct hb_usage handed_out(u64 total, u64 used)
{
	return (struct hb_usage){
		.known = HB_KNOWS_TOTAL | HB_KNOWS_AVAILABLE, .total = total,
		.available = total > used ? total - used : 0,
	};
}

/* Squeezed further each time, it is never at rest: what the kernel keeps is needed all the same. */
static void test_squeezed(void **state)
{
	struct hb_usage usage = handed_out(1120 * MIB, 300 * MIB);
	struct hb_estimate e;
	u64 now = S;

	(void)state;
	hb_estimate_start(&e, 1280 * MIB);
	hb_estimate_report(&e, &usage, 1280 * MIB, now);
	for (u64 size = 1200 * MIB; size >= 260 * MIB; size -= 20 * MIB) {
		usage = handed_out(size - 160 * MIB, 300 * MIB);
		hb_estimate_report(&e, &usage, size, now += MIN);
		assert_true(e.must_kib >= (size < 460 * MIB ? size : 460 * MIB));
	}
	/* Its first word was of another size: the next one that is not tells more. */
	hb_estimate_start(&e, 1200 * MIB);
	usage = handed_out(1120 * MIB, 300 * MIB);
	hb_estimate_report(&e, &usage, 1200 * MIB, now);
	assert_true(e.must_kib < 460 * MIB);
	usage = handed_out(840 * MIB, 300 * MIB);
	hb_estimate_report(&e, &usage, 1000 * MIB, now);
	assert_true(e.must_kib >= 460 * MIB);
	/* One that is of a larger guest for sure says nothing. */
	hb_estimate_start(&e, 600 * MIB);
	usage = handed_out(1120 * MIB, 300 * MIB);
	hb_estimate_report(&e, &usage, 600 * MIB, now);
	assert_false(e.known);
	assert_int_equal(e.must_kib, 600 * MIB);
}

static void test_sinks_while_short(void **state)
{
	struct hb_estimate e = started(&usual);
	u64 now = pass(&e, &usual, S, 60 * MIN, false);

	(void)state;
	/* Nobody else needs it. */
	assert_int_equal(e.want_kib, 2 * GIB);
	pass(&e, &usual, now, 59 * S, true);
	assert_in_range(e.want_kib, 2 * GIB - GIB / 4, 2 * GIB - 1);
	/* 1 % in six seconds. */
	e = started(&usual);
	e.quiet_ms = 0;
	hb_estimate_pass(&e, 2 * GIB, true, 100 * S);
	assert_int_equal(e.want_kib, 2 * GIB - 2 * GIB / 100);
	assert_int_equal(e.why, HB_NEED_IDLE);
	hb_estimate_pass(&e, 2 * GIB, true, 105 * S);
	assert_int_equal(e.want_kib, 2 * GIB - 2 * GIB / 100);
	hb_estimate_pass(&e, 2 * GIB, true, 106 * S);
	assert_true(e.want_kib < 2 * GIB - 2 * GIB / 100);
	/* To what it uses and a margin, and no further. */
	pass(&e, &usual, 106 * S, 60 * MIN, true);
	assert_int_equal(e.want_kib, e.base_kib);
	/* The others have enough again: what it has is its own. */
	hb_estimate_pass(&e, 2 * GIB, false, 4000 * S);
	assert_int_equal(e.want_kib, 2 * GIB);
	assert_int_equal(e.why, HB_NEED_STEADY);
}

static void test_never_used(void **state)
{
	struct hb_usage fresh = usual;
	struct hb_estimate e;

	(void)state;
	fresh.free = 1300 * MIB;
	e = started(&fresh);
	hb_estimate_pass(&e, 2 * GIB, false, 2 * S);
	assert_int_equal(e.want_kib, 2 * GIB);
	/* All but the reserve, at once: 16 MiB and a sixteenth. */
	hb_estimate_pass(&e, 2 * GIB, true, 3 * S);
	assert_int_equal(e.want_kib, (2048 - 1300 + 16 + 125) * MIB);
	fresh.free = 1900 * MIB;
	hb_estimate_report(&e, &fresh, 2 * GIB, 4 * S);
	hb_estimate_pass(&e, 2 * GIB, true, 4 * S);
	assert_int_equal(e.want_kib, e.base_kib);
}

/* Given because of refaults, it is free until it has filled, and not to be taken back. */
static void test_fills(void **state)
{
	struct hb_usage usage = usual;
	struct hb_estimate e = started(&usual);

	(void)state;
	usage.refaults_file += 20000;
	hb_estimate_report(&e, &usage, 2 * GIB, 2 * S);
	usage.total += 512 * MIB;
	usage.free = 600 * MIB;
	usage.available += 512 * MIB;
	hb_estimate_report(&e, &usage, 2 * GIB + GIB / 2, 3 * S);
	hb_estimate_pass(&e, 2 * GIB + GIB / 2, true, 61 * S);
	assert_int_equal(e.want_kib, 2 * GIB + GIB / 2);
	hb_estimate_pass(&e, 2 * GIB + GIB / 2, true, 62 * S);
	assert_true(e.want_kib < 2 * GIB + GIB / 4);
}

/* What it wants and was not given is no memory that it has not used. */
static void test_not_given(void **state)
{
	struct hb_usage usage = usual;
	struct hb_estimate e = started(&usual);

	(void)state;
	usage.refaults_file += 20000;
	hb_estimate_report(&e, &usage, 2 * GIB, 2 * S);
	hb_estimate_pass(&e, 2 * GIB, true, 63 * S);
	assert_in_range(e.want_kib, (2 * GIB + GIB / 2) / 100 * 99, 2 * GIB + GIB / 2);
}

static void test_uses_more(void **state)
{
	struct hb_usage more = usual;
	struct hb_estimate e = started(&usual);

	(void)state;
	more.available = 200 * MIB;
	hb_estimate_report(&e, &more, 2 * GIB, S + 100);
	/* 1848 used: at once, without waiting for the second. */
	assert_in_range(e.must_kib, (1848 + 139) * MIB, (1848 + 141) * MIB);
	assert_in_range(e.want_kib, 2217 * MIB, 2218 * MIB);
	assert_int_equal(e.why, HB_NEED_USES);
	assert_false(e.distress);
}

static void test_refaults(void **state)
{
	struct hb_usage usage = usual;
	struct hb_estimate e = started(&usual);

	(void)state;
	/* Two in a thousand a minute are nothing; and less than a second is not judged. */
	usage.refaults_file += 16;
	hb_estimate_report(&e, &usage, 2 * GIB, 2 * S);
	assert_int_equal(e.want_kib, 2 * GIB);
	usage.refaults_anon += 20000;
	hb_estimate_report(&e, &usage, 2 * GIB, 2 * S + 900);
	assert_int_equal(e.want_kib, 2 * GIB);
	/* 80 MiB in a second: ten seconds' worth, which is more than a quarter. */
	hb_estimate_report(&e, &usage, 2 * GIB, 3 * S);
	assert_int_equal(e.want_kib, 2 * GIB + GIB / 2);
	assert_int_equal(e.why, HB_NEED_REFAULTS);
	/* A little more than too much: more than the dead band. */
	e = started(&usage);
	usage.refaults_file += 200;
	hb_estimate_report(&e, &usage, 2 * GIB, 2 * S);
	assert_int_equal(e.want_kib, 2 * GIB + 2 * GIB / 32);
	/* Another boot: counters begin again. */
	e = started(&usage);
	hb_estimate_report(&e, &usual, 2 * GIB, 2 * S);
	assert_int_equal(e.want_kib, 2 * GIB);
}

static void test_swapping(void **state)
{
	struct hb_usage usage = usual;
	struct hb_estimate e = started(&usual);

	(void)state;
	usage.swap_out += 10000;
	hb_estimate_report(&e, &usage, 2 * GIB, 2 * S);
	assert_true(e.want_kib > 2 * GIB + 300 * MIB);
	assert_int_equal(e.why, HB_NEED_SWAPS);
}

/* Refaults at 40 MiB/s whenever it has sunk below 1800 MiB. */
static u64 try_until_it_hurts(struct hb_estimate *e, struct hb_usage *usage, u64 now)
{
	u64 end = now + 60 * MIN;

	while (e->want_kib > 1800 * MIB) {
		now += S;
		assert_true(now < end);
		hb_estimate_report(e, usage, e->want_kib, now);
		hb_estimate_pass(e, e->want_kib, true, now);
	}
	usage->refaults_file += 10000;
	now += S;
	hb_estimate_report(e, usage, e->want_kib, now);
	return now;
}

/* A little comes back each second: that is nothing, but soon after it sank it is our doing. */
static void test_takes_back(void **state)
{
	struct hb_usage usage = usual;
	struct hb_estimate e = started(&usual);
	u64 now = S, sunk;
	unsigned int i;

	(void)state;
	for (i = 0; i < 60; i++) {
		now += S;
		usage.refaults_file += 77;	/* 18 MiB a minute */
		hb_estimate_report(&e, &usage, 2 * GIB, now);
		hb_estimate_pass(&e, 2 * GIB, true, now);
	}
	assert_int_equal(e.why, HB_NEED_STEADY);
	assert_int_equal(e.want_kib, 2 * GIB);
	now = pass(&e, &usage, now, 10 * MIN, true);
	sunk = e.want_kib;
	assert_true(sunk < 2 * GIB);
	usage.refaults_file += 77;
	hb_estimate_report(&e, &usage, sunk, now + S);
	assert_int_equal(e.why, HB_NEED_REFAULTS);
	assert_true(e.want_kib >= sunk + 16 * MIB);
}

static void test_patience(void **state)
{
	static const u64 waits[] = { 120, 240, 480, 960, 960 };
	struct hb_usage usage = usual;
	struct hb_estimate e = started(&usual);
	u64 now = S, rose;
	unsigned int i;

	(void)state;
	for (i = 0; i < 5; i++) {
		now = try_until_it_hurts(&e, &usage, now);
		assert_int_equal(e.patience, i < 4 ? i + 1 : 4);
		rose = now;
		e.want_kib = 2 * GIB;
		while (e.want_kib == 2 * GIB) {
			now += S;
			assert_true(now < rose + 60 * MIN);
			hb_estimate_report(&e, &usage, 2 * GIB, now);
			hb_estimate_pass(&e, 2 * GIB, true, now);
		}
		assert_in_range(now - rose, waits[i] * S, (waits[i] + 6) * S);
	}
	/* One that refaults long after it sank does so by itself. */
	now += 3 * MIN;
	usage.refaults_file += 100000;
	hb_estimate_report(&e, &usage, 2 * GIB, now);
	assert_int_equal(e.patience, 4);
	assert_int_equal(e.sank_ms, 0);
	hb_estimate_pass(&e, 2 * GIB, true, now + 30 * MIN - 1);
	assert_int_equal(e.patience, 4);
	hb_estimate_pass(&e, 2 * GIB, true, now + 30 * MIN);
	assert_int_equal(e.patience, 0);
}

static void test_blamed_once(void **state)
{
	struct hb_usage usage = usual;
	struct hb_estimate e = started(&usual);
	u64 now = try_until_it_hurts(&e, &usage, S);

	(void)state;
	assert_int_equal(e.patience, 1);
	/* It is still coming back: the same rise. */
	usage.refaults_file += 10000;
	hb_estimate_report(&e, &usage, e.want_kib, now + S);
	assert_int_equal(e.patience, 1);
	/* One that sank long ago does so by itself. */
	e = started(&usual);
	e.quiet_ms = 0;
	hb_estimate_pass(&e, 2 * GIB, true, 100 * S);
	assert_true(e.sank_ms);
	usage.refaults_file += 1000000;
	hb_estimate_report(&e, &usage, 2 * GIB, 220 * S);
	assert_int_equal(e.why, HB_NEED_REFAULTS);
	assert_int_equal(e.patience, 0);
	/* And one that never sank has nobody to blame. */
	e = started(&usual);
	hb_estimate_report(&e, &usage, 2 * GIB, 2 * S);
	assert_int_equal(e.patience, 0);
}

static void test_distress(void **state)
{
	struct hb_usage usage = usual;
	struct hb_estimate e = started(&usual);
	u64 want;

	(void)state;
	/* 16 MiB and a sixteenth are 141 MiB. */
	usage.available = 100 * MIB;
	hb_estimate_report(&e, &usage, 2 * GIB, 2 * S);
	assert_false(e.distress);
	assert_int_equal(e.lacks_kib, 41 * MIB);
	usage.alloc_stalls++;
	hb_estimate_report(&e, &usage, 2 * GIB, 2 * S + 100);
	assert_true(e.distress);
	assert_true(e.must_kib > 2 * GIB);
	hb_estimate_report(&e, &usage, 2 * GIB, 2 * S + 200);
	assert_false(e.distress);
	usage.available = 70 * MIB;
	hb_estimate_report(&e, &usage, 2 * GIB, 3 * S);
	assert_true(e.distress);
	usage.available = 1500 * MIB;
	usage.alloc_stalls++;
	hb_estimate_report(&e, &usage, 2 * GIB, 4 * S);
	assert_false(e.distress);
	/* The kernel counts those that a cgroup's limit killed, too: nobody else waited. */
	usage.oom_kills++;
	want = e.want_kib;
	hb_estimate_report(&e, &usage, 2 * GIB, 4 * S + 500);
	assert_false(e.distress);
	assert_int_equal(e.want_kib, want);
	usage.oom_kills++;
	usage.alloc_stalls++;
	hb_estimate_report(&e, &usage, 2 * GIB, 5 * S);
	assert_true(e.distress);
	assert_int_equal(e.want_kib, 2 * GIB + GIB / 2);
	assert_int_equal(e.why, HB_NEED_OOM);
	/* What has waited since boot is no news of a guest that says it for the first time. */
	usage.known &= ~HB_KNOWS_STALLS;
	usage.available = 100 * MIB;
	hb_estimate_report(&e, &usage, 2 * GIB, 6 * S);
	usage.known |= HB_KNOWS_STALLS;
	hb_estimate_report(&e, &usage, 2 * GIB, 6 * S + 100);
	assert_false(e.distress);
}

/* A cgroup at its limit reads its files again and again, and the guest has plenty. */
static void test_confined(void **state)
{
	struct hb_usage usage = usual;
	struct hb_estimate e;
	u64 now;

	(void)state;
	usage.free = 900 * MIB;
	e = started(&usage);
	for (now = 2 * S; now < 10 * MIN; now += S) {
		usage.refaults_file += 10 * MIB / 4;	/* KiB to pages: 10 MiB a second */
		hb_estimate_report(&e, &usage, 2 * GIB, now);
		hb_estimate_pass(&e, 2 * GIB, true, now);
	}
	assert_true(e.want_kib <= 2 * GIB);
}

/* While it moves, its size and its total are of different moments. */
static void test_moving(void **state)
{
	struct hb_usage usage = usual;
	struct hb_estimate e = started(&usual);

	(void)state;
	hb_estimate_report(&e, &usage, 3 * GIB, 2 * S);
	assert_int_equal(e.overhead_kib, 48 * MIB);
	usage.total = 3000 * MIB;
	usage.available = 2500 * MIB;
	hb_estimate_report(&e, &usage, 3 * GIB, 3 * S);
	assert_int_equal(e.overhead_kib, 72 * MIB);
}

static u64 any(u64 *random)
{
	u64 value = random_next(random);

	return random_below(random, 4) ? value >> random_below(random, 64) : value;
}

static void any_usage(struct hb_usage *usage, u64 *random)
{
	u64 *numbers[] = {
		&usage->total, &usage->free, &usage->available, &usage->used,
		&usage->swap_total, &usage->swap_free, &usage->swap_in, &usage->swap_out,
		&usage->refaults_anon, &usage->refaults_file, &usage->alloc_stalls,
		&usage->oom_kills,
	};

	usage->known = random_next(random);
	for (unsigned int i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (random_below(random, 2))
			*numbers[i] = any(random);
	}
}

/* Whatever is said: sizes that fit, in their order, and 25 % a second at most by counters. */
static void test_any_report(void **state)
{
	u64 random = random_seed("any report"), now = S;
	struct hb_usage usage = usual;
	struct hb_estimate e = started(&usual);

	(void)state;
	for (int run = 0; run < 200000; run++) {
		u64 size = random_below(&random, 8 * GIB) + 1;
		u64 want = e.want_kib;

		any_usage(&usage, &random);
		now += random_below(&random, 3000);
		hb_estimate_report(&e, &usage, size, now);
		assert_true(e.must_kib <= e.base_kib);
		assert_true(e.base_kib <= e.want_kib);
		assert_true(e.want_kib <= (1ULL << 42) + (2ULL << 30));
		if (e.want_kib > want)
			assert_true(e.want_kib == e.base_kib || e.want_kib <= size + size / 4 + 16 * MIB);
		assert_in_range(e.why, 0, HB_NEED_COUNT - 1);
		hb_estimate_pass(&e, size, random_below(&random, 2), now);
		assert_true(e.base_kib <= e.want_kib);
		if (!random_below(&random, 100))
			hb_estimate_start(&e, size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silent),
		cmocka_unit_test(test_first_report),
		cmocka_unit_test(test_clamped),
		cmocka_unit_test(test_swap_is_used),
		cmocka_unit_test(test_other_sources),
		cmocka_unit_test(test_squeezed),
		cmocka_unit_test(test_sinks_while_short),
		cmocka_unit_test(test_never_used),
		cmocka_unit_test(test_fills),
		cmocka_unit_test(test_not_given),
		cmocka_unit_test(test_uses_more),
		cmocka_unit_test(test_refaults),
		cmocka_unit_test(test_swapping),
		cmocka_unit_test(test_takes_back),
		cmocka_unit_test(test_patience),
		cmocka_unit_test(test_blamed_once),
		cmocka_unit_test(test_distress),
		cmocka_unit_test(test_confined),
		cmocka_unit_test(test_moving),
		cmocka_unit_test(test_any_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
