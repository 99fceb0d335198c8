#include "inspect/proto/http/http_pair.h"

#include <string.h>
#include <strings.h>

enum { REQUEST_VALUES = HTTP_REFERER + 1 };

/* A request and its response, as far as they are known; either may be missing. */
struct http_exchange {
	struct http_exchange *next;
	uint64_t request_ns, response_ns;
	uint64_t request_bytes, response_bytes;
	uint32_t target_bytes;
	uint32_t size; /* of the block */
	uint16_t len[REQUEST_VALUES];
	uint16_t status, type_len;
	int8_t request_minor, response_minor;
	bool has_request, has_response, side;
	uint8_t type[HTTP_TYPE_MAX];
	uint8_t text[]; /* the request's values, one after the other */
};

/* One call: the pair, whose side it is, and who is told. */
struct call {
	struct http_pair *pair;
	struct memory *memory;
	struct memory_list *list;
	const struct http_pair_sink *sink;
	uint64_t time_ns;
	bool side;
};

static struct http_slice type_cut(struct http_slice type)
{
	type.len = type.len < HTTP_TYPE_MAX ? type.len : HTTP_TYPE_MAX;
	return type;
}

static void exchange_read(
	const struct http_exchange *e, const struct http_pair *pair, struct http_transaction *t)
{
	struct http_slice *const slices[REQUEST_VALUES] = {
		&t->method, &t->target, &t->host, &t->user_agent, &t->referer};
	const uint8_t *at = e->text;

	*t = (struct http_transaction){.has_request = e->has_request,
		.has_response = e->has_response,
		.side = e->side,
		.request_minor = e->request_minor,
		.response_minor = e->response_minor,
		.status = e->status,
		.target_bytes = e->target_bytes,
		.request_bytes = e->request_bytes,
		.response_bytes = e->response_bytes,
		.request_ns = e->request_ns,
		.response_ns = e->response_ns};
	if (e == pair->current[e->side]) /* it is still being sent */
		t->request_bytes = pair->stream[e->side].bytes;
	if (e->type_len)
		t->content_type = (struct http_slice){e->type, e->type_len};
	for (unsigned id = 0; id < REQUEST_VALUES; at += e->len[id++])
		if (e->len[id])
			*slices[id] = (struct http_slice){at, e->len[id]};
}

static void exchange_tell(const struct call *call, struct http_exchange *e)
{
	struct http_transaction t;

	exchange_read(e, call->pair, &t);
	call->sink->transaction(call->sink->ctx, &t);
	if (call->pair->current[e->side] == e)
		call->pair->current[e->side] = NULL;
	memory_free(e);
}

static struct http_exchange *exchange_make(const struct call *call, uint32_t text)
{
	uint32_t size = (uint32_t)sizeof(struct http_exchange) + text;
	struct http_exchange *e = memory_alloc(call->memory, call->list, size);

	if (e)
		*e = (struct http_exchange){.size = size,
			.side = call->side,
			.request_minor = HTTP_VERSION_UNKNOWN,
			.response_minor = HTTP_VERSION_UNKNOWN};
	return e;
}

/* ---- requests ---- */

static void request_push(struct http_pair *pair, struct http_exchange *e)
{
	if (pair->last)
		pair->last->next = e;
	else
		pair->first = e;
	pair->last = e;
	pair->n_open++;
	pair->open_bytes += e->size;
}

static struct http_exchange *request_pop(struct http_pair *pair)
{
	struct http_exchange *e = pair->first;

	if (!e)
		return NULL;
	pair->first = e->next;
	if (!pair->first)
		pair->last = NULL;
	pair->n_open--;
	pair->open_bytes -= e->size;
	return e;
}

/* What has no place among the open ones. */
static void request_unheld(const struct call *call, const struct http_message *m)
{
	struct http_transaction t = {.has_request = true,
		.side = call->side,
		.request_minor = m->minor,
		.response_minor = HTTP_VERSION_UNKNOWN,
		.target_bytes = m->target_bytes,
		.request_bytes = call->pair->stream[call->side].bytes,
		.request_ns = call->time_ns,
		.method = m->value[HTTP_METHOD],
		.target = m->value[HTTP_TARGET],
		.host = m->value[HTTP_HOST],
		.user_agent = m->value[HTTP_USER_AGENT],
		.referer = m->value[HTTP_REFERER]};

	call->pair->unheld++;
	call->sink->transaction(call->sink->ctx, &t);
}

static void request_fill(
	const struct call *call, const struct http_message *m, struct http_exchange *e)
{
	uint8_t *at = e->text;

	e->has_request = true;
	e->request_ns = call->time_ns;
	e->request_minor = m->minor;
	e->target_bytes = m->target_bytes;
	for (unsigned id = 0; id < REQUEST_VALUES; id++) {
		e->len[id] = (uint16_t)m->value[id].len;
		if (e->len[id])
			memcpy(at, m->value[id].bytes, e->len[id]);
		at += e->len[id];
	}
}

/* Another request is kept only while it is sure which response will be its own. */
static void request_take(const struct call *call, const struct http_message *m)
{
	struct http_pair *pair = call->pair;
	struct http_exchange *e = NULL;
	uint32_t text = 0;

	for (unsigned id = 0; id < REQUEST_VALUES; id++)
		text += m->value[id].len;
	if (!pair->unheld && pair->n_open < HTTP_OPEN_MAX &&
		pair->open_bytes + text < HTTP_OPEN_BYTES)
		e = exchange_make(call, text);
	pair->asks[call->side] = true;
	pair->current[call->side] = e;
	if (!e) {
		request_unheld(call, m);
		return;
	}
	request_fill(call, m, e);
	request_push(pair, e);
	if (call->sink->asked) {
		struct http_transaction t;

		exchange_read(e, pair, &t);
		call->sink->asked(call->sink->ctx, &t);
	}
}

