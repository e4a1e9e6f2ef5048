"""An API server that behaves until a case says otherwise: three kinds, no objects, dry-runs that agree."""

import http.server
import json
import socketserver
import threading
from urllib.parse import parse_qs, unquote, urlsplit

RESOURCES = {("", "namespaces"): ("Namespace", False), ("", "configmaps"): ("ConfigMap", True),
             ("", "secrets"): ("Secret", True), ("apps", "deployments"): ("Deployment", True)}
DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def discovery(core):
    groups = {}
    for (group, plural), (kind, namespaced) in RESOURCES.items():
        if (group == "") == core:
            groups.setdefault(group, []).append({
                "resource": plural, "responseKind": {"group": group, "version": "v1", "kind": kind},
                "scope": "Namespaced" if namespaced else "Cluster", "singularResource": kind.lower(),
                "verbs": ["get", "list", "patch", "create", "delete"]})
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": [
        {"metadata": {"name": g} if g else {}, "versions": [{"version": "v1", "freshness": "Current", "resources": r}]}
        for g, r in groups.items()]}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, content_type="application/json", **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def start(self, length=None):
        """A 200 whose body follows by chunk(), or by itself where a length is given."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header(*(("Transfer-Encoding", "chunked") if length is None else ("Content-Length", str(length))))
        self.end_headers()

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def endless(self, first, again):
        self.start()
        self.chunk(first)
        while True:
            self.chunk(again)

    def status(self, code, reason, message, **headers):
        self.answer(code, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                           "reason": reason, "message": message, "code": code}, **headers)

    def listed(self, items, token=None, kind="ConfigMapList"):
        metadata = {"resourceVersion": "7", **({"continue": token} if token else {})}
        self.answer(200, {"kind": kind, "apiVersion": "v1", "metadata": metadata, "items": items})

    def behave(self):
        url = urlsplit(self.path)
        parts, query = [unquote(p) for p in url.path.split("/")[1:]], parse_qs(url.query)
        if self.command not in ("GET", "HEAD") and query.get("dryRun") != ["All"]:
            self.server.writes.append(f"{self.command} {self.path}"[:200])
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if parts == ["version"]:
            return self.answer(200, {"gitVersion": "v1.36.0"})
        if parts in (["api"], ["apis"]):
            return self.answer(200, discovery(parts == ["api"]), DISCOVERY)
        if parts == ["api", "v1", "namespaces", "kube-system"]:
            return self.answer(200, {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "kube-system", "uid": "u"}})
        if self.command == "PATCH":
            sent = json.loads(body)
            sent["metadata"].update(uid="u", resourceVersion="1")
            return self.answer(200, sent)
        if parts[-1] in {plural for _, plural in RESOURCES}:
            return self.listed([])
        self.status(404, "NotFound", "not found")

    def handle_any(self):
        try:
            if not self.server.override(self):
                self.behave()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_PATCH = do_POST = do_PUT = do_DELETE = handle_any


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, override):
        super().__init__(("127.0.0.1", 0), Handler)
        # Called with the handler; true where it has answered.
        self.override, self.writes = override, []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def stop(self):
        self.shutdown()
        self.server_close()
