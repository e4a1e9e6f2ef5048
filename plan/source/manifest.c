/* What can be wrong with an object is said here, at its place in the file, before anything is
 * asked of a cluster. */
#include "plan/source/manifest.h"

#include <ctype.h>
#include <string.h>

#include "plan/hook.h"
#include "plan/source/ignore.h"

enum {
	MAX_NAME = 253,     /* of an object; the API server's limit too */
	MAX_NAMESPACE = 63, /* and of these */
	MAX_KIND = 63,
};

char *manifest_advice(const struct application *app, const char *path)
{
	if (!app)
		return xstrdup("leave it out");
	size_t n = strlen(app->path);
	const char *rest = n ? path + n + 1 : path;
	AUTO(auto_free)
	char *elsewhere = app->at.file ? xfmt(", or under exclude: of application \"%s\" in %s",
					      app->name, app->at.file)
				       : xstrdup("");
	return xfmt("leave it out with a line \"/%s\" in %s%s" IGNORE_FILE "%s", rest, app->path,
		    n ? "/" : "", elsewhere);
}

static int fail(const struct manifest *m, const struct json *at, struct err *err, const char *text)
{
	return err_at(err, ERR_INPUT, json_pos(at, m->file), "%s", text);
}

static int not_an_object(const struct manifest *m, const struct json *v, const char *why,
			 struct err *err)
{
	AUTO(auto_free) char *advice = manifest_advice(m->app, m->file);
	return err_at(err, ERR_INPUT, json_pos(v, m->file),
		      "not a Kubernetes object: %s; if it is no manifest, %s", why, advice);
}

static int not_a_text(const struct manifest *m, const char *path, const struct json *v,
		      struct err *err)
{
	bool scalar = v->type == JSON_BOOL || v->type == JSON_INT || v->type == JSON_FLOAT;
	return err_at(err, ERR_INPUT, json_pos(v, m->file), "%s has to be a text, not of type %s%s",
		      path, json_type_name(v->type), scalar ? ": put it in quotes" : "");
}

/* ---- identity */

static bool is_label(const char *s, size_t n)
{
	if (n == 0 || n > MAX_NAMESPACE || s[0] == '-' || s[n - 1] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!islower((unsigned char)s[i]) && !isdigit((unsigned char)s[i]) && s[i] != '-')
			return false;
	return true;
}

/* "v1", "apps/v1", "example.com/v1beta1" */
static bool is_api_version(const char *s)
{
	const char *slash = strchr(s, '/'), *version = slash ? slash + 1 : s;
	if (!is_label(version, strlen(version)) || version - s > MAX_NAME)
		return false;
	for (const char *p = s; slash && p <= slash;) {
		size_t n = strcspn(p, "./");
		if (!is_label(p, n))
			return false;
		p += n + 1;
	}
	return true;
}

static bool is_kind(const char *s)
{
	size_t n = 0;
	while (isalnum((unsigned char)s[n]))
		n++;
	return n > 0 && n <= MAX_KIND && !s[n] && isupper((unsigned char)s[0]);
}

static int check_type(const struct manifest *m, const struct json *object, struct err *err)
{
	const struct json *api_version = json_get(object, "apiVersion");
	const struct json *kind = json_get(object, "kind");
	if (!api_version || !kind)
		return not_an_object(m, object,
				     api_version ? "it has no kind"
				     : kind      ? "it has no apiVersion"
						 : "it has no apiVersion and kind",
				     err);
	if (!json_str(api_version))
		return not_a_text(m, "apiVersion", api_version, err);
	if (!json_str(kind))
		return not_a_text(m, "kind", kind, err);
	if (!is_api_version(api_version->text))
		return err_at(err, ERR_INPUT, json_pos(api_version, m->file),
			      "apiVersion \"%s\" has to be of the form \"v1\" or \"group/v1\"",
			      api_version->text);
	if (!is_kind(kind->text))
		return err_at(err, ERR_INPUT, json_pos(kind, m->file),
			      "kind \"%s\" has to be a capital letter and letters or digits",
			      kind->text);
	return 0;
}

/* A hook need not be found again by its name, nor what is left out. */
static bool gets_name(const struct manifest *m, const struct json *object)
{
	struct hook_declared says;
	AUTO(err_done) struct err ignored = { 0 };
	return hook_of(object, m->file, &says, &ignored) == 0 && says.sort != HOOK_ORDINARY;
}

static int check_name(const struct manifest *m, const struct json *metadata,
		      const struct json *object, struct err *err)
{
	const struct json *name = json_get(metadata, "name");
	const struct json *generated = json_get(metadata, "generateName");
	if ((!name || name->type == JSON_NULL) && generated && gets_name(m, object))
		return json_str(generated) ? 0
					   : not_a_text(m, "metadata.generateName", generated, err);
	if ((!name || name->type == JSON_NULL) && generated)
		return fail(m, generated, err,
			    "generateName lets the server choose a name, so the object could not "
			    "be found again: give it a metadata.name");
	if (!name || name->type == JSON_NULL)
		return fail(m, metadata ? metadata : object, err, "metadata.name is missing");
	if (!json_str(name))
		return not_a_text(m, "metadata.name", name, err);
	if (!name->n || name->n > MAX_NAME)
		return err_at(err, ERR_INPUT, json_pos(name, m->file),
			      "metadata.name has %u bytes: it has to have 1 to %d", name->n,
			      MAX_NAME);
	bool control = false;
	for (const char *p = name->text; *p; p++)
		control |= iscntrl((unsigned char)*p) != 0;
	if (control || strpbrk(name->text, "/%") || strstr(name->text, "..") ||
	    strcmp(name->text, ".") == 0)
		return fail(
			m, name, err,
			"metadata.name must not have \"/\", \"%\", \"..\" or control characters "
			"in it");
	return 0;
}

