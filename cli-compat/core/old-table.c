#include "config.h"

#include "cli-compat/core/old-table.h"

#include <string.h>

#include "base/json.h"
#include "base/parse.h"
#include "base/text.h"
#include "cli-compat/core/list.h"
#include "cli-compat/core/pyrepr.h"
#include "cli-compat/core/table.h"
#include "facts/errors.h"

static const struct old_column *find(const struct old_column *columns, const char *field)
{
    while (columns->field != NULL && strcmp(columns->field, field) != 0) {
        columns++;
    }
    return columns;
}

/* What is no number stays as it is. */
static char *mib_text(const struct json *value, char unit)
{
    int64_t mib;

    if (json_kind(value) == JSON_STRING &&
        parse_int64(json_string(value), INT64_MIN, INT64_MAX, &mib, NULL)) {
        return text_format_mib((double)mib, unit);
    }
    if (json_kind(value) == JSON_INT || json_kind(value) == JSON_FLOAT) {
        return text_format_mib((double)(int64_t)json_double(value), unit);
    }
    return pyrepr_str(value);
}

static char *cell(const struct old_column *column, const struct json *value, char unit)
{
    if (column->text != NULL) {
        return column->text(value);
    }
    return column->mib ? mib_text(value, unit) : pyrepr_str(value);
}

bool old_table_print(struct cli_run *run, const struct old_column *columns,
                     const struct json *fields, const struct json *rows, GError **errp)
{
    CLEANUP(table_freep) struct table *table = table_new();
    const struct table_options options = {
        .header = !command_line_flag(run->line, CLI_OPT_nohdr),
        .separator = command_line_text(run->line, CLI_OPT_sep),
    };
    size_t n = json_len(fields);

    for (size_t i = 0; i < n; i++) {
        const char *field = json_string(json_at(fields, i));
        const struct old_column *column = find(columns, field);

        table_add_column(table, column->field != NULL ? column->title : field, column->mib);
    }
    for (size_t i = 0; i < json_len(rows); i++) {
        const struct json *row = json_at(rows, i);

        if (json_kind(row) != JSON_ARRAY || json_len(row) != n) {
            return err_fail(errp, ERR_PROTOCOL, ECODE_NONE,
                            "the job's result has a row of another length");
        }
        for (size_t j = 0; j < n; j++) {
            const struct old_column *column = find(columns, json_string(json_at(fields, j)));

            table_add_cell(table, cell(column, json_at(row, j), list_unit(run)));
        }
    }
    table_print(table, &options, run->out);
    return true;
}
