/* Which ports of the appliance have an exception path. */
#include "dataplane/live/appliance_inside.h"

#include <stdio.h>

#include "config/log/error.h"

bool appliance_wants_exception(const struct appliance *appliance, const char *device)
{
	switch (appliance->params.settings->exception.mode) {
	case EXCEPTION_OFF:
		return false;
	case EXCEPTION_ON:
		return true;
	case EXCEPTION_AUTO:
		break;
	}
	return !port_is_kernels(device);
}

/* What must be there must be had; what would be good to have may be missing, and that is said. */
static int miss(const struct appliance *appliance, const char *device, const char *why,
	struct error *error)
{
	if (appliance->params.settings->exception.mode == EXCEPTION_ON) {
		error_set(error, "%.200s: no exception path: %.240s", device, why);
		return -1;
	}
	log_warning("%s: no exception path: %s", device, why);
	log_warning("ARP, ping and health checks by that port will not be answered");
	return 0;
}

static int add(struct appliance *appliance, struct watched_port *w, const char *device,
	struct error *error)
{
	const struct settings *settings = appliance->params.settings;
	struct error why;

	if (!port_sends(w->port))
		return miss(appliance, device, "its driver cannot send", error);
	w->exception = exception_add(appliance->exception, w->port, settings, &why);
	return w->exception ? 0 : miss(appliance, device, why.text, error);
}

int appliance_start_exceptions(struct appliance *appliance, struct error *error)
{
	const struct settings *settings = appliance->params.settings;
	uint32_t n = 0;

	appliance->exception = exception_create(appliance->n_workers);
	if (!appliance->exception) {
		error_set(error, "not enough memory for the exception path");
		return -1;
	}
	for (uint32_t i = 0; i < appliance->n_ports; i++) {
		const char *device = settings->capture.ports.text[i];

		if (!appliance_wants_exception(appliance, device))
			continue;
		if (add(appliance, &appliance->ports[i], device, error) != 0)
			return -1;
		n += appliance->ports[i].exception != NULL;
	}
	if (n == 0 && settings->exception.addresses.count > 0)
		log_warning("exception.addresses: no port has an exception path: none is set");
	return exception_start(appliance->exception, settings, error);
}

void appliance_watch_exception(struct appliance *appliance, uint32_t index)
{
	struct watched_port *w = &appliance->ports[index];

	if (!w->exception || w->exception_gone || !exception_is_gone(w->exception))
		return;
	w->exception_gone = true;
	log_error("port %s: its interface %s was removed: the kernel gets and answers nothing "
		  "by this port any more; restart",
		appliance->params.settings->capture.ports.text[index],
		exception_interface(w->exception));
}
