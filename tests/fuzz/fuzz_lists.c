/* The first byte is the list's type, the second whether it alerts or allows, the rest its file. What is read is
 * loaded, and each of its first values must be found by what it says; a list that allows finds nothing. Then the
 * bytes are asked for, as names, URLs and fingerprints that traffic shows. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/detect/lists/list_reader.h"
#include "inspect/detect/lists/lists.h"
#include "tests/fuzz/demand.h"

enum { VALUES_MAX = 64 };

struct values {
	struct list_key key[VALUES_MAX];
	unsigned n;
	uint64_t told, bad;
	uint32_t line;
};

/* libFuzzer's name. NOLINTNEXTLINE(readability-identifier-naming) */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool value(void *ctx, uint32_t line, const struct list_key *key)
{
	struct values *v = ctx;

	demand(line >= v->line && key->len > 0 && key->len <= LIST_KEY_MAX);
	demand(key->type > LIST_AUTO && key->type < LIST_TYPES);
	v->line = line;
	v->told++;
	if (v->n < VALUES_MAX)
		v->key[v->n++] = *key;
	return true;
}

static void bad(void *ctx, uint32_t line, const char *text, const char *why)
{
	struct values *v = ctx;

	demand(line >= v->line && text && *why);
	v->line = line;
	v->bad++;
}

static void read_it(const char *path, enum list_type type, struct values *v)
{
	const struct list_sink sink = {v, value, bad};
	struct list_counts counts;
	FILE *in = fopen(path, "re");

	demand(in != NULL);
	demand(list_read(in, type, &sink, &counts) == LIST_READ);
	demand(counts.values == v->told && counts.bad == v->bad);
	demand(strlen(counts.other) < LIST_OTHER_NAME);
	fclose(in);
}

static const struct indicator *find(const struct lists *lists, const struct list_key *key)
{
	const char *text = (const char *)key->bytes;
	char hex[2 * LIST_SHA256 + 1] = "";
	struct ip_addr address;

	if (key->type == LIST_IP) {
		memcpy(address.byte, key->bytes, sizeof(address.byte));
		return lists_find_address(lists, &address);
	}
	if (key->type == LIST_DOMAIN)
		return lists_find_domain(lists, text, key->len);
	if (key->type == LIST_URL)
		return lists_find_url(lists, text, key->len);
	if (key->type == LIST_ASN)
		return lists_find_asn(lists, be32(key->bytes));
	if (key->type == LIST_JA4)
		return lists_find_fingerprint(lists, LIST_JA4, text, key->len);
	for (unsigned i = 0; i < key->len; i++)
		snprintf(hex + 2 * i, 3, "%02X", key->bytes[i]);
	return lists_find_fingerprint(lists, (enum list_type)key->type, hex, strlen(hex));
}

/* An IPv6 block that holds all of IPv4's own place in it is not IPv4's. */
static bool is_block_around_ipv4(const struct list_key *key)
{
	struct ip_addr address;

	memcpy(address.byte, key->bytes, sizeof(address.byte));
	return ip_addr_is_v4(&address) && key->bytes[LIST_ADDRESS_KEY - 1] < LIST_IPV4_BITS;
}

static void check_values(const struct lists *lists, const struct values *v)
{
	for (unsigned i = 0; i < v->n; i++) {
		const struct list_key *key = &v->key[i];
		const struct indicator *found = find(lists, key);
		char text[INDICATOR_TEXT];

		if (lists_about(lists, 0)->action == LIST_ALLOW) {
			demand(!found);
			continue;
		}
		demand(found || (key->type == LIST_IP && is_block_around_ipv4(key)));
		if (found)
			demand(found->type == key->type && found->len <= key->len &&
				lists_indicator_text(lists, found, text) == strlen(text));
	}
}

static void ask(const struct lists *lists, const char *bytes, size_t size)
{
	lists_find_domain(lists, bytes, size);
	lists_find_host(lists, bytes, size);
	lists_find_url(lists, bytes, size);
	for (enum list_type type = LIST_JA3; type <= LIST_CERTIFICATE; type++)
		lists_find_fingerprint(lists, type, bytes, size);
}

static struct lists *load(
	const char *path, const char *type, const char *action, struct report *report)
{
	static struct settings settings; /* making the defaults costs more than all else */
	static bool is_made;
	struct error error;
	char text[256];

	if (!is_made)
		settings_init(&settings);
	is_made = true;
	snprintf(text, sizeof(text), "detect.lists=[{file: %s, type: %s, action: %s}]", path,
		type, action);
	demand(settings_set(&settings, text, &error) == 0);
	return lists_load(&settings, NULL, report);
}

static void load_it(const char *path, enum list_type type, bool allow, const struct values *v)
{
	static const char *const types[LIST_TYPES] = {
		"auto", "ip", "domain", "url", "ja3", "ja4", "hassh", "certificate", "asn"};
	struct report report = {0};
	struct lists *lists = load(path, types[type], allow ? "allow" : "alert", &report);

	demand((lists == NULL) == (v->told == 0 && v->bad > 0));
	demand((report.n_errors > 0) == (lists == NULL));
	if (lists) {
		demand(lists_about(lists, 0)->values == v->told);
		check_values(lists, v);
	}
	lists_destroy(lists);
	report_fini(&report);
}

/* Asked of a fixed list, since those of the bytes hold little else. */
static void ask_it(const uint8_t *data, size_t size)
{
	static const char list[] = "a.b\nc.d.e\n192.0.2.0/24\nhttp://a.b/c\n";
	static struct lists *lists;
	char *exact = malloc(size + 1);

	demand(exact != NULL);
	if (!lists) {
		char path[DEMAND_PATH];
		int fd = demand_file((const uint8_t *)list, sizeof(list) - 1, path);
		struct report report = {0};

		lists = load(path, "auto", "alert", &report);
		demand(lists && report.n_warnings == 0);
		close(fd);
	}
	memcpy(exact, data, size);
	ask(lists, exact, size);
	free(exact);
}

// NOLINTNEXTLINE(readability-identifier-naming)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct values values;
	char path[DEMAND_PATH];
	enum list_type type;
	int fd;

	if (size < 2)
		return 0;
	type = (enum list_type)(data[0] % LIST_TYPES);
	values.n = 0;
	values.told = values.bad = 0;
	values.line = 0;
	fd = demand_file(data + 2, size - 2, path);
	read_it(path, type, &values);
	load_it(path, type, data[1] & 1, &values);
	ask_it(data + 2, size - 2);
	close(fd);
	return 0;
}
