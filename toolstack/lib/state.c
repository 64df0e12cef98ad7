/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE	/* mkostemp() */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state.h"

/* A line is at most about 450 bytes, and a host has at most 32751 domains. */
#define FILE_MAX (16 << 20)

void hb_text_append(struct hb_text *text, const char *more)
{
	size_t length = strlen(more);
	char *grown = text->failed ? NULL : realloc(text->text, text->length + length + 1);

	if (!grown) {
		text->failed = true;
		return;
	}
	memcpy(grown + text->length, more, length + 1);
	text->text = grown;
	text->length += length;
}

/* problem: an errno. */
static enum hb_code fail_problem(struct hb_error *error, int problem, const char *what,
				 const char *path)
{
	enum hb_code code = hb_fail_host(error, -problem, "cannot %s %s", what, path);

	hb_refine(error, HB_REASON_FILE_FAILED);
	if (problem == ELOOP)
		hb_remedy(error, "it is a symbolic link, and none is followed: put the file itself there");
	else if (code == HB_E_PERMISSION)
		hb_remedy(error, "run it as root in domain 0");
	else if (code == HB_E_HOST)
		hb_remedy(error, "look at that file system: is it full or read-only?");
	return code;
}

static enum hb_code fail_file(struct hb_error *error, const char *what, const char *path)
{
	return fail_problem(error, errno, what, path);
}

static void path_of(char path[PATH_MAX], const struct hb *hb, const char *name, const char *suffix)
{
	snprintf(path, PATH_MAX, "%s/%s%s", hb->state_dir, name, suffix);
}

/* Reads all of fd into a text that is to be released; NULL and errno on failure. */
static char *read_all(int fd, size_t *length)
{
	struct stat stat;
	char *text;
	ssize_t n;

	if (fstat(fd, &stat))
		return NULL;
	if (stat.st_size > FILE_MAX) {
		errno = EFBIG;
		return NULL;
	}
	text = malloc(stat.st_size + 1);
	*length = 0;
	while (text && (n = read(fd, text + *length, stat.st_size - *length)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			free(text);
			return NULL;
		}
		*length += n;
	}
	if (text)
		text[*length] = '\0';
	return text;
}

static enum hb_code fail_line(struct hb_error *error, const char *path, unsigned int number,
			      const char *header)
{
	hb_fail(error, HB_REASON_DAMAGED_FILE, "%s, line %u, is damaged", path, number);
	/* Without its header the next line would be in its place. */
	if (number == 1)
		hb_remedy(error, "the first line must be \"%s\"; a file in which nothing is needed can be removed",
			  header);
	else
		hb_remedy(error, "mend or delete that line; it was not written by this version");
	return HB_E_HOST;
}

/* Takes text apart in place, and counts what is not as it should be. */
static struct hb_damage each_line(char *text, size_t length, const char *header,
				  hb_state_line_fn *line, void *argument)
{
	struct hb_damage damage = { 0 };
	unsigned int number = 0;
	bool good = false;

	for (char *start = text, *end; start < text + length; start = end + 1) {
		end = memchr(start, '\n', text + length - start);
		/* Written as a whole, a file ends with a newline and holds no NUL. */
		good = end && !memchr(start, '\0', end - start);
		end = end ? end : text + length;
		*end = '\0';
		number++;
		/* If the header is missing there may be a line in its place. */
		if (good && (number > 1 || strcmp(start, header)))
			good = line(start, argument) && number > 1;
		if (!good && !damage.lines++)
			damage.first = number;
	}
	return number ? damage : (struct hb_damage){ .lines = 1, .first = 1 };
}

/* Returns 0 or an errno. *text is to be released, and NULL if there is no such file. */
static int read_file(const char *path, char **text, size_t *length)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), problem;

	*text = NULL;
	if (fd < 0)
		return errno == ENOENT ? 0 : errno;
	*text = read_all(fd, length);
	problem = *text ? 0 : errno;
	close(fd);
	return problem;
}

enum hb_code hb_state_read(struct hb *hb, const char *name, const char *header,
			   hb_state_line_fn *line, void *argument, struct hb_damage *damage,
			   struct hb_error *error)
{
	struct hb_damage found = { 0 };
	char path[PATH_MAX], *text;
	enum hb_code code = HB_OK;
	size_t length;
	int problem;

	path_of(path, hb, name, "");
	problem = read_file(path, &text, &length);
	if (problem && (!damage || problem == ENOMEM))
		return fail_problem(error, problem, "read", path);
	if (problem)
		found = (struct hb_damage){ .lines = 1, .first = 1, .problem = problem };
	if (text)
		found = each_line(text, length, header, line, argument);
	free(text);
	if (damage)
		*damage = found;
	else if (found.lines)
		code = fail_line(error, path, found.first, header);
	return code;
}

