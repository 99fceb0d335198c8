/* periscope mirror: the other end. Takes ordinary packets and writes or sends what VPC Traffic
 * Mirroring would: for a source interface of the settings, the first of its sessions (by number)
 * whose filter accepts a packet mirrors it, once, cut to the session's packet length; or, with
 * --vni and --source, every packet. */
#include "cli/command/mirror.h"
#include "cli/command/command.h"
#include "cli/command/standard_output.h"
#include "cli/command/usage.h"
#include "cli/rights/rights.h"
#include "config/log/log.h"
#include "config/parse/plural.h"

#include "decap/decap.h"
#include "decap/session/direction.h"

#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"

/* Set by the signal handler. */
static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
	(void)signal;
	interrupted = 1;
}

/* ---- one packet ---- */

/* Copies the packet behind the room for headers, as Ethernet; the number of its bytes. */
static uint32_t load_frame(struct mirror *m, const struct input_packet *in)
{
	uint8_t *at = m->frame + ENCAP_ROOM;
	struct ethernet e = {.payload = in->data, .cap = in->cap};

	if (in->link == LINK_IP) {
		memset(e.header, 0, sizeof(e.header));
		e.header_len = ETHERNET_HEADER;
		e.header[12] = in->cap > 0 && in->data[0] >> 4 == 6 ? 0x86 : 0x08;
		e.header[13] = e.header[12] == 0x86 ? 0xdd : 0x00;
	} else {
		ethernet_make(&e, in->link, in->data, in->cap, in->wire);
	}
	memcpy(at, e.header, e.header_len);
	memcpy(at + e.header_len, e.payload, e.cap);
	return e.header_len + e.cap;
}

/* The first session whose filter accepts the packet, or NULL. */
static const struct model_session *choose_session(struct mirror *m, struct packet *p)
{
	for (uint32_t i = 0; i < m->interface->n_sessions; i++) {
		const struct mirroring_answer answer =
			mirroring_ask(m->snapshot, m->interface->sessions[i], p);

		if (answer.reason == REASON_inspected)
			return answer.session;
		if (mirroring_is_last(&answer, m->settings.mirroring.on_reject))
			return NULL;
	}
	return NULL;
}

static uint32_t cut(uint32_t len, uint32_t limit, uint64_t *count)
{
	if (len <= limit)
		return len;
	(*count)++;
	return limit;
}

/* What the target's MTU takes of a frame, UINT32_MAX when it takes all. An endpoint's is that of
 * the packet before GENEVE; one that was given is that of the whole. */
static uint32_t mtu_room(const struct mirror *m, const struct packet *p)
{
	struct encap_params encap = m->encap;
	uint32_t mtu = m->mtu;

	if (mtu == 0) {
		mtu = mirroring_mtu(m->target);
		encap.gateway = NULL;
	}
	if (mtu == 0)
		return UINT32_MAX;
	return mtu - (encap_size(&encap) - ETHERNET_HEADER) -
	       mirroring_mtu_reserve(&m->settings, &encap, p->ip_version == 6);
}

/* Cuts the frame to the bytes that are mirrored; false: it is dropped. */
static bool fit(struct mirror *m, const struct packet *p, uint32_t *frame_len)
{
	uint32_t len = *frame_len;
	uint32_t most = UINT16_MAX - (encap_size(&m->encap) - ETHERNET_HEADER);
	uint32_t room = mtu_room(m, p);
	bool is_endpoint = m->target && m->target->type == MODEL_TARGET_GWLBE;

	if (m->packet_length)
		len = cut(len, m->packet_length, &m->counts.cut_length);
	if (len > room && is_endpoint && m->settings.mirroring.oversize == OVERSIZE_DROP) {
		m->counts.too_long++;
		return false;
	}
	len = cut(len, room, &m->counts.cut_mtu);
	*frame_len = cut(len, most, &m->counts.cut_size);
	return true;
}

