#include "dataplane/port/port_time.h"

#include "config/log/now.h"

void port_time_none(struct port_time *time)
{
	time->offset = -1;
}

static void publish(struct port_time *time, uint64_t base, uint64_t base_ns, uint64_t rate)
{
	uint64_t version = atomic_load_explicit(&time->version, memory_order_relaxed);

	atomic_store_explicit(&time->version, version + 1, memory_order_relaxed);
	/* Release, so that whoever sees one of these sees the odd version, too. */
	atomic_store_explicit(&time->base, base, memory_order_release);
	atomic_store_explicit(&time->base_ns, base_ns, memory_order_release);
	atomic_store_explicit(&time->rate, rate, memory_order_release);
	atomic_store_explicit(&time->version, version + 2, memory_order_release);
}

void port_time_begin(struct port_time *time, int offset, uint64_t flag, uint64_t unit_ns)
{
	time->offset = offset;
	time->flag = flag;
	time->counts = unit_ns == 0;
	publish(time, 0, 0, unit_ns << 32);
}

void port_time_reading(struct port_time *time, uint64_t ticks, uint64_t now_ns)
{
	uint64_t base = atomic_load_explicit(&time->base, memory_order_relaxed);
	uint64_t base_ns = atomic_load_explicit(&time->base_ns, memory_order_relaxed);
	uint64_t rate = 0;

	if (!time->counts)
		return;
	/* The first reading is only a beginning; so is one after a step of either clock. */
	if (base_ns != 0 && ticks > base && now_ns > base_ns &&
		now_ns - base_ns < 10 * NS_PER_S)
		rate = (uint64_t)(((unsigned __int128)(now_ns - base_ns) << 32) /
				  (ticks - base));
	publish(time, ticks, now_ns, rate);
}

struct time_scale port_time_scale(const struct port_time *time)
{
	struct time_scale scale;
	uint64_t before, after;

	do {
		before = atomic_load_explicit(&time->version, memory_order_acquire);
		scale.base = atomic_load_explicit(&time->base, memory_order_acquire);
		scale.base_ns = atomic_load_explicit(&time->base_ns, memory_order_acquire);
		scale.rate = atomic_load_explicit(&time->rate, memory_order_acquire);
		after = atomic_load_explicit(&time->version, memory_order_relaxed);
	} while (before != after || before % 2 != 0);
	return scale;
}

uint64_t time_scale_ns(
	const struct time_scale *scale, uint64_t stamp, uint64_t now_ns, bool *sane)
{
	/* A counter's stamp lies on either side of the latest reading. */
	bool before = stamp < scale->base;
	uint64_t ticks = before ? scale->base - stamp : stamp - scale->base;
	unsigned __int128 apart = (unsigned __int128)ticks * scale->rate >> 32;
	uint64_t ns;

	*sane = false;
	if (scale->rate == 0 || apart > UINT64_MAX / 2)
		return now_ns;
	ns = before ? scale->base_ns - (uint64_t)apart : scale->base_ns + (uint64_t)apart;
	if (ns > now_ns || now_ns - ns > NS_PER_S)
		return now_ns;
	*sane = true;
	return ns;
}
