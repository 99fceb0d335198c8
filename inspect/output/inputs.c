#include "inspect/output/inputs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct inputs_file {
	dev_t device;
	ino_t inode;
	char *name;
};

bool inputs_add(struct inputs *inputs, const char *path)
{
	bool is_standard = strcmp(path, "-") == 0;
	struct inputs_file *grown;
	struct stat st;
	char *name;

	if ((is_standard ? fstat(STDIN_FILENO, &st) : stat(path, &st)) != 0 ||
		!S_ISREG(st.st_mode))
		return true;
	name = strdup(is_standard ? "standard input" : path);
	grown = realloc(inputs->files, (inputs->count + 1) * sizeof(*grown));
	if (grown != NULL)
		inputs->files = grown;
	if (name == NULL || grown == NULL) {
		free(name);
		return false;
	}
	grown[inputs->count++] =
		(struct inputs_file){.device = st.st_dev, .inode = st.st_ino, .name = name};
	return true;
}

void inputs_fini(struct inputs *inputs)
{
	for (uint32_t i = 0; i < inputs->count; i++)
		free(inputs->files[i].name);
	free(inputs->files);
	*inputs = (struct inputs){.files = NULL};
}

const char *inputs_find(const struct inputs *inputs, const struct stat *file)
{
	for (uint32_t i = 0; i < inputs->count; i++)
		if (inputs->files[i].device == file->st_dev &&
			inputs->files[i].inode == file->st_ino)
			return inputs->files[i].name;
	return NULL;
}
