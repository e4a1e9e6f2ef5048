/* Ports that are there twice: in a pod, in a Service, and node ports in all Services of Git. */
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
	bool numbers_only;  /* names were looked at already */
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
	if (!new.number) /* a nodePort that the API server chooses */
		return;
	for (size_t i = 0; i < p->n; i++) {
		const struct port *old = &p->items[i];
		if (old->number == new.number && strcmp(old->protocol, new.protocol) == 0)
			complain(p->r, json_get(port, p->number),
				 "%s %lld/%s is there twice; only one of them counts", p->number,
				 (long long)new.number, new.protocol);
		else if (!p->numbers_only && old->name &&
			 new.name &&strcmp(old->name, new.name) == 0)
			complain(p->r, json_get(port, "name"), "two ports are named %s", new.name);
		else
			continue;
		return;
	}
	p->items[p->n++] = new;
}

/* ---- node ports of other Services */

struct node_port {
	int64_t number;
	const char *protocol;
	const struct object_ref *ref;
};

struct node_ports {
	struct node_port *items; /* sorted */
	size_t n, cap;
};

static int by_node_port(const void *a, const void *b)
{
	const struct node_port *x = a, *y = b;
	int d = (x->number > y->number) - (x->number < y->number);
	if (!d)
		d = strcmp(x->protocol, y->protocol);
	return d || !x->ref || !y->ref ? d : object_ref_compare(x->ref, y->ref);
}

static void on_service(void *ctx, const struct object_ref *ref, const struct json *object)
{
	struct node_ports *p = ctx;
	const struct json *ports = list_in(json_get(object, "spec"), "ports");
	int64_t number;
	if (*ref->group || strcmp(ref->kind, "Service") != 0)
		return;
	for (uint32_t i = 0; i < ports->n; i++) {
		const struct json *port = &ports->items[i];
		if (!json_int64(json_get(port, "nodePort"), &number) || !number)
			continue;
		GROW(p->items, p->n, p->cap);
		p->items[p->n++] = (struct node_port){ number, protocol_of(port), ref };
	}
}

static const struct node_ports *node_ports(struct check_run *r)
{
	struct node_ports **p = &r->node_ports[r->of_base];
	if (*p)
		return *p;
	*p = xcalloc(1, sizeof(**p));
	world_each(r, on_service, *p);
	if ((*p)->n)
		qsort((*p)->items, (*p)->n, sizeof(*(*p)->items), by_node_port);
	return *p;
}

void node_ports_free(struct node_ports *p)
{
	if (!p)
		return;
	free(p->items);
	free(p);
}

static void look_elsewhere(struct check_run *r, const struct checked *o, const struct json *port)
{
	struct node_port what = { 0, protocol_of(port), NULL };
	if (!json_int64(json_get(port, "nodePort"), &what.number) || !what.number)
		return;
	const struct node_ports *p = node_ports(r);
	size_t low = 0, high = p->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (by_node_port(&p->items[middle], &what) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < p->n && by_node_port(&p->items[low], &what) == 0; low++)
		if (object_ref_compare(p->items[low].ref, o->ref) != 0) {
			complain(r, json_get(port, "nodePort"), "nodePort %lld/%s is %s's, too",
				 (long long)what.number, what.protocol,
				 object_ref_label(&r->arena, p->items[low].ref));
			return;
		}
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
	p->numbers_only = false;
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
	p->numbers_only = true;
	for (uint32_t i = 0; i < ports->n; i++) {
		look(p, &ports->items[i]);
		look_elsewhere(r, o, &ports->items[i]);
	}
}
