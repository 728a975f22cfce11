import Domain

extension ConfigurationReader {
    /// A source that is a directory which others drop changes into.
    mutating func readDirectory(_ value: YAMLValue) {
        guard let source = value.mapping("directory source", keys: ConfigurationKeys.directory) else { return }
        let (name, place) = readName(of: source)
        readTies(of: source, name)
        var read = DirectoryConfiguration(name: name, directory: "")
        if let path = source["directory"], let text = path.text("a path") {
            if text.isEmpty || text.hasPrefix("~") || text.utf8.count > 2000 || text.utf8.contains(0) {
                path.expected("the whole path of a directory, of at most 2000 bytes")
            } else {
                read.directory = GitLocation.absolute(text, from: directory)
                if read.directory != text { draft.resolvedPaths.append(read.directory) }
            }
        }
        if let every = source["every"]?.duration(atLeast: .seconds(1)) { read.every = every }
        if let accepted = source["accepted"]?.choice(of: DirectoryConfiguration.Accepted.allCases.map(\.rawValue)) {
            read.accepted = DirectoryConfiguration.Accepted(rawValue: accepted) ?? read.accepted
        }
        if source.has("map") { read.mappings = readMappings(source["map"], preset: nil, of: value) }
        draft.directories.append(.init(value: read, name: place))
    }
}
