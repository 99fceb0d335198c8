#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "config/model/model.h"
#include "decap/session/session.h"
#include "support/random.h"

static struct packet packet_of(uint32_t source, uint32_t vni, uint64_t time_ns, uint32_t bytes)
{
	const uint8_t b[4] = {10, 0, (uint8_t)(source >> 8), (uint8_t)source};
	struct packet p = {.vni = vni, .flags = PACKET_HAS_VNI, .time_ns = time_ns};

	p.outer_src = ip_addr_v4(b);
	p.ip_len = bytes;
	return p;
}

/* What the table should be, without hashing: a list in the order of learning. */
struct naive {
	struct session list[512];
	uint32_t n, room;
	uint64_t overflow;
};

static struct session *naive_find(const struct naive *v, struct session *list,
	const struct ip_addr *outer_src, uint32_t vni)
{
	for (uint32_t i = 0; i < v->n; i++)
		if (list[i].vni == vni && ip_addr_equal(&list[i].outer_src, outer_src))
			return &list[i];
	return NULL;
}

static bool naive_packet(struct naive *v, const struct packet *p)
{
	struct session *s = naive_find(v, v->list, &p->outer_src, p->vni);

	if (!s) {
		if (v->n == v->room) {
			v->overflow++;
			return false;
		}
		s = &v->list[v->n++];
		*s = (struct session){.outer_src = p->outer_src, .vni = p->vni};
		s->first_ns = s->last_ns = p->time_ns;
	}
	s->packets++;
	s->bytes += p->ip_len;
	s->truncated += (p->flags & PACKET_CUT) != 0;
	s->vxlan_reserved += (p->flags & PACKET_VXLAN_RESERVED) != 0;
	if (p->time_ns < s->first_ns)
		s->first_ns = p->time_ns;
	if (p->time_ns > s->last_ns)
		s->last_ns = p->time_ns;
	return true;
}

static struct packet random_packet(struct random *random)
{
	struct packet p = packet_of(random_below(random, 20), random_below(random, 20),
		(uint32_t)random_next(random), random_below(random, 1500));

	if (random_below(random, 4) == 0)
		p.flags |= PACKET_CUT;
	if (random_below(random, 4) == 0)
		p.flags |= PACKET_VXLAN_RESERVED;
	return p;
}

static void same_session(const struct session *have, const struct session *want)
{
	CU_ASSERT_TRUE(ip_addr_equal(&have->outer_src, &want->outer_src));
	CU_ASSERT_EQUAL(have->vni, want->vni);
	CU_ASSERT_EQUAL(have->packets, want->packets);
	CU_ASSERT_EQUAL(have->bytes, want->bytes);
	CU_ASSERT_EQUAL(have->truncated, want->truncated);
	CU_ASSERT_EQUAL(have->vxlan_reserved, want->vxlan_reserved);
	CU_ASSERT_EQUAL(have->accepted_cut, want->accepted_cut);
	CU_ASSERT_EQUAL(have->acked_unseen, want->acked_unseen);
	CU_ASSERT_EQUAL(have->first_ns, want->first_ns);
	CU_ASSERT_EQUAL(have->last_ns, want->last_ns);
}

static void agrees_with_a_list(uint32_t capacity)
{
	struct session_table *t = session_table_create(capacity);
	struct naive *v = calloc(1, sizeof(*v));
	struct random random = random_seeded(7);

	CU_ASSERT_TRUE_FATAL(t && v);
	v->room = capacity;
	for (int i = 0; i < 20000; i++) {
		struct packet p = random_packet(&random);
		bool known = naive_packet(v, &p);

		CU_ASSERT_TRUE(session_table_packet(t, &p, true));
		if (known) {
			CU_ASSERT_EQUAL(v->list[p.session].vni, p.vni);
		} else {
			CU_ASSERT_EQUAL(p.session, SESSION_NAMELESS + p.vni);
		}
		CU_ASSERT_EQUAL(p.tenant, p.vni);
	}
	CU_ASSERT_EQUAL_FATAL(session_table_count(t), v->n);
	CU_ASSERT_EQUAL(session_table_stats(t)->overflow, v->overflow);
	CU_ASSERT_EQUAL(session_table_other(t)->packets, v->overflow);
	for (uint32_t i = 0; i < v->n; i++)
		same_session(session_table_get(t, i), &v->list[i]);
	session_table_destroy(t);
	free(v);
}

