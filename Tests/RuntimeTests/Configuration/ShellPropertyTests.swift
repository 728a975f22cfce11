import Domain
import Foundation
import Testing

@Suite struct ShellPropertyTests {
    @Test(
        "A real shell prints a hostile value and does not run it",
        arguments: [
            "x'; echo run; '", "$(echo run)", "`echo run`", "\"; echo run; \"", "a b  c", "*", "\\n\\", "${HOME}", "$${HOME}", "-n", "line\nbreak",
            "é漢", "",
        ])
    func hostile(value: String) throws {
        let step = try StepRecipe(
            name: "s",
            action: .run(
                .shell(
                    """
                    printf %s "${branch}"; printf '|'; printf %s '${branch}' | wc -c | tr -d ' \\n'; printf '|'
                    cat <<END
                    ${branch}
                    END
                    """))
        ).interpolated(with: Properties(["branch": .string(value)], source: "change"))
        guard case .run(.shell(let text)) = step.action else { return }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", text]
        process.environment = step.environment.merging(["PATH": "/usr/bin:/bin", "HOME": "/nowhere"]) { $1 }
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let printed = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        // In single quotes the shell sees the variable's name, 27 bytes with its braces, and never the value.
        #expect(String(decoding: printed, as: UTF8.self) == "\(value)|27|\(value)\n")
    }
}
