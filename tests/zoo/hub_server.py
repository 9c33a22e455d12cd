"""A small server with the parts of the Hugging Face Hub's protocol that its client uses for us."""

import base64
import hashlib
import http.server
import json
import threading

COMMIT = "a" * 40


class Hub:
    """A server on loopback.

    Attributes:
      files: {"user/name": {file: bytes}}.
      gated: repositories that need access.
      asked: [(method, path)] in order.
    """

    def __init__(self):
        self.files, self.gated, self.asked = {}, set(), []
        handler = type("Handler", (_Handler,), {"hub": self})
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error):
        self._server.shutdown()
        self._server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    hub = None
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def _answer(self, status, content=b"", **headers):
        self.send_response(status)
        length = headers.pop("length", len(content))
        for name, value in {**headers, "Content-Length": str(length)}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _file(self):
        self.hub.asked.append((self.command, self.path))
        repository, found, rest = self.path.lstrip("/").partition("/resolve/")
        revision, _, name = rest.partition("/")
        if not found or repository not in self.hub.files:
            return self._answer(404, X_Error_Code="RepoNotFound")
        if repository in self.hub.gated:
            return self._answer(403, X_Error_Code="GatedRepo")
        if revision not in ("main", COMMIT):
            return self._answer(404, X_Error_Code="RevisionNotFound")
        content = self.hub.files[repository].get(name)
        if content is None:
            return self._answer(404, X_Error_Code="EntryNotFound", X_Repo_Commit=COMMIT)
        etag = f'"{hashlib.sha1(content).hexdigest()}"'
        return self._answer(200, content, ETag=etag, X_Repo_Commit=COMMIT)

    do_GET = do_HEAD = _file

    def do_POST(self):
        self.hub.asked.append((self.command, self.path))
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/api/repos/create":
            given = json.loads(body)
            name = "/".join(filter(None, (given.get("organization") or "user", given["name"])))
            self.hub.files.setdefault(name, {})
            return self._json({"url": f"{self.hub.url}/{name}"})
        repository = self.path.removeprefix("/api/models/").rpartition("/")[0].rpartition("/")[0]
        if "/preupload/" in self.path:
            paths = [file["path"] for file in json.loads(body)["files"]]
            modes = [{"path": p, "uploadMode": "regular", "shouldIgnore": False} for p in paths]
            return self._json({"files": modes})
        if "/commit/" in self.path:
            for line in body.decode().splitlines():
                entry = json.loads(line)
                if entry["key"] == "file":
                    value = entry["value"]
                    self.hub.files[repository][value["path"]] = base64.b64decode(value["content"])
            url = f"{self.hub.url}/{repository}/commit/{COMMIT}"
            return self._json({"success": True, "commitUrl": url, "commitOid": COMMIT})
        return self._answer(404)

    def _json(self, value):
        self._answer(200, json.dumps(value).encode(), Content_Type="application/json")
