import Domain
import Storage
import Wire

/// The page at `/`: what runs, what waits and why, what was built lately, and what is wrong.
struct HomePage {
    struct Waiting {
        var request: RequestRow
        var reasons: [WhyDocument.Reason]
    }

    var configuration: Configuration?
    var sources: [SourceDocument]
    /// Nil: nothing is said of them.
    var workers: [WorkerRow]?
    /// The configuration in force is that of projects which the reader does not see.
    var isOfOthers = false
    var running: [BuildRow]
    var waiting: [Waiting]
    var waitingInAll: Int
    var recent: [BuildRow]
    /// Where the next page of recent builds begins.
    var older: String?
    /// The filters in force, as they stand in the address.
    var filters: [(name: String, value: String)]
    var now: Timestamp

    var content: HTML {
        """
        <div id="problems" data-live>\(problems)</div>
        \(filterLine)
        <div id="open" data-live>\(runningPart)\(waitingPart)</div>
        <div id="recent" data-live>\(recentPart)</div>
        """
    }

    private var problems: HTML {
        var problems = HTML.empty
        for source in sources where source.healthy == false {
            problems += PagePart.notice("bad", "Source <b>\(source.name)</b> cannot be read: \(source.message ?? "the cause is in the server's log")")
        }
        guard let workers else { return problems }
        let connected = workers.filter(\.connected)
        if connected.isEmpty {
            problems += PagePart.notice("warn", "No worker is connected, so that nothing can be built. Start one with <code>doorbell-worker</code>.")
        } else if connected.allSatisfy(\.paused) {
            problems += PagePart.notice("warn", "Every worker is paused: <code>doorbell workers resume NAME</code> lets one take work again.")
        }
        return problems
    }

    private var filterLine: HTML {
        guard !filters.isEmpty else { return "" }
        let words = filters.map { filter -> HTML in "<b>\(filter.name)</b> \(PageText.cut(filter.value, 60)) " }
        return "<p class=\"filters\">Only \(words)<a href=\"/\">show all</a></p>"
    }

    private var runningPart: HTML {
        guard !running.isEmpty else { return "" }
        return "<h2>Running <small>\(running.count)</small></h2>\(PagePart.buildTable(running, now: now))"
    }

    private var waitingPart: HTML {
        guard !waiting.isEmpty else { return "" }
        let rows = waiting.map { waiting -> HTML in
            let request = waiting.request
            return """
                <tr><td>\(PagePart.badge(nil, otherwise: request.phase.rawValue))</td><td class="number">\(request.id)</td>\
                <td>\(PagePart.filter("builder", request.builder))</td><td>\(PagePart.filter("branch", request.stamp.branch))</td>\
                <td class="spare"><code>\(PageText.revision(request.stamp.revision))</code></td>\
                <td class="wide">\(waiting.reasons.map(\.text).joined(separator: "; "))</td>\
                <td class="number">\(PagePart.age(request.created, now: now))</td></tr>\n
                """
        }
        let more: HTML = waitingInAll > waiting.count ? "<p class=\"quiet\">and \(waitingInAll - waiting.count) more</p>" : ""
        return """
            <h2>Waiting <small>\(waitingInAll)</small></h2>
            <div class="scroll"><table class="rows"><thead><tr><th>Phase</th><th class="number">Request</th><th>Builder</th><th>Branch</th><th>Revision</th>\
            <th class="wide">Why</th><th class="number">Since</th></tr></thead><tbody>\(rows)</tbody></table></div>\(more)
            """
    }

    private var recentPart: HTML {
        guard !recent.isEmpty else { return running.isEmpty && waiting.isEmpty ? emptyPart : "" }
        let query = filters.map { "\($0.name)=\(PathWord.escaped($0.value))&" }.joined()
        let link: HTML = older.map { "<p><a href=\"/?\(query)after=\($0)\">Older builds</a></p>" } ?? ""
        return "<h2>Recent builds</h2>\(PagePart.buildTable(recent, now: now))\(link)"
    }

    private var emptyPart: HTML {
        if !filters.isEmpty { return "<p class=\"empty\">No build matches.</p>" }
        if isOfOthers { return "<div class=\"empty\"><h2>Nothing was built yet</h2></div>" }
        guard let configuration else {
            return """
                <div class="empty"><h2>No configuration is in force</h2><p>Write one with <code>doorbell init</code>, then start \
                <code>doorbell up</code> again, or have this server read it with <code>doorbell config apply</code>.</p></div>
                """
        }
        let builder = configuration.builders.first?.name ?? "BUILDER"
        let watched: HTML =
            configuration.sourceNames.isEmpty
            ? "The configuration watches no repository."
            : "Push to \(configuration.sourceNames.joined(separator: ", ")), and it appears here."
        return """
            <div class="empty"><h2>Nothing was built yet</h2><p>\(watched)</p><p>Or ask for a build by hand: \
            <code>doorbell force \(builder)</code></p></div>
            """
    }
}
