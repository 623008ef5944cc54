#include "config.h"

#include "facts/rapiroutes.h"

#define TAGS_NO_TAGS       RAPI_NO_TAGS
#define TAGS_TAG_CLUSTER   TAG_CLUSTER
#define TAGS_TAG_INSTANCE  TAG_INSTANCE
#define TAGS_TAG_NETWORK   TAG_NETWORK
#define TAGS_TAG_NODE      TAG_NODE
#define TAGS_TAG_NODEGROUP TAG_NODEGROUP
#define HOW_SUBMITS        true
#define HOW_HANDLES        false

const struct rapi_route rapi_routes[RAPI_ROUTE_COUNT] = {
#define ROUTE(route, path_, tags_, since_, doc_)                                                   \
    [RAPI_##route] = {.path = path_, .tags = TAGS_##tags_, .since = since_, .doc = doc_},
#include "facts/rapiroutes.def"
};

const struct rapi_verb rapi_verbs[RAPI_VERB_COUNT] = {
#define VERB(route_, verb_, access_, how, opcode_, body_)                                          \
    [RAPI_##route_##_##verb_] = {.route = RAPI_##route_,                                           \
                                 .verb = RAPI_HTTP_##verb_,                                        \
                                 .access = RAPI_ACCESS_##access_,                                  \
                                 .submits = HOW_##how,                                             \
                                 .opcode = opcode_,                                                \
                                 .body = RAPI_BODY_##body_},
#include "facts/rapiroutes.def"
};

const char *const rapi_list_names[RAPI_LIST_COUNT] = {
#define FIELD_LIST(list) [RAPI_##list] = #list,
#include "facts/rapiroutes.def"
};

const struct rapi_arg rapi_query_args[] = {
#define QUERY_ARG(route, verb_, name_, type_, dflt, required_)                                     \
    {.verb = RAPI_##route##_##verb_,                                                               \
     .name = name_,                                                                                \
     .type = RAPI_QUERY_##type_,                                                                   \
     .default_json = dflt,                                                                         \
     .required = required_},
#include "facts/rapiroutes.def"
    {.name = NULL},
};

const struct rapi_arg rapi_body_args[] = {
#define BODY_ARG(route, verb_, name_, kind_, dflt, required_)                                      \
    {.verb = RAPI_##route##_##verb_,                                                               \
     .name = name_,                                                                                \
     .kind = kind_,                                                                                \
     .default_json = dflt,                                                                         \
     .required = required_},
#include "facts/rapiroutes.def"
    {.name = NULL},
};

const struct rapi_name rapi_renames[] = {
#define RENAME(route, verb_, name_, param)                                                         \
    {.verb = RAPI_##route##_##verb_, .name = name_, .other = param},
#include "facts/rapiroutes.def"
    {.name = NULL},
};

const struct rapi_name rapi_forbidden[] = {
#define FORBIDDEN(route, verb_, param) {.verb = RAPI_##route##_##verb_, .name = param},
#include "facts/rapiroutes.def"
    {.name = NULL},
};

const struct rapi_name rapi_aliases[] = {
#define ALIAS(route, verb_, name_, value)                                                          \
    {.verb = RAPI_##route##_##verb_, .name = name_, .other = value},
#include "facts/rapiroutes.def"
    {.name = NULL},
};

const struct rapi_fixed rapi_fixed[] = {
#define FIXED(route, verb_, param_, source_, arg_)                                                 \
    {.verb = RAPI_##route##_##verb_, .param = param_, .source = RAPI_SOURCE_##source_, .arg = arg_},
#include "facts/rapiroutes.def"
    {.param = NULL},
};

const struct rapi_field rapi_list_fields[] = {
#define LIST_FIELD(list_, name_, since_) {.list = RAPI_##list_, .name = name_, .since = since_},
#include "facts/rapiroutes.def"
    {.name = NULL},
};

const struct rapi_fields rapi_verb_fields[] = {
#define FIELDS(route, verb_, list_) {.verb = RAPI_##route##_##verb_, .list = RAPI_##list_},
#include "facts/rapiroutes.def"
    {.verb = RAPI_VERB_COUNT},
};

const char *rapi_verb_word(enum rapi_http_verb verb)
{
    static const char *const words[] = {
        [RAPI_HTTP_GET] = "GET",
        [RAPI_HTTP_PUT] = "PUT",
        [RAPI_HTTP_POST] = "POST",
        [RAPI_HTTP_DELETE] = "DELETE",
    };

    return words[verb];
}
