#include "inspect/detect/scans/scan_row.h"

#include <string.h>

void scan_row_see(struct scan_row *row, const struct scan_fact *fact)
{
	const struct scan_sight *sight = &fact->sight;
	const struct observation_point *point = &sight->observation_point;

	if (row->sight.flow.key.ip_version != 0 &&
		!scan_is_before(&sight->flow, point->point_id, &row->sight.flow,
			row->sight.observation_point.point_id))
		return;
	row->sight = *sight;
	memcpy(row->tenant, fact->tenant, sizeof(row->tenant));
	observation_point_copy(&row->sight.observation_point, point, row->names);
}

void scan_row_wait(struct scan_row **fresh, struct scan_row *row)
{
	if (row->is_fresh)
		return;
	row->is_fresh = true;
	row->next_fresh = *fresh;
	*fresh = row;
}

void *scan_row_next(struct scan_row **fresh)
{
	struct scan_row *row = *fresh;

	if (row == NULL)
		return NULL;
	*fresh = row->next_fresh;
	row->is_fresh = false;
	return row;
}

/* Room for one fact. */
struct room {
	union {
		struct record head;
		struct alert_fact fact;
		char bytes[sizeof(struct alert_fact) + ALERT_BYTES];
	} is;
};

static struct record *take(void *ctx, enum record_type type, size_t len)
{
	struct room *room = ctx;

	room->is.head = (struct record){.len = (uint32_t)len, .type = (uint16_t)type};
	return len <= sizeof(room->is) ? &room->is.head : NULL;
}

void scan_row_tell(const struct scan_row *row, const struct scan_teller *teller,
	struct alert_telling *telling)
{
	struct room room;
	const struct sink sink = {&room, take};

	telling->engine = ALERT_PERISCOPE;
	telling->is_latest = true;
	telling->tenant = row->row.key.tenant;
	telling->source = row->row.key.addr;
	telling->text[ALERT_TENANT].at = row->tenant;
	telling->text[ALERT_TENANT].len = strlen(row->tenant);
	if (alert_tell(&sink, 0, &row->sight.flow, &row->sight.observation_point, telling))
		teller->tell(teller->ctx, &room.is.fact);
}
