#include "dataplane/output/feeds.h"

#include "config/log/now.h"
#include "config/thread/service.h"
#include "dataplane/output/offers.h"
#include "dataplane/pipeline/choice.h"
#include "dataplane/pipeline/record.h"
#include "decap/counters/shared.h"
#include "inspect/packets/feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	REST_MS = 2,
	FEED_STATS = sizeof(struct feed_stats) / sizeof(uint64_t),
};

struct feeder {
	struct service service;
	const struct settings_feed *settings;
	struct feed *feed;
	struct choice *choice; /* NULL: all that `what` says */
	struct offers *offers;
	char thread[THREAD_NAME];
	/* What the thread has counted. */
	struct shared_ledger ledger;
	_Atomic uint64_t stats[FEED_STATS];
};

struct feeds {
	struct point_tags *tags; /* NULL: no feed has tags */
	uint32_t count;
	struct feeder feeders[FEEDS_MAX];
};

/* --- start --- */

/* A mirror of its own interface would feed itself. */
static bool is_port(const struct settings *settings, const char *iface)
{
	for (uint32_t i = 0; i < settings->capture.ports.count; i++) {
		const char *at = strstr(settings->capture.ports.text[i], "iface=");
		size_t len = strlen(iface);

		if (at && strncmp(at + 6, iface, len) == 0 &&
			(at[6 + len] == '\0' || at[6 + len] == ','))
			return true;
	}
	return false;
}

/* Expressions were checked when the settings were read. */
static bool open_choice(struct feeder *f, const struct settings *settings, struct error *error)
{
	const struct choice_params params = {
		.words = {.words = EXPRESSION_WORDS_PACKET, .user = "a feed"},
		.settings = settings};
	struct expression_error why;

	if (!f->settings->expression)
		return true;
	f->choice = choice_create(f->settings->expression, &params, &why);
	if (!f->choice)
		error_set(error, "feeds: %s: what: %s", f->settings->name, why.text);
	return f->choice != NULL;
}

static bool open_feeder(struct feeder *f, const struct settings *settings, uint32_t n_workers,
	struct error *error)
{
	const struct feed_params params = {.settings = f->settings};

	if (f->settings->kind == FEED_INTERFACE && is_port(settings, f->settings->iface)) {
		error_set(error,
			"feeds: %s: packets come in by interface %s: what goes out there would "
			"come back",
			f->settings->name, f->settings->iface);
		return false;
	}
	if (!open_choice(f, settings, error))
		return false;
	error_set(error, "feeds: %s: not enough memory for packets.queue", f->settings->name);
	f->offers = offers_create(settings->packets.queue, n_workers);
	if (f->offers)
		f->feed = feed_open(&params, error);
	return f->feed != NULL;
}

struct feeds *feeds_open(
	const struct settings *settings, uint32_t n_workers, struct error *error)
{
	struct feeds *feeds;

	error->text[0] = '\0';
	if (settings->feeds.count == 0)
		return NULL;
	feeds = calloc(1, sizeof(*feeds));
	error_set(error, "not enough memory for feeds");
	if (!feeds)
		return NULL;
	while (feeds->count < settings->feeds.count) {
		struct feeder *f = &feeds->feeders[feeds->count];

		f->settings = &settings->feeds.feed[feeds->count++];
		if (open_feeder(f, settings, n_workers, error))
			continue;
		feeds_destroy(feeds);
		return NULL;
	}
	error->text[0] = '\0';
	return feeds;
}

/* --- the thread --- */

static void publish(struct feeder *f)
{
	const uint64_t *stats = (const uint64_t *)feed_stats(f->feed);

	for (int i = 0; i < FEED_STATS; i++)
		atomic_store_explicit(&f->stats[i], stats[i], memory_order_release);
	shared_ledger_set(&f->ledger, feed_ledger(f->feed));
}

static bool take_one(void *ctx, const struct packet_record *record)
{
	struct feeder *f = ctx;

	return feed_put(f->feed, record);
}

/* At the end it goes on until all is with the readers, or it is late. */
static bool feed_round(void *ctx)
{
	struct feeder *f = ctx;
	const struct packet_taker taker = {f, take_one};
	uint32_t n, size;

	if (f->service.phase == SERVICE_LATE)
		return false;
	n = packet_queue_take(offers_queue(f->offers), &taker);
	feed_send(f->feed);
	publish(f);
	if (n > 0 || f->service.phase == SERVICE_RUNS)
		return n > 0;
	if (packet_queue_fill(offers_queue(f->offers), &size) == 0 && !feed_is_behind(f->feed))
		return false;
	feed_wait(f->feed, REST_MS);
	return true;
}

