/* What is printed from the table of verbs for others than a person at the terminal. */
#ifndef TB_HOST_CLIENT_MANUAL_H
#define TB_HOST_CLIENT_MANUAL_H

#include <stdio.h>

/* A completion script for bash. */
void cli_manual_completion(FILE *to);
/* The sections VERBS and OPTIONS of docs/timbre.1, in man(7) macros. */
void cli_manual_man(FILE *to);

#endif
