#include "inspect/record/label.h"

#include <string.h>

static void put_name(struct text *t, const char *name)
{
	if (name == NULL)
		text_cstr(t, "null");
	else
		text_json(t, name, strnlen(name, LABEL_NAME));
}

/* nDPI's number 0 is no protocol. A protocol without a master stands for itself. */
static const char *protocol_name(const struct dpi *dpi, uint16_t protocol)
{
	return dpi == NULL || protocol == 0 ? NULL : dpi_protocol_name(dpi, protocol);
}

static void format(struct text *t, const struct dpi *dpi, const struct label *label)
{
	char room[LABEL_NAME + 1] = "Unknown";
	const char *app = room;

	if (dpi != NULL)
		app = dpi_app(dpi, label->master, label->app, room, sizeof(room));
	text_cstr(t, "\"app\":");
	put_name(t, app);
	text_cstr(t, ",\"app_protocol\":");
	put_name(t, protocol_name(dpi, label->master != 0 ? label->master : label->app));
	text_cstr(t, ",\"app_name\":");
	put_name(t, protocol_name(dpi, label->app));
	text_cstr(t, ",\"category\":");
	put_name(t, dpi == NULL ? NULL : dpi_category_name(dpi, label->category));
}

static struct label *slot_of(struct label_cache *cache, const struct flow *flow)
{
	uint32_t mix = flow->app_master * 31u + flow->app * 7u + flow->category;

	return &cache->slot[mix % LABEL_SLOTS];
}

static bool is_label_of(const struct label *label, const struct flow *flow)
{
	return label->len != 0 && label->master == flow->app_master &&
	       label->app == flow->app && label->category == flow->category;
}

void label_json(struct label_cache *cache, const struct dpi *dpi, const struct flow *flow,
	struct text *t)
{
	struct label *label = slot_of(cache, flow);

	if (!is_label_of(label, flow)) {
		struct text json = text_make(label->json, sizeof(label->json));

		label->master = flow->app_master;
		label->app = flow->app;
		label->category = flow->category;
		format(&json, dpi, label);
		label->len = (uint16_t)(json.at - label->json);
	}
	text_bytes(t, label->json, label->len);
}
