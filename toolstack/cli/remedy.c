/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What to do about an error or a finding, in words of this command: a row for each reason
 * and each kind of finding of the library, which itself knows no command line.
 *
 *   {text}	what the library says to do, which knows the values, or text if it says nothing
 *   [text]	only if a size is known that would help
 *   DOM, SIZE	that domain and size, if they are known
 */
#include <stdarg.h>
#include <string.h>

#include "cli.h"

#define LIST "\"hotballoon list\" shows the domains that exist"
/* Behind the library's "a save or a migration now would lose it". */
#define ENDS "[, and \"hotballoon set DOM SIZE\" ends that]"
#define EXPLAIN ENDS "; \"hotballoon explain DOM\" tells more"

static const char *const remedies[HB_REASON_COUNT] = {
	[HB_REASON_NONE] = "{nothing}",
	[HB_REASON_OUT_OF_MEMORY] = "{end what uses the memory of domain 0, or make it larger: \"hotballoon set 0 SIZE\"}",
	[HB_REASON_NO_PROCESS] = "{end what uses the memory or the processes of domain 0}",
	[HB_REASON_BAD_ARGUMENTS] = "{see \"hotballoon --help\"}",
	[HB_REASON_BAD_SIZE] = "{write for example 512M, 2G, +256M or -10%}",
	[HB_REASON_TOO_LARGE] = "{give a smaller size}",
	[HB_REASON_BAD_LIMITS] = "{give other ones}: --min=SIZE, --max=SIZE, --weight=N",
	[HB_REASON_BAD_NAME] = "{give a name or a domid}; " LIST,
	[HB_REASON_BAD_DIRECTORY] = "{give an absolute path}",
	[HB_REASON_NOT_OF_A_CLAIM] = "{leave --ttl, --vcpus and --maxmem out}, and \"hotballoon release\" it afterwards",
	[HB_REASON_SECOND_MONITOR] = "{open another handle}",
	[HB_REASON_NO_SUCH_DOMAIN] = "{look for its name or domid}; " LIST,
	[HB_REASON_WENT_AWAY] = LIST "; {one that reboots gets another domid}",
	[HB_REASON_NOTHING_RESERVED] = "{look for the name}; \"hotballoon reserve\" shows what is",
	[HB_REASON_NOTHING_KEPT] = "{look for the uuid}; \"hotballoon limits\" shows what there is",
	[HB_REASON_AMBIGUOUS_NAME] = "{use the domid}; " LIST,
	[HB_REASON_BUILDING] = "{wait until it runs}: \"xl unpause DOM\" if it was created paused",
	[HB_REASON_SHUT_DOWN] = "{destroy it, and start it again}: \"xl destroy DOM\"",
	[HB_REASON_CRASHED] = "{destroy it, and start it again}: \"xl destroy DOM\"",
	[HB_REASON_DYING] = "{nothing; its memory comes back}",
	[HB_REASON_SAVING] = "{wait until that has ended}",
	[HB_REASON_MIGRATING] = "{wait until that has ended}",
	[HB_REASON_KEPT_STILL] = "{wait until that has ended}; \"hotballoon show DOM\" tells",
	[HB_REASON_SERVES_OTHERS] = "{size it in its configuration}",
	[HB_REASON_DOMAIN_0] = "{name a guest}; " LIST,
	[HB_REASON_NOT_THERE] = "{start the domain first}, or use --forget",
	[HB_REASON_VIRTUAL_NUMA] = "{size it in its configuration}",
	[HB_REASON_NO_TARGET] = "{make it with libxl or xapi}; \"hotballoon show DOM\" tells what there is",
	[HB_REASON_INVALID_KEY] = "{set an absolute size}: \"hotballoon set DOM SIZE\"",
	[HB_REASON_NOTHING_LEFT] = "{set a larger size}",
	[HB_REASON_BELOW_LEAST] = "{set a larger size}, or --force",
	[HB_REASON_IN_USE] = "{end what uses its memory, or set a larger size}, or --force",
	[HB_REASON_DOMAIN_0_LEAST] = "{set a larger size}",
	[HB_REASON_BELOW_SIZE] = "{set a smaller size first}",
	[HB_REASON_ABOVE_CEILING] = "{set a smaller size}, or --force",
	[HB_REASON_ABOVE_BOOT] = "{boot Xen with more for domain 0}",
	[HB_REASON_NO_MAXIMUM] = "{give --min and --max}",
	[HB_REASON_HOST_FULL] = "{shrink another guest first}[, or \"hotballoon free SIZE\"]; --force lets it take what comes free; \"hotballoon list\" shows what the host's free memory is set aside for",
	[HB_REASON_UNCLAIMED_LESS] = "{shrink another guest first}; \"hotballoon free\" makes memory free",
	[HB_REASON_GUESTS_GIVE_LESS] = "{lower the minimum of guests, or give limits to more of them}: \"hotballoon limits DOM --min=SIZE\"",
	[HB_REASON_HAS_CLAIM] = "{end that first}: \"hotballoon release\"",
	[HB_REASON_HOLDS_ALREADY] = "{reserve more than that, or nothing}",
	[HB_REASON_ABOVE_MAXMEM] = "{raise that}: \"hotballoon max\"",
	[HB_REASON_TARGET_CHANGED] = "{find out who did}: xl mem-set, libvirt or a memory manager",
	[HB_REASON_HOST_FAILED] = "{look at the log of the host: \"xl dmesg\", dmesg}",
	[HB_REASON_NO_ANSWER] = "{look whether xenstored hangs or is stopped}",
	[HB_REASON_XEN_FULL] = "{shrink another guest first}; \"hotballoon free SIZE\" takes memory from those that may be asked",
	[HB_REASON_CLAIM_REFUSED] = "{look at it}; \"hotballoon show\" tells what it has",
	[HB_REASON_OVERTAKEN] = "{find out which tool it is, and set the size again}",
	[HB_REASON_LOCKED] = "{look for an xl, a libvirt or a hotballoon that hangs}",
	[HB_REASON_FILE_FAILED] = "{look at that file system: is it full or read-only?}",
	[HB_REASON_DAMAGED_FILE] = "{mend that file}",
	[HB_REASON_NOT_SAFE_YET] = "{look at that file system: is it full or read-only?}",
	[HB_REASON_MAXMEM_LEFT] = "{set the size again to correct it}",
	[HB_REASON_STILL_LEFT] = "{set its size again when the host answers}: \"hotballoon set\"",
	[HB_REASON_XL_FAILED] = "{what xl has said tells why; \"hotballoon show\" and \"xl list\" tell whether the guest runs}",
	[HB_REASON_NOT_ALLOWED] = "{run it as root in domain 0}",
	[HB_REASON_NOT_DOMAIN_0] = "{run it in domain 0, with xenstored running}",
	[HB_REASON_TIMEOUT] = "{wait longer: it goes on by itself}" ENDS,
	[HB_REASON_RESTS] = "{nobody moves}" ENDS "; \"hotballoon doctor\" says what stops them",
	[HB_REASON_PAUSED] = "{let it run}" ENDS "; \"xl unpause DOM\" lets it run",
	[HB_REASON_DONORS_STUCK] = "{look at those guests}; \"hotballoon doctor\" says what stops them",
	[HB_REASON_NO_CAUSE] = "{look at the guest's kernel log}" EXPLAIN,
	[HB_REASON_NO_REPORT] = "{load xen-hotballoon in the guest}" EXPLAIN,
	[HB_REASON_WRONG_REPORT] = "{look at the guest}" EXPLAIN,
	[HB_REASON_STALE_REPORT] = "{look at the guest: does it hang?}" EXPLAIN,
	[HB_REASON_GUEST_BUSY] = "{free memory in the guest or set a larger size}" ENDS,
	[HB_REASON_GUEST_FLOOR] = "{free memory in the guest or set a larger size}" ENDS,
	[HB_REASON_HOST_OUT_OF_MEMORY] = "{shrink another guest}" ENDS,
	[HB_REASON_ABOVE_MAX] = "{raise the limit}" ENDS "; \"hotballoon show DOM\" gives both, \"hotballoon set\" and xl mem-max raise the limit",
	[HB_REASON_OFFLINE_PENDING] = "{look at the guest's kernel log}" ENDS,
	[HB_REASON_BACKEND_GONE] = "{look at the guest's kernel log}" ENDS "; \"xl dmesg\" is that of Xen",
	[HB_REASON_BAD_TARGET] = "{set the size again}" ENDS,
	[HB_REASON_PAGING_POOL] = "{set the size again}" ENDS,
	[HB_REASON_STILL] = "{it goes on when that is over}" ENDS,
	[HB_REASON_INTERRUPTED] = "{it goes on by itself}" ENDS,
	[HB_REASON_SUPERSEDED] = "{find out who did}: xl mem-set, libvirt or a memory manager",
	[HB_REASON_API_VERSION] = "{install the libhotballoon that belongs to the program, or a later one}",
	[HB_REASON_NO_LIMITS] = "{give it limits}: \"hotballoon limits DOM\"",
	[HB_REASON_SIZING_OFF] = "{turn it on}: \"hotballoon limits DOM --auto\"",
	[HB_REASON_PINNED] = "{say that it may be sized again}: \"hotballoon limits DOM --auto\"",
	[HB_REASON_SQUEEZED] = "{end its dynamic range}: \"xe vm-memory-dynamic-range-set\"",
	[HB_REASON_QMEMMAN] = "{exclude it from memory balancing there}: \"qvm-prefs NAME maxmem 0\"",
	[HB_REASON_NOT_RUNNING] = "{let it run}: \"xl unpause DOM\"",
	[HB_REASON_SWAPPING] = "{wait longer, or set a larger size; it goes on by itself}" ENDS,
	[HB_REASON_NO_DAEMON] = "{start it}: \"systemctl start hotballoond\"; \"journalctl -u hotballoond\" says how it was",
	[HB_REASON_NOT_READ_YET] = "{ask again in a moment}",
};

