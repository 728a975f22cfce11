import Testing

@testable import Domain

@Suite(.timeLimit(.minutes(1))) struct PatternErrorTests {
    @Test(
        "What is not read is refused, with its place and its reason",
        arguments: [
            ("*a", 0, .nothingToRepeat("*")), ("a|+", 2, .nothingToRepeat("+")), ("(?:?)", 3, .nothingToRepeat("?")),
            ("({2})", 1, .nothingToRepeat("{")),
            ("^*", 1, .nothingToRepeat("*")), ("\\b+", 2, .nothingToRepeat("+")), ("a${1}", 2, .nothingToRepeat("{")),
            ("(?i)*", 4, .nothingToRepeat("*")),
            ("a**", 2, .repeatedQuantifier), ("a+*", 2, .repeatedQuantifier), ("a{2}{3}", 4, .repeatedQuantifier), ("a*??", 3, .repeatedQuantifier),
            ("a*+", 2, .possessiveQuantifier), ("a{2}+", 4, .possessiveQuantifier), ("(a)?+", 4, .possessiveQuantifier),
            ("a{", 1, .strayBrace), ("a{x}", 1, .strayBrace), ("a{,3}", 1, .strayBrace), ("a{1", 1, .strayBrace), ("a{1,2", 1, .strayBrace),
            ("{", 0, .strayBrace), ("${x}", 1, .strayBrace), ("a{2}{", 4, .strayBrace), ("a{-1}", 1, .strayBrace), ("a{1,2,3}", 1, .strayBrace),
            ("a{3,2}", 1, .repetitionUpsideDown(least: 3, most: 2)), ("a{1001}", 1, .tooManyRepetitions), ("a{1,1001}", 1, .tooManyRepetitions),
            ("a{1001,}", 1, .tooManyRepetitions), ("a{99999999999999999999}", 1, .tooManyRepetitions),
            ("ab(c", 2, .unclosedGroup), ("(a(b)", 0, .unclosedGroup), ("(?:", 0, .unclosedGroup), ("a)", 1, .unopenedGroup),
            ("(a))", 3, .unopenedGroup),
            ("a[b", 1, .unclosedClass), ("[]", 0, .unclosedClass), ("[^]", 0, .unclosedClass), ("[", 0, .unclosedClass), ("[a-", 0, .unclosedClass),
            ("[z-a]", 1, .rangeUpsideDown(first: "z", last: "a")), ("[ab-\\]]", 2, .rangeUpsideDown(first: "b", last: "]")),
            ("[a-\\d]", 1, .rangeOfClasses), ("[x\\w-z]", 2, .rangeOfClasses), ("[[:alpha:]]", 1, .namedClass), ("[a-[:x]", 3, .namedClass),
            ("(a)\\1", 3, .backReference), ("\\k<x>", 0, .backReference), ("a(?P=x)", 1, .backReference),
            ("a(?=b)", 1, .lookAround), ("a(?!b)", 1, .lookAround), ("(?<=a)", 0, .lookAround), ("(?<!a)", 0, .lookAround),
            ("(?P<x>a)", 0, .namedGroup), ("(?<x>a)", 0, .namedGroup), ("(?'x'a)", 0, .namedGroup),
            ("a(?i)", 1, .misplacedFlag), ("(?m)a", 0, .misplacedFlag), ("(?i)(?i)", 4, .misplacedFlag), ("(?i:a)", 0, .misplacedFlag),
            ("(?-i)", 0, .misplacedFlag), ("(?is)", 0, .misplacedFlag),
            ("(?>a)", 0, .unknownGroup), ("(?#a)", 0, .unknownGroup), ("(?", 0, .unknownGroup), ("(?)", 0, .unknownGroup),
            ("(??a)", 0, .unknownGroup),
            ("a\\", 1, .unfinishedEscape), ("[\\", 1, .unfinishedEscape), ("\\A", 0, .unknownEscape("A")), ("x\\Z", 1, .unknownEscape("Z")),
            ("\\x41", 0, .unknownEscape("x")), ("\\p{L}", 0, .unknownEscape("p")), ("\\0", 0, .unknownEscape("0")), ("[\\b]", 1, .unknownEscape("b")),
            ("[\\1]", 1, .unknownEscape("1")), ("a\\Q", 1, .unknownEscape("Q")),
        ] as [(String, Int, PatternError.Reason)])
    func refused(source: String, offset: Int, reason: PatternError.Reason) {
        let error = #expect(throws: PatternError.self) { try Pattern(source) }
        #expect(error?.offset == offset)
        #expect(error?.reason == reason)
    }

    @Test(
        "A refusal says what to do",
        arguments: [
            ("a*+", "leave out the last +"), ("*a", "write \\*"), ("a**", "into a group"), ("a{", "write \\{"), ("a{3,2}", "write {2,3}"),
            ("a{1001}", "use * or +"), ("(a", "add )"), ("a)", "write \\)"), ("[a", "add ]"), ("[z-a]", "write a-z"), ("[a-\\d]", "write \\-"),
            ("[[:alpha:]]", "write \\w"), ("(a)\\1", "write out"), ("(?=a)", "second filter"), ("(?<x>a)", "leave out the name"),
            ("a(?i)", "move it there"),
            ("(?>a)", "use one of these"), ("a\\", "write \\\\"), ("\\A", "write ^"), ("\\z", "write $"), ("\\x41", "write x"),
            (String(repeating: "a", count: 1_001), "shorter patterns"), (String(repeating: "(", count: 51), "take out"),
            ("(a{100}){100}", "repeat less"),
        ])
    func advice(source: String, advice: String) {
        let error = #expect(throws: PatternError.self) { try Pattern(source) }
        #expect(error?.description.contains(advice) == true, "\(error?.description ?? "none")")
    }

    @Test("The place is told in characters, however many scalars they are, and to people from 1 on")
    func placeInCharacters() {
        let error = #expect(throws: PatternError.self) { try Pattern("👍🏽e\u{301}(a") }
        #expect(error?.offset == 2)
        #expect(error?.description.hasPrefix("character 3: ") == true)
        // The star is in the middle of a character: it carries the accent.
        #expect(throws: PatternError(PatternFault(.nothingToRepeat("*"), at: 1), in: "|*\u{301}")) { try Pattern("|*\u{301}") }
        #expect(PatternError(PatternFault(.unclosedClass, at: 2), in: "a\u{301}\u{302}b").offset == 0)
    }

    @Test("A pattern of a thousand scalars is read, a longer one is not")
    func length() throws {
        #expect(try Pattern(String(repeating: "a", count: 1_000)).matches(String(repeating: "a", count: 1_000)))
        let error = #expect(throws: PatternError.self) { try Pattern(String(repeating: "a", count: 1_001)) }
        #expect(error?.reason == .tooLong(1_001))
        let accents = #expect(throws: PatternError.self) { try Pattern("a" + String(repeating: "\u{301}", count: 1_000)) }
        #expect(accents?.reason == .tooLong(1_001))
    }

    @Test("Fifty groups in each other are read, more are not")
    func nesting() throws {
        func nested(_ depth: Int) -> String { String(repeating: "(", count: depth) + "a" + String(repeating: ")", count: depth) }
        #expect(try Pattern(nested(50)).matches("a"))
        let error = #expect(throws: PatternError.self) { try Pattern(nested(51)) }
        #expect(error?.reason == .tooDeep)
        #expect(error?.offset == 50)
        #expect(try Pattern(String(repeating: "(a)", count: 300)).matches(String(repeating: "a", count: 300)))
    }

    @Test("A program of ten thousand instructions is kept, a larger one is refused where its outermost repetition stands")
    func programSize() throws {
        // The last instruction is the match.
        #expect(try Pattern("(a{999}){10}a{9}").program.instructions.count == 10_000)
        let error = #expect(throws: PatternError.self) { try Pattern("b(a{1000}){10}c") }
        #expect(error?.reason == .tooLarge)
        #expect(error?.offset == 10)
        #expect(throws: PatternError.self) { try Pattern("(a{999}){10}a{10}") }
        #expect(throws: PatternError.self) { try Pattern("((a{1000}){1000}){1000}") }
        #expect(throws: PatternError.self) { try Pattern("((a?){0,1000}){1000}") }
    }

    @Test("Repeating nothing, however often, takes no time and matches the empty text")
    func repeatedNothing() throws {
        let source = String(repeating: "(", count: 50) + String(repeating: "){1000}", count: 50)
        #expect(try Pattern(source).matches(""))
        #expect(try Pattern("^" + source + "$").program.instructions.count == 3)
        #expect(try Pattern("^((a{1000}){0}){1000}$").matches(""))
    }
}
