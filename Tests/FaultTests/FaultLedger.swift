import Foundation
import ProcessSupport
import Testing

/// What the steps of a fault run write down themselves, outside Doorbell: when each build ran, and every byte that it printed.
struct FaultLedger {
    let path: String

    init(path: String) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// Two rules are interested in each change; the steps keep the ledger.
    var configuration: String {
        """
        project: faults
        sources: []
        schedulers:
          - {name: each, kind: branch, branches: ["main"], builders: [talks]}
          - {name: all, kind: any-branch, builders: [quick]}
        builders:
          - name: talks
            env: {LEDGER: "\(path)"}
            attempts: 100
            steps:
              - name: talk
                run: |
                  echo "$DOORBELL_BUILD_ID start $(date +%s%N)" >> "$LEDGER/request-$DOORBELL_REQUEST_ID"
                  i=0
                  while [ $i -lt 25 ]; do
                    printf 'build %s line %s \\377\\n' "$DOORBELL_BUILD_ID" $i >> "$LEDGER/log-$DOORBELL_BUILD_ID"
                    printf 'build %s line %s \\377\\n' "$DOORBELL_BUILD_ID" $i
                    i=$((i + 1))
                    sleep 0.01
                  done
                  echo "$DOORBELL_BUILD_ID end $(date +%s%N)" >> "$LEDGER/request-$DOORBELL_REQUEST_ID"
          - name: quick
            env: {LEDGER: "\(path)"}
            attempts: 100
            steps:
              - name: note
                run: |
                  echo "$DOORBELL_BUILD_ID start $(date +%s%N)" >> "$LEDGER/request-$DOORBELL_REQUEST_ID"
                  echo "$DOORBELL_BUILD_ID end $(date +%s%N)" >> "$LEDGER/request-$DOORBELL_REQUEST_ID"
        """
    }

    static func change(_ number: Int) -> [String: any Sendable] {
        [
            "source": "faults", "project": "faults", "repository": "https://example.org/faults.git", "branch": "main",
            "revision": String(format: "%040x", number + 1), "author": "Ada Example <ada@example.org>", "comments": "change \(number)",
            "dedupe_key": "fault-\(number)",
        ]
    }

    func written(by build: Int64) -> Data { FileManager.default.contents(atPath: "\(path)/log-\(build)") ?? Data() }

    /// By the steps' own notes: a build starts once, and two builds of one request never ran at the same time.
    func check(_ context: Comment) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: path) where name.hasPrefix("request-") {
            let text = try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
            var started: [String: Int64] = [:]
            var ended: [String: Int64] = [:]
            for line in text.split(separator: "\n") {
                let words = line.split(separator: " ").map(String.init)
                guard words.count == 3, let time = Int64(words[2]) else { continue }
                if words[1] == "start" {
                    #expect(started[words[0]] == nil, "build \(words[0]) ran twice, \(context)")
                    started[words[0]] = time
                } else {
                    ended[words[0]] = time
                }
            }
            for (build, end) in ended {
                for (other, start) in started where other != build && start > (started[build] ?? 0) {
                    #expect(start > end, "builds \(build) and \(other) of \(name) overlapped, \(context)")
                }
            }
        }
    }

    /// Ends every step that is still alive.
    func killSteps() {
        for entry in ProcessTable.processes(withEnvironment: ["LEDGER=\(path)"]) { kill(entry.pid, SIGKILL) }
    }
}