static const char *const finding_remedies[HB_FINDING_COUNT] = {
	[HB_FINDING_PROMISED_TOO_MUCH] = "{shrink a guest, or release a reservation}: \"hotballoon list\" and \"hotballoon reserve\" show which",
	[HB_FINDING_LOW_RESERVE] = "{shrink a guest}; \"hotballoon free 4K\" takes what is missing from those that may be asked",
	[HB_FINDING_DAMAGED_FILE] = "{mend that line}",
	[HB_FINDING_SECOND_MANAGER] = "{let one of them size a domain}",
	[HB_FINDING_INVALID_KEY] = "{set an absolute size}: \"hotballoon set DOM SIZE\"",
	[HB_FINDING_NO_TARGET] = "{let libxl or xapi make it}",
	[HB_FINDING_MAX_BELOW_TARGET] = "{set the size again}: \"hotballoon set DOM SIZE\"",
	[HB_FINDING_MAXMEM_BELOW_TARGET] = "{set the size again}: \"hotballoon set DOM SIZE\"",
	[HB_FINDING_MAXMEM_TOO_HIGH] = "{set the size again}: \"hotballoon set DOM SIZE\"",
	[HB_FINDING_SMALL_POOL] = "{set its maximum again}: \"hotballoon max DOM SIZE\"",
	[HB_FINDING_CRASHED] = "{destroy it}: \"xl destroy DOM\"",
	[HB_FINDING_PAUSED] = "{let it run}: \"xl unpause DOM\"",
	[HB_FINDING_VIRTUAL_NUMA] = "{size it in its configuration}",
	[HB_FINDING_DYING] = "{if that stays so, end what has its memory mapped}",
	[HB_FINDING_WOULD_BE_LOST] = "{wait or set the size that it holds}: \"hotballoon wait DOM\", \"hotballoon set DOM SIZE\"",
	[HB_FINDING_KEPT_STILL] = "{wait until that has ended}",
	[HB_FINDING_LEFT_STILL] = "{set its size again}: \"hotballoon set DOM SIZE\"",
	[HB_FINDING_DISTRESS] = "{let it have more}: \"hotballoon set DOM SIZE\"",
	[HB_FINDING_RESCUED] = "{set a larger size}: \"hotballoon set DOM SIZE\"",
	[HB_FINDING_NO_REPORT] = "{load xen-hotballoon in it}",
	[HB_FINDING_STUCK] = "{look at the guest's kernel log}[: \"hotballoon set DOM SIZE\"]",
	[HB_FINDING_NOT_FOLLOWING] = "{look at the guest}",
	[HB_FINDING_STALE_REPORT] = "{look at the guest}",
	[HB_FINDING_VERSION_SKEW] = "{update the older of the two}",
	[HB_FINDING_INVALID_REPORT] = "{look at the guest}",
	[HB_FINDING_WRONG_REPORT] = "{look at the guest}",
	[HB_FINDING_OUTSIDE_LIMITS] = "{set a size between them, or change them}: \"hotballoon limits DOM\"",
	[HB_FINDING_SAME_UUID] = "{give one another uuid}",
	[HB_FINDING_PINNED] = "{say that it may be sized again}: \"hotballoon limits DOM --auto\"",
};

