#include "dataplane/retrieval/picks.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/replay/index_capture.h"
#include "inspect/packets/index/index_reader.h"

enum {
	MOST = 1 << 24,     /* records; 128 MiB */
	MOST_SHARE = 4,     /* one record in so many: reading on is cheaper than choosing */
	FLOWS_FOREIGN = 16, /* of captures of others: each is a question of its own */
};

struct finding {
	const struct picks_of *of;
	const struct needs *needs;
	struct row_judge judge;
	struct index_reader *index;
	struct picks *out;
	size_t room;
	struct index_offsets found; /* of one question to one part */
	struct error *why;
};

static struct index_reader *index_of(const struct picks_of *of, struct error *why)
{
	int fd = strcmp(of->path, "-") == 0 ? -1
					    : open(of->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct index_identity identity;
	struct index_reader *reader = NULL;
	enum index_status status = INDEX_NONE;

	if (fd >= 0 && index_identity_read(fd, &identity))
		reader = index_open(of->path, &identity, &status, why);
	if (fd >= 0)
		close(fd);
	if (reader || status == INDEX_NONE)
		why->text[0] = '\0'; /* whoever opened it has begun with what might go wrong */
	return reader;
}

/* Whether what it says of flows is what a reading of all would. */
static bool is_usable(const struct finding *f)
{
	const struct index_about *about = index_about(f->index);
	const struct settings *s = f->of->settings;
	uint64_t made_with =
		f->of->recorded ? INDEX_OF_RECORDED : index_made_with(s, f->of->mode);

	if (about->made_with != made_with) {
		error_set(f->why, "%s.idx: was made with other settings", f->of->path);
		return false;
	}
	/* Of a datagram in outer fragments the last record alone is known. A flow that was evicted is another one when it is
	 * read again. */
	return about->joined == 0 && (f->of->recorded || about->flows <= s->flow.capacity / 2);
}

/* ---- one question ---- */

static bool keep(struct finding *f, uint64_t flow_id)
{
	struct picks *out = f->out;
	size_t n = out->n + f->found.n;

	if (n > f->room) {
		size_t room = 2 * n + 64;
		uint64_t *at = realloc(out->at, room * sizeof(*at)), *ids;

		if (!at)
			return false;
		out->at = at;
		ids = realloc(out->flow_ids, room * sizeof(*ids));
		if (!ids)
			return false;
		out->flow_ids = ids;
		f->room = room;
	}
	for (size_t i = 0; i < f->found.n; i++, out->n++) {
		out->at[out->n] = f->found.at[i];
		out->flow_ids[out->n] = flow_id;
	}
	return out->n <= MOST;
}

static bool ask(struct finding *f, const struct index_query *query, uint64_t flow_id)
{
	for (uint32_t part = 0; part < index_about(f->index)->parts; part++)
		if (index_find(f->index, part, query, &f->found, f->why) != INDEX_OK ||
			!keep(f, flow_id))
			return false;
	return true;
}

static struct index_query query_of(struct finding *f)
{
	const struct needs *needs = f->needs;
	struct index_query q = {
		.communities = (const uint8_t(*)[COMMUNITY_ID_DIGEST])needs->communities,
		.n_communities = needs->n_communities,
		.hosts = needs->hosts,
		.n_hosts = needs->n_hosts,
		.wants = row_judge_wants,
		.ctx = &f->judge,
	};

