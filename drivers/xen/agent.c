// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>

#include <xen/xenbus.h>

#include "../report.h"
#include "agent.h"

/* What data/updated begins with if it is the driver's; to others it is any text. */
#define OUR_MARK "hotballoon "

/* The guest may not: nothing of it is tried again in this domain. */
static bool refused_xapi;

/* What the driver wrote to memory/meminfo in this domain. */
static u64 qubes_kib;
static bool wrote_qubes;

/* In this domain, or in the one before until the report is written here. */
static bool announced;
/* That domain: in the one that it became the key may be another's. */
static int announced_in;

/* Has a key this text, at least as its beginning?  Return: 1, 0, or a negative errno. */
static int begins_with(const char *key, const char *start)
{
	char *text = xenbus_read(XBT_NIL, key, "", NULL);
	int begins;

	if (IS_ERR(text))
		return PTR_ERR(text);
	begins = str_has_prefix(text, start) || !*start;
	kfree(text);
	return begins;
}

void hb_agent_moved(void)
{
	refused_xapi = false;
	wrote_qubes = false;
}

/* No agent has written them.  Return: 1, 0, or a negative errno. */
static int xapi_keys_are_ours(void)
{
	int ours = begins_with(HB_KEY_AGENT_UPDATED, OUR_MARK);

	if (ours != -ENOENT)
		return ours;
	ours = begins_with(HB_KEY_MEMINFO_TOTAL, "");
	return ours == -ENOENT ? 1 : min(ours, 0);
}

int hb_agent_tell_xapi(const struct hb_stats *stats)
{
	int rc = refused_xapi ? 0 : xapi_keys_are_ours();

	if (rc <= 0)
		return rc;
	rc = xenbus_printf(XBT_NIL, HB_KEY_MEMINFO_TOTAL, "", "%llu",
			   stats->value[HB_STAT_TOTAL]) ?:
	     xenbus_printf(XBT_NIL, HB_KEY_MEMINFO_FREE, "", "%llu",
			   stats->value[HB_STAT_AVAILABLE]) ?:
	     xenbus_printf(XBT_NIL, HB_KEY_AGENT_UPDATED, "", OUR_MARK "%lld",
			   ktime_get_real_seconds());
	refused_xapi = rc == -EACCES;
	return refused_xapi ? 0 : rc;
}

static void untell_xapi(void)
{
	if (begins_with(HB_KEY_AGENT_UPDATED, OUR_MARK) != 1)
		return;
	xenbus_rm(XBT_NIL, HB_KEY_MEMINFO_TOTAL, "");
	xenbus_rm(XBT_NIL, HB_KEY_MEMINFO_FREE, "");
	xenbus_rm(XBT_NIL, HB_KEY_AGENT_UPDATED, "");
}

/* No agent has written it.  Return: 1, 0, or a negative errno. */
static int qubes_key_is_ours(void)
{
	char *text = xenbus_read(XBT_NIL, HB_KEY_QUBES_MEMINFO, "", NULL);
	u64 found;
	int ours;

	if (IS_ERR(text))
		return PTR_ERR(text);
	ours = !*text || (wrote_qubes && !kstrtou64(text, 10, &found) && found == qubes_kib);
	kfree(text);
	return ours;
}

/* What the kernel took for itself at boot is in no MemTotal, and in use for domain 0. */
static u64 kept_kib(u64 total_kib)
{
	struct hb_status now;

	hb_report_get(&now);
	return now.current_kib > total_kib ? now.current_kib - total_kib : 0;
}

/*
 * Domain 0 of Qubes OS makes the key, empty, where memory is balanced.  It is not made here:
 * its being there is what says so.
 */
int hb_agent_tell_qubes(const struct hb_stats *stats)
{
	int rc = qubes_key_is_ours();
	u64 kib;

	if (rc <= 0)
		return rc == -ENOENT ? 0 : rc;
	kib = stats->value[HB_STAT_USED] + kept_kib(stats->value[HB_STAT_TOTAL]);
	rc = xenbus_printf(XBT_NIL, HB_KEY_QUBES_MEMINFO, "", "%llu", kib);
	if (!rc) {
		qubes_kib = kib;
		wrote_qubes = true;
	}
	return rc == -EACCES ? 0 : rc;
}

/* Empty it is as domain 0 made it: nobody knows, and whoever knows may write. */
static void untell_qubes(void)
{
	if (wrote_qubes && qubes_key_is_ours() == 1)
		xenbus_write(XBT_NIL, HB_KEY_QUBES_MEMINFO, "", "");
	wrote_qubes = false;
}

void hb_agent_untell(void)
{
	untell_xapi();
	untell_qubes();
}

/* Where libxl makes the guest's directories it may not, and nobody there asks for it. */
void hb_agent_announce(int domain)
{
	announced &= announced_in == domain;
	announced_in = domain;
	if (begins_with(HB_KEY_FEATURE_BALLOON, "") != -ENOENT)
		return;
	announced = !xenbus_printf(XBT_NIL, HB_KEY_FEATURE_BALLOON, "", "1");
}

void hb_agent_unannounce(void)
{
	if (announced)
		xenbus_rm(XBT_NIL, HB_KEY_FEATURE_BALLOON, "");
	announced = false;
}
