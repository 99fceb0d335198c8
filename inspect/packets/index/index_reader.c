#include "inspect/packets/index/index_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inspect/packets/index/index_inside.h"

enum index_status index_refuse(const struct index_reader *r, struct error *error)
{
	enum index_status status = r->in.status;

	if (status == INDEX_FAILED) {
		errno = r->in.error;
		error_set(error, "%s: cannot read: %m", r->path);
		return status;
	}
	error_set(error, "%s: is damaged", r->path);
	return INDEX_DAMAGED;
}

static enum index_status no_memory(const struct index_reader *r, struct error *error)
{
	error_set(error, "%s: not enough memory to read it", r->path);
	return INDEX_FAILED;
}

/* ---- the directory ---- */

/* The areas of a part that begins at `at`, one behind the other. */
static void place_set(struct index_place *p, const uint8_t *entry, uint64_t at, uint32_t flows)
{
	uint64_t addresses;

	p->n_lines = index_get32(entry + ENTRY_LINES);
	p->n_points = index_get32(entry + ENTRY_POINTS);
	p->n_v4 = index_get32(entry + ENTRY_V4);
	p->n_v6 = index_get32(entry + ENTRY_V6);
	p->n_stretches = index_get32(entry + ENTRY_STRETCHES);
	p->tick = index_get32(entry + ENTRY_TICK);
	addresses = (uint64_t)p->n_v4 + p->n_v6;
	p->filter = at;
	p->rows = p->filter + (uint64_t)p->n_lines * INDEX_LINE;
	p->points = p->rows + (uint64_t)flows * INDEX_ROW;
	p->v4 = p->points + (uint64_t)p->n_points * INDEX_POINT;
	p->v6 = p->v4 + (uint64_t)p->n_v4 * INDEX_V4;
	p->skips = p->v6 + (uint64_t)p->n_v6 * INDEX_V6;
	p->stretches =
		p->skips + (addresses + INDEX_SKIP_EVERY - 1) / INDEX_SKIP_EVERY * INDEX_SKIP;
	p->lists = p->stretches + (uint64_t)p->n_stretches * INDEX_STRETCH;
	p->postings = p->lists + index_get32(entry + ENTRY_LISTS);
	p->end = p->postings + index_get32(entry + ENTRY_POSTINGS);
}

/* Whether such a part can be, so that nothing asked of it needs more memory than a part may. */
static bool part_is_possible(const struct index_part *part, const struct index_place *place,
	const struct index_reader *r)
{
	uint64_t stretches = (part->last_offset >> INDEX_STRETCH_BITS) -
			     (part->first_offset >> INDEX_STRETCH_BITS) + 1;

	return part->first_offset <= part->last_offset && part->last_offset < r->length &&
	       part->last_offset - part->first_offset < INDEX_PART_BYTES &&
	       part->first_ns <= part->last_ns && part->flows > 0 &&
	       part->flows <= INDEX_PART_FLOWS && part->packets >= part->flows &&
	       part->packets <= INDEX_PART_PACKETS && place->n_lines > 0 &&
	       place->n_points <= INDEX_PART_POINTS && place->n_stretches == stretches &&
	       (uint64_t)place->n_v4 + place->n_v6 <= 2 * (uint64_t)part->flows &&
	       place->tick < 64;
}

static bool part_read(struct index_reader *r, uint32_t i, uint64_t at)
{
	struct index_part *part = &r->parts[i];
	uint8_t entry[INDEX_ENTRY];

	if (!index_in_read(&r->in, r->directory_at + (uint64_t)i * INDEX_ENTRY, entry,
		    sizeof(entry)) ||
		index_get(entry + ENTRY_AT, 8) != at)
		return false;
	part->first_offset = index_get(entry + ENTRY_FIRST_OFFSET, 8);
	part->last_offset = index_get(entry + ENTRY_LAST_OFFSET, 8);
	part->first_ns = index_get(entry + ENTRY_FIRST_NS, 8);
	part->last_ns = index_get(entry + ENTRY_LAST_NS, 8);
	part->packets = index_get32(entry + ENTRY_PACKETS);
	part->flows = index_get32(entry + ENTRY_FLOWS);
	place_set(&r->places[i], entry, at, part->flows);
	return part_is_possible(part, &r->places[i], r) && r->places[i].end <= r->landmarks_at;
}

