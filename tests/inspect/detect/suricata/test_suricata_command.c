/* The client of Suricata's command socket, against a server that says what Suricata 7.0.10 says, and what it does not. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "inspect/detect/suricata/suricata_command.h"
#include "support/folder.h"

#define OK "{\"return\": \"OK\"}\n"
#define DONE "{\"message\": \"done\", \"return\": \"OK\"}\n"
#define STATS(loaded, failed) \
	"{\"message\": [{\"id\": 0, \"rules_loaded\": " loaded ", \"rules_failed\": " failed \
	", \"rules_skipped\": 0}], \"return\": \"OK\"}\n"

/* What is asked, in turn, and each answer; NULL: the connection is closed. */
struct row {
	const char *answers[3];
	enum suricata_answer last;
	uint64_t loaded, failed;
	const char *why;
};

static const char *const asked[] = {"{\"version\": \"0.2\"}\n",
	"{\"command\": \"reload-rules\"}\n", "{\"command\": \"ruleset-stats\"}\n"};

static const struct row rows[] = {
	{{OK, DONE, STATS("12", "3")}, SURICATA_RELOADED, 12, 3, ""},
	{{OK, DONE, STATS("0", "0")}, SURICATA_RELOADED, 0, 0, ""},
	{{OK, DONE, "{\"return\": \"OK\", \"message\": {}}\n"}, SURICATA_RELOADED, 0, 0, ""},
	{{OK, DONE, "{\"return\": \"OK\", \"message\": [1, {\"rules_loaded\": [2]}]}\n"},
		SURICATA_RELOADED, 0, 0, ""},
	{{OK, "{\"message\": \"Live rule reload failed\", \"return\": \"NOK\"}\n"},
		SURICATA_REFUSED, 0, 0, "Live rule reload failed"},
	{{OK, "{\"return\": \"NOK\"}\n"}, SURICATA_REFUSED, 0, 0, "it gives no reason"},
	{{OK, "{\"message\": \"done\"}\n"}, SURICATA_REFUSED, 0, 0, "done"},
	{{"{\"return\": [\"OK\"]}\n"}, SURICATA_REFUSED, 0, 0, "it gives no reason"},
	{{"7\n"}, SURICATA_REFUSED, 0, 0, "its answer is no JSON object"},
	{{"\n"}, SURICATA_REFUSED, 0, 0, "its answer is no JSON object"},
	{{"{\"return\": \n"}, SURICATA_REFUSED, 0, 0, "its answer is no JSON"},
	{{OK, NULL}, SURICATA_REFUSED, 0, 0, "it has closed the connection"},
};

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	CU_ASSERT_EQUAL_FATAL(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	CU_ASSERT_EQUAL_FATAL(listen(fd, 1), 0);
	return fd;
}

/* `part`: how many bytes of an answer come at a time. */
static void talk(const struct row *row, int server, const char *path, size_t part)
{
	struct suricata_command *c = suricata_command_reload(path);
	int peer = accept(server, NULL, NULL);
	enum suricata_answer answer = SURICATA_WAITS;
	struct suricata_rules rules;
	char question[128];

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	for (int i = 0; i < 3 && answer == SURICATA_WAITS; i++) {
		ssize_t n = recv(peer, question, sizeof(question), 0);
		const char *rest = row->answers[i];

		CU_ASSERT_TRUE(n == (ssize_t)strlen(asked[i]) &&
			       memcmp(question, asked[i], (size_t)n) == 0);
		CU_ASSERT_EQUAL(suricata_command_look(c, &rules), SURICATA_WAITS);
		if (rest == NULL) {
			close(peer);
			peer = -1;
			answer = suricata_command_look(c, &rules);
		}
		while (rest != NULL && *rest != '\0') {
			size_t len = strlen(rest) < part ? strlen(rest) : part;

			CU_ASSERT_EQUAL(answer, SURICATA_WAITS);
			CU_ASSERT_EQUAL(send(peer, rest, len, 0), (ssize_t)len);
			rest += len;
			answer = suricata_command_look(c, &rules);
		}
	}
	CU_ASSERT_EQUAL(answer, row->last);
	CU_ASSERT_EQUAL(rules.loaded, row->loaded);
	CU_ASSERT_EQUAL(rules.failed, row->failed);
	CU_ASSERT_STRING_EQUAL(rules.why, row->why);
	suricata_command_close(c);
	if (peer >= 0)
		close(peer);
}

static void what_is_said(void)
{
	struct folder folder = folder_make();
	char path[128];
	int server;

	folder_path(&folder, SURICATA_COMMANDS, path, sizeof(path));
	server = listen_at(path);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t part = 1; part < 200; part = part * 7 + 1)
			talk(&rows[i], server, path, part);
	close(server);
	folder_remove(&folder);
}

static void an_answer_without_end(void)
{
	static char bytes[64 << 10];
	struct folder folder = folder_make();
	enum suricata_answer answer = SURICATA_WAITS;
	struct suricata_rules rules;
	struct suricata_command *c;
	char path[128];
	size_t sent = 0;
	int server, peer;

	folder_path(&folder, SURICATA_COMMANDS, path, sizeof(path));
	server = listen_at(path);
	c = suricata_command_reload(path);
	peer = accept(server, NULL, NULL);
	memset(bytes, ' ', sizeof(bytes));
	while (answer == SURICATA_WAITS && sent < 2 * sizeof(bytes)) {
		ssize_t n = send(peer, bytes, 4096, 0);

		CU_ASSERT_FATAL(n > 0);
		sent += (size_t)n;
		answer = suricata_command_look(c, &rules);
	}
	CU_ASSERT_EQUAL(answer, SURICATA_REFUSED);
	CU_ASSERT_STRING_EQUAL(rules.why, "its answer has no end");
	CU_ASSERT_TRUE(sent <= sizeof(bytes));
	suricata_command_close(c);
	close(peer);
	close(server);
	folder_remove(&folder);
}

static void nobody_is_there(void)
{
	errno = 0;
	CU_ASSERT_PTR_NULL(suricata_command_reload("/nowhere/" SURICATA_COMMANDS));
	CU_ASSERT_EQUAL(errno, ENOENT);
	suricata_command_close(NULL);
}

void suite_suricata_command(void);
void suite_suricata_command(void)
{
	CU_pSuite s = CU_add_suite("suricata_command", NULL, NULL);

	CU_ADD_TEST(s, what_is_said);
	CU_ADD_TEST(s, an_answer_without_end);
	CU_ADD_TEST(s, nobody_is_there);
}
