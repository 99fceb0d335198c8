#include "inspect/output/flow_log_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/log/civil.h"
#include "config/log/log.h"
#include "inspect/output/output.h"
#include "inspect/output/output_dir.h"
#include "inspect/output/record_file.h"
#include "inspect/output/retention.h"
#include "inspect/record/encoder/flow_log.h"

#define FLOW_LOG_ID "fl-periscope"

/* The fastest level: flow logs are regular enough to shrink well with it. */
enum { SLOTS = 32, ROOM = 256 * 1024, LEVEL = 1, NAME_SIZE = 256, OWNER_NAME = 64 };
enum { HEADER_LEN = sizeof(FLOW_LOG_HEADER) - 1 };
enum { FOLDERS = 7 }; /* AWSLogs/account/vpcflowlogs/region/year/month/day */

struct period {
	uint64_t route;
	uint64_t used_at; /* tick of the last record; 0 = free */
	uint64_t records;
	size_t used; /* the header, which only a new file gets, and the records */
	char *text;  /* ROOM bytes, made when the slot is first used */
};

struct owner {
	char account[OWNER_NAME], region[OWNER_NAME];
	uint32_t first; /* the owner of the same names that came first: the two share files */
};

struct flow_log_dir {
	struct output_ledger *ledger;
	struct libdeflate_compressor *gzip;
	struct owner *owners;
	uint32_t n_owners;
	bool lost;
	bool grown; /* a file was begun since the bounds were looked after */
	struct retention retention;
	char folder[PATH_MAX]; /* below which all files are */
	uint64_t tick;
	struct period *last;
	struct period periods[SLOTS];
	char *member; /* a compressed batch */
	size_t member_size;
	char root[];
};

struct flow_log_dir *flow_log_dir_create(const char *root, struct output_ledger *ledger)
{
	struct flow_log_dir *dir = calloc(1, sizeof(*dir) + strlen(root) + 1);

	if (dir == NULL)
		return NULL;
	memcpy(dir->root, root, strlen(root) + 1);
	dir->ledger = ledger;
	dir->last = &dir->periods[0];
	dir->gzip = libdeflate_alloc_compressor(LEVEL);
	if (dir->gzip != NULL) {
		dir->member_size = libdeflate_gzip_compress_bound(dir->gzip, ROOM);
		dir->member = malloc(dir->member_size);
	}
	if (dir->member == NULL || !flow_log_dir_owner(dir, 0, "unknown", "unknown")) {
		flow_log_dir_destroy(dir);
		return NULL;
	}
	return dir;
}

void flow_log_dir_destroy(struct flow_log_dir *dir)
{
	if (dir == NULL)
		return;
	for (int i = 0; i < SLOTS; i++)
		free(dir->periods[i].text);
	if (dir->gzip != NULL)
		libdeflate_free_compressor(dir->gzip);
	free(dir->member);
	free(dir->owners);
	free(dir);
}

/* It becomes a folder and a part of file names. */
static bool is_plain_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789-");

	return name[len] == '\0' && len > 0 && len < OWNER_NAME;
}

static void put_name(char to[OWNER_NAME], const char *name)
{
	snprintf(to, OWNER_NAME, "%s", name != NULL && is_plain_name(name) ? name : "unknown");
}

static uint32_t first_like(const struct flow_log_dir *dir, const struct owner *owner)
{
	uint32_t i = 0;

	while (i < dir->n_owners && (strcmp(dir->owners[i].account, owner->account) != 0 ||
					    strcmp(dir->owners[i].region, owner->region) != 0))
		i++;
	return i;
}

bool flow_log_dir_owner(
	struct flow_log_dir *dir, uint32_t owner, const char *account, const char *region)
{
	struct owner *grown;

	if (owner != dir->n_owners)
		return false;
	grown = realloc(dir->owners, (dir->n_owners + 1) * sizeof(*grown));
	if (grown == NULL)
		return false;
	dir->owners = grown;
	put_name(grown[owner].account, account);
	put_name(grown[owner].region, region);
	grown[owner].first = first_like(dir, &grown[owner]);
	dir->n_owners++;
	return true;
}

/* FNV-1a: AWS does not say how it makes the last part of the name; ours is the same in every run. */
static uint32_t hash_of(const char *s)
{
	uint32_t hash = 2166136261u;

	for (; *s != '\0'; s++)
		hash = (hash ^ (uint8_t)*s) * 16777619u;
	return hash;
}

/* Where the time begins in a name of ours, which is known by its last part: the hash of the rest. */
static const char *own_name(const void *ctx, const char *name)
{
	static const char id[] = "_" FLOW_LOG_ID "_", end[] = ".log.gz";
	const char *time = strstr(name, id);
	size_t len = strlen(name), hash_len = 1 + 8 + sizeof(end) - 1;
	char stem[NAME_SIZE], want[sizeof("_01234567.log.gz")];

	(void)ctx;
	if (time == NULL || len <= hash_len || len - hash_len >= sizeof(stem))
		return NULL;
	memcpy(stem, name, len - hash_len);
	stem[len - hash_len] = '\0';
	snprintf(want, sizeof(want), "_%08x%s", hash_of(stem), end);
	return strcmp(name + len - hash_len, want) == 0 ? time + sizeof(id) - 1 : NULL;
}

void flow_log_dir_limit(struct flow_log_dir *dir, uint64_t max_files, uint64_t max_bytes)
{
	int n = snprintf(dir->folder, sizeof(dir->folder), "%s/flow-logs", dir->root);

	/* No file can be made below so long a path either. */
	if (n < 0 || n >= (int)sizeof(dir->folder))
		return;
	dir->retention.setting = "flow_logs";
	dir->retention.folder = dir->folder;
	dir->retention.depth = FOLDERS;
	dir->retention.sort_by = own_name;
	dir->retention.max_files = max_files;
	dir->retention.max_bytes = max_bytes;
}

