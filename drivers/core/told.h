/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was told, by writing it to xenstore: whether it is there, and when to try again.
 *
 * What was told belongs to one epoch: in a guest that was restored elsewhere, and after somebody
 * removed it, nothing of it is there.  But whoever writes hears of a new epoch late, and a number
 * may go astray into it: then 0 is written there like any other.  What could not be written is
 * written again after 1, 2, 4 ... 64 s; something else to say need not wait for that.
 */
#ifndef HB_CORE_TOLD_H
#define HB_CORE_TOLD_H

#include <core/port.h>

#define HB_RETRY_FIRST_MS	1000
#define HB_RETRY_MOST_MS	64000

/* All zero: nothing was told. */
struct hb_told {
	int epoch;		/* of the last try: what is below is of no other */
	bool there;		/* what was written last is in xenstore: */
	u64 value;
	u64 tried;		/* what failed last, */
	unsigned int retry_ms;	/* and is tried again after so long; 0: nothing waits */
	bool astray;		/* a number of an epoch before may be there, if this one has none */
};

/* Is what was told there, in this epoch? */
static inline bool hb_told_holds(const struct hb_told *told, int epoch)
{
	return told->there && told->epoch == epoch;
}

/* Was anything told in this epoch, or tried to? */
static inline bool hb_told_tried(const struct hb_told *told, int epoch)
{
	return (told->there || told->retry_ms) && told->epoch == epoch;
}

/* It was written. */
void hb_told_written(struct hb_told *told, int epoch, u64 value);

/*
 * It could not be written, what was there before is there still.  Return: milliseconds until it is
 * to be tried again.
 */
unsigned int hb_told_failed(struct hb_told *told, int epoch, u64 value);

/* What was told is not there any more, or only a part of it; what waits goes on waiting. */
void hb_told_lost(struct hb_told *told);

/* Is it certain that a reader finds this number?  To him 0 and no key are the same. */
bool hb_told_is(const struct hb_told *told, int epoch, u64 value);

/**
 * hb_told_news() - is this number to be written now?
 *
 * Not if the reader finds it: then nothing waits any more.  Nor if it is what waits to be tried
 * again.
 */
bool hb_told_news(struct hb_told *told, int epoch, u64 value);

#endif /* HB_CORE_TOLD_H */
