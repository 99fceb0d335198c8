#include "cli/command/load_config.h"

#include "config/log/log.h"
#include "config/parse/report.h"

#include <stdio.h>
#include <string.h>

#include "config/log/error.h"
#include "inspect/detect/lists/lists.h"
#include "inspect/geo/geo.h"
#include "inspect/packets/expression/expression.h"

static bool load_settings(
	const struct config_source *from, struct settings *settings, struct error *error)
{
	if (from->file && settings_load(settings, from->file, error) != 0)
		return false;
	for (uint32_t i = 0; i < from->n_set; i++)
		if (settings_set(settings, from->set[i], error) != 0)
			return false;
	return true;
}

static void say_first(const struct report *report, struct error *error)
{
	char first[ERROR_TEXT] = "";

	if (report->errors)
		finding_print(report->errors, first, sizeof(first));
	if (report->n_errors > 1)
		error_set(error, "%s (and %u more; see periscope check)", first,
			report->n_errors - 1);
	else
		error_set(error, "%s", first);
}

/* What the import left out changes what follows, so it is said by every command. */
static void say_left_out(const struct report *report)
{
	enum { SAID = 5 };
	uint32_t count = 0;
	char text[ERROR_TEXT];

	for (const struct finding *f = report->warnings; f; f = f->next) {
		if (count++ < SAID)
			log_finding("%s", finding_print(f, text, sizeof(text)));
	}
	if (count > SAID)
		log_finding("and %u more; see periscope check", count - SAID);
}

/* Of what was loaded, or was not; frees the report. */
static void say(struct report *report, bool loaded, struct error *error)
{
	if (loaded)
		say_left_out(report);
	else
		say_first(report, error);
	report_fini(report);
}

struct model *load_config(
	const struct config_source *from, struct settings *settings, struct error *error)
{
	struct report report = {0};
	struct model *model;

	if (!load_settings(from, settings, error))
		return NULL;
	if (!from->again)
		log_configure(settings->log.format, settings->log.level);
	model = model_load(from->file, settings, &report);
	say(&report, model, error);
	return model;
}

static void check_systems(const struct policy *policy, struct report *report)
{
	if (lists_types(policy->lists) >> LIST_ASN & 1 && !geo_has_asn(policy->geo))
		report_add(report, FINDING_list_other, "detect.geoip", 0, NULL,
			"names no database of autonomous systems: nothing looks for the AS numbers of "
			"detect.lists");
}

/* A word of the command line that sets them all. */
static bool are_set(const struct config_source *from, const char *key)
{
	size_t len = strlen(key);

	for (uint32_t i = 0; i < from->n_set; i++)
		if (strncmp(from->set[i], key, len) == 0 && from->set[i][len] == '=')
			return true;
	return false;
}

/* false: the expression of one is none. */
static bool check_feeds(const struct config_source *from, const struct settings *settings,
	struct report *report)
{
	const struct expression_params params = {
		.words = EXPRESSION_WORDS_PACKET, .user = "a feed"};
	bool from_file = from->file && !are_set(from, "feeds"), fine = true;

	for (uint32_t i = 0; i < settings->feeds.count; i++) {
		const struct settings_feed *feed = &settings->feeds.feed[i];
		struct expression_error why;
		struct expression *e = NULL;
		char key[32], shown[EXPRESSION_SHOWN];

		if (feed->expression)
			e = expression_parse(feed->expression, &params, &why);
		if (feed->expression && !e) {
			snprintf(key, sizeof(key), "feeds[%u].what", i);
			report_add(report, FINDING_wrong_value,
				from_file ? from->file : "--set",
				from_file ? feed->what_line : 0, key, "%s",
				expression_error_line(&why, feed->expression, shown));
			fine = false;
		}
		expression_destroy(e);
	}
	return fine;
}

bool load_knowledge_report(const struct config_source *from, const struct settings *settings,
	struct policy *policy, struct report *report)
{
	bool fine = check_feeds(from, settings, report);

	policy->lists = lists_load(settings, from->file, report);
	policy->geo = geo_load(settings, from->file, report);
	if (policy->lists && policy->geo && fine) {
		check_systems(policy, report);
		return true;
	}
	lists_destroy(policy->lists);
	geo_destroy(policy->geo);
	policy->lists = NULL;
	policy->geo = NULL;
	return false;
}

bool load_knowledge(const struct config_source *from, const struct settings *settings,
	struct policy *policy, struct error *error)
{
	struct report report = {0};
	bool loaded = load_knowledge_report(from, settings, policy, &report);

	say(&report, loaded, error);
	return loaded;
}
