#include "inspect/record/teller.h"

#include <string.h>

#include "inspect/flow/addr_text.h"
#include "inspect/proto/details.h"

enum { HTTP_FAILURE = 400 };

struct bytes {
	const char *at; /* NULL: there are none */
	size_t len;
};

static struct bytes bytes_of(const struct details *details, enum detail detail)
{
	struct bytes bytes = {.len = 0};

	bytes.at = details_string(details, detail, &bytes.len);
	return bytes;
}

static bool is_text(struct bytes bytes, const char *text)
{
	return bytes.at != NULL && bytes.len == strlen(text) &&
	       memcmp(bytes.at, text, bytes.len) == 0;
}

/* What is asked of a group (RFC 6762, 4795) need not be answered by anybody. */
static bool is_group(const struct flow *flow)
{
	const uint8_t *server = flow_ends(flow).dst->byte;

	return flow->key.ip_version == 4 ? server[12] >= 224 : server[0] == 0xff;
}

static const struct bytes no_answer = {"no answer", 9};

static struct bytes dns_failure(const struct flow *flow, const struct details *details)
{
	struct bytes rcode = bytes_of(details, DETAIL_dns_rcode);

	if (rcode.at == NULL && !is_group(flow))
		return no_answer;
	return is_text(rcode, "NOERROR") ? (struct bytes){NULL, 0} : rcode;
}

static struct bytes http_failure(const struct details *details, char room[24])
{
	int64_t status = details_number(details, DETAIL_http_status);
	struct text t = text_make(room, 24);

	if (status < HTTP_FAILURE)
		return (struct bytes){NULL, 0};
	text_u64(&t, (uint64_t)status);
	return (struct bytes){room, (size_t)(t.at - room)};
}

/* An end that is said (RFC 8446, 6.1) is none. */
static struct bytes tls_failure(const struct details *details)
{
	struct bytes alert = bytes_of(details, DETAIL_tls_alert);

	return is_text(alert, "close_notify") ? (struct bytes){NULL, 0} : alert;
}

struct telling {
	enum naming by;
	struct bytes name, what;
	bool is_address;
};

static void put_address(
	struct telling *telling, const struct flow *flow, char *room, size_t size)
{
	struct flow_ends ends = flow_ends(flow);
	struct text t = text_make(room, size);

	text_endpoint(&t, ends.dst, flow->key.ip_version, ends.dst_port);
	telling->name = (struct bytes){room, (size_t)(t.at - room)};
	telling->is_address = true;
}

static void tell_name(struct teller *teller, const struct flow *flow, struct telling *telling)
{
	char room[ENDPOINT_TEXT];
	size_t what, name;
	struct name_fact *fact;

	if (!teller->failures)
		telling->what.at = NULL;
	if (telling->what.at == NULL && (telling->name.at == NULL || !teller->names))
		return;
	if (telling->name.at == NULL)
		put_address(telling, flow, room, sizeof(room));
	what = telling->what.at ? telling->what.len : 0;
	what = what < NAMED_WHAT ? what : NAMED_WHAT;
	name = telling->name.len < NAMED_TEXT ? telling->name.len : NAMED_TEXT;
	fact = (struct name_fact *)teller->sink.take(
		teller->sink.ctx, RECORD_NAME_FACT, sizeof(*fact) + what + name);
	if (fact == NULL) {
		teller->unheard_names++;
		return;
	}
	fact->fact.number = teller->number;
	fact->client = *flow_ends(flow).src;
	fact->by = (uint8_t)telling->by;
	fact->is_address = telling->is_address;
	fact->what_len = (uint8_t)what;
	fact->name_len = (uint16_t)name;
	if (what > 0)
		memcpy(fact->text, telling->what.at, what);
	memcpy(fact->text + what, telling->name.at, name);
}

static void tell_dns(
	struct teller *teller, const struct flow *flow, const struct details *details)
{
	struct telling telling = {
		.by = NAMING_DNS, .name = bytes_of(details, DETAIL_dns_query)};

	if (telling.name.at == NULL && bytes_of(details, DETAIL_dns_rcode).at == NULL)
		return;
	telling.what = dns_failure(flow, details);
	tell_name(teller, flow, &telling);
}

static void tell_http(
	struct teller *teller, const struct flow *flow, const struct details *details)
{
	char room[24];
	struct telling telling = {.by = NAMING_HTTP,
		.name = bytes_of(details, DETAIL_http_host),
		.what = http_failure(details, room)};

	tell_name(teller, flow, &telling);
}

static void tell_tls(struct teller *teller, const struct flow *flow)
{
	const struct details *details = flow->details;
	struct telling telling = {
		.by = bytes_of(details, DETAIL_quic_version).at ? NAMING_QUIC : NAMING_TLS,
		.name = bytes_of(details, DETAIL_tls_sni),
		.what = tls_failure(details)};

	tell_name(teller, flow, &telling);
}

void tell_transaction(struct teller *teller, const struct flow *flow, enum transaction kind,
	const struct details *details)
{
	if (teller->sink.take == NULL || details == NULL ||
		!(teller->names || teller->failures))
		return;
	if (kind == TRANSACTION_DNS)
		tell_dns(teller, flow, details);
	else if (kind == TRANSACTION_HTTP)
		tell_http(teller, flow, details);
}

static void tell_details(struct teller *teller, const struct flow *flow)
{
	if (flow->details == NULL || !(teller->names || teller->failures))
		return;
	tell_tls(teller, flow);
	if (!(teller->kinds >> TRANSACTION_DNS & 1))
		tell_dns(teller, flow, flow->details);
	if (!(teller->kinds >> TRANSACTION_HTTP & 1))
		tell_http(teller, flow, flow->details);
}

void tell_flow(struct teller *teller, const struct flow_fact_of *of)
{
	const struct sink *sink = &teller->sink;
	struct flow_fact *fact;

	if (sink->take == NULL)
		return;
	tell_details(teller, of->flow);
	fact = (struct flow_fact *)sink->take(sink->ctx, RECORD_FLOW_FACT, sizeof(*fact));
	if (fact == NULL) {
		teller->unheard_flows++;
		teller->unheard_bytes += of->flow->side[0].bytes + of->flow->side[1].bytes;
		return;
	}
	fact->fact.number = teller->number;
	flow_fact_fill(fact, of);
}
