#include "inspect/proto/tls/tls_hello.h"

#include <string.h>

#include "inspect/proto/tls/tls_names.h"

enum { RANDOM = 32, SESSION_ID_MAX = 32 };

enum extension {
	SERVER_NAME = 0,
	SUPPORTED_GROUPS = 10,
	EC_POINT_FORMATS = 11,
	SIGNATURE_ALGORITHMS = 13,
	ALPN = 16,
	SESSION_TICKET = 35,
	PRE_SHARED_KEY = 41,
	SUPPORTED_VERSIONS = 43,
	KEY_SHARE = 51,
	ENCRYPTED_CLIENT_HELLO = 0xfe0d,
};

/* SHA-256 of "HelloRetryRequest", in place of a random (RFC 8446, 4.1.3). */
static const uint8_t retry_random[RANDOM] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11,
	0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
	0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

/* A number of `size` bytes, 1 to 3. */
static uint32_t take_number(struct cursor *c, uint32_t size)
{
	const uint8_t *h = cursor_take(c, size);
	uint32_t number = 0;

	for (uint32_t i = 0; h && i < size; i++)
		number = number << 8 | h[i];
	return number;
}

/* A vector whose length stands in `size` bytes before it: as much of it as arrived. Steps over it. */
static struct tls_bytes take_vector(struct cursor *c, uint32_t size)
{
	uint32_t n = take_number(c, size);
	struct tls_bytes bytes = {c->at, 0};

	if (c->status != CURSOR_OK)
		return bytes;
	if (n > c->cap)
		c->status = n > c->wire ? CURSOR_BAD : CURSOR_CUT;
	if (c->status != CURSOR_BAD)
		bytes.len = n < c->cap ? n : c->cap;
	cursor_skip(c, bytes.len);
	return bytes;
}

/* The vector that is all of an extension's body; none where it lies. */
static struct tls_bytes only_vector(struct tls_bytes body, uint32_t size)
{
	struct cursor c = cursor_make(body.at, body.len, body.len);

	return take_vector(&c, size);
}

static struct cursor cursor_of(const struct tls_bytes *list)
{
	return cursor_make(list->at, list->len, list->len);
}

/* What is left of a list from the cursor on; after an element that is not whole, nothing. */
static bool list_step(struct tls_bytes *list, const struct cursor *c)
{
	list->at = c->at;
	list->len = c->status == CURSOR_OK ? c->cap : 0;
	return c->status == CURSOR_OK;
}

bool tls_number_next(struct tls_bytes *list, uint16_t *number)
{
	struct cursor c = cursor_of(list);

	*number = (uint16_t)take_number(&c, 2);
	return list_step(list, &c);
}

bool tls_alpn_next(struct tls_bytes *list, struct tls_bytes *name)
{
	struct cursor c = cursor_of(list);

	*name = take_vector(&c, 1);
	return list_step(list, &c);
}

bool tls_key_share_next(struct tls_bytes *list, uint16_t *group)
{
	struct cursor c = cursor_of(list);

	*group = (uint16_t)take_number(&c, 2);
	take_vector(&c, 2);
	return list_step(list, &c);
}

bool tls_extension_next(struct tls_bytes *list, uint16_t *type, struct tls_bytes *body)
{
	struct cursor c = cursor_of(list);

	*type = (uint16_t)take_number(&c, 2);
	*body = take_vector(&c, 2);
	return list_step(list, &c);
}

/* The name of type host_name, of which there is one (RFC 6066, 3). */
static struct tls_bytes host_name(struct tls_bytes body)
{
	struct tls_bytes list = only_vector(body, 2), name;
	struct cursor c = cursor_of(&list);

	while (c.status == CURSOR_OK && c.cap) {
		uint32_t type = take_number(&c, 1);

		name = take_vector(&c, 2);
		if (!type && c.status == CURSOR_OK)
			return name;
	}
	return (struct tls_bytes){NULL, 0};
}

/* DTLS counts down. */
static bool is_higher(uint16_t version, uint16_t than)
{
	if (!than)
		return true;
	return tls_is_dtls(version) && tls_is_dtls(than) ? version < than : version > than;
}

static uint16_t highest(struct tls_bytes versions, uint16_t otherwise)
{
	uint16_t version, found = 0;

	while (tls_number_next(&versions, &version))
		if (!tls_is_grease(version) && is_higher(version, found))
			found = version;
	return found ? found : otherwise;
}

/* The first of a kind counts: there may be only one (RFC 8446, 4.2). */
static void set_once(struct tls_bytes *field, struct tls_bytes value)
{
	if (!field->len)
		*field = value;
}

