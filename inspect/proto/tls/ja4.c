#include "inspect/proto/tls/ja4.h"

#include <nettle/sha2.h>
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

/* What is hashed is a list with commas, and maybe an underscore and another list: it is gathered, so that
 * SHA-256 gets whole blocks. */
struct hashed {
	struct sha256_ctx sha256;
	char text[8 * SHA256_BLOCK_SIZE];
	size_t len;
};

static void hash_text(struct hashed *hashed)
{
	sha256_update(&hashed->sha256, hashed->len, (const uint8_t *)hashed->text);
	hashed->len = 0;
}

/* `before` stands before it; NUL: nothing does. */
static void hash_number(struct hashed *hashed, char before, uint16_t number)
{
	const uint8_t bytes[2] = {(uint8_t)(number >> 8), (uint8_t)number};

	if (sizeof(hashed->text) - hashed->len < 1 + 2 * sizeof(bytes) + 1)
		hash_text(hashed);
	if (before)
		hashed->text[hashed->len++] = before;
	tls_hex(bytes, sizeof(bytes), hashed->text + hashed->len, 2 * sizeof(bytes) + 1);
	hashed->len += 2 * sizeof(bytes);
}

static void hash_numbers(struct hashed *hashed, const struct numbers *numbers)
{
	sha256_init(&hashed->sha256);
	hashed->len = 0;
	for (uint32_t i = 0; i < numbers->n; i++)
		hash_number(hashed, i ? ',' : '\0', numbers->number[i]);
}

static void hash_finish(struct hashed *hashed, char text[HASH + 1])
{
	uint8_t digest[HASH / 2];

	hash_text(hashed);
	sha256_digest(&hashed->sha256, sizeof(digest), digest);
	tls_hex(digest, sizeof(digest), text, HASH + 1);
}

static bool cipher_part(const struct tls_client_hello *hello, struct numbers *numbers,
	char text[HASH + 1], uint32_t *count)
{
	struct tls_bytes list = hello->ciphers;
	struct hashed hashed;
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
	hash_numbers(&hashed, numbers);
	hash_finish(&hashed, text);
	return true;
}

/* Those of the server's name and of ALPN are counted, and stand in the first part alone. */
static bool extension_part(const struct tls_client_hello *hello, struct numbers *numbers,
	char text[HASH + 1], uint32_t *count)
{
	struct tls_bytes list = hello->extensions, signatures = hello->signatures, body;
	struct hashed hashed;
	char before = '_';
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
	hash_numbers(&hashed, numbers);
	while (tls_number_next(&signatures, &number)) {
		if (tls_is_grease(number))
			continue;
		hash_number(&hashed, before, number);
		before = ',';
	}
	hash_finish(&hashed, text);
	return true;
}

static const char *version_part(uint16_t version)
{
	static const char *const names[] = {"s3", "10", "11", "12", "13"};

	if (version == 0x0002)
		return "s2";
	if (version == DTLS_1_0)
		return "d1";
	if (version == DTLS_1_2)
		return "d2";
	if (version == DTLS_1_3)
		return "d3";
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

/* With its NUL; returns where that is. */
static char *put_text(char *to, const char *text)
{
	size_t len = strlen(text);

	memcpy(to, text, len + 1);
	return to + len;
}

/* Two digits. */
static char *put_count(char *to, uint32_t count)
{
	if (count > COUNT_MAX)
		count = COUNT_MAX;
	*to++ = (char)('0' + count / 10);
	*to++ = (char)('0' + count % 10);
	return to;
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
	*text++ = (char)protocol;
	text = put_text(text, version_part(hello->version));
	*text++ = hello->has_sni ? 'd' : 'i';
	text = put_count(text, n_ciphers);
	text = put_count(text, n_extensions);
	text = put_text(text, alpn);
	*text++ = '_';
	text = put_text(text, ciphers);
	*text++ = '_';
	put_text(text, extensions);
	return true;
}
