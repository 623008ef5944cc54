#include "config.h"

#include "os-interface/os.h"

#include "base/parse.h"
#include "facts/constants.h"
#include "facts/errors.h"

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

static bool has_file(struct os_definition *os, const char *name, unsigned flags, bool *ret_there)
{
    g_autofree char *path = NULL;
    bool ok = provider_check_file(os->path, name, flags, &path, &os->problem);

    *ret_there = path != NULL;
    return ok;
}

static char **read_lines(struct os_definition *os, const char *name)
{
    return provider_read_lines(os->path, name, &os->problem);
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
    bool there;

    if (!has_file(os, C_OS_API_FILE, PROVIDER_FILE_REQUIRED, &there)) {
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
        unsigned flags = PROVIDER_FILE_SCRIPT | (rows[i].required ? PROVIDER_FILE_REQUIRED : 0);

        if (highest(os) >= rows[i].since &&
            !provider_check_file(os->path, rows[i].name, flags, &os->scripts[i], &os->problem)) {
            return false;
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
    bool there = false;

    if (highest(os) >= C_OS_API_V15 && !has_file(os, C_OS_VARIANTS_FILE, 0, &there)) {
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

static bool read_parameters(struct os_definition *os)
{
    bool there;

    return highest(os) < C_OS_API_V20 ||
           (has_file(os, C_OS_PARAMETERS_FILE, PROVIDER_FILE_REQUIRED, &there) &&
            provider_read_parameters(os->path, C_OS_PARAMETERS_FILE, &os->parameters,
                                     &os->problem));
}

struct os_definition *os_definition_find(const char *name, const char *const *dirs)
{
    struct os_definition *os = g_new0(struct os_definition, 1);

    os->name = g_strdup(name);
    os->path = provider_find_dir(name, dirs);
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
    provider_parameters_clear(&os->parameters);
    for (size_t i = 0; i < OS_SCRIPT_COUNT; i++) {
        g_free(os->scripts[i]);
    }
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
