// SPDX-License-Identifier: GPL-2.0-or-later
/* walk.c on page tables made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "walk.h"

#define TABLE 4096
#define TABLES 8
#define PRESENT 1
#define LARGE 0x80
#define NO_EXECUTE (UINT64_C(1) << 63)

/* Table n lies at machine address n * TABLE; 0 is the root. */
static uint64_t tables[TABLES][TABLE / 8];
static const struct walk_memory memory = { tables, sizeof(tables) };
static struct walk_leaves leaves;

static int setup(void **state)
{
	(void)state;
	memset(tables, 0, sizeof(tables));
	memset(&leaves, 0xff, sizeof(leaves));
	return 0;
}

static uint64_t entry(unsigned int table, uint64_t flags)
{
	return (uint64_t)table * TABLE | flags;
}

/* A root with one table of each level below: 1, 2, 3. */
static void chain(void)
{
	tables[0][0] = entry(1, PRESENT);
	tables[1][0] = entry(2, PRESENT);
	tables[2][0] = entry(3, PRESENT);
}

static void assert_leaves(uint64_t of_1g, uint64_t of_2m, uint64_t of_4k)
{
	assert_int_equal(leaves.of_1g, of_1g);
	assert_int_equal(leaves.of_2m, of_2m);
	assert_int_equal(leaves.of_4k, of_4k);
}

static void test_nothing_mapped(void **state)
{
	(void)state;
	assert_int_equal(walk_count(&memory, 0, &leaves), 0);
	assert_leaves(0, 0, 0);
}

static void test_each_size(void **state)
{
	(void)state;
	chain();
	tables[1][5] = entry(100, PRESENT | LARGE);
	tables[2][511] = entry(100, PRESENT | LARGE);
	tables[2][7] = entry(100, PRESENT | LARGE);
	tables[3][0] = entry(100, PRESENT);
	tables[3][1] = entry(100, PRESENT);
	tables[3][511] = entry(100, PRESENT);
	assert_int_equal(walk_count(&memory, 0, &leaves), 0);
	assert_leaves(1, 2, 3);
}

/* Bit 7 of a 4 KiB mapping is a memory type. */
static void test_bit_7_of_small_mapping(void **state)
{
	(void)state;
	chain();
	tables[3][9] = entry(100, PRESENT | LARGE);
	assert_int_equal(walk_count(&memory, 0, &leaves), 0);
	assert_leaves(0, 0, 1);
}

/* What Xen populates on demand has an entry that is not present. */
static void test_not_present(void **state)
{
	(void)state;
	chain();
	tables[2][1] = entry(100, LARGE);
	tables[3][1] = entry(100, 0);
	assert_int_equal(walk_count(&memory, 0, &leaves), 0);
	assert_leaves(0, 0, 0);
}

static void test_flags_are_no_address(void **state)
{
	(void)state;
	chain();
	tables[0][0] |= NO_EXECUTE | 0x7 | UINT64_C(0x1f) << 52;
	tables[3][0] = entry(100, PRESENT);
	assert_int_equal(walk_count(&memory, 0xfff, &leaves), 0);
	assert_leaves(0, 0, 1);
}

static void test_table_outside_of_memory(void **state)
{
	(void)state;
	assert_int_equal(walk_count(&memory, sizeof(tables), &leaves), -1);
	chain();
	tables[2][1] = entry(TABLES, PRESENT);
	assert_int_equal(walk_count(&memory, 0, &leaves), -1);
	tables[2][1] = UINT64_C(0x000ffffffffff000) | PRESENT;
	assert_int_equal(walk_count(&memory, 0, &leaves), -1);
}

static void test_memory_smaller_than_a_table(void **state)
{
	const struct walk_memory tiny = { tables, TABLE - 1 };

	(void)state;
	assert_int_equal(walk_count(&tiny, 0, &leaves), -1);
}

static void test_512_gib_mapping(void **state)
{
	(void)state;
	tables[0][3] = entry(0, PRESENT | LARGE);
	assert_int_equal(walk_count(&memory, 0, &leaves), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_nothing_mapped, setup),
		cmocka_unit_test_setup(test_each_size, setup),
		cmocka_unit_test_setup(test_bit_7_of_small_mapping, setup),
		cmocka_unit_test_setup(test_not_present, setup),
		cmocka_unit_test_setup(test_flags_are_no_address, setup),
		cmocka_unit_test_setup(test_table_outside_of_memory, setup),
		cmocka_unit_test_setup(test_memory_smaller_than_a_table, setup),
		cmocka_unit_test_setup(test_512_gib_mapping, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
