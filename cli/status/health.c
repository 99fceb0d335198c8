#include "cli/status/health.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config/parse/plural.h"
#include "inspect/packets/point_tags.h"
#include "inspect/record/json.h"

/* Since when a ring or queue is above its mark; 0: it is not. */
struct fullness {
	uint64_t since_ns;
};

struct loss {
	uint64_t lost;    /* records, when last seen */
	uint64_t last_ns; /* when that grew; 0: never since the start */
};

struct health {
	uint64_t stall_ns, ring_hold_ns, loss_hold_ns, disk_free_min;
	uint32_t mark_percent;
	/* By position in the status; begun anew when their number changes. */
	struct fullness *rings, *queues;
	struct loss *losses;
	uint32_t n_rings, n_outputs;
	bool has_suricata, attaches;
	struct loss ids; /* of it */
};

struct health *health_create(const struct settings *settings)
{
	struct health *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->stall_ns = settings->control.worker_stall;
	h->mark_percent = settings->control.ring_mark;
	h->ring_hold_ns = settings->control.ring_hold;
	h->loss_hold_ns = settings->control.loss_hold;
	h->disk_free_min = settings->control.disk_free_min;
	h->has_suricata = settings_suricata_is_on(&settings->detect.suricata);
	h->attaches = settings->detect.suricata.attach != NULL;
	return h;
}

void health_destroy(struct health *h)
{
	if (h == NULL)
		return;
	free(h->rings);
	free(h->queues);
	free(h->losses);
	free(h);
}

