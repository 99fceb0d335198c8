/* The file that keeps numbers of observation points (point_tags.h): one JSON object a line,
 *
 *     {"vlan":[1,7],"vni":42,"network_id":null,"outer_src":"10.0.0.1","session":"tms-1","interface_id":"eni-1"}
 *
 * The names are those of the moment at which the number was given, null for what was in no settings;
 * nobody reads them back. A last line without its end was being written when the program was stopped: its
 * number was not used, and it is cut off. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/log/error.h"
#include "config/parse/session_key.h"
#include "inspect/packets/point_tags.h"

struct point_tags_file;

/* Called with each line, in order. false: it must not be there, and `why` (`size` bytes) says why. */
struct point_tags_reader {
	void *ctx;
	bool (*line)(void *ctx, const struct session_key *key, struct point_tag tag, char *why,
		size_t size);
};

/* Reads what is there. NULL: `error` says why, and names file and line. */
struct point_tags_file *point_tags_file_open(
	const char *dir, struct point_tags_reader reader, struct error *error);
/* false: it is not in the file, which is as before; that is said now and then. */
bool point_tags_file_add(struct point_tags_file *file, const struct session_key *key,
	struct point_tag tag, const char *session, const char *interface_id);
void point_tags_file_close(struct point_tags_file *file);
