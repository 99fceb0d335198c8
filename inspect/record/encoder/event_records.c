#include "inspect/record/encoder/event_records.h"

#include <string.h>

#include "inspect/proto/tls/tls_draft.h"

static bool is_seen(const struct details_found *found, enum detail detail)
{
	return found->seen >> detail & 1;
}

static void put_text(struct text *t, const char *key, const char *text)
{
	text_cstr(t, key);
	text_json(t, text, strlen(text));
}

static void put_type(struct text *t, uint16_t type)
{
	const char *name = dns_type_name(type);

	text_cstr(t, ",\"type\":\"");
	text_cstr(t, name != NULL ? name : "TYPE");
	if (name == NULL)
		text_u64(t, type);
	text_char(t, '"');
}

static void put_record(struct text *t, const struct dns_record *record)
{
	put_text(t, "{\"name\":", record->name);
	put_type(t, record->type);
	text_cstr(t, ",\"ttl\":");
	text_u64(t, record->ttl);
	put_text(t, ",\"data\":", record->data);
	text_char(t, '}');
}

static void put_edns(struct text *t, const struct dns_edns *edns)
{
	if (!edns->is_there) {
		text_cstr(t, ",\"edns\":null");
		return;
	}
	text_cstr(t, ",\"edns\":{\"version\":");
	text_u64(t, edns->version);
	text_cstr(t, ",\"udp_size\":");
	text_u64(t, edns->udp_size);
	text_cstr(t, edns->dnssec_ok ? ",\"dnssec_ok\":true" : ",\"dnssec_ok\":false");
	if (*edns->client_subnet)
		put_text(t, ",\"client_subnet\":", edns->client_subnet);
	else
		text_cstr(t, ",\"client_subnet\":null");
	text_cstr(t, ",\"options\":[");
	for (unsigned i = 0; i < edns->n_options; i++) {
		if (i > 0)
			text_char(t, ',');
		text_u64(t, edns->options[i]);
	}
	text_cstr(t, "]}");
}

enum { TYPE_OPT = 41 };

static const char *const sections[DNS_SECTIONS] = {[DNS_ANSWER] = "\"answers\":[",
	[DNS_AUTHORITY] = "],\"authorities\":[",
	[DNS_ADDITIONAL] = "],\"additionals\":["};

/* Records come section by section. */
static void put_records(struct text *t, struct dns_records *records)
{
	unsigned section = DNS_QUESTION, n = 0, n_of_section = 0;

	while (dns_records_next(records)) {
		const struct dns_record *record = &records->record;

		for (; section < record->section; n_of_section = 0)
			text_cstr(t, sections[++section]);
		if (section == DNS_QUESTION || record->type == TYPE_OPT || n == EVENT_RECORDS)
			continue;
		if (n_of_section++ > 0)
			text_char(t, ',');
		put_record(t, record);
		n++;
	}
	while (++section < DNS_SECTIONS)
		text_cstr(t, sections[section]);
	text_char(t, ']');
}

void event_dns_message(struct text *t, const struct details_found *found)
{
	struct dns_records records;
	struct cursor c = cursor_make(NULL, 0, 0);

	if (is_seen(found, DETAIL_dns_message))
		c = details_message(found->values[DETAIL_dns_message].bytes,
			found->values[DETAIL_dns_message].len);
	if (!dns_records_begin(&records, c.at, c.cap, c.wire)) {
		text_cstr(t, "\"answers\":null,\"authorities\":null,\"additionals\":null,"
			     "\"edns\":null");
		return;
	}
	put_records(t, &records);
	put_edns(t, &records.edns);
}

/* `len` 0: null. */
static void put_string(struct text *t, const char *key, const char *text, size_t len)
{
	text_cstr(t, key);
	if (len > 0)
		text_json(t, text, len);
	else
		text_cstr(t, "null");
}

/* The members of a certificate, in the order in which they are printed. */
enum {
	SUBJECT,
	ISSUER,
	NAMES,
	NOT_BEFORE,
	NOT_AFTER,
	SERIAL,
	FINGERPRINT_1,
	FINGERPRINT_256,
	MEMBERS
};

static const char *const member_keys[MEMBERS] = {"{\"subject\":", ",\"issuer\":", ",\"names\":",
	",\"not_before\":", ",\"not_after\":", ",\"serial\":", ",\"sha1\":", ",\"sha256\":"};
static const enum detail leaf_details[MEMBERS] = {DETAIL_tls_subject, DETAIL_tls_issuer,
	DETAIL_tls_names, DETAIL_tls_not_before, DETAIL_tls_not_after, DETAIL_tls_serial,
	DETAIL_tls_sha1, DETAIL_tls_sha256};

static bool put_leaf(struct text *t, const struct details_found *found)
{
	bool is_there = false;

	for (unsigned i = 0; i < MEMBERS; i++)
		is_there = is_there || is_seen(found, leaf_details[i]);
	for (unsigned i = 0; is_there && i < MEMBERS; i++) {
		const struct detail_value *v = &found->values[leaf_details[i]];

		if (is_seen(found, leaf_details[i]))
			put_string(t, member_keys[i], v->bytes, v->len);
		else
			put_string(t, member_keys[i], NULL, 0);
	}
	if (is_there)
		text_char(t, '}');
	return is_there;
}

static void put_digest(struct text *t, const char *key, const uint8_t *digest, size_t len)
{
	char text[TLS_SHA256_TEXT] = "";

	if (digest != NULL)
		tls_hex(digest, len, text, sizeof(text));
	put_string(t, key, text, strlen(text));
}

static void put_vouching(struct text *t, const char *bytes)
{
	struct tls_vouching v;
	const char *subject = bytes + sizeof(v), *issuer, *names, *serial;

	memcpy(&v, bytes, sizeof(v));
	issuer = subject + v.subject;
	names = issuer + v.issuer;
	serial = names + v.names;
	put_string(t, member_keys[SUBJECT], subject, v.subject);
	put_string(t, member_keys[ISSUER], issuer, v.issuer);
	put_string(t, member_keys[NAMES], names, v.names);
	put_string(t, member_keys[NOT_BEFORE], v.not_before, strlen(v.not_before));
	put_string(t, member_keys[NOT_AFTER], v.not_after, strlen(v.not_after));
	put_string(t, member_keys[SERIAL], serial, v.serial);
	put_digest(t, member_keys[FINGERPRINT_1], v.is_whole ? v.sha1 : NULL, sizeof(v.sha1));
	put_digest(t, member_keys[FINGERPRINT_256], v.is_whole ? v.sha256 : NULL,
		sizeof(v.sha256));
	text_char(t, '}');
}

void event_certificates(struct text *t, const struct details_found *found)
{
	struct text before = *t;
	const char *bytes;
	size_t len;

	text_cstr(t, "\"certificates\":[");
	if (!put_leaf(t, found)) {
		*t = before;
		text_cstr(t, "\"certificates\":null");
		return;
	}
	bytes = details_string(found->details, DETAIL_tls_certificates, &len);
	while (bytes != NULL) {
		text_char(t, ',');
		put_vouching(t, bytes);
		bytes = details_next(found->details, DETAIL_tls_certificates, bytes, &len);
	}
	text_char(t, ']');
}
