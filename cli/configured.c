#include "cli/configured.h"

#include "config/report.h"

#include <stdio.h>

static bool load_settings(
	const struct configured_from *from, struct settings *settings, char *error, size_t size)
{
	char why[SETTINGS_ERROR];

	if (from->file && settings_load(settings, from->file, why)) {
		snprintf(error, size, "%s", why);
		return false;
	}
	for (uint32_t i = 0; i < from->n_set; i++) {
		if (settings_set(settings, from->set[i], why)) {
			snprintf(error, size, "%s", why);
			return false;
		}
	}
	return true;
}

static void say_first(const struct report *report, char *error, size_t size)
{
	char first[SETTINGS_ERROR] = "";

	if (report->errors)
		finding_print(report->errors, first, sizeof(first));
	if (report->n_errors > 1)
		snprintf(error, size, "%.400s (and %u more; see periscope check)", first,
			report->n_errors - 1);
	else
		snprintf(error, size, "%s", first);
}

struct model *configured_load(
	const struct configured_from *from, struct settings *settings, char *error, size_t size)
{
	struct report report = {0};
	struct model *model;

	if (!load_settings(from, settings, error, size))
		return NULL;
	model = model_load(from->file, settings, &report);
	if (!model)
		say_first(&report, error, size);
	report_fini(&report);
	return model;
}
