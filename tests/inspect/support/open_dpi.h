/* nDPI's module of a test. */
#pragma once

#include "inspect/dpi/dpi.h"

/* Asserts that it can be made; with packets of a flow as the settings have them by default (80 of TCP, 24 of
 * UDP) where `params` has none. dpi_destroy() ends it. */
struct dpi *open_dpi(struct dpi_params params);
struct dpi *open_usual_dpi(void);
