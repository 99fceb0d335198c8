#include "cli/control/control_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/status/answer.h"
#include "config/log/now.h"
#include "inspect/record/json.h"

static const uint64_t request_ns = 2000000000, answer_ns = 10000000000;

enum { MESSAGE = 1024 };

/* A request in its words. */
struct words {
	char verb[CONTROL_REQUEST_MAX];
	bool json;
};

bool control_knows(const char *request)
{
	return answer_find(request) != NULL || strcmp(request, "reload") == 0 ||
	       strcmp(request, "quit") == 0;
}

void control_client_begin(struct control_client *client, int fd, uint64_t now_ns)
{
	*client = (struct control_client){.fd = fd, .until_ns = now_ns + request_ns};
}

void control_client_end(struct control_client *client)
{
	char room[1024];

	/* What is left unread would turn the end of the stream into an error at the client. */
	for (int i = 0; i < 16 && recv(client->fd, room, sizeof(room), 0) > 0; i++)
		;
	close(client->fd);
	free(client->answer);
	*client = (struct control_client){.fd = -1};
}

/* Makes `client->answer`. Without memory for it there is none, and the client is dropped. */
static void finish(struct control_client *client, bool good, const char *body, size_t size)
{
	FILE *out = open_memstream(&client->answer, &client->size);

	if (out == NULL)
		return;
	fprintf(out, "%s %zu\n", good ? "ok" : "error", size);
	fwrite(body, 1, size, out);
	fclose(out);
	client->until_ns = now_monotonic() + answer_ns;
}

static void finish_text(struct control_client *client, bool good, const char *text)
{
	finish(client, good, text, strlen(text));
}

static void answer_status(struct control_client *client, const struct control_service *service,
	const struct answer_kind *kind, bool json)
{
	struct status status;
	struct health_result result;
	char *body = NULL;
	size_t size;
	FILE *out = NULL;

	status_init(&status, kind->parts);
	if (health_check_collect(service->health_check, &status))
		out = open_memstream(&body, &size);
	if (out != NULL) {
		health_check_latest(service->health_check, &result);
		answer_write(kind, &status, &result, json, out);
		fclose(out);
		finish(client, true, body, size);
	} else {
		finish_text(client, false, "the state of the appliance could not be collected");
	}
	free(body);
	status_fini(&status);
}

/* What was done, as a sentence or as {"key": true, "message": ...}. */
static void finish_done(
	struct control_client *client, const char *key, const char *message, bool json)
{
	char *body = NULL;
	size_t size;
	FILE *out = open_memstream(&body, &size);
	struct json j = {.out = out};

	if (out == NULL)
		return;
	if (json) {
		json_open(&j, NULL, '{');
		json_bool(&j, key, true);
		json_string(&j, "message", message[0] == '\0' ? NULL : message);
		json_close(&j, '}');
	} else {
		fprintf(out, "%s%s%s", key, message[0] == '\0' ? "" : ": ", message);
	}
	fputc('\n', out);
	fclose(out);
	finish(client, true, body, size);
	free(body);
}

static void answer_reload(
	struct control_client *client, const struct control_service *service, bool json)
{
	char message[MESSAGE] = "";

	if (service->provider.reload(service->provider.ctx, message, sizeof(message)) == 0)
		finish_done(client, "reloaded", message, json);
	else
		finish_text(client, false, message);
}

static void answer_unknown(struct control_client *client)
{
	char text[CONTROL_REQUEST_MAX + 128], safe[32];
	size_t n = 0;

	for (; n + 1 < sizeof(safe) && client->request[n] != '\0'; n++) {
		char c = client->request[n];

		safe[n] = c;
		if (c < ' ' || c > '~')
			safe[n] = '?';
	}
	safe[n] = '\0';
	snprintf(text, sizeof(text),
		"no such request: '%s'; there are stats, sessions, rules, flows, alerts, reload, quit, "
		"each also with json",
		safe);
	finish_text(client, false, text);
}

static bool split(const struct control_client *client, struct words *words)
{
	char option[CONTROL_REQUEST_MAX] = "", more[2];
	int n = sscanf(client->request, "%63s %63s %1s", words->verb, option, more);

	words->json = strcmp(option, "json") == 0;
	return n == 1 || (n == 2 && words->json);
}

/* false: all is sent, or the client is gone. */
static bool give_answer(struct control_client *client)
{
	ssize_t n = send(client->fd, client->answer + client->at, client->size - client->at,
		MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	client->at += (size_t)n;
	return client->at < client->size;
}

static void answer(struct control_client *client, const struct control_service *service)
{
	const struct answer_kind *kind;
	struct words words;

	if (!split(client, &words) || !control_knows(words.verb)) {
		answer_unknown(client);
		return;
	}
	kind = answer_find(words.verb);
	if (kind != NULL) {
		answer_status(client, service, kind, words.json);
	} else if (strcmp(words.verb, "reload") == 0) {
		answer_reload(client, service, words.json);
	} else {
		/* Said before it is done: afterwards there may be no time. */
		finish_done(client, "quitting", "", words.json);
		if (client->answer != NULL)
			give_answer(client);
		service->provider.quit(service->provider.ctx);
	}
}

/* false: the client is gone, or said too much. The line's end, or the end of what the client says,
 * completes the request. */
static bool take_request(struct control_client *client, const struct control_service *service)
{
	size_t room = sizeof(client->request) - 1 - client->n_request;
	ssize_t n = recv(client->fd, client->request + client->n_request, room, 0);
	char *end;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	client->n_request += (size_t)n;
	client->request[client->n_request] = '\0';
	end = memchr(client->request, '\n', client->n_request);
	if (end != NULL)
		*end = '\0';
	else if (client->n_request == 0)
		return false;
	else if (n > 0 && client->n_request < sizeof(client->request) - 1)
		return true;
	answer(client, service);
	return client->answer != NULL && give_answer(client);
}

void control_client_step(
	struct control_client *client, bool ready, const struct control_service *service)
{
	bool goes_on = true;

	if (ready && client->answer == NULL)
		goes_on = take_request(client, service);
	else if (ready)
		goes_on = give_answer(client);
	if (!goes_on || now_monotonic() >= client->until_ns)
		control_client_end(client);
}
