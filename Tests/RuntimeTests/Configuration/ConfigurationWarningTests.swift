import Testing

@testable import Runtime

@Suite struct ConfigurationWarningTests {
    private func warnings(_ sources: String) throws -> [String] {
        let configuration = try ConfigurationSamples.load(
            "project: p\nsources:\n\(sources)\nbuilders:\n  - {name: b, steps: [{run: x}]}\n"
        ).configuration
        return ConfigurationWarnings.all(of: configuration, secretsDirectory: nil)
    }

    @Test("A group in which nobody looks at the repository cannot find what all others lose: that is said")
    func nobodyLooks() throws {
        let found = try warnings(
            """
              - {name: forge, hook: github, unsigned: true}
              - {name: feed, amqp: own, preset: doorbell, queue: q, mirror_of: forge}
              - {name: other, hook: gitea, unsigned: true, mirror_of: repo}
              - {name: repo, git: /srv/repo.git}
              - {name: dropped, directory: /srv/in, mirror_of: hg}
              - {name: hg, mercurial: /srv/hg}
            """)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("no source of the group of forge (feed, forge) looks at its repository") == true, "\(found)")
    }

    @Test("A hook whose group shares the last part of its repository's address with another repository may tell of both: that is said")
    func sameName() throws {
        let found = try warnings(
            """
              - {name: forge, hook: github, unsigned: true, mirror_of: repo}
              - {name: repo, git: "https://git.example.org/shop/storefront.git"}
              - {name: archived, git: "https://git.example.org/archive/Storefront"}
              - {name: same, git: "https://git.example.org/shop/storefront"}
              - {name: unlike, git: "https://git.example.org/shop/backend"}
            """)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("archived reads another repository that is called storefront") == true, "\(found)")
        #expect(found.first?.contains("forge") == true)
        let apart = try warnings(
            """
              - {name: forge, hook: github, unsigned: true, mirror_of: repo}
              - {name: repo, git: "https://git.example.org/shop/storefront.git"}
              - {name: other, hook: gitea, unsigned: true, mirror_of: archived}
              - {name: archived, git: "https://git.example.org/archive/storefront"}
            """)
        // Each has a hook of its own.
        #expect(apart.isEmpty, "\(apart)")
    }
}
