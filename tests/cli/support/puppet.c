#include "cli/support/puppet.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "decap/addr.h"

/* A label value with everything that must be escaped, and bytes that are not UTF-8. */
#define NASTY "a\"b\\c\nd\xff\xc3\xa9"

void puppet_begin(struct puppet *a)
{
	*a = (struct puppet){.disk_free = 5000000000, .link = STATUS_LINK_UP};
	pthread_mutex_init(&a->lock, NULL);
}

void puppet_end(struct puppet *a)
{
	pthread_mutex_destroy(&a->lock);
}

unsigned puppet_get(struct puppet *a, const unsigned *field)
{
	unsigned n;

	pthread_mutex_lock(&a->lock);
	n = *field;
	pthread_mutex_unlock(&a->lock);
	return n;
}

static void fill_workers(const struct puppet *a, struct status *s)
{
	struct worker_stats *w = status_array(s, 2, sizeof(*w));
	struct status_ring *r = status_array(s, 2, sizeof(*r));

	w[0] = (struct worker_stats){100, 10, 1000, 60, 1500000000, COUNTER_ONE / 4, 1000, 0};
	w[1] = (struct worker_stats){23, 5, 2000, 0, 0, 0, a->since_poll_ns, 0};
	r[0] = (struct status_ring){0, 1, {{1023, a->ring_fill, 7, 1}}};
	r[1] = (struct status_ring){1, 0, {{1023, 0, 3, 0}}};
	s->workers = w;
	s->n_workers = 2;
	s->rings = r;
	s->n_rings = 2;
}

static void fill_ports(const struct puppet *a, struct status *s)
{
	struct status_port *p = status_array(s, 1, sizeof(*p));
	struct status_xstat *x = status_array(s, 2, sizeof(*x));
	struct port_queue_counters *q = status_array(s, 2, sizeof(*q));

	x[0] = (struct status_xstat){"rx_q0_bad_csum", {{4}}};
	x[1] = (struct status_xstat){NASTY, {{0}}};
	q[0] = (struct port_queue_counters){100, 10000, 8, 3};
	q[1] = (struct port_queue_counters){40, 4000, COUNTER_UNKNOWN, 10};
	*p = (struct status_port){.name = status_print(s, "eth%d", 1),
		.beneath = "ens5",
		.link = a->link,
		.packets = 140,
		.bytes = 14000,
		.missed = 11,
		.nombuf = 12,
		.errors = 13,
		.queues = q,
		.n_queues = 2,
		.interface = "pscope0",
		.exception = {.offered = 30,
			.offered_bytes = 3000,
			.delivered = 14,
			.delivered_bytes = 1400,
			.rate_limited = 5,
			.lost_ring = 7,
			.lost_tap = 4,
			.from_kernel = 15,
			.from_kernel_bytes = 1500,
			.sent = 13,
			.sent_bytes = 1300,
			.lost_tx = 2}};
	if (s->parts & STATUS_XSTATS) {
		p->xstats = x;
		p->n_xstats = 2;
	}
	s->ports = p;
	s->n_ports = 1;
}

static void fill_outputs(const struct puppet *a, struct status *s)
{
	struct status_output *o = status_array(s, 3, sizeof(*o));
	struct status_shed *shed = status_array(s, 1, sizeof(*shed));

	o[0] = (struct status_output){.name = "events",
		.enabled = true,
		.ledger = {50 + a->lost_disk, 40, 1, 9, a->lost_disk, 0},
		.queue = {100, a->queue_fill},
		.removed = {3, 4096}};
	o[1] = (struct status_output){.name = "packets"};
	o[2] = (struct status_output){.name = "feed:ids",
		.enabled = true,
		.ledger = {1000 + a->lost_feed, 1000, 0, a->lost_feed, 0, 0},
		.queue = {8192, a->lost_feed > 0 ? 8192 : 0},
		.is_feed = true,
		.feed_stats = {1, 2, 3, a->lost_feed, 5, 40, a->shared_tags}};
	*shed = (struct status_shed){"dpi", {{true, 2, 1500000000, 33}}};
	s->outputs = o;
	s->n_outputs = 3;
	s->sheds = shed;
	s->n_sheds = 1;
	s->has_disk = true;
	s->disk_path = status_text(s, "/var/lib/periscope");
	s->disk.free_bytes = a->disk_free;
	s->disk.size_bytes = 8000000000;
}

static void fill_sessions(const struct puppet *a, struct status *s)
{
	struct status_session *row = status_array(s, 2 + a->n_learned, sizeof(*row));

	ip_addr_parse("10.0.0.1", &row[0].outer_src);
	row[0].vni = 42;
	row[0].session = "tms-1";
	row[0].interface_id = "eni-1";
	row[0].tenant = status_text(s, NASTY);
	row[0].configured = true;
	row[0].packets = 100;
	row[0].bytes = 9000;
	row[0].truncated = 5;
	row[0].first_ns = row[0].last_ns = 1700000000123456789;
	row[0].acked_unseen = 77;
	row[0].silent = true;
	for (uint32_t i = 1; i < 2 + a->n_learned; i++) {
		ip_addr_parse("2001:db8::7", &row[i].outer_src);
		row[i].vni = 100 + i;
		row[i].tenant = status_print(s, "%u", row[i].vni);
		row[i].acked_unseen = COUNTER_UNKNOWN;
	}
	s->sessions = row;
	s->n_sessions = 2 + a->n_learned;
	s->sum.session_table_stats = (struct session_table_stats){6, 3};
}