void health_result_add(struct health_result *v, const char *format, ...)
{
	char text[HEALTH_TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (v->n_wrong < HEALTH_WRONG)
		memcpy(v->wrong[v->n_wrong], text, sizeof(text));
	v->n_wrong++;
}

static double seconds(uint64_t ns)
{
	return (double)ns / 1e9;
}

static void judge_workers(
	const struct health *h, const struct status *s, struct health_result *v)
{
	v->workers_poll = s->n_workers > 0;
	if (s->n_workers == 0)
		health_result_add(v, "no worker runs");
	for (uint32_t i = 0; i < s->n_workers; i++) {
		uint64_t since = s->workers[i].since_poll_ns;

		if (since <= h->stall_ns)
			continue;
		v->workers_poll = false;
		health_result_add(
			v, "worker %" PRIu32 " has not polled for %.1f s", i, seconds(since));
	}
}

/* For how long, in ns, it has been at its mark or above; false: it is below, or not for long
 * enough. */
static bool stays_full(const struct health *h, struct fullness *f, uint64_t fill, uint64_t size,
	uint64_t now_ns, uint64_t *for_ns)
{
	if (size == 0 || fill * 100 < size * h->mark_percent) {
		f->since_ns = 0;
		return false;
	}
	if (f->since_ns == 0)
		f->since_ns = now_ns;
	*for_ns = now_ns - f->since_ns;
	return *for_ns >= h->ring_hold_ns;
}

static void judge_rings(
	struct health *h, const struct status *s, uint64_t now_ns, struct health_result *v)
{
	uint64_t for_ns;

	for (uint32_t i = 0; i < s->n_rings && i < h->n_rings; i++) {
		const struct status_ring *r = &s->rings[i];

		if (stays_full(h, &h->rings[i], r->fill, r->size, now_ns, &for_ns))
			health_result_add(v,
				"ring from worker %" PRIu32 " to %" PRIu32 " holds %" PRIu64
				" of %" PRIu64 " packets, at or above its mark of %" PRIu32
				" %% for %.1f s",
				r->from, r->to, r->fill, r->size, h->mark_percent,
				seconds(for_ns));
	}
}

static uint64_t lost_of(const struct status_output *o)
{
	return o->ledger.lost_queue + o->ledger.lost_disk + o->readers_missed;
}

__attribute__((format(printf, 2, 3))) static void note(
	struct health_result *v, const char *format, ...)
{
	va_list arguments;

	if (v->n_notes == HEALTH_NOTES)
		return;
	va_start(arguments, format);
	vsnprintf(v->notes[v->n_notes++], HEALTH_TEXT, format, arguments);
	va_end(arguments);
}

/* Packets were lost lately, of `lost` so far. */
static bool loses(const struct health *h, struct loss *loss, uint64_t lost, uint64_t now_ns)
{
	if (lost > loss->lost)
		loss->last_ns = now_ns;
	loss->lost = lost;
	return loss->last_ns != 0 && now_ns - loss->last_ns <= h->loss_hold_ns;
}

/* Another program that is slow or away takes nothing from the sensor: it is worth a note. */
static void note_feed(struct health *h, uint32_t i, const struct status_output *o,
	uint64_t now_ns, struct health_result *v)
{
	struct loss *loss = &h->losses[i];
	uint64_t lost = lost_of(o);

	if (loses(h, loss, lost, now_ns))
		note(v,
			"%s has lost %" PRIu64 " packet%s, the latest %.1f s ago, and has "
			"%" PRIu64 " reader%s",
			o->name, lost, plural(lost), seconds(now_ns - loss->last_ns),
			o->readers, plural(o->readers));
}

static void judge_output(struct health *h, uint32_t i, const struct status_output *o,
	uint64_t now_ns, struct health_result *v)
{
	struct loss *loss = &h->losses[i];
	uint64_t lost = lost_of(o), for_ns;

	if (stays_full(h, &h->queues[i], o->queue.fill, o->queue.size, now_ns, &for_ns))
		health_result_add(v,
			"queue of output %s is filled to %" PRIu64 " of %" PRIu64
			", at or above its mark of %" PRIu32 " %% for %.1f s",
			o->name, o->queue.fill, o->queue.size, h->mark_percent,
			seconds(for_ns));
	if (lost > loss->lost)
		loss->last_ns = now_ns;
	loss->lost = lost;
	if (loss->last_ns != 0 && now_ns - loss->last_ns <= h->loss_hold_ns)
		health_result_add(v,
			"output %s has lost %" PRIu64 " record%s, the latest %.1f s ago",
			o->name, lost, plural(lost), seconds(now_ns - loss->last_ns));
}

static void judge_ports(const struct status *s, struct health_result *v)
{
	for (uint32_t i = 0; i < s->n_ports; i++) {
		if (s->ports[i].link == STATUS_LINK_DOWN)
			health_result_add(v, "link of port %s is down", s->ports[i].name);
		else if (s->ports[i].link == STATUS_LINK_GONE)
			health_result_add(v, "interface %s of port %s was removed",
				s->ports[i].beneath, s->ports[i].name);
	}
}

static void judge_disk(const struct health *h, const struct status *s, struct health_result *v)
{
	if (s->has_disk && s->disk.free_bytes < h->disk_free_min)
		health_result_add(v,
			"disk of %s has %" PRIu64 " byte%s left, less than the %" PRIu64
			" of control.disk_free_min",
			s->disk_path, s->disk.free_bytes, plural(s->disk.free_bytes),
			h->disk_free_min);
}

/* Makes the memory fit the status. Losses that were there before the first look are old. */
static bool remember(struct health *h, const struct status *s)
{
	if (h->n_rings != s->n_rings) {
		free(h->rings);
		h->rings = calloc(s->n_rings + 1ull, sizeof(*h->rings));
		h->n_rings = h->rings == NULL ? 0 : s->n_rings;
	}
	if (h->n_outputs != s->n_outputs) {
		free(h->queues);
		free(h->losses);
		h->queues = calloc(s->n_outputs + 1ull, sizeof(*h->queues));
		h->losses = calloc(s->n_outputs + 1ull, sizeof(*h->losses));
		h->n_outputs = h->queues == NULL || h->losses == NULL ? 0 : s->n_outputs;
		for (uint32_t i = 0; i < h->n_outputs; i++)
			h->losses[i].lost = lost_of(&s->outputs[i]);
	}
	return h->n_rings == s->n_rings && h->n_outputs == s->n_outputs;
}

static void note_overload(const struct status *s, struct health_result *v)
{
	v->n_overload = 0;
	for (uint32_t i = 0; i < s->n_sheds && v->n_overload < HEALTH_OVERLOAD; i++)
		if (s->sheds[i].active)
			v->overload[v->n_overload++] = s->sheds[i].name;
}

/* The first sessions in that state, by name. */
static void note_state(const struct status *s, enum mirror_fault fault, const char *what,
	struct health_result *v)
{
	const uint32_t n = s->mirror.fault[fault].n;
	const char *bound =
		fault == MIRROR_UNKNOWN && n == MIRROR_UNKNOWN_MAX ? " or more" : "";
	char names[MIRROR_NAMED * (MIRROR_NAME + 2)] = "";
	size_t at = 0;

	if (n == 0)
		return;
	for (uint32_t i = 0; i < n && i < MIRROR_NAMED; i++)
		at += (size_t)snprintf(names + at, sizeof(names) - at, "%s%s", i ? ", " : "",
			s->mirror.fault[fault].name[i]);
	note(v, "%" PRIu32 "%s session%s %s: %s%s", n, bound, plural(n), what, names,
		n > MIRROR_NAMED ? ", ..." : "");
}

static void note_mirror(const struct status *s, struct health_result *v)
{
	note_state(s, MIRROR_SILENT, "of the settings without packets", v);
	note_state(s, MIRROR_UNKNOWN, "not in the settings", v);
	note_state(s, MIRROR_LOSS, "with loss before the appliance", v);
	note_state(s, MIRROR_LOOP, "with mirror traffic inside, a loop", v);
	note_state(s, MIRROR_DUPLICATES, "with packets sent twice by the mirror", v);
}

static void note_sessions(const struct status *s, struct health_result *v)
{
	uint64_t overflow = s->sum.session_table_stats.overflow;

	if (overflow > 0)
		note(v,
			"%" PRIu64 " packet%s of unknown sessions found no room in "
			"sessions.capacity: those inspected share one observation point a tenant",
			overflow, plural(overflow));
}

/* As with feeds, what it loses makes nothing unhealthy: the appliance is as good a target as before. */
static void note_suricata(
	struct health *h, const struct status *s, uint64_t now_ns, struct health_result *v)
{
	const struct suricata_stats *ids = &s->sum.suricata_stats;

	if (!h->has_suricata)
		return;
	if (!ids->running)
		note(v, h->attaches ? "no Suricata is connected (detect.suricata.attach)"
				    : "Suricata does not run: it is being started again");
	if (loses(h, &h->ids, ids->lost_ids, now_ns))
		note(v,
			"Suricata has not got %" PRIu64
			" packet%s (lost_ids), the latest %.1f s ago",
			ids->lost_ids, plural(ids->lost_ids), seconds(now_ns - h->ids.last_ns));
}

static void note_tags(const struct status *s, struct health_result *v)
{
	uint64_t shared = 0;

	for (uint32_t i = 0; i < s->n_outputs; i++)
		shared += s->outputs[i].shared_tags;
	if (shared > 0)
		note(v,
			"%" PRIu64
			" packet%s for feeds with the tags (%d, %d), which observation points "
			"without a number of their own share: readers cannot tell these apart",
			shared, plural(shared), POINT_TAG_MAX, POINT_TAG_MAX);
}

void health_judge(
	struct health *h, const struct status *s, uint64_t now_ns, struct health_result *v)
{
	v->n_wrong = v->n_notes = 0;
	note_overload(s, v);
	note_sessions(s, v);
	note_mirror(s, v);
	note_suricata(h, s, now_ns, v);
	note_tags(s, v);
	if (s->stopping)
		health_result_add(v, "the appliance is shutting down");
	if (!remember(h, s))
		health_result_add(v, "no memory to judge health with");
	judge_workers(h, s, v);
	judge_rings(h, s, now_ns, v);
	for (uint32_t i = 0; i < s->n_outputs && i < h->n_outputs; i++)
		if (s->outputs[i].is_feed)
			note_feed(h, i, &s->outputs[i], now_ns, v);
		else
			judge_output(h, i, &s->outputs[i], now_ns, v);
	judge_ports(s, v);
	judge_disk(h, s, v);
	for (uint32_t i = 0; i < s->n_wrong; i++)
		health_result_add(v, "%s", s->wrong[i]);
}

static uint32_t sentences(const struct health_result *v)
{
	return v->n_wrong < HEALTH_WRONG ? v->n_wrong : HEALTH_WRONG;
}

const char *health_result_print(const struct health_result *v, char *text, size_t size)
{
	size_t at = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < sentences(v) && at < size; i++)
		at += (size_t)snprintf(
			text + at, size - at, "%s%s", i > 0 ? "; " : "", v->wrong[i]);
	if (v->n_wrong > HEALTH_WRONG && at < size)
		snprintf(text + at, size - at, "; and %" PRIu32 " more",
			v->n_wrong - HEALTH_WRONG);
	return text;
}

void health_result_json(const struct health_result *v, FILE *out)
{
	struct json j = {.out = out};

	json_open(&j, NULL, '{');
	json_bool(&j, "healthy", v->n_wrong == 0);
	json_u64(&j, "n_wrong", v->n_wrong);
	json_open(&j, "wrong", '[');
	for (uint32_t i = 0; i < sentences(v); i++)
		json_string(&j, NULL, v->wrong[i]);
	json_close(&j, ']');
	json_open(&j, "overload", '[');
	for (uint32_t i = 0; i < v->n_overload; i++)
		json_string(&j, NULL, v->overload[i]);
	json_close(&j, ']');
	json_open(&j, "notes", '[');
	for (uint32_t i = 0; i < v->n_notes; i++)
		json_string(&j, NULL, v->notes[i]);
	json_close(&j, ']');
	json_close(&j, '}');
	fputc('\n', out);
}
