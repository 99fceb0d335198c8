/* The mirror model: filters with their rules, sessions, targets, source interfaces and VPCs, in
 * the words of the EC2 API (Traffic Mirroring, "How Traffic Mirroring works"). Read from the
 * settings file and from what `aws ec2 describe-...` prints; checked; immutable once built. All
 * that is reached from a model is owned by it and lives until model_destroy(). An absent text is
 * "". */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/parse/addr.h"
#include "config/parse/cidr.h"
#include "config/parse/report.h"
#include "config/parse/session_key.h"

struct settings;

enum model_direction { MODEL_INGRESS, MODEL_EGRESS, MODEL_DIRECTIONS };

enum { MODEL_PROTOCOL_ANY = -1 };

struct model_ports {
	uint16_t from, to; /* inclusive, from <= to */
};

struct model_tag {
	const char *key, *value;
};

struct model_tags {
	const struct model_tag *tag;
	uint32_t count;
};

/* What packets.record does with the packets that a rule decides on: an addition of ours to EC2's fields. */
enum model_record {
	MODEL_RECORD_UNSAID, /* as packets.record says, but for `selected`, which leaves them out */
	MODEL_RECORD_TRUE,
	MODEL_RECORD_FALSE,   /* not recorded */
	MODEL_RECORD_HEADERS, /* up to the payload */
};

struct model_rule {
	const char *id;     /* tmfr-... */
	uint32_t number;    /* 1..2147483647, unique per filter and direction */
	int16_t protocol;   /* IANA number, or MODEL_PROTOCOL_ANY */
	bool accept;        /* else reject */
	uint8_t record;     /* enum model_record */
	uint8_t ip_version; /* of both CIDR blocks, so of every packet it can match */
	/* Any port: 0..65535, and then packets without ports match too. Else protocol is 6 or 17,
	 * and packets without ports (later fragments) do not match. */
	bool any_source_port, any_destination_port;
	struct model_ports source_ports, destination_ports;
	struct cidr source, destination;
	const char *description;
	struct finding_place place;
};

struct model_rules {
	const struct model_rule *rule; /* ascending by number: the first match decides */
	uint32_t count;
};

struct model_session;

struct model_filter {
	const char *id, *description;
	bool amazon_dns; /* network_services holds amazon-dns */
	struct model_rules rules[MODEL_DIRECTIONS];
	bool says_record; /* some rule does */
	struct model_tags tags;
	uint32_t index;                              /* of this filter in the model */
	const struct model_session *const *sessions; /* that use it, sorted by id */
	uint32_t n_sessions;
	struct finding_place place;
};

enum model_target_type {
	MODEL_TARGET_INTERFACE,
	MODEL_TARGET_NLB,   /* network-load-balancer */
	MODEL_TARGET_GWLBE, /* gateway-load-balancer-endpoint */
};

struct model_target {
	const char *id, *description, *owner_id;
	enum model_target_type type;
	const char *resource; /* interface id, load balancer ARN or endpoint id */
	struct model_tags tags;
	struct finding_place place;
};

struct model_vpc {
	const char *id, *owner_id;
	const struct cidr *cidrs; /* the first IPv4 one is the primary */
	uint32_t n_cidrs;
	bool has_resolver;
	struct ip_addr resolver; /* base of the primary IPv4 block + 2 */
	struct model_tags tags;
	struct finding_place place;
};

struct model_address {
	struct ip_addr addr;
	uint8_t ip_version;
};

struct model_interface {
	const char *id, *description, *owner_id, *instance_id, *subnet_id, *vpc_id;
	const char *region, *availability_zone, *availability_zone_id, *interface_type;
	bool has_mac, has_primary;
	uint8_t mac[6];
	struct ip_addr primary; /* IPv4: the outer source of its mirror traffic */
	const struct model_address *addresses; /* all, the primary first */
	uint32_t n_addresses;
	const struct model_vpc *vpc;                 /* or NULL: not known */
	const struct model_session *const *sessions; /* ascending by session number */
	uint32_t n_sessions;
	struct model_tags tags;
	struct finding_place place;
};

struct model_session {
	const char *id, *description, *owner_id;
	/* By which its packets are known: outer_src is the address that the settings name, else the
	 * primary one of the interface; without both nothing finds the session. */
	SESSION_KEY;
	bool has_source;
	uint32_t number;        /* 1..32766; 1 is asked first */
	uint32_t packet_length; /* bytes kept after the VXLAN header; 0 = all. A Network Load
				   Balancer target that leaves it out means 8500 */
	const struct model_interface *interface; /* never NULL */
	const struct model_filter *filter;       /* NULL: accepts all */
	const struct model_target *target;       /* or NULL: not known */
	struct model_tags tags;
	uint32_t index; /* of this session in the model */
	/* Its number among the owners of flow logs; 0 = index + 1. A caller that reloads models
	 * gives equal owners of all of them one number. */
	uint32_t owner;
	struct finding_place place;
};

/* Every list is sorted by id; sessions of the same key do not occur. */
struct model {
	const struct model_filter *filters;
	const struct model_session *sessions;
	const struct model_target *targets;
	const struct model_interface *interfaces;
	const struct model_vpc *vpcs;
	uint32_t n_filters, n_sessions, n_targets, n_interfaces, n_vpcs;
};

/* Where a file that the settings name (aws_import, detect.lists, detect.geoip) is: relative names are so to the settings file (NULL: to here). */
const char *model_import_path(
	const char *settings_path, const char *name, char *path, size_t size);

/* Reads the model's keys of the settings file `path` (NULL: none) and the files that
 * settings->aws_import names, relative to that file. NULL when anything is wrong: `report` then
 * holds at least one error. Warnings are model_check()'s, but for those of the import. */
struct model *model_load(
	const char *path, const struct settings *settings, struct report *report);
void model_destroy(struct model *model);

/* Adds what is suspect, though not wrong, as warnings. */
void model_check(
	const struct model *model, const struct settings *settings, struct report *report);

/* By id, or NULL. */
const struct model_interface *model_interface_find(const struct model *model, const char *id);

/* What the rule of this number says of recording; there is one. */
enum model_record model_rule_record(
	const struct model_filter *filter, enum model_direction direction, uint32_t number);

/* The session of a packet, or NULL. */
const struct model_session *model_session_of(
	const struct model *model, const struct session_key *key);
