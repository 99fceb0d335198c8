/* libmaxminddb maps the file that it opens, and a lookup would die of SIGBUS when somebody cuts that file meanwhile: so
 * it gets a copy in memory that nobody else has. */
#include "inspect/geo/geo_database.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 1 << 16 };

#define DATABASE_MAX (INT64_C(1) << 30)

static bool copy_all(int from, int to, struct error *error)
{
	char chunk[CHUNK];
	int64_t size = 0;
	ssize_t n;

	while ((n = read(from, chunk, sizeof(chunk))) > 0) {
		size += n;
		if (size > DATABASE_MAX) {
			error_set(error, "cannot read: larger than 1 GiB");
			return false;
		}
		if (write(to, chunk, (size_t)n) != n) {
			error_set(error, "not enough memory for a copy of it");
			return false;
		}
	}
	if (n == 0)
		return true;
	error_set(error, "cannot read: %s", strerror(errno));
	return false;
}

/* A descriptor, or -1. */
static int copy_of(const char *path, struct error *error)
{
	/* A FIFO without a writer would be waited for. */
	int from = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), copy;

	if (from < 0) {
		error_set(error, "cannot open: %s", strerror(errno));
		return -1;
	}
	copy = memfd_create("geoip", MFD_CLOEXEC);
	if (copy < 0) {
		error_set(error, "not enough memory for a copy of it: %s", strerror(errno));
	} else if (!copy_all(from, copy, error)) {
		close(copy);
		copy = -1;
	}
	close(from);
	return copy;
}

/* Every record of every node leads to a node, to data, or nowhere; so no lookup leaves the file. */
static bool check_tree(const MMDB_s *mmdb, struct error *error)
{
	for (uint32_t i = 0; i < mmdb->metadata.node_count; i++) {
		MMDB_search_node_s node;

		if (MMDB_read_node(mmdb, i, &node) == MMDB_SUCCESS &&
			node.left_record_type != MMDB_RECORD_TYPE_INVALID &&
			node.right_record_type != MMDB_RECORD_TYPE_INVALID)
			continue;
		error_set(error,
			"is damaged: node %" PRIu32 " of its search tree leads out of the file",
			i);
		return false;
	}
	return true;
}

bool geo_database_open(struct geo_database *d, const char *path, struct error *error)
{
	char copy_path[32];
	int copy, status;

	*d = (struct geo_database){.path = strdup(path)};
	if (!d->path) {
		error_set(error, "not enough memory for its name");
		return false;
	}
	copy = copy_of(path, error);
	if (copy < 0)
		return false;
	snprintf(copy_path, sizeof(copy_path), "/proc/self/fd/%d", copy);
	status = MMDB_open(copy_path, MMDB_MODE_MMAP, &d->mmdb);
	close(copy);
	if (status != MMDB_SUCCESS) {
		error_set(
			error, "is no database in MaxMind's format: %s", MMDB_strerror(status));
		return false;
	}
	d->is_open = true;
	return check_tree(&d->mmdb, error);
}

void geo_database_fini(struct geo_database *d)
{
	if (d->is_open)
		MMDB_close(&d->mmdb);
	free(d->path);
	*d = (struct geo_database){.path = NULL};
}

/* The library's view of an address. */
union socket_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static union socket_address socket_address(const struct ip_addr *address)
{
	union socket_address to;

	memset(&to, 0, sizeof(to));
	if (ip_addr_is_v4(address)) {
		to.v4.sin_family = AF_INET;
		memcpy(&to.v4.sin_addr, address->byte + 12, 4);
	} else {
		to.v6.sin6_family = AF_INET6;
		memcpy(&to.v6.sin6_addr, address->byte, 16);
	}
	return to;
}

static void mark_damaged(struct geo_database *d)
{
	atomic_store_explicit(&d->damaged, true, memory_order_relaxed);
}

bool geo_database_find(
	struct geo_database *d, const struct ip_addr *address, MMDB_lookup_result_s *found)
{
	const union socket_address to = socket_address(address);
	int status;

	*found = MMDB_lookup_sockaddr(&d->mmdb, &to.any, &status);
	if (status == MMDB_SUCCESS)
		return found->found_entry;
	if (status != MMDB_IPV6_LOOKUP_IN_IPV4_DATABASE_ERROR)
		mark_damaged(d);
	return false;
}

bool geo_database_value(struct geo_database *d, MMDB_lookup_result_s *found,
	const char *const *path, MMDB_entry_data_s *value)
{
	int status = MMDB_aget_value(&found->entry, value, path);

	if (status == MMDB_SUCCESS)
		return value->has_data;
	if (status != MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR &&
		status != MMDB_INVALID_LOOKUP_PATH_ERROR)
		mark_damaged(d);
	return false;
}
