/* Makes the sets of what lists_load.c has read. */
#pragma once

#include "inspect/detect/lists/lists_inside.h"

enum { LISTS_VALUES_MAX = 1 << 28 };

/* The indicators are read; false: no memory. */
bool lists_build(struct lists *lists);
