import Foundation

/// What the files at the top of a repository say about how its tests are run. A guess, for the template that a person then edits.
struct ProjectKind: Hashable {
    /// Why: the file that was found; empty when nothing was.
    var evidence: String
    var commands: [String]

    static let unknown = ProjectKind(evidence: "", commands: ["git log -1 --stat"])

    /// A Makefile with a target `test` comes first: there the project itself says how it is tested.
    static func detected(at directory: String) -> ProjectKind {
        func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: directory + "/" + name) }
        func text(_ name: String) -> String {
            FileManager.default.contents(atPath: directory + "/" + name).map { String(decoding: $0.prefix(1 << 20), as: UTF8.self) } ?? ""
        }
        for makefile in ["GNUmakefile", "Makefile", "makefile"] where hasTestTarget(text(makefile)) {
            return ProjectKind(evidence: "\(makefile) with a target \"test\"", commands: ["make test"])
        }
        if has("Package.swift") { return ProjectKind(evidence: "Package.swift", commands: ["swift test"]) }
        if has("Cargo.toml") { return ProjectKind(evidence: "Cargo.toml", commands: ["cargo test"]) }
        if has("go.mod") { return ProjectKind(evidence: "go.mod", commands: ["go test ./..."]) }
        if has("package.json") {
            let install = has("package-lock.json") ? "npm ci" : "npm install"
            return ProjectKind(evidence: "package.json", commands: [install, "npm test"])
        }
        if has("tox.ini") { return ProjectKind(evidence: "tox.ini", commands: ["tox"]) }
        for name in ["pytest.ini", "pyproject.toml", "setup.py", "setup.cfg"] where has(name) {
            return ProjectKind(evidence: name, commands: ["python3 -m pytest"])
        }
        if has("composer.json") {
            let test = text("composer.json").contains("\"test\"") ? "composer test" : "vendor/bin/phpunit"
            return ProjectKind(evidence: "composer.json", commands: ["composer install --no-interaction", test])
        }
        if has("pom.xml") {
            return ProjectKind(evidence: "pom.xml", commands: [has("mvnw") ? "./mvnw --batch-mode verify" : "mvn --batch-mode verify"])
        }
        for name in ["build.gradle", "build.gradle.kts"] where has(name) {
            return ProjectKind(evidence: name, commands: [has("gradlew") ? "./gradlew test" : "gradle test"])
        }
        return .unknown
    }

    private static func hasTestTarget(_ makefile: String) -> Bool {
        makefile.split(whereSeparator: \.isNewline).contains { line in
            guard let colon = line.firstIndex(of: ":"), line.first?.isWhitespace == false, line.first != "." else { return false }
            let rest = line[line.index(after: colon)...]
            return !rest.hasPrefix("=") && line[..<colon].split(separator: " ").contains("test")
        }
    }
}
