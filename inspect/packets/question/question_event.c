#include "inspect/packets/question/question_event.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/parse/json.h"
#include "config/parse/moment.h"
#include "config/parse/value.h"
#include "inspect/packets/question/question_time.h"

enum { NAMES_MAX = 10 };

/* The first that the event has is taken. */
struct names {
	const char *name[NAMES_MAX];
};

static const struct names src_names = {{"src_ip", "id.orig_h", "source.ip", "srcaddr"}};
static const struct names dst_names = {
	{"dst_ip", "dest_ip", "id.resp_h", "destination.ip", "dstaddr"}};
static const struct names src_port_names = {
	{"src_port", "id.orig_p", "source.port", "srcport"}};
static const struct names dst_port_names = {
	{"dst_port", "dest_port", "id.resp_p", "destination.port", "dstport"}};
static const struct names protocol_names = {
	{"protocol", "proto", "network.iana_number", "network.transport"}};
static const struct names start_names = {{"start", "first", "flow.start", "netflow.start",
	"event.start", "ts", "time", "timestamp", "@timestamp"}};
static const struct names end_names = {{"end", "last", "flow.end", "netflow.end", "event.end"}};

/* `a.b`, as one name or as objects. */
static const struct node *member(const struct node *map, const char *path)
{
	const struct node *node = node_member(map, path);
	const char *dot = strchr(path, '.');
	char key[64];

	if (node || !dot)
		return node;
	snprintf(key, sizeof(key), "%.*s", (int)(dot - path), path);
	node = node_member(map, key);
	return node && node->kind == NODE_MAP ? member(node, dot + 1) : NULL;
}

/* NULL: it has none of them. */
static const char *text_of(const struct node *event, const struct names *names)
{
	for (int i = 0; i < NAMES_MAX && names->name[i]; i++) {
		const struct node *node = member(event, names->name[i]);

		if (node && node->kind == NODE_SCALAR && node->text[0] != '\0' &&
			strcmp(node->text, "-") != 0 &&
			(node->quoted || strcmp(node->text, "null") != 0))
			return node->text;
	}
	return NULL;
}

static bool has_ports(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP;
}

static bool ports_read(
	const struct node *event, struct question_ends *ends, struct error *error)
{
	const char *src = text_of(event, &src_port_names),
		   *dst = text_of(event, &dst_port_names);
	uint64_t src_port, dst_port;

	if (!src || !dst || !ends->has_protocol || !has_ports(ends->protocol))
		return true;
	if (!value_number(src, &src_port) || !value_number(dst, &dst_port) ||
		src_port > UINT16_MAX || dst_port > UINT16_MAX) {
		error_set(error, "the event's ports '%.32s' and '%.32s' are none", src, dst);
		return false;
	}
	ends->src_port = (uint16_t)src_port;
	ends->dst_port = (uint16_t)dst_port;
	ends->has_ports = true;
	return true;
}

static bool addresses_read(
	const struct node *event, struct question_ends *ends, struct error *error)
{
	const char *src = text_of(event, &src_names), *dst = text_of(event, &dst_names);
	const char *protocol = text_of(event, &protocol_names);

	if (!src || !dst) {
		error_set(error,
			"the event has no %s address (src_ip and dst_ip, dest_ip, id.orig_h and "
			"id.resp_h, source.ip and destination.ip)",
			src ? "destination" : "source");
		return false;
	}
	if (!question_addresses(ends, src, dst)) {
		error_set(error,
			"the event's '%.64s' and '%.64s' are no two addresses of one family",
			src, dst);
		return false;
	}
	ends->has_protocol =
		protocol && question_protocol(protocol, ends->ip_version, &ends->protocol);
	return true;
}

static bool time_read(const char *text, uint64_t *ns, struct error *error)
{
	if (question_time(text, ns))
		return true;
	error_set(error, "the event's time '%.64s' is none", text);
	return false;
}

static bool times_read(
	const struct node *event, struct question_ends *ends, struct error *error)
{
	const char *start = text_of(event, &start_names), *end = text_of(event, &end_names);
	const struct names duration_names = {{"duration"}};
	const char *duration = text_of(event, &duration_names);
	uint64_t length;

	if (!start) {
		error_set(error, "the event has no time (start, first, flow.start, ts, time, "
				 "timestamp)");
		return false;
	}
	if (!time_read(start, &ends->from_ns, error) ||
		(end && !time_read(end, &ends->to_ns, error)))
		return false;
	if (!end)
		ends->to_ns = ends->from_ns;
	if (!end && duration && moment_seconds(duration, &length) &&
		length <= QUESTION_TIME_MOST - ends->from_ns)
		ends->to_ns += length;
	if (ends->to_ns < ends->from_ns)
		ends->to_ns = ends->from_ns;
	return true;
}

/* EVE's alerts say when their flow began, and when they were: all of that is covered. */
static void cover(const struct node *event, struct question_ends *ends)
{
	static const struct names moments = {{"timestamp", "time", "@timestamp"}};
	const char *text = text_of(event, &moments);
	const struct node *type = node_member(event, "event_type");
	uint64_t ns;

	/* The time of an EVE flow record is when it was written, long after its end. */
	if (!text || !question_time(text, &ns) || text_of(event, &end_names) ||
		(type && type->kind == NODE_SCALAR && strcmp(type->text, "flow") == 0))
		return;
	if (ns > ends->to_ns)
		ends->to_ns = ns;
}

/* What events of ours say more: which of the flows with these ends. Suricata's flow_id is a number. */
static void identity_read(const struct node *event, struct question_ends *ends)
{
	const struct node *id = node_member(event, "flow_id"), *vni = node_member(event, "vni");
	uint64_t n;
	char *end;

	if (!id || id->kind != NODE_SCALAR || !id->quoted || strlen(id->text) != 16)
		return;
	n = strtoull(id->text, &end, 16);
	if (*end == '\0')
		ends->flow_id = n;
	if (vni && vni->kind == NODE_SCALAR && value_number(vni->text, &n) && n < 1 << 24) {
		ends->has_vni = true;
		ends->vni = (uint32_t)n;
	}
}

static bool object_read(
	const struct node *event, struct question_ends *ends, struct error *error)
{
	memset(ends, 0, sizeof(*ends));
	if (!addresses_read(event, ends, error) || !ports_read(event, ends, error) ||
		!times_read(event, ends, error))
		return false;
	cover(event, ends);
	identity_read(event, ends);
	return true;
}

bool question_event_read(
	const char *json, size_t len, struct question_ends *ends, struct error *error)
{
	struct node_error wrong = {.text = ""};
	struct node_tree tree = {.root = NULL};
	bool good = false;

	if (json_parse(&tree, json, len, &wrong) != 0)
		error_set(error, "the event is %s (line %u)", wrong.text, wrong.line);
	else if (!tree.root || tree.root->count == 0)
		error_set(error, "there is no event: an object of JSON is asked for");
	else if (tree.root->count > 1)
		error_set(error, "these are %u events: only one can be asked for",
			tree.root->count);
	else if (tree.root->first->kind != NODE_MAP)
		error_set(error, "the event is %s, and no object of JSON",
			node_kind_name(tree.root->first));
	else
		good = object_read(tree.root->first, ends, error);
	node_tree_free(&tree);
	return good;
}
