#include "dataplane/capture/capture_interface.h"

#include "config/log/now.h"
#include "dataplane/capture/capture_record.h"

enum {
	FIXED = 8, /* link type, 2 bytes that mean nothing, snap length */
	OPTION_HEADER = 4,
	OPTION_END = 0,
	OPTION_TSRESOL = 9,
	OPTION_TSOFFSET = 14,
	RESOLUTION_US = 6, /* without the option */
	RESOLUTION_NS = 9,
	RESOLUTION_BINARY = 0x80,
	DIGITS_U64 = 19, /* 10^19 is the largest power of ten below 2^64 */
};

static uint64_t power_of_ten(unsigned n)
{
	uint64_t power = 1;

	while (n-- > 0)
		power *= 10;
	return power;
}

static const char *options_read(
	struct capture_interface *i, const uint8_t *at, size_t len, bool swapped)
{
	bool has_resolution = false, has_offset = false;

	while (len > 0) {
		uint32_t code, size, padded;

		if (len < OPTION_HEADER)
			return "its options break off";
		code = capture_u16(at, swapped);
		size = capture_u16(at + 2, swapped);
		padded = OPTION_HEADER + (size + 3) / 4 * 4;
		if (code == OPTION_END)
			return NULL;
		if (padded > len)
			return "an option reaches over its end";
		if (code == OPTION_TSRESOL && size == 1 && !has_resolution) {
			i->resolution = at[OPTION_HEADER];
			has_resolution = true;
		}
		if (code == OPTION_TSOFFSET && size == 8 && !has_offset) {
			i->offset_s = (int64_t)capture_u64(at + OPTION_HEADER, swapped);
			has_offset = true;
		}
		at += padded;
		len -= padded;
	}
	return NULL;
}

const char *capture_interface_read(
	struct capture_interface *i, const uint8_t *body, size_t len, bool swapped)
{
	const char *wrong;

	if (len < FIXED)
		return "it is too short";
	*i = (struct capture_interface){
		.link_number = capture_u16(body, swapped),
		.snaplen = capture_u32(body + 4, swapped),
		.resolution = RESOLUTION_US,
	};
	i->link = capture_link_find(i->link_number);
	wrong = options_read(i, body + FIXED, len - FIXED, swapped);
	if (i->offset_s == 0 && i->resolution <= RESOLUTION_NS)
		i->unit_ns = power_of_ten((unsigned)(RESOLUTION_NS - i->resolution));
	return wrong;
}

/* Wide enough for 64 bits of anything times a second's nanoseconds. */
uint64_t capture_interface_time_odd(const struct capture_interface *i, uint64_t time)
{
	unsigned power = i->resolution & ~(unsigned)RESOLUTION_BINARY;
	__int128 ns;

	if (i->resolution & RESOLUTION_BINARY)
		ns = (__int128)time * (int64_t)NS_PER_S >> power;
	else if (power <= RESOLUTION_NS)
		ns = (__int128)time * (__int128)power_of_ten(RESOLUTION_NS - power);
	else if (power - RESOLUTION_NS <= DIGITS_U64)
		ns = (__int128)(time / power_of_ten(power - RESOLUTION_NS));
	else
		ns = 0;
	ns += (__int128)i->offset_s * (int64_t)NS_PER_S;
	return ns < 0 ? 0 : ns > INT64_MAX ? INT64_MAX : (uint64_t)ns;
}
