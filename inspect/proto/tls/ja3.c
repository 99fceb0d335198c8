#include "inspect/proto/tls/ja3.h"

#include <nettle/md5.h>
#include <string.h>

#include "inspect/proto/tls/tls_certificate.h"
#include "inspect/proto/tls/tls_names.h"

static void add_char(const struct ja3_sink *sink, char c)
{
	sink->add(sink->ctx, &c, 1);
}

static void add_number(const struct ja3_sink *sink, unsigned number)
{
	char text[10], *end = text + sizeof(text), *at = end;

	do {
		*--at = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	sink->add(sink->ctx, at, (size_t)(end - at));
}

/* An element of a list; `first` is whether none was written before. */
static void add_element(const struct ja3_sink *sink, unsigned number, bool *first)
{
	if (!*first)
		add_char(sink, '-');
	*first = false;
	add_number(sink, number);
}

static void add_numbers(const struct ja3_sink *sink, struct tls_bytes list)
{
	bool first = true;
	uint16_t number;

	while (tls_number_next(&list, &number))
		if (!tls_is_grease(number))
			add_element(sink, number, &first);
}

static void add_extensions(const struct ja3_sink *sink, struct tls_bytes list)
{
	struct tls_bytes body;
	bool first = true;
	uint16_t type;

	while (tls_extension_next(&list, &type, &body))
		if (!tls_is_grease(type))
			add_element(sink, type, &first);
}

void ja3_client_string(const struct tls_client_hello *hello, const struct ja3_sink *sink)
{
	bool first = true;

	add_number(sink, hello->legacy_version);
	add_char(sink, ',');
	add_numbers(sink, hello->ciphers);
	add_char(sink, ',');
	add_extensions(sink, hello->extensions);
	add_char(sink, ',');
	add_numbers(sink, hello->groups);
	add_char(sink, ',');
	for (uint32_t i = 0; i < hello->formats.len; i++)
		add_element(sink, hello->formats.at[i], &first);
}

void ja3_server_string(const struct tls_server_hello *hello, const struct ja3_sink *sink)
{
	add_number(sink, hello->legacy_version);
	add_char(sink, ',');
	add_number(sink, hello->cipher);
	add_char(sink, ',');
	add_extensions(sink, hello->extensions);
}

/* The string is gathered, so that MD5 gets whole blocks. */
struct hashed {
	struct md5_ctx md5;
	char text[8 * MD5_BLOCK_SIZE];
	size_t len;
};

static void hash_text(struct hashed *hashed)
{
	md5_update(&hashed->md5, hashed->len, (const uint8_t *)hashed->text);
	hashed->len = 0;
}

/* A piece is a number or a character. */
static void hash_piece(void *ctx, const char *text, size_t len)
{
	struct hashed *hashed = ctx;

	if (len > sizeof(hashed->text) - hashed->len)
		hash_text(hashed);
	memcpy(hashed->text + hashed->len, text, len);
	hashed->len += len;
}

static void hash_begin(struct hashed *hashed)
{
	md5_init(&hashed->md5);
	hashed->len = 0;
}

static void hash_finish(struct hashed *hashed, char text[JA3_TEXT])
{
	uint8_t digest[MD5_DIGEST_SIZE];

	hash_text(hashed);
	md5_digest(&hashed->md5, sizeof(digest), digest);
	tls_hex(digest, sizeof(digest), text, JA3_TEXT);
}

bool ja3_client(const struct tls_client_hello *hello, char text[JA3_TEXT])
{
	struct hashed hashed;

	if (!hello->is_whole)
		return false;
	hash_begin(&hashed);
	ja3_client_string(hello, &(struct ja3_sink){hash_piece, &hashed});
	hash_finish(&hashed, text);
	return true;
}

bool ja3_server(const struct tls_server_hello *hello, char text[JA3_TEXT])
{
	struct hashed hashed;

	if (!hello->is_whole)
		return false;
	hash_begin(&hashed);
	ja3_server_string(hello, &(struct ja3_sink){hash_piece, &hashed});
	hash_finish(&hashed, text);
	return true;
}
