"""Sites that behave as the documented APIs of DataPress and CKAN do, faults included, over real HTTP.

Written from DataPress's API reference and the Greater London Authority's own client and recorded answers, and from CKAN's API
guide. They do what the documents say, and refuse what those do not allow; the vendors' own clients work with them, which
the tests show.
"""

import hashlib
import json
import re
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

KEY = "a-key-of-the-tests"


class Refusal(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, content: Any) -> None:
        self.status, self.content = status, content


class Site:
    """What both have: a key, files that can be downloaded, a log of what was asked, and faults to come.

    `faults` are pairs of a pattern of `METHOD path` and what befalls the next request that fits: a status, or `stall`.
    """

    def __init__(self) -> None:
        self.address = ""
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.keys: list[str | None] = []
        self.faults: list[tuple[str, int | str]] = []
        self.lock = threading.RLock()

    def answer(self, method: str, path: str, key: str | None, kind: str, body: bytes) -> Any:
        """What to answer: JSON, or bytes of a file. Refusal for anything else."""
        raise NotImplementedError

    def changes(self) -> list[str]:
        """What was asked that changes something."""
        return [asked for asked in self.asked if not asked.startswith("GET") and "package_show" not in asked]


@contextmanager
def serve(site: Site) -> Iterator[int]:
    """Serve a site; gives its port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Nothing is printed."""

        def handle_one(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            if len(body) < length:
                self.close_connection = True  # the client, or the way from it, broke off
                return
            with site.lock:
                asked = f"{self.command} {unquote(self.path)}"
                site.asked.append(asked)
                site.keys.append(self.headers.get("Authorization"))
                fault = next((pair for pair in site.faults if re.search(pair[0], asked)), None)
                if fault:
                    site.faults.remove(fault)
                else:
                    try:
                        status, content = 200, site.answer(self.command, unquote(self.path), self.headers.get("Authorization"), self.headers.get("Content-Type", ""), body)
                    except Refusal as refusal:
                        status, content = refusal.status, refusal.content
            if fault and fault[1] == "stall":
                time.sleep(3)
                self.close_connection = True
                return
            if fault:
                status, content = fault[1], b"<h1>Something is broken</h1>"
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/octet-stream" if isinstance(content, bytes) else "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = handle_one

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.address = site.address or f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def form(kind: str, body: bytes) -> tuple[dict[str, str], dict[str, tuple[str, bytes]]]:
    """The fields and the files of a multipart form."""
    boundary = re.search(r'boundary="?([^";]+)', kind)
    if not kind.startswith("multipart/form-data") or not boundary:
        raise Refusal(400, {"error": "not a multipart form"})
    fields, files = {}, {}
    for part in body.split(b"--" + boundary[1].encode())[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]*)"', head)[1].decode()
        filename = re.search(rb'filename="([^"]*)"', head)
        content = content.removesuffix(b"\r\n")
        if filename:
            files[name] = (filename[1].decode(), content)
        else:
            fields[name] = content.decode()
    return fields, files


