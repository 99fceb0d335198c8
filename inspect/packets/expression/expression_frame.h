/* What is asked of a packet's frame itself: VLAN tags, EtherTypes, MAC addresses. Private to
 * inspect/packets/expression/. */
#pragma once

#include "inspect/packets/expression/expression_facts.h"

/* `vlan` -1: any tag, else one with this id (802.1Q, 802.1ad, 0x9100; the first LINK_TAGS_MAX). */
bool frame_has_vlan(const struct expression_facts *facts, int32_t vlan);
/* An EtherType of the frame: of the tags, or of what they stand before. */
bool frame_has_ether(const struct expression_facts *facts, uint16_t ether);
/* Of Ethernet alone. */
bool frame_is_from(const struct expression_facts *facts, const uint8_t mac[6]);
bool frame_is_to(const struct expression_facts *facts, const uint8_t mac[6]);
