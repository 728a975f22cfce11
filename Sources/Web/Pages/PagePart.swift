import Domain
import Storage

/// Pieces of markup that several pages are made of.
enum PagePart {
    /// The word for where something stands or how it ended, in its colour.
    static func badge(_ outcome: Outcome?, otherwise phase: String) -> HTML {
        guard let outcome else { return "<span class=\"badge \(phase)\">\(phase)</span>" }
        return "<span class=\"badge \(outcome.rawValue)\">\(outcome.rawValue)</span>"
    }

    static func age(_ moment: Timestamp, now: Timestamp) -> HTML {
        "<time datetime=\"\(moment)\" title=\"\(moment)\">\(PageText.age(moment, now: now))</time>"
    }

    /// A duration that goes on as long as there is no end.
    static func duration(from start: Timestamp?, to end: Timestamp?, now: Timestamp) -> HTML {
        guard let start else { return "" }
        guard let end else { return "<span data-running=\"\(start)\">\(PageText.duration(now.since(start)))</span>" }
        return "<span>\(PageText.duration(end.since(start)))</span>"
    }

    static func change(author: String, comments: String) -> HTML {
        let author = PageText.author(author)
        let name: HTML = author.isEmpty ? "" : "<span class=\"author\">\(author)</span> "
        return "\(name)\(PageText.firstLine(comments))"
    }

    static func notice(_ kind: String, _ content: HTML) -> HTML {
        "<p class=\"notice \(kind)\">\(content)</p>"
    }

    /// A link to the list of builds with one filter. Where there is little room the style sheet cuts a long value, and the title has all of it.
    static func filter(_ name: String, _ value: String) -> HTML {
        "<a class=\"filter\" title=\"\(value)\" href=\"/?\(name)=\(PathWord.escaped(value))\">\(PageText.cut(value, 200))</a>"
    }

    static func buildRow(_ build: BuildRow, now: Timestamp) -> HTML {
        let what: HTML =
            build.comments.isEmpty
            ? "<span class=\"quiet\">\(PageText.firstLine(build.reason))</span>" : change(author: build.author, comments: build.comments)
        return """
            <tr id="build-\(build.id)"><td>\(badge(build.outcome, otherwise: build.phase.rawValue))</td>\
            <td class="number"><a href="/builds/\(build.id)">#\(build.id)</a></td><td>\(filter("builder", build.builder))</td>\
            <td>\(filter("branch", build.stamp.branch))</td><td class="spare"><code>\(PageText.revision(build.stamp.revision))</code></td>\
            <td class="wide"><span class="clamp">\(what)</span></td><td class="number">\(duration(from: build.started, to: build.finished, now: now))</td>\
            <td class="number">\(age(build.finished ?? build.started ?? build.assigned, now: now))</td>\
            <td class="spare">\(filter("worker", build.worker))</td></tr>\n
            """
    }

    static func buildTable(_ builds: [BuildRow], now: Timestamp) -> HTML {
        """
        <div class="scroll"><table class="rows"><thead><tr><th>Outcome</th><th class="number">Build</th><th>Builder</th><th>Branch</th><th>Revision</th>\
        <th class="wide">Change</th><th class="number">Duration</th><th class="number">When</th><th>Worker</th></tr></thead>
        <tbody>\(builds.map { buildRow($0, now: now) })</tbody></table></div>
        """
    }
}
