/* DER (X.690) through the cursor: one element after the other, definite lengths of up to three bytes, tags of one
 * byte. Private to the certificate's reader. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decap/cursor.h"

enum der_tag {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_OCTETS = 0x04,
	DER_OID = 0x06,
	DER_UTC_TIME = 0x17,
	DER_TIME = 0x18,
	DER_BMP_STRING = 0x1e,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_CONTEXT = 0x80,     /* [n] is this and n */
	DER_CONSTRUCTED = 0xa0, /* [n] with elements inside */
};

/* The tag of the next element; 0: there is none. */
uint8_t der_tag(const struct cursor *c);

/* Steps over the next element and gives its tag and what is inside, which may be cut. false: there is
 * none, or it is not read. */
bool der_any(struct cursor *c, uint8_t *tag, struct cursor *inside);
/* Only one with this tag; else nothing happens. */
bool der_take(struct cursor *c, uint8_t tag, struct cursor *inside);
/* Steps over the next element, if it has this tag. */
void der_skip(struct cursor *c, uint8_t tag);

/* Whether all that is inside an element arrived. */
static inline bool der_is_whole(const struct cursor *inside)
{
	return inside->status == CURSOR_OK && inside->cap == inside->wire;
}
