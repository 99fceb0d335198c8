/* The first byte says where the stream is split, the second what was cut; the rest is one direction of SSH,
 * and all of it once more after what was cut. Split or not, the same must be told. */
#include <stdlib.h>
#include <string.h>

#include "inspect/proto/ssh/ssh_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	unsigned n_lines, n_kexinits, n_lists;
	uint32_t sum; /* of every byte that came out */
};

static void sum(struct seen *seen, const uint8_t *at, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		seen->sum = seen->sum * 31 + at[i];
}

static void see_line(void *ctx, const uint8_t *line, uint32_t len)
{
	struct seen *seen = ctx;

	seen->n_lines++;
	if (len > SSH_LINE_MAX)
		abort();
	sum(seen, line, len);
}

static void see_kexinit(void *ctx, const struct ssh_kexinit *kexinit)
{
	struct seen *seen = ctx;
	char text[SSH_HASSH_TEXT];

	seen->n_kexinits++;
	seen->n_lists += kexinit->n_lists;
	for (uint32_t i = 0; i < kexinit->n_lists; i++)
		sum(seen, kexinit->list[i].at, kexinit->list[i].len);
	if (ssh_hassh(kexinit, kexinit->n_lists & 1, text) && strlen(text) != 32)
		abort();
}

/* The bytes up to `split`, then the others, of which the last `cut` did not arrive. */
static struct seen read_all(const uint8_t *data, uint32_t size, uint32_t split, uint32_t cut)
{
	struct seen seen = {0};
	const struct ssh_sink sink = {see_line, see_kexinit, &seen};
	struct memory memory = {0};
	struct memory_list list = {0};
	struct ssh_stream stream = {.skip = 0};
	struct stream_part first = {0, cursor_make(data, split, split)};
	struct stream_part second = {
		0, cursor_make(data + split, size - split - cut, size - split)};
	struct stream_part again = {cut, cursor_make(data, size, size)};

	ssh_stream_add(&stream, &memory, &list, &first, &sink);
	ssh_stream_add(&stream, &memory, &list, &second, &sink);
	ssh_stream_add(&stream, &memory, &list, &again, &sink);
	if (memory.peak > 4 * SSH_KEPT_MAX || seen.n_lines > 1 || seen.n_kexinits > 1)
		abort();
	memory_sweep(&list);
	memory_trim(&memory);
	return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t n = (uint32_t)size - 2, cut;
	struct seen one, two;

	if (size < 2 || size > 200000)
		return 0;
	cut = data[1] <= n ? data[1] : n;
	one = read_all(data + 2, n, 0, cut);
	two = read_all(data + 2, n, (uint32_t)((uint64_t)(n - cut) * data[0] / 255), cut);
	if (one.n_lines != two.n_lines || one.n_kexinits != two.n_kexinits ||
		one.n_lists != two.n_lists || one.sum != two.sum)
		abort();
	return 0;
}