static void random_traffic_as_a_list_counts_it(void)
{
	agrees_with_a_list(512);
	agrees_with_a_list(128);
	agrees_with_a_list(16);
}

/* Digits of pi: what a table is salted with when the kernel has no secret yet. */
static const uint64_t known_salt[4] = {
	0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89};

/* Under a salt that is known, keys that meet are found by trying. */
static struct session_key key_that_meets(uint32_t *at)
{
	struct packet p;

	do {
		p = packet_of(*at >> 16, *at & 0xffff, 1, 100);
		++*at;
	} while ((session_key_hash(&p.key, known_salt) & 0xff) != 7);
	return p.key;
}

static struct session_key key_that_counts(uint32_t *at)
{
	struct packet p = packet_of(1, (*at)++, 1, 100);

	return p.key;
}

/* The first word and the numbers have one sum, and the second word is a well-known constant. */
static struct session_key key_of_one_sum(uint32_t *at)
{
	const uint64_t first = 0x1000000ull - *at, second = known_salt[1];
	struct session_key key = {.vni = (*at)++};

	memcpy(key.outer_src.byte, &first, 8);
	memcpy(key.outer_src.byte + 8, &second, 8);
	return key;
}

static void made_up_sessions_cost_few_probes(void)
{
	static struct session_key (*const makers[])(uint32_t *) = {
		key_that_meets, key_that_counts, key_of_one_sum};
	enum { KEYS = 32768 };
	struct session_key *keys = calloc(KEYS, sizeof(*keys));

	CU_ASSERT_PTR_NOT_NULL_FATAL(keys);
	for (size_t m = 0; m < sizeof(makers) / sizeof(makers[0]); m++) {
		struct session_table *t = session_table_create(KEYS);
		uint32_t at = 0, most = 0;
		uint64_t sum = 0;

		CU_ASSERT_PTR_NOT_NULL_FATAL(t);
		for (uint32_t i = 0; i < KEYS; i++) {
			struct packet p = {.flags = PACKET_HAS_VNI, .time_ns = 1};

			p.key = keys[i] = makers[m](&at);
			CU_ASSERT_TRUE(session_table_packet(t, &p, true));
		}
		for (uint32_t i = 0; i < KEYS; i++) {
			uint32_t probes = session_table_probes(t, &keys[i]);

			sum += probes;
			most = probes > most ? probes : most;
		}
		CU_ASSERT_EQUAL(session_table_count(t), KEYS);
		CU_ASSERT_TRUE(most < SESSION_PROBES_MAX);
		CU_ASSERT_TRUE(sum < 2 * KEYS); /* at half load 1.5 are due */
		session_table_destroy(t);
	}
	free(keys);
}

static void merged_tables_count_as_one(void)
{
	struct session_table *part[3], *sum = session_table_create(512);
	struct naive *v = calloc(1, sizeof(*v));
	struct random random = random_seeded(11);

	CU_ASSERT_TRUE_FATAL(sum && v);
	v->room = 512;
	for (int k = 0; k < 3; k++)
		CU_ASSERT_PTR_NOT_NULL_FATAL(part[k] = session_table_create(512));
	for (int i = 0; i < 3000; i++) {
		struct packet p = random_packet(&random);

		naive_packet(v, &p);
		CU_ASSERT_TRUE(session_table_packet(part[i % 3], &p, true));
		session_table_accepted_cut(part[i % 3], p.session);
		session_table_unseen(part[i % 3], p.session, (uint64_t)i);
		naive_find(v, v->list, &p.outer_src, p.vni)->accepted_cut++;
		naive_find(v, v->list, &p.outer_src, p.vni)->acked_unseen += (uint64_t)i;
	}
	for (int k = 0; k < 3; k++)
		session_table_merge(sum, part[k]);
	CU_ASSERT_EQUAL(session_table_count(sum), v->n);
	for (uint32_t i = 0; i < session_table_count(sum); i++) {
		const struct session *s = session_table_get(sum, i);
		const struct session *want = naive_find(v, v->list, &s->outer_src, s->vni);

		CU_ASSERT_PTR_NOT_NULL_FATAL(want);
		same_session(s, want);
	}
	for (int k = 0; k < 3; k++)
		session_table_destroy(part[k]);
	session_table_destroy(sum);
	free(v);
}

