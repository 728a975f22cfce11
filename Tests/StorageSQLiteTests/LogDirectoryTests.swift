import Domain
import Foundation
import Storage
import StoreConformance
import TestSupport
import Testing

@testable import StorageSQLite

@Suite struct LogDirectoryTests {
    @Test("A full disk is said clearly, and the log stays what it was")
    func fullDisk() async throws {
        let directory = TemporaryDirectory()
        let logs = try LogDirectory(path: directory.path)
        try FileManager.default.createDirectory(atPath: directory.file("0/1"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: directory.file("0/1/1-unit"), withDestinationPath: "/dev/full")
        await #expect {
            try await logs.append(BuildID(1), name: "1-unit", offset: 0, bytes: [1, 2, 3])
        } throws: { error in
            if case StoreError.unavailable(let text) = error { text.contains("full") && text.contains("free some space") } else { false }
        }
    }

    @Test("The size on disk is the truth: what a crash left behind the last acknowledgement is continued")
    func tornTail() async throws {
        let directory = TemporaryDirectory()
        let bytes: [UInt8] = [1, 2, 3, 4, 5]
        _ = try await LogDirectory(path: directory.path).append(BuildID(1), name: "l", offset: 0, bytes: [1, 2])
        let handle = try #require(FileHandle(forWritingAtPath: directory.file("0/1/l")))
        try handle.seekToEnd()
        try handle.write(contentsOf: [3])
        try handle.close()
        let logs = try LogDirectory(path: directory.path)
        guard case .grew(size: 5) = try await logs.append(BuildID(1), name: "l", offset: 2, bytes: [3, 4, 5]) else {
            Issue.record("the repeat did not go on")
            return
        }
        #expect(try await logs.seal(BuildID(1), name: "l") == SealedLog(size: 5, sha256: LogDeclaration.of(bytes).sha256))
    }

    @Test("More logs than open files: each goes on, with the right digest")
    func fewFiles() async throws {
        let directory = TemporaryDirectory()
        let logs = try LogDirectory(path: directory.path, shards: 2, openLimit: 4)
        for offset in 0..<3 {
            for build in 1...20 {
                _ = try await logs.append(BuildID(Int64(build)), name: "l", offset: Int64(offset), bytes: [UInt8(build + offset)])
            }
        }
        for build in 1...20 {
            let bytes = (0..<3).map { UInt8(build + $0) }
            #expect(try await logs.seal(BuildID(Int64(build)), name: "l").sha256 == LogDeclaration.of(bytes).sha256)
            #expect(try await logs.read(BuildID(Int64(build)), name: "l", offset: 0, limit: 10) == bytes)
        }
    }

    @Test("Names become file names of their own, none with a separator or a leading dot")
    func names() {
        let names = ["", ".", "..", "a/b", "a%2fb", "../x", "é", "%", "a", String(repeating: "x", count: 400), String(repeating: "x", count: 401)]
        let files = names.map(LogPath.encode)
        #expect(Set(files).count == names.count)
        for file in files {
            #expect(!file.isEmpty && !file.contains("/") && !file.hasPrefix(".") && file.utf8.count <= 255)
        }
    }

    @Test("A log of nothing has the digest of nothing")
    func emptyLog() {
        #expect(SealedLog.empty.sha256 == LogDeclaration.of([]).sha256)
    }
}
