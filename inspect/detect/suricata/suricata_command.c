#include "inspect/detect/suricata/suricata_command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/parse/json.h"

enum { ANSWER_MAX = 64 << 10 };

/* One question after the other. */
enum stage { GREETING, RELOADING, COUNTING, STAGES };

static const char *const questions[STAGES] = {
	"{\"version\": \"0.2\"}\n",
	"{\"command\": \"reload-rules\"}\n",
	"{\"command\": \"ruleset-stats\"}\n",
};

struct suricata_command {
	int fd;
	enum stage stage;
	size_t len;
	char answer[ANSWER_MAX];
};

static bool ask(struct suricata_command *c)
{
	const char *question = questions[c->stage];
	size_t len = strlen(question);

	c->len = 0;
	return send(c->fd, question, len, MSG_NOSIGNAL) == (ssize_t)len;
}

struct suricata_command *suricata_command_reload(const char *path)
{
	struct suricata_command *c = calloc(1, sizeof(*c));
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int error;

	if (c == NULL)
		return NULL;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd >= 0 &&
		connect(c->fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
		ask(c))
		return c;
	error = errno;
	suricata_command_close(c);
	errno = error;
	return NULL;
}

void suricata_command_close(struct suricata_command *c)
{
	if (c != NULL && c->fd >= 0)
		close(c->fd);
	free(c);
}

int suricata_command_descriptor(const struct suricata_command *c)
{
	return c->fd;
}

static enum suricata_answer refuse(struct suricata_rules *rules, const char *why)
{
	snprintf(rules->why, sizeof(rules->why), "%s", why);
	return SURICATA_REFUSED;
}

static uint64_t number_of(const struct node *map, const char *key)
{
	const struct node *n = node_member(map, key);

	return n != NULL && n->kind == NODE_SCALAR ? strtoull(n->text, NULL, 10) : 0;
}

/* [{"id": 0, "rules_loaded": 1, "rules_failed": 0, ...}] */
static void count_rules(const struct node *message, struct suricata_rules *rules)
{
	if (message == NULL || message->kind != NODE_LIST)
		return;
	node_each(tenant, message)
	{
		if (tenant->kind != NODE_MAP)
			continue;
		rules->loaded += number_of(tenant, "rules_loaded");
		rules->failed += number_of(tenant, "rules_failed");
	}
}

/* The document that a line is. */
static enum suricata_answer take_document(
	struct suricata_command *c, const struct node *answer, struct suricata_rules *rules)
{
	const struct node *result, *message;

	if (answer == NULL || answer->kind != NODE_MAP)
		return refuse(rules, "its answer is no JSON object");
	result = node_member(answer, "return");
	message = node_member(answer, "message");
	if (result == NULL || result->kind != NODE_SCALAR || strcmp(result->text, "OK") != 0)
		return refuse(rules, message != NULL && message->kind == NODE_SCALAR
					     ? message->text
					     : "it gives no reason");
	if (c->stage == COUNTING) {
		count_rules(message, rules);
		return SURICATA_RELOADED;
	}
	c->stage++;
	return ask(c) ? SURICATA_WAITS : refuse(rules, strerror(errno));
}

static enum suricata_answer take_line(
	struct suricata_command *c, size_t len, struct suricata_rules *rules)
{
	struct node_tree tree;
	struct node_error error;
	enum suricata_answer answer;

	*rules = (struct suricata_rules){.loaded = 0};
	if (json_parse(&tree, c->answer, len, &error) != 0)
		answer = refuse(rules, "its answer is no JSON");
	else
		answer = take_document(c, tree.root != NULL ? tree.root->first : NULL, rules);
	node_tree_free(&tree);
	return answer;
}

enum suricata_answer suricata_command_look(
	struct suricata_command *c, struct suricata_rules *rules)
{
	ssize_t n = recv(c->fd, c->answer + c->len, sizeof(c->answer) - c->len, 0);
	const char *end;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return SURICATA_WAITS;
	if (n <= 0)
		return refuse(rules, n == 0 ? "it has closed the connection" : strerror(errno));
	c->len += (size_t)n;
	end = memchr(c->answer, '\n', c->len);
	if (end != NULL)
		return take_line(c, (size_t)(end - c->answer), rules);
	return c->len < sizeof(c->answer) ? SURICATA_WAITS
					  : refuse(rules, "its answer has no end");
}
