#include "cli/plane.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/control.h"
#include "cli/health_port.h"
#include "cli/http.h"
#include "cli/telemetry_answer.h"
#include "cli/watch.h"

struct plane {
	struct watch *watch;
	struct http *http;
	struct health_port *health_port;
	struct control *control;
};

static bool start_control(
	struct plane *p, const struct plane_params *params, char *error, size_t error_size)
{
	char path[CONTROL_PATH_MAX];

	if (params->settings->control.socket[0] == '\0')
		return true;
	if (!control_path(params->settings, params->directory, path, error, error_size))
		return false;
	p->control = control_start(path, p->watch, &params->provider, error, error_size);
	return p->control != NULL;
}

static bool start(struct plane *p, const struct plane_params *params, char *error, size_t size)
{
	const struct settings *s = params->settings;

	p->watch = watch_start(s, &params->provider, error, size);
	if (p->watch == NULL)
		return false;
	if (s->control.http[0] != '\0') {
		p->http = http_start(s->control.http, p->watch, error, size);
		if (p->http == NULL)
			return false;
	}
	if (!start_control(p, params, error, size))
		return false;
	if (s->control.telemetry && !telemetry_answer_start(p->watch, error, size))
		return false;
	/* Last: from here on a load balancer may send traffic. */
	if (s->control.health_tcp != 0) {
		p->health_port = health_port_start(
			(uint16_t)s->control.health_tcp, p->watch, error, size);
		if (p->health_port == NULL)
			return false;
	}
	return true;
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

struct plane *plane_start(const struct plane_params *params, char *error, size_t error_size)
{
	struct plane *p = calloc(1, sizeof(*p));
	sigset_t all, before;
	bool started;

	if (p == NULL) {
		snprintf(error, error_size, "no memory for the control plane");
		return NULL;
	}
	/* Signals are the main thread's: the threads made here inherit that none reaches them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = start(p, params, error, error_size);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (started)
		return p;
	plane_stop(p);
	return NULL;
}
