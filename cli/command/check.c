/* periscope check: reads the settings and the mirror model, and says what is wrong (errors) and
 * what is suspect (warnings). Exit status 0 unless there is an error. */
#include "cli/command/check.h"
#include "cli/command/command.h"
#include "cli/command/usage.h"
#include "config/log/log.h"

#include "config/model/model.h"
#include "config/parse/plural.h"
#include "config/parse/report.h"
#include "config/settings/settings.h"
#include "dataplane/output/suricata.h"
#include "inspect/record/json.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static void put_finding(struct json *j, const struct finding *f)
{
	json_open(j, NULL, '{');
	json_string(j, "file", f->file);
	if (f->line)
		json_u64(j, "line", f->line);
	else
		json_string(j, "line", NULL);
	json_string(j, "key", f->key[0] ? f->key : NULL);
	json_string(j, "code", finding_code_name(f->code));
	json_string(j, "message", f->message);
	json_close(j, '}');
}

static void put_findings(struct json *j, const char *key, const struct finding *first)
{
	json_open(j, key, '[');
	for (const struct finding *f = first; f; f = f->next)
		put_finding(j, f);
	json_close(j, ']');
}

static void print_json(const struct report *report)
{
	struct json j = {.out = stdout};

	json_open(&j, NULL, '{');
	put_findings(&j, "errors", report->errors);
	put_findings(&j, "warnings", report->warnings);
	json_close(&j, '}');
	putchar('\n');
}

static void print_list(const char *kind, const struct finding *first)
{
	char text[2048];

	for (const struct finding *f = first; f; f = f->next)
		printf("%s: %s [%s]\n", kind, finding_print(f, text, sizeof(text)),
			finding_code_name(f->code));
}

#define COUNTED(n) (n), plural(n)

static void print_text(const struct report *report, const struct model *model)
{
	print_list("error", report->errors);
	print_list("warning", report->warnings);
	if (model)
		printf("%u filter%s, %u session%s, %u target%s, %u interface%s, %u VPC%s; ",
			COUNTED(model->n_filters), COUNTED(model->n_sessions),
			COUNTED(model->n_targets), COUNTED(model->n_interfaces),
			COUNTED(model->n_vpcs));
	printf("%u error%s, %u warning%s\n", COUNTED(report->n_errors),
		COUNTED(report->n_warnings));
}

/* All that is wrong: what is, keeps its default, and the rest is looked at. NULL: there are errors. */
static struct model *load(
	const struct config_source *from, struct settings *settings, struct report *report)
{
	enum settings_status status = settings_load_report(settings, from->file, report);
	struct policy knowledge = {.model = NULL};
	struct model *model = NULL;
	struct error error;

	for (uint32_t i = 0; i < from->n_set; i++)
		settings_set_report(settings, from->set[i], report);
	if (status != SETTINGS_UNREADABLE)
		model = model_load(from->file, settings, report);
	if (status == SETTINGS_READ)
		settings_check(settings, from->file, report);
	if (status != SETTINGS_UNREADABLE)
		(void)load_knowledge_report(from, settings, &knowledge, report);
	if (status == SETTINGS_READ && !suricata_check(settings, from->file, &error))
		report_add(report, FINDING_unreadable, from->file ? from->file : "--set", 0,
			NULL, "%s", error.text);
	policy_destroy(&knowledge);
	return model;
}

int check_settings(const struct config_source *from, bool as_json)
{
	struct settings settings;
	struct report report = {0};
	struct model *model;
	int status;

	settings_init(&settings);
	model = load(from, &settings, &report);
	if (model)
		model_check(model, &settings, &report);
	if (as_json)
		print_json(&report);
	else
		print_text(&report, report.n_errors == 0 ? model : NULL);
	status = report.n_errors > 0 ? EXIT_USAGE : EXIT_DONE;
	model_destroy(model);
	settings_fini(&settings);
	report_fini(&report);
	return status;
}

/* false: they are wrong, or ask for help. */
static bool parse_arguments(struct config_source *from, const char **set, bool *as_json,
	int *option, int argc, char **argv)
{
	struct options options;

	options_begin(&options, "check", argc, argv);
	while ((*option = options_next(&options)) > 0) {
		if (*option == 'c')
			from->file = optarg;
		else if (*option == OPT_SET)
			set[from->n_set++] = optarg;
		else if (*option == 'j')
			*as_json = true;
		else
			return false;
	}
	return *option == 0 && from->file && optind == argc;
}

int command_check(int argc, char **argv)
{
	const char **set = calloc((size_t)argc, sizeof(char *));
	struct config_source from = {.set = set};
	bool as_json = false;
	int option = 0, status = EXIT_FAILED;

	if (!set)
		log_error("not enough memory");
	else if (parse_arguments(&from, set, &as_json, &option, argc, argv))
		status = check_settings(&from, as_json);
	else
		status = usage_instead("check", option);
	free(set);
	return status;
}
