"""An endpoint as its mode file says: takes, fails, hangs, redirects, or answers for ever. Records each request as a line of JSON."""

import base64
import http.server
import json
import sys
import threading
import time

MODE, RECORD = sys.argv[1:3]
lock = threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        with open(MODE, encoding="utf-8") as file:
            mode = file.read().strip()
        if mode == "hang":
            time.sleep(60)
            return
        with lock, open(RECORD, "a", encoding="utf-8") as file:
            record = {
                "method": self.command,
                "path": self.path,
                "mode": mode,
                "headers": {name.lower(): value for name, value in self.headers.items()},
                "body": base64.b64encode(body).decode(),
            }
            file.write(json.dumps(record) + "\n")
        if mode == "redirect":
            self.send_response(302)
            self.send_header("location", "/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()
        elif mode == "forever":
            self.send_response(500)
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"400\r\n" + b"x" * 1024 + b"\r\n")
                    time.sleep(0.001)
            except OSError:
                pass
        elif mode.isdigit():
            answer = b"no: \x1b[1mthis\nis refused"
            self.send_response(int(mode))
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
        else:
            self.send_response(204)
            self.end_headers()

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[3]) if len(sys.argv) > 3 else 0), Handler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
