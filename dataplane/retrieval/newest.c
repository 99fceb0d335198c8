#include "dataplane/retrieval/newest.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/capture/input.h"
#include "inspect/packets/index/index_reader.h"

/* false: it has no index that is good. */
static bool by_index(const char *path, uint64_t *newest_ns)
{
	int fd = strcmp(path, "-") == 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct index_identity identity;
	struct index_reader *reader = NULL;
	enum index_status status;
	struct error why;

	if (fd >= 0 && index_identity_read(fd, &identity))
		reader = index_open(path, &identity, &status, &why);
	if (fd >= 0)
		close(fd);
	if (!reader)
		return false;
	if (index_about(reader)->last_ns > *newest_ns)
		*newest_ns = index_about(reader)->last_ns;
	index_close(reader);
	return true;
}

static bool by_reading(const char *path, uint64_t *newest_ns, struct error *error)
{
	struct input *input = input_open(&path, 1, NULL, error);
	struct input_packet packet;

	if (!input)
		return false;
	while (input_next(input, &packet) == 1)
		if (packet.time_ns > *newest_ns)
			*newest_ns = packet.time_ns;
	input_close(input);
	return true;
}

bool newest_packet(
	const char *const *captures, uint32_t n, uint64_t *newest_ns, struct error *error)
{
	*newest_ns = 0;
	for (uint32_t i = 0; i < n; i++)
		if (!by_index(captures[i], newest_ns) &&
			!by_reading(captures[i], newest_ns, error))
			return false;
	return true;
}
