#include "inspect/output/output_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/log/error.h"

enum { TRIES = 100 };

struct output_lock {
	int fd;
	char path[PATH_MAX];
};

/* A lock of fcntl(2), which says whose it is, and holds on network file systems, too. */
static int lock_call(int fd, int command, struct flock *lock)
{
	*lock = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
	return fcntl(fd, command, lock);
}

/* Whoever had the lock may have removed the file since it was opened: then the lock is no one's. */
static bool is_there(const struct output_lock *lock)
{
	struct stat held, there;

	return fstat(lock->fd, &held) == 0 && stat(lock->path, &there) == 0 &&
	       held.st_dev == there.st_dev && held.st_ino == there.st_ino;
}

static void say_owner(const struct output_lock *lock, const char *dir, struct error *error)
{
	char who[32] = "another process";
	struct flock owner;

	/* 0: one that is not to be seen from here. */
	if (lock_call(lock->fd, F_GETLK, &owner) == 0 && owner.l_type != F_UNLCK &&
		owner.l_pid > 0)
		snprintf(who, sizeof(who), "process %ld", (long)owner.l_pid);
	error_set(error, "%s: is the output directory of %s (%s); choose another one with -l",
		dir, who, OUTPUT_LOCK);
}

/* 1: it is ours; 0: it is to be tried again; -1: `error`. */
static int try(struct output_lock *lock, const char *dir, struct error *error)
{
	struct flock wanted;

	lock->fd = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (lock->fd >= 0 && lock_call(lock->fd, F_SETLK, &wanted) == 0)
		return is_there(lock) ? 1 : 0;
	if (lock->fd >= 0 && (errno == EAGAIN || errno == EACCES))
		say_owner(lock, dir, error);
	else
		error_set(error, "%s: cannot be locked: %s", lock->path, strerror(errno));
	return -1;
}

struct output_lock *output_lock_take(const char *dir, struct error *error)
{
	struct output_lock *lock = calloc(1, sizeof(*lock));
	int got = 0, n;

	error_set(error, "%s: no memory, or too long a name", dir);
	if (lock == NULL)
		return NULL;
	n = snprintf(lock->path, sizeof(lock->path), "%s/%s", dir, OUTPUT_LOCK);
	if (n < 0 || n >= (int)sizeof(lock->path)) {
		free(lock);
		return NULL;
	}
	for (int i = 0; i < TRIES && got == 0; i++) {
		got = try(lock, dir, error);
		if (got != 1 && lock->fd >= 0)
			close(lock->fd);
	}
	if (got == 1)
		return lock;
	free(lock);
	return NULL;
}

void output_lock_release(struct output_lock *lock)
{
	if (lock == NULL)
		return;
	(void)unlink(lock->path); /* before it is free: afterwards it may be another's */
	close(lock->fd);
	free(lock);
}

bool output_lock_is_held(const char *dir)
{
	char path[PATH_MAX];
	struct flock owner;
	int n = snprintf(path, sizeof(path), "%s/%s", dir, OUTPUT_LOCK);
	int fd = n > 0 && n < (int)sizeof(path) ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
						: -1;
	bool held = fd >= 0 && lock_call(fd, F_GETLK, &owner) == 0 && owner.l_type != F_UNLCK;

	if (fd >= 0)
		close(fd);
	return held;
}
