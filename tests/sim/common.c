/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

const struct sim_guest usual_guest = {
	.domid = GUEST,
	.name = "guest1",
	.type = HB_TYPE_PVH,
	.memory_kib = 512 * M,
	.maxmem_kib = 512 * M,
	.vcpus = 2,
	.offset_kib = 64,
	.rate_kib_s = 256 * M,
	.reports = true,
};

struct sim *common_host_with(const struct sim_guest *guest)
{
	struct sim *sim = sim_open(8 * G);

	sim_add(sim, &(struct sim_guest){ .domid = 0, .name = "Domain-0", .type = HB_TYPE_PV,
					  .memory_kib = G, .maxmem_kib = G, .vcpus = 4 });
	sim_add(sim, guest);
	return sim;
}

struct sim *common_host(void)
{
	return common_host_with(&usual_guest);
}

uint64_t common_number(const struct sim *sim, uint32_t domid, const char *key)
{
	const char *value = sim_read_key(sim, domid, key);

	assert_non_null(value);
	return strtoull(value, NULL, 10);
}

#define VM_UUID "00000005-0000-0000-0000-000000000000"

uint64_t common_vm_memory(const struct sim *sim)
{
	char path[96];
	const char *value;

	snprintf(path, sizeof(path), HB_DIR_VM "/%s", VM_UUID, HB_KEY_VM_MEMORY);
	value = sim_read(sim, path);
	assert_non_null(value);
	return strtoull(value, NULL, 10);
}

void common_other_tool(struct sim *sim, uint64_t target_kib)
{
	char path[96], value[24];

	sim_set_limit(sim, GUEST, target_kib + sim_guest(sim, GUEST)->videoram_kib + M);
	snprintf(value, sizeof(value), "%" PRIu64, target_kib);
	sim_write_key(sim, GUEST, HB_KEY_TARGET, value);
	snprintf(path, sizeof(path), HB_DIR_VM "/%s", VM_UUID, HB_KEY_VM_MEMORY);
	snprintf(value, sizeof(value), "%" PRIu64, (uint64_t)(target_kib / M));
	sim_write(sim, path, value);
}

void common_assert_consistent(const struct sim *sim, uint32_t domid)
{
	uint64_t target = common_number(sim, domid, HB_KEY_TARGET), pool;
	struct hb_xen_domain xen = sim_xen(sim, domid, &pool);

	assert_true(common_number(sim, domid, HB_KEY_STATIC_MAX) >= target);
	assert_true(xen.max_pages * HB_PAGE_KIB >= target + M);
	assert_int_equal(common_vm_memory(sim), target / M);
	if (xen.hvm && !sim->no_pool)
		assert_true(pool >= HB_PAGE_KIB * (256ULL * xen.vcpus + (target + 1023) / M));
	assert_int_equal(sim_pages(sim), sim->total_pages);
}

static bool same_number(const struct hb_number *a, const struct hb_number *b)
{
	return a->presence == b->presence && a->value == b->value;
}

bool common_same_limits(const struct hb_limits *a, const struct hb_limits *b)
{
	return a->mode == b->mode && a->weight == b->weight && same_number(&a->min, &b->min) &&
	       same_number(&a->max, &b->max) && same_number(&a->set, &b->set);
}

enum hb_code common_set(struct sim *sim, const char *size, const struct hb_set_request *how,
			struct hb_set_result *result, struct hb_error *error)
{
	return common_set_telling(sim, size, how, NULL, NULL, result, error);
}

enum hb_code common_set_telling(struct sim *sim, const char *size,
				const struct hb_set_request *how, hb_progress_fn *progress,
				void *argument, struct hb_set_result *result,
				struct hb_error *error)
{
	struct hb_set_request request = { 0 };
	struct hb *hb = sim_connect(sim);
	enum hb_code code;

