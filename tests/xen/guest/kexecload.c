// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kexecload: what kexec-tools' `kexec` does, as far as tests need it.
 *
 *   kexecload load KERNEL INITRD CMDLINE     the next kernel, for `kexecload start`
 *   kexecload crash KERNEL INITRD CMDLINE    the one that runs after a panic
 *   kexecload unload
 *   kexecload start                          as `kexec -e`: no process is asked to end
 *
 * Model: kexec_file_load(2), where the kernel itself places everything; KERNEL is a
 * bzImage.  kexec-tools would bring libxenctrl and the C library along.
 *
 * Exit status: 0 done, 1 the kernel refuses, 2 usage.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

/* <linux/kexec.h>, which musl does not have. */
#define KEXEC_FILE_UNLOAD	1UL
#define KEXEC_FILE_ON_CRASH	2UL

static int refused(const char *what)
{
	perror(what);
	return 1;
}

static int file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		perror(path);
		exit(1);
	}
	return fd;
}

static int load(char **words, unsigned long flags)
{
	const char *cmdline = words[2];

	if (syscall(SYS_kexec_file_load, file(words[0]), file(words[1]), strlen(cmdline) + 1,
		    cmdline, flags))
		return refused("kexec_file_load");
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (argc == 5 && !strcmp(verb, "load"))
		return load(argv + 2, 0);
	if (argc == 5 && !strcmp(verb, "crash"))
		return load(argv + 2, KEXEC_FILE_ON_CRASH);
	if (argc == 2 && !strcmp(verb, "unload"))
		return syscall(SYS_kexec_file_load, -1, -1, 0UL, NULL, KEXEC_FILE_UNLOAD) ?
			       refused("kexec_file_load") : 0;
	if (argc == 2 && !strcmp(verb, "start")) {
		sync();
		reboot(RB_KEXEC);
		return refused("reboot");
	}
	fputs("usage: kexecload load|crash KERNEL INITRD CMDLINE | unload | start\n", stderr);
	return 2;
}
