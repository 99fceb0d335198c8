#include "inspect/support/open_dpi.h"

#include <CUnit/Basic.h>

#include "config/log/error.h"

struct dpi *open_dpi(struct dpi_params params)
{
	struct error error;
	struct dpi *dpi;

	params.max_packets_tcp = params.max_packets_tcp ? params.max_packets_tcp : 80;
	params.max_packets_udp = params.max_packets_udp ? params.max_packets_udp : 24;
	params.reorder_limit = params.reorder_limit ? params.reorder_limit : 16384;
	dpi = dpi_create(&params, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(dpi);
	return dpi;
}

struct dpi *open_usual_dpi(void)
{
	return open_dpi((struct dpi_params){.max_packets_tcp = 0});
}
