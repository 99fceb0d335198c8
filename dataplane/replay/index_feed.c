#include "dataplane/replay/index_feed.h"

#include <stdlib.h>
#include <string.h>

#include "inspect/packets/recorded.h"

enum { FRAGMENTS_MAX = 1 << 16 }; /* between two complete blocks */

struct fragment {
	uint64_t offset, time_ns;
};

struct index_feed {
	struct index_builder *builder;
	bool recorded;
	/* They are told between the packets of blocks that are still on their way. */
	struct fragment *fragments;
	uint32_t n, room;
	bool lost;
};

struct index_feed *index_feed_create(struct index_builder *builder, bool recorded)
{
	struct index_feed *feed = calloc(1, sizeof(*feed));

	if (feed)
		*feed = (struct index_feed){.builder = builder, .recorded = recorded};
	return feed;
}

static void tell(struct index_feed *feed, const struct index_flow *flow, uint64_t time_ns,
	uint64_t offset)
{
	const struct index_packet packet = {flow, time_ns, offset};

	index_builder_add(feed->builder, &packet);
}

/* Fragments that came before `offset`. */
static void tell_fragments(struct index_feed *feed, uint64_t offset)
{
	struct index_flow none;
	uint32_t told = 0;

	memset(&none, 0, sizeof(none));
	for (; told < feed->n && feed->fragments[told].offset < offset; told++)
		tell(feed, &none, feed->fragments[told].time_ns, feed->fragments[told].offset);
	if (told == 0)
		return;
	feed->n -= told;
	memmove(feed->fragments, feed->fragments + told, feed->n * sizeof(*feed->fragments));
}

/* What the file itself says is better than what can be found out from a packet that was decapsulated before. */
static void name(struct index_flow *flow, const struct block *block, uint32_t i)
{
	const struct input_place *place = &block->index->places[i];
	const uint8_t *comment = block->packets[i].data + place->comment;
	struct recorded recorded = recorded_read((const char *)comment, place->comment_len);

	flow->has_point = recorded.has_vni;
	flow->point = recorded.key;
	flow->flow_id = recorded.flow_id;
}

void index_feed_block(struct index_feed *feed, const struct block *block)
{
	for (uint32_t i = 0; i < block->n_slots; i++) {
		struct index_flow *flow = &block->index->flows[i];
		uint64_t offset = block->index->places[i].offset;

		if (feed->n > 0)
			tell_fragments(feed, offset);
		if (feed->recorded)
			name(flow, block, i);
		tell(feed, flow, block->times[i], offset);
	}
}

void index_feed_fragment(struct index_feed *feed, uint64_t offset, uint64_t time_ns)
{
	if (!feed || feed->lost)
		return;
	if (feed->n == feed->room) {
		uint32_t room = feed->room ? 2 * feed->room : 64;
		struct fragment *fragments =
			room <= FRAGMENTS_MAX
				? realloc(feed->fragments, room * sizeof(*fragments))
				: NULL;

		feed->lost = !fragments;
		if (!fragments)
			return;
		feed->fragments = fragments;
		feed->room = room;
	}
	feed->fragments[feed->n++] = (struct fragment){offset, time_ns};
}

void index_feed_joined(struct index_feed *feed)
{
	if (feed)
		index_builder_joined(feed->builder);
}

bool index_feed_end(struct index_feed *feed)
{
	bool whole;

	if (!feed)
		return true;
	tell_fragments(feed, UINT64_MAX);
	whole = !feed->lost;
	free(feed->fragments);
	free(feed);
	return whole;
}