enum hb_code cli_fail(struct cli *cli, enum hb_reason reason, const char *remedy,
		      const char *format, ...)
{
	va_list args;

	cli->error = (struct hb_error){ .code = hb_reason_code(reason), .reason = reason };
	snprintf(cli->error.remedy, sizeof(cli->error.remedy), "%s", remedy);
	va_start(args, format);
	vsnprintf(cli->error.message, sizeof(cli->error.message), format, args);
	va_end(args);
	hb_text_clean(cli->error.message);
	return cli->error.code;
}

/* What is written so far, and what belongs in the places of the names. */
struct writer {
	char *text;
	size_t used;
	bool skip;			/* in {} or [] that do not count */
	const char *advice;		/* of the library */
	char dom[16], size[HB_SIZE_TEXT];	/* empty: not known */
};

static void put(struct writer *writer, const char *text)
{
	size_t length = strlen(text);

	if (writer->skip || writer->used + length >= CLI_REMEDY_TEXT)
		return;
	strcpy(writer->text + writer->used, text);
	writer->used += length;
}

/* If from begins with a name whose value is known it is written, and its length returned. */
static size_t put_value(struct writer *writer, const char *from)
{
	if (!strncmp(from, "DOM", 3) && writer->dom[0]) {
		put(writer, writer->dom);
		return 3;
	}
	if (!strncmp(from, "SIZE", 4) && writer->size[0]) {
		put(writer, writer->size);
		return 4;
	}
	return 0;
}

