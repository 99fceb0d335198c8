/* A folder for the files of one test, and models made from texts. */
#pragma once

#include "config/model/model.h"
#include "config/settings/settings.h"

int scratch_setup(void);    /* as CUnit's suite functions */
int scratch_teardown(void); /* removes the folder and what scratch_write made */

/* Writes a file of the folder; returns its path, which lives until the next call. */
const char *scratch_write(const char *name, const char *text);
const char *scratch_folder(void);

/* Loads `text` as a settings file and the model in it. NULL: `report` says why. The settings are
 * the caller's to end. */
struct model *scratch_model(const char *text, struct settings *settings, struct report *report);