static int check_namespace(const struct manifest *m, const struct json *metadata, struct err *err)
{
	const struct json *v = json_get(metadata, "namespace");
	if (!v || v->type == JSON_NULL)
		return 0;
	if (!json_str(v))
		return not_a_text(m, "metadata.namespace", v, err);
	if (v->n && !is_label(v->text, v->n))
		return err_at(err, ERR_INPUT, json_pos(v, m->file),
			      "metadata.namespace \"%s\" has to be lower-case letters, digits and "
			      "\"-\" within, %d at most",
			      v->text, MAX_NAMESPACE);
	return 0;
}

static int check_identity(const struct manifest *m, const struct json *object, struct err *err)
{
	const struct json *metadata = json_get(object, "metadata");
	if (check_type(m, object, err) < 0)
		return -1;
	if (metadata && metadata->type != JSON_OBJECT && metadata->type != JSON_NULL)
		return fail(m, metadata, err, "metadata has to be keys with values");
	return check_name(m, metadata, object, err) < 0 ? -1 : check_namespace(m, metadata, err);
}

void manifest_set_namespace(struct arena *a, struct json *object, const char *namespace)
{
	const char *stated = json_str(json_at(object, "metadata", "namespace", NULL));
	struct json *metadata = json_edit(a, object, "metadata");
	if (!*namespace)
		json_remove(metadata, "namespace");
	else if (!stated || strcmp(stated, namespace) != 0)
		json_set_str(a, metadata, "namespace", namespace);
}

/* Of a hook with a generateName. */
static void make_name(struct arena *a, struct json *object)
{
	const struct json *generated = json_at(object, "metadata", "generateName", NULL);
	if (!generated || json_str(json_at(object, "metadata", "name", NULL)))
		return;
	struct json name = json_of_string(a, hook_made_name(a, object));
	name.line = generated->line;
	name.col = generated->col;
	struct json *metadata = json_edit(a, object, "metadata");
	json_set(a, metadata, "name", name);
	json_remove(metadata, "generateName");
}

/* ---- Lists */

static bool ends_in_list(const char *kind)
{
	size_t n = kind ? strlen(kind) : 0;
	return n >= 4 && strcmp(kind + n - 4, "List") == 0;
}

/* A kind of one's own may be called AllowList: only items make it a list of objects. */
static bool is_list(const struct json *v)
{
	const char *kind = json_get_str(v, "kind");
	return ends_in_list(kind) && (strcmp(kind, "List") == 0 || json_get(v, "items"));
}

static int one(const struct manifest *m, const struct json *v, int item, manifest_object_fn *each,
	       void *ctx, struct err *err)
{
	if (v->type != JSON_OBJECT)
		return not_an_object(m, v, "it is no mapping of keys to values", err);
	if (check_identity(m, v, err) < 0)
		return -1;
	struct json object = *v;
	if (source_normalise(m->arena, &object, m->file, err) < 0)
		return -1;
	make_name(m->arena, &object);
	struct object_ref ref = object_ref_of(m->arena, &object);
	return each(ctx, &object, &ref, item, err);
}

/* The items of a DeploymentList need not say what they are. */
static struct json with_type_of(const struct manifest *m, const struct json *item,
				const struct json *list)
{
	const char *kind = json_get_str(list, "kind");
	struct json copy = *item;
	if (item->type != JSON_OBJECT || strcmp(kind, "List") == 0 ||
	    !json_get(list, "apiVersion") || json_get(item, "kind") || json_get(item, "apiVersion"))
		return copy;
	copy = json_copy(m->arena, item);
	json_set(m->arena, &copy, "apiVersion", *json_get(list, "apiVersion"));
	json_set(m->arena, &copy, "kind",
		 json_of_fmt(m->arena, "%.*s", (int)strlen(kind) - 4, kind));
	return copy;
}

int manifest_unfold(const struct manifest *m, const struct json *document, manifest_object_fn *each,
		    void *ctx, struct err *err)
{
	if (!is_list(document))
		return one(m, document, -1, each, ctx, err);
	const struct json *items = json_get(document, "items");
	if (check_type(m, document, err) < 0)
		return -1;
	if (!items || items->type == JSON_NULL)
		return 0;
	if (items->type != JSON_ARRAY)
		return fail(m, items, err, "items of a List has to be a list");
	for (uint32_t i = 0; i < items->n; i++) {
		struct json item = with_type_of(m, &items->items[i], document);
		if (is_list(&item))
			return fail(m, &items->items[i], err,
				    "a List within a List: put its items into the outer one");
		if (one(m, &item, (int)i, each, ctx, err) < 0)
			return -1;
	}
	return 0;
}
