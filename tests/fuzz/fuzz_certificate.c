/* The body of a Certificate message; the first byte says how much of its end was cut. Every byte that is told is
 * read, and every text has a bound. A certificate that was cut has nothing that the whole one has not. */
#include <stdlib.h>
#include <string.h>

#include "demand.h"
#include "inspect/proto/tls/tls_certificate.h"
#include "inspect/proto/tls/tls_draft.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NAME_MAX_READ = 300 };

static void read_texts(const struct tls_certificate *c)
{
	struct tls_bytes names = c->names;
	char text[NAME_MAX_READ], name[TLS_SUBJECT_NAME_TEXT];
	size_t len;

	demand(tls_name_text(c->subject, text, sizeof(text)) <= sizeof(text));
	demand(tls_name_text(c->issuer, text, 7) <= 7);
	while ((len = tls_subject_name_next(&names, name)) > 0)
		demand(len < sizeof(name));
	demand(!*c->not_before || strlen(c->not_before) == TLS_TIME_TEXT - 1);
}

static unsigned read_chain(struct cursor body, struct tls_certificate *first)
{
	static struct draft draft;
	struct tls_certificate c;
	unsigned n = 0;

	*first = (struct tls_certificate){.is_whole = false};
	if (!tls_chain_open(&body))
		return 0;
	while (n < TLS_CERTIFICATES_MAX && tls_chain_next(&body, &c)) {
		if (!n++)
			*first = c;
		read_texts(&c);
		draft_reset(&draft);
		draft_tls_certificate(&draft, &c);
		demand(draft.len <= sizeof(draft.bytes));
	}
	return n;
}

static bool is_same(struct tls_bytes cut, struct tls_bytes whole)
{
	return !cut.len || (cut.len == whole.len && !memcmp(cut.at, whole.at, cut.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tls_certificate whole, cut;
	uint32_t len, cap;
	uint8_t *copy;

	if (!size || size > 1 << 16)
		return 0;
	len = (uint32_t)size - 1;
	cap = len - (data[0] < len ? data[0] : len);
	copy = malloc(cap ? cap : 1);
	demand(copy);
	if (cap)
		memcpy(copy, data + 1, cap);
	demand(read_chain(cursor_make(copy, cap, len), &cut) <=
		read_chain(cursor_make(data + 1, len, len), &whole));
	demand(is_same(cut.serial, whole.serial) && is_same(cut.subject, whole.subject) &&
		is_same(cut.issuer, whole.issuer));
	demand(!*cut.not_after || !strcmp(cut.not_after, whole.not_after));
	free(copy);
	return 0;
}
