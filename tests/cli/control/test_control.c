/* The control socket and `periscope ctl`, over a real socket. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/command/command.h"
#include "cli/control/control.h"
#include "cli/control/control_plane.h"
#include "cli/support/net.h"
#include "cli/support/puppet.h"
#include "config/log/error.h"
#include "support/folder.h"
#include "support/python.h"

struct served {
	struct puppet puppet;
	struct settings settings;
	struct control_plane *control_plane;
	struct folder folder;
	char path[128];
	struct error error;
};

static struct control_plane *open_plane(struct served *s)
{
	struct control_plane_params params = {.settings = &s->settings,
		.directory = s->folder.path,
		.provider = puppet_provider(&s->puppet)};

	struct control_plane *control_plane = control_plane_bind(&params, &s->error);

	if (control_plane && control_plane_start(control_plane, &s->error))
		return control_plane;
	control_plane_stop(control_plane);
	return NULL;
}

static void served_begin(struct served *s)
{
	puppet_begin(&s->puppet);
	puppet_settings(&s->settings);
	strcpy(s->settings.control.socket, "periscope.sock");
	s->folder = folder_make();
	folder_path(&s->folder, "periscope.sock", s->path, sizeof(s->path));
	s->control_plane = open_plane(s);
	if (s->control_plane == NULL)
		fprintf(stderr, "%s\n", s->error.text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s->control_plane);
}

static void served_end(struct served *s)
{
	control_plane_stop(s->control_plane);
	CU_ASSERT_NOT_EQUAL(access(s->path, F_OK), 0);
	folder_remove(&s->folder);
	settings_fini(&s->settings);
	puppet_end(&s->puppet);
}

static char *ask(const struct served *s, const char *request)
{
	return net_talk(net_connect_unix(s->path), request, strlen(request));
}

/* The answer has `head`, and as many bytes after it as it says. */
static bool answer_is_whole(const char *answer, const char *head)
{
	const char *body = answer == NULL ? NULL : strchr(answer, '\n');

	return body != NULL && strncmp(answer, head, strlen(head)) == 0 &&
	       strtoul(answer + strlen(head), NULL, 10) == strlen(body + 1);
}

/* The answer to quit is sent before the appliance is told: it may take a moment. */
static bool quit_was_asked(struct served *s, unsigned times)
{
	for (int i = 0; i < 1000 && PUPPET_GET(&s->puppet, quits) < times; i++)
		usleep(5000);
	return PUPPET_GET(&s->puppet, quits) == times;
}

/* Runs `periscope ctl ARGUMENTS...`; what it printed is in the files out and err of the folder. */
static int ctl(const struct served *s, const char *const *arguments)
{
	char *argv[8] = {strdup("ctl")}, path[128];
	int kept[2] = {dup(1), dup(2)}, argc = 1, status;

	for (; arguments[argc - 1] != NULL; argc++)
		argv[argc] = strdup(arguments[argc - 1]);
	fflush(NULL);
	for (int i = 0; i < 2; i++) {
		int fd = open(
			folder_path(&s->folder, i == 0 ? "out" : "err", path, sizeof(path)),
			O_WRONLY | O_CREAT | O_TRUNC, 0600);

		dup2(fd, i + 1);
		close(fd);
	}
	status = command_ctl(argc, argv);
	fflush(NULL);
	for (int i = 0; i < 2; i++) {
		dup2(kept[i], i + 1);
		close(kept[i]);
	}
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	return status;
}

static bool said(const struct served *s, const char *file, const char *text)
{
	size_t len;
	char *content = folder_get(&s->folder, file, &len);
	bool found = content != NULL && strstr(content, text) != NULL;

	if (!found)
		fprintf(stderr, "not said: '%s', but: %s\n", text, content);
	free(content);
	return found;
}

static void every_request_is_answered(void)
{
	static const char *const rows[] = {"stats\n", "sessions\n", "rules\n", "flows\n",
		"stats json\n", "sessions json\n", "rules json\n", "flows json\n", "reload\n",
		"reload json\n", "quit\n", "quit json\n", "stats\r\n", "  stats   json  \n"};
	struct served s;

	served_begin(&s);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *answer = ask(&s, rows[i]);

		CU_ASSERT_TRUE(answer_is_whole(answer, "ok "));
		free(answer);
	}
	CU_ASSERT_EQUAL(PUPPET_GET(&s.puppet, reloads), 2);
	CU_ASSERT_TRUE(quit_was_asked(&s, 2));
	served_end(&s);
}

