//! Policies of every construct, with blanks, line ends and comments wherever they may stand.

use proptest::prelude::*;

/// A piece of a statement.
#[derive(Clone, Debug)]
enum Part {
    Token(String),
    /// The braces of a `when` or `test`, inside of which statements end with their lines.
    OpenBody,
    CloseBody,
    /// Where one statement of a body ends and another begins.
    NextLine,
    Doc(String),
}

/// The texts of whole files that hold no mistake.
pub fn policy() -> impl Strategy<Value = String> {
    let statements = proptest::collection::vec((doc(), statement()), 0..8);
    (statements, any::<u64>()).prop_map(|(statements, seed)| {
        let mut parts = Vec::new();
        for (doc, statement) in statements {
            parts.extend(doc);
            parts.extend(statement);
            parts.push(Part::NextLine);
        }
        Writer { text: String::new(), dice: Dice(seed | 1), depth: 0, comments: 0 }.write(&parts)
    })
}

/// Tokens of the language, in no order at all.
pub fn soup() -> impl Strategy<Value = String> {
    let token = proptest::sample::select(
        "role service firewall import module parameter waive test when rules expect allow deny optional never or \
         except from any none one of list as at rule and in tcp udp icmp ip gre a b.c a_b overbroad-rule 80 1-2 \
         10.0.0.1 10.0.0.0/8 10.0.0.300 2001:db8::/32 :: 2027-01-01 2027-13-01 443/tcp \"text\" \"open \"\\q\" ( ) [ ] \
         { } , : . / | - -> = == != ; * # ## '"
            .split(' ')
            .collect::<Vec<_>>(),
    );
    let gap =
        proptest::sample::select(vec!["", " ", " ", " ", "\n", "\n  ", "\r\n", "\n\n", "\t", "\u{a0}", "ü"]);
    proptest::collection::vec((token, gap), 0..60)
        .prop_map(|tokens| tokens.into_iter().flat_map(|(token, gap)| [token, gap]).collect())
}

/// Policies with a few characters changed, dropped or doubled.
pub fn mutated() -> impl Strategy<Value = String> {
    let character =
        proptest::sample::select("{}[]()\"#,=->|:./ab1 \n\r\t\\;*é\u{feff}".chars().collect::<Vec<_>>());
    let changes = proptest::collection::vec((any::<proptest::sample::Index>(), 0..3_u8, character), 1..6);
    (policy(), changes).prop_map(|(text, changes)| {
        let mut characters: Vec<char> = text.chars().collect();
        for (place, change, character) in changes {
            if characters.is_empty() {
                break;
            }
            let place = place.index(characters.len());
            match change {
                0 => characters[place] = character,
                1 => characters.insert(place, character),
                _ => {
                    characters.remove(place);
                }
            }
        }
        characters.into_iter().collect()
    })
}

fn tokens(text: &str) -> Vec<Part> {
    text.split(' ').filter(|token| !token.is_empty()).map(|token| Part::Token(token.to_owned())).collect()
}

fn one_of(words: &str) -> BoxedStrategy<Vec<Part>> {
    let words: Vec<String> = words.split("  ").map(str::to_owned).collect();
    proptest::sample::select(words).prop_map(|word| tokens(&word)).boxed()
}

fn join(parts: Vec<BoxedStrategy<Vec<Part>>>) -> BoxedStrategy<Vec<Part>> {
    parts.prop_map(|parts| parts.concat()).boxed()
}

fn separated(
    element: BoxedStrategy<Vec<Part>>,
    separator: &'static str,
    count: std::ops::Range<usize>,
) -> BoxedStrategy<Vec<Part>> {
    proptest::collection::vec(element, count)
        .prop_map(move |elements| elements.join(tokens(separator).as_slice()))
        .boxed()
}

fn maybe(parts: BoxedStrategy<Vec<Part>>) -> BoxedStrategy<Vec<Part>> {
    prop_oneof![Just(Vec::new()), parts].boxed()
}

fn name() -> BoxedStrategy<Vec<Part>> {
    one_of(
        "clients  backup_proxy  x  firewall  test  Web2  _under  role  dead  a_rather_long_name_for_a_role_of_clients",
    )
}

