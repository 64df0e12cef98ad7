/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hotballoon command: cli.c reads the arguments, each command has a file,
 * json.c turns the library's structs into JSON. Results go to out, errors and
 * progress to err; with --json errors go to out as JSON, too.
 */
#ifndef HB_CLI_H
#define HB_CLI_H

#include <stdio.h>

#include <json-c/json.h>

#include <hotballoon.h>

struct cli {
	FILE *out, *err;
	bool json, force, wait;
	unsigned int timeout_s;
	const char *operands[2];
	struct hb_size size;	/* operands[1] of set */
	struct hb *hb;
	struct hb_error error;
	bool reported;		/* the error is part of the JSON already */
};

typedef enum hb_code cli_open_fn(struct hb **hb, struct hb_error *error);

/* The whole command; returns the exit code. open gives the host to work on. */
int cli_main(int argc, char **argv, cli_open_fn *open, FILE *out, FILE *err);

/* Commands: on failure they leave the reason in cli->error. */
enum hb_code cli_list(struct cli *cli);
enum hb_code cli_show(struct cli *cli);
enum hb_code cli_set_prepare(struct cli *cli);
enum hb_code cli_set(struct cli *cli);

/* Text of a size or of what is in its place: "-" or "invalid". Returns text. */
const char *cli_number(const struct hb_number *number, char text[HB_SIZE_TEXT]);

/* Prints and releases object. */
void cli_print_json(struct cli *cli, struct json_object *object);
struct json_object *cli_json_domain(const struct hb_domain *domain);
struct json_object *cli_json_host(const struct hb_host_memory *host);
struct json_object *cli_json_error(const struct hb_error *error);
struct json_object *cli_json_set(const struct hb_set_result *result);

#endif
