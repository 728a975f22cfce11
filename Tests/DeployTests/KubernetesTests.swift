import Foundation
import Testing
import Yams

@Suite struct KubernetesTests {
    private static let directory = Tool.file("kubernetes")

    static let manifests: [String] =
        ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).filter { $0.hasSuffix(".yaml") && $0 != "kustomization.yaml" }
        .sorted()

    @Test("Every manifest is what Kubernetes expects", arguments: manifests)
    func isValid(manifest: String) async throws {
        let result = try await Tool.run("kubernetes-validate", ["--strict", "-k", "1.29", "\(Self.directory)/\(manifest)"])
        #expect(result.status == 0, "\(result.output)")
    }

    @Test("The kustomization names every manifest and no other")
    func kustomizationIsComplete() throws {
        let text = try String(contentsOfFile: Self.directory + "/kustomization.yaml", encoding: .utf8)
        let kustomization = try #require(try Yams.load(yaml: text) as? [String: Any])
        #expect((kustomization["resources"] as? [String])?.sorted() == Self.manifests)
    }

    @Test("No manifest holds a secret; every service takes its URLs from one of its own")
    func secretsStayOutside() throws {
        for (manifest, document) in try documents() {
            #expect(document["kind"] as? String != "Secret", "\(manifest)")
            for container in containers(of: document) where container["image"] as? String == "doorbell" {
                let sources = container["envFrom"] as? [[String: Any]] ?? []
                let secrets = sources.compactMap { ($0["secretRef"] as? [String: Any])?["name"] as? String }
                #expect(secrets == ["doorbell-" + (manifest as NSString).deletingPathExtension], "\(manifest)")
            }
        }
    }

    @Test("What listens to other machines asks for tokens, and the workers have one")
    func tokensAreAskedFor() throws {
        let text = try String(contentsOfFile: Self.directory + "/kustomization.yaml", encoding: .utf8)
        let kustomization = try #require(try Yams.load(yaml: text) as? [String: Any])
        let settings = (kustomization["configMapGenerator"] as? [[String: Any]])?.first?["literals"] as? [String] ?? []
        #expect(settings.contains("DOORBELL_LISTEN=0.0.0.0:8010") && settings.contains("DOORBELL_AUTH=tokens"))
        let workers = try documents().filter { $0.0 == "worker.yaml" }.flatMap { containers(of: $0.1) }
        let names = workers.flatMap { $0["env"] as? [[String: Any]] ?? [] }.compactMap { $0["name"] as? String }
        #expect(names.contains("DOORBELL_TOKEN"))
    }

    @Test("Every service has probes, limits, a read-only root and a disruption budget")
    func servicesAreGuarded() throws {
        let all = try documents()
        let budgets = all.filter { $0.1["kind"] as? String == "PodDisruptionBudget" }.compactMap {
            ($0.1["metadata"] as? [String: Any])?["name"] as? String
        }
        var seen: [String] = []
        for (manifest, document) in all where ["Deployment", "StatefulSet"].contains(document["kind"] as? String) {
            let name = try #require((document["metadata"] as? [String: Any])?["name"] as? String)
            for container in containers(of: document) where container["image"] as? String == "doorbell" {
                seen.append(name)
                #expect(container["livenessProbe"] != nil && container["readinessProbe"] != nil, "\(manifest)")
                #expect((container["resources"] as? [String: Any])?["limits"] != nil, "\(manifest)")
                #expect((container["securityContext"] as? [String: Any])?["readOnlyRootFilesystem"] as? Bool == true, "\(manifest)")
                #expect(budgets.contains(name), "\(name) has no disruption budget")
            }
        }
        #expect(seen.sorted() == ["dispatcher", "intake", "relay", "scheduler", "web"].map { "doorbell-\($0)" })
    }

    private func documents() throws -> [(String, [String: Any])] {
        try Self.manifests.flatMap { manifest in
            let text = try String(contentsOfFile: "\(Self.directory)/\(manifest)", encoding: .utf8)
            return try Yams.load_all(yaml: text).compactMap { ($0 as? [String: Any]).map { (manifest, $0) } }
        }
    }

    private func containers(of document: [String: Any]) -> [[String: Any]] {
        let template = (document["spec"] as? [String: Any])?["template"] as? [String: Any]
        return (template?["spec"] as? [String: Any])?["containers"] as? [[String: Any]] ?? []
    }
}
