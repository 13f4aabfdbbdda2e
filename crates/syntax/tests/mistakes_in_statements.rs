//! Mistakes in the shape of statements: what is underlined, what is said, what is advised, and what is left.

mod support;

use support::mistakes::check;

#[test]
fn words_that_begin_no_statement() {
    check("rloe clients = 10.0.0.0/8", 0, &[("rloe", "`rloe` begins no statement", "did you mean `role`?")]);
    check(
        r#"fierwall oslo { export = "x" }"#,
        0,
        &[("fierwall", "`fierwall` begins no statement", "did you mean `firewall`?")],
    );
    check("ROLE a = b", 0, &[("ROLE", "`ROLE` begins no statement", "did you mean `role`?")]);
    check(
        "group servers = [10.0.0.1]",
        0,
        &[("group", "`group` begins no statement", "did you mean `role`?")],
    );
    check(
        "if cloud == worldwide { a -> b }",
        0,
        &[("if", "`if` begins no statement", "did you mean `when`?")],
    );
    check(
        "allow a -> b",
        0,
        &[(
            "allow",
            "`allow` begins no statement",
            "a flow stands without it; the rules of a test go between `rules {` and `}`",
        )],
    );
    check(
        "deny a -> b",
        0,
        &[(
            "deny",
            "`deny` begins no statement",
            "write `never source -> destination` for what must not get through",
        )],
    );
    check(
        "x = 10.0.0.1",
        0,
        &[(
            "x",
            "`x` is neither a role nor a service yet",
            "write `role` or `service` before it: `role x = …`",
        )],
    );
    check(
        "expect met relay",
        0,
        &[("expect", "`expect` belongs into a test", r#"write `test "title" { … }` around it"#)],
    );
    check(
        "exo a -> b",
        0,
        &[(
            "a",
            "expected `->`, found `a`",
            "write `:` after `exo` if it is a label, and `->` if it is the source",
        )],
    );
    check("// comment", 0, &[("/", "comments are not written with slashes", "begin the comment with `#`")]);
}

#[test]
fn statements() {
    check(
        "role a 10.0.0.1",
        0,
        &[("10.0.0.1", "expected `=`, found `10.0.0.1`", "write `role name = value`")],
    );
    check("role = 10.0.0.1", 0, &[("=", "expected a name, found `=`", "write `role name = value`")]);
    check(
        "role a =",
        0,
        &[(
            "=",
            "expected a value, found the end of the line",
            "write `role name = value`; only inside brackets does it go on in the next line",
        )],
    );
    check("role a == b", 0, &[("==", "expected `=`, found `==`", "write `role name = value`")]);
    check("role a: b", 0, &[(":", "expected `=`, found `:`", "write `role name = value`")]);
    check("role a b = c", 0, &[("b", "expected `=`, found `b`", "write `role name = value`")]);
    check(
        r#"role a =
  10.0.0.1"#,
        0,
        &[(
            "=",
            "a statement ends with its line, and this one does not",
            "write it on one line, or open a bracket, `(` or `[`, before the line ends",
        )],
    );
    check(
        r#"role a = b
  | c"#,
        0,
        &[(
            "b",
            "a statement ends with its line, and this one does not",
            "write it on one line, or open a bracket, `(` or `[`, before the line ends",
        )],
    );
    check(
        "a b -> c",
        0,
        &[(
            "b",
            "expected `->`, found `b`",
            "write `:` after `a` if it is a label, and `->` if it is the source",
        )],
    );
    check(
        "a -> ",
        0,
        &[(
            "->",
            "expected a value, found the end of the line",
            "a flow is written `source -> destination service`; only inside brackets does it go on in the next line",
        )],
    );
    check(
        "a, b -> c",
        0,
        &[(
            ",",
            "expected `->`, found `,`",
            "write several sources or destinations as a list: `[a, b] -> c`",
        )],
    );
    check("a => b", 0, &[("=", "a flow's arrow is `->`, not `=>`", "write `->`")]);
    check("a → b", 0, &[("→", "`→` has no meaning here", "write `->` between source and destination")]);
    check("a - b", 0, &[("-", "expected `->`, found `-`", "write `->` between source and destination")]);
    check(
        "a <-> b",
        0,
        &[(
            "<",
            "`<` has no meaning here",
            "a flow has one direction: write one for each, `a -> b` and `b -> a`",
        )],
    );
    check(
        "a -> b -> c",
        0,
        &[(
            "->",
            "expected the end of the line, found `->`",
            "a flow is written `source -> destination service`",
        )],
    );
    check(
        "a -> b;",
        0,
        &[(";", "`;` has no meaning here", "a statement ends with its line: remove the `;`")],
    );
    check(
        "never a",
        0,
        &[(
            "a",
            "expected `->`, found the end of the line",
            "a flow is written `source -> destination service`",
        )],
    );
    check(
        "optional: a -> b",
        0,
        &[(
            "optional",
            "`optional` cannot be a label",
            "write `optional source -> destination`, without the colon",
        )],
    );
    check("import a b", 0, &[("b", "expected `as` or `{`, found `b`", "write `as b`")]);
    check(
        r#"import "std.veeam""#,
        0,
        &[(
            r#""std.veeam""#,
            r#"expected the name of a module, found the text `"std.veeam"`"#,
            "write the module's name without quotes: `import std.veeam.vb365`",
        )],
    );
    check(
        "import a as",
        0,
        &[(
            "as",
            "expected a name, found the end of the line",
            "write `import a.b.c as name`, then the arguments between braces",
        )],
    );
    check(
        "firewall f",
        0,
        &[("f", "expected `{`, found the end of the line", r#"write `firewall name { export = "…" }`"#)],
    );
    check(
        "waive",
        0,
        &[(
            "waive",
            "expected the name of a check, found the end of the line",
            r#"write `waive check-name at firewall rule "…" { reason = "…" }`"#,
        )],
    );
    check(
        "waive overbroad-rule rule 12",
        0,
        &[("12", "expected a text in double quotes, found `12`", r#"write `"12"`"#)],
    );
    check(
        "parameter x = 1",
        0,
        &[("=", "expected `:`, found `=`", "write `parameter name: type`, then `= default` if it has one")],
    );
    check("parameter x: string", 0, &[("string", "`string` is not a type", "did you mean `text`?")]);
    check("parameter x: prot", 0, &[("prot", "`prot` is not a type", "did you mean `port`?")]);
    check(
        "parameter x: one of a",
        0,
        &[("a", "expected `[`, found `a`", "write `parameter name: type`, then `= default` if it has one")],
    );
    check(
        "parameter x: one of []",
        0,
        &[(
            "one of []",
            "`one of` needs something to choose from",
            "list what the parameter may be: `one of [worldwide, china]`",
        )],
    );
    check(
        "parameter x: list of",
        0,
        &[(
            "of",
            "expected a type, found the end of the line",
            "write `parameter name: type`, then `= default` if it has one",
        )],
    );
}

#[test]
fn blocks() {
    check(
        r#"firewall f { export "x" }"#,
        1,
        &[(r#""x""#, r#"expected `=`, found `"x"`"#, "an entry is written `key = value`")],
    );
    check(
        r#"firewall f { export: "x" }"#,
        1,
        &[(":", "expected `=`, found `:`", "an entry is written `key = value`")],
    );
    check(
        "firewall f { export = }",
        1,
        &[("=", "expected a value, found `}`", "an entry is written `key = value`")],
    );
    check(
        r#"firewall f {
  guards = [a] ->
  export = "x"
}"#,
        1,
        &[("->", "expected a value, found the end of the line", "an entry is written `key = value`")],
    );
    check(
        "firewall f { export = a, , b = c }",
        1,
        &[(",", "expected the end of the entry, found `,`", "an entry is written `key = value`")],
    );
    check(
        r#"firewall f {
  export "x"
  gaurds [a] -> any
  format = pan_os
  nonsense here
}"#,
        1,
        &[
            (r#""x""#, r#"expected `=`, found `"x"`"#, "an entry is written `key = value`"),
            ("[", "expected `=`, found `[`", "an entry is written `key = value`"),
            ("here", "expected `=`, found `here`", "an entry is written `key = value`"),
        ],
    );
    check(
        "import a as b { x = 300.1.1.1  y = 1 }",
        1,
        &[(
            "300.1.1.1",
            "`300.1.1.1` is not an IPv4 address: `300` is more than 255",
            "write four numbers from 0 to 255",
        )],
    );
    check(
        "import a { x = 1 } as b",
        0,
        &[(
            "as",
            "expected the end of the line, found `as`",
            "write `import a.b.c as name`, then the arguments between braces",
        )],
    );
}

#[test]
fn brackets() {
    check(
        r#"firewall f {
  export = "x"

role a = 10.0.0.1"#,
        2,
        &[("{", "`{` is never closed", "write `}` where the list or block ends")],
    );
    check(
        r#"role a = [b, c
exo: a -> b"#,
        2,
        &[("[", "`[` is never closed", "write `]` where the list or block ends")],
    );
    check("role a = (b", 1, &[("(", "`(` is never closed", "write `)` where the list or block ends")]);
    check("role a = [b}", 0, &[("}", "expected `]`, found `}`", "close `[` with `]`")]);
    check("role a = b }", 0, &[("}", "`}` closes nothing", "remove it, or open with `{` before it")]);
    check("}", 0, &[("}", "`}` closes nothing", "remove it, or open with `{` before it")]);
    check(
        r#"when x == y {
  a -> b"#,
        1,
        &[("{", "`{` is never closed", "write `}` where the list or block ends")],
    );
    check(
        r#"firewall f {
  guards = [a -> any
}
role b = 10.0.0.1"#,
        1,
        &[("[", "`[` is never closed", "write `]` where the list or block ends")],
    );
}

#[test]
fn conditions_and_tests() {
    check(
        "when cloud = worldwide { a -> b }",
        0,
        &[("=", "a comparison is written `==`, not `=`", "write `==`")],
    );
    check(
        "when a == b or c == d { x -> y }",
        0,
        &[(
            "or",
            "conditions are not joined by `or`",
            "write `and`, or `parameter in [a, b]` for any one of several values",
        )],
    );
    check(
        "when a { x -> y }",
        0,
        &[("a", "expected `==`, `!=` or `in`, found `{`", "write `when parameter == value { … }`")],
    );
    check(
        "when a == { x -> y }",
        0,
        &[("==", "expected a value, found `{`", "write `when parameter == value { … }`")],
    );
    check(
        "when a == b",
        0,
        &[(
            "b",
            "this `when` holds nothing: expected `{`, found the end of the line",
            "write `when parameter == value { … }`",
        )],
    );
    check(
        r#"when a == b {
  role x = 300.1.1.1
  role y = 10.0.0.1
}"#,
        1,
        &[(
            "300.1.1.1",
            "`300.1.1.1` is not an IPv4 address: `300` is more than 255",
            "write four numbers from 0 to 255",
        )],
    );
    check(
        "test relay { expect met a }",
        0,
        &[("relay", "expected a text in double quotes, found `relay`", r#"write `"relay"`"#)],
    );
    check(
        r#"test "relay""#,
        0,
        &[(
            r#""relay""#,
            "this `test` holds nothing: expected `{`, found the end of the line",
            r#"write `test "title" { rules { … } expect met label }`"#,
        )],
    );
    check(
        r#"test "relay" { expect met }"#,
        1,
        &[("met", "expected a name, found `}`", "write `expect met label`")],
    );
    check(
        r#"test "relay" { expct met a }"#,
        1,
        &[("expct", "`expct` begins no statement", "did you mean `expect`?")],
    );
    check(
        r#"test "relay" { rules { permit a -> b } }"#,
        1,
        &[("permit", "expected `allow` or `deny`, found `permit`", "did you mean `allow`?")],
    );
    check(
        r#"test "relay" {
  rules {
    allow a b
    allow c -> d
    deny -> e
  }
}"#,
        1,
        &[
            ("b", "expected `->`, found `b`", "write `allow source -> destination service`, or `deny …`"),
            (
                "->",
                "expected a value, found `->`",
                "write `allow source -> destination service`, or `deny …`",
            ),
        ],
    );
}
