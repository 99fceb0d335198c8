/* HTTP and the TCP health check, over real sockets of this host. */
#include <CUnit/Basic.h>
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cli/control/control_plane.h"
#include "cli/control/health_port.h"
#include "cli/control/http.h"
#include "cli/support/net.h"
#include "cli/support/puppet.h"
#include "config/log/error.h"

/* What a change may take: the interval of 20 ms, the port's 100 ms, and a busy machine. */
enum { SOON_MS = 2000 };

struct served {
	struct puppet puppet;
	struct settings settings;
	struct control_plane *control_plane;
	uint16_t http, tcp;
	struct error error;
};

static void served_begin(struct served *s)
{
	struct control_plane_params params = {.settings = &s->settings, .directory = "/tmp"};

	puppet_begin(&s->puppet);
	puppet_settings(&s->settings);
	s->http = net_free_port();
	do
		s->tcp = net_free_port();
	while (s->tcp == s->http);
	snprintf(s->settings.control.http, sizeof(s->settings.control.http), "127.0.0.1:%u",
		s->http);
	s->settings.control.health_tcp = s->tcp;
	params.provider = puppet_provider(&s->puppet);
	s->control_plane = control_plane_bind(&params, &s->error);
	if (s->control_plane == NULL)
		fprintf(stderr, "%s\n", s->error.text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s->control_plane);
	CU_ASSERT_EQUAL(net_connect(s->tcp), -1); /* nobody is told to come before it starts */
	CU_ASSERT_TRUE_FATAL(control_plane_start(s->control_plane, &s->error));
}

static void served_end(struct served *s)
{
	control_plane_stop(s->control_plane);
	settings_fini(&s->settings);
	puppet_end(&s->puppet);
}

static void health_says_what_is_wrong(void)
{
	struct served s;
	char *answer;

	served_begin(&s);
	answer = net_http(s.http, "GET", "/health");
	CU_ASSERT_EQUAL(net_http_status(answer), 200);
	CU_ASSERT_PTR_NOT_NULL(strstr(answer, "Content-Type: application/json"));
	CU_ASSERT_PTR_NOT_NULL(strstr(net_http_body(answer), "\"healthy\": true"));
	free(answer);

	PUPPET_SET(&s.puppet, since_poll_ns, 1300000000);
	CU_ASSERT_TRUE((unsigned)net_until_health(s.http, 503) < SOON_MS);
	answer = net_http(s.http, "GET", "/health");
	CU_ASSERT_EQUAL(net_http_status(answer), 503);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(net_http_body(answer), "\"worker 1 has not polled for 1.3 s\""));
	free(answer);

	PUPPET_SET(&s.puppet, since_poll_ns, 0);
	CU_ASSERT_TRUE((unsigned)net_until_health(s.http, 200) < SOON_MS);
	served_end(&s);
}

static void a_full_disk_and_a_full_ring_are_seen_and_forgotten(void)
{
	struct served s;

	served_begin(&s);
	PUPPET_SET(&s.puppet, disk_free, 10);
	CU_ASSERT_TRUE((unsigned)net_until_health(s.http, 503) < SOON_MS);
	PUPPET_SET(&s.puppet, disk_free, 5000000000);
	CU_ASSERT_TRUE((unsigned)net_until_health(s.http, 200) < SOON_MS);
	PUPPET_SET(&s.puppet, ring_fill, 1023);
	CU_ASSERT_TRUE((unsigned)net_until_health(s.http, 503) < SOON_MS);
	PUPPET_SET(&s.puppet, ring_fill, 0);
	CU_ASSERT_TRUE((unsigned)net_until_health(s.http, 200) < SOON_MS);
	PUPPET_SET(&s.puppet, lost_disk, 1);
	CU_ASSERT_TRUE((unsigned)net_until_health(s.http, 503) < SOON_MS);
	CU_ASSERT_TRUE((unsigned)net_until_health(s.http, 200) < SOON_MS);
	served_end(&s);
}

