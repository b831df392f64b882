/* systemd's readiness protocol: one datagram to $NOTIFY_SOCKET, nothing when it is not set. */
#ifndef TB_HOST_SD_NOTIFY_H
#define TB_HOST_SD_NOTIFY_H

/* state: "READY=1", "STOPPING=1", "RELOADING=1\nMONOTONIC_USEC=...", "WATCHDOG=1", "STATUS=..." */
void host_sd_notify(const char *state);

#endif
