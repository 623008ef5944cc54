/* What to ask about a made-up cluster. Command lines are words separated by tabs. */
#ifndef GANTRY_QA_HTOOLS_COMMANDS_H
#define GANTRY_QA_HTOOLS_COMMANDS_H

#include "qa/htools/model.h"

/* Every program that reads cluster.data, with options thrown in. */
void commands_add_tools(struct model *model, GString *commands);
/* Returns the text of an iallocator request and adds the lines that ask hail (file: its name). */
char *commands_add_request(struct model *model, const char *file, GString *commands);

#endif
