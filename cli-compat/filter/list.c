#include "config.h"

#include "base/json.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/list.h"
#include "cli-compat/core/pyrepr.h"

bool cmd_filter_list(struct cli_run *run, GError **errp)
{
    const struct list_spec spec = {.kind = QUERY_filter, .name_field = "uuid"};

    return list_run(run, &spec, errp);
}

bool cmd_filter_list_fields(struct cli_run *run, GError **errp)
{
    return list_run_fields(run, QUERY_filter, errp);
}

bool cmd_filter_info(struct cli_run *run, GError **errp)
{
    static const char *const fields[] = {"uuid",   "watermark",    "priority", "predicates",
                                         "action", "reason_trail", NULL};
    static const char *const labels[] = {"UUID",         "  Watermark", "  Priority",
                                         "  Predicates", "  Action",    "  Reason trail"};
    CLEANUP(json_unrefp) struct json *filters = NULL;

    if (!run_query_rows(run, LUXI_query_filters,
                        run_list(2, run_texts(run->args), run_texts(fields)), G_N_ELEMENTS(labels),
                        &filters, errp)) {
        return false;
    }
    for (size_t i = 0; i < json_len(filters); i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(labels); j++) {
            g_autofree char *text = pyrepr_str(json_at(json_at(filters, i), j));

            run_print(run, "%s: %s", labels[j], text);
        }
    }
    return true;
}
