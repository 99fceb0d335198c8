#include "inspect/output/output_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/log/error.h"
#include "inspect/output/inputs.h"
#include "inspect/output/output_lock.h"

/* What this program writes: files of this pattern, in this folder or, when `deep`, below it.
 * Folders left empty go too. */
static const struct own {
	const char *folder, *pattern;
	bool deep;
} own[] = {
	{".", "summary.json", false},
	{"events", "*.jsonl", false},
	{"alerts", "*.jsonl", false},
	{"flow-logs", "*_vpcflowlogs_*.log.gz", true},
	{"packets", "*.pcapng", false},
	{"packets", "*.pcapng.idx", false},
	{"packets", "*.pcapng.idx.part", false},
	{"feeds", "vlan-tags.jsonl", false},
};

enum { DEPTH_MAX = 12 }; /* AWSLogs/account/vpcflowlogs/region/year/month/day and some more */

int make_parents(const char *path)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (len >= sizeof(part)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(part, path, len + 1);
	for (char *slash = strchr(part + 1, '/'); slash != NULL;
		slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, 0777) != 0 && errno != EEXIST)
			return -1;
		*slash = '/';
	}
	return 0;
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Closes `fd` in any case. NULL: errno. */
static DIR *dir_from(int fd)
{
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir == NULL && fd >= 0)
		close(fd);
	return dir;
}

static int open_dir(int at, const char *name)
{
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Goes through our files: removes them, or (with `inputs`) looks for one of those. */
struct going {
	const struct inputs *inputs; /* NULL: to remove */
	char *file;                  /* its name goes here */
	size_t file_size;
	bool found;
};

static void at_file(struct going *going, int folder, const char *name, const struct stat *st)
{
	if (going->inputs == NULL) {
		unlinkat(folder, name, 0);
	} else if (inputs_find(going->inputs, st) != NULL) {
		snprintf(going->file, going->file_size, "%s", name);
		going->found = true;
	}
}

static void go_through(struct going *going, int fd, const struct own *what, int depth)
{
	DIR *dir = dir_from(fd);
	struct dirent *entry;

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) { // NOLINT(concurrency-mt-unsafe): own stream
		struct stat st;

		if (is_dots(entry->d_name) ||
			fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		if (S_ISDIR(st.st_mode) && what->deep && depth < DEPTH_MAX) {
			go_through(going, open_dir(dirfd(dir), entry->d_name), what, depth + 1);
			if (going->inputs == NULL)
				unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
		} else if (S_ISREG(st.st_mode) &&
			   fnmatch(what->pattern, entry->d_name, 0) == 0) {
			at_file(going, dirfd(dir), entry->d_name, &st);
		}
	}
	closedir(dir);
}

/* What cannot be removed is noticed when it is opened for writing. */
static void clear(int root)
{
	struct going going = {.inputs = NULL};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		go_through(&going, open_dir(root, own[i].folder), &own[i], 0);
		if (strcmp(own[i].folder, ".") != 0)
			unlinkat(root, own[i].folder, AT_REMOVEDIR);
	}
}

static bool is_empty(int root)
{
	DIR *dir = dir_from(dup(root));
	struct dirent *entry;
	bool empty = true;

	if (dir == NULL)
		return false;
	while (empty && (entry = readdir(dir)) != NULL) // NOLINT(concurrency-mt-unsafe)
		empty = is_dots(entry->d_name) || strcmp(entry->d_name, OUTPUT_LOCK) == 0;
	closedir(dir);
	return empty;
}

static int open_root(const char *dir, struct error *error)
{
	int root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		error_set(
			error, "%s: cannot be the output directory: %s", dir, strerror(errno));
	return root;
}

bool output_dir_make(const char *dir, struct error *error)
{
	int root;

	if (make_parents(dir) != 0 || (mkdir(dir, 0777) != 0 && errno != EEXIST)) {
		error_set(error, "%s: cannot make the output directory: %s", dir,
			strerror(errno));
		return false;
	}
	root = open_root(dir, error);
	if (root >= 0)
		close(root);
	return root >= 0;
}

bool output_dir_empty(const char *dir, bool force, struct error *error)
{
	int root = open_root(dir, error);
	bool ready;

	if (root < 0)
		return false;
	if (force)
		clear(root);
	ready = force || is_empty(root);
	if (!ready)
		error_set(error,
			"%s: is not empty; choose another directory with -l, or --force, which "
			"removes what periscope wrote there",
			dir);
	close(root);
	return ready;
}

bool output_dir_has_input(
	const char *dir, const struct inputs *inputs, char *file, size_t file_size)
{
	struct going going = {.inputs = inputs, .file = file, .file_size = file_size};
	int root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return false;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]) && !going.found; i++)
		go_through(&going, open_dir(root, own[i].folder), &own[i], 0);
	close(root);
	return going.found;
}

size_t output_dir_there(const char *dir)
{
	char path[PATH_MAX];
	size_t len = strlen(dir);
	struct stat st;

	if (len >= sizeof(path))
		return len;
	memcpy(path, dir, len + 1);
	while (len > 0 && stat(path, &st) != 0) {
		while (len > 0 && path[len - 1] == '/')
			len--;
		while (len > 0 && path[len - 1] != '/')
			len--;
		path[len] = '\0';
	}
	return len;
}

void output_dir_forget(const char *dir, size_t there)
{
	char path[PATH_MAX];
	size_t len = strlen(dir);

	if (len >= sizeof(path))
		return;
	memcpy(path, dir, len + 1);
	while (len > there && (rmdir(path) == 0 || errno == ENOENT)) {
		while (len > 0 && path[len - 1] == '/')
			len--;
		while (len > 0 && path[len - 1] != '/')
			len--;
		path[len] = '\0';
	}
}
