#include "inspect/packets/point_tags_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/log/log.h"
#include "config/log/text.h"
#include "config/parse/json.h"
#include "config/parse/value.h"
#include "decap/addr.h"
#include "inspect/output/output_dir.h"

enum {
	LINE_MAX_LEN = 1024, /* that we write */
	WHY_MAX = 128,
	VNI_MAX = (1 << 24) - 1
};

struct point_tags_file {
	int fd;       /* -1: not open */
	off_t size;   /* of whole lines */
	bool is_torn; /* a part of a line follows them, for good */
	struct log_limit limit;
	char path[PATH_MAX];
};

/* --- reading --- */

static bool number_of(const struct node *node, uint32_t max, uint32_t *out)
{
	uint64_t n;

	if (!node || node->kind != NODE_SCALAR || node->quoted ||
		!value_number(node->text, &n) || n > max)
		return false;
	*out = (uint32_t)n;
	return true;
}

static bool id_of(const struct node *node, uint16_t *out)
{
	uint32_t n;

	if (!number_of(node, POINT_TAG_MAX, &n) || n < POINT_TAG_MIN)
		return false;
	*out = (uint16_t)n;
	return true;
}

static bool key_of(const struct node *map, struct session_key *key)
{
	const struct node *network = node_member(map, "network_id"),
			  *source = node_member(map, "outer_src");
	uint32_t vni, id = 0;

	memset(key, 0, sizeof(*key));
	if (!number_of(node_member(map, "vni"), VNI_MAX, &vni) || !network || !source ||
		source->kind != NODE_SCALAR || !ip_addr_parse(source->text, &key->outer_src))
		return false;
	if (network->kind == NODE_NULL) {
		session_key_name(key, vni, NETWORK_NONE);
		return true;
	}
	if (!number_of(network, NETWORK_ID_MAX, &id))
		return false;
	session_key_name(key, vni, NETWORK_NAMED + id);
	return true;
}

/* What a line says, or in `why` what is wrong with it. */
static bool line_of(const struct node *map, struct session_key *key, struct point_tag *tag,
	char *why, size_t size)
{
	const struct node *vlan;

	snprintf(why, size, "is no object");
	if (map->kind != NODE_MAP)
		return false;
	vlan = node_member(map, "vlan");
	snprintf(why, size, "vlan: is no list of two VLAN ids, %d to %d", POINT_TAG_MIN,
		POINT_TAG_MAX);
	if (!vlan || vlan->kind != NODE_LIST || vlan->count != 2 ||
		!id_of(vlan->first, &tag->outer) || !id_of(vlan->first->next, &tag->inner))
		return false;
	snprintf(why, size, "needs vni, network_id and outer_src of a mirror session");
	return key_of(map, key);
}

static bool take_line(
	struct point_tags_reader reader, const char *line, size_t len, char why[WHY_MAX])
{
	struct node_tree tree = {.root = NULL};
	struct node_error wrong;
	struct session_key key;
	struct point_tag tag;
	bool ok = json_parse(&tree, line, len, &wrong) == 0;

	if (!ok)
		snprintf(why, WHY_MAX, "%.*s", WHY_MAX - 1, wrong.text);
	else if (tree.root->count != 1)
		snprintf(why, WHY_MAX, "is not one JSON object");
	ok = ok && tree.root->count == 1 &&
	     line_of(tree.root->first, &key, &tag, why, WHY_MAX) &&
	     reader.line(reader.ctx, &key, tag, why, WHY_MAX);
	node_tree_free(&tree);
	return ok;
}

/* Returns the length of the whole lines; -1: one of them is wrong. */
static off_t take_lines(struct point_tags_reader reader, const char *path, const char *text,
	size_t len, struct error *error)
{
	const char *at = text, *end = text + len, *newline;
	char why[WHY_MAX];
	unsigned line = 1;

	for (; (newline = memchr(at, '\n', (size_t)(end - at))); at = newline + 1, line++) {
		if (take_line(reader, at, (size_t)(newline - at), why))
			continue;
		error_set(error,
			"%s:%u: %s; numbers that readers of feeds have seen stand "
			"there: mend it, or remove the file, and all are given anew",
			path, line, why);
		return -1;
	}
	return (off_t)(at - text);
}

static bool read_all(
	struct point_tags_file *file, struct point_tags_reader reader, struct error *error)
{
	struct node_error wrong;
	size_t len;
	char *text = node_file(file->path, &len, &wrong);

