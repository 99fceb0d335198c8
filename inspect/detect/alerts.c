#include "inspect/detect/alerts.h"

#include <stdlib.h>

#include "decap/salt.h"
#include "inspect/detect/suppress.h"
#include "inspect/flow/hash.h"
#include "inspect/flow/pages.h"

enum { NONE = UINT32_MAX };

/* One alert. Rows that are taken form a list by when they grew, and one by the bucket of their id. */
struct row {
	uint32_t older, newer, next;
	bool is_taken;
	union {
		struct alert_record record; /* with its texts */
		char bytes[sizeof(struct alert_record) + ALERT_BYTES];
	} is;
};

struct alerts {
	struct alerts_params params;
	struct alerts_stats stats;
	struct output_ledger ledger;
	uint64_t secret;    /* of the buckets: no result depends on it */
	uint32_t n_buckets; /* a power of two */
	uint32_t n_rows;    /* that were ever taken; the others follow */
	uint32_t free;      /* of these, those that were given back: a list by `next` */
	uint32_t oldest, newest;
	uint32_t growing;
	struct alerts_top top;
	struct suppress *suppress;
	uint32_t *buckets; /* the first row of each; NONE */
	struct row *rows;
};

void alerts_destroy(struct alerts *alerts)
{
	if (alerts == NULL)
		return;
	suppress_destroy(alerts->suppress);
	free(alerts->buckets);
	pages_free(alerts->rows, alerts->params.capacity * sizeof(*alerts->rows));
	free(alerts);
}

struct alerts *alerts_create(const struct alerts_params *params)
{
	struct alerts *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->params = *params;
	salt_take(&a->secret, 1);
	a->free = a->oldest = a->newest = NONE;
	for (a->n_buckets = 1; a->n_buckets < params->capacity;)
		a->n_buckets *= 2;
	a->buckets = malloc(a->n_buckets * sizeof(*a->buckets));
	a->rows = pages_alloc(params->capacity * sizeof(*a->rows));
	if (a->buckets == NULL || a->rows == NULL) {
		alerts_destroy(a);
		return NULL;
	}
	memset(a->buckets, 0xff, a->n_buckets * sizeof(*a->buckets));
	return a;
}

static uint32_t *bucket_of(struct alerts *a, uint64_t id)
{
	return &a->buckets[hash_fold(id ^ a->secret, hash_salt[6]) & (a->n_buckets - 1)];
}

static bool is_same_text(
	const struct row *row, const struct alert_fact *fact, enum alert_text which)
{
	const struct alert *a = &row->is.record.alert, *b = &fact->alert;

	return a->len[which] == b->len[which] &&
	       memcmp(alert_text(a, row->is.record.text, which),
		       alert_text(b, fact->text, which), a->len[which]) == 0;
}

/* Equal ids may be made on purpose. */
static bool is_same(const struct row *row, const struct alert_fact *fact)
{
	const struct alert *a = &row->is.record.alert, *b = &fact->alert;

	return a->engine == b->engine && a->tenant == b->tenant &&
	       ip_addr_equal(&a->source, &b->source) && is_same_text(row, fact, ALERT_RULE) &&
	       (!b->by_title || is_same_text(row, fact, ALERT_TITLE));
}

static uint32_t find(struct alerts *a, uint64_t id, const struct alert_fact *fact)
{
	uint32_t row = *bucket_of(a, id);

	while (row != NONE &&
		(a->rows[row].is.record.id != id || !is_same(&a->rows[row], fact)))
		row = a->rows[row].next;
	return row;
}

static void list_take_out(struct alerts *a, struct row *row)
{
	*(row->older == NONE ? &a->oldest : &a->rows[row->older].newer) = row->newer;
	*(row->newer == NONE ? &a->newest : &a->rows[row->newer].older) = row->older;
}

static void list_add(struct alerts *a, struct row *row)
{
	uint32_t number = (uint32_t)(row - a->rows);

	row->older = a->newest;
	row->newer = NONE;
	*(a->newest == NONE ? &a->oldest : &a->rows[a->newest].newer) = number;
	a->newest = number;
}

