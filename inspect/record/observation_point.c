#include "inspect/record/observation_point.h"

#include <string.h>

#include "config/model/model.h"

/* The model says "" for what is absent. */
static const char *known(const char *text)
{
	return text == NULL || text[0] == '\0' ? NULL : text;
}

uint32_t observation_point_owner(const struct model_session *config)
{
	return config->owner ? config->owner : config->index + 1;
}

/* Whom AWS names in a flow log: the owner of the interface. */
const char *observation_point_account(const struct model_session *config)
{
	return known(config->interface->owner_id);
}

const char *observation_point_region(const struct model_session *config)
{
	return known(config->interface->region);
}

struct observation_point observation_point_of_session(const struct session *session)
{
	const struct model_session *config = session->config;
	struct observation_point v = {
		.key = session->key,
		.has_vni = session_has_vni(session),
		.has_source = !session->nameless,
	};

	if (config == NULL)
		return v;
	v.session = known(config->id);
	v.interface_id = known(config->interface->id);
	v.account = observation_point_account(config);
	v.owner = observation_point_owner(config);
	return v;
}

struct observation_point observation_point_of(
	const struct session_table *sessions, uint32_t session)
{
	struct observation_point v;

	if (session == SESSION_NONE || sessions == NULL)
		return (struct observation_point){.has_vni = false};
	if (session < SESSION_NAMELESS) {
		v = observation_point_of_session(session_table_get(sessions, session));
	} else {
		const struct session seen = session_look(sessions, session);

		v = observation_point_of_session(&seen);
	}
	v.point_id = session_id(sessions, session);
	return v;
}

static size_t name_size(const char *name)
{
	return name == NULL ? 0 : strnlen(name, OBSERVATION_POINT_NAME) + 1;
}

size_t observation_point_size(const struct observation_point *v)
{
	return name_size(v->session) + name_size(v->interface_id) + name_size(v->account);
}

/* `*name` becomes a copy in `*room`, which it uses up. false: it was cut. */
static bool take_name(const char **name, char **room)
{
	const char *from = *name;
	size_t len = name_size(from);

	if (from == NULL)
		return true;
	*name = *room;
	memcpy(*room, from, len - 1);
	(*room)[len - 1] = '\0';
	*room += len;
	return from[len - 1] == '\0';
}

bool observation_point_copy(
	struct observation_point *to, const struct observation_point *from, char *room)
{
	bool session, interface;

	*to = *from;
	session = take_name(&to->session, &room);
	interface = take_name(&to->interface_id, &room);
	return take_name(&to->account, &room) && session && interface;
}
