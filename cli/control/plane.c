#include "cli/control/plane.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/control/control.h"
#include "cli/control/health_port.h"
#include "cli/control/http.h"
#include "cli/status/telemetry_answer.h"
#include "cli/status/watch.h"

struct plane {
	struct plane_params params;
	struct watch *watch;
	struct http *http;
	struct health_port *health_port;
	struct control *control;
};

static bool bind_control(
	struct plane *p, const struct plane_params *params, char *error, size_t error_size)
{
	char path[CONTROL_PATH_MAX];

	if (params->settings->control.socket[0] == '\0')
		return true;
	if (!control_path(params->settings, params->directory, path, error, error_size))
		return false;
	p->control = control_bind(path, error, error_size);
	return p->control != NULL;
}

static bool bind_all(struct plane *p, char *error, size_t size)
{
	const struct settings *s = p->params.settings;

	if (s->control.http[0] != '\0') {
		p->http = http_bind(s->control.http, error, size);
		if (p->http == NULL)
			return false;
	}
	if (s->control.health_tcp != 0) {
		p->health_port = health_port_bind((uint16_t)s->control.health_tcp, error, size);
		if (p->health_port == NULL)
			return false;
	}
	return bind_control(p, &p->params, error, size);
}

static bool start(struct plane *p, char *error, size_t size)
{
	p->watch = watch_start(p->params.settings, &p->params.provider, error, size);
	if (p->watch == NULL)
		return false;
	if (p->http != NULL && !http_start(p->http, p->watch, error, size))
		return false;
	if (p->control != NULL &&
		!control_start(p->control, p->watch, &p->params.provider, error, size))
		return false;
	if (p->params.settings->control.telemetry &&
		!telemetry_answer_start(p->watch, error, size))
		return false;
	/* Last: from here on a load balancer may send traffic. */
	return p->health_port == NULL ||
	       health_port_start(p->health_port, p->watch, error, size);
}

void plane_verdict(struct plane *p, struct verdict *verdict)
{
	watch_verdict(p->watch, verdict);
}

void plane_stop(struct plane *p)
{
	if (p == NULL)
		return;
	health_port_stop(p->health_port);
	telemetry_answer_stop();
	control_stop(p->control);
	http_stop(p->http);
	watch_stop(p->watch);
	free(p);
}

struct plane *plane_bind(const struct plane_params *params, char *error, size_t error_size)
{
	struct plane *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		snprintf(error, error_size, "no memory for the control plane");
		return NULL;
	}
	p->params = *params;
	if (bind_all(p, error, error_size))
		return p;
	plane_stop(p);
	return NULL;
}

bool plane_start(struct plane *p, char *error, size_t error_size)
{
	sigset_t all, before;
	bool started;

	/* Signals are the main thread's: the threads made here inherit that none reaches them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = start(p, error, error_size);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}
