#include "inspect/flow/flow.h"

const char *flow_end_name(enum flow_end end)
{
	static const char *const names[] = {
		[FLOW_END_IDLE] = "idle",
		[FLOW_END_ACTIVE] = "active",
		[FLOW_END_TCP_CLOSE] = "tcp_close",
		[FLOW_END_EVICTED] = "evicted",
		[FLOW_END_SHUTDOWN] = "shutdown",
		[FLOW_END_OF_INPUT] = "end_of_input",
	};

	return names[end];
}

const char *flow_client_by_name(enum flow_client_by by)
{
	static const char *const names[] = {
		[FLOW_CLIENT_BY_FIRST_PACKET] = "first_packet",
		[FLOW_CLIENT_BY_PORTS] = "ports",
		[FLOW_CLIENT_BY_SYN_ACK] = "syn_ack",
		[FLOW_CLIENT_BY_SYN] = "syn",
	};

	return names[by];
}
