import Domain
import Storage

/// The page at `/workers`: who can build.
struct WorkersPage {
    var workers: [WorkerRow]
    var now: Timestamp

    var content: HTML { "<div id=\"workers\" data-live>\(list)</div>" }

    private var list: HTML {
        guard !workers.isEmpty else {
            return "<div class=\"empty\"><h2>No worker has connected yet</h2><p>Start one with <code>doorbell-worker</code>.</p></div>"
        }
        let rows = workers.map { worker -> HTML in
            let state = worker.connected ? (worker.paused ? "paused" : "connected") : "away"
            let labels = worker.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
            let control = worker.paused ? "resume" : "pause"
            let path = "/api/v1/workers/\(PathWord.escaped(worker.name))/\(control)"
            return """
                <tr><td><span class="badge \(state)">\(state)</span></td><td>\(PagePart.filter("worker", worker.name))</td>\
                <td class="number">\(worker.builds.count) of \(worker.slots)</td>\
                <td>\(worker.builds.map { build -> HTML in "<a href=\"/builds/\(build)\">#\(build)</a> " })</td>\
                <td class="wide"><code>\(labels)</code></td><td>\(worker.version)</td><td class="number">\
                \(PagePart.age(worker.lastConnected, now: now))</td><td><button hidden data-post="\(path)">\(worker.paused ? "Resume" : "Pause")</button></td></tr>\n
                """
        }
        return """
            <h2>Workers</h2><div class="scroll"><table><thead><tr><th>State</th><th>Worker</th><th class="number">Busy</th><th>Builds</th>\
            <th class="wide">Labels</th><th>Version</th><th class="number">Connected</th><th></th></tr></thead><tbody>\(rows)</tbody></table></div>
            """
    }
}
