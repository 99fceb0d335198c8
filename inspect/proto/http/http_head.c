#include "inspect/proto/http/http_head.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum {
	NAME_MAX_LEN = 32, /* of a field that we read */
	VERSION_LEN = 8,   /* HTTP/1.1 */
	STATUS_LEN = VERSION_LEN + 4,
	PREFACE_LEN = 14,
	DIGITS_MAX = 18, /* so that a length fits in 63 bits */
};

/* Beside the values: fields that say where the message ends, and those that we do not read. */
enum { FIELD_LENGTH = HTTP_VALUES, FIELD_CODING, FIELD_OTHER };

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

/* RFC 9110, 5.6.2. */
static bool is_token(uint8_t byte)
{
	return isalnum(byte) || (byte && strchr("!#$%&'*+-.^_`|~", byte));
}

static bool is_version(const uint8_t *bytes)
{
	return !memcmp(bytes, "HTTP/1.", VERSION_LEN - 1) && isdigit(bytes[VERSION_LEN - 1]);
}

static struct http_slice trim(struct http_slice s)
{
	while (s.len && is_blank(*s.bytes)) {
		s.bytes++;
		s.len--;
	}
	while (s.len && is_blank(s.bytes[s.len - 1]))
		s.len--;
	return s;
}

static bool slice_is(struct http_slice s, const char *text)
{
	return s.len == strlen(text) && !strncasecmp((const char *)s.bytes, text, s.len);
}

static void value_set(struct http_head *head, enum http_value id, struct http_slice value)
{
	value.len = least(value.len, id == HTTP_TARGET ? HTTP_TARGET_MAX : HTTP_VALUE_MAX);
	head->value[id] = value;
	head->seen |= (uint8_t)(1 << id);
}

/* Length of the method at the beginning; 0: there is none, or its end is not there. */
static uint32_t method_len(const uint8_t *bytes, uint32_t n)
{
	uint32_t len = 0;

	while (len < n && len <= HTTP_METHOD_MAX && is_token(bytes[len]))
		len++;
	return len < n && len <= HTTP_METHOD_MAX && bytes[len] == ' ' ? len : 0;
}

bool http_head_may_begin(const uint8_t *bytes, uint32_t n)
{
	uint32_t len = 0;

	if (!memcmp(bytes, "HTTP/1.", least(n, VERSION_LEN - 1)) || (n == 1 && *bytes == '\r'))
		return true;
	while (len < n && is_token(bytes[len]))
		len++;
	return len <= HTTP_METHOD_MAX && (len == n || (len && bytes[len] == ' '));
}

/* "HTTP/1.1 200 OK", where the reason, and the blank before it, may be missing. */
static bool begin_response(struct http_head *head, const struct http_line *line)
{
	const uint8_t *code = line->at + VERSION_LEN + 1;

	if (line->kept < STATUS_LEN || !is_version(line->at) || line->at[VERSION_LEN] != ' ')
		return false;
	if (code[0] < '1' || code[0] > '9' || !isdigit(code[1]) || !isdigit(code[2]))
		return false;
	if (line->kept > STATUS_LEN && line->at[STATUS_LEN] != ' ')
		return false;
	head->is_response = true;
	head->minor = (int8_t)(line->at[VERSION_LEN - 1] - '0');
	head->status = (uint16_t)(100 * (code[0] - '0') + 10 * (code[1] - '0') + code[2] - '0');
	return true;
}

static bool is_target(const uint8_t *bytes, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (bytes[i] < ' ' || bytes[i] == 0x7f)
			return false;
	return n > 0;
}

/* The target is all between the first blank and the last: one with blanks in it is wrong, and seen in
 * attacks. The line may be longer than what was kept of it: its version is in the tail. */
static bool begin_request(struct http_head *head, const struct http_line *line)
{
	uint32_t method = method_len(line->at, line->kept), end = line->tail_len, target;

	while (end && is_blank(line->tail[end - 1]))
		end--;
	if (!method || end <= VERSION_LEN || line->tail[end - VERSION_LEN - 1] != ' ' ||
		!is_version(line->tail + end - VERSION_LEN))
		return false;
	target = line->len - (line->tail_len - end) - VERSION_LEN - 1;
	if (target <= method + 1)
		return false;
	target -= method + 1;
	if (!is_target(line->at + method + 1, least(target, line->kept - method - 1)))
		return false;
	head->minor = (int8_t)(line->tail[end - 1] - '0');
	head->target_bytes = target;
	value_set(head, HTTP_METHOD, (struct http_slice){line->at, method});
	value_set(head, HTTP_TARGET,
		(struct http_slice){
			line->at + method + 1, least(target, line->kept - method - 1)});
	return true;
}

