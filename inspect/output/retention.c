#include "inspect/output/retention.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/log/log.h"

struct found {
	char *path;          /* below the folder */
	const char *sort_by; /* in it */
	uint64_t bytes;
};

struct list {
	struct found *files;
	size_t n, room;
	struct retention_left all;
};

static void list_free(struct list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->files[i].path);
	free(list->files);
}

/* Without memory a file is not known, and stays. */
static void list_add(struct list *list, const char *path, size_t sort_at, uint64_t bytes)
{
	if (list->n == list->room) {
		size_t room = list->room == 0 ? 64 : 2 * list->room;
		struct found *grown = realloc(list->files, room * sizeof(*grown));

		if (grown == NULL)
			return;
		list->files = grown;
		list->room = room;
	}
	list->files[list->n].path = strdup(path);
	if (list->files[list->n].path == NULL)
		return;
	list->files[list->n].sort_by = list->files[list->n].path + sort_at;
	list->files[list->n++].bytes = bytes;
	list->all.bytes += bytes;
}

/* `path` is the folder's, below the root, "" or with its slash; `len` of PATH_MAX are used. */
struct walk {
	const struct retention *retention;
	struct list *list;
	char path[PATH_MAX];
};

static void walk_folder(struct walk *walk, int fd, size_t len, unsigned depth);

static void walk_entry(
	struct walk *walk, int folder, const char *name, size_t len, unsigned depth)
{
	size_t name_len = strlen(name);
	const char *sort_by;
	struct stat st;

	if (len + name_len + 2 > sizeof(walk->path) || strcmp(name, ".") == 0 ||
		strcmp(name, "..") == 0 || fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	memcpy(walk->path + len, name, name_len + 1);
	if (S_ISDIR(st.st_mode) && depth > 0) {
		memcpy(walk->path + len + name_len, "/", 2);
		walk_folder(walk,
			openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
			len + name_len + 1, depth - 1);
	} else if (S_ISREG(st.st_mode) &&
		   (sort_by = walk->retention->sort_by(walk->retention->ctx, name)) != NULL) {
		list_add(walk->list, walk->path, len + (size_t)(sort_by - name),
			(uint64_t)st.st_size);
	}
}

/* Closes `fd`. */
static void walk_folder(struct walk *walk, int fd, size_t len, unsigned depth)
{
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL) // NOLINT(concurrency-mt-unsafe): own stream
		walk_entry(walk, dirfd(dir), entry->d_name, len, depth);
	closedir(dir);
}

static int by_age(const void *left, const void *right)
{
	const struct found *a = left, *b = right;
	int by = strcmp(a->sort_by, b->sort_by);

	return by != 0 ? by : strcmp(a->path, b->path);
}

/* Folders that a removal left empty. */
static void remove_empty(int root, char *path)
{
	char *slash;

	while ((slash = strrchr(path, '/')) != NULL) {
		*slash = '\0';
		if (unlinkat(root, path, AT_REMOVEDIR) != 0)
			return;
	}
}

static void count_removed(struct retention *r, const struct found *file)
{
	atomic_fetch_add_explicit(&r->removed_files, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&r->removed_bytes, file->bytes, memory_order_relaxed);
	if (!r->said)
		log_info("%s/%s: removed; from now on the oldest files go, to stay within "
			 "%s.max_files and %s.max_total_size",
			r->folder, file->path, r->setting, r->setting);
	r->said = true;
}

/* false: no further one is tried. */
static bool remove_file(struct retention *r, int root, struct found *file)
{
	if (unlinkat(root, file->path, 0) == 0) {
		count_removed(r, file);
		remove_empty(root, file->path);
		return true;
	}
	if (errno == ENOENT)
		return true; /* somebody else did */
	if (!r->failed)
		log_error("%s/%s: cannot remove it: %s; %s may grow", r->folder, file->path,
			strerror(errno), r->folder);
	r->failed = true;
	return false;
}

static bool is_same(const struct retention *r, const char *path, const char *other)
{
	return r->member_len == 0 ? strcmp(path, other) == 0
				  : strncmp(path, other, r->member_len) == 0;
}

/* Of the sorted files: where those end that are one with the file at `i`. */
static size_t member_end(const struct retention *r, const struct list *list, size_t i)
{
	size_t end = i + 1;

	while (end < list->n && is_same(r, list->files[end].path, list->files[i].path))
		end++;
	return end;
}

/* Sorts and counts; where the newest begins. */
static size_t sort_members(const struct retention *r, struct list *list)
{
	size_t newest = 0;

	if (list->n > 0)
		qsort(list->files, list->n, sizeof(*list->files), by_age);
	for (size_t i = 0; i < list->n; i = member_end(r, list, i)) {
		newest = i;
		list->all.files++;
	}
	return newest;
}

static bool remove_member(
	struct retention *r, int root, struct list *list, size_t from, size_t end)
{
	for (size_t i = from; i < end; i++) {
		if (!remove_file(r, root, &list->files[i]))
			return false;
		list->all.bytes -= list->files[i].bytes;
	}
	list->all.files--;
	return true;
}

static bool is_over(const struct retention *r, const struct retention_left *left,
	uint64_t files, uint64_t bytes)
{
	return (r->max_files != 0 && left->files + files > r->max_files) ||
	       (r->max_bytes != 0 && left->bytes + bytes > r->max_bytes);
}

struct retention_left retention_apply(
	struct retention *r, uint64_t files, uint64_t bytes, const char *keep)
{
	struct list list = {.n = 0};
	struct walk walk = {.retention = r, .list = &list};
	size_t newest, next;
	int root;

	if (r->max_files == 0 && r->max_bytes == 0)
		return list.all;
	root = open(r->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return list.all;
	walk_folder(&walk, dup(root), 0, r->depth);
	newest = sort_members(r, &list);
	for (size_t i = 0; i < (files == 0 ? newest : list.n); i = next) {
		next = member_end(r, &list, i);
		if (!is_over(r, &list.all, files, bytes))
			break;
		if (keep != NULL && is_same(r, list.files[i].path, keep))
			continue;
		if (!remove_member(r, root, &list, i, next))
			break;
	}
	close(root);
	list_free(&list);
	return list.all;
}
