#include "base/cmd-testing.h"

#include <string.h>

#include "base/cmd-private.h"
#include "base/text.h"

struct rule {
    GPatternSpec *glob;
    guint left; /* uses; 0 for ever */
    bool used_up;
    int exit_code;
    char *out, *err;
};

struct cmd_recorder {
    GPtrArray *rules;
    GString *text;
};

static struct cmd_recorder *installed;

static void rule_free(void *data)
{
    struct rule *rule = data;

    g_pattern_spec_free(rule->glob);
    g_free(rule->out);
    g_free(rule->err);
    g_free(rule);
}

struct cmd_recorder *cmd_recorder_new(void)
{
    struct cmd_recorder *recorder = g_new0(struct cmd_recorder, 1);

    g_assert(installed == NULL);
    recorder->rules = g_ptr_array_new_with_free_func(rule_free);
    recorder->text = g_string_new(NULL);
    installed = recorder;
    return recorder;
}

void cmd_recorder_free(struct cmd_recorder *recorder)
{
    if (recorder == NULL) {
        return;
    }
    installed = NULL;
    g_ptr_array_unref(recorder->rules);
    g_string_free(recorder->text, TRUE);
    g_free(recorder);
}

void cmd_recorder_answer(struct cmd_recorder *recorder, const char *glob, guint times,
                         int exit_code, const char *out, const char *err)
{
    struct rule *rule = g_new0(struct rule, 1);

    rule->glob = g_pattern_spec_new(glob);
    rule->left = times;
    rule->exit_code = exit_code;
    rule->out = g_strdup(out == NULL ? "" : out);
    rule->err = g_strdup(err == NULL ? "" : err);
    g_ptr_array_add(recorder->rules, rule);
}

const char *cmd_recorder_text(const struct cmd_recorder *recorder)
{
    return recorder->text->str;
}

void cmd_recorder_clear(struct cmd_recorder *recorder)
{
    g_string_truncate(recorder->text, 0);
}

static void append_quoted(GString *out, const char *before, const char *text)
{
    g_autofree char *quoted = text_shell_quote(text);

    g_string_append_printf(out, "%s%s", before, quoted);
}

static void append_env(GString *out, const struct cmd *cmd)
{
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(cmd->env), (GCompareFunc)strcmp);

    for (const GList *item = names; item != NULL; item = item->next) {
        const char *value = g_hash_table_lookup(cmd->env, item->data);

        g_string_append_printf(out, "%s=", (const char *)item->data);
        append_quoted(out, "", value == NULL ? "" : value);
        g_string_append_c(out, ' ');
    }
}

static void write_down(GString *out, struct cmd *cmd)
{
    append_env(out, cmd);
    if (cmd->cwd != NULL) {
        g_string_append_printf(out, "(cd %s) ", cmd->cwd);
    }
    g_string_append(out, cmd_text(cmd));
    if (cmd->input != NULL) {
        gsize len;
        const char *data = g_bytes_get_data(cmd->input, &len);
        g_autofree char *input = g_strndup(data == NULL ? "" : data, len);

        append_quoted(out, " <<< ", input);
    }
    g_string_append_c(out, '\n');
}

static struct rule *find_rule(const struct cmd_recorder *recorder, const char *text)
{
    for (guint i = 0; i < recorder->rules->len; i++) {
        struct rule *rule = g_ptr_array_index(recorder->rules, i);

        if (!rule->used_up && g_pattern_spec_match_string(rule->glob, text)) {
            return rule;
        }
    }
    return NULL;
}

struct cmd_result *cmd_recorder_ask(struct cmd *cmd)
{
    struct cmd_result *result;
    struct rule *rule;

    if (installed == NULL) {
        return NULL;
    }
    write_down(installed->text, cmd);
    rule = find_rule(installed, cmd_text(cmd));
    if (rule != NULL && rule->left > 0) {
        rule->left--;
        rule->used_up = rule->left == 0;
    }
    result = g_new0(struct cmd_result, 1);
    result->text = g_strdup(cmd_text(cmd));
    result->timeout_ms = cmd->timeout_ms;
    result->exit_code = rule == NULL ? 0 : rule->exit_code;
    result->out = g_strdup(rule == NULL ? "" : rule->out);
    result->err = g_strdup(rule == NULL ? "" : rule->err);
    result->out_len = strlen(result->out);
    result->err_len = strlen(result->err);
    return result;
}
