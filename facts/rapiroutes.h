/* Resources of the remote API, made from rapiroutes.def.
 *
 * For the row of "/2/instances/{instance_name}/tags" there is RAPI_instances_one_tags, for its verb
 * PUT RAPI_instances_one_tags_PUT; what belongs to a verb stands in lists of their own, in wire
 * order. */
#ifndef GANTRY_FACTS_RAPIROUTES_H
#define GANTRY_FACTS_RAPIROUTES_H

#include "facts/opcodes.h"

enum rapi_route_id {
#define ROUTE(route, path, tags, since, doc) RAPI_##route,
#include "facts/rapiroutes.def"
    RAPI_ROUTE_COUNT,
};

enum rapi_verb_id {
#define VERB(route, verb, access, how, opcode, body) RAPI_##route##_##verb,
#include "facts/rapiroutes.def"
    RAPI_VERB_COUNT,
};

enum rapi_list_id {
#define FIELD_LIST(list) RAPI_##list,
#include "facts/rapiroutes.def"
    RAPI_LIST_COUNT,
};

struct rapi_route {
    const char *path; /* "{x}" stands for a part of the address */
    int tags;         /* enum tag_kind of the objects whose tags it shows; RAPI_NO_TAGS: none */
    enum fact_level since;
    const char *doc;
};
enum { RAPI_NO_TAGS = -1 };

enum rapi_http_verb {
    RAPI_HTTP_GET,
    RAPI_HTTP_PUT,
    RAPI_HTTP_POST,
    RAPI_HTTP_DELETE,
};

/* Who may: the options that a user must have one of. */
enum rapi_access {
    RAPI_ACCESS_ANYONE, /* no option needed, and no login if the server asks for none to read */
    RAPI_ACCESS_WRITE,
    RAPI_ACCESS_READ_OR_WRITE,
};

/* Where the parameters of the opcode come from. */
enum rapi_body {
    RAPI_BODY_REQUEST,
    RAPI_BODY_IGNORED,
    RAPI_BODY_HANDLER, /* code makes them */
};

struct rapi_verb {
    enum rapi_route_id route;
    enum rapi_http_verb verb;
    enum rapi_access access;
    bool submits; /* the opcode becomes a job without a handler's help but for its parameters */
    enum op_id opcode; /* OP_ID_COUNT: none */
    enum rapi_body body;
};

enum rapi_query_type {
    RAPI_QUERY_INT_BOOL, /* a number that counts as yes if it is not 0 */
    RAPI_QUERY_INT,
    RAPI_QUERY_STRING,
    RAPI_QUERY_LIST,   /* all values of an argument that may be repeated */
    RAPI_QUERY_COMMAS, /* a list with commas between */
};

/* Argument of an address or member of a body. */
struct rapi_arg {
    enum rapi_verb_id verb;
    const char *name;
    enum rapi_query_type type; /* of an address only */
    const char *kind;          /* of a body only; NULL: anything */
    const char *default_json;  /* NULL: none */
    bool required;
};

/* A pair of names, or one name and NULL. */
struct rapi_name {
    enum rapi_verb_id verb;
    const char *name, *other;
};

enum rapi_source {
    RAPI_SOURCE_QUERY,      /* argument of the address as it is read */
    RAPI_SOURCE_QUERY_BOOL, /* the same as yes or no */
    RAPI_SOURCE_QUERY_ALL,
    RAPI_SOURCE_URL, /* part of the address; arg is its number */
    RAPI_SOURCE_URL_INT,
    RAPI_SOURCE_URL_LIST, /* a list with this part alone */
    RAPI_SOURCE_TAG_KIND,
    RAPI_SOURCE_TAG_NAME,
    RAPI_SOURCE_FALSE,
    RAPI_SOURCE_COMPUTED, /* by code */
};

/* A parameter that is set whatever the body says. */
struct rapi_fixed {
    enum rapi_verb_id verb;
    const char *param;
    enum rapi_source source;
    const char *arg; /* NULL: none */
};

struct rapi_field {
    enum rapi_list_id list;
    const char *name;
    enum fact_level since;
};

struct rapi_fields {
    enum rapi_verb_id verb;
    enum rapi_list_id list;
};

extern const struct rapi_route rapi_routes[RAPI_ROUTE_COUNT];
extern const struct rapi_verb rapi_verbs[RAPI_VERB_COUNT];
extern const char *const rapi_list_names[RAPI_LIST_COUNT];
/* The lists end with an element whose name (param, for rapi_fixed) is NULL; rapi_fields with
 * RAPI_VERB_COUNT. */
extern const struct rapi_arg rapi_query_args[];
extern const struct rapi_arg rapi_body_args[];
extern const struct rapi_name rapi_renames[];
extern const struct rapi_name rapi_forbidden[];
extern const struct rapi_name rapi_aliases[];
extern const struct rapi_fixed rapi_fixed[];
extern const struct rapi_field rapi_list_fields[];
extern const struct rapi_fields rapi_verb_fields[];

const char *rapi_verb_word(enum rapi_http_verb verb);

#endif
