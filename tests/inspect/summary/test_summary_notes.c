/* What the summary says besides its numbers: each note when it is due, and not else. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "config/model/model.h"
#include "decap/addr.h"
#include "inspect/summary/summary_notes.h"

struct desk {
	struct ledger ledger;
	struct summary_replay replay;
	struct summary summary;
	char notes[8][SUMMARY_NOTE];
	uint32_t n;
};

static void desk_begin(struct desk *desk, enum decap_mode mode)
{
	memset(desk, 0, sizeof(*desk));
	desk->replay.mode = mode;
	desk->summary.ledger = &desk->ledger;
	desk->summary.replay = &desk->replay;
}

static void put(void *ctx, const char *note)
{
	struct desk *desk = ctx;

	CU_ASSERT_TRUE_FATAL(desk->n < 8);
	snprintf(desk->notes[desk->n++], SUMMARY_NOTE, "%s", note);
}

/* All the notes there are: that one, or with NULL none. */
static void only(struct desk *desk, const char *want)
{
	desk->n = 0;
	summary_notes(&desk->summary, put, desk);
	CU_ASSERT_EQUAL(desk->n, want ? 1 : 0);
	if (want)
		CU_ASSERT_STRING_EQUAL(desk->notes[0], want);
	if (desk->n != (want ? 1 : 0) || (want && strcmp(desk->notes[0], want) != 0))
		fprintf(stderr, "\n  %s\n", desk->notes[0]);
}

static void what_is_no_mirror_traffic(void)
{
	struct desk desk;

	desk_begin(&desk, DECAP_MIRROR);
	desk.replay.mirrored = 12;
	only(&desk, NULL);
	desk.replay.plain = 1;
	only(&desk, "1 packet is no mirror traffic (not_mirror), not looked at: --input auto "
		    "inspects such packets as they are");
	desk.replay.plain = 1234;
	only(&desk, "1,234 packets are no mirror traffic (not_mirror), not looked at: --input "
		    "auto inspects such packets as they are");
	desk.replay.mode = DECAP_AUTO;
	only(&desk, NULL);
	desk.replay.has_sessions = true;
	only(&desk,
		"1,234 of 1,246 packets are no mirror traffic: inspected as they are, judged "
		"by no filter; --input mirror leaves them out");
	desk.replay.mirrored = 0;
	only(&desk, "no packet is mirror traffic, though the settings have sessions: no filter "
		    "judged "
		    "anything (VXLAN and GENEVE are looked for on the UDP ports of "
		    "capture.vxlan_ports and capture.geneve_ports)");
	desk.replay.mode = DECAP_PLAIN;
	only(&desk, NULL);
	/* Live, what is no mirror traffic is the kernel's. */
	desk.replay.mode = DECAP_MIRROR;
	desk.summary.replay = NULL;
	only(&desk, NULL);
}

static void what_expressions_left_out(void)
{
	struct desk desk;

	desk_begin(&desk, DECAP_AUTO);
	desk.replay.bpf = "port 53";
	desk.replay.left_out_mirror = 9;
	desk.replay.mirrored = 10;
	only(&desk, NULL); /* it took more than it left */
	desk.replay.mirrored = 9;
	only(&desk,
		"the BPF expression left out 9 of 18 mirror packets: it sees outer headers; "
		"--inner 'port 53' asks for what is inside");
	desk_begin(&desk, DECAP_AUTO);
	desk.replay.inner = "port 9";
	desk.ledger.reasons[REASON_inner_excluded] = 2;
	only(&desk, "--inner 'port 9' left out 2 packets, and none was inspected");
	desk.ledger.reasons[REASON_inspected] = 1;
	only(&desk, NULL);
}

static void what_looks_like_something_else(void)
{
	struct desk desk;

	desk_begin(&desk, DECAP_AUTO);
	desk.replay.other_encap.count[OTHER_ENCAP_VXLAN] = 2000;
	desk.replay.other_encap.ports[OTHER_ENCAP_VXLAN][0] = 4790;
	desk.replay.other_encap.ports[OTHER_ENCAP_VXLAN][1] = 8472;
	only(&desk, "2,000 flows look like VXLAN to UDP port 4790, 8472, not decapsulated: "
		    "capture.vxlan_ports with that port in it would");
	desk_begin(&desk, DECAP_MIRROR);
	desk.replay.other_encap.count[OTHER_ENCAP_ERSPAN] = 1;
	only(&desk, "1 packet looks like ERSPAN, not decapsulated: it is not supported");
}

static void where_raw_ip_went(void)
{
	struct desk desk;

	desk_begin(&desk, DECAP_AUTO);
	desk.replay.files[0].name = "/tmp/x.pcap";
	only(&desk, NULL);
	desk.replay.files[0].ip_packets = 1;
	only(&desk, "1 packet of raw IP, without a link header, is in x-ip.pcap beside x.pcap: "
		    "a file "
		    "of packets has one link type, and that one's is Ethernet");
	desk.replay.files[0].name = NULL;
	desk.replay.files[0].ip_packets = 0;
	desk.replay.files[1].name = "packets/packets.pcapng";
	desk.replay.files[1].ip_packets = 1200;
	only(&desk, "1,200 packets of raw IP, without a link header, are in packets-ip.pcapng "
		    "beside "
		    "packets.pcapng: a file of packets has one link type, and that one's is "
		    "Ethernet");
}

