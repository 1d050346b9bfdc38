"""Whether archives take the report as a research object: RO-Crate 1.2, by roc-validator, without a network.

The one document that it would ask the network for lies beside this file: the context of RO-Crate 1.2.0, of
ResearchObject/ro-crate at 4b4f939c18022550ae0b992b7ddfb2cb5b2e8608, unchanged, under CC0 1.0.
"""

import email.message
import io
import pathlib
import sys
import urllib.request
import urllib.response

import requests

PROFILE = "ro-crate-1.2"
ADDRESS = "https://w3id.org/ro/crate/1.2/context"
CONTEXT = pathlib.Path(__file__).with_name("ro-crate-1.2-context.jsonld").read_bytes()


def opened(_, request, *__, **___):
    address = request if isinstance(request, str) else request.full_url
    if not address.startswith(ADDRESS):
        raise OSError(f"asked for {address}")
    head = email.message.Message()
    head["Content-Type"] = "application/ld+json"
    return urllib.response.addinfourl(io.BytesIO(CONTEXT), head, address, 200)


def requested(_, __, address, *___, **____):
    if not address.startswith(ADDRESS):
        raise requests.ConnectionError(f"asked for {address}")
    answer = requests.Response()
    answer.status_code, answer._content, answer.url = 200, CONTEXT, address
    answer.headers["Content-Type"] = "application/ld+json"
    return answer


urllib.request.OpenerDirector.open = opened
requests.Session.request = requested

from rocrate_validator import models, services  # noqa: E402  (after the network is gone)

settings = models.ValidationSettings(
    rocrate_uri=sys.argv[1],
    profile_identifier=PROFILE,
    requirement_severity=models.Severity.REQUIRED,
    disable_remote_crate_download=True,
)
result = services.validate(settings)
for issue in result.get_issues():
    print(issue.severity.name, issue.check.identifier, issue.message)
print("a research object" if result.passed() else "no research object")
sys.exit(0 if result.passed() else 1)
