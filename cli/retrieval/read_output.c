#include <inttypes.h>
#include <stdio.h>

#include "cli/command/standard_output.h"
#include "cli/retrieval/read_inside.h"
#include "config/log/log.h"
#include "config/parse/plural.h"

static void show(struct read *read, const struct retrieved *packet)
{
	char line[READ_LINE];
	struct text t = text_make(line, sizeof(line));

	if (read->arguments->json)
		read_packet_json(&t, packet);
	else
		read_packet_line(&t, packet);
	fwrite(line, 1, (size_t)(t.at - line), read->out);
}

bool read_take(void *ctx, const struct retrieved *packet)
{
	struct read *read = ctx;
	uint64_t count = read->arguments->count;

	if (read->flows)
		read_flows_add(read->flows, packet);
	if (read->packets)
		packet_file_write(read->packets, packet->record);
	else if (!read->flows)
		show(read, packet);
	read->found++;
	return (read->flows && !read->packets) || read->found < count;
}

/* A pipe is followed as it comes. */
bool read_pause(void *ctx)
{
	struct read *read = ctx;
	bool whole = true;

	if (read->packets && read->found > read->flushed)
		whole = packet_file_flush(read->packets);
	else if (!read->packets)
		fflush(read->out);
	read->flushed = read->found;
	return whole && !ferror(read->out) && !read->stop();
}

static void print_flows(struct read *read)
{
	uint32_t n = read_flows_count(read->flows);

	for (uint32_t i = 0; i < n && i < read->arguments->count; i++) {
		char line[READ_LINE];
		struct text t = text_make(line, sizeof(line));

		if (read->arguments->json)
			read_flow_json(&t, read_flows_get(read->flows, i));
		else
			read_flow_line(&t, read_flows_get(read->flows, i));
		fwrite(line, 1, (size_t)(t.at - line), read->out);
	}
	if (read_flows_left_out(read->flows) > 0)
		log_warning("the table has %u flows; %" PRIu64
			    " packet%s of others are not in it",
			n, read_flows_left_out(read->flows),
			plural(read_flows_left_out(read->flows)));
}

static void say_found(const struct read *read)
{
	if (read->found == 0)
		log_info("no packet was found");
	else if (read->packets)
		log_info("%" PRIu64 " packet%s", read->found, plural(read->found));
	if (read->stop())
		log_warning("interrupted: what was found until then is complete");
}

bool read_output_begin(struct read *read)
{
	const struct read_arguments *a = read->arguments;
	struct error error;

	read->out = standard_output_is(a->packet_file) ? stderr : stdout;
	if (a->flows && !(read->flows = read_flows_create())) {
		log_error("not enough memory");
		return false;
	}
	if (!a->packet_file)
		return true;
	read->packets = packet_file_open_retrieved(a->packet_file, &error);
	if (!read->packets)
		log_error("%s", error.text);
	return read->packets != NULL;
}

/* What is left is written; false: something was lost, and said. */
bool read_output_end(struct read *read)
{
	bool whole;

	if (read->flows)
		print_flows(read);
	say_found(read);
	whole = packet_file_close(read->packets);
	read->packets = NULL;
	return fflush(read->out) == 0 && whole;
}
