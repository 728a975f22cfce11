import Foundation

/// The checkout that these tests belong to, as text.
struct SourceTree {
    struct File {
        /// Relative to the top of the checkout.
        var path: String
        var text: String

        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

        /// The modules that it imports.
        var imports: [String] {
            lines.compactMap { line in
                var words = line.split(separator: " ").filter { !$0.hasPrefix("@") }
                if let first = words.first, ["public", "internal", "private", "package", "fileprivate"].contains(first) { words.removeFirst() }
                guard words.first == "import", let last = words.last else { return nil }
                return last.split(separator: ".").first.map(String.init)
            }
        }
    }

    let top: String

    init(testFile: String = #filePath) {
        var path = testFile
        for _ in 0..<3 { path = (path as NSString).deletingLastPathComponent }
        top = path
    }

    /// The Swift files below a folder, by path.
    func swiftFiles(below folder: String) throws -> [File] {
        try files(below: folder) { $0.hasSuffix(".swift") }
    }

    func files(below folder: String, where isWanted: (String) -> Bool) throws -> [File] {
        guard let names = FileManager.default.enumerator(atPath: top + "/" + folder) else { return [] }
        return try names.compactMap { $0 as? String }.filter(isWanted).sorted().map { name in
            File(path: "\(folder)/\(name)", text: try String(contentsOfFile: "\(top)/\(folder)/\(name)", encoding: .utf8))
        }
    }

    /// What git tracks.
    func tracked() throws -> [String] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git", "-c", "safe.directory=*", "-C", top, "ls-files", "-z"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self).split(separator: "\0").map(String.init)
    }
}
