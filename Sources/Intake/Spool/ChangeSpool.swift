import Domain
import Foundation
import Storage
import Synchronization

/// Changes that were answered while the database was away, in the order they came, on this machine's own disk. What is appended survives the process and
/// the machine; what is taken from the front may come again after a crash, which the dedupe key makes harmless.
public actor ChangeSpool {
    public struct Limits: Hashable, Sendable {
        public var bytes: Int
        public var changes: Int

        public init(bytes: Int = 256 << 20, changes: Int = 200_000) {
            self.bytes = bytes
            self.changes = changes
        }
    }

    private struct Place {
        var payload: Range<Int>
        var taken: Timestamp
    }

    // Blocking calls have a thread of their own.
    private let executor = ThreadExecutor(name: "doorbell.spool")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let directory: String
    private let limits: Limits
    private let write: SpoolFile.Write
    private let file: SpoolFile
    private var places: [Place] = []
    private nonisolated let shared = Mutex(SpoolStatus())

    /// Opens the spool of a data directory; what an earlier process left there waits again.
    public static func open(dataDirectory: String, limits: Limits = Limits()) async throws -> ChangeSpool {
        try await ChangeSpool(dataDirectory: dataDirectory, limits: limits, write: { Foundation.write($0, $1.baseAddress, $1.count) })
    }

    init(dataDirectory: String, limits: Limits, write: @escaping SpoolFile.Write) async throws {
        directory = dataDirectory + "/spool"
        self.limits = limits
        self.write = write
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw SpoolError.broken("\(directory) cannot be made: \(error.localizedDescription)")
        }
        file = try SpoolFile(path: directory + "/changes.spool", write: write)
        try recover()
    }

    public nonisolated var status: SpoolStatus { shared.withLock { $0 } }

    /// Nothing waits: a change may go to the database itself without overtaking another.
    public nonisolated var isEmpty: Bool { shared.withLock { $0.waiting == 0 } }

    /// Appends as many as there is room for, in their order, all with one wait for the disk. One answer each: nil when it is durable.
    public func append(_ changes: [SpooledChange]) -> [SpoolError?] {
        var bytes: [UInt8] = []
        var new: [Place] = []
        var answers: [SpoolError?] = []
        for change in changes {
            // A record that cannot be written is one that could not be read.
            guard let payload = try? change.encoded(), payload.count <= SpoolFrame.longest else {
                answers.append(.broken("the change cannot be written down"))
                continue
            }
            let start = file.end + bytes.count + SpoolFrame.headerSize
            guard places.count + new.count < limits.changes, start + payload.count <= limits.bytes else {
                answers.append(.full("the spool is full: \(places.count + new.count) changes, \(file.end + bytes.count) bytes"))
                continue
            }
            bytes += SpoolFrame.framed(payload)
            new.append(Place(payload: start..<start + payload.count, taken: change.taken))
            answers.append(nil)
        }
        do {
            if !bytes.isEmpty { try file.append(bytes) }
            places += new
            note { $0.spooled += new.count }
            let refused = answers.compactMap(\.self).first
            note { status in
                status.trouble = refused?.description
                status.refused += changes.count - new.count
            }
        } catch {
            let error = error as? SpoolError ?? .broken("\(error)")
            answers = answers.map { $0 ?? error }
            note { status in
                status.trouble = error.description
                status.refused += changes.count
            }
        }
        return answers
    }

    /// The first ones, in their order; they stay until they are removed.
    public func first(_ count: Int) throws -> [SpooledChange] {
        try places.prefix(count).map { try SpooledChange(encoded: try file.read($0.payload)) }
    }

    /// The first ones are in the database. The disk is given back when none is left.
    public func removeFirst(_ count: Int) throws {
        places.removeFirst(min(count, places.count))
        if places.isEmpty { try file.cut(to: 0) }
        note { status in
            status.drained += count
            if self.places.isEmpty { status.trouble = nil }
        }
    }

    /// The database will never take the first one: it is kept apart, for a person to look at, and those behind it go on.
    public func setFirstAside() throws {
        guard let place = places.first else { return }
        let aside = try SpoolFile(path: directory + "/refused.spool", write: write)
        aside.setEnd(try aside.contents().count)
        try aside.append(SpoolFrame.framed(try file.read(place.payload)))
        try removeFirst(1)
        note { status in
            status.drained -= 1
            status.setAside += 1
        }
    }

    private func recover() throws {
        let bytes = try file.contents()
        var place = 0
        reading: while true {
            switch SpoolFrame.look(bytes, at: place) {
            case .end: break reading
            case .record(let payload):
                let change = try? SpooledChange(encoded: Array(bytes[payload]))
                places.append(Place(payload: payload, taken: change?.taken ?? Timestamp(microseconds: 0)))
                place = payload.upperBound
            case .torn:
                note { $0.torn += 1 }
                break reading
            case .damaged(let next):
                try keepDamaged(bytes)
                guard let next else { break reading }
                place = next
            }
        }
        if place < bytes.count { try file.cut(to: place) } else { file.setEnd(place) }
        note { _ in }
    }

    /// A whole copy, made once: what cannot be read may still be read by a person.
    private func keepDamaged(_ bytes: [UInt8]) throws {
        guard status.damaged == nil else { return }
        let path = "\(directory)/damaged-\(Int(Date().timeIntervalSince1970)).spool"
        do {
            try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw SpoolError.broken("\(file.path) is damaged, and no copy can be kept: \(error.localizedDescription)")
        }
        note { $0.damaged = path }
    }

    private func note(_ change: (inout SpoolStatus) -> Void) {
        let (waiting, bytes, oldest) = (places.count, file.end, places.first?.taken)
        shared.withLock { status in
            change(&status)
            status.waiting = waiting
            status.bytes = bytes
            status.oldest = oldest
        }
    }
}
