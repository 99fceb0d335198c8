/* The published baseline of the specification, and ICMP rows computed by another program:
 *   import base64, hashlib, socket, struct
 *   def cid(a, b, proto, *ports, seed=0):  # a, b, ports in the order the specification asks for
 *       f = socket.AF_INET6 if ":" in a else socket.AF_INET
 *       m = struct.pack(">H", seed) + socket.inet_pton(f, a) + socket.inet_pton(f, b)
 *       m += bytes([proto, 0]) + b"".join(struct.pack(">H", p) for p in ports)
 *       return "1:" + base64.b64encode(hashlib.sha1(m).digest()).decode()
 */
#include <CUnit/Basic.h>
#include <arpa/inet.h>
#include <string.h>

#include "inspect/flow/community_id.h"

static struct ip_addr addr(const char *text)
{
	uint8_t b[16];

	if (inet_pton(AF_INET, text, b) == 1)
		return ip_addr_v4(b);
	if (inet_pton(AF_INET6, text, b) != 1)
		CU_FAIL_FATAL("address");
	return ip_addr_v6(b);
}

/* `first` and `second` are ports, or type and code (or counter type) of ICMP. */
static struct packet packet(
	uint8_t protocol, uint16_t first, uint16_t second, const char *src, const char *dst)
{
	struct packet p = {.src = addr(src), .dst = addr(dst), .protocol = protocol};

	p.ip_version = strchr(src, ':') ? 6 : 4;
	if (protocol == 1 || protocol == 58) {
		p.icmp_type = (uint8_t)first;
		p.icmp_code = (uint8_t)second;
	} else {
		p.src_port = first;
		p.dst_port = second;
	}
	return p;
}

static void check(const struct packet *p, uint16_t seed, const char *want)
{
	char text[COMMUNITY_ID_TEXT];
	struct flow_key key;
	bool src_is_lo;

	flow_key_make(&key, p, true, &src_is_lo);
	community_id_print(&key, seed, text);
	CU_ASSERT_STRING_EQUAL(text, want);
}

