/* What a flow event pays for country and autonomous system of both ends, on the writer's thread; and what a worker pays
 * for lists of AS numbers where a flow begins.
 *
 *   for kind in country asn; do
 *     python3 bench/geo_rows.py $kind | python3 tests/system/make/mmdb.py /tmp/$kind.mmdb GeoLite2-$kind; done
 *   cmake --build --preset release --target bench_geo
 *   build/bench/geo [/tmp/country.mmdb,/tmp/asn.mmdb]       without databases: what six times null costs
 *
 * Prints seconds to load, MB, then ns: the best of many short runs, so that other work on the machine matters little. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/bench.h"
#include "config/log/now.h"
#include "inspect/record/encoder/place.h"
#include "support/random.h"

enum { RUNS = 40, FLOWS = 1 << 14, FEW = 256 };

static struct geo *load(const char *files)
{
	struct settings settings;
	struct report report = {0};
	struct error error;
	char set[512];
	clock_t start = clock();
	struct geo *geo;

	settings_init(&settings);
	snprintf(set, sizeof(set), "detect.geoip=[%s]", files);
	if (settings_set(&settings, set, &error) < 0)
		bench_fail(set, error.text);
	geo = geo_load(&settings, NULL, &report);
	if (!geo)
		bench_fail(set, report.errors->message);
	printf("loaded in %.3f s, %.1f MB\n", (double)(clock() - start) / CLOCKS_PER_SEC,
		(double)geo_memory(geo) / 1e6);
	settings_fini(&settings);
	report_fini(&report);
	return geo;
}

/* Ends out of `n` addresses, or all different. */
static struct flow *make_flows(uint64_t n)
{
	struct flow *flows = calloc(FLOWS, sizeof(*flows));

	if (!flows)
		bench_fail("flows", "not enough memory");
	for (uint64_t i = 0; i < FLOWS; i++) {
		uint8_t ends[2][4];

		for (uint64_t k = 0; k < 2; k++) {
			uint64_t value = random_at(7, (2 * i + k) % n);

			memcpy(ends[k], &value, 4);
			ends[k][0] = (uint8_t)(1 + ends[k][0] % 223);
		}
		flows[i].key.ip_version = 4;
		flows[i].key.lo = ip_addr_v4(ends[0]);
		flows[i].key.hi = ip_addr_v4(ends[1]);
	}
	return flows;
}

static double event_ns(struct places *places, const struct flow *flows)
{
	static char line[PLACE_JSON];
	double best = 1e18;

	for (int run = 0; run < RUNS; run++) {
		uint64_t start = now_monotonic();
		double ns;

		for (int i = 0; i < FLOWS; i++) {
			struct text t = text_make(line, sizeof(line));

			place_json(places, &flows[i], &t);
		}
		ns = (double)(now_monotonic() - start) / FLOWS;
		best = ns < best ? ns : best;
	}
	return best;
}

static double worker_ns(const struct geo *geo, const struct flow *flows)
{
	double best = 1e18;
	uint64_t sum = 0;

	for (int run = 0; run < RUNS; run++) {
		uint64_t start = now_monotonic();
		double ns;

		for (int i = 0; i < FLOWS; i++) {
			sum += geo_find_asn(geo, &flows[i].key.lo);
			sum += geo_find_asn(geo, &flows[i].key.hi);
		}
		ns = (double)(now_monotonic() - start) / FLOWS;
		best = ns < best ? ns : best;
	}
	if (sum == 1)
		printf("\n");
	return best;
}

int main(int argc, char **argv)
{
	struct geo *geo = load(argc > 1 ? argv[1] : "");
	struct places *places = places_create();
	struct flow *few = make_flows(FEW), *many = make_flows(2 * FLOWS);

	if (!places)
		bench_fail("places", "not enough memory");
	places_use(places, geo);
	printf("%-40s %10s %10s\n", "ns a flow", "256 ends", "all other");
	printf("%-40s %10.1f %10.1f\n", "flow event, writer", event_ns(places, few),
		event_ns(places, many));
	printf("%-40s %10.1f %10.1f\n", "AS lists, worker", worker_ns(geo, few),
		worker_ns(geo, many));
	free(few);
	free(many);
	places_destroy(places);
	geo_destroy(geo);
	return 0;
}
