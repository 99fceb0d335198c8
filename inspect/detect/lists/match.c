#include "inspect/detect/lists/match.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "inspect/proto/dns/dns_answers.h"
#include "inspect/proto/tls/tls_draft.h"

const char *list_field_name(enum list_field field)
{
	static const char *const names[] = {
#define LIST_FIELD(name, text) text,
#include "inspect/detect/lists/list_fields.def"
	};

	return names[field];
}

static void __attribute__((cold, noinline)) hit_add(struct list_hits *hits,
	const struct indicator *indicator, enum list_field field, const char *value, size_t len)
{
	struct list_hit *hit;

	for (uint32_t i = 0; i < hits->count; i++) {
		if (hits->hit[i].indicator == indicator && hits->hit[i].field == field)
			return;
	}
	if (hits->count == LIST_HITS_MAX) {
		hits->more++;
		return;
	}
	hit = &hits->hit[hits->count++];
	hit->indicator = indicator;
	hit->field = field;
	hit->len = (uint16_t)(len < LIST_VALUE_MAX ? len : LIST_VALUE_MAX);
	memcpy(hit->value, value, hit->len);
	hit->value[hit->len] = '\0';
}

static void __attribute__((cold, noinline)) hit_add_address(struct list_hits *hits,
	const struct indicator *indicator, enum list_field field, const struct ip_addr *address)
{
	char text[IP_ADDR_TEXT];

	hit_add(hits, indicator, field, text, ip_addr_print(address, text));
}

static bool has(const struct lists *lists, enum list_type type)
{
	return lists_types(lists) >> type & 1;
}

static void match_address(const struct lists *lists, const struct ip_addr *address,
	enum list_field field, struct list_hits *hits)
{
	const struct indicator *found = lists_find_address(lists, address);

	if (found)
		hit_add_address(hits, found, field, address);
}

void lists_match_ends(
	const struct lists *lists, const struct flow *flow, struct list_hits *hits)
{
	const struct flow_ends ends = flow_ends(flow);

	if (!has(lists, LIST_IP))
		return;
	match_address(lists, ends.src, LIST_FIELD_src_ip, hits);
	match_address(lists, ends.dst, LIST_FIELD_dst_ip, hits);
}

static void match_asn(const struct lists *lists, const struct geo *geo,
	const struct ip_addr *address, enum list_field field, struct list_hits *hits)
{
	const uint32_t asn = geo_find_asn(geo, address);
	const struct indicator *found = asn != 0 ? lists_find_asn(lists, asn) : NULL;
	struct geo_place place;
	char text[24 + GEO_ORG];
	int len;

	if (!found)
		return;
	place = geo_find(geo, address);
	len = snprintf(text, sizeof(text), "AS%" PRIu32 "%s%.*s", asn,
		place.org_len > 0 ? " " : "", place.org_len, place.org ? place.org : "");
	hit_add(hits, found, field, text, (size_t)len);
}

void lists_match_systems(const struct lists *lists, const struct geo *geo,
	const struct flow *flow, struct list_hits *hits)
{
	const struct flow_ends ends = flow_ends(flow);

	if (!has(lists, LIST_ASN) || !geo || !geo_has_asn(geo))
		return;
	match_asn(lists, geo, ends.src, LIST_FIELD_src_asn, hits);
	match_asn(lists, geo, ends.dst, LIST_FIELD_dst_asn, hits);
}

/* What a detail is looked for as. */
enum how { HOW_DOMAIN, HOW_HOST, HOW_URL, HOW_JA3, HOW_JA4, HOW_HASSH, HOW_CERTIFICATE };

