/* Takes from nDPI's state of a flow what there is beside the label. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "inspect/dpi/ndpi_inside.h"

/* Whether nDPI itself thinks so: then the member of its union is the one it wrote. */
static bool flow_is(const struct ndpi_flow_struct *flow, uint16_t protocol)
{
	return flow->detected_protocol_stack[0] == protocol ||
	       flow->detected_protocol_stack[1] == protocol;
}

/* Whose hellos we do not read: Google's QUIC before the IETF's, and DTLS. */
static bool has_other_hello(const struct ndpi_flow_struct *flow)
{
	return flow_is(flow, NDPI_PROTOCOL_QUIC) || flow_is(flow, NDPI_PROTOCOL_DTLS);
}

static void collect_time(struct draft *draft, enum detail detail, uint32_t epoch)
{
	time_t seconds = epoch;
	struct tm tm;
	char text[32];

	if (!epoch || !gmtime_r(&seconds, &tm))
		return;
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	draft_text(draft, detail, text);
}

static void collect_sha1(struct draft *draft, const uint8_t sha1[20])
{
	char text[41];

	for (size_t i = 0; i < 20; i++)
		snprintf(text + 2 * i, 3, "%02x", sha1[i]);
	draft_text(draft, DETAIL_tls_sha1, text);
}

static void collect_tls_names(struct draft *draft, const struct ndpi_flow_struct *flow)
{
	uint16_t version = flow->protos.tls_quic.ssl_version;
	uint16_t cipher = flow->protos.tls_quic.server_cipher;
	uint8_t unknown = 0;
	char text[32];

	if (version) {
		ndpi_ssl_version2str(text, sizeof(text), version, &unknown);
		if (unknown)
			snprintf(text, sizeof(text), "Unknown (%04x)", version);
		draft_text(draft, DETAIL_tls_version, text);
	}
	if (cipher) {
		snprintf(text, sizeof(text), "0x%04x", cipher);
		draft_text(draft, DETAIL_tls_cipher, compat_cipher_name(cipher));
		draft_text(draft, DETAIL_tls_cipher, text);
	}
}

static void collect_tls(struct draft *draft, const struct ndpi_flow_struct *flow)
{
	draft_text(draft, DETAIL_tls_sni, flow->host_server_name);
	collect_tls_names(draft, flow);
	draft_text(draft, DETAIL_tls_ja3, flow->protos.tls_quic.ja3_client);
	draft_text(draft, DETAIL_tls_ja3s, flow->protos.tls_quic.ja3_server);
	draft_text(draft, DETAIL_tls_alpn, compat_alpn(flow));
	draft_text(draft, DETAIL_tls_issuer, flow->protos.tls_quic.issuerDN);
	draft_text(draft, DETAIL_tls_subject, flow->protos.tls_quic.subjectDN);
	draft_text(draft, DETAIL_tls_names, flow->protos.tls_quic.server_names);
	collect_time(draft, DETAIL_tls_not_before, flow->protos.tls_quic.notBefore);
	collect_time(draft, DETAIL_tls_not_after, flow->protos.tls_quic.notAfter);
	if (compat_has_sha1(flow))
		collect_sha1(draft, flow->protos.tls_quic.sha1_certificate_fingerprint);
}

/* ndpiReader asks this of every URL, too: cross-site scripting, SQL injection, path traversal. */
static uint64_t url_risk(struct engine *engine, struct engine_flow *flow)
{
	ndpi_risk_enum risk = NDPI_NO_RISK;

	engine_enter(engine, flow);
	if (flow->ndpi.http.url)
		risk = ndpi_validate_url(flow->ndpi.http.url);
	engine_leave();
	return risk == NDPI_NO_RISK ? 0 : (uint64_t)1 << risk;
}

void engine_collect(struct engine *engine, struct engine_flow *flow, bool cut, bool hello,
	struct draft *draft)
{
	draft->risks |= flow->ndpi.risk | url_risk(engine, flow);
	if (cut)
		draft->risks &= ~((uint64_t)1 << NDPI_MALFORMED_PACKET);
	if (hello && has_other_hello(&flow->ndpi))
		collect_tls(draft, &flow->ndpi);
}
