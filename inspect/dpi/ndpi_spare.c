/* What nDPI is spared. An eighth of a replay's instructions went into snprintf(), which nDPI calls for each
 * number of a JA3 string and each digit of its MD5. It is reached through a symbol, as the functions of
 * ndpi_isolation.c are, so ours is used. It returns the same, only sooner; test_ndpi_spare.c compares
 * both. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "inspect/dpi/ndpi_inside.h"

void engine_spare(void)
{
}

/* Text that has room for `size` bytes, and is `len` long, whether or not it has room for them. */
struct printed {
	char *text;
	size_t size, len;
};

static void put(struct printed *printed, const char *bytes, size_t n)
{
	if (printed->len < printed->size) {
		size_t room = printed->size - printed->len;

		memcpy(printed->text + printed->len, bytes, n < room ? n : room);
	}
	printed->len += n;
}

static void put_unsigned(struct printed *printed, unsigned number)
{
	char digits[10], *at = digits + sizeof(digits);

	do {
		*--at = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	put(printed, at, (size_t)(digits + sizeof(digits) - at));
}

static void put_hex(struct printed *printed, unsigned byte, const char *digits)
{
	put(printed, &digits[byte >> 4], 1);
	put(printed, &digits[byte & 15], 1);
}

/* "%s", "%u", and "%02x" or "%02X" of a byte. false: `format` begins with something else. */
static bool put_conversion(struct printed *printed, const char **format, va_list *values)
{
	const char *at = *format + 1;
	bool is_hex = at[0] == '0' && at[1] == '2' && (at[2] == 'x' || at[2] == 'X');
	unsigned number;

	if (*at == 's') {
		const char *text = va_arg(*values, const char *);

		put(printed, text, strlen(text));
	} else if (*at == 'u') {
		put_unsigned(printed, va_arg(*values, unsigned));
	} else if (is_hex) {
		number = va_arg(*values, unsigned);
		if (number > UINT8_MAX)
			return false;
		put_hex(printed, number,
			at[2] == 'x' ? "0123456789abcdef" : "0123456789ABCDEF");
		at += 2;
	} else {
		return false;
	}
	*format = at + 1;
	return true;
}

/* -1: the format has more than these. */
static int print_simple(char *text, size_t size, const char *format, va_list *values)
{
	struct printed printed = {text, size, 0};

	while (*format) {
		if (*format != '%')
			put(&printed, format++, 1);
		else if (!put_conversion(&printed, &format, values))
			return -1;
	}
	if (size)
		text[printed.len < size ? printed.len : size - 1] = '\0';
	return (int)printed.len;
}

/* The name by which a library calls it that was built with _FORTIFY_SOURCE. `room`: of `text`, as far as the
 * compiler knew. */
int spare_snprintf(char *text, size_t size, int flag, size_t room, const char *format,
	...) __asm__("__snprintf_chk");

int __vsnprintf_chk(
	char *text, size_t size, int flag, size_t room, const char *format, va_list values);

int spare_snprintf(char *text, size_t size, int flag, size_t room, const char *format, ...)
{
	va_list values;
	int len = -1;

	if (engine_at_work && size <= room) {
		va_start(values, format);
		len = print_simple(text, size, format, &values);
		va_end(values);
	}
	if (len < 0) {
		va_start(values, format);
		len = __vsnprintf_chk(text, size, flag, room, format, values);
		va_end(values);
	}
	return len;
}
