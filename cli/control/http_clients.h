/* The clients of the HTTP server. A new one is always let in; beyond the bounds (of one address,
 * of all) the client that came first is shut down, which is the one that has waited longest,
 * since an answer ends a connection. So a client that sends a byte now and then keeps its place
 * only while nobody else needs it. All in the server's thread. */
#pragma once

#include <stdint.h>

struct sockaddr;

enum {
	HTTP_CLIENTS = 64,
	HTTP_CLIENTS_OF_ONE_ADDRESS = 16,
	/* And those that were shut down and that the server has not closed yet. */
	HTTP_CLIENTS_PLACES = HTTP_CLIENTS + 64,
};

struct http_client {
	int fd;         /* the server's */
	uint8_t family; /* 0: nobody */
	uint8_t address[16];
	uint64_t turn; /* in which it came: the least is given up first */
	uint8_t given_up;
};

/* Zeroed: nobody. */
struct http_clients {
	struct http_client places[HTTP_CLIENTS_PLACES];
	uint64_t turn;
};

/* One has come. NULL: there is no place at all; it is not followed. */
struct http_client *http_clients_come(
	struct http_clients *clients, int fd, const struct sockaddr *address);
/* It goes; its `fd` may be another's from now on. NULL is legal. */
void http_clients_go(struct http_client *client);