void hb_state_describe(struct hb *hb, const char *name, const char *header,
		       const struct hb_damage *damage, struct hb_error *error)
{
	char path[PATH_MAX];
	size_t used;

	path_of(path, hb, name, "");
	if (damage->problem)
		fail_problem(error, damage->problem, "read", path);
	else
		fail_line(error, path, damage->first, header);
	used = strlen(error->message);
	if (damage->lines > 1)
		snprintf(error->message + used, sizeof(error->message) - used,
			 ", and %u more: they count for nothing", damage->lines - 1);
	else
		snprintf(error->message + used, sizeof(error->message) - used,
			 ": it counts for nothing");
}

bool hb_write_all(int fd, const char *text, size_t length)
{
	while (length) {
		ssize_t n = write(fd, text, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		text += n;
		length -= n;
	}
	return true;
}

/*
 * Makes a file with that text, complete on the disk if it shall last; path ends with XXXXXX,
 * and is its name then.
 */
static bool write_new(char *path, const struct hb_text *text, bool lasts)
{
	int fd = mkostemp(path, O_CLOEXEC);
	bool good = fd >= 0 && !fchmod(fd, 0644) && hb_write_all(fd, text->text, text->length) &&
		    (!lasts || !fsync(fd));
	int problem = errno;

	if (fd >= 0 && close(fd) && good) {
		problem = errno;
		good = false;
	}
	if (fd >= 0 && !good)
		unlink(path);
	errno = problem;
	return good;
}

/* The name itself must survive a power failure, too. */
static bool sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fd >= 0 && !fsync(fd);

	if (fd >= 0)
		close(fd);
	return good;
}

/* What somebody who was killed has left: nobody else writes while we hold the host's lock. */
static void remove_leftovers(const struct hb *hb, const char *name)
{
	DIR *dir = opendir(hb->state_dir);
	struct dirent *entry;
	char start[NAME_MAX];

	if (!dir)
		return;
	snprintf(start, sizeof(start), ".%s.", name);
	while ((entry = readdir(dir))) {
		if (!strncmp(entry->d_name, start, strlen(start)))
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	closedir(dir);
}

/* The file is the new one by now, and counts, until the power fails. */
static enum hb_code fail_sync(struct hb_error *error, const char *path)
{
	hb_fail_host(error, -errno, "%s has been written, but may not survive a power failure", path);
	hb_set_reason(error, HB_REASON_NOT_SAFE_YET);
	hb_remedy(error, "what was asked for is done; look at that file system: is it full or read-only?");
	return error->code;
}

static enum hb_code replace(struct hb *hb, const char *name, const struct hb_text *text, bool lasts,
			    struct hb_error *error)
{
	char path[PATH_MAX], new[PATH_MAX];

	path_of(path, hb, name, "");
	snprintf(new, sizeof(new), "%s/.%s.XXXXXX", hb->state_dir, name);
	if (mkdir(hb->state_dir, 0755) && errno != EEXIST)
		return fail_file(error, "make", hb->state_dir);
	remove_leftovers(hb, name);
	if (!write_new(new, text, lasts))
		return fail_file(error, "write", path);
	if (rename(new, path)) {
		fail_file(error, "write", path);
		unlink(new);
		return error->code;
	}
	return !lasts || sync_dir(hb->state_dir) ? HB_OK : fail_sync(error, path);
}

static enum hb_code replace_body(struct hb *hb, const char *name, const char *header,
				 const struct hb_text *body, bool lasts, struct hb_error *error)
{
	struct hb_text text = { 0 };
	enum hb_code code;

	hb_text_append(&text, header);
	hb_text_append(&text, "\n");
	if (body->text)
		hb_text_append(&text, body->text);
	if (hb->dry_run)
		code = HB_OK;
	else if (text.failed || body->failed)
		code = hb_fail(error, HB_REASON_OUT_OF_MEMORY, "out of memory");
	else
		code = replace(hb, name, &text, lasts, error);
	free(text.text);
	return code;
}

enum hb_code hb_state_replace(struct hb *hb, const char *name, const char *header,
			      const struct hb_text *body, struct hb_error *error)
{
	return replace_body(hb, name, header, body, true, error);
}

enum hb_code hb_state_note(struct hb *hb, const char *name, const char *header,
			   const struct hb_text *body, struct hb_error *error)
{
	return replace_body(hb, name, header, body, false, error);
}
