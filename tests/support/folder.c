#include "support/folder.h"

#include <dirent.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct folder folder_make(void)
{
	struct folder folder = {"/tmp/periscope-test-XXXXXX"};

	if (mkdtemp(folder.path) == NULL) {
		perror(folder.path);
		abort();
	}
	return folder;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void folder_remove(const struct folder *folder)
{
	nftw(folder->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *folder_path(const struct folder *folder, const char *name, char *text, size_t size)
{
	snprintf(text, size, "%s/%s", folder->path, name);
	return text;
}

bool folder_has(const struct folder *folder, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	return lstat(folder_path(folder, name, path, sizeof(path)), &st) == 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

unsigned folder_list(
	const struct folder *folder, const char *name, char names[][FOLDER_NAME], unsigned max)
{
	char path[PATH_MAX];
	DIR *dir = opendir(folder_path(folder, name, path, sizeof(path)));
	struct dirent *entry;
	unsigned n = 0;

	if (dir == NULL) {
		perror(path);
		abort();
	}
	while ((entry = readdir(dir)) != NULL && n < max)
		if (entry->d_name[0] != '.')
			snprintf(names[n++], FOLDER_NAME, "%.63s", entry->d_name);
	closedir(dir);
	qsort(names, n, FOLDER_NAME, by_name);
	return n;
}

void folder_put(const struct folder *folder, const char *name, const char *content)
{
	char path[PATH_MAX];
	FILE *file;

	folder_path(folder, name, path, sizeof(path));
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0777);
		*slash = '/';
	}
	file = fopen(path, "w");
	if (file == NULL || fputs(content, file) < 0 || fclose(file) != 0) {
		perror(path);
		abort();
	}
}

char *folder_get(const struct folder *folder, const char *name, size_t *len)
{
	char path[PATH_MAX];
	FILE *file = fopen(folder_path(folder, name, path, sizeof(path)), "r");
	char *text = NULL;
	size_t room = 0;

	if (file == NULL)
		return NULL;
	*len = 0;
	do {
		room = 2 * room + 65536;
		text = realloc(text, room);
		if (text == NULL)
			abort();
		*len += fread(text + *len, 1, room - 1 - *len, file);
	} while (*len == room - 1);
	text[*len] = '\0';
	fclose(file);
	return text;
}
