"""Lets schemathesis in: at the one feed that the check sets up, with a token at the plain doors and a signature over the
bytes at that of notifications."""

import base64
import hashlib
import hmac
import os
import pathlib

import schemathesis
from requests.auth import AuthBase

NOTIFICATIONS = "/feeds/{feed}/dcsa/v2/notifications"
SECRET = base64.b64decode(pathlib.Path(os.environ["QUAYWATCH_API_SECRET"]).read_text())


@schemathesis.hook
def before_load_schema(context, raw_schema):
    for path in raw_schema["paths"].values():
        for place in [path, *(operation for operation in path.values() if isinstance(operation, dict))]:
            for parameter in place.get("parameters", []):
                if parameter["name"] == "feed":
                    parameter["schema"] = {"type": "string", "enum": ["check"]}


# It makes empty texts whatever the schema says.
@schemathesis.hook
def filter_body(context, body):
    return body != ""


@schemathesis.serializer("application/edifact", "application/x-ndjson", "application/octet-stream", "text/csv", "text/plain")
def as_it_is(context, value):
    return value if isinstance(value, bytes) else str(value).encode()


class Token(AuthBase):
    def __call__(self, request):
        request.headers["Authorization"] = "Bearer " + os.environ["QUAYWATCH_API_TOKEN"]
        return request


class Signature(AuthBase):
    def __call__(self, request):
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        request.headers["Notification-Signature"] = "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()
        return request


schemathesis.auth.set_from_requests(Token()).apply_to(path=["/feeds/{feed}/messages", "/feeds/{feed}/dcsa/v3/events"])
schemathesis.auth.set_from_requests(Signature()).apply_to(path=NOTIFICATIONS, method="POST")
