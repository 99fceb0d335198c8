#include "inspect/detect/tunnels/tunnels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/text.h"
#include "config/settings/settings.h"
#include "decap/salt.h"
#include "inspect/detect/tunnels/tunnel_name.h"
#include "inspect/flow/hash.h"

struct tunnel {
	struct scan_row row;
	struct probe_set set; /* hashes of names, and when each was last asked for */
	struct probe probes[PROBES_MAX];
	uint64_t untold;               /* questions since it was told, or began */
	uint64_t bytes;                /* of all of them, in front of the domain */
	uint64_t first_ns, first_hash; /* of the first name: the evidence */
	uint16_t name_len, domain_len;
	char name[TUNNEL_SHOWN], domain[TUNNEL_DOMAIN];
};

struct tunnels {
	struct scan_teller teller;
	uint32_t least;
	uint64_t window_ns;
	uint64_t secret; /* of the domains' numbers: nobody makes a decoy for one */
	struct recent *table;
	struct scan_row *fresh;
	uint64_t overflow;
	struct probe scratch[PROBES_MAX];
};

void tunnels_destroy(struct tunnels *t)
{
	if (t == NULL)
		return;
	recent_destroy(t->table);
	free(t);
}

struct tunnels *tunnels_create(
	const struct settings *settings, const struct scan_teller *teller)
{
	struct tunnels *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	salt_take(&t->secret, 1);
	t->teller = *teller;
	t->least = settings->detect.dns_tunnel_names;
	t->window_ns = settings->detect.dns_tunnel_window;
	t->table = recent_create(TUNNELS_MAX, sizeof(struct tunnel));
	if (t->table != NULL)
		return t;
	free(t);
	return NULL;
}

/* One less; where all are to be judged still, these are. */
static bool make_room(struct tunnels *t)
{
	struct tunnel *oldest = recent_oldest(t->table);

	if (oldest == NULL)
		return false;
	if (oldest->row.is_fresh)
		tunnels_judge(t);
	t->overflow += oldest->set.n;
	recent_drop(t->table, oldest);
	return true;
}

/* The client's row of the domain. */
static struct recent_key key_of(const struct tunnels *t, const struct tunnel_fact *fact)
{
	struct recent_key key = fact->about.key;

	key.port = (uint32_t)hash_bytes(t->secret, fact->text, fact->domain_len);
	return key;
}

static struct tunnel *begin(
	struct tunnels *t, const struct recent_key *key, const struct tunnel_fact *fact)
{
	struct tunnel *tunnel = recent_take(t->table, key);

	if (tunnel == NULL && make_room(t))
		tunnel = recent_take(t->table, key);
	if (tunnel == NULL)
		return NULL;
	tunnel->set = (struct probe_set){0, UINT64_MAX, tunnel->probes};
	tunnel->first_ns = UINT64_MAX;
	tunnel->domain_len = fact->domain_len;
	memcpy(tunnel->domain, fact->text, fact->domain_len);
	return tunnel;
}

/* NULL, too, where another domain of the client has the number of this one, by chance. */
static struct tunnel *tunnel_of(struct tunnels *t, const struct tunnel_fact *fact)
{
	const struct recent_key key = key_of(t, fact);
	struct tunnel *tunnel = recent_find(t->table, &key);

	if (tunnel == NULL)
		return begin(t, &key, fact);
	if (tunnel->domain_len != fact->domain_len ||
		memcmp(tunnel->domain, fact->text, fact->domain_len) != 0)
		return NULL;
	return tunnel;
}

static void see_first(struct tunnel *tunnel, const struct tunnel_fact *fact)
{
	uint64_t time_ns = fact->about.now_ns;

	if (time_ns > tunnel->first_ns ||
		(time_ns == tunnel->first_ns && fact->hash >= tunnel->first_hash))
		return;
	tunnel->first_ns = time_ns;
	tunnel->first_hash = fact->hash;
	tunnel->name_len = fact->name_len;
	memcpy(tunnel->name, fact->text + fact->domain_len, fact->name_len);
}

