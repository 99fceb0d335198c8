/* What drivers use to prepare a port. */
#include "dataplane/port/port_driver.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void port_note(const struct port_opening *opening, const char *format, ...)
{
	size_t used = strlen(opening->note);
	va_list args;

	if (used > 0)
		used += (size_t)snprintf(opening->note + used, opening->note_size - used, "; ");
	if (used >= opening->note_size)
		return;
	va_start(args, format);
	vsnprintf(opening->note + used, opening->note_size - used, format, args);
	va_end(args);
}

int port_driver_interface(
	struct port_particulars *particulars, const struct port_opening *opening)
{
	const char *device = opening->params->device;
	char name[IF_NAMESIZE];

	if (!device_argument(opening->args, "iface", name, sizeof(name))) {
		error_set(opening->error, "%s: names no interface: add ,iface=NAME", device);
		return -1;
	}
	if (interface_find(&particulars->interface, name))
		return 0;
	error_set(opening->error, "%s: interface %s: %s; 'ip link' lists those there are",
		device, name, strerror(errno));
	return -1;
}