/* -1, never reached, is a large unsigned. */
static void the_tcp_port_is_open_only_while_healthy(void)
{
	struct served s;
	char *rest;

	served_begin(&s);
	CU_ASSERT_TRUE((unsigned)net_until_open(s.tcp, true) < SOON_MS);
	rest = net_talk(net_connect(s.tcp), "", 0); /* accepted, and closed without a word */
	CU_ASSERT_PTR_NOT_NULL(rest);
	CU_ASSERT_TRUE(rest != NULL && rest[0] == '\0');
	free(rest);
	for (int i = 0; i < 3; i++) {
		PUPPET_SET(&s.puppet, wrong, "told so");
		CU_ASSERT_TRUE((unsigned)net_until_open(s.tcp, false) < SOON_MS);
		PUPPET_SET(&s.puppet, wrong, NULL);
		CU_ASSERT_TRUE((unsigned)net_until_open(s.tcp, true) < SOON_MS);
	}
	served_end(&s);
	CU_ASSERT_EQUAL(net_connect(s.tcp), -1);
	CU_ASSERT_EQUAL(net_connect(s.http), -1);
}

/* The result does not depend on a provider that answers: silence is a result too. */
static void a_provider_that_fails_or_hangs_is_not_healthy(void)
{
	struct served s;
	char *answer;

	served_begin(&s);
	PUPPET_SET(&s.puppet, collect_fails, true);
	CU_ASSERT_TRUE((unsigned)net_until_health(s.http, 503) < SOON_MS);
	answer = net_http(s.http, "GET", "/metrics");
	CU_ASSERT_EQUAL(net_http_status(answer), 503);
	free(answer);
	PUPPET_SET(&s.puppet, collect_fails, false);
	CU_ASSERT_TRUE((unsigned)net_until_health(s.http, 200) < SOON_MS);
	PUPPET_SET(&s.puppet, collect_us, 6000000);
	CU_ASSERT_TRUE((unsigned)net_until_health(s.http, 503) < 5000);
	answer = net_http(s.http, "GET", "/health");
	CU_ASSERT_PTR_NOT_NULL(strstr(net_http_body(answer), "health could not be judged for"));
	free(answer);
	CU_ASSERT_TRUE((unsigned)net_until_open(s.tcp, false) < SOON_MS);
	PUPPET_SET(&s.puppet, collect_us, 0);
	served_end(&s);
}

static void metrics_come_with_their_type(void)
{
	struct served s;
	char *answer;

	served_begin(&s);
	answer = net_http(s.http, "GET", "/metrics?name=x");
	CU_ASSERT_EQUAL(net_http_status(answer), 200);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(answer, "Content-Type: text/plain; version=0.0.4; charset=utf-8"));
	CU_ASSERT_PTR_NOT_NULL(strstr(net_http_body(answer), "\nperiscope_healthy 1\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(
		net_http_body(answer), "\nperiscope_worker_packets_total{worker=\"1\"} 23\n"));
	free(answer);
	CU_ASSERT_EQUAL(
		PUPPET_GET(&s.puppet, parts), STATUS_XSTATS | STATUS_SESSIONS | STATUS_RULES);
	served_end(&s);
}

static void other_requests_are_refused(void)
{
	static const struct {
		const char *method, *url;
		int status;
	} rows[] = {
		{"GET", "/", 404},
		{"GET", "/healthy", 404},
		{"GET", "/metrics/", 404},
		{"POST", "/nowhere", 404},
		{"POST", "/health", 405},
		{"DELETE", "/metrics", 405},
		{"HEAD", "/health", 200},
		{"GET", "/health?x=1", 200},
	};
	struct served s;

	served_begin(&s);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *answer = net_http(s.http, rows[i].method, rows[i].url);

		CU_ASSERT_EQUAL(net_http_status(answer), rows[i].status);
		if (rows[i].status == 405)
			CU_ASSERT_PTR_NOT_NULL(strstr(answer, "Allow: GET, HEAD"));
		if (rows[i].method[0] == 'H')
			CU_ASSERT_STRING_EQUAL(net_http_body(answer), "");
		free(answer);
	}
	served_end(&s);
}

/* Each is answered with an error or dropped; the server goes on. */
static void garbage_does_no_harm(void)
{
	static const char *const rows[] = {"\r\n\r\n", "GET\r\n\r\n",
		"\x16\x03\x01\x02\x00\x01", "GET /health HTTP/9.9\r\n\r\n",
		"GET /health HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
		"POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\nx"};
	char *big = malloc(100000);
	struct served s;

	served_begin(&s);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int fd = net_connect(s.http);

		CU_ASSERT_EQUAL(
			send(fd, rows[i], strlen(rows[i]), 0), (ssize_t)strlen(rows[i]));
		shutdown(fd, SHUT_WR);
		free(net_talk(fd, "", 0));
	}
	memset(big, 'a', 100000);
	memcpy(big, "GET /", 5);
	free(net_talk(net_connect(s.http), big, 100000));
	CU_ASSERT_TRUE((unsigned)net_until_health(s.http, 200) < SOON_MS);
	free(big);
	served_end(&s);
}

