/* The description of an export, and its way to its place (backend.py FinalizeExport). */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fs-tree.h"
#include "base/json.h"
#include "base/log.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "facts/params.h"
#include "noded/backend/common.h"
#include "noded/backend/disks.h"
#include "noded/backend/guest.h"
#include "noded/proto/ini.h"
#include "provider-interface/env.h"

enum { CONFIG_MODE = 0600, MAX_FILES = 100000 };

/* --- config.ini ---------------------------------------------------------------------------------
 */

static void putf(GString *out, const char *key, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void putf(GString *out, const char *key, const char *format, ...)
{
    g_autofree char *value = NULL;
    va_list args;

    va_start(args, format);
    value = g_strdup_vprintf(format, args);
    va_end(args);
    ini_put(out, key, value);
}

/* "nic0_mac", and what is not set is the word None. */
static void put_indexed(GString *out, const char *kind, size_t index, const char *name,
                        const char *value)
{
    g_autofree char *key = g_strdup_printf("%s%zu_%s", kind, index, name);

    ini_put(out, key, value == NULL ? "None" : value);
}

static void put_params(GString *out, const char *name, const struct value_map *params,
                       bool without_globals)
{
    ini_put_section(out, name);
    for (size_t i = 0; i < params->n; i++) {
        g_autofree char *text = script_value_text(&params->v[i].value);

        if (!without_globals || !hv_param_is_global(params->v[i].key)) {
            ini_put(out, params->v[i].key, text);
        }
    }
}

static void put_members(GString *out, const struct fact_object *object, const void *value)
{
    CLEANUP(script_env_freep) struct script_env *members = script_env_new();
    g_autofree const char **names = NULL;

    script_env_set_members(members, "", object, value);
    names = script_env_names(members);
    for (const char **name = names; *name != NULL; name++) {
        ini_put(out, *name, script_env_get(members, *name));
    }
}

static void put_nic(GString *out, size_t index, const struct nic *nic)
{
    const struct nicparams *params = &nic->nicparams;

    put_indexed(out, "nic", index, "mac", nic->mac);
    put_indexed(out, "nic", index, "ip", nic->ip);
    put_indexed(out, "nic", index, "network", nic->network);
    put_indexed(out, "nic", index, "name", nic->name);
    put_indexed(out, "nic", index, "mode",
                params->has.mode ? fact_enum_nic_mode.words[params->mode] : NULL);
    put_indexed(out, "nic", index, "link", params->link);
    put_indexed(out, "nic", index, "vlan", params->vlan);
}

static void put_disk(GString *out, size_t index, const struct disk *disk)
{
    g_autofree char *size = g_strdup_printf("%" G_GINT64_FORMAT, disk->size);

    put_indexed(out, "disk", index, "ivname", disk->iv_name);
    put_indexed(out, "disk", index, "dump", disk->uuid);
    put_indexed(out, "disk", index, "size", size);
    put_indexed(out, "disk", index, "name", disk->name);
}

/* A disk that could not be exported is NULL; so what is behind it keeps its index. */
static const char *template_of(struct disk *const *disks, size_t n)
{
    const struct disk *first = NULL;

    for (size_t i = 0; i < n; i++) {
        if (disks[i] != NULL && first != NULL && disks[i]->dev_type != first->dev_type) {
            return C_DT_MIXED;
        }
        first = first == NULL ? disks[i] : first;
    }
    return fact_enum_disk_template.words[first == NULL ? DISK_TEMPLATE_DISKLESS : first->dev_type];
}

static void put_instance(GString *out, const struct instance *instance, struct disk *const *disks,
                         size_t n_disks)
{
    g_autoptr(GString) tags = g_string_new(NULL);
    size_t good = 0;

    for (size_t i = 0; i < instance->tags.n; i++) {
        g_string_append_printf(tags, "%s%s", i == 0 ? "" : " ", instance->tags.v[i]);
    }
    ini_put_section(out, C_INISECT_INS);
    ini_put(out, "name", instance->name);
    putf(out, "maxmem", "%" G_GINT64_FORMAT, instance->beparams.maxmem);
    putf(out, "minmem", "%" G_GINT64_FORMAT, instance->beparams.minmem);
    /* For releases that had only one. */
    putf(out, "memory", "%" G_GINT64_FORMAT, instance->beparams.maxmem);
    putf(out, "vcpus", "%" G_GINT64_FORMAT, instance->beparams.vcpus);
    ini_put(out, "disk_template", template_of(disks, n_disks));
    ini_put(out, "hypervisor", fact_enum_hypervisor.words[instance->hypervisor]);
    ini_put(out, "tags", tags->str);
    for (size_t i = 0; i < instance->nics.n; i++) {
        put_nic(out, i, &instance->nics.v[i]);
    }
    putf(out, "nic_count", "%zu", instance->nics.n);
    for (size_t i = 0; i < n_disks; i++) {
        if (disks[i] != NULL) {
            put_disk(out, i, disks[i]);
            good++;
        }
    }
    putf(out, "disk_count", "%zu", good);
}

static char *describe(const struct instance *instance, struct disk *const *disks, size_t n_disks)
{
    GString *out = g_string_new(NULL);

    ini_put_section(out, C_INISECT_EXP);
    putf(out, "version", "%d", C_EXPORT_VERSION);
    putf(out, "timestamp", "%" G_GINT64_FORMAT, (int64_t)time(NULL));
    ini_put(out, "source", instance->primary_node);
    ini_put(out, "os", instance->os);
    ini_put(out, "compression", C_IEC_NONE);
    put_instance(out, instance, disks, n_disks);
    put_params(out, C_INISECT_HYP, &instance->hvparams, true);
    ini_put_section(out, C_INISECT_BEP);
    put_members(out, &fact_object_beparams, &instance->beparams);
    put_params(out, C_INISECT_OSP, &instance->osparams, false);
    put_params(out, C_INISECT_OSP_PRIVATE, &instance->osparams_private, false);
    g_string_append_c(out, '\n');
    return g_string_free(out, FALSE);
}

/* --- Its place ----------------------------------------------------------------------------------
 */

static bool sync_file(const char *path, GError **errp)
{
    CLEANUP(fs_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    return (fd >= 0 && fsync(fd) == 0) || fs_error_set(errp, errno, "write to disk", path);
}

/* The dumps came through pipes: before the export that was there goes, they must be on disk. */
static bool sync_all(const char *dir, GError **errp)
{
    g_autoptr(GPtrArray) names = fs_list_dir(dir, MAX_FILES, errp);

    for (guint i = 0; names != NULL && i < names->len; i++) {
        g_autofree char *path = g_build_filename(dir, g_ptr_array_index(names, i), NULL);

        if (!sync_file(path, errp)) {
            return false;
        }
    }
    return names != NULL && fs_sync_dir(dir, errp);
}

/* At every moment either the old export or the new one is there. */
static bool move_to_place(const char *fresh, const char *place, GError **errp)
{
    const char *parent = path_get(PATH_EXPORT_DIR);
    int errnum = FAULT_POINT("export-before-move");

    if (errnum != 0) {
        return fs_error_set(errp, errnum, "put in place", fresh);
    }
    if (!g_file_test(place, G_FILE_TEST_EXISTS)) {
        return fs_rename(fresh, place, errp);
    }
    if (renameat2(AT_FDCWD, fresh, AT_FDCWD, place, RENAME_EXCHANGE) == 0) {
        return fs_sync_dir(parent, errp) && fs_remove_tree(fresh, errp);
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return fs_error_set(errp, errno, "put in place", fresh);
    }
    return fs_remove_tree(place, errp) && fs_rename(fresh, place, errp);
}

static bool finish(const struct instance *instance, struct disk *const *disks, size_t n_disks,
                   GError **errp)
{
    const struct fs_write_opts opts = {.mode = CONFIG_MODE};
    g_autofree char *fresh = NULL, *place = NULL, *config = NULL, *text = NULL;

    if (*instance->name == '\0' || *instance->name == '.' || strchr(instance->name, '/') != NULL) {
        return noded_fail(errp, "'%s' cannot be the name of an export", instance->name);
    }
    place = g_build_filename(path_get(PATH_EXPORT_DIR), instance->name, NULL);
    fresh = g_strconcat(place, ".new", NULL);
    config = g_build_filename(fresh, C_EXPORT_CONF_FILE, NULL);
    text = describe(instance, disks, n_disks);
    return fs_write_atomic(config, text, strlen(text), &opts, errp) && sync_all(fresh, errp) &&
           move_to_place(fresh, place, errp);
}

static void free_disk(void *disk)
{
    if (disk != NULL) {
        backend_disk_free(disk);
    }
}

NODED_CALL(finalize_export, NODED_WORKER)
{
    CLEANUP(guest_freep) struct guest *guest = guest_read(&args->instance, errp);
    g_autoptr(GPtrArray) disks = g_ptr_array_new_with_free_func(free_disk);

    if (guest == NULL) {
        return false;
    }
    for (size_t i = 0; i < args->snap_disks.n; i++) {
        struct json *tree = args->snap_disks.v[i];
        struct disk *disk = NULL;

        if (json_kind(tree) != JSON_BOOL) {
            disk = backend_disk(tree, errp);
            if (disk == NULL) {
                g_prefix_error(errp, "disk %zu: ", i);
                return false;
            }
        }
        g_ptr_array_add(disks, disk);
    }
    json_write_null(result);
    return finish(guest->instance, (struct disk *const *)disks->pdata, disks->len, errp);
}