fn expression() -> BoxedStrategy<Vec<Part>> {
    let ports = || {
        let number = "443  1000-2000  proxy_port  vb.port  0  65535";
        prop_oneof![
            one_of(number),
            join(vec![one_of("{"), separated(one_of(number), ",", 1..4), maybe(one_of(",")), one_of("}")]),
        ]
        .boxed()
    };
    let service = prop_oneof![
        one_of("tcp  icmp  ip  gre  esp  icmp / 8  icmp / 3.4  icmpv6 / { 1 , 2.0 }  ip / 47"),
        join(vec![
            one_of("tcp  udp  sctp"),
            maybe(join(vec![one_of("/"), ports()])),
            maybe(join(vec![one_of("from"), ports()]))
        ]),
    ];
    let leaf = prop_oneof![
        name(),
        one_of("vb.exchange_online  std.x.y  any  none  17  2027-03-31  [ ]"),
        one_of(
            "10.20.4.10  10.20.5.0/28  10.0.0.1-10.0.0.9  2001:db8::/48  2001:db8::1-2001:db8::9  ::  fe80::1"
        ),
        proptest::sample::select(vec![
            "\"\"",
            "\"smtp.example.com\"",
            "\"<tenant>.x\"",
            "\"a\\\"b\\\\\\n é {\"",
            "\" = \""
        ])
        .prop_map(|text| vec![Part::Token(text.to_owned())]),
        service,
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            join(vec![one_of("["), separated(inner.clone(), ",", 1..6), maybe(one_of(",")), one_of("]")]),
            join(vec![one_of("("), inner.clone(), one_of(")")]),
            separated(inner.clone(), "|", 2..4),
            separated(inner.clone(), "except", 2..4),
            separated(inner, "or", 2..4),
        ]
        .prop_map(parenthesised)
    })
    .boxed()
}

/// So that an operator's operands are never taken apart by another one's.
fn parenthesised(parts: Vec<Part>) -> Vec<Part> {
    let mut depth = 0;
    let loose = parts.iter().any(|part| match part {
        Part::Token(token) => {
            depth += i32::from(matches!(token.as_str(), "[" | "(" | "{"));
            depth -= i32::from(matches!(token.as_str(), "]" | ")" | "}"));
            depth == 0 && matches!(token.as_str(), "|" | "or" | "except")
        }
        _ => false,
    });
    if loose { [tokens("("), parts, tokens(")")].concat() } else { parts }
}

fn flow(service: BoxedStrategy<Vec<Part>>) -> BoxedStrategy<Vec<Part>> {
    join(vec![expression(), one_of("->"), expression(), maybe(service)])
}

fn block() -> BoxedStrategy<Vec<Part>> {
    let key = || one_of("until  owner  role  from  or  any  tcp  a_long_key_of_an_entry");
    let entry = prop_oneof![
        join(vec![key(), one_of("="), expression()]),
        join(vec![key(), one_of("="), flow(expression())])
    ];
    let separator = prop_oneof![Just(Vec::new()), Just(tokens(","))];
    let entries = proptest::collection::vec((entry, separator), 0..4).prop_map(|entries| {
        entries.into_iter().flat_map(|(entry, separator)| [entry, separator].concat()).collect()
    });
    join(vec![one_of("{"), entries.boxed(), one_of("}")])
}

fn doc() -> BoxedStrategy<Vec<Part>> {
    let line = proptest::sample::select(vec!["##", "## Documented.", "##tight", "##  two  "]);
    proptest::collection::vec(line, 0..3)
        .prop_map(|lines| lines.into_iter().map(|line| Part::Doc(line.to_owned())).collect())
        .boxed()
}

fn plain() -> BoxedStrategy<Vec<Part>> {
    let types = "role  label  text  port  boolean  one of [ na , eu ]  one of [ any , ]  list of role  list of one of [ a ]";
    prop_oneof![
        join(vec![one_of("module std.x  module a.role.b"), maybe(block())]),
        join(vec![
            one_of("parameter"),
            name(),
            one_of(":"),
            one_of(types),
            maybe(join(vec![one_of("="), expression()])),
            maybe(block())
        ]),
        join(vec![
            one_of("import std.veeam.vb365  import x"),
            maybe(join(vec![one_of("as"), name()])),
            maybe(block())
        ]),
        join(vec![one_of("role  service"), name(), one_of("="), expression(), maybe(block())]),
        join(vec![
            maybe(one_of("exo :  role :  dead :")),
            maybe(one_of("optional  never")),
            flow(expression()),
            maybe(block())
        ]),
        join(vec![one_of("firewall"), name(), block()]),
        join(vec![
            one_of("waive overbroad-rule  waive shadowed"),
            maybe(join(vec![one_of("at"), name()])),
            maybe(one_of("rule \"FW-0042\"")),
            maybe(block()),
        ]),
    ]
    .boxed()
}