static void a_merge_that_does_not_fit_is_counted(void)
{
	struct session_table *small = session_table_create(16), *big = session_table_create(64);

	CU_ASSERT_TRUE_FATAL(small && big);
	for (uint32_t i = 0; i < 40; i++) {
		struct packet p = packet_of(1, i % 20, i, 100);

		CU_ASSERT_TRUE(session_table_packet(big, &p, true));
	}
	session_table_merge(small, big);
	CU_ASSERT_EQUAL(session_table_count(small), 16);
	CU_ASSERT_EQUAL(session_table_stats(small)->overflow, 8);
	CU_ASSERT_EQUAL(session_table_other(small)->packets, 8);
	CU_ASSERT_EQUAL(session_table_other(small)->first_ns, 16);
	CU_ASSERT_EQUAL(session_table_other(small)->last_ns, 39);
	session_table_destroy(small);
	session_table_destroy(big);
}

static void configured_sessions_are_found_and_others_refused(void)
{
	static const struct model_session config = {.id = "tms-1"};
	struct session_table *t = session_table_create(16), *sum = session_table_create(16);
	struct packet known = packet_of(1, 42, 5, 60), other = packet_of(2, 42, 6, 60);
	struct session *s;

	CU_ASSERT_TRUE_FATAL(t && sum);
	s = session_table_add(t, &known.key);
	if (!s)
		abort();
	s->config = &config;
	CU_ASSERT_PTR_EQUAL(session_table_add(t, &known.key), s);
	CU_ASSERT_TRUE(session_table_packet(t, &known, false));
	CU_ASSERT_EQUAL(known.session, 0);
	/* Who sends what is refused is known; looking alone makes no row. */
	CU_ASSERT_FALSE(session_table_lookup(t, &other, false));
	CU_ASSERT_EQUAL(session_table_count(t), 1);
	CU_ASSERT_FALSE(session_table_packet(t, &other, false));
	CU_ASSERT_FALSE(session_table_packet(t, &other, false));
	CU_ASSERT_EQUAL(session_table_stats(t)->overflow, 0);
	CU_ASSERT_EQUAL_FATAL(session_table_count(t), 2);
	CU_ASSERT_TRUE(session_key_equal(&session_table_get(t, 1)->key, &other.key));
	CU_ASSERT_FALSE(session_table_get(t, 1)->configured);
	CU_ASSERT_EQUAL(session_table_get(t, 1)->packets, 2);
	session_table_merge(sum, t);
	s = session_table_add(sum, &other.key);
	if (!s)
		abort();
	CU_ASSERT_TRUE(session_table_get(sum, 0)->configured);
	CU_ASSERT_PTR_EQUAL(session_table_get(sum, 0)->config, &config);
	CU_ASSERT_EQUAL(session_table_get(sum, 0)->first_ns, 5);
	CU_ASSERT_EQUAL(s->first_ns, 6);
	session_table_merge(sum, t);
	CU_ASSERT_EQUAL(session_table_get(sum, 0)->packets, 2);
	session_table_destroy(t);
	session_table_destroy(sum);
}

static void after_a_reload_what_is_not_configured_is_unknown(void)
{
	static const struct model_session config = {
		.has_source = true, .key = {{{[10] = 0xff, 0xff, 10, 0, 0, 1}}, 42, 0}};
	static const struct model before = {.sessions = &config, .n_sessions = 1}, after = {0};
	struct session_table *t = session_table_create(16);
	struct packet named = packet_of(1, 42, 5, 60), learned = packet_of(2, 42, 6, 60);

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	CU_ASSERT_TRUE(session_table_bind(t, &before));
	CU_ASSERT_TRUE(session_table_packet(t, &named, false));
	CU_ASSERT_PTR_EQUAL(session_table_get(t, named.session)->config, &config);
	CU_ASSERT_TRUE(session_table_packet(t, &learned, true));
	CU_ASSERT_TRUE(session_table_bind(t, &after));
	CU_ASSERT_PTR_NULL(session_table_get(t, named.session)->config);
	/* Twice: the second time finds the session of the packet before. */
	for (int i = 0; i < 2; i++)
		CU_ASSERT_FALSE(session_table_packet(t, &named, false));
	for (int i = 0; i < 2; i++)
		CU_ASSERT_FALSE(session_table_packet(t, &learned, false));
	CU_ASSERT_TRUE(session_table_bind(t, &before));
	CU_ASSERT_TRUE(session_table_packet(t, &named, false));
	CU_ASSERT_FALSE(session_table_packet(t, &learned, false));
	CU_ASSERT_TRUE(session_table_packet(t, &learned, true));
	CU_ASSERT_EQUAL(session_table_get(t, named.session)->packets, 4);
	CU_ASSERT_EQUAL(session_table_count(t), 2);
	session_table_destroy(t);
}

