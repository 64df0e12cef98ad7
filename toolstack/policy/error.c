/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors: a code for programs, a sentence and a remedy for people. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "error.h"

static const char *const code_names[] = {
	[HB_OK] = "ok",
	[HB_E_INTERNAL] = "internal",
	[HB_E_USAGE] = "usage",
	[HB_E_NO_DOMAIN] = "no-such-domain",
	[HB_E_REFUSED] = "refused",
	[HB_E_HOST] = "host",
	[HB_E_PERMISSION] = "permission",
	[HB_E_TIMEOUT] = "timeout",
	[HB_E_STUCK] = "stuck",
	[HB_E_INTERRUPTED] = "interrupted",
	[HB_E_SUPERSEDED] = "superseded",
};

const char *hb_code_name(enum hb_code code)
{
	return code_names[code];
}

enum hb_code hb_fail(struct hb_error *error, enum hb_code code, const char *format, ...)
{
	va_list args;

	error->code = code;
	error->remedy[0] = '\0';
	va_start(args, format);
	vsnprintf(error->message, sizeof(error->message), format, args);
	va_end(args);
	hb_text_clean(error->message);
	return code;
}

void hb_remedy(struct hb_error *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error->remedy, sizeof(error->remedy), format, args);
	va_end(args);
	hb_text_clean(error->remedy);
}

static enum hb_code code_of_errno(int rc)
{
	switch (-rc) {
	case ESRCH:
		return HB_E_NO_DOMAIN;
	case EACCES:
	case EPERM:
		return HB_E_PERMISSION;
	default:
		return HB_E_HOST;
	}
}

enum hb_code hb_fail_host(struct hb_error *error, int rc, const char *format, ...)
{
	char what[400];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	hb_fail(error, code_of_errno(rc), "%s: %s", what,
		rc == -ESRCH ? "no such domain" :
		rc == -ETIMEDOUT ? "xenstored does not answer" : strerror(-rc));
	if (error->code == HB_E_NO_DOMAIN)
		hb_remedy(error, "the domain is gone; \"hotballoon list\" shows those that exist");
	else if (error->code == HB_E_PERMISSION)
		hb_remedy(error, "run it as root in domain 0");
	else if (rc == -ETIMEDOUT)
		hb_remedy(error, "look whether xenstored hangs or is stopped");
	return error->code;
}

const char *hb_at_least(uint64_t kib, char text[HB_SIZE_TEXT])
{
	return hb_size_format((kib + HB_PAGE_KIB - 1) / HB_PAGE_KIB * HB_PAGE_KIB, text);
}

const char *hb_at_most(uint64_t kib, char text[HB_SIZE_TEXT])
{
	return hb_size_format(kib - kib % HB_PAGE_KIB, text);
}

const char *hb_who(const struct hb_domain *domain, char text[HB_WHO_TEXT])
{
	if (domain->name[0])
		snprintf(text, HB_WHO_TEXT, "%s", domain->name);
	else
		snprintf(text, HB_WHO_TEXT, "domain %u", domain->domid);
	return text;
}