static void what_was_cut_before(void)
{
	struct desk desk;

	desk_begin(&desk, DECAP_MIRROR);
	desk.summary.counters.flow_table_stats.acked_unseen = 1509;
	only(&desk, NULL);
	desk.ledger.reasons[REASON_not_ip] = 7; /* had no bytes of flows */
	desk.ledger.reasons[REASON_inner_not_ip] = 7;
	only(&desk, NULL);
	desk.ledger.reasons[REASON_outer_cut] = 2;
	only(&desk,
		"1,509 bytes acknowledged by TCP, not among the packets inspected "
		"(acked_unseen): 2 packets arrived and were refused or left out, so not all "
		"need have been lost before us");
	desk.summary.counters.flow_table_stats.acked_unseen = 0;
	only(&desk, NULL);
	desk.summary.replay = NULL; /* live, too */
	desk.ledger.reasons[REASON_outer_ip_length] = 1;
	only(&desk, "1 packet is shorter than the outer IP length, and refused "
		    "(outer_ip_length): cut "
		    "before us, or forged; capture.outer_length: cut inspects what arrived of "
		    "them. "
		    "Where the copy was taken, offloads make such packets: `ethtool -K IFACE "
		    "gro off`");
}

/* Of 10.0.0.1, with that VNI. */
static struct session *session_add(struct session_table *table, uint32_t vni)
{
	struct session_key key = {.vni = vni};

	CU_ASSERT_TRUE(ip_addr_parse("10.0.0.1", &key.outer_src));
	return session_table_add(table, &key);
}

static void what_is_the_matter_with_sessions(void)
{
	struct session_table *table = session_table_create(16);
	const struct model model = {.n_sessions = 1};
	struct packet stranger = {.vni = 77, .flags = PACKET_HAS_VNI};
	struct desk desk;

	CU_ASSERT_PTR_NOT_NULL_FATAL(table);
	desk_begin(&desk, DECAP_MIRROR);
	desk.replay.mirrored = 1;
	desk.summary.sessions = table;
	desk.summary.model = &model;
	for (uint32_t vni = 1; vni < 5; vni++)
		session_add(table, vni)->packets = vni == 4;
	only(&desk, "no packet came of 3 of 4 sessions of the settings: 10.0.0.1, VNI 1, "
		    "10.0.0.1, VNI 2, ...");
	/* There is a note that no packet at all was. */
	desk.replay.mirrored = 0;
	only(&desk, NULL);
	session_table_destroy(table);
	desk.summary.sessions = table = session_table_create(16);
	CU_ASSERT_PTR_NOT_NULL_FATAL(table);
	CU_ASSERT_TRUE(session_table_packet(table, &stranger, true));
	only(&desk, "1 packet came of 1 session that the settings do not name: ::, VNI 77");
	desk.summary.model = NULL; /* they name none: all are welcome */
	only(&desk, NULL);
	session_table_looped(table, 0);
	only(&desk,
		"1 flow is mirror traffic that was mirrored again, of ::, VNI 77: take the "
		"interface that mirror traffic comes to out of the mirrored ones, or reject "
		"its UDP port in the filter");
	session_table_destroy(table);
}

static void what_came_twice(void)
{
	struct session_table *table = session_table_create(16);
	struct packet stranger = {.vni = 77, .flags = PACKET_HAS_VNI};
	struct desk desk;

	CU_ASSERT_PTR_NOT_NULL_FATAL(table);
	CU_ASSERT_TRUE(session_table_packet(table, &stranger, true));
	desk_begin(&desk, DECAP_MIRROR);
	desk.replay.mirrored = 1;
	desk.summary.sessions = table;
	desk.summary.duplicates_share = 5;
	for (unsigned i = 0; i < 40; i++)
		session_table_sampled(table, 0, i < 7);
	only(&desk, NULL);
	session_table_sampled(table, 0, true);
	only(&desk,
		"8 of 41 sampled packets are copies of one shortly before, of ::, VNI 77: counts of "
		"these sessions are too high, for their mirrors send packets twice");
	desk.summary.duplicates_share = 20;
	only(&desk, NULL);
	session_table_destroy(table);
}

void suite_summary_notes(void);
void suite_summary_notes(void)
{
	CU_pSuite s = CU_add_suite("summary_notes", NULL, NULL);

	CU_ADD_TEST(s, what_is_no_mirror_traffic);
	CU_ADD_TEST(s, what_expressions_left_out);
	CU_ADD_TEST(s, what_looks_like_something_else);
	CU_ADD_TEST(s, where_raw_ip_went);
	CU_ADD_TEST(s, what_was_cut_before);
	CU_ADD_TEST(s, what_is_the_matter_with_sessions);
	CU_ADD_TEST(s, what_came_twice);
}
