import Domain
import Wire

/// What `doorbell doctor` says of the processes of a deployment. Pure.
struct DoctorServices {
    var services: [ServiceDocument]

    /// Without one of each, something that is asked for is not done.
    private static let kinds: [(name: String, lack: String)] = [
        ("intake", "no change is taken in and no source is polled"), ("scheduler", "nobody decides what changes lead to"),
        ("dispatcher", "no worker is served"), ("relay", "no event is published"), ("web", "no page is served"),
    ]

    var checks: [DoctorDocument.Check] {
        guard !services.isEmpty else { return [] }
        return missing + services.map(check) + versions
    }

    private var missing: [DoctorDocument.Check] {
        let living = Set(services.filter { $0.state != .silent }.map(\.kind))
        // `up` is all of them.
        guard !living.contains("up") else { return [] }
        return Self.kinds.filter { !living.contains($0.name) }.map { kind in
            .init("service \(kind.name)", .fail, "none runs: \(kind.lack)", remedy: "start one with `doorbell \(kind.name)`")
        }
    }

    private func check(_ service: ServiceDocument) -> DoctorDocument.Check {
        let name = "service \(service.kind) \(service.address)"
        switch service.state {
        case .ready: return .init(name, .ok, "version \(service.version), since \(service.started)")
        case .degraded: return .init(name, .warn, service.reasons.joined(separator: "; "))
        case .silent:
            return .init(
                name, .warn, "not heard of since \(service.heard), and it said no goodbye",
                remedy: "start it again on \(service.name), or leave it: it is forgotten within an hour")
        }
    }

    private var versions: [DoctorDocument.Check] {
        let found = Set(services.filter { $0.state != .silent }.map(\.version)).sorted()
        guard found.count > 1 else { return [] }
        return [.init("versions", .warn, "\(found.joined(separator: " and ")) run side by side", remedy: "finish the upgrade")]
    }
}
