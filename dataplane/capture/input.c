#include "dataplane/capture/input.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "config/log/error.h"
#include "dataplane/capture/capture_ahead.h"
#include "dataplane/capture/input_capture.h"

enum {
	BUFFER_MAX =
		64 *
		1024, /* measured: 10 % faster than 256 KB, which leaves the nearer caches */
	BUFFER_MIN = 16 * 1024,
	BUFFERS = 64 * 1024 * 1024, /* for all captures together, down to BUFFER_MIN each */
	OTHER_FILES = 256,          /* what else the process may want to have open */
};

struct input {
	struct capture *captures;
	unsigned n;
	struct capture_ahead *aheads; /* of each of them */
	struct capture_ahead **heap;  /* those with a packet; the one to deliver next first */
	unsigned heap_len;
	bool primed;    /* every capture was asked for its first packet */
	bool delivered; /* the first of the heap was given out, and is still being looked at */
	struct capture **broken; /* in the order in which they broke */
	unsigned broken_len;
	char *bpf; /* NULL: none */
	bool lends;
	struct input_watch watch;
	uint8_t *left; /* lending: the buffer of a capture that has ended */

	/* Written by the reading thread, read by any. */
	struct input_counters counters;
	struct capture_stream_progress progress;
};

/* NOLINTNEXTLINE(readability-non-const-parameter): clang-tidy does not see the atomic write */
static void count(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

static void error_keep(struct input *input, struct capture *capture)
{
	capture_close(capture);
	input->broken[input->broken_len++] = capture;
}

static bool is_before(const struct capture_ahead *a, const struct capture_ahead *b)
{
	if (a->merge_ns != b->merge_ns)
		return a->merge_ns < b->merge_ns;
	return a->capture->index < b->capture->index;
}

static void heap_sink(struct input *input, unsigned at)
{
	struct capture_ahead **heap = input->heap, *moving;
	unsigned child;

	if (input->heap_len == 0)
		return;
	moving = heap[at];
	while ((child = 2 * at + 1) < input->heap_len) {
		if (child + 1 < input->heap_len && is_before(heap[child + 1], heap[child]))
			child++;
		if (!is_before(heap[child], moving))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moving;
}

void input_watch(struct input *input, struct input_watch watch)
{
	input->watch = watch;
	for (unsigned i = 0; i < input->n; i++)
		input->captures[i].watch = &input->watch;
}

bool input_pick(struct input *input, unsigned i, const uint64_t *offsets, size_t n)
{
	struct capture *c = &input->captures[i];

	return c->stream != NULL && capture_window_pick(&c->window, offsets, n);
}

bool input_is_recorded(const struct input *input, unsigned i)
{
	return input->captures[i].is_recorded;
}

bool input_lend(struct input *input, size_t room)
{
	struct capture *first = &input->captures[0];

	/* Packets that an expression leaves out would fill the buffer, and the caller get little. */
	input->lends = input->n == 1 && first->stream != NULL && first->bpf == NULL &&
		       first->window.picks == NULL && capture_window_lend(&first->window, room);
	return input->lends;
}

const uint8_t *input_lent(const struct input *input)
{
	return input->left ? input->left : input->captures[0].window.buffer;
}

uint8_t *input_exchange(struct input *input, uint8_t *empty, struct input_packet *kept)
{
	uint8_t *full = input->left;

	if (full) {
		input->left = empty;
		return full;
	}
	return capture_window_exchange(
		&input->captures[0].window, empty, kept ? &kept->data : NULL);
}

/* Reads the capture's next packet. CAPTURE_ENDED: there is none, for whatever reason. */
static enum capture_status capture_advance(struct input *input, struct capture_ahead *ahead)
{
	struct capture *capture = ahead->capture;
	enum capture_status status =
		input->n == 1 ? capture_next(capture) : capture_ahead_next(ahead);

	count(&input->counters.bpf_excluded, capture->excluded);
	count(&input->counters.link_excluded, capture->not_read);
	count(&input->counters.time_backwards, capture->backwards);
	capture->excluded = capture->not_read = capture->backwards = 0;
	if (status == CAPTURE_OK || status == CAPTURE_FULL)
		return status;
	if (input->lends)
		input->left = capture_window_exchange(&capture->window, NULL, NULL);
	if (status == CAPTURE_BROKEN)
		error_keep(input, capture);
	capture_close(capture);
	return CAPTURE_ENDED;
}

static void heap_prime(struct input *input)
{
	for (unsigned i = 0; i < input->n; i++)
		if (input->captures[i].stream != NULL &&
			capture_advance(input, &input->aheads[i]) == CAPTURE_OK)
			input->heap[input->heap_len++] = &input->aheads[i];
	for (unsigned i = input->heap_len / 2; i-- > 0;)
		heap_sink(input, i);
	input->primed = true;
}

int input_next(struct input *input, struct input_packet *out)
{
	if (!input->primed)
		heap_prime(input);
	if (input->delivered) {
		enum capture_status status = capture_advance(input, input->heap[0]);

		if (status == CAPTURE_FULL)
			return INPUT_FULL;
		if (status == CAPTURE_ENDED)
			input->heap[0] = input->heap[--input->heap_len];
		heap_sink(input, 0);
	}
	input->delivered = input->heap_len > 0;
	if (!input->delivered)
		return 0;
	*out = *input->heap[0]->head;
	count(&input->counters.delivered, 1);
	return 1;
}

/* Each capture holds a file open until its end. */
static void files_allow(unsigned n)
{
	struct rlimit limit;
	rlim_t want = (rlim_t)n + OTHER_FILES;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= want)
		return;
	limit.rlim_cur = limit.rlim_max < want ? limit.rlim_max : want;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static size_t buffer_size(unsigned n)
{
	size_t each = BUFFERS / n;

	each -= each % 4096;
	return each > BUFFER_MAX ? BUFFER_MAX : each < BUFFER_MIN ? BUFFER_MIN : each;
}

/* What can be said before any file is opened. */
static const char *call_check(const char *const *paths, unsigned n)
{
	unsigned from_stdin = 0;

	for (unsigned i = 0; i < n; i++)
		from_stdin += strcmp(paths[i], "-") == 0;
	if (n == 0)
		return "no capture was named";
	return from_stdin > 1 ? "standard input ('-') can be read only once" : NULL;
}

static struct input *input_create(const char *const *paths, unsigned n)
{
	struct input *input = calloc(1, sizeof(*input));

	if (input == NULL)
		return NULL;
	input->captures = calloc(n, sizeof(*input->captures));
	input->aheads = calloc(n, sizeof(*input->aheads));
	input->heap = calloc(n, sizeof(*input->heap));
	input->broken = calloc(n, sizeof(*input->broken));
	if (input->captures == NULL || input->aheads == NULL || input->heap == NULL ||
		input->broken == NULL) {
		input_close(input);
		return NULL;
	}
	for (; input->n < n; input->n++) {
		struct capture *c = &input->captures[input->n];

		c->index = input->n;
		capture_ahead_init(&input->aheads[input->n], c);
		c->name = strdup(
			strcmp(paths[input->n], "-") == 0 ? "standard input" : paths[input->n]);
		if (c->name == NULL) {
			input_close(input);
			return NULL;
		}
	}
	input->counters.captures = n;
	return input;
}

/* 0, or -1 with the capture's sentence in `error` when the filter is wrong. */
static int captures_open(struct input *input, const char *const *paths, struct error *error)
{
	bool all_known = true;

	files_allow(input->n);
	for (unsigned i = 0; i < input->n; i++) {
		struct capture *c = &input->captures[i];
		uint64_t bytes = input->progress.bytes;
		enum capture_status status = capture_open(
			c, paths[i], buffer_size(input->n), input->bpf, &input->progress);

		if (status == CAPTURE_BAD_FILTER) {
			error_set(error, "%s", c->error);
			return -1;
		}
		if (status == CAPTURE_BROKEN) {
			input->progress.bytes = bytes; /* as little as in bytes_total */
			error_keep(input, c);
			continue;
		}
		input->counters.readable++;
		input->counters.bytes_total += capture_stream_size(c->stream);
		all_known = all_known && capture_stream_size(c->stream) > 0;
	}
	if (!all_known)
		input->counters.bytes_total = 0;
	return 0;
}

struct input *input_open(
	const char *const *paths, unsigned n, const char *bpf, struct error *error)
{
	const char *wrong = call_check(paths, n);
	struct input *input = wrong == NULL ? input_create(paths, n) : NULL;

	if (input == NULL) {
		error_set(error, "%s", wrong != NULL ? wrong : "no memory");
		return NULL;
	}
	if (bpf != NULL && bpf[0] != '\0')
		input->bpf = strdup(bpf);
	if (bpf != NULL && bpf[0] != '\0' && input->bpf == NULL)
		error_set(error, "no memory");
	else if (captures_open(input, paths, error) == 0)
		return input;
	input_close(input);
	return NULL;
}

unsigned input_error_count(const struct input *input)
{
	return input->broken_len;
}

const char *input_error(const struct input *input, unsigned i)
{
	return input->broken[i]->error;
}

unsigned input_error_capture(const struct input *input, unsigned i, bool *cut_off)
{
	*cut_off = input->broken[i]->cut_off;
	return input->broken[i]->index;
}

const char *input_name(const struct input *input, unsigned i)
{
	return input->captures[i].name;
}

const char *input_note(const struct input *input, unsigned i)
{
	return input->captures[i].note;
}

struct input_place input_place(const struct input *input)
{
	return input->n == 1 ? capture_place(&input->captures[0]) : input->heap[0]->place;
}

const char *input_compression(const struct input *input, unsigned i)
{
	const struct capture_stream *stream = input->captures[i].stream;

	return stream ? capture_stream_compression(stream) : NULL;
}

const uint64_t *input_landmarks(const struct input *input, unsigned i, uint32_t *n)
{
	static const uint64_t none;
	const struct capture_landmarks *landmarks = &input->captures[i].landmarks;

	*n = landmarks->n;
	if (landmarks->lost)
		return NULL;
	return landmarks->at ? landmarks->at : &none;
}

void input_counters(const struct input *input, struct input_counters *out)
{
	const struct input_counters *c = &input->counters;

	*out = (struct input_counters){
		.delivered = __atomic_load_n(&c->delivered, __ATOMIC_RELAXED),
		.bpf_excluded = __atomic_load_n(&c->bpf_excluded, __ATOMIC_RELAXED),
		.link_excluded = __atomic_load_n(&c->link_excluded, __ATOMIC_RELAXED),
		.time_backwards = __atomic_load_n(&c->time_backwards, __ATOMIC_RELAXED),
		.bytes_read = __atomic_load_n(&input->progress.bytes, __ATOMIC_RELAXED),
		.bytes_total = c->bytes_total,
		.captures = c->captures,
		.readable = c->readable,
	};
}

void input_close(struct input *input)
{
	if (input == NULL)
		return;
	for (unsigned i = 0; i < input->n; i++) {
		capture_ahead_fini(&input->aheads[i]);
		capture_fini(&input->captures[i]);
	}
	free(input->left);
	free(input->bpf);
	free(input->captures);
	free(input->aheads);
	free(input->heap);
	free(input->broken);
	free(input);
}
