#include "config.h"

#include "os-interface/os.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/parse.h"
#include "facts/constants.h"
#include "facts/errors.h"

enum { MAX_FILE = 1024 * 1024 };

/* --- Pieces -------------------------------------------------------------------------------------
 */

static bool problem(struct os_definition *os, const char *format, ...) G_GNUC_PRINTF(2, 3);
static bool problem(struct os_definition *os, const char *format, ...)
{
    va_list args;

    g_free(os->problem);
    va_start(args, format);
    os->problem = g_strdup_vprintf(format, args);
    va_end(args);
    return false;
}

/* Whether a regular file is there; only a missing file is no problem, if it is optional. */
static bool check_file(struct os_definition *os, const char *name, bool required, bool *ret_there,
                       struct stat *st)
{
    g_autofree char *path = g_build_filename(os->path, name, NULL);

    *ret_there = stat(path, st) == 0;
    if (!*ret_there) {
        return (errno == ENOENT && !required) ||
               problem(os, "file '%s' is missing in %s: %s", name, os->path, g_strerror(errno));
    }
    return S_ISREG(st->st_mode) || problem(os, "'%s' in %s is not a regular file", name, os->path);
}

static char **read_lines(struct os_definition *os, const char *name)
{
    g_autofree char *path = g_build_filename(os->path, name, NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = fs_read_file(path, MAX_FILE, NULL, &error);
    size_t len;

    if (text == NULL) {
        problem(os, "%s", error->message);
        return NULL;
    }
    len = strlen(text);
    if (len > 0 && text[len - 1] == '\n') {
        text[len - 1] = '\0';
    }
    return len == 0 ? g_new0(char *, 1) : g_strsplit(text, "\n", -1);
}

static bool speaks(const struct os_definition *os, int version)
{
    for (size_t i = 0; i < os->n_api_versions; i++) {
        if (os->api_versions[i] == version) {
            return true;
        }
    }
    return false;
}

int os_definition_api(const struct os_definition *os)
{
    int best = 0;

    for (size_t i = 0; i < C_OS_API_VERSIONS_N; i++) {
        if (C_OS_API_VERSIONS[i] > best && speaks(os, C_OS_API_VERSIONS[i])) {
            best = C_OS_API_VERSIONS[i];
        }
    }
    return best;
}

static int highest(const struct os_definition *os)
{
    int best = 0;

    for (size_t i = 0; i < os->n_api_versions; i++) {
        best = MAX(best, os->api_versions[i]);
    }
    return best;
}

/* --- Reading ------------------------------------------------------------------------------------
 */

static bool read_api_versions(struct os_definition *os)
{
    g_auto(GStrv) lines = NULL;
    struct stat st;
    bool there;

    if (!check_file(os, C_OS_API_FILE, true, &there, &st)) {
        return false;
    }
    lines = read_lines(os, C_OS_API_FILE);
    if (lines == NULL) {
        return false;
    }
    os->api_versions = g_new0(int, g_strv_length(lines) + 1);
    for (char **line = lines; *line != NULL; line++) {
        if (!parse_int(g_strstrip(*line), 0, G_MAXINT, &os->api_versions[os->n_api_versions],
                       NULL)) {
            return problem(os, "'%s' in %s of %s is not a version of the OS interface", *line,
                           C_OS_API_FILE, os->path);
        }
        os->n_api_versions++;
    }
    return os_definition_api(os) != 0 ||
           problem(os,
                   "%s of %s names no version of the OS interface that is supported (10, 15, 20)",
                   C_OS_API_FILE, os->path);
}

static bool find_scripts(struct os_definition *os)
{
    static const struct {
        const char *name;
        bool required;
        int since; /* version of the interface */
    } rows[OS_SCRIPT_COUNT] = {
        [OS_CREATE] = {C_OS_SCRIPT_CREATE, false, 0},
        [OS_CREATE_UNTRUSTED] = {C_OS_SCRIPT_CREATE_UNTRUSTED, false, 0},
        [OS_EXPORT] = {C_OS_SCRIPT_EXPORT, true, 0},
        [OS_IMPORT] = {C_OS_SCRIPT_IMPORT, true, 0},
        [OS_RENAME] = {C_OS_SCRIPT_RENAME, true, 0},
        [OS_VERIFY] = {C_OS_SCRIPT_VERIFY, true, C_OS_API_V20},
    };

    for (size_t i = 0; i < OS_SCRIPT_COUNT; i++) {
        struct stat st;
        bool there;

        if (highest(os) < rows[i].since) {
            continue;
        }
        if (!check_file(os, rows[i].name, rows[i].required, &there, &st)) {
            return false;
        }
        if (there && (st.st_mode & S_IXUSR) == 0) {
            return problem(os, "'%s' in %s is not executable", rows[i].name, os->path);
        }
        if (there) {
            os->scripts[i] = g_build_filename(os->path, rows[i].name, NULL);
        }
    }
    return os->scripts[OS_CREATE] != NULL || os->scripts[OS_CREATE_UNTRUSTED] != NULL ||
           problem(os, "%s has no script '%s' or '%s'", os->path, C_OS_SCRIPT_CREATE,
                   C_OS_SCRIPT_CREATE_UNTRUSTED);
}

static bool read_variants(struct os_definition *os)
{
    g_autoptr(GPtrArray) variants = g_ptr_array_new();
    g_auto(GStrv) lines = NULL;
    struct stat st;
    bool there = false;

    if (highest(os) >= C_OS_API_V15 && !check_file(os, C_OS_VARIANTS_FILE, false, &there, &st)) {
        return false;
    }
    lines = there ? read_lines(os, C_OS_VARIANTS_FILE) : g_new0(char *, 1);
    if (lines == NULL) {
        return false;
    }
    for (char **line = lines; *line != NULL; line++) {
        g_strstrip(*line);
        if (**line != '\0' && **line != '#') {
            g_ptr_array_add(variants, g_strdup(*line));
        }
    }
    g_ptr_array_add(variants, NULL);
    os->variants = (char **)g_ptr_array_free(g_steal_pointer(&variants), FALSE);
    return true;
}

static struct os_parameter parse_parameter(char *line)
{
    struct os_parameter row = {NULL, NULL};
    size_t len;

    g_strstrip(line);
    len = strcspn(line, " \t");
    if (len > 0) {
        row.name = g_strndup(line, len);
    }
    line += len;
    line += strspn(line, " \t");
    if (*line != '\0') {
        row.help = g_strdup(line);
    }
    return row;
}

static bool read_parameters(struct os_definition *os)
{
    g_auto(GStrv) lines = NULL;
    struct stat st;
    bool there;

    if (highest(os) < C_OS_API_V20) {
        return true;
    }
    if (!check_file(os, C_OS_PARAMETERS_FILE, true, &there, &st)) {
        return false;
    }
    lines = read_lines(os, C_OS_PARAMETERS_FILE);
    if (lines == NULL) {
        return false;
    }
    os->n_parameters = g_strv_length(lines);
    os->parameters = g_new0(struct os_parameter, os->n_parameters + 1);
    for (size_t i = 0; i < os->n_parameters; i++) {
        os->parameters[i] = parse_parameter(lines[i]);
    }
    return true;
}

static bool is_name(const char *name)
{
    return *name != '\0' && name[strspn(name, G_CSET_a_2_z G_CSET_A_2_Z "0123456789_-")] == '\0';
}

static char *find_dir(const char *name, const char *const *dirs)
{
    for (; is_name(name) && *dirs != NULL; dirs++) {
        g_autofree char *path = g_build_filename(*dirs, name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
            return g_steal_pointer(&path);
        }
    }
    return NULL;
}

struct os_definition *os_definition_find(const char *name, const char *const *dirs)
{
    struct os_definition *os = g_new0(struct os_definition, 1);

    os->name = g_strdup(name);
    os->path = find_dir(name, dirs);
    if (os->path == NULL) {
        problem(os, "there is no folder of an operating system '%s' in the search path", name);
    } else {
        (void)(read_api_versions(os) && find_scripts(os) && read_variants(os) &&
               read_parameters(os));
    }
    return os;
}

void os_definition_free(struct os_definition *os)
{
    if (os == NULL) {
        return;
    }
    for (size_t i = 0; i < os->n_parameters; i++) {
        g_free(os->parameters[i].name);
        g_free(os->parameters[i].help);
    }
    for (size_t i = 0; i < OS_SCRIPT_COUNT; i++) {
        g_free(os->scripts[i]);
    }
    g_free(os->parameters);
    g_free(os->api_versions);
    g_strfreev(os->variants);
    g_free(os->problem);
    g_free(os->name);
    g_free(os->path);
    g_free(os);
}

/* --- Use ----------------------------------------------------------------------------------------
 */

void os_split_name(const char *full_name, char **ret_name, char **ret_variant)
{
    g_auto(GStrv) parts = g_strsplit(full_name, "+", 2);

    *ret_name = g_strdup(parts[0] == NULL ? "" : parts[0]);
    *ret_variant = g_strdup(parts[0] == NULL || parts[1] == NULL ? "" : parts[1]);
}

bool os_definition_check_variant(const struct os_definition *os, const char *full_name,
                                 GError **errp)
{
    g_autofree char *name = NULL, *variant = NULL;

    os_split_name(full_name, &name, &variant);
    if (os->variants[0] == NULL) {
        return *variant == '\0' ||
               err_fail(errp, ERR_GENERIC, ECODE_NONE,
                        "the operating system '%s' has no variants ('%s' given)", os->name,
                        variant);
    }
    if (*variant == '\0') {
        return err_fail(errp, ERR_GENERIC, ECODE_NONE,
                        "the operating system '%s' needs a variant: %s+%s, for example", name, name,
                        os->variants[0]);
    }
    return g_strv_contains((const char *const *)os->variants, variant) ||
           err_fail(errp, ERR_GENERIC, ECODE_NONE, "the operating system '%s' has no variant '%s'",
                    os->name, variant);
}

static void add(GPtrArray *env, const char *name, char *value)
{
    g_ptr_array_add(env, g_strdup(name));
    g_ptr_array_add(env, value);
}

GPtrArray *os_core_environment(const struct os_definition *os, const char *full_name, int debug)
{
    GPtrArray *env = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *name = NULL, *variant = NULL;
    int api = os_definition_api(os);

    os_split_name(full_name, &name, &variant);
    if (api < C_OS_API_V15 || os->variants[0] == NULL) {
        *variant = '\0';
    } else if (*variant == '\0') {
        g_free(variant);
        variant = g_strdup(os->variants[0]);
    }
    add(env, "OS_API_VERSION", g_strdup_printf("%d", api));
    add(env, "OS_NAME", g_strdup(os->name));
    add(env, "DEBUG_LEVEL", g_strdup_printf("%d", debug));
    add(env, "OS_VARIANT", g_steal_pointer(&variant));
    add(env, "PATH", g_strdup(C_HOOKS_PATH));
    return env;
}

char *os_parameter_variable(const char *parameter)
{
    g_autofree char *upper = g_ascii_strup(parameter, -1);

    return g_strdup_printf("OSP_%s", g_strdelimit(upper, "-", '_'));
}
