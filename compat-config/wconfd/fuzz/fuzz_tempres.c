/* tempres.data from somewhere: what loads must come out as a text that loads to the same text. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "compat-config/wconfd/core/reservations.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reservations *res = reservations_new(), *again = reservations_new();

    if (reservations_load(res, (const char *)data, size, NULL)) {
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(GString) text_again = g_string_new(NULL);

        reservations_save(res, text);
        if (!reservations_load(again, text->str, text->len, NULL)) {
            abort();
        }
        reservations_save(again, text_again);
        if (!g_string_equal(text, text_again)) {
            abort();
        }
    }
    reservations_free(res);
    reservations_free(again);
    return 0;
}
