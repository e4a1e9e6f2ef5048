"""An API server that is hostile."""

import gzip
import json
import socket
import threading
import time

from server import DISCOVERY, Server
from suite import CONFIG_MAP, MANY, MIB, case, kubeconfig


def against(h, override, **expected):
    """rhumb plan against a server that answers as override(handler) does where that returns true."""
    if h.server:
        h.server.stop()
    else:
        h.repository({"a.yaml": CONFIG_MAP, **MANY})
    h.server = Server(override)
    h.write("kubeconfig", kubeconfig(h.server.url))
    return h.plan_cluster(**expected)


def on_list(answer):
    """Only the LISTs of ConfigMaps are answered so."""
    def override(handler):
        if handler.command == "GET" and "/configmaps?" in handler.path:
            answer(handler)
            return True
        return False
    return override


def on(*paths):
    def wrap(answer):
        def override(handler):
            if handler.path.split("?")[0] in paths:
                answer(handler)
                return True
            return False
        return override
    return wrap


def live(**metadata):
    return {"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "a", "namespace": "default", "uid": "u", "resourceVersion": "1", **metadata},
            "data": {"key": "other"}}


@case
def server_that_behaves(h):
    """The others mean something only if this one is a plan."""
    against(h, lambda _: False, status=0, says="9 create")


# ---- endless answers


@case
def endless_list_of_objects(h):
    def answer(handler):
        item = b'{"metadata":{"name":"%d","namespace":"default"}},'
        handler.start()
        handler.chunk(b'{"kind":"ConfigMapList","apiVersion":"v1","metadata":{},"items":[')
        n = 0
        while True:
            handler.chunk(b"".join(item % (n + i) for i in range(1000)))
            n += 1000
    against(h, on_list(answer), says="objects")


@case
def endless_list_of_one_object(h):
    item = b'{"metadata":{"name":"a","namespace":"default"}},' * 1000
    against(h, on_list(lambda s: s.endless(b'{"kind":"ConfigMapList","items":[', item)), says="configmaps")


@case
def endless_object_in_a_list(h):
    against(h, on_list(lambda s: s.endless(b'{"kind":"ConfigMapList","items":[{"a":"', b"a" * 65536)), says="bytes")


@case
def endless_space_in_a_list(h):
    against(h, on_list(lambda s: s.endless(b'{"kind":"ConfigMapList","items":[', b" " * 65536)), says="bytes")


@case
def endless_envelope_of_a_list(h):
    against(h, on_list(lambda s: s.endless(b'{"kind":"', b"a" * 65536)), says="configmaps")


@case
def endless_discovery(h):
    against(h, on("/apis")(lambda s: s.endless(b'{"kind":"', b"a" * 65536)), says="bytes")


@case
def endless_namespace(h):
    against(h, on("/api/v1/namespaces/kube-system")(lambda s: s.endless(b'{"kind":"', b"a" * 65536)), says="bytes")


@case
def endless_version(h):
    against(h, on("/version")(lambda s: s.endless(b'{"gitVersion":"', b"a" * 65536)), status=(0, 1, 4))


@case
def endless_dry_run(h):
    def override(handler):
        if handler.command == "PATCH":
            handler.endless(b'{"kind":"', b"a" * 65536)
        return False
    against(h, override, says="bytes")


@case
def endless_dry_runs_at_once(h):
    h.repository({f"{i}.yaml": CONFIG_MAP.replace("name: a", f"name: n{i}") for i in range(40)})

    def override(handler):
        if handler.command == "PATCH":
            handler.endless(b'{"kind":"', b"a" * 65536)
        return False
    h.server = Server(override)
    h.write("kubeconfig", kubeconfig(h.server.url))
    h.plan_cluster(says="bytes")


@case
def endless_error(h):
    def answer(handler):
        handler.send_response(403)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        while True:
            handler.chunk(b"a" * 65536)
    against(h, on_list(answer), says="403")


@case
def endless_headers(h):
    def answer(handler):
        handler.send_response(200)
        handler.flush_headers()
        while True:
            handler.wfile.write(b"X-A: " + b"a" * 1000 + b"\r\n")
    against(h, on_list(answer), says="header")


@case
def compressed_bomb(h):
    bomb = gzip.compress(b'{"kind":"ConfigMapList","items":[' + b" " * (1 << 30), 9)
    against(h, on_list(lambda s: s.answer(200, bomb, Content_Encoding="gzip")), status=(1, 4))


