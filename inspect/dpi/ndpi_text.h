/* Faster text for nDPI's fingerprints; see ndpi_text.c. */
#pragma once

/* Does nothing, but a linker takes a file from a library only when it is asked for something in
 * it. */
void ndpi_text_use(void);
