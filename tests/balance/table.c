/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our policy and models of others on the same traces, as a table in Markdown, the same
 * each time it is run; or the words of control.h. tests/balance/check puts them into docs/.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rivals.h"

static const struct world_policy *const policies[] = {
	&hotballoon_policy, &qmemman_policy, &squeezed_policy, &proxmox_policy,
};

#define POLICIES (sizeof(policies) / sizeof(policies[0]))

/* Four guests on 3 GiB, that use little of what they have. */
static void open_four(struct world *world, const struct world_policy *policy)
{
	world_open(world, policy, 3 * GIB);
	for (int i = 0; i < 4; i++) {
		struct world_guest *guest = world_add(world, 700 * MIB, 256 * MIB, 2 * GIB);

		guest->load.anon_kib = (100 + 30 * i) * MIB;
		guest->load.files_kib = (64 + 16 * i) * MIB;
	}
	world_run(world, 2 * MINUTES);
	world_measure(world);
}

static void play_step(struct world *world)
{
	world->guests[0].load.anon_kib += 900 * MIB;
	world_run(world, 5 * MINUTES);
}

static void play_ramp(struct world *world)
{
	for (int second = 0; second < 120; second++) {
		world->guests[0].load.anon_kib += 8 * MIB;
		world_run(world, SECONDS);
	}
	world_run(world, 3 * MINUTES);
}

static void play_wave(struct world *world)
{
	for (int half = 0; half < 8; half++) {
		for (int second = 0; second < 150; second++) {
			world->guests[half % 2].load.anon_kib = (150 + 4 * second) * MIB;
			world->guests[1 - half % 2].load.anon_kib = (750 - 4 * second) * MIB;
			world_run(world, SECONDS);
		}
	}
}

static void play_moving(struct world *world)
{
	for (int turn = 0; turn < 12; turn++) {
		struct world_guest *guest = &world->guests[turn % 4];

		guest->load.anon_kib += 1100 * MIB;
		world_run(world, MINUTES);
		guest->load.anon_kib -= 1100 * MIB;
	}
}

static void play_files(struct world *world)
{
	world->guests[0].load.files_kib = 1200 * MIB;
	world->guests[0].load.read_kib_s = 100 * MIB;
	world_run(world, 20 * MINUTES);
}

static void play_steady(struct world *world)
{
	world_run(world, 60 * MINUTES);
}

static void play_short(struct world *world)
{
	for (int i = 0; i < 4; i++)
		world->guests[i].load.files_kib = 400 * MIB;
	world->guests[0].load.anon_kib = 800 * MIB;
	world_run(world, 60 * MINUTES);
}

static const struct trace {
	const char *name, *text;
	void (*play)(struct world *world);
} traces[] = {
	{ "step", "one guest suddenly uses 900 MiB more; five minutes", play_step },
	{ "ramp", "one guest uses 8 MiB more each second for two minutes", play_ramp },
	{ "wave", "two guests, one rising by 4 MiB/s while the other falls, in turns of 150 s; 20 minutes", play_wave },
	{ "moving load", "1100 MiB of use move from one guest to the next every minute; 12 minutes", play_moving },
	{ "files", "one guest reads 1200 MiB of files again and again at 100 MiB/s; 20 minutes", play_files },
	{ "steady", "nothing changes; an hour", play_steady },
	{ "short", "all read 400 MiB of files, one uses 800 MiB: more than there is; an hour", play_short },
};

#define TRACES (sizeof(traces) / sizeof(traces[0]))

static void print_row(const struct world *world, const struct trace *trace)
{
	double unmet = 0, refaults = 0, moved = 0;
	uint64_t wait = 0, kills = 0;

	for (size_t i = 0; i < world->count; i++) {
		const struct world_guest *guest = &world->guests[i];

		unmet += guest->unmet_mib_s / 1024;
		refaults += guest->refaults_kib / (double)GIB;
		moved += guest->moved_kib / (double)GIB;
		kills += guest->oom_kills;
		wait = guest->worst_wait_ms > wait ? guest->worst_wait_ms : wait;
	}
	printf("| %s | %s | %.1f | %.2f | %.1f | %llu | %.1f | %llu |\n", trace->name,
	       world->policy->name, unmet, refaults, moved, (unsigned long long)world->writes,
	       wait / 1000.0, (unsigned long long)kills);
}

static void print_reasons(void)
{
	printf("| word | meaning |\n| --- | --- |\n");
	for (int reason = 0; reason < HB_MOTIVE_COUNT; reason++)
		printf("| `%s` | %s |\n", hb_motive_word(reason), hb_motive_text(reason));
}

static void print_results(void)
{
	static struct world world;

	printf("| trace | policy | unmet demand, GiB s | read back, GiB | moved, GiB | writes | longest wait, s | killed |\n"
	       "| --- | --- | --: | --: | --: | --: | --: | --: |\n");
	for (size_t i = 0; i < TRACES; i++) {
		for (size_t policy = 0; policy < POLICIES; policy++) {
			srandom(1);
			open_four(&world, policies[policy]);
			traces[i].play(&world);
			print_row(&world, &traces[i]);
		}
	}
	printf("\n");
	for (size_t i = 0; i < TRACES; i++)
		printf("* **%s**: %s\n", traces[i].name, traces[i].text);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "reasons"))
		print_reasons();
	else
		print_results();
	return 0;
}