/* Parts lie one behind the other, here and in the packet file, and add up. */
static bool directory_read(struct index_reader *r)
{
	uint64_t at = INDEX_HEADER, packets = 0, flows = 0;

	for (uint32_t i = 0; i < r->about.parts; i++) {
		if (!part_read(r, i, at) ||
			(i > 0 && r->parts[i].first_offset <= r->parts[i - 1].last_offset))
			return false;
		at = r->places[i].end;
		packets += r->parts[i].packets;
		flows += r->parts[i].flows;
	}
	return at == r->landmarks_at && packets == r->about.packets && flows == r->about.flows;
}

static enum index_status directory_open(struct index_reader *r, struct error *error)
{
	uint64_t parts = r->about.parts;

	/* What they are said to be must be there before memory is taken for them. */
	if (r->about.landmarks > INDEX_LANDMARKS_MAX || r->landmarks_at > r->in.size ||
		r->directory_at != r->landmarks_at + r->about.landmarks * INDEX_LANDMARK ||
		r->directory_at > r->in.size ||
		parts * INDEX_ENTRY != r->in.size - r->directory_at)
		return index_refuse(r, error);
	r->parts = calloc(parts + 1, sizeof(*r->parts));
	r->places = calloc(parts + 1, sizeof(*r->places));
	if (!r->parts || !r->places)
		return no_memory(r, error);
	return directory_read(r) ? INDEX_OK : index_refuse(r, error);
}

/* ---- the header ---- */

static enum index_status header_refuse(
	struct index_reader *r, const uint8_t *header, struct error *error)
{
	if (memcmp(header, INDEX_MAGIC, sizeof(INDEX_MAGIC) - 1) != 0)
		error_set(error, "%s: is no index of periscope's", r->path);
	else
		error_set(error, "%s: is of version %" PRIu32 " of the format, and not %d",
			r->path, index_get32(header + HEADER_VERSION), INDEX_VERSION);
	return INDEX_DAMAGED;
}

static enum index_status is_of(const struct index_reader *r, const uint8_t *header,
	const struct index_identity *file, struct error *error)
{
	const struct index_identity own = {index_get(header + HEADER_LENGTH, 8),
		index_get32(header + HEADER_HEAD), index_get32(header + HEADER_TAIL)};

	if (index_identity_equal(&own, file))
		return INDEX_OK;
	if (own.length != file->length)
		error_set(error,
			"%s: is of a file of %" PRIu64 " bytes, and this one has %" PRIu64,
			r->path, own.length, file->length);
	else
		error_set(error, "%s: is of another file of the same length", r->path);
	return INDEX_STALE;
}

static enum index_status header_read(
	struct index_reader *r, const struct index_identity *file, struct error *error)
{
	uint8_t header[INDEX_HEADER];
	enum index_status status;

	if (!index_in_read(&r->in, 0, header, sizeof(header)))
		return index_refuse(r, error);
	if (memcmp(header, INDEX_MAGIC, sizeof(INDEX_MAGIC) - 1) != 0 ||
		index_get32(header + HEADER_VERSION) != INDEX_VERSION)
		return header_refuse(r, header, error);
	if (index_get32(header + HEADER_BLOCK) != INDEX_BLOCK ||
		index_get(header + HEADER_SIZE, 8) != r->in.size)
		return index_refuse(r, error);
	status = is_of(r, header, file, error);
	if (status != INDEX_OK)
		return status;
	r->length = file->length;
	r->about = (struct index_about){
		.made_with = index_get(header + HEADER_MADE_WITH, 8),
		.packets = index_get(header + HEADER_PACKETS, 8),
		.flows = index_get(header + HEADER_FLOWS, 8),
		.joined = index_get(header + HEADER_JOINED, 8),
		.first_ns = index_get(header + HEADER_FIRST_NS, 8),
		.last_ns = index_get(header + HEADER_LAST_NS, 8),
		.parts = index_get32(header + HEADER_N_PARTS),
		.landmarks = index_get32(header + HEADER_N_LANDMARKS),
	};
	r->landmarks_at = index_get(header + HEADER_LANDMARKS, 8);
	r->directory_at = index_get(header + HEADER_DIRECTORY, 8);
	return INDEX_OK;
}

