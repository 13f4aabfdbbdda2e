use std::fmt::Write as _;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

/// It may be read or refused, and must come to an end.
fn survives(text: &str) {
    let start = Instant::now();
    if let Ok(export) = Nftables.import(text) {
        let mut last = 0;
        for statement in &export.coverage.statements {
            assert!(statement.place.start >= last && statement.place.end as usize <= text.len());
            assert!(text.is_char_boundary(statement.place.start as usize));
            assert!(text.is_char_boundary(statement.place.end as usize));
            last = statement.place.start;
        }
        for set in &export.rule_sets {
            let mut names: Vec<&str> = set.entries.iter().map(|entry| entry.name.as_str()).collect();
            names.sort_unstable();
            let count = names.len();
            names.dedup();
            assert_eq!(names.len(), count, "names are unique");
            assert_eq!(set.stages.len(), set.rules.stages.len());
        }
    }
    let _ = crate::detect(text);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn a_hundred_thousand_rules_take_no_time() {
    let mut lines = String::new();
    for number in 0..100_000_u32 {
        let _ = writeln!(
            lines,
            "\t\tip saddr 10.{}.{}.0/24 tcp dport {{ 80, 443 }} accept",
            number >> 8 & 255,
            number & 255
        );
    }
    survives(&forward(&lines));
    let mut lines = String::new();
    for number in 0..20_000 {
        let _ = writeln!(lines, "insert rule inet t f tcp dport {number} accept");
        let _ = writeln!(lines, "add rule inet t f index 0 tcp dport {number} accept");
    }
    survives(&format!(
        "add table inet t\nadd chain inet t f {{ type filter hook forward priority 0; }}\n{lines}"
    ));
}

#[test]
fn nothing_grows_out_of_proportion() {
    let deep = 10_000;
    survives(&forward(&"jump { ".repeat(deep)));
    survives(&forward(&format!("{}accept{}", "jump { ".repeat(deep), " }".repeat(deep))));
    survives(&forward(&format!("tcp dport {}1{} accept", "{ ".repeat(deep), " }".repeat(deep))));
    survives(&forward(&format!("meta mark & {}1{} == 1 accept", "(".repeat(deep), ")".repeat(deep))));
    survives(&"table inet t {\n".repeat(deep));
    survives(&"}\n".repeat(deep));
    survives(&"{".repeat(deep));
    survives(&format!("{{\"nftables\": {}", "[".repeat(deep)));
    survives(&format!(
        "table inet t {{\n chain f {{ type filter hook forward priority 0;\n {} }}\n}}\n",
        "\"".repeat(50_001)
    ));
    survives(&forward(&format!("tcp dport {} accept", "9".repeat(1_000_000))));
    survives(&forward(&format!("ip saddr {} accept", ":".repeat(1_000_000))));
    survives(&forward(&"a . ".repeat(200_000)));
    survives(&forward(&format!("ip saddr & {} == 1 accept", "0x1")));
    // Variables that hold variables, and many of them.
    let mut text = String::from("define v0 = { 1, 2 }\n");
    for number in 1..60 {
        let _ = writeln!(text, "define v{number} = {{ $v{0}, $v{0} }}", number - 1);
    }
    survives(&(text + &forward("tcp dport $v59 accept")));
    let mut text = String::from("define v0 = 1,2\n");
    for number in 1..20_000 {
        let _ = writeln!(text, "define v{number} = $v{}", number - 1);
    }
    survives(&(text + &forward("tcp dport $v19999 accept")));
    let mut text = String::from("define v0 = 1 . 2\n");
    for number in 1..20_000 {
        let _ = writeln!(text, "define v{number} = $v{0} . $v{0}", number - 1);
    }
    survives(&(text + &forward("tcp dport $v19999 accept")));
}

#[test]
fn big_sets_are_read_once() {
    let elements: Vec<String> =
        (0..50_000_u32).map(|n| format!("10.{}.{}.{}", n >> 12 & 255, n >> 4 & 255, (n & 15) * 16)).collect();
    let mut text =
        format!("table inet t {{\n set s {{ type ipv4_addr; elements = {{ {} }} }}\n", elements.join(", "));
    text.push_str("chain f { type filter hook forward priority 0; policy drop;\n");
    for port in 0..2000 {
        let _ = writeln!(text, "ip saddr @s tcp dport {port} accept");
    }
    text.push_str("}\n}\n");
    survives(&text);
    let pairs: Vec<String> =
        (0..20_000_u32).map(|n| format!("10.0.{}.{} . {}", n >> 8, n & 255, n % 1000)).collect();
    survives(&forward(&format!(
        "ip saddr . tcp dport {{ {} }} accept\nip saddr . tcp dport != {{ {0} }} drop",
        pairs.join(", ")
    )));
    let verdicts: Vec<String> =
        (0..20_000_u32).map(|n| format!("10.0.{}.{} : accept", n >> 8, n & 255)).collect();
    survives(&forward(&format!("ip saddr vmap {{ {}, * : drop }}", verdicts.join(", "))));
    let names: Vec<String> = (0..20_000_u32).map(|n| format!("\"if{n}\"")).collect();
    survives(&forward(&format!("iifname {{ {} }} accept", names.join(", "))));
}

#[test]
fn circles_are_told() {
    let text = "table inet t {\n chain a { jump b; }\n chain b { jump a; }\n chain f { type filter hook forward priority 0; jump a; }\n}";
    survives(text);
    let error = crate::import(text, Some("nftables")).unwrap_err();
    assert!(error.message.contains("circle"), "{error:?}");
    survives("table inet t {\n chain a { jump a; }\n}");
}

const WORDS: [&str; 56] = [
    "table",
    "inet",
    "ip",
    "chain",
    "{",
    "}",
    "\n",
    ";",
    "type filter hook forward priority 0",
    "policy drop",
    "tcp",
    "dport",
    "22",
    "{ 22, 80 }",
    "accept",
    "drop",
    "jump",
    "a",
    "vmap",
    "{ 22 : accept }",
    "@s",
    "set",
    "elements = ",
    "flags dynamic",
    "ct state",
    "new",
    "established,related",
    "!=",
    "-",
    "/",
    ".",
    ",",
    ":",
    "$x",
    "define x = ",
    "\"q\"",
    "\"",
    "#",
    "\\",
    "meta mark",
    "&",
    "0x1",
    "==",
    "limit rate 5/second",
    "log prefix",
    "counter",
    "ip saddr",
    "10.0.0.0/8",
    "fe80::1",
    "add rule inet f c",
    "flush ruleset",
    "insert",
    "(",
    ")",
    "é",
    "include \"x\"",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_stands_in_a_file_is_read_or_refused(text in "\\PC{0,200}") {
        survives(&text);
        survives(&forward(&text));
    }

    #[test]
    fn words_in_any_order_are_read_or_refused(words in prop::collection::vec(prop::sample::select(&WORDS[..]), 0..60)) {
        survives(&words.join(" "));
        survives(&forward(&words.join(" ")));
    }

    #[test]
    fn a_file_cut_off_anywhere_is_read_or_refused(at in 0_usize..2000) {
        let text = super::json::TEXT;
        survives(&text[..text.floor_char_boundary(at.min(text.len()))]);
        let json = super::json::JSON;
        survives(&json[..json.floor_char_boundary(at.min(json.len()))]);
    }
}
