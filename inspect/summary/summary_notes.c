#include "inspect/summary/summary_notes.h"

#include <stdarg.h>
#include <string.h>

#include "config/parse/plural.h"
#include "inspect/packets/packet_file.h"
#include "inspect/summary/columns.h"
#include "inspect/summary/mirror_notes.h"

struct notes {
	const struct summary *summary;
	void (*put)(void *ctx, const char *note);
	void *ctx;
};

__attribute__((format(printf, 2, 3))) static void say(
	const struct notes *n, const char *format, ...)
{
	char note[SUMMARY_NOTE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(note, sizeof(note), format, arguments);
	va_end(arguments);
	n->put(n->ctx, note);
}

/* Packets that are no mirror traffic, where it was expected. */
static void say_plain(const struct notes *n, const struct summary_replay *r)
{
	char plain[COUNT_TEXT], all[COUNT_TEXT];

	if (r->plain == 0)
		return;
	count_print(r->plain, plain);
	if (r->mode == DECAP_MIRROR)
		say(n,
			"%s packet%s %s no mirror traffic (not_mirror), not looked at: --input "
			"auto "
			"inspects such packets as they are",
			plain, plural(r->plain), plural_are(r->plain));
	else if (r->mode == DECAP_AUTO && r->has_sessions && r->mirrored == 0)
		say(n, "no packet is mirror traffic, though the settings have sessions: no "
		       "filter "
		       "judged anything (VXLAN and GENEVE are looked for on the UDP ports of "
		       "capture.vxlan_ports and capture.geneve_ports)");
	else if (r->mode == DECAP_AUTO && r->has_sessions)
		say(n,
			"%s of %s packets %s no mirror traffic: inspected as %s, judged "
			"by "
			"no filter; --input mirror leaves them out",
			plain, count_print(r->plain + r->mirrored, all), plural_are(r->plain),
			r->plain == 1 ? "it is" : "they are");
}

/* An expression that sees outer headers, and probably meant inner ones. */
static void say_bpf(const struct notes *n, const struct summary_replay *r)
{
	char out[COUNT_TEXT], all[COUNT_TEXT];
	uint64_t mirrored = r->mirrored + r->left_out_mirror;

	if (!r->bpf || r->left_out_mirror == 0 || r->left_out_mirror * 2 < mirrored)
		return;
	say(n,
		"the BPF expression left out %s of %s mirror packet%s: it sees outer headers; "
		"--inner '%s' asks for what is inside",
		count_print(r->left_out_mirror, out), count_print(mirrored, all),
		plural(mirrored), r->bpf);
}

static void say_inner(const struct notes *n, const struct summary_replay *r)
{
	uint64_t out = ledger_bucket(n->summary->ledger, BUCKET_inner_excluded);
	char text[COUNT_TEXT];

	if (r->inner && out > 0 && n->summary->ledger->reasons[REASON_inspected] == 0)
		say(n, "--inner '%s' left out %s packet%s, and none was inspected", r->inner,
			count_print(out, text), plural(out));
}

static void ports_print(const uint16_t ports[OTHER_ENCAP_PORTS], char *out, size_t size)
{
	int at = snprintf(out, size, "%u", ports[0]);

	for (int i = 1; i < OTHER_ENCAP_PORTS && ports[i] != 0 && at > 0 && (size_t)at < size;
		i++)
		at += snprintf(out + at, size - (size_t)at, ", %u", ports[i]);
}

/* Encapsulations that were not taken off. */
static void say_foreign(const struct notes *n, const struct summary_replay *r)
{
	static const struct {
		const char *name, *setting; /* NULL: nothing would */
	} kinds[OTHER_ENCAP_COUNT] = {
		[OTHER_ENCAP_VXLAN] = {"VXLAN", "capture.vxlan_ports"},
		[OTHER_ENCAP_GENEVE] = {"GENEVE", "capture.geneve_ports"},
		[OTHER_ENCAP_VXLAN_GPE] = {"VXLAN-GPE around other than Ethernet", NULL},
		[OTHER_ENCAP_TZSP] = {"TZSP", NULL},
		[OTHER_ENCAP_ERSPAN] = {"ERSPAN", NULL},
		[OTHER_ENCAP_GRE] = {"GRE around Ethernet (NVGRE)", NULL},
	};
	const char *unit = r->mode == DECAP_AUTO ? "flow" : "packet";
	char count[COUNT_TEXT], ports[64];

	for (int f = OTHER_ENCAP_NONE + 1; f < OTHER_ENCAP_COUNT; f++) {
		uint64_t met = r->other_encap.count[f];
		const char *verb = met == 1 ? " looks" : "s look";

		if (met == 0)
			continue;
		count_print(met, count);
		ports_print(r->other_encap.ports[f], ports, sizeof(ports));
		if (kinds[f].setting)
			say(n,
				"%s %s%s like %s to UDP port %s, not decapsulated: %s with "
				"that "
				"port in it would",
				count, unit, verb, kinds[f].name, ports, kinds[f].setting);
		else
			say(n, "%s %s%s like %s, not decapsulated: it is not supported", count,
				unit, verb, kinds[f].name);
	}
}

/* Without its folder, which is no part of what was found: the two files lie side by side. */
static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Who looks into the file alone finds it empty, or not all of it. */
static void say_raw_ip(const struct notes *n, const struct summary_replay *r)
{
	char count[COUNT_TEXT], path[SUMMARY_NOTE];

	for (size_t i = 0; i < sizeof(r->files) / sizeof(r->files[0]); i++) {
		uint64_t packets = r->files[i].ip_packets;

		if (packets > 0 && packet_file_ip_path(r->files[i].name, path, sizeof(path)))
			say(n,
				"%s packet%s of raw IP, without a link header, %s in %s beside "
				"%s: a file of packets has one link type, and that one's is "
				"Ethernet",
				count_print(packets, count), plural(packets),
				plural_are(packets), base_name(path),
				base_name(r->files[i].name));
	}
}

static void say_not_ip(const struct notes *n)
{
	struct ether_type_row top[ETHER_TYPES_TOP];
	char text[SUMMARY_NOTE] = "", packets[COUNT_TEXT];
	uint64_t others;
	uint32_t count =
		n->summary->not_ip ? ether_types_top(n->summary->not_ip, top, &others) : 0;
	size_t at = 0;

	for (uint32_t i = 0; i < count && i < 5; i++) {
		const char *name = ether_type_name(top[i].type);

		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s 0x%04x: %s",
			i ? ", " : "", name ? name : "type", top[i].type,
			count_print(top[i].packets, packets));
	}
	if (count > 0)
		say(n, "inner frames that are not IP (inner_not_ip), by ether type: %s%s", text,
			count > 5 ? ", and others" : "");
}

