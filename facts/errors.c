#include "config.h"

#include "facts/errors.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"

struct err_private {
    enum err_ecode ecode;
    /* All wire arguments, when they are not just [message] or [message, ecode]. */
    struct json *args;
};

/* GLib's macro wants type names in its own style. */
typedef struct err_private ErrPrivate;

static void err_private_init(ErrPrivate *priv)
{
    priv->ecode = ECODE_NONE;
    priv->args = NULL;
}

static void err_private_copy(const ErrPrivate *src, ErrPrivate *dst)
{
    dst->ecode = src->ecode;
    dst->args = src->args == NULL ? NULL : json_copy(src->args);
}

static void err_private_clear(ErrPrivate *priv)
{
    json_unref(priv->args);
}

G_DEFINE_EXTENDED_ERROR(Err, err)

struct err_class_row {
    const char *word;
    const char *args; /* their names, with commas between */
    enum err_class base;
};

static const struct err_class_row class_rows[] = {
#define ERROR_CLASS(enumerator, word_, base_, args_)                                               \
    [enumerator] = {.word = word_, .args = args_, .base = base_},
#define ERROR_CODE(enumerator, word, doc)
#include "facts/errors.def"
#undef ERROR_CLASS
#undef ERROR_CODE
};

static const char *const ecode_words[] = {
#define ERROR_CLASS(enumerator, word, base, args)
#define ERROR_CODE(enumerator, word, doc) [enumerator] = word,
#include "facts/errors.def"
#undef ERROR_CLASS
#undef ERROR_CODE
};

const char *err_class_word(enum err_class error_class)
{
    return class_rows[error_class].word;
}

enum err_class err_class_base(enum err_class error_class)
{
    return class_rows[error_class].base;
}

const char *err_class_args(enum err_class error_class)
{
    return class_rows[error_class].args;
}

const char *err_ecode_word(enum err_ecode ecode)
{
    return ecode_words[ecode];
}

static GError *new_error(enum err_class error_class, enum err_ecode ecode, char *message)
{
    GError *error = g_error_new_literal(ERR, (int)error_class, message);

    err_get_private(error)->ecode = ecode;
    g_free(message);
    return error;
}

void err_set(GError **errp, enum err_class error_class, enum err_ecode ecode, const char *format,
             ...)
{
    va_list args;

    va_start(args, format);
    g_propagate_error(errp, new_error(error_class, ecode, g_strdup_vprintf(format, args)));
    va_end(args);
}

bool err_fail(GError **errp, enum err_class error_class, enum err_ecode ecode, const char *format,
              ...)
{
    va_list args;

    va_start(args, format);
    g_propagate_error(errp, new_error(error_class, ecode, g_strdup_vprintf(format, args)));
    va_end(args);
    return false;
}

void err_wrap(GError **errp, enum err_class error_class, enum err_ecode ecode)
{
    GError *error;

    if (errp == NULL || *errp == NULL) {
        return;
    }
    error = new_error(error_class, ecode, g_strdup((*errp)->message));
    g_clear_error(errp);
    g_propagate_error(errp, error);
}

enum err_class err_class(const GError *error)
{
    return error->domain == ERR ? (enum err_class)error->code : ERR_GENERIC;
}

enum err_ecode err_ecode(const GError *error)
{
    return error->domain == ERR ? err_get_private(error)->ecode : ECODE_NONE;
}

const struct json *err_args(const GError *error)
{
    return error->domain == ERR ? err_get_private(error)->args : NULL;
}

bool err_is(const GError *error, enum err_class error_class)
{
    enum err_class at = err_class(error);

    while (at != error_class) {
        if (at == class_rows[at].base) {
            return false;
        }
        at = class_rows[at].base;
    }
    return true;
}

void err_encode(const GError *error, struct json_writer *w)
{
    const struct err_private *priv = error->domain == ERR ? err_get_private(error) : NULL;

    json_write_array_begin(w);
    json_write_string(w, err_class_word(err_class(error)));
    if (priv != NULL && priv->args != NULL) {
        json_write_value(w, priv->args);
    } else {
        json_write_array_begin(w);
        json_write_string(w, error->message);
        if (priv != NULL && priv->ecode != ECODE_NONE) {
            json_write_string(w, err_ecode_word(priv->ecode));
        }
        json_write_array_end(w);
    }
    json_write_array_end(w);
}

/* Position of the message among the arguments of a class, -1 if it has none. */
static int message_place(enum err_class error_class)
{
    g_auto(GStrv) names = g_strsplit(class_rows[error_class].args, ",", -1);

    for (int i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], "message") == 0) {
            return i;
        }
    }
    return -1;
}

/* The message of an error from its arguments; all of them as JSON if it is not where it should be.
 */
static char *message_of(enum err_class error_class, const struct json *args)
{
    int place = message_place(error_class);

    if (place >= 0 && json_len(args) > (size_t)place &&
        json_kind(json_at(args, (size_t)place)) == JSON_STRING) {
        return g_strdup(json_string(json_at(args, (size_t)place)));
    }
    return json_to_string(args, JSON_PYTHON);
}

static enum err_ecode find_ecode(const struct json *args)
{
    if (json_len(args) == 2 && json_kind(json_at(args, 1)) == JSON_STRING) {
        for (size_t i = ECODE_NONE + 1; i < G_N_ELEMENTS(ecode_words); i++) {
            if (strcmp(ecode_words[i], json_string(json_at(args, 1))) == 0) {
                return (enum err_ecode)i;
            }
        }
    }
    return ECODE_NONE;
}

GError *err_decode(struct json *value)
{
    const char *word;
    struct json *args;
    GError *error;

    if (json_kind(value) != JSON_ARRAY || json_len(value) != 2 ||
        json_kind(json_at(value, 0)) != JSON_STRING || json_kind(json_at(value, 1)) != JSON_ARRAY) {
        return NULL;
    }
    word = json_string(json_at(value, 0));
    args = json_at(value, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(class_rows); i++) {
        if (strcmp(class_rows[i].word, word) == 0) {
            error =
                new_error((enum err_class)i, find_ecode(args), message_of((enum err_class)i, args));
            err_get_private(error)->args = json_copy(args);
            return error;
        }
    }
    error = new_error(ERR_GENERIC, ECODE_NONE, message_of(ERR_GENERIC, args));
    g_prefix_error(&error, "%s: ", word);
    return error;
}
