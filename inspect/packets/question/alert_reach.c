#include "inspect/packets/question/alert_reach.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "config/parse/value.h"
#include "inspect/packets/question/question_time.h"

/* What shows an attempt, such as an error, or that nothing comes, is a bit later than the attempt. */
enum { AROUND_NS = 1000000000 };

/* "": it is not there, or null. */
static const char *text_of(const struct node *map, const char *key)
{
	const struct node *node = node_member(map, key);
	bool says = node && node->kind == NODE_SCALAR &&
		    (node->quoted || strcmp(node->text, "null") != 0);

	return says ? node->text : "";
}

/* false: it does not fit, so it is no address or number either. */
static bool keep(char *out, size_t size, const char *text)
{
	int n = snprintf(out, size, "%s", text);

	return n >= 0 && (size_t)n < size;
}

/* By default each VNI is a tenant; where settings join some, or name them, equal addresses are one host. */
static bool keep_vni(struct alert_reach *reach, const struct node *alert)
{
	const char *vni = text_of(alert, "vni");

	return strcmp(vni, text_of(alert, "tenant")) != 0 ||
	       keep(reach->vni, sizeof(reach->vni), vni);
}

/* false: it is an alert of one flow, or says too little. */
static bool reach_read(struct alert_reach *reach, const struct node *alert)
{
	const char *category = text_of(alert, "category");
	bool scan = strcmp(category, "scan") == 0, flood = strcmp(category, "flood") == 0;

	memset(reach, 0, sizeof(*reach));
	if (!scan && !flood && strcmp(category, "tunnel") != 0 &&
		strcmp(category, "beacon") != 0)
		return false;
	return (flood || keep(reach->src, sizeof(reach->src), text_of(alert, "src_ip"))) &&
	       (scan || (keep(reach->dst, sizeof(reach->dst), text_of(alert, "dst_ip")) &&
				keep(reach->dst_port, sizeof(reach->dst_port),
					text_of(alert, "dst_port")))) &&
	       (reach->src[0] != '\0' || reach->dst[0] != '\0') && keep_vni(reach, alert) &&
	       value_number(text_of(alert, "protocol"), &reach->protocol) &&
	       question_time(text_of(alert, "first"), &reach->first_ns) &&
	       question_time(text_of(alert, "last"), &reach->last_ns);
}

static bool same_way(const struct alert_reach *a, const struct alert_reach *b)
{
	return strcmp(a->src, b->src) == 0 && strcmp(a->dst, b->dst) == 0 &&
	       strcmp(a->dst_port, b->dst_port) == 0 && strcmp(a->vni, b->vni) == 0 &&
	       a->protocol == b->protocol;
}

static bool meet(const struct alert_reach *a, const struct alert_reach *b)
{
	return a->first_ns <= b->last_ns && b->first_ns <= a->last_ns;
}

void alert_reaches_add(struct alert_reaches *reaches, const struct node *alert, uint64_t bits)
{
	struct alert_reach *row = NULL, reach;

	if (bits == 0 || !reach_read(&reach, alert))
		return;
	for (uint32_t i = 0; i < reaches->n && !row; i++) {
		row = &reaches->rows[i];
		if (!same_way(row, &reach) ||
			(!meet(row, &reach) && reaches->n < ALERT_REACHES_MAX))
			row = NULL;
	}
	if (!row && reaches->n < ALERT_REACHES_MAX) {
		row = &reaches->rows[reaches->n++];
		*row = reach;
	}
	if (!row)
		return;
	row->bits |= bits;
	row->first_ns = reach.first_ns < row->first_ns ? reach.first_ns : row->first_ns;
	row->last_ns = reach.last_ns > row->last_ns ? reach.last_ns : row->last_ns;
}

static bool says(const char *wanted, const char *text)
{
	return wanted[0] == '\0' || strcmp(wanted, text) == 0;
}

/* ICMP tells of a scan by UDP: its errors are the flow that is named, and come to the source. */
static bool by_source(const struct alert_reach *reach, const struct node *event)
{
	bool icmp = reach->protocol == IPPROTO_ICMP || reach->protocol == IPPROTO_ICMPV6;
	bool from = says(reach->src, text_of(event, "src_ip"));
	uint64_t protocol;

	if (!value_number(text_of(event, "protocol"), &protocol))
		return false;
	if (protocol != reach->protocol)
		return from && icmp && protocol == IPPROTO_UDP;
	return from || (icmp && says(reach->src, text_of(event, "dst_ip")));
}

static bool reaches_over(const struct alert_reach *reach, const struct node *event)
{
	uint64_t start, end;

	return by_source(reach, event) && says(reach->dst, text_of(event, "dst_ip")) &&
	       says(reach->dst_port, text_of(event, "dst_port")) &&
	       says(reach->vni, text_of(event, "vni")) &&
	       question_time(text_of(event, "start"), &start) &&
	       question_time(text_of(event, "end"), &end) && start <= reach->last_ns &&
	       end + AROUND_NS >= reach->first_ns;
}

uint64_t alert_reaches_bits(const struct alert_reaches *reaches, const struct node *event)
{
	uint64_t bits = 0;

	for (uint32_t i = 0; i < reaches->n; i++)
		if (reaches_over(&reaches->rows[i], event))
			bits |= reaches->rows[i].bits;
	return bits;
}

bool alert_reaches_may(const struct alert_reaches *reaches, const char *line)
{
	for (uint32_t i = 0; i < reaches->n; i++) {
		const struct alert_reach *row = &reaches->rows[i];

		if (strstr(line, row->src[0] != '\0' ? row->src : row->dst))
			return true;
	}
	return false;
}
