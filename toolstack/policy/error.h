/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a refusal or failure is put into words. Pure. */
#ifndef HB_ERROR_H
#define HB_ERROR_H

#include <hotballoon.h>

/*
 * Fill error and return the code of the reason. The remedy is empty until hb_remedy(),
 * which says what to do in words of no tool: the command has its own for each reason.
 */
enum hb_code hb_fail(struct hb_error *error, enum hb_reason reason, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void hb_remedy(struct hb_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Another reason, and its code, for what has been said. */
void hb_set_reason(struct hb_error *error, enum hb_reason reason);
/* The same if it is only known that the host has failed: what more is known stays. */
void hb_refine(struct hb_error *error, enum hb_reason reason);
/* Which domain it is about, and the size that would help, see struct hb_error; 0: none. */
void hb_about(struct hb_error *error, const struct hb_domain *domain, uint64_t size_kib);
/* The reason of a guest that is stuck for that cause. */
enum hb_reason hb_reason_of_cause(enum hb_cause cause);
/* hb_fail() for a negative errno rc that the host gave for what the format says. */
enum hb_code hb_fail_host(struct hb_error *error, int rc, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * The size as a person may give it, for a remedy: whole pages, not below it or not
 * above it. text is the buffer and is returned.
 */
const char *hb_at_least(uint64_t kib, char text[HB_SIZE_TEXT]);
const char *hb_at_most(uint64_t kib, char text[HB_SIZE_TEXT]);

/* "guest1", or "domain 7" if it has no name. text is the buffer and is returned. */
#define HB_WHO_TEXT 272
const char *hb_who(const struct hb_domain *domain, char text[HB_WHO_TEXT]);

#endif
