import Domain
import Foundation

extension ConfigurationReader {
    /// A source that is a list in JSON at somebody's address.
    mutating func readList(_ value: YAMLValue) {
        guard let source = value.mapping("JSON source", keys: ConfigurationKeys.json) else { return }
        let (name, place) = readName(of: source)
        readTies(of: source, name)
        var read = JSONPollConfiguration(name: name, url: "", mappings: [])
        if let url = source["json"], let text = url.text("a URL") { read.url = listURL(text, at: url) ?? "" }
        if let every = source["every"]?.duration(atLeast: .seconds(1)) { read.every = every }
        if let timeout = source["timeout"]?.duration(atLeast: .seconds(1)) { read.timeout = timeout }
        read.credential = readCredential(source["credential"])
        if let header = readHeader(source["token"], "token") { read.header = header }
        if let key = source.key("token"), !source.has("credential"), !source.isMeant("credential") {
            key.report("found \"token\" without \"credential\", expected both: what the header holds, and where to find it")
        }
        if let newest = source["newest"]?.choice(of: JSONPollConfiguration.Newest.allCases.map(\.rawValue)) {
            read.newest = JSONPollConfiguration.Newest(rawValue: newest) ?? read.newest
        }
        if let map = source.required("map", "how the items become changes") { read.mappings = readMappings(map, preset: nil, of: value) }
        for mapping in read.mappings where mapping.each != nil {
            for key in mapping.texts[.key, default: []] where !key.namesElement {
                source["map"]?.report("found a \"key\" that is the same for every item, expected one that tells them apart, such as \"{./id}\"")
            }
        }
        draft.lists.append(.init(value: read, name: place))
    }

    private func listURL(_ text: String, at value: YAMLValue) -> String? {
        guard text.utf8.count <= 2000, let url = URL(string: text), ["http", "https"].contains(url.scheme?.lowercased() ?? ""),
            url.host?.isEmpty == false, text.utf8.allSatisfy({ $0 > 32 && $0 < 127 })
        else {
            value.expected("a URL of https or http, of at most 2000 bytes")
            return nil
        }
        guard url.user == nil, url.password == nil, !text.dropFirst(8).prefix(while: { $0 != "/" && $0 != "?" }).contains("@") else {
            value.report(
                "found a user in the URL, expected it in \"credential\": {file: /PATH} or {env: NAME} with what the header of \"token\" holds")
            return nil
        }
        return text
    }
}