static void garbage_is_refused(void)
{
	static const char *const rows[] = {"\n", "nonsense\n", "stats xml\n",
		"stats json more\n", "\x01\xff\x1b[31m\n", "GET /health HTTP/1.1\r\n\r\n",
		"STATS\n", "reload; quit\n",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	struct served s;
	char *answer;

	served_begin(&s);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		answer = ask(&s, rows[i]);
		CU_ASSERT_TRUE(answer_is_whole(answer, "error "));
		for (const char *c = answer; c != NULL && *c != '\0'; c++)
			CU_ASSERT_TRUE((*c >= ' ' && *c <= '~') || *c == '\n');
		free(answer);
	}
	answer = ask(&s, "nonsense\n");
	CU_ASSERT_PTR_NOT_NULL(strstr(answer, "no such request: 'nonsense'; there are stats,"));
	free(answer);
	CU_ASSERT_EQUAL(PUPPET_GET(&s.puppet, reloads), 0);
	CU_ASSERT_EQUAL(PUPPET_GET(&s.puppet, quits), 0);
	served_end(&s);
}

static void an_unfinished_line_counts_when_the_client_has_ended_it(void)
{
	struct served s;
	char *answer;
	int fd;

	served_begin(&s);
	fd = net_connect_unix(s.path);
	CU_ASSERT_EQUAL(send(fd, "ru", 2, 0), 2);
	usleep(20000);
	CU_ASSERT_EQUAL(send(fd, "les", 3, 0), 3);
	shutdown(fd, SHUT_WR);
	answer = net_talk(fd, "", 0);
	CU_ASSERT_TRUE(answer_is_whole(answer, "ok "));
	free(answer);
	served_end(&s);
}

/* All slots are taken by clients that say nothing or read nothing; within the time of a request
 * others are served. */
static void silent_clients_are_dropped(void)
{
	enum { SILENT = 24 };
	struct served s;
	int fds[SILENT];
	char *answer, byte;

	served_begin(&s);
	PUPPET_SET(&s.puppet, n_learned, 9000);
	for (int i = 0; i < SILENT; i++) {
		fds[i] = net_connect_unix(s.path);
		if (i % 2 == 0)
			CU_ASSERT_EQUAL(send(fds[i], "stats", 5, MSG_NOSIGNAL), 5);
	}
	CU_ASSERT_EQUAL(send(fds[1], "sessions json\n", 14, MSG_NOSIGNAL), 14);
	answer = ask(&s, "stats\n");
	CU_ASSERT_TRUE(answer_is_whole(answer, "ok "));
	free(answer);
	CU_ASSERT_EQUAL(recv(fds[0], &byte, 1, 0), 0);
	for (int i = 0; i < SILENT; i++)
		close(fds[i]);
	served_end(&s);
}

static void *ask_often(void *arg)
{
	const struct served *s = arg;
	intptr_t good = 0;

	for (int i = 0; i < 20; i++) {
		char *answer = ask(s, i % 2 == 0 ? "stats json\n" : "sessions\n");

		good += answer_is_whole(answer, "ok ");
		free(answer);
	}
	return (void *)good; /* NOLINT: a count, not a pointer */
}

static void many_ask_at_once(void)
{
	enum { ASKERS = 8 };
	pthread_t threads[ASKERS];
	intptr_t good = 0;
	struct served s;

	served_begin(&s);
	PUPPET_SET(&s.puppet, n_learned, 1000);
	for (int i = 0; i < ASKERS; i++)
		pthread_create(&threads[i], NULL, ask_often, &s);
	for (int i = 0; i < ASKERS; i++) {
		void *result;

		pthread_join(threads[i], &result);
		good += (intptr_t)result;
	}
	CU_ASSERT_EQUAL(good, ASKERS * 20);
	CU_ASSERT_EQUAL(PUPPET_GET(&s.puppet, most_at_once), 1);
	served_end(&s);
}

