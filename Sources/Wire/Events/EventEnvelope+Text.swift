import Domain

extension EventEnvelope {
    /// The envelope as JSON in UTF-8, put together from the texts that the outbox holds: what decoding and encoding them would give, at a twentieth of the
    /// cost.
    ///
    /// - Parameters:
    ///   - chain: JSON of an `EventChain`.
    ///   - data: JSON of the fact.
    public static func json(
        event: EventKind, id: String, sequence: Int64, time: Timestamp, entity: Entity, epoch: Int64, chain: String, data: String
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(360 + chain.utf8.count + data.utf8.count)
        // Nothing here needs escapes: names of kinds are words, ids are UUIDs.
        bytes.append(contentsOf: #"{"version":1,"event":""#.utf8)
        bytes.append(contentsOf: event.rawValue.utf8)
        bytes.append(contentsOf: #"","id":""#.utf8)
        bytes.append(contentsOf: id.utf8)
        bytes.append(contentsOf: #"","sequence":"#.utf8)
        bytes.append(contentsOf: String(sequence).utf8)
        bytes.append(contentsOf: #","time":""#.utf8)
        bytes.append(contentsOf: time.description.utf8)
        bytes.append(contentsOf: #"","entity":{"kind":""#.utf8)
        bytes.append(contentsOf: entity.kind.rawValue.utf8)
        bytes.append(contentsOf: #"","id":"#.utf8)
        bytes.append(contentsOf: String(entity.id).utf8)
        bytes.append(contentsOf: #","version":"#.utf8)
        bytes.append(contentsOf: String(entity.version).utf8)
        bytes.append(contentsOf: #"},"epoch":"#.utf8)
        bytes.append(contentsOf: String(epoch).utf8)
        bytes.append(contentsOf: #","chain":"#.utf8)
        bytes.append(contentsOf: chain.utf8)
        bytes.append(contentsOf: #","data":"#.utf8)
        bytes.append(contentsOf: data.utf8)
        bytes.append(contentsOf: #","links":{"self":""#.utf8)
        bytes.append(contentsOf: Links(to: entity).document.utf8)
        bytes.append(contentsOf: #""}}"#.utf8)
        return bytes
    }
}

extension EventEnvelope.Links {
    /// Where the API tells of an entity.
    public init(to entity: EventEnvelope.Entity) {
        switch entity.kind {
        case .change: self.init(document: "/api/v1/changes/\(entity.id)")
        case .buildset: self.init(document: "/api/v1/buildsets/\(entity.id)")
        case .request: self.init(document: "/api/v1/requests/\(entity.id)")
        case .build: self.init(document: "/api/v1/builds/\(entity.id)")
        case .session: self.init(document: "/api/v1/workers")
        case .config: self.init(document: "/api/v1/builders")
        case .deployment: self.init(document: "/api/v1/services")
        }
    }
}
