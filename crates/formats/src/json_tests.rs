use proptest::prelude::*;

use super::*;

fn error(text: &str) -> (String, usize, usize) {
    let error = Json::parse(text).map(|_| ()).expect_err("no JSON");
    (error.message, error.place.start as usize, error.place.end as usize)
}

/// The tree as `serde_json` has it, or `None` where a key is repeated (it keeps one only).
fn as_serde(value: Value<'_>) -> Option<serde_json::Value> {
    use serde_json::Value as Serde;
    Some(match value.kind() {
        Kind::Null => Serde::Null,
        Kind::Bool | Kind::Number => serde_json::from_str(value.raw()).ok()?,
        Kind::String => Serde::String(value.string()?.into_owned()),
        Kind::Array => Serde::Array(value.elements().map(as_serde).collect::<Option<_>>()?),
        Kind::Object => {
            let mut map = serde_json::Map::new();
            for member in value.members() {
                if map.insert(member.name.into_owned(), as_serde(member.value)?).is_some() {
                    return None;
                }
            }
            Serde::Object(map)
        }
    })
}

#[test]
fn every_value_knows_its_place() {
    let text = r#" {"a": [1, "x\n", null], "b": {}, "a": true} "#;
    let json = Json::parse(text).expect("JSON");
    let root = json.root();
    assert_eq!(root.raw(), text.trim());
    let members: Vec<_> =
        root.members().map(|member| (member.name.into_owned(), member.value.raw())).collect();
    let expected = [("a", r#"[1, "x\n", null]"#), ("b", "{}"), ("a", "true")];
    assert_eq!(members, expected.map(|(name, raw)| (name.to_owned(), raw)), "repeated keys are kept");
    let list = root.get("A").expect("in any case");
    assert_eq!(list.elements().map(Value::raw).collect::<Vec<_>>(), ["1", r#""x\n""#, "null"]);
    assert_eq!(list.elements().nth(1).and_then(Value::string).as_deref(), Some("x\n"));
    assert!(list.elements().nth(2).is_some_and(Value::is_empty) && !list.is_empty());
    for member in root.members() {
        let place = std::ops::Range::from(member.name_place);
        assert_eq!(&text[place], format!("\"{}\"", member.name));
    }
}

#[test]
fn escapes_are_resolved() {
    let json = Json::parse(r#""\u0041\ud83d\ude00\/\\\"\b\f\r\t \ud83d \ude00 \ud83dx""#).expect("JSON");
    let expected = "A😀/\\\"\u{8}\u{c}\r\t \u{fffd} \u{fffd} \u{fffd}x";
    assert_eq!(json.root().string().as_deref(), Some(expected));
}

#[test]
fn comments_and_a_byte_order_mark_are_blank() {
    let json = Json::parse("\u{feff}// first\n{ /* a */ \"a\" /**/ : // b\n 1 } // end").expect("JSON");
    assert_eq!(json.root().get("a").map(Value::raw), Some("1"));
    assert_eq!(error("{} /* open"), ("expected `*/`, found the end of the text".to_owned(), 10, 10));
    assert_eq!(error("{} / x").0, "expected nothing more, found `/`");
}

#[test]
fn an_error_says_where_and_what_was_expected() {
    let cases = [
        ("", "expected a value, found the end of the text", 0, 0),
        (r#"{"a": [1, 2"#, "expected `,` or `]`, found the end of the text", 11, 11),
        (r#"{"a": {"b": 1"#, "expected `,` or `}`, found the end of the text", 13, 13),
        (r#"{"a"#, "expected `\"`, found the end of the text", 3, 3),
        (r#"{"a" 1}"#, "expected `:`, found `1`", 5, 6),
        ("[1,]", "expected a value, found `]`", 3, 4),
        (r#"{"a":1,}"#, "expected a key in quotes, found `}`", 7, 8),
        ("{a:1}", "expected a key in quotes or `}`, found `a`", 1, 2),
        ("[1 2]", "expected `,` or `]`, found `2`", 3, 4),
        ("{} x", "expected nothing more, found `x`", 3, 4),
        ("[01]", "expected the end of the number, found `1`", 2, 3),
        ("[1.]", "expected a digit, found `]`", 3, 4),
        ("[nul]", "expected a value, found `n`", 1, 2),
        ("[nul", "expected `null`, found the end of the text", 4, 4),
        ("[\"\\u12", "expected four hexadecimal digits after `\\u`, found the end of the text", 6, 6),
        ("[\"\\", "expected `\"`, found the end of the text", 3, 3),
        ("[truex]", "expected a value, found `t`", 1, 2),
        ("[\"a\nb\"]", "expected `\"` before the end of the line, found `\\u{a}`", 3, 4),
        (r#"["\x"]"#, r"expected an escape sequence such as `\n` or `\u0041`, found `\`", 2, 3),
        (r#"["\u12"]"#, r"expected four hexadecimal digits after `\u`, found `\`", 2, 3),
        ("[ø]", "expected a value, found `ø`", 1, 3),
    ];
    for (text, message, start, end) in cases {
        assert_eq!(error(text), (message.to_owned(), start, end), "{text}");
    }
}

#[test]
fn deep_nesting_is_an_error_and_no_recursion() {
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(Json::parse(&deep(DEPTH_LIMIT)).is_ok());
    for text in [deep(DEPTH_LIMIT + 1), "[".repeat(1_000_000), r#"{"a":"#.repeat(10_000)] {
        assert_eq!(error(&text).0, "nested more than 128 levels deep");
    }
}

#[test]
fn what_is_quoted_comes_back() {
    let text = "a\"b\\c\n\r\t\u{1}\u{7f}ø😀";
    let written = quoted(text);
    assert_eq!(Json::parse(&written).expect("JSON").root().string().as_deref(), Some(text));
    assert_eq!(serde_json::from_str::<String>(&written).ok().as_deref(), Some(text));
}

#[test]
fn what_is_cut_off_is_wrong_at_its_end() {
    let text = r#"{"a": [true, false, null, -1.5e+3, "x\u00e5\n"], "b": {}} "#;
    for end in 0..text.trim_end().len() {
        let error = error(&text[..end]);
        assert_eq!((error.1, error.2), (end, end), "{:?}", &text[..end]);
    }
}

proptest! {
    #[test]
    fn reads_what_serde_json_reads(text in r#"([\[\]{},: ]|"[a-c]{0,2}"|"\\u00e5\\n"|-?[0-9]{1,3}(\.[0-9])?([eE][+-]?[0-9])?|true|false|null){0,24}"#) {
        let mine = Json::parse(&text);
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        prop_assert_eq!(mine.is_ok(), theirs.is_ok());
        if let (Ok(mine), Ok(theirs)) = (mine, theirs)
            && let Some(mine) = as_serde(mine.root())
        {
            prop_assert_eq!(mine, theirs);
        }
    }

    #[test]
    fn no_text_breaks_it(text in "\\PC{0,60}") {
        if let Err(error) = Json::parse(&text) {
            prop_assert!(text.get(std::ops::Range::from(error.place)).is_some());
        }
    }
}

#[test]
fn values_may_follow_each_other_where_that_is_asked_for() {
    let text = "\u{feff}{\"a\": [1]}[2]\n3 \"x\"\n";
    let json = Json::parse_sequence(text).expect("values");
    let raw: Vec<&str> = json.root().elements().map(Value::raw).collect();
    assert_eq!(raw, ["{\"a\": [1]}", "[2]", "3", "\"x\""]);
    assert!(json.root().elements().all(|value| &text[std::ops::Range::from(value.place())] == value.raw()));
    let message = |text: &str| Json::parse_sequence(text).map(|_| ()).expect_err("no values").message;
    assert_eq!(message("{} ]"), "expected a value, found `]`");
    assert_eq!(message(" "), "expected a value, found the end of the text");
    assert!(Json::parse("1 2").is_err());
}