/* ---- opening ---- */

static enum index_status file_open(struct index_reader *r, struct error *error)
{
	struct stat status;

	r->fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (r->fd < 0) {
		bool none = errno == ENOENT;

		error_set(error, "%s: cannot open: %m", r->path);
		return none ? INDEX_NONE : INDEX_FAILED;
	}
	if (fstat(r->fd, &status) != 0 || !S_ISREG(status.st_mode)) {
		error_set(error, "%s: is no regular file", r->path);
		return INDEX_DAMAGED;
	}
	index_in_begin(&r->in, r->fd, (uint64_t)status.st_size);
	return INDEX_OK;
}

struct index_reader *index_open(const char *packet_file, const struct index_identity *file,
	enum index_status *status, struct error *error)
{
	struct index_reader *r = calloc(1, sizeof(*r));
	char path[PATH_MAX];

	*status = INDEX_FAILED;
	error_set(error, "%s: not enough memory for its index", packet_file);
	if (!r)
		return NULL;
	r->fd = -1;
	if (!index_path(packet_file, path, sizeof(path))) {
		*status = INDEX_NONE;
		error_set(error, "%s: too long a name for an index beside it", packet_file);
	} else if ((r->path = strdup(path)) != NULL) {
		*status = file_open(r, error);
		if (*status == INDEX_OK)
			*status = header_read(r, file, error);
		if (*status == INDEX_OK)
			*status = directory_open(r, error);
	}
	if (*status == INDEX_OK)
		return r;
	index_close(r);
	return NULL;
}

bool index_may_replace(const char *path)
{
	uint8_t first[sizeof(INDEX_MAGIC) - 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = 0;

	if (fd < 0)
		return errno == ENOENT;
	n = pread(fd, first, sizeof(first), 0);
	close(fd);
	return n == 0 ||
	       (n == (ssize_t)sizeof(first) && memcmp(first, INDEX_MAGIC, sizeof(first)) == 0);
}

void index_close(struct index_reader *r)
{
	if (!r)
		return;
	if (r->fd >= 0)
		close(r->fd);
	free(r->path);
	free(r->parts);
	free(r->places);
	free(r->landmarks);
	free(r);
}

const struct index_about *index_about(const struct index_reader *r)
{
	return &r->about;
}

const struct index_part *index_part(const struct index_reader *r, uint32_t part)
{
	return &r->parts[part];
}

uint64_t index_bytes_read(const struct index_reader *r)
{
	return r->in.bytes_read;
}

enum index_status index_landmarks(
	struct index_reader *r, const uint64_t **landmarks, struct error *error)
{
	uint64_t *all;

	if (!r->landmarks) {
		all = calloc((size_t)r->about.landmarks + 1, sizeof(*all));
		if (!all)
			return no_memory(r, error);
		for (uint32_t i = 0; i < r->about.landmarks; i++) {
			uint8_t at[INDEX_LANDMARK];
			bool ok = index_in_read(&r->in,
				r->landmarks_at + (uint64_t)i * INDEX_LANDMARK, at, sizeof(at));

			all[i] = ok ? index_get(at, 8) : 0;
			if (!ok || all[i] >= r->length || (i > 0 && all[i] <= all[i - 1])) {
				free(all);
				return index_refuse(r, error);
			}
		}
		r->landmarks = all;
	}
	*landmarks = r->landmarks;
	return INDEX_OK;
}
