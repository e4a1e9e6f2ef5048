/* Exec credential plugins (client.authentication.k8s.io).  See auth.h. */
#include <ctype.h>
#include <string.h>

#include "base/digest.h"
#include "base/json_parse.h"
#include "base/json_write.h"
#include "base/process.h"
#include "base/time.h"
#include "plan/cluster/kube/auth.h"

enum { MESSAGE_EXCERPT = 400, EXEC_TIMEOUT_MS = 60 * 1000 };

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void kube_credential_done(struct kube_credential *c)
{
	wipe(c->token);
	wipe(c->certificate);
	wipe(c->key);
	*c = (struct kube_credential){ 0 };
}

/* ---- what the plugin is told */

static void set_text(struct arena *a, struct json *o, const char *key, const char *text)
{
	if (text)
		json_set_str(a, o, key, text);
}

static void describe_cluster(struct arena *a, const struct kube_config *c, struct json *spec)
{
	struct json *cluster = json_set(a, spec, "cluster", json_of_object());
	json_set_str(a, cluster, "server", c->server);
	set_text(a, cluster, "tls-server-name", c->server_name);
	set_text(a, cluster, "proxy-url", c->proxy);
	if (c->insecure)
		json_set(a, cluster, "insecure-skip-tls-verify", json_of_bool(true));
	if (c->disable_compression)
		json_set(a, cluster, "disable-compression", json_of_bool(true));
	if (c->ca) {
		AUTO(buf_done) struct buf b = { 0 };
		base64_encode(&b, c->ca, strlen(c->ca));
		json_set_str(a, cluster, "certificate-authority-data", buf_text(&b));
	}
	if (c->exec->cluster_config)
		json_set(a, cluster, "config", *c->exec->cluster_config);
}

/* KUBERNETES_EXEC_INFO.  Never interactive: our terminal belongs to the command that runs. */
static char *exec_info(const struct kube_config *c)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct json info = json_of_object();
	json_set_str(&a, &info, "kind", "ExecCredential");
	json_set_str(&a, &info, "apiVersion", c->exec->api_version);
	struct json *spec = json_set(&a, &info, "spec", json_of_object());
	json_set(&a, spec, "interactive", json_of_bool(false));
	if (c->exec->provide_cluster_info)
		describe_cluster(&a, c, spec);
	AUTO(buf_done) struct buf b = { 0 };
	buf_puts(&b, "KUBERNETES_EXEC_INFO=");
	json_write_canonical(&b, &info);
	return buf_take(&b);
}

/* ---- what it answers */

static int understand(const struct kube_config *c, const struct json *v,
		      struct kube_credential *out, struct err *err)
{
	const char *kind = json_get_str(v, "kind"), *version = json_get_str(v, "apiVersion");
	if (!kind || strcmp(kind, "ExecCredential") != 0)
		return err_set(err, ERR_INPUT, "its answer is no ExecCredential");
	if (!version || strcmp(version, c->exec->api_version) != 0)
		return err_set(err, ERR_INPUT, "its answer is of another apiVersion than %s",
			       c->exec->api_version);
	const struct json *status = json_get(v, "status");
	const char *token = json_get_str(status, "token");
	const char *certificate = json_get_str(status, "clientCertificateData");
	const char *key = json_get_str(status, "clientKeyData");
	const char *expires = json_get_str(status, "expirationTimestamp");
	token = token && *token ? token : NULL;
	certificate = certificate && *certificate ? certificate : NULL;
	key = key && *key ? key : NULL;
	if (!certificate != !key)
		return err_set(err, ERR_INPUT,
			       "its answer has a client certificate or a key without the other");
	if (!token && !certificate)
		return err_set(err, ERR_INPUT, "its answer has no token and no client certificate");
	struct timespec when = { 0 };
	if (expires && *expires && !time_parse(expires, &when))
		return err_set(err, ERR_INPUT,
			       "its answer has an expirationTimestamp that is no time");
	*out = (struct kube_credential){
		.token = token ? xstrdup(token) : NULL,
		.certificate = certificate ? xstrdup(certificate) : NULL,
		.key = key ? xstrdup(key) : NULL,
		.expires = when.tv_sec,
	};
	return 0;
}

static int understand_output(const struct kube_config *c, const struct buf *output,
			     struct kube_credential *out, struct err *err)
{
	AUTO(arena_wipe) struct arena a = { 0 };
	struct json v;
	AUTO(err_done) struct err why = { 0 };
	/* The parser may quote what it found, and that may be a token. */
	if (json_parse(&a, buf_text(output), output->len, "answer", NULL, &v, &why) < 0)
		return err_set(err, ERR_INPUT, "its answer is not JSON (%u:%u)", why.at.line,
			       why.at.col);
	return understand(c, &v, out, err);
}

/* ---- running it */

/* The start of what it said to people, on one line. */
static char *excerpt(const struct buf *messages)
{
	struct buf b = { 0 };
	for (size_t i = 0; i < messages->len && b.len < MESSAGE_EXCERPT; i++) {
		unsigned char ch = (unsigned char)messages->data[i];
		if (ch > ' ' && ch != 127)
			buf_putc(&b, (char)ch);
		else if (b.len && b.data[b.len - 1] != ' ')
			buf_putc(&b, ' ');
	}
	while (b.len && b.data[b.len - 1] == ' ')
		b.data[--b.len] = '\0';
	return buf_take(&b);
}

static int run(const struct kube_config *c, struct process_result *result, struct err *err)
{
	const struct kube_exec *e = c->exec;
	size_t n_args = 0;
	while (e->args[n_args])
		n_args++;
	AUTO(auto_free) const char **argv = xcalloc(n_args + 2, sizeof(*argv));
	AUTO(auto_free) const char **env = xcalloc(e->n_env + 2, sizeof(*env));
	AUTO(auto_free) char *info = exec_info(c);
	argv[0] = e->command;
	memcpy(argv + 1, e->args, n_args * sizeof(*argv));
	memcpy(env, e->env, e->n_env * sizeof(*env));
	env[e->n_env] = info;
	struct process p = { .argv = argv, .env = env, .timeout_ms = EXEC_TIMEOUT_MS };
	AUTO(err_done) struct err why = { 0 };
	if (process_run(&p, result, &why) < 0) {
		bool hint = why.code == ERR_NOT_FOUND && e->install_hint;
		return err_set(err, why.code, "%s%s%s", why.msg, hint ? "; " : "",
			       hint ? e->install_hint : "");
	}
	if (result->status == 0)
		return 0;
	AUTO(auto_free) char *said = excerpt(&result->messages);
	return err_set(err, ERR_FORBIDDEN, "it ended with status %d%s%s", result->status,
		       *said ? ": " : "", said);
}

static void wipe_result(struct process_result *r)
{
	buf_wipe(&r->output);
	process_result_done(r);
}

int kube_exec_run(const struct kube_config *c, struct kube_credential *out, struct err *err)
{
	const struct kube_exec *e = c->exec;
	AUTO(wipe_result) struct process_result result = { 0 };
	if (e->interactive == EXEC_ALWAYS)
		err_set(err, ERR_FORBIDDEN,
			"it needs a terminal (interactiveMode: Always), which it gets from "
			"kubectl only: log in there first or use another plugin");
	else if (run(c, &result, err) == 0)
		understand_output(c, &result.output, out, err);
	return err->code ? err_wrap(err, "user %s: credential plugin %s", c->user, e->command) : 0;
}