static void the_socket_is_for_owner_and_group(void)
{
	struct served s;
	struct stat st;
	mode_t before = umask(0077);

	served_begin(&s);
	umask(before);
	CU_ASSERT_EQUAL(stat(s.path, &st), 0);
	CU_ASSERT_TRUE(S_ISSOCK(st.st_mode));
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0660);
	served_end(&s);
}

/* Leaves a socket's file without its process, as kill -9 does. */
static void leave_stale(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	CU_ASSERT_EQUAL(listen(fd, 1), 0);
	close(fd);
	CU_ASSERT_EQUAL(access(path, F_OK), 0);
}

static void a_stale_socket_is_replaced_and_a_living_one_is_not(void)
{
	struct served s;
	char want[256], *answer;
	FILE *file;

	served_begin(&s);
	CU_ASSERT_PTR_NULL(open_plane(&s));
	snprintf(want, sizeof(want), "control.socket: %s: another process answers there",
		s.path);
	CU_ASSERT_STRING_EQUAL(s.error.text, want);
	answer = ask(&s, "stats\n"); /* the first one goes on */
	CU_ASSERT_TRUE(answer_is_whole(answer, "ok "));
	free(answer);
	control_plane_stop(s.control_plane);

	leave_stale(s.path);
	s.control_plane = open_plane(&s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s.control_plane);
	answer = ask(&s, "stats\n");
	CU_ASSERT_TRUE(answer_is_whole(answer, "ok "));
	free(answer);
	control_plane_stop(s.control_plane);

	file = fopen(s.path, "w");
	fputs("precious", file);
	fclose(file);
	s.control_plane = open_plane(&s);
	CU_ASSERT_PTR_NULL(s.control_plane);
	snprintf(want, sizeof(want), "control.socket: %s is there and is no socket", s.path);
	CU_ASSERT_STRING_EQUAL(s.error.text, want);
	CU_ASSERT_EQUAL(unlink(s.path), 0);
	served_end(&s);
}

static void a_path_that_is_too_long_is_said(void)
{
	struct settings settings;
	char path[CONTROL_PATH_MAX], directory[120];
	struct error error;

	settings_init(&settings);
	memset(directory, 'd', sizeof(directory));
	directory[sizeof(directory) - 1] = '\0';
	CU_ASSERT_FALSE(control_path(&settings, directory, path, &error));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(error.text, "is longer than a UNIX socket's 107 characters"));
	CU_ASSERT_TRUE(control_path(&settings, "/run", path, &error));
	CU_ASSERT_STRING_EQUAL(path, "/run/periscope.sock");
	strcpy(settings.control.socket, "/run/p.sock");
	CU_ASSERT_TRUE(control_path(&settings, directory, path, &error));
	CU_ASSERT_STRING_EQUAL(path, "/run/p.sock");
	settings_fini(&settings);
}

static void ctl_prints_tables(void)
{
	struct served s;

	served_begin(&s);
	PUPPET_SET(&s.puppet, since_poll_ns, 2500000000);
	usleep(200000);
	CU_ASSERT_EQUAL(ctl(&s, (const char *[]){"-l", s.folder.path, "stats", NULL}), 0);
	CU_ASSERT_TRUE(said(&s, "out",
		"periscope 0.0-test: up 1 h 2 min, configuration 3, NOT HEALTHY:\n"
		"  worker 1 has not polled for 2.5 s\n"));
	CU_ASSERT_TRUE(said(&s, "out", "  received      130\n"));
	CU_ASSERT_TRUE(said(&s, "out", "  eth1  up        140  14.00 kB      11"));
	CU_ASSERT_EQUAL(ctl(&s, (const char *[]){"--socket", s.path, "sessions", NULL}), 0);
	CU_ASSERT_TRUE(said(&s, "out", "  10.0.0.1       42  a\"b\\c?d"));
	CU_ASSERT_TRUE(said(&s, "out", "not in the settings"));
	CU_ASSERT_EQUAL(ctl(&s, (const char *[]){"--socket", s.path, "rules", NULL}), 0);
	CU_ASSERT_TRUE(
		said(&s, "out", "  tmf-web  egress      100  reject       10  1.00 kB\n"));
	CU_ASSERT_EQUAL(ctl(&s, (const char *[]){"--socket", s.path, "flows", NULL}), 0);
	CU_ASSERT_TRUE(said(&s, "out", "10 live flows, those with most bytes:\n"));
	CU_ASSERT_TRUE(said(&s, "out", "10.1.0.1:40000  10.2.0.2:443  TLS.Google"));
	CU_ASSERT_TRUE(said(&s, "out", "[fd00::1]:0"));
	served_end(&s);
}

