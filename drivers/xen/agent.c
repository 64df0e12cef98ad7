// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>

#include <xen/xenbus.h>

#include "../core/told.h"
#include "../report.h"
#include "agent.h"

/* What data/updated begins with if it is the driver's; to others it is any text. */
#define OUR_MARK "hotballoon "

/* In this of the domains that it has been the guest may not: nothing of it is tried again there. */
static int xapi_refused_in = -1;

/* What was told in which. */
static struct hb_told qubes;		/* memory/meminfo: KiB */
static struct hb_told announced;	/* control/feature-balloon */

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

static int write_mark(void)
{
	return xenbus_printf(XBT_NIL, HB_KEY_AGENT_UPDATED, "", OUR_MARK "%lld",
			     ktime_get_real_seconds());
}

/*
 * No agent has written them.  Then they have the mark from the first write on: values without it
 * would be an agent's.  Return: 1, 0, or a negative errno.
 */
static int claim_xapi_keys(void)
{
	int ours = begins_with(HB_KEY_AGENT_UPDATED, OUR_MARK);

	if (ours != -ENOENT)
		return ours;
	ours = begins_with(HB_KEY_MEMINFO_TOTAL, "");
	if (ours != -ENOENT)
		return min(ours, 0);
	return write_mark() ?: 1;
}

static void untell_xapi(void)
{
	if (begins_with(HB_KEY_AGENT_UPDATED, OUR_MARK) != 1)
		return;
	xenbus_rm(XBT_NIL, HB_KEY_MEMINFO_TOTAL, "");
	xenbus_rm(XBT_NIL, HB_KEY_MEMINFO_FREE, "");
	xenbus_rm(XBT_NIL, HB_KEY_AGENT_UPDATED, "");
}

int hb_agent_tell_xapi(const struct hb_stats *stats, int domain)
{
	int rc;

	if (xapi_refused_in == domain)
		return 0;
	rc = claim_xapi_keys();
	if (rc > 0)
		rc = xenbus_printf(XBT_NIL, HB_KEY_MEMINFO_TOTAL, "", "%llu",
				   stats->value[HB_STAT_TOTAL]) ?:
		     xenbus_printf(XBT_NIL, HB_KEY_MEMINFO_FREE, "", "%llu",
				   stats->value[HB_STAT_AVAILABLE]) ?:
		     write_mark();
	if (rc != -EACCES)
		return rc;
	/* A part of it would get old. */
	untell_xapi();
	xapi_refused_in = domain;
	return 0;
}

/* No agent has written it.  Return: 1, 0, or a negative errno. */
static int qubes_key_is_ours(int domain)
{
	char *text = xenbus_read(XBT_NIL, HB_KEY_QUBES_MEMINFO, "", NULL);
	u64 found;
	int ours;

	if (IS_ERR(text))
		return PTR_ERR(text);
	ours = !*text || (hb_told_holds(&qubes, domain) && !kstrtou64(text, 10, &found) &&
			  found == qubes.value);
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
 * its being there is what says so.  Where it is not, or not for this guest, the bus hears of the
 * key that is.
 */
int hb_agent_tell_qubes(const struct hb_stats *stats, int domain)
{
	int rc = qubes_key_is_ours(domain);
	u64 kib;

	if (rc <= 0)
		return rc == -ENOENT || rc == -EACCES ? 0 : rc;
	kib = stats->value[HB_STAT_USED] + kept_kib(stats->value[HB_STAT_TOTAL]);
	rc = xenbus_printf(XBT_NIL, HB_KEY_QUBES_MEMINFO, "", "%llu", kib);
	if (!rc)
		hb_told_written(&qubes, domain, kib);
	return rc == -EACCES ? 0 : rc;
}

/* Empty it is as domain 0 made it: nobody knows, and whoever knows may write. */
static void untell_qubes(int domain)
{
	if (hb_told_holds(&qubes, domain) && qubes_key_is_ours(domain) == 1)
		xenbus_write(XBT_NIL, HB_KEY_QUBES_MEMINFO, "", "");
	hb_told_lost(&qubes);
}

void hb_agent_untell(int domain)
{
	untell_xapi();
	untell_qubes(domain);
}

/* Where libxl makes the guest's directories it may not, and nobody there asks for it. */
void hb_agent_announce(int domain)
{
	if (begins_with(HB_KEY_FEATURE_BALLOON, "") == -ENOENT &&
	    !xenbus_printf(XBT_NIL, HB_KEY_FEATURE_BALLOON, "", "1"))
		hb_told_written(&announced, domain, 1);
}

/* In a domain that it was not announced in the key is another's. */
void hb_agent_unannounce(int domain)
{
	if (hb_told_holds(&announced, domain))
		xenbus_rm(XBT_NIL, HB_KEY_FEATURE_BALLOON, "");
	hb_told_lost(&announced);
}
