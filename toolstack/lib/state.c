/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state.h"

/* A line is at most about 400 bytes, and a host has at most 32751 domains. */
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

static enum hb_code fail_file(struct hb_error *error, const char *what, const char *path)
{
	enum hb_code code = hb_fail_host(error, -errno, "cannot %s %s", what, path);

	if (code == HB_E_HOST)
		hb_remedy(error, "look at that file system: is it full or read-only?");
	return code;
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
	hb_fail(error, HB_E_HOST, "%s, line %u, is damaged", path, number);
	/* Without its header the next line would be in its place. */
	if (number == 1)
		hb_remedy(error, "the first line must be \"%s\"; a file in which nothing is needed can be removed",
			  header);
	else
		hb_remedy(error, "mend or delete that line; it was not written by this version");
	return HB_E_HOST;
}

/* Takes text apart in place. */
static enum hb_code each_line(char *text, size_t length, const char *path, const char *header,
			      hb_state_line_fn *line, void *argument, struct hb_error *error)
{
	unsigned int number = 0;

	for (char *start = text; start < text + length; number++) {
		char *end = memchr(start, '\n', text + length - start);

		/* Written as a whole, a file ends with a newline and holds no NUL. */
		if (!end || memchr(start, '\0', end - start))
			return fail_line(error, path, number + 1, header);
		*end = '\0';
		if (number == 0 ? strcmp(start, header) != 0 : !line(start, argument))
			return fail_line(error, path, number + 1, header);
		start = end + 1;
	}
	return number ? HB_OK : fail_line(error, path, 1, header);
}

enum hb_code hb_state_read(struct hb *hb, const char *name, const char *header,
			   hb_state_line_fn *line, void *argument, struct hb_error *error)
{
	char path[PATH_MAX], *text;
	enum hb_code code;
	size_t length;
	int fd;

	path_of(path, hb, name, "");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? HB_OK : fail_file(error, "open", path);
	text = read_all(fd, &length);
	code = text ? each_line(text, length, path, header, line, argument, error) :
	       fail_file(error, "read", path);
	free(text);
	close(fd);
	return code;
}

static bool write_all(int fd, const char *text, size_t length)
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

/* Makes path with that text, complete on the disk. */
static bool write_file(const char *path, const struct hb_text *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool good = fd >= 0 && write_all(fd, text->text, text->length) && !fsync(fd);

	if (fd >= 0 && close(fd))
		good = false;
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

enum hb_code hb_state_replace(struct hb *hb, const char *name, const char *header,
			      const struct hb_text *body, struct hb_error *error)
{
	char path[PATH_MAX], new[PATH_MAX];
	struct hb_text text = { 0 };
	enum hb_code code = HB_OK;

	path_of(path, hb, name, "");
	path_of(new, hb, name, ".new");
	hb_text_append(&text, header);
	hb_text_append(&text, "\n");
	if (body->text)
		hb_text_append(&text, body->text);
	if (hb->dry_run)
		code = HB_OK;
	else if (text.failed || body->failed)
		code = hb_fail(error, HB_E_INTERNAL, "out of memory");
	else if (mkdir(hb->state_dir, 0755) && errno != EEXIST)
		code = fail_file(error, "make", hb->state_dir);
	else if (!write_file(new, &text) || rename(new, path) || !sync_dir(hb->state_dir))
		code = fail_file(error, "write", path);
	free(text.text);
	return code;
}
