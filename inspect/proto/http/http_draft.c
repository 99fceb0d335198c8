#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "inspect/proto/details_draft.h"
#include "inspect/proto/http/http.h"

static void draft_slice(struct draft *draft, enum detail detail, struct http_slice s)
{
	draft_string(draft, detail, (const char *)s.bytes, s.len);
}

/* Where the path of an absolute target begins, whose authority is after "scheme://" (RFC 9112, 3.2.2).
 * 0: it is none. */
static uint32_t authority_at(struct http_slice target)
{
	const uint8_t *colon = target.len ? memchr(target.bytes, ':', target.len) : NULL;
	uint32_t at = colon ? (uint32_t)(colon - target.bytes) : 0;

	for (uint32_t i = 0; i < at; i++)
		if (!isalnum(target.bytes[i]) && !strchr("+-.", target.bytes[i]))
			return 0;
	return at && target.len - at > 3 && colon[1] == '/' && colon[2] == '/' ? at + 3 : 0;
}

static bool is_connect(const struct http_transaction *t)
{
	return t->method.len == 7 && !memcmp(t->method.bytes, "CONNECT", 7);
}

/* The Host field, or without one what the target says: an absolute one, or that of CONNECT. */
static struct http_slice authority(const struct http_transaction *t)
{
	struct http_slice target = t->target;
	uint32_t at = authority_at(target), len = 0;

	if (t->host.len || !target.len || (!at && !is_connect(t)))
		return t->host;
	target.bytes += at;
	target.len -= at;
	while (len < target.len && !strchr("/?#", target.bytes[len]))
		len++;
	target.len = len;
	return target;
}

static char lower(uint8_t byte)
{
	return (char)(byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte);
}

/* Without port, in lower case. An IPv6 address keeps its brackets (RFC 3986, 3.2.2), which tell its colons
 * from that of a port. */
static void draft_host(struct draft *draft, struct http_slice host)
{
	const uint8_t *end =
		host.len && *host.bytes == '[' ? memchr(host.bytes, ']', host.len) : NULL;
	uint32_t n = end ? (uint32_t)(end - host.bytes) : 0;
	char text[HTTP_TARGET_MAX];

	while (n < host.len && host.bytes[n] != ':')
		n++;
	for (uint32_t i = 0; i < n; i++)
		text[i] = lower(host.bytes[i]);
	draft_string(draft, DETAIL_http_host, text, n);
}

/* The host as it was sent, and the target; a target that names the host stands for itself. */
static void draft_url(struct draft *draft, const struct http_transaction *t)
{
	char text[DETAILS_STRING_MAX];
	uint32_t n = 0, room;

	if (!t->target.len)
		return;
	if (!authority_at(t->target) && !is_connect(t)) {
		n = t->host.len < sizeof(text) ? t->host.len : (uint32_t)sizeof(text);
		if (n)
			memcpy(text, t->host.bytes, n);
	}
	room = (uint32_t)sizeof(text) - n;
	room = t->target.len < room ? t->target.len : room;
	memcpy(text + n, t->target.bytes, room);
	draft_string(draft, DETAIL_http_url, text, n + room);
}

/* Without parameters. */
static void draft_type(struct draft *draft, struct http_slice type)
{
	const uint8_t *end = type.len ? memchr(type.bytes, ';', type.len) : NULL;

	if (end)
		type.len = (uint32_t)(end - type.bytes);
	while (type.len &&
		(type.bytes[type.len - 1] == ' ' || type.bytes[type.len - 1] == '\t'))
		type.len--;
	draft_slice(draft, DETAIL_http_content_type, type);
}

static void draft_version(struct draft *draft, int8_t minor)
{
	const char text[] = {'1', '.', (char)('0' + minor)};

	if (minor != HTTP_VERSION_UNKNOWN)
		draft_string(draft, DETAIL_http_version, text, sizeof(text));
}

void draft_http(struct draft *draft, const struct http_transaction *t)
{
	draft_reset(draft);
	if (t->has_request) {
		draft_version(draft, t->request_minor);
		draft_host(draft, authority(t));
		draft_url(draft, t);
		draft_slice(draft, DETAIL_http_method, t->method);
		draft_slice(draft, DETAIL_http_user_agent, t->user_agent);
		draft_slice(draft, DETAIL_http_referer, t->referer);
		draft_number(draft, DETAIL_http_request_bytes, t->request_bytes);
	}
	if (t->has_response) {
		draft_version(draft, t->response_minor);
		draft_number(draft, DETAIL_http_status, t->status);
		draft_type(draft, t->content_type);
		draft_number(draft, DETAIL_http_response_bytes, t->response_bytes);
	}
}
