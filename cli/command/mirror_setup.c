/* What was asked of mirror, checked; what it works with, opened and closed. */
#include "cli/command/command.h"
#include "cli/command/distinct_files.h"
#include "cli/command/load_config.h"
#include "cli/command/mirror.h"

#include "dataplane/pipeline/lane.h"
#include "dataplane/port/eal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/log/error.h"

enum { EAL_MEMORY_MB = 512 };

static bool parse_number(const char *name, const char *text, uint32_t min, uint32_t max,
	uint32_t *out, struct error *error)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	*out = (uint32_t)n;
	if (*text >= '0' && *text <= '9' && *end == '\0' && n >= min && n <= max)
		return true;
	error_set(error, "%s: '%s' is not a number from %u to %u", name, text, min, max);
	return false;
}

static bool parse_address(
	const char *name, const char *text, struct ip_addr *out, struct error *error)
{
	if (ip_addr_parse(text, out))
		return true;
	error_set(error, "%s: '%s' is not an address", name, text);
	return false;
}

/* IP, IPV4:PORT or [IPV6]:PORT. */
static bool parse_target(
	const char *text, struct ip_addr *addr, uint16_t *port, struct error *error)
{
	char word[64], *colon, *at = word;
	uint32_t number = 0;

	snprintf(word, sizeof(word), "%s", text);
	colon = strrchr(word, ':');
	if (word[0] == '[') {
		at = word + 1;
		colon = strstr(word, "]:");
		if (colon)
			*colon++ = '\0';
	} else if (colon && strchr(word, ':') != colon) {
		colon = NULL;
	}
	if (colon) {
		*colon = '\0';
		if (!parse_number("--send: port", colon + 1, 1, UINT16_MAX, &number, error))
			return false;
	}
	*port = (uint16_t)number;
	return parse_address("--send", at, addr, error);
}

static bool set_addresses(struct mirror *m, const struct arguments *a, struct error *error)
{
	const char *target = a->target;

	if (!target)
		target = ip_addr_is_v4(&m->encap.src) ? "192.0.2.1" : "2001:db8::1";
	if (!parse_address("--target", target, &m->encap.dst, error))
		return false;
	if (ip_addr_is_v4(&m->encap.src) != ip_addr_is_v4(&m->encap.dst)) {
		error_set(error, "--target: %s is not of the source's family", target);
		return false;
	}
	if (a->gwlb) {
		ip_addr_parse("192.0.2.10", &m->gateway.src);
		ip_addr_parse("192.0.2.11", &m->gateway.dst);
		m->encap.gateway = &m->gateway;
	}
	return true;
}

static bool set_numbers(struct mirror *m, const struct arguments *a, struct error *error)
{
	uint32_t over = encap_size(&m->encap) - ETHERNET_HEADER +
			mirroring_mtu_reserve(&m->settings, &m->encap, true);

	if (a->packet_length && !parse_number("--packet-length", a->packet_length, 1, FRAME_MAX,
					&m->packet_length, error))
		return false;
	if (a->mtu && !parse_number("--mtu", a->mtu, over + ETHERNET_HEADER, UINT16_MAX,
			      &m->mtu, error))
		return false;
	if (a->on_reject && strcmp(a->on_reject, "next") != 0 &&
		strcmp(a->on_reject, "stop") != 0) {
		error_set(error, "--on-reject: '%s' is neither next nor stop", a->on_reject);
		return false;
	}
	if (a->on_reject)
		m->settings.mirroring.on_reject =
			*a->on_reject == 's' ? ON_REJECT_STOP : ON_REJECT_NEXT;
	return true;
}

/* With settings: the source interface, and its rules compiled. */
static int set_interface(struct mirror *m, const struct arguments *a, struct error *error)
{
	const struct config_source from = {.file = a->settings};

	m->model = load_config(&from, &m->settings, error);
	if (!m->model)
		return EXIT_USAGE;
	m->interface = model_interface_find(m->model, a->interface);
	if (!m->interface || !m->interface->has_primary || m->interface->n_sessions == 0) {
		error_set(error, "--interface: %s is %s", a->interface,
			!m->interface                ? "not in the settings"
			: !m->interface->has_primary ? "without a primary address"
						     : "the source of no session");
		return EXIT_USAGE;
	}
	m->encap.src = m->interface->primary;
	if (m->interface->has_mac)
		memcpy(m->encap.src_mac, m->interface->mac, sizeof(m->encap.src_mac));
	if (eal_start_offline(EAL_MEMORY_MB, error))
		return EXIT_FAILED;
	m->eal = true;
	m->fragments = lane_fragments(&m->settings, 0);
	if (!m->fragments) {
		error_set(error, "not enough memory");
		return EXIT_FAILED;
	}
	m->snapshot = snapshot_create(m->model, NULL, &m->settings, 1, 1, error);
	return m->snapshot ? EXIT_DONE : EXIT_FAILED;
}

int mirror_set_up(struct mirror *m, const struct arguments *a, struct error *error)
{
	int status = EXIT_DONE;

	m->encap.port = VXLAN_PORT;
	m->encap.ttl = 255;
	if (a->interface)
		status = set_interface(m, a, error);
	else if (!parse_number("--vni", a->vni, 0, (1 << 24) - 1, &m->encap.vni, error) ||
		 !parse_address("--source", a->source, &m->encap.src, error))
		status = EXIT_USAGE;
	if (status == EXIT_DONE && (!set_addresses(m, a, error) || !set_numbers(m, a, error)))
		status = EXIT_USAGE;
	return status;
}

/* What cannot be read at all leaves nothing behind. */
static bool is_readable(const struct input *input, struct error *error)
{
	struct input_counters counters;

	input_counters(input, &counters);
	if (counters.readable > 0)
		return true;
	error_set(error, "%s", input_error(input, 0));
	return false;
}

int mirror_open(struct mirror *m, const struct arguments *a, struct error *error)
{
	const struct distinct_files files = {
		.settings_file = a->settings,
		.settings = &m->settings,
		.captures = &a->in,
		.n_captures = a->in != NULL,
		.packet_file = a->out,
		.force = a->force,
	};
	struct ip_addr target;
	uint16_t port;

	if (!files_are_distinct(&files))
		return EXIT_USAGE;
	if (a->device)
		m->listen = libpcap_live_open(a->device, error);
	else
		m->input = input_open(&a->in, 1, NULL, error);
	if (!m->listen && !m->input)
		return EXIT_FAILED;
	if (m->input && !is_readable(m->input, error))
		return EXIT_FAILED;
	if (a->send && !parse_target(a->send, &target, &port, error))
		return EXIT_USAGE;
	m->out = a->send ? mirror_out_send(&target, port, error)
			 : mirror_out_file(a->out, error);
	return m->out ? EXIT_DONE : EXIT_FAILED;
}

void mirror_close(struct mirror *m)
{
	input_close(m->input);
	libpcap_live_close(m->listen);
	snapshot_destroy(m->snapshot);
	fragment_table_destroy(m->fragments);
	if (m->eal)
		eal_stop();
	model_destroy(m->model);
	settings_fini(&m->settings);
}