bool http_head_begin(struct http_head *head, const struct http_line *line)
{
	head->field = FIELD_OTHER;
	head->is_h2 = line->len == PREFACE_LEN && line->kept == PREFACE_LEN &&
		      !memcmp(line->at, "PRI * HTTP/2.0", PREFACE_LEN);
	return head->is_h2 || begin_response(head, line) || begin_request(head, line);
}

/* Not those of RTSP and SIP, which have the same methods. */
static bool target_may_begin(const struct http_line *line, struct http_slice method)
{
	struct http_slice target = {line->at + method.len + 1, line->kept - method.len - 1};

	return !target.len || *target.bytes == '/' ||
	       !strncasecmp((const char *)target.bytes, "http", least(target.len, 4)) ||
	       slice_is(method, "CONNECT");
}

/* Of a line cut in its version the target is whole: "GET /index.html HT". */
static void take_cut_target(
	struct http_head *head, const struct http_line *line, struct http_slice method)
{
	const uint8_t *target = line->at + method.len + 1, *end = line->at + line->kept;
	const uint8_t *version = end;

	while (version > target && version[-1] != ' ')
		version--;
	if (line->kept != line->len || version == end || version < target + 2 ||
		end - version >= VERSION_LEN ||
		memcmp(version, "HTTP/1.", (size_t)(end - version)))
		return;
	if (!is_target(target, (uint32_t)(version - target - 1)))
		return;
	head->target_bytes = (uint32_t)(version - target - 1);
	value_set(head, HTTP_TARGET, (struct http_slice){target, head->target_bytes});
}