static void fill_rules(struct status *s)
{
	struct summary_rule *rule = status_array(s, 2, sizeof(*rule));

	rule[0] = (struct summary_rule){
		"tmf-web", "tmfr-1", DIRECTION_INGRESS, 100, true, {{90, 8000}}};
	rule[1] = (struct summary_rule){
		"tmf-web", NULL, DIRECTION_EGRESS, 100, false, {{10, 1000}}};
	s->rules = rule;
	s->n_rules = 2;
}

static void fill_flows(struct status *s)
{
	struct status_flow *f = status_array(s, 2, sizeof(*f));

	f[0] = (struct status_flow){.flow_id = "0123456789abcdef",
		.app = "TLS.Google",
		.session = "tms-1",
		.ip_version = 4,
		.protocol = 6,
		.has_vni = true,
		.vni = 42,
		.src_port = 40000,
		.dst_port = 443,
		.start_ns = 1700000000000000001,
		.last_ns = 1700000001000000000,
		.packets = {10, 20},
		.bytes = {1000, 20000}};
	ip_addr_parse("10.1.0.1", &f[0].src);
	ip_addr_parse("10.2.0.2", &f[0].dst);
	f[1] = (struct status_flow){
		.flow_id = "fedcba9876543210", .app = "DNS", .ip_version = 6, .protocol = 17};
	ip_addr_parse("fd00::1", &f[1].src);
	ip_addr_parse("fd00::2", &f[1].dst);
	s->live = f;
	s->n_live = 2;
}

void puppet_status(struct puppet *a, struct status *s)
{
	s->version = "0.0-test";
	s->uptime_ns = 3723000000001;
	s->generation = 3;
	s->reloads = 2;
	s->reloads_refused = 1;
	s->stopping = a->stopping;
	s->ledger.received = 130;
	s->ledger.in_flight = 1;
	s->ledger.reasons[REASON_inspected] = 120;
	s->ledger.reasons[REASON_not_udp] = 9;
	s->sum.lane_stats.direction_unknown = 8;
	fill_workers(a, s);
	fill_ports(a, s);
	fill_outputs(a, s);
	s->sum.flow_table_stats = (struct flow_table_stats){.made = 30,
		.ended = 20,
		.evicted = 4,
		.refused = 2,
		.live = 10,
		.peak = 15,
		.capacity = 1048576};
	s->sum.dpi_stats =
		(struct dpi_stats){.packets = 60, .refused_flows = 1, .memory_bytes = 4096};
	if (a->wrong != NULL) {
		const char **wrong = status_array(s, 1, sizeof(*wrong));

		wrong[0] = status_text(s, a->wrong);
		s->wrong = wrong;
		s->n_wrong = 1;
	}
	if (s->parts & STATUS_SESSIONS)
		fill_sessions(a, s);
	if (s->parts & STATUS_RULES)
		fill_rules(s);
	if (s->parts & STATUS_FLOWS)
		fill_flows(s);
}

static bool on_collect(void *ctx, struct status *out)
{
	struct puppet *a = ctx;
	unsigned delay;
	bool good;

	pthread_mutex_lock(&a->lock);
	a->collects++;
	a->at_once++;
	if (a->at_once > a->most_at_once)
		a->most_at_once = a->at_once;
	if (out->parts != 0)
		a->parts = out->parts;
	delay = a->collect_us;
	pthread_mutex_unlock(&a->lock);
	if (delay > 0)
		usleep(delay);
	pthread_mutex_lock(&a->lock);
	a->at_once--;
	puppet_status(a, out);
	good = !a->collect_fails;
	pthread_mutex_unlock(&a->lock);
	return good;
}

static int on_reload(void *ctx, char *message, size_t size)
{
	struct puppet *a = ctx;
	int failed;

	pthread_mutex_lock(&a->lock);
	a->reloads++;
	failed = a->refusal != NULL;
	if (failed)
		snprintf(message, size, "%s", a->refusal);
	pthread_mutex_unlock(&a->lock);
	return failed ? -1 : 0;
}

static void on_quit(void *ctx)
{
	struct puppet *a = ctx;

	pthread_mutex_lock(&a->lock);
	a->quits++;
	pthread_mutex_unlock(&a->lock);
}

struct status_provider puppet_provider(struct puppet *a)
{
	return (struct status_provider){
		.ctx = a, .collect = on_collect, .reload = on_reload, .quit = on_quit};
}

void puppet_settings(struct settings *settings)
{
	settings_init(settings);
	settings->control.check_interval = 20000000;
	settings->control.ring_hold = 100000000;
	settings->control.loss_hold = 300000000;
	settings->control.socket[0] = '\0';
	settings->control.http[0] = '\0';
	settings->control.health_tcp = 0;
}
