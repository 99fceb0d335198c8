#include <netinet/in.h>
#include <string.h>

#include "inspect/dpi/inside.h"

static bool begins(struct cursor bytes)
{
	static const char name[] = "SSH-";
	const uint8_t *at = cursor_take(&bytes, sizeof(name) - 1);

	return at && memcmp(at, name, sizeof(name) - 1) == 0;
}

static void identification(void *ctx, const uint8_t *line, uint32_t len)
{
	struct reading *reading = ctx;

	draft_ssh_identification(
		reading_draft(reading), reading_is_from_server(reading), line, len);
	reading_keep(reading);
}

static void kexinit(void *ctx, const struct ssh_kexinit *lists)
{
	struct reading *reading = ctx;

	draft_ssh_kexinit(reading_draft(reading), reading_is_from_server(reading), lists);
	reading_keep(reading);
}

static bool add(struct reading *reading, const struct stream_part *part)
{
	const struct ssh_sink sink = {identification, kexinit, reading};

	return ssh_stream_add(&reading->reader->ssh[reading->from_hi], &reading->dpi->memory,
		&reading->flow->dpi->kept, part, &sink);
}

const struct parser ssh_parser = {IPPROTO_TCP, TRANSACTION_SSH, begins, NULL, add, NULL};
