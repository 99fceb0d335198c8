#include "dataplane/retrieval/sources.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inspect/output/output_lock.h"

static const char ending[] = ".pcapng", ip_ending[] = "-ip.pcapng";
/* What somebody may have added who made room. */
static const char *const compressed[] = {".zst", ".gz"};

static bool ends_with(const char *name, size_t len, const char *end)
{
	size_t end_len = strlen(end);

	return len > end_len && memcmp(name + len - end_len, end, end_len) == 0;
}

/* The length of a name without what says that it is compressed. */
static size_t plain_len(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < sizeof(compressed) / sizeof(compressed[0]); i++)
		if (ends_with(name, len, compressed[i]))
			return len - strlen(compressed[i]);
	return len;
}

static bool make_room(struct sources *s, uint32_t n)
{
	s->paths = calloc(n, sizeof(*s->paths));
	s->recorded = calloc(n, sizeof(*s->recorded));
	s->growing = calloc(n, sizeof(*s->growing));
	return s->paths && s->recorded && s->growing;
}

static bool add(struct sources *s, char *path)
{
	if (!path)
		return false;
	s->paths[s->n++] = path;
	return true;
}

bool sources_of_captures(
	struct sources *s, char *const *captures, uint32_t n, struct error *error)
{
	bool good;

	*s = (struct sources){.n = 0};
	error_set(error, "not enough memory");
	good = make_room(s, n);
	for (uint32_t i = 0; good && i < n; i++)
		good = add(s, strdup(captures[i]));
	return good;
}

static int is_packets(const struct dirent *entry)
{
	return entry->d_name[0] != '.' &&
	       ends_with(entry->d_name, plain_len(entry->d_name), ending);
}

/* The length of a name without its ending: a file and its -ip file have one stem. */
static size_t stem_of(const char *name)
{
	size_t len = plain_len(name);

	return len - (ends_with(name, len, ip_ending) ? sizeof(ip_ending) : sizeof(ending)) + 1;
}

/* While somebody writes there, he writes to the files with the last stem. */
static void mark_growing(struct sources *s, struct dirent *const *entries, uint32_t n)
{
	const char *newest = NULL;

	for (uint32_t i = 0; i < n; i++)
		if (!newest || strncmp(entries[i]->d_name, newest, stem_of(newest)) > 0)
			newest = entries[i]->d_name;
	for (uint32_t i = 0; i < n; i++)
		s->growing[i] = stem_of(entries[i]->d_name) == stem_of(newest) &&
				strncmp(entries[i]->d_name, newest, stem_of(newest)) == 0;
}

/* A file that was just begun: its header was not written yet, and no packet either. */
static bool is_begun(const struct sources *s, uint32_t i)
{
	struct stat info;

	return s->growing[i] && stat(s->paths[i], &info) == 0 && info.st_size == 0;
}

static void leave_begun(struct sources *s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		if (is_begun(s, i)) {
			free(s->paths[i]);
			continue;
		}
		s->paths[n] = s->paths[i];
		s->growing[n++] = s->growing[i];
	}
	s->n = n;
}

static bool add_entries(
	struct sources *s, const char *dir, struct dirent *const *entries, uint32_t n)
{
	bool good = make_room(s, n);

	for (uint32_t i = 0; good && i < n; i++) {
		char *path = NULL;

		if (asprintf(&path, "%s/packets/%s", dir, entries[i]->d_name) < 0)
			path = NULL;
		good = add(s, path);
	}
	if (good && output_lock_is_held(dir)) {
		mark_growing(s, entries, n);
		leave_begun(s);
	}
	return good;
}

/* Where a file is there as it was written and compressed, the first of them is enough. They stand side by side. */
static int drop_doubles(struct dirent **entries, int n)
{
	int kept = 0;

	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;
		size_t len = plain_len(name);

		if (kept > 0 && plain_len(entries[kept - 1]->d_name) == len &&
			memcmp(entries[kept - 1]->d_name, name, len) == 0)
			free(entries[i]);
		else
			entries[kept++] = entries[i];
	}
	return kept;
}

bool sources_of_dir(struct sources *s, const char *dir, struct error *error)
{
	char folder[ERROR_TEXT / 2];
	struct dirent **entries = NULL;
	bool good = false;
	int n;

	*s = (struct sources){.n = 0};
	snprintf(folder, sizeof(folder), "%s/packets", dir);
	n = scandir(folder, &entries, is_packets, alphasort);
	if (n > 0)
		n = drop_doubles(entries, n);
	if (n < 0 && errno != ENOENT)
		error_set(error, "%s: cannot be read: %s", folder, strerror(errno));
	else if (n <= 0 && access(dir, F_OK) != 0)
		error_set(error, "%s: is no output directory of run or replay: %s", dir,
			strerror(errno));
	else if (n > 0 && !add_entries(s, dir, entries, (uint32_t)n))
		error_set(error, "not enough memory");
	else if (!(good = s->n > 0))
		error_set(error,
			"%s: holds no packets: run and replay record them with packets.record",
			dir);
	for (int i = 0; i < n; i++)
		free(entries[i]);
	free(entries);
	return good;
}

void sources_learn(struct sources *s, const struct input *input)
{
	for (uint32_t i = 0; i < s->n; i++)
		s->recorded[i] = input_is_recorded(input, i);
}

void sources_fini(struct sources *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		free(s->paths[i]);
	free(s->paths);
	free(s->recorded);
	free(s->growing);
	*s = (struct sources){.n = 0};
}
