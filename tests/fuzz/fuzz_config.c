/* Any bytes as a file of settings with its mirror model or, when they begin like JSON, as an
 * imported answer of AWS. Whatever is taken is checked, printed and read back. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/log/error.h"
#include "config/model/model.h"
#include "config/settings/settings.h"

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

/* A file in memory that has a path. */
static void file_fill(char *path, size_t room, const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	check(fd >= 0 && write(fd, data, size) == (ssize_t)size, "no memory file");
	snprintf(path, room, "/proc/self/fd/%d", fd);
}

static void file_close(const char *path)
{
	close(atoi(strrchr(path, '/') + 1));
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
	char path[64], *first = dump(settings), *second;
	struct error error = {0};
	struct settings again;

	file_fill(path, sizeof(path), (const uint8_t *)first, strlen(first));
	settings_init(&again);
	check(settings_load(&again, path, &error) == 0, error.text);
	second = dump(&again);
	check(strcmp(first, second) == 0, "the dump loads back to something else");
	settings_fini(&again);
	free(first);
	free(second);
	file_close(path);
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
	char path[64], import[96];
	struct error error;

	file_fill(path, sizeof(path), data, size);
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
	file_close(path);
	return 0;
}
