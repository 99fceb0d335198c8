#include "inspect/record/alert.h"

#include <string.h>

#include "inspect/flow/hash.h"

static size_t texts_size(const struct alert *alert)
{
	size_t size = 0;

	for (int i = 0; i < ALERT_TEXTS; i++)
		size += alert->len[i];
	return size;
}

size_t alert_bytes(const struct alert *alert)
{
	return texts_size(alert) + observation_point_size(&alert->observation_point);
}

const char *alert_text(const struct alert *alert, const char *texts, enum alert_text which)
{
	for (unsigned i = 0; i < (unsigned)which; i++)
		texts += alert->len[i];
	return texts;
}

struct alert_words alert_words(
	const struct alert *alert, const char *texts, enum alert_text which)
{
	return (struct alert_words){alert_text(alert, texts, which), alert->len[which]};
}

struct alert_identity alert_identity(const struct alert *alert, const char *texts)
{
	struct alert_identity identity = {.engine = alert->engine,
		.tenant = alert->tenant,
		.source = alert->source,
		.rule = alert_words(alert, texts, ALERT_RULE)};

	if (alert->by_title)
		identity.title = alert_words(alert, texts, ALERT_TITLE);
	return identity;
}

/* As much of it as a fact has room for. */
static struct alert_words fitting(struct alert_words words)
{
	if (words.len > ALERT_TEXT)
		words.len = ALERT_TEXT;
	return words;
}

struct alert_identity alert_telling_identity(const struct alert_telling *telling)
{
	struct alert_identity identity = {.engine = telling->engine,
		.tenant = telling->tenant,
		.source = telling->source,
		.rule = fitting(telling->text[ALERT_RULE])};

	if (telling->by_title)
		identity.title = fitting(telling->text[ALERT_TITLE]);
	return identity;
}

uint64_t alert_id(const struct alert_identity *identity)
{
	uint64_t id = hash_fold(
		hash_salt[0] ^ (uint64_t)identity->engine, hash_salt[4] ^ identity->tenant);

	id = hash_bytes(id, &identity->source, sizeof(identity->source));
	id = hash_bytes(id, identity->rule.at, identity->rule.len);
	if (identity->title.at != NULL)
		id = hash_bytes(id, identity->title.at, identity->title.len);
	return id;
}

const char *alert_engine_name(enum alert_engine engine)
{
	static const char *const names[ALERT_ENGINES] = {
		[ALERT_PERISCOPE] = "periscope",
		[ALERT_NDPI] = "ndpi",
		[ALERT_LIST] = "list",
		[ALERT_SURICATA] = "suricata",
	};

	return names[engine];
}

void alert_copy(
	struct alert *to, char *to_texts, const struct alert *from, const char *from_texts)
{
	size_t size = texts_size(from);

	*to = *from;
	memcpy(to_texts, from_texts, size);
	if (!observation_point_copy(
		    &to->observation_point, &from->observation_point, to_texts + size))
		to->cut = true;
}

void alert_say(struct alert_telling *telling, enum alert_text which, const char *text)
{
	telling->text[which].at = text;
	telling->text[which].len = text != NULL ? strlen(text) : 0;
}

void alert_say_text(struct alert_telling *telling, enum alert_text which, const char *text,
	const struct text *written)
{
	telling->text[which].at = text;
	telling->text[which].len = (size_t)(written->at - text);
}

static void put_texts(struct alert *alert, char *to, const struct alert_telling *telling)
{
	for (int i = 0; i < ALERT_TEXTS; i++) {
		if (alert->len[i] > 0)
			memcpy(to, telling->text[i].at, alert->len[i]);
		to += alert->len[i];
	}
	if (!observation_point_copy(&alert->observation_point, &alert->observation_point, to))
		alert->cut = true;
}

bool alert_tell(const struct sink *facts, uint64_t number, const struct flow *flow,
	const struct observation_point *observation_point, const struct alert_telling *telling)
{
	struct alert alert = {
		.engine = telling->engine,
		.severity = telling->severity,
		.by_title = telling->by_title,
		.lasts = telling->lasts,
		.over = telling->over,
		.is_latest = telling->is_latest,
		.revision = telling->revision,
		.tenant = telling->tenant,
		.source = telling->source,
		.observation_point = *observation_point,
		.flow_id = telling->flow_id,
	};
	struct alert_fact *fact;

	if (flow != NULL)
		alert.flow = *flow;
	if (flow != NULL && !telling->is_foreign)
		alert.flow_id = flow_id(flow, observation_point->point_id);
	alert.flow.dpi = NULL;
	alert.flow.details = NULL;
	for (int i = 0; i < ALERT_TEXTS; i++) {
		size_t len = telling->text[i].at != NULL ? telling->text[i].len : 0;

		alert.cut = alert.cut || len > ALERT_TEXT;
		alert.len[i] = (uint16_t)(len < ALERT_TEXT ? len : ALERT_TEXT);
	}
	fact = (struct alert_fact *)facts->take(
		facts->ctx, RECORD_ALERT_FACT, sizeof(*fact) + alert_bytes(&alert));
	if (fact == NULL)
		return false;
	fact->fact.number = number;
	fact->first_ns = telling->first_ns ? telling->first_ns : telling->time_ns;
	fact->time_ns = telling->time_ns;
	fact->times = telling->times || telling->is_latest ? telling->times : 1;
	fact->alert = alert;
	put_texts(&fact->alert, fact->text, telling);
	return true;
}
