/* The forms in which the output of the AWS CLI comes other than as JSON. */
#pragma once

#include <stddef.h>

/* What a file that is not JSON is, as the beginning of a sentence, static: "the file is UTF-16, ...".
 * NULL: none of these. Looks at the first lines only. */
const char *aws_form(const char *text, size_t len);
