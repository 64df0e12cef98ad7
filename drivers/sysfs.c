// SPDX-License-Identifier: GPL-2.0-only
/* /sys/kernel/hotballoon/: what the driver reports, for people in the guest. */
#include <linux/kobject.h>
#include <linux/sysfs.h>

#include "driver.h"
#include "mem/evacuate.h"
#include "report.h"
#include "sysfs.h"

static struct kobject *directory;

#define REPORT_ATTR(_name, _format, _value)				\
static ssize_t _name##_show(struct kobject *kobj,			\
			    struct kobj_attribute *attr, char *buf)	\
{									\
	struct hb_status report;					\
									\
	hb_report_get(&report);						\
	return sysfs_emit(buf, _format "\n", _value);			\
}									\
static struct kobj_attribute _name##_attr = __ATTR_RO(_name)

static const char *const state_word[] = HB_STATE_WORDS;
static const char *const cause_word[] = HB_CAUSE_WORDS;

REPORT_ATTR(state, "%s", state_word[report.state]);
REPORT_ATTR(cause, "%s", cause_word[report.cause]);
REPORT_ATTR(current_kb, "%llu", report.current_kib);
REPORT_ATTR(target_kb, "%llu", report.goal_kib);
REPORT_ATTR(max_kb, "%llu", report.max_kib);
REPORT_ATTR(rescued_kb, "%llu", report.rescued_kib);
REPORT_ATTR(spared_kb, "%llu", report.spared_kib);
REPORT_ATTR(still, "%d", report.still);

static ssize_t drift_kb_show(struct kobject *kobj, struct kobj_attribute *attr,
			     char *buf)
{
	s64 drift;

	hb_lock();
	drift = hb.guest.ledger.drift;
	hb_unlock();
	return sysfs_emit(buf, "%lld\n", drift * (s64)HB_PAGE_KIB);
}

static struct kobj_attribute drift_kb_attr = __ATTR_RO(drift_kb);

static ssize_t added_blocks_show(struct kobject *kobj,
				 struct kobj_attribute *attr, char *buf)
{
	unsigned int blocks;

	hb_lock();
	blocks = hb.guest.added_blocks;
	hb_unlock();
	return sysfs_emit(buf, "%u\n", blocks);
}

static struct kobj_attribute added_blocks_attr = __ATTR_RO(added_blocks);

static ssize_t unusable_kb_show(struct kobject *kobj,
				struct kobj_attribute *attr, char *buf)
{
	unsigned long pages;

	hb_lock();
	pages = hb.guest.stranded;
	hb_unlock();
	return sysfs_emit(buf, "%lu\n", pages * HB_PAGE_KIB);
}

static struct kobj_attribute unusable_kb_attr = __ATTR_RO(unusable_kb);

static ssize_t stuck_s_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "%lu\n", hb_evacuate_stuck_seconds());
}

static struct kobj_attribute stuck_s_attr = __ATTR_RO(stuck_s);

/* The worker's own: what is seen may be old. */
static ssize_t tidying_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *buf)
{
	const char *word = READ_ONCE(hb.guest.tidy.active) ? "yes" : "no";

	if (!READ_ONCE(hb.guest.tidy_rate))
		word = "off";
	return sysfs_emit(buf, "%s\n", word);
}

static struct kobj_attribute tidying_attr = __ATTR_RO(tidying);

static const struct attribute *const attributes[] = {
	&state_attr.attr,
	&cause_attr.attr,
	&current_kb_attr.attr,
	&target_kb_attr.attr,
	&max_kb_attr.attr,
	&rescued_kb_attr.attr,
	&spared_kb_attr.attr,
	&still_attr.attr,
	&unusable_kb_attr.attr,
	&stuck_s_attr.attr,
	&tidying_attr.attr,
	&drift_kb_attr.attr,
	&added_blocks_attr.attr,
	NULL,
};

int hb_sysfs_register(void)
{
	int rc;

	directory = kobject_create_and_add("hotballoon", kernel_kobj);
	if (!directory)
		return -ENOMEM;
	rc = sysfs_create_files(directory, attributes);
	if (rc)
		kobject_put(directory);
	return rc;
}

void hb_sysfs_unregister(void)
{
	sysfs_remove_files(directory, attributes);
	kobject_put(directory);
}
