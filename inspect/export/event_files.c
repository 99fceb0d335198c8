#include "inspect/export/event_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "inspect/export/civil.h"
#include "inspect/export/output_dir.h"
#include "inspect/export/retention.h"
#include "inspect/export/spool.h"

#define MS_NS UINT64_C(1000000)
#define SECOND_NS UINT64_C(1000000000)
#define DAY_S UINT64_C(86400)

enum { NAME_SIZE = 64, NAME_TRIES = 1000, SIZE_MIN = 4096 };

struct event_files {
	struct event_files_params params;
	struct output_ledger *ledger;
	struct retention retention;
	struct spool *spool;
	char name[NAME_SIZE]; /* of the file that is written */
	uint64_t max_size;    /* of a file; 0: any */
	uint64_t begun_ns, stamp_ms;
	bool lost, stuck; /* stuck: the next file could not be begun; tried again at a flush */
	bool said_stuck;
	char folder[];
};

static uint64_t system_ns(void *ctx)
{
	struct timespec now;

	(void)ctx;
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

static void name_print(uint64_t ms, char name[NAME_SIZE])
{
	uint64_t s = ms / 1000;
	struct civil date = civil_from_days((uint32_t)(s / DAY_S));

	snprintf(name, NAME_SIZE, "flows-%04u%02u%02uT%02u%02u%02u.%03uZ.jsonl", date.year,
		date.month, date.day, (unsigned)(s % DAY_S / 3600), (unsigned)(s % 3600 / 60),
		(unsigned)(s % 60), (unsigned)(ms % 1000));
}

/* The same form, digit for digit. */
static const char *own_name(const char *name)
{
	static const char form[] = "flows-00000000T000000.000Z.jsonl";
	size_t i = 0;

	for (; form[i] != '\0' && name[i] != '\0'; i++) {
		bool digit = name[i] >= '0' && name[i] <= '9';

		if (form[i] == '0' ? !digit : form[i] != name[i])
			return NULL;
	}
	return form[i] == name[i] ? name : NULL;
}

static uint64_t now_ns(const struct event_files *f)
{
	return f->params.now_ns(f->params.ctx);
}

/* 0, or -1 and errno. */
static struct spool *open_name(struct event_files *f, const char *name, int flags)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s", f->folder, name);

	errno = ENAMETOOLONG;
	if (n < 0 || n >= (int)sizeof(path) || make_parents(path) != 0)
		return NULL;
	return spool_open(path, O_NOFOLLOW | flags, SPOOL_GO_ON, f->ledger);
}

/* A name that sorts behind the one before, even if the clock was set back. */
static struct spool *open_next(struct event_files *f, uint64_t now, char name[NAME_SIZE])
{
	uint64_t ms = now / MS_NS > f->stamp_ms ? now / MS_NS : f->stamp_ms + 1;
	struct spool *spool = NULL;

	for (int i = 0; i < NAME_TRIES && spool == NULL; i++, ms++) {
		name_print(ms, name);
		spool = open_name(f, name, O_EXCL);
		if (spool == NULL && errno != EEXIST)
			return NULL;
		f->stamp_ms = ms;
	}
	return spool;
}

/* Room for one file more, of any length it may reach. */
static struct retention_left make_room(struct event_files *f)
{
	return retention_apply(
		&f->retention, 1, f->max_size, f->spool == NULL ? NULL : f->name);
}

static bool begin(struct event_files *f)
{
	uint64_t now = now_ns(f);
	struct retention_left left = make_room(f);
	char name[NAME_SIZE];
	struct spool *next = open_next(f, now, name);

	if (next == NULL)
		return false;
	f->lost = !spool_close(f->spool) || f->lost;
	f->spool = next;
	memcpy(f->name, name, sizeof(name));
	f->begun_ns = now;
	/* The file before may be one too many, now that it is not written any more. */
	if ((f->retention.max_files != 0 && left.files + 1 > f->retention.max_files) ||
		(f->retention.max_bytes != 0 &&
			left.bytes + f->max_size > f->retention.max_bytes))
		(void)retention_apply(&f->retention, 0, f->max_size, f->name);
	return true;
}

static void begin_next(struct event_files *f)
{
	if (begin(f))
		return;
	f->stuck = true;
	if (!f->said_stuck)
		fprintf(stderr, "periscope: %s: cannot begin the next file: %s; %s goes on\n",
			f->folder, strerror(errno), f->name);
	f->said_stuck = true;
}

static bool start(struct event_files *f)
{
	if (f->params.name == NULL)
		return begin(f);
	snprintf(f->name, sizeof(f->name), "%s", f->params.name);
	f->spool = open_name(f, f->name, 0);
	return f->spool != NULL;
}

/* Only whole files can be removed: several must fit in what is kept. */
static uint64_t file_size(const struct event_files_params *p)
{
	uint64_t most = p->max_total_size / 4;

	if (p->name != NULL)
		return 0;
	if (p->max_total_size == 0)
		return p->max_file_size;
	most = most > SIZE_MIN ? most : SIZE_MIN;
	return p->max_file_size != 0 && p->max_file_size < most ? p->max_file_size : most;
}

struct event_files *event_files_open(const struct event_files_params *params,
	struct output_ledger *ledger, char *error, size_t error_size)
{
	size_t size = strlen(params->dir) + sizeof("/events");
	struct event_files *f = calloc(1, sizeof(*f) + size);

	if (f == NULL) {
		snprintf(error, error_size, "%s: no memory", params->dir);
		return NULL;
	}
	f->params = *params;
	f->ledger = ledger;
	snprintf(f->folder, size, "%s/events", params->dir);
	if (f->params.now_ns == NULL)
		f->params.now_ns = system_ns;
	f->max_size = file_size(params);
	f->retention = (struct retention){
		.setting = "events",
		.folder = f->folder,
		.sort_by = own_name,
		.max_files = params->max_files,
		.max_bytes = params->max_total_size,
	};
	if (start(f))
		return f;
	snprintf(error, error_size, "%s/%s: cannot write there: %s", f->folder,
		f->name[0] == '\0' ? "flows-TIME.jsonl" : f->name, strerror(errno));
	free(f);
	return NULL;
}

void event_files_put(struct event_files *f, const char *line, size_t len)
{
	uint64_t size = spool_size(f->spool);

	if (f->max_size != 0 && size > 0 && size + len > f->max_size && !f->stuck)
		begin_next(f);
	spool_add(f->spool, line, len);
	spool_end(f->spool, 1);
}

static bool is_old(struct event_files *f)
{
	uint64_t now = now_ns(f);

	if (f->params.name != NULL || f->params.max_file_age_ns == 0)
		return false;
	if (now < f->begun_ns) /* the clock was set back */
		f->begun_ns = now;
	return now - f->begun_ns >= f->params.max_file_age_ns && spool_size(f->spool) > 0;
}

bool event_files_flush(struct event_files *f)
{
	bool whole = spool_flush(f->spool);

	f->stuck = false;
	if (is_old(f))
		begin_next(f);
	return whole && !f->lost;
}

bool event_files_close(struct event_files *f)
{
	bool whole;

	if (f == NULL)
		return true;
	whole = spool_close(f->spool) && !f->lost;
	free(f);
	return whole;
}

uint64_t event_files_removed(const struct event_files *f, uint64_t *bytes)
{
	*bytes = atomic_load_explicit(&f->retention.removed_bytes, memory_order_relaxed);
	return atomic_load_explicit(&f->retention.removed_files, memory_order_relaxed);
}
