/* What differs from driver to driver and ethdev does not say: arguments that a description
 * leaves out, the size of buffers, the MTU, packets lost without being reported. One file for
 * each driver that has such; port_driver.c lists them. */
#pragma once

#include "config/log/error.h"
#include "dataplane/port/driver_sockets.h"
#include "dataplane/port/interface.h"
#include "dataplane/port/port.h"

enum { DEVICE_ARGUMENTS = 1024 };

/* Particulars of one port; 0 and false: nothing particular. */
struct port_particulars {
	struct interface interface; /* of the kernel; index 0: none */
	bool all_queues;            /* each of its queues must be read */
	bool one_queue;             /* several only when they are asked for */
	bool holds_nothing;         /* no buffers lie in its rings */
	uint32_t held;              /* so many buffers lie in the ring of a queue */
	uint32_t ring;              /* packets that a queue holds; 0: one a descriptor */
	uint16_t descriptors;       /* of a queue, to ask for */
	uint32_t room;              /* bytes of a buffer */
	uint32_t mtu;               /* the largest IP packet that comes */
	bool keeps_mtu;             /* the MTU is not for us to set */
	uint64_t time_unit_ns;      /* of its timestamps, when they count from 1970 */
	uint32_t xdp_before;        /* the XDP program that the interface had already */
	uint32_t xdp;               /* the one that the driver has put there */
	void *state;                /* the driver's; see `close` */
};

/* A port on its way to be opened. */
struct port_opening {
	const struct port_params *params;
	char args[DEVICE_ARGUMENTS]; /* the description, as the driver is to get it */
	struct error *error;
	char *note;       /* as port_open() has them */
	size_t note_size; /* bytes */
};

struct port_driver {
	const char *name;     /* devices begin with it, or with eth_ in place of its net_ */
	bool is_kernels;      /* see port_is_kernels() */
	bool kernel_beside;   /* see port_has_kernel_beside() */
	bool makes_interface; /* the interface is the driver's own, made when it is opened */
	int sockets;          /* family of those that it opens, one a receive queue; 0: none */
	const char *advice;   /* what to look at when its queues cannot be set up */
	/* Before the device is probed: `opening->args` gets the arguments that the description leaves
	 * out. 0, or -1 and `opening->error`. */
	int (*prepare)(struct port_particulars *particulars, struct port_opening *opening);
	/* Frames lost so far in the queue of socket `fd`, beside those before that are in `sum`. */
	uint64_t (*missed)(int fd, uint64_t sum);
	/* Once its queues are set up. */
	void (*opened)(struct port_particulars *particulars);
	/* When the device is closed. */
	void (*close)(struct port_particulars *particulars);
};

/* Never NULL: a driver without particulars has an entry of nothing. */
const struct port_driver *port_driver_of(const char *device);

extern const struct port_driver port_af_packet, port_af_xdp, port_tap, port_pcap, port_memif;

/* Adds a sentence to the note. */
void port_note(const struct port_opening *opening, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The interface that `iface=` names. 0, or -1 and `opening->error`. */
int port_driver_interface(
	struct port_particulars *particulars, const struct port_opening *opening);
