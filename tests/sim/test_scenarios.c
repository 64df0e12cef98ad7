/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What other toolstacks do in the same place, row by row, each with its source, and
 * what our command does there. Where ours does something else on purpose, the row
 * says what and why. The rows of libxl's memory/target are in test_libxl.c.
 *
 * Sources: xen-project/xen stable-4.17 9373a593c5a6ef57db1302eb1dca58cc3eb51c07;
 * xapi-project/xen-api e2ee48d6883e0b98c4d219d3f0778a10c6655607.
 */
#include "common.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "claim.h"
#include "command.h"
#include "internal.h"
#include "limit.h"
#include "overhead.h"

/* xen tools/xl/xl_parse.c parse_mem_size_kb(): what xl mem-set reads. */
static const struct size_row {
	const char *id, *argument;
	long long xl_kib;	/* NO_SIZE: xl refuses it, too */
	const char *why;	/* ours refuses it, although xl reads a number */
} sizes[] = {
#define NO_SIZE (-1)
	{ "xlparse-01", "2048", 2097152, "xl reads MiB, its manual says KiB" },
	{ "xlparse-02", "2048k", 2048, NULL },
	{ "xlparse-03", "2g", 2097152, NULL },
	{ "xlparse-04", "1t", 1073741824, NULL },
	{ "xlparse-05", "1073741824b", 1048576, NULL },
	{ "xlparse-06", "2gb", NO_SIZE, NULL },
	{ "xlparse-07", "abc", NO_SIZE, NULL },
	{ "xlparse-08", "", 0, "nothing is read as 0 and taken from the guest" },
	{ "xlparse-09", "m", 0, "a unit alone is read as 0" },
	{ "xlparse-10", "-5", -5120, "no unit, and negative is a change to ours" },
	{ "xlparse-11", "-1k", NO_SIZE, NULL },
};

static void check_accepted(const struct size_row *row, const char *line)
{
	struct json_object *object;

	if (command_line(line))
		fail_msg("%s: %s", row->id, command_out);
	object = command_json();
	assert_json_number(object, "size_kib", row->xl_kib);
	json_object_put(object);
	assert_int_equal(common_number(command_sim, GUEST, HB_KEY_TARGET), row->xl_kib);
}

/* By the parser: no host is asked. */
static void check_rejected(const struct size_row *row, const char *line)
{
	char quoted[32];
	struct json_object *object;

	if (command_line_with(command_open_nothing, line) != HB_E_USAGE)
		fail_msg("%s: %s", row->id, command_out);
	object = command_json();
	assert_json_text(object, "error.code", "usage");
	snprintf(quoted, sizeof(quoted), "\"%s\"", row->argument);
	assert_non_null(strstr(json_object_get_string(command_at(object, "error.message")), quoted));
	assert_non_null(command_at(object, "error.remedy"));
	json_object_put(object);
}

static void test_sizes(void **state)
{
	char line[64];

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const struct size_row *row = &sizes[i];

		print_message("%s\n", row->id);
		command_sim = common_host();
		/* By force, or a size is refused because the host or the guest has not that much. */
		snprintf(line, sizeof(line), "set guest1 %s --force --json",
			 *row->argument ? row->argument : "~");
		if (row->xl_kib != NO_SIZE && !row->why)
			check_accepted(row, line);
		else
			check_rejected(row, line);
		/* Only what xl reads as a number can be refused on purpose. */
		assert_true(!row->why || row->xl_kib != NO_SIZE);
		command_end_host();
	}
}

/*
 * xen-api ocaml/xapi-idl/memory/memory.ml, in MiB. A host is xapi's if squeezed
 * manages domains on it.
 */
static const struct xapi_row {
	const char *id;
	bool shim;
	unsigned int static_max, vcpus;
	unsigned int internal, external, shadow, vcpu_extra, shim_mib, overhead, xen_max;
} xapi[] = {
	{ "ovh-01", false, 1024, 1, 1, 1, 9, 1, 0, 12, 1025 },
	{ "ovh-03", false, 124928, 16, 1, 1, 992, 3, 0, 997, 124929 },
	{ "ovh-05", true, 4096, 2, 1, 1, 34, 1, 68, 105, 4165 },
};

