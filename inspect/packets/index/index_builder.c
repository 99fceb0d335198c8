#include "inspect/packets/index/index_builder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "inspect/packets/index/index_part_build.h"

enum { ENTRIES_FIRST = 4, LANDMARKS_FIRST = 4 };

struct index_builder {
	char path[PATH_MAX], part_path[PATH_MAX];
	int fd;
	uint64_t made_with, packets, flows, joined, first_ns, last_ns, last_offset;
	struct index_build build;
	uint8_t (*entries)[INDEX_ENTRY]; /* of the parts that are written */
	uint32_t n_entries, entries_room;
	uint64_t *landmarks;
	uint32_t n_landmarks, landmarks_room;
	const char *given_up; /* why no index is made; a static string, NULL: one is */
	struct index_blocks_out out;
};

bool index_path(const char *packet_file, char *path, size_t size)
{
	int n = snprintf(path, size, "%s.idx", packet_file);

	return n > 0 && (size_t)n < size;
}

/* A file of that name is another process's, who holds a lock on it, or was left by one that was killed. */
static bool file_is_left(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool left = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;

	if (fd >= 0)
		close(fd);
	return left;
}

static bool file_make(struct index_builder *b, struct error *error)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;

	b->fd = open(b->part_path, flags, 0666);
	if (b->fd < 0 && errno == EEXIST && file_is_left(b->part_path)) {
		unlink(b->part_path);
		b->fd = open(b->part_path, flags, 0666);
	}
	if (b->fd >= 0 && flock(b->fd, LOCK_EX | LOCK_NB) == 0)
		return true;
	if (errno == EEXIST || errno == EWOULDBLOCK)
		error_set(error, "%s: another process is making it", b->part_path);
	else
		error_set(error, "%s: cannot make it: %m", b->part_path);
	return false;
}

struct index_builder *index_builder_open(
	const char *packet_file, uint64_t made_with, struct error *error)
{
	struct index_builder *b = calloc(1, sizeof(*b));

	error_set(error, "%s: not enough memory for its index", packet_file);
	if (!b)
		return NULL;
	b->fd = -1;
	b->made_with = made_with;
	if (!index_path(packet_file, b->path, sizeof(b->path)) ||
		snprintf(b->part_path, sizeof(b->part_path), "%s.part", b->path) >=
			(int)sizeof(b->part_path)) {
		error_set(error, "%s: too long a name for an index beside it", packet_file);
		free(b);
		return NULL;
	}
	if (index_build_init(&b->build) && file_make(b, error)) {
		index_out_begin(&b->out, b->fd);
		return b;
	}
	index_builder_discard(b);
	return NULL;
}

static void give_up(struct index_builder *b, const char *why)
{
	if (!b->given_up)
		b->given_up = why;
}

static bool entries_grow(struct index_builder *b)
{
	uint32_t room = b->entries_room ? 2 * b->entries_room : ENTRIES_FIRST;
	uint8_t(*entries)[INDEX_ENTRY] = realloc(b->entries, room * sizeof(*entries));

	if (!entries)
		return false;
	b->entries = entries;
	b->entries_room = room;
	return true;
}

static void part_end(struct index_builder *b)
{
	const struct index_build *part = &b->build;

	if (part->n_packets == 0)
		return;
	if ((b->n_entries == b->entries_room && !entries_grow(b)) ||
		!index_part_write(&b->build, &b->out, b->entries[b->n_entries])) {
		give_up(b, "not enough memory");
		return;
	}
	if (b->packets == 0 || part->first_ns < b->first_ns)
		b->first_ns = part->first_ns;
	if (b->packets == 0 || part->last_ns > b->last_ns)
		b->last_ns = part->last_ns;
	b->n_entries++;
	b->packets += part->n_packets;
	b->flows += part->n_flows;
	index_build_reset(&b->build);
}

static void count_oldest(struct index_builder *b)
{
	enum index_build_status status = index_build_count(&b->build);

	if (status == INDEX_BUILD_FULL) {
		part_end(b);
		if (b->given_up)
			return;
		status = index_build_count(&b->build);
	}
	if (status != INDEX_BUILD_OK)
		give_up(b, "not enough memory");
}

void index_builder_add(struct index_builder *b, const struct index_packet *packet)
{
	if (b->given_up)
		return;
	if (b->build.came > 0 && packet->offset <= b->last_offset) {
		give_up(b, "its packets do not follow each other");
		return;
	}
	b->last_offset = packet->offset;
	if (index_build_waits(&b->build) == INDEX_WAITING)
		count_oldest(b);
	if (!b->given_up)
		index_build_put(&b->build, packet);
}