static void emit(
	struct mirror *m, const struct packet *p, bool has_ip, uint32_t len, uint64_t time_ns)
{
	uint32_t over = encap_size(&m->encap);
	uint8_t headers[ENCAP_ROOM], *at;

	encap_write(&m->encap, encap_source_port(p, has_ip), len, headers);
	at = m->frame + ENCAP_ROOM - over;
	memcpy(at, headers, over);
	mirror_out_put(m->out, at, over + len, time_ns);
	m->counts.mirrored++;
}

/* Which session of the interface mirrors the packet; NULL: none, which is counted. */
static const struct model_session *find_session(struct mirror *m, struct packet *p, bool has_ip)
{
	const struct model_session *session;
	enum unmirrored never;

	if (has_ip && p->flags & PACKET_FRAGMENT)
		fragment_table_packet(m->fragments, p);
	never = mirroring_never(&m->settings, p, has_ip);
	if (never != UNMIRRORED_NONE) {
		m->counts.never[never]++;
		return NULL;
	}
	if (!has_ip) {
		m->counts.not_ip++;
		return NULL;
	}
	p->outer_src = m->interface->primary;
	p->direction = direction_of(p, m->interface, NULL);
	session = choose_session(m, p);
	m->counts.not_accepted += !session;
	return session;
}

static void mirror_packet(struct mirror *m, const struct input_packet *in)
{
	uint32_t len = load_frame(m, in);
	struct packet p = {.data = m->frame + ENCAP_ROOM,
		.cap = len,
		.wire = len,
		.time_ns = in->time_ns,
		.link = LINK_ETHERNET};
	bool has_ip;

	m->counts.read++;
	/* A capture may hold less than a frame, which no interface has sent. */
	if (len < ETHERNET_HEADER || in->cap == 0) {
		m->counts.too_short++;
		return;
	}
	has_ip = decap_plain(&p) == REASON_inspected;
	if (m->interface) {
		const struct model_session *session = find_session(m, &p, has_ip);

		if (!session)
			return;
		m->encap.vni = session->vni;
		m->packet_length = session->packet_length;
		m->target = session->target;
	}
	if (fit(m, &p, &len))
		emit(m, &p, has_ip, len, in->time_ns);
}

static int run_capture(struct mirror *m)
{
	struct input_packet in;

	while (!interrupted && input_next(m->input, &in))
		mirror_packet(m, &in);
	if (input_note(m->input, 0))
		log_error("%s", input_note(m->input, 0));
	for (unsigned i = 0; i < input_error_count(m->input); i++)
		log_error("%s", input_error(m->input, i));
	return input_error_count(m->input) > 0 || interrupted ? EXIT_FAILED : EXIT_DONE;
}

static int run_device(struct mirror *m)
{
	struct input_packet in;
	struct error error;
	int status = 0;

	while (!interrupted && (status = libpcap_live_next(m->listen, &in, &error)) >= 0)
		if (status > 0)
			mirror_packet(m, &in);
	if (status < 0)
		log_error("%s", error.text);
	return status < 0 ? EXIT_FAILED : EXIT_DONE;
}

static void print_never(FILE *to, const struct counts *c)
{
	const char *before = "never mirrored by AWS: ";

	for (int i = 0; i < UNMIRRORED_KINDS; i++) {
		if (c->never[i] == 0)
			continue;
		fprintf(to, "%s%" PRIu64 " %s", before, c->never[i],
			unmirrored_name((enum unmirrored)i));
		before = ", ";
	}
	if (*before == ',')
		fputc('\n', to);
}

