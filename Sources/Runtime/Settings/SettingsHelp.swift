/// What `doorbell help-config` prints: every variable that is read, its default and what it does.
public enum SettingsHelp {
    public static let variables: [(name: String, fallback: String, meaning: String)] = [
        ("DOORBELL_DATA_DIR", ".doorbell", "directory of the database, logs, mirrors and working directories (--data-dir)"),
        (
            "DOORBELL_DATABASE_URL", "sqlite:.doorbell",
            "sqlite:DIRECTORY for one process, or postgres://USER@HOST[,HOST]/DATABASE for services on several machines; it ends in "
                + "?prepared=off behind a pooler that hands out connections by transaction"
        ),
        (
            "DOORBELL_AMQP_URL", "",
            "amqp://USER:PASSWORD@HOST/VHOST or amqps://…, several separated by commas: carries rings and events across processes"
        ),
        ("DOORBELL_AMQP_PREFIX", "doorbell", "the user part of the names of exchanges and queues"),
        ("DOORBELL_AMQP_DECLARE", "active", "active declares the exchanges; passive only checks that they are there"),
        ("DOORBELL_CDEVENTS", "off", "on: a relay also publishes every event as one of CDEvents, to an exchange of its own"),
        (
            "DOORBELL_LISTEN", "127.0.0.1:8010",
            "address that a service listens on (--listen); without it `web` and `up` take port 8010, `dispatcher` 8011, `intake` 8012, "
                + "`scheduler` 8013, `relay` 8014"
        ),
        ("DOORBELL_HOSTS", "", "further host names, separated by commas, under which clients may address the server"),
        (
            "DOORBELL_WRITES_PER_SECOND", "200",
            "how many writes of the API one client address may make each second, five times that at once; 0 for any number, which is the default on loopback"
        ),
        ("DOORBELL_READS_PER_SECOND", "1000", "likewise, how many reads"),
        ("DOORBELL_URL", "http://127.0.0.1:8010", "the server that commands and workers talk to (--url)"),
        (
            "DOORBELL_AUTH", "off",
            "tokens asks callers for a token; off lets whoever reaches the server steer, and is refused where it listens to other machines"
        ),
        ("DOORBELL_ANONYMOUS", "none", "with tokens: read lets callers without one read, none lets them do nothing"),
        ("DOORBELL_INSECURE", "no", "yes listens to other machines without asking for tokens"),
        ("DOORBELL_TOKEN", "", "token that commands and workers present; never written to a log"),
        ("DOORBELL_TOKEN_FILE", "", "file whose first line is that token (--token-file)"),
        ("DOORBELL_LEASE_SECONDS", "30", "how long a build may go without a word from its worker, 1 to 3600"),
        (
            "DOORBELL_SECRETS_DIR", "",
            "beneath which a dispatcher reads files with secrets; of variables only those named DOORBELL_SECRET_… are read then"
        ),
        ("DOORBELL_LOG_LEVEL", "notice", "trace, debug, info, notice, warning, error or critical"),
        ("DOORBELL_LOG_FORMAT", "text", "text, or json with one object a line"),
    ]

    /// In lines that fit a terminal as they are.
    public static var text: String {
        variables.map { variable in
            "\(variable.name) (default: \(variable.fallback.isEmpty ? "none" : variable.fallback))\n\(wrapped(variable.meaning))\n"
        }.joined()
    }

    private static func wrapped(_ text: String) -> String {
        var lines = [""]
        for word in text.split(separator: " ") {
            if (lines.last ?? "").count + word.count > 70 { lines.append("") }
            lines[lines.count - 1] += (lines.last ?? "").isEmpty ? String(word) : " " + word
        }
        return lines.map { "    " + $0 }.joined(separator: "\n")
    }
}