/* From another address of this host. */
static int connect_from(const char *address, uint16_t port)
{
	struct sockaddr_in from = {.sin_family = AF_INET};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	const struct timeval rx_pause = {.tv_sec = 10};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	inet_pton(AF_INET, address, &from.sin_addr);
	inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
	CU_ASSERT_EQUAL(
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &rx_pause, sizeof(rx_pause)), 0);
	CU_ASSERT_EQUAL(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

/* GET of a URL over a connection of its own; the status, or 0. */
static int asked_from(const char *address, uint16_t port, const char *request)
{
	char *answer = net_talk(connect_from(address, port), request, strlen(request));
	int status = net_http_status(answer);

	free(answer);
	return status;
}

static uint64_t ms_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static const char health_request[] = "GET /health HTTP/1.0\r\n\r\n";

/* Clients that send a byte now and then, so that none is idle, from as many addresses as hold all the
 * places, and from the asker's own: each request of others is answered within a second. */
static void slow_clients_do_not_keep_others_out(void)
{
	enum { SLOW = 80, EACH = 16, ROUNDS = 9 };
	static const char head[] = "GET /health HTTP/1.0\r\nX: aaaaaaaaaaaaaaaaaaa";
	int fds[SLOW];
	struct served s;

	served_begin(&s);
	for (int i = 0; i < SLOW; i++) {
		char address[24];

		snprintf(address, sizeof(address), "127.0.0.%d", 1 + i / EACH);
		fds[i] = connect_from(address, s.http);
	}
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t began = ms_now();

		for (int i = 0; i < SLOW; i++)
			(void)send(fds[i], &head[round], 1, MSG_NOSIGNAL);
		CU_ASSERT_EQUAL(asked_from("127.0.0.1", s.http, health_request), 200);
		CU_ASSERT_EQUAL(asked_from("127.0.0.9", s.http, health_request), 200);
		CU_ASSERT_EQUAL(
			asked_from("127.0.0.9", s.http, "GET /metrics HTTP/1.0\r\n\r\n"), 200);
		CU_ASSERT_TRUE(ms_now() - began < 1000);
		usleep(700000);
	}
	for (int i = 0; i < SLOW; i++)
		close(fds[i]);
	served_end(&s);
}

/* Idle ones are dropped in time, also where nobody needs their place. */
static void idle_clients_are_dropped(void)
{
	char room[64];
	struct served s;
	int fd;

	served_begin(&s);
	fd = connect_from("127.0.0.2", s.http);
	CU_ASSERT_EQUAL(send(fd, health_request, 8, 0), 8);
	CU_ASSERT_EQUAL(recv(fd, room, sizeof(room), 0), 0);
	close(fd);
	served_end(&s);
}

/* One address has 16 clients at once: with the next, the one is shut down that came first, and all
 * others are served. */
static void one_address_has_16_clients(void)
{
	enum { CLIENTS = 16 };
	char room[64], *answer;
	int fds[CLIENTS];
	struct served s;

	served_begin(&s);
	for (int i = 0; i < CLIENTS; i++) {
		fds[i] = connect_from("127.0.0.2", s.http);
		CU_ASSERT_EQUAL(send(fds[i], health_request, 9, 0), 9);
	}
	CU_ASSERT_EQUAL(asked_from("127.0.0.3", s.http, health_request), 200);
	CU_ASSERT_EQUAL(asked_from("127.0.0.2", s.http, health_request), 200);
	CU_ASSERT_EQUAL(recv(fds[0], room, sizeof(room), 0), 0);
	close(fds[0]);
	for (int i = 1; i < CLIENTS; i++) {
		answer = net_talk(fds[i], health_request + 9, strlen(health_request) - 9);
		CU_ASSERT_EQUAL(net_http_status(answer), 200);
		free(answer);
	}
	served_end(&s);
}

static void *ask_often(void *arg)
{
	struct served *s = arg;
	intptr_t good = 0;

	for (int i = 0; i < 25; i++) {
		char *answer = net_http(s->http, "GET", i % 2 == 0 ? "/metrics" : "/health");

		good += net_http_status(answer) == 200;
		free(answer);
	}
	return (void *)good; /* NOLINT: a count, not a pointer */
}

