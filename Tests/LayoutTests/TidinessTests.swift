import Foundation
import Testing

@Suite struct TidinessTests {
    @Test("The top level holds what the design names, and nothing else")
    func topLevel() throws {
        let allowed: Set = [
            "Package.swift", "Sources", "Tests", "deploy", "schemas", "Makefile", "README.md", "LICENSE", "CHANGELOG.md", "docs", "examples", ".ci",
            ".gitignore", ".swift-format", ".editorconfig",
        ]
        let found = Set(try SourceTree().tracked().compactMap { $0.split(separator: "/").first.map(String.init) })
        #expect(found.isSubset(of: allowed), "unexpected: \(found.subtracting(allowed).sorted())")
    }

    @Test("No source file is longer than 400 lines")
    func length() throws {
        for file in try SourceTree().swiftFiles(below: "Sources") {
            #expect(file.lines.count <= 400, "\(file.path) has \(file.lines.count) lines")
        }
    }

    @Test("Outside data never meets an expression that can only crash")
    func noTraps() throws {
        // A literal list of the ways to crash on purpose; the names are spelled apart so that this file does not find itself.
        let words = ["try" + "!", "as" + "! ", "fatal" + "Error(", "TO" + "DO", "FIX" + "ME"]
        for file in try SourceTree().swiftFiles(below: "Sources") {
            for (number, line) in file.lines.enumerated() {
                for word in words {
                    #expect(!line.contains(word), "\(file.path):\(number + 1) has \(word)")
                }
            }
        }
    }

    @Test("Each use of an unchecked promise to the compiler says beside it why it holds")
    func uncheckedIsArgued() throws {
        for file in try SourceTree().swiftFiles(below: "Sources") {
            for (number, line) in file.lines.enumerated() where line.contains("@unchecked Sendable") || line.contains("nonisolated(unsafe)") {
                let before = file.lines[max(0, number - 4)..<number]
                #expect(
                    line.contains("//") || before.contains { $0.contains("//") }, "\(file.path):\(number + 1) gives no reason")
            }
        }
    }

    @Test("Tests of migrations, events and configuration find their schemas in numbered or versioned files")
    func schemaNames() throws {
        for path in try SourceTree().tracked() where path.hasPrefix("schemas/sqlite/") {
            #expect(path.wholeMatch(of: /schemas\/sqlite\/sqlite_[0-9]{4}_[a-z_]+\.sql/) != nil, "\(path)")
        }
    }
}
