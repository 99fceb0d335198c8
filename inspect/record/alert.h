/* An alert: something that a security engineer wants to hear of, with its reason in words and the flow that
 * shows it. Who sees it tells a fact of it; facts of one rule, one source and one tenant are one alert, which
 * grows (inspect/detect/alerts.h). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/log/text.h"
#include "inspect/flow/flow.h"
#include "inspect/record/fact.h"
#include "inspect/record/observation_point.h"
#include "inspect/record/sink.h"

/* Who saw it. */
enum alert_engine { ALERT_PERISCOPE, ALERT_NDPI, ALERT_LIST, ALERT_SURICATA, ALERT_ENGINES };

/* What is said of it. Any bytes; ALERT_TEXT at most, longer ones are cut. */
enum alert_text {
	ALERT_RULE, /* the engine's: its number or name */
	ALERT_CATEGORY,
	ALERT_TITLE,
	ALERT_WHY,
	ALERT_FIELD, /* of the evidence: what it is, such as dns.query */
	ALERT_VALUE, /* and its value */
	ALERT_TENANT,
	ALERT_TEXTS
};

enum { ALERT_TEXT = 256 };

struct alert {
	enum alert_engine engine;
	uint8_t severity; /* 1, the highest, to 4 */
	bool by_title;    /* alerts of other titles are other alerts */
	bool lasts; /* of a state: ends with the fact that says that it is over, not by time */
	bool over;  /* of such a fact */
	bool is_latest; /* what its latest fact says is told of it, not what its first one does */
	uint32_t revision; /* of the rule; 0: it has none */
	uint32_t tenant;
	struct ip_addr source;
	struct observation_point observation_point;
	uint64_t flow_id; /* 0: it is not known */
	/* As it was; without `details` and `dpi`. Without an ip_version: none shows it. */
	struct flow flow;
	uint16_t len[ALERT_TEXTS];
	bool cut; /* one of the texts was */
};

static inline bool alert_has_flow(const struct alert *alert)
{
	return alert->flow.key.ip_version != 0;
}

/* What makes alerts one: they have one engine, rule, source and tenant, and where `title` is given, one title. */
struct alert_identity {
	enum alert_engine engine;
	uint32_t tenant;
	struct ip_addr source;
	struct alert_words {
		const char *at; /* any bytes; NULL: none */
		size_t len;
	} rule, title;
};
/* In every run the same, and for every alert of that identity, however often it begins anew. */
uint64_t alert_id(const struct alert_identity *identity);
/* As the settings, events and tables call it. */
const char *alert_engine_name(enum alert_engine engine);

/* Texts stand behind the fact and the record, in the order of enum alert_text, and behind them the names of
 * the observation point. */
struct alert_fact {
	struct fact fact;
	uint64_t first_ns, time_ns; /* of what it tells: mostly the same */
	uint64_t times;             /* what it counts: mostly 1 */
	struct alert alert;
	char text[];
};

/* What there is of an alert so far. */
struct alert_record {
	struct record record;
	uint64_t id;
	uint64_t first_ns, last_ns, count;
	bool ended; /* it does not grow any more */
	struct alert alert;
	char text[];
};

/* What a fact is made of. */
struct alert_telling {
	enum alert_engine engine;
	uint8_t severity;
	bool by_title, lasts, over, is_latest;
	/* Of the flow there is no more than key, client and direction, and its id: 0 if that is not known. */
	bool is_foreign;
	uint32_t revision;
	uint32_t tenant;
	struct ip_addr source;
	uint64_t flow_id;
	uint64_t first_ns, time_ns; /* 0: the first is the last */
	uint64_t times; /* 0: once; where `is_latest`, not at all: there is only more to say */
	struct alert_words text[ALERT_TEXTS];
};
struct alert_identity alert_telling_identity(const struct alert_telling *telling);

/* `telling` says `text`, which must last as long as it. */
void alert_say(struct alert_telling *telling, enum alert_text which, const char *text);
/* What was written into `text` so far. */
void alert_say_text(struct alert_telling *telling, enum alert_text which, const char *text,
	const struct text *written);

/* Bytes behind a fact or record: at most ALERT_BYTES. */
enum { ALERT_BYTES = ALERT_TEXTS * ALERT_TEXT + 3 * (OBSERVATION_POINT_NAME + 1) };
size_t alert_bytes(const struct alert *alert);
/* The text, not NUL-terminated; of alert->len bytes. */
const char *alert_text(const struct alert *alert, const char *texts, enum alert_text which);
struct alert_words alert_words(
	const struct alert *alert, const char *texts, enum alert_text which);
/* Borrows from `texts`. */
struct alert_identity alert_identity(const struct alert *alert, const char *texts);
/* With texts and names in `to_texts`, which has alert_bytes(). */
void alert_copy(
	struct alert *to, char *to_texts, const struct alert *from, const char *from_texts);

/* Makes a fact in the sink; `flow` NULL: none shows it. false: the sink has refused it. */
bool alert_tell(const struct sink *facts, uint64_t number, const struct flow *flow,
	const struct observation_point *observation_point, const struct alert_telling *telling);
