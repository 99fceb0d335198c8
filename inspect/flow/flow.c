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