static void ctl_prints_json(void)
{
	static const struct {
		const char *request, *judge;
	} rows[] = {
		{"stats",
			"d['received'] == 130 and d['ledger']['not_mirror'] == 9 and "
			"d['ledger_closed'] and d['healthy'] and d['wrong'] == [] and "
			"d['workers'][0]['busy_share'] == 0 and d['handoff'][0]['full'] "
			"== 1 "
			"and d['ports'][0]['xstats']['rx_q0_bad_csum'] == 4 and "
			"d['outputs']['events']['lost_queue'] == 9 and "
			"d['feeds'] == {'feed:ids': {'readers': 1, 'readers_joined': 2, "
			"'readers_missed': 3, 'no_reader': 0, 'too_long': 5, 'tagged_points': 40, 'shared_tags': 0}} and "
			"d['removed']['events'] == {'files': 3, 'bytes': 4096} and "
			"d['disk']['free_bytes'] == 5000000000 and d['shed'][0]['count'] == "
			"33"},
		{"sessions",
			"d['n_sessions'] == 2 and d['sessions'][0]['tenant'] == "
			"'a\"b\\\\c\\nd\\ufffd\\u00e9' and d['sessions'][0]['acked_unseen'] "
			"== 77 and d['sessions'][1]['acked_unseen'] is None and "
			"[s['silent'] for s in d['sessions']] == [True, False] and "
			"d['sessions'][0]['last'] == '2023-11-14T22:13:20.123456789Z' and "
			"d['sessions'][1]['outer_src'] == '2001:db8::7'"},
		{"rules", "[r['packets'] for r in d['rules']] == [90, 10] and "
			  "d['rules'][1]['rule_id'] is None"},
		{"flows", "d['live'] == 10 and d['flows'][0]['server'] == {'packets': 20, "
			  "'bytes': 20000} and d['flows'][1]['vni'] is None and "
			  "d['flows'][1]['src_ip'] == 'fd00::1'"},
		{"reload", "d == {'reloaded': True, 'message': None}"},
	};
	struct served s;
	char script[1024], out[128];

	served_begin(&s);
	folder_path(&s.folder, "out", out, sizeof(out));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		CU_ASSERT_EQUAL(ctl(&s, (const char *[]){"-j", "--socket", s.path,
						rows[i].request, NULL}),
			0);
		snprintf(script, sizeof(script),
			"import json, sys\nd = json.load(open(sys.argv[1], encoding='utf-8'))\n"
			"assert %s, d",
			rows[i].judge);
		CU_ASSERT_TRUE(python_agrees(script, out));
	}
	served_end(&s);
}

static void ctl_says_why_a_reload_was_refused(void)
{
	struct served s;
	struct stat st;
	char out[128];

	served_begin(&s);
	CU_ASSERT_EQUAL(ctl(&s, (const char *[]){"--socket", s.path, "reload", NULL}), 0);
	CU_ASSERT_TRUE(said(&s, "out", "reloaded\n"));
	PUPPET_SET(&s.puppet, refusal, "lab.yaml:7: flow.capacity: '3' is out of range");
	CU_ASSERT_EQUAL(ctl(&s, (const char *[]){"--socket", s.path, "reload", NULL}), 1);
	CU_ASSERT_TRUE(said(
		&s, "err", "periscope: ctl: lab.yaml:7: flow.capacity: '3' is out of range\n"));
	CU_ASSERT_EQUAL(ctl(&s, (const char *[]){"--socket", s.path, "-j", "reload", NULL}), 1);
	folder_path(&s.folder, "out", out, sizeof(out));
	CU_ASSERT_EQUAL(stat(out, &st), 0);
	CU_ASSERT_EQUAL(st.st_size, 0);
	CU_ASSERT_EQUAL(ctl(&s, (const char *[]){"--socket", s.path, "quit", NULL}), 0);
	CU_ASSERT_TRUE(said(&s, "out", "quitting\n"));
	CU_ASSERT_TRUE(quit_was_asked(&s, 1));
	served_end(&s);
}

