#include "inspect/output/file_series.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/log/civil.h"
#include "config/log/error.h"
#include "config/log/log.h"
#include "config/log/now.h"
#include "inspect/output/output_dir.h"
#include "inspect/output/retention.h"

#define DAY_S UINT64_C(86400)

enum { NAME_SIZE = 64, NAME_TRIES = 1000, SIZE_MIN = 4096 };

static const char stamp_form[] = "00000000T000000.000Z";

struct file_series {
	struct file_series_params params;
	struct retention retention;
	char name[NAME_SIZE]; /* of the file that is written */
	uint64_t max_size;    /* of a file; 0: any */
	uint64_t begun_ns, stamp_ms;
	bool stuck; /* the next file could not be begun */
	bool said_stuck;
	bool settled; /* within the bounds, its first file included */
	char folder[];
};

static uint64_t system_ns(void *ctx)
{
	(void)ctx;
	return now_wall();
}

static uint64_t now_ns(const struct file_series *s)
{
	return s->params.now_ns(s->params.ctx);
}

static void name_print(
	const struct file_series *s, uint64_t ms, const char *suffix, char name[NAME_SIZE])
{
	uint64_t second = ms / 1000;
	struct civil date = civil_from_days((uint32_t)(second / DAY_S));

	snprintf(name, NAME_SIZE, "%s%04u%02u%02uT%02u%02u%02u.%03uZ%s", s->params.prefix,
		date.year, date.month, date.day, (unsigned)(second % DAY_S / 3600),
		(unsigned)(second % 3600 / 60), (unsigned)(second % 60), (unsigned)(ms % 1000),
		suffix);
}

/* The form of a stamp, digit for digit. */
static bool is_stamp(const char *text)
{
	for (size_t i = 0; stamp_form[i] != '\0'; i++) {
		bool digit = text[i] >= '0' && text[i] <= '9';

		if (stamp_form[i] == '0' ? !digit : stamp_form[i] != text[i])
			return false;
	}
	return true;
}

static const char *own_name(const void *series, const char *name)
{
	const struct file_series_params *p = &((const struct file_series *)series)->params;
	size_t len = strlen(p->prefix);
	const char *rest;

	if (strncmp(name, p->prefix, len) != 0 || !is_stamp(name + len))
		return NULL;
	rest = name + len + strlen(stamp_form);
	if (strcmp(rest, p->suffix) == 0)
		return name;
	return p->companion != NULL && strcmp(rest, p->companion) == 0 ? name : NULL;
}

/* false: ENAMETOOLONG. */
static bool path_of(const struct file_series *s, const char *name, char path[PATH_MAX])
{
	int n = snprintf(path, PATH_MAX, "%s/%s", s->folder, name);

	errno = ENAMETOOLONG;
	return n > 0 && n < PATH_MAX;
}

static bool open_name(struct file_series *s, const char *name, int flags)
{
	char path[PATH_MAX];

	return path_of(s, name, path) && make_parents(path) == 0 &&
	       s->params.open(s->params.owner, path, O_NOFOLLOW | flags);
}

/* A file whose companion has its name taken would have none. */
static bool is_alone(const struct file_series *s, uint64_t ms)
{
	char name[NAME_SIZE], path[PATH_MAX];
	struct stat st;

	if (s->params.companion == NULL)
		return true;
	name_print(s, ms, s->params.companion, name);
	if (!path_of(s, name, path) || lstat(path, &st) != 0)
		return true;
	errno = EEXIST;
	return false;
}

/* A name that sorts behind the one before, even if the clock was set back. */
static bool open_next(struct file_series *s, uint64_t now, char name[NAME_SIZE])
{
	uint64_t ms = now / NS_PER_MS > s->stamp_ms ? now / NS_PER_MS : s->stamp_ms + 1;
	bool opened = false;

	for (int i = 0; i < NAME_TRIES && !opened; i++, ms++) {
		name_print(s, ms, s->params.suffix, name);
		opened = is_alone(s, ms) && open_name(s, name, O_EXCL);
		if (!opened && errno != EEXIST)
			return false;
		s->stamp_ms = ms;
	}
	return opened;
}

static bool begin(struct file_series *s)
{
	uint64_t now = now_ns(s);
	char name[NAME_SIZE];

	if (!open_next(s, now, name))
		return false;
	memcpy(s->name, name, sizeof(name));
	s->begun_ns = now;
	return true;
}

