/* What can be queried: resources, their fields and how each field's value is found, from
 * queryfields.def.
 *
 * A row is a field or a pattern that stands for many ("disk.size/" and an index, "hv/" and a
 * parameter). struct qfield is one concrete field; the tables of concrete fields are made once per
 * process and live for ever.
 *
 * Who answers queries (luxi/query) does per field, by row->how:
 *
 * - QF_HOW_MEMBER: encode the member row->member of the item's object (fact_object_find()); if the
 *   item does not have it, the answer is row->absent without a value.
 * - QF_HOW_ELEM: the same for the element `index` of row->list, the instance's disks or NICs; no
 *   such element or no such member: row->absent.
 * - QF_HOW_CODE: call the getter row->getter.
 * - QF_HOW_ELEM_CODE, QF_HOW_PARAM: call it with field->index, field->param.
 *
 * Name contract: who answers expands the rows into a table of functions,
 *
 *     #define QF_CODE(kind, name, title, type, flags, source, getter, doc)
 *         [QF_GET_##kind##_##getter] = qf_##kind##_##getter,
 *
 * and the same for QF_ELEM_CODE and QF_PARAMS, so that a row without its function does not link.
 * QF_JOB rows are for the jobs that answer the resources which the queue daemon refuses
 * (QUERY_VIA_JOB). */
#ifndef GANTRY_FACTS_QUERYFIELDS_H
#define GANTRY_FACTS_QUERYFIELDS_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "facts/objects.h"

enum query_kind {
#define QUERY(kind, type, name_field, uuid_field, via, doc) QUERY_##kind,
#include "facts/queryfields.def"
    QUERY_COUNT,
};

/* One per getter that must exist. */
enum qfield_getter {
#define QF_CODE(kind, name, title, type, flags, source, getter, doc)    QF_GET_##kind##_##getter,
#define QF_JOB(kind, name, title, type, flags, getter, doc)             QF_GET_##kind##_##getter,
#define QF_ELEM_CODE(kind, name, title, type, flags, list, getter, doc) QF_GET_##kind##_##getter,
#define QF_PARAMS(kind, prefix, set, getter, doc)                       QF_GET_##kind##_##getter,
#include "facts/queryfields.def"
    QF_GET_COUNT,
};

/* Who answers. */
enum query_via {
    QUERY_VIA_LUXI, /* the queue daemon */
    QUERY_VIA_JOB,  /* an OP_QUERY job; the queue daemon refuses */
};

/* Shorter names of enum query_field_type, whose words are the wire's. */
enum qfield_type {
    QF_TYPE_UNKNOWN = QFT_UNKNOWN,
    QF_TYPE_TEXT = QFT_TEXT,
    QF_TYPE_BOOL = QFT_BOOL,
    QF_TYPE_NUMBER = QFT_NUMBER,
    QF_TYPE_FLOAT = QFT_FLOAT,
    QF_TYPE_UNIT = QFT_UNIT, /* MiB; shown with unit by lists */
    QF_TYPE_TIMESTAMP = QFT_TIMESTAMP,
    QF_TYPE_OTHER = QFT_OTHER,
};

enum qfield_flags {
    QF_HOSTNAME = 1 << 0,        /* "=" of a filter takes a short name too */
    QF_SPLIT_TIMESTAMP = 1 << 1, /* [seconds, microseconds]; filters compare the seconds */
    QF_JOB_ID = 1 << 2,          /* "=" of a filter takes a number and its text */
};

/* Status of one value of an answer: shorter names of enum result_status; the numbers are the
 * wire's. */
enum qfield_status {
    QF_NORMAL = RS_NORMAL,
    QF_UNKNOWN = RS_UNKNOWN,
    QF_NODATA = RS_NODATA,
    QF_UNAVAIL = RS_UNAVAIL,
    QF_OFFLINE = RS_OFFLINE,
};

/* What a getter looks at. Up to CONFIG a filter can be judged before anything is fetched. */
enum qfield_source {
    QF_SOURCE_ITEM,             /* the item's identity alone */
    QF_SOURCE_CONFIG,           /* the configuration */
    QF_SOURCE_NODE_LIVE,        /* call node_info of the node */
    QF_SOURCE_NODE_HYPERVISOR,  /* ... and its hypervisor part */
    QF_SOURCE_NODE_STORAGE,     /* ... and its storage part */
    QF_SOURCE_INSTANCE_LIVE,    /* call all_instances_info of the instances' nodes */
    QF_SOURCE_INSTANCE_CONSOLE, /* ... and instance_console_info */
    QF_SOURCE_EXPORTS,          /* call export_list of the nodes */
    QF_SOURCE_JOB_FILE,         /* the job's file */
    QF_SOURCE_LOCKS,            /* wconfd's list of locks */
    QF_SOURCE_OPCODE,           /* whatever the answering job gathers */
};

enum qfield_how {
    QF_HOW_MEMBER,
    QF_HOW_CODE,
    QF_HOW_ELEM,
    QF_HOW_ELEM_CODE,
    QF_HOW_PARAM,
};

/* Lists that QF_ELEM rows index. */
enum qfield_list {
    QF_LIST_NONE,
    QF_LIST_DISKS,
    QF_LIST_NICS,
};

/* Sets of parameters that QF_PARAMS rows expand. */
enum qfield_params {
    QF_PARAMS_NONE,
    QF_PARAMS_BE,
    QF_PARAMS_HV,
    QF_PARAMS_ND,
};

struct qfield_row {
    enum query_kind kind;
    const char *name, *title; /* of patterns: what stands before the index or parameter */
    enum qfield_type type;
    unsigned flags; /* enum qfield_flags */
    enum qfield_source source;
    enum qfield_how how;
    enum qfield_getter getter; /* QF_GET_COUNT: none */
    const char *member;        /* NULL: none */
    enum qfield_status absent;
    enum qfield_list list;
    enum qfield_params params;
    const char *doc;
};

struct qfield {
    const char *name, *title, *doc;
    enum qfield_type type;
    const struct qfield_row *row;
    size_t index;      /* ELEM rows */
    const char *param; /* PARAM rows, else NULL */
};

struct query_row {
    enum query_kind kind;
    enum query_type type;   /* its word is the wire's: query_word() */
    const char *name_field; /* names in a request are equality filters on it */
    const char *uuid_field;
    enum query_via via;
    const char *doc;
};

extern const struct query_row query_rows[QUERY_COUNT];

const char *query_word(enum query_kind kind);
/* NULL if there is no such resource. */
const struct query_row *query_row_find(const char *word);

/* All fields of the resource, aliases included, in natural order of their names, which is the order
 * of a request for all fields. */
const struct qfield *query_fields(enum query_kind kind, size_t *ret_n);
/* NULL if the resource has no such field. */
const struct qfield *query_field_find(enum query_kind kind, const char *name);

const char *qfield_type_word(enum qfield_type type);
/* Whether the value can only be known by asking nodes, files or other daemons. */
bool qfield_is_live(const struct qfield *field);

#endif