/* Whoever makes up senders has the rows of learned sessions, and no more. */
static void who_is_refused_is_bounded(void)
{
	struct session_table *t = session_table_create(16);
	struct packet named = packet_of(1, 42, 5, 60);

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	for (unsigned i = 0; i < 100; i++) {
		struct packet p = packet_of(2, 1000 + i, 6, 60);

		CU_ASSERT_FALSE(session_table_packet(t, &p, false));
	}
	CU_ASSERT_EQUAL(session_table_count(t), 16);
	CU_ASSERT_EQUAL(session_table_stats(t)->overflow, 84);
	CU_ASSERT_EQUAL(session_table_other(t)->packets, 84);
	CU_ASSERT_PTR_NOT_NULL(session_table_add(t, &named.key));
	CU_ASSERT_TRUE(session_table_packet(t, &named, false));
	session_table_destroy(t);
}

/* Sessions that are learned. */
static void fill(struct session_table *t, uint32_t n, uint64_t time_ns)
{
	for (uint32_t i = 0; i < n; i++) {
		struct packet p = packet_of(1000 + i, i, time_ns, 100);

		CU_ASSERT_TRUE(session_table_packet(t, &p, true));
		CU_ASSERT_TRUE(p.session < SESSION_NAMELESS);
	}
}

static void the_settings_sessions_have_room_in_a_full_table(void)
{
	struct model_session configs[16] = {{.has_source = false}};
	const struct model model = {.sessions = configs, .n_sessions = 16};
	struct session_table *t = session_table_create(16);

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	fill(t, 16, 5);
	for (uint32_t i = 0; i < 16; i++) {
		configs[i].has_source = true;
		configs[i].key = packet_of(i, 42, 0, 0).key;
	}
	/* Again and again, with other sources: those of before make room, but for one in use. */
	for (uint32_t round = 0; round < 5; round++) {
		struct packet p = packet_of(0, 42 + round, 7, 60);

		for (uint32_t i = 0; i < 16; i++)
			configs[i].key.vni = 42 + round;
		CU_ASSERT_TRUE(session_table_bind(t, &model));
		for (uint32_t i = 0; i < 16; i++) {
			p = packet_of(i, 42 + round, 7, 60);
			CU_ASSERT_TRUE(session_table_packet(t, &p, false));
			CU_ASSERT_PTR_EQUAL(p.config, &configs[i]);
		}
		CU_ASSERT_EQUAL(session_table_count(t), 32);
	}
	CU_ASSERT_EQUAL(session_table_stats(t)->evicted, 4 * 16);
	CU_ASSERT_EQUAL(session_table_stats(t)->overflow, 0);
	session_table_destroy(t);
}