class DataPressSite(Site):
    """DataPress, with one empty dataset."""

    DATASET = "ab12x"
    IMMUTABLE = re.compile(r"/(id|site|createdAt|resources/[^/]+/(origin|format|hash|size|url))$")

    def __init__(self) -> None:
        super().__init__()
        self.chunk_bytes = 5 * 1024 * 1024
        self.largest_form = 100_000_000
        self.uploads: dict[str, dict] = {}
        self.dataset = {
            "id": self.DATASET, "title": "To be filled", "description": "<p></p>", "sharing": "public", "tags": [], "topics": [], "resources": {},
            "licence": None, "contact": None, "custom": {}, "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-01T00:00:00.000Z",
        }  # fmt: skip

    def answer(self, method, path, key, kind, body):
        if method == "GET" and path == "/api/v3/whoami":
            return {"id": "us123", "title": "Publisher"} if key == KEY else None
        if method == "GET" and (found := re.fullmatch(r"/download/(\w+)/(\w+)/(.+)", path)):
            self._may_read(key)
            resource = self.dataset["resources"].get(found[2])
            if resource is None or not resource["url"].endswith(path):
                raise Refusal(404, {"error": "no such file"})
            return self.files[found[2]]
        found = re.fullmatch(r"/api/(?:v3/)?dataset/(\w+)(/resources|/upload)?(?:/(\w+))?", path)
        if found and found[1] != self.DATASET:
            raise Refusal(404, {"error": "no such dataset"})
        if method == "GET" and found and not found[2]:
            self._may_read(key)
            return self.dataset
        if key != KEY:
            raise Refusal(403, {"error": "API key does not have editor permissions"})
        if method == "PATCH" and found and not found[2]:
            return {"dataset": self._patch(json.loads(body))}
        if method == "POST" and found and found[2] == "/resources":
            if len(body) > self.largest_form:
                raise Refusal(413, {"error": "too large"})
            fields, files = form(kind, body)
            filename, content = files["file"]
            return self._store(found[3], filename, content, fields.get("title"), hashlib.md5(content).hexdigest(), None)
        if method == "POST" and found and found[2] == "/upload":
            asked = json.loads(body)
            if "resource_id" in asked and asked["resource_id"] not in self.dataset["resources"]:
                raise Refusal(404, {"error": "resource_id is invalid"})
            upload = uuid.uuid4().hex
            self.uploads[upload] = asked | {"chunks": {}}
            return {name: f"{self.address}/api/v3/upload/{upload}/{part}" for name, part in (("urlChunk", "chunk"), ("urlComplete", "complete"))}
        if method == "POST" and (found := re.fullmatch(r"/api/v3/upload/(\w+)/(chunk|complete)", path)) and found[1] in self.uploads:
            return self._upload(found[1], found[2], kind, body)
        raise Refusal(404, {"error": "no such address"})

    def _may_read(self, key):
        if self.dataset["sharing"] != "public" and key != KEY:
            raise Refusal(403, {"error": "private"})

    def _upload(self, name, step, kind, body):
        upload = self.uploads[name]
        if step == "chunk":
            fields, files = form(kind, body)
            number, content = int(fields.get("part", fields.get("chunk"))), files["file"][1]
            last = number == upload["parts"] - 1
            if not 0 <= number < upload["parts"] or len(content) > self.chunk_bytes or (not last and len(content) != self.chunk_bytes):
                raise Refusal(400, {"error": f"chunk {number} has {len(content)} bytes"})
            upload["chunks"][number] = content
            return {}
        if sorted(upload["chunks"]) != list(range(upload["parts"])):
            raise Refusal(400, {"error": "chunks are missing"})
        del self.uploads[name]
        content = b"".join(upload["chunks"][number] for number in range(upload["parts"]))
        digests = b"".join(hashlib.md5(upload["chunks"][number]).digest() for number in range(upload["parts"]))
        return self._store(
            upload.get("resource_id"), upload["filename"], content, upload.get("title"), f"{hashlib.md5(digests).hexdigest()}-{upload['parts']}", upload.get("description")
        )

    def _store(self, id, filename, content, title, digest, description):
        resources = self.dataset["resources"]
        if id is not None and id not in resources:
            raise Refusal(404, {"error": "no such resource"})
        if id is None:
            id = next(number for number in iter(lambda: uuid.uuid4().hex[:3], None) if number not in resources)
        now = f"2026-06-01T00:00:{len(self.asked) % 60:02}.000Z"
        old = resources.get(id, {"description": "", "order": 0, "timeframe": None, "title": filename})
        resources[id] = old | {
            "title": title or old["title"], "description": old["description"] if description is None else description, "format": filename.rpartition(".")[2],
            "hash": digest, "size": len(content), "origin": f"site/dataset/{self.DATASET}/{now}/{filename}",
            "url": f"{self.address}/download/{self.DATASET}/{id}/{filename}",
        }  # fmt: skip
        self.files[id] = content
        self.dataset["updatedAt"] = now
        return self.dataset | {"readonly": {"resource_id": id}, "resource_id": id}

    def _patch(self, operations):
        dataset = json.loads(json.dumps(self.dataset))
        for operation in operations:
            path = operation["path"]
            if self.IMMUTABLE.fullmatch(path):
                continue
            *above, last = path.removeprefix("/").split("/")
            node = dataset
            for part in above:
                if part not in node:
                    raise Refusal(400, {"error": f"no {path}"})
                node = node[part]
            if operation["op"] == "remove" or operation["op"] == "replace":
                if last not in node:
                    raise Refusal(400, {"error": f"no {path}"})
            if operation["op"] == "remove":
                del node[last]
            elif operation["op"] in ("add", "replace"):
                node[last] = operation["value"]
            else:
                raise Refusal(400, {"error": operation["op"]})
        if not dataset["title"] or dataset["sharing"] not in ("public", "private", "select"):
            raise Refusal(400, {"error": "invalid dataset"})
        self.dataset = dataset
        return dataset


