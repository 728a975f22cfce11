import Testing

@testable import Domain

/// What people may say when they force a builder.
@Suite struct ForceRuleTests {
    private static var rule: ForceRule {
        get throws {
            var channel = ForceParameter("channel", .choice, default: "beta")
            channel.choices = ["beta", "stable"]
            var share = ForceParameter("share", .number)
            (share.minimum, share.maximum) = (1, 100)
            var ticket = ForceParameter("ticket", .text, required: true)
            ticket.pattern = try Pattern("^SHOP-\\d+$")
            return ForceRule(parameters: [
                channel, share, ticket, ForceParameter("tests", .boolean), ForceParameter("since", .revision), ForceParameter("count", .number),
            ])
        }
    }

    @Test("Values come in their kind, also from texts; defaults fill in what is not given")
    func fills() throws {
        let (properties, problems) = try Self.rule.properties(from: ["ticket": "SHOP-7", "share": "12.5", "tests": "false", "since": "63a5415c"])
        #expect(problems.isEmpty)
        #expect(properties == ["channel": "beta", "ticket": "SHOP-7", "share": .number(12.5), "tests": .bool(false), "since": "63a5415c"])
    }

    private static let wrong: [(name: String, value: JSONValue)] = [
        ("channel", "Beta"), ("channel", .integer(1)), ("share", .integer(0)), ("share", "101"), ("share", "0x10"), ("share", "nan"),
        ("share", "inf"), ("count", .integer(9_007_199_254_740_993)), ("count", "12345678901234567890"), ("count", "-9007199254740993"),
        ("share", "1e999"), ("share", .bool(true)), ("share", ""), ("ticket", ""), ("ticket", "SHOP-7\n; rm"), ("ticket", "X-7"), ("ticket", .null),
        ("tests", "yes"), ("tests", .integer(1)), ("since", "main"), ("since", "-63a5415c"), ("since", "63a541"),
        ("since", .string(String(repeating: "a", count: 65))),
    ]

    @Test("What is not of its kind, or beyond its limits, is refused by name", arguments: wrong)
    func refuses(name: String, value: JSONValue) throws {
        var given: [String: JSONValue] = ["ticket": "SHOP-7"]
        given[name] = value
        #expect(try Self.rule.properties(from: given).problems.map(\.pointer) == ["/properties/\(name)"])
    }

    @Test("What has to be given is missed, and what nobody asked for is refused with the nearest name")
    func names() throws {
        let problems = try Self.rule.properties(from: ["chanel": "beta", "a/b": 1]).problems
        #expect(problems.map(\.pointer) == ["/properties/ticket", "/properties", "/properties/chanel"])
        #expect(problems.last?.detail.hasSuffix("did you mean channel?") == true)
        #expect(ForceRule().properties(from: ["x": 1]).problems.map(\.detail) == ["is no parameter: this builder takes none"])
    }
}
