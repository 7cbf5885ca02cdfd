"""hub.py FOLDER LOG: a tiny Hugging Face hub on 127.0.0.1 for tests; prints its address.

Serves FOLDER/OWNER/NAME/... as the model OWNER/NAME at revision main (and v1): the list of files at
/api/models/OWNER/NAME/tree/REV, two a page, and each file at /OWNER/NAME/resolve/REV/PATH, from the middle
too. Files above 1,000 bytes count as LFS files and are had elsewhere (a redirect to /cdn/...), as there. What
stands as PATH.served is sent in place of PATH. Models of the owner "private" want the token "secret", those of
"simple" are always sent from the start. Every request is a line of LOG: status, path, range."""
import hashlib
import http.server
import json
import os
import sys
import urllib.parse

FOLDER, LOG = sys.argv[1:3]
REVISIONS = ("main", "v1", "refs/pr/1")


def entry(model, path):
    with open(os.path.join(model, path), "rb") as f:
        data = f.read()
    git = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    if len(data) <= 1000:
        return {"type": "file", "oid": git, "size": len(data), "path": path}
    sha = hashlib.sha256(data).hexdigest()
    return {"type": "file", "oid": "0" * 40, "size": len(data), "path": path,
            "lfs": {"oid": sha, "size": len(data), "pointerSize": 134}, "xetHash": "1" * 64}


class Hub(http.server.BaseHTTPRequestHandler):
    def send(self, status, body=b"", headers=()):
        with open(LOG, "a") as f:
            f.write(f"{status} {self.path} {self.headers.get('Range', '-')}\n")
        self.send_response(status)
        for header in headers:
            self.send_header(*header)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def send_list(self, model, url):
        start = int(urllib.parse.parse_qs(url.query).get("cursor", ["0"])[0])
        paths = sorted(os.path.relpath(os.path.join(at, f), model) for at, _, files in os.walk(model) for f in files)
        rows = [entry(model, p) for p in paths if not p.endswith(".served")]
        rows += [{"type": "directory", "oid": "2" * 40, "size": 0, "path": "1_Pooling"}]
        more = [("Link", f"<http://{self.headers['Host']}{url.path}?recursive=true&cursor={start + 2}>; rel=\"next\"")]
        self.send(200, json.dumps(rows[start:start + 2]).encode(), more if start + 2 < len(rows) else [])

    def send_file(self, path):
        path = path + ".served" if os.path.exists(path + ".served") else path
        if not os.path.isfile(path):
            return self.send(404, b"Entry not found")
        with open(path, "rb") as f:
            data = f.read()
        if len(data) > 1000 and not self.path.startswith("/cdn/"):
            return self.send(302, headers=[("Location", "/cdn" + self.path)])
        start = int(self.headers.get("Range", "bytes=0-")[6:].rstrip("-"))
        if start == 0 or "/simple/" in self.path:
            return self.send(200, data)
        if start >= len(data):
            return self.send(416)
        return self.send(206, data[start:], [("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")])

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        parts = [urllib.parse.unquote(p) for p in url.path.split("/")[1:]]
        stored, listing = parts[0] == "cdn", parts[:2] == ["api", "models"]
        parts = parts[1:] if stored else parts
        parts = parts[2:] if listing else parts
        if len(parts) < 4 or parts[2] != ("tree" if listing else "resolve"):
            return self.send(404)
        model = os.path.join(FOLDER, parts[0], parts[1])
        if parts[0] == "private" and not stored and self.headers.get("Authorization") != "Bearer secret":
            return self.send(401)
        if not os.path.isdir(model) or parts[3] not in REVISIONS:
            return self.send(404)
        return self.send_list(model, url) if listing else self.send_file(os.path.join(model, *parts[4:]))

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Hub)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
