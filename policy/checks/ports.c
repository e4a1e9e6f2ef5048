/* Ports that are there twice, in a pod and in a Service. */
#include <string.h>

#include "policy/checks/check.h"
#include "policy/checks/subjects.h"

enum { PORTS_MAX = 1000 };

struct port {
	int64_t number;
	const char *protocol, *name;
	const struct json *node;
};

struct ports {
	struct check_run *r;
	const char *number; /* the key: "containerPort" */
	struct port items[PORTS_MAX];
	size_t n;
};

static const char *protocol_of(const struct json *port)
{
	const char *protocol = json_get_str(port, "protocol");
	return protocol ? protocol : "TCP";
}

static void look(struct ports *p, const struct json *port)
{
	struct port new = { -1, protocol_of(port), json_get_str(port, "name"), port };
	if (p->n == PORTS_MAX || !json_int64(json_get(port, p->number), &new.number))
		return;
	for (size_t i = 0; i < p->n; i++) {
		const struct port *old = &p->items[i];
		if (old->number == new.number && strcmp(old->protocol, new.protocol) == 0)
			complain(p->r, json_get(port, p->number),
				 "%s %lld/%s is there twice; only one of them counts", p->number,
				 (long long)new.number, new.protocol);
		else if (old->name && new.name && strcmp(old->name, new.name) == 0)
			complain(p->r, json_get(port, "name"), "two ports are named %s", new.name);
		else
			continue;
		return;
	}
	p->items[p->n++] = new;
}

static void on_container(void *ctx, const struct json *container, const char *list)
{
	struct ports *p = ctx;
	const struct json *ports = list_in(container, "ports");
	/* Init containers run one after the other. */
	if (strcmp(list, "containers") != 0)
		return;
	for (uint32_t i = 0; i < ports->n; i++)
		look(p, &ports->items[i]);
}

void check_duplicate_ports(struct check_run *r, const struct checked *o)
{
	struct ports *p = arena_alloc(&r->arena, sizeof(*p));
	p->r = r;
	p->n = 0;
	p->number = "containerPort";
	pod_containers(pod_spec_of(o->object, NULL), on_container, p);
	if (*o->ref->group || strcmp(o->ref->kind, "Service") != 0)
		return;
	const struct json *ports = list_in(json_get(o->object, "spec"), "ports");
	p->number = "port";
	for (uint32_t i = 0; i < ports->n; i++)
		look(p, &ports->items[i]);
	p->n = 0;
	p->number = "nodePort";
	for (uint32_t i = 0; i < ports->n; i++)
		look(p, &ports->items[i]);
}