@case
def endless_pages(h):
    count = iter(range(10 ** 9))
    against(h, on_list(lambda s: s.listed([], token=f"t{next(count)}")), says="pages")


@case
def endless_pages_with_objects(h):
    count = iter(range(10 ** 9))
    against(h, on_list(lambda s: s.listed([live(name=f"n{next(count)}")], token=f"t{next(count)}")), says="pages")


@case
def a_continue_token_of_10_MB(h):
    against(h, on_list(lambda s: s.listed([], token="t" * (10 * MIB))), says="configmaps")


@case
def a_page_of_100000_objects(h):
    items = [{"metadata": {"name": f"n{i}", "namespace": "default", "uid": "u"}, "data": {"k": "v"}} for i in range(100000)]
    body = json.dumps({"kind": "ConfigMapList", "apiVersion": "v1", "metadata": {}, "items": items}).encode()
    against(h, on_list(lambda s: s.answer(200, body)), status=0, says="9 create")


# ---- answers that are no answers


@case
def wrong_content_types(h):
    for content_type in ("text/html", "application/vnd.kubernetes.protobuf", "image/png", "", "application/json; charset=\x1b[31m"):
        against(h, on_list(lambda s: s.answer(200, b"<html>log in</html>", content_type)), says="configmaps")


@case
def login_page_for_everything(h):
    against(h, lambda s: s.answer(200, b"<html>log in</html>", "text/html") or True, status=1, says="text/html")


@case
def half_an_answer(h):
    def answer(handler):
        handler.start(1000)
        handler.wfile.write(b'{"kind":"ConfigMapList","items":[{"meta')
        handler.close_connection = True
    against(h, on_list(answer), says="configmaps")


@case
def half_an_answer_in_chunks(h):
    def answer(handler):
        handler.start()
        handler.chunk(b'{"kind":"ConfigMapList","items":[')
        handler.wfile.write(b"ffff\r\nabc")
        handler.close_connection = True
    against(h, on_list(answer), says="configmaps")


@case
def content_length_that_is_too_small(h):
    def answer(handler):
        handler.start(20)
        handler.wfile.write(b'{"kind":"ConfigMapList","apiVersion":"v1","items":[]}')
        handler.close_connection = True
    against(h, on_list(answer), says="configmaps")


@case
def content_length_of_petabytes(h):
    def answer(handler):
        handler.start(1 << 50)
        handler.wfile.write(b'{"kind":"ConfigMapList"}')
        handler.close_connection = True
    against(h, on_list(answer), says="configmaps")


@case
def invalid_JSON(h):
    for text in [b"", b"null", b"[]", b'"a"', b"{", b'{"items":{}}', b'{"items":[1,2]}', b'{"items":[{},{}]}',
                              b'{"items":[{"metadata":{"name":1}}]}', b"\xff\xfe\x00", b'{"items":[{"a":"\xff"}]}', b'{"items":[]}}',
                              b'{"items":[{"metadata":{"name":"a"}},]}', b"HTTP/1.1 200 OK\r\n\r\n{}"]:
        against(h, on_list(lambda s: s.answer(200, text)), says="configmaps")


@case
def nesting_of_100000_in_a_list(h):
    text = b'{"kind":"ConfigMapList","items":[' + b'{"a":' * 100000 + b"1" + b"}" * 100000 + b"]}"
    against(h, on_list(lambda s: s.answer(200, text)), says=["configmaps", "nested"])


@case
def nesting_of_100000_beside_a_list(h):
    text = b'{"kind":"ConfigMapList","x":' + b"[" * 100000 + b"]" * 100000 + b',"items":[]}'
    against(h, on_list(lambda s: s.answer(200, text)), says=["configmaps"])


@case
def nesting_of_100000_in_discovery(h):
    text = b'{"kind":"APIGroupDiscoveryList","items":' + b"[" * 100000 + b"]" * 100000 + b"}"
    against(h, on("/apis")(lambda s: s.answer(200, text, DISCOVERY)), status=1, says="nested")


@case
def a_list_of_5_million_numbers(h):
    text = b'{"kind":"ConfigMapList","items":[{"metadata":{"name":"a"},"a":[' + b"1," * 5000000 + b"1]}]}"
    against(h, on_list(lambda s: s.answer(200, text)), says="configmaps")


@case
def an_object_of_5_million_keys(h):
    keys = ",".join(f'"{i}":1' for i in range(1000000)).encode()
    text = b'{"kind":"ConfigMapList","items":[{"metadata":{"name":"a"},"a":{' + keys + b"}}]}"
    against(h, on_list(lambda s: s.answer(200, text)), says="configmaps")


