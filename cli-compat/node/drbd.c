#include "config.h"

#include <string.h>

#include "base/json.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/pyrepr.h"
#include "cli-compat/core/table.h"
#include "confd/client/client.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"

enum {
    REPLY_TIMEOUT_MS = 1000, /* as long as the reference waits */
};

/* By the values of the row, one after the other. */
static gint compare_minors(gconstpointer a, gconstpointer b)
{
    const struct confd_drbd_minor *left = *(const struct confd_drbd_minor *const *)a;
    const struct confd_drbd_minor *right = *(const struct confd_drbd_minor *const *)b;
    int order = strcmp(left->node, right->node);

    if (order == 0) {
        order = (left->minor > right->minor) - (left->minor < right->minor);
    }
    return order != 0 ? order : strcmp(left->instance, right->instance);
}

static void minor_free(gpointer minor)
{
    fact_object_free(&fact_object_confd_drbd_minor, minor);
}

/* All minors of the answer, sorted; NULL if it is none. */
static GPtrArray *read_minors(struct json *answer, GError **errp)
{
    GPtrArray *minors = g_ptr_array_new_with_free_func(minor_free);

    for (size_t i = 0; json_kind(answer) == JSON_ARRAY && i < json_len(answer); i++) {
        const struct fact_path path = {.index = i};
        struct confd_drbd_minor *minor =
            fact_object_decode(&fact_object_confd_drbd_minor, json_at(answer, i), &path, errp);

        if (minor == NULL) {
            g_ptr_array_unref(minors);
            return NULL;
        }
        g_ptr_array_add(minors, minor);
    }
    g_ptr_array_sort(minors, compare_minors);
    return minors;
}

static void print_minors(struct cli_run *run, const GPtrArray *minors)
{
    static const char *const titles[] = {"Node", "Minor", "Instance", "Disk", "Role", "PeerNode"};
    CLEANUP(table_freep) struct table *table = table_new();
    const struct table_options options = {
        .header = !command_line_flag(run->line, CLI_OPT_nohdr),
        .separator = command_line_text(run->line, CLI_OPT_sep),
    };

    for (size_t i = 0; i < G_N_ELEMENTS(titles); i++) {
        table_add_column(table, titles[i], i == 1);
    }
    for (guint i = 0; i < minors->len; i++) {
        const struct confd_drbd_minor *minor = g_ptr_array_index(minors, i);

        table_add_cell(table, g_strdup(minor->node));
        table_add_cell(table, g_strdup_printf("%" G_GINT64_FORMAT, (gint64)minor->minor));
        table_add_cell(table, g_strdup(minor->instance));
        table_add_cell(table, g_strdup(minor->disk));
        table_add_cell(table, g_strdup(minor->role));
        table_add_cell(table, g_strdup(minor->peer));
    }
    table_print(table, &options, run->out);
}

static bool print_reply(struct cli_run *run, const struct confd_reply *reply, GError **errp)
{
    g_autoptr(GPtrArray) minors = NULL;

    if (reply->status != CONFD_REPLY_OK) {
        g_autofree char *answer = pyrepr_str(reply->answer);

        return err_fail(errp, ERR_CONFD_CLIENT, ECODE_NONE,
                        "confd refuses the query for %s: status %d, answer %s", run->args[0],
                        (int)reply->status, answer);
    }
    minors = read_minors(reply->answer, errp);
    if (minors == NULL) {
        return false;
    }
    print_minors(run, minors);
    return true;
}

/* The confd of this node knows the minors of all nodes (lib/client/gnt_node.py ListDrbd). */
bool cmd_node_list_drbd(struct cli_run *run, GError **errp)
{
    static const char *const addresses[] = {C_IP4_ADDRESS_LOCALHOST, NULL};
    CLEANUP(json_unrefp) struct json *query = json_new_string(run->args[0]);
    const struct confd_question question = {
        .type = CONFD_REQ_NODE_DRBD, .query = query, .timeout_ms = REPLY_TIMEOUT_MS};
    g_autofree char *key = confd_key_read(errp);
    CLEANUP(confd_client_freep)
    struct confd_client *client = key != NULL ? confd_client_new(key, addresses, 0, errp) : NULL;
    struct confd_reply reply;
    bool ok;

    if (client == NULL || !confd_client_ask(client, &question, &reply, errp)) {
        return false;
    }
    ok = print_reply(run, &reply, errp);
    confd_reply_clear(&reply);
    return ok;
}
