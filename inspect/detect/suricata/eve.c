#include "inspect/detect/suricata/eve.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "config/parse/json.h"
#include "config/parse/moment.h"
#include "config/parse/value.h"

static const char *text_of(const struct node *map, const char *key)
{
	const struct node *node = map != NULL ? node_member(map, key) : NULL;

	return node != NULL && node->kind == NODE_SCALAR ? node->text : NULL;
}

static const struct node *object_of(const struct node *map, const char *key)
{
	const struct node *node = node_member(map, key);

	return node != NULL && node->kind == NODE_MAP ? node : NULL;
}

/* 0 where it has none that is within `max`. */
static uint64_t number_of(const struct node *map, const char *key, uint64_t max)
{
	const char *text = text_of(map, key);
	uint64_t n;

	return text != NULL && value_number(text, &n) && n <= max ? n : 0;
}

/* 2026-11-22T03:08:20.194516+0000 */
static bool time_read(const char *text, uint64_t *ns)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd.dddddd+dddd";
	enum moment_part finest;

	if (strlen(text) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < sizeof(form) - 1; i++)
		if (form[i] == 'd'       ? text[i] < '0' || text[i] > '9'
			: form[i] == '+' ? text[i] != '+' && text[i] != '-'
					 : text[i] != form[i])
			return false;
	return moment_read(text, ns, &finest);
}

static bool address_read(const char *text, struct ip_addr *addr, uint8_t *version)
{
	uint8_t bytes[16];

	if (inet_pton(AF_INET, text, bytes) == 1) {
		*addr = ip_addr_v4(bytes);
		*version = 4;
	} else if (inet_pton(AF_INET6, text, bytes) == 1) {
		*addr = ip_addr_v6(bytes);
		*version = 6;
	} else {
		return false;
	}
	return true;
}

/* By its name in the registry of IANA, or its number where Suricata knows none. */
static uint8_t protocol_of(const char *text)
{
	static const struct {
		const char *name;
		uint8_t number;
	} names[] = {{"TCP", IPPROTO_TCP}, {"UDP", IPPROTO_UDP}, {"ICMP", IPPROTO_ICMP},
		{"IPv6-ICMP", IPPROTO_ICMPV6}, {"SCTP", IPPROTO_SCTP}, {"GRE", IPPROTO_GRE},
		{"ESP", IPPROTO_ESP}, {"AH", IPPROTO_AH}, {"IGMP", IPPROTO_IGMP},
		{"IP-ENCAP", IPPROTO_IPIP}, {"IPv6", IPPROTO_IPV6},
		{"IPv6-Frag", IPPROTO_FRAGMENT}};
	uint64_t number;

	for (size_t i = 0; text != NULL && i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(text, names[i].name) == 0)
			return names[i].number;
	return text != NULL && value_number(text, &number) && number <= UINT8_MAX
		       ? (uint8_t)number
		       : 0;
}

/* An event about no IP packet has neither address. false: it has one, or one that is none. */
static bool packet_read(struct eve_alert *a, const struct node *event)
{
	const char *src = text_of(event, "src_ip"), *dst = text_of(event, "dest_ip");
	uint8_t version = 0;

	if (src == NULL && dst == NULL)
		return true;
	if (src == NULL || dst == NULL || !address_read(src, &a->is.src, &a->is.ip_version) ||
		!address_read(dst, &a->is.dst, &version) || version != a->is.ip_version)
		return false;
	a->is.protocol = protocol_of(text_of(event, "proto"));
	a->is.src_port = (uint16_t)number_of(event, "src_port", UINT16_MAX);
	a->is.dst_port = (uint16_t)number_of(event, "dest_port", UINT16_MAX);
	a->is.icmp_type = (uint8_t)number_of(event, "icmp_type", UINT8_MAX);
	a->is.icmp_code = (uint8_t)number_of(event, "icmp_code", UINT8_MAX);
	return true;
}

static bool vlans_read(struct eve_alert *a, const struct node *event)
{
	const struct node *list = node_member(event, "vlan");
	uint64_t id;

	if (list == NULL)
		return true;
	if (list->kind != NODE_LIST)
		return false;
	node_each(n, list)
	{
		if (a->n_vlans == EVE_VLANS || n->kind != NODE_SCALAR ||
			!value_number(n->text, &id) || id > 4095)
			return false;
		a->vlan[a->n_vlans++] = (uint16_t)id;
	}
	return true;
}

static void evidence_is(struct eve_alert *a, const char *field, const char *value)
{
	if (a->value == NULL && value != NULL && *value != '\0') {
		a->field = field;
		a->value = value;
	}
}

static void evidence_read(struct eve_alert *a, const struct node *event)
{
	const struct node *dns = object_of(event, "dns");
	const struct node *query = dns != NULL ? node_member(dns, "query") : NULL;

	evidence_is(a, "http.host", text_of(object_of(event, "http"), "hostname"));
	evidence_is(a, "tls.sni", text_of(object_of(event, "tls"), "sni"));
	if (query != NULL && query->kind == NODE_LIST && query->first != NULL &&
		query->first->kind == NODE_MAP)
		evidence_is(a, "dns.query", text_of(query->first, "rrname"));
	evidence_is(a, "dns.query", text_of(dns, "rrname"));
}

static bool alert_read(struct eve_alert *a, const struct node *event)
{
	const struct node *alert = object_of(event, "alert");
	const char *time = text_of(event, "timestamp"),
		   *direction = text_of(event, "direction");

	if (alert == NULL || time == NULL || !time_read(time, &a->time_ns) ||
		!packet_read(a, event) || !vlans_read(a, event))
		return false;
	a->packet = number_of(event, "pcap_cnt", UINT64_MAX);
	a->gid = number_of(alert, "gid", UINT32_MAX);
	a->sid = number_of(alert, "signature_id", UINT32_MAX);
	a->revision = (uint32_t)number_of(alert, "rev", UINT32_MAX);
	a->severity = (uint32_t)number_of(alert, "severity", UINT32_MAX);
	a->signature = text_of(alert, "signature");
	a->category = text_of(alert, "category");
	a->app_protocol = text_of(event, "app_proto");
	a->to_server = direction != NULL && strcmp(direction, "to_server") == 0;
	a->to_client = direction != NULL && strcmp(direction, "to_client") == 0;
	evidence_read(a, event);
	return a->gid > 0 && a->sid > 0 && a->severity > 0;
}

enum eve_kind eve_read(struct eve_alert *alert, const char *line, size_t len)
{
	struct node_error error = {.line = 0};
	const struct node *event;
	const char *type;

	*alert = (struct eve_alert){.n_vlans = 0};
	if (len > EVE_LINE || json_parse(&alert->tree, line, len, &error) != 0)
		return EVE_UNREADABLE;
	event = alert->tree.root != NULL ? alert->tree.root->first : NULL;
	if (event == NULL || event->next != NULL || event->kind != NODE_MAP)
		return EVE_UNREADABLE;
	type = text_of(event, "event_type");
	if (type == NULL)
		return EVE_UNREADABLE;
	if (strcmp(type, "alert") != 0)
		return EVE_OTHER;
	return alert_read(alert, event) ? EVE_ALERT : EVE_UNREADABLE;
}

void eve_alert_free(struct eve_alert *alert)
{
	node_tree_free(&alert->tree);
}