static void feed_rest(void *ctx)
{
	struct feeder *f = ctx;

	feed_wait(f->feed, REST_MS);
	publish(f);
}

static bool wants_tags(const struct feeds *feeds)
{
	for (uint32_t i = 0; i < feeds->count; i++)
		if (feeds->feeders[i].settings->tag == FEED_TAG_QINQ)
			return true;
	return false;
}

int feeds_start(struct feeds *feeds, const char *dir, const struct settings *settings,
	const struct model *model, struct error *error)
{
	if (wants_tags(feeds)) {
		feeds->tags = point_tags_open(dir, settings, error);
		if (!feeds->tags)
			return -1;
		feeds_configure(feeds, model);
	}
	for (uint32_t i = 0; i < feeds->count; i++) {
		struct feeder *f = &feeds->feeders[i];
		const struct service_work work = {f->thread, feed_round, NULL, feed_rest};

		snprintf(f->thread, sizeof(f->thread), "feed %.10s", f->settings->name);
		feed_set_tags(f->feed, feeds->tags);
		feed_send(f->feed); /* who waits gets the first packet */
		if (service_start(&f->service, &work, f, error))
			return -1;
	}
	return 0;
}

struct point_tags *feeds_tags(const struct feeds *feeds)
{
	return feeds ? feeds->tags : NULL;
}

void feeds_configure(struct feeds *feeds, const struct model *model)
{
	if (feeds && feeds->tags)
		point_tags_configure(feeds->tags, model);
}

/* --- a worker --- */

/* Those of `want` that its expression takes. */
static uint64_t __attribute__((noinline))
choose(const struct feeder *f, const struct packet_burst *burst, uint64_t want)
{
	uint64_t chosen = 0;

	for (uint64_t rest = want; rest; rest &= rest - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(rest);

		chosen |= (uint64_t)choice_takes(f->choice, &burst->packets[i], 0) << i;
	}
	return chosen;
}

static void offer_to(
	struct feeder *f, uint32_t worker, const struct packet_burst *burst, bool shed)
{
	struct offering offering = {
		.offered = record_wanted(f->settings->what, burst->why, burst->mask),
		.shed = shed,
	};

	offering.want = offering.offered;
	if (f->choice && offering.offered && !shed)
		offering.want = choose(f, burst, offering.offered);
	offers_put(f->offers, worker, burst, &offering);
}

void feeds_offer(
	struct feeds *feeds, uint32_t worker, const struct packet_burst *burst, bool shed)
{
	for (uint32_t i = 0; i < feeds->count; i++)
		offer_to(&feeds->feeders[i], worker, burst, shed);
}

/* --- end --- */

void feeds_stop(struct feeds *feeds, uint64_t ns)
{
	uint64_t until = now_monotonic() + ns;

	for (uint32_t i = 0; feeds && i < feeds->count; i++) {
		struct feeder *f = &feeds->feeders[i];
		uint64_t now = now_monotonic();

		service_stop(&f->service, now < until ? until - now : 0);
		if (f->offers)
			offers_drop(f->offers);
		if (!f->feed)
			continue;
		feed_end(f->feed);
		publish(f);
	}
}

void feeds_destroy(struct feeds *feeds)
{
	if (!feeds)
		return;
	feeds_stop(feeds, 0);
	for (uint32_t i = 0; i < feeds->count; i++) {
		feed_close(feeds->feeders[i].feed);
		choice_destroy(feeds->feeders[i].choice);
		offers_destroy(feeds->feeders[i].offers);
	}
	point_tags_close(feeds->tags);
	free(feeds);
}

/* --- looking --- */

uint32_t feeds_count(const struct feeds *feeds)
{
	return feeds ? feeds->count : 0;
}

/* What became of all that was offered: that is read last, so it has all that is behind the queue. */
struct feed_state feeds_state(const struct feeds *feeds, uint32_t index)
{
	const struct feeder *f = &feeds->feeders[index];
	struct feed_state state = {.name = feed_output(f->feed)};
	uint64_t *stats = (uint64_t *)&state.stats;
	struct output_ledger fed = shared_ledger_get(&f->ledger);

	for (int i = 0; i < FEED_STATS; i++)
		stats[i] = atomic_load_explicit(&f->stats[i], memory_order_acquire);
	state.ledger = offers_ledger(f->offers, &fed);
	state.queue = packet_queue_fill(offers_queue(f->offers), &state.queue_size);
	return state;
}
