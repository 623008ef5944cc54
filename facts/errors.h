/* Errors that travel: through LUXI, node RPC and job files an error is [class, [argument, ...]].
 *
 * In C they are GErrors of the domain ERR, code = class, with the arguments beside the message. An
 * error of any other domain (GLib's, JSON_ERROR, FACT_ERROR...) travels as GenericError with its
 * message; err_wrap() turns one into a class of choice. */
#ifndef GANTRY_FACTS_ERRORS_H
#define GANTRY_FACTS_ERRORS_H

#include <glib.h>
#include <stdbool.h>

struct json;
struct json_writer;

enum err_class {
#define ERROR_CLASS(enumerator, word, base, args) enumerator,
#define ERROR_CODE(enumerator, word, doc)
#include "facts/errors.def"
#undef ERROR_CLASS
#undef ERROR_CODE
    ERR_CLASS_COUNT,
};

enum err_ecode {
    ECODE_NONE,
#define ERROR_CLASS(enumerator, word, base, args)
#define ERROR_CODE(enumerator, word, doc) enumerator,
#include "facts/errors.def"
#undef ERROR_CLASS
#undef ERROR_CODE
    ECODE_COUNT,
};

#define ERR (err_quark())
GQuark err_quark(void);

/* Sets *errp; with an ecode the arguments are [message, ecode], without one [message]. */
void err_set(GError **errp, enum err_class error_class, enum err_ecode ecode, const char *format,
             ...) G_GNUC_PRINTF(4, 5);
/* The same, and always returns false, for `return err_fail(...)`. */
bool err_fail(GError **errp, enum err_class error_class, enum err_ecode ecode, const char *format,
              ...) G_GNUC_PRINTF(4, 5);
/* Gives an error of whatever domain this class and code; its message stays. */
void err_wrap(GError **errp, enum err_class error_class, enum err_ecode ecode);

/* Class of any error; ERR_GENERIC for other domains. */
enum err_class err_class(const GError *error);
enum err_ecode err_ecode(const GError *error);
/* The arguments of an error that came over the wire, borrowed; NULL if there are none beside
 * message and code. */
const struct json *err_args(const GError *error);
/* True if the error's class is `error_class` or derives from it. */
bool err_is(const GError *error, enum err_class error_class);
/* Its own base: a class that derives from none. */
enum err_class err_class_base(enum err_class error_class);
/* Names of the wire arguments with commas between, "message,code". */
const char *err_class_args(enum err_class error_class);
const char *err_class_word(enum err_class error_class);
const char *err_ecode_word(enum err_ecode ecode);

/* Writes [class, [arguments]]. */
void err_encode(const GError *error, struct json_writer *w);
/* Reads an error from its wire form; returns NULL if the value is not one. Unknown classes become
 * GenericError with the class in the message. The caller owns the result. */
GError *err_decode(struct json *value);

#endif
