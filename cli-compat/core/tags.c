/* list-tags of all programs that know tags (lib/cli.py ListTags). */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/pyrepr.h"

static gint compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool cmd_tags_list(struct cli_run *run, GError **errp)
{
    const char *kind = cli_programs[run->command->program].tag_type;
    /* The cluster's tags belong to no name. */
    const char *name = run->args[0] != NULL ? run->args[0] : "";
    CLEANUP(json_unrefp) struct json *tags = NULL;
    g_autoptr(GPtrArray) sorted = g_ptr_array_new_with_free_func(g_free);

    if (!run_call_for(run, LUXI_query_tags,
                      run_list(2, json_new_string(kind), json_new_string(name)), JSON_ARRAY, &tags,
                      errp)) {
        return false;
    }
    for (size_t i = 0; i < json_len(tags); i++) {
        g_ptr_array_add(sorted, pyrepr_str(json_at(tags, i)));
    }
    g_ptr_array_sort(sorted, compare_texts);
    for (guint i = 0; i < sorted->len; i++) {
        run_print(run, "%s", (const char *)g_ptr_array_index(sorted, i));
    }
    return true;
}
