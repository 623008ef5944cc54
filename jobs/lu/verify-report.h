/* How units of cluster verify tell what they found (reference: lib/cmdlib/cluster/verify.py
 * _VerifyErrors). People and programs read these lines; see facts/cvcodes.def for the codes. */
#ifndef GANTRY_JOBS_LU_VERIFY_REPORT_H
#define GANTRY_JOBS_LU_VERIFY_REPORT_H

#include "facts/cvcodes.h"
#include "jobs/lu/lu.h"

struct verify_report {
    struct lu *lu;
    const struct cv_code_set *ignored; /* codes that only warn */
    bool for_programs;                 /* lines with colons, the opcode's error_codes */
    bool simulate;                     /* every check fails, to test the reporting */
    bool bad;                          /* an error was reported */
};

enum verify_weight {
    VERIFY_ERROR,
    VERIFY_WARNING,
};

/* Whether a check that came out like this is to be reported. */
static inline bool verify_fails(const struct verify_report *report, bool bad)
{
    return bad || report->simulate;
}

/* One finding; object is the name of what it is about, NULL for the cluster. */
void verify_error(struct verify_report *report, enum cv_code code, const char *object,
                  const char *format, ...) G_GNUC_PRINTF(4, 5);
void verify_warning(struct verify_report *report, enum cv_code code, const char *object,
                    const char *format, ...) G_GNUC_PRINTF(4, 5);
void verify_say(struct verify_report *report, enum verify_weight weight, enum cv_code code,
                const char *object, const char *format, ...) G_GNUC_PRINTF(5, 6);
/* Several findings in one entry of the log; none: no entry. */
void verify_errors(struct verify_report *report, enum cv_code code, const char *object,
                   const GPtrArray *texts);

#endif
