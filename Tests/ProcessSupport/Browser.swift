import Foundation

/// A real headless Chromium with one page, steered over the DevTools protocol through a pair of named pipes. It is ended with the object.
public actor Browser {
    private let process: RunningProcess
    private let input: Pipe
    private let output: Pipe
    private var unread: [UInt8] = []
    private var calls = 0
    private var session: String?

    /// An answer that is longer in coming than this does not come.
    private static let patience: Duration = .seconds(60)

    public struct Failure: Error, CustomStringConvertible {
        public var description: String
    }

    /// Starts it with a profile of its own in `directory`, which it makes.
    public init(directory: String) async throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let (input, output) = (directory + "/commands", directory + "/answers")
        for pipe in [input, output] {
            guard mkfifo(pipe, 0o600) == 0 else { throw Failure(description: "no pipe at \(pipe): \(String(cString: strerror(errno)))") }
        }
        // Open at both ends, so that neither side waits for the other to come.
        self.input = try Pipe(path: input)
        self.output = try Pipe(path: output)
        // No sandbox, which root may not have; it only ever sees pages of the server under test.
        process = try RunningProcess(
            "/bin/sh",
            [
                "-c",
                """
                exec chromium --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars --no-first-run \
                --user-data-dir="$1/profile" --remote-debugging-pipe about:blank 3<"$1/commands" 4>"$1/answers"
                """, "browser", directory,
            ], in: directory, logs: directory, name: "browser")
        let targets = try await call("Target.getTargets")["targetInfos"] as? [[String: Any]] ?? []
        guard let page = targets.first(where: { $0["type"] as? String == "page" })?["targetId"] as? String else {
            throw Failure(description: "the browser has no page")
        }
        session = try await call("Target.attachToTarget", ["targetId": page, "flatten": true])["sessionId"] as? String
    }

    /// Our end of a named pipe, which never blocks.
    private final class Pipe: Sendable {
        let descriptor: Int32

        init(path: String) throws {
            descriptor = Foundation.open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
            guard descriptor >= 0 else { throw Failure(description: "\(path): \(String(cString: strerror(errno)))") }
        }

        deinit { Foundation.close(descriptor) }
    }

    /// Loads a page and waits until it has loaded.
    public func open(_ url: String) async throws {
        _ = try await call("Page.navigate", ["url": url])
        try await wait(until: "document.readyState === 'complete' && location.href === '\(url)'")
    }

    /// What an expression has for a value, as text.
    public func text(_ expression: String) async throws -> String {
        let answer = try await call("Runtime.evaluate", ["expression": "String(\(expression))", "returnByValue": true])
        guard let value = (answer["result"] as? [String: Any])?["value"] as? String else {
            throw Failure(description: "\(expression): \(answer["exceptionDetails"] ?? "no value")")
        }
        return value
    }

    /// Waits until an expression is true.
    public func wait(until expression: String) async throws {
        let deadline = ContinuousClock.now + Self.patience
        while try await text(expression) != "true" {
            guard ContinuousClock.now < deadline else { throw Failure(description: "never true: \(expression)") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    public func resize(width: Int, height: Int) async throws {
        _ = try await call("Emulation.setDeviceMetricsOverride", ["width": width, "height": height, "deviceScaleFactor": 1, "mobile": false])
    }

    public func prefer(dark: Bool) async throws {
        _ = try await call("Emulation.setEmulatedMedia", ["features": [["name": "prefers-color-scheme", "value": dark ? "dark" : "light"]]])
    }

    /// Whether the scripts of pages that are opened from now on run.
    public func allowScripts(_ allowed: Bool) async throws {
        _ = try await call("Emulation.setScriptExecutionDisabled", ["value": !allowed])
    }

    /// Writes what the page looks like to a PNG file.
    public func capture(to path: String) async throws {
        let answer = try await call("Page.captureScreenshot", ["format": "png"])
        guard let data = (answer["data"] as? String).flatMap({ Data(base64Encoded: $0) }) else { throw Failure(description: "no picture came") }
        try data.write(to: URL(fileURLWithPath: path))
    }

    public func close() async {
        process.send(SIGTERM)
        _ = await process.status()
    }

    private func call(_ method: String, _ parameters: [String: Any] = [:]) async throws -> [String: Any] {
        calls += 1
        let id = calls
        var message: [String: Any] = ["id": id, "method": method, "params": parameters]
        message["sessionId"] = session
        let bytes = [UInt8](try JSONSerialization.data(withJSONObject: message)) + [0]
        // Short of what a pipe holds, and the browser reads all of it: never only a part.
        guard write(input.descriptor, bytes, bytes.count) == bytes.count else { throw Failure(description: "the browser does not read") }
        let deadline = ContinuousClock.now + Self.patience
        while true {
            while let answer = nextMessage() {
                guard answer["id"] as? Int == id else { continue }
                if let error = answer["error"] { throw Failure(description: "\(method): \(error)") }
                return answer["result"] as? [String: Any] ?? [:]
            }
            if !readSome() {
                guard !process.hasEnded else { throw Failure(description: "the browser has ended: \(process.errorOutput)") }
                guard ContinuousClock.now < deadline else { throw Failure(description: "\(method) was not answered: \(process.errorOutput)") }
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    /// Messages end in a zero byte.
    private func nextMessage() -> [String: Any]? {
        guard let end = unread.firstIndex(of: 0) else { return nil }
        defer { unread.removeFirst(end + 1) }
        return (try? JSONSerialization.jsonObject(with: Data(unread[..<end]))) as? [String: Any] ?? [:]
    }

    /// False when there is nothing to read at the moment.
    private func readSome() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(output.descriptor, &buffer, buffer.count)
        guard count > 0 else { return false }
        unread += buffer.prefix(count)
        return true
    }
}
