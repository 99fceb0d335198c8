#include "inspect/packets/pcapng_interfaces.h"

#include <stdlib.h>
#include <string.h>

#include "decap/salt.h"
#include "inspect/flow/addr_text.h"

enum { ROOM_FIRST = 16 };

struct pcapng_interfaces {
	struct pcapng_interface *interfaces;
	uint32_t count, room;
	uint32_t sessions; /* those with a VNI */
	uint32_t *slots;   /* open addressing over 2 * room; number + 1, 0 = free */
	uint32_t last;     /* found last: most packets come in runs of one session */
	uint64_t salt
		[SALT_WORDS_MAX]; /* a secret: nobody can make up pairs that meet in a slot */
};

struct pcapng_interfaces *pcapng_interfaces_create(void)
{
	struct pcapng_interfaces *in = calloc(1, sizeof(*in));

	if (in != NULL)
		salt_take(in->salt, SALT_WORDS_MAX);
	return in;
}

void pcapng_interfaces_destroy(struct pcapng_interfaces *in)
{
	if (in == NULL)
		return;
	free(in->interfaces);
	free(in->slots);
	free(in);
}

void pcapng_interfaces_clear(struct pcapng_interfaces *in)
{
	if (in->slots != NULL)
		memset(in->slots, 0, 2ull * in->room * sizeof(*in->slots));
	in->count = 0;
	in->sessions = 0;
	in->last = 0;
}

static bool is_equal(const struct pcapng_session *a, const struct pcapng_session *b)
{
	if (a->has_vni != b->has_vni)
		return false;
	return !a->has_vni || session_key_equal(&a->key, &b->key);
}

/* That of the session, or the free one where it belongs. */
static uint32_t *slot_of(const struct pcapng_interfaces *in, const struct pcapng_session *s)
{
	uint64_t hash = s->has_vni ? session_key_hash(&s->key, in->salt) : 0;
	uint32_t mask = 2 * in->room - 1, at = (uint32_t)hash & mask;

	while (in->slots[at] != 0 && !is_equal(&in->interfaces[in->slots[at] - 1].session, s))
		at = (at + 1) & mask;
	return &in->slots[at];
}

static bool grow(struct pcapng_interfaces *in)
{
	uint32_t room = in->room == 0 ? ROOM_FIRST : 2 * in->room;
	struct pcapng_interface *interfaces =
		realloc(in->interfaces, room * sizeof(*in->interfaces));
	uint32_t *slots = calloc(2ull * room, sizeof(*slots));

	if (interfaces != NULL)
		in->interfaces = interfaces;
	if (interfaces == NULL || slots == NULL) {
		free(slots);
		return false;
	}
	free(in->slots);
	in->slots = slots;
	in->room = room;
	for (uint32_t i = 0; i < in->count; i++)
		*slot_of(in, &interfaces[i].session) = i + 1;
	return true;
}

uint8_t pcapng_words(const struct pcapng_session *session, char words[PCAPNG_WORDS])
{
	const struct session_key *key = &session->key;
	struct text t = text_make(words, PCAPNG_WORDS);

	if (!session->has_vni)
		return 0;
	text_cstr(&t, "vni=");
	text_u64(&t, key->vni);
	if (key->network != NETWORK_NONE) {
		text_cstr(&t, " network=");
		text_u64(&t, network_id(key->network));
	}
	text_cstr(&t, " outer_src=");
	text_addr(&t, &key->outer_src, ip_addr_is_v4(&key->outer_src) ? 4 : 6);
	return (uint8_t)(t.at - words);
}

static bool add(struct pcapng_interfaces *in, const struct pcapng_session *session)
{
	if (in->count == in->room && !grow(in))
		return false;
	in->interfaces[in->count] = (struct pcapng_interface){.session = *session};
	in->interfaces[in->count].n_words =
		pcapng_words(session, in->interfaces[in->count].words);
	in->sessions += session->has_vni;
	*slot_of(in, session) = in->count + 1;
	in->last = in->count++;
	return true;
}

/* Sets in->last; false: there is none yet. */
static bool find(struct pcapng_interfaces *in, const struct pcapng_session *session)
{
	uint32_t found;

	if (in->count == 0)
		return false;
	if (is_equal(&in->interfaces[in->last].session, session))
		return true;
	found = *slot_of(in, session);
	if (found != 0)
		in->last = found - 1;
	return found != 0;
}

bool pcapng_interfaces_find(struct pcapng_interfaces *in, const struct pcapng_session *session,
	uint32_t *number, bool *is_new)
{
	static const struct pcapng_session nameless;

	*is_new = false;
	if (!find(in, session)) {
		if (session->has_vni && in->sessions == PCAPNG_SESSIONS_MAX)
			return pcapng_interfaces_find(in, &nameless, number, is_new);
		if (!add(in, session))
			return false;
		*is_new = true;
	}
	*number = in->last;
	return true;
}

uint32_t pcapng_interfaces_count(const struct pcapng_interfaces *in)
{
	return in->count;
}

struct pcapng_interface *pcapng_interfaces_get(struct pcapng_interfaces *in, uint32_t number)
{
	return &in->interfaces[number];
}
