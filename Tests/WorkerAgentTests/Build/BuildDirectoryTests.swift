import Foundation
import TestSupport
import Testing

@testable import WorkerAgent

@Suite struct BuildDirectoryTests {
    let temporary = TemporaryDirectory()

    @Test("A place in the directory is found", arguments: ["", ".", "a", "a/b", "not/there/yet", "a..b", "…"])
    func inside(place: String) throws {
        let directory = try BuildDirectory(path: temporary.file("build"))
        try FileManager.default.createDirectory(atPath: directory.path + "/a/b", withIntermediateDirectories: true)
        #expect(try directory.resolve(place).hasPrefix(directory.path))
    }

    @Test("A place outside is refused", arguments: ["/", "/etc", "..", "../x", "a/../../x", "a/..", "x\0y"])
    func outside(place: String) throws {
        let directory = try BuildDirectory(path: temporary.file("build"))
        #expect(throws: BuildDirectory.Escape.self) { try directory.resolve(place) }
    }

    @Test(
        "A symbolic link may not lead out, nor hide in the middle, nor dangle",
        arguments: ["out", "out/deeper", "out/not/there", "dangling", "dangling/x"])
    func links(place: String) throws {
        let directory = try BuildDirectory(path: temporary.file("build"))
        try FileManager.default.createSymbolicLink(atPath: directory.path + "/out", withDestinationPath: "/etc")
        try FileManager.default.createSymbolicLink(atPath: directory.path + "/dangling", withDestinationPath: "/nowhere/at/all")
        #expect(throws: BuildDirectory.Escape.self) { try directory.resolve(place) }
    }

    @Test("A symbolic link that stays inside is fine")
    func insideLink() throws {
        let directory = try BuildDirectory(path: temporary.file("build"))
        try FileManager.default.createDirectory(atPath: directory.path + "/real", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: directory.path + "/link", withDestinationPath: "real")
        #expect(try directory.resolve("link") == directory.path + "/link")
    }

    @Test(
        "Names of logs and directories are safe in paths and URLs",
        arguments: [
            ("unit tests", "3-unit_tests"), ("../../etc", "3-_./../etc".replacing("/", with: "_")), ("a/b", "3-a_b"), ("", "3-_"), ("é", "3-__"),
            ("x.y-z_1", "3-x.y-z_1"), (String(repeating: "a", count: 500), "3-" + String(repeating: "a", count: 60)),
        ])
    func names(step: String, name: String) {
        #expect(LogName.make(number: 3, step: step) == name)
    }
}
