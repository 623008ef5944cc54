/* The loop over import and export daemons. */
#include "config.h"

#include "jobs/lu/transfer.h"

#include <string.h>
#include <sys/random.h>

#include "base/json.h"
#include "base/text.h"
#include "facts/codec.h"
#include "facts/constants.h"

/* Seconds. */
enum {
    READY_TIMEOUT = 10,  /* until a daemon has a status */
    ERROR_TIMEOUT = 10,  /* as long as a node may fail to tell it */
    LISTEN_TIMEOUT = 10, /* until an import listens */
    PROGRESS_EVERY = 60,
    /* Pauses between two looks. */
    PAUSE_MIN = 1,
    PAUSE_NOT_READY = 3,
    PAUSE_RUNNING = 5,
    PAUSE_MAX = 20,
};

/* Times are of the monotonic clock, 0: not yet. */
struct transfer_end_private {
    char *daemon; /* its name on the node; NULL: not started, or cleared away */
    int64_t started, listening, connected, progress, failing;
};

struct transfer {
    struct lu *lu;
    const struct instance *instance;
    int64_t connect;
    const struct transfer_events *events;
    void *data;
    GPtrArray *ends; /* grows while it runs */
};

static void free_end(void *data)
{
    struct transfer_end *end = data;
    fact_object_clear(&fact_object_import_export_status, &end->status);
    g_free(end->error);
    g_free(end->private->daemon);
    g_free(end->private);
    g_free(end);
}

struct transfer *transfer_new(struct lu *lu, const struct instance *instance, int64_t connect,
                              const struct transfer_events *events, void *data)
{
    struct transfer *transfer = g_new0(struct transfer, 1);
    *transfer = (struct transfer){.lu = lu,
                                  .instance = instance,
                                  .connect = connect,
                                  .events = events,
                                  .data = data,
                                  .ends = g_ptr_array_new_with_free_func(free_end)};
    return transfer;
}

struct lu *transfer_lu(struct transfer *transfer)
{
    return transfer->lu;
}

struct transfer_end *transfer_add(struct transfer *transfer, const struct transfer_end *end)
{
    struct transfer_end *copy = g_new0(struct transfer_end, 1);
    *copy = *end;
    copy->options.connect_timeout = transfer->connect;
    copy->options.has.connect_timeout = true;
    copy->private = g_new0(struct transfer_end_private, 1);
    g_ptr_array_add(transfer->ends, copy);
    return copy;
}

static struct transfer_end *end_at(const struct transfer *transfer, guint index)
{
    return transfer->ends->pdata[index];
}

static bool is_over(int64_t since, int64_t seconds)
{
    return g_get_monotonic_time() - since > seconds * G_USEC_PER_SEC;
}

static const char *kind_of(const struct transfer_end *end)
{
    return end->import ? "import" : "export";
}

static const char *node_name(const struct transfer *transfer, const struct transfer_end *end)
{
    const struct node *node = cfg_node_get(lu_cfg(transfer->lu), end->node_uuid);
    return node != NULL ? node->name : end->node_uuid;
}

