#include <ctype.h>
#include <netinet/in.h>
#include <string.h>

#include "inspect/dpi/inside.h"
#include "inspect/proto/http/http_head.h"

/* Whether the first line is whole, and ends as a request line does. */
static bool line_has_version(struct cursor bytes)
{
	static const char version[] = " HTTP/1.";
	const uint8_t *end = memchr(bytes.at, '\n', bytes.cap);

	if (!end)
		return false;
	end -= end > bytes.at && end[-1] == '\r';
	return end - bytes.at > (ptrdiff_t)sizeof(version) && isdigit(end[-1]) &&
	       memcmp(end - sizeof(version), version, sizeof(version) - 1) == 0;
}

/* A request line whose target is a path, "*", a URL or, of CONNECT, a host, or that has its version; or a status
 * line. Stricter than the parser, which takes what follows in a stream that is HTTP already. */
static bool begins(struct cursor bytes)
{
	static const char version[] = "HTTP/1.", connect[] = "CONNECT";
	const uint8_t *at = bytes.at, *blank;
	uint32_t n = bytes.cap < HTTP_METHOD_MAX + 6 ? bytes.cap : HTTP_METHOD_MAX + 6, target;

	if (n >= sizeof(version) - 1 && memcmp(at, version, sizeof(version) - 1) == 0)
		return true;
	blank = n ? memchr(at, ' ', n) : NULL;
	if (!blank || !http_head_may_begin(at, n))
		return false;
	target = (uint32_t)(blank - at) + 1;
	if (target == sizeof(connect) && memcmp(at, connect, sizeof(connect) - 1) == 0)
		return true;
	if (target < n && (at[target] == '/' || at[target] == '*'))
		return true;
	return (n - target >= 4 && memcmp(at + target, "http", 4) == 0) ||
	       line_has_version(bytes);
}

/* What is missing before the other side's first segment may be the beginning of a message. */
static void begin(struct reading *reading)
{
	const struct flow *flow = reading->flow;
	bool other_is_client = reading_is_from_server(reading);

	reading->reader->http.pair.stream[!reading->from_hi].is_late =
		!(flow->tcp_flags[!other_is_client] & TCP_SYN);
}

/* The flow's own details are those of its first transaction. */
static void keep_first(struct reading *reading, const struct http_transaction *transaction)
{
	if (reading->reader->http.kept)
		return;
	draft_http(reading_draft(reading), transaction);
	reading_keep(reading);
}

/* The response of a long poll comes late, or never. */
static void asked(void *ctx, const struct http_transaction *transaction)
{
	struct reading *reading = ctx;
	const struct transaction_sink *sink = &reading->dpi->transactions;
	const struct details *details;

	if (!sink->seen)
		return;
	draft_http(reading_draft(reading), transaction);
	details = draft_copy(&reading->dpi->draft, reading->dpi->transaction);
	sink->seen(sink->ctx, reading->flow, details_rows(details), reading->time_ns, details);
}

static void answered(void *ctx, const struct http_transaction *transaction)
{
	keep_first(ctx, transaction);
}

static void transaction(void *ctx, const struct http_transaction *t)
{
	struct reading *reading = ctx;

	keep_first(reading, t);
	reading->reader->http.kept = true;
	if (!flow_tells(reading->dpi, reading->flow, TRANSACTION_HTTP))
		return;
	draft_http(reading_draft(reading), t);
	flow_tell_draft(reading->dpi, reading->flow, TRANSACTION_HTTP,
		t->has_response && t->response_ns ? t->response_ns : t->request_ns);
}

static struct http_pair_sink sink_for(struct reading *reading)
{
	return (struct http_pair_sink){asked, answered, transaction, reading};
}

static void end(struct reading *reading)
{
	const struct http_pair_sink sink = sink_for(reading);

	http_pair_end(&reading->reader->http.pair, &reading->dpi->memory,
		&reading->flow->dpi->kept, &sink);
}

/* The flow's own details are there, and nobody asks for other transactions. */
static bool has_enough(const struct reading *reading)
{
	return reading->reader->http.kept &&
	       !transaction_is_wanted(&reading->dpi->transactions, TRANSACTION_HTTP);
}

/* What runs in a tunnel is another protocol's; one is looked for anew. */
static bool add(struct reading *reading, const struct stream_part *part)
{
	const struct http_pair_sink sink = sink_for(reading);
	struct http_segment segment = {*part, reading->from_hi, reading->time_ns};
	enum http_next next = http_pair_add(&reading->reader->http.pair, &reading->dpi->memory,
		&reading->flow->dpi->kept, &segment, &sink);

	if (next == HTTP_GOES_ON && !has_enough(reading))
		return true;
	reading->reader->over[!reading->from_hi] = true;
	reading->reader->is_tunnel = next == HTTP_CONNECTED;
	return false;
}

const struct parser http_parser = {IPPROTO_TCP, TRANSACTION_HTTP, begins, begin, add, end};
