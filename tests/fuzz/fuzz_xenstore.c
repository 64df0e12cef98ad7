/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys of a domain with values of any form, then every command that reads them. A
 * line is a key's letter and its value, of any bytes; capital letters are keys that only
 * the host can write, and ! makes it an HVM guest. Whatever a guest writes, its domain
 * stays consistent.
 */
#include "host.h"

#include "sim_internal.h"

#include <hotballoon/keys.h>

static const char *const guest_keys[] = {
	HB_KEY_REPORT_VERSION, HB_KEY_REPORT_STATE, HB_KEY_REPORT_CAUSE, HB_KEY_REPORT_CURRENT,
	HB_KEY_REPORT_GOAL, HB_KEY_REPORT_FLOOR, HB_KEY_REPORT_MAX, HB_KEY_FEATURE_BALLOON,
	HB_KEY_OS_NAME, HB_KEY_QUBES_MEMINFO, HB_KEY_MEMINFO_TOTAL, HB_KEY_MEMINFO_FREE,
	HB_KEY_PV_DRIVERS "/0", HB_KEY_PV_DRIVERS "/1", HB_KEY_REPORT_STILL,
	HB_KEY_REPORT_STATS, HB_KEY_REPORT_DISTRESS, HB_KEY_AGENT_UPDATED,
	HB_KEY_REPORT_RESCUED,
	HB_KEY_REPORT_SPARED,
};

static const char *const host_keys[] = {
	HB_KEY_TARGET, HB_KEY_STATIC_MAX, HB_KEY_VIDEORAM, HB_KEY_HOTPLUG_MAX, HB_KEY_DYNAMIC_MIN,
	HB_KEY_DOMID, HB_KEY_NAME, HB_KEY_STILL, HB_KEY_STUB_TARGET, HB_KEY_DRIVER_DOMAIN,
	HB_KEY_STATS_WANTED, HB_KEY_HEADROOM, HB_KEY_SWAP,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Returns whether a host's key was written. */
static bool write_key(const char *line, size_t length)
{
	char letter = length ? line[0] : '\0';

	if (letter == '!') {
		sim_domain(command_sim, GUEST)->xen.pvh = false;
	} else if (letter >= 'a' && letter < (char)('a' + COUNT(guest_keys))) {
		sim_write_key_bytes(command_sim, GUEST, guest_keys[letter - 'a'], line + 1, length - 1);
	} else if (letter >= 'A' && letter < (char)('A' + COUNT(host_keys))) {
		sim_write_key_bytes(command_sim, GUEST, host_keys[letter - 'A'], line + 1, length - 1);
		return true;
	}
	return false;
}

static void run_all(void)
{
	static const char *const lines[][5] = {
		{ "list", "--json" }, { "show", "5", "--json" }, { "show", "5" },
		{ "explain", "5", "--json" }, { "doctor", "--json" }, { "top" }, { "top", "--json" },
		{ "limits", "5", "--min=64M", "--json" }, { "free", "6600M", "--timeout=1", "--json" },
		{ "set", "5", "300M", "--wait=1", "--json" }, { "max", "5", "+64M", "--json" },
		{ "wait", "5", "--timeout=1", "--json" }, { "limits", "5", "--auto", "--json" },
		{ "limits", "5", "--reset", "--force", "--json" },
		{ "reserve", "1G", "--for=guest1", "--json" }, { "release", "guest1", "--json" },
		/* Ends every wait: the last. */
		{ "watch", "--json" },
	};

	for (size_t i = 0; i < COUNT(lines); i++) {
		char *argv[7] = { (char *)"hotballoon" };
		int argc = 1;

		if (i + 1 == COUNT(lines))
			host_interrupt_in(200);
		while (argc <= 5 && lines[i][argc - 1]) {
			argv[argc] = (char *)lines[i][argc - 1];
			argc++;
		}
		host_run(argc, argv);
	}
}

/* What save and migrate do before and after xl. */
static void keep_still(void)
{
	const struct hb_still_request request = { .timeout_s = 1 };
	struct hb_still_result result;
	struct hb_still *still;
	struct hb_error error;
	struct hb *hb;

	MUST(!command_open(&hb, &error));
	MUST(!hb_set_state_dir(hb, getenv("HOTBALLOON_STATE_DIR"), &error));
	if (!hb_still_begin(hb, GUEST, &request, &still, &result, &error)) {
		MUST(!hb_would_be_lost(&result.domain, NULL) || result.answer != HB_STILL_ANSWERED);
		MUST(!hb_still_end(hb, still, &error));
	}
	hb_close(hb);
	MUST(!sim_read_key(command_sim, GUEST, HB_KEY_STILL) || error.message[0]);
}

/* What we have written into our files, whatever the keys were, can be read again. */
static void read_limits(void)
{
	char *argv[] = { (char *)"hotballoon", (char *)"limits", (char *)"5", NULL };

	MUST(host_run(3, argv) != HB_E_HOST);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *line = (const char *)data, *end = line + size, *next;
	bool host = false;

	host_begin();
	host_new();
	/* What is written stays: the guest's own driver says nothing any more. */
	sim_guest(command_sim, GUEST)->reports = false;
	for (; line < end; line = next + 1) {
		next = memchr(line, '\n', end - line);
		next = next ? next : end;
		host |= write_key(line, next - line);
	}
	keep_still();
	run_all();
	read_limits();
	if (!host)
		common_assert_consistent(command_sim, GUEST);
	host_end();
	return 0;
}
