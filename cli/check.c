/* periscope check: reads the settings and the mirror model, and says what is wrong (errors) and
 * what is suspect (warnings). Exit status 0 unless there is an error. */
#include "cli/check.h"
#include "cli/command.h"

#include "config/model.h"
#include "config/report.h"
#include "config/settings.h"
#include "inspect/export/json.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

static const char usage[] =
	"usage: periscope check -c FILE [-j]\n"
	"\n"
	"Checks the settings and the mirror model in them, imported AWS JSON included: errors, "
	"and\n"
	"warnings such as rules that can never match, unused filters or interfaces without a "
	"MAC.\n"
	"\n"
	"  -c FILE   settings (YAML)\n"
	"  -j        JSON: {\"errors\": [], \"warnings\": [{file, line, key, code, message}]}\n"
	"\n"
	"exit status: 0 no error; 1 could not write; 2 errors, or wrong usage\n";

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

static void print_text(const struct report *report, const struct model *model)
{
	print_list("error", report->errors);
	print_list("warning", report->warnings);
	if (model)
		printf("%u filters, %u sessions, %u targets, %u interfaces, %u VPCs; ",
			model->n_filters, model->n_sessions, model->n_targets,
			model->n_interfaces, model->n_vpcs);
	printf("%u errors, %u warnings\n", report->n_errors, report->n_warnings);
}

int check_settings(const char *path, bool as_json)
{
	struct settings settings;
	struct report report = {0};
	struct model *model = NULL;
	int status;

	settings_init(&settings);
	if (settings_load_report(&settings, path, &report) == 0)
		model = model_load(path, &settings, &report);
	if (model)
		model_check(model, &settings, &report);
	if (as_json)
		print_json(&report);
	else
		print_text(&report, model);
	status = report.n_errors > 0 ? EXIT_USAGE : EXIT_DONE;
	model_destroy(model);
	settings_fini(&settings);
	report_fini(&report);
	if (fflush(stdout) != 0)
		return EXIT_FAILED;
	return status;
}

int command_check(int argc, char **argv)
{
	static const struct option options[] = {
		{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	const char *path = NULL;
	bool as_json = false;
	int option;

	optind = 1;
	while ((option = getopt_long(argc, argv, "c:jh", options, NULL)) != -1) {
		if (option == 'c') {
			path = optarg;
		} else if (option == 'j') {
			as_json = true;
		} else {
			fputs(usage, option == 'h' ? stdout : stderr);
			return option == 'h' ? EXIT_DONE : EXIT_USAGE;
		}
	}
	if (path && optind == argc)
		return check_settings(path, as_json);
	fputs(usage, stderr);
	return EXIT_USAGE;
}
