import Domain
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Intake

@Suite struct ChangeSpoolTests {
    private let directory = TemporaryDirectory()

    private func change(_ number: Int, comments: String = "") -> SpooledChange {
        SpooledChange(
            change: NewChange(
                source: "hook", project: "demo", repository: "https://example.org/demo.git", branch: "main", revision: "\(number)",
                comments: comments,
                files: ["a/ä.txt"], when: Timestamp(microseconds: 5), properties: ["n": .integer(Int64(number))], dedupeKey: "key \(number)"),
            isProtected: number.isMultiple(of: 2), chain: ChainID(deployment: "d", source: "hook", dedupeKey: "key \(number)"),
            taken: Timestamp(microseconds: Int64(number) * 1_000_000))
    }

    /// An actor is let go a moment after its last call has returned: an earlier one may still hold the file.
    private func open(limits: ChangeSpool.Limits = .init()) async throws -> ChangeSpool {
        for _ in 0..<500 {
            do {
                return try await ChangeSpool.open(dataDirectory: directory.path, limits: limits)
            } catch SpoolError.inUse {
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        return try await ChangeSpool.open(dataDirectory: directory.path, limits: limits)
    }

    private var file: String { directory.path + "/spool/changes.spool" }

    private func bytes() throws -> Data { try Data(contentsOf: URL(fileURLWithPath: file)) }

    @Test("What was appended is there after a restart, in order and as it was")
    func survives() async throws {
        do {
            let spool = try await open()
            #expect(await spool.append((0..<3).map { change($0) }) == [nil, nil, nil])
            #expect(await spool.append([change(3)]) == [nil])
        }
        let spool = try await open()
        #expect(try await spool.first(10) == (0..<4).map { change($0) })
        #expect(spool.status.waiting == 4)
        #expect(spool.status.oldest == change(0).taken)
    }

    @Test("The disk is given back once all is drained, and what comes then is kept again")
    func drains() async throws {
        do {
            let spool = try await open()
            _ = await spool.append((0..<5).map { change($0) })
            try await spool.removeFirst(3)
            #expect(try await spool.first(10) == [change(3), change(4)])
            try await spool.removeFirst(2)
            #expect(spool.isEmpty)
            #expect(try bytes().isEmpty)
            #expect(await spool.append([change(9)]) == [nil])
        }
        #expect(try await open().first(10) == [change(9)])
    }

    @Test("An append that a kill cut off anywhere is cut from the end, and everything answered before it stays", arguments: [1, 11, 12, 13, 60])
    func tornTail(missing: Int) async throws {
        do {
            let spool = try await open()
            _ = await spool.append([change(0), change(1)])
        }
        try bytes().dropLast(missing).write(to: URL(fileURLWithPath: file))
        do {
            let spool = try await open()
            #expect(try await spool.first(10) == [change(0)])
            #expect(spool.status.torn == 1)
            #expect(await spool.append([change(2)]) == [nil])
        }
        let spool = try await open()
        #expect(try await spool.first(10) == [change(0), change(2)])
        #expect(spool.status.torn == 0)
    }

    @Test("Zeros and half-written pages at the end, as a loss of power leaves them, are cut", arguments: [true, false])
    func powerLoss(zeros: Bool) async throws {
        do {
            let spool = try await open()
            _ = await spool.append([change(0), change(1)])
        }
        var data = try bytes()
        if zeros { data += Data(count: 5000) } else { data[data.count - 3] ^= 0xFF }
        try data.write(to: URL(fileURLWithPath: file))
        let spool = try await open()
        #expect(try await spool.first(10) == (zeros ? [change(0), change(1)] : [change(0)]))
        #expect(spool.status.torn == 1)
        #expect(spool.status.damaged == nil)
    }

    @Test("Damage in the middle loses only the damaged record: a copy is kept, and the records around it are taken")
    func damage() async throws {
        do {
            let spool = try await open()
            _ = await spool.append((0..<3).map { change($0) })
        }
        var data = try bytes()
        data[40] ^= 0xFF
        try data.write(to: URL(fileURLWithPath: file))
        let spool = try await open()
        #expect(try await spool.first(10) == [change(1), change(2)])
        let copy = try #require(spool.status.damaged)
        #expect(try Data(contentsOf: URL(fileURLWithPath: copy)) == data)
    }

    @Test("Count and size are bounds: what does not fit is refused, and the rest of its batch is kept")
    func bounded() async throws {
        let spool = try await open(limits: .init(bytes: 4000, changes: 3))
        let answers = await spool.append([change(0), change(1, comments: String(repeating: "x", count: 4000)), change(2), change(3), change(4)])
        #expect(answers.map { $0 == nil } == [true, false, true, true, false])
        #expect(spool.status.refused == 2)
        #expect(spool.status.trouble?.contains("full") == true)
        #expect(try await spool.first(10) == [change(0), change(2), change(3)])
        try await spool.removeFirst(3)
        #expect(await spool.append([change(5)]) == [nil])
        #expect(spool.status.trouble == nil)
    }

    @Test("A disk that is full in mid-append refuses the change, leaves nothing of it behind, and takes the next once there is room")
    func fullDisk() async throws {
        let room = Mutex(1000)
        let path = directory.path
        do {
            let spool = try await ChangeSpool(dataDirectory: path, limits: .init()) { descriptor, buffer in
                let allowed = room.withLock { room in
                    let allowed = min(room, buffer.count)
                    room -= allowed
                    return allowed
                }
                guard allowed > 0 else {
                    errno = ENOSPC
                    return -1
                }
                return write(descriptor, buffer.baseAddress, allowed)
            }
            #expect(await spool.append([change(0)]) == [nil])
            let size = try bytes().count
            let answers = await spool.append([change(1, comments: String(repeating: "y", count: 2000))])
            #expect(answers == [.full("the disk of \(file) is full")])
            #expect(try bytes().count == size)
            room.withLock { $0 = 1_000_000 }
            #expect(await spool.append([change(2)]) == [nil])
        }
        #expect(try await open().first(10) == [change(0), change(2)])
    }

    @Test("Two intakes do not share one spool")
    func exclusive() async throws {
        let spool = try await open()
        await #expect(throws: SpoolError.self) { _ = try await open() }
        #expect(spool.isEmpty)
    }

    @Test("A change that is set aside lies in a file of its own, whole, and those behind it go on")
    func setAside() async throws {
        let spool = try await open()
        _ = await spool.append((0..<3).map { change($0) })
        try await spool.setFirstAside()
        try await spool.setFirstAside()
        #expect(try await spool.first(10) == [change(2)])
        #expect(spool.status.setAside == 2)
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: directory.path + "/spool/refused.spool")))
        guard case .record(let first) = SpoolFrame.look(bytes, at: 0), case .record(let second) = SpoolFrame.look(bytes, at: first.upperBound) else {
            Issue.record("refused.spool does not hold two records")
            return
        }
        #expect(try SpooledChange(encoded: Array(bytes[first])) == change(0))
        #expect(try SpooledChange(encoded: Array(bytes[second])) == change(1))
    }
}
