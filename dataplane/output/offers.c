#include "dataplane/output/offers.h"

#include "config/thread/cache_line.h"
#include "decap/counters/shared.h"

#include <stdlib.h>

/* What one worker has offered, and what became of it before the queue. */
struct offer {
	_Alignas(CACHE_LINE) _Atomic uint64_t offered;
	_Atomic uint64_t left_out, lost;
};

struct offers {
	uint32_t n_workers;
	struct packet_queue *queue;
	struct offer *offer;   /* one a worker */
	_Atomic uint64_t left; /* at the end, in the queue */
};

struct offers *offers_create(uint32_t room, uint32_t n_workers)
{
	struct offers *offers = calloc(1, sizeof(*offers));

	if (!offers)
		return NULL;
	offers->n_workers = n_workers;
	offers->offer = cache_line_alloc(n_workers * sizeof(*offers->offer));
	offers->queue = packet_queue_create(packet_queue_room(room), n_workers);
	if (offers->offer && offers->queue)
		return offers;
	offers_destroy(offers);
	return NULL;
}

void offers_destroy(struct offers *offers)
{
	if (!offers)
		return;
	packet_queue_destroy(offers->queue);
	free(offers->offer);
	free(offers);
}

static uint64_t count_of(uint64_t mask)
{
	return (uint64_t)__builtin_popcountll(mask);
}

void offers_put(struct offers *offers, uint32_t worker, const struct packet_burst *burst,
	const struct offering *offering)
{
	uint64_t want = offering->shed ? 0 : offering->want, kept;
	struct offer *offer = &offers->offer[worker];

	if (offering->offered == 0)
		return;
	shared_add(&offer->offered, count_of(offering->offered));
	if (want != offering->offered)
		shared_add(&offer->left_out, count_of(offering->offered ^ want));
	if (want == 0)
		return;
	kept = packet_queue_put(offers->queue, worker, burst, want, NULL, true);
	if (kept != want)
		shared_add(&offer->lost, count_of(want ^ kept));
}

struct packet_queue *offers_queue(struct offers *offers)
{
	return offers->queue;
}

void offers_drop(struct offers *offers)
{
	shared_add(&offers->left, packet_queue_drop(offers->queue));
}

struct output_ledger offers_ledger(
	const struct offers *offers, const struct output_ledger *taken)
{
	struct output_ledger ledger = taken ? *taken : (struct output_ledger){.offered = 0};

	ledger.offered = 0;
	ledger.lost_queue += shared_get(&offers->left);
	for (uint32_t w = 0; w < offers->n_workers; w++) {
		const struct offer *offer = &offers->offer[w];

		ledger.by_policy += shared_get(&offer->left_out);
		ledger.lost_queue += shared_get(&offer->lost);
		ledger.offered += shared_get(&offer->offered);
	}
	return ledger;
}
