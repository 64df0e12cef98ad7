/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hotballoon create: xl does it, when there is room.
 *
 * What the domain needs is told by xl itself, which is asked to read the configuration and do
 * nothing. That much is set aside for its name, also if the host has not got it yet: so several
 * that start at once are served in their order, nobody else takes it, and hotballoond, if it
 * runs, takes it from guests that need it least. What it cannot bring is asked of guests as by
 * "hotballoon free".
 *
 * Whatever happens, what was set aside here is given back in the end, and if there is no domain
 * guests get back what they gave. A process that is killed leaves the reservation for RESERVED_S
 * more than the time limit, or a person's as large as it was made, and guests at sizes that a
 * manager may change.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "overhead.h"
#include "reservation.h"
#include "share.h"
#include "xl.h"

/* If nobody says how long; and what xl may take then. */
#define TIMEOUT_S 60
#define RESERVED_S 600
/* No configuration is that long. */
#define CONFIG_MAX (4 << 20)
/* libxl's, of a device model in a domain of its own: LIBXL_DEV_MODEL_... and its memory. */
#define STUBDOM_KIB (32 * 1024ULL)
/* libxl's, if the configuration says nothing. */
#define SIZE_DEFAULT_KIB (32 * 1024ULL)
#define VCPUS_MAX 512

struct creation {
	struct xl xl;
	struct cli *cli;
	char name[256];
	struct hb_build build;
	uint64_t need_kib;
	/* What somebody has set aside for it is less, or ends sooner: it stays his in the end. */
	struct hb_raise *raise;
	struct hb_free_result freed;
};

enum hb_code cli_create_prepare(struct cli *cli)
{
	cli->timeout_s = TIMEOUT_S;
	return cli_parse_seconds(cli, OPT_TIMEOUT);
}

/* ------------------------------------------------------------ what xl says of it */

static struct json_object *get(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, name, &value);
	return value;
}

/* A whole number of the object, or what is usual if it has none; more than most is most. */
static uint64_t number_of(struct json_object *object, const char *name, uint64_t usual, uint64_t most)
{
	struct json_object *value = get(object, name);
	int64_t number;

	if (!json_object_is_type(value, json_type_int))
		return usual;
	number = json_object_get_int64(value);
	return number < 0 ? usual : (uint64_t)number > most ? most : (uint64_t)number;
}

/* libxl's own booleans are words. */
static bool is_true(struct json_object *value)
{
	return json_object_is_type(value, json_type_boolean) ? json_object_get_boolean(value) :
	       json_object_is_type(value, json_type_string) && !strcasecmp(json_object_get_string(value), "true");
}

static bool has_some(struct json_object *config, const char *name)
{
	struct json_object *list = get(config, name);

	return json_object_is_type(list, json_type_array) && json_object_array_length(list);
}

/* What the builder takes beyond what overhead.h knows of every domain. */
static uint64_t extras(struct json_object *config, struct json_object *built, const struct hb_build *build)
{
	const uint64_t pool = hb_overhead_pool_kib(build->type, build->hap, build->vcpus, build->maxmem_kib);
	const uint64_t shadow = number_of(built, "shadow_memkb", 0, HB_SIZE_MAX_KIB);
	uint64_t kib = shadow > pool ? shadow - pool : 0;

	/* Page tables of the IOMMU: as many as of the processor. */
	if (has_some(config, "pcidevs") || has_some(config, "dtdevs"))
		kib += number_of(built, "iommu_memkb", pool, HB_SIZE_MAX_KIB);
	if (is_true(get(built, "device_model_stubdomain")))
		kib += STUBDOM_KIB;
	return kib;
}

static bool read_build(struct creation *creation, struct json_object *config)
{
	struct json_object *named = get(config, "c_info"), *built = get(config, "b_info");
	struct json_object *name = get(named, "name");
	struct hb_build *build = &creation->build;
	uint64_t more;

	if (!json_object_is_type(name, json_type_string) || !json_object_is_type(built, json_type_object) ||
	    strlen(json_object_get_string(name)) >= sizeof(creation->name))
		return false;
	strcpy(creation->name, json_object_get_string(name));
	*build = (struct hb_build){ .builder = HB_BUILDER_LIBXL, .type = HB_TYPE_PVH, .hap = true };
	build->vcpus = number_of(built, "max_vcpus", 1, VCPUS_MAX);
	build->vcpus += !build->vcpus;
	build->maxmem_kib = number_of(built, "max_memkb", SIZE_DEFAULT_KIB, HB_SIZE_MAX_KIB);
	build->size_kib = number_of(built, "target_memkb", build->maxmem_kib, HB_SIZE_MAX_KIB);
	if (build->maxmem_kib < build->size_kib)
		build->maxmem_kib = build->size_kib;
	more = extras(config, built, build);
	build->size_kib += more;
	build->maxmem_kib += more;
	return build->size_kib;
}

