/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors: a code for programs, a sentence and a remedy for people. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "error.h"

static const char *const code_names[HB_CODE_COUNT] = {
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

static const struct {
	const char *word, *meaning;
	enum hb_code code;
} reasons[HB_REASON_COUNT] = {
#define ROW(name, word, code, meaning) [HB_REASON_##name] = { word, meaning, code },
	HB_REASONS(ROW)
#undef ROW
};

const char *hb_reason_name(enum hb_reason reason)
{
	return reasons[reason].word;
}

const char *hb_reason_meaning(enum hb_reason reason)
{
	return reasons[reason].meaning;
}

enum hb_code hb_reason_code(enum hb_reason reason)
{
	return reasons[reason].code;
}

enum hb_reason hb_reason_of_cause(enum hb_cause cause)
{
	static const char *const words[] = HB_CAUSE_WORDS;

	for (int i = 0; i < HB_REASON_COUNT; i++) {
		if (reasons[i].code == HB_E_STUCK && !strcmp(reasons[i].word, words[cause]))
			return i;
	}
	return HB_REASON_NO_CAUSE;
}

void hb_set_reason(struct hb_error *error, enum hb_reason reason)
{
	error->code = reasons[reason].code;
	error->reason = reason;
}

void hb_refine(struct hb_error *error, enum hb_reason reason)
{
	if (error->reason == HB_REASON_HOST_FAILED)
		hb_set_reason(error, reason);
}

void hb_about(struct hb_error *error, const struct hb_domain *domain, uint64_t size_kib)
{
	error->of_domain = true;
	error->domid = domain->domid;
	error->size_kib = size_kib;
}

enum hb_code hb_fail(struct hb_error *error, enum hb_reason reason, const char *format, ...)
{
	va_list args;

	hb_set_reason(error, reason);
	error->of_domain = false;
	error->domid = 0;
	error->size_kib = 0;
	error->remedy[0] = '\0';
	va_start(args, format);
	vsnprintf(error->message, sizeof(error->message), format, args);
	va_end(args);
	hb_text_clean(error->message);
	return error->code;
}

void hb_remedy(struct hb_error *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error->remedy, sizeof(error->remedy), format, args);
	va_end(args);
	hb_text_clean(error->remedy);
}

static enum hb_reason reason_of_errno(int rc)
{
	switch (-rc) {
	case ESRCH:
		return HB_REASON_NO_SUCH_DOMAIN;
	case EACCES:
	case EPERM:
		return HB_REASON_NOT_ALLOWED;
	case ETIMEDOUT:
	/* A connection that has ended answers no more than one that hangs. */
	case ECONNRESET:
	case EPIPE:
	case EPROTO:
		return HB_REASON_NO_ANSWER;
	default:
		return HB_REASON_HOST_FAILED;
	}
}

static const char *text_of_errno(int rc)
{
	switch (-rc) {
	case ESRCH:
		return "no such domain";
	case ETIMEDOUT:
		return "xenstored does not answer";
	case ECONNRESET:
	case EPIPE:
		return "xenstored has ended the connection";
	case EPROTO:
		return "xenstored does not answer as its protocol says";
	default:
		return strerror(-rc);
	}
}

enum hb_code hb_fail_host(struct hb_error *error, int rc, const char *format, ...)
{
	char what[400];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	hb_fail(error, reason_of_errno(rc), "%s: %s", what, text_of_errno(rc));
	/* So it answers who speaks another version of its interface, too. */
	if (error->reason == HB_REASON_NOT_ALLOWED)
		hb_remedy(error, "run it as root in domain 0; root there is refused by a Xen of another version than the libxenctrl of this program is for: boot that Xen, or install what was built for the one that runs");
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
