/* Encoders make lines of records, on the thread that writes them. One file each, and one row in
 * encoders.def. */
#pragma once

#include "inspect/flow/addr_text.h"
#include "inspect/record/encoder/label.h"
#include "inspect/record/encoder/place.h"
#include "inspect/record/record.h"
#include "inspect/record/sink.h"

/* What encoders know beside the record; of the thread that they run on. */
struct names {
	struct labels *labels; /* NULL: without inspection */
	struct places *places; /* NULL: nobody knows where addresses are */
};

struct encoder {
	enum record_type type;
	enum record_kind kind;
	void (*encode)(struct text *t, const struct record *record, const struct names *names);
};

enum encoder_row {
#define ENCODER(type, kind, encode, most) ENCODER_##encode,
#include "inspect/record/encoder/encoders.def"
	ENCODERS
};

extern const struct encoder encoders[ENCODERS];