static const struct detail_row {
	enum detail detail;
	enum list_field field;
	enum how how;
	uint32_t kinds; /* of transactions that have it */
} detail_rows[] = {
#define OF(kind) (UINT32_C(1) << TRANSACTION_##kind)
#define LIST_FIELD(name, text)
#define LIST_DETAIL(object, field, how, kinds) \
	{DETAIL_##object##_##field, LIST_FIELD_##object##_##field, HOW_##how, kinds},
#include "inspect/detect/lists/list_fields.def"
};

static const struct indicator *find(
	const struct lists *lists, enum how how, const char *text, size_t len)
{
	switch (how) {
	case HOW_DOMAIN:
		return lists_find_domain(lists, text, len);
	case HOW_HOST:
		return lists_find_host(lists, text, len);
	case HOW_URL:
		return lists_find_url(lists, text, len);
	case HOW_JA3:
		return lists_find_fingerprint(lists, LIST_JA3, text, len);
	case HOW_JA4:
		return lists_find_fingerprint(lists, LIST_JA4, text, len);
	case HOW_HASSH:
		return lists_find_fingerprint(lists, LIST_HASSH, text, len);
	case HOW_CERTIFICATE:
		return lists_find_fingerprint(lists, LIST_CERTIFICATE, text, len);
	}
	return NULL;
}

static void match_row(const struct lists *lists, const struct details *details,
	const struct detail_row *row, struct list_hits *hits)
{
	size_t len;
	const char *text = details_string(details, row->detail, &len);
	const struct indicator *found = text ? find(lists, row->how, text, len) : NULL;

	if (found)
		hit_add(hits, found, row->field, text, len);
}

enum { DETAIL_ROWS = sizeof(detail_rows) / sizeof(*detail_rows) };

static void match_rows(const struct lists *lists, const struct details *details, uint32_t kinds,
	struct list_hits *hits)
{
	for (size_t i = 0; i < DETAIL_ROWS; i++)
		if (detail_rows[i].kinds & kinds)
			match_row(lists, details, &detail_rows[i], hits);
}

void lists_match_rows(const struct lists *lists, const struct details *details, uint64_t rows,
	struct list_hits *hits)
{
	if (!details || !lists_types(lists))
		return;
	for (size_t i = 0; i < DETAIL_ROWS; i++)
		if (rows >> detail_rows[i].detail & 1)
			match_row(lists, details, &detail_rows[i], hits);
}

static void match_name(const struct lists *lists, const char *name, size_t len,
	enum list_field field, struct list_hits *hits)
{
	const struct indicator *found = lists_find_host(lists, name, len);

	if (found)
		hit_add(hits, found, field, name, len);
}

/* Of the message itself: its text is made by who writes events. */
static void match_message(
	const struct lists *lists, const struct details *details, struct list_hits *hits)
{
	const bool names = has(lists, LIST_DOMAIN);
	struct dns_answers answers;
	struct dns_answer answer;
	struct cursor c;
	size_t len;
	const char *bytes = details_string(details, DETAIL_dns_message, &len);

	if (!bytes || !(names || has(lists, LIST_IP)))
		return;
	c = details_message(bytes, len);
	if (!dns_answers_begin(&answers, c.at, c.cap, c.wire))
		return;
	while (dns_answers_next(&answers, names, &answer)) {
		if (answer.is_address)
			match_address(lists, &answer.address, LIST_FIELD_dns_answer, hits);
		else
			match_name(lists, answer.name, answer.len, LIST_FIELD_dns_answer, hits);
	}
}

/* Of a flow's first message the answers are text. More than one word is no name. */
static void match_answers(
	const struct lists *lists, const struct details *details, struct list_hits *hits)
{
	size_t len;
	const char *text = details_string(details, DETAIL_dns_answers, &len);

	for (; text; text = details_next(details, DETAIL_dns_answers, text, &len)) {
		if (!memchr(text, ' ', len))
			match_name(lists, text, len, LIST_FIELD_dns_answer, hits);
	}
}

static void match_digest(
	const struct lists *lists, const uint8_t *bytes, size_t len, struct list_hits *hits)
{
	char text[TLS_SHA256_TEXT];
	const struct indicator *found;

	tls_hex(bytes, len, text, sizeof(text));
	found = lists_find_fingerprint(lists, LIST_CERTIFICATE, text, 2 * len);
	if (found)
		hit_add(hits, found, LIST_FIELD_tls_certificates, text, 2 * len);
}

/* Those that vouch for the server's. */
static void match_certificates(
	const struct lists *lists, const struct details *details, struct list_hits *hits)
{
	size_t len;
	const char *bytes = has(lists, LIST_CERTIFICATE)
				    ? details_string(details, DETAIL_tls_certificates, &len)
				    : NULL;

	for (; bytes; bytes = details_next(details, DETAIL_tls_certificates, bytes, &len)) {
		struct tls_vouching v;

		memcpy(&v, bytes, sizeof(v));
		if (!v.is_whole)
			continue;
		match_digest(lists, v.sha1, sizeof(v.sha1), hits);
		match_digest(lists, v.sha256, sizeof(v.sha256), hits);
	}
}

static void match(const struct lists *lists, const struct details *details, uint32_t kinds,
	struct list_hits *hits)
{
	if (!details || !lists_types(lists))
		return;
	match_rows(lists, details, kinds, hits);
	if (kinds & OF(DNS)) {
		match_message(lists, details, hits);
		match_answers(lists, details, hits);
	}
	if (kinds & OF(TLS))
		match_certificates(lists, details, hits);
}

void lists_match_transaction(const struct lists *lists, enum transaction kind,
	const struct details *details, struct list_hits *hits)
{
	match(lists, details, UINT32_C(1) << kind, hits);
}

void lists_match_details(const struct lists *lists, const struct details *details,
	uint32_t told, struct list_hits *hits)
{
	/* The names of a QUIC flow stand in `tls`, too. */
	const bool is_quic =
		details && details_string(details, DETAIL_quic_version, &(size_t){0});
	const uint32_t other = is_quic ? OF(TLS) : OF(QUIC);

	match(lists, details, ~(told | other), hits);
}
