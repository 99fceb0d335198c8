#include "dataplane/capture/input_capture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/capture/capture_formats.h"
#include "inspect/packets/recorded.h"

/* The shortest header of any capture is a pcap's. */
enum { HEADER_LOOK = 24, WRONG_TEXT = 200 };

static void readers_destroy(struct capture *c)
{
	capture_records_destroy(c->records);
	capture_blocks_destroy(c->blocks);
	c->records = NULL;
	c->blocks = NULL;
}

/* Lets the right one read on from a file's header. NULL, or what is wrong with it; `*unknown`: it
 * is none that anyone reads. */
static const char *reader_create(struct capture *c, struct error *wrong, bool *unknown)
{
	struct capture_window *w = &c->window;
	const uint8_t *at = w->buffer + w->at;
	size_t n = w->end - w->at;

	*unknown = false;
	if (capture_records_is_header(at, n < 4 ? n : 4)) {
		c->records = capture_records_create(w, wrong);
		return c->records != NULL ? NULL : wrong->text;
	}
	*unknown = !capture_blocks_is_header(at, n);
	if (!*unknown)
		c->blocks = capture_blocks_create(w);
	return c->blocks != NULL ? NULL : "no memory";
}

static enum capture_status header_refused(struct capture *c, const char *what)
{
	capture_say_header(c, what);
	return CAPTURE_BROKEN;
}

/* All packets of a pcap file have one link type: if it is not read, that is best said at once. */
static enum capture_status records_begin(struct capture *c)
{
	uint32_t number = capture_records_link_number(c->records);
	char link[128];

	if (capture_link_find(number) != NULL ||
		capture_window_have(&c->window, 1) != WINDOW_OK)
		return CAPTURE_OK;
	capture_link_describe(number, link, sizeof(link));
	capture_say(c, "its link type is %s; what is read is %s", link, CAPTURE_LINKS_READ);
	return CAPTURE_BROKEN;
}

static enum capture_status blocks_begin(struct capture *c)
{
	enum records_status status = capture_blocks_prepare(c->blocks);
	char wrong[WRONG_TEXT + 64];

	if (status == RECORDS_OK)
		return CAPTURE_OK;
	c->cut_off = status == RECORDS_CUT;
	snprintf(wrong, sizeof(wrong), "%s (%s)",
		status == RECORDS_CUT ? "breaks off before the first packet"
				      : "cannot be read, not even to the first packet",
		capture_blocks_wrong(c->blocks));
	return header_refused(c, wrong);
}

/* The readers of blocks wait for the first packet anyway, which lies behind these bytes. */
static void recorded_look(struct capture *c)
{
	const struct capture_window *w = &c->window;

	if (!capture_blocks_is_header(w->buffer + w->at, w->end - w->at))
		return;
	(void)capture_window_have(&c->window, RECORDED_LOOK);
	c->is_recorded = recorded_is(w->buffer + w->at, w->end - w->at);
}

static enum capture_status first_begin(struct capture *c)
{
	struct error wrong;
	const char *what;
	bool unknown;

	capture_window_have(&c->window, HEADER_LOOK);
	recorded_look(c);
	what = reader_create(c, &wrong, &unknown);
	if (unknown) {
		capture_window_have(&c->window, CAPTURE_FORMAT_LOOK);
		return header_refused(c, NULL);
	}
	if (what != NULL || capture_stream_error(c->stream) != NULL)
		return header_refused(c, what);
	return c->records != NULL ? records_begin(c) : blocks_begin(c);
}

/* Another capture file begins, as when somebody wrote two of them into one. */
static enum capture_status another_begin(struct capture *c)
{
	struct error wrong;
	char text[2 * WRONG_TEXT];
	uint64_t at = capture_window_offset(&c->window);
	const char *what;
	bool unknown;

	if (capture_window_have(&c->window, HEADER_LOOK) == WINDOW_FULL)
		return CAPTURE_FULL;
	readers_destroy(c);
	what = reader_create(c, &wrong, &unknown);
	if (what != NULL) {
		snprintf(text, sizeof(text), "at byte %llu another capture begins: %.199s",
			(unsigned long long)at, what);
		capture_say_stop(c, false, text);
		return CAPTURE_BROKEN;
	}
	if (c->followers++ == 0) {
		c->follows_at = at;
		c->follows_after = c->number;
	}
	return CAPTURE_OK;
}

static struct capture_filter *filter_of(struct capture *c, const struct capture_link *link)
{
	return &c->filters[link - capture_links];
}

static bool filter_compile(
	struct capture *c, const struct capture_link *link, struct error *error)
{
	struct capture_filter *filter = filter_of(c, link);
	bool is_good = capture_link_compile(link->number, c->bpf, &filter->program, error);

	filter->state = is_good ? FILTER_READY : FILTER_REFUSED;
	return is_good;
}

/* The expression must be right for one of the link types that the capture has, as far as is known;
 * without any, for Ethernet. */
static enum capture_status filters_check(struct capture *c)
{
	uint32_t links = c->blocks != NULL ? capture_blocks_links(c->blocks) : 0;
	const struct capture_link *first = NULL;
	struct error error;
	char link[128];

	if (c->bpf == NULL)
		return CAPTURE_OK;
	if (c->records != NULL)
		first = capture_link_find(capture_records_link_number(c->records));
	if (links == 0 && first != NULL)
		links = UINT32_C(1) << (first - capture_links);
	if (links == 0)
		links = 1; /* Ethernet */
	first = NULL;
	for (unsigned i = 0; i < CAPTURE_LINKS; i++) {
		if ((links >> i & 1) == 0)
			continue;
		if (filter_compile(c, &capture_links[i], &error))
			return CAPTURE_OK;
		first = first != NULL ? first : &capture_links[i];
	}
	capture_link_describe(first->number, link, sizeof(link));
	/* Of the expression, and not of the capture. */
	if (asprintf(&c->error_text, "BPF expression '%s': %s (for %s, link type %s)", c->bpf,
		    error.text, c->name, link) < 0)
		c->error_text = NULL;
	c->error = c->error_text != NULL ? c->error_text : "no memory";
	return CAPTURE_BAD_FILTER;
}

