#include "config/log/text.h"

/* What a byte needs inside a JSON string. */
enum need { NEED_NOTHING, NEED_ESCAPE, NEED_UTF8 };

static enum need need_of(uint8_t c)
{
	if (c >= 0x80)
		return NEED_UTF8;
	return c < 0x20 || c == '"' || c == '\\' ? NEED_ESCAPE : NEED_NOTHING;
}

/* Every byte of a word set to `n`. */
#define EACH(n) (0x0101010101010101u * (n))

/* True when a word of eight bytes has one that needs something: the classic test for a zero byte,
 * which is exact as to whether there is any. */
static bool needs_any(uint64_t word)
{
	uint64_t quote = word ^ EACH('"'), backslash = word ^ EACH('\\');
	uint64_t control = (word - EACH(0x20)) & ~word;

	quote = (quote - EACH(1)) & ~quote;
	backslash = (backslash - EACH(1)) & ~backslash;
	return ((word | control | quote | backslash) & EACH(0x80)) != 0;
}

/* How many of the bytes from `i` on need nothing. */
static size_t plain_run(const char *bytes, size_t i, size_t len)
{
	size_t from = i;
	uint64_t word;

	for (; len - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, bytes + i, sizeof(word));
		if (needs_any(word))
			break;
	}
	while (i < len && need_of((uint8_t)bytes[i]) == NEED_NOTHING)
		i++;
	return i - from;
}

static void put_escape(struct text *t, uint8_t c)
{
	static const char letters[0x20] = {
		['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};

	text_char(t, '\\');
	if (c >= 0x20) {
		text_char(t, (char)c);
	} else if (letters[c] != 0) {
		text_char(t, letters[c]);
	} else {
		text_cstr(t, "u00");
		text_hex(t, c, 2);
	}
}

/* RFC 3629: the length of a sequence that begins with `lead`, and what its second byte may be;
 * 0 for a byte that begins none. */
static size_t sequence(uint8_t lead, uint8_t *low, uint8_t *high)
{
	*low = 0x80;
	*high = 0xbf;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef) {
		if (lead == 0xe0)
			*low = 0xa0; /* shorter forms exist */
		if (lead == 0xed)
			*high = 0x9f; /* surrogates */
		return 3;
	}
	if (lead >= 0xf0 && lead <= 0xf4) {
		if (lead == 0xf0)
			*low = 0x90;
		if (lead == 0xf4)
			*high = 0x8f; /* beyond U+10FFFF */
		return 4;
	}
	return 0;
}

/* Writes the sequence at `s`, or U+FFFD for what there is of it; returns the bytes used up. */
static size_t put_utf8(struct text *t, const char *s, size_t len)
{
	uint8_t low, high;
	size_t want = sequence((uint8_t)s[0], &low, &high);
	size_t n = 1;

	while (n < want && n < len && (uint8_t)s[n] >= low && (uint8_t)s[n] <= high) {
		low = 0x80;
		high = 0xbf;
		n++;
	}
	if (want != 0 && n == want)
		text_bytes(t, s, n);
	else
		text_cstr(t, "\xef\xbf\xbd");
	return n;
}

void text_json(struct text *t, const char *bytes, size_t len)
{
	size_t i = 0;

	text_char(t, '"');
	while (i < len) {
		size_t run = plain_run(bytes, i, len);

		text_bytes(t, bytes + i, run);
		i += run;
		if (i == len)
			break;
		if (need_of((uint8_t)bytes[i]) == NEED_UTF8)
			i += put_utf8(t, bytes + i, len - i);
		else
			put_escape(t, (uint8_t)bytes[i++]);
	}
	text_char(t, '"');
}
