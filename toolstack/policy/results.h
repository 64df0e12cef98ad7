/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the objects of hotballoon.h that are read by functions are made of. What is built
 * together with the library, as hotballoon is, may look into them, and hold any object as
 * a value; all others have pointers, and nothing here is part of what they were promised.
 */
#ifndef HB_RESULTS_H
#define HB_RESULTS_H

#include <hotballoon.h>

#define HB_STEPS_MAX 16
#define HB_NOTES_MAX 8

struct hb_set_result {
	struct hb_domain before, after;
	uint64_t size_kib, target_kib;
	bool done;
	uint64_t kept_kib;
	unsigned int nr_steps;
	struct hb_step steps[HB_STEPS_MAX];	/* more are left out */
	unsigned int nr_notes;
	char notes[HB_NOTES_MAX][200];
	uint64_t waited_ms;
};

struct hb_free_entry {
	struct hb_domain domain;	/* as it was before */
	uint64_t from_kib, to_kib;
	bool stuck;
};

struct hb_free_result {
	uint64_t before_kib, after_kib, coming_kib;
	size_t count;
	struct hb_free_entry *entries;
	uint64_t waited_ms;
};

/* Releases what it has; for who has one as a value, which begins as zeros. */
void hb_free_result_clear(struct hb_free_result *result);

struct hb_still_result {
	struct hb_domain domain;
	enum hb_still_answer answer;
	bool taken_over;
	uint64_t from_kib, kept_kib, waited_ms;
	int fd;
};

#define HB_FINDINGS_MAX 20

struct hb_findings {
	unsigned int count;
	struct hb_finding list[HB_FINDINGS_MAX];
};

#define HB_REASONS_MAX 12

struct hb_explanation {
	struct hb_domain domain;
	struct hb_host_memory host;
	struct hb_limits limits;
	unsigned int nr_reasons;
	char reasons[HB_REASONS_MAX][256];
	struct hb_findings findings;
};

struct hb_examination {
	struct hb_domain domain;
	struct hb_findings findings;
};

#endif
