#include "inspect/export/text.h"

/* What a byte needs inside a JSON string. */
enum need { NEED_NOTHING, NEED_ESCAPE, NEED_UTF8 };

static enum need need_of(uint8_t c)
{
	if (c >= 0x80)
		return NEED_UTF8;
	return c < 0x20 || c == '"' || c == '\\' ? NEED_ESCAPE : NEED_NOTHING;
}

static void put_escape(struct text *t, uint8_t c)
{
	static const char letters[0x20] = {
		['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
	char letter = c < 0x20 ? letters[c] : (char)c;

	text_char(t, '\\');
	if (letter != 0) {
		text_char(t, letter);
		return;
	}
	text_cstr(t, "u00");
	text_hex(t, c, 2);
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
		size_t from = i;

		while (i < len && need_of((uint8_t)bytes[i]) == NEED_NOTHING)
			i++;
		text_bytes(t, bytes + from, i - from);
		if (i == len)
			break;
		if (need_of((uint8_t)bytes[i]) == NEED_UTF8)
			i += put_utf8(t, bytes + i, len - i);
		else
			put_escape(t, (uint8_t)bytes[i++]);
	}
	text_char(t, '"');
}