/* xl may say something before the object. */
static enum hb_code read_config(struct creation *creation, const char *text)
{
	const char *start = strchr(text, '{');
	struct json_object *object = start ? json_tokener_parse(start) : NULL;
	struct json_object *config = get(object, "config");
	bool good = read_build(creation, config ? config : object);

	json_object_put(object);
	if (!good)
		return cli_fail(creation->cli, HB_REASON_XL_FAILED, "start it by xl create, and tell how much it needs by \"hotballoon reserve\" before",
				"what xl says of %s cannot be understood", creation->cli->operands[0]);
	creation->need_kib = hb_overhead(&creation->build).need_kib;
	return HB_OK;
}

/* "xl create CONFIG" with more, and the options behind it. */
static void fill_arguments(const struct creation *creation, const char *const *more, char **argv)
{
	struct cli *cli = creation->cli;
	int argc = 0;

	argv[argc++] = (char *)"create";
	argv[argc++] = (char *)cli->operands[0];
	while (*more)
		argv[argc++] = (char *)*more++;
	for (int i = 0; i < cli->nr_rest; i++)
		argv[argc++] = cli->rest[i];
	argv[argc] = NULL;
}

#define ARGUMENTS_MAX(cli) ((cli)->nr_rest + 5)

static enum hb_code ask_xl(struct creation *creation)
{
	static const char *const dry[] = { "-n", "-q", NULL };
	char *argv[ARGUMENTS_MAX(creation->cli)], *text;
	enum hb_code code;

	fill_arguments(creation, dry, argv);
	code = xl_read(&creation->xl, argv, CONFIG_MAX, &text);
	creation->xl.pid = 0;
	if (!code)
		code = read_config(creation, text);
	free(text);
	return code;
}

/* ----------------------------------------------------------------- the room */

bool cli_is_balanced(struct cli *cli)
{
	const struct hb_error before = cli->error;
	struct json_object *reply = NULL;
	bool balanced = !cli_ask_daemon(cli, "GetStatus", json_object_new_object(), &reply) &&
			json_object_get_boolean(get(reply, "connected")) &&
			!json_object_get_boolean(get(reply, "dry_run"));

	json_object_put(reply);
	cli->error = before;
	return balanced;
}

static enum hb_code check_name(struct creation *creation)
{
	struct cli *cli = creation->cli;
	enum hb_code code = hb_reservation_check_name(creation->name, &cli->error);
	struct hb_error error;
	uint32_t domid;

	if (code || hb_find(cli->hb, creation->name, &domid, &error))
		return code;
	return cli_fail(cli, HB_REASON_AMBIGUOUS_NAME, "end that one first, or give this one another name=",
			"there is a domain %s already: %u", creation->name, domid);
}

/* A manager takes all that it may for what is set aside, and nobody is squeezed for nothing. */
static enum hb_code check_possible(struct creation *creation)
{
	const struct hb_room_request request = {
		.name = creation->name, .need_kib = creation->need_kib, .dry_run = true,
	};
	struct cli *cli = creation->cli;
	enum hb_code code = hb_make_room(cli->hb, &request, &creation->freed, &cli->error);

	/* Nobody has been asked yet. */
	hb_free_result_clear(&creation->freed);
	return code == HB_E_REFUSED ? code : HB_OK;
}

static enum hb_code set_aside(struct creation *creation)
{
	const struct hb_reserve_request request = {
		.name = creation->name, .size_kib = creation->build.size_kib,
		.maxmem_kib = creation->build.maxmem_kib, .vcpus = creation->build.vcpus,
		.ttl_s = creation->cli->timeout_s + RESERVED_S,
	};

	return hb_raise_begin(creation->cli->hb, &request, &creation->raise, &creation->cli->error);
}