/* Replay puts them together where it can. */
static void say_fragments(const struct notes *n)
{
	const uint64_t *reasons = n->summary->ledger->reasons;
	uint64_t left = reasons[REASON_outer_fragment], overlap = reasons[REASON_outer_overlap];
	char text[COUNT_TEXT];

	if (left > 0 && n->summary->replay)
		say(n, "%s outer IP fragment%s never became a whole packet (outer_fragment)",
			count_print(left, text), plural(left));
	else if (left > 0)
		say(n,
			"%s outer IP fragment%s, not put together (outer_fragment): AWS cuts "
			"what "
			"is too long and does not fragment it, so look at MTUs on the way; "
			"periscope replay puts fragments of a capture together",
			count_print(left, text), plural(left));
	if (overlap > 0)
		say(n,
			"%s outer IP fragment%s of packets whose fragments overlap, refused "
			"(outer_overlap): nobody sends such but to deceive",
			count_print(overlap, text), plural(overlap));
}

static void say_cropped(const struct notes *n)
{
	uint64_t cropped = n->summary->ledger->reasons[REASON_outer_ip_length];
	char text[COUNT_TEXT];

	if (cropped == 0)
		return;
	say(n,
		"%s packet%s %s shorter than the outer IP length, and refused "
		"(outer_ip_length): "
		"cut "
		"before us, or forged; capture.outer_length: cut inspects what arrived of "
		"them. "
		"Where the copy was taken, offloads make such packets: `ethtool -K IFACE gro "
		"off`",
		count_print(cropped, text), plural(cropped), plural_are(cropped));
}

/* Arrived, with bytes of flows in it perhaps, and was never inspected. */
static uint64_t count_refused(const struct summary *s)
{
	static const enum bucket buckets[] = {BUCKET_outer_malformed, BUCKET_outer_cut,
		BUCKET_outer_fragment, BUCKET_too_deep, BUCKET_inner_malformed,
		BUCKET_inner_cut, BUCKET_inner_excluded, BUCKET_rule_rejected, BUCKET_rule_none,
		BUCKET_flow_table_full, BUCKET_handoff_full};
	uint64_t n = s->bpf_excluded;

	for (size_t i = 0; i < sizeof(buckets) / sizeof(buckets[0]); i++)
		n += ledger_bucket(s->ledger, buckets[i]);
	return n;
}

/* Sessions for which there was no row. */
static void say_sessions(const struct notes *n)
{
	uint64_t packets = n->summary->counters.session_table_stats.overflow;
	char text[COUNT_TEXT];

	if (packets > 0)
		say(n,
			"%s packet%s %s of unknown sessions for which sessions.capacity has no "
			"room: they share one observation point a tenant",
			count_print(packets, text), plural(packets), plural_were(packets));
}

static void say_unseen(const struct notes *n)
{
	uint64_t unseen = n->summary->counters.flow_table_stats.acked_unseen;
	uint64_t refused = count_refused(n->summary);
	char bytes[COUNT_TEXT], packets[COUNT_TEXT];

	if (unseen == 0 || refused == 0)
		return;
	say(n,
		"%s byte%s acknowledged by TCP, not among the packets inspected "
		"(acked_unseen): "
		"%s packet%s arrived and %s refused or left out, so not all need have been "
		"lost "
		"before us",
		count_print(unseen, bytes), plural(unseen), count_print(refused, packets),
		plural(refused), plural_were(refused));
}

void summary_notes(const struct summary *s, void (*put)(void *ctx, const char *note), void *ctx)
{
	const struct notes n = {s, put, ctx};

	if (s->replay) {
		say_plain(&n, s->replay);
		say_bpf(&n, s->replay);
		say_inner(&n, s->replay);
		say_foreign(&n, s->replay);
		say_raw_ip(&n, s->replay);
	}
	say_fragments(&n);
	say_not_ip(&n);
	say_cropped(&n);
	say_unseen(&n);
	say_sessions(&n);
	mirror_notes(s, put, ctx);
}
