import Glibc

/// Finds a program as a shell would.
enum ProgramSearch {
    /// A name with a slash is a path, relative to `directory`; any other is looked for in `path`. Nil when there is no such executable file.
    static func find(_ name: String, path: String, directory: String) -> String? {
        if name.contains("/") { return name.hasPrefix("/") ? name : directory + "/" + name }
        guard !name.isEmpty else { return nil }
        for place in path.split(separator: ":", omittingEmptySubsequences: true) {
            let candidate = (place.hasPrefix("/") ? "" : directory + "/") + place + "/" + name
            var status = stat()
            if access(candidate, X_OK) == 0, stat(candidate, &status) == 0, status.st_mode & S_IFMT == S_IFREG { return candidate }
        }
        return nil
    }
}