static enum hb_code make_room(struct creation *creation)
{
	struct cli *cli = creation->cli;
	const struct hb_room_request request = {
		.name = creation->name, .timeout_s = cli->timeout_s, .managed = cli_is_balanced(cli),
	};
	enum hb_code code = hb_make_room(cli->hb, &request, &creation->freed, &cli->error);

	cli_clear_progress(cli);
	return code;
}

/* Who was asked for it gets it back, if the size is what it was asked for still. */
static void give_back(struct creation *creation)
{
	for (size_t i = 0; i < creation->freed.count; i++) {
		const struct hb_free_entry *entry = &creation->freed.entries[i];
		const struct hb_set_request request = {
			.size = { HB_SIZE_ABSOLUTE, false, entry->from_kib - entry->from_kib % HB_PAGE_KIB },
		};
		struct hb_set_result result;
		struct hb_error ignored;

		if (entry->to_kib < entry->from_kib)
			hb_set_managed(creation->cli->hb, entry->domain.domid,
				       entry->to_kib - entry->domain.videoram_kib, &request, &result, &ignored);
	}
}

/* The domain has its memory by now, or there is none. What cannot be put back is over some time. */
static void clean_up(struct creation *creation, bool failed)
{
	struct cli *cli = creation->cli;
	struct hb_error ignored;

	/* Waits from now on are for locks only, and what was begun is brought to its end. */
	hb_set_progress(cli->hb, NULL, NULL);
	hb_raise_end(cli->hb, creation->raise, false, &ignored);
	if (failed)
		give_back(creation);
}

/* --------------------------------------------------------------- in words */

/* Why there is no more from it: returns static text. */
static const char *why_no_more(const struct hb_domain *domain, const struct hb_limits *limits,
			       uint64_t *can_kib, uint64_t *lacks_kib)
{
	const char *why = NULL;

	*can_kib = hb_share_can_give(domain, limits, &why);
	*lacks_kib = hb_share_coming(domain);
	if (*lacks_kib)
		return "it still holds more than it shall have";
	return *can_kib ? "all that it can give" : why;
}

static void tell_giver(struct creation *creation, const struct hb_domain *domain,
		       const struct hb_limits *limits, struct json_object *array)
{
	char who[CLI_WHO_TEXT], size[HB_SIZE_TEXT];
	uint64_t can_kib, lacks_kib;
	const char *why = why_no_more(domain, limits, &can_kib, &lacks_kib);
	struct json_object *object;
	FILE *out = creation->cli->out;

	if (array) {
		object = json_object_new_object();
		json_object_object_add(object, "domid", json_object_new_uint64(domain->domid));
		json_object_object_add(object, "name", cli_json_name(domain));
		json_object_object_add(object, "can_give_kib", json_object_new_uint64(can_kib));
		json_object_object_add(object, "lacks_kib", json_object_new_uint64(lacks_kib));
		json_object_object_add(object, "why", json_object_new_string(why));
		json_object_array_add(array, object);
	} else if (lacks_kib) {
		fprintf(out, "  %s: lacks %s to what it was asked for: %s\n", cli_who(domain, who),
			hb_size_human(lacks_kib, size), why);
	} else if (can_kib) {
		fprintf(out, "  %s: can give %s: %s\n", cli_who(domain, who), hb_size_human(can_kib, size), why);
	} else {
		fprintf(out, "  %s: gives nothing: %s\n", cli_who(domain, who), why);
	}
}

/* Every guest, with what it could give or has not given yet; into array if that is not NULL. */
static void tell_givers(struct creation *creation, struct json_object *array)
{
	struct cli *cli = creation->cli;
	struct cli_limits limits;
	struct hb_domain **list;
	struct hb_error ignored;
	struct hb_limits own;
	size_t count;

	if (hb_list(cli->hb, &list, &count, &ignored))
		return;
	cli_read_limits(cli, &limits);
	for (size_t i = 0; i < count; i++) {
		cli_find_limits(&limits, list[i], &own);
		if (list[i]->domid)
			tell_giver(creation, list[i], &own, array);
	}
	hb_limits_list_free(limits.list);
	hb_domains_free(list);
}

static bool is_about_room(const struct hb_error *error)
{
	return error->reason == HB_REASON_GUESTS_GIVE_LESS || error->reason == HB_REASON_DONORS_STUCK ||
	       error->reason == HB_REASON_TIMEOUT || error->reason == HB_REASON_RESTS;
}