/* ---- responses ---- */

static bool asked_with(const struct http_exchange *e, const char *method)
{
	size_t len = strlen(method);

	return e && e->len[HTTP_METHOD] == len && !memcmp(e->text, method, len);
}

static bool upgrades_to(const struct http_message *m, const char *protocol)
{
	struct http_slice upgrade = m->value[HTTP_UPGRADE];
	size_t len = strlen(protocol);

	return upgrade.len == len && !strncasecmp((const char *)upgrade.bytes, protocol, len);
}

static enum http_next next_of(const struct http_exchange *e, const struct http_message *m)
{
	if (m->status / 100 == 2 && asked_with(e, "CONNECT"))
		return HTTP_CONNECTED;
	if (m->status != 101)
		return HTTP_GOES_ON;
	if (upgrades_to(m, "websocket"))
		return HTTP_WEBSOCKET;
	return upgrades_to(m, "h2c") ? HTTP_H2 : HTTP_UPGRADED;
}

static enum http_body body_of(const struct http_exchange *e, const struct http_message *m)
{
	if (next_of(e, m) != HTTP_GOES_ON)
		return HTTP_NO_MORE;
	if (m->status / 100 == 1 || m->status == 204 || m->status == 304 ||
		asked_with(e, "HEAD"))
		return HTTP_BODY_NONE;
	return HTTP_BODY_AS_SAID;
}

/* The exchange that a response is of. NULL: its request was told already, or there is no memory. Who asked
 * does not answer himself. */
static struct http_exchange *response_open(const struct call *call)
{
	struct http_exchange *e = call->pair->first;

	if (e && e->side != call->side)
		return request_pop(call->pair);
	if (!e && call->pair->unheld) {
		call->pair->unheld--;
		return NULL;
	}
	e = exchange_make(call, 0);
	if (e)
		e->side = !call->side;
	return e;
}

static enum http_body response_take(const struct call *call, const struct http_message *m)
{
	struct http_slice type = type_cut(m->value[HTTP_CONTENT_TYPE]);
	struct http_pair *pair = call->pair;
	struct http_exchange *e;
	struct http_transaction t;
	enum http_body body;

	if (m->status / 100 == 1 && m->status != 101)
		return HTTP_BODY_NONE;
	e = response_open(call);
	body = body_of(e, m);
	if (body == HTTP_NO_MORE)
		pair->next = (uint8_t)next_of(e, m);
	pair->current[call->side] = e;
	if (!e)
		return body;
	e->has_response = true;
	e->response_ns = call->time_ns;
	e->response_minor = m->minor;
	e->status = m->status;
	e->type_len = (uint16_t)type.len;
	if (type.len)
		memcpy(e->type, type.bytes, type.len);
	if (call->sink->answered) {
		exchange_read(e, pair, &t);
		t.response_bytes = pair->stream[call->side].bytes;
		call->sink->answered(call->sink->ctx, &t);
	}
	return body;
}

/* ---- what a stream says ---- */

static enum http_body take_head(void *ctx, const struct http_message *m)
{
	const struct call *call = ctx;

	if (m->is_h2) {
		call->pair->next = HTTP_H2;
		return HTTP_NO_MORE;
	}
	if (m->is_response)
		return response_take(call, m);
	request_take(call, m);
	return HTTP_BODY_AS_SAID;
}

static void take_end(void *ctx, uint64_t bytes)
{
	const struct call *call = ctx;
	struct http_exchange *e = call->pair->current[call->side];

	call->pair->current[call->side] = NULL;
	if (e && e->side == call->side) {
		e->request_bytes = bytes;
	} else if (e) {
		e->response_bytes = bytes;
		exchange_tell(call, e);
	}
}

static void give_up_open(const struct call *call)
{
	struct http_exchange *e;

	while ((e = request_pop(call->pair)))
		exchange_tell(call, e);
	call->pair->unheld = 0;
}

static void take_lost(void *ctx)
{
	const struct call *call = ctx;

	if (!call->pair->asks[call->side])
		give_up_open(call);
}

/* ---- the connection ---- */

static struct http_sink sink_of(struct call *call)
{
	return (struct http_sink){take_head, take_end, take_lost, call};
}

enum http_next http_pair_add(struct http_pair *pair, struct memory *memory,
	struct memory_list *list, struct http_segment *segment,
	const struct http_pair_sink *sink)
{
	struct call call = {pair, memory, list, sink, segment->time_ns, segment->side};
	const struct http_sink of = sink_of(&call);

	if (pair->next != HTTP_GOES_ON)
		return (enum http_next)pair->next;
	http_stream_add(&pair->stream[segment->side], memory, list, &segment->part, &of);
	if (pair->next == HTTP_GOES_ON && pair->stream[0].state == HTTP_OVER &&
		pair->stream[1].state == HTTP_OVER)
		pair->next = HTTP_GIVEN_UP;
	if (pair->next != HTTP_GOES_ON)
		http_pair_end(pair, memory, list, sink);
	return (enum http_next)pair->next;
}

void http_pair_end(struct http_pair *pair, struct memory *memory, struct memory_list *list,
	const struct http_pair_sink *sink)
{
	struct call call = {.pair = pair, .memory = memory, .list = list, .sink = sink};
	const struct http_sink of = sink_of(&call);

	for (unsigned side = 0; side < 2; side++) {
		call.side = side;
		http_stream_end(&pair->stream[side], &of);
	}
	give_up_open(&call);
}
