/* The first byte says how much of the message was cut. Reads every byte that came out. */
#include <stdlib.h>
#include <string.h>

#include "inspect/proto/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_message m;

	if (!size || size > UINT16_MAX)
		return 0;
	dns_parse(data + 1, (uint32_t)(size - 1), (uint32_t)(size - 1) + data[0], &m);
	if (strlen(m.query) >= DNS_NAME_TEXT || m.n_answers > DNS_ANSWERS_MAX)
		abort();
	for (unsigned i = 0; i < m.n_answers; i++)
		if (strlen(m.answers[i]) >= DNS_ANSWER_TEXT)
			abort();
	return 0;
}
