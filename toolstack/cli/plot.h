/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hotballoon history --plot, which history.c calls. */
#ifndef HB_CLI_PLOT_H
#define HB_CLI_PLOT_H

#include "cli.h"

/* Draws deeds; last_s: so long until now, 0: all, but nothing from before since_ms. */
enum hb_code cli_plot(struct cli *cli, struct json_object *deeds, unsigned long last_s, uint64_t since_ms);
/* What can be meant by --plot, together with the other options? */
enum hb_code cli_check_plot(struct cli *cli);

#endif
