#include "config/parse/json.h"
#include "config/parse/value.h"

#include <stdio.h>
#include <string.h>

struct reader {
	const char *at, *end;
	struct node_tree *tree;
	struct node_error *error;
	uint32_t line, depth;
};

static void *fail(struct reader *r, const char *what)
{
	r->error->line = r->line;
	if (r->at == r->end)
		snprintf(r->error->text, sizeof(r->error->text),
			"not valid JSON: %s, and the file ends here", what);
	else
		snprintf(r->error->text, sizeof(r->error->text), "not valid JSON: %s", what);
	return NULL;
}

static void skip_space(struct reader *r)
{
	for (; r->at < r->end; r->at++) {
		if (*r->at == '\n')
			r->line++;
		else if (*r->at != ' ' && *r->at != '\t' && *r->at != '\r')
			return;
	}
}

static bool take(struct reader *r, char c)
{
	skip_space(r);
	if (r->at == r->end || *r->at != c)
		return false;
	r->at++;
	return true;
}

/* Four hex digits; -1 if they are not. */
static int32_t hex4(struct reader *r)
{
	int32_t n = 0;

	if (r->end - r->at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int d = value_hex_digit(*r->at++);

		if (d < 0)
			return -1;
		n = n << 4 | d;
	}
	return n;
}

static char *utf8_put(char *out, int32_t code)
{
	if (code < 0x80) {
		*out++ = (char)code;
	} else if (code < 0x800) {
		*out++ = (char)(0xc0 | code >> 6);
		*out++ = (char)(0x80 | (code & 0x3f));
	} else if (code < 0x10000) {
		*out++ = (char)(0xe0 | code >> 12);
		*out++ = (char)(0x80 | (code >> 6 & 0x3f));
		*out++ = (char)(0x80 | (code & 0x3f));
	} else {
		*out++ = (char)(0xf0 | code >> 18);
		*out++ = (char)(0x80 | (code >> 12 & 0x3f));
		*out++ = (char)(0x80 | (code >> 6 & 0x3f));
		*out++ = (char)(0x80 | (code & 0x3f));
	}
	return out;
}

/* After \u: a code point, of a surrogate pair perhaps. NULL: not a character. */
static char *unicode_read(struct reader *r, char *out)
{
	int32_t code = hex4(r);

	if (code >= 0xd800 && code < 0xdc00 && r->end - r->at >= 6 && r->at[0] == '\\' &&
		r->at[1] == 'u') {
		int32_t low;

		r->at += 2;
		low = hex4(r);
		if (low < 0xdc00 || low > 0xdfff)
			return NULL;
		return utf8_put(out, 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00));
	}
	if (code <= 0 || (code >= 0xd800 && code <= 0xdfff))
		return NULL;
	return utf8_put(out, code);
}

static char *escape_read(struct reader *r, char *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;

	if (r->at == r->end)
		return NULL;
	if (*r->at == 'u') {
		r->at++;
		return unicode_read(r, out);
	}
	at = memchr(from, *r->at, sizeof(from) - 1);
	if (!at)
		return NULL;
	r->at++;
	*out++ = to[at - from];
	return out;
}

