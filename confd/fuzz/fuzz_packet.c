#include "config.h"

#include <stddef.h>
#include <stdint.h>

#include "confd/proto/packet.h"
#include "facts/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The key and the salt are those of the corpus, so that signed replies get through. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    struct confd_reply *reply = confd_reply_unpack((const char *)data, size, "salt", "key", &error);

    if ((reply == NULL) != (error != NULL)) {
        abort();
    }
    fact_object_free(&fact_object_confd_reply, reply);
    return 0;
}
