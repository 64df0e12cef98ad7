// SPDX-License-Identifier: GPL-2.0-only
#include "ledger.h"

void hb_ledger_measure(struct hb_ledger *ledger, u64 populated, u64 xen_pages)
{
	ledger->gap = xen_pages - populated;
	ledger->settled = true;
	ledger->drift = 0;
}

enum hb_ledger_verdict hb_ledger_compare(struct hb_ledger *ledger,
					 u64 populated, u64 xen_pages,
					 bool at_target)
{
	s64 drift;

	if (!ledger->settled) {
		if (!at_target || xen_pages < populated)
			return HB_LEDGER_UNSETTLED;
		hb_ledger_measure(ledger, populated, xen_pages);
	}
	drift = (s64)(xen_pages - populated - ledger->gap);
	if (drift == ledger->drift)
		return drift ? HB_LEDGER_DRIFTING : HB_LEDGER_TRUE;
	ledger->drift = drift;
	return drift ? HB_LEDGER_DRIFTED : HB_LEDGER_TRUE;
}
