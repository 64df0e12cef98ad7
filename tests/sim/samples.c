/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints what every command says with --json, on simulated hosts in all kinds of
 * states: a line "COMMAND <tab> JSON" each.  For tests/unit/toolstack/check-schema.
 */
#include "common.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "fake_xl.h"
#include "speaker.h"

/* Objects over several lines become one; a line of watch is an object of its own. */
static void print_sample(const char *command, char *json)
{
	bool lines = !strcmp(command, "watch");

	if (!lines) {
		for (char *c = json; *c; c++)
			*c = *c == '\n' ? ' ' : *c;
	}
	for (char *line = strtok(json, "\n"); line; line = strtok(NULL, "\n"))
		printf("%s\t%s\n", command, line);
}

static void sample(const char *words)
{
	char line[128], *command;

	snprintf(line, sizeof(line), "%s --json", words);
	command_line(line);
	command = strtok(line, " ");
	print_sample(command, command_out);
}

static void samples(const char *const *lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		sample(lines[i]);
}

#define SAMPLES(...) \
	samples((const char *const[]){ __VA_ARGS__ }, \
		sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static void sound_host(void)
{
	SAMPLES("list", "show 0", "show guest1", "show nobody", "set guest1 1G --wait", "set guest1 512",
		"set guest1 100G", "max guest1 2G", "max guest1 1M", "wait guest1", "limits guest1",
		"limits guest1 --min=256M --max=1G --weight=500", "limits guest1 --off",
		"limits guest1 --auto", "limits", "list 5 nobody", "top", "explain guest1", "explain 0", "doctor",
		"free 6300M --dry-run", "free 6300M", "free 100G", "reserve", "reserve 64M --for=web",
		"reserve", "release web", "release web", "set guest1 512M --wait", "max guest1 1G",
		"reserve 1G --for=guest1", "list", "release guest1", "frobnicate", "list --wait",
		"show 0 guest1 nobody", "set guest1 nobody 512M", "wait 5 guest1", "limits 0 guest1",
		"explain 0 guest1", "reserve 4M --for=a", "release a b", "list guest1",
		"set guest1 1G --dry-run", "max guest1 3G --dry-run", "limits guest1 --off --dry-run",
		"reserve 64M --for=web --dry-run", "save guest1 /tmp/image --dry-run",
		"migrate guest1 there --dry-run", "release web --dry-run",
		"free", "reserve --host=1G --dry-run", "reserve --host=1G", "free", "reserve --host=usual",
		"limits guest1 --reset", "limits guest1 --forget", "save guest1 /tmp/image",
		"migrate guest1 there", "save 0 /tmp/image", "limits guest1 --headroom=64M", "show guest1", "limits guest1 --headroom=100G",
		"set guest1 600M --wait", "limits guest1 --headroom=none");
}

/* For a domain that is small enough, and for one that is not. */
static void creating_host(void)
{
	fake_xl_begin();
	SAMPLES("create web.cfg");
	fake_xl("echo '{\"config\":{\"c_info\":{\"name\":\"web\"},\"b_info\":{\"max_memkb\":65536}}}'");
	SAMPLES("create web.cfg --dry-run", "create web.cfg");
	fake_xl("echo '{\"config\":{\"c_info\":{\"name\":\"web\"},\"b_info\":{\"max_memkb\":65536000}}}'");
	SAMPLES("create web.cfg --dry-run", "create web.cfg");
	fake_xl_end();
}

/* One that serves others. */
static void serving_host(void)
{
	sim_write_key(command_sim, GUEST, HB_KEY_DRIVER_DOMAIN, "");
	SAMPLES("list", "show guest1", "top", "explain guest1", "doctor", "set guest1 1G", "limits guest1");
}

/* What one who has ended has left, and a size that the guest cannot keep. */
static void still_host(void)
{
	sim_guest(command_sim, GUEST)->stick_at_kib = 300 * M;
	sim_write_key(command_sim, GUEST, HB_KEY_STILL, "1");
	common_other_tool(command_sim, 200 * M);
	sim_run(command_sim, 3000);
	SAMPLES("list", "show guest1", "doctor", "save guest1 /tmp/image", "set guest1 200M",
		"set guest1 150M --wait", "wait guest1");
	sim_guest(command_sim, GUEST)->restless = true;
	sim_write_key(command_sim, GUEST, HB_KEY_REPORT_STILL, "maybe");
	SAMPLES("show guest1", "migrate guest1 there");
}

/* All that a guest can say of its memory. */
static void speaking_host(void)
{
	static const char *const words[HB_STAT_COUNT] = HB_STAT_WORDS;
	char line[2048] = "";

	for (int i = 0; i < HB_STAT_COUNT; i++)
		sprintf(line + strlen(line), "%s%s=%d", i ? " " : "", words[i], 1000 * i);
	sim_write_key(command_sim, GUEST, HB_KEY_REPORT_STATS, line);
	sim_write_key(command_sim, GUEST, HB_KEY_REPORT_DISTRESS, "24576");
	SAMPLES("list", "show guest1", "top", "explain guest1", "doctor", "limits guest1 --headroom=64M");
	sim_guest(command_sim, GUEST)->needs_kib = 24 * M;
	sim_run(command_sim, 500);
	SAMPLES("show guest1", "explain guest1", "doctor", "set guest1 512M --wait");
	sim_guest(command_sim, GUEST)->needs_kib = 0;
	sim_guest(command_sim, GUEST)->spares_kib = 100 * M;
	sim_run(command_sim, 2000);
	SAMPLES("set guest1 512M --wait", "show guest1", "explain guest1", "doctor", "list");
	sim_write_key(command_sim, GUEST, HB_KEY_REPORT_STATS, "nonsense");
	sim_write_key(command_sim, GUEST, HB_KEY_REPORT_DISTRESS, "much");
	SAMPLES("show guest1");
}

static void change_values(struct sim *host)
{
	static const char *const causes[] = { "guest-busy", "nonsense" };

	if (host->clock_ms == 300)
		sim_write_key(host, GUEST, HB_KEY_STATIC_MAX, "1048576");
	if (host->clock_ms == 500)
		sim_write_key(host, GUEST, HB_KEY_STATIC_MAX, "much");
	if (host->clock_ms == 700 || host->clock_ms == 900)
		sim_write_key(host, GUEST, HB_KEY_REPORT_CAUSE, causes[host->clock_ms == 900]);
	if (host->clock_ms == 1100)
		sim_remove_key(host, GUEST, HB_KEY_STATIC_MAX);
	if (host->clock_ms == 1200)
		sim_write_key(host, GUEST, HB_KEY_STILL, "1");
	if (host->clock_ms == 1350)
		sim_destroy(host, GUEST);
	if (host->clock_ms == 1600)
		raise(SIGINT);
}

static void changing_host(void)
{
	SAMPLES("limits guest1 --min=256M");
	command_sim->tick = change_values;
	command_sim->interrupt_ms = 1610;
	sim_guest(command_sim, GUEST)->reports = false;
	sample("watch");
	/* It is gone now, and what is kept for it is not. */
	SAMPLES("limits", "limits 00000005-0000-0000-0000-000000000000",
		"limits 00000005-0000-0000-0000-000000000000 --off",
		"limits 00000005-0000-0000-0000-000000000000 --forget",
		"limits 00000005-0000-0000-0000-000000000000");
}

/* Everything that a guest can write in a wrong form, and everything that is missing. */
static void broken_host(void)
{
	sim_write_key(command_sim, GUEST, HB_KEY_REPORT_CAUSE, "\"},{\"\n");
	sim_write_key(command_sim, GUEST, HB_KEY_REPORT_STATE, "");
	sim_write_key(command_sim, GUEST, HB_KEY_REPORT_GOAL, "-1");
	sim_write_key(command_sim, GUEST, HB_KEY_REPORT_FLOOR, "99999999999999999999");
	sim_write_key(command_sim, GUEST, HB_KEY_MEMINFO_TOTAL, "1 kB");
	sim_write_key(command_sim, GUEST, HB_KEY_NAME, "\xff\xfe\"\\");
	sim_write_key(command_sim, GUEST, HB_KEY_HOTPLUG_MAX, "1048576");
	sim_write_key(command_sim, GUEST, HB_KEY_DYNAMIC_MIN, "1");
	SAMPLES("list", "show 5", "top", "explain 5", "doctor", "set 5 300M --wait", "limits 5");
	sim_remove_key(command_sim, GUEST, HB_KEY_TARGET);
	sim_remove_key(command_sim, GUEST, HB_KEY_STATIC_MAX);
	sim_remove_key(command_sim, GUEST, HB_KEY_NAME);
	sim_remove_key(command_sim, GUEST, HB_KEY_REPORT_VERSION);
	sim_remove_key(command_sim, 0, HB_KEY_TARGET);
	sim_remove_key(command_sim, 0, HB_KEY_STATIC_MAX);
	SAMPLES("list", "show 5", "top", "explain 5", "doctor", "set 5 300M", "wait 5", "limits 5",
		"explain 0", "limits 0", "limits 0 --reset");
	common_write_state_file("limits", "broken\n");
	SAMPLES("limits 5", "limits", "list", "top", "explain 5", "doctor", "free 7G");
}

/* Guests that do not get there, of several kinds. */
static void stuck_host(void)
{
	struct sim_guest other = usual_guest;

	other.domid = 7;
	other.name = "windows";
	other.type = HB_TYPE_HVM;
	other.videoram_kib = 16 * M;
	other.reports = false;
	other.pod_entries_kib = 64 * M;
	other.pod_cache_kib = 32 * M;
	sim_add(command_sim, &other);
	sim_write_key(command_sim, 7, HB_KEY_FEATURE_BALLOON, "1");
	sim_write_key(command_sim, 7, HB_KEY_OS_NAME, "Microsoft Windows");
	command_sim->qmemman = true;
	sim_write_key(command_sim, 7, HB_KEY_QUBES_MEMINFO, "262144");
	sim_guest(command_sim, GUEST)->stick_at_kib = 300 * M;
	sim_guest(command_sim, GUEST)->stick_cause = HB_CAUSE_GUEST_FLOOR;
	sim_guest(command_sim, GUEST)->report_max_kib = 4 * G;
	SAMPLES("show 7", "set 7 1G", "set 7 400M --wait=1", "set guest1 200M --wait", "explain guest1",
		"limits guest1 --min=64M", "limits windows --min=64M", "free 6700M", "doctor", "top");
	sim_guest(command_sim, 7)->paused = true;
	sim_guest(command_sim, GUEST)->vnodes = 2;
	SAMPLES("wait 7", "set 7 420M", "show guest1", "set guest1 300M", "doctor");
	sim_guest(command_sim, GUEST)->crashed = true;
	SAMPLES("show guest1", "set guest1 300M", "doctor");
}

/* What hotballoond says, and nobody. */
static void asked_daemon(void)
{
	static const char deeds[] = "{\"parameters\":{\"deeds\":["
		"{\"time_ms\":1800000000000,\"domid\":5,\"name\":\"guest1\",\"uuid\":\"u\",\"from_kib\":4,"
		"\"to_kib\":8,\"reason\":\"needs\",\"reason_text\":\"it needs more to work\"},"
		"{\"time_ms\":1800000000001,\"domid\":7,\"name\":\"\",\"uuid\":\"\",\"from_kib\":8,"
		"\"to_kib\":4,\"reason\":\"rests\",\"reason_text\":\"it did not follow\"}]}}";

	/* Domain 0's uuid is all zero. */
	static const char domains[] = "{\"parameters\":{\"domains\":[{\"domid\":0,"
		"\"uuid\":\"00000000-0000-0000-0000-000000000000\",\"reason\":\"domain-0\","
		"\"reason_text\":\"domain 0 is sized on request only\",\"need\":\"steady\","
		"\"need_text\":\"it gets along with what it has\"}]}}";

	speaker_start(deeds, sizeof(deeds));
	SAMPLES("history", "history guest1", "history nobody", "history --last=1h", "history --last=1w");
	speaker_end();
	SAMPLES("history");
	speaker_start(domains, sizeof(domains));
	SAMPLES("explain guest1", "explain 0", "top");
	speaker_end();
}

int main(void)
{
	void (*const hosts[])(void) = {
		sound_host, creating_host, changing_host, broken_host, stuck_host, still_host, serving_host, speaking_host,
		asked_daemon,
	};

	/* There is no xl, wherever this runs. */
	setenv("PATH", "/nonexistent", 1);
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		command_setup(NULL);
		hosts[i]();
		command_teardown(NULL);
	}
	return 0;
}
