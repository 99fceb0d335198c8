/* An interface of the kernel beneath a port: what ethdev does not say of it. */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct interface {
	char name[IF_NAMESIZE];
	unsigned index; /* 0: there was none of this name */
};

/* By its name, as it is now. false: there is none, and errno says why. */
bool interface_find(struct interface *interface, const char *name);
/* Bytes of the largest IP packet; 0: not known. */
uint32_t interface_mtu(const struct interface *interface);
/* Receive queues that the kernel's driver has; 1 where it does not say. */
uint32_t interface_queues(const struct interface *interface);

/* Has the interface take all packets for as long as the socket that is returned is open: the kernel
 * ends it with the process, too, and counts it beside what others ask for. -1: errno says why not;
 * needs CAP_NET_RAW. */
int interface_listen_to_all(const struct interface *interface);
/* IFF_PROMISC and IFF_ALLMULTI, as somebody has set them. */
unsigned interface_set_flags(const struct interface *interface);
/* Sets them as they were; needs CAP_NET_ADMIN when they differ. */
bool interface_restore_flags(const struct interface *interface, unsigned flags);

/* Number of the XDP program on it; 0: none, or not known. */
uint32_t interface_xdp(const struct interface *interface);
/* The name of an XDP program, cut to `size`; false: there is none, or this process may not ask (it
 * takes CAP_SYS_ADMIN). */
bool xdp_name(uint32_t number, char *name, size_t size);
/* Takes the XDP program off; needs CAP_NET_ADMIN. */
bool interface_xdp_off(const struct interface *interface);

enum interface_link { INTERFACE_UNKNOWN, INTERFACE_UP, INTERFACE_DOWN, INTERFACE_GONE };
/* GONE: removed, though there may be another of its name by now. */
enum interface_link interface_link(const struct interface *interface);

/* The value of `name=` in the description of a device (`net_x0,name=value,...`); false: none. */
bool device_argument(const char *device, const char *name, char *value, size_t size);
/* Adds `,name=value` to the description unless it has one; returns the value in force. */
uint32_t device_argument_default(char *device, size_t size, const char *name, uint32_t value);