static void many_ask_at_once(void)
{
	enum { ASKERS = 6 };
	pthread_t threads[ASKERS];
	intptr_t good = 0;
	struct served s;

	served_begin(&s);
	PUPPET_SET(&s.puppet, collect_us, 1000);
	for (int i = 0; i < ASKERS; i++)
		pthread_create(&threads[i], NULL, ask_often, &s);
	for (int i = 0; i < ASKERS; i++) {
		void *result;

		pthread_join(threads[i], &result);
		good += (intptr_t)result;
	}
	CU_ASSERT_EQUAL(good, ASKERS * 25);
	CU_ASSERT_EQUAL(PUPPET_GET(&s.puppet, most_at_once), 1);
	served_end(&s);
}

static void a_port_in_use_is_one_sentence(void)
{
	struct control_plane_params params = {.directory = "/tmp"};
	struct settings settings;
	struct served s;
	char want[128];
	struct error error;

	served_begin(&s);
	puppet_settings(&settings);
	params.settings = &settings;
	params.provider = puppet_provider(&s.puppet);
	snprintf(settings.control.http, sizeof(settings.control.http), "127.0.0.1:%u", s.http);
	snprintf(want, sizeof(want),
		"control.http: cannot listen on 127.0.0.1:%u: Address already in use", s.http);
	CU_ASSERT_PTR_NULL(control_plane_bind(&params, &error));
	CU_ASSERT_STRING_EQUAL(error.text, want);
	settings.control.http[0] = '\0';
	settings.control.health_tcp = s.tcp;
	snprintf(want, sizeof(want),
		"control.health_tcp: cannot listen on TCP port %u: Address already in use",
		s.tcp);
	CU_ASSERT_PTR_NULL(control_plane_bind(&params, &error));
	CU_ASSERT_STRING_EQUAL(error.text, want);
	settings_fini(&settings);
	served_end(&s);
}

static void ipv6_is_served(void)
{
	struct health_check *health_check;
	struct http *http;
	struct puppet puppet;
	struct settings settings;
	struct status_provider provider;
	struct sockaddr_in6 address = {
		.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	char endpoint[32], *answer;
	struct error error;
	uint16_t port = net_free_port();
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	puppet_begin(&puppet);
	puppet_settings(&settings);
	provider = puppet_provider(&puppet);
	health_check = health_check_start(&settings, &provider, &error);
	snprintf(endpoint, sizeof(endpoint), "[::1]:%u", port);
	http = http_bind(endpoint, &error);
	address.sin6_port = htons(port);
	if (http != NULL && http_start(http, health_check, &error) &&
		connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
		static const char request[] = "GET /health HTTP/1.0\r\n\r\n";

		answer = net_talk(fd, request, strlen(request));
		CU_ASSERT_EQUAL(net_http_status(answer), 200);
		free(answer);
	} else { /* a host without IPv6 must say so */
		CU_ASSERT_PTR_NOT_NULL(
			strstr(error.text, "control.http: cannot listen on [::1]:"));
		close(fd);
	}
	http_stop(http);
	health_check_stop(health_check);
	settings_fini(&settings);
	puppet_end(&puppet);
}

void suite_http(void);
void suite_http(void)
{
	CU_pSuite s = CU_add_suite("http", NULL, NULL);

	CU_ADD_TEST(s, health_says_what_is_wrong);
	CU_ADD_TEST(s, a_full_disk_and_a_full_ring_are_seen_and_forgotten);
	CU_ADD_TEST(s, the_tcp_port_is_open_only_while_healthy);
	CU_ADD_TEST(s, a_provider_that_fails_or_hangs_is_not_healthy);
	CU_ADD_TEST(s, metrics_come_with_their_type);
	CU_ADD_TEST(s, other_requests_are_refused);
	CU_ADD_TEST(s, garbage_does_no_harm);
	CU_ADD_TEST(s, slow_clients_do_not_keep_others_out);
	CU_ADD_TEST(s, idle_clients_are_dropped);
	CU_ADD_TEST(s, one_address_has_16_clients);
	CU_ADD_TEST(s, many_ask_at_once);
	CU_ADD_TEST(s, a_port_in_use_is_one_sentence);
	CU_ADD_TEST(s, ipv6_is_served);
}
