/* Ports of the driver net_af_packet: a kernel interface read through a packet socket. What is
 * particular to them: the arguments' defaults, drops that the driver does not report, the kernel's
 * own answer to mirror traffic, and interfaces that come and go. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/port.h"

struct af_packet;

bool af_packet_is(const char *device);

/* Before the device is probed. `args` (of `size` bytes) becomes the description with the arguments
 * it leaves out: as many queues as wanted, and frames large enough for the interface's MTU.
 * NULL: `error` says why. */
struct af_packet *af_packet_open(const struct port_params *params, char *args, size_t size,
	char *error, size_t error_size);
/* After it: finds the sockets that the driver opened. */
void af_packet_probed(struct af_packet *af);
void af_packet_close(struct af_packet *af);

/* Bytes of the largest frame, as the driver is told. */
uint32_t af_packet_frame(const struct af_packet *af);
/* Frames of one queue's ring. */
uint32_t af_packet_frames(const struct af_packet *af);
/* Frames that the kernel dropped because the ring was full. */
uint64_t af_packet_missed(struct af_packet *af);
enum port_link af_packet_link(const struct af_packet *af);
