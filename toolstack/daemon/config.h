/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the administrator wants of hotballoond: a row an option. The parser, "--check" and
 * the manual are made from the rows. Text in, values out: config.c touches no file, what
 * is read from where is in config_files.c.
 */
#ifndef HB_DAEMON_CONFIG_H
#define HB_DAEMON_CONFIG_H

#include <stdio.h>

#include <hotballoon.h>

#include "allocate.h"

/*
 * ROW(NAME, section, name, kind, member, least, most, default, doc): least and most of
 * SECONDS only; default as one would write it.
 */
#define CONFIG_OPTIONS(ROW) \
	ROW(PRESET, "balance", "preset", PRESET, preset, 0, 0, "demand", \
	    "by what rule memory is shared out: by what guests need (demand), in proportion to max - min (proportional), or by weight (shares)") \
	ROW(SURPLUS, "balance", "surplus", FLAG, surplus, 0, 0, "no", \
	    "give guests also what nobody needs, by weight; otherwise it stays with the host") \
	ROW(DOMAIN_0, "balance", "domain-0", FLAG, domain_0, 0, 0, "no", \
	    "size domain 0, too, if it has limits") \
	ROW(POOL, "balance", "pool", SIZE, pool, 0, 0, "auto", \
	    "what the host keeps for guests in distress, at most half of it; auto: 128M, or 1 % of a large host") \
	ROW(DRY_RUN, "balance", "dry-run", FLAG, dry_run, 0, 0, "no", \
	    "decide and log, and set no size; that a size is a person's is still kept with the limits") \
	ROW(LOOK, "balance", "look", SECONDS, look_s, 1, 3600, "30", \
	    "on a host where nothing happens, look so often after what Xen tells nobody, such as a pause") \
	ROW(VERBOSE, "log", "verbose", FLAG, verbose, 0, 0, "no", \
	    "log also why a guest is left as it is, whenever that changes") \
	ROW(EVERYBODY, "socket", "everybody", FLAG, everybody, 0, 0, "no", \
	    "let users who are not root ask how things are, too; what changes something is for root only") \
	ROW(TEXTFILE, "metrics", "textfile", PATH, textfile, 0, 0, "off", \
	    "keep what \"hotballoon metrics\" prints, and more, in that file, for the textfile collector of Prometheus' node_exporter; on Debian that reads /var/lib/prometheus/node-exporter")

enum config_option {
#define CONFIG_ENUM(NAME, section, name, kind, member, least, most, text, doc) CONFIG_##NAME,
	CONFIG_OPTIONS(CONFIG_ENUM)
#undef CONFIG_ENUM
	CONFIG_COUNT
};

#define CONFIG_FILE_TEXT 256

struct config {
	enum hb_preset preset;
	bool surplus, domain_0, dry_run, verbose, everybody;
	struct hb_number pool;		/* absent: auto */
	unsigned int look_s;
	char textfile[CONFIG_FILE_TEXT];	/* empty: off */
	/* Which line an option is from; line 0: it is the default. */
	struct {
		char file[CONFIG_FILE_TEXT];
		unsigned int line;
	} from[CONFIG_COUNT];
};

/* A sentence about what is wrong, "FILE:LINE: ..." */
typedef void config_complain_fn(const char *text, void *argument);

void config_defaults(struct config *config);

/*
 * Apply what stands in one file, which is called name. Each option can stand there once.
 * False if something was wrong: complain has been told of all of it, and config is not
 * to be used.
 */
bool config_parse(struct config *config, const char *name, FILE *file,
		  config_complain_fn *complain, void *argument);

/* As a file of it could be, each option with where its value is from. */
void config_print(const struct config *config, FILE *out);

/* The table of options of the manual. */
void config_print_manual(FILE *out);
/* A file to begin with: every option with what it means, as a comment. */
void config_print_example(FILE *out);

/*
 * The file at path, then those in the folder "path.d" that end in ".conf", by their names;
 * what comes later wins. That there is no such folder is no error, nor that there is no file
 * unless it must be there.
 */
bool config_read(struct config *config, const char *path, bool must, config_complain_fn *complain,
		 void *argument);

#endif
