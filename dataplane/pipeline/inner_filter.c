#include "dataplane/pipeline/inner_filter.h"

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"

enum { SNAPLEN = 262144 };

/* The link type for which libpcap compiles the expression. */
enum view { VIEW_ETHERNET, VIEW_IP, VIEW_SLL, VIEW_SLL2, VIEW_COUNT };

static const int view_dlts[VIEW_COUNT] = {
	[VIEW_ETHERNET] = DLT_EN10MB,
	[VIEW_IP] = DLT_RAW,
	[VIEW_SLL] = DLT_LINUX_SLL,
	[VIEW_SLL2] = DLT_LINUX_SLL2,
};

struct inner_filter {
	bool has[VIEW_COUNT];
	struct bpf_program programs[VIEW_COUNT];
};

/* false: `error` says why, unless one is there already. */
static bool compile(
	struct inner_filter *f, enum view view, const char *expression, struct error *error)
{
	pcap_t *dead = pcap_open_dead(view_dlts[view], SNAPLEN);

	if (dead && pcap_compile(
			    dead, &f->programs[view], expression, 1, PCAP_NETMASK_UNKNOWN) == 0)
		f->has[view] = true;
	else if (error->text[0] == '\0')
		error_set(error, "--inner '%s': %s%s", expression,
			dead ? pcap_geterr(dead) : "not enough memory",
			strchr(expression, ' ') ? ""
						: " (an expression of several words is one "
						  "argument: quote it)");
	if (dead)
		pcap_close(dead);
	return f->has[view];
}

struct inner_filter *inner_filter_create(const char *expression, struct error *error)
{
	struct inner_filter *f = calloc(1, sizeof(*f));
	bool any = false;

	error->text[0] = '\0';
	if (!f) {
		error_set(error, "not enough memory for the expression of --inner");
		return NULL;
	}
	for (int view = 0; view < VIEW_COUNT; view++)
		any = compile(f, (enum view)view, expression, error) || any;
	if (any)
		return f;
	inner_filter_destroy(f);
	return NULL;
}

void inner_filter_destroy(struct inner_filter *f)
{
	for (int view = 0; f && view < VIEW_COUNT; view++)
		if (f->has[view])
			pcap_freecode(&f->programs[view]);
	free(f);
}

static bool matches(const struct inner_filter *f, enum view view, const uint8_t *at,
	uint32_t cap, uint32_t wire)
{
	const struct pcap_pkthdr header = {.caplen = cap, .len = wire};

	return f->has[view] && pcap_offline_filter(&f->programs[view], &header, at) != 0;
}

static bool takes(const struct inner_filter *f, const struct packet *p)
{
	static const uint8_t nothing[1];

	switch (p->frame_link) {
	case LINK_ETHERNET:
		return matches(f, VIEW_ETHERNET, p->frame, p->frame_cap, p->frame_wire);
	case LINK_IP:
		return matches(f, VIEW_IP, p->frame, p->frame_cap, p->frame_wire);
	case LINK_SLL:
		return matches(f, VIEW_SLL, p->frame, p->frame_cap, p->frame_wire);
	case LINK_SLL2:
		return matches(f, VIEW_SLL2, p->frame, p->frame_cap, p->frame_wire);
	case LINK_NULL:
	case LINK_PPP:
		break;
	}
	/* Each of them stands for several link types of libpcap's: only what is inside is asked. */
	return matches(f, VIEW_IP, p->ip ? p->ip : nothing, p->ip_cap, p->ip_len);
}

static bool has_frame(enum reason why)
{
	enum bucket b = reason_bucket(why);

	return b == BUCKET_inspected || b == BUCKET_inner_malformed || b == BUCKET_inner_cut ||
	       b == BUCKET_inner_not_ip;
}

enum reason inner_filter_judge(const struct inner_filter *f, struct packet *p, enum reason why)
{
	if (!has_frame(why) || takes(f, p))
		return why;
	p->flags = 0;
	p->ip = NULL;
	p->ip_cap = p->ip_len = 0;
	return REASON_inner_excluded;
}
