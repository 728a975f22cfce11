# api_client.py CLIENTS URL REPOSITORY REVISION: drives a change to the log of its build, with the client that was generated into CLIENTS.
import sys

clients, url, repository, revision = sys.argv[1:]
sys.path.insert(0, clients)

from doorbell_client import Client
from doorbell_client.api.builders import force_builder
from doorbell_client.api.builds import get_build, get_log, list_builds
from doorbell_client.api.buildsets import get_buildset, list_buildsets
from doorbell_client.api.changes import submit_change
from doorbell_client.api.events import list_events
from doorbell_client.api.requests import cancel_request
from doorbell_client.models import Buildset, ChangeAccepted, ChangeSubmission, Force, Forced, Problem, ReasonBody

client = Client(base_url=url, raise_on_unexpected_status=True)


def settled(operation, number, is_settled):
    """Reads a document until it is as wanted, each time waiting for another state of it."""
    tag = None
    while True:
        known = {"if_none_match": tag, "wait": "30s"} if tag else {}
        answer = operation.sync_detailed(number, client=client, **known)
        if answer.status_code == 304:
            continue
        assert answer.status_code == 200, answer
        if is_settled(answer.parsed):
            return answer.parsed
        tag = answer.headers["etag"]


cursor = list_events.sync(client=client, since="0", wait="0s", limit=500).next_
submission = ChangeSubmission(
    project="demo", repository=repository, branch="main", revision=revision, author="Ada", comments="From Python", dedupe_key="python-1"
)
accepted = submit_change.sync_detailed(client=client, body=submission)
assert accepted.status_code == 201 and isinstance(accepted.parsed, ChangeAccepted), accepted
again = submit_change.sync_detailed(client=client, body=submission)
assert again.status_code == 200 and again.parsed.id == accepted.parsed.id, again

# The event tells of the buildset, as soon as there is one.
while not (page := list_events.sync(client=client, since=cursor, key=["buildset.created.#"], wait="30s")).items:
    cursor = page.next_
assert page.items[0].chain.changes == [accepted.parsed.id], page
listed = list_buildsets.sync(client=client, change=accepted.parsed.id).items
assert [one.id for one in listed] == [page.items[0].entity.id], listed

buildset = settled(get_buildset, listed[0].id, lambda one: one.open_requests == 0)
assert isinstance(buildset, Buildset) and buildset.outcome.value == "success", buildset
builds = list_builds.sync(client=client, buildset=buildset.id).items
assert [one.builder for one in builds] == ["test"], builds
build = settled(get_build, builds[0].id, lambda one: one.phase.value == "finished")
assert build.stamp.revision == revision and build.comments == "From Python", build
logs = {one.name: get_log.sync(build.id, one.name, client=client) for one in build.logs}
assert "tested\n" in logs["2-unit"], logs

forced = force_builder.sync_detailed("elsewhere", client=client, body=Force(reason="from Python"), idempotency_key="python-2")
assert forced.status_code == 201 and isinstance(forced.parsed, Forced), forced
cancelled = cancel_request.sync(forced.parsed.request, client=client, body=ReasonBody(reason="seen enough"))
assert cancelled.phase.value == "finished", cancelled
problem = force_builder.sync("nowhere", client=client, body=Force())
assert isinstance(problem, Problem) and problem.type_ == "urn:doorbell:problem:not_found", problem
print(f"build {build.id}: {build.outcome.value}")
