#include "inspect/record/encoder/label.h"

#include <stdlib.h>
#include <string.h>

/* A protocol's name is what nDPI says of its number; all above the last are one, as are categories. */
enum { CATEGORIES = 256 };

struct labels {
	uint32_t n_protocols;
	struct label {
		uint16_t master, app, len; /* len 0: empty */
		uint8_t category;
		char json[LABEL_JSON];
	} slot[LABEL_SLOTS];
	char categories[CATEGORIES][LABEL_NAME + 1];
	char protocols[][LABEL_NAME + 1]; /* and behind the last what is said of all others */
};

static void keep(char to[LABEL_NAME + 1], const char *name)
{
	size_t len = strnlen(name, LABEL_NAME);

	memcpy(to, name, len);
	to[len] = '\0';
}

struct labels *labels_create(const struct dpi *dpi)
{
	uint32_t n = dpi_protocols(dpi);
	struct labels *labels =
		calloc(1, sizeof(*labels) + (n + 1) * sizeof(labels->protocols[0]));

	if (labels == NULL)
		return NULL;
	labels->n_protocols = n;
	for (uint32_t i = 0; i < n; i++)
		keep(labels->protocols[i], dpi_protocol_name(dpi, (uint16_t)i));
	keep(labels->protocols[n], dpi_protocol_name(dpi, UINT16_MAX));
	for (unsigned i = 0; i < CATEGORIES; i++)
		keep(labels->categories[i], dpi_category_name(dpi, (uint8_t)i));
	return labels;
}

void labels_destroy(struct labels *labels)
{
	free(labels);
}

static const char *protocol_name(const struct labels *labels, uint16_t protocol)
{
	return labels
		->protocols[protocol < labels->n_protocols ? protocol : labels->n_protocols];
}

static void put_name(struct text *t, const char *name)
{
	text_json(t, name, strnlen(name, LABEL_NAME));
}

/* nDPI's number 0 is no protocol. */
static void put_protocol(struct text *t, const struct labels *labels, uint16_t protocol)
{
	if (protocol == 0)
		text_cstr(t, "null");
	else
		put_name(t, protocol_name(labels, protocol));
}

/* As ndpi_protocol2name() joins them. */
static void put_app(struct text *t, const struct labels *labels, const struct label *label)
{
	char room[2 * LABEL_NAME + 2];
	struct text name = text_make(room, sizeof(room));

	if (label->master != 0 && label->master != label->app) {
		text_cstr(&name, protocol_name(labels, label->master));
		if (label->app != 0)
			text_char(&name, '.');
	}
	if (label->app != 0 || label->master == 0)
		text_cstr(&name, protocol_name(labels, label->app));
	text_char(&name, '\0');
	put_name(t, room);
}

static void format(struct text *t, const struct labels *labels, const struct label *label)
{
	text_cstr(t, "\"app\":");
	put_app(t, labels, label);
	/* A protocol without a master stands for itself. */
	text_cstr(t, ",\"app_protocol\":");
	put_protocol(t, labels, label->master != 0 ? label->master : label->app);
	text_cstr(t, ",\"app_name\":");
	put_protocol(t, labels, label->app);
	text_cstr(t, ",\"category\":");
	put_name(t, labels->categories[label->category]);
}

static struct label *slot_of(struct labels *labels, const struct flow *flow)
{
	uint32_t mix = flow->app_master * 31u + flow->app * 7u + flow->category;

	return &labels->slot[mix % LABEL_SLOTS];
}

static bool is_label_of(const struct label *label, const struct flow *flow)
{
	return label->len != 0 && label->master == flow->app_master &&
	       label->app == flow->app && label->category == flow->category;
}

void label_json(struct labels *labels, const struct flow *flow, struct text *t)
{
	struct label *label;

	if (labels == NULL) {
		text_cstr(t, "\"app\":\"Unknown\",\"app_protocol\":null,\"app_name\":null,"
			     "\"category\":null");
		return;
	}
	label = slot_of(labels, flow);
	if (!is_label_of(label, flow)) {
		struct text json = text_make(label->json, sizeof(label->json));

		label->master = flow->app_master;
		label->app = flow->app;
		label->category = flow->category;
		format(&json, labels, label);
		label->len = (uint16_t)(json.at - label->json);
	}
	text_bytes(t, label->json, label->len);
}
