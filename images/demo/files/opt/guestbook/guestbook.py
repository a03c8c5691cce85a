#!/usr/bin/python3
"""A guest book of one page: the application of the demo machine."""
import http.server
import os

ENTRIES = os.environ.get("GUESTBOOK_FILE", "/var/lib/guestbook/entries.txt")


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            with open(ENTRIES, encoding="utf-8") as file:
                body = file.read().encode()
        except FileNotFoundError:
            body = b"no entries yet\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


address = (os.environ.get("GUESTBOOK_ADDRESS", "127.0.0.1"), int(os.environ["GUESTBOOK_PORT"]))
http.server.HTTPServer(address, Page).serve_forever()
