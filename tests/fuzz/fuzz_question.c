/* The first byte says whether what follows is an event or a flow log record, and of that how long its format is. What is refused has
 * a sentence, and of a record a place. Of what is taken is made an expression that can be parsed, and takes packets between the ends in
 * both directions and at the times that it covers, and none of another time. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/packets/expression/expression.h"
#include "inspect/packets/question/question_event.h"
#include "inspect/packets/question/question_log.h"
#include "tests/fuzz/demand.h"

/* libFuzzer's name. NOLINTNEXTLINE(readability-identifier-naming) */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct expression *parse(const char *text)
{
	const struct expression_params params = {
		.words = EXPRESSION_WORDS_PACKET | EXPRESSION_WORDS_TIME, .user = "a test"};
	struct expression_error error;
	struct expression *e = expression_parse(text, &params, &error);

	demand(e);
	return e;
}

static struct expression_facts facts_of(
	const struct question_ends *ends, bool back, uint64_t time_ns)
{
	return (struct expression_facts){
		.time_ns = time_ns,
		.network = ends->ip_version == 4 ? EXPRESSION_IP : EXPRESSION_IP6,
		.has_addresses = true,
		.src = back ? ends->dst : ends->src,
		.dst = back ? ends->src : ends->dst,
		.protocol = ends->protocol,
		.next_header = ends->protocol,
		.has_ports = ends->has_ports,
		.src_port = back ? ends->dst_port : ends->src_port,
		.dst_port = back ? ends->src_port : ends->dst_port,
		.has_vni = true,
		.vni = ends->vni,
	};
}

static bool takes(
	struct expression *e, const struct question_ends *ends, bool back, uint64_t ns)
{
	struct expression_facts facts = facts_of(ends, back, ns);

	return expression_match(e, &facts);
}

static void check(const struct question_ends *ends)
{
	char text[QUESTION_TEXT];
	struct expression *any = parse(question_ends_print(ends, text));
	struct expression *within = parse(question_ends_print_within(ends, 0, text));

	demand(ends->from_ns <= ends->to_ns);
	for (int back = 0; back < 2; back++) {
		demand(takes(any, ends, back, 0));
		demand(takes(within, ends, back, ends->from_ns));
		demand(takes(within, ends, back, ends->to_ns));
		demand(!takes(within, ends, back, ends->to_ns + 1));
		demand(ends->from_ns == 0 || !takes(within, ends, back, ends->from_ns - 1));
	}
	expression_destroy(any);
	expression_destroy(within);
}

static void ask_event(const uint8_t *data, size_t size)
{
	struct error error = {.text = ""};
	struct question_ends ends;

	if (question_event_read((const char *)data, size, &ends, &error))
		check(&ends);
	else
		demand(error.text[0] != '\0');
}

static char *text_of(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	demand(text);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

static void ask_log(const uint8_t *data, size_t size, size_t format_len)
{
	char *format = format_len ? text_of(data, format_len) : NULL;
	char *line = text_of(data + format_len, size - format_len);
	struct expression_error error;
	struct question_ends ends;
	bool of_format;

	if (question_log_read(line, format, &ends, &error, &of_format)) {
		check(&ends);
	} else {
		demand(error.text[0] != '\0');
		demand(error.at <= strlen(!of_format ? line
					   : format  ? format
						     : QUESTION_LOG_FORMAT));
	}
	free(format);
	free(line);
}

// NOLINTNEXTLINE(readability-identifier-naming)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] == 'e')
		ask_event(data + 1, size - 1);
	else if (data[0] < size)
		ask_log(data + 1, size - 1, data[0]);
	return 0;
}
