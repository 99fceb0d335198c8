/* The usual packet is judged at a glance, all others with care: both ways give the same. The
 * first configured port is part of the glance, so a second port asks for the careful way; so does
 * a VLAN tag in front of an inner frame. */
#include <CUnit/Basic.h>
#include <stdio.h>

#include "rows.h"

static const struct decap_params careful_params = {
	.vxlan_ports = {64321, 4789},
	.geneve_ports = {6081},
	.n_vxlan_ports = 2,
	.n_geneve_ports = 1,
	.max_depth = 4,
};

static void same(const struct row *r, const char *what, enum reason reason_a,
	enum reason reason_b, const struct packet *a, const struct packet *b)
{
	/* Both were filled with the same rubbish before, padding included. */
	// NOLINTNEXTLINE(bugprone-suspicious-memory-comparison)
	bool equal = reason_a == reason_b && memcmp(a, b, sizeof(*a)) == 0;

	if (!equal)
		fprintf(stderr, "\n  %s: %s: %s and %s", r->name, what, reason_name(reason_a),
			reason_name(reason_b));
	CU_ASSERT_TRUE(equal);
}

static void both_outer_ways(const struct row *r, const uint8_t *b, uint32_t cap, uint32_t wire)
{
	struct packet usual = row_packet(r, b, cap, wire), careful = usual;
	enum reason reason_usual = decap_mirror(&row_params, &usual);
	enum reason reason_careful = decap_mirror(&careful_params, &careful);

	same(r, "outer", reason_usual, reason_careful, &usual, &careful);
	row_free(&usual);
}

/* What the tag changes is put back before the two are compared. */
static void both_inner_ways(const struct row *r, const uint8_t *b, uint32_t cap, uint32_t wire)
{
	struct packet usual = row_packet(r, b, cap, wire), careful;
	static const uint8_t tag[4] = {0x81, 0, 0, 5};
	uint8_t tagged[ROW_ROOM + 4];
	enum reason reason_usual, reason_careful;

	if (cap < 12)
		return row_free(&usual);
	memcpy(tagged, b, 12);
	memcpy(tagged + 12, tag, sizeof(tag));
	memcpy(tagged + 16, b + 12, cap - 12);
	careful = row_packet(r, tagged, cap + 4, wire + 4);
	reason_usual = decap_plain(&usual);
	reason_careful = decap_plain(&careful);
	row_free(&careful);
	if (careful.ip)
		careful.ip = usual.data + (careful.ip - careful.frame) - 4;
	careful.data = usual.data;
	careful.frame = usual.frame;
	careful.cap -= 4;
	careful.wire -= 4;
	careful.frame_cap -= 4;
	careful.frame_wire -= 4;
	/* One tag more is one too many for a frame that has four. */
	if (reason_careful != REASON_inner_link)
		same(r, "inner", reason_usual, reason_careful, &usual, &careful);
	row_free(&usual);
}

static enum reason judge_auto(
	const struct decap_params *from, struct packet *p, bool last_plain, bool *mirror)
{
	struct decap_params params = *from;
	struct decap_met met = {.last_plain = last_plain};
	enum reason reason;

	params.mode = DECAP_AUTO;
	reason = decap_packet(&params, p, &met);
	*mirror = met.plain == 0;
	return reason;
}

/* What was tried first must not show, nor the glance; what comes out is what the mode has that the
 * packet was taken for. */
static void all_auto_ways(const struct row *r, const uint8_t *b, uint32_t cap, uint32_t wire)
{
	for (int way = 0; way < 4; way++) {
		struct packet p = row_packet(r, b, cap, wire), mode = p;
		bool mirror;
		enum reason why = judge_auto(
			way & 1 ? &careful_params : &row_params, &p, way & 2, &mirror);
		enum reason want =
			mirror ? decap_mirror(&row_params, &mode) : decap_plain(&mode);

		/* Refused packets keep what was there before in the fields that mean nothing. */
		if (want == REASON_inspected)
			same(r, "auto", why, want, &p, &mode);
		CU_ASSERT_EQUAL(why, want);
		CU_ASSERT_EQUAL(p.flags, mode.flags);
		CU_ASSERT_EQUAL(p.ip, mode.ip);
		CU_ASSERT_EQUAL(p.ip_len, mode.ip_len);
		CU_ASSERT_TRUE(!(p.flags & PACKET_HAS_VNI) || p.vni == mode.vni);
		CU_ASSERT_NOT_EQUAL(reason_bucket(why), BUCKET_not_mirror);
		row_free(&p);
	}
}

static void every_change(const struct row *r, uint8_t *bytes, uint32_t len, uint32_t wire,
	void (*both)(const struct row *, const uint8_t *, uint32_t, uint32_t))
{
	for (uint32_t cap = 0; cap <= len; cap++) {
		both(r, bytes, cap, wire);
		both(r, bytes, cap, cap);
	}
	for (uint32_t i = 0; i < len; i++) {
		uint8_t old = bytes[i];

		for (int bit = 0; bit < 8; bit++) {
			bytes[i] = (uint8_t)(old ^ 1 << bit);
			both(r, bytes, len, wire);
			both(r, bytes, len - len % 16, wire);
		}
		bytes[i] = (uint8_t)(old + 1);
		both(r, bytes, len, wire);
		bytes[i] = (uint8_t)(old - 1);
		both(r, bytes, len, wire);
		bytes[i] = old;
	}
}

static void the_outer_glance_agrees_with_care(void)
{
	for (const struct row *r = rows; r < rows + ROW_COUNT; r++) {
		uint8_t bytes[ROW_ROOM];
		uint32_t len = (uint32_t)hex_read(r->hex, bytes, sizeof(bytes));

		if (!r->plain && r->link == LINK_ETHERNET)
			every_change(r, bytes, len, len + r->uncaptured, both_outer_ways);
	}
}

static void the_inner_glance_agrees_with_care(void)
{
	for (const struct row *r = rows; r < rows + ROW_COUNT; r++) {
		uint8_t bytes[ROW_ROOM];
		uint32_t len = (uint32_t)hex_read(r->hex, bytes, sizeof(bytes));
		/* Mirror rows: their inner frame, where the usual 50 bytes are before it. */
		uint32_t skip = r->plain ? 0 : 50;

		if (r->link == LINK_ETHERNET && len > skip)
			every_change(r, bytes + skip, len - skip, len - skip + r->uncaptured,
				both_inner_ways);
	}
}

static void each_by_its_look_agrees_with_its_mode(void)
{
	for (const struct row *r = rows; r < rows + ROW_COUNT; r++) {
		uint8_t bytes[ROW_ROOM];
		uint32_t len = (uint32_t)hex_read(r->hex, bytes, sizeof(bytes));

		every_change(r, bytes, len, len + r->uncaptured, all_auto_ways);
	}
}

void suite_fast_path(void);
void suite_fast_path(void)
{
	CU_pSuite s = CU_add_suite("fast_path", NULL, NULL);

	CU_ADD_TEST(s, the_outer_glance_agrees_with_care);
	CU_ADD_TEST(s, the_inner_glance_agrees_with_care);
	CU_ADD_TEST(s, each_by_its_look_agrees_with_its_mode);
}
