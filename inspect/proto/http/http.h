/* HTTP/1 (RFC 9112, 9110): what its messages say, and what a request and its response say together.
 *
 * Strings are slices of the packet or of the parser's own memory: any bytes, valid during the call that
 * gives them. They are cut to the bounds below. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	HTTP_METHOD_MAX = 32,
	HTTP_TARGET_MAX = 4096,
	HTTP_VALUE_MAX = 1024,
	HTTP_TYPE_MAX = 128,       /* of a transaction's content type */
	HTTP_HEAD_MAX = 64 * 1024, /* bytes of a head; a longer one is taken as cut there */
	HTTP_FIELDS_MAX = 1024,    /* and so is one of more fields */
	HTTP_LOST_MAX =
		1024 * 1024, /* bytes of whole lines in which a message is looked for again */
};

struct http_slice {
	const uint8_t *bytes; /* NULL: not seen, or empty */
	uint32_t len;
};

enum http_value {
	HTTP_METHOD,
	HTTP_TARGET,
	HTTP_HOST,
	HTTP_USER_AGENT,
	HTTP_REFERER,
	HTTP_CONTENT_TYPE,
	HTTP_UPGRADE,
	HTTP_VALUES
};

enum { HTTP_VERSION_UNKNOWN = -1 };

/* The head of one message: of a field that is repeated the first, without white space around it. */
struct http_message {
	struct http_slice value[HTTP_VALUES];
	uint32_t target_bytes; /* of the whole target */
	uint16_t status;       /* of a response */
	int8_t minor;          /* HTTP/1.minor */
	bool is_response;
	bool is_h2;  /* no HTTP/1: the preface of HTTP/2 (RFC 9113, 3.4) */
	bool is_cut; /* lines are missing at its end: the rest of the message is not known */
};

/* A request and its response, or one of them. */
struct http_transaction {
	bool has_request, has_response;
	bool side; /* which side asked */
	int8_t request_minor, response_minor;
	uint16_t status;
	uint32_t target_bytes; /* of the whole target */
	/* Lines and body as they were sent, chunks' sizes and what was not captured of a body included. */
	uint64_t request_bytes, response_bytes;
	uint64_t request_ns, response_ns; /* packet time of the ends of the heads */
	struct http_slice method, target, host, user_agent, referer; /* of the request */
	struct http_slice content_type;                              /* of the response */
};
