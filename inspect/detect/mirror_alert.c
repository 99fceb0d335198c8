#include "inspect/detect/mirror_alert.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/log/now.h"
#include "config/parse/plural.h"
#include "config/settings/settings.h"
#include "decap/addr.h"
#include "inspect/record/alert.h"
#include "inspect/record/tenant.h"

/* In replay, behind the facts of all blocks. */
#define NUMBER_LAST UINT64_MAX

/* By which a session is known, in the settings or not: "10.0.0.1, VNI 42". */
static void key_print(char *text, size_t size, const struct session_key *key)
{
	char address[IP_ADDR_TEXT];

	ip_addr_print(&key->outer_src, address);
	if (key->network == NETWORK_NONE)
		snprintf(text, size, "%s, VNI %" PRIu32, address, key->vni);
	else
		snprintf(text, size, "%s, VNI %" PRIu32 ", network %" PRIu32, address, key->vni,
			network_id(key->network));
}

void mirror_session_name(char *text, size_t size, const struct session *session)
{
	const struct observation_point point = observation_point_of_session(session);
	char key[IP_ADDR_TEXT + 40];

	key_print(key, sizeof(key), &session->key);
	if (point.session != NULL)
		snprintf(text, size, "%.*s (%s)", OBSERVATION_POINT_NAME, point.session, key);
	else
		snprintf(text, size, "%s", key);
}

struct words {
	const char *rule;
	uint8_t severity;
	const char *title; /* behind the key */
};

static const struct words words_of[MIRROR_FAULTS] = {
	[MIRROR_SILENT] = {"mirror_session_silent", 2, "sends nothing"},
	[MIRROR_UNKNOWN] = {"mirror_session_unknown", 3, "is no session of the settings"},
	[MIRROR_LOSS] = {"mirror_loss", 2, "loses packets before the appliance"},
	[MIRROR_LOOP] = {"mirror_loop", 2, "mirrors mirror traffic"},
	[MIRROR_DUPLICATES] = {"mirror_duplicates", 2, "sends packets twice"},
};

static double share_of(uint64_t part, uint64_t all)
{
	return all > 0 ? 100.0 * (double)part / (double)all : 0;
}

static void why_print(char *text, size_t size, const struct mirror_state *state)
{
	const struct session *s = state->session;
	double seconds = (double)state->quiet_ns / 1e9;

	switch (state->fault) {
	case MIRROR_SILENT:
		snprintf(text, size,
			"%s for %.0f s: is the session there, and do security groups (UDP 4789), "
			"routes and the load balancer's listener let it through?",
			s->packets == 0 ? "no packet has ever come" : "no packet has come",
			seconds);
		return;
	case MIRROR_UNKNOWN:
		snprintf(text, size,
			"%" PRIu64
			" packet%s of an outer source and VNI that the settings do not name: "
			"a session that they lack, or made-up mirror traffic",
			s->packets, plural(s->packets));
		return;
	case MIRROR_LOSS:
		snprintf(text, size,
			"TCP acknowledged %" PRIu64
			" byte%s that no inspected packet has, %.1f %% of what "
			"was to come: lost before us, or refused here (see the ledger)",
			state->unseen, plural(state->unseen),
			share_of(state->unseen, state->bytes + state->unseen));
		return;
	case MIRROR_LOOP:
		snprintf(text, size,
			"%" PRIu64
			" flow%s of it %s VXLAN of sessions that come here: take the "
			"interface that mirror traffic comes to out of the mirrored ones, or "
			"reject its UDP port in the filter",
			s->looped_flows, plural(s->looped_flows), plural_are(s->looped_flows));
		return;
	case MIRROR_DUPLICATES:
		snprintf(text, size,
			"%" PRIu64 " of %" PRIu64
			" sampled packets, %.1f %%, are copies of one shortly before, so its counts are too high: "
			"two mirror sessions of one interface with this VNI, or a way here that doubles",
			state->copies, state->sampled, share_of(state->copies, state->sampled));
		return;
	case MIRROR_FAULTS:
		break;
	}
	text[0] = '\0';
}

/* The number that shows it. */
static const char *evidence_print(char *text, size_t size, const struct mirror_state *state)
{
	const struct session *s = state->session;
	const struct {
		const char *name;
		uint64_t number;
	} evidence[MIRROR_FAULTS] = {
		[MIRROR_SILENT] = {"packets", s->packets},
		[MIRROR_UNKNOWN] = {"packets", s->packets},
		[MIRROR_LOSS] = {"acked_unseen", state->unseen},
		[MIRROR_LOOP] = {"looped_flows", s->looped_flows},
		[MIRROR_DUPLICATES] = {"sampled_copies", state->copies},
	};

	snprintf(text, size, "%" PRIu64, evidence[state->fault].number);
	return evidence[state->fault].name;
}

bool mirror_tell(const struct sink *facts, const struct settings *settings,
	const struct mirror_state *state)
{
	const struct session *s = state->session;
	const struct words *words = &words_of[state->fault];
	const struct observation_point point = observation_point_of_session(s);
	char tenant[TENANT_TEXT], title[ALERT_TEXT], why[ALERT_TEXT], value[24];
	char key[IP_ADDR_TEXT + 40];
	struct alert_telling telling = {
		.engine = ALERT_PERISCOPE,
		.severity = words->severity,
		.by_title = true,
		.lasts = true,
		.over = state->over,
		.tenant = s->tenant,
		.source = s->outer_src,
		.time_ns = state->wall_ns,
	};

	key_print(key, sizeof(key), &s->key);
	snprintf(title, sizeof(title), "%s %s", key, words->title);
	why_print(why, sizeof(why), state);
	alert_say(&telling, ALERT_RULE, words->rule);
	alert_say(&telling, ALERT_CATEGORY, "mirror");
	alert_say(&telling, ALERT_TITLE, title);
	alert_say(&telling, ALERT_WHY, why);
	alert_say(&telling, ALERT_FIELD, evidence_print(value, sizeof(value), state));
	alert_say(&telling, ALERT_VALUE, value);
	alert_say(&telling, ALERT_TENANT, tenant_name(s->tenant, settings, tenant));
	return alert_tell(facts, NUMBER_LAST, NULL, &point, &telling);
}
