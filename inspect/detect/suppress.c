#include "inspect/detect/suppress.h"

#include <stdlib.h>
#include <string.h>

#include "config/parse/value.h"
#include "config/settings/settings.h"

/* One suppression. Texts stand behind all of them, "" stands for any. */
struct row {
	int engine; /* -1: any */
	const char *rule, *title, *session, *tenant;
	struct cidr address;
	bool has_address;
	uint64_t until_ns; /* UINT64_MAX: for good */
};

struct suppress {
	uint32_t n;
	char *texts;
	struct row rows[];
};

static size_t size_of(const char *text)
{
	return text != NULL ? strlen(text) + 1 : 1;
}

static size_t texts_size(const struct settings_suppressions *from)
{
	size_t size = 0;

	for (uint32_t i = 0; i < from->count; i++) {
		const struct settings_suppression *s = &from->suppression[i];

		size += size_of(s->rule) + size_of(s->title) + size_of(s->session) +
			size_of(s->tenant);
	}
	return size;
}

static const char *keep(char **room, const char *text)
{
	char *kept = *room;

	memcpy(kept, text != NULL ? text : "", size_of(text));
	*room += size_of(text);
	return kept;
}

struct suppress *suppress_create(const struct settings *settings)
{
	const struct settings_suppressions *from = &settings->detect.suppress;
	struct suppress *suppress =
		calloc(1, sizeof(*suppress) + from->count * sizeof(struct row));
	char *room = malloc(texts_size(from) + 1);

	if (suppress == NULL || room == NULL) {
		free(suppress);
		free(room);
		return NULL;
	}
	suppress->texts = room;
	for (; suppress->n < from->count; suppress->n++) {
		const struct settings_suppression *s = &from->suppression[suppress->n];

		suppress->rows[suppress->n] = (struct row){
			.engine = s->engine ? value_name(ALERT_ENGINE_NAMES, s->engine) : -1,
			.rule = keep(&room, s->rule),
			.title = keep(&room, s->title),
			.session = keep(&room, s->session),
			.tenant = keep(&room, s->tenant),
			.address = s->address,
			.has_address = s->has_address,
			.until_ns = s->until_ns ? s->until_ns : UINT64_MAX,
		};
	}
	return suppress;
}

void suppress_destroy(struct suppress *suppress)
{
	if (suppress == NULL)
		return;
	free(suppress->texts);
	free(suppress);
}

static bool is_text(const char *wanted, struct alert_words has)
{
	size_t len = strlen(wanted);

	return len == 0 || (has.len == len && memcmp(has.at, wanted, len) == 0);
}

static bool is_session(const char *wanted, const char *has)
{
	return *wanted == '\0' || (has != NULL && strcmp(has, wanted) == 0);
}

static bool is_end(const struct row *row, const struct suppress_subject *subject)
{
	const struct flow *flow = subject->flow;

	if (!row->has_address)
		return true;
	if (flow == NULL)
		return cidr_holds(&row->address, ip_addr_is_v4(&subject->source) ? 4 : 6,
			&subject->source);
	return cidr_holds(&row->address, (uint8_t)flow->key.ip_version, &flow->key.lo) ||
	       cidr_holds(&row->address, (uint8_t)flow->key.ip_version, &flow->key.hi);
}

static bool fits(const struct row *row, const struct suppress_subject *subject)
{
	return (row->engine < 0 || row->engine == (int)subject->engine) &&
	       subject->time_ns < row->until_ns && is_text(row->rule, subject->rule) &&
	       is_text(row->title, subject->title) && is_text(row->tenant, subject->tenant) &&
	       is_session(row->session, subject->session) && is_end(row, subject);
}

bool suppress_has(const struct suppress *suppress, const struct suppress_subject *subject)
{
	for (uint32_t i = 0; suppress != NULL && i < suppress->n; i++)
		if (fits(&suppress->rows[i], subject))
			return true;
	return false;
}