static const struct {
	uint8_t protocol;
	uint16_t first, second;
	const char *src, *dst, *seed0, *seed1;
} baseline[] = {
	{58, 135, 136, "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea",
		"1:dGHyGvjMfljg6Bppwm3bg0LO8TY=", "1:kHa1FhMYIT6Ym2Vm2AOtoOARDzY="},
	{58, 136, 135, "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da",
		"1:dGHyGvjMfljg6Bppwm3bg0LO8TY=", "1:kHa1FhMYIT6Ym2Vm2AOtoOARDzY="},
	{58, 135, 136, "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da",
		"1:zavyT/cezQr1fmImYCwYnMXbgck=", "1:2hSqmsDZ2kdcY9kbiUzOEBic0iM="},
	{58, 136, 135, "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea",
		"1:zavyT/cezQr1fmImYCwYnMXbgck=", "1:2hSqmsDZ2kdcY9kbiUzOEBic0iM="},
	{58, 3, 0, "3ffe:501:1800:2345::2", "3ffe:507:0:1:200:86ff:fe05:80da",
		"1:2ObVBgIn28oZvibYZhZMBgh7WdQ=", "1:lVEtCZpYu84Xqaa++3lXFyuu2n4="},
	{58, 1, 4, "3ffe:501:410:0:2c0:dfff:fe47:33e", "3ffe:507:0:1:200:86ff:fe05:80da",
		"1:hLZd0XGWojozrvxqE0dWB1iM6R0=", "1:W8MHwXpWzpoSTD+cGcaJr4u0ys8="},
	{58, 128, 129, "3ffe:507:0:1:200:86ff:fe05:80da", "3ffe:501:0:1001::2",
		"1:+TW+HtLHvV1xnGhV1lv7XoJrqQg=", "1:GfZxjAkDk2MkegpBYHV6tadtFXQ="},
	{58, 129, 128, "3ffe:501:0:1001::2", "3ffe:507:0:1:200:86ff:fe05:80da",
		"1:+TW+HtLHvV1xnGhV1lv7XoJrqQg=", "1:GfZxjAkDk2MkegpBYHV6tadtFXQ="},
	{58, 133, 134, "fe80::200:86ff:fe05:80da", "ff02::2",
		"1:hO+sN4H+MG5MY/8hIrXPqc4ZQz0=", "1:L7Ka0ZMYu+J3bL4ulW2PrqyXNo8="},
	{58, 134, 133, "fe80::260:97ff:fe07:69ea", "ff02::1",
		"1:pkvHqCL88/tg1k4cPigmZXUtL00=", "1:K/ee5UCqAMAQXDorP5nSa2CGLjc="},
	{1, 8, 0, "192.168.0.89", "192.168.0.1",
		"1:X0snYXpgwiv9TZtqg64sgzUn6Dk=", "1:03g6IloqVBdcZlPyX8r0hgoE7kA="},
	{1, 0, 8, "192.168.0.1", "192.168.0.89",
		"1:X0snYXpgwiv9TZtqg64sgzUn6Dk=", "1:03g6IloqVBdcZlPyX8r0hgoE7kA="},
	{1, 11, 0, "10.0.0.1", "10.0.0.2",
		"1:YHxtAirCG//0OzkcVAukqKQN9xM=", "1:XjUibYHaafLQ3pxQeiMI8g25q20="},
	{6, 63943, 25, "2001:470:e5bf:dead:4957:2174:e82c:4887", "2607:f8b0:400c:c03::1a",
		"1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=", "1:eJYTW6AOzFLlSUoESovMjnu7rMw="},
	{6, 25, 63943, "2607:f8b0:400c:c03::1a", "2001:470:e5bf:dead:4957:2174:e82c:4887",
		"1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=", "1:eJYTW6AOzFLlSUoESovMjnu7rMw="},
	{132, 7, 7, "192.168.170.8", "192.168.170.56",
		"1:MP2EtRCAUIZvTw6MxJHLV7N7JDs=", "1:5w3ZRjeKBzqT3zsaEECDGjUbYeg="},
	{132, 7, 7, "192.168.170.56", "192.168.170.8",
		"1:MP2EtRCAUIZvTw6MxJHLV7N7JDs=", "1:5w3ZRjeKBzqT3zsaEECDGjUbYeg="},
	{6, 34855, 80, "128.232.110.120", "66.35.250.204",
		"1:LQU9qZlK+B5F3KDmev6m5PMibrg=", "1:3V71V58M3Ksw/yuFALMcW0LAHvc="},
	{6, 80, 34855, "66.35.250.204", "128.232.110.120",
		"1:LQU9qZlK+B5F3KDmev6m5PMibrg=", "1:3V71V58M3Ksw/yuFALMcW0LAHvc="},
	{17, 54585, 53, "192.168.1.52", "8.8.8.8",
		"1:d/FP5EW3wiY1vCndhwleRRKHowQ=", "1:Q9We8WO3piVF8yEQBNJF4uiSVrI="},
	{17, 53, 54585, "8.8.8.8", "192.168.1.52",
		"1:d/FP5EW3wiY1vCndhwleRRKHowQ=", "1:Q9We8WO3piVF8yEQBNJF4uiSVrI="},
	{46, 0, 0, "10.1.12.1", "10.1.12.2",
		"1:KHlLkgoJW7ifUTyTSgyVfkFHzKw=", "1:rYir8gphR31noO9iDRQmF/BteEI="},
	{46, 0, 0, "10.1.12.2", "10.1.12.1",
		"1:KHlLkgoJW7ifUTyTSgyVfkFHzKw=", "1:rYir8gphR31noO9iDRQmF/BteEI="},
};

static void published_baseline(void)
{
	for (size_t i = 0; i < sizeof(baseline) / sizeof(baseline[0]); i++) {
		struct packet p = packet(baseline[i].protocol, baseline[i].first,
			baseline[i].second, baseline[i].src, baseline[i].dst);

		check(&p, 0, baseline[i].seed0);
		check(&p, 1, baseline[i].seed1);
	}
}