/* Longer than need be, a surrogate, or beyond the last character (RFC 3629, section 4). */
static bool utf8_is_odd(uint8_t first, uint8_t second)
{
	return (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
	       (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f) ||
	       first > 0xf4;
}

/* Bytes of the UTF-8 character at `s`, or 0. */
static size_t utf8_len(const char *s, const char *end)
{
	const uint8_t *b = (const uint8_t *)s;
	size_t n = b[0] < 0x80 ? 1 : b[0] < 0xc2 ? 0 : b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;

	if ((size_t)(end - s) < n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return 0;
	}
	return n > 1 && utf8_is_odd(b[0], b[1]) ? 0 : n;
}

/* One character of a string, escaped or not. NULL: `error` is set. */
static char *char_read(struct reader *r, char *out)
{
	size_t n;

	if (*r->at == '\\') {
		r->at++;
		out = escape_read(r, out);
		return out ? out : fail(r, "a bad escape in a text");
	}
	if ((uint8_t)*r->at < ' ')
		return fail(r, "a control character in a text");
	n = utf8_len(r->at, r->end);
	if (n == 0)
		return fail(r, "a text is not UTF-8");
	memcpy(out, r->at, n);
	r->at += n;
	return out + n;
}

/* After the opening quote. No escape grows: the length in the file is room enough. */
static char *string_read(struct reader *r)
{
	const char *close = r->at;
	char *text, *out;

	while (close < r->end && *close != '"')
		close += *close == '\\' && r->end - close > 1 ? 2 : 1;
	if (close >= r->end) {
		r->at = r->end;
		return fail(r, "a text has no closing quote");
	}
	text = out = arena_alloc(&r->tree->arena, (size_t)(close - r->at) + 4);
	while (r->at < close) {
		out = char_read(r, out);
		if (!out)
			return NULL;
	}
	r->at++;
	return text;
}

/* [-] int [frac] [exp], as RFC 8259 has it. */
static bool number_is_valid(const char *s)
{
	size_t n;

	s += *s == '-';
	n = strspn(s, "0123456789");
	if (n == 0 || (n > 1 && *s == '0'))
		return false;
	s += n;
	if (*s == '.') {
		n = strspn(++s, "0123456789");
		if (n == 0)
			return false;
		s += n;
	}
	if (*s == 'e' || *s == 'E') {
		s++;
		s += *s == '-' || *s == '+';
		n = strspn(s, "0123456789");
		if (n == 0)
			return false;
		s += n;
	}
	return *s == '\0';
}

static struct node *word_read(struct reader *r)
{
	const char *start = r->at;
	struct node *node;
	char *text;

	while (r->at < r->end && (*r->at == '\0' || !strchr(" \t\r\n,:[]{}\"", *r->at)))
		r->at++;
	if (r->at == start)
		return fail(r, "a value is missing");
	text = arena_text(&r->tree->arena, start, (size_t)(r->at - start));
	node = node_new(r->tree, strcmp(text, "null") == 0 ? NODE_NULL : NODE_SCALAR, r->line);
	node->text = text;
	if (node->kind == NODE_SCALAR && strcmp(text, "true") != 0 &&
		strcmp(text, "false") != 0 && !number_is_valid(text))
		return fail(r, "a word that is neither a number nor true, false or null");
	return node;
}

static struct node *value_read(struct reader *r);

static struct node *list_read(struct reader *r)
{
	struct node *list = node_new(r->tree, NODE_LIST, r->line), *last = NULL;

	if (take(r, ']'))
		return list;
	do {
		struct node *child = value_read(r);

		if (!child)
			return NULL;
		node_append(list, &last, child);
	} while (take(r, ','));
	return take(r, ']') ? list : fail(r, "a comma or ] is missing");
}

static struct node *member_read(struct reader *r, const struct node *map)
{
	struct node *value;
	uint32_t line;
	char *key;

	if (!take(r, '"'))
		return fail(r, "a key in quotes is missing");
	line = r->line;
	key = string_read(r);
	if (!key)
		return NULL;
	if (node_member(map, key)) {
		snprintf(r->error->key, sizeof(r->error->key), "%s", key);
		r->error->is_duplicate = true;
		return fail(r, "the key is given twice");
	}
	if (map->count == NODE_MEMBERS_MAX)
		return fail(r, "too many keys in one object");
	if (!take(r, ':'))
		return fail(r, "a colon is missing");
	value = value_read(r);
	if (value) {
		value->key = key;
		value->line = line;
	}
	return value;
}

static struct node *map_read(struct reader *r)
{
	struct node *map = node_new(r->tree, NODE_MAP, r->line), *last = NULL;

	if (take(r, '}'))
		return map;
	do {
		struct node *child = member_read(r, map);

		if (!child)
			return NULL;
		node_append(map, &last, child);
	} while (take(r, ','));
	return take(r, '}') ? map : fail(r, "a comma or } is missing");
}

static struct node *nested_read(struct reader *r, struct node *(*read)(struct reader *))
{
	struct node *node;

	if (r->depth == NODE_DEPTH_MAX)
		return fail(r, "nested too deep");
	r->depth++;
	node = read(r);
	r->depth--;
	return node;
}

static struct node *value_read(struct reader *r)
{
	struct node *node;
	char *text;

	if (take(r, '{'))
		return nested_read(r, map_read);
	if (take(r, '['))
		return nested_read(r, list_read);
	if (!take(r, '"'))
		return word_read(r);
	text = string_read(r);
	if (!text)
		return NULL;
	node = node_new(r->tree, NODE_SCALAR, r->line);
	node->quoted = true;
	node->text = text;
	return node;
}

int json_parse(struct node_tree *tree, const char *text, size_t len, struct node_error *error)
{
	struct reader r = {
		.at = text, .end = text + len, .tree = tree, .error = error, .line = 1};
	struct node *last = NULL;

	*error = (struct node_error){.line = 0};
	*tree = (struct node_tree){0};
	tree->root = node_new(tree, NODE_LIST, 1);
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		r.at += 3;
	for (skip_space(&r); r.at < r.end; skip_space(&r)) {
		struct node *document = value_read(&r);

		if (!document)
			return -1;
		node_append(tree->root, &last, document);
	}
	return 0;
}
