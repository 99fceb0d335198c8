#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/parse/value.h"
#include "inspect/packets/expression/expression_parse.h"

static const struct word words[] = {
#define WORD(text, role, value, words) \
	{text, ROLE_##role, (int)(value), EXPRESSION_WORDS_##words},
#include "inspect/packets/expression/expression_words.def"
};

/* The same, as signs. */
static const struct {
	const char *text;
	enum word_role role;
} signs[] = {{"&&", ROLE_AND}, {"||", ROLE_OR}, {"!", ROLE_NOT}};

static const struct layer_of layers[LAYER_COUNT] = {
#define LAYER(name, networks, protocol, ip_version) \
	[LAYER_##name] = {#name, networks, protocol, ip_version},
#include "inspect/packets/expression/expression_words.def"
};

#define COUNT_OF(table) (sizeof(table) / sizeof((table)[0]))

const struct layer_of *layer_get(int layer)
{
	return &layers[layer];
}

bool parse_fail(struct parser *p, uint32_t at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(p->error->text, sizeof(p->error->text), format, args);
	va_end(args);
	p->error->at = at;
	return false;
}

/* --- characters --- */

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* What makes a value of a word that it stands behind: a name such as host-a, an address. */
static bool joins(char c)
{
	return is_alnum(c) || (c != '\0' && strchr("-._:/\\", c));
}

static bool is_double(const char *at, char c)
{
	return at[0] == c && at[1] == c;
}

/* A comparison's sign, but for + - / which values hold, too. */
static bool is_operator(const char *at)
{
	if (*at == '&' || *at == '|')
		return !is_double(at, *at);
	return *at == '!' ? at[1] == '=' : *at != '\0' && strchr("<>=*%^", *at);
}

char parse_next(struct parser *p)
{
	while (is_space(p->text[p->at]))
		p->at++;
	return p->text[p->at];
}

bool parse_is_end(struct parser *p)
{
	return parse_next(p) == '\0';
}

/* --- words --- */

static const struct word *word_of(enum word_role role)
{
	const struct word *w = words;

	while (w->role != role)
		w++;
	return w;
}

const struct word *parse_peek(struct parser *p)
{
	const char *at;
	size_t len = 0;

	parse_next(p);
	at = p->text + p->at;
	for (size_t i = 0; i < COUNT_OF(signs); i++)
		if (strncmp(at, signs[i].text, strlen(signs[i].text)) == 0 &&
			!(*at == '!' && at[1] == '='))
			return word_of(signs[i].role);
	while (is_alnum(at[len]))
		len++;
	for (size_t i = 0; len > 0 && !joins(at[len]) && i < COUNT_OF(words); i++)
		if (strncmp(at, words[i].text, len) == 0 && words[i].text[len] == '\0')
			return &words[i];
	return NULL;
}

void parse_step(struct parser *p, const struct word *word)
{
	if (parse_next(p) == '!')
		p->at++;
	else if (p->text[p->at] == '&' || p->text[p->at] == '|')
		p->at += 2;
	else
		p->at += (uint32_t)strlen(word->text);
}

bool parse_take(struct parser *p, enum word_role role, const struct word **word)
{
	const struct word *w = parse_peek(p);

	if (!w || w->role != role)
		return false;
	parse_step(p, w);
	*word = w;
	return true;
}

bool parse_take_text(struct parser *p, const char *text)
{
	size_t len = strlen(text);

	parse_next(p);
	if (strncmp(p->text + p->at, text, len) != 0 || joins(p->text[p->at + len]))
		return false;
	p->at += (uint32_t)len;
	return true;
}

bool parse_take_sign(struct parser *p, char sign)
{
	if (parse_next(p) != sign)
		return false;
	p->at++;
	return true;
}

/* --- values --- */

static bool ends_value(const char *at)
{
	return *at == '\0' || is_space(*at) || strchr("()!<>", *at) || is_double(at, '&') ||
	       is_double(at, '|');
}

/* Values are not longer than the text between them: there is room for all. */
static void keep(struct parser *p, char c)
{
	p->e->names[p->e->names_len++] = c;
}

static bool quoted(struct parser *p)
{
	uint32_t begin = p->at;
	char quote = p->text[p->at++];

	while (p->text[p->at] != '\0' && p->text[p->at] != quote)
		keep(p, p->text[p->at++]);
	if (p->text[p->at] != quote)
		return parse_fail(p, begin, "the quotation has no end");
	p->at++;
	return true;
}

bool parse_value(struct parser *p, const char *what, struct value_text *value)
{
	char first = parse_next(p);
	const char *word = p->last.word;

	value->at = p->at;
	value->text = p->e->names + p->e->names_len;
	if (first == '"' || first == '\'') {
		if (!quoted(p))
			return false;
	} else {
		p->at += first == '\\';
		while (!ends_value(p->text + p->at))
			keep(p, p->text[p->at++]);
	}
	keep(p, '\0');
	if (*value->text != '\0')
		return true;
	return parse_fail(p, value->at, "%s is missing%s%s%s", what, word ? " behind '" : "",
		word ? word : "", word ? "'" : "");
}

bool text_number(const char *text, uint64_t *number)
{
	uint64_t n = 0, base = 10;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		base = 16;
	else if (text[0] == '0')
		base = 8;
	text += base == 16 ? 2 : 0;
	if (*text == '\0')
		return false;
	for (; *text; text++) {
		int digit = value_hex_digit(*text);

		if (digit < 0 || (uint64_t)digit >= base || n > UINT32_MAX)
			return false;
		n = n * base + (uint64_t)digit;
	}
	*number = n;
	return true;
}

bool parse_number(struct parser *p, uint64_t *number)
{
	char text[24];
	uint32_t len = 0;

	parse_next(p);
	while (len < sizeof(text) - 1 && is_alnum(p->text[p->at + len])) {
		text[len] = p->text[p->at + len];
		len++;
	}
	text[len] = '\0';
	if (is_alnum(p->text[p->at + len]) || !text_number(text, number))
		return false;
	p->at += len;
	return true;
}

/* --- comparisons --- */

/* Behind the parenthesis that closes the one at `at`; the end where none does. */
static const char *behind(const char *at)
{
	char quote = '\0';
	int depth = 0;

	for (; *at != '\0'; at++) {
		if (quote != '\0') {
			if (*at == quote)
				quote = '\0';
			continue;
		}
		if (*at == '"' || *at == '\'')
			quote = *at;
		depth += (*at == '(') - (*at == ')');
		if (depth == 0)
			return at + 1;
	}
	return at;
}

static bool operator_follows(const char *at)
{
	bool apart = is_space(*at);

	while (is_space(*at))
		at++;
	return is_operator(at) || *at == '+' || (apart && (*at == '-' || *at == '/'));
}

bool parse_is_comparison(struct parser *p)
{
	const struct word *word = parse_peek(p);
	const char *at = p->text + p->at;

	if (word && word->role == ROLE_LAYER) {
		at += strlen(word->text);
		while (is_space(*at))
			at++;
		return *at == '[';
	}
	if (word)
		return word->role == ROLE_LEN;
	if (*at == '(') {
		at = behind(at);
		while (is_space(*at))
			at++;
		return is_operator(at) || (*at != '\0' && strchr("+-/", *at));
	}
	if (*at < '0' || *at > '9')
		return *at == '-';
	while (is_alnum(*at))
		at++;
	return operator_follows(at);
}
