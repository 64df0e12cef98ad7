/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The simulated xenstore: paths and values in a hash table, so that a host of
 * hundreds of guests costs no more a node than one of few. A node stays where it
 * is until it is removed. Without memory the process ends: this is for tests.
 */
#ifndef SIM_STORE_H
#define SIM_STORE_H

#include <stddef.h>
#include <stdint.h>

struct sim_node {
	struct sim_node *next;	/* in its bucket */
	char *path, *value;
	size_t length;
	uint64_t generation;	/* of the write that made it what it is */
};

struct sim_store {
	struct sim_node **buckets;
	size_t nr_buckets, nr_nodes;
	uint64_t generation;	/* of the last write */
	uint64_t shape;		/* another one whenever nodes come or go */
};

/* realloc() of an array that does not fail. */
void *sim_grow(void *array, size_t count, size_t size);
/* A copy of value with a NUL behind it, to be released by free(). */
char *sim_copy(const char *value, size_t length);

/* NULL if there is no such node. */
struct sim_node *sim_store_find(const struct sim_store *store, const char *path);
/* Makes the node if need be. value may be the node's own. */
struct sim_node *sim_store_write(struct sim_store *store, const char *path, const char *value,
				 size_t length);
void sim_store_remove(struct sim_store *store, struct sim_node *node);
/* The first node for which wanted() says so; NULL if there is none. */
struct sim_node *sim_store_first(const struct sim_store *store,
				 int (*wanted)(const struct sim_node *node, const void *argument),
				 const void *argument);
void sim_store_clear(struct sim_store *store);

#endif
