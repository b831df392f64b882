/* QR codes on a terminal: two modules a character, dark on light with a quiet zone. */
#ifndef TB_HOST_QR_H
#define TB_HOST_QR_H

#include <stdbool.h>
#include <stdio.h>

/* False when the text does not fit into a code (or there is no memory); nothing is printed then. */
bool host_qr_print(FILE *to, const char *text);

#endif