static void check_overhead(const struct xapi_row *row)
{
	struct hb_build build = {
		.builder = HB_BUILDER_XAPI,
		.type = row->shim ? HB_TYPE_PVH : HB_TYPE_HVM,
		.shim = row->shim,
		.vcpus = row->vcpus,
		.size_kib = row->static_max * M,
		.maxmem_kib = row->static_max * M,
	};
	struct hb_overhead overhead = hb_overhead(&build);
	uint64_t internal = overhead.maxmem_kib - build.maxmem_kib - overhead.shim_kib;

	assert_int_equal(internal, row->internal * M);
	assert_int_equal(overhead.fixed_kib - internal, row->external * M);
	assert_int_equal(overhead.pool_kib, row->shadow * M);
	assert_int_equal(overhead.vcpus_kib, row->vcpu_extra * M);
	assert_int_equal(overhead.shim_kib, row->shim_mib * M);
	assert_int_equal(overhead.need_kib, (row->static_max + row->overhead) * M);
	assert_int_equal(overhead.maxmem_kib, row->xen_max * M);
}

/* What the command sets aside for such a domain, MiB; size is its argument. */
static uint64_t reserved_mib(unsigned int size, unsigned int vcpus)
{
	struct json_object *object;
	uint64_t kib;
	char line[96];

	snprintf(line, sizeof(line), "reserve %uM --for=web --vcpus=%u --force --json", size, vcpus);
	assert_int_equal(command_line(line), 0);
	object = command_json();
	kib = json_object_get_uint64(command_at(object, "kib"));
	json_object_put(object);
	assert_int_equal(kib % M, 0);
	return kib / M;
}

static void test_overhead_xapi(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(xapi) / sizeof(xapi[0]); i++) {
		const struct xapi_row *row = &xapi[i];
		uint64_t need = row->static_max + row->overhead;

		print_message("%s\n", row->id);
		check_overhead(row);
		command_sim = common_host();
		sim_write_key(command_sim, GUEST, HB_KEY_DYNAMIC_MIN, "524288");
		/*
		 * reserve does not know PV guests in a PVH container: the manual says to add
		 * the shim's part to the size. That costs 1 MiB of pool at most.
		 */
		if (row->shim)
			assert_in_range(reserved_mib(row->static_max + row->shim_mib, row->vcpus), need, need + 1);
		else
			assert_int_equal(reserved_mib(row->static_max, row->vcpus), need);
		command_end_host();
	}
}

/* A guest that xapi has built full is set to the size that it has: Xen's limit stays. */
static void test_xen_max(void **state)
{
	struct sim_guest guest = usual_guest;

	(void)state;
	guest.type = HB_TYPE_HVM;
	guest.memory_kib = guest.maxmem_kib = xapi[0].static_max * M;
	command_sim = common_host_with(&guest);
	assert_int_equal(command_line("set guest1 1024M"), 0);
	assert_int_equal(sim_xen(command_sim, GUEST, NULL).max_pages * HB_PAGE_KIB, xapi[0].xen_max * M);
}

/*
 * xen-api ocaml/tests/test_vm_memory_constraints.ml, MiB: static-min, dynamic-min,
 * dynamic-max and static-max are our floor, min, max and ceiling. xapi calls a domain
 * with one possible size pinned. A row says one of the two.
 */
enum verdict { VALID, INVALID, PINNED, UNPINNED };