uint64_t flow_log_dir_removed(const struct flow_log_dir *dir, uint64_t *bytes)
{
	*bytes = atomic_load_explicit(&dir->retention.removed_bytes, memory_order_relaxed);
	return atomic_load_explicit(&dir->retention.removed_files, memory_order_relaxed);
}

static bool path_of(const struct flow_log_dir *dir, uint64_t route, char path[PATH_MAX])
{
	const struct owner *owner = &dir->owners[(uint32_t)route];
	uint64_t start = (route >> 32) * FLOW_LOG_PERIOD_S;
	struct civil date = civil_from_days((uint32_t)(start / 86400));
	uint32_t minute = (uint32_t)(start % 86400 / 60);
	char name[NAME_SIZE];
	int n;

	snprintf(name, sizeof(name), "%s_vpcflowlogs_%s_" FLOW_LOG_ID "_%04u%02u%02uT%02u%02uZ",
		owner->account, owner->region, date.year, date.month, date.day, minute / 60,
		minute % 60);
	n = snprintf(path, PATH_MAX,
		"%s/flow-logs/AWSLogs/%s/vpcflowlogs/%s/%04u/%02u/%02u/%s_%08x.log.gz",
		dir->root, owner->account, owner->region, date.year, date.month, date.day, name,
		hash_of(name));
	return n > 0 && n < PATH_MAX;
}

static int open_file(const char *path)
{
	int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW;
	int fd = open(path, flags, 0666);

	if (fd < 0 && errno == ENOENT && make_parents(path) == 0)
		fd = open(path, flags, 0666);
	return fd;
}

/* Appends the period's records as one gzip member; 0 or the errno. `made`: nothing was in the file. */
static int append(struct flow_log_dir *dir, const struct period *period, int fd, bool *made)
{
	struct stat before;
	size_t skip, len;
	int cause;

	if (fstat(fd, &before) != 0)
		return errno;
	*made = before.st_size == 0;
	dir->grown = dir->grown || *made;
	skip = *made ? 0 : HEADER_LEN;
	len = libdeflate_gzip_compress(dir->gzip, period->text + skip, period->used - skip,
		dir->member, dir->member_size);
	if (len == 0)
		return ENOMEM;
	cause = write_all(fd, dir->member, len);
	if (cause != 0)
		(void)!ftruncate(fd, before.st_size); /* half a member would spoil the file */
	return cause;
}

static int store(struct flow_log_dir *dir, const struct period *period, char path[PATH_MAX])
{
	bool made = false;
	int fd, cause;

	if (!path_of(dir, period->route, path))
		return ENAMETOOLONG;
	fd = open_file(path);
	if (fd < 0)
		return errno;
	cause = append(dir, period, fd, &made);
	if (close(fd) != 0 && cause == 0)
		cause = errno;
	if (cause != 0 && made)
		(void)unlink(path);
	return cause;
}

static void period_flush(struct flow_log_dir *dir, struct period *period)
{
	char path[PATH_MAX] = "";
	int cause;

	if (period->records == 0)
		return;
	cause = store(dir, period, path);
	if (cause == 0) {
		dir->ledger->written += period->records;
	} else {
		dir->ledger->lost_disk += period->records;
		if (!dir->lost)
			log_error("%s: %s; records are lost and counted as lost_disk", path,
				strerror(cause));
		dir->lost = true;
	}
	period->records = 0;
	period->used = HEADER_LEN;
}

/* NULL: no memory for its text. */
static struct period *period_take(struct flow_log_dir *dir, uint64_t route)
{
	struct period *oldest = &dir->periods[0];

	for (int i = 0; i < SLOTS; i++) {
		struct period *period = &dir->periods[i];

		if (period->used_at != 0 && period->route == route)
			return period;
		if (period->used_at < oldest->used_at)
			oldest = period;
	}
	period_flush(dir, oldest);
	if (oldest->text == NULL) {
		oldest->text = malloc(ROOM);
		if (oldest->text == NULL)
			return NULL;
		memcpy(oldest->text, FLOW_LOG_HEADER, HEADER_LEN);
		oldest->used = HEADER_LEN;
	}
	oldest->route = route;
	return oldest;
}

static void lose(struct flow_log_dir *dir)
{
	dir->ledger->lost_disk++;
	dir->lost = true;
}

void flow_log_dir_write(struct flow_log_dir *dir, uint64_t route, const char *bytes, size_t len)
{
	struct period *period = dir->last;

	if ((uint32_t)route >= dir->n_owners) {
		lose(dir);
		return;
	}
	route = (route & ~(uint64_t)UINT32_MAX) | dir->owners[(uint32_t)route].first;
	if (period->used_at == 0 || period->route != route)
		period = period_take(dir, route);
	if (period == NULL || len > ROOM - HEADER_LEN) {
		lose(dir);
		return;
	}
	if (len > ROOM - period->used)
		period_flush(dir, period);
	memcpy(period->text + period->used, bytes, len);
	period->used += len;
	period->records++;
	period->used_at = ++dir->tick;
	dir->last = period;
}

bool flow_log_dir_flush(struct flow_log_dir *dir)
{
	for (int i = 0; i < SLOTS; i++)
		period_flush(dir, &dir->periods[i]);
	if (dir->grown)
		(void)retention_apply(&dir->retention, 0, 0, NULL);
	dir->grown = false;
	return !dir->lost;
}