/* Points of tenants that are VNIs, named ones, and networks, up to the largest of each. */
static void packets_without_a_row_share_a_point_a_tenant(void)
{
	static const struct {
		uint32_t vni, network, index, tenant;
		bool has_vni;
	} rows[] = {
		{0, NETWORK_NONE, SESSION_NAMELESS, 0, true},
		{0xffffff, NETWORK_NONE, SESSION_NAMELESS + 0xffffff, 0xffffff, true},
		{7, NETWORK_NONE, SESSION_NAMELESS + TENANT_NAMED + 3, TENANT_NAMED + 3, false},
		{9, NETWORK_NAMED + 5, NETWORK_NAMED + 5, NETWORK_NAMED + 5, false},
		{9, NETWORK_NAMED + NETWORK_ID_MAX, NETWORK_NAMED + NETWORK_ID_MAX,
			NETWORK_NAMED + NETWORK_ID_MAX, false},
	};
	struct session_table *t = session_table_create(16);

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	CU_ASSERT_TRUE(session_table_tenant(t, 7, 3));
	fill(t, 16, 5);
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct packet p = packet_of(i, rows[i].vni, 60, 100), again;
		struct session look;

		p.network = rows[i].network;
		again = p;
		CU_ASSERT_FALSE(session_table_packet(t, &again, false));
		CU_ASSERT_TRUE(session_table_packet(t, &p, true));
		CU_ASSERT_TRUE(session_table_lookup(t, &again, true));
		CU_ASSERT_EQUAL(again.session, p.session);
		CU_ASSERT_EQUAL(p.session, rows[i].index);
		CU_ASSERT_EQUAL(p.tenant, rows[i].tenant);
		CU_ASSERT_EQUAL(session_tenant(t, p.session), rows[i].tenant);
		CU_ASSERT_NOT_EQUAL(session_id(t, p.session), 0);
		look = session_look(t, p.session);
		CU_ASSERT_TRUE(look.nameless);
		CU_ASSERT_EQUAL(session_has_vni(&look), rows[i].has_vni);
		if (rows[i].has_vni)
			CU_ASSERT_EQUAL(look.vni, rows[i].vni);
		CU_ASSERT_EQUAL(look.network, rows[i].network);
		session_table_accepted_cut(t, p.session);
		session_table_unseen(t, p.session, 10);
		session_table_flow_began(t, p.session);
		session_table_flow_ended(t, p.session);
	}
	CU_ASSERT_EQUAL(session_table_count(t), 16);
	/* Each was refused once, and taken once. */
	CU_ASSERT_EQUAL(session_table_stats(t)->overflow, 10);
	CU_ASSERT_EQUAL(session_table_other(t)->packets, 10);
	CU_ASSERT_EQUAL(session_table_other(t)->bytes, 1000);
	CU_ASSERT_EQUAL(session_table_other(t)->accepted_cut, 5);
	CU_ASSERT_EQUAL(session_table_other(t)->acked_unseen, 50);
	session_table_destroy(t);
}

static void a_row_is_given_anew_when_nobody_needs_it(void)
{
	struct session_table *t = session_table_create(16);
	struct packet p = packet_of(1, 1, 100, 100);

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	fill(t, 16, 50);
	for (uint32_t i = 0; i < 16; i++)
		if (i != 11)
			session_table_flow_began(t, i);
	session_table_age(t, 50); /* before, not at */
	CU_ASSERT_TRUE(session_table_packet(t, &p, true));
	CU_ASSERT_EQUAL(p.session, SESSION_NAMELESS + 1);
	session_table_age(t, 51);
	/* 8 rows are looked at for a packet. */
	for (int i = 0; i < 2; i++)
		CU_ASSERT_TRUE(session_table_packet(t, &p, true));
	CU_ASSERT_EQUAL(p.session, 11);
	CU_ASSERT_EQUAL(session_table_stats(t)->evicted, 1);
	CU_ASSERT_EQUAL(session_table_count(t), 16);
	CU_ASSERT_EQUAL(session_table_other(t)->packets, 1 + session_table_stats(t)->overflow);
	session_table_flow_ended(t, 3);
	for (uint32_t i = 0; i < 2; i++) {
		p = packet_of(2, 2, 100, 100);
		CU_ASSERT_TRUE(session_table_packet(t, &p, true));
	}
	CU_ASSERT_EQUAL(p.session, 3);
	session_table_destroy(t);
}

/* Whatever was given anew: each row is found by its key, and no packet is counted twice or not. */
static void whole(struct session_table *t, uint64_t sent)
{
	uint64_t sum = session_table_other(t)->packets;

	for (uint32_t i = 0; i < session_table_count(t); i++) {
		struct packet p = {.flags = PACKET_HAS_VNI};

		p.key = session_table_get(t, i)->key;
		CU_ASSERT_TRUE(session_table_lookup(t, &p, true));
		CU_ASSERT_EQUAL(p.session, i);
		sum += session_table_get(t, i)->packets;
	}
	CU_ASSERT_EQUAL(sum, sent);
}

