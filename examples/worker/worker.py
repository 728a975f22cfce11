#!/usr/bin/env python3
"""A worker for Doorbell in Python, of the standard library alone: docs/worker-protocol.md is what it speaks.

    worker.py URL NAME [BUILDS]     runs that many builds, or all until TERM, one at a time; its label is language=python

It checks out git, runs steps, follows cancels, renews its lease, and goes on building while nobody answers.
"""
import hashlib, itertools, json, os, re, secrets, select, signal, subprocess, sys, tempfile, time, urllib.error, urllib.request

ADDRESS, NAME, BUILDS = sys.argv[1].rstrip("/") + "/worker/v1", sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else -1
CHECKOUT = 'git init --quiet . && git fetch --quiet "$0" "$1" && git checkout --quiet --force "${2:-FETCH_HEAD}" && git clean -fdxq'
draining = False


class Gone(Exception):
    """The build is not ours any more."""


class Over(Exception):
    """The session is over, and its builds with it."""


def on_term(*_):
    global draining
    draining = True


def call(method, path, body=None, until=None, **headers):
    """Makes a call until it is answered, or until that moment. Every call may be repeated."""
    data = json.dumps(body).encode() if isinstance(body, dict) else body
    headers = {"Content-Type": "application/json"} | {name.replace("_", "-"): str(value) for name, value in headers.items()}
    for attempt in itertools.count():
        try:
            request = urllib.request.Request(ADDRESS + path, data, headers, method=method)
            with urllib.request.urlopen(request, timeout=40) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            if error.code < 500 and error.code not in (408, 425, 429):
                return error.code, error.headers, error.read()
        except OSError:
            pass
        if until is not None and time.monotonic() > until:
            raise Gone("nobody has answered for too long")
        time.sleep(min(1, 0.1 * 2 ** attempt) * (0.5 + secrets.randbelow(1000) / 2000))


class Session:
    def __init__(self):
        self.secret = secrets.token_hex(32)
        status, _, answer = call("POST", "/sessions", {
            "protocol": 1, "worker": NAME, "incarnation": secrets.token_hex(16), "secret": self.secret, "version": "worker.py",
            "labels": {"language": "python"}, "slots": 1})
        if status not in (200, 201):
            sys.exit(answer.decode())
        opened = json.loads(answer)
        self.path, self.lease = f"/sessions/{opened['session']}", opened["lease_ms"] / 1000
        self.number, self.survive = opened["session"], opened["survive_ms"] / 1000

    def ask(self, method, path, body=None, until=None):
        status, _, answer = call(method, self.path + path, body, until, Authorization="Bearer " + self.secret)
        if status in (401, 403, 410):
            raise Over(answer.decode())
        if status >= 300:
            sys.exit(f"{method} {path}: {status} {answer.decode()}")
        return json.loads(answer) if answer else None


