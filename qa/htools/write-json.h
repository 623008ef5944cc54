/* Members that several of the written documents have. */
#ifndef GANTRY_QA_HTOOLS_WRITE_JSON_H
#define GANTRY_QA_HTOOLS_WRITE_JSON_H

#include "base/json-writer.h"
#include "qa/htools/model.h"

void write_words(struct json_writer *w, const char *key, const GPtrArray *words);
void write_text_member(struct json_writer *w, const char *key, const char *value);
void write_int_member(struct json_writer *w, const char *key, int64_t value);
void write_bool_member(struct json_writer *w, const char *key, bool value);
/* Under "ipolicy". */
void write_policy(struct json_writer *w, const struct model_ipolicy *policy);
/* Under "ndparams". */
void write_node_params(struct json_writer *w, const struct model_node *node,
                       const struct model_group *group);

#endif
