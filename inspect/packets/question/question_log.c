#include "inspect/packets/question/question_log.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "config/log/now.h"
#include "config/parse/value.h"

enum { FIELDS_MAX = 64, FIELD_TEXT = 64, AT_NONE = UINT32_MAX };

enum field {
	SRCADDR,
	DSTADDR,
	PKT_SRCADDR,
	PKT_DSTADDR,
	SRCPORT,
	DSTPORT,
	PROTOCOL,
	START,
	END,
	FIELD_COUNT,
};

static const char *const names[] = {
	[SRCADDR] = "srcaddr",
	[DSTADDR] = "dstaddr",
	[PKT_SRCADDR] = "pkt-srcaddr",
	[PKT_DSTADDR] = "pkt-dstaddr",
	[SRCPORT] = "srcport",
	[DSTPORT] = "dstport",
	[PROTOCOL] = "protocol",
	[START] = "start",
	[END] = "end",
};

/* A word of the line or of the format. */
struct word {
	uint32_t at, len;
};

struct reading {
	const char *line, *format;
	struct word words[FIELDS_MAX]; /* of the line */
	uint32_t n;
	uint32_t column[FIELD_COUNT]; /* of words; AT_NONE: the format has no such field */
	char text[FIELD_COUNT][FIELD_TEXT];
	struct expression_error *error;
	bool *of_format;
};

static bool fail(struct reading *r, bool of_format, uint32_t at, const char *text)
{
	r->error->at = at;
	snprintf(r->error->text, sizeof(r->error->text), "%s", text);
	*r->of_format = of_format;
	return false;
}

/* Cuts a text at its spaces. */
static uint32_t words_of(const char *text, struct word words[FIELDS_MAX])
{
	uint32_t at = 0, n = 0;

	while (n < FIELDS_MAX) {
		at += (uint32_t)strspn(text + at, " \t\r\n");
		if (text[at] == '\0')
			break;
		words[n].at = at;
		words[n].len = (uint32_t)strcspn(text + at, " \t\r\n");
		at += words[n++].len;
	}
	return n;
}

/* `${name}`, or `name`. */
static bool is_named(const char *text, struct word word, const char *name)
{
	size_t len = strlen(name);

	text += word.at;
	if (word.len == len + 3 && strncmp(text, "${", 2) == 0 && text[word.len - 1] == '}')
		text += 2;
	else if (word.len != len)
		return false;
	return strncmp(text, name, len) == 0;
}

static bool format_read(struct reading *r)
{
	struct word words[FIELDS_MAX];
	uint32_t n = words_of(r->format, words);

	if (n == 0)
		return fail(r, true, 0, "the format names no fields");
	for (int f = 0; f < FIELD_COUNT; f++) {
		r->column[f] = AT_NONE;
		for (uint32_t i = 0; i < n; i++)
			if (is_named(r->format, words[i], names[f]))
				r->column[f] = i;
	}
	if (r->n == n)
		return true;
	snprintf(r->error->text, sizeof(r->error->text),
		"the line has %u fields, and its format %u", r->n, n);
	r->error->at = r->n > n ? r->words[n].at : (uint32_t)strlen(r->line);
	return false;
}

static uint32_t at_of(const struct reading *r, enum field field)
{
	return r->column[field] == AT_NONE ? 0 : r->words[r->column[field]].at;
}

/* The field's text; NULL: the format does not have it, or the record has `-`. */
static const char *text_of(struct reading *r, enum field field)
{
	uint32_t column = r->column[field];

	if (column == AT_NONE)
		return NULL;
	snprintf(r->text[field], FIELD_TEXT, "%.*s", (int)r->words[column].len,
		r->line + r->words[column].at);
	return strcmp(r->text[field], "-") == 0 ? NULL : r->text[field];
}

static bool missing(struct reading *r, enum field field)
{
	char text[128];

	if (r->column[field] == AT_NONE) {
		snprintf(text, sizeof(text), "the format has no %s", names[field]);
		return fail(r, true, (uint32_t)strlen(r->format), text);
	}
	snprintf(text, sizeof(text), "the record has no %s: it is about no packets",
		names[field]);
	return fail(r, false, at_of(r, field), text);
}

static bool wrong(struct reading *r, enum field field, const char *what)
{
	char text[192];

	snprintf(text, sizeof(text), "'%.64s' is no %s", r->text[field], what);
	return fail(r, false, at_of(r, field), text);
}

static bool addresses_read(struct reading *r, struct question_ends *ends)
{
	enum field src_is = text_of(r, PKT_SRCADDR) ? PKT_SRCADDR : SRCADDR;
	enum field dst_is = text_of(r, PKT_DSTADDR) ? PKT_DSTADDR : DSTADDR;
	const char *src = text_of(r, src_is), *dst = text_of(r, dst_is);

	if (!src || !dst)
		return missing(r, src ? dst_is : src_is);
	if (!question_addresses(ends, src, src))
		return wrong(r, src_is, "address");
	return question_addresses(ends, src, dst) ||
	       wrong(r, dst_is, "address of the family of the other one");
}

static bool number_read(struct reading *r, enum field field, uint64_t max, uint64_t *n)
{
	const char *text = text_of(r, field);
	char what[64];

	if (!text)
		return missing(r, field);
	if (value_number(text, n) && *n <= max)
		return true;
	snprintf(what, sizeof(what), "%s, which is a number", names[field]);
	return wrong(r, field, what);
}

static bool ports_read(struct reading *r, struct question_ends *ends)
{
	uint64_t src, dst;

	if (!ends->has_protocol ||
		(ends->protocol != IPPROTO_TCP && ends->protocol != IPPROTO_UDP &&
			ends->protocol != IPPROTO_SCTP) ||
		!text_of(r, SRCPORT) || !text_of(r, DSTPORT))
		return true;
	if (!number_read(r, SRCPORT, UINT16_MAX, &src) ||
		!number_read(r, DSTPORT, UINT16_MAX, &dst))
		return false;
	ends->has_ports = true;
	ends->src_port = (uint16_t)src;
	ends->dst_port = (uint16_t)dst;
	return true;
}

static bool times_read(struct reading *r, struct question_ends *ends)
{
	const uint64_t most = UINT32_MAX;
	uint64_t start, end;

	if (!number_read(r, START, most, &start) || !number_read(r, END, most, &end))
		return false;
	if (end < start)
		return wrong(r, END, "end: it is before the start");
	ends->from_ns = start * NS_PER_S;
	ends->to_ns = end * NS_PER_S + NS_PER_S - 1;
	return true;
}

bool question_log_read(const char *line, const char *format, struct question_ends *ends,
	struct expression_error *error, bool *of_format)
{
	struct reading r = {.line = line,
		.format = format ? format : QUESTION_LOG_FORMAT,
		.error = error,
		.of_format = of_format};
	uint64_t protocol;

	memset(ends, 0, sizeof(*ends));
	*error = (struct expression_error){.at = 0};
	*of_format = false;
	r.n = words_of(line, r.words);
	if (r.n == 0)
		return fail(&r, false, 0, "there is no flow log record");
	if (is_named(line, r.words[0], "version"))
		return fail(&r, false, 0, "this is the header of a flow log, and no record");
	if (!format_read(&r) || !addresses_read(&r, ends))
		return false;
	if (r.column[PROTOCOL] != AT_NONE && text_of(&r, PROTOCOL)) {
		if (!number_read(&r, PROTOCOL, UINT8_MAX, &protocol))
			return false;
		ends->has_protocol = true;
		ends->protocol = (uint8_t)protocol;
	}
	return ports_read(&r, ends) && times_read(&r, ends);
}
