#include "dataplane/output/flow_log_owners.h"

#include "inspect/record/observation_point.h"

#include <stdlib.h>
#include <string.h>

struct owner {
	char *account, *region; /* NULL: not known */
};

struct flow_log_owners {
	struct owner *list; /* number - 1 */
	uint32_t n, told;
};

struct flow_log_owners *flow_log_owners_create(void)
{
	return calloc(1, sizeof(struct flow_log_owners));
}

void flow_log_owners_destroy(struct flow_log_owners *owners)
{
	if (!owners)
		return;
	for (uint32_t i = 0; i < owners->n; i++) {
		free(owners->list[i].account);
		free(owners->list[i].region);
	}
	free(owners->list);
	free(owners);
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool copy(char **to, const char *text)
{
	*to = text ? strdup(text) : NULL;
	return *to || !text;
}

/* The number of the pair; 0: no memory. */
static uint32_t number_of(
	struct flow_log_owners *owners, const char *account, const char *region)
{
	struct owner *list, *one;

	for (uint32_t i = 0; i < owners->n; i++)
		if (same(owners->list[i].account, account) &&
			same(owners->list[i].region, region))
			return i + 1;
	list = realloc(owners->list, (owners->n + 1) * sizeof(*list));
	if (!list)
		return 0;
	owners->list = list;
	one = &list[owners->n];
	if (!copy(&one->account, account))
		return 0;
	if (!copy(&one->region, region)) {
		free(one->account);
		return 0;
	}
	return ++owners->n;
}

bool flow_log_owners_number(struct flow_log_owners *owners, const struct model *model)
{
	for (uint32_t i = 0; i < model->n_sessions; i++) {
		/* Not in use by any lane yet, and this field is the reloader's to write. */
		struct model_session *session =
			(struct model_session *)(uintptr_t)&model->sessions[i];

		session->owner = number_of(owners, observation_point_account(session),
			observation_point_region(session));
		if (session->owner == 0)
			return false;
	}
	return true;
}

void flow_log_owners_add(void *ctx, struct output *output)
{
	struct flow_log_owners *owners = ctx;

	while (owners->told < owners->n) {
		const struct owner *one = &owners->list[owners->told];

		if (!output_owner(output, owners->told + 1, one->account, one->region))
			return;
		owners->told++;
	}
}
