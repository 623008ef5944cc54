#include "config.h"

#include "luxi/proto/message.h"

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