static const struct {
	uint8_t protocol, type, code;
	const char *src, *dst, *want;
} icmp[] = {
	{1, 8, 0, "10.0.0.1", "10.0.0.2", "1:YcMyyWJfhc95EW1GfXt6jlZ3DiQ="},
	{1, 8, 0, "10.0.0.2", "10.0.0.1", "1:E5tNYkCqpM09ZPfoLcq+JJj0QuQ="},
	{1, 0, 0, "10.0.0.1", "10.0.0.2", "1:E5tNYkCqpM09ZPfoLcq+JJj0QuQ="},
	{1, 0, 0, "10.0.0.2", "10.0.0.1", "1:YcMyyWJfhc95EW1GfXt6jlZ3DiQ="},
	{1, 9, 0, "10.0.0.1", "10.0.0.2", "1:DYhYhWnv1hFRoB3VRnwSDthRB4g="},
	{1, 9, 0, "10.0.0.2", "10.0.0.1", "1:qhJTvE/Qez7ZPSOGlcKJAzRpSO0="},
	{1, 10, 0, "10.0.0.1", "10.0.0.2", "1:qhJTvE/Qez7ZPSOGlcKJAzRpSO0="},
	{1, 10, 0, "10.0.0.2", "10.0.0.1", "1:DYhYhWnv1hFRoB3VRnwSDthRB4g="},
	{1, 13, 0, "10.0.0.1", "10.0.0.2", "1:6zK3cgZa+RmEpj3VhWmGXnOWUZk="},
	{1, 13, 0, "10.0.0.2", "10.0.0.1", "1:th9CqcxflNss8X17pecPidKDzKw="},
	{1, 14, 0, "10.0.0.1", "10.0.0.2", "1:th9CqcxflNss8X17pecPidKDzKw="},
	{1, 14, 0, "10.0.0.2", "10.0.0.1", "1:6zK3cgZa+RmEpj3VhWmGXnOWUZk="},
	{1, 15, 0, "10.0.0.1", "10.0.0.2", "1:cB4rCi6yiOWeiOghtxw4EOnHisM="},
	{1, 15, 0, "10.0.0.2", "10.0.0.1", "1:+aoxZIkY0OuCwCZ+bbNV9kGNc5I="},
	{1, 16, 0, "10.0.0.1", "10.0.0.2", "1:+aoxZIkY0OuCwCZ+bbNV9kGNc5I="},
	{1, 16, 0, "10.0.0.2", "10.0.0.1", "1:cB4rCi6yiOWeiOghtxw4EOnHisM="},
	{1, 17, 0, "10.0.0.1", "10.0.0.2", "1:pBxqyIdNW2nuGKUHpPBwrujq1iE="},
	{1, 17, 0, "10.0.0.2", "10.0.0.1", "1:l/VKACLiArrnbEnOQacsEqDOAlg="},
	{1, 18, 0, "10.0.0.1", "10.0.0.2", "1:l/VKACLiArrnbEnOQacsEqDOAlg="},
	{1, 18, 0, "10.0.0.2", "10.0.0.1", "1:pBxqyIdNW2nuGKUHpPBwrujq1iE="},
	{1, 3, 3, "10.0.0.1", "10.0.0.2", "1:sn6MAmXQ6UD1gYE1XbV3XTNewrk="},
	{1, 3, 3, "10.0.0.2", "10.0.0.1", "1:LhjXG72oBqb/FpYqPl9LboG4/B4="},
	{1, 3, 1, "10.0.0.1", "10.0.0.2", "1:gkoOC4ouXvyYq0Ek/WqwbLoqcxM="},
	{1, 3, 1, "10.0.0.2", "10.0.0.1", "1:JHjlyD5IJJjl3wHWOMj46lLWZag="},
	{1, 11, 0, "10.0.0.1", "10.0.0.2", "1:YHxtAirCG//0OzkcVAukqKQN9xM="},
	{1, 11, 0, "10.0.0.2", "10.0.0.1", "1:c5iqfdGYsNWhMJVcYXWPNWbpnKs="},
	{1, 5, 1, "10.0.0.1", "10.0.0.2", "1:2XXEt9GBigUspyW9gGPjA/B04Hc="},
	{1, 5, 1, "10.0.0.2", "10.0.0.1", "1:WS9EzHj22/Jh5B6YJ2HOaL9/M4g="},
	{58, 128, 0, "fe80::1", "fe80::2", "1:3H+V/JVcqh/phPel5utt4dOKqOU="},
	{58, 128, 0, "fe80::2", "fe80::1", "1:hcQR4+TVVdHthPBS7U0F6CmEKfY="},
	{58, 129, 0, "fe80::1", "fe80::2", "1:hcQR4+TVVdHthPBS7U0F6CmEKfY="},
	{58, 129, 0, "fe80::2", "fe80::1", "1:3H+V/JVcqh/phPel5utt4dOKqOU="},
	{58, 130, 0, "fe80::1", "fe80::2", "1:Pmn7mCHtn19srQiXm2sF0CDRRMA="},
	{58, 130, 0, "fe80::2", "fe80::1", "1:71CIB4bZAXtzNgwgtcM+4TS71z8="},
	{58, 131, 0, "fe80::1", "fe80::2", "1:71CIB4bZAXtzNgwgtcM+4TS71z8="},
	{58, 131, 0, "fe80::2", "fe80::1", "1:Pmn7mCHtn19srQiXm2sF0CDRRMA="},
	{58, 133, 0, "fe80::1", "fe80::2", "1:G1+1zlICT52MvQAxdJ77ST0zHIw="},
	{58, 133, 0, "fe80::2", "fe80::1", "1:XCLrov2PmeiHiTWQcQgF6JB1ByY="},
	{58, 134, 0, "fe80::1", "fe80::2", "1:XCLrov2PmeiHiTWQcQgF6JB1ByY="},
	{58, 134, 0, "fe80::2", "fe80::1", "1:G1+1zlICT52MvQAxdJ77ST0zHIw="},
	{58, 135, 0, "fe80::1", "fe80::2", "1:7IIPGNVAHI2udmsuJVpA3RMOAqc="},
	{58, 135, 0, "fe80::2", "fe80::1", "1:jXSMIMhnMomSaIrNtEPXqYE5Rc4="},
	{58, 136, 0, "fe80::1", "fe80::2", "1:jXSMIMhnMomSaIrNtEPXqYE5Rc4="},
	{58, 136, 0, "fe80::2", "fe80::1", "1:7IIPGNVAHI2udmsuJVpA3RMOAqc="},
	{58, 139, 0, "fe80::1", "fe80::2", "1:oPVhmQYL42iV9FGiMqdb38yGSeA="},
	{58, 139, 0, "fe80::2", "fe80::1", "1:LKvUqbovyorzH3vEr5qb4x1R1yg="},
	{58, 140, 1, "fe80::1", "fe80::2", "1:LKvUqbovyorzH3vEr5qb4x1R1yg="},
	{58, 140, 1, "fe80::2", "fe80::1", "1:oPVhmQYL42iV9FGiMqdb38yGSeA="},
	{58, 144, 0, "fe80::1", "fe80::2", "1:21qp2MlwLUEblqK3FO0+OyLBlWA="},
	{58, 144, 0, "fe80::2", "fe80::1", "1:VjrfcngPBA7JHuabgy0Ih8qXY0I="},
	{58, 145, 0, "fe80::1", "fe80::2", "1:VjrfcngPBA7JHuabgy0Ih8qXY0I="},
	{58, 145, 0, "fe80::2", "fe80::1", "1:21qp2MlwLUEblqK3FO0+OyLBlWA="},
	{58, 1, 4, "fe80::1", "fe80::2", "1:PQpOWBr5/ICePGOnTMaFJZeK2us="},
	{58, 1, 4, "fe80::2", "fe80::1", "1:KP7k20289QLlEmMHLKdRgaeGmfo="},
	{58, 2, 0, "fe80::1", "fe80::2", "1:eUwoaGWtyJfOfPmosJ6KjTwcVng="},
	{58, 2, 0, "fe80::2", "fe80::1", "1:mOcu9HFkPwcXn0q3oTOq3q6tq1c="},
	{58, 132, 0, "fe80::1", "fe80::2", "1:gL219xz7I4EhH4BuCoUfA1EttI4="},
	{58, 132, 0, "fe80::2", "fe80::1", "1:50JHVQqfdcjvcH8dNlQttRJcPZ4="},
	{58, 143, 0, "fe80::1", "fe80::2", "1:BBqcA3IcAi5LBZl53otEZnyKm8g="},
	{58, 143, 0, "fe80::2", "fe80::1", "1:OwvuJx9ZGcH9+KW6Uh+JjZX2II8="},
	{58, 3, 3, "fe80::1", "fe80::2", "1:YxrY2+jqJmtaltZ474c3xeaiHRU="},
	{58, 3, 3, "fe80::2", "fe80::1", "1:TDDPDJDzTOFWcNDqFF9CPdP8ejM="},
};