fn body(statement: BoxedStrategy<Vec<Part>>) -> BoxedStrategy<Vec<Part>> {
    proptest::collection::vec((doc(), statement), 0..4)
        .prop_map(|statements| {
            let lines =
                statements.into_iter().map(|(doc, statement)| [doc, statement].concat()).collect::<Vec<_>>();
            [vec![Part::OpenBody], lines.join(&Part::NextLine), vec![Part::CloseBody]].concat()
        })
        .boxed()
}

fn statement() -> BoxedStrategy<Vec<Part>> {
    let value = || one_of("worldwide  none  [ na , eu ]  \"x\"  2027-01-01");
    let comparison = move || join(vec![one_of("cloud  a.b  in"), one_of("==  !=  in"), value()]);
    let rules = join(vec![
        one_of("rules {"),
        separated(join(vec![one_of("allow  deny"), flow(expression())]), "", 0..3),
        one_of("}"),
    ]);
    let in_test = prop_oneof![rules, one_of("expect met relay  expect missing a.b"), plain()].boxed();
    let test = join(vec![one_of("test \"title\"  test \"\""), body(in_test)]);
    let when = move |inner| join(vec![one_of("when"), separated(comparison(), "and", 1..3), body(inner)]);
    let nested = prop_oneof![3 => plain(), 1 => when(plain())].boxed();
    prop_oneof![6 => plain(), 1 => test, 1 => when(nested)].boxed()
}

/// Numbers that look random and are the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

struct Writer {
    text: String,
    dice: Dice,
    /// Brackets inside of which line ends are blanks.
    depth: usize,
    comments: usize,
}

impl Writer {
    fn write(mut self, parts: &[Part]) -> String {
        if self.dice.roll(8) == 0 {
            self.text.push('\u{feff}');
        }
        self.line_gap(true);
        for (index, part) in parts.iter().enumerate() {
            match part {
                Part::Token(token) => {
                    self.depth -= usize::from(matches!(token.as_str(), "]" | ")" | "}"));
                    if matches!(parts.get(index.wrapping_sub(1)), Some(Part::Token(_))) {
                        self.gap(token);
                    }
                    self.text.push_str(token);
                    self.depth += usize::from(matches!(token.as_str(), "[" | "(" | "{"));
                }
                Part::OpenBody => {
                    self.text.push_str(" {");
                    self.line_gap(false);
                }
                Part::CloseBody => {
                    self.line_gap(false);
                    self.text.push('}');
                }
                Part::NextLine => self.line_gap(false),
                Part::Doc(line) => {
                    if !self.text.ends_with('\n') {
                        self.line_gap(false);
                    }
                    self.text.push_str(line);
                    self.text.push('\n');
                }
            }
        }
        self.text
    }

    /// Between two tokens of a statement.
    fn gap(&mut self, next: &str) {
        let last = self.text.chars().next_back().unwrap_or(' ');
        let tight = "[](){},".contains(last) || "[](){},".contains(next);
        if self.depth == 0 {
            let gap = if tight && self.dice.roll(3) == 0 {
                ""
            } else {
                [" ", "  ", "\t"][self.dice.roll(3) as usize]
            };
            self.text.push_str(gap);
            return;
        }
        // At the start of a line, a keyword and a name would be the next statement.
        let keyword = ["role", "firewall", "test"].contains(&next);
        match self.dice.roll(12) {
            0 | 2 | 3 if keyword => self.text.push_str("\n "),
            0 => self.text.push('\n'),
            1 => self.text.push_str("\r\n\r\n\n   "),
            2 => self.comment(" ", "\n"),
            3 => self.comment("\n  ", "\n"),
            4 => self.comment("\n\n", "\r\n  "),
            5 if tight => {}
            _ => self.text.push(' '),
        }
    }

    /// Between two lines.
    fn line_gap(&mut self, at_start: bool) {
        if !at_start {
            if self.dice.roll(4) == 0 {
                self.comment(" ", "");
            }
            self.text.push_str(["\n", "\n\n", "\r\n\n\n\n"][self.dice.roll(3) as usize]);
        }
        while self.dice.roll(4) == 0 {
            self.comment("  ", "\n");
        }
    }

    fn comment(&mut self, before: &str, after: &str) {
        self.comments += 1;
        let text = [
            format!("# comment {}", self.comments),
            "#".to_owned(),
            format!("#! [{{\"( é {}  ", self.comments),
        ];
        let comment = &text[self.dice.roll(3) as usize];
        self.text.push_str(before);
        self.text.push_str(comment);
        self.text.push_str(if after.is_empty() && self.depth > 0 { "\n" } else { after });
    }
}
