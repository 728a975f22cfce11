extension ConfigurationCase {
    /// Builders, their steps, and what refers to them.
    static let recipes: [ConfigurationCase] = [
        ConfigurationCase(
            name: "two of one name",
            text: "project: p\nbuilders:\n- {name: b, steps: [{run: x}]}\n- {name: b, steps: [{run: y}]}\n",
            problems: ["4:10: found a second builder \"b\", expected a name of its own; the first is at f:3:10"], schemaKnows: false),

        builder("no steps", "attempts: 3", "3:3: found a builder without \"steps\", expected a list of steps"),
        builder("an empty list of steps", "steps: []", "3:20: found an empty list, expected at least one of steps"),
        builder("no attempts", "attempts: 0, steps: [{run: x}]", "3:23: found the number 0, expected a whole number from 1 to 100"),
        builder(
            "a variable that is Doorbell's", "env: {DOORBELL_TOKEN: x}, steps: [{run: x}]", "3:19: found \"DOORBELL_TOKEN\", expected another name"),
        builder("no variable", "env: {a-b: x}, steps: [{run: x}]", "3:19: found \"a-b\", expected the name of an environment variable"),
        builder("a list as a value", "env: {A: [x]}, steps: [{run: x}]", "3:22: found a list, expected a text, a number or a boolean"),
        builder(
            "a need that is no builder", "needs: [tset], steps: [{run: x}]", "3:21: found \"tset\", expected a builder: one of \"b\"",
            schemaKnows: false),
        builder(
            "a need twice", "needs: [b, b], steps: [{run: x}]", "3:10: found builders that need each other in a circle (b needs b)",
            "3:24: found \"b\" a second time, expected each builder once"),
        builder(
            "a need with an outcome that does not exist", "needs: [{builder: b, outcome: green}], steps: [{run: x}]",
            "3:10: found builders that need each other", "3:43: found \"green\", expected one of"),
        builder(
            "a parameter that is Doorbell's", "force: {parameters: [{name: untrusted, kind: boolean}]}, steps: [{run: x}]",
            "3:41: found \"untrusted\", expected the name of a property"),
        builder("no room for a patch", "try: {bytes: 0}, steps: [{run: x}]", "3:26: found the number 0, expected a whole number from 1 to 33554432"),
        builder("a deadline that is a number", "deadline: 7200, steps: [{run: x}]", "3:23: found the number 7200, expected a duration"),
        builder("a result of any age", "reuse: {outcome: success}, steps: [{run: x}]", "3:20: found a reuse without \"within\", expected a duration"),
        builder(
            "a result that nobody keeps", "reuse: {within: 721h}, steps: [{run: x}]", "3:29: found \"721h\", expected a duration from 1s to 720h",
            schemaKnows: false),
        builder(
            "a result that says nothing", "reuse: {within: 1h, outcome: [exception]}, steps: [{run: x}]",
            "3:43: found \"exception\", expected one of \"success\", \"warnings\", \"failure\""),
        ConfigurationCase(
            name: "a result of what others build",
            text:
                "project: p\nschedulers: [{name: s, kind: triggerable, builders: [c]}]\nbuilders:\n- {name: c, steps: [{run: x}]}\n"
                + "- {name: b, reuse: {within: 1h}, steps: [{run: x}, {trigger: {scheduler: s}}]}\n",
            problems: ["5:13: found \"reuse\" beside a step that triggers, expected one of them: no result tells what that had built"],
            schemaKnows: false),
        builder("a word that is no boolean", "collapse: sometimes, steps: [{run: x}]", "3:23: found \"sometimes\", expected"),
        builder("no room", "limit: 0, steps: [{run: x}]", "3:20: found the number 0, expected a whole number from 1 to 1000000"),
        builder(
            "a lock where there is none", "locks: [db], steps: [{run: x}]", "3:21: found \"db\", expected the name of a lock (there is none",
            schemaKnows: false),
        builder(
            "a mode that is none", "locks: [{name: b, mode: shared}], steps: [{run: x}]",
            "3:28: found \"b\", expected the name of a lock (there is none", "3:37: found \"shared\", expected one of \"exclusive\", \"counting\""),
        builder("a lock by its count", "locks: 2, steps: [{run: x}]", "3:20: found the number 2, expected a list of locks"),
        ConfigurationCase(
            name: "a lock that is misspelled",
            text: """
                project: p
                locks: [{name: database}, {name: net, count: 0}, {name: net}]
                builders:
                - {name: a, locks: [databse, {name: databse, mode: counting}], steps: [{run: x}]}
                """,
            problems: [
                "2:46: found the number 0, expected a whole number from 1 to 1000000",
                "2:57: found a second lock \"net\", expected a name of its own; the first is at f:2:34",
                "4:21: found \"databse\", expected a lock: one of \"database\", \"net\", \"net\"; did you mean \"database\"?",
                "4:37: found \"databse\" a second time, expected each lock once",
            ]),
        ConfigurationCase(
            name: "consumers without sense",
            text: """
                project: p
                consumers: [{name: a}, {name: a, queue: "", keys: ["", 3]}, {name: b, queue: q, dead: x}]
                builders: [{name: a, steps: [{run: x}]}]
                """,
            problems: [
                "2:13: found a consumer without \"queue\", expected the name of its queue",
                "2:31: found a second consumer \"a\", expected a name of its own; the first is at f:2:20",
                "2:41: found \"\", expected the name of a queue: 1 to 255 bytes without control characters",
                "2:52: found \"\", expected a pattern of routing keys, such as build.finished.#: 1 to 255 bytes",
                "2:56: found the number 3, expected a pattern of routing keys: write it in quotes, \"3\"",
                "2:81: found the key \"dead\" in a consumer, expected one of \"name\", \"queue\", \"keys\", \"dead_letters\"",
            ]),
        ConfigurationCase(
            name: "webhooks without sense",
            text: """
                project: p
                webhooks:
                - {name: a}
                - {name: a, url: "http://h.example/x", secret: {file: /k}}
                - {name: b, url: "ftp://h.example", secret: []}
                - {name: c, url: "https://u:p@h.example", secret: [{file: /1}, {file: /2}, {file: /3}, {file: /4}]}
                - {name: d, url: "http://h.example", private: true, secret: {file: k}, header: x}
                builders: [{name: a, steps: [{run: x}]}]
                """,
            problems: [
                "3:3: found a webhook without \"url\", expected the address of its endpoint",
                "3:3: found a webhook without \"secret\", expected {env: NAME} or {file: /PATH} with what its messages are signed with",
                "4:10: found a second webhook \"a\", expected a name of its own; the first is at f:3:10",
                "4:18: found \"http://h.example/x\", expected a URL of https; one of http needs \"private: true\"",
                "5:18: found \"ftp://h.example\", expected a URL of https or http, of at most 2000 bytes",
                "5:45: found an empty list, expected at least one of secrets (or leave the key out)",
                "6:18: found a user in the URL, expected none: messages are signed with \"secret\"",
                "6:51: found 4 secrets, expected at most 3: the new one, and those that it replaces",
                "7:68: found \"k\", expected an absolute path",
                "7:72: found the key \"header\" in a webhook, expected one of \"name\", \"url\", \"keys\", \"secret\", \"private\"",
            ]),
        ConfigurationCase(
            name: "projects without sense",
            text: """
                project: p
                projects: [{name: a, share: 0}, {share: 2}, {name: a, limit: 0, longest_wait: 10ms, weight: 2}]
                builders: [{name: a, steps: [{run: x}]}]
                """,
            problems: [
                "2:29: found the number 0, expected a whole number from 1 to 10000",
                "2:33: found a project without \"name\", expected a name",
                "2:52: found a second project \"a\", expected a name of its own; the first is at f:2:19",
                "2:62: found the number 0, expected a whole number from 1 to 1000000",
                "2:79: found \"10ms\", expected a duration from 1s to", "2:85: found the key \"weight\" in a project, expected one of",
            ]),
        ConfigurationCase(
            name: "needs in a circle",
            text: """
                project: p
                builders:
                - {name: a, needs: [b], steps: [{run: x}]}
                - {name: b, needs: [{builder: a, outcome: any}], steps: [{run: y}]}
                """,
            problems: ["3:10: found builders that need each other in a circle (a needs b needs a), expected one that needs none of the others"],
            schemaKnows: false),
        ConfigurationCase(
            name: "a scheduler without what its builder needs",
            text: """
                project: p
                schedulers:
                - {name: s, kind: any-branch, builders: [b]}
                builders:
                - {name: a, steps: [{run: x}]}
                - {name: b, needs: [a], steps: [{run: y}]}
                """,
            problems: ["3:10: found builder \"b\" without \"a\", which it needs: expected both among the builders of the scheduler"],
            schemaKnows: false),
        builder("a label that is a path", "labels: {os: ../x}, steps: [{run: x}]", "3:26: found \"../x\", expected a label value of"),

        builder(
            "a default beyond its limits", "steps: [{run: x}], force: {parameters: [{name: n, kind: number, maximum: 3, default: 4}]}",
            "3:98: found the number 4, expected a number of at most 3", schemaKnows: false),
        builder(
            "choices of a text", "steps: [{run: x}], force: {parameters: [{name: n, kind: text, choices: [a]}]}",
            "3:75: found \"choices\" in a parameter of kind \"text\", expected none"),
        builder(
            "a choice without choices", "steps: [{run: x}], force: {parameters: [{name: n, kind: choice}]}",
            "3:53: found a parameter without \"choices\", expected the values to choose from"),
        builder(
            "a parameter of Doorbell's own", "steps: [{run: x}], force: {parameters: [{name: branch, kind: text}]}",
            "3:60: found \"branch\", expected the name of a property"),
        builder(
            "a default of what has to be given",
            "steps: [{run: x}], force: {parameters: [{name: n, kind: text, required: true, default: a}]}",
            "3:91: found \"default\" in a parameter that is \"required\", expected one of them"),
        builder(
            "a parameter twice", "steps: [{run: x}], force: {parameters: [{name: n, kind: text}, {name: n, kind: boolean}]}",
            "3:83: found a second parameter \"n\", expected a name of its own", schemaKnows: false),
        builder(
            "a pattern that is none", "steps: [{run: x}], force: {parameters: [{name: n, kind: text, pattern: \"(\"}]}",
            "3:84: found \"(\", a regular expression that cannot be read", schemaKnows: false),
        step(
            "a secret that nobody knows", "{run: x, secrets: {A: s}}", "5:27: found \"s\", expected the name of a secret (there is none",
            schemaKnows: false),
        step("a secret for a checkout", "{checkout: {}, secrets: {A: s}}", "5:20: found \"secrets\" in a step without \"run\", expected none"),
        step("a secret in no variable", "{run: x, secrets: {a-b: s}}", "5:24: found \"a-b\", expected the name of an environment variable"),
        top(
            "a codebase with a hyphen", "codebases: [{name: my-app, repository: r}]",
            "6:20: found \"my-app\", expected a name of at most 40 letters, digits and \"_\", beginning with a letter"),
        top("a codebase of nothing", "codebases: [{name: app}]", "6:13: found a codebase without \"repository\", expected the URL or path"),
        top(
            "codebases that cannot be told apart",
            "codebases: [{name: app, repository: /r}, {name: APP, repository: /s}, {name: lib, repository: /r}]",
            "6:49: found \"APP\" beside \"app\", expected names that differ in more than the case of letters",
            "6:78: found the repository of \"app\" again, expected one of its own", schemaKnows: false),
        top(
            "a codebase in another", "codebases: [{name: app, repository: /r, path: src}, {name: lib, repository: /s, path: src/lib}]",
            "6:60: found the path \"src/lib\" beside \"src\" of \"app\", expected paths of which none lies in the other", schemaKnows: false),
        top(
            "a codebase that takes the whole directory", "codebases: [{name: app, repository: /r, path: \"a/./b\"}]",
            "6:47: found \"a/./b\", expected a path such as \"lib\" or \"deps/lib\"", schemaKnows: false),
        scheduler(
            "a codebase that there is not", "kind: any-branch, codebases: [app], builders: [test]",
            "7:43: found \"app\", expected the name of a codebase (there is none: they stand in \"codebases\" beside \"schedulers\")",
            schemaKnows: false),
        scheduler(
            "codebases of what is followed", "kind: triggerable, codebases: [app], builders: [test]",
            "7:32: found \"codebases\" in a scheduler of kind \"triggerable\", expected none"),
        ConfigurationCase(
            name: "a branch beside codebases",
            text: "project: p\n\(ConfigurationSamples.builders)\ncodebases: [{name: app, repository: /r}]\nschedulers:\n"
                + "- {name: s, kind: periodic, every: 1h, branch: b, codebases: [app], builders: [test]}\n",
            problems: ["8:40: found \"branch\" beside \"codebases\", expected none: each codebase has its own"]),
        ConfigurationCase(
            name: "a property of a codebase",
            text: "project: p\nbuilders:\n- {name: test, properties: {revision_app: x}, steps: [{run: x}]}\n"
                + "codebases: [{name: app, repository: /r}]\n",
            problems: ["3:10: found the property \"revision_app\", expected another name"], schemaKnows: false),
        step("neither", "{name: x}", "5:5: found a step with neither \"checkout\" nor \"run\""),
        step("a trigger of nothing", "{trigger: {wait: false}}", "5:15: found a trigger with neither or both of \"scheduler\" and \"schedulers\""),
        step(
            "a trigger of a scheduler that there is not", "{trigger: {scheduler: s}}",
            "5:27: found \"s\", expected the name of a scheduler (there is none)", schemaKnows: false),
        step(
            "a trigger with an environment", "{trigger: {scheduler: s}, env: {A: b}}",
            "5:27: found \"s\", expected the name of a scheduler (there is none)",
            "5:31: found \"env\" in a step that triggers, expected none"),
        ConfigurationCase(
            name: "a circle of triggers",
            text:
                "project: p\nschedulers: [{name: s, kind: triggerable, builders: [b]}]\nbuilders:\n- {name: b, steps: [{trigger: {scheduler: s}}]}\n",
            problems: ["4:10: found builders that trigger each other in a circle (builder b, then scheduler s, then builder b)"], schemaKnows: false),
        ConfigurationCase(
            name: "a trigger of another kind of scheduler",
            text: "project: p\nschedulers: [{name: s, kind: any-branch, builders: [b]}]\nbuilders:\n- {name: c, steps: [{run: x}]}\n"
                + "- {name: b, steps: [{trigger: {scheduler: s}}]}\n",
            problems: [
                "5:10: found builders that trigger each other in a circle", "5:43: found \"s\", a scheduler of another kind, expected one of kind",
            ], schemaKnows: false),
        scheduler(
            "a triggerable scheduler of changes", "kind: triggerable, branches: [main], builders: [test]",
            "7:32: found \"branches\" in a scheduler of kind \"triggerable\", expected none"),
        step("both", "{checkout: {}, run: x}", "5:5: found a step with both \"checkout\" and \"run\""),
        step("a typo in a step", "{run: x, timout: 5m}", "5:14: found the key \"timout\" in a step, expected one of"),
        step("yes is no boolean", "{run: x, always: yes}", "5:22: found \"yes\", expected true or false"),
        step("an empty command", "{run: \"  \"}", "5:11: found \"  \", expected a shell command that is not empty"),
        step("a program without a name", "{run: [\"\", x]}", "5:12: found \"\", expected the name of a program", schemaKnows: false),
        step("a broken reference", "{run: \"echo ${x:-y}\"}", "5:11: found \"${x:-y}\", expected a property as ${name}", schemaKnows: false),
        step("out of the directory", "{run: x, directory: a/../../b}", "5:25: found \"a/../../b\", expected a path in the build's directory"),
        step("an absolute directory", "{run: x, directory: /etc}", "5:25: found \"/etc\", expected a path in the build's directory"),
        step(
            "a misspelled mode", "checkout: {mode: claen}",
            "5:22: found \"claen\", expected one of \"clean\", \"incremental\"; did you mean \"clean\"?"),
        step("a property in a name", "{name: \"${x}\", run: x}", "5:12: found \"${x}\", expected a name without ${"),
        step("an unknown tag", "{run: !!binary x}", "5:11: found the tag tag:yaml.org,2002:binary, expected a shell command", schemaKnows: false),
    ]
}
