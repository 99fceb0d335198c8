#include "cli/control/http_clients.h"

#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

static struct http_client *free_place(struct http_clients *clients)
{
	for (int i = 0; i < HTTP_CLIENTS_PLACES; i++)
		if (clients->places[i].family == 0)
			return &clients->places[i];
	return NULL;
}

static void note_address(struct http_client *client, const struct sockaddr *address)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)address;
	const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)address;

	client->family = (uint8_t)address->sa_family;
	if (address->sa_family == AF_INET6)
		memcpy(client->address, &six->sin6_addr, sizeof(six->sin6_addr));
	else if (address->sa_family == AF_INET)
		memcpy(client->address, &four->sin_addr, sizeof(four->sin_addr));
}

static int is_neighbour(const struct http_client *client, const struct http_client *of)
{
	return client->family == of->family &&
	       memcmp(client->address, of->address, sizeof(of->address)) == 0;
}

/* Of those of one address, or (`of` is NULL) of all: when they are more than `most`, the one that
 * came first. Its end is the server's to notice, and to clean up. */
static void make_room(struct http_clients *clients, const struct http_client *of, unsigned most)
{
	struct http_client *oldest = NULL;
	unsigned n = 0;

	for (int i = 0; i < HTTP_CLIENTS_PLACES; i++) {
		struct http_client *client = &clients->places[i];

		if (client->family == 0 || client->given_up ||
			(of && !is_neighbour(client, of)))
			continue;
		n++;
		if (oldest == NULL || client->turn < oldest->turn)
			oldest = client;
	}
	if (n <= most)
		return;
	oldest->given_up = 1;
	shutdown(oldest->fd, SHUT_RDWR);
}

struct http_client *http_clients_come(
	struct http_clients *clients, int fd, const struct sockaddr *address)
{
	struct http_client *client = free_place(clients);

	if (client == NULL)
		return NULL;
	*client = (struct http_client){.fd = fd, .turn = ++clients->turn};
	note_address(client, address);
	make_room(clients, client, HTTP_CLIENTS_OF_ONE_ADDRESS);
	make_room(clients, NULL, HTTP_CLIENTS);
	return client;
}

void http_clients_go(struct http_client *client)
{
	if (client != NULL)
		*client = (struct http_client){.family = 0};
}
