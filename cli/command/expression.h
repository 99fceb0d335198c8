/* BPF expressions on the command line. As tcpdump has it, one may follow the captures. */
#pragma once

#include <stdbool.h>

/* The last argument is one when others stand before it, no file has that name, and it does not look like a path. */
bool expression_is(const char *text);
/* The shell has made several of the `n` arguments of one: says so, with what it should have been. */
bool expression_is_unquoted(char *const *arguments, int n);
