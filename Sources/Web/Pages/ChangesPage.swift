import Domain
import Storage

/// The page at `/changes`: what was pushed.
struct ChangesPage {
    var changes: [Change]
    var older: String?
    var now: Timestamp

    var content: HTML { "<div id=\"changes\" data-live>\(list)</div>" }

    private var list: HTML {
        guard !changes.isEmpty else {
            return """
                <div class="empty"><h2>No change has arrived yet</h2><p>Push to a repository that the configuration watches, or tell of one with \
                <code>doorbell change submit</code>.</p></div>
                """
        }
        let rows = changes.map { change -> HTML in
            let content = change.content
            return """
                <tr><td class="number"><a href="/api/v1/changes/\(change.id)">\(change.id)</a></td><td>\(content.source)</td>\
                <td>\(PagePart.filter("branch", content.branch))</td>\
                <td><a href="/?revision=\(PathWord.escaped(content.revision))"><code>\(PageText.revision(content.revision))</code></a></td>\
                <td class="wide">\(PagePart.change(author: content.author, comments: content.comments))</td>\
                <td class="number">\(content.files.count)</td><td class="number">\(PagePart.age(change.accepted, now: now))</td></tr>\n
                """
        }
        let link: HTML = older.map { "<p><a href=\"/changes?after=\($0)\">Older changes</a></p>" } ?? ""
        return """
            <h2>Changes</h2><div class="scroll"><table><thead><tr><th class="number">Change</th><th>Source</th><th>Branch</th><th>Revision</th>\
            <th class="wide">What</th><th class="number">Files</th><th class="number">When</th></tr></thead><tbody>\(rows)</tbody></table></div>\(link)
            """
    }
}
