/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xenstore by its wire protocol, which is Xen's stable interface (xen/io/xs_wire.h).
 * libxenstore would wait for an answer however long that takes, begins again on every
 * signal, and keeps each event that nobody takes. Here a call has a limit, and an event
 * waits as a token, once.
 *
 * Every function returns 0 or a negative errno. -ETIMEDOUT: xenstored has not answered in
 * time; what it would say later is out of step, so that every call after it fails at once.
 */
#ifndef HB_STORE_H
#define HB_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HB_STORE_TOKEN 16

struct hb_store;

/* Connect within limit_ms. *store is to be closed by hb_store_close(). */
int hb_store_open(struct hb_store **store, unsigned int limit_ms);
void hb_store_close(struct hb_store *store);

/* What a call may take from now on. */
void hb_store_limit(struct hb_store *store, unsigned int limit_ms);

int hb_store_begin(struct hb_store *store, uint32_t *transaction);
int hb_store_end(struct hb_store *store, uint32_t transaction, bool commit);
/* *value is NUL-terminated beyond its length and to be released by free(). */
int hb_store_read(struct hb_store *store, uint32_t transaction, const char *path, char **value,
		  size_t *length);
int hb_store_write(struct hb_store *store, uint32_t transaction, const char *path,
		   const char *value);
int hb_store_remove(struct hb_store *store, uint32_t transaction, const char *path);

/*
 * The first one makes a connection of its own for events, and a thread that takes them
 * from it, with all signals blocked. A token is shorter than HB_STORE_TOKEN.
 */
int hb_store_watch(struct hb_store *store, const char *path, const char *token);
int hb_store_unwatch(struct hb_store *store, const char *path, const char *token);
/* -EAGAIN: nothing waits. Any other error: there will be no more events. */
int hb_store_next_event(struct hb_store *store, char *token, size_t size);
/* Readable while an event waits, or will not come any more. */
int hb_store_event_fd(const struct hb_store *store);

#endif
