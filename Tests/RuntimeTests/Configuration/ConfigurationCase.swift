import Testing

/// A configuration that is wrong, and what must be said about it.
struct ConfigurationCase: Sendable, CustomTestStringConvertible {
    var name: String
    var text: String
    /// `line:column: ` and what the text begins with, in order; each problem of the text.
    var problems: [String]
    /// False where only the loader can know: across parts, or about the file itself.
    var schemaKnows = true

    var testDescription: String { name }
}

extension ConfigurationCase {
    static func top(_ name: String, _ lines: String, _ problems: String..., schemaKnows: Bool = true) -> ConfigurationCase {
        ConfigurationCase(
            name: name, text: "project: p\n" + ConfigurationSamples.builders + "\n" + lines + "\n", problems: problems, schemaKnows: schemaKnows)
    }

    static let mapping = "{repository: r, branch: b, revision: c}"

    static func source(_ name: String, _ rest: String, _ problems: String..., schemaKnows: Bool = true) -> ConfigurationCase {
        ConfigurationCase(
            name: name, text: "project: p\n\(ConfigurationSamples.builders)\nsources:\n- {name: s, \(rest)}\n", problems: problems,
            schemaKnows: schemaKnows)
    }

    static func scheduler(_ name: String, _ rest: String, _ problems: String..., schemaKnows: Bool = true) -> ConfigurationCase {
        ConfigurationCase(
            name: name, text: "project: p\n\(ConfigurationSamples.builders)\nschedulers:\n- {name: s, \(rest)}\n", problems: problems,
            schemaKnows: schemaKnows)
    }

    static func builder(_ name: String, _ rest: String, _ problems: String..., schemaKnows: Bool = true) -> ConfigurationCase {
        ConfigurationCase(name: name, text: "project: p\nbuilders:\n- {name: b, \(rest)}\n", problems: problems, schemaKnows: schemaKnows)
    }

    static func step(_ name: String, _ text: String, _ problems: String..., schemaKnows: Bool = true) -> ConfigurationCase {
        ConfigurationCase(
            name: name, text: "project: p\nbuilders:\n- name: b\n  steps:\n  - \(text)\n", problems: problems, schemaKnows: schemaKnows)
    }

    static let all = parts + recipes + mirrors

