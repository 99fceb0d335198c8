#include "dataplane/pipeline/choice.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/pipeline/lane.h"
#include "decap/session/session.h"

struct choice {
	struct expression *expression;
	const struct settings *settings;
	bool packets_say; /* which session they are of; else that is not set in them */
	struct session_table *sessions; /* NULL: packets say their own, or nobody asks */
	bool asks_tenant;
};

static bool asks(const struct expression *expression, enum expression_kind kind)
{
	for (uint32_t i = 0; i < expression_count(expression); i++)
		if (expression_node(expression, i)->kind == kind)
			return true;
	return false;
}

/* Nothing is looked up unless it is asked. */
static bool find_sessions(struct choice *c, const struct choice_params *params)
{
	c->asks_tenant = asks(c->expression, EXPRESSION_TENANT);
	if (!params->model || !params->settings ||
		(!c->asks_tenant && !asks(c->expression, EXPRESSION_SESSION) &&
			!asks(c->expression, EXPRESSION_INTERFACE)))
		return true;
	c->sessions = lane_sessions(params->settings);
	return c->sessions && session_table_bind(c->sessions, params->model);
}

struct choice *choice_create(
	const char *text, const struct choice_params *params, struct expression_error *error)
{
	struct choice *c = calloc(1, sizeof(*c));

	*error = (struct expression_error){.text = "not enough memory"};
	if (!c)
		return NULL;
	c->settings = params->settings;
	c->packets_say = !params->model;
	c->expression = expression_parse(text, &params->words, error);
	if (c->expression && find_sessions(c, params))
		return c;
	choice_destroy(c);
	return NULL;
}

void choice_destroy(struct choice *choice)
{
	if (!choice)
		return;
	session_table_destroy(choice->sessions);
	expression_destroy(choice->expression);
	free(choice);
}

/* What the settings call it; NULL: nothing. */
static const char *tenant_called(const struct settings *settings, uint32_t tenant)
{
	uint32_t index = tenant - TENANT_NAMED;

	return settings && index < settings->n_tenants ? settings->tenants[index].name : NULL;
}

/* The session stage is still to come, and finds its own. */
static void __attribute__((noinline)) look_up(const struct choice *c, struct packet *p)
{
	if (!session_table_lookup(c->sessions, p, false))
		p->config = NULL;
	p->tenant = p->flags & PACKET_HAS_VNI ? session_table_tenant_of(c->sessions, &p->key)
					      : (uint32_t)TENANT_PLAIN;
}

struct expression *choice_expression(struct choice *choice)
{
	return choice->expression;
}

bool choice_takes(const struct choice *choice, const struct packet *p, uint64_t answers)
{
	struct expression_facts facts;

	if (choice->sessions) {
		struct packet copy = *p;

		look_up(choice, &copy);
		expression_facts_of(p, copy.config, &facts);
		facts.tenant = tenant_called(choice->settings, copy.tenant);
	} else {
		expression_facts_of(p, choice->packets_say ? p->config : NULL, &facts);
		if (choice->asks_tenant)
			facts.tenant = tenant_called(choice->settings, p->tenant);
	}
	facts.answers = answers;
	return expression_match(choice->expression, &facts);
}
