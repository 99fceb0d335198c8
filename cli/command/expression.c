#include "cli/command/expression.h"

#include <string.h>
#include <sys/stat.h>

#include "config/log/error.h"
#include "config/log/log.h"
#include "config/log/text.h"

static bool exists(const char *path)
{
	struct stat st;

	return strcmp(path, "-") == 0 || stat(path, &st) == 0;
}

bool expression_is(const char *text)
{
	return !exists(text) && (strchr(text, ' ') || !strpbrk(text, "./"));
}

/* Words that an expression begins with or is put together from (pcap-filter(7)). */
static bool is_primitive(const char *text)
{
	static const char *const words[] = {"host", "net", "port", "portrange", "src", "dst",
		"tcp", "udp", "sctp", "icmp", "icmp6", "ip", "ip6", "arp", "rarp", "ether",
		"proto", "gateway", "greater", "less", "len", "vlan", "mpls", "geneve",
		"broadcast", "multicast", "not", "and", "or", "!"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

bool expression_is_unquoted(char *const *arguments, int n)
{
	char expression[ERROR_TEXT];
	struct text t = text_make(expression, sizeof(expression) - 1);
	int at = 0;

	while (at < n && !(is_primitive(arguments[at]) && !exists(arguments[at])))
		at++;
	if (at >= n - 1)
		return false;
	for (int i = at; i < n; i++) {
		text_cstr(&t, i > at ? " " : "");
		text_cstr(&t, arguments[i]);
	}
	*t.at = '\0';
	log_error("'%s' is no file; an expression of several words is one argument, so quote "
		  "it: '%s'",
		arguments[at], expression);
	return true;
}