class CkanSite(Site):
    """CKAN, with an organisation and no dataset."""

    ORGANISATION = "police"

    def __init__(self) -> None:
        super().__init__()
        self.datasets: dict[str, dict] = {}

    def answer(self, method, path, key, kind, body):
        if found := re.fullmatch(r"/dataset/([\w-]+)/resource/([\w-]+)/download/(.+)", path):
            dataset = self.datasets.get(found[1])
            if dataset is None or not any(entry["id"] == found[2] for entry in dataset["resources"]):
                raise Refusal(404, {"error": "no such file"})
            if dataset["private"] and key != KEY:
                raise Refusal(403, {"error": "private"})
            return self.files[found[2]]
        action = path.removeprefix("/api/action/")
        if kind.startswith("multipart"):
            data, files = form(kind, body)
        else:
            data, files = json.loads(body or b"{}"), {}
        if key != KEY and (action != "package_show" or self._find(data["id"])["private"]):
            self._refuse(403, "Authorization Error", "Access denied")
        return {"help": "", "success": True, "result": getattr(self, f"_{action}")(data, files)}

    def _refuse(self, status, kind, message):
        raise Refusal(status, {"help": "", "success": False, "error": {"__type": kind, "message": message}})

    def _find(self, id):
        if id not in self.datasets:
            self._refuse(404, "Not Found Error", "Not found")
        return self.datasets[id]

    def _package_show(self, data, files):
        return self._find(data["id"])

    def _package_create(self, data, files):
        if data.get("owner_org") != self.ORGANISATION or not re.fullmatch(r"[a-z0-9_-]{2,100}", data["name"]) or data["name"] in self.datasets:
            self._refuse(409, "Validation Error", "owner_org or name")
        self.datasets[data["name"]] = {"private": False, "notes": "", "version": "", "tags": [], "resources": []} | data
        return self.datasets[data["name"]]

    def _package_patch(self, data, files):
        for tag in data.get("tags", []):
            if not re.fullmatch(r"[\w .-]{2,100}", tag["name"]):
                self._refuse(409, "Validation Error", f"tag {tag}")
        dataset = self._find(data["id"])
        dataset |= {key: value for key, value in data.items() if key != "id"}
        return dataset

    def _resource(self, id):
        for dataset in self.datasets.values():
            for entry in dataset["resources"]:
                if entry["id"] == id:
                    return dataset, entry
        return self._refuse(404, "Not Found Error", "Not found")

    def _resource_create(self, data, files):
        entry = {"id": str(uuid.uuid4())}
        self._find(data["package_id"])["resources"].append(entry)
        return self._fill(entry, data["package_id"], data, files)

    def _resource_update(self, data, files):
        dataset, entry = self._resource(data["id"])
        for key in [key for key in entry if key not in ("id", "url")]:
            del entry[key]  # what an update does not name is lost
        return self._fill(entry, dataset["name"], data, files)

    def _fill(self, entry, dataset, data, files):
        entry |= {key: value for key, value in data.items() if key not in ("id", "package_id", "url")}
        if "upload" in files:
            filename, content = files["upload"]
            self.files[entry["id"]] = content
            entry["url"] = f"{self.address}/dataset/{dataset}/resource/{entry['id']}/download/{filename}"
        return entry

    def _resource_patch(self, data, files):
        _, entry = self._resource(data["id"])
        entry |= data
        return entry

    def _resource_delete(self, data, files):
        dataset, entry = self._resource(data["id"])
        dataset["resources"].remove(entry)
