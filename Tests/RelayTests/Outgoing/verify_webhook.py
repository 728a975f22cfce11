"""Reads recorded requests as the libraries of Standard Webhooks and of CloudEvents do; prints what each says."""

import base64
import json
import sys

from cloudevents.core.bindings.http import HTTPMessage, from_http
from cloudevents.core.formats.json import JSONFormat
from standardwebhooks.webhooks import Webhook

record, *secrets = sys.argv[1:]
with open(record, encoding="utf-8") as file:
    for line in file:
        request = json.loads(line)
        body = base64.b64decode(request["body"])
        for secret in secrets:
            Webhook(secret).verify(body, request["headers"])
        event = from_http(HTTPMessage(headers=request["headers"], body=body), JSONFormat())
        data = event.get_data()
        if data["id"] != event.get_id() or request["headers"]["webhook-id"] != event.get_id():
            sys.exit("another id")
        print(
            event.get_type(),
            event.get_subject(),
            event.get_source(),
            event.get_specversion(),
            data["event"],
            event.get_extension("entityversion"),
        )
