import Domain
import Storage

/// The page of one build: where it stands, its steps, and what they print.
struct BuildPage {
    struct LogPart {
        var status: LogStatus
        /// Where the shown part begins.
        var start: Int64
        /// How much the server has rendered, from the log's start: following goes on from here.
        var end: Int64
        var html: HTML
    }

    var build: BuildRow
    /// The requests that it answers beside its own.
    var answers: [RequestID] = []
    var steps: [StepRow]
    var logs: [LogPart]
    var now: Timestamp

    var content: HTML {
        """
        <div id="head" data-live>\(head)</div>
        <div id="steps" data-live>\(stepsPart)</div>
        <div id="logs">\(logs.map(logPart))</div>
        <div id="more" data-live>\(propertiesPart)</div>
        """
    }

    private var head: HTML {
        let text: HTML = build.text.isEmpty ? "" : "<p class=\"text\">\(build.text)</p>"
        let change: HTML = build.comments.isEmpty ? "" : "<p class=\"change\">\(PagePart.change(author: build.author, comments: build.comments))</p>"
        return """
            <h1>\(PagePart.badge(build.outcome, otherwise: build.phase.rawValue)) Build #\(build.id) <small>\(build.builder)</small>\(buttons)</h1>
            \(text)\(change)
            <dl>\(facts.map { fact -> HTML in "<div><dt>\(fact.0)</dt><dd>\(fact.1)</dd></div>" })</dl>
            """
    }

    private var buttons: HTML {
        if build.phase == .finished {
            return "<button hidden data-post=\"/api/v1/builds/\(build.id)/rebuild\">Build again</button>"
        }
        return "<button hidden class=\"danger\" data-post=\"/api/v1/builds/\(build.id)/cancel\" data-confirm=\"Stop this build?\">Cancel</button>"
    }

    /// What is built, in a few words: one repository, or a row for each codebase.
    private var sources: [(HTML, HTML)] {
        guard let stamps = build.stamps else {
            return [
                ("Branch", "\(PagePart.filter("branch", build.stamp.branch))"),
                ("Revision", "<code>\(build.stamp.revision ?? "tip of the branch")</code>"),
                ("Repository", "<code>\(build.stamp.repository)</code>"),
            ]
        }
        return stamps.map { stamp in
            (
                "Codebase \(stamp.codebase)",
                "\(stamp.branch) at <code>\(stamp.revision ?? "tip of the branch")</code> of <code>\(stamp.repository)</code>"
            )
        }
    }

    private var facts: [(HTML, HTML)] {
        var facts: [(HTML, HTML)] =
            sources + [
                ("Reason", "\(build.reason)"),
                ("Worker", "\(PagePart.filter("worker", build.worker))"),
                ("Duration", PagePart.duration(from: build.started, to: build.finished, now: now)),
                ("Started", build.started.map { PagePart.age($0, now: now) } ?? "not yet"),
                ("Request", "<a href=\"/api/v1/requests/\(build.request)\">\(build.request)</a>"),
                ("Buildset", "<a href=\"/api/v1/buildsets/\(build.buildset)\">\(build.buildset)</a>"),
            ]
        if !answers.isEmpty {
            facts.append(
                (
                    "Answers too",
                    "\(answers.prefix(20).map { request -> HTML in "<a href=\"/api/v1/requests/\(request)\">\(request)</a> " })"
                ))
        }
        if build.attempt > 1 { facts.append(("Attempt", "\(build.attempt)")) }
        if let cause = build.cause { facts.append(("Cause", "\(cause.rawValue)")) }
        if !build.changes.isEmpty {
            facts.append(
                ("Changes", "\(build.changes.prefix(20).map { change -> HTML in "<a href=\"/api/v1/changes/\(change)\">\(change)</a> " })"))
        }
        return facts
    }

    private var stepsPart: HTML {
        guard !steps.isEmpty else { return build.phase == .finished ? "" : "<p class=\"quiet\">No step has started yet.</p>" }
        let rows = steps.map { step -> HTML in
            let fact = step.fact
            let attempt: HTML = fact.attempt > 1 ? " <span class=\"quiet\">attempt \(fact.attempt)</span>" : ""
            return """
                <tr><td>\(PagePart.badge(fact.outcome, otherwise: fact.phase.rawValue))</td><td class="number">\(fact.number)</td>\
                <td>\(fact.name)\(attempt)</td><td class="number">\(PagePart.duration(from: step.started, to: step.finished, now: now))</td>\
                <td class="wide">\(fact.text ?? "")</td></tr>\n
                """
        }
        return """
            <h2>Steps</h2><div class="scroll"><table><thead><tr><th>Outcome</th><th class="number">No.</th><th>Step</th>\
            <th class="number">Duration</th><th class="wide">What</th></tr></thead><tbody>\(rows)</tbody></table></div>
            """
    }

    private func logPart(_ log: LogPart) -> HTML {
        let path = "/builds/\(build.id)/logs/\(PathWord.escaped(log.status.name))"
        let follow: HTML = log.status.closed ? "" : " data-follow=\"\(path)/live?offset=\(log.end)\""
        let skipped: HTML =
            log.start == 0 ? "" : "<p class=\"quiet\">The first \(PageText.bytes(log.start)) are in the <a href=\"/api/v1\(path)\">whole log</a>.</p>"
        return """
            <details id="log-\(PathWord.escaped(log.status.name))"\(opens(log.status) ? " open" as HTML : "")><summary><b>\(log.status.name)</b> \
            <span class="quiet">\(PageText.bytes(log.status.size))</span> <a href="/api/v1\(path)">whole log</a></summary>
            \(skipped)<pre\(follow)>\(log.html)</pre></details>
            """
    }

    /// Open are the logs of what runs, of what went wrong, and the last one.
    private func opens(_ log: LogStatus) -> Bool {
        let outcome = steps.last { $0.fact.number == log.step }?.fact.outcome
        return !log.closed || log.name == logs.last?.status.name || outcome.map { !$0.isGood } ?? false
    }

    private var propertiesPart: HTML {
        guard !build.properties.isEmpty else { return "" }
        let rows = build.properties.sorted { $0.key < $1.key }.map { name, property -> HTML in
            let value = property.value.interpolated ?? "…"
            return "<tr><td>\(name)</td><td class=\"wide\"><code>\(PageText.cut(value, 500))</code></td><td>\(property.source)</td></tr>\n"
        }
        return """
            <h2>Properties</h2><div class="scroll"><table><thead><tr><th>Name</th><th class="wide">Value</th><th>Source</th></tr></thead>\
            <tbody>\(rows)</tbody></table></div>
            """
    }
}
