/* Any bytes as a packet. The first byte of the input chooses: bit 0 plain, bits 1 to 3 the link,
 * bits 4 and 5 the encapsulations allowed, bit 6 each by its look, bit 7 what came before; the second and third how many bytes the capture lacks.
 * Whatever comes out holds what holds for every packet, and the glance at the usual packet agrees
 * with the careful way. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decap/decap.h"
#include "tests/decap/invariants.h"

/* libFuzzer's name. NOLINTNEXTLINE(readability-identifier-naming) */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum reason judge(struct packet *p, uint8_t choice, uint16_t first_port, bool *plain)
{
	struct decap_met met = {.last_plain = choice & 0x80};
	struct decap_params params = {
		.mode = choice & 0x40 ? DECAP_AUTO
			: choice & 1  ? DECAP_PLAIN
				      : DECAP_MIRROR,
		.vxlan_ports = {first_port, 4789},
		.geneve_ports = {6081},
		.n_vxlan_ports = 2,
		.n_geneve_ports = 1,
		.max_depth = (uint8_t)((choice >> 4 & 3) + 1),
	};

	enum reason why;

	met.last_plain = met.last_plain && params.mode == DECAP_AUTO;
	why = decap_packet(&params, p, &met);
	*plain = params.mode == DECAP_AUTO ? met.plain : params.mode == DECAP_PLAIN;
	return why;
}

static void check(const char *broken)
{
	if (!broken)
		return;
	fprintf(stderr, "%s\n", broken);
	abort();
}

// NOLINTNEXTLINE(readability-identifier-naming)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packet p, careful;
	enum reason reason;
	bool plain;

	if (size < 3 || size > 70000)
		return 0;
	memset(&p, 0xa5, sizeof(p));
	p.data = data + 3;
	p.cap = (uint32_t)size - 3;
	p.wire = p.cap + (uint32_t)(data[1] << 8 | data[2]);
	p.link = (enum link)((data[0] >> 1 & 7) % (LINK_PPP + 1));
	careful = p;
	reason = judge(&p, data[0], 4789, &plain);
	check(packet_broken(&p, reason, plain));
	/* Both were filled with the same rubbish before, padding included. */
	// NOLINTNEXTLINE(bugprone-suspicious-memory-comparison)
	if (judge(&careful, data[0], 64321, &plain) != reason ||
		memcmp(&p, &careful, sizeof(p)) != 0)
		check("the glance and the careful way differ");
	return 0;
}
