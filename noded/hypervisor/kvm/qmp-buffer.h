/* The stream of a QMP monitor as messages: a JSON object a line. Pure and bounded. */
#ifndef GANTRY_NODED_HYPERVISOR_KVM_QMP_BUFFER_H
#define GANTRY_NODED_HYPERVISOR_KVM_QMP_BUFFER_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"

struct json;
struct qmp_buffer;

struct qmp_buffer *qmp_buffer_new(void);
void qmp_buffer_free(struct qmp_buffer *buffer);
DEFINE_CLEANUP(struct qmp_buffer *, qmp_buffer_free)

void qmp_buffer_add(struct qmp_buffer *buffer, const char *data, size_t len);
/* The next whole message, owned by the caller; NULL without an error if there is none yet. An
 * error (no JSON object, too long) is final. */
struct json *qmp_buffer_next(struct qmp_buffer *buffer, GError **errp);

#endif
