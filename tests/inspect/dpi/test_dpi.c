/* Conversations made by hand, and what Debian's ndpiReader 4.2 prints for the same packets (they
 * were written to captures and given to it, each alone). JA3 is computed apart, as the MD5 of
 * "771,4865-49199,0-10-11-16,29-23,0" and JA3S of "771,49199,11". */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/support/open_dpi.h"
#include "support/hex.h"
#include "support/talk.h"

static void give(struct dpi *dpi, struct packet *p)
{
	dpi_packet(dpi, p->flow, p);
}

static void shake_hands(struct dpi *dpi, struct talk *t)
{
	for (unsigned step = 0; step < 3; step++)
		give(dpi, talk_handshake(t, step));
}

static void say(struct dpi *dpi, struct talk *t, unsigned side, const char *text)
{
	give(dpi, talk_say(t, side, text, strlen(text)));
}

static void say_hex(struct dpi *dpi, struct talk *t, unsigned side, const char *hex)
{
	uint8_t bytes[1024];

	give(dpi, talk_say(t, side, bytes, hex_read(hex, bytes, sizeof(bytes))));
}

static void expect_app(const struct dpi *dpi, const struct talk *t, const char *app)
{
	char text[64];

	CU_ASSERT_STRING_EQUAL(
		dpi_app(dpi, t->flow.app_master, t->flow.app, text, sizeof(text)), app);
}