static void print_counts(FILE *to, const struct counts *c, const struct output_ledger *out)
{
	fprintf(to,
		"%" PRIu64 " packet%s read, %" PRIu64 " mirrored, %" PRIu64
		" not accepted, %" PRIu64 " not IP\n",
		c->read, plural(c->read), c->mirrored, c->not_accepted, c->not_ip);
	if (c->cut_length || c->cut_mtu || c->cut_size)
		fprintf(to,
			"cut: %" PRIu64 " by packet length, %" PRIu64 " by MTU, %" PRIu64
			" by size\n",
			c->cut_length, c->cut_mtu, c->cut_size);
	if (c->too_short)
		fprintf(to, "left out: %" PRIu64 " packet%s shorter than an Ethernet header\n",
			c->too_short, plural(c->too_short));
	if (c->too_long)
		fprintf(to, "dropped: %" PRIu64 " too long for the endpoint\n", c->too_long);
	print_never(to, c);
	if (out->lost_disk || out->lost_queue)
		fprintf(to, "lost: %" PRIu64 "\n", out->lost_disk + out->lost_queue);
}

static int run(struct mirror *m, const struct arguments *a, struct error *error)
{
	struct output_ledger ledger;
	int status = mirror_set_up(m, a, error);

	/* From file to file there is no need of sockets. */
	if (status == EXIT_DONE && a->in && a->out)
		rights_confine_offline(&m->settings);
	if (status == EXIT_DONE)
		status = mirror_open(m, a, error);
	if (status != EXIT_DONE)
		return status;
	status = m->listen ? run_device(m) : run_capture(m);
	if (!mirror_out_close(m->out, &ledger))
		status = EXIT_FAILED;
	m->out = NULL;
	print_counts(standard_output_is(a->out) ? stderr : stdout, &m->counts, &ledger);
	return status;
}

static int mirror(const struct arguments *a)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct mirror *m = calloc(1, sizeof(*m));
	struct error error = {0};
	int status;

	if (!m) {
		log_error("not enough memory");
		return EXIT_FAILED;
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	settings_init(&m->settings);
	status = run(m, a, &error);
	if (status != EXIT_DONE && error.text[0])
		log_error("%s", error.text);
	mirror_close(m);
	free(m);
	return status;
}

static bool parse_flag(struct arguments *a, int option)
{
	if (option == OPT_GWLB)
		a->gwlb = true;
	else if (option == OPT_FORCE)
		a->force = true;
	else
		return false;
	return true;
}

static bool parse_option(struct arguments *a, int option)
{
	static const struct {
		int key;
		size_t at;
	} texts[] = {
		{'c', offsetof(struct arguments, settings)},
		{'i', offsetof(struct arguments, device)},
		{OPT_INTERFACE, offsetof(struct arguments, interface)},
		{OPT_VNI, offsetof(struct arguments, vni)},
		{OPT_SOURCE, offsetof(struct arguments, source)},
		{OPT_TARGET, offsetof(struct arguments, target)},
		{OPT_PACKET_LENGTH, offsetof(struct arguments, packet_length)},
		{OPT_MTU, offsetof(struct arguments, mtu)},
		{OPT_ON_REJECT, offsetof(struct arguments, on_reject)},
		{OPT_SEND, offsetof(struct arguments, send)},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i].key != option)
			continue;
		memcpy((char *)a + texts[i].at, &optarg, sizeof(optarg));
		return true;
	}
	return parse_flag(a, option);
}

/* Either an interface of the settings, or a VNI and a source. */
static bool is_complete(const struct arguments *a)
{
	if (!(a->in || a->device) || !(a->out || a->send))
		return false;
	if (a->interface)
		return a->settings && !a->vni && !a->source && !a->packet_length;
	return a->vni && a->source;
}

static bool parse_arguments(struct arguments *a, int argc, char **argv, int *option)
{
	struct options options;

	options_begin(&options, "mirror", argc, argv);
	while ((*option = options_next(&options)) != 0)
		if (!parse_option(a, *option))
			return false;
	if (!a->device && optind < argc)
		a->in = argv[optind++];
	if (!a->send && optind < argc)
		a->out = argv[optind++];
	return optind == argc && is_complete(a);
}

int command_mirror(int argc, char **argv)
{
	struct arguments a = {0};
	int option;

	if (parse_arguments(&a, argc, argv, &option))
		return mirror(&a);
	return usage_instead("mirror", option);
}