static void rows_given_anew_leave_the_table_whole(void)
{
	enum { ROWS = 16, PACKETS = 40000 };
	struct session_key held[2 * ROWS] = {{.vni = 0}};
	struct random random = random_seeded(3);
	uint32_t flows[2 * ROWS] = {0};
	struct model_session config = {.has_source = true, .key = packet_of(3, 3, 0, 0).key};
	const struct model model = {.sessions = &config, .n_sessions = 1}, none = {0};
	struct session_table *t = session_table_create(ROWS);

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	for (uint32_t i = 1; i <= PACKETS; i++) {
		struct packet p =
			packet_of(random_below(&random, 10), random_below(&random, 10), i, 100);

		session_table_age(t, i - 5);
		if (random_below(&random, 64) == 0)
			CU_ASSERT_TRUE(session_table_bind(t, i & 1 ? &model : &none));
		CU_ASSERT_TRUE(session_table_packet(t, &p, true));
		if (p.session < SESSION_NAMELESS) {
			if (flows[p.session] > 0)
				CU_ASSERT_TRUE(session_key_equal(&held[p.session], &p.key));
			held[p.session] = p.key;
			flows[p.session]++;
			session_table_flow_began(t, p.session);
		}
		for (uint32_t tries = 0; tries < 2; tries++) {
			uint32_t end = random_below(&random, 2 * ROWS);

			if (flows[end] == 0)
				continue;
			flows[end]--;
			session_table_flow_ended(t, end);
		}
		if (i % 256 == 0)
			whole(t, i);
	}
	CU_ASSERT_TRUE(session_table_stats(t)->evicted > PACKETS / 100);
	CU_ASSERT_TRUE(session_table_stats(t)->overflow > 0);
	session_table_destroy(t);
}

static void tenants_join_vnis(void)
{
	struct session_table *t = session_table_create(16);
	struct packet p[] = {packet_of(1, 43, 0, 0), packet_of(1, 44, 0, 0),
		packet_of(1, 42, 0, 0), packet_of(2, 42, 0, 0)};
	const uint32_t want[] = {TENANT_NAMED + 1, 44, TENANT_NAMED, TENANT_NAMED};

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	CU_ASSERT_PTR_NOT_NULL(session_table_add(t, &p[2].key));
	CU_ASSERT_TRUE(session_table_tenant(t, 43, 1));
	CU_ASSERT_TRUE(session_table_tenant(t, 42, 0));
	CU_ASSERT_TRUE(session_table_tenant(t, 7, 1));
	for (int i = 0; i < 4; i++) {
		CU_ASSERT_TRUE(session_table_packet(t, &p[i], true));
		CU_ASSERT_EQUAL(p[i].tenant, want[i]);
	}
	CU_ASSERT_EQUAL(p[2].session, 0);
	CU_ASSERT_EQUAL(session_table_get(t, 0)->tenant, TENANT_NAMED);
	session_table_destroy(t);
}

/* A network is a session and a tenant of its own, also the one numbered 0; joined by the settings
 * with VNIs or others. */
static void networks_are_kept_apart(void)
{
	static const uint32_t networks[] = {NETWORK_NONE, NETWORK_NAMED, NETWORK_NAMED + 7,
		NETWORK_NAMED + NETWORK_ID_MAX, NETWORK_NAMED + 8};
	const uint32_t want[] = {0, NETWORK_NAMED, TENANT_NAMED + 1,
		NETWORK_NAMED + NETWORK_ID_MAX, TENANT_NAMED + 1};
	struct session_table *t = session_table_create(16), *sum = session_table_create(16);

	CU_ASSERT_TRUE_FATAL(t && sum);
	CU_ASSERT_TRUE(session_table_tenant(t, NETWORK_NAMED + 7, 1));
	CU_ASSERT_TRUE(session_table_tenant(t, NETWORK_NAMED + 8, 1));
	CU_ASSERT_TRUE(session_table_tenant(t, 7, 0));
	for (uint32_t i = 0; i < 2 * 5; i++) {
		struct packet p = packet_of(1, 0, i, 60), again;

		p.network = networks[i % 5];
		again = p;
		CU_ASSERT_TRUE(session_table_packet(t, &p, true));
		CU_ASSERT_EQUAL(p.session, i % 5);
		CU_ASSERT_EQUAL(p.tenant, want[i % 5]);
		CU_ASSERT_TRUE(session_table_lookup(t, &again, false) == false);
		CU_ASSERT_TRUE(session_table_lookup(t, &again, true));
		CU_ASSERT_EQUAL(again.session, p.session);
	}
	session_table_merge(sum, t);
	session_table_merge(sum, t);
	CU_ASSERT_EQUAL(session_table_count(sum), 5);
	for (uint32_t i = 0; i < 5; i++) {
		CU_ASSERT_EQUAL(session_table_get(sum, i)->network, networks[i]);
		CU_ASSERT_EQUAL(session_table_get(sum, i)->packets, 4);
	}
	session_table_destroy(t);
	session_table_destroy(sum);
}