char *transfer_output(const struct transfer_end *end)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t i = 0; i < end->status.recent_output.n; i++) {
        g_string_append_printf(text, "%s%s", i > 0 ? "\n" : "", end->status.recent_output.v[i]);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* --- One daemon ---------------------------------------------------------------------------------
 */
static void stop(struct transfer *transfer, struct transfer_end *end)
{
    if (end == NULL || end->private->daemon == NULL) {
        return;
    }
    lu_warn(transfer->lu, "Aborting %s '%s' on %s", kind_of(end), end->private->daemon,
            node_name(transfer, end));
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(transfer->lu, end->node_uuid,
                                            LU_CALL(impexp_abort, .name = end->private->daemon));
    (void)lu_answer_warn(transfer->lu, answer, "Could not abort it");
}

static void set_ended(struct transfer *transfer, struct transfer_end *end, const char *error)
{
    end->ended = true;
    end->success = error == NULL;
    end->error = g_strdup(error);
    if (error != NULL) {
        lu_warn(transfer->lu, "%s '%s' on %s failed: %s", kind_of(end),
                end->private->daemon != NULL ? end->private->daemon : "", node_name(transfer, end),
                error);
    }
    if (transfer->events->ended != NULL) {
        transfer->events->ended(transfer, end, transfer->data);
    }
    if (error != NULL) {
        stop(transfer, end->peer);
    }
}

/* What the daemon left on its node goes, and the daemon too if it still runs. */
static void clear_away(struct transfer *transfer, struct transfer_end *end)
{
    if (end->private->daemon == NULL) {
        return;
    }
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(transfer->lu, end->node_uuid,
                                            LU_CALL(impexp_cleanup, .name = end->private->daemon));
    (void)lu_answer_warn(transfer->lu, answer, "Could not clear up after %s '%s' on %s",
                         kind_of(end), end->private->daemon, answer->node_name);
    g_clear_pointer(&end->private->daemon, g_free);
}

static void fail(struct transfer *transfer, struct transfer_end *end, const char *error)
{
    clear_away(transfer, end);
    set_ended(transfer, end, error);
}

static struct lu_answer *call_start(struct transfer *transfer, struct transfer_end *end)
{
    g_autofree char *component = g_strdup_printf("disk%zu", end->index);
    const struct lu_arg_object options = {&fact_object_import_export_options, &end->options};
    if (end->import) {
        return lu_call_node(transfer->lu, end->node_uuid,
                            LU_CALL(import_start, .opts = options,
                                    .instance = {.instance = transfer->instance},
                                    .component = component, .dest = end->io));
    }
    CLEANUP(json_unrefp) struct json *port = json_new_int(end->port);
    return lu_call_node(transfer->lu, end->node_uuid,
                        LU_CALL(export_start, .opts = options, .host = (char *)end->host,
                                .port = port, .instance = {.instance = transfer->instance},
                                .component = component, .source = end->io));
}

static void start(struct transfer *transfer, struct transfer_end *end)
{
    CLEANUP(lu_answer_freep) struct lu_answer *answer = call_start(transfer, end);
    if (answer->fail_msg == NULL && json_kind(answer->payload) == JSON_STRING) {
        end->private->daemon = g_strdup(json_string(answer->payload));
        end->private->started = g_get_monotonic_time();
        return;
    }
    g_autofree char *error = g_strdup_printf(
        "it could not be started on node %s: %s", answer->node_name,
        answer->fail_msg != NULL ? answer->fail_msg : "the node did not tell its name");
    fail(transfer, end, error);
}

/* --- What a daemon says -------------------------------------------------------------------------
 */
static void tell_progress(struct transfer *transfer, struct transfer_end *end)
{
    const struct import_export_status *status = &end->status;
    struct transfer_end_private *private = end->private;
    if ((private->progress != 0 && !is_over(private->progress, PROGRESS_EVERY)) ||
        !status->has.progress_mbytes || !status->has.progress_throughput) {
        return;
    }
    private->progress = g_get_monotonic_time();
    g_autofree char *size = text_format_mib((double)status->progress_mbytes, 'h');
    g_autoptr(GString) text = g_string_new(size);
    g_string_append_printf(text, ", %0.1f MiB/s", status->progress_throughput);
    if (status->has.progress_percent) {
        g_string_append_printf(text, ", %d%%", (int)status->progress_percent);
    }
    if (status->has.progress_eta) {
        g_string_append_printf(text, ", ETA %.0fs", status->progress_eta);
    }
    if (transfer->events->progress != NULL) {
        transfer->events->progress(transfer, end, text->str, transfer->data);
    }
}

/* Whether the other side is there; *ret_error (a literal): it never came. */
static bool check_meeting(struct transfer *transfer, struct transfer_end *end,
                          const char **ret_error)
{
    struct transfer_end_private *private = end->private;
    if (end->import && private->listening == 0) {
        if (!end->status.has.listen_port) {
            *ret_error =
                is_over(private->started, LISTEN_TIMEOUT) ? "it does not listen in time" : NULL;
            return false;
        }
        private->listening = g_get_monotonic_time();
        if (transfer->events->listening != NULL) {
            transfer->events->listening(transfer, end, transfer->data);
        }
    }
    if (private->connected != 0) {
        return true;
    }
    if (end->status.connected) {
        private->connected = g_get_monotonic_time();
        if (transfer->events->connected != NULL) {
            transfer->events->connected(transfer, end, transfer->data);
        }
        return true;
    }
    if (is_over(end->import ? private->listening : private->started, transfer->connect)) {
        *ret_error = "the other side has not connected in time";
    }
    return false;
}

/* Takes what the node said of the daemon: NULL: nothing yet. The pause until the next look. */
static int look(struct transfer *transfer, struct transfer_end *end, struct json *said)
{
    struct transfer_end_private *private = end->private;
    const char *error = NULL;
    if (json_kind(said) != JSON_OBJECT) {
        if (is_over(private->started, READY_TIMEOUT)) {
            fail(transfer, end, "it has not become ready in time");
        }
        return PAUSE_NOT_READY;
    }
    g_autoptr(GError) wrong = NULL;
    fact_object_clear(&fact_object_import_export_status, &end->status);
    memset(&end->status, 0, sizeof end->status);
    if (!fact_object_decode_at(&fact_object_import_export_status, said, &end->status, NULL,
                               &wrong)) {
        fail(transfer, end, wrong->message);
        return PAUSE_MAX;
    }
    if (end->status.has.exit_status) {
        const char *text =
            end->status.has.error_message ? end->status.error_message : "it ended with an error";
        set_ended(transfer, end, end->status.exit_status == 0 ? NULL : text);
        clear_away(transfer, end);
        return PAUSE_MAX;
    }
    tell_progress(transfer, end);
    if (check_meeting(transfer, end, &error)) {
        return PAUSE_RUNNING;
    }
    if (error != NULL) {
        fail(transfer, end, error);
    }
    return PAUSE_MIN;
}

static void no_answer(struct transfer *transfer, struct transfer_end *end)
{
    struct transfer_end_private *private = end->private;
    if (private->failing == 0) {
        private->failing = g_get_monotonic_time();
    } else if (is_over(private->failing, ERROR_TIMEOUT)) {
        fail(transfer, end, "its node does not tell how far it is");
    }
}

/* --- All of them --------------------------------------------------------------------------------
 */
static bool is_running(const struct transfer_end *end)
{
    return !end->ended && end->private->daemon != NULL;
}

/* Asks one node about its daemons; done: those that were asked about. */
static int look_at_node(struct transfer *transfer, const char *node_uuid, GPtrArray *done)
{
    struct any_list names = {0};
    g_autoptr(GPtrArray) asked = g_ptr_array_new();
    int pause = PAUSE_MAX;
    for (guint i = 0; i < transfer->ends->len; i++) {
        struct transfer_end *end = end_at(transfer, i);
        if (is_running(end) && strcmp(end->node_uuid, node_uuid) == 0) {
            *(struct json **)fact_list_add(&type_any_list, &names) =
                json_new_string(end->private->daemon);
            g_ptr_array_add(asked, end);
        }
    }
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(transfer->lu, node_uuid, LU_CALL(impexp_status, .names = names));
    fact_clear(&type_any_list, &names);
    bool good = lu_answer_warn(transfer->lu, answer, "Cannot ask node %s how far its transfers are",
                               answer->node_name) &&
                json_kind(answer->payload) == JSON_ARRAY && json_len(answer->payload) == asked->len;
    for (guint i = 0; i < asked->len; i++) {
        struct transfer_end *end = asked->pdata[i];
        g_ptr_array_add(done, end);
        if (end->ended) {
            continue; /* its other half has failed a moment ago */
        }
        int next = PAUSE_NOT_READY;
        if (good) {
            end->private->failing = 0;
            next = look(transfer, end, json_at(answer->payload, i));
        } else {
            no_answer(transfer, end);
        }
        pause = MIN(pause, next);
    }
    return pause;
}

void transfer_run(struct transfer *transfer)
{
    for (;;) {
        g_autoptr(GPtrArray) done = g_ptr_array_new();
        guint before = transfer->ends->len;
        int pause = PAUSE_MAX;
        bool any = false;
        for (guint i = 0; i < transfer->ends->len; i++) {
            struct transfer_end *end = end_at(transfer, i);
            if (!end->ended && end->private->daemon == NULL) {
                start(transfer, end);
            }
        }
        /* Those that come in while others are looked at are started the next time. */
        for (guint i = 0; i < transfer->ends->len; i++) {
            struct transfer_end *end = end_at(transfer, i);
            if (is_running(end) && !g_ptr_array_find(done, end, NULL)) {
                int next = look_at_node(transfer, end->node_uuid, done);
                pause = MIN(pause, next);
            }
        }
        for (guint i = 0; i < transfer->ends->len; i++) {
            any = any || !end_at(transfer, i)->ended;
        }
        if (!any) {
            return;
        }
        if (transfer->ends->len == before) {
            lu_pause(transfer->lu, MAX(pause, PAUSE_MIN));
        }
    }
}

void transfer_free(struct transfer *transfer)
{
    if (transfer == NULL) {
        return;
    }
    for (guint i = 0; i < transfer->ends->len; i++) {
        clear_away(transfer, end_at(transfer, i));
    }
    g_ptr_array_unref(transfer->ends);
    g_free(transfer);
}

/* --- What both sides must know ------------------------------------------------------------------
 */
char *transfer_secret(size_t n)
{
    g_autofree unsigned char *random = g_malloc(n);
    GString *text = g_string_new(NULL);
    if (getrandom(random, n, 0) != (ssize_t)n) {
        g_error("the kernel gives no random bytes"); /* cannot be for so few */
    }
    for (size_t i = 0; i < n; i++) {
        g_string_append_printf(text, "%02x", random[i]);
    }
    return g_string_free(text, FALSE);
}

char *transfer_magic(const char *secret, const char *instance_name, size_t index)
{
    g_autofree char *text =
        g_strdup_printf("%d%s%s%zu", C_RIE_VERSION, secret, instance_name, index);
    return g_compute_checksum_for_string(G_CHECKSUM_SHA1, text, -1);
}