	/* Of captures of others whole flows are read: their first packets make their ids. */
	if (f->of->recorded) {
		q.from_ns = needs->from_ns;
		q.to_ns = needs->to_ns;
	}
	return q;
}

/* Packets that reached no flow: an index may not know their addresses. */
static bool ask_flowless(struct finding *f)
{
	static const uint64_t none;
	struct index_query q = query_of(f);

	q.hosts = NULL;
	q.n_hosts = 0;
	q.flow_ids = &none;
	q.n_flow_ids = 1;
	return ask(f, &q, 0);
}

static bool ask_recorded(struct finding *f)
{
	const struct needs *needs = f->needs;
	struct index_query q = query_of(f);

	q.flow_ids = needs->flows;
	q.n_flow_ids = needs->n_flows;
	if (!ask(f, &q, 0))
		return false;
	if (needs->n_flows > 0 ? needs->no_flow : needs->n_hosts > 0)
		return ask_flowless(f);
	return true;
}

/* Of captures of others flows are known by the index alone. */
static bool ask_others(struct finding *f)
{
	const struct needs *needs = f->needs;
	struct index_query q = query_of(f);

	if (!needs->asks_flows)
		return ask(f, &q, 0) && (needs->n_hosts == 0 || ask_flowless(f));
	for (uint32_t i = 0; i < needs->n_flows; i++) {
		q.flow_ids = &needs->flows[i];
		q.n_flow_ids = 1;
		if (!ask(f, &q, needs->flows[i]))
			return false;
	}
	return !needs->no_flow || ask_flowless(f);
}

/* Whether there is anything to ask. */
static bool is_bound(const struct finding *f)
{
	const struct needs *needs = f->needs;
	bool by_row = needs->n_flows > 0 || needs->n_hosts > 0 || needs->n_communities > 0;

	if (f->of->recorded)
		return by_row || needs->to_ns > 0;
	if (needs->asks_flows)
		return needs->n_flows > 0 && needs->n_flows <= FLOWS_FOREIGN;
	return by_row;
}

/* ---- together ---- */

struct pair {
	uint64_t at, flow_id;
};

static int by_offset(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* Ascending, each once: with its flow, where one question knew it. */
static bool sort(struct finding *f)
{
	struct picks *out = f->out;
	struct pair *pairs = malloc((out->n + 1) * sizeof(*pairs));
	size_t n = 0;

	if (!pairs)
		return false;
	for (size_t i = 0; i < out->n; i++)
		pairs[i] = (struct pair){out->at[i], out->flow_ids[i]};
	qsort(pairs, out->n, sizeof(*pairs), by_offset);
	for (size_t i = 0; i < out->n; i++) {
		if (n > 0 && out->at[n - 1] == pairs[i].at) {
			out->flow_ids[n - 1] |= pairs[i].flow_id;
			continue;
		}
		out->at[n] = pairs[i].at;
		out->flow_ids[n++] = pairs[i].flow_id;
	}
	free(pairs);
	out->n = n;
	return true;
}

static bool add_landmarks(struct finding *f)
{
	const uint64_t *landmarks;

	if (index_landmarks(f->index, &landmarks, f->why) != INDEX_OK)
		return false;
	f->found.n = 0;
	for (uint32_t i = 0; i < index_about(f->index)->landmarks; i++) {
		struct index_offsets *found = &f->found;

		if (found->n == found->room) {
			size_t room = 2 * found->room + 16;
			uint64_t *at = realloc(found->at, room * sizeof(*at));

			if (!at)
				return false;
			found->at = at;
			found->room = room;
		}
		found->at[found->n++] = landmarks[i];
	}
	return keep(f, 0);
}

static bool find(struct finding *f)
{
	if (!is_usable(f) || !is_bound(f))
		return false;
	if (!f->needs->nothing && !(f->of->recorded ? ask_recorded(f) : ask_others(f)))
		return false;
	return f->out->n <= index_about(f->index)->packets / MOST_SHARE + 64 &&
	       add_landmarks(f) && sort(f);
}

void picks_find(struct picks *picks, const struct picks_of *of, const struct needs *needs,
	struct error *why)
{
	struct finding f = {
		.of = of, .needs = needs, .judge = needs->judge, .out = picks, .why = why};

	*picks = (struct picks){.all = true};
	why->text[0] = '\0';
	f.judge.knows_time = of->recorded;
	f.index = index_of(of, why);
	picks->all = !f.index || !find(&f);
	if (picks->all)
		picks_fini(picks);
	else if (of->recorded || !needs->asks_flows) {
		free(picks->flow_ids);
		picks->flow_ids = NULL;
	}
	free(f.found.at);
	index_close(f.index);
}

void picks_fini(struct picks *picks)
{
	free(picks->at);
	free(picks->flow_ids);
	*picks = (struct picks){.all = true};
}

uint64_t picks_flow(const struct picks *picks, uint64_t offset)
{
	size_t low = 0, high = picks->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (picks->at[middle] < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low < picks->n && picks->at[low] == offset ? picks->flow_ids[low] : 0;
}
