"""A webhook that keeps what is posted to it and answers what it is told to."""

import http.server
import json
import threading


class Webhook:
    """answers: a list of (status, body), one a request; afterwards 200."""

    def __init__(self):
        self.got, self.answers = [], []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                status, text = outer.answers.pop(0) if outer.answers else (200, "ok")
                self.send_response(status)
                if status in (301, 302, 307, 308):
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.server.server_address[1]}{path}"

    def take(self):
        """What was posted since, as (path, headers, bytes, parsed)."""
        got, self.got = self.got, []
        return [(p, h, b, json.loads(b)) for p, h, b in got]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
