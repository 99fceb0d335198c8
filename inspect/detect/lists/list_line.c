#include "inspect/detect/lists/list_line.h"

#include <nettle/base64.h>
#include <string.h>

#include "config/parse/value.h"

static const char spaces[] = " \t\r\v\f";

char *list_trim(char *text)
{
	size_t len;

	text += strspn(text, spaces);
	len = strlen(text);
	while (len > 0 && strchr(spaces, text[len - 1]))
		len--;
	text[len] = '\0';
	return text;
}

void list_bad(struct list_file *file, const char *text, const char *why)
{
	file->counts->bad++;
	file->sink->bad(file->sink->ctx, file->line, text, why);
}

void list_other(struct list_file *file, const char *what)
{
	if (file->counts->others++ == 0)
		strncat(file->counts->other, what, LIST_OTHER_NAME - 1);
}

static void give(struct list_file *file, const struct list_key *key)
{
	file->counts->values++;
	if (!file->sink->value(file->sink->ctx, file->line, key))
		file->is_full = true;
}

static bool is_hex(const char *text)
{
	uint8_t bytes[LIST_SHA256];
	size_t n = list_hex(text, strlen(text), bytes, sizeof(bytes));

	return n == LIST_MD5 || n == LIST_SHA1 || n == LIST_SHA256;
}

static bool is_asn(const char *text)
{
	return list_lower((uint8_t)text[0]) == 'a' && list_lower((uint8_t)text[1]) == 's' &&
	       text[2] >= '0' && text[2] <= '9' && !strchr(text, '.');
}

static bool is_address(const char *text)
{
	struct list_key key;
	size_t len = strcspn(text, "/"), digits = strspn(text + len, "/0123456789");
	char address[IP_ADDR_TEXT];

	if (len >= sizeof(address) || text[len + digits] != '\0')
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	return !list_key_address(&key, address);
}

/* Which of the types a text looks like; LIST_AUTO: none. 32 hexadecimal digits look like JA3. */
static enum list_type looks_like(const char *text)
{
	struct list_key key;

	if (is_address(text))
		return LIST_IP;
	if (is_hex(text))
		return list_key_digest(&key, LIST_CERTIFICATE, text) ? LIST_JA3
								     : LIST_CERTIFICATE;
	if (!list_key_ja4(&key, text))
		return LIST_JA4;
	if (is_asn(text))
		return LIST_ASN;
	if (strchr(text, '/'))
		return LIST_URL;
	for (const char *c = text; *c; c++) {
		if (*c == '.' || (unsigned char)*c >= 0x80)
			return LIST_DOMAIN;
	}
	return LIST_AUTO;
}

/* What is written so in Suricata's datasets: a name, a URL, a fingerprint. Text of another kind, such as a
 * user agent, has spaces or looks like nothing. */
static bool base64_decode(const char *text, char decoded[LIST_LINE_MAX + 1])
{
	struct base64_decode_ctx ctx;
	size_t len = strlen(text), n = LIST_LINE_MAX;

	if (len == 0 || len % 4 != 0 || BASE64_DECODE_LENGTH(len) > LIST_LINE_MAX)
		return false;
	base64_decode_init(&ctx);
	if (!base64_decode_update(&ctx, &n, (uint8_t *)decoded, len, text) ||
		!base64_decode_final(&ctx))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (decoded[i] <= ' ' || decoded[i] == 0x7f)
			return false;
	}
	decoded[n] = '\0';
	return looks_like(decoded) != LIST_AUTO;
}

static void value_of_type(struct list_file *file, enum list_type type, const char *text)
{
	struct list_key key;
	const char *why = list_key_make(&key, type, text);

	if (why)
		list_bad(file, text, why);
	else
		give(file, &key);
}

