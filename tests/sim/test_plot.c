/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hotballoon history --plot: what is drawn, of whatever hotballoond says. */
#include "common.h"

#include <string.h>
#include <time.h>

#include "chart.h"
#include "command.h"
#include "speaker.h"

#define BEGIN_MS 1800000000000ULL

static int setup(void **state)
{
	setenv("TZ", "UTC", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	tzset();
	return command_setup_nothing(state);
}

static int teardown(void **state)
{
	speaker_end();
	unsetenv("HOTBALLOON_SOCKET");
	unsetenv("LC_ALL");
	return command_teardown(state);
}

/* ------------------------------------------------------------- how it looks */

/* Two guests for ten minutes: one grows in the middle. */
static char *draw(const char *const names[2], const struct cli_chart_style *style)
{
	struct hb_reading reading = { BEGIN_MS + 300000, 0, 1 * G, 2 * G, 0, false };
	const struct hb_chart_guest guests[] = { { .is_there = true }, { .is_there = true, .size_kib = 512 * M } };
	const struct hb_chart_data data = {
		.readings = &reading, .nr_readings = 1, .guests = guests, .nr_guests = 2, .from_ms = BEGIN_MS,
		.to_ms = BEGIN_MS + 600000,
	};
	struct hb_chart layers;
	const struct cli_chart chart = { &layers, names, data.from_ms, data.to_ms };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_true(hb_chart_lay(&layers, &data, style ? cli_chart_columns(style) : CLI_CHART_SVG_COLUMNS));
	if (style)
		cli_chart_text(out, &chart, style);
	else
		cli_chart_svg(out, &chart);
	fclose(out);
	hb_chart_clear(&layers);
	return text;
}

static void test_letters(void **state)
{
	static const char *const names[] = { "web", "d\303\266b" };
	static const struct cli_chart_style ascii = { .width = 40 }, utf8 = { .width = 40, .utf8 = true };
	char *text = draw(names, &ascii);

	(void)state;
	assert_string_equal(text,
			    "Memory of guests, 2027-01-15 08:00:00 to 2027-01-15 08:10:00\n"
			    "  2560M +                bbbbbbbbbbbbbbb\n"
			    "        |                bbbbbbbbbbbbbbb\n"
			    "        |                bbbbbbbbbbbbbbb\n"
			    "     2G +               baaaaaaaaaaaaaaa\n"
			    "        |               baaaaaaaaaaaaaaa\n"
			    "        |               baaaaaaaaaaaaaaa\n"
			    "  1536M +bbbbbbbbbbbbbbbaaaaaaaaaaaaaaaa\n"
			    "        |bbbbbbbbbbbbbbbaaaaaaaaaaaaaaaa\n"
			    "        |bbbbbbbbbbbbbbbaaaaaaaaaaaaaaaa\n"
			    "     1G +aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
			    "        |aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
			    "        |aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
			    "   512M +aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
			    "        |aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
			    "        |aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
			    "      0 ++-----------------------------+\n"
			    "         08:00\n"
			    "         b  d?b  512M\n"
			    "         a  web  2G, 1G to 2G\n");
	free(text);
	text = draw(names, &utf8);
	assert_non_null(strstr(text, "  b  d\303\266b  512M\n"));
	free(text);
}

static unsigned int count(const char *text, const char *what)
{
	unsigned int n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

/* No row is wider than the terminal, whatever that is. */
static void test_width(void **state)
{
	static const char *const names[] = { "a name that is longer than forty columns of a terminal", "db" };

	(void)state;
	for (unsigned int width = 0; width < 300; width += 7) {
		const struct cli_chart_style style = { .width = width, .utf8 = width % 2 };
		char *text = draw(names, &style), *rest;

		strtok_r(text, "\n", &rest);
		for (char *line = strtok_r(NULL, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
			if (!strstr(line, "  a  a name") && !strstr(line, "  b  db"))
				assert_true(cli_width(line) <= (width < 29 ? 29 : width));
		}
		free(text);
	}
}

static void test_blocks(void **state)
{
	static const char *const names[] = { "web", "db" };
	static const struct cli_chart_style colours = { .width = 40, .utf8 = true, .colours = true };
	static const struct cli_chart_style ascii = { .width = 40, .colours = true };
	char *text = draw(names, &colours);

	(void)state;
	assert_non_null(strstr(text, "\033[0;34m█"));
	assert_non_null(strstr(text, "\033[0;33m█\033[0m  db   512M\n"));
	assert_non_null(strstr(text, "\033[0;34m█\033[0m  web  2G, 1G to 2G\n"));
	/* Each line ends as the terminal was. */
	assert_null(strstr(text, "█\n"));
	free(text);
	text = draw(names, &ascii);
	assert_non_null(strstr(text, "\033[0;34maaa"));
	for (const char *c = text; *c; c++)
		assert_true((unsigned char)*c < 0x80);
	free(text);
}

static void test_svg(void **state)
{
	static const char *const names[] = { "a<b>&\"c\"</text>", "\357\277\277x" };
	char *text = draw(names, NULL);

	(void)state;
	assert_non_null(strstr(text, ">a&lt;b&gt;&amp;&quot;c&quot;&lt;/text&gt;: 2G, 1G to 2G</text>\n"));
	assert_non_null(strstr(text, ">?x: 512M</text>\n"));
	assert_int_equal(count(text, "<path fill="), 2);
	/* From the left at the bottom, up to 1 GiB of 2560 MiB, in the middle to 2 GiB, and back. */
	assert_non_null(strstr(text, "d=\"M84 354H84V234.8H462V115.6H840H840V354.0H84Z\""));
	/* On top of it. */
	assert_non_null(strstr(text, "d=\"M84 354H84V175.2H462V56.0H840H840V115.6H462V234.8H84Z\""));
	assert_non_null(strstr(text, "text-anchor=\"middle\">08:06</text>"));
	assert_int_equal(strcmp(text + strlen(text) - 7, "</svg>\n"), 0);
	free(text);
}

static void test_times(void **state)
{
	static const struct {
		uint64_t step_s;
		const char *text;
	} rows[] = {
		{ 1, "08:00:07" }, { 30, "08:00:07" }, { 60, "08:00" }, { 43200, "08:00" }, { 86400, "2027-01-15" },
	};
	struct cli_chart chart = { .from_ms = BEGIN_MS + 7000 };
	char text[CLI_CHART_TIME];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(cli_chart_time(BEGIN_MS + 7000, rows[i].step_s, text), rows[i].text);
	cli_chart_time(UINT64_MAX, 86400, text);
	assert_int_equal(cli_chart_first_ms(&chart, 60), BEGIN_MS + 60000);
	chart.from_ms = BEGIN_MS;
	assert_int_equal(cli_chart_first_ms(&chart, 60), BEGIN_MS);
	/* Round where people are. */
	setenv("TZ", "XXX-5:30", 1);
	tzset();
	assert_int_equal(cli_chart_first_ms(&chart, 3600), BEGIN_MS + 1800000);
	setenv("TZ", "XXX+9", 1);
	tzset();
	assert_string_equal(cli_chart_time(cli_chart_first_ms(&chart, 86400), 1, text), "00:00:00");
}

/* -------------------------------------------------------------- the command */

static int run(const char *line)
{
	return command_line_with(command_open_nothing, line);
}

#define UUID(domid) "0000000" domid "-0000-0000-0000-000000000000"
#define DOMAIN(domid, name, size) \
	"{\"domid\":" domid ",\"name\":\"" name "\",\"uuid\":\"" UUID(domid) "\",\"size_kib\":" size "}"

/* hotballoond: those deeds, each of them so long ago, and domains. */
struct said {
	const char *who, *name;
	unsigned int ago_s;
	uint64_t from_kib, to_kib;
};

static void say(const struct said *deeds, size_t count, const char *domains)
{
	static char text[8192];
	size_t used = snprintf(text, sizeof(text), "{\"parameters\":{\"domains\":[%s],\"deeds\":[", domains);

	for (size_t i = 0; i < count; i++)
		used += snprintf(text + used, sizeof(text) - used,
				 "%s{\"time_ms\":%llu,\"domid\":%s,\"name\":\"%s\",\"uuid\":\"" UUID("%s") "\",\"from_kib\":%llu,"
				 "\"to_kib\":%llu,\"reason\":\"needs\",\"reason_text\":\"it needs more to work\"}",
				 i ? "," : "", 1000ULL * (time(NULL) - deeds[i].ago_s), deeds[i].who, deeds[i].name,
				 deeds[i].who, (unsigned long long)deeds[i].from_kib, (unsigned long long)deeds[i].to_kib);
	snprintf(text + used, sizeof(text) - used, "]}}");
	speaker_start(text, strlen(text) + 1);
}

static void test_command(void **state)
{
	static const struct said deeds[] = {
		{ "1", "web", 7200, 1 * G, 2 * G }, { "2", "db", 1800, 2 * G, 1 * G }, { "3", "old", 1200, 4 * M, 8 * M },
	};

	(void)state;
	say(deeds, 3, DOMAIN("1", "web", "2097152") "," DOMAIN("2", "db2", "1048576") "," DOMAIN("4", "new", "65536"));
	assert_int_equal(run("history --plot"), HB_OK);
	assert_non_null(strstr(speaker_heard(), "org.hotballoon.Manager.GetDomains"));
	assert_non_null(strstr(command_out, "  d  new  64M\n"));
	/* When it has ended nobody knows. */
	assert_non_null(strstr(command_out, "  c  old  0K, 0K to 4M\n"));
	/* By the name that it has now. */
	assert_non_null(strstr(command_out, "  b  db2  1G, 1G to 2G\n"));
	assert_non_null(strstr(command_out, "  a  web  2G, 1G to 2G\n"));
	/* What it had before an hour ago is known all the same. */
	assert_int_equal(run("history web --plot --last 1h"), HB_OK);
	assert_non_null(strstr(command_out, "  a  web  2G\n"));
	assert_null(strstr(command_out, "db"));
	assert_int_equal(run("history --plot=svg"), HB_OK);
	assert_memory_equal(command_out, "<?xml", 5);
	/* A domid behind it is no value of it. */
	assert_int_equal(run("history --plot 4"), HB_OK);
	assert_non_null(strstr(command_out, "  a  new  64M\n"));
	setenv("LC_ALL", "C", 1);
	assert_int_equal(run("history --plot"), HB_OK);
	for (const char *c = command_out; *c; c++)
		assert_true((unsigned char)*c < 0x80);
}

/* What is not remembered is not drawn: neither of all, nor of one guest. */
static void test_forgotten(void **state)
{
	static char text[1024];
	const unsigned long long now = time(NULL);
	char date[40], from[80];
	const time_t since = now - 3600;

	(void)state;
	snprintf(text, sizeof(text), "{\"parameters\":{\"domains\":[" DOMAIN("1", "web", "2097152") "],\"since_ms\":%llu,\"deeds\":["
		 "{\"gap\":true,\"time_ms\":%llu,\"domid\":1,\"name\":\"web\",\"uuid\":\"" UUID("1") "\",\"from_kib\":1048576,"
		 "\"to_kib\":2097152,\"reason\":\"needs\",\"reason_text\":\"it needs more to work\"}]}}",
		 (now - 3600) * 1000, (now - 1800) * 1000);
	speaker_start(text, strlen(text) + 1);
	strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", gmtime(&since));
	snprintf(from, sizeof(from), "Memory of guests, %s to ", date);
	assert_int_equal(run("history --plot --last 2h"), HB_OK);
	assert_non_null(strstr(command_out, from));
	assert_non_null(strstr(command_out, "nothing before "));
	assert_non_null(strstr(command_out, "  a  web  2G, 0K to 2G\n"));
	assert_int_equal(run("history --plot=svg --last 2h"), HB_OK);
	assert_null(strstr(command_out, "nothing before "));
	assert_int_equal(run("history --plot --last 20m"), HB_OK);
	assert_null(strstr(command_out, from));
	assert_null(strstr(command_out, "nothing before "));
}

/* Nothing of a guest is to be seen before it came. */
static void test_came(void **state)
{
	char domains[256];

	(void)state;
	snprintf(domains, sizeof(domains), "{\"domid\":1,\"name\":\"web\",\"uuid\":\"\",\"since_ms\":%llu,\"size_kib\":65536}",
		 1000ULL * (time(NULL) - 1800));
	say(NULL, 0, domains);
	assert_int_equal(run("history --plot --last 1h"), HB_OK);
	assert_non_null(strstr(command_out, "  a  web  64M, 0K to 64M\n"));
	assert_int_equal(run("history --plot --last 20m"), HB_OK);
	assert_non_null(strstr(command_out, "  a  web  64M\n"));
	say(NULL, 0, "{\"domid\":1,\"name\":\"web\",\"uuid\":\"\",\"since_ms\":null,\"size_kib\":65536}");
	assert_int_equal(run("history --plot --last 1h"), HB_OK);
	assert_non_null(strstr(command_out, "  a  web  64M\n"));
}

/* What there is little of is drawn, too. */
static void test_little(void **state)
{
	static const struct said now = { "1", "web", 0, 64 * M, 128 * M };

	(void)state;
	say(NULL, 0, "");
	assert_int_equal(run("history --plot"), HB_OK);
	assert_int_equal(run("history --plot=svg"), HB_OK);
	say(&now, 1, DOMAIN("1", "", "131072"));
	assert_int_equal(run("history --plot"), HB_OK);
	assert_non_null(strstr(command_out, "  a  domain 1  "));
	assert_int_equal(run("history --plot=svg --last=1"), HB_OK);
}

static void test_nonsense(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "{\"parameters\":{\"deeds\":[]}}", "tells of no domains" },
		{ "{\"parameters\":{\"deeds\":[],\"domains\":7}}", "tells of no domains" },
		{ "{\"parameters\":{\"deeds\":[],\"domains\":[7]}}", "a domain that cannot be understood" },
		{ "{\"parameters\":{\"deeds\":[7],\"domains\":[]}}", "a deed that cannot be understood" },
		{ "{\"parameters\":{\"deeds\":[],\"domains\":[" DOMAIN("1", "web", "-1") "]}}", "a domain that cannot" },
		{ "{\"parameters\":{\"deeds\":[],\"domains\":[{\"domid\":1,\"name\":\"\",\"uuid\":\"\",\"since_ms\":-1,\"size_kib\":4}]}}",
		  "a domain that cannot" },
		{ "{\"parameters\":{\"domains\":[]}}", "tells of no deeds" },
	};
	static const char end[] = "{\"parameters\":{\"domains\":[],\"deeds\":[{\"time_ms\":9223372036854775807,"
		"\"domid\":1,\"name\":\"a\\u001b[1m\\nb\",\"uuid\":\"\",\"from_kib\":4398046511104,\"to_kib\":4398046511104,"
		"\"reason\":\"\",\"reason_text\":\"\"}]}}";

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		speaker_start(rows[i].text, strlen(rows[i].text) + 1);
		assert_int_equal(run("history --plot"), HB_E_HOST);
		assert_non_null(strstr(command_err, rows[i].says));
	}
	/* Times and sizes at the end of what there is. */
	speaker_start(end, sizeof(end));
	assert_int_equal(run("history --plot"), HB_OK);
	assert_non_null(strstr(command_out, "a?[1m?b"));
	assert_int_equal(run("history --plot=svg --last=3650d"), HB_OK);
	assert_int_equal(run("history --plot=png"), HB_E_USAGE);
	assert_non_null(strstr(command_err, "\"--plot=png\": it is --plot, or --plot=svg"));
	assert_int_equal(run("history --plot --json"), HB_E_USAGE);
	assert_non_null(strstr(command_out, "give one of them"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_letters), TEST(test_width), TEST(test_blocks), TEST(test_svg), TEST(test_times),
		TEST(test_command), TEST(test_forgotten), TEST(test_came), TEST(test_little), TEST(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