static void icmp_types(void)
{
	for (size_t i = 0; i < sizeof(icmp) / sizeof(icmp[0]); i++) {
		struct packet p = packet(
			icmp[i].protocol, icmp[i].type, icmp[i].code, icmp[i].src, icmp[i].dst);

		p.icmp_id = 77; /* not part of the id */
		check(&p, 0, icmp[i].want);
	}
}

static const struct {
	uint8_t protocol;
	uint16_t src_port, dst_port;
	const char *src, *dst, *seed0, *seed65534;
} others[] = {
	{33, 7, 9, "10.0.0.1", "10.0.0.2",
		"1:qKfrGVs14/VI2wLMVfhXXHfa6a0=", "1:7Nb6yxDhORrtzLS/h8oVKOnm5oI="},
	{136, 7, 9, "10.0.0.2", "10.0.0.1",
		"1:ZdbMY0WBLRrVCaZP2xDg5pf76hg=", "1:lymKp2uIVYFKhvMe0GZ5SsiBWC0="},
	{6, 80, 80, "10.0.0.2", "10.0.0.1",
		"1:ymhODSLfMfQVMxFOqmXArRNdSys=", "1:rM1Ey0KGugYcy4fCmbfQnY2u+C0="},
	{17, 5, 4, "10.0.0.1", "10.0.0.1",
		"1:PbXEucXIxDu5UoupZ1rj7ybZ6vc=", "1:o8NpAeCFwD6Wvo4PEQo9WckhlRc="},
	{6, 443, 65535, "::1", "::1",
		"1:SVKWSItvjosXNVLRoxVzqwnzr0I=", "1:oh6biPxX6N1/nUsHxD4kmOqxqmI="},
	{47, 0, 0, "10.0.0.9", "10.0.0.10",
		"1:GXE7Nf0oaE/2kd/lVP7PhYRZGz0=", "1:WkQyMjd+hwRcbCArHqkz2qTff0k="},
};

static void other_protocols_and_seeds(void)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct packet p = packet(others[i].protocol, others[i].src_port,
			others[i].dst_port, others[i].src, others[i].dst);

		check(&p, 0, others[i].seed0);
		check(&p, 65534, others[i].seed65534);
	}
}

static void observation_points_do_not_matter(void)
{
	struct packet p = packet(6, 34855, 80, "128.232.110.120", "66.35.250.204");

	p.session = 99;
	check(&p, 0, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
}

void suite_community_id(void);
void suite_community_id(void)
{
	CU_pSuite s = CU_add_suite("community_id", NULL, NULL);

	CU_ADD_TEST(s, published_baseline);
	CU_ADD_TEST(s, icmp_types);
	CU_ADD_TEST(s, other_protocols_and_seeds);
	CU_ADD_TEST(s, observation_points_do_not_matter);
}
