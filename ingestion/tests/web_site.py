"""A web site of threads, on the loopback interface, for tests of crawls."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Site:
    """Pages by their paths: `(status, headers, body)`, a body, or a function of the request."""

    def __init__(self):
        self.pages = {}
        self.asked = []
        self.busy = self.most_at_once = 0
        self.lock = threading.Lock()

    def page(self, path, body, status=200, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes) else body.encode()
        self.pages[path] = (status, {"Content-Type": "text/html", **headers}, content)

    def link(self, path, *others, text="words of the page"):
        links = "".join(f'<a href="{other}">next</a>' for other in others)
        title = f"<title>Page {path}</title>"
        self.page(
            path, f"<html><head>{title}</head><body><p>{text} {path}</p>{links}</body></html>"
        )

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def paths(self):
        return [path for path, _ in self.asked if path != "/robots.txt"]


@contextmanager
def serving(site):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            with site.lock:
                sent = {name.lower(): value for name, value in self.headers.items()}
                site.asked.append((self.path, sent))
                site.busy += 1
                site.most_at_once = max(site.most_at_once, site.busy)
            try:
                found = site.pages.get(self.path, (404, {"Content-Type": "text/html"}, b"no"))
                status, headers, body = found(self) if callable(found) else found
                known = self.headers.get("If-None-Match")
                if known and known == headers.get("ETag"):
                    status, body = 304, b""
            finally:
                with site.lock:
                    site.busy -= 1
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815 -- the library's name

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