static void expect_string(const struct talk *t, enum detail detail, const char *text)
{
	size_t len = 0;
	const char *found = details_string(t->flow.details, detail, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(found);
	CU_ASSERT_EQUAL(len, strlen(text));
	CU_ASSERT_TRUE(len == strlen(text) && !memcmp(found, text, len));
}

static void expect_done(const struct talk *t)
{
	CU_ASSERT_TRUE(t->flow.flags & FLOW_DPI_DONE);
	CU_ASSERT_PTR_NULL(t->flow.dpi);
}

#define DNS_QUESTION "03 777777 07 6578616d706c65 03 636f6d 00 0001 0001"
#define DNS_QUERY "1234 0100 0001 0000 0000 0000" DNS_QUESTION
#define DNS_ANSWER \
	"1234 8180 0001 0002 0000 0000" DNS_QUESTION \
	"c00c 0001 0001 0000003c 0004 5db8d822 c00c 0001 0001 0000003c 0004 c0000201"

static void dns_answers_are_read(void)
{
	struct dpi *dpi = open_usual_dpi();
	struct talk t;
	const char *answer;
	size_t len;

	talk_open(&t, 17, 1, 40000, 2, 53);
	say_hex(dpi, &t, 0, DNS_QUERY);
	CU_ASSERT_FALSE(t.flow.flags & FLOW_DPI_DONE);
	expect_string(&t, DETAIL_dns_query, "www.example.com");
	CU_ASSERT_PTR_NULL(details_string(t.flow.details, DETAIL_dns_rcode, &len));
	say_hex(dpi, &t, 1, DNS_ANSWER);
	expect_done(&t);
	expect_app(dpi, &t, "DNS");
	CU_ASSERT_STRING_EQUAL(dpi_category_name(dpi, t.flow.category), "Network");
	CU_ASSERT_FALSE(t.flow.flags & FLOW_DPI_GUESSED);
	expect_string(&t, DETAIL_dns_type, "A");
	expect_string(&t, DETAIL_dns_rcode, "NOERROR");
	answer = details_string(t.flow.details, DETAIL_dns_answers, &len);
	CU_ASSERT_EQUAL(len, strlen("93.184.216.34"));
	CU_ASSERT_EQUAL(memcmp(answer, "93.184.216.34", len), 0);
	answer = details_next(t.flow.details, DETAIL_dns_answers, answer, &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(answer);
	CU_ASSERT_EQUAL(memcmp(answer, "192.0.2.1", len), 0);
	CU_ASSERT_PTR_NULL(details_next(t.flow.details, DETAIL_dns_answers, answer, &len));
	dpi_release(dpi, &t.flow);
	CU_ASSERT_PTR_NULL(t.flow.details);
	dpi_destroy(dpi);
}

static void dns_over_tcp_and_names_that_do_not_exist(void)
{
	struct dpi *dpi = open_usual_dpi();
	struct talk t;
	size_t len;

	talk_open(&t, 6, 1, 40001, 2, 53);
	shake_hands(dpi, &t);
	say_hex(dpi, &t, 0, "0021" DNS_QUERY);
	say_hex(dpi, &t, 1, "0021 1234 8183 0001 0000 0000 0000" DNS_QUESTION);
	dpi_conclude(dpi, &t.flow);
	expect_done(&t);
	expect_app(dpi, &t, "DNS");
	expect_string(&t, DETAIL_dns_query, "www.example.com");
	expect_string(&t, DETAIL_dns_rcode, "NXDOMAIN");
	CU_ASSERT_PTR_NULL(details_string(t.flow.details, DETAIL_dns_answers, &len));
	dpi_release(dpi, &t.flow);
	dpi_destroy(dpi);
}

static void http_fields_are_read(void)
{
	struct dpi *dpi = open_usual_dpi();
	struct dpi_stats stats;
	struct talk t;

	talk_open(&t, 6, 1, 40002, 2, 80);
	shake_hands(dpi, &t);
	say(dpi, &t, 0,
		"GET /a/b?c=1 HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: tester/1.0\r\n"
		"Accept: */*\r\n\r\n");
	CU_ASSERT_FALSE(t.flow.flags & FLOW_DPI_DONE);
	say(dpi, &t, 1,
		"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\n"
		"no");
	expect_app(dpi, &t, "HTTP");
	expect_string(&t, DETAIL_http_host, "www.example.com");
	expect_string(&t, DETAIL_http_url, "www.example.com/a/b?c=1");
	expect_string(&t, DETAIL_http_method, "GET");
	expect_string(&t, DETAIL_http_user_agent, "tester/1.0");
	CU_ASSERT_EQUAL(details_number(t.flow.details, DETAIL_http_status), 404);

	stats = dpi_stats(dpi);
	CU_ASSERT_EQUAL(stats.packets, 5);
	CU_ASSERT_EQUAL(t.flow.dpi_packets, 5);
	say(dpi, &t, 0, "GET /next HTTP/1.1\r\nHost: other.example\r\n\r\n");
	CU_ASSERT_EQUAL(dpi_stats(dpi).packets, 5);
	dpi_conclude(dpi, &t.flow);
	expect_done(&t);
	expect_string(&t, DETAIL_http_host, "www.example.com");
	dpi_release(dpi, &t.flow);
	dpi_destroy(dpi);
}

static bool has_risk(const struct details *details, unsigned risk)
{
	struct risk_set risks = details_risks(details);

	return risk_set_has(&risks, risk);
}

/* As ndpiReader prints them for these requests. */
static void attacks_in_urls_are_risks(void)
{
	static const char *const requests[] = {
		"GET /a?id=1%27%20OR%20%271%27=%271 HTTP/1.1\r\nHost: h.example\r\n\r\n",
		"GET /../../etc/passwd HTTP/1.1\r\nHost: h.example\r\n\r\n",
		"GET /plain?id=1 HTTP/1.1\r\nHost: h.example\r\n\r\n"};
	static const char *const risks[] = {"SQL Injection", "HTTP Suspicious URL", NULL};
	struct dpi *dpi = open_usual_dpi();

	for (unsigned i = 0; i < 3; i++) {
		struct talk t;
		unsigned found = 0;

		talk_open(&t, 6, 1, 40002, 2, 80);
		shake_hands(dpi, &t);
		say(dpi, &t, 0, requests[i]);
		dpi_conclude(dpi, &t.flow);
		for (unsigned risk = 0; risk < RISKS; risk++)
			if (has_risk(t.flow.details, risk))
				for (unsigned r = 0; r < 2; r++)
					if (!strcmp(dpi_risk_name(risk), risks[r]))
						found |= 1u << r;
		CU_ASSERT_EQUAL(found, risks[i] ? 1u << i : 0);
		dpi_release(dpi, &t.flow);
	}
	dpi_destroy(dpi);
}

/* nDPI reads the content type where the response is the first it sees. */
static void half_of_an_http_conversation_is_read(void)
{
	struct dpi *dpi = open_usual_dpi();
	struct talk t;

	talk_open(&t, 6, 1, 40002, 2, 80);
	give(dpi, talk_handshake(&t, 1));
	say(dpi, &t, 1,
		"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
		"Content-Length: 2\r\n\r\nok");
	dpi_conclude(dpi, &t.flow);
	expect_done(&t);
	expect_app(dpi, &t, "HTTP");
	expect_string(&t, DETAIL_http_content_type, "text/html");
	CU_ASSERT_EQUAL(details_number(t.flow.details, DETAIL_http_status), 200);
	dpi_release(dpi, &t.flow);
	dpi_destroy(dpi);
}

/* Two suites, four extensions: server name, groups, point formats, ALPN. */
#define CLIENT_HELLO \
	"16 0301 006a 01 000066 0303" \
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 00" \
	"0004 1301 c02f 01 00 0039" \
	"0000 0013 0011 00 000e 7777772e676f6f676c652e636f6d" \
	"000a 0006 0004 001d 0017 000b 0002 01 00" \
	"0010 000e 000c 02 6832 08 687474702f312e31"
#define SERVER_HELLO \
	"16 0303 0032 02 00002e 0303" \
	"202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f 00" \
	"c02f 00 0006 000b 0002 01 00"

static void tls_names_and_fingerprints_are_read(void)
{
	struct dpi *dpi = open_usual_dpi();
	struct talk t;

	talk_open(&t, 6, 1, 40003, 2, 443);
	shake_hands(dpi, &t);
	say_hex(dpi, &t, 0, CLIENT_HELLO);
	say_hex(dpi, &t, 1, SERVER_HELLO);
	dpi_conclude(dpi, &t.flow);
	expect_done(&t);
	expect_app(dpi, &t, "TLS.Google");
	CU_ASSERT_STRING_EQUAL(dpi_protocol_name(dpi, t.flow.app_master), "TLS");
	CU_ASSERT_STRING_EQUAL(dpi_protocol_name(dpi, t.flow.app), "Google");
	expect_string(&t, DETAIL_tls_sni, "www.google.com");
	expect_string(&t, DETAIL_tls_version, "TLSv1.2");
	expect_string(&t, DETAIL_tls_cipher, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
	expect_string(&t, DETAIL_tls_ja3, "314abbbcca48548317336aed70894d82");
	expect_string(&t, DETAIL_tls_ja3s, "70745099b394fe3f42264227c098cc98");
	expect_string(&t, DETAIL_tls_alpn, "h2,http/1.1");
	dpi_release(dpi, &t.flow);
	dpi_destroy(dpi);
}

static void ssh_banners_are_read(void)
{
	struct dpi *dpi = open_usual_dpi();
	struct talk t;

	talk_open(&t, 6, 1, 40004, 2, 2222);
	shake_hands(dpi, &t);
	say(dpi, &t, 0, "SSH-2.0-OpenSSH_9.2p1\r\n");
	say(dpi, &t, 1, "SSH-2.0-dropbear_2022.83\r\n");
	dpi_conclude(dpi, &t.flow);
	expect_app(dpi, &t, "SSH");
	expect_string(&t, DETAIL_ssh_client, "SSH-2.0-OpenSSH_9.2p1");
	expect_string(&t, DETAIL_ssh_server, "SSH-2.0-dropbear_2022.83");
	/* Not on port 22: nDPI's risk 5. */
	CU_ASSERT_TRUE(has_risk(t.flow.details, 5));
	CU_ASSERT_EQUAL(strncmp(dpi_risk_name(5), "Known Proto", 11), 0); /* then it varies */
	CU_ASSERT_EQUAL(dpi_risk_score(5), 50);
	dpi_release(dpi, &t.flow);
	dpi_destroy(dpi);
}

static size_t put_list(uint8_t *at, const char *list)
{
	size_t len = strlen(list);

	memcpy(at, (uint8_t[]){0, 0, 0, (uint8_t)len}, 4);
	memcpy(at + 4, list, len);
	return 4 + len;
}

/* RFC 4253, sections 6 and 7.1: the lists differ by direction where they may. */
static size_t key_exchange(uint8_t *bytes)
{
	static const char *const lists[] = {"curve25519-sha256", "ssh-ed25519", "aes128-ctr",
		"aes256-ctr", "hmac-sha2-256", "hmac-sha2-512", "none", "zlib", "", ""};
	size_t len = 22, padding;

	memset(bytes, 0, 512);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		len += put_list(bytes + len, lists[i]);
	len += 5;
	padding = 12 - len % 8;
	bytes[2] = (uint8_t)((len + padding - 4) >> 8);
	bytes[3] = (uint8_t)(len + padding - 4);
	bytes[4] = (uint8_t)padding;
	bytes[5] = 20;
	return len + padding;
}

/* MD5 of "curve25519-sha256;aes128-ctr;hmac-sha2-256;none", and of the server's choice of lists, by
 * md5sum, which prints them as tshark and Zeek do. */
static void fingerprints_of_ssh_are_lower_case(void)
{
	struct dpi *dpi = open_usual_dpi();
	struct talk t;
	uint8_t bytes[512];
	size_t len = key_exchange(bytes);

	talk_open(&t, 6, 1, 40004, 2, 22);
	shake_hands(dpi, &t);
	say(dpi, &t, 0, "SSH-2.0-OpenSSH_9.2p1\r\n");
	say(dpi, &t, 1, "SSH-2.0-OpenSSH_9.2p1\r\n");
	give(dpi, talk_say(&t, 0, bytes, len));
	give(dpi, talk_say(&t, 1, bytes, len));
	dpi_conclude(dpi, &t.flow);
	expect_app(dpi, &t, "SSH");
	expect_string(&t, DETAIL_ssh_hassh, "e97d07603350d1111ec2b64bf25413c9");
	expect_string(&t, DETAIL_ssh_hassh_server, "13475e66a348152c5153e178e028706a");
	dpi_release(dpi, &t.flow);
	dpi_destroy(dpi);
}

static void what_says_nothing_is_guessed_by_port(void)
{
	struct dpi *dpi = open_usual_dpi();
	struct talk t;

	talk_open(&t, 6, 1, 40005, 2, 443);
	shake_hands(dpi, &t);
	dpi_conclude(dpi, &t.flow);
	expect_done(&t);
	expect_app(dpi, &t, "TLS");
	CU_ASSERT_TRUE(t.flow.flags & FLOW_DPI_GUESSED);
	dpi_release(dpi, &t.flow);

	talk_open(&t, 6, 1, 40005, 2, 40006);
	shake_hands(dpi, &t);
	dpi_conclude(dpi, &t.flow);
	expect_done(&t);
	expect_app(dpi, &t, "Unknown");
	CU_ASSERT_FALSE(t.flow.flags & FLOW_DPI_GUESSED);
	dpi_release(dpi, &t.flow);
	dpi_destroy(dpi);
}

static void gives_up_after_the_packets_it_was_told(void)
{
	struct dpi_params params = {.max_packets_tcp = 6, .max_packets_udp = 3};
	struct dpi *dpi = open_dpi(params);
	struct talk t;

	talk_open(&t, 17, 1, 40000, 2, 53);
	for (unsigned i = 1; i <= 6; i++) {
		CU_ASSERT_FALSE(t.flow.flags & FLOW_DPI_DONE);
		say_hex(dpi, &t, 0, DNS_QUERY);
		CU_ASSERT_EQUAL(dpi_stats(dpi).packets, i < 4 ? i : 4);
	}
	dpi_conclude(dpi, &t.flow);
	expect_done(&t);
	expect_app(dpi, &t, "DNS");
	CU_ASSERT_EQUAL(t.flow.dpi_packets, 4);
	dpi_release(dpi, &t.flow);

	talk_open(&t, 6, 1, 40003, 2, 443);
	shake_hands(dpi, &t);
	say_hex(dpi, &t, 0, CLIENT_HELLO);
	/* Our own parser waits for the server's side, nDPI does not. */
	for (unsigned i = 5; i <= 9; i++) {
		talk_handshake(&t, 2);
		give(dpi, &t.packet);
		CU_ASSERT_EQUAL(dpi_stats(dpi).packets, 4 + (i < 7 ? i : 7));
		CU_ASSERT_FALSE(t.flow.flags & FLOW_DPI_DONE);
	}
	dpi_conclude(dpi, &t.flow);
	expect_done(&t);
	expect_app(dpi, &t, "TLS.Google");
	dpi_release(dpi, &t.flow);
	dpi_destroy(dpi);
}

static void later_fragments_are_not_given(void)
{
	struct dpi *dpi = open_usual_dpi();
	struct talk t;

	talk_open(&t, 17, 1, 40000, 2, 53);
	talk_say(&t, 0, "0123456789", 10);
	t.packet.flags |= PACKET_FRAGMENT | PACKET_LATER_FRAGMENT;
	give(dpi, &t.packet);
	CU_ASSERT_EQUAL(dpi_stats(dpi).packets, 0);
	CU_ASSERT_PTR_NULL(t.flow.dpi);
	dpi_conclude(dpi, &t.flow);
	dpi_release(dpi, &t.flow);
	dpi_destroy(dpi);
}

/* nDPI wants whole packets; of a cut one it is shown what there is, unless the flow has others. */
static void cut_packets_are_looked_at_as_far_as_they_go(void)
{
	struct dpi *dpi = open_usual_dpi();
	struct talk t;
	uint8_t bytes[256];

	talk_open(&t, 17, 1, 40000, 2, 53);
	talk_say(&t, 0, bytes, hex_read(DNS_QUERY "0000 0000 0000", bytes, sizeof(bytes)));
	talk_cut(&t, 28 + 33);
	give(dpi, &t.packet);
	dpi_conclude(dpi, &t.flow);
	expect_app(dpi, &t, "DNS");
	CU_ASSERT_FALSE(t.flow.flags & FLOW_DPI_GUESSED);
	expect_string(&t, DETAIL_dns_query, "www.example.com");
	dpi_release(dpi, &t.flow);

	/* The handshake is whole, the hello is looked at nevertheless; to nDPI a part of one is none. */
	talk_open(&t, 6, 1, 40003, 2, 443);
	shake_hands(dpi, &t);
	talk_say(&t, 0, bytes, hex_read(CLIENT_HELLO, bytes, sizeof(bytes)));
	talk_cut(&t, 140);
	give(dpi, &t.packet);
	CU_ASSERT_EQUAL(t.flow.dpi_packets, 4);
	dpi_conclude(dpi, &t.flow);
	expect_done(&t);
	expect_app(dpi, &t, "TLS");
	CU_ASSERT_TRUE(t.flow.flags & FLOW_DPI_GUESSED);
	dpi_release(dpi, &t.flow);

	/* Whole ones that say nothing do not take back what a cut one said. */
	talk_open(&t, 6, 1, 40004, 2, 2222);
	talk_say(&t, 0, "SSH-2.0-OpenSSH_9.2p1\r\n", 23);
	talk_cut(&t, 60);
	give(dpi, &t.packet);
	give(dpi, talk_say(&t, 1, "", 0));
	give(dpi, talk_say(&t, 0, "", 0));
	dpi_conclude(dpi, &t.flow);
	expect_done(&t);
	expect_app(dpi, &t, "SSH");
	expect_string(&t, DETAIL_ssh_client, "SSH-2.0-OpenSSH_9.2p");
	dpi_release(dpi, &t.flow);

	/* The same when the cut packets were enough for a verdict, and the whole ones are guessed. */
	talk_open(&t, 17, 1, 40000, 2, 53);
	talk_say(&t, 1, bytes, hex_read(DNS_ANSWER "0000", bytes, sizeof(bytes)));
	talk_cut(&t, t.packet.ip_len - 2);
	give(dpi, &t.packet);
	CU_ASSERT_TRUE(t.flow.flags & FLOW_DPI_CUT);
	expect_app(dpi, &t, "DNS");
	give(dpi, &t.packet);
	CU_ASSERT_EQUAL(t.flow.dpi_packets, 1);
	say(dpi, &t, 0, "not a DNS message");
	CU_ASSERT_FALSE(t.flow.flags & FLOW_DPI_CUT);
	CU_ASSERT_EQUAL(t.flow.dpi_packets, 2);
	dpi_conclude(dpi, &t.flow);
	expect_done(&t);
	expect_app(dpi, &t, "DNS");
	CU_ASSERT_FALSE(t.flow.flags & FLOW_DPI_GUESSED);
	expect_string(&t, DETAIL_dns_query, "www.example.com");
	dpi_release(dpi, &t.flow);
	dpi_destroy(dpi);
}

static void say_cut(
	struct dpi *dpi, struct talk *t, unsigned side, const char *text, uint32_t cap)
{
	talk_say(t, side, text, strlen(text));
	talk_cut(t, cap);
	give(dpi, &t->packet);
}

#define CUT_REQUEST \
	"GET /index.html HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: tester/1.0\r\n\r\n"
#define CUT_RESPONSE "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nok"

/* A session with a packet length: handshake and acknowledgements are whole, more than nDPI
 * is given before there is data. */
static void cut_packets_between_whole_ones_count(void)
{
	struct dpi *dpi = open_usual_dpi();
	struct talk t;

	talk_open(&t, 6, 1, 40000, 2, 8081);
	shake_hands(dpi, &t);
	say_cut(dpi, &t, 0, CUT_REQUEST, 100);
	for (unsigned i = 0; i < 6; i++)
		give(dpi, talk_say(&t, i & 1, "", 0));
	say_cut(dpi, &t, 1, CUT_RESPONSE, 100);
	dpi_conclude(dpi, &t.flow);
	expect_done(&t);
	expect_app(dpi, &t, "HTTP");
	expect_string(&t, DETAIL_http_url, "shop.example/index.html");
	CU_ASSERT_EQUAL(details_number(t.flow.details, DETAIL_http_status), 200);
	dpi_release(dpi, &t.flow);

	/* The whole request is nDPI's, what the cut response adds is added. */
	talk_open(&t, 6, 1, 40000, 2, 8081);
	shake_hands(dpi, &t);
	say(dpi, &t, 0, CUT_REQUEST);
	say_cut(dpi, &t, 1, CUT_RESPONSE, 100);
	dpi_conclude(dpi, &t.flow);
	expect_done(&t);
	expect_app(dpi, &t, "HTTP");
	expect_string(&t, DETAIL_http_user_agent, "tester/1.0");
	CU_ASSERT_EQUAL(details_number(t.flow.details, DETAIL_http_status), 200);
	dpi_release(dpi, &t.flow);

	/* The whole response is HTTP, and the cut request says whose. */
	talk_open(&t, 6, 1, 40000, 2, 80);
	shake_hands(dpi, &t);
	say_cut(dpi, &t, 0, "GET / HTTP/1.1\r\nHost: www.google.com\r\nAccept: x\r\n\r\n", 90);
	say(dpi, &t, 1, CUT_RESPONSE);
	dpi_conclude(dpi, &t.flow);
	expect_done(&t);
	expect_app(dpi, &t, "HTTP.Google");
	dpi_release(dpi, &t.flow);
	dpi_destroy(dpi);
}

static void bittorrent(struct dpi *dpi, struct talk *t)
{
	talk_open(t, 6, 1, 40010, 9, 50000);
	shake_hands(dpi, t);
	say(dpi, t, 0,
		"\x13"
		"BitTorrent protocol--------aaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbb");
	dpi_conclude(dpi, &t->flow);
}

/* To the port that bittorrent() spoke to, from elsewhere; nothing is said. */
static void silent_peer(struct dpi *dpi, struct talk *t)
{
	talk_open(t, 6, 3, 40011, 9, 50000);
	shake_hands(dpi, t);
	dpi_conclude(dpi, &t->flow);
}

static void tinc_tcp(struct dpi *dpi, struct talk *t)
{
	talk_open(t, 6, 1, 40012, 9, 6550);
	shake_hands(dpi, t);
	say(dpi, t, 0, "0 alice 17\n");
	say(dpi, t, 1, "0 bob 17\n");
	say(dpi, t, 0, "1 94 64 0 0 ABCDEF0123\n");
	say(dpi, t, 1, "1 94 64 0 0 0123ABCDEF\n");
	dpi_conclude(dpi, &t->flow);
}

static void tinc_udp(struct dpi *dpi, struct talk *t)
{
	talk_open(t, 17, 1, 6550, 9, 6550);
	say(dpi, t, 0, "\x91\x92\x93\x94\x95\x96\x97\x98\x99");
	dpi_conclude(dpi, &t->flow);
}

struct pair {
	void (*first)(struct dpi *, struct talk *), (*second)(struct dpi *, struct talk *);
	const char *name;
};

static const struct pair pairs[] = {
	{bittorrent, silent_peer, "BitTorrent"},
	{tinc_tcp, tinc_udp, "TINC"},
};

static void run_pair(const struct pair *pair, bool correlate, const char *second)
{
	struct dpi *dpi = open_dpi((struct dpi_params){.correlate = correlate});
	struct talk a, b;

	pair->first(dpi, &a);
	pair->second(dpi, &b);
	expect_app(dpi, &a, pair->name);
	expect_app(dpi, &b, second);
	dpi_release(dpi, &a.flow);
	dpi_release(dpi, &b.flow);
	dpi_destroy(dpi);
}

/* nDPI's caches across flows are there, as `correlate` shows, and not in force without it. This
 * also shows that our functions stand in for the library's: nothing else turns them off. */
static void a_label_does_not_depend_on_other_flows(void)
{
	for (unsigned i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		run_pair(&pairs[i], true, pairs[i].name);
		run_pair(&pairs[i], false, "Unknown");
	}
}

static void two_dpis_share_nothing(void)
{
	const struct dpi_params correlated = {.correlate = true};
	struct dpi *one, *two;
	struct talk a, b;

	one = open_dpi(correlated);
	two = open_dpi(correlated);
	bittorrent(one, &a);
	silent_peer(two, &b);
	expect_app(one, &a, "BitTorrent");
	expect_app(two, &b, "Unknown");
	dpi_release(one, &a.flow);
	dpi_destroy(one);
	dpi_release(two, &b.flow);
	dpi_destroy(two);
}

static void names_outside_the_tables_are_harmless(void)
{
	struct dpi *dpi = open_usual_dpi();
	char text[64];

	CU_ASSERT_STRING_EQUAL(dpi_app(dpi, 0, 0, text, sizeof(text)), "Unknown");
	CU_ASSERT_STRING_EQUAL(dpi_app(dpi, 65535, 65535, text, sizeof(text)), "Unknown");
	CU_ASSERT_STRING_EQUAL(dpi_protocol_name(dpi, 65535), "Unknown");
	CU_ASSERT_STRING_EQUAL(dpi_category_name(dpi, 255), "Unspecified");
	CU_ASSERT_PTR_NULL(dpi_risk_name(NDPI_RISKS - 1));
	CU_ASSERT_EQUAL(dpi_risk_score(RISKS), 0);
	CU_ASSERT_PTR_NOT_NULL(strchr(dpi_version(), '.'));
	dpi_destroy(dpi);
	dpi_destroy(NULL);
}

void suite_dpi(void);
void suite_dpi(void)
{
	CU_pSuite s = CU_add_suite("dpi", NULL, NULL);

	CU_ADD_TEST(s, dns_answers_are_read);
	CU_ADD_TEST(s, dns_over_tcp_and_names_that_do_not_exist);
	CU_ADD_TEST(s, http_fields_are_read);
	CU_ADD_TEST(s, attacks_in_urls_are_risks);
	CU_ADD_TEST(s, half_of_an_http_conversation_is_read);
	CU_ADD_TEST(s, tls_names_and_fingerprints_are_read);
	CU_ADD_TEST(s, ssh_banners_are_read);
	CU_ADD_TEST(s, fingerprints_of_ssh_are_lower_case);
	CU_ADD_TEST(s, what_says_nothing_is_guessed_by_port);
	CU_ADD_TEST(s, gives_up_after_the_packets_it_was_told);
	CU_ADD_TEST(s, later_fragments_are_not_given);
	CU_ADD_TEST(s, cut_packets_are_looked_at_as_far_as_they_go);
	CU_ADD_TEST(s, cut_packets_between_whole_ones_count);
	CU_ADD_TEST(s, a_label_does_not_depend_on_other_flows);
	CU_ADD_TEST(s, two_dpis_share_nothing);
	CU_ADD_TEST(s, names_outside_the_tables_are_harmless);
}