static const struct constraint {
	const char *id;
	unsigned int static_min, dynamic_min, target, dynamic_max, static_max;
	enum verdict verdict;
	const char *why;	/* of INVALID: which of the rules it is against */
} constraints[] = {
	{ "xapi-valid-01", 0, 1, 2, 3, 4, VALID, NULL },
	{ "xapi-valid-03", 1, 1, 2, 3, 4, VALID, NULL },
	{ "xapi-valid-05", 2, 2, 2, 3, 4, VALID, NULL },
	{ "xapi-valid-07", 3, 3, 3, 3, 4, VALID, NULL },
	{ "xapi-valid-09", 4, 4, 4, 4, 4, VALID, NULL },
	{ "xapi-invalid-01", 2, 1, 2, 3, 4, INVALID, "guest1 cannot live with 1M" },
	{ "xapi-invalid-03", 5, 1, 2, 3, 4, INVALID, "guest1 cannot live with 1M" },
	{ "xapi-invalid-05", 0, 5, 2, 3, 4, INVALID, "would be 5M and its maximum 3M" },
	{ "xapi-pinned-01", 0, 0, 0, 0, 5, PINNED, NULL },
	{ "xapi-pinned-03", 0, 2, 2, 2, 5, PINNED, NULL },
	{ "xapi-pinned-05", 0, 4, 4, 4, 5, PINNED, NULL },
	{ "xapi-unpinned-01", 0, 0, 0, 1, 5, UNPINNED, NULL },
	{ "xapi-unpinned-03", 0, 2, 2, 3, 5, UNPINNED, NULL },
	{ "xapi-unpinned-05", 0, 3, 4, 4, 5, UNPINNED, NULL },
};

static void write_kib(const char *key, uint64_t kib)
{
	char value[24];

	snprintf(value, sizeof(value), "%" PRIu64, kib);
	sim_write_key(command_sim, GUEST, key, value);
}

/* No size of ours is nothing: where a row has 0, it is the least that there is. */
static uint64_t size_of(unsigned int mib)
{
	return mib ? mib * M : HB_PAGE_KIB;
}

/*
 * A guest that can be moved between these sizes. Its least size is its video memory
 * and a page, the largest one what the administrator has written for it.
 */
static void make_host(const struct constraint *row)
{
	struct sim_guest guest = usual_guest;
	uint64_t video = row->static_min ? row->static_min * M - HB_PAGE_KIB : 0;
	uint64_t size = size_of(row->target);

	guest.type = HB_TYPE_HVM;
	guest.rate_kib_s = 0;
	command_sim = common_host_with(&guest);
	write_kib(HB_KEY_VIDEORAM, video);
	write_kib(HB_KEY_TARGET, size > video ? size - video : 0);
	write_kib(HB_KEY_STATIC_MAX, row->static_max * M);
	if (row->static_max * M > video)
		write_kib(HB_KEY_HOTPLUG_MAX, row->static_max * M - video);
}

static int give_limits(uint64_t min_kib, uint64_t max_kib)
{
	char line[96];

	snprintf(line, sizeof(line), "limits guest1 --min=%" PRIu64 "K --max=%" PRIu64 "K --json", min_kib,
		 max_kib);
	return command_line(line);
}

static void check_limits(const struct constraint *row)
{
	uint64_t min = size_of(row->dynamic_min), max = size_of(row->dynamic_max);
	struct json_object *object;
	bool fixed;

	make_host(row);
	if (row->verdict == INVALID) {
		assert_int_equal(command_line("limits guest1 --forget"), 0);
		assert_int_equal(give_limits(min, max), HB_E_USAGE);
		object = command_json();
		assert_non_null(strstr(json_object_get_string(command_at(object, "error.message")), row->why));
		assert_non_null(command_at(object, "error.remedy"));
		json_object_put(object);
		assert_null(strstr(common_state_file("limits"), "mode="));
		return;
	}
	assert_int_equal(give_limits(min, max), 0);
	object = command_json();
	assert_json_number(object, "min_kib", min);
	assert_json_number(object, "max_kib", max);
	assert_json_number(object, "effective_min_kib", min);
	assert_json_number(object, "effective_max_kib", max);
	json_object_put(object);
	assert_int_equal(command_line("explain guest1"), 0);
	fixed = strstr(command_out, "its limits leave it no other size");
	if (row->verdict == PINNED || row->verdict == UNPINNED)
		assert_int_equal(fixed, row->verdict == PINNED);
	/* Above all that there is. */
	assert_int_equal(give_limits(min, row->static_max * M + HB_PAGE_KIB), HB_E_USAGE);
	assert_int_equal(command_line("limits guest1 --forget"), 0);
}