bool http_head_begin_cut(struct http_head *head, const struct http_line *line)
{
	static const char *const methods[] = {
		"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};
	struct http_slice method = {line->at, method_len(line->at, line->kept)};

	head->field = FIELD_OTHER;
	if (line->kept > STATUS_LEN && begin_response(head, line))
		return true;
	for (unsigned i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (slice_is(method, methods[i]) && target_may_begin(line, method)) {
			head->minor = HTTP_VERSION_UNKNOWN;
			value_set(head, HTTP_METHOD, method);
			take_cut_target(head, line, method);
			return true;
		}
	return false;
}

static unsigned field_of(struct http_slice name)
{
	static const struct {
		const char *name;
		unsigned field;
	} fields[] = {
		{"Host", HTTP_HOST},
		{"User-Agent", HTTP_USER_AGENT},
		{"Referer", HTTP_REFERER},
		{"Content-Type", HTTP_CONTENT_TYPE},
		{"Upgrade", HTTP_UPGRADE},
		{"Content-Length", FIELD_LENGTH},
		{"Transfer-Encoding", FIELD_CODING},
	};

	for (unsigned i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (slice_is(name, fields[i].name))
			return fields[i].field;
	return FIELD_OTHER;
}

/* Takes the next element off a list with commas. */
static struct http_slice element_next(struct http_slice *list)
{
	const uint8_t *comma = memchr(list->bytes, ',', list->len);
	struct http_slice element = {
		list->bytes, comma ? (uint32_t)(comma - list->bytes) : list->len};
	uint32_t taken = element.len + (comma ? 1 : 0);

	list->bytes += taken;
	list->len -= taken;
	return trim(element);
}

/* RFC 9112, 6.3: the same number several times counts as one. */
static void take_length(struct http_head *head, struct http_slice value)
{
	while (value.len) {
		struct http_slice digits = element_next(&value);
		uint64_t length = 0;

		if (!digits.len || digits.len > DIGITS_MAX)
			head->bad_length = true;
		for (uint32_t i = 0; i < digits.len && !head->bad_length; i++) {
			head->bad_length = !isdigit(digits.bytes[i]);
			length = 10 * length + (uint64_t)(digits.bytes[i] - '0');
		}
		if (head->has_length && head->length != length)
			head->bad_length = true;
		head->has_length = true;
		head->length = length;
	}
}

static void take_coding(struct http_head *head, struct http_slice value)
{
	while (value.len) {
		struct http_slice coding = element_next(&value);

		if (!coding.len)
			continue;
		head->is_coded = true;
		head->is_chunked = slice_is(coding, "chunked");
	}
}

/* Moves a value into `kept`, at its end. */
static void value_park(struct http_head *head, struct memory *memory, struct memory_list *list,
	enum http_value id)
{
	struct http_slice *value = &head->value[id];
	uint8_t bit = (uint8_t)(1 << id);

	if (!(head->seen & bit) || head->parked & bit)
		return;
	head->at[id] = head->kept.have;
	head->parked |= bit;
	if (!byte_buffer_add(&head->kept, memory, list, value->bytes, value->len))
		*value = (struct http_slice){NULL, 0};
	else
		value->bytes = NULL;
}

/* The last line's value is the last, so that a folded line finds it there. */
void http_head_park(struct http_head *head, struct memory *memory, struct memory_list *list)
{
	if (head->seen == head->parked)
		return;
	for (unsigned id = 0; id < HTTP_VALUES; id++)
		if (id != head->field)
			value_park(head, memory, list, (enum http_value)id);
	if (head->field < HTTP_VALUES)
		value_park(head, memory, list, (enum http_value)head->field);
}

/* RFC 9112, 5.2: a line that begins with a blank goes on with the value of the one before; what is between
 * counts as one blank. */
static void take_fold(struct http_head *head, struct memory *memory, struct memory_list *list,
	struct http_slice more)
{
	enum http_value id = (enum http_value)head->field;
	struct http_slice *value = &head->value[id];
	uint32_t blank = value->len ? 1 : 0;

	if (!more.len || value->len + blank >= HTTP_VALUE_MAX)
		return;
	http_head_park(head, memory, list);
	if ((blank && !value->len) || head->at[id] + value->len != head->kept.have)
		return; /* there was no memory */
	more.len = least(more.len, HTTP_VALUE_MAX - value->len - blank);
	if (byte_buffer_add(&head->kept, memory, list, (const uint8_t *)" ", blank) &&
		byte_buffer_add(&head->kept, memory, list, more.bytes, more.len))
		value->len += blank + more.len;
}

void http_head_field(struct http_head *head, struct memory *memory, struct memory_list *list,
	const struct http_line *line)
{
	bool is_fold = line->kept && is_blank(*line->at);
	const uint8_t *colon =
		is_fold ? NULL : memchr(line->at, ':', least(line->kept, NAME_MAX_LEN));
	struct http_slice name = {line->at, colon ? (uint32_t)(colon - line->at) : 0};
	struct http_slice value = {line->at, line->kept};

	head->fields++;
	if (colon) {
		value.bytes += name.len + 1;
		value.len -= name.len + 1;
	}
	value = trim(value);
	if (!is_fold)
		head->field = (uint8_t)field_of(trim(name));
	if (head->field == FIELD_LENGTH)
		take_length(head, value);
	else if (head->field == FIELD_CODING)
		take_coding(head, value);
	else if (head->field < HTTP_VALUES && is_fold)
		take_fold(head, memory, list, value);
	else if (head->field < HTTP_VALUES && !(head->seen >> head->field & 1))
		value_set(head, (enum http_value)head->field, value);
	else
		head->field = FIELD_OTHER;
}

void http_head_message(const struct http_head *head, bool is_cut, struct http_message *out)
{
	*out = (struct http_message){.target_bytes = head->target_bytes,
		.status = head->status,
		.minor = head->minor,
		.is_response = head->is_response,
		.is_h2 = head->is_h2,
		.is_cut = is_cut};
	for (unsigned id = 0; id < HTTP_VALUES; id++) {
		if (head->value[id].len)
			out->value[id] = head->value[id];
		if (out->value[id].len && head->parked >> id & 1)
			out->value[id].bytes = head->kept.bytes + head->at[id];
	}
}

void http_head_clear(struct http_head *head)
{
	byte_buffer_clear(&head->kept);
	*head = (struct http_head){.status = 0};
}
