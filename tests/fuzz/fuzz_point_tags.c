/* Any bytes as feeds/vlan-tags.jsonl, the file that keeps the numbers of observation points. It is read in full or refused with
 * a sentence, and then stays as it is; what was read is found by tag and by key, a new point gets a tag that is nobody's,
 * and is found when the file is read again. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/log/log.h"
#include "inspect/packets/point_tags.h"
#include "inspect/packets/point_tags_file.h"
#include "tests/fuzz/demand.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { POINTS_MAX = 64 };

static struct {
	char dir[32], path[64];
	struct settings settings;
} desk;

struct lines {
	unsigned n;
	struct session_key key[POINTS_MAX];
	struct point_tag tag[POINTS_MAX];
};

static void clear(void)
{
	unlink(desk.path);
	*strrchr(desk.path, '/') = '\0';
	rmdir(desk.path);
	rmdir(desk.dir);
}

/* Small, for each input makes tables of it. */
static void begin(void)
{
	struct error error;

	if (desk.dir[0])
		return;
	snprintf(desk.dir, sizeof(desk.dir), "/tmp/fuzz-tags-XXXXXX");
	demand(mkdtemp(desk.dir) != NULL);
	snprintf(desk.path, sizeof(desk.path), "%s/feeds", desk.dir);
	demand(mkdir(desk.path, 0700) == 0);
	strcat(desk.path, "/vlan-tags.jsonl");
	atexit(clear);
	log_configure(LOG_FORMAT_TEXT, LOG_LEVEL_ERROR);
	settings_init(&desk.settings);
	demand(settings_set(&desk.settings, "sessions.capacity=1", &error) == 0);
}

static void write_file(const uint8_t *data, size_t size)
{
	int fd = open(desk.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	demand(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	close(fd);
}

static size_t file_size(void)
{
	struct stat st;

	demand(stat(desk.path, &st) == 0);
	return (size_t)st.st_size;
}

static bool line(
	void *ctx, const struct session_key *key, struct point_tag tag, char *why, size_t size)
{
	struct lines *lines = ctx;

	(void)why;
	(void)size;
	demand(tag.outer >= POINT_TAG_MIN && tag.outer <= POINT_TAG_MAX);
	demand(tag.inner >= POINT_TAG_MIN && tag.inner <= POINT_TAG_MAX);
	demand(key->vni < 1 << 24 &&
		(key->network == NETWORK_NONE || key->network >= NETWORK_NAMED));
	if (lines->n < POINTS_MAX) {
		lines->key[lines->n] = *key;
		lines->tag[lines->n] = tag;
	}
	lines->n++;
	return true;
}

static bool is_same(struct point_tag a, struct point_tag b)
{
	return a.outer == b.outer && a.inner == b.inner;
}

/* Both ways, of those that were noted. */
static void find_all(struct point_tags *tags, const struct lines *lines)
{
	for (unsigned i = 0; i < lines->n && i < POINTS_MAX; i++) {
		struct tagged_point point;

		demand(point_tags_find(tags, lines->tag[i], &point));
		demand(session_key_equal(&point.key, &lines->key[i]));
		demand(is_same(point_tags_of(tags, &lines->key[i]), lines->tag[i]));
	}
}

static struct session_key fresh_key(const struct lines *lines)
{
	struct session_key key;

	memset(&key, 0, sizeof(key));
	for (unsigned i = 0; i < lines->n; i++) {
		if (!session_key_equal(&key, &lines->key[i]))
			continue;
		session_key_name(&key, key.vni + 1, NETWORK_NONE);
		i = UINT32_MAX;
	}
	return key;
}

/* The numbers of a file that was read: they last. */
static void use_it(const struct lines *lines)
{
	struct error error;
	struct point_tags *tags = point_tags_open(desk.dir, &desk.settings, &error);
	struct session_key key;
	struct point_tag given;

	if (!tags) { /* a number or a point stands there twice, or is nobody's own */
		demand(error.text[0]);
		return;
	}
	find_all(tags, lines);
	if (lines->n > POINTS_MAX) {
		point_tags_close(tags);
		return;
	}
	key = fresh_key(lines);
	given = point_tags_of(tags, &key);
	for (unsigned i = 0; i < lines->n; i++)
		demand(!is_same(given, lines->tag[i]));
	point_tags_close(tags);
	tags = point_tags_open(desk.dir, &desk.settings, &error);
	demand(tags != NULL);
	find_all(tags, lines);
	demand(is_same(point_tags_of(tags, &key), given));
	point_tags_close(tags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lines lines = {.n = 0};
	const uint8_t *end = memrchr(data, '\n', size);
	const size_t whole = end ? (size_t)(end - data) + 1 : 0;
	struct point_tags_file *file;
	unsigned newlines = 0;
	struct error error = {0};

	begin();
	write_file(data, size);
	for (size_t i = 0; i < size; i++)
		newlines += data[i] == '\n';
	file = point_tags_file_open(desk.dir, (struct point_tags_reader){&lines, line}, &error);
	demand(file ? lines.n == newlines : lines.n < newlines && error.text[0]);
	demand(file_size() == (file ? whole : size));
	point_tags_file_close(file);
	if (file && lines.n > 0)
		use_it(&lines);
	return 0;
}