static void plain_packets_have_no_session(void)
{
	struct session_table *t = session_table_create(16);
	struct packet p = packet_of(1, 42, 0, 60);

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	p.flags = 0;
	CU_ASSERT_TRUE(session_table_packet(t, &p, false));
	CU_ASSERT_EQUAL(p.session, SESSION_NONE);
	CU_ASSERT_EQUAL(p.tenant, TENANT_PLAIN);
	CU_ASSERT_EQUAL(session_table_count(t), 0);
	session_table_destroy(t);
	session_table_destroy(NULL);
}

/* Of a session that is known each packet counts, what there is no session of only goes on when decap
 * let it, and an unknown session is refused before what its packets carry. */
static void a_burst_is_judged_by_session_first(void)
{
	struct session_table *t = session_table_create(16);
	struct packet p[BURST_MAX];
	enum reason why[BURST_MAX];

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	for (uint32_t i = 0; i < BURST_MAX; i++) {
		p[i] = packet_of(i % 2, 42, i, 60);
		p[i].flags = i % 8 < 6 ? PACKET_HAS_VNI : 0;
		why[i] = i % 4 == 3 ? REASON_not_ip : REASON_inspected;
	}
	session_table_add(t, &p[0].key);
	/* 0, 2, 4: known. 1, 3, 5: unknown, the second not IP. 6: plain; 7: no mirror packet. */
	CU_ASSERT_EQUAL(session_table_burst(t, p, BURST_MAX, false, why), 0x5555555555555555);
	for (uint32_t i = 0; i < BURST_MAX; i++) {
		enum reason odd = i % 8 == 7 ? REASON_not_ip : REASON_session_unknown;

		CU_ASSERT_EQUAL(why[i], i % 2 ? odd : REASON_inspected);
	}
	CU_ASSERT_EQUAL(session_table_get(t, 0)->packets, 24);
	why[1] = REASON_not_ip;
	CU_ASSERT_EQUAL(session_table_burst(t, p, 2, true, why), 1);
	CU_ASSERT_EQUAL(why[1], REASON_not_ip);
	CU_ASSERT_EQUAL(session_table_get(t, 1)->packets, 25);
	session_table_destroy(t);
}

void suite_session(void);
void suite_session(void)
{
	CU_pSuite s = CU_add_suite("session", NULL, NULL);

	CU_ADD_TEST(s, random_traffic_as_a_list_counts_it);
	CU_ADD_TEST(s, made_up_sessions_cost_few_probes);
	CU_ADD_TEST(s, merged_tables_count_as_one);
	CU_ADD_TEST(s, a_merge_that_does_not_fit_is_counted);
	CU_ADD_TEST(s, configured_sessions_are_found_and_others_refused);
	CU_ADD_TEST(s, who_is_refused_is_bounded);
	CU_ADD_TEST(s, after_a_reload_what_is_not_configured_is_unknown);
	CU_ADD_TEST(s, the_settings_sessions_have_room_in_a_full_table);
	CU_ADD_TEST(s, packets_without_a_row_share_a_point_a_tenant);
	CU_ADD_TEST(s, a_row_is_given_anew_when_nobody_needs_it);
	CU_ADD_TEST(s, rows_given_anew_leave_the_table_whole);
	CU_ADD_TEST(s, tenants_join_vnis);
	CU_ADD_TEST(s, networks_are_kept_apart);
	CU_ADD_TEST(s, plain_packets_have_no_session);
	CU_ADD_TEST(s, a_burst_is_judged_by_session_first);
}
