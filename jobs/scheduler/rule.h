/* Filter rules made ready for matching (reference: src/Ganeti/JQScheduler/Filtering.hs). */
#ifndef GANTRY_JOBS_SCHEDULER_RULE_H
#define GANTRY_JOBS_SCHEDULER_RULE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "facts/objects.h"

struct json;

/* What rules look at in a job. */
struct rule_subject {
    int64_t id;
    /* struct json: each opcode's own parameters and its name, without what all opcodes have, as
     * luxid writes them (what is absent is not there). Owned. */
    GPtrArray *ops;
    /* struct reason_step of all opcodes; owned. */
    GArray *reasons;
};

/* Of a job file; what is no opcode of this level is left out, as in the reference. */
struct rule_subject *rule_subject_new(const struct queued_job *job);
void rule_subject_free(struct rule_subject *subject);
DEFINE_CLEANUP(struct rule_subject *, rule_subject_free)

struct rule {
    char *uuid;
    int64_t priority, watermark;
    enum filter_action action;
    int64_t limit;         /* FILTER_RATE_LIMIT */
    GPtrArray *predicates; /* private */
    int64_t running;       /* for the scheduler: running jobs that the rule applies to */
};

/* In the order in which they count: priority, watermark, UUID. Elements are struct rule, freed with
 * the array. */
GPtrArray *rules_new(const struct filter_rule *const *rules, size_t n);
/* The first rule but CONTINUE of which all predicates match; NULL: none, the job runs. */
struct rule *rules_applying(const GPtrArray *rules, const struct rule_subject *subject);

#endif
