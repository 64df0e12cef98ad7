/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints: events/hotballoon in tracefs.  Pages of 4 KiB, times in ns or us. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM hotballoon

#if !defined(HB_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define HB_TRACE_H

#include <linux/tracepoint.h>

/* Every step: what was planned from what, how it ended, how long it took. */
TRACE_EVENT(hb_step,
	TP_PROTO(const char *word, u64 wanted, u64 done, const char *cause,
		 u64 populated, u64 target, u64 us),
	TP_ARGS(word, wanted, done, cause, populated, target, us),
	TP_STRUCT__entry(
		__field(const char *, word)
		__field(const char *, cause)
		__field(u64, wanted)
		__field(u64, done)
		__field(u64, populated)
		__field(u64, target)
		__field(u64, us)
	),
	TP_fast_assign(
		__entry->word = word;
		__entry->cause = cause;
		__entry->wanted = wanted;
		__entry->done = done;
		__entry->populated = populated;
		__entry->target = target;
		__entry->us = us;
	),
	TP_printk("%s wanted=%llu done=%llu cause=%s populated=%llu target=%llu us=%llu",
		  __entry->word, __entry->wanted, __entry->done, __entry->cause,
		  __entry->populated, __entry->target, __entry->us)
);

/* The end of a pass: why it goes no further, and ms until the next; -1: an event begins it. */
TRACE_EVENT(hb_rest,
	TP_PROTO(const char *cause, u64 populated, u64 target, s64 ms),
	TP_ARGS(cause, populated, target, ms),
	TP_STRUCT__entry(
		__field(const char *, cause)
		__field(u64, populated)
		__field(u64, target)
		__field(s64, ms)
	),
	TP_fast_assign(
		__entry->cause = cause;
		__entry->populated = populated;
		__entry->target = target;
		__entry->ms = ms;
	),
	TP_printk("cause=%s populated=%llu target=%llu ms=%lld",
		  __entry->cause, __entry->populated, __entry->target, __entry->ms)
);

/* Every change of the reservation. */
TRACE_EVENT(hb_extent,
	TP_PROTO(const char *what, unsigned long pfn, unsigned int nr,
		 unsigned int order, unsigned long done, u64 ns),
	TP_ARGS(what, pfn, nr, order, done, ns),
	TP_STRUCT__entry(
		__field(const char *, what)
		__field(unsigned long, pfn)
		__field(unsigned int, nr)
		__field(unsigned int, order)
		__field(unsigned long, done)
		__field(u64, ns)
	),
	TP_fast_assign(
		__entry->what = what;
		__entry->pfn = pfn;
		__entry->nr = nr;
		__entry->order = order;
		__entry->done = done;
		__entry->ns = ns;
	),
	TP_printk("%s first=%#lx nr=%u order=%u done=%lu ns=%llu",
		  __entry->what, __entry->pfn, __entry->nr, __entry->order,
		  __entry->done, __entry->ns)
);

/* A guest in need took memory by itself. */
TRACE_EVENT(hb_rescue,
	TP_PROTO(u64 lacking, unsigned long taken, u64 ns),
	TP_ARGS(lacking, taken, ns),
	TP_STRUCT__entry(
		__field(u64, lacking)
		__field(unsigned long, taken)
		__field(u64, ns)
	),
	TP_fast_assign(
		__entry->lacking = lacking;
		__entry->taken = taken;
		__entry->ns = ns;
	),
	TP_printk("lacking=%llu taken=%lu ns=%llu",
		  __entry->lacking, __entry->taken, __entry->ns)
);

/*
 * A look at what the guest lacks took so long.  @oom: a process is about to be killed; @news: what
 * is lacked is yet to be told to the host.
 */
TRACE_EVENT(hb_distress,
	TP_PROTO(bool oom, u64 lacking, u64 short_now, bool news, u64 ns),
	TP_ARGS(oom, lacking, short_now, news, ns),
	TP_STRUCT__entry(
		__field(bool, oom)
		__field(bool, news)
		__field(u64, lacking)
		__field(u64, short_now)
		__field(u64, ns)
	),
	TP_fast_assign(
		__entry->oom = oom;
		__entry->news = news;
		__entry->lacking = lacking;
		__entry->short_now = short_now;
		__entry->ns = ns;
	),
	TP_printk("oom=%d lacking=%llu short=%llu news=%d ns=%llu",
		  __entry->oom, __entry->lacking, __entry->short_now,
		  __entry->news, __entry->ns)
);

/* hb.lock was held so long, and dropped there. */
TRACE_EVENT(hb_lock,
	TP_PROTO(unsigned long ip, u64 ns),
	TP_ARGS(ip, ns),
	TP_STRUCT__entry(
		__field(unsigned long, ip)
		__field(u64, ns)
	),
	TP_fast_assign(
		__entry->ip = ip;
		__entry->ns = ns;
	),
	TP_printk("%pS ns=%llu", (void *)__entry->ip, __entry->ns)
);

#endif /* HB_TRACE_H */

/* Kbuild has drivers/ among the places to look. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
