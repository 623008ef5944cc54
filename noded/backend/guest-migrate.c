/* Migration: the source tells what the target must know, the target accepts, the source migrates,
 * both finish. */
#include "config.h"

#include "base/json.h"
#include "base/log.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "noded/backend/common.h"
#include "noded/backend/disk-links.h"
#include "noded/backend/guest.h"

NODED_CALL(instance_migratable, NODED_WORKER)
{
    CLEANUP(guest_freep) struct guest *guest = guest_open(&args->instance, errp);
    bool runs;

    json_write_null(result);
    if (guest == NULL || !guest_runs(guest, &runs, errp)) {
        return false;
    }
    if (!runs) {
        return noded_fail(errp, "Instance %s is not running", guest->instance->name);
    }
    for (size_t i = 0; i < guest->disks.n; i++) {
        g_autofree char *link = disk_link_path(guest->instance->name, i, NULL);

        if (link == NULL || !g_file_test(link, G_FILE_TEST_IS_SYMLINK)) {
            log_warning("Instance %s is missing the link %s of disk %zu", guest->instance->name,
                        link, i);
        }
    }
    return true;
}

NODED_CALL(migration_info, NODED_WORKER)
{
    CLEANUP(guest_freep) struct guest *guest = guest_open(&args->instance, errp);
    g_autoptr(GError) error = NULL;
    g_autofree char *info = NULL;

    if (guest == NULL) {
        return false;
    }
    info = guest->hv->migration_info(guest->instance, &error);
    if (info == NULL) {
        return noded_fail(errp, "Failed to fetch migration information: %s", error->message);
    }
    json_write_string(result, info);
    return true;
}

/* The guest of a call, and what the source's hypervisor said of it; some say nothing. */
static struct guest *open_with_info(const struct any_dict *instance, const struct json *info,
                                    const char **ret_info, GError **errp)
{
    if (info != NULL && json_kind(info) != JSON_STRING) {
        noded_error_set(errp, "migration information must be a text");
        return NULL;
    }
    *ret_info = info != NULL ? json_string(info) : "";
    return guest_open(instance, errp);
}

NODED_CALL(accept_instance, NODED_WORKER)
{
    const char *info = "";
    CLEANUP(guest_freep)
    struct guest *guest = open_with_info(&args->instance, args->info, &info, errp);
    g_autoptr(GError) error = NULL;

    json_write_null(result);
    if (guest == NULL) {
        return false;
    }
    return guest->hv->accept(guest->instance, info, args->target, &error) ||
           noded_fail(errp, "Failed to accept instance: %s", error->message);
}

NODED_CALL(instance_migrate, NODED_WORKER)
{
    CLEANUP(guest_freep) struct guest *guest = guest_open(&args->instance, errp);
    g_autoptr(GError) error = NULL;

    json_write_null(result);
    if (guest == NULL) {
        return false;
    }
    return guest->hv->migrate(args->cluster_name, guest->instance, args->target, args->live,
                              &error) ||
           noded_fail(errp, "Failed to migrate instance: %s", error->message);
}

NODED_CALL(instance_get_migration_status, NODED_WORKER)
{
    CLEANUP(guest_freep) struct guest *guest = guest_open(&args->instance, errp);
    g_autoptr(GError) error = NULL;
    struct hv_migration found = {.transferred_ram = -1, .total_ram = -1};
    struct migration_status status;

    if (guest == NULL) {
        return false;
    }
    if (!guest->hv->migration_status(guest->instance, &found, &error)) {
        return noded_fail(errp, "Failed to get migration status: %s", error->message);
    }
    status = (struct migration_status){
        .status = (char *)found.status,
        .transferred_ram = found.transferred_ram,
        .total_ram = found.total_ram,
        .postcopy_status = found.postcopy ? (char *)C_HV_KVM_MIGRATION_POSTCOPY_ACTIVE : NULL,
        .has = {.status = true,
                .transferred_ram = found.transferred_ram >= 0,
                .total_ram = found.total_ram >= 0,
                .postcopy_status = found.postcopy},
    };
    fact_object_encode(&fact_object_migration_status, &status, result);
    return true;
}

NODED_CALL(instance_finalize_migration_dst, NODED_WORKER)
{
    const char *info = "";
    CLEANUP(guest_freep)
    struct guest *guest = open_with_info(&args->instance, args->info, &info, errp);
    g_autoptr(GError) error = NULL;

    json_write_null(result);
    if (guest == NULL) {
        return false;
    }
    return guest->hv->finish_target(guest->instance, info, args->success, &error) ||
           noded_fail(errp, "Failed to finalize migration on the target node: %s", error->message);
}

NODED_CALL(instance_finalize_migration_src, NODED_WORKER)
{
    CLEANUP(guest_freep) struct guest *guest = guest_open(&args->instance, errp);
    g_autoptr(GError) error = NULL;

    json_write_null(result);
    if (guest == NULL) {
        return false;
    }
    return guest->hv->finish_source(guest->instance, args->success, args->live, &error) ||
           noded_fail(errp, "Failed to finalize the migration on the source node: %s",
                      error->message);
}
