/* Commands about tags, of all programs that know some (lib/cli.py ListTags, AddTags, RemoveTags).
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/pyrepr.h"
#include "cli-compat/core/submit.h"
#include "facts/codec.h"
#include "facts/errors.h"

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

/* ---- changing them ---- */

enum { MAX_TAGS_FILE = 16 * 1024 * 1024 };

/* Tags from the command line, then those of the file, one on each line (_ExtendTags). */
static bool collect_tags(struct cli_run *run, const char *const *args, struct json *tags,
                         GError **errp)
{
    const char *source = command_line_text(run->line, CLI_OPT_tag_src);
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    for (; *args != NULL; args++) {
        json_append(tags, json_new_string(*args));
    }
    if (source == NULL) {
        return true;
    }
    text = strcmp(source, "-") == 0
               ? fs_read_fd(STDIN_FILENO, "standard input", MAX_TAGS_FILE, NULL, errp)
               : fs_read_file(source, MAX_TAGS_FILE, NULL, errp);
    if (text == NULL) {
        return false;
    }
    if (g_str_has_suffix(text, "\n")) {
        text[strlen(text) - 1] = '\0';
    }
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *text != '\0' && *line != NULL; line++) {
        json_append(tags, json_new_string(g_strstrip(*line)));
    }
    return true;
}

/* What an opcode about tags of this program's objects is about: *args moves behind the name. */
static bool object_of(struct cli_run *run, const char *const **args, enum tag_kind *ret_kind,
                      const char **ret_name, GError **errp)
{
    const char *kind = cli_programs[run->command->program].tag_type;

    *ret_kind = (enum tag_kind)fact_enum_find(&fact_enum_tag_kind, kind);
    *ret_name = "";
    if (*ret_kind == TAG_CLUSTER) {
        return true;
    }
    if (**args == NULL) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "no arguments passed to the command");
    }
    *ret_name = *(*args)++;
    return true;
}

/* The two opcodes have the same parameters, each in a struct of its own. */
#define SET_TAGS(op, opcode)                                                                       \
    do {                                                                                           \
        struct op_##opcode *params = (op)->params;                                                 \
                                                                                                   \
        OP_SET(params, kind, kind);                                                                \
        OP_SET_TEXT(params, name, name);                                                           \
        ok = SUBMIT_SET_JSON(op, opcode, tags, tags, errp);                                        \
    } while (0)

static bool change_tags(struct cli_run *run, enum op_id id, GError **errp)
{
    const char *const *args = run->args;
    CLEANUP(json_unrefp) struct json *tags = json_new_array();
    struct opcode *op;
    enum tag_kind kind;
    const char *name;
    bool ok;

    if (!object_of(run, &args, &kind, &name, errp) || !collect_tags(run, args, tags, errp)) {
        return false;
    }
    if (json_len(tags) == 0) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "No tags to be %s",
                        id == OP_ID_tags_set ? "added" : "removed");
    }
    op = opcode_new(id);
    if (id == OP_ID_tags_set) {
        SET_TAGS(op, tags_set);
    } else {
        SET_TAGS(op, tags_del);
    }
    if (!ok) {
        opcode_free(op);
        return false;
    }
    return submit_or_send(run, op, NULL, errp);
}

bool cmd_tags_add(struct cli_run *run, GError **errp)
{
    return change_tags(run, OP_ID_tags_set, errp);
}

bool cmd_tags_remove(struct cli_run *run, GError **errp)
{
    return change_tags(run, OP_ID_tags_del, errp);
}