static void bucket_take_out(struct alerts *a, const struct row *row)
{
	uint32_t *at = bucket_of(a, row->is.record.id), number = (uint32_t)(row - a->rows);

	while (*at != number)
		at = &a->rows[*at].next;
	*at = row->next;
}

static void write(struct alerts *a, const struct row *row)
{
	const struct sink *sink = &a->params.sink;
	const struct alert_record *from = &row->is.record;
	struct alert_record *record = (struct alert_record *)sink->take(
		sink->ctx, RECORD_ALERT, sizeof(*record) + alert_bytes(&from->alert));

	a->ledger.offered++;
	if (record == NULL) {
		a->ledger.lost_queue++;
		return;
	}
	record->id = from->id;
	record->first_ns = from->first_ns;
	record->last_ns = from->last_ns;
	record->count = from->count;
	record->ended = from->ended;
	alert_copy(&record->alert, record->text, &from->alert, row->is.record.text);
	record->record.cut = record->alert.cut;
}

static void end(struct alerts *a, struct row *row)
{
	struct alert_record *record = &row->is.record;
	struct alert_brief brief;

	record->ended = true;
	brief = alert_brief_of(record, row->is.record.text);
	alerts_top_add(&a->top, &brief);
	write(a, row);
	a->growing--;
	list_take_out(a, row);
	bucket_take_out(a, row);
	row->is_taken = false;
	row->next = a->free;
	a->free = (uint32_t)(row - a->rows);
}

static struct row *take(struct alerts *a)
{
	uint32_t number = a->free;

	if (number == NONE && a->n_rows < a->params.capacity)
		return &a->rows[a->n_rows++];
	if (number == NONE) {
		a->stats.overflow++;
		end(a, &a->rows[a->oldest]);
		number = a->free;
	}
	a->free = a->rows[number].next;
	return &a->rows[number];
}

/* What is told of an alert is what its first fact says. */
static void show(struct row *row, const struct alert_fact *fact)
{
	row->is.record.first_ns = fact->first_ns;
	alert_copy(&row->is.record.alert, row->is.record.text, &fact->alert, fact->text);
}

static struct row *begin(struct alerts *a, uint64_t id, const struct alert_fact *fact)
{
	struct row *row = take(a);
	uint32_t *bucket = bucket_of(a, id);

	row->is_taken = true;
	row->next = *bucket;
	*bucket = (uint32_t)(row - a->rows);
	row->is.record = (struct alert_record){.id = id, .last_ns = fact->time_ns};
	show(row, fact);
	a->stats.begun++;
	a->growing++;
	return row;
}

/* In replay whichever of two facts comes first stays, whoever told it first; live what was written is not
 * changed. */
static bool is_before(const struct alert_fact *fact, const struct row *row)
{
	const struct alert_record *has = &row->is.record;

	if (fact->first_ns != has->first_ns)
		return fact->first_ns < has->first_ns;
	return fact->alert.flow_id < has->alert.flow_id;
}

/* Those that grow as a whole come in their order, from one thread. */
static void show_latest(const struct alerts *a, struct row *row, const struct alert_fact *fact)
{
	uint64_t first_ns = row->is.record.first_ns;

	show(row, fact);
	if (a->params.live || first_ns < fact->first_ns)
		row->is.record.first_ns = first_ns;
}

/* Of 0 none. */
static unsigned digits(uint64_t count)
{
	unsigned n = 0;

	for (; count > 0; n++)
		count /= 10;
	return n;
}

void alerts_suppress(struct alerts *alerts, struct suppress *suppress)
{
	suppress_destroy(alerts->suppress);
	alerts->suppress = suppress;
}

static bool is_suppressed(const struct alerts *a, const struct alert_fact *fact)
{
	const struct alert *alert = &fact->alert;
	const struct suppress_subject subject = {
		.engine = alert->engine,
		.rule = alert_words(alert, fact->text, ALERT_RULE),
		.title = alert_words(alert, fact->text, ALERT_TITLE),
		.tenant = alert_words(alert, fact->text, ALERT_TENANT),
		.session = alert->observation_point.session,
		.flow = alert_has_flow(alert) ? &alert->flow : NULL,
		.source = alert->source,
		.time_ns = fact->time_ns,
	};

	return suppress_has(a->suppress, &subject);
}

