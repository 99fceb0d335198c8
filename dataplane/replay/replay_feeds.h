/* The feeds of a replay (settings, `feeds`): each gets packets in file order, from the thread of the reader
 * (reader.h), as packet files do. A reader of a feed that is slow is waited for, and so is the first one. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/log/error.h"
#include "config/model/model.h"
#include "config/settings/settings.h"
#include "inspect/packets/feed.h"

struct replay_feeds;

/* Whoever waits asks now and then whether to go on; false: a feed that keeps it waiting is over, and what it
 * has not taken is lost. */
struct feeds_watch {
	void *ctx;
	bool (*go_on)(void *ctx);
};

/* All feeds of the settings, and what of them needs rights; settings and model are borrowed. NULL: there are none, or `error` says why (else
 * its text is ""). */
struct replay_feeds *replay_feeds_open(const struct settings *settings,
	const struct model *model, struct feeds_watch watch, struct error *error);
/* Numbers for the sessions of `model` (NULL: none), kept in the output directory (NULL: nowhere). Then waits
 * until each feed is read. false: `error` says why. */
bool replay_feeds_begin(struct replay_feeds *feeds, const char *dir, const struct model *model,
	struct error *error);
/* One packet, for all feeds that want it: `least` is what of packets.record takes it, `packet` the same with its headers as
 * decap left them. NULL is legal. */
void replay_feeds_put(struct replay_feeds *feeds, enum settings_record least,
	const struct packet_record *record, const struct packet *packet);
/* Gives readers what is left. NULL is legal. false: packets were lost. */
bool replay_feeds_end(struct replay_feeds *feeds);
/* After that, too. NULL has none. */
uint32_t replay_feeds_count(const struct replay_feeds *feeds);
const struct feed *replay_feeds_get(const struct replay_feeds *feeds, uint32_t index);
/* Ends and frees. NULL is legal. */
void replay_feeds_destroy(struct replay_feeds *feeds);
