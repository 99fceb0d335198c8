/* One database in MaxMind's format. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <maxminddb.h>

#include "config/log/error.h"
#include "decap/addr.h"

struct geo_database {
	MMDB_s mmdb;
	char *path;
	bool is_open;
	atomic_bool damaged; /* a lookup met what is not as the format has it */
};

/* Copies the file and checks its metadata and its whole search tree. false: `error` says what is wrong, without the
 * file's name. geo_database_fini() is due in either case. */
bool geo_database_open(struct geo_database *database, const char *path, struct error *error);
void geo_database_fini(struct geo_database *database);

/* What `path`, keys that end with NULL, leads to for the address. false: it has nothing there. */
bool geo_database_find(struct geo_database *database, const struct ip_addr *address,
	MMDB_lookup_result_s *found);
bool geo_database_value(struct geo_database *database, MMDB_lookup_result_s *found,
	const char *const *path, MMDB_entry_data_s *value);
