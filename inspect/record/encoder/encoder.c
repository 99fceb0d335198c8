#include "inspect/record/encoder/encoder.h"

#include "inspect/record/encoder/event.h"
#include "inspect/record/encoder/event_alert.h"
#include "inspect/record/encoder/flow_log.h"
#include "inspect/record/encoder/stats_event.h"

#define ENCODER(type, kind, encode, most) \
	_Static_assert( \
		(int)(most) <= (int)LINE_SIZE_MAX, "what buffers of lines have room for");
#include "inspect/record/encoder/encoders.def"

const struct encoder encoders[ENCODERS] = {
#define ENCODER(type, kind, encode, most) {type, kind, encode},
#include "inspect/record/encoder/encoders.def"
};
