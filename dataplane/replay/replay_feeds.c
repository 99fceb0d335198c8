#include "dataplane/replay/replay_feeds.h"

#include "config/log/log.h"
#include "dataplane/pipeline/choice.h"

#include <stdlib.h>

enum { WAIT_MS = 100 };

struct replay_feeds {
	const struct settings *settings;
	struct feeds_watch watch;
	struct point_tags *tags; /* NULL: no feed has tags */
	uint32_t count;
	struct feed *feeds[FEEDS_MAX];
	struct choice *choices[FEEDS_MAX]; /* NULL: all that `what` says */
};

/* Expressions were checked when the settings were read. */
static bool open_feed(struct replay_feeds *feeds, const struct settings_feed *settings,
	const struct model *model, struct error *error)
{
	const struct feed_params params = {.settings = settings, .waits = true};
	const struct choice_params choice = {
		.words = {.words = EXPRESSION_WORDS_PACKET, .user = "a feed"},
		.settings = feeds->settings,
		.model = model};
	uint32_t i = feeds->count++;
	struct expression_error why;

	if (settings->expression) {
		feeds->choices[i] = choice_create(settings->expression, &choice, &why);
		if (!feeds->choices[i]) {
			error_set(error, "feeds: %s: what: %s", settings->name, why.text);
			return false;
		}
	}
	feeds->feeds[i] = feed_open(&params, error);
	return feeds->feeds[i] != NULL;
}

struct replay_feeds *replay_feeds_open(const struct settings *settings,
	const struct model *model, struct feeds_watch watch, struct error *error)
{
	struct replay_feeds *feeds;

	error->text[0] = '\0';
	if (settings->feeds.count == 0)
		return NULL;
	feeds = calloc(1, sizeof(*feeds));
	error_set(error, "not enough memory for feeds");
	if (!feeds)
		return NULL;
	feeds->settings = settings;
	feeds->watch = watch;
	while (feeds->count < settings->feeds.count) {
		if (open_feed(feeds, &settings->feeds.feed[feeds->count], model, error))
			continue;
		replay_feeds_destroy(feeds);
		return NULL;
	}
	error->text[0] = '\0';
	return feeds;
}

/* Its reader takes nothing, or there is none. */
static void wait_for(struct replay_feeds *feeds, struct feed *feed)
{
	if (!feeds->watch.go_on(feeds->watch.ctx))
		feed_end(feed);
	else
		feed_wait(feed, WAIT_MS);
}

static bool begin_tags(struct replay_feeds *feeds, const char *dir, const struct model *model,
	struct error *error)
{
	bool wanted = false;

	for (uint32_t i = 0; i < feeds->count; i++)
		wanted = wanted || feed_settings(feeds->feeds[i])->tag == FEED_TAG_QINQ;
	if (!wanted)
		return true;
	feeds->tags = point_tags_open(dir, feeds->settings, error);
	if (!feeds->tags)
		return false;
	point_tags_configure(feeds->tags, model);
	for (uint32_t i = 0; i < feeds->count; i++)
		feed_set_tags(feeds->feeds[i], feeds->tags);
	return true;
}

bool replay_feeds_begin(struct replay_feeds *feeds, const char *dir, const struct model *model,
	struct error *error)
{
	if (!begin_tags(feeds, dir, model, error))
		return false;
	for (uint32_t i = 0; i < feeds->count; i++) {
		struct feed *feed = feeds->feeds[i];

		feed_send(feed);
		if (!feed_is_read(feed))
			log_info("%s: waits until it is read", feed_output(feed));
		while (!feed_is_read(feed))
			wait_for(feeds, feed);
	}
	return true;
}

void replay_feeds_put(struct replay_feeds *feeds, enum settings_record least,
	const struct packet_record *record, const struct packet *packet)
{
	for (uint32_t i = 0; feeds && i < feeds->count; i++) {
		struct feed *feed = feeds->feeds[i];
		enum settings_record what = feed_settings(feed)->what;

		if (what != RECORD_ALL && what != least)
			continue;
		if (feeds->choices[i] && !choice_takes(feeds->choices[i], packet, 0)) {
			feed_leave_out(feed);
			continue;
		}
		while (!feed_put(feed, record))
			wait_for(feeds, feed);
	}
}

bool replay_feeds_end(struct replay_feeds *feeds)
{
	bool whole = true;

	for (uint32_t i = 0; feeds && i < feeds->count; i++) {
		while (feed_is_behind(feeds->feeds[i]))
			wait_for(feeds, feeds->feeds[i]);
		whole = feed_end(feeds->feeds[i]) && whole;
	}
	return whole;
}

uint32_t replay_feeds_count(const struct replay_feeds *feeds)
{
	return feeds ? feeds->count : 0;
}

const struct feed *replay_feeds_get(const struct replay_feeds *feeds, uint32_t index)
{
	return feeds->feeds[index];
}

void replay_feeds_destroy(struct replay_feeds *feeds)
{
	if (!feeds)
		return;
	for (uint32_t i = 0; i < feeds->count; i++) {
		feed_close(feeds->feeds[i]);
		choice_destroy(feeds->choices[i]);
	}
	point_tags_close(feeds->tags);
	free(feeds);
}
