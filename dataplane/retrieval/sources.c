#include "dataplane/retrieval/sources.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inspect/output/output_lock.h"
#include "inspect/packets/recorded.h"

static const char ending[] = ".pcapng", ip_ending[] = "-ip.pcapng";

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), end_len = strlen(end);

	return len > end_len && strcmp(name + len - end_len, end) == 0;
}

/* What cannot be opened is told when it is to be read. */
static bool is_recorded(const char *path)
{
	int fd = strcmp(path, "-") == 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	uint8_t bytes[RECORDED_LOOK];
	ssize_t n = fd >= 0 ? pread(fd, bytes, sizeof(bytes), 0) : -1;

	if (fd >= 0)
		close(fd);
	return n > 0 && recorded_is(bytes, (size_t)n);
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
	s->recorded[s->n] = is_recorded(path);
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
	return entry->d_name[0] != '.' && ends_with(entry->d_name, ending);
}

/* The length of a name without its ending: a file and its -ip file have one stem. */
static size_t stem_of(const char *name)
{
	return strlen(name) -
	       (ends_with(name, ip_ending) ? sizeof(ip_ending) - 1 : sizeof(ending) - 1);
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
	if (good && output_lock_is_held(dir))
		mark_growing(s, entries, n);
	return good;
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
	if (n < 0 && errno != ENOENT)
		error_set(error, "%s: cannot be read: %s", folder, strerror(errno));
	else if (n <= 0 && access(dir, F_OK) != 0)
		error_set(error, "%s: is no output directory of run or replay: %s", dir,
			strerror(errno));
	else if (n <= 0)
		error_set(error,
			"%s: holds no packets: run and replay record them with packets.record",
			dir);
	else if (!(good = add_entries(s, dir, entries, (uint32_t)n)))
		error_set(error, "not enough memory");
	for (int i = 0; i < n; i++)
		free(entries[i]);
	free(entries);
	return good;
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
