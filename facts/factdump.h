/* factdump prints the rows as JSON in the shape of the reference's facts
 * (spec/<version>/<family>.json), at the level of the process. Each family is one function in
 * facts/dump-<family>.c and one row here. What the shape leaves out, because it names parts of the
 * reference's programs only, is listed in doc/differences.md. */
#ifndef GANTRY_FACTS_FACTDUMP_H
#define GANTRY_FACTS_FACTDUMP_H

#include <stdbool.h>

struct fact_enum;
struct fact_member;
struct json_writer;

/* DUMP_FAMILY(function suffix, "family") */
#define DUMP_FAMILIES                                                                              \
    DUMP_FAMILY(beparams, "beparams")                                                              \
    DUMP_FAMILY(cli, "cli")                                                                        \
    DUMP_FAMILY(constants, "constants")                                                            \
    DUMP_FAMILY(diskparams, "diskparams")                                                          \
    DUMP_FAMILY(enums, "enums")                                                                    \
    DUMP_FAMILY(errors, "errors")                                                                  \
    DUMP_FAMILY(hvparams, "hvparams")                                                              \
    DUMP_FAMILY(ipolicy, "ipolicy")                                                                \
    DUMP_FAMILY(methods, "methods")                                                                \
    DUMP_FAMILY(ndparams, "ndparams")                                                              \
    DUMP_FAMILY(nicparams, "nicparams")                                                            \
    DUMP_FAMILY(objects, "objects")                                                                \
    DUMP_FAMILY(opcodes, "opcodes")                                                                \
    DUMP_FAMILY(paths, "paths")                                                                    \
    DUMP_FAMILY(query_fields, "query_fields")                                                      \
    DUMP_FAMILY(rapi, "rapi")                                                                      \
    DUMP_FAMILY(rpc, "rpc")

/* Each writes one JSON value. */
#define DUMP_FAMILY(suffix, name) void dump_##suffix(struct json_writer *w);
DUMP_FAMILIES
#undef DUMP_FAMILY

/* Helpers for "key": value; a NULL text becomes null. */
void dump_text(struct json_writer *w, const char *key, const char *text);
void dump_bool(struct json_writer *w, const char *key, bool value);
/* A value given as JSON text, as in the rows; NULL becomes null. */
void dump_json(struct json_writer *w, const char *key, const char *text);
/* {"name": ..., "type": ..., "presence": ..., and "default": ... or "required": true} */
void dump_member(struct json_writer *w, const struct fact_member *member);
/* The words of the current level, in the order of the rows. */
void dump_words(struct json_writer *w, const struct fact_enum *words);

#endif
