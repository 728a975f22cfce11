import Domain
import Wire

/// The page at `/services`: the processes of the deployment, and what is wrong with it.
struct ServicesPage {
    var services: [ServiceDocument]
    var checks: [DoctorDocument.Check]
    var now: Timestamp

    var content: HTML { "<div id=\"services\" data-live>\(wrong)\(list)</div>" }

    private var wrong: HTML {
        let found = checks.filter { $0.state != .ok }
        guard !found.isEmpty else { return "<p class=\"notice\">Nothing is wrong.</p>" }
        let rows = found.map { check -> HTML in
            let badge = check.state == .fail ? "failure" : "warnings"
            return """
                <tr><td><span class="badge \(badge)">\(check.state.rawValue)</span></td><td>\(check.name)</td>\
                <td class="wide">\(check.text)\(check.remedy.map { "; \($0)" } ?? "")</td></tr>\n
                """
        }
        return """
            <h2>What is wrong</h2><div class="scroll"><table><thead><tr><th></th><th>What</th><th class="wide">Found</th></tr></thead>\
            <tbody>\(rows)</tbody></table></div>
            """
    }

    private var list: HTML {
        guard !services.isEmpty else { return "<div class=\"empty\"><h2>No service has said yet that it lives</h2></div>" }
        let rows = services.map { service -> HTML in
            let badge = service.state == .ready ? "connected" : service.state == .degraded ? "warnings" : "away"
            return """
                <tr><td><span class="badge \(badge)">\(service.state.rawValue)</span></td><td>\(service.kind)</td><td>\(service.name)</td>\
                <td><code>\(service.address)</code></td><td>\(service.version)</td><td class="number">\(PagePart.age(service.started, now: now))</td>\
                <td class="number">\(PagePart.age(service.heard, now: now))</td><td class="wide">\(service.reasons.joined(separator: "; "))</td></tr>\n
                """
        }
        return """
            <h2>Services</h2><div class="scroll"><table><thead><tr><th>State</th><th>Service</th><th>Machine</th><th>Address</th><th>Version</th>\
            <th class="number">Started</th><th class="number">Heard</th><th class="wide">In its own words</th></tr></thead>\
            <tbody>\(rows)</tbody></table></div>
            """
    }
}