	if (how)
		request = *how;
	hb_set_progress(hb, progress, argument);
	assert_int_equal(hb_size_parse(size, &request.size, error), HB_OK);
	code = hb_set(hb, GUEST, &request, result, error);
	hb_close(hb);
	return code;
}

void common_begin_build(struct sim *sim, uint32_t domid, const char *name)
{
	struct sim_guest guest = usual_guest;

	guest.domid = domid;
	guest.name = name;
	guest.memory_kib = guest.maxmem_kib = guest.offset_kib = 0;
	guest.never_ran = true;
	guest.reports = false;
	sim_add_quietly(sim, &guest);
	sim_set_limit(sim, domid, 0);
	sim_remove_key(sim, domid, HB_KEY_TARGET);
	sim_remove_key(sim, domid, HB_KEY_STATIC_MAX);
}

void common_add_copy(struct sim *sim, uint32_t domid, const char *name)
{
	struct sim_guest guest = usual_guest;

	guest.domid = domid;
	guest.name = name;
	guest.copy_of = GUEST;
	sim_add(sim, &guest);
}

char common_state_dir[64];

void common_make_state_dir(void)
{
	/* Files are synchronised often, which takes no time in memory. */
	snprintf(common_state_dir, sizeof(common_state_dir), "%s/hotballoon-state.XXXXXX",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	assert_non_null(mkdtemp(common_state_dir));
	setenv("HOTBALLOON_STATE_DIR", common_state_dir, 1);
}

static void state_path(char path[128], const char *name)
{
	snprintf(path, 128, "%s/%s", common_state_dir, name);
}

/* What a writer who was ended half-way has left: counted, and removed if so wished. */
static unsigned int leftovers(bool remove)
{
	DIR *dir = opendir(common_state_dir);
	struct dirent *entry;
	unsigned int count = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, ".limits.", 8) && strncmp(entry->d_name, ".reservations.", 14) &&
		    strncmp(entry->d_name, ".host.", 6))
			continue;
		count++;
		if (remove)
			assert_int_equal(unlinkat(dirfd(dir), entry->d_name, 0), 0);
	}
	closedir(dir);
	return count;
}

unsigned int common_leftovers(void)
{
	return leftovers(false);
}

void common_remove_state_dir(void)
{
	static const char *const names[] = { "lock", "limits", "reservations", "host", "sizes", "to-come" };
	char path[128];

	leftovers(true);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		state_path(path, names[i]);
		unlink(path);
	}
	/* Nothing else may have been left there. */
	assert_int_equal(rmdir(common_state_dir), 0);
}

static void real_time(struct sim *sim)
{
	(void)sim;
	usleep(20000);
}

void common_lock_file(struct sim *sim)
{
	static char path[128];

	state_path(path, "lock");
	sim->host_lock = path;
	sim->tick = real_time;
}

struct hb *common_connect(struct sim *sim)
{
	struct hb *hb = sim_connect(sim);
	struct hb_error error;

	assert_int_equal(hb_set_state_dir(hb, common_state_dir, &error), HB_OK);
	return hb;
}

uint64_t common_available(struct sim *sim)
{
	struct hb *hb = common_connect(sim);
	struct hb_host_memory memory;
	struct hb_error error;

	assert_int_equal(hb_host_memory(hb, &memory, &error), HB_OK);
	hb_close(hb);
	return hb_host_available_kib(&memory);
}

const char *common_state_file(const char *name)
{
	static char text[65536];
	char path[128];
	size_t length;
	FILE *file;

	state_path(path, name);
	file = fopen(path, "r");
	if (!file)
		return NULL;
	length = fread(text, 1, sizeof(text) - 1, file);
	text[length] = '\0';
	fclose(file);
	return text;
}

void common_write_state_file(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	state_path(path, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static char remedy[CLI_REMEDY_TEXT];

const char *common_remedy(const struct hb_error *error)
{
	return cli_remedy(error, remedy);
}

const char *common_finding_remedy(const struct hb_finding *finding)
{
	return cli_finding_remedy(finding, remedy);
}
