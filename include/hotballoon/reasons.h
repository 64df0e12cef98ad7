/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The words of the library, for programs. First why something was not done, one row a reason: hb_error.reason, and "reason" of an error in
 * JSON. Everything else that speaks of reasons is made from these rows or checked against them.
 *
 *   ROW(name, word, code, meaning)
 *     word     stable; what hb_reason_name() says
 *     code     the enum hb_code that comes with it, and so the exit code of the command
 *
 * The order is that of the enum and only ever grows at the end. The reasons of HB_E_STUCK
 * that have the word of a cause of the contract (keys.h) are that cause: there is one for each.
 */
#ifndef HOTBALLOON_REASONS_H
#define HOTBALLOON_REASONS_H

#define HB_REASONS(ROW) \
	ROW(NONE, "none", HB_OK, "nothing went wrong") \
	ROW(OUT_OF_MEMORY, "out-of-memory", HB_E_INTERNAL, "this process got no memory") \
	ROW(NO_PROCESS, "no-process", HB_E_INTERNAL, "another program could not be started") \
	ROW(BAD_ARGUMENTS, "bad-arguments", HB_E_USAGE, "the command, an option or an operand is not known, missing or out of place") \
	ROW(BAD_SIZE, "bad-size", HB_E_USAGE, "not a size") \
	ROW(TOO_LARGE, "too-large", HB_E_USAGE, "a size that no domain or host can have") \
	ROW(BAD_LIMITS, "bad-limits", HB_E_USAGE, "limits that the domain cannot have") \
	ROW(BAD_NAME, "bad-name", HB_E_USAGE, "no domain can have that name") \
	ROW(BAD_DIRECTORY, "bad-directory", HB_E_USAGE, "the state directory is no absolute path") \
	ROW(NOT_OF_A_CLAIM, "not-of-a-claim", HB_E_USAGE, "the domain is there: what Xen sets aside for it has no time, processors or maxmem") \
	ROW(SECOND_MONITOR, "second-monitor", HB_E_USAGE, "the handle has a monitor already") \
	ROW(NO_SUCH_DOMAIN, "no-such-domain", HB_E_NO_DOMAIN, "there is no such domain") \
	ROW(WENT_AWAY, "went-away", HB_E_NO_DOMAIN, "the domain has ended during the wait") \
	ROW(NOTHING_RESERVED, "nothing-reserved", HB_E_NO_DOMAIN, "nothing is set aside for that name") \
	ROW(NOTHING_KEPT, "nothing-kept", HB_E_NO_DOMAIN, "no domain has that uuid, and nothing is kept for it") \
	ROW(AMBIGUOUS_NAME, "ambiguous-name", HB_E_REFUSED, "two domains have that name") \
	ROW(BUILDING, "building", HB_E_REFUSED, "the domain is being built") \
	ROW(SHUT_DOWN, "shut-down", HB_E_REFUSED, "the domain is powered off or reboots") \
	ROW(CRASHED, "crashed", HB_E_REFUSED, "the domain has crashed") \
	ROW(DYING, "dying", HB_E_REFUSED, "the domain is being destroyed") \
	ROW(SAVING, "saving", HB_E_REFUSED, "the domain is suspended, to be saved or migrated") \
	ROW(MIGRATING, "migrating", HB_E_REFUSED, "the domain is one end of a migration") \
	ROW(KEPT_STILL, "kept-still", HB_E_REFUSED, "another process keeps the domain still") \
	ROW(SERVES_OTHERS, "serves-others", HB_E_REFUSED, "the domain works for others and is not sized") \
	ROW(DOMAIN_0, "domain-0", HB_E_REFUSED, "that cannot be done to domain 0") \
	ROW(NOT_THERE, "not-there", HB_E_REFUSED, "the domain is not there, and that needs one that is") \
	ROW(VIRTUAL_NUMA, "virtual-numa", HB_E_REFUSED, "the domain has virtual NUMA nodes and keeps its size") \
	ROW(NO_TARGET, "no-target", HB_E_REFUSED, "the domain has no target or no maximum in xenstore") \
	ROW(INVALID_KEY, "invalid-key", HB_E_REFUSED, "the target or maximum in xenstore is no number, and a change has nothing to count from") \
	ROW(NOTHING_LEFT, "nothing-left", HB_E_REFUSED, "the size leaves the domain no memory") \
	ROW(BELOW_LEAST, "below-least", HB_E_REFUSED, "the domain may not live with that, and nothing in it stops at a floor") \
	ROW(IN_USE, "in-use", HB_E_REFUSED, "the domain uses more than that") \
	ROW(DOMAIN_0_LEAST, "domain-0-least", HB_E_REFUSED, "domain 0 does not live with that") \
	ROW(BELOW_SIZE, "below-size", HB_E_REFUSED, "a maximum below the size") \
	ROW(ABOVE_CEILING, "above-ceiling", HB_E_REFUSED, "more than the guest's driver, its boot or its administrator permits") \
	ROW(ABOVE_BOOT, "above-boot", HB_E_REFUSED, "more than domain 0 was booted with") \
	ROW(NO_MAXIMUM, "no-maximum", HB_E_REFUSED, "the domain has no maximum that it could be reset to") \
	ROW(HOST_FULL, "host-full", HB_E_REFUSED, "more than the host has to give") \
	ROW(UNCLAIMED_LESS, "unclaimed-less", HB_E_REFUSED, "more than Xen has that is not set aside") \
	ROW(GUESTS_GIVE_LESS, "guests-give-less", HB_E_REFUSED, "all guests that may be asked give less than that together") \
	ROW(HAS_CLAIM, "has-claim", HB_E_REFUSED, "Xen has memory set aside for the domain already") \
	ROW(HOLDS_ALREADY, "holds-already", HB_E_REFUSED, "the domain holds that much already") \
	ROW(ABOVE_MAXMEM, "above-maxmem", HB_E_REFUSED, "more than Xen's limit for the domain") \
	ROW(TARGET_CHANGED, "target-changed", HB_E_REFUSED, "somebody else has set another target before") \
	ROW(HOST_FAILED, "host-failed", HB_E_HOST, "Xen, xenstore or the host's system refused a call") \
	ROW(NO_ANSWER, "no-answer", HB_E_HOST, "xenstored does not answer") \
	ROW(XEN_FULL, "xen-full", HB_E_HOST, "Xen got no memory for it") \
	ROW(CLAIM_REFUSED, "claim-refused", HB_E_HOST, "Xen sets no memory aside for the domain") \
	ROW(OVERTAKEN, "overtaken", HB_E_HOST, "another tool wrote at the same time, again and again") \
	ROW(LOCKED, "locked", HB_E_HOST, "another tool has held the domain or the host locked for too long") \
	ROW(FILE_FAILED, "file-failed", HB_E_HOST, "a file of limits, reservations or locks could not be read or written") \
	ROW(DAMAGED_FILE, "damaged-file", HB_E_HOST, "a file of limits or reservations cannot be understood") \
	ROW(NOT_SAFE_YET, "not-safe-yet", HB_E_HOST, "done, and may not survive a power failure") \
	ROW(MAXMEM_LEFT, "maxmem-left", HB_E_HOST, "the target stands, and Xen's limit could not follow") \
	ROW(STILL_LEFT, "still-left", HB_E_HOST, "the domain could not be told that it may go on") \
	ROW(XL_FAILED, "xl-failed", HB_E_HOST, "xl is not there, has failed or was killed") \
	ROW(NOT_ALLOWED, "not-allowed", HB_E_PERMISSION, "the process may not do that") \
	ROW(NOT_DOMAIN_0, "not-domain-0", HB_E_PERMISSION, "this is not domain 0 of a running Xen host") \
	ROW(TIMEOUT, "timeout", HB_E_TIMEOUT, "the time is over, and the guest is on its way") \
	ROW(RESTS, "rests", HB_E_TIMEOUT, "the time is over, and nobody moves now") \
	ROW(PAUSED, "paused", HB_E_STUCK, "the domain does not run") \
	ROW(DONORS_STUCK, "donors-stuck", HB_E_STUCK, "guests that were asked for memory have stopped on their way") \
	ROW(NO_CAUSE, "no-cause", HB_E_STUCK, "the guest's driver does not move and names no cause") \
	ROW(NO_REPORT, "no-report", HB_E_STUCK, "the guest does not move and reports nothing") \
	ROW(WRONG_REPORT, "wrong-report", HB_E_STUCK, "the guest's driver reports something else than Xen counts") \
	ROW(STALE_REPORT, "stale-report", HB_E_STUCK, "the guest's driver acts on another target") \
	ROW(GUEST_BUSY, "guest-busy", HB_E_STUCK, "the guest's memory is in use") \
	ROW(GUEST_FLOOR, "guest-floor", HB_E_STUCK, "the guest needs what is left to stay alive") \
	ROW(HOST_OUT_OF_MEMORY, "host-out-of-memory", HB_E_STUCK, "Xen gives the guest no more memory") \
	ROW(ABOVE_MAX, "above-max", HB_E_STUCK, "the guest may not have more: Xen's limit for it, or its address window") \
	ROW(OFFLINE_PENDING, "offline-pending", HB_E_STUCK, "the guest could not put its new memory online") \
	ROW(BACKEND_GONE, "backend-gone", HB_E_STUCK, "Xen refuses the guest's memory calls altogether") \
	ROW(BAD_TARGET, "bad-target", HB_E_STUCK, "the guest could not read its target") \
	ROW(PAGING_POOL, "paging-pool", HB_E_STUCK, "the guest's paging pool has no room for the page tables that Xen needs to take memory back") \
	ROW(STILL, "still", HB_E_STUCK, "the host has asked the guest to keep its memory as it is") \
	ROW(INTERRUPTED, "interrupted", HB_E_INTERRUPTED, "the caller has ended the wait") \
	ROW(SUPERSEDED, "superseded", HB_E_SUPERSEDED, "somebody else has set another target during the wait") \
	ROW(API_VERSION, "api-version", HB_E_USAGE, "the program was built for a later version of the library") \
	ROW(NO_LIMITS, "no-limits", HB_E_REFUSED, "nobody has given the domain limits, and managers leave it alone") \
	ROW(SIZING_OFF, "sizing-off", HB_E_REFUSED, "managers are to leave the domain alone") \
	ROW(PINNED, "pinned", HB_E_REFUSED, "a person or another tool has set the domain's size, and managers leave it alone") \
	ROW(SQUEEZED, "squeezed", HB_E_REFUSED, "xapi's squeezed sizes the domain") \
	ROW(QMEMMAN, "qmemman", HB_E_REFUSED, "the qmemman of Qubes OS sizes the domain") \
	ROW(NOT_RUNNING, "not-running", HB_E_REFUSED, "the domain is paused, and managers leave it alone") \
	ROW(NO_DAEMON, "no-daemon", HB_E_HOST, "hotballoond does not run, or does not answer") \
	ROW(SWAPPING, "swapping", HB_E_STUCK, "the guest swaps out what nobody uses, which takes its time") \
	ROW(NOT_READ_YET, "not-read-yet", HB_E_HOST, "hotballoond has not read all domains yet")

