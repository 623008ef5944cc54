#include "config.h"

#include "luxi/proto/message.h"

#include <string.h>

#include "base/json-scan.h"
#include "base/json.h"
#include "facts/codec.h"
#include "facts/errors.h"

/* Both envelopes have two members: a first one that is written here and a last one that the caller
 * writes. */
static const char *member_name(const struct fact_object *object, size_t i)
{
    return object->members[i].name;
}

struct json_writer luxi_request_begin(GString *out, const char *method)
{
    struct json_writer w = json_writer_init(out, JSON_PYTHON);

    json_write_object_begin(&w);
    json_write_key(&w, member_name(&fact_object_luxi_request, 0));
    json_write_string(&w, method);
    json_write_key(&w, member_name(&fact_object_luxi_request, 1));
    return w;
}

void luxi_request_end(struct json_writer *w)
{
    json_write_object_end(w);
}

struct luxi_request *luxi_request_parse(const char *text, size_t len, GError **errp)
{
    CLEANUP(json_unrefp) struct json *json = NULL;

    if (!json_parse(text, (gssize)len, &json, errp)) {
        return NULL;
    }
    return fact_object_decode(&fact_object_luxi_request, json, NULL, errp);
}

struct json_writer luxi_reply_begin(GString *out, bool success)
{
    struct json_writer w = json_writer_init(out, JSON_COMPACT);

    json_write_object_begin(&w);
    json_write_key(&w, member_name(&fact_object_luxi_reply, 0));
    json_write_bool(&w, success);
    json_write_key(&w, member_name(&fact_object_luxi_reply, 1));
    return w;
}

void luxi_reply_end(struct json_writer *w)
{
    json_write_object_end(w);
}

void luxi_reply_set_error(GString *out, const GError *error)
{
    struct json_writer w;

    g_string_truncate(out, 0);
    w = luxi_reply_begin(out, false);
    err_encode(error, &w);
    luxi_reply_end(&w);
}

static void set_remote_error(struct json *result, GError **errp)
{
    GError *remote = err_decode(result);
    g_autofree char *text = NULL;

    if (remote != NULL) {
        g_propagate_error(errp, remote);
        return;
    }
    text = json_kind(result) == JSON_STRING ? g_strdup(json_string(result))
                                            : json_to_string(result, JSON_PYTHON);
    err_set(errp, ERR_REQUEST, ECODE_NONE, "%s", text);
}

bool luxi_reply_parse(const char *text, size_t len, struct json **ret_result, GError **errp)
{
    CLEANUP(json_unrefp) struct json *json = NULL;
    struct luxi_reply *reply;
    bool success;

    if (!json_parse(text, (gssize)len, &json, errp)) {
        err_wrap(errp, ERR_PROTOCOL, ECODE_NONE);
        g_prefix_error(errp, "answer of the server: ");
        return false;
    }
    reply = fact_object_decode(&fact_object_luxi_reply, json, NULL, errp);
    if (reply == NULL) {
        err_wrap(errp, ERR_PROTOCOL, ECODE_NONE);
        g_prefix_error(errp, "answer of the server: ");
        return false;
    }
    success = reply->success;
    if (success) {
        *ret_result = json_ref(reply->result);
    } else {
        set_remote_error(reply->result, errp);
    }
    fact_object_free(&fact_object_luxi_reply, reply);
    return success;
}

static bool is_word(const struct json_scan *scan, const char *word)
{
    return scan->value_len == strlen(word) && memcmp(scan->value, word, scan->value_len) == 0;
}

bool luxi_reply_find(const char *text, size_t len, const char **ret_result, size_t *ret_len,
                     GError **errp)
{
    CLEANUP(json_unrefp) struct json *ignored = NULL;
    const char *result = NULL;
    bool success = false;
    struct json_scan scan;

    if (json_scan_begin(&scan, text, len, NULL)) {
        while (json_scan_next(&scan, NULL)) {
            if (strcmp(scan.key, member_name(&fact_object_luxi_reply, 0)) == 0) {
                success = is_word(&scan, "true");
            } else if (strcmp(scan.key, member_name(&fact_object_luxi_reply, 1)) == 0) {
                result = scan.value;
                *ret_len = scan.value_len;
            }
        }
        if (scan.complete && success && result != NULL) {
            *ret_result = result;
            return true;
        }
    }
    /* Small, or broken: what is wrong is told in full. */
    if (luxi_reply_parse(text, len, &ignored, errp)) {
        err_set(errp, ERR_PROTOCOL, ECODE_NONE, "answer of the server: not understood");
    }
    return false;
}
