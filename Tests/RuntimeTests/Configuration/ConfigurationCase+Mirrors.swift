extension ConfigurationCase {
    /// Sources that say that they tell of one repository, and cannot.
    static let mirrors: [ConfigurationCase] = [
        top(
            "a mirror of nobody", "sources: [{name: a, git: /x}, {name: h, hook: gitea, unsigned: true, mirror_of: b}]",
            "6:81: found \"b\", expected a source: one of \"a\", \"h\"", schemaKnows: false),
        top(
            "a mirror of itself", "sources: [{name: a, git: /x, mirror_of: a}]",
            "6:41: found sources that mirror each other in a circle (a mirrors a)", schemaKnows: false),
        top(
            "mirrors in a circle", "sources: [{name: a, git: /x, mirror_of: b}, {name: b, hook: gitea, unsigned: true, mirror_of: a}]",
            "6:41: found sources that mirror each other in a circle (a mirrors b mirrors a)",
            "6:95: found sources that mirror each other in a circle (b mirrors a mirrors b)", schemaKnows: false),
        top(
            "other changes of the same repository",
            "sources: [{name: a, git: /x}, {name: h, hook: gitea, unsigned: true, commits: tip, mirror_of: a}]",
            "6:95: found \"h\" with \"commits: tip\" in the group of \"a\", whose others have \"commits: each\"", schemaKnows: false),
        top(
            "a forge that lists no commits beside a poller that does",
            "sources: [{name: a, git: /x}, {name: h, hook: bitbucket-server, unsigned: true, mirror_of: a}]",
            "6:92: found \"h\" with \"commits: tip\" in the group of \"a\"", schemaKnows: false),
        top(
            "another repository", "sources: [{name: a, git: /x}, {name: b, git: /y/z.git, mirror_of: a}]",
            "6:67: found \"b\" in the group of \"a\" with a repository of another name, expected the same last part of both addresses, \"x\"",
            schemaKnows: false),
        top(
            "another system", "sources: [{name: a, git: /x}, {name: b, mercurial: /x, mirror_of: a}]",
            "6:67: found a git and a Mercurial repository in the group of \"a\"", schemaKnows: false),
        top(
            "members that a third makes one group",
            "sources: [{name: f, hook: generic, unsigned: true, map: \(mapping)}, {name: a, git: /x, mirror_of: f}, "
                + "{name: h, hook: github, unsigned: true, commits: tip, mirror_of: a}]",
            "6:198: found \"h\" with \"commits: tip\" in the group of \"f\", whose others have \"commits: each\"", schemaKnows: false),
        top("a project that is no name", "sources: [{name: a, git: /x, project: a/b}]", "6:39: found \"a/b\", expected a name"),
    ]
}
