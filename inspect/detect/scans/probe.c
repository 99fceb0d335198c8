#include "inspect/detect/scans/probe.h"

#include <string.h>

#include "inspect/flow/hash.h"

uint64_t probe_hash(const struct probe *probe, uint64_t seed)
{
	const uint8_t *dst = probe->dst.byte;
	uint64_t what = (uint64_t)probe->protocol << 16 | probe->port;
	uint64_t hash = hash_fold(seed ^ hash_salt[0], hash_word(dst) ^ hash_salt[1]);

	hash = hash_fold(hash ^ hash_word(dst + 8), hash_salt[2]);
	hash = hash_fold(hash ^ what, hash_salt[3]);
	hash = hash_fold(hash_turn(hash), hash_salt[4]);
	return hash == UINT64_MAX ? 0 : hash;
}

enum { FEW = PROBES_MAX / 4 };

/* The first that is not below. */
static uint32_t place_of(const struct probe_set *set, uint64_t hash)
{
	uint32_t low = 0, high = set->n;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (set->at[middle].hash < hash)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void probe_set_add(struct probe_set *set, const struct probe *probe)
{
	uint32_t place = place_of(set, probe->hash);
	struct probe *at = &set->at[place];

	if (probe->hash >= set->bound)
		return;
	if (place < set->n && at->hash == probe->hash) {
		at->time_ns = probe->time_ns > at->time_ns ? probe->time_ns : at->time_ns;
		at->end = probe->end > at->end ? probe->end : at->end;
		return;
	}
	if (set->n == PROBES_MAX) {
		if (place == set->n) {
			set->bound = probe->hash;
			return;
		}
		set->bound = set->at[--set->n].hash;
	}
	memmove(at + 1, at, (set->n - place) * sizeof(*at));
	*at = *probe;
	set->n++;
}

void probe_set_lower(struct probe_set *set, uint64_t bound)
{
	if (bound >= set->bound)
		return;
	set->bound = bound;
	set->n = place_of(set, bound);
}

void probe_set_forget(struct probe_set *set, uint64_t time_ns)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < set->n; i++)
		if (set->at[i].time_ns >= time_ns)
			set->at[n++] = set->at[i];
	set->n = n;
	if (n == 0 || set->bound > UINT64_MAX / 2)
		set->bound = n < FEW ? UINT64_MAX : set->bound;
	else if (n < FEW)
		set->bound *= 2;
}

double probe_set_weight(const struct probe_set *set)
{
	return set->bound == UINT64_MAX ? 1 : 0x1p64 / (double)(set->bound ? set->bound : 1);
}

uint32_t probes_most_within(const struct probe *probe, uint32_t n, uint64_t window_ns)
{
	uint32_t most = 0, from = 0;

	for (uint32_t to = 0; to < n; to++) {
		while (probe[to].time_ns - probe[from].time_ns > window_ns)
			from++;
		most = to - from + 1 > most ? to - from + 1 : most;
	}
	return most;
}
