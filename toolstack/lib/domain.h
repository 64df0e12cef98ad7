/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Snapshots of domains, taken from the host. */
#ifndef HB_DOMAIN_H
#define HB_DOMAIN_H

#include "internal.h"

/* hb_fail() for what reading domain domid has given. */
enum hb_code hb_domain_fail(struct hb_error *error, int rc, uint32_t domid);

#define HB_UUID_TEXT 37
/* Xen's handle of the domain. Returns a negative errno. */
int hb_domain_uuid(struct hb *hb, uint32_t domid, char uuid[HB_UUID_TEXT]);

/* hb_list(), but as values; *domains is to be released by free(). */
enum hb_code hb_domain_list(struct hb *hb, struct hb_domain **domains, size_t *count,
			    struct hb_error *error);

/* As hb_list() reads it. Returns a negative errno. */
int hb_domain_read(struct hb *hb, uint32_t domid, struct hb_domain *domain);
/* What hb_list() leaves out. Returns a negative errno. */
int hb_domain_details(struct hb *hb, struct hb_domain *domain);
/* Only what Xen says of it: nothing is asked. */
void hb_domain_identify(struct hb_domain *domain, const struct hb_xen_domain *xen);
/* Take Xen's numbers. True: Xen says that more has changed than these, so that it must be read. */
bool hb_domain_measure(struct hb *hb, struct hb_domain *domain, const struct hb_xen_domain *xen);

/* Read the domain again; on failure it is left as it is. */
enum hb_code hb_domain_refresh(struct hb *hb, struct hb_domain *domain, struct hb_error *error);

/*
 * One that Xen lists, only as far as policy/account.h looks at it: three xenstore reads. One
 * that goes away meanwhile has no target. Returns a negative errno.
 */
int hb_domain_account(struct hb *hb, const struct hb_xen_domain *xen, struct hb_domain *domain);
/*
 * Up to HB_ACCOUNT_BATCH domains with domid >= first, in order, the same of each.
 * Returns how many, or a negative errno.
 */
#define HB_ACCOUNT_BATCH 32
int hb_domain_accounts(struct hb *hb, uint32_t first, struct hb_domain domains[HB_ACCOUNT_BATCH]);

/* Does xapi's squeezed manage any domain? Returns a negative errno. */
int hb_domain_any_squeezed(struct hb *hb, bool *any);

/* Number at path; not a failure if it is absent or invalid. Returns a negative errno. */
int hb_read_number(struct hb_host *host, uint32_t transaction, const char *path, uint64_t limit,
		   struct hb_number *number);

int hb_read_target(struct hb_host *host, uint32_t transaction, uint32_t domid,
		   struct hb_number *target);
int hb_read_headroom(struct hb_host *host, uint32_t transaction, uint32_t domid,
		     struct hb_number *headroom);
/* At most HB_SIZE_MAX_KIB, which stands for no limit. */
int hb_read_static_max(struct hb_host *host, uint32_t transaction, uint32_t domid,
		       struct hb_number *static_max);

/* Is the domain told to keep still? A value of the wrong form counts as that. */
int hb_read_told_still(struct hb_host *host, uint32_t transaction, uint32_t domid, bool *told);

/* Paths of keys.h, made absolute. text is the buffer and is returned. */
#define HB_PATH_TEXT 128
const char *hb_domain_path(char text[HB_PATH_TEXT], uint32_t domid, const char *key);
const char *hb_vm_path(char text[HB_PATH_TEXT], const char *uuid, const char *key);

#endif