void index_builder_landmark(struct index_builder *b, uint64_t offset)
{
	uint32_t room = b->landmarks_room ? 2 * b->landmarks_room : LANDMARKS_FIRST;

	if (b->n_landmarks == INDEX_LANDMARKS_MAX)
		give_up(b, "too many sections and interfaces");
	else if (b->n_landmarks > 0 && b->landmarks[b->n_landmarks - 1] >= offset)
		give_up(b, "its sections and interfaces do not follow each other");
	else if (b->n_landmarks == b->landmarks_room) {
		uint64_t *landmarks = realloc(b->landmarks, room * sizeof(*landmarks));

		if (landmarks) {
			b->landmarks = landmarks;
			b->landmarks_room = room;
		} else {
			give_up(b, "not enough memory");
		}
	}
	if (!b->given_up)
		b->landmarks[b->n_landmarks++] = offset;
}

void index_builder_joined(struct index_builder *b)
{
	b->joined++;
}

static void put_header(const struct index_builder *b, const struct index_identity *file,
	uint64_t directory, uint64_t landmarks, uint8_t header[INDEX_HEADER])
{
	memset(header, 0, INDEX_HEADER);
	memcpy(header, INDEX_MAGIC, sizeof(INDEX_MAGIC) - 1);
	index_put(header + HEADER_VERSION, INDEX_VERSION, 4);
	index_put(header + HEADER_BLOCK, INDEX_BLOCK, 4);
	index_put(header + HEADER_SIZE, b->out.at, 8);
	index_put(header + HEADER_LENGTH, file->length, 8);
	index_put(header + HEADER_HEAD, file->head, 4);
	index_put(header + HEADER_TAIL, file->tail, 4);
	index_put(header + HEADER_MADE_WITH, b->made_with, 8);
	index_put(header + HEADER_PACKETS, b->packets, 8);
	index_put(header + HEADER_FLOWS, b->flows, 8);
	index_put(header + HEADER_JOINED, b->joined, 8);
	index_put(header + HEADER_FIRST_NS, b->first_ns, 8);
	index_put(header + HEADER_LAST_NS, b->last_ns, 8);
	index_put(header + HEADER_DIRECTORY, directory, 8);
	index_put(header + HEADER_LANDMARKS, landmarks, 8);
	index_put(header + HEADER_N_PARTS, b->n_entries, 4);
	index_put(header + HEADER_N_LANDMARKS, b->n_landmarks, 4);
}

static bool write_end(struct index_builder *b, const struct index_identity *file)
{
	uint64_t landmarks = b->out.at, directory;
	uint8_t header[INDEX_HEADER], at[INDEX_LANDMARK];

	for (uint32_t i = 0; i < b->n_landmarks; i++) {
		index_put(at, b->landmarks[i], sizeof(at));
		index_out_add(&b->out, at, sizeof(at));
	}
	directory = b->out.at;
	if (b->n_entries > 0)
		index_out_add(&b->out, b->entries, (size_t)b->n_entries * INDEX_ENTRY);
	put_header(b, file, directory, landmarks, header);
	return index_out_end(&b->out, header);
}

bool index_builder_close(
	struct index_builder *b, const struct index_identity *file, struct error *error)
{
	bool done = false;

	while (!b->given_up && index_build_waits(&b->build) > 0)
		count_oldest(b);
	part_end(b);
	if (!b->given_up && b->n_entries > 0 && b->last_offset >= file->length)
		give_up(b, "it is shorter than the packets in it");
	if (b->given_up)
		error_set(error, "%s: no index: %s", b->path, b->given_up);
	else if (!write_end(b, file)) {
		errno = b->out.error;
		error_set(error, "%s: cannot write: %m", b->part_path);
	} else if (fsync(b->fd) != 0)
		error_set(error, "%s: cannot sync: %m", b->part_path);
	else if (rename(b->part_path, b->path) != 0)
		error_set(error, "%s: cannot rename it to %s: %m", b->part_path, b->path);
	else
		done = true;
	if (done) { /* there is nothing left to remove */
		close(b->fd);
		b->fd = -1;
	}
	index_builder_discard(b);
	return done;
}

void index_builder_discard(struct index_builder *b)
{
	if (!b)
		return;
	if (b->fd >= 0) {
		close(b->fd);
		unlink(b->part_path);
	}
	index_build_fini(&b->build);
	free(b->entries);
	free(b->landmarks);
	free(b);
}

size_t index_builder_memory(const struct index_builder *b)
{
	return sizeof(*b) + index_build_memory(&b->build) + b->entries_room * INDEX_ENTRY +
	       b->landmarks_room * sizeof(*b->landmarks);
}
