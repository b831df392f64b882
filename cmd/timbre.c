/* The client for people, programs and moderators; all of it is in host/client_app.h. */
#include "host/client_app.h"

int main(int argc, char **argv)
{
    return cli_app_main(argc, argv);
}
