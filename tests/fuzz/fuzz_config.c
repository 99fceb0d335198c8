/* Any bytes as a file of settings with its mirror model or, when they begin like JSON, as an
 * imported answer of AWS. Whatever is taken is checked, printed and read back. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"
#include "config/model/model.h"
#include "config/settings/settings.h"
#include "tests/fuzz/demand.h"

/* libFuzzer's name. NOLINTNEXTLINE(readability-identifier-naming) */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds, const char *broken)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", broken);
	abort();
}

static void report_check(const struct report *report)
{
	uint32_t errors = 0;

	for (const struct finding *f = report->errors; f; f = f->next) {
		errors++;
		check(strchr(f->message, '\n') == NULL && *f->message, "no sentence");
	}
	check(errors == report->n_errors, "errors miscounted");
}

static char *dump(const struct settings *settings)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	check(out != NULL, "no memory");
	settings_dump(settings, out);
	fclose(out);
	return text;
}

static void dump_loads_back(const struct settings *settings)
{
	char path[DEMAND_PATH], *first = dump(settings), *second;
	int fd = demand_file((const uint8_t *)first, strlen(first), path);
	struct error error = {0};
	struct settings again;

	settings_init(&again);
	check(settings_load(&again, path, &error) == 0, error.text);
	second = dump(&again);
	check(strcmp(first, second) == 0, "the dump loads back to something else");
	settings_fini(&again);
	free(first);
	free(second);
	close(fd);
}

static void model_try(const char *path, const struct settings *settings)
{
	struct report report = {0};
	struct model *model = model_load(path, settings, &report);

	check((model == NULL) == (report.n_errors > 0), "no model, and no error");
	report_check(&report);
	if (model)
		model_check(model, settings, &report);
	model_destroy(model);
	report_fini(&report);
}

// NOLINTNEXTLINE(readability-identifier-naming)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool is_json = size > 0 && (*data == '{' || *data == '[');
	struct report report = {0};
	struct settings settings;
	char path[DEMAND_PATH], import[96];
	int fd = demand_file(data, size, path);
	struct error error;

	settings_init(&settings);
	snprintf(import, sizeof(import), "aws_import=%s", path);
	if (is_json) {
		check(settings_set(&settings, import, &error) == 0, error.text);
		model_try(NULL, &settings);
	} else if (settings_load_report(&settings, path, &report) == 0) {
		dump_loads_back(&settings);
		/* Other files are not the fuzzer's business. */
		check(settings_set(&settings, "aws_import=[]", &error) == 0, error.text);
		model_try(path, &settings);
	} else {
		check(report.n_errors == 1, "not one sentence");
		report_check(&report);
	}
	settings_fini(&settings);
	report_fini(&report);
	close(fd);
	return 0;
}
