/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "history_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define OLD ".old"
/* What becomes that. */
#define NEW ".new"

static void old_path(const struct history_file *file, char path[HISTORY_PATH_TEXT + sizeof(OLD)])
{
	snprintf(path, HISTORY_PATH_TEXT + sizeof(OLD), "%s" OLD, file->path);
}

/* Counts lines, as they are; what is none of a deed, or longer than one, is passed over. */
static void read_lines(struct history_file *file, FILE *in, struct hb_history *history)
{
	char text[HB_DEED_LINE];
	struct hb_deed deed;

	file->lines = 0;
	file->torn = false;
	while (fgets(text, sizeof(text), in)) {
		bool begins = !file->torn;

		file->torn = !strchr(text, '\n');
		file->lines += !file->torn;
		if (begins && !file->torn && hb_deed_parse(text, &deed))
			hb_history_add(history, &deed);
	}
}

static int read_file(struct history_file *file, const char *path, struct hb_history *history)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), error = 0;
	FILE *in;

	if (fd < 0)
		return errno == ENOENT ? 0 : errno;
	in = fdopen(fd, "r");
	if (!in) {
		error = errno;
		close(fd);
		return error;
	}
	read_lines(file, in, history);
	error = ferror(in) ? EIO : 0;
	fclose(in);
	return error;
}

int history_file_open(struct history_file *file, const char *path, struct hb_history *history)
{
	char old[HISTORY_PATH_TEXT + sizeof(OLD)];
	int error, rc;

	*file = (struct history_file){ 0 };
	if (!path)
		return 0;
	if (strlen(path) >= sizeof(file->path))
		return ENAMETOOLONG;
	strcpy(file->path, path);
	old_path(file, old);
	error = read_file(file, old, history);
	/* Of the old one nothing but its deeds counts. */
	file->lines = 0;
	file->torn = false;
	rc = read_file(file, path, history);
	return rc ? rc : error;
}

/* Whoever it is of, what is left there is ours. */
static FILE *open_new(const char *path)
{
	int fd;
	FILE *out;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	out = fd < 0 ? NULL : fdopen(fd, "w");
	if (fd >= 0 && !out)
		close(fd);
	return out;
}

/* All that history knows, in place of the lines in old. */
static int replace_old(const struct history_file *file, const char *old, const struct hb_history *history)
{
	char new[HISTORY_PATH_TEXT + sizeof(NEW)], text[HB_DEED_LINE];
	const struct hb_deed *deed;
	int error;
	FILE *out;
	bool bad;

	snprintf(new, sizeof(new), "%s" NEW, file->path);
	out = open_new(new);
	if (!out)
		return errno;
	for (size_t i = 0; (deed = hb_history_at(history, i)); i++)
		fputs(hb_deed_format(deed, text), out);
	bad = ferror(out);
	errno = EIO;
	if (!fclose(out) && !bad && !rename(new, old))
		return 0;
	error = errno;
	unlink(new);
	return error;
}

/* Who is killed in between has the last lines in the old one. */
static int turn_over(struct history_file *file, const struct hb_history *history)
{
	char old[HISTORY_PATH_TEXT + sizeof(OLD)];

	old_path(file, old);
	if (rename(file->path, old) && errno != ENOENT)
		return errno;
	file->lines = 0;
	file->torn = false;
	return replace_old(file, old, history);
}

/* In one piece, so that nothing but a failure leaves half of it. */
static int append(struct history_file *file, const char *text)
{
	int fd = open(file->path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600), error = 0;
	const size_t length = strlen(text);
	ssize_t n;

	if (fd < 0)
		return errno;
	n = write(fd, text, length);
	if (n != (ssize_t)length)
		error = n < 0 ? errno : ENOSPC;
	file->torn = n > 0 ? error : file->torn;
	file->lines += !error;
	close(fd);
	return error;
}

int history_file_add(struct history_file *file, const struct hb_history *history, const struct hb_deed *deed)
{
	char text[1 + HB_DEED_LINE] = "\n";
	int error = 0;

	if (!*file->path)
		return 0;
	if (file->lines >= HB_HISTORY_DEEDS)
		error = turn_over(file, history);
	if (file->lines >= HB_HISTORY_DEEDS)
		return error;
	/* What was torn is ended, and is a line of nothing. */
	hb_deed_format(deed, text + file->torn);
	return append(file, text) ?: error;
}
