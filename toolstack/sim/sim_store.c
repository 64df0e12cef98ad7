/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim_store.h"

/* Buckets at the start; doubled whenever there are more nodes than buckets. */
#define BUCKETS_MIN 64

void *sim_grow(void *array, size_t count, size_t size)
{
	void *grown = realloc(array, count * size);

	assert(grown);
	return grown;
}

char *sim_copy(const char *value, size_t length)
{
	char *copy = malloc(length + 1);

	assert(copy);
	memcpy(copy, value, length);
	copy[length] = '\0';
	return copy;
}

/* FNV-1a. */
static size_t hash(const char *path)
{
	uint64_t h = 14695981039346656037ULL;

	for (; *path; path++)
		h = (h ^ (unsigned char)*path) * 1099511628211ULL;
	return h ^ h >> 32;
}

static struct sim_node **bucket_of(const struct sim_store *store, const char *path)
{
	return &store->buckets[hash(path) & (store->nr_buckets - 1)];
}

struct sim_node *sim_store_find(const struct sim_store *store, const char *path)
{
	struct sim_node *node = store->nr_buckets ? *bucket_of(store, path) : NULL;

	while (node && strcmp(node->path, path))
		node = node->next;
	return node;
}

static void link_node(struct sim_store *store, struct sim_node *node)
{
	struct sim_node **bucket = bucket_of(store, node->path);

	node->next = *bucket;
	*bucket = node;
}

static void make_room(struct sim_store *store)
{
	struct sim_node **old = store->buckets;
	size_t nr_old = store->nr_buckets;

	if (store->nr_nodes < nr_old)
		return;
	store->nr_buckets = nr_old ? 2 * nr_old : BUCKETS_MIN;
	store->buckets = calloc(store->nr_buckets, sizeof(*store->buckets));
	assert(store->buckets);
	for (size_t i = 0; i < nr_old; i++) {
		for (struct sim_node *node = old[i], *next; node; node = next) {
			next = node->next;
			link_node(store, node);
		}
	}
	free(old);
}

struct sim_node *sim_store_write(struct sim_store *store, const char *path, const char *value,
				 size_t length)
{
	struct sim_node *node = sim_store_find(store, path);
	char *copy = sim_copy(value, length);

	if (!node) {
		make_room(store);
		node = sim_grow(NULL, 1, sizeof(*node));
		*node = (struct sim_node){ .path = sim_copy(path, strlen(path)) };
		link_node(store, node);
		store->nr_nodes++;
		store->shape++;
	}
	free(node->value);
	node->value = copy;
	node->length = length;
	node->generation = ++store->generation;
	return node;
}

static void free_node(struct sim_node *node)
{
	free(node->path);
	free(node->value);
	free(node);
}

void sim_store_remove(struct sim_store *store, struct sim_node *node)
{
	struct sim_node **link = bucket_of(store, node->path);

	while (*link != node)
		link = &(*link)->next;
	*link = node->next;
	store->nr_nodes--;
	store->shape++;
	free_node(node);
}

struct sim_node *sim_store_first(const struct sim_store *store,
				 int (*wanted)(const struct sim_node *node, const void *argument),
				 const void *argument)
{
	for (size_t i = 0; i < store->nr_buckets; i++) {
		for (struct sim_node *node = store->buckets[i]; node; node = node->next) {
			if (wanted(node, argument))
				return node;
		}
	}
	return NULL;
}

void sim_store_clear(struct sim_store *store)
{
	for (size_t i = 0; i < store->nr_buckets; i++) {
		for (struct sim_node *node = store->buckets[i], *next; node; node = next) {
			next = node->next;
			free_node(node);
		}
	}
	free(store->buckets);
	*store = (struct sim_store){ 0 };
}