    /// Sources, schedulers, and what else stands at the top.
    private static let parts: [ConfigurationCase] = [
        top("unknown key", "shedulers: []", "6:1: found the key \"shedulers\" in a configuration, expected one of"),
        top("wrong type of a list", "sources: git", "6:10: found \"git\", expected a list of sources"),
        top("nothing instead of a list", "sources:", "6:9: found nothing, expected a list of sources"),
        ConfigurationCase(
            name: "missing project", text: ConfigurationSamples.builders, problems: [" found no \"project\", expected the project's name"],
            schemaKnows: false),
        ConfigurationCase(name: "no builder", text: "project: p\n", problems: [" found no builder, expected at least one"], schemaKnows: false),
        ConfigurationCase(
            name: "a project that is a number", text: "project: 5\n" + ConfigurationSamples.builders,
            problems: ["1:10: found the number 5, expected a name: write it in quotes, \"5\""]),
        ConfigurationCase(
            name: "a path as a name", text: "project: ../../etc\n" + ConfigurationSamples.builders,
            problems: ["1:10: found \"../../etc\", expected a name of 1 to 100 bytes without \"/\""]),
        ConfigurationCase(name: "a list instead of a configuration", text: "- a\n", problems: ["1:1: found a list, expected a configuration"]),
        ConfigurationCase(name: "an empty file", text: "# nothing\n", problems: ["1:1: found an empty file"], schemaKnows: false),
        ConfigurationCase(name: "no YAML", text: "project: [a\n", problems: ["2:1: found no valid YAML:"], schemaKnows: false),
        ConfigurationCase(name: "a tab", text: "project: p\n\tbuilders: []\n", problems: ["2:1: found no valid YAML:"], schemaKnows: false),
        ConfigurationCase(
            name: "two documents", text: "project: p\n---\nproject: q\n", problems: ["2:1: found no valid YAML:"], schemaKnows: false),
        ConfigurationCase(
            name: "a key twice", text: "project: p\nproject: q\n",
            problems: ["1:1: found the key \"project\" more than once in a mapping"], schemaKnows: false),
        ConfigurationCase(
            name: "an alias", text: "a: &x [1]\nb: *x\n", problems: ["2:4: found the alias *x, expected the value itself"], schemaKnows: false),

        source("no git", "every: 30s", "7:3: found a source without \"git\", expected the URL or path that git fetches from"),
        source("a typo in a source", "git: ., branchs: [a]", "7:21: found the key \"branchs\" in a source, expected one of"),
        source("a duration without a unit", "git: ., every: 30", "7:28: found the number 30, expected a duration, such as"),
        source("a duration that is too short", "git: ., every: 100ms", "7:28: found \"100ms\", expected a duration from 1s to", schemaKnows: false),
        source(
            "a misspelled choice", "git: ., commits: tipp",
            "7:30: found \"tipp\", expected one of \"each\", \"tip\"; did you mean \"tip\"?"),
        source("an option as a URL", "git: --upload-pack=touch pwned", "7:18: found \"--upload-pack=touch pwned\", expected a URL or a path: git"),
        source("a transport that runs commands", "git: \"ext::sh -c id\"", "7:18: found \"ext::sh -c id\", expected a plain URL: transports"),
        source(
            "a password in a URL", "git: \"https://me:secret@git.example.com/x\"",
            "7:18: found \"https://…@git.example.com/x\", expected a URL without user and password"),
        source("an unknown scheme", "git: \"gopher://x/y\"", "7:18: found \"gopher://x/y\", expected a URL of https://", schemaKnows: false),
        source("an empty list", "git: ., branches: []", "7:31: found an empty list, expected at least one of branches"),
        source("a text instead of a list", "git: ., branches: main", "7:31: found \"main\", expected a list of branches: write [main]"),
        source(
            "a number among the branches", "git: ., branches: [1.0]", "7:32: found the number 1.0, expected a pattern: write it in quotes, \"1.0\""),
        source(
            "a ref instead of a branch", "git: ., branches: [refs/heads/main]", "7:32: found \"refs/heads/main\", expected the short name: \"main\""),
        source("a branch like an option", "git: ., branches: [--upload-pack=x]", "7:32: found \"--upload-pack=x\", expected a pattern of a git name"),
        source("a class in a pattern", "git: ., branches: [\"[ab]\"]", "7:32: found \"[ab]\", expected a pattern of a git name"),
        source("an exception", "git: ., branches: [\"!main\"]", "7:32: found \"!main\", expected a pattern"),
        source("both credentials", "git: ., credential: {file: /x, env: Y}", "7:33: found a credential with neither or both"),
        source("a relative credential", "git: ., credential: {file: token}", "7:40: found \"token\", expected an absolute path"),

        scheduler(
            "a kind that is none", "kind: nightly, builders: [test]",
            "7:19: found \"nightly\", expected one of \"branch\", \"any-branch\", \"pull\", \"cron\", \"periodic\""),
        scheduler("cron without a time", "kind: cron, builders: [test]", "7:3: found a scheduler without \"cron\", expected five fields"),
        scheduler(
            "cron that is none", "kind: cron, cron: \"0 25 * * *\", builders: [test]",
            "7:31: found \"0 25 * * *\": the hour \"25\": expected numbers",
            schemaKnows: false),
        scheduler(
            "cron that never comes", "kind: cron, cron: \"0 0 30 2 *\", builders: [test]", "7:31: found \"0 0 30 2 *\": it never comes",
            schemaKnows: false),
        scheduler(
            "a zone that is none", "kind: cron, cron: \"0 3 * * *\", timezone: Europe/Berln, builders: [test]",
            "7:54: found \"Europe/Berln\", expected the name of a time zone", schemaKnows: false),
        scheduler(
            "changes for the clock", "kind: periodic, every: 6h, branches: [main], builders: [test]",
            "7:40: found \"branches\" in a scheduler of kind \"periodic\", expected none"),
        scheduler(
            "a time for changes", "kind: any-branch, every: 6h, builders: [test]",
            "7:31: found \"every\" in a scheduler of kind \"any-branch\", expected none"),
        scheduler(
            "a misspelled key", "kind: any-branch, quite: 5s, builders: [test]",
            "7:31: found the key \"quite\" in a scheduler, expected one of \"name\", \"kind\""),
        scheduler("no kind", "branches: [main], builders: [test]", "7:3: found a scheduler without \"kind\", expected one of"),
        scheduler("no branches", "kind: branch, builders: [test]", "7:3: found a scheduler without \"branches\", expected the branches"),
        scheduler(
            "branches of any branch", "kind: any-branch, branches: [main], builders: [test]",
            "7:31: found \"branches\" in a scheduler of kind \"any-branch\", expected none"),
        scheduler("no builders", "kind: any-branch", "7:3: found a scheduler without \"builders\", expected the builders that it starts"),
        scheduler(
            "an unknown builder", "kind: any-branch, builders: [tset]",
            "7:42: found \"tset\", expected a builder: one of \"test\"; did you mean \"test\"?", schemaKnows: false),
        scheduler("a builder twice", "kind: any-branch, builders: [test, test]", "7:48: found \"test\" a second time, expected each builder once"),
        scheduler(
            "a property that is Doorbell's", "kind: any-branch, builders: [test], properties: {branch: x}",
            "7:62: found the property \"branch\", expected another name"),
        scheduler(
            "the mark of what nobody may trust", "kind: any-branch, builders: [test], properties: {untrusted: false}",
            "7:62: found the property \"untrusted\", expected another name: this one is set by Doorbell itself"),
        scheduler(
            "a priority out of bounds", "kind: any-branch, builders: [test], priority: 5000",
            "7:59: found the number 5000, expected a whole number from -1000 to 1000"),
        scheduler(
            "everything at once", "kind: any-branch, quiet: soon, priority: high, builders: []",
            "7:38: found \"soon\", expected a duration", "7:54: found \"high\", expected a whole number", "7:70: found an empty list"),
        top(
            "a feed without a mapping", "sources: [{name: f, amqp: own, exchange: e, queue: q}]",
            "6:11: found a feed without \"map\", expected it, or a \"preset\": one of"),
        top(
            "a Mercurial repository at an address of git's", "sources: [{name: m, mercurial: \"git://h/x\"}]",
            "6:32: found \"git://h/x\", expected a URL of https://, http://, ssh:// or file://"),
        top(
            "a Mercurial repository with a password", "sources: [{name: m, mercurial: \"https://u:p@h/x\"}]",
            "6:32: found \"https://…@h/x\", expected a URL without user and password"),
        top(
            "a limit without a time", "sources: [{name: s, git: ., limit: {changes: 5}}]",
            "6:36: found a limit without \"per\", expected in which time"),
        top(
            "a limit of nothing", "sources: [{name: s, git: ., limit: {changes: 0, per: 1m}}]",
            "6:46: found the number 0, expected a whole number from 1 to 1000000"),
        step(
            "submodules of Mercurial", "checkout: {system: mercurial, submodules: true}",
            "5:35: found \"submodules\" in a checkout of mercurial", schemaKnows: false),
        top(
            "a list with a password", "sources: [{name: l, json: \"https://u:p@h/x\", map: \(mapping)}]",
            "6:27: found a user in the URL, expected it in \"credential\""),
        top(
            "a list at no address", "sources: [{name: l, json: \"file:///x\", map: \(mapping)}]",
            "6:27: found \"file:///x\", expected a URL of https or http"),
        top("a list without a mapping", "sources: [{name: l, json: \"https://h/x\"}]", "6:11: found a JSON source without \"map\", expected how"),
        top(
            "a header without what it holds", "sources: [{name: l, json: \"https://h/x\", token: {header: X}, map: \(mapping)}]",
            "6:42: found \"token\" without \"credential\", expected both", schemaKnows: false),
        top(
            "a key that tells no item apart",
            "sources: [{name: l, json: \"https://h/x\", map: {each: \"{/v}\", repository: r, branch: b, revision: \"{./id}\", key: \"{/v}\"}}]",
            "6:47: found a \"key\" that is the same for every item", schemaKnows: false),
        top("a feed without a queue", "sources: [{name: f, amqp: own, preset: doorbell}]", "6:11: found a feed without \"queue\", expected the name"),
        top(
            "a feed without an exchange", "sources: [{name: f, amqp: own, preset: cdevents, queue: q}]",
            "6:11: found a feed without \"exchange\", expected the name of the exchange", schemaKnows: false),
        top(
            "a password in a broker's URL", "sources: [{name: f, amqp: \"amqps://u:secret@b/\", preset: doorbell, queue: q}]",
            "6:27: found a password in the URL, expected it in \"credential\"", schemaKnows: false),
        top(
            "a broker that is none", "sources: [{name: f, amqp: \"http://b/\", preset: doorbell, queue: q}]",
            "6:27: found a URL that cannot be used: it begins with neither amqp:// nor amqps://", schemaKnows: false),
        top(
            "a preset that needs a repository", "sources: [{name: f, amqp: own, exchange: e, preset: gerrit, queue: q}]",
            "6:11: found no \"repository\" in the mapping", schemaKnows: false),
        top(
            "a place that is none", "sources: [{name: f, amqp: own, preset: doorbell, queue: q, map: {branch: \"{ref}\"}}]",
            "6:74: found {ref}, expected a way such as {/ref}", schemaKnows: false),
        top(
            "an element of no list", "sources: [{name: f, amqp: own, preset: doorbell, queue: q, map: {branch: \"{./x}\"}}]",
            "6:65: found {./x}, expected \"each\" as well", schemaKnows: false),
        top(
            "a rule with the name of builds by hand", "schedulers: [{name: force, kind: any-branch, builders: [test]}]",
            "6:21: found \"force\", expected another name", schemaKnows: false),
        builder(
            "a label with no axis", "labels: {os: \"${os}\"}, steps: [{run: make}]",
            "3:21: found ${os} in the label \"os\", expected an axis of the builder's \"matrix\"", schemaKnows: false),
        builder(
            "a matrix of nothing", "matrix: {}, steps: [{run: make}]", "3:21: found a mapping, expected at least one axis"),
        builder(
            "a value twice", "matrix: {os: [linux, linux]}, steps: [{run: make}]", "3:34: found \"linux\", expected another value", schemaKnows: false
        ),
        builder(
            "an exclusion of nothing", "matrix: {os: [linux], exclude: [{os: mac}]}, steps: [{run: make}]",
            "3:50: found \"mac\", expected one of \"linux\"", schemaKnows: false),
        builder(
            "half a combination", "matrix: {os: [linux], v: [\"1\"], include: [{os: mac}]}, steps: [{run: make}]",
            "3:55: found a combination without \"v\"", schemaKnows: false),
        scheduler("a follower of nobody", "kind: dependent, builders: [test]", "7:3: found a scheduler without \"after\", expected the schedulers"),
        scheduler(
            "a follower of somebody who is not there", "kind: dependent, after: tests, builders: [test]",
            "7:37: found \"tests\", expected a scheduler: one of \"s\"", schemaKnows: false),
        scheduler(
            "a follower of itself", "kind: dependent, after: [s], builders: [test]",
            "7:10: found schedulers that follow each other in a circle (s follows s)",
            schemaKnows: false),
        scheduler(
            "a follower that looks at changes", "kind: dependent, after: s, branches: [main], builders: [test]",
            "7:10: found schedulers that follow", "7:40: found \"branches\" in a scheduler of kind \"dependent\""),
        scheduler(
            "an end that no change has", "kind: any-branch, outcome: any, builders: [test]",
            "7:31: found \"outcome\" in a scheduler of kind \"any-branch\", expected none"),
        scheduler(
            "an expression that cannot be read", "kind: any-branch, builders: [test], where: {authors: \"~(ann\"}",
            "7:66: found \"~(ann\", a regular expression that cannot be read: character", schemaKnows: false),
        scheduler(
            "a field that no change has", "kind: any-branch, builders: [test], where: {not: {author: ann}}",
            "7:63: found the key \"author\" in a condition, expected one of"),
        scheduler(
            "a condition that asks nothing", "kind: any-branch, builders: [test], where: {}",
            "7:56: found a condition that asks nothing, expected one of"),
        top("a hook without a secret", "sources: [{name: h, hook: github}]", "6:11: found a hook without \"secret\", expected {env: NAME}"),
        top(
            "a hook with a secret that believes anybody", "sources: [{name: h, hook: gitlab, secret: {env: X}, unsigned: true}]",
            "6:53: found \"unsigned: true\" beside \"secret\", expected one of them"),
        top("a forge that is none", "sources: [{name: h, hook: sourceforge, unsigned: true}]", "6:27: found \"sourceforge\", expected one of"),
        top("a hook that looks", "sources: [{name: h, hook: gitea, unsigned: true, every: 5s}]", "6:50: found the key \"every\" in a hook"),
        top(
            "a key that a forge has no use for", "sources: [{name: h, hook: gerrit, unsigned: true, url: \"https://g\", commits: tip}]",
            "6:69: found \"commits\" in a hook of kind gerrit, which has no use for it"),
        top(
            "a generic hook that nobody can prove himself to", "sources: [{name: h, hook: generic, secret: {env: X}, map: \(mapping)}]",
            "6:11: found a hook without \"signature\" or \"token\", expected {header: NAME}"),
        top(
            "a generic hook without a mapping", "sources: [{name: h, hook: generic, unsigned: true}]",
            "6:11: found a hook without \"map\", expected how a call becomes changes"),
        top(
            "two proofs", "sources: [{name: h, hook: generic, secret: {env: X}, token: {header: T}, signature: {header: S}, map: \(mapping)}]",
            "6:54: found \"token\" beside \"signature\", expected one of them"),
        top(
            "a proof of nothing", "sources: [{name: h, hook: generic, unsigned: true, token: {header: T}, map: \(mapping)}]",
            "6:36: found \"unsigned: true\" beside \"token\", expected one of them"),
        top(
            "a code that is no proof any more",
            "sources: [{name: h, hook: generic, secret: {env: X}, signature: {header: S, algorithm: sha1}, map: \(mapping)}]",
            "6:88: found \"sha1\", expected one of \"sha256\", \"sha512\""),
        top(
            "a header that is none", "sources: [{name: h, hook: generic, secret: {env: X}, token: {header: \"X Token\"}, map: \(mapping)}]",
            "6:70: found \"X Token\", expected the name of an HTTP header"),
        top(
            "a mapping that would tell the secret",
            "sources: [{name: h, hook: generic, secret: {env: X}, token: {header: T}, map: {repository: \"{@header:t}\", branch: b, revision: c}}]",
            "6:79: found {@header:t}, expected another header", schemaKnows: false),
        top(
            "a header in capitals",
            "sources: [{name: h, hook: generic, unsigned: true, map: {repository: \"{@header:X-R}\", branch: b, revision: c}}]",
            "6:57: found {@header:X-R}, expected {@header:x-r}: in lower case", schemaKnows: false),
        top(
            "a secret that is nowhere", "secrets: [{name: s}]",
            "6:11: found a secret with neither or both of \"file\" and \"env\", expected one of them"),
        top("a secret beside the configuration", "secrets: [{name: s, file: token}]", "6:27: found \"token\", expected an absolute path"),
        top(
            "two secrets of one name", "secrets: [{name: s, env: A}, {name: s, env: B}]", "6:37: found a second secret \"s\"", schemaKnows: false),
        top("nobody who builds it", "untrusted: {workers: none}", "6:22: found \"none\", expected one of \"accepting\", \"any\""),
        top(
            "a Gerrit that cannot be fetched from", "sources: [{name: h, hook: gerrit, unsigned: true}]",
            "6:11: found a hook without \"url\", expected the URL"),
        top(
            "a Gerrit that nobody can prove himself to", "sources: [{name: h, hook: gerrit, secret: {env: X}, url: \"https://g\"}]",
            "6:11: found a hook without \"token\", expected {header: NAME}"),
        top(
            "a Gerrit with a password", "sources: [{name: h, hook: gerrit, unsigned: true, url: \"https://u:p@g\"}]",
            "6:56: found \"https://…@g\", expected a URL without user and password"),
        top(
            "a hook and a poller of one name", "sources: [{name: h, git: /x}, {name: h, hook: gitea, unsigned: true}]",
            "6:38: found a second source \"h\"", schemaKnows: false),
    ]
}
