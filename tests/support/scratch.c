#include "support/scratch.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILES_MAX = 16 };

static char folder[] = "/tmp/periscope-model-XXXXXX";
static char files[FILES_MAX][128];
static int n_files;

int scratch_setup(void)
{
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	return mkdtemp(folder) ? 0 : 1;
}

int scratch_teardown(void)
{
	while (n_files > 0)
		unlink(files[--n_files]);
	return rmdir(folder);
}

const char *scratch_folder(void)
{
	return folder;
}

const char *scratch_write(const char *name, const char *text)
{
	static char path[128];
	bool known = false;
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	for (int i = 0; i < n_files; i++)
		known |= strcmp(files[i], path) == 0;
	if (!known) {
		CU_ASSERT_FATAL(n_files < FILES_MAX);
		memcpy(files[n_files++], path, sizeof(path));
	}
	out = fopen(path, "we");
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_EQUAL(fwrite(text, 1, strlen(text), out), strlen(text));
	CU_ASSERT_EQUAL(fclose(out), 0);
	return path;
}

struct model *scratch_model(const char *text, struct settings *settings, struct report *report)
{
	const char *path = scratch_write("p.yaml", text);

	settings_init(settings);
	if (settings_load_report(settings, path, report) != SETTINGS_READ)
		return NULL;
	return model_load(path, settings, report);
}
