#include "host/qr.h"

#include <qrencode.h>

enum { QUIET_MODULES = 2 };

static bool is_dark(const QRcode *code, int x, int y)
{
    if (x < 0 || y < 0 || x >= code->width || y >= code->width) return false;
    return code->data[y * code->width + x] & 1;
}

bool host_qr_print(FILE *to, const char *text)
{
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);
    if (code == NULL) return false;
    for (int y = -QUIET_MODULES; y < code->width + QUIET_MODULES; y += 2) {
        fputs("\033[30;47m", to); /* black on white, whatever the terminal's colours are */
        for (int x = -QUIET_MODULES; x < code->width + QUIET_MODULES; x++) {
            static const char *const halves[4] = { " ", "\xe2\x96\x84", "\xe2\x96\x80",
                                                   "\xe2\x96\x88" };
            fputs(halves[2 * is_dark(code, x, y) + is_dark(code, x, y + 1)], to);
        }
        fputs("\033[0m\n", to);
    }
    QRcode_free(code);
    return true;
}
