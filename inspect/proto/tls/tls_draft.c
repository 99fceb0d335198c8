#include "inspect/proto/tls/tls_draft.h"
#include "inspect/proto/tls/ja3.h"
#include "inspect/proto/tls/tls_names.h"

#include <string.h>

static void draft_bytes(struct draft *draft, enum detail detail, struct tls_bytes bytes)
{
	draft_string(draft, detail, (const char *)bytes.at, bytes.len);
}

/* Names with commas between them, as many whole ones as fit. */
struct names {
	char text[DETAILS_STRING_MAX];
	size_t len;
};

static bool names_add(struct names *names, const void *name, size_t len)
{
	size_t comma = names->len ? 1 : 0;

	if (names->len + comma + len > sizeof(names->text))
		return false;
	names->text[names->len] = ',';
	if (len)
		memcpy(names->text + names->len + comma, name, len);
	names->len += comma + len;
	return true;
}

static void draft_alpn(struct draft *draft, struct tls_bytes list)
{
	struct names names = {.len = 0};
	struct tls_bytes name;

	while (tls_alpn_next(&list, &name) && names_add(&names, name.at, name.len))
		;
	draft_string(draft, DETAIL_tls_alpn, names.text, names.len);
}

void draft_tls_client_hello(
	struct draft *draft, const struct tls_client_hello *hello, enum ja4_protocol protocol)
{
	char text[JA4_TEXT];

	draft_bytes(draft, DETAIL_tls_sni, hello->sni);
	if (ja3_client(hello, text))
		draft_text(draft, DETAIL_tls_ja3, text);
	if (ja4_client(hello, protocol, text))
		draft_text(draft, DETAIL_tls_ja4, text);
	draft_alpn(draft, hello->alpn);
	if (hello->is_whole || hello->has_ech)
		draft_number(draft, DETAIL_tls_ech, hello->has_ech);
}

void draft_tls_server_hello(struct draft *draft, const struct tls_server_hello *hello)
{
	char text[JA3_TEXT];

	if (hello->is_retry)
		return;
	/* The extension that says which version it really is may be what was cut. */
	if (hello->is_whole || hello->version != TLS_1_2)
		draft_text(draft, DETAIL_tls_version, tls_version_text(hello->version, text));
	if (hello->has_cipher)
		draft_text(draft, DETAIL_tls_cipher, tls_cipher_text(hello->cipher, text));
	if (ja3_server(hello, text))
		draft_text(draft, DETAIL_tls_ja3s, text);
	draft_bytes(draft, DETAIL_tls_chosen_alpn, hello->alpn);
	if (hello->group)
		draft_tls_group(draft, hello->group);
}

void draft_tls_group(struct draft *draft, uint16_t group)
{
	const char *name = tls_group_name(group);
	char text[TLS_NAME_TEXT];

	draft_text(draft, DETAIL_tls_group, name ? name : tls_group_text(group, text));
	if (name)
		draft_number(draft, DETAIL_tls_post_quantum, tls_group_is_post_quantum(name));
}

void draft_tls_resumed(struct draft *draft, bool is_resumed)
{
	draft_number(draft, DETAIL_tls_resumed, is_resumed);
}

void draft_tls_alert(struct draft *draft, uint8_t description)
{
	char text[TLS_NAME_TEXT];

	draft_text(draft, DETAIL_tls_alert, tls_alert_text(description, text));
}

static void read_subject_names(struct names *names, struct tls_bytes list)
{
	char name[TLS_SUBJECT_NAME_TEXT];
	size_t len;

	while ((len = tls_subject_name_next(&list, name)) && names_add(names, name, len))
		;
}

static void draft_subject_names(struct draft *draft, struct tls_bytes list)
{
	struct names names = {.len = 0};

	read_subject_names(&names, list);
	draft_string(draft, DETAIL_tls_names, names.text, names.len);
}

static void draft_name(struct draft *draft, enum detail detail, struct tls_bytes name)
{
	char text[DETAILS_STRING_MAX];

	draft_string(draft, detail, text, tls_name_text(name, text, sizeof(text)));
}

enum { SERIAL_TEXT = 2 * 64 + 1 };

static void draft_serial(struct draft *draft, struct tls_bytes serial)
{
	char text[SERIAL_TEXT];

	tls_hex(serial.at, serial.len, text, sizeof(text));
	draft_text(draft, DETAIL_tls_serial, text);
}

void draft_tls_certificate(struct draft *draft, const struct tls_certificate *certificate)
{
	char text[TLS_SHA256_TEXT];

	draft_name(draft, DETAIL_tls_issuer, certificate->issuer);
	draft_name(draft, DETAIL_tls_subject, certificate->subject);
	draft_subject_names(draft, certificate->names);
	draft_text(draft, DETAIL_tls_not_before, certificate->not_before);
	draft_text(draft, DETAIL_tls_not_after, certificate->not_after);
	draft_serial(draft, certificate->serial);
	if (!certificate->is_whole)
		return;
	tls_sha1_text(certificate->der, text);
	draft_text(draft, DETAIL_tls_sha1, text);
	tls_sha256_text(certificate->der, text);
	draft_text(draft, DETAIL_tls_sha256, text);
}

void draft_tls_vouching(struct draft *draft, const struct tls_certificate *certificate)
{
	char subject[DETAILS_STRING_MAX], issuer[DETAILS_STRING_MAX], serial[SERIAL_TEXT];
	struct names names = {.len = 0};
	struct tls_vouching v = {.is_whole = certificate->is_whole};
	uint8_t *room;

	v.subject = (uint16_t)tls_name_text(certificate->subject, subject, sizeof(subject));
	v.issuer = (uint16_t)tls_name_text(certificate->issuer, issuer, sizeof(issuer));
	read_subject_names(&names, certificate->names);
	v.names = (uint16_t)names.len;
	tls_hex(certificate->serial.at, certificate->serial.len, serial, sizeof(serial));
	v.serial = (uint16_t)strlen(serial);
	memcpy(v.not_before, certificate->not_before, sizeof(v.not_before));
	memcpy(v.not_after, certificate->not_after, sizeof(v.not_after));
	if (v.is_whole) {
		tls_sha1(certificate->der, v.sha1);
		tls_sha256(certificate->der, v.sha256);
	}
	room = draft_room(draft, DETAIL_tls_certificates,
		(uint16_t)(sizeof(v) + v.subject + v.issuer + v.names + v.serial));
	if (!room)
		return;
	memcpy(room, &v, sizeof(v));
	room += sizeof(v);
	memcpy(room, subject, v.subject);
	memcpy(room + v.subject, issuer, v.issuer);
	memcpy(room + v.subject + v.issuer, names.text, v.names);
	memcpy(room + v.subject + v.issuer + v.names, serial, v.serial);
}