	if (!text) {
		error_set(error, "%s: %s", file->path, wrong.text);
		return false;
	}
	file->size = take_lines(reader, file->path, text, len, error);
	free(text);
	if (file->size < 0)
		return false;
	if ((size_t)file->size == len)
		return true;
	log_warning("%s: its last line is not whole, and was cut off", file->path);
	if (ftruncate(file->fd, file->size) == 0)
		return true;
	error_set(error, "%s: cannot be cut: %s", file->path, strerror(errno));
	return false;
}

static int open_file(const char *path, int flags)
{
	return open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | flags, 0666);
}

struct point_tags_file *point_tags_file_open(
	const char *dir, struct point_tags_reader reader, struct error *error)
{
	struct point_tags_file *file = calloc(1, sizeof(*file));
	int n;

	error_set(error, "%s: no memory, or too long a name", dir);
	if (!file)
		return NULL;
	n = snprintf(file->path, sizeof(file->path), "%s/feeds/vlan-tags.jsonl", dir);
	file->fd = -1;
	if (n > 0 && n < (int)sizeof(file->path)) {
		file->fd = open_file(file->path, 0);
		if (file->fd < 0 && errno == ENOENT)
			return file;
		error_set(error, "%s: cannot keep numbers of feeds: %s", file->path,
			strerror(errno));
		if (file->fd >= 0 && read_all(file, reader, error))
			return file;
	}
	point_tags_file_close(file);
	return NULL;
}

/* --- writing --- */

static void put_name(struct text *t, const char *key, const char *name)
{
	text_cstr(t, key);
	if (name[0])
		text_json(t, name, strlen(name));
	else
		text_cstr(t, "null");
}

static size_t make_line(char line[LINE_MAX_LEN], const struct session_key *key,
	struct point_tag tag, const char *session, const char *interface_id)
{
	struct text t = text_make(line, LINE_MAX_LEN);
	char source[IP_ADDR_TEXT];

	ip_addr_print(&key->outer_src, source);
	text_cstr(&t, "{\"vlan\":[");
	text_u64(&t, tag.outer);
	text_char(&t, ',');
	text_u64(&t, tag.inner);
	text_cstr(&t, "],\"vni\":");
	text_u64(&t, key->vni);
	text_cstr(&t, ",\"network_id\":");
	if (key->network == NETWORK_NONE)
		text_cstr(&t, "null");
	else
		text_u64(&t, network_id(key->network));
	text_cstr(&t, ",\"outer_src\":");
	text_json(&t, source, strlen(source));
	put_name(&t, ",\"session\":", session);
	put_name(&t, ",\"interface_id\":", interface_id);
	text_cstr(&t, "}\n");
	return t.full ? 0 : (size_t)(t.at - line);
}

static bool write_line(struct point_tags_file *file, const char *line, size_t len)
{
	ssize_t n;

	if (file->is_torn) {
		errno = EIO;
		return false;
	}
	if (file->fd < 0) {
		if (make_parents(file->path) != 0)
			return false;
		file->fd = open_file(file->path, O_CREAT);
		if (file->fd < 0)
			return false;
	}
	n = write(file->fd, line, len);
	if (n == (ssize_t)len) {
		file->size += n;
		return true;
	}
	if (n >= 0)
		errno = ENOSPC;
	return false;
}

bool point_tags_file_add(struct point_tags_file *file, const struct session_key *key,
	struct point_tag tag, const char *session, const char *interface_id)
{
	char line[LINE_MAX_LEN];
	size_t len = make_line(line, key, tag, session, interface_id);

	if (len > 0 && write_line(file, line, len))
		return true;
	log_limited(&file->limit, LOG_LEVEL_ERROR,
		"%s: cannot keep the number of a feed's packets: %s; they go as (%u, %u)",
		file->path, len > 0 ? strerror(errno) : "too long a name",
		POINT_TAG_SHARED.outer, POINT_TAG_SHARED.inner);
	/* A part of a line may be there: a file that cannot be cut back takes nothing more. */
	if (file->fd >= 0 && ftruncate(file->fd, file->size) != 0) {
		close(file->fd);
		file->fd = -1;
		file->is_torn = true;
	}
	return false;
}

void point_tags_file_close(struct point_tags_file *file)
{
	if (!file)
		return;
	if (file->fd >= 0)
		close(file->fd);
	free(file);
}