static void print_json(struct creation *creation, enum hb_code code)
{
	struct json_object *object = json_object_new_object(), *guests = json_object_new_array();
	const struct xl *xl = &creation->xl;
	struct cli *cli = creation->cli;

	json_object_object_add(object, "name", *creation->name ? json_object_new_string(creation->name) : NULL);
	json_object_object_add(object, "need_kib", json_object_new_uint64(creation->need_kib));
	json_object_object_add(object, "waited_ms", json_object_new_uint64(creation->freed.waited_ms));
	if (code && is_about_room(&cli->error))
		tell_givers(creation, guests);
	json_object_object_add(object, "cannot_give", guests);
	json_object_object_add(object, "xl_status", xl->pid > 0 && WIFEXITED(xl->status) ?
			       json_object_new_int(WEXITSTATUS(xl->status)) : NULL);
	if (code)
		json_object_object_add(object, "error", cli_json_error(&cli->error));
	cli_print_json(cli, object);
	cli->reported = true;
}

static void tell_taken(const struct creation *creation)
{
	struct cli *cli = creation->cli;
	char from[HB_SIZE_TEXT], to[HB_SIZE_TEXT], who[CLI_WHO_TEXT];

	for (size_t i = 0; i < creation->freed.count && !cli_has(cli, OPT_JSON); i++) {
		const struct hb_free_entry *entry = &creation->freed.entries[i];

		if (entry->to_kib < entry->from_kib)
			fprintf(cli->out, "  %s: %s -> %s\n", cli_who(&entry->domain, who),
				hb_size_human(entry->from_kib, from), hb_size_human(entry->to_kib, to));
	}
	fflush(cli->out);
}

/* -------------------------------------------------------------------- deeds */

static bool let_finish(struct xl *xl, void *argument)
{
	(void)argument;
	if (!cli_has(xl->cli, OPT_JSON))
		fprintf(xl->cli->err, "hotballoon: xl is let finish, or half a domain would be left\n");
	return false;
}

static enum hb_code preview(struct creation *creation)
{
	const struct hb_room_request request = {
		.name = creation->name, .need_kib = creation->need_kib, .dry_run = true,
	};
	struct cli *cli = creation->cli;
	char need[HB_SIZE_TEXT];
	enum hb_code code = hb_make_room(cli->hb, &request, &creation->freed, &cli->error);

	if (cli_has(cli, OPT_JSON))
		return code;
	fprintf(cli->out, "%s needs %s\n", creation->name, hb_size_human(creation->need_kib, need));
	tell_taken(creation);
	if (!code)
		fprintf(cli->out, "would run: xl create %s\n", cli->operands[0]);
	return code;
}

static enum hb_code create(struct creation *creation)
{
	static const char *const nothing[] = { NULL };
	struct cli *cli = creation->cli;
	char *argv[ARGUMENTS_MAX(cli)];
	enum hb_code code = check_possible(creation);

	if (!code)
		code = set_aside(creation);
	if (!code)
		code = make_room(creation);
	tell_taken(creation);
	if (!code && xl_is_to_end())
		code = cli_fail(cli, HB_REASON_INTERRUPTED, "nothing was created", "xl create was not begun");
	if (code && !cli_has(cli, OPT_JSON) && is_about_room(&cli->error))
		tell_givers(creation, NULL);
	if (!code) {
		fill_arguments(creation, nothing, argv);
		code = xl_run(&creation->xl, argv);
	}
	/* Before guests have back what they gave. */
	if (cli_has(cli, OPT_JSON))
		print_json(creation, code);
	clean_up(creation, code);
	return code;
}

enum hb_code cli_create(struct cli *cli)
{
	struct creation creation = {
		.cli = cli, .xl = { .cli = cli, .what = "create", .then = "nothing was created", .stop = let_finish, .fd = -1 },
	};
	enum hb_code code;

	xl_begin(&creation.xl);
	hb_set_progress(cli->hb, xl_on_progress, cli);
	code = ask_xl(&creation);
	if (!code)
		code = check_name(&creation);
	if (code || cli_has(cli, OPT_DRY_RUN)) {
		code = code ? code : preview(&creation);
		if (cli_has(cli, OPT_JSON))
			print_json(&creation, code);
	} else {
		code = create(&creation);
	}
	hb_free_result_clear(&creation.freed);
	xl_end(&creation.xl);
	return code;
}