@case
def garbage_instead_of_HTTP(h):
    def answer(handler):
        handler.wfile.write(b"\x1b[31mSSH-2.0-hello\r\n" * 100)
        handler.close_connection = True
    against(h, lambda s: answer(s) or True, status=1)


# ---- refusals


@case
def too_many_requests_for_ever(h):
    """Bounded by what a request may wait in total."""
    against(h, on_list(lambda s: s.status(429, "TooManyRequests", "slow down", Retry_After="1")), says="slow down", wall=90)


@case
def too_many_requests_come_back_next_year(h):
    start = time.monotonic()
    against(h, on_list(lambda s: s.status(429, "TooManyRequests", "slow down", Retry_After="31536000")), says="slow down", wall=90)
    assert time.monotonic() - start < 80


@case
def redirects(h):
    for code in (301, 302, 303, 307, 308):
        elsewhere = []
        other = Server(lambda s: elsewhere.append(s.path))
        against(h, on_list(lambda s: s.answer(code, b"", Location=other.url + "/x")), says="redirect")
        other.stop()
        assert not elsewhere, "a redirect was followed"


@case
def unauthorized_for_ever(h):
    against(h, lambda s: s.status(401, "Unauthorized", "Unauthorized") or True, status=1, says="401")


@case
def messages_with_escape_sequences(h):
    against(h, on_list(lambda s: s.status(403, "Forbidden", "\x1b]0;owned\x07\x1b[31mno\u009b31m\n\nrhumb: all is well")), says="no")


@case
def warnings_with_escape_sequences(h):
    def override(handler):
        if handler.command != "PATCH":
            return False
        sent = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        sent["metadata"].update(uid="u", resourceVersion="1")
        handler.answer(200, sent, Warning='299 - "\\e[31mred \x1b[31mred"')
        return True
    against(h, override, status=(0, 4))


@case
def messages_of_a_megabyte(h):
    def override(handler):
        if handler.command != "PATCH":
            return False
        handler.rfile.read(int(handler.headers["Content-Length"]))
        handler.status(422, "Invalid", "no " * 300000)
        return True
    against(h, override, says="no")


@case
def a_version_with_escape_sequences(h):
    against(h, on("/version")(lambda s: s.answer(200, {"gitVersion": "v1\x1b[31m\u009b"})), status=(0, 1, 4))


# ---- objects that make no sense


WRONG = [
    {"metadata": "a string"}, {"metadata": None}, {"metadata": []}, {"metadata": {"name": ["a"]}},
    {"metadata": {"name": "a", "namespace": 7}}, {"metadata": {"name": "../../x", "namespace": "default"}},
    {"metadata": {"name": "a/b", "namespace": "default"}}, {"metadata": {"name": "", "namespace": "default"}},
    live(managedFields="garbage"), live(managedFields=[1, None, "x"]), live(managedFields={"a": 1}),
    live(managedFields=[{"manager": 1, "operation": [], "fieldsV1": "x"}]),
    live(managedFields=[{"manager": "rhumb", "operation": "Apply", "fieldsType": "FieldsV1", "apiVersion": "v1",
                         "fieldsV1": {"f:data": "x", "f:": {}, "k:{": {}, "k:{}": {}, "v:": {}, "i:x": {}, "\x1b[31m": {}}}]),
    live(managedFields=[{"manager": "\x1b[31mm", "operation": "Update", "fieldsType": "FieldsV1", "apiVersion": "v1",
                         "time": "\x1b[31m", "fieldsV1": {"f:data": {"f:key": {}}}}]),
    live(labels="x"), live(labels=["x"]), live(labels={"applyset.kubernetes.io/part-of": 7}), live(annotations=7),
    live(uid=7, resourceVersion=None), live(uid=None), live(ownerReferences="x"), live(deletionTimestamp=7), live(finalizers={}),
    {**live(), "data": "a string"}, {**live(), "data": [1]}, {**live(), "data": None}, {**live(), "kind": 7, "apiVersion": []},
    {**live(), "kind": "Secret"},
]


@case
def objects_of_wrong_types(h):
    for item in WRONG:
        def override(handler):
            if handler.command == "GET" and "/configmaps" in handler.path:
                handler.listed([item]) if "?" in handler.path else handler.answer(200, item)
                return True
            if handler.command == "PATCH":
                handler.answer(200, item)
                return True
            return False
        against(h, override, status=(0, 1, 4))