static bool is_over(const struct file_series *s, const struct retention_left *left)
{
	return (s->retention.max_files != 0 && left->files + 1 > s->retention.max_files) ||
	       (s->retention.max_bytes != 0 &&
		       left->bytes + s->max_size > s->retention.max_bytes);
}

/* Room for one file more, of any length it may reach. The file before may be one too many, once it is
 * not written any more. */
static bool begin_in_bounds(struct file_series *s)
{
	struct retention_left left = retention_apply(&s->retention, 1, s->max_size, s->name);

	if (!begin(s))
		return false;
	if (is_over(s, &left))
		(void)retention_apply(&s->retention, 0, s->max_size, s->name);
	return true;
}

void file_series_settle(struct file_series *s)
{
	if (!s->settled)
		(void)retention_apply(&s->retention, 0, s->max_size, s->name);
	s->settled = true;
}

static bool start(struct file_series *s)
{
	if (s->params.name == NULL)
		return begin(s);
	snprintf(s->name, sizeof(s->name), "%s", s->params.name);
	return open_name(s, s->name, 0);
}

/* Only whole files can be removed: several must fit in what is kept. */
static uint64_t file_size(const struct file_series_params *p)
{
	uint64_t most = p->max_total_size / 4;

	if (p->name != NULL)
		return 0;
	if (p->max_total_size == 0)
		return p->max_file_size;
	most = most > SIZE_MIN ? most : SIZE_MIN;
	return p->max_file_size != 0 && p->max_file_size < most ? p->max_file_size : most;
}

static struct file_series *create(const struct file_series_params *params)
{
	size_t size = strlen(params->dir) + 1 + strlen(params->folder) + 1;
	struct file_series *s = calloc(1, sizeof(*s) + size);

	if (s == NULL)
		return NULL;
	s->params = *params;
	snprintf(s->folder, size, "%s/%s", params->dir, params->folder);
	if (s->params.now_ns == NULL)
		s->params.now_ns = system_ns;
	s->max_size = file_size(params);
	s->retention = (struct retention){
		.setting = params->folder,
		.folder = s->folder,
		.sort_by = own_name,
		.ctx = s,
		.max_files = params->max_files,
		.max_bytes = params->max_total_size,
	};
	if (params->companion != NULL)
		s->retention.member_len = strlen(params->prefix) + strlen(stamp_form);
	return s;
}

struct file_series *file_series_open(
	const struct file_series_params *params, struct error *error)
{
	struct file_series *s = create(params);

	if (s == NULL) {
		error_set(error, "%s: no memory", params->dir);
		return NULL;
	}
	if (start(s))
		return s;
	if (params->name != NULL)
		error_set(error, "%s/%s: cannot write there: %s", s->folder, params->name,
			strerror(errno));
	else
		error_set(error, "%s/%sTIME%s: cannot write there: %s", s->folder,
			params->prefix, params->suffix, strerror(errno));
	free(s);
	return NULL;
}

void file_series_close(struct file_series *s)
{
	if (s != NULL)
		(void)rmdir(s->folder);
	free(s);
}

bool file_series_next(struct file_series *s)
{
	file_series_settle(s);
	if (begin_in_bounds(s))
		return true;
	s->stuck = true;
	if (!s->said_stuck)
		log_error("%s: cannot begin the next file: %s; %s goes on", s->folder,
			strerror(errno), s->name);
	s->said_stuck = true;
	return false;
}

bool file_series_is_full(const struct file_series *s, uint64_t size, uint64_t more)
{
	return s->max_size != 0 && size > 0 && size + more > s->max_size && !s->stuck;
}

bool file_series_is_old(struct file_series *s)
{
	uint64_t now = now_ns(s);

	if (s->params.name != NULL || s->params.max_file_age_ns == 0)
		return false;
	if (now < s->begun_ns) /* the clock was set back */
		s->begun_ns = now;
	return now - s->begun_ns >= s->params.max_file_age_ns;
}

void file_series_retry(struct file_series *s)
{
	s->stuck = false;
}

uint64_t file_series_removed(const struct file_series *s, uint64_t *bytes)
{
	*bytes = atomic_load_explicit(&s->retention.removed_bytes, memory_order_relaxed);
	return atomic_load_explicit(&s->retention.removed_files, memory_order_relaxed);
}
