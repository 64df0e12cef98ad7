/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which files the configuration is read from. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define END ".conf"

static bool complain_of(const char *path, int error, config_complain_fn *complain, void *argument)
{
	char text[PATH_MAX + 128];

	snprintf(text, sizeof(text), "%.*s: cannot be read: %s", PATH_MAX, path, strerror(error));
	complain(text, argument);
	return false;
}

static bool read_file(struct config *config, const char *path, bool must,
		      config_complain_fn *complain, void *argument)
{
	FILE *file = fopen(path, "re");
	bool good;

	if (!file)
		return (errno == ENOENT && !must) || complain_of(path, errno, complain, argument);
	good = config_parse(config, path, file, complain, argument);
	fclose(file);
	return good;
}

static int is_part(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && length > strlen(END) &&
	       !strcmp(entry->d_name + length - strlen(END), END);
}

/* In the order of bytes, whatever the locale is. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static bool read_folder(struct config *config, const char *folder, config_complain_fn *complain,
			void *argument)
{
	struct dirent **parts;
	char path[PATH_MAX];
	int count = scandir(folder, &parts, is_part, by_name);
	bool good = true;

	if (count < 0)
		return errno == ENOENT || complain_of(folder, errno, complain, argument);
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, parts[i]->d_name);
		good &= read_file(config, path, true, complain, argument);
		free(parts[i]);
	}
	free(parts);
	return good;
}

bool config_read(struct config *config, const char *path, bool must, config_complain_fn *complain,
		 void *argument)
{
	char folder[CONFIG_FILE_TEXT + 2];
	bool good;

	config_defaults(config);
	if (strlen(path) >= CONFIG_FILE_TEXT)
		return complain_of(path, ENAMETOOLONG, complain, argument);
	snprintf(folder, sizeof(folder), "%s.d", path);
	good = read_file(config, path, must, complain, argument);
	return read_folder(config, folder, complain, argument) && good;
}
