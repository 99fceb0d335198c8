#include "cli/control/control_plane.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/control/control.h"
#include "cli/control/health_port.h"
#include "cli/control/http.h"
#include "cli/status/health_check.h"
#include "cli/status/telemetry_answer.h"
#include "config/log/error.h"

struct control_plane {
	struct control_plane_params params;
	struct health_check *health_check;
	struct http *http;
	struct health_port *health_port;
	struct control *control;
};

static bool bind_control(
	struct control_plane *p, const struct control_plane_params *params, struct error *error)
{
	char path[CONTROL_PATH_MAX];

	if (params->settings->control.socket[0] == '\0')
		return true;
	if (!control_path(params->settings, params->directory, path, error))
		return false;
	p->control = control_bind(path, error);
	return p->control != NULL;
}

static bool bind_all(struct control_plane *p, struct error *error)
{
	const struct settings *s = p->params.settings;

	if (s->control.http[0] != '\0') {
		p->http = http_bind(s->control.http, error);
		if (p->http == NULL)
			return false;
	}
	if (s->control.health_tcp != 0) {
		p->health_port = health_port_bind((uint16_t)s->control.health_tcp, error);
		if (p->health_port == NULL)
			return false;
	}
	return bind_control(p, &p->params, error);
}

static bool start(struct control_plane *p, struct error *error)
{
	p->health_check = health_check_start(p->params.settings, &p->params.provider, error);
	if (p->health_check == NULL)
		return false;
	if (p->http != NULL && !http_start(p->http, p->health_check, error))
		return false;
	if (p->control != NULL &&
		!control_start(p->control, p->health_check, &p->params.provider, error))
		return false;
	if (p->params.settings->control.telemetry &&
		!telemetry_answer_start(p->health_check, error))
		return false;
	/* Last: from here on a load balancer may send traffic. */
	return p->health_port == NULL ||
	       health_port_start(p->health_port, p->health_check, error);
}

void control_plane_health(struct control_plane *p, struct health_result *result)
{
	health_check_latest(p->health_check, result);
}

void control_plane_stop(struct control_plane *p)
{
	if (p == NULL)
		return;
	health_port_stop(p->health_port);
	telemetry_answer_stop();
	control_stop(p->control);
	http_stop(p->http);
	health_check_stop(p->health_check);
	free(p);
}

struct control_plane *control_plane_bind(
	const struct control_plane_params *params, struct error *error)
{
	struct control_plane *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		error_set(error, "no memory for the control plane");
		return NULL;
	}
	p->params = *params;
	if (bind_all(p, error))
		return p;
	control_plane_stop(p);
	return NULL;
}

bool control_plane_start(struct control_plane *p, struct error *error)
{
	sigset_t all, before;
	bool started;

	/* Signals are the main thread's: the threads made here inherit that none reaches them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = start(p, error);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}
