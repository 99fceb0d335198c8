#include <CUnit/Basic.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "inspect/dpi/ndpi_inside.h"

enum { ROOM = 48 };

/* By the name that nDPI calls. */
int called_by_libraries(char *text, size_t size, int flag, size_t room, const char *format,
	...) __asm__("__snprintf_chk");

struct print {
	const char *format, *text;
	unsigned number;
};

/* A text, if the format has one, goes before the number. */
static const struct print prints[] = {
	{"%s%u", "", 0},
	{"%s%u", "-", 7},
	{"%s%u", "-", 65535},
	{"%s%u", "a long text, longer than the room that there is for it", 4294967295u},
	{"%s%02X", ":", 0},
	{"%s%02X", "", 0xaf},
	{"%s", "plain", 0},
	{"%s,", "h2", 0},
	{"%s 100%%: %u", "", 12},
	{"%s %5u", "left to the C library", 12},
	{"%s%02x", "more than a byte: ", 0x1234},
	{"%s%d", "", 4294967295u},
	{"%.3s %u", "cut", 1},
};

static int print_by_libc(char *text, size_t size, const char *format, ...)
{
	va_list values;
	int len;

	va_start(values, format);
	len = vsnprintf(text, size, format, values);
	va_end(values);
	return len;
}

static void expect_same(const struct print *print, size_t size)
{
	char ours[ROOM], libc[ROOM];
	int n, expected;

	memset(ours, '?', sizeof(ours));
	memset(libc, '?', sizeof(libc));
	expected = print_by_libc(libc, size, print->format, print->text, print->number);
	n = called_by_libraries(
		ours, size, 0, sizeof(ours), print->format, print->text, print->number);
	CU_ASSERT_EQUAL(n, expected);
	CU_ASSERT_EQUAL(memcmp(ours, libc, sizeof(ours)), 0);
}

/* In all sizes of room, while nDPI works and else. */
static void prints_what_the_c_library_prints(void)
{
	struct engine engine = {0};

	for (size_t i = 0; i < sizeof(prints) / sizeof(*prints); i++)
		for (size_t size = 0; size <= ROOM; size++) {
			expect_same(&prints[i], size);
			engine_enter(&engine, NULL);
			expect_same(&prints[i], size);
			engine_leave();
		}
}

static void numbers_alone_are_printed(void)
{
	struct engine engine = {0};
	char ours[16], libc[16];

	engine_enter(&engine, NULL);
	for (unsigned n = 0; n <= 70000; n++) {
		int len = called_by_libraries(ours, sizeof(ours), 0, sizeof(ours), "%u,", n);

		CU_ASSERT_EQUAL_FATAL(len, print_by_libc(libc, sizeof(libc), "%u,", n));
		CU_ASSERT_STRING_EQUAL_FATAL(ours, libc);
	}
	for (unsigned n = 0; n <= 0xff; n++) {
		called_by_libraries(ours, sizeof(ours), 0, sizeof(ours), "%02x", n);
		print_by_libc(libc, sizeof(libc), "%02x", n);
		CU_ASSERT_STRING_EQUAL(ours, libc);
	}
	engine_leave();
}

/* What a library finds under the name is the program's. */
static void libraries_call_ours(void)
{
	CU_ASSERT_PTR_EQUAL(
		dlsym(RTLD_DEFAULT, "__snprintf_chk"), (void *)(uintptr_t)called_by_libraries);
	CU_ASSERT_PTR_NOT_EQUAL(
		dlsym(RTLD_NEXT, "__snprintf_chk"), (void *)(uintptr_t)called_by_libraries);
}

void suite_ndpi_spare(void);
void suite_ndpi_spare(void)
{
	CU_pSuite s = CU_add_suite("ndpi_spare", NULL, NULL);

	CU_ADD_TEST(s, prints_what_the_c_library_prints);
	CU_ADD_TEST(s, numbers_alone_are_printed);
	CU_ADD_TEST(s, libraries_call_ours);
}
