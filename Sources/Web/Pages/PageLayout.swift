import Domain
import Storage

/// What stands around the content of every page.
struct PageLayout {
    enum Section: String, CaseIterable {
        case builds = "Builds"
        case changes = "Changes"
        case workers = "Workers"
        case services = "Services"

        var path: String { self == .builds ? "/" : "/" + rawValue.lowercased() }
    }

    /// Who looks at it, where that matters.
    enum Person {
        case signedIn(String)
        /// Somebody who could sign in.
        case stranger
    }

    var title: String
    var section: Section?
    var project: String?
    /// Behind the state that the page shows: events after it make the page look again. Nil for pages that do not change.
    var cursor: EventCursor?
    /// Which events change the page: patterns of routing keys.
    var keys: [String] = []
    var content: HTML
    var person: Person?

    var html: HTML {
        let keys = keys.map { "&key=" + PathWord.escaped($0) }.joined()
        let live: HTML = cursor.map { "data-events=\"/api/v1/events?since=\($0)\(keys)\"" } ?? ""
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(title)</title>
            <link rel="icon" href="\(Asset.icon.link)" type="image/svg+xml">
            <link rel="stylesheet" href="\(Asset.style.link)">
            <script src="\(Asset.script.link)" defer></script>
            </head>
            <body \(live)>
            <header><a class="brand" href="/"><img src="\(Asset.icon.link)" alt="" width="22" height="22">Doorbell</a>\(projectName)
            <nav>\(Section.allCases.map(link))</nav>\(personPart)<span id="live" hidden><i></i><span>live</span></span></header>
            <noscript><p class="notice">Without JavaScript this page does not follow what happens: load it again to see the news. To cancel or build \
            again, use the command line.</p></noscript>
            <main>
            \(content)
            </main>
            </body>
            </html>

            """
    }

    private var projectName: HTML {
        guard let project else { return "" }
        return "<span class=\"project\">\(project)</span>"
    }

    private var personPart: HTML {
        switch person {
        case .signedIn(let name): "<span class=\"person\">\(name) <button data-sign-out hidden>Sign out</button></span>"
        case .stranger: "<span class=\"person\"><a href=\"/sign-in\">Sign in</a></span>"
        case nil: ""
        }
    }

    private func link(_ section: Section) -> HTML {
        let current: HTML = section == self.section ? " aria-current=\"page\"" : ""
        return "<a href=\"\(section.path)\"\(current)>\(section.rawValue)</a>"
    }
}
