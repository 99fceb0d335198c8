#include "inspect/record/encoder/event_course.h"

#include "inspect/record/encoder/event_flow_fields.h"

static void put_count(struct text *t, const char *key, bool is_known, uint64_t count)
{
	text_cstr(t, key);
	if (is_known)
		text_u64(t, count);
	else
		text_cstr(t, "null");
}

static void put_ms(struct text *t, const char *key, uint32_t us)
{
	text_cstr(t, key);
	if (us == HISTORY_UNKNOWN)
		text_cstr(t, "null");
	else
		text_thousandths(t, us);
}

void event_recorded(struct text *t, const struct flow_recorded *recorded)
{
	text_cstr(t, ",\"recorded\":");
	if (recorded == NULL) {
		text_cstr(t, "null");
		return;
	}
	text_cstr(t, "{\"packets\":");
	text_u64(t, recorded->packets);
	text_cstr(t, ",\"bytes\":");
	text_u64(t, recorded->bytes);
	text_cstr(t, ",\"first\":\"");
	text_time(t, recorded->first_ns);
	text_cstr(t, "\",\"last\":\"");
	text_time(t, recorded->last_ns);
	text_cstr(t, "\"}");
}

void event_course_side(struct text *t, const struct flow_course *course, unsigned side)
{
	put_count(t, ",\"retransmitted\":", course->is_tcp, course->retransmitted[side]);
	put_count(t, ",\"out_of_order\":", course->is_tcp, course->out_of_order[side]);
}

void event_course(struct text *t, const struct flow_course *course)
{
	put_count(t, ",\"acked_unseen\":", course->unseen >= 0, (uint64_t)course->unseen);
	text_cstr(t, ",\"history\":");
	if (course->history[0] == '\0') {
		text_cstr(t, "null");
	} else {
		text_char(t, '"');
		text_cstr(t, course->history);
		text_char(t, '"');
	}
	put_ms(t, ",\"syn_ack_ms\":", course->syn_ack_us);
	put_ms(t, ",\"handshake_ms\":", course->handshake_us);
	put_ms(t, ",\"response_ms\":", course->response_us);
}
