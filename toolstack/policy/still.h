/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a save or a migration does to a domain, and what must be done before. Pure. */
#ifndef HB_STILL_H
#define HB_STILL_H

#include <hotballoon.h>

/* HB_E_REFUSED for a domain that nobody can save or migrate now. */
enum hb_code hb_still_check(const struct hb_domain *domain, struct hb_error *error);

/*
 * What the domain answers as it is now. HB_STILL_SILENT may change as long as the
 * domain can answer, the others do not.
 */
enum hb_still_answer hb_still_answer(const struct hb_domain *domain);
bool hb_still_can_answer(const struct hb_domain *domain);

#endif
