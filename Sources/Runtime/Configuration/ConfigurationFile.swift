import Foundation
import Yams

/// One file of a configuration as text, read with bounds.
struct ConfigurationFile {
    /// As it is shown in messages.
    var name: String
    var content: [UInt8]

    static let largest = 1 << 20

    /// Reads a regular file; anything that is none, or too large, is reported.
    static func read(_ name: String, problems: ProblemCollector) -> ConfigurationFile? {
        let descriptor = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            problems.add("the file cannot be opened: \(String(cString: strerror(errno)))", file: name)
            return nil
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            problems.add("found no regular file, expected a YAML file or a directory of them", file: name)
            return nil
        }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while content.count <= largest {
            let count = Foundation.read(descriptor, &chunk, chunk.count)
            if count < 0 {
                if errno == EINTR { continue }
                problems.add("the file cannot be read: \(String(cString: strerror(errno)))", file: name)
                return nil
            }
            if count == 0 { return ConfigurationFile(name: name, content: content) }
            content += chunk[..<count]
        }
        problems.add("found more than \(largest) bytes, expected at most that", file: name)
        return nil
    }

    /// The parsed text; what keeps it from being parsed is reported.
    func parse(problems: ProblemCollector) -> YAMLValue? {
        guard content.count <= Self.largest else {
            problems.add("found more than \(Self.largest) bytes, expected at most that", file: name)
            return nil
        }
        guard let text = String(validating: content, as: UTF8.self) else {
            problems.add("found bytes that are not UTF-8, expected a UTF-8 text", file: name, at: firstBadLine())
            return nil
        }
        if let alias = YAMLAliases.first(in: text) {
            problems.add(
                "found the alias *\(YAMLValue.quotable(alias.name)), expected the value itself: anchors and aliases are not allowed",
                file: name, at: alias.place)
            return nil
        }
        do {
            guard let root = try Parser(yaml: text, encoding: .utf8).singleRoot() else {
                problems.add("found an empty file, expected a configuration", file: name, at: TextPlace())
                return nil
            }
            return YAMLValue(node: root, file: name, problems: problems)
        } catch {
            report(error, in: text, to: problems)
            return nil
        }
    }

    private func report(_ error: any Error, in text: String, to problems: ProblemCollector) {
        switch error as? YamlError {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let reason = context.map { "\($0.text) that begins in line \($0.mark.line): \(problem)" } ?? problem
            problems.add("found no valid YAML: \(reason)", file: name, at: TextPlace(mark))
        case .duplicatedKeysInMapping(let keys, let context):
            let list = keys.map { "\"\(YAMLValue.quotable($0))\"" }.joined(separator: ", ")
            problems.add("found the key \(list) more than once in a mapping, expected each key once", file: name, at: TextPlace(context.mark))
        case .reader(let problem, let offset, _, _):
            problems.add("found no valid YAML: \(problem)", file: name, at: offset.map { place(at: $0, in: text) })
        default:
            problems.add("found no valid YAML: \(error)", file: name)
        }
    }

    private func place(at offset: Int, in text: String) -> TextPlace {
        var place = TextPlace()
        for character in text.prefix(offset) {
            place.column += 1
            if character.isNewline { place = TextPlace(line: place.line + 1) }
        }
        return place
    }

    /// The first line that is not UTF-8; no character of UTF-8 but the newline itself holds that byte.
    private func firstBadLine() -> TextPlace {
        var line = 1
        var start = content.startIndex
        while let end = content[start...].firstIndex(of: UInt8(ascii: "\n")) {
            if String(validating: content[start..<end], as: UTF8.self) == nil { break }
            start = end + 1
            line += 1
        }
        return TextPlace(line: line)
    }
}
