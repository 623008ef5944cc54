/* Devices of a running guest that change with the instance (reference:
 * lib/cmdlib/instance_set_params.py _CheckHotplug, _HotplugDevice). */
#include "config.h"

#include "base/json.h"
#include "facts/codec.h"
#include "facts/level.h"
#include "jobs/lu/instance-modify.h"
#include "jobs/lu/rpc.h"

/* 3.0 tells apart whether it must be or may be; from 3.1 on it may be, unless it is turned off, and
 * guests that shall not run have nothing to be changed. */
bool modify_hotplug_check(struct lu *lu, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    struct modify_own *own = lu->own;
    const struct instance *instance = modify_instance(lu);
    bool strict = fact_level() == LEVEL_3_0 && op->hotplug;
    bool devices = own->nic_mods->len > 0 || own->disk_mods->len > 0;
    own->hotplug = false;
    if (!op->hotplug && !op->hotplug_if_possible) {
        return true;
    }
    if (!strict && (!devices || instance->admin_state != ADMIN_UP)) {
        return true;
    }
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(
        lu, instance->primary_node, LU_CALL(hotplug_supported, .instance = {.instance = instance}));
    if (answer->fail_msg == NULL) {
        own->hotplug = true;
        return true;
    }
    if (strict) {
        return lu_answer_check_prereq(answer, ECODE_STATE, errp, "Hotplug is not possible");
    }
    lu_warn(lu, "%s", answer->fail_msg);
    lu_info(lu, "Modification will take place without hotplugging.");
    return true;
}

struct json *modify_hotplug(struct lu *lu, enum hotplug_action action, const struct disk *disk,
                            const struct nic *nic, struct json *extra, size_t index)
{
    const struct instance *instance = modify_instance(lu);
    enum hotplug_target target = disk != NULL ? HOTPLUG_TARGET_DISK : HOTPLUG_TARGET_NIC;
    CLEANUP(json_unrefp) struct json *seq = json_new_int((int64_t)index);
    lu_info(lu, "Trying to hotplug device...");
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, instance->primary_node,
                     LU_CALL(hotplug_device, .instance = {.instance = instance},
                             .action = (char *)fact_enum_hotplug_action.words[action],
                             .dev_type = (char *)fact_enum_hotplug_target.words[target],
                             .device = {.disk = disk, .nic = nic, .instance = instance},
                             .extra_params = extra, .seq = seq));
    if (!lu_answer_warn(lu, answer, "Could not hotplug device")) {
        lu_info(lu, "Continuing execution..");
        return json_new_string("hotplug:failed");
    }
    lu_info(lu, "Hotplug done.");
    return json_new_string("hotplug:done");
}
