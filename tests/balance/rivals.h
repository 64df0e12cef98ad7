/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models of how others size guests, written from their published rules, to be played on
 * the same traces as ours. test_published.c holds them to the cases that these projects
 * publish, or that their code gave. Modelled is what is decided and when; what they need
 * around it (RPC, watches) is not.
 *
 *   squeezed    xapi-project/xen-api e2ee48d6, ocaml/squeezed/lib/squeeze.ml; all in KiB
 *   qmemman     QubesOS/qubes-core-admin 1ad5f9b8, qubes/qmemman; all in bytes
 *   Proxmox VE  proxmox/pve-manager 14a22df3, PVE/AutoBalloon.pm; all in bytes
 */
#ifndef TESTS_BALANCE_RIVALS_H
#define TESTS_BALANCE_RIVALS_H

#include "world.h"

#define RIVAL_VMS GUESTS_MAX

struct rival_vm {
	double min, max, actual, weight;
	double used;		/* qmemman: what it uses; negative: it has not said */
	double free;		/* Proxmox: free memory in it */
	double inaccuracy;	/* squeezed */
	bool no_progress;	/* qmemman */
	bool is_domain_0;	/* qmemman */
	double target;		/* the outcome; as actual if it is not to be changed */
};

/* Returns gamma. */
double squeezed_share(struct rival_vm *vms, size_t count, double host_free, double host_free_target);

double qmemman_preferred(const struct rival_vm *vm);
/* xen_free is without what is to stay free. */
void qmemman_balance(struct rival_vm *vms, size_t count, double xen_free);
bool qmemman_is_significant(const struct rival_vm *vms, size_t count, double xen_free);

void proxmox_share(struct rival_vm *vms, size_t count, double goal, double max_change);

extern const struct world_policy squeezed_policy, qmemman_policy, proxmox_policy;

#endif