static void put_other(struct writer *writer, char c)
{
	const char text[] = { c, '\0' };

	if (c == '{') {
		put(writer, writer->advice);
		writer->skip = writer->advice[0];
	} else if (c == '[') {
		writer->skip = !writer->size[0];
	} else if (c == '}' || c == ']') {
		writer->skip = false;
	} else {
		put(writer, text);
	}
}

static const char *fill(struct writer *writer, const char *row, bool of_domain, uint32_t domid,
			uint64_t size_kib)
{
	writer->text[0] = '\0';
	if (of_domain)
		snprintf(writer->dom, sizeof(writer->dom), "%u", domid);
	if (size_kib)
		hb_size_format(size_kib, writer->size);
	while (*row) {
		size_t length = put_value(writer, row);

		if (!length)
			put_other(writer, *row);
		row += length ? length : 1;
	}
	return writer->text;
}

bool cli_has_remedy(enum hb_reason reason)
{
	return remedies[reason];
}

bool cli_has_finding_remedy(enum hb_finding_kind kind)
{
	return finding_remedies[kind];
}

const char *cli_remedy(const struct hb_error *error, char text[CLI_REMEDY_TEXT])
{
	struct writer writer = { .text = text, .advice = error->remedy };

	return fill(&writer, remedies[error->reason], error->of_domain, error->domid, error->size_kib);
}

const char *cli_finding_remedy(const struct hb_finding *finding, char text[CLI_REMEDY_TEXT])
{
	struct writer writer = { .text = text, .advice = finding->remedy };

	return fill(&writer, finding_remedies[finding->kind], finding->of_domain, finding->domid,
		    finding->size_kib);
}
