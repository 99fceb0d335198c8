#include "dataplane/retrieval/newest.h"

#include "dataplane/capture/input.h"

bool newest_packet(
	const char *const *captures, uint32_t n, uint64_t *newest_ns, struct error *error)
{
	struct input *input = input_open(captures, n, NULL, error);
	struct input_packet packet;

	*newest_ns = 0;
	if (!input)
		return false;
	while (input_next(input, &packet) == 1)
		if (packet.time_ns > *newest_ns)
			*newest_ns = packet.time_ns;
	input_close(input);
	return true;
}