void tunnels_add(struct tunnels *t, const struct tunnel_fact *fact)
{
	const struct probe name = {.hash = fact->hash, .time_ns = fact->about.now_ns};
	struct tunnel *tunnel = tunnel_of(t, fact);

	if (tunnel == NULL) {
		t->overflow++;
		return;
	}
	probe_set_add(&tunnel->set, &name);
	tunnel->untold++;
	tunnel->bytes += fact->own;
	if (name.time_ns > tunnel->row.last_ns)
		tunnel->row.last_ns = name.time_ns;
	see_first(tunnel, fact);
	scan_row_see(&tunnel->row, &fact->about);
	scan_row_wait(&t->fresh, &tunnel->row);
}

static void put_domain(struct text *t, const struct tunnel *tunnel)
{
	if (tunnel->domain_len == 0)
		text_cstr(t, "no domain");
	text_bytes(t, tunnel->domain, tunnel->domain_len);
}

static void tell(const struct tunnels *t, const struct tunnel *tunnel, double names)
{
	char title[ALERT_TEXT], why[ALERT_TEXT];
	struct text in_title = text_make(title, sizeof(title));
	struct text in_why = text_make(why, sizeof(why));
	struct alert_telling telling = {
		.severity = 2,
		.by_title = true,
		.first_ns = tunnel->first_ns,
		.time_ns = tunnel->row.last_ns,
		.times = tunnel->untold,
	};

	text_cstr(&in_title, "DNS tunnel below ");
	put_domain(&in_title, tunnel);
	text_u64(&in_why, (uint64_t)names);
	text_cstr(&in_why, " different long names within ");
	text_u64(&in_why, t->window_ns / NS_PER_S);
	text_cstr(&in_why, " s below ");
	put_domain(&in_why, tunnel);
	text_cstr(&in_why, "; in all ");
	text_u64(&in_why, tunnel->bytes);
	text_cstr(&in_why, " bytes of text");
	alert_say(&telling, ALERT_RULE, "dns_tunnel");
	alert_say(&telling, ALERT_CATEGORY, "tunnel");
	alert_say_text(&telling, ALERT_TITLE, title, &in_title);
	alert_say_text(&telling, ALERT_WHY, why, &in_why);
	alert_say(&telling, ALERT_FIELD, "dns.query");
	telling.text[ALERT_VALUE].at = tunnel->name;
	telling.text[ALERT_VALUE].len = tunnel->name_len;
	scan_row_tell(&tunnel->row, &t->teller, &telling);
}

static int by_time(const void *a, const void *b)
{
	const struct probe *x = a, *y = b;

	return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

/* Of the names of the sample, the most that lie within a window. */
static uint32_t most_within(struct tunnels *t, const struct probe_set *set)
{
	memcpy(t->scratch, set->at, set->n * sizeof(t->scratch[0]));
	qsort(t->scratch, set->n, sizeof(t->scratch[0]), by_time);
	return probes_most_within(t->scratch, set->n, t->window_ns);
}

/* How many names a window has; of a sample an estimate. `*least`: but for one case in 700 there are so many, which is
 * three standard errors below. */
static double names_of(struct tunnels *t, const struct probe_set *set, double *least)
{
	uint32_t n = most_within(t, set);
	double weight = probe_set_weight(set);

	*least = set->bound == UINT64_MAX ? n : (n - 3 * sqrt(n)) * weight;
	return n * weight;
}

static void judge(struct tunnels *t, struct tunnel *tunnel)
{
	double least, names;

	/* Most have a few names, whenever these came. */
	if (tunnel->set.n * probe_set_weight(&tunnel->set) < t->least)
		return;
	names = names_of(t, &tunnel->set, &least);
	if (least < t->least)
		return;
	tell(t, tunnel, names);
	tunnel->untold = 0;
}

void tunnels_judge(struct tunnels *t)
{
	struct tunnel *tunnel;

	while ((tunnel = scan_row_next(&t->fresh)) != NULL) {
		uint64_t now_ns = tunnel->row.last_ns;

		judge(t, tunnel);
		probe_set_forget(
			&tunnel->set, now_ns > t->window_ns ? now_ns - t->window_ns : 0);
	}
}

uint64_t tunnels_overflow(const struct tunnels *t)
{
	return t->overflow;
}
