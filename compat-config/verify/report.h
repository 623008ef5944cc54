/* Collecting problems; for the files of compat-config/verify alone. */
#ifndef GANTRY_COMPAT_CONFIG_VERIFY_REPORT_H
#define GANTRY_COMPAT_CONFIG_VERIFY_REPORT_H

#include "compat-config/verify/verify.h"

void report_add(GPtrArray *problems, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Who uses a thing that only one may use: in the order of the first use. */
struct owners;

struct owners *owners_new(void);
/* Takes over neither text. */
void owners_add(struct owners *owners, const char *thing, const char *owner);
/* Calls fn for every thing with more than one owner; names is a list such as "a, b". Frees owners.
 */
void owners_finish(struct owners *owners,
                   void (*fn)(GPtrArray *problems, const char *thing, const char *names),
                   GPtrArray *problems);

void verify_parameters(const struct cfg *cfg, GPtrArray *problems);
void verify_unique(const struct cfg *cfg, GPtrArray *problems);

#endif
