/* Names and scores of risks, nDPI's and our own. */
#include "inspect/dpi/dpi.h"
#include "inspect/dpi/engine.h"

/* nDPI's severities, as scores. */
enum severity { LOW = 10, MEDIUM = 50, HIGH = 100, SEVERE = 250 };

static const struct {
	const char *name;
	enum severity severity;
} own_risks[OWN_RISKS] = {
#define RISK(name, severity, why) [OWN_RISK_##name] = {#name, severity},
#include "inspect/proto/own_risks.def"
};

const char *dpi_risk_name(unsigned risk)
{
	return risk < NDPI_RISKS ? engine_risk_name(risk)
	       : risk < RISKS    ? own_risks[risk - NDPI_RISKS].name
				 : NULL;
}

uint16_t dpi_risk_score(unsigned risk)
{
	return risk < NDPI_RISKS ? engine_risk_score(risk)
	       : risk < RISKS    ? (uint16_t)own_risks[risk - NDPI_RISKS].severity
				 : 0;
}

struct risk_meaning dpi_risk_meaning(unsigned risk)
{
	static const struct risk_meaning meanings[NDPI_RISKS] = {
#define NOTHING RISK_SHOWN_BY_NOTHING
#define PORT RISK_SHOWN_BY_PORT
#define MEANING(id, shown_by, sentence) [id] = {sentence, shown_by},
#include "inspect/dpi/risk_meanings.def"
	};

	return risk < NDPI_RISKS ? meanings[risk] : (struct risk_meaning){NULL, 0};
}