class Build:
    def __init__(self, assignment, session):
        self.assignment, self.session, self.identity = assignment, session, {"build": assignment["build"], "fence": assignment["fence"]}
        self.keys, self.logs, self.cancelled, self.heard = itertools.count(1), {}, False, time.monotonic()

    def until(self):
        return self.heard + self.session.lease + self.session.survive

    def report(self, kind, **field):
        report = {"key": f"{next(self.keys)}-{kind}", **self.identity, "kind": kind, **field}
        while True:
            answer = self.session.ask("POST", "/reports", {"reports": [report]}, self.until())
            self.hear(answer["control"])
            verdict = answer["answers"][0]
            if verdict["status"] == 200:
                self.heard = time.monotonic()
                return
            if verdict.get("incomplete_logs"):
                for name in verdict["incomplete_logs"]:
                    self.logs[name]["sent"] = verdict["incomplete_logs"][name]
                    self.send(name)
            elif verdict["status"] in (404, 409):
                raise Gone(verdict.get("detail"))
            elif verdict["status"] == 422:
                sys.exit(verdict.get("detail"))
            else:
                time.sleep(0.2)

    def hear(self, control):
        for one in control:
            if one["build"] == self.identity["build"] and one["action"] == "forget":
                raise Gone(one["reason"])
            self.cancelled = self.cancelled or one["build"] == self.identity["build"]

    def send(self, name):
        """Sends what the server lacks of a log."""
        log = self.logs[name]
        while log["sent"] < len(log["bytes"]):
            sent, chunk = log["sent"], bytes(log["bytes"][log["sent"]:log["sent"] + (1 << 20)])
            status, headers, _ = call(
                "PATCH", f"/builds/{self.identity['build']}/logs/{name}", chunk, self.until(), Content_Type="application/octet-stream",
                Authorization="Bearer " + self.session.secret, Content_Range=f"bytes {sent}-{sent + len(chunk) - 1}/*",
                Doorbell_Session=self.session.number, Doorbell_Fence=self.identity["fence"], Doorbell_Step=log["step"])
            if status not in (202, 416):
                raise Gone(f"the log was refused with {status}")
            self.cancelled = self.cancelled or headers.get("Doorbell-Control") == "cancel"
            log["sent"] = int(headers["Range"].split("-")[1]) + 1 if headers.get("Range") else 0

    def command(self, step):
        stamp = self.assignment["stamp"]
        if "checkout" in step:
            return ["/bin/sh", "-c", CHECKOUT, stamp["repository"], stamp["branch"], stamp.get("revision", "")]
        return ["/bin/sh", "-c", step["run"]] if isinstance(step["run"], str) else step["run"]

    def attempt(self, number, attempt, step, directory):
        self.report("step_started", step_started={"number": number, "attempt": attempt})
        begun, name = time.monotonic(), f"{number}-" + (re.sub(r"[^A-Za-z0-9._]", "_", step["name"])[:100] or "step")
        log = self.logs.setdefault(name, {"step": number, "bytes": bytearray(), "sent": 0})
        variables = {**os.environ, **self.assignment["environment"], **step.get("environment", {}), "CI": "true"}
        where = os.path.join(directory, step.get("directory", ""))
        os.makedirs(where, exist_ok=True)
        process = subprocess.Popen(
            self.command(step), cwd=where, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        limit, cause = begun + step.get("timeout_ms", 3_600_000) / 1000, None
        try:
            while process.poll() is None and cause is None:
                if select.select([process.stdout], [], [], 0.2)[0]:
                    data = os.read(process.stdout.fileno(), 1 << 16)
                    log["bytes"] += data
                    time.sleep(0 if data else 0.2)
                self.send(name)
                if time.monotonic() - self.heard > self.session.lease / 3:
                    self.report("renew")
                if not step.get("always"):
                    cause = "cancelled" if self.cancelled else "drained" if draining else None
                cause = cause or ("timeout" if time.monotonic() > limit else None)
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)  # also what the command left behind
            except ProcessLookupError:
                pass
            status = process.wait()
        log["bytes"] += process.stdout.read()
        self.send(name)
        outcome = {"cancelled": "cancelled", "drained": "exception", "timeout": "failure"}.get(cause) or ("success" if status == 0 else "failure")
        if outcome == "failure" and step.get("warnings_only"):
            outcome = "warnings"
        end = {"number": number, "attempt": attempt, "outcome": outcome, "duration_ms": int(1000 * (time.monotonic() - begun)), "text": ""}
        end |= {"exit_status": status} if status >= 0 else {"signal": -status}
        if outcome != "success":
            end |= {"cause": cause or ("exit_status" if status > 0 else "signal"), "text": f"{step['name']}: {cause or f'ended with {status}'}"}
        self.report("step_finished", step_finished=end)
        return end

    def run(self):
        self.report("accept")
        end, stopped = {"outcome": "success", "text": ""}, False
        with tempfile.TemporaryDirectory() as directory:
            for number, step in enumerate(self.assignment["steps"], 1):
                if stopped and (draining or not step.get("always")):
                    continue
                for attempt in range(1, step.get("retries", 0) + 2):
                    ended = self.attempt(number, attempt, step, directory)
                    if ended["outcome"] != "failure":
                        break
                order = ["success", "warnings", "failure", "exception", "cancelled"]
                if order.index(ended["outcome"]) > order.index(end["outcome"]):
                    end = {name: ended[name] for name in ("outcome", "cause", "text") if name in ended}
                stopped = stopped or self.cancelled or ended["outcome"] in order[3:] or ended["outcome"] == "failure" and not step.get("continue_on_failure")
        if self.cancelled:
            end = {"outcome": "cancelled", "cause": "cancelled", "text": "as asked"}
        logs = [{"name": name, "step": log["step"], "size": len(log["bytes"]), "sha256": hashlib.sha256(log["bytes"]).hexdigest()}
                for name, log in self.logs.items()]
        self.report("finish", finish={**end, "logs": logs})
        print(f"build {self.identity['build']}: {end['outcome']}", flush=True)


signal.signal(signal.SIGTERM, on_term)
session = Session()
while BUILDS != 0 and not draining:
    try:
        for assignment in session.ask("POST", "/claim", {"free": 1, "holding": [], "wait_ms": 2_000})["builds"]:
            BUILDS -= 1
            try:
                Build(assignment, session).run()
            except Gone as reason:
                print(f"build {assignment['build']}: {reason}", flush=True)
    except Over:
        time.sleep(0.5)
        session = Session()
session.ask("DELETE", "")
