/* See wave.h. */
#include "plan/wave.h"

#include <errno.h>
#include <string.h>

static const char *const names[] = { "rhumb.dev/sync-wave", "argocd.argoproj.io/sync-wave" };

const char *wave_annotation(const struct json *object, const struct json **value)
{
	const struct json *annotations = json_at(object, "metadata", "annotations", NULL);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		*value = json_get(annotations, names[i]);
		if (*value)
			return names[i];
	}
	return NULL;
}

static bool parse(const char *text, int64_t *out)
{
	const char *digits = text + (*text == '-' || *text == '+');
	if (!*digits || digits[strspn(digits, "0123456789")])
		return false;
	errno = 0;
	long long n = strtoll(text, NULL, 10);
	if (errno || n > WAVE_MAX || n < -WAVE_MAX)
		return false;
	*out = n;
	return true;
}

static int read_wave(const char *name, const struct json *value, const char *file, int64_t *out,
		     struct err *err)
{
	*out = 0;
	if (!name || (json_str(value) && parse(value->text, out)))
		return 0;
	return err_at(err, ERR_INPUT, json_pos(value, file),
		      "%s has to be a whole number from -%d to %d in quotes, not \"%s\"", name,
		      WAVE_MAX, WAVE_MAX,
		      json_str(value) ? value->text : json_type_name(value->type));
}

int wave_of(const struct json *object, const char *file, int64_t *out, struct err *err)
{
	const struct json *value;
	const char *name = wave_annotation(object, &value);
	return read_wave(name, value, file, out, err);
}

int wave_of_hook(const struct json *object, bool helm, const char *file, int64_t *out,
		 struct err *err)
{
	static const char weight[] = "helm.sh/hook-weight";
	const struct json *value;
	const char *name = wave_annotation(object, &value);
	if (!name && helm) {
		value = json_at(object, "metadata", "annotations", weight, NULL);
		name = value ? weight : NULL;
	}
	return read_wave(name, value, file, out, err);
}
