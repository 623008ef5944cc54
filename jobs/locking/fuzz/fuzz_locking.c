/* locks.data from somewhere: what loads must come out as a text that loads to the same text. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "jobs/locking/locking.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct locking *locking = locking_new(NULL, NULL), *again = locking_new(NULL, NULL);

    if (locking_load(locking, (const char *)data, size, NULL)) {
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(GString) text_again = g_string_new(NULL);

        locking_save(locking, text);
        if (!locking_load(again, text->str, text->len, NULL)) {
            abort();
        }
        locking_save(again, text_again);
        if (!g_string_equal(text, text_again)) {
            abort();
        }
    }
    locking_free(locking);
    locking_free(again);
    return 0;
}
