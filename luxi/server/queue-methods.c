/* The methods that change the queue or the configuration; they come with the job engine. Until then
 * each answers with an error that says so. */
#include "config.h"

#include "facts/errors.h"
#include "luxi/server/methods.h"

static void not_yet(struct luxi_call *call, enum luxi_method_id method)
{
    g_autoptr(GError) error = NULL;

    err_set(&error, ERR_GENERIC, ECODE_NONE,
            "%s is not available yet: this release only answers queries",
            luxi_method_rows[method].name);
    luxi_call_fail(call, error);
}

#define NOT_YET(method)                                                                            \
    void luxi_do_##method(struct luxid *luxid, struct luxi_call *call, const void *args)           \
    {                                                                                              \
        (void)luxid;                                                                               \
        (void)args;                                                                                \
        not_yet(call, LUXI_##method);                                                              \
    }
NOT_YET(replace_filter)
NOT_YET(delete_filter)
NOT_YET(submit_job)
NOT_YET(submit_job_to_drained_queue)
NOT_YET(submit_many_jobs)
NOT_YET(pickup_job)
NOT_YET(archive_job)
NOT_YET(auto_archive_jobs)
NOT_YET(cancel_job)
NOT_YET(change_job_priority)
NOT_YET(set_drain_flag)
NOT_YET(set_watcher_pause)
