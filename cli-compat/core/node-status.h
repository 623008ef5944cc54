/* What nodes say of an OS definition or a storage provider, as the diagnose commands print it. */
#ifndef GANTRY_CLI_COMPAT_CORE_NODE_STATUS_H
#define GANTRY_CLI_COMPAT_CORE_NODE_STATUS_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "cli-compat/core/run.h"

struct node_status_spec {
    const char *missing; /* text for a node that has nothing under the name */
    size_t n_values;     /* of an entry: path, status, diagnosis... */
    void (*details)(GString *out, const struct json *entry);
};

/* The rows are a list of lists of n values; ERR_PROTOCOL otherwise. */
bool node_status_check(const struct json *rows, size_t n, GError **errp);
/* The element of a list as str() shows it, "" if there is none; allocated. */
char *node_status_text(const struct json *list, size_t index);
/* The first elements of the pairs [name, text] of a list; owned by the caller. */
struct json *node_status_names(const struct json *pairs);

struct node_statuses;
/* Of {node: [entry, ...]}; the first entry counts. */
struct node_statuses *node_statuses_new(const struct json *nodes,
                                        const struct node_status_spec *spec);
void node_statuses_free(struct node_statuses *statuses);
DEFINE_CLEANUP(struct node_statuses *, node_statuses_free)
size_t node_statuses_count(const struct node_statuses *statuses, bool valid);
/* Lines "  Node: name, status: ...", the valid ones first, each part in natural order of names. */
void node_statuses_print(struct cli_run *run, const struct node_statuses *statuses);

#endif
