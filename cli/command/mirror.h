/* Options and state of `periscope mirror`. Private to cli/command/mirror*.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "cli/command/mirror_out.h"
#include "cli/command/mirroring.h"
#include "config/log/error.h"
#include "config/model/model.h"
#include "config/settings/settings.h"
#include "dataplane/capture/input.h"
#include "dataplane/capture/libpcap_live.h"
#include "dataplane/pipeline/snapshot.h"
#include "decap/encap.h"
#include "inspect/flow/fragment.h"
#include "inspect/packets/ethernet.h"

enum { FRAME_MAX = 262144 + ETHERNET_HEADER };

struct arguments {
	const char *settings, *interface, *vni, *source, *target, *send, *device, *in, *out;
	const char *packet_length, *mtu, *on_reject;
	bool gwlb, force;
};

struct counts {
	uint64_t read, mirrored, not_ip, not_accepted;
	uint64_t cut_length, cut_mtu,
		cut_size;   /* by packet length, MTU, the 16 bits of UDP's length */
	uint64_t too_short; /* to be a frame */
	uint64_t too_long;  /* for the endpoint, and dropped therefore */
	uint64_t never[UNMIRRORED_KINDS];
};

struct mirror {
	struct settings settings;
	struct model *model; /* NULL: --vni and --source */
	struct snapshot *snapshot;
	struct fragment_table *fragments; /* later ones are judged by their first one's ports */
	const struct model_interface *interface;
	struct encap_params encap;
	struct encap_gateway gateway;
	uint32_t packet_length;            /* 0 = no limit */
	const struct model_target *target; /* of the session that mirrors, or NULL */
	uint32_t mtu;                      /* 0 = none given: that of the target */
	bool eal;
	struct input *input;
	struct libpcap_live *listen;
	struct mirror_out *out;
	struct counts counts;
	uint8_t frame[ENCAP_ROOM + FRAME_MAX];
};

/* Reads settings and options into `mirror`, which is zeroed but for its settings. The exit status;
 * unless that is EXIT_DONE, `error` (ERROR bytes) says why, and mirror_close() is due all the
 * same. */
int mirror_set_up(struct mirror *m, const struct arguments *a, struct error *error);
/* Opens where packets come from and go to, in the same manner. */
int mirror_open(struct mirror *m, const struct arguments *a, struct error *error);
/* Closes and frees all that `mirror` holds, not itself; `out` is closed by then. */
void mirror_close(struct mirror *m);