static void ctl_says_when_nobody_answers(void)
{
	struct served s;
	char missing[128], want[300], settings[128];

	served_begin(&s);
	folder_path(&s.folder, "none.sock", missing, sizeof(missing));
	CU_ASSERT_EQUAL(ctl(&s, (const char *[]){"--socket", missing, "stats", NULL}), 1);
	snprintf(want, sizeof(want),
		"periscope: ctl: no appliance answers at %s: No such file or directory\n",
		missing);
	CU_ASSERT_TRUE(said(&s, "err", want));
	leave_stale(missing);
	CU_ASSERT_EQUAL(ctl(&s, (const char *[]){"--socket", missing, "stats", NULL}), 1);
	CU_ASSERT_TRUE(said(&s, "err", ": Connection refused\n"));
	folder_put(&s.folder, "off.yaml", "control: {socket: off}\n");
	folder_path(&s.folder, "off.yaml", settings, sizeof(settings));
	CU_ASSERT_EQUAL(ctl(&s, (const char *[]){"-c", settings, "stats", NULL}), 2);
	CU_ASSERT_TRUE(said(&s, "err", "periscope: ctl: control.socket is off\n"));
	CU_ASSERT_EQUAL(ctl(&s, (const char *[]){"frobnicate", NULL}), 2);
	CU_ASSERT_EQUAL(ctl(&s, (const char *[]){"stats", "flows", NULL}), 2);
	CU_ASSERT_EQUAL(ctl(&s, (const char *[]){"-x", "stats", NULL}), 2);
	CU_ASSERT_EQUAL(ctl(&s, (const char *[]){"--help", NULL}), 0);
	served_end(&s);
}

/* A server that promises more than it says, or says nothing. */
static void *answer_badly(void *arg)
{
	static const char *const answers[] = {"ok 100\nshort", "", "what?\n", "ok x\n"};
	int fd = *(int *)arg;
	char room[64];

	for (int i = 0; i < 4; i++) {
		int client = accept(fd, NULL, NULL);

		if (recv(client, room, sizeof(room), 0) > 0)
			(void)!write(client, answers[i], strlen(answers[i]));
		close(client);
	}
	return NULL;
}

static void ctl_notices_an_answer_that_broke_off(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct served s;
	char path[128];
	pthread_t thread;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	served_begin(&s);
	folder_path(&s.folder, "bad.sock", path, sizeof(path));
	snprintf(a.sun_path, sizeof(a.sun_path), "%.100s", path);
	CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	CU_ASSERT_EQUAL_FATAL(listen(fd, 4), 0);
	pthread_create(&thread, NULL, answer_badly, &fd);
	for (int i = 0; i < 4; i++) {
		CU_ASSERT_EQUAL(ctl(&s, (const char *[]){"--socket", path, "stats", NULL}), 1);
		CU_ASSERT_TRUE(said(&s, "err", i == 0 ? "broke off\n" : "no answer from"));
	}
	pthread_join(thread, NULL);
	close(fd);
	served_end(&s);
}

void suite_control(void);
void suite_control(void)
{
	CU_pSuite s = CU_add_suite("control", NULL, NULL);

	CU_ADD_TEST(s, every_request_is_answered);
	CU_ADD_TEST(s, garbage_is_refused);
	CU_ADD_TEST(s, an_unfinished_line_counts_when_the_client_has_ended_it);
	CU_ADD_TEST(s, silent_clients_are_dropped);
	CU_ADD_TEST(s, many_ask_at_once);
	CU_ADD_TEST(s, the_socket_is_for_owner_and_group);
	CU_ADD_TEST(s, a_stale_socket_is_replaced_and_a_living_one_is_not);
	CU_ADD_TEST(s, a_path_that_is_too_long_is_said);
	CU_ADD_TEST(s, ctl_prints_tables);
	CU_ADD_TEST(s, ctl_prints_json);
	CU_ADD_TEST(s, ctl_says_why_a_reload_was_refused);
	CU_ADD_TEST(s, ctl_says_when_nobody_answers);
	CU_ADD_TEST(s, ctl_notices_an_answer_that_broke_off);
}
