#include "inspect/proto/tls/ja4.h"

#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>

#include "inspect/proto/tls/tls_certificate.h"
#include "inspect/proto/tls/tls_names.h"

enum { HASH = 12 /* digits of a hash */, COUNT_MAX = 99, SERVER_NAME = 0, ALPN = 16 };

struct numbers {
	uint32_t n;
	uint16_t number[JA4_LIST_MAX];
};

static bool add(struct numbers *numbers, uint16_t number)
{
	if (numbers->n == JA4_LIST_MAX)
		return false;
	numbers->number[numbers->n++] = number;
	return true;
}

/* Lets number `i` sink to its place in a heap of `n`, the largest of which is on top. */
static void sift(uint16_t *heap, uint32_t i, uint32_t n)
{
	uint16_t number = heap[i];

	for (uint32_t child; (child = 2 * i + 1) < n; i = child) {
		if (child + 1 < n && heap[child + 1] > heap[child])
			child++;
		if (heap[child] <= number)
			break;
		heap[i] = heap[child];
	}
	heap[i] = number;
}

/* A heap sort: neither memory nor more than n log n steps, whatever the hello has. */
static void sort(struct numbers *numbers)
{
	uint16_t *heap = numbers->number;

	for (uint32_t i = numbers->n / 2; i-- > 0;)
		sift(heap, i, numbers->n);
	for (uint32_t n = numbers->n; n > 1;) {
		uint16_t largest = heap[0];

		heap[0] = heap[--n];
		heap[n] = largest;
		sift(heap, 0, n);
	}
}

/* What is hashed is a list with commas, and maybe an underscore and another list. */
static void hash_number(struct sha256_ctx *sha256, const char *before, uint16_t number)
{
	uint8_t bytes[2] = {(uint8_t)(number >> 8), (uint8_t)number};
	char text[5];

	tls_hex(bytes, sizeof(bytes), text, sizeof(text));
	sha256_update(sha256, strlen(before), (const uint8_t *)before);
	sha256_update(sha256, sizeof(text) - 1, (const uint8_t *)text);
}

static void hash_numbers(struct sha256_ctx *sha256, const struct numbers *numbers)
{
	sha256_init(sha256);
	for (uint32_t i = 0; i < numbers->n; i++)
		hash_number(sha256, i ? "," : "", numbers->number[i]);
}

static void hash_finish(struct sha256_ctx *sha256, char text[HASH + 1])
{
	uint8_t digest[HASH / 2];

	sha256_digest(sha256, sizeof(digest), digest);
	tls_hex(digest, sizeof(digest), text, HASH + 1);
}

static bool cipher_part(const struct tls_client_hello *hello, struct numbers *numbers,
	char text[HASH + 1], uint32_t *count)
{
	struct tls_bytes list = hello->ciphers;
	struct sha256_ctx sha256;
	uint16_t cipher;

	numbers->n = 0;
	while (tls_number_next(&list, &cipher))
		if (!tls_is_grease(cipher) && !add(numbers, cipher))
			return false;
	*count = numbers->n;
	memset(text, '0', HASH);
	text[HASH] = '\0';
	if (!numbers->n)
		return true;
	sort(numbers);
	hash_numbers(&sha256, numbers);
	hash_finish(&sha256, text);
	return true;
}

/* Those of the server's name and of ALPN are counted, and stand in the first part alone. */
static bool extension_part(const struct tls_client_hello *hello, struct numbers *numbers,
	char text[HASH + 1], uint32_t *count)
{
	struct tls_bytes list = hello->extensions, signatures = hello->signatures, body;
	const char *before = "_";
	struct sha256_ctx sha256;
	uint16_t number;

	*count = numbers->n = 0;
	while (tls_extension_next(&list, &number, &body)) {
		if (tls_is_grease(number))
			continue;
		(*count)++;
		if (number != SERVER_NAME && number != ALPN && !add(numbers, number))
			return false;
	}
	memset(text, '0', HASH);
	text[HASH] = '\0';
	if (!numbers->n)
		return true;
	sort(numbers);
	hash_numbers(&sha256, numbers);
	while (tls_number_next(&signatures, &number)) {
		if (tls_is_grease(number))
			continue;
		hash_number(&sha256, before, number);
		before = ",";
	}
	hash_finish(&sha256, text);
	return true;
}

static const char *version_part(uint16_t version)
{
	static const char *const names[] = {"s3", "10", "11", "12", "13"};

	if (version == 0x0002)
		return "s2";
	if (version >> 8 == 3 && (version & 0xff) < sizeof(names) / sizeof(*names))
		return names[version & 0xff];
	return "00";
}

static bool is_alphanumeric(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* The first and the last character of the first name; of its hex where one is no letter or digit. */
static void alpn_part(struct tls_bytes list, char text[3])
{
	struct tls_bytes name = {NULL, 0};
	char first[3], last[3];

	memcpy(text, "00", 3);
	while (tls_alpn_next(&list, &name))
		if (name.len != 2 || !tls_is_grease(be16(name.at)))
			break;
	if (!name.len || (name.len == 2 && tls_is_grease(be16(name.at))))
		return;
	text[0] = (char)name.at[0];
	text[1] = (char)name.at[name.len - 1];
	if (is_alphanumeric(name.at[0]) && is_alphanumeric(name.at[name.len - 1]))
		return;
	tls_hex(name.at, 1, first, sizeof(first));
	tls_hex(name.at + name.len - 1, 1, last, sizeof(last));
	text[0] = first[0];
	text[1] = last[1];
}

bool ja4_client(
	const struct tls_client_hello *hello, enum ja4_protocol protocol, char text[JA4_TEXT])
{
	char ciphers[HASH + 1], extensions[HASH + 1], alpn[3];
	uint32_t n_ciphers, n_extensions;
	struct numbers numbers;

	if (!hello->is_whole || !cipher_part(hello, &numbers, ciphers, &n_ciphers) ||
		!extension_part(hello, &numbers, extensions, &n_extensions))
		return false;
	alpn_part(hello->alpn, alpn);
	snprintf(text, JA4_TEXT, "%c%s%c%02u%02u%s_%s_%s", (char)protocol,
		version_part(hello->version), hello->has_sni ? 'd' : 'i',
		n_ciphers < COUNT_MAX ? n_ciphers : COUNT_MAX,
		n_extensions < COUNT_MAX ? n_extensions : COUNT_MAX, alpn, ciphers, extensions);
	return true;
}
