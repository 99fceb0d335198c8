/* URLs in one form: what a list names and what a request asks for are written in many. */
#include <string.h>

#include "inspect/detect/lists/list_key.h"

enum { SCHEME_MAX = 16 };

struct span {
	const char *at;
	size_t len;
};

static void span_skip(struct span *s, size_t n)
{
	s->at += n;
	s->len -= n;
}

/* "scheme://" at its beginning (RFC 3986, 3.1). */
static void scheme_skip(struct span *url)
{
	size_t n = 0;

	while (n < url->len && n < SCHEME_MAX && url->at[n] != ':' && url->at[n] != '/')
		n++;
	if (n > 0 && n + 2 < url->len && memcmp(url->at + n, "://", 3) == 0)
		span_skip(url, n + 3);
}

static size_t authority_len(const struct span *url)
{
	size_t n = 0;

	while (n < url->len && !memchr("/?#", url->at[n], 3))
		n++;
	return n;
}

/* Bytes of the host; a port is what follows it. */
static size_t host_len(const struct span *authority)
{
	size_t n = 0;
	const char *bracket = authority->len > 0 && *authority->at == '['
				      ? memchr(authority->at, ']', authority->len)
				      : NULL;

	if (bracket)
		return (size_t)(bracket - authority->at) + 1;
	while (n < authority->len && authority->at[n] != ':')
		n++;
	return n;
}

static bool is_port_implied(const char *port, size_t len)
{
	return len <= 1 || (len == 3 && memcmp(port, ":80", 3) == 0) ||
	       (len == 4 && memcmp(port, ":443", 4) == 0);
}

/* The authority's host and port; 0: it has no host, or they have no room. */
static size_t authority_normal(struct span authority, uint8_t out[LIST_KEY_MAX])
{
	const char *user = memrchr(authority.at, '@', authority.len);
	size_t host, n, port;

	if (user)
		span_skip(&authority, (size_t)(user - authority.at) + 1);
	host = host_len(&authority);
	port = authority.len - host;
	n = host > 0 && authority.at[host - 1] == '.' ? host - 1 : host;
	if (is_port_implied(authority.at + host, port))
		port = 0;
	if (n == 0 || n + port > LIST_KEY_MAX)
		return 0;
	for (size_t i = 0; i < n; i++)
		out[i] = list_lower((uint8_t)authority.at[i]);
	memcpy(out + n, authority.at + host, port);
	return n + port;
}

size_t list_url_normal(const char *url, size_t len, uint8_t out[LIST_KEY_MAX])
{
	struct span rest = {url, len};
	const char *fragment;
	size_t n, authority;
	bool is_bare;

	scheme_skip(&rest);
	authority = authority_len(&rest);
	n = authority_normal((struct span){rest.at, authority}, out);
	span_skip(&rest, authority);
	fragment = memchr(rest.at, '#', rest.len);
	if (fragment)
		rest.len = (size_t)(fragment - rest.at);
	is_bare = rest.len == 0 || *rest.at != '/';
	if (n == 0 || n + is_bare + rest.len > LIST_KEY_MAX)
		return 0;
	if (is_bare)
		out[n++] = '/';
	memcpy(out + n, rest.at, rest.len);
	return n + rest.len;
}

size_t list_url_host(const uint8_t *normal, size_t len)
{
	const uint8_t *slash = memchr(normal, '/', len);
	const struct span authority = {
		(const char *)normal, slash ? (size_t)(slash - normal) : len};

	return host_len(&authority);
}
