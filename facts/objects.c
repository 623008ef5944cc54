#include "config.h"

#include "facts/objects.h"

#include <glib.h>

#include "facts/checks.h"
#include "facts/kind.h"

#define ENUM(name_) static const struct fact_span enum_spans_##name_[] = {
#define WORD_V(name, enumerator, word, since_, until_, doc)                                        \
    [enumerator] = {.since = since_, .until = until_},
#define ENUM_END(name)                                                                             \
    }                                                                                              \
    ;
#include "facts/enums.def"
#undef ENUM
#undef WORD_V
#undef ENUM_END

#define ENUM(name_)                                       static const char *const enum_words_##name_[] = {
#define WORD_V(name, enumerator, word, since, until, doc) [enumerator] = word,
#define ENUM_END(name_)                                                                            \
    NULL                                                                                           \
    }                                                                                              \
    ;                                                                                              \
    const struct fact_enum fact_enum_##name_ = {.name = #name_,                                    \
                                                .words = enum_words_##name_,                       \
                                                .spans = enum_spans_##name_,                       \
                                                .n = G_N_ELEMENTS(enum_spans_##name_)};            \
    const struct fact_type type_##name_ = {                                                        \
        .kind = &fact_kind_enum, .size = sizeof(enum name_), .words = &fact_enum_##name_};
#include "facts/enums.def"
#undef ENUM
#undef WORD_V
#undef ENUM_END

#define TYPE(ident, c_type, kind_name, check_fn, text_)                                            \
    const struct fact_type type_##ident = {                                                        \
        .kind = &fact_kind_##kind_name, .text = text_, .size = sizeof(c_type), .check = check_fn};
#define TYPE_INT(ident, min_, max_, text_)                                                         \
    const struct fact_type type_##ident = {                                                        \
        .kind = &fact_kind_int, .text = text_, .size = sizeof(int64_t), .min = min_, .max = max_};
#define TYPE_NUMERAL(ident, min_, max_, text_)                                                     \
    const struct fact_type type_##ident = {.kind = &fact_kind_numeral,                             \
                                           .text = text_,                                          \
                                           .size = sizeof(int64_t),                                \
                                           .min = min_,                                            \
                                           .max = max_};
#define TYPE_SIZE(ident, min_, max_, text_)                                                        \
    const struct fact_type type_##ident = {.kind = &fact_kind_size,                                \
                                           .text = text_,                                          \
                                           .size = sizeof(int64_t),                                \
                                           .min = min_,                                            \
                                           .max = max_};
#define TYPE_ENUM_INT(ident, words_)                                                               \
    const struct fact_type type_##ident = {                                                        \
        .kind = &fact_kind_enum_int, .size = sizeof(enum words_), .words = &fact_enum_##words_};
#define TYPE_NAMED(ident, object_, text_)                                                          \
    const struct fact_type type_##ident = {.kind = &fact_kind_object,                              \
                                           .text = text_,                                          \
                                           .size = sizeof(struct object_),                         \
                                           .object = &fact_object_##object_};
#define TYPE_UNION(ident, either_, other_, text_)                                                  \
    const struct fact_type type_##ident = {.kind = &fact_kind_union,                               \
                                           .text = text_,                                          \
                                           .size = sizeof(struct json *),                          \
                                           .either = &type_##either_,                              \
                                           .other = &type_##other_};
#define CONTAINER(ident, kind_name, elem_, words_)                                                 \
    const struct fact_type type_##ident = {.kind = &fact_kind_##kind_name,                         \
                                           .size = sizeof(struct ident),                           \
                                           .elem = &type_##elem_,                                  \
                                           .words = words_};
#define TYPE_LIST(ident, elem)           CONTAINER(ident, list, elem, NULL)
#define TYPE_SET(ident, elem)            CONTAINER(ident, set, elem, NULL)
#define TYPE_DICT(ident, elem)           CONTAINER(ident, dict, elem, NULL)
#define TYPE_DICT_OF(ident, words, elem) CONTAINER(ident, dict, elem, &fact_enum_##words)
#define TYPE_MAP(ident, elem)            CONTAINER(ident, map, elem, NULL)
#define TYPE_MAP_OF(ident, words, elem)  CONTAINER(ident, map, elem, &fact_enum_##words)
#define TYPE_WORD_SET(ident, elem)       CONTAINER(ident, word_set, elem, NULL)
#define TYPE_TEXT_DICT(ident, elem_)                                                               \
    const struct fact_type type_##ident = {.kind = &fact_kind_dict,                                \
                                           .size = sizeof(struct ident),                           \
                                           .elem = &type_##elem_,                                  \
                                           .key = &type_STR};
#include "facts/types.def"
#undef TYPE
#undef TYPE_INT
#undef TYPE_LIST
#undef TYPE_DICT
#undef TYPE_DICT_OF
#undef TYPE_MAP
#undef TYPE_MAP_OF
#undef TYPE_SET
#undef CONTAINER

#define OBJECT(name_, unknown_, doc_)                                                              \
    enum { UNKNOWN_##name_ = FACT_UNKNOWN_##unknown_ };                                            \
    static const struct fact_member members_##name_[] = {
#define MEMBER_V(object_, member_, json, of_type, presence_, dflt, doc_, since_, until_)           \
    {.name = json,                                                                                 \
     .offset = offsetof(struct object_, member_),                                                  \
     .spec = &(const struct fact_spec){.type = &type_##of_type,                                    \
                                       .presence = FACT_##presence_,                               \
                                       .default_json = dflt,                                       \
                                       .since = since_,                                            \
                                       .until = until_,                                            \
                                       .doc = doc_}},
#define OBJECT_END(name_)                                                                          \
    {                                                                                              \
        .name = NULL                                                                               \
    }                                                                                              \
    }                                                                                              \
    ;                                                                                              \
    const struct fact_object fact_object_##name_ = {                                               \
        .name = #name_,                                                                            \
        .size = sizeof(struct name_),                                                              \
        .members = members_##name_,                                                                \
        .n_members = G_N_ELEMENTS(members_##name_) - 1,                                            \
        .unknown = (enum fact_unknown)UNKNOWN_##name_};                                            \
    const struct fact_type type_##name_ = {                                                        \
        .kind = &fact_kind_object, .size = sizeof(struct name_), .object = &fact_object_##name_};
#include "facts/objects.def"
#undef OBJECT
#undef MEMBER_V
#undef OBJECT_END
