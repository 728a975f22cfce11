import Crypto
import Domain
import Foundation

/// A configuration that was read without a problem.
public struct LoadedConfiguration: Hashable, Sendable {
    public var configuration: Configuration
    /// SHA-256, in hexadecimal, over the files' names and bytes and the local repositories that they lead to.
    public var digest: String
    /// The files it was read from, as they were named.
    public var files: [String]
}

/// Reads a configuration from a YAML file, or from a directory of them whose lists are joined. All problems are told at once.
public enum ConfigurationLoader {
    /// The files that are looked for when none is named.
    public static let defaultNames = ["doorbell.yaml", "doorbell.yml"]
    private static let mostFiles = 1000

    /// The configuration file of a directory, when it has one.
    public static func defaultPath(in directory: String = ".") -> String? {
        for name in defaultNames {
            let path = directory == "." ? name : "\(directory)/\(name)"
            if FileManager.default.fileExists(atPath: path) { return path }
        }
        return nil
    }

    public static func load(path: String) throws(ConfigurationProblems) -> LoadedConfiguration {
        let problems = ProblemCollector()
        let names = fileNames(at: path, problems: problems)
        let files = names.compactMap { ConfigurationFile.read($0, problems: problems) }
        guard problems.isEmpty else { throw problems.sorted(files: names) }
        return try load(files, path: path, problems: problems)
    }

    /// Reads a text as if it were the file of that name; relative repositories are seen from the directory of that name.
    public static func load(text: some Sequence<UInt8>, file: String) throws(ConfigurationProblems) -> LoadedConfiguration {
        try load([ConfigurationFile(name: file, content: Array(text))], path: file, problems: ProblemCollector())
    }

    /// Reads texts as if they were the files of those names.
    static func load(files: [(name: String, text: String)]) throws(ConfigurationProblems) -> LoadedConfiguration {
        let files = files.map { ConfigurationFile(name: $0.name, content: Array($0.text.utf8)) }
        return try load(files, path: files.first?.name ?? "the configuration", problems: ProblemCollector())
    }

    /// The texts of a configuration's files under their whole names, for a server that cannot read them itself.
    public static func texts(path: String) throws(ConfigurationProblems) -> [(name: String, text: String)] {
        let problems = ProblemCollector()
        let names = fileNames(at: path, problems: problems)
        let files = names.compactMap { ConfigurationFile.read($0, problems: problems) }
        guard problems.isEmpty else { throw problems.sorted(files: names) }
        return files.map { file in
            (GitLocation.absolute(file.name, from: FileManager.default.currentDirectoryPath), String(decoding: file.content, as: UTF8.self))
        }
    }

    private static func load(_ files: [ConfigurationFile], path: String, problems: ProblemCollector) throws(ConfigurationProblems)
        -> LoadedConfiguration
    {
        let names = files.map(\.name)
        var draft = ConfigurationDraft()
        var unread = false
        for file in files {
            guard let root = file.parse(problems: problems) else {
                unread = true
                continue
            }
            var reader = ConfigurationReader(directory: directory(of: file.name), draft: draft)
            if !reader.read(root) { unread = true }
            draft = reader.draft
        }
        // With a file missing, what the others seem to lack may well be in it.
        guard !unread else { throw problems.sorted(files: names) }
        if draft.projects.isEmpty { problems.add("found no \"project\", expected the project's name", file: path) }
        if draft.builders.isEmpty { problems.add("found no builder, expected at least one in \"builders\"", file: path) }
        let configuration = draft.assemble(problems: problems)
        guard problems.isEmpty else { throw problems.sorted(files: names) }
        return LoadedConfiguration(configuration: configuration, digest: digest(of: files, draft.resolvedPaths), files: names)
    }

    private static func fileNames(at path: String, problems: ProblemCollector) -> [String] {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            problems.add("found nothing there, expected a YAML file or a directory of them (doorbell init writes one)", file: path)
            return []
        }
        guard isDirectory.boolValue else { return [path] }
        do {
            let names = try FileManager.default.contentsOfDirectory(atPath: path)
                .filter { ($0.hasSuffix(".yaml") || $0.hasSuffix(".yml")) && !$0.hasPrefix(".") }.sorted()
            if names.isEmpty { problems.add("found no *.yaml in this directory, expected at least one", file: path) }
            if names.count > mostFiles { problems.add("found \(names.count) files, expected at most \(mostFiles)", file: path) }
            return names.prefix(mostFiles).map { (path.hasSuffix("/") ? path : path + "/") + $0 }
        } catch {
            problems.add("the directory cannot be read: \(error.localizedDescription)", file: path)
            return []
        }
    }

    private static func directory(of file: String) -> String {
        GitLocation.absolute(file + "/..", from: FileManager.default.currentDirectoryPath)
    }

    /// Each part with its length in front, so that no two configurations have the same bytes to digest.
    private static func digest(of files: [ConfigurationFile], _ paths: [String]) -> String {
        var hash = SHA256()
        func add(_ bytes: some Collection<UInt8>) {
            hash.update(data: Array("\(bytes.count):".utf8))
            hash.update(data: Array(bytes))
        }
        add("doorbell configuration 1".utf8)
        add(String(files.count).utf8)
        for file in files {
            add((file.name as NSString).lastPathComponent.utf8)
            add(file.content)
        }
        for path in paths { add(path.utf8) }
        return hash.finalize().hexadecimal
    }
}
