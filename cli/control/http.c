#include "cli/control/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/control/http_clients.h"
#include "cli/metrics/metrics.h"
#include "config/log/error.h"

enum { IDLE_S = 5, CONNECTION_BYTES = 16384, BACKLOG = 64 };

struct http {
	struct health_check *health_check;
	struct MHD_Daemon *daemon; /* NULL: not started */
	const char *endpoint;
	int fd;
	struct http_clients clients;
};

/* What an answer is made of; `body` is freed once it is sent. */
struct answer {
	unsigned status;
	const char *type;
	char *body;
	size_t size;
};

static struct answer answer_text(unsigned status, const char *text)
{
	struct answer a = {status, "text/plain; charset=utf-8", strdup(text), strlen(text)};

	return a;
}

static struct answer answer_health(struct http *http)
{
	struct answer a = {.type = "application/json"};
	struct health_result result;
	FILE *out = open_memstream(&a.body, &a.size);

	if (out == NULL)
		return a;
	health_check_latest(http->health_check, &result);
	a.status = result.n_wrong == 0 ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
	health_result_json(&result, out);
	fclose(out);
	return a;
}

static struct answer answer_metrics(struct http *http)
{
	struct answer a = {.status = MHD_HTTP_OK, .type = METRICS_TYPE};
	struct health_result result;
	struct status status;
	FILE *out;

	status_init(&status, METRICS_PARTS);
	if (!health_check_collect(http->health_check, &status)) {
		status_fini(&status);
		return answer_text(MHD_HTTP_SERVICE_UNAVAILABLE,
			"the state of the appliance could not be collected\n");
	}
	out = open_memstream(&a.body, &a.size);
	if (out != NULL) {
		health_check_latest(http->health_check, &result);
		metrics_write(&status, &result, out);
		fclose(out);
	}
	status_fini(&status);
	return a;
}

static struct answer answer_to(struct http *http, const char *url, const char *method)
{
	bool health = strcmp(url, "/health") == 0, metrics = strcmp(url, "/metrics") == 0;

	if (!health && !metrics)
		return answer_text(MHD_HTTP_NOT_FOUND, "there is /health and /metrics here\n");
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
		strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return answer_text(MHD_HTTP_METHOD_NOT_ALLOWED, "only GET is answered\n");
	return health ? answer_health(http) : answer_metrics(http);
}

static enum MHD_Result send_answer(struct MHD_Connection *connection, const struct answer *a)
{
	struct MHD_Response *response;
	enum MHD_Result result;

	if (a->body == NULL)
		return MHD_NO; /* no memory: the connection is closed */
	response = MHD_create_response_from_buffer(a->size, a->body, MHD_RESPMEM_MUST_FREE);
	if (response == NULL) {
		free(a->body);
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, a->type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (a->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(connection, a->status, response);
	MHD_destroy_response(response);
	return result;
}

/* libmicrohttpd's MHD_NotifyConnectionCallback; `context` is what http_clients.h keeps of it. */
static void on_connection(void *ctx, struct MHD_Connection *connection, void **context,
	enum MHD_ConnectionNotificationCode what)
{
	struct http *http = ctx;
	const union MHD_ConnectionInfo *info;
	const struct sockaddr *address;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		http_clients_go(*context);
		return;
	}
	/* libmicrohttpd 1.0 answers in one union a connection, which the next question overwrites. */
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	address = info == NULL ? NULL : info->client_addr;
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	if (info != NULL && address != NULL)
		*context = http_clients_come(&http->clients, info->connect_fd, address);
}

/* NOLINTNEXTLINE(readability-function-size): libmicrohttpd's MHD_AccessHandlerCallback */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload,
	size_t *upload_size /* NOLINT(readability-non-const-parameter) */, void **request)
{
	struct answer a = answer_to(ctx, url, method);

	/* Answered at the headers: a body that follows is not read, its connection is closed. */
	(void)version;
	(void)upload;
	(void)upload_size;
	(void)request;
	return send_answer(connection, &a);
}

/* The settings have checked the form. */
static socklen_t parse_endpoint(const char *endpoint, struct sockaddr_storage *address)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
	struct sockaddr_in *four = (struct sockaddr_in *)address;
	const char *colon = strrchr(endpoint, ':');
	char host[64];
	uint16_t port;

	*address = (struct sockaddr_storage){0};
	if (colon == NULL || (size_t)(colon - endpoint) >= sizeof(host))
		return 0;
	port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	snprintf(host, sizeof(host), "%.*s", (int)(colon - endpoint), endpoint);
	if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = port;
		return sizeof(*four);
	}
	if (host[0] != '[')
		return 0;
	host[strcspn(host, "]")] = '\0';
	if (inet_pton(AF_INET6, host + 1, &six->sin6_addr) != 1)
		return 0;
	six->sin6_family = AF_INET6;
	six->sin6_port = port;
	return sizeof(*six);
}

/* -1: errno says why. */
static int listening(const char *endpoint)
{
	struct sockaddr_storage address;
	socklen_t len = parse_endpoint(endpoint, &address);
	int fd, on = 1, failed;

	if (len == 0) {
		errno = EINVAL;
		return -1;
	}
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&address, len) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	failed = errno;
	close(fd);
	errno = failed;
	return -1;
}

struct http *http_bind(const char *endpoint, struct error *error)
{
	struct http *http = calloc(1, sizeof(*http));

	if (http != NULL) {
		http->endpoint = endpoint;
		http->fd = listening(endpoint);
		if (http->fd >= 0)
			return http;
	}
	error_set(error, "control.http: cannot listen on %s: %s", endpoint, strerror(errno));
	free(http);
	return NULL;
}

bool http_start(struct http *http, struct health_check *health_check, struct error *error)
{
	http->health_check = health_check;
	http->daemon = MHD_start_daemon(
		MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO | MHD_USE_ITC, 0, NULL, NULL,
		on_request, http, MHD_OPTION_LISTEN_SOCKET, http->fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CLIENTS_PLACES,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, http,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES, MHD_OPTION_END);
	if (http->daemon != NULL)
		return true;
	error_set(error, "control.http: the HTTP server does not start on %s", http->endpoint);
	return false;
}

void http_stop(struct http *http)
{
	if (http == NULL)
		return;
	if (http->daemon != NULL)
		MHD_stop_daemon(http->daemon); /* closes the socket too */
	else
		close(http->fd);
	free(http);
}