#define HB_REASON_ENUM(name, word, code, meaning) HB_REASON_##name,
enum hb_reason {
	HB_REASONS(HB_REASON_ENUM)
	HB_REASON_COUNT
};
#undef HB_REASON_ENUM

/*
 * What hb_doctor() and hb_explain() find, one row a word: hb_finding.what.
 *
 *   ROW(name, word, meaning)
 */
#define HB_FINDINGS(ROW) \
	ROW(PROMISED_TOO_MUCH, "promised-too-much", "more is claimed, reserved or promised than is free") \
	ROW(LOW_RESERVE, "low-reserve", "less is left for the host itself than it should have") \
	ROW(DAMAGED_FILE, "damaged-file", "a line of `limits`, `reservations` or `host` cannot be read: it counts for nothing, and limits or reservations are not changed until theirs is mended") \
	ROW(SECOND_MANAGER, "second-manager", "xapi's squeezed or the qmemman of Qubes OS sizes the same domains") \
	ROW(INVALID_KEY, "invalid-key", "the target or the maximum of a domain in xenstore is no number") \
	ROW(NO_TARGET, "no-target", "a domain has no target or no maximum in xenstore") \
	ROW(MAX_BELOW_TARGET, "max-below-target", "the maximum of a domain is below its target") \
	ROW(MAXMEM_BELOW_TARGET, "maxmem-below-target", "Xen's limit for a domain is below its size") \
	ROW(MAXMEM_TOO_HIGH, "maxmem-too-high", "Xen's limit for a domain is above its maximum") \
	ROW(SMALL_POOL, "small-pool", "the paging pool is too small for the maximum") \
	ROW(CRASHED, "crashed", "the domain has crashed and holds its memory") \
	ROW(PAUSED, "paused", "the domain is paused and cannot follow a target") \
	ROW(VIRTUAL_NUMA, "virtual-numa", "the domain has virtual NUMA nodes and keeps its size") \
	ROW(DYING, "dying", "the domain is being destroyed and still holds memory; others may have it mapped") \
	ROW(WOULD_BE_LOST, "would-be-lost", "a save or a migration now would lose it: it holds more than its target lets a new domain hold; a note while it comes down by itself") \
	ROW(KEPT_STILL, "kept-still", "it is being saved or migrated") \
	ROW(LEFT_STILL, "left-still", "it is told to keep still by a process that has ended") \
	ROW(DISTRESS, "distress", "the guest lacks memory now, and its kernel may kill processes for want of it") \
	ROW(NO_REPORT, "no-report", "no driver of ours: nobody knows why the guest is short") \
	ROW(STUCK, "stuck", "the driver waits; the cause and what to do") \
	ROW(NOT_FOLLOWING, "not-following", "the guest is away from its target and does not move, and nobody says why") \
	ROW(STALE_REPORT, "stale-report", "the same, and its driver acts on another target: it hangs, or has not seen this one") \
	ROW(VERSION_SKEW, "version-skew", "the driver is of another version of the contract") \
	ROW(INVALID_REPORT, "invalid-report", "the driver reports what is not in the contract") \
	ROW(WRONG_REPORT, "wrong-report", "the driver reports something else than Xen counts") \
	ROW(OUTSIDE_LIMITS, "outside-limits", "the size does not fit the limits") \
	ROW(PINNED, "pinned", "a person or another tool has set the size, and managers leave it alone") \
	ROW(RESCUED, "rescued", "the guest has taken memory above its target in need, from its headroom") \
	ROW(SAME_UUID, "same-uuid", "two domains have one uuid, and with it the same limits: managers leave both alone")

#define HB_FINDING_ENUM(name, word, meaning) HB_FINDING_##name,
enum hb_finding_kind {
	HB_FINDINGS(HB_FINDING_ENUM)
	HB_FINDING_COUNT
};
#undef HB_FINDING_ENUM

#endif
