/* Any bytes as a line of Suricata's EVE output: read in full or not at all. */
#include <stdint.h>
#include <string.h>

#include "inspect/detect/suricata/eve.h"
#include "tests/fuzz/demand.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct eve_alert alert;

	if (eve_read(&alert, (const char *)data, size) == EVE_ALERT) {
		demand(alert.n_vlans <= EVE_VLANS);
		demand(alert.gid > 0 && alert.sid > 0 && alert.severity > 0);
		demand((alert.field == NULL) == (alert.value == NULL));
		demand(alert.is.ip_version == 0 || alert.is.ip_version == 4 ||
			alert.is.ip_version == 6);
		demand(!alert.to_server || !alert.to_client);
	}
	eve_alert_free(&alert);
	return 0;
}
