/* An IP packet as hosts send it: whether it is a word about a UDP port of the sender's. The first byte says how much of the rest
 * arrived. Of IPv4 a naive twin reads it, too; and what is told of a part is told of the whole. */
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "decap/decap.h"
#include "inspect/detect/scans/quote.h"
#include "tests/fuzz/demand.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOTHING = -1, LONGEST = 4096, SYSTEM_PORTS = 1024 };

/* The port, or NOTHING, of `cap` bytes that are alone in memory. */
static int read_part(const uint8_t *bytes, uint32_t cap, uint32_t wire)
{
	uint8_t *alone = malloc(cap ? cap : 1);
	struct packet p = {.data = alone, .cap = cap, .wire = wire, .link = LINK_IP};
	uint16_t port = 0;
	int told = NOTHING;

	demand(alone != NULL);
	memcpy(alone, bytes, cap);
	if (decap_plain(&p) == REASON_inspected && quote_read(&p, &port)) {
		demand(p.protocol == IPPROTO_ICMP || p.protocol == IPPROTO_ICMPV6);
		told = port;
	}
	free(alone);
	return told;
}

static unsigned word(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

/* By RFC 791, 792 and 768 alone, of ICMP in IPv4. */
static int twin(const uint8_t *b, uint32_t cap)
{
	uint32_t icmp = (b[0] & 15u) * 4, quote = icmp + 8, udp = quote;

	if (word(b + 2) > 0 && word(b + 2) < cap) /* behind it is padding */
		cap = word(b + 2);
	if (quote + 20 > cap || b[icmp] != 3 || b[icmp + 1] != 3 || word(b + 6) & 0x1fff)
		return NOTHING;
	udp += (b[quote] & 15u) * 4;
	if (b[quote] >> 4 != 4 || udp < quote + 20 || udp + 4 > cap ||
		b[quote + 9] != IPPROTO_UDP || word(b + quote + 6) & 0x1fff)
		return NOTHING;
	if (memcmp(b + quote + 12, b + 16, 4) != 0 || memcmp(b + quote + 16, b + 12, 4) != 0)
		return NOTHING;
	if (word(b + udp) < SYSTEM_PORTS && word(b + udp + 2) >= SYSTEM_PORTS)
		return NOTHING;
	return (int)word(b + udp + 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t wire = (uint32_t)size - 1, part;
	int whole;

	if (size < 2 || size > LONGEST)
		return 0;
	whole = read_part(data + 1, wire, wire);
	for (part = data[0]; part < wire; part += 1 + data[0]) {
		int told = read_part(data + 1, part, wire);

		demand(told == NOTHING || told == whole);
	}
	/* What a twin finds may lie elsewhere (in lengths, in options), and be none for that; not the other way. */
	if (whole != NOTHING && data[1] >> 4 == 4)
		demand(twin(data + 1, wire) == whole);
	return 0;
}
