/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "metrics.h"
#include "state.h"

/* Behind the path: no end that node_exporter reads. */
#define NEW ".new"

/* NULL: no memory. */
static char *make_text(const struct manager_view *view)
{
	const struct hb_metrics_manager manager = {
		.connected = view->connected, .writes = view->writes, .refused = view->refused,
	};
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	bool bad;

	if (!out)
		return NULL;
	hb_metrics_print(view->balance, &manager, out);
	bad = ferror(out);
	if (!fclose(out) && !bad)
		return text;
	free(text);
	return NULL;
}

/* The directory can be another user's: a link in the place of the new file is not followed. */
static int open_new(const char *path)
{
	unlink(path);
	return open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
}

/*
 * False with errno set. It is not synced: after a power failure a new one is written
 * before anybody reads it.
 */
static bool replace(const char *path, const char *text)
{
	char new[CONFIG_FILE_TEXT + sizeof(NEW)];
	int fd, error;
	bool good;

	snprintf(new, sizeof(new), "%s" NEW, path);
	fd = open_new(new);
	if (fd < 0)
		return false;
	/* Whatever the umask is: the exporter is another user. */
	good = !fchmod(fd, 0644) && hb_write_all(fd, text, strlen(text));
	error = errno;
	if (close(fd) && good) {
		good = false;
		error = errno;
	}
	if (good && !rename(new, path))
		return true;
	error = good ? errno : error;
	unlink(new);
	errno = error;
	return false;
}

/* One that was taken away meanwhile is written again. */
static bool keep_same(const struct textfile *file)
{
	return !utimensat(AT_FDCWD, file->path, NULL, AT_SYMLINK_NOFOLLOW);
}

static void note_failure(struct textfile *file, int error)
{
	char text[CONFIG_FILE_TEXT + 128];

	if (!file->failed) {
		snprintf(text, sizeof(text), "the metrics cannot be written to %s, and it is tried again: %s",
			 file->path, strerror(error));
		file->complain(text, file->argument);
	}
	file->failed = true;
}

static void put(struct textfile *file, char *text)
{
	if (!text) {
		note_failure(file, ENOMEM);
		return;
	}
	if (file->text && !strcmp(file->text, text) && keep_same(file)) {
		free(text);
		return;
	}
	free(file->text);
	file->text = text;
	if (replace(file->path, text)) {
		file->there = true;
		file->failed = false;
		return;
	}
	note_failure(file, errno);
	free(file->text);
	file->text = NULL;
}

void textfile_end(struct textfile *file)
{
	/* Also if it could not be replaced since. */
	if (file->there)
		unlink(file->path);
	file->there = false;
	free(file->text);
	file->text = NULL;
	file->path[0] = '\0';
	file->failed = false;
	file->written_ms = 0;
}

static uint64_t news_due_ms(const struct textfile *file)
{
	return file->written_ms ? file->written_ms + TEXTFILE_EVERY_MS : 0;
}

/* Its time is set more often than the host is looked at, as long as that is when it should be. */
static uint64_t same_due_ms(const struct textfile *file, const struct manager_view *view)
{
	const uint64_t look_ms = view->config->look_s * 1000ULL;

	if (look_ms <= TEXTFILE_TOUCH_MS || view->now_ms >= file->round_ms + look_ms + TEXTFILE_TOUCH_MS)
		return UINT64_MAX;
	return file->written_ms + TEXTFILE_TOUCH_MS;
}

uint64_t textfile_keep(struct textfile *file, const struct manager_view *view)
{
	uint64_t due;
	bool news;

	if (strcmp(file->path, view->config->textfile))
		textfile_end(file);
	strcpy(file->path, view->config->textfile);
	if (!*file->path)
		return UINT64_MAX;
	news = !file->written_ms || file->rounds != view->rounds || file->connected != view->connected;
	due = news ? news_due_ms(file) : same_due_ms(file, view);
	if (view->now_ms < due)
		return due;
	file->written_ms = view->now_ms;
	if (news)
		file->round_ms = view->now_ms;
	file->rounds = view->rounds;
	file->connected = view->connected;
	put(file, make_text(view));
	return same_due_ms(file, view);
}