void list_value(struct list_file *file, enum list_type type, char *text)
{
	char decoded[LIST_LINE_MAX + 1];
	enum list_type like = looks_like(text);

	if (like == LIST_AUTO && base64_decode(text, decoded)) {
		text = decoded;
		like = looks_like(text);
	}
	if (type != LIST_AUTO) {
		value_of_type(file, type, text);
	} else if (like == LIST_AUTO) {
		list_bad(file, text, "no address, name, URL or fingerprint");
	} else {
		value_of_type(file, like, text);
		/* MD5 of either; nothing is both. */
		if (like == LIST_JA3 && !file->is_full)
			value_of_type(file, LIST_HASSH, text);
	}
}

/* Cuts off what follows # or ;. In the middle of a word they are part of it. */
static void comment_cut(char *line)
{
	for (char *c = line; *c; c++) {
		if ((*c == '#' || *c == ';') && (c == line || strchr(spaces, c[-1]))) {
			*c = '\0';
			return;
		}
	}
}

/* Whether the address of a hosts file's line is one that leads nowhere: what it names is to be blocked. */
static bool leads_nowhere(const char *text)
{
	struct ip_addr addr;
	static const uint8_t none[16], loopback[16] = {[15] = 1};

	return ip_addr_parse(text, &addr) &&
	       (strcmp(text, "0.0.0.0") == 0 || strncmp(text, "127.", 4) == 0 ||
		       memcmp(addr.byte, none, 16) == 0 ||
		       memcmp(addr.byte, loopback, 16) == 0);
}

/* Names that hosts files give to the machine itself and its links: nobody's indicators. */
static bool is_local_name(const char *name)
{
	return value_name(
		       "localhost|localhost.localdomain|local|broadcasthost|ip6-localhost|"
		       "ip6-loopback|ip6-localnet|ip6-mcastprefix|ip6-allnodes|ip6-allrouters|"
		       "ip6-allhosts|0.0.0.0",
		       name) >= 0;
}

static void hosts_name(struct list_file *file, const char *name)
{
	if (!strchr(name, '.'))
		list_bad(file, name, "no domain name: it has one label only");
	else
		value_of_type(file, LIST_DOMAIN, name);
}

/* `address` begins a line of a hosts file, `names` is what follows it; false: it is none. */
static bool hosts_line(struct list_file *file, const char *address, char *names)
{
	const bool may_block = leads_nowhere(address) &&
			       (file->type == LIST_AUTO || file->type == LIST_DOMAIN);
	char *rest, *name;

	for (name = strtok_r(names, spaces, &rest); name && !file->is_full;
		name = strtok_r(NULL, spaces, &rest)) {
		if (is_local_name(name))
			continue;
		if (!may_block)
			return false;
		hosts_name(file, name);
	}
	return strpbrk(address, ".:") != NULL;
}

/* `value,score` and `value,category,score`: cuts off what follows the value. A URL may have commas. false: the
 * score is 0, which says nothing. */
static bool reputation_cut(char *text)
{
	char *comma = strchr(text, ','), *last;
	uint64_t score;

	if (!comma || comma[1 + strspn(comma + 1, "0123456789, ")] != '\0')
		return true;
	*comma = '\0';
	if (strchr(text, '/') && !is_address(text)) {
		*comma = ',';
		return true;
	}
	list_trim(text);
	last = strrchr(comma + 1, ',');
	return !value_number(list_trim(last ? last + 1 : comma + 1), &score) || score > 0;
}

void list_line(struct list_file *file, char *line)
{
	char *text, *rest;

	comment_cut(line);
	text = list_trim(line);
	if (*text == '\0')
		return;
	file->counts->lines++;
	if (!reputation_cut(text)) {
		list_other(file, "reputation 0");
		return;
	}
	rest = text + strcspn(text, spaces);
	if (*rest == '\0') {
		list_value(file, file->type, text);
		return;
	}
	*rest++ = '\0';
	if (!hosts_line(file, text, list_trim(rest)))
		list_bad(file, text, "followed by something else on its line");
}
