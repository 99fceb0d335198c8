#include "bench/traffic/field.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "decap/packet.h"
#include "support/frame.h"
#include "support/random.h"

enum { LINE = 64, ROOM_MIN = 2048, PORTS = 32768, FIRST_PORT = 16384 };

static void *map(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return NULL;
	(void)madvise(at, size, MADV_HUGEPAGE);
	return at;
}

/* Both directions come alike often. Without payload, and padded to their size: so they can be taken again
 * and again, in any order, and are packets of a conversation that sends nothing twice. */
static void packet_make(const struct field *f, uint32_t i, uint8_t *out)
{
	const uint32_t flow = f->flow[i], session = flow % f->params.sessions;
	const struct frame_end client = frame_end_of(
		0x0a000000 + flow / PORTS, (uint16_t)(FIRST_PORT + flow % PORTS), false);
	const struct frame_end server = frame_end_of(FIELD_SERVERS + session, 443, false);
	bool reply = random_at(i, 11) & 1;
	struct frame_ip ip = {
		.src = reply ? server : client,
		.dst = reply ? client : server,
		.protocol = IPPROTO_TCP,
		.tcp_flags = TCP_ACK,
	};

	frame_build(&ip, out + FRAME_MIRROR);
	frame_mirror(FIELD_OUTER + session, FIELD_VNI + session, 0xff80,
		FRAME_ETHERNET + f->params.size, out);
}

static void flows_choose(struct field *f)
{
	uint32_t fresh = f->params.flows;

	for (uint32_t i = 0; i < f->params.packets; i++) {
		uint64_t hash = random_at(i, 12);

		if ((hash >> 40) % 100 < f->params.new_percent)
			f->flow[i] = fresh++;
		else
			f->flow[i] = i < f->params.flows ? i : (uint32_t)hash % f->params.flows;
	}
}

static void order_choose(struct field *f)
{
	for (uint32_t i = 0; i < f->params.packets; i++) {
		uint32_t j = (uint32_t)(random_at(i, 13) % (i + 1));

		f->order[i] = f->order[j];
		f->order[j] = i;
	}
}

struct field *field_create(const struct field_params *params)
{
	struct field *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->params = *params;
	f->len = FRAME_MIRROR + FRAME_ETHERNET + params->size;
	f->stride = f->len <= ROOM_MIN ? ROOM_MIN : (f->len + LINE - 1) / LINE * LINE;
	f->bytes = map((size_t)f->stride * params->packets);
	f->order = malloc(params->packets * sizeof(*f->order));
	f->flow = malloc(params->packets * sizeof(*f->flow));
	if (!f->bytes || !f->order || !f->flow) {
		field_destroy(f);
		return NULL;
	}
	flows_choose(f);
	order_choose(f);
	for (uint32_t i = 0; i < params->packets; i++)
		packet_make(f, i, f->bytes + (size_t)i * f->stride);
	return f;
}

void field_destroy(struct field *f)
{
	if (!f)
		return;
	if (f->bytes)
		munmap(f->bytes, (size_t)f->stride * f->params.packets);
	free(f->order);
	free(f->flow);
	free(f);
}