@case
def managed_fields_of_100000_entries(h):
    entry = {"manager": "m", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1",
             "fieldsV1": {"f:data": {"f:key": {}}}}
    body = json.dumps({"kind": "ConfigMapList", "items": [live(managedFields=[{**entry, "manager": f"m{i}"} for i in range(100000)])]})
    against(h, on_list(lambda s: s.answer(200, body.encode())), status=(0, 1, 4))


@case
def managed_fields_nested_200_deep(h):
    fields = {}
    for _ in range(200):
        fields = {"f:a": fields}
    item = live(managedFields=[{"manager": "m", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": fields}])
    against(h, on_list(lambda s: s.listed([item])), status=(0, 1, 4))


@case
def discovery_of_wrong_types(h):
    for body in [b"null", b"[]", b'"x"', b'{"kind":"APIGroupDiscoveryList","items":"x"}',
                              b'{"kind":"APIGroupDiscoveryList","items":[1,{"metadata":7,"versions":[{"version":1,"resources":[[]]}]}]}',
                              b'{"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":"../x"},"versions":[{"version":"../../v1",'
                              b'"resources":[{"resource":"../a?b","responseKind":{"kind":"ConfigMap"},"scope":"X","verbs":["get"]}]}]}]}']:
        against(h, on("/api")(lambda s: s.answer(200, body, DISCOVERY)))


@case
def discovery_of_100000_kinds(h):
    kind = {"responseKind": {"group": "g", "version": "v1", "kind": "K"}, "scope": "Namespaced", "verbs": ["get", "list", "patch"]}
    items = [{"metadata": {"name": f"g{i}"}, "versions": [{"version": "v1", "resources": [
        {**kind, "resource": f"r{j}", "responseKind": {**kind["responseKind"], "kind": f"K{j}"}} for j in range(100)]}]} for i in range(1000)]
    body = json.dumps({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": items}).encode()
    against(h, on("/apis")(lambda s: s.answer(200, body, DISCOVERY)), says="bytes")


# ---- servers that wait


class Raw:
    """A server below HTTP: each connection is given to a function."""

    def __init__(self, serve):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port, self.writes = self.socket.getsockname()[1], []
        self.stopped = False
        threading.Thread(target=self.accept, args=(serve,), daemon=True).start()

    def accept(self, serve):
        while not self.stopped:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.one, args=(serve, connection), daemon=True).start()

    @staticmethod
    def one(serve, connection):
        try:
            serve(connection)
        except OSError:
            pass
        finally:
            connection.close()

    def stop(self):
        self.stopped = True
        self.socket.close()


def waits(h, serve, scheme="http", seconds=25):
    """rhumb gives up: --timeout 2, tried again a few times."""
    h.repository()
    h.server = Raw(serve)
    h.write("kubeconfig", kubeconfig(f"{scheme}://127.0.0.1:{h.server.port}"))
    return h.plan_cluster(status=1, wall=seconds, timeout=2)


def drip(connection, text, pause=0.1):
    connection.recv(65536)
    for i in range(len(text)):
        connection.sendall(text[i:i + 1])
        time.sleep(pause)


@case
def TLS_handshake_that_hangs(h):
    waits(h, lambda c: c.recv(65536) and time.sleep(60), scheme="https", seconds=50)


@case
def TLS_handshake_of_garbage(h):
    waits(h, lambda c: c.recv(65536) and c.sendall(b"\x16\x03\x03\xff\xff" + b"a" * 100000), scheme="https")


@case
def no_answer_at_all(h):
    waits(h, lambda c: c.recv(65536) and time.sleep(60))


@case
def connection_that_is_closed_at_once(h):
    waits(h, lambda c: None)


@case
def headers_a_byte_at_a_time(h):
    waits(h, lambda c: drip(c, b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 10000))


@case
def body_a_byte_at_a_time(h):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"

    def serve(connection):
        connection.recv(65536)
        connection.sendall(head)
        for _ in range(100000):
            connection.sendall(b" ")
            time.sleep(0.1)
    waits(h, serve)


@case
def endless_1xx_answers(h):
    def serve(connection):
        connection.recv(65536)
        while True:
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)
    waits(h, serve)


@case
def server_that_hangs_in_the_middle_of_a_list(h):
    def answer(handler):
        handler.start(1000)
        handler.wfile.write(b'{"kind":"ConfigMapList","items":[')
        time.sleep(30)
    against(h, on_list(answer), says="configmaps", wall=25, timeout=2)
