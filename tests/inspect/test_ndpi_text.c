/* The formatting that nDPI gets from us, against the C library's. */
#include <CUnit/Basic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void suite_ndpi_text(void);

enum { ROOM = 64 };

int __snprintf_chk(char *out, size_t size, int flag, size_t room, const char *format, ...);

/* vsnprintf() is the library's: nobody stands in for it. */
static int library(char *out, size_t size, const char *format, ...)
{
	va_list arguments;
	int len;

	va_start(arguments, format);
	len = vsnprintf(out, size, format, arguments);
	va_end(arguments);
	return len;
}

#define same(size, ...) \
	do { \
		char ours[ROOM], theirs[ROOM]; \
		int n; \
\
		memset(ours, '#', sizeof(ours)); \
		memset(theirs, '#', sizeof(theirs)); \
		n = __snprintf_chk(ours, size, 1, sizeof(ours), __VA_ARGS__); \
		CU_ASSERT_EQUAL(n, library(theirs, size, __VA_ARGS__)); \
		CU_ASSERT_EQUAL(memcmp(ours, theirs, sizeof(ours)), 0); \
	} while (0)

static void writes_what_the_library_writes(void)
{
	static const unsigned values[] = {
		0, 1, 9, 10, 15, 16, 255, 256, 4095, 65535, 65536, 0x7fffffff, 0xffffffff};

	for (size_t size = 0; size <= 24; size++)
		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
			unsigned v = values[i];

			same(size, "%s%u", i % 2 ? "-" : "", v);
			same(size, "%u,", v);
			same(size, "%02x", v);
			same(size, "%02X", v);
			same(size, "%s%04X", "-", v);
			same(size, "%04x%02x", v, v);
			same(size, "%s%s=%s", "a longer string", "", "b");
			same(size, "no conversion");
			same(size, "");
		}
}

static void hands_other_formats_on(void)
{
	for (size_t size = 0; size <= 24; size++) {
		same(size, "%d %5u %-8s|%c%%", -7, 42u, "left", 'c');
		same(size, "%08x", 0xabcdu);
		same(size, "%03X %x", 0xabcdu, 0xabcdu);
		same(size, "%u then %.3s and %lu", 1u, "abcdef", 123456789012ul);
		same(size, "%.2f", 2.5);
	}
}

void suite_ndpi_text(void)
{
	CU_pSuite suite = CU_add_suite("ndpi_text", NULL, NULL);

	CU_add_test(suite, "writes_what_the_library_writes", writes_what_the_library_writes);
	CU_add_test(suite, "hands_other_formats_on", hands_other_formats_on);
}