static void test_constraints(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(constraints) / sizeof(constraints[0]); i++) {
		const struct constraint *row = &constraints[i];
		struct hb_range range = { row->dynamic_min * M, row->dynamic_max * M };

		print_message("%s\n", row->id);
		assert_int_equal(hb_limits_valid(row->static_min * M, range.min_kib, range.max_kib,
						 row->static_max * M),
				 row->verdict != INVALID);
		if (row->verdict == PINNED || row->verdict == UNPINNED)
			assert_int_equal(hb_limits_fixed(&range), row->verdict == PINNED);
		check_limits(row);
		/* Nothing as a size is refused before anything is looked at. */
		assert_int_equal(give_limits(0, row->static_max * M), HB_E_USAGE);
		command_end_host();
	}
}

/* xapi-reset-01 and xapi-reset-03, the same source: test_reset_to_safe_defaults. */
static const struct constraint resets[] = {
	{ "xapi-reset-01", 256, 512, 1024, 2048, 4096, VALID, NULL },
	{ "xapi-reset-03", 1024, 1024, 1024, 1024, 1024, VALID, NULL },
};

static void check_reset(const struct constraint *row)
{
	uint64_t max = row->static_max * M, video = row->static_min * M - HB_PAGE_KIB;
	struct json_object *object;

	make_host(row);
	assert_int_equal(give_limits(row->dynamic_min * M, row->dynamic_max * M), 0);
	assert_int_equal(command_line("limits guest1 --reset --json"), 0);
	object = command_json();
	assert_json_number(object, "min_kib", max);
	assert_json_number(object, "max_kib", max);
	assert_json_number(object, "effective_min_kib", max);
	assert_json_number(object, "effective_max_kib", max);
	assert_json_text(object, "automatic", "true");
	json_object_put(object);
	/* The target, too: it would be outside of its limits. */
	assert_int_equal(common_number(command_sim, GUEST, HB_KEY_TARGET), max - video);
	assert_int_equal(common_number(command_sim, GUEST, HB_KEY_STATIC_MAX), max);
	/* The least size is what it was. */
	assert_int_equal(give_limits(row->static_min * M - HB_PAGE_KIB, max), HB_E_USAGE);
	assert_int_equal(give_limits(row->static_min * M, max), 0);
	assert_int_equal(command_line("limits guest1 --forget"), 0);
}

static void test_reset(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(resets) / sizeof(resets[0]); i++) {
		print_message("%s\n", resets[i].id);
		check_reset(&resets[i]);
		command_end_host();
	}
}

/*
 * xen/common/page_alloc.c domain_set_outstanding_pages(), in pages. Ours refuses what
 * Xen would refuse before it asks, and says by which of Xen's rules.
 */
static const struct claim_row {
	const char *id;
	unsigned int tot, max, avail, outstanding, claimed, pages;
	int xen;		/* errno of Xen's answer */
	const char *why;	/* of our refusal */
} claims[] = {
	{ "claim-01", 1000, 2000, 10000, 0, 0, 1000, EINVAL, "holds" },
	{ "claim-03", 1000, 2000, 10000, 500, 500, 1800, EINVAL, "one claim a domain" },
	{ "claim-05", 1000, 2000, 900, 1, 0, 1900, ENOMEM, "unclaimed" },
	/* Ours, beside them: above the limit, and the ones that Xen grants. */
	{ "claim-max", 1000, 2000, 10000, 0, 0, 2001, EINVAL, "maxmem" },
	{ "claim-ok", 1000, 2000, 901, 1, 0, 1900, 0, NULL },
	{ "claim-all", 1000, 2000, 1000, 0, 0, 2000, 0, NULL },
};

static int ask_xen(unsigned int pages)
{
	struct hb *hb = sim_connect(command_sim);
	int rc;

	assert_int_equal(hb->host->ops->lock_host(hb->host), 0);
	rc = hb->host->ops->claim(hb->host, GUEST, pages);
	hb->host->ops->unlock_host(hb->host);
	hb_close(hb);
	return -rc;
}

static uint64_t claimed_pages(void)
{
	return sim_xen(command_sim, GUEST, NULL).outstanding_pages;
}