enum capture_status capture_open(struct capture *c, const char *path, size_t buffer,
	const char *bpf, struct capture_stream_progress *progress)
{
	struct error reason;
	enum capture_status status;

	c->bpf = bpf;
	c->stream = capture_stream_open(path, buffer, progress, &reason);
	if (c->stream == NULL) {
		capture_say(c, "%s", reason.text);
		return CAPTURE_BROKEN;
	}
	if (!capture_window_init(&c->window, c->stream, buffer)) {
		capture_say(c, "no memory");
		return CAPTURE_BROKEN;
	}
	c->window.landmarks = &c->landmarks;
	status = first_begin(c);
	return status == CAPTURE_OK ? filters_check(c) : status;
}

__attribute__((cold, noinline)) static void leave_out(
	struct capture *c, struct capture_left_out *left, const struct capture_record *r)
{
	if (left->packets++ > 0)
		return;
	left->first = c->number;
	left->link_number = r->link_number;
}

/* Whether the expression takes the packet. */
static bool filter_passes(struct capture *c, const struct capture_record *r)
{
	struct capture_filter *filter = filter_of(c, r->link);
	struct pcap_pkthdr header = {.caplen = r->cap, .len = r->wire};
	struct error error;

	if (filter->state == FILTER_UNTRIED && !filter_compile(c, r->link, &error) &&
		c->unfiltered.packets == 0)
		snprintf(c->unfiltered_why, sizeof(c->unfiltered_why), "%.255s", error.text);
	if (filter->state == FILTER_READY)
		return pcap_offline_filter(&filter->program, &header, r->data) != 0;
	leave_out(c, &c->unfiltered, r);
	return false;
}

static void head_set(struct capture *c, const struct capture_record *r)
{
	uint32_t wire = r->wire > r->cap ? r->wire : r->cap;
	uint32_t strip = r->link->strip < r->cap ? r->link->strip : r->cap;

	c->head = (struct input_packet){
		.data = r->data + strip,
		.cap = r->cap - strip,
		.wire = wire - strip,
		.time_ns = c->time_ns,
		.number = c->number,
		.link = r->link->link,
		.capture = c->index,
	};
	capture_window_hold(&c->window, &c->head.data);
}

/* No packet was read: why, or CAPTURE_OK when another file's can be read on. */
__attribute__((cold, noinline)) static enum capture_status stopped(
	struct capture *c, enum records_status status)
{
	enum capture_status result = CAPTURE_ENDED;

	if (status == RECORDS_FULL)
		return CAPTURE_FULL;
	if (status == RECORDS_ANOTHER) {
		result = another_begin(c);
		if (result != CAPTURE_BROKEN)
			return result;
	} else if (status != RECORDS_ENDED || capture_stream_error(c->stream) != NULL) {
		c->cut_off = status == RECORDS_CUT && capture_stream_error(c->stream) == NULL;
		capture_say_stop(c, status == RECORDS_CUT,
			c->blocks != NULL ? capture_blocks_wrong(c->blocks)
					  : capture_records_wrong(c->records));
		result = CAPTURE_BROKEN;
	}
	return capture_say_end(c) ? CAPTURE_BROKEN : result;
}

enum capture_status capture_next(struct capture *c)
{
	struct capture_record r;
	enum records_status status;
	enum capture_status stop;
	uint64_t before;

	for (;;) {
		status = c->blocks != NULL ? capture_blocks_next(c->blocks, &r)
					   : capture_records_next(c->records, &r);
		if (status != RECORDS_OK) {
			stop = stopped(c, status);
			if (stop != CAPTURE_OK)
				return stop;
			continue;
		}
		before = c->time_ns;
		if (r.time_ns != CAPTURE_NO_TIME)
			c->time_ns = r.time_ns;
		c->backwards += c->number > 0 && c->time_ns < before;
		c->number++;
		if (r.link == NULL) {
			leave_out(c, &c->unread, &r);
			c->not_read++;
		} else if (c->bpf != NULL && !filter_passes(c, &r)) {
			c->excluded++;
			if (c->watch != NULL) {
				head_set(c, &r);
				c->watch->left_out(c->watch->ctx, &c->head);
			}
		} else {
			head_set(c, &r);
			return CAPTURE_OK;
		}
	}
}

struct input_place capture_place(const struct capture *c)
{
	struct input_place place = {.offset = c->window.before + c->window.last};

	if (c->blocks == NULL)
		return place;
	place.offset = capture_blocks_offset(c->blocks);
	place.direction = (uint8_t)capture_blocks_direction(c->blocks);
	if (c->head.link != LINK_PPP) /* of which a byte or two may have been taken off */
		place.comment = capture_blocks_comment(c->blocks, &place.comment_len);
	return place;
}

void capture_close(struct capture *c)
{
	for (unsigned i = 0; i < CAPTURE_LINKS; i++) {
		if (c->filters[i].state == FILTER_READY)
			pcap_freecode(&c->filters[i].program);
		c->filters[i].state = FILTER_UNTRIED;
	}
	readers_destroy(c);
	capture_window_fini(&c->window);
	capture_stream_close(c->stream);
	c->stream = NULL;
}

void capture_fini(struct capture *c)
{
	capture_close(c);
	free(c->landmarks.at);
	free(c->error_text);
	free(c->note);
	free(c->name);
}
