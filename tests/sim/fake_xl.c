/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common.h"
#include "fake_xl.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char fake_xl_dir[64];
static char *old_path;

void fake_xl_file(char path[128], const char *name)
{
	snprintf(path, 128, "%s/%s", fake_xl_dir, name);
}

void fake_xl(const char *script)
{
	char path[128];
	FILE *file;

	fake_xl_file(path, "xl");
	unlink(path);
	if (!script)
		return;
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "#!/bin/sh\nout=%s/out\n%s\n", fake_xl_dir, script);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0755), 0);
}

const char *fake_xl_said(void)
{
	static char text[4096];
	char path[128];
	size_t length;
	FILE *file;

	fake_xl_file(path, "out");
	file = fopen(path, "r");
	if (!file)
		return "";
	length = fread(text, 1, sizeof(text) - 1, file);
	text[length] = '\0';
	fclose(file);
	/* Nothing yet is not all that it says: its shell has only opened the file. */
	if (length)
		unlink(path);
	return text;
}

void fake_xl_begin(void)
{
	/* A shell that runs this in the background has them ignored. */
	signal(SIGINT, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	strcpy(fake_xl_dir, "/tmp/hotballoon-xl.XXXXXX");
	assert_non_null(mkdtemp(fake_xl_dir));
	old_path = strdup(getenv("PATH"));
	setenv("PATH", fake_xl_dir, 1);
}

void fake_xl_end(void)
{
	fake_xl(NULL);
	fake_xl_said();
	assert_int_equal(rmdir(fake_xl_dir), 0);
	setenv("PATH", old_path, 1);
	free(old_path);
}