static void make_claim_host(const struct claim_row *row)
{
	struct sim_guest guest = usual_guest;

	guest.memory_kib = guest.maxmem_kib = row->tot * HB_PAGE_KIB;
	guest.offset_kib = 0;
	guest.rate_kib_s = 0;
	command_sim = common_host_with(&guest);
	sim_set_limit(command_sim, GUEST, row->max * HB_PAGE_KIB);
	if (row->claimed)
		assert_int_equal(ask_xen(row->tot + row->claimed), 0);
	assert_int_equal(claimed_pages(), row->claimed);
	command_sim->claimed_pages = row->outstanding - row->claimed;
	command_sim->free_pages = row->avail;
}

static void check_claim(const struct claim_row *row)
{
	char line[96];

	make_claim_host(row);
	/* By force: what the host keeps for itself is more than there is in the rows. */
	snprintf(line, sizeof(line), "reserve %lluK --for=guest1 --force", row->pages * HB_PAGE_KIB);
	assert_int_equal(command_line(line), row->xen ? HB_E_REFUSED : HB_OK);
	if (row->xen) {
		assert_non_null(strstr(command_err, row->why));
		assert_non_null(strstr(command_err, "\n  "));
		assert_int_equal(claimed_pages(), row->claimed);
		assert_int_equal(ask_xen(row->pages), row->xen);
	} else {
		assert_int_equal(claimed_pages(), row->pages - row->tot);
	}
	command_end_host();
}

static void test_claims(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
		print_message("%s\n", claims[i].id);
		check_claim(&claims[i]);
	}
}

/* Somebody is faster than we are, and Xen refuses what we had no reason to: exit 5, and why. */
static void test_claim_refused_by_xen(void **state)
{
	static const int answers[] = { EINVAL, ENOMEM, EOPNOTSUPP };
	static const char *const remedies[] = { "hotballoon show", "hotballoon free", "cache colouring" };
	const struct claim_row *row = &claims[sizeof(claims) / sizeof(claims[0]) - 1];
	char line[96];
	unsigned int refused;

	(void)state;
	snprintf(line, sizeof(line), "reserve %lluK --for=guest1 --force", row->pages * HB_PAGE_KIB);
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		print_message("answers, row %zu\n", i);
		refused = 0;
		for (unsigned int at = 1; at < 200; at++) {
			make_claim_host(row);
			command_sim->fault = SIM_FAULT_ERROR;
			command_sim->fault_errno = answers[i];
			command_sim->fault_at = command_sim->calls + at;
			if (command_line(line) == HB_E_HOST && strstr(command_err, "Xen refuses to set memory aside")) {
				assert_non_null(strstr(command_err, strerror(answers[i])));
				assert_non_null(strstr(command_err, remedies[i]));
				assert_int_equal(claimed_pages(), 0);
				refused++;
			}
			command_end_host();
		}
		assert_int_equal(refused, 1);
	}
}

/*
 * QubesOS/qubes-core-admin 1ad5f9b8, qubes/tests/qmemman.py test_000_meminfo. What is no number
 * says nothing; there such a domain is not sized, either.
 */
static void test_meminfo(void **state)
{
	static const struct {
		const char *id, *value;
		bool good;
	} rows[] = {
		{ "qm-parse-01", "4096", true }, { "qm-parse-03", "a4096", false },
		{ "qm-parse-05", "4096 1024", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct json_object *object;

		command_sim = common_host();
		sim_write_key(command_sim, GUEST, HB_KEY_QUBES_MEMINFO, rows[i].value);
		assert_int_equal(command_line("show guest1 --json"), HB_OK);
		object = command_json();
		if (rows[i].good)
			assert_json_number(object, "used_kib", 4096);
		else
			assert_json_text(object, "used_kib", "invalid");
		json_object_put(object);
		command_end_host();
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, command_setup_nothing, command_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sizes),
		TEST(test_overhead_xapi),
		TEST(test_xen_max),
		TEST(test_constraints),
		TEST(test_reset),
		TEST(test_claims),
		TEST(test_claim_refused_by_xen),
		TEST(test_meminfo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