/* Its state is over. Without an alert: that one gave way to others, and was written as ended. */
static void is_over(struct alerts *a, uint32_t number, uint64_t time_ns)
{
	if (number == NONE)
		return;
	if (time_ns > a->rows[number].is.record.last_ns)
		a->rows[number].is.record.last_ns = time_ns;
	end(a, &a->rows[number]);
}

static void grow(struct alerts *a, struct row *row, const struct alert_fact *fact)
{
	list_take_out(a, row);
	if (fact->alert.is_latest)
		show_latest(a, row, fact);
	else if (!a->params.live && is_before(fact, row))
		show(row, fact);
	if (fact->time_ns > row->is.record.last_ns)
		row->is.record.last_ns = fact->time_ns;
}

void alerts_add(struct alerts *a, const struct alert_fact *fact)
{
	const struct alert_identity identity = alert_identity(&fact->alert, fact->text);
	uint64_t id = alert_id(&identity);
	uint32_t number = find(a, id, fact);
	uint64_t before = 0, times = fact->times;
	struct row *row;

	if (fact->alert.over) {
		is_over(a, number, fact->time_ns);
		return;
	}
	if (is_suppressed(a, fact)) {
		a->stats.suppressed++;
		return;
	}
	if (number == NONE) {
		row = begin(a, id, fact);
		times = times > 0 ? times : 1; /* more of an alert that has ended */
	} else {
		row = &a->rows[number];
		before = row->is.record.count;
		grow(a, row, fact);
	}
	list_add(a, row);
	row->is.record.count += times;
	a->stats.facts += times;
	if (a->params.live && digits(row->is.record.count) > digits(before))
		write(a, row);
}

void alerts_age(struct alerts *a, uint64_t now_ns)
{
	uint32_t newer;

	if (a->params.idle_ns == 0)
		return;
	for (uint32_t at = a->oldest; at != NONE; at = newer) {
		struct row *row = &a->rows[at];
		uint64_t last_ns = row->is.record.last_ns;

		newer = row->newer;
		if (row->is.record.alert.lasts)
			continue;
		if (now_ns < last_ns || now_ns - last_ns < a->params.idle_ns)
			return;
		end(a, row);
	}
}

static int compare(const void *a, const void *b)
{
	const struct row *const *x = a, *const *y = b;
	uint64_t first_x = (*x)->is.record.first_ns, first_y = (*y)->is.record.first_ns;

	if (first_x != first_y)
		return first_x < first_y ? -1 : 1;
	return ((*x)->is.record.id > (*y)->is.record.id) -
	       ((*x)->is.record.id < (*y)->is.record.id);
}

void alerts_end(struct alerts *a)
{
	uint32_t n = 0;
	struct row **rows = malloc((a->n_rows + 1) * sizeof(struct row *));

	for (uint32_t i = 0; rows != NULL && i < a->n_rows; i++)
		if (a->rows[i].is_taken)
			rows[n++] = &a->rows[i];
	if (rows != NULL && !a->params.live)
		qsort(rows, n, sizeof(struct row *), compare);
	for (uint32_t i = 0; i < n; i++)
		end(a, rows[i]);
	free(rows);
	/* Without memory for their order. */
	while (a->oldest != NONE)
		end(a, &a->rows[a->oldest]);
}

uint32_t alerts_growing(const struct alerts *a, struct alert_brief *rows, uint32_t max)
{
	uint32_t n = 0;

	for (uint32_t i = a->newest; i != NONE && n < max; i = a->rows[i].older)
		rows[n++] = alert_brief_of(&a->rows[i].is.record, a->rows[i].is.record.text);
	return a->growing;
}

const struct alerts_top *alerts_top(const struct alerts *a)
{
	return &a->top;
}

struct alerts_stats alerts_stats(const struct alerts *a)
{
	return a->stats;
}

struct output_ledger alerts_ledger(const struct alerts *a)
{
	return a->ledger;
}