static void client_extension(
	struct tls_client_hello *hello, uint16_t type, struct tls_bytes body)
{
	switch (type) {
	case SERVER_NAME:
		hello->has_sni = true;
		set_once(&hello->sni, host_name(body));
		break;
	case SUPPORTED_GROUPS:
		set_once(&hello->groups, only_vector(body, 2));
		break;
	case EC_POINT_FORMATS:
		set_once(&hello->formats, only_vector(body, 1));
		break;
	case SIGNATURE_ALGORITHMS:
		set_once(&hello->signatures, only_vector(body, 2));
		break;
	case ALPN:
		set_once(&hello->alpn, only_vector(body, 2));
		break;
	case SESSION_TICKET:
		hello->has_ticket |= body.len > 0;
		break;
	case PRE_SHARED_KEY:
		hello->has_psk = true;
		break;
	case SUPPORTED_VERSIONS:
		set_once(&hello->versions, only_vector(body, 1));
		break;
	case KEY_SHARE:
		set_once(&hello->key_shares, only_vector(body, 2));
		break;
	case ENCRYPTED_CLIENT_HELLO:
		hello->has_ech |= body.len > 0 && !body.at[0]; /* outer */
		break;
	default:
		break;
	}
}

/* Version and random. false: not even the version is there, or it is none. */
static bool take_start(struct cursor *c, uint16_t *version, const uint8_t **random)
{
	*version = (uint16_t)take_number(c, 2);
	*random = cursor_take(c, RANDOM);
	return *version >> 8 == 3 || *version >> 8 == 0x7f || tls_is_dtls(*version);
}

static struct tls_bytes take_session_id(struct cursor *c)
{
	struct tls_bytes id = take_vector(c, 1);

	if (id.len > SESSION_ID_MAX)
		c->status = CURSOR_BAD;
	return id;
}

/* The extensions of a hello that has any, and whether it ends where they end. */
static struct tls_bytes take_extensions(struct cursor *c, bool *is_whole)
{
	struct tls_bytes extensions = {c->at, 0}, rest, body;
	uint16_t type;
	bool lies = false;

	if (c->status == CURSOR_OK && c->wire)
		extensions = take_vector(c, 2);
	rest = extensions;
	while (rest.len && !lies)
		lies = !tls_extension_next(&rest, &type, &body);
	*is_whole = c->status == CURSOR_OK && !c->wire && !lies;
	return extensions;
}

bool tls_client_hello_read(struct cursor body, struct tls_client_hello *hello)
{
	struct tls_bytes rest, extension;
	const uint8_t *random;
	uint16_t type;

	*hello = (struct tls_client_hello){.is_whole = false};
	if (!take_start(&body, &hello->legacy_version, &random))
		return false;
	hello->session_id = take_session_id(&body);
	if (tls_is_dtls(hello->legacy_version))
		take_vector(
			&body, 1); /* the cookie of a HelloVerifyRequest (RFC 6347, 4.2.1) */
	hello->ciphers = take_vector(&body, 2);
	hello->compressions = take_vector(&body, 1);
	hello->extensions = rest = take_extensions(&body, &hello->is_whole);
	while (tls_extension_next(&rest, &type, &extension))
		client_extension(hello, type, extension);
	hello->version = highest(hello->versions, hello->legacy_version);
	return true;
}

static void server_extension(
	struct tls_server_hello *hello, uint16_t type, struct tls_bytes body)
{
	struct tls_bytes list;

	switch (type) {
	case ALPN:
		list = only_vector(body, 2);
		tls_alpn_next(&list, &hello->alpn);
		break;
	case PRE_SHARED_KEY:
		hello->has_psk = true;
		break;
	case SUPPORTED_VERSIONS:
		tls_number_next(&body, &hello->version);
		break;
	case KEY_SHARE:
		tls_number_next(&body, &hello->group);
		break;
	default:
		break;
	}
}

bool tls_server_hello_read(struct cursor body, struct tls_server_hello *hello)
{
	struct tls_bytes rest, extension;
	const uint8_t *random;
	uint16_t type;
	bool early;

	*hello = (struct tls_server_hello){.is_whole = false};
	if (!take_start(&body, &hello->legacy_version, &random))
		return false;
	hello->version = hello->legacy_version;
	hello->is_retry = random && !memcmp(random, retry_random, RANDOM);
	/* Drafts of 1.3 before the 22nd had neither session id nor compression here. */
	early = hello->legacy_version >> 8 == 0x7f;
	if (!early)
		hello->session_id = take_session_id(&body);
	hello->cipher = (uint16_t)take_number(&body, 2);
	hello->has_cipher = body.status == CURSOR_OK;
	if (!early)
		take_number(&body, 1);
	hello->extensions = rest = take_extensions(&body, &hello->is_whole);
	while (tls_extension_next(&rest, &type, &extension))
		server_extension(hello, type, extension);
	return true;
}

static bool begins(const char *name, const char *with)
{
	return !strncmp(name, with, strlen(with));
}

uint16_t tls_key_exchange_group(struct cursor body, uint16_t cipher)
{
	enum { NAMED_CURVE = 3 };
	const char *name = tls_cipher_name(cipher);
	uint32_t type, group;

	if (!name || !(begins(name, "TLS_ECDHE_") || begins(name, "TLS_ECDH_anon_")))
		return 0;
	if (begins(name, "TLS_ECDHE_PSK_"))
		take_vector(&body, 2); /* the identity hint stands before (RFC 5489) */
	type = take_number(&body, 1);
	group = take_number(&body, 2);
	return body.status == CURSOR_OK && type == NAMED_CURVE ? (uint16_t)group : 0;
}
