/* C types, descriptors and enums of everything in enums.def, types.def and objects.def.
 *
 * For an object `nic` there are: struct nic, struct nic_has, fact_object_nic (its descriptor) and
 * type_nic. For an enum `admin_state`: enum admin_state, fact_enum_admin_state, type_admin_state.
 * For a type STR: ctype_STR (a typedef that exists only so that rows can name C types) and
 * type_STR. */
#ifndef GANTRY_FACTS_OBJECTS_H
#define GANTRY_FACTS_OBJECTS_H

#include "facts/type.h"
#include "facts/value.h"

/* Enumerators */
#define ENUM(name)                                        enum name {
#define WORD_V(name, enumerator, word, since, until, doc) enumerator,
#define ENUM_END(name)                                                                             \
    }                                                                                              \
    ;                                                                                              \
    typedef enum name ctype_##name;                                                                \
    extern const struct fact_enum fact_enum_##name;                                                \
    extern const struct fact_type type_##name;
#include "facts/enums.def"
#undef ENUM
#undef WORD_V
#undef ENUM_END

/* Names of objects, for the types that contain them */
#define OBJECT(name, unknown, doc)                                                                 \
    typedef struct name ctype_##name;                                                              \
    extern const struct fact_object fact_object_##name;                                            \
    extern const struct fact_type type_##name;                                                     \
    struct name##_has {                                                                            \
        bool whole; /* keeps the struct legal for objects without members */
#define MEMBER_V(object, member, json, type, presence, dflt, doc, since, until) bool member;
#define OBJECT_END(name)                                                                           \
    }                                                                                              \
    ;
#include "facts/objects.def"
#undef OBJECT
#undef MEMBER_V
#undef OBJECT_END

#define TYPE(ident, c_type, kind, check, text)                                                     \
    typedef c_type ctype_##ident;                                                                  \
    extern const struct fact_type type_##ident;
#define TYPE_INT(ident, min, max, text) TYPE(ident, int64_t, int, NULL, text)
#define TYPE_LIST(ident, elem)                                                                     \
    struct ident {                                                                                 \
        ctype_##elem *v;                                                                           \
        size_t n;                                                                                  \
    };                                                                                             \
    typedef struct ident ctype_##ident;                                                            \
    extern const struct fact_type type_##ident;
#define TYPE_DICT(ident, elem)                                                                     \
    struct ident {                                                                                 \
        struct ident##_entry *v;                                                                   \
        size_t n;                                                                                  \
    };                                                                                             \
    typedef struct ident ctype_##ident;                                                            \
    extern const struct fact_type type_##ident;
#define TYPE_DICT_OF(ident, words, elem) TYPE_DICT(ident, elem)
#define TYPE_MAP(ident, elem)            TYPE_DICT(ident, elem)
#define TYPE_MAP_OF(ident, words, elem)  TYPE_DICT(ident, elem)
#define TYPE_SET(ident, elem)            TYPE_LIST(ident, elem)
#include "facts/types.def"
#undef TYPE
#undef TYPE_INT
#undef TYPE_LIST
#undef TYPE_DICT
#undef TYPE_DICT_OF
#undef TYPE_MAP
#undef TYPE_MAP_OF
#undef TYPE_SET

/* The objects themselves */
#define OBJECT(name, unknown, doc)                                                                 \
    struct name {                                                                                  \
        struct json *extra;                                                                        \
        struct name##_has has;
#define MEMBER_V(object, member, json, type, presence, dflt, doc, since, until) ctype_##type member;
#define OBJECT_END(name)                                                                           \
    }                                                                                              \
    ;
#include "facts/objects.def"
#undef OBJECT
#undef MEMBER_V
#undef OBJECT_END

/* Dictionary entries, which hold objects by value */
#define TYPE(ident, c_type, kind, check, text)
#define TYPE_INT(ident, min, max, text)
#define TYPE_LIST(ident, elem)
#define TYPE_DICT(ident, elem)                                                                     \
    struct ident##_entry {                                                                         \
        char *key;                                                                                 \
        ctype_##elem value;                                                                        \
    };
#define TYPE_DICT_OF(ident, words, elem) TYPE_DICT(ident, elem)
#define TYPE_MAP(ident, elem)            TYPE_DICT(ident, elem)
#define TYPE_MAP_OF(ident, words, elem)  TYPE_DICT(ident, elem)
#define TYPE_SET(ident, elem)
#include "facts/types.def"
#undef TYPE
#undef TYPE_INT
#undef TYPE_LIST
#undef TYPE_DICT
#undef TYPE_DICT_OF
#undef TYPE_MAP
#undef TYPE_MAP_OF
#undef TYPE_SET

#endif
