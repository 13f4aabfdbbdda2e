//! Texts made to hurt: each is answered with an error in its place, in a time that grows with its length alone and
//! on a small stack.

use syntax::{Parse, format, parse};

/// Parses on a stack far smaller than any program's, so that recursion which depends on the text is noticed.
fn on_a_small_stack(text: String) -> Parse {
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(move || {
        let parsed = parse(&text);
        let formatted = format(&text);
        assert_eq!(formatted.is_err(), !parsed.errors.is_empty());
        for error in &parsed.errors {
            let help = error.help.as_deref().unwrap_or_default();
            assert!(error.message.len() + error.label.len() + help.len() < 500, "nobody reads that much");
        }
        parsed
    });
    thread.expect("a thread starts").join().expect("no panic")
}

fn messages(parsed: &Parse) -> Vec<&str> {
    parsed.errors.iter().map(|error| error.message.as_str()).collect()
}

const TOO_DEEP: &str = "brackets are nested more than 64 deep";

#[test]
fn nesting_of_ten_thousand_is_one_error() {
    for bracket in ["[", "(", "{"] {
        let parsed = on_a_small_stack(format!("role a = {}\nrole b = 10.0.0.1\n", bracket.repeat(10_000)));
        assert_eq!(messages(&parsed), [TOO_DEEP]);
        assert_eq!(parsed.file.items.len(), 1, "the next statement is read");
        assert_eq!(std::ops::Range::<usize>::from(parsed.errors[0].range), 73..74, "the first one too many");
    }
    let closed = format!("role a = {}b{}\nrole c = 10.0.0.1", "(".repeat(10_000), ")".repeat(10_000));
    assert_eq!(messages(&on_a_small_stack(closed)), [TOO_DEEP]);
}

#[test]
fn nesting_of_sixty_four_is_read_at_once() {
    let deep = |depth: usize| format!("role a = {}b{}", "[(".repeat(depth / 2), ")]".repeat(depth / 2));
    assert_eq!(messages(&on_a_small_stack(deep(64))), [] as [&str; 0]);
    assert_eq!(messages(&on_a_small_stack(deep(66))), [TOO_DEEP]);
    let operators = format!("role a = {}b{}", "(a or b except c | ".repeat(64), ")".repeat(64));
    assert!(messages(&on_a_small_stack(operators)).len() <= 1);
}

#[test]
fn conditions_within_conditions_have_a_bottom() {
    let nested = |depth: usize| format!("{}a -> b{}\n", "when x == y {\n".repeat(depth), "\n}".repeat(depth));
    assert_eq!(messages(&on_a_small_stack(nested(64))), [] as [&str; 0]);
    let parsed = on_a_small_stack(nested(10_000) + "role a = 10.0.0.1\n");
    assert_eq!(messages(&parsed), ["conditions are nested more than 64 deep"]);
    assert_eq!(parsed.file.items.len(), 2, "the statement behind is read");
    let open = "when x == y {\n".repeat(10_000);
    assert!(!on_a_small_stack(open).errors.is_empty());
}

#[test]
fn chains_are_bounded_where_they_would_nest() {
    let chain = |word: &str, length: usize| format!("role a = b{}", format!(" {word} c").repeat(length));
    assert_eq!(messages(&on_a_small_stack(chain("except", 200))), [] as [&str; 0]);
    assert_eq!(messages(&on_a_small_stack(chain("except", 20_000))), ["this expression is nested too deep"]);
    assert_eq!(messages(&on_a_small_stack(chain("|", 20_000))), [] as [&str; 0]);
    assert_eq!(messages(&on_a_small_stack(chain("or", 20_000))), [] as [&str; 0]);
}

#[test]
fn a_long_list_is_read() {
    let parsed = on_a_small_stack(format!("role a = [{}]", "10.0.0.1,\n".repeat(30_000)));
    assert_eq!(messages(&parsed), [] as [&str; 0]);
}

#[test]
fn a_long_file_is_read() {
    let statements = "role a = [10.0.0.1, 10.0.0.2]  # comment\n\na -> b tcp/443 { x = 1, y = any }\n";
    let parsed = on_a_small_stack(statements.repeat(10_000));
    assert_eq!(messages(&parsed), [] as [&str; 0]);
    assert_eq!(parsed.file.items.len(), 20_000);
}

#[test]
fn long_nonsense_is_one_error_a_statement() {
    for (text, errors) in [
        ("[".repeat(300_000), 1),
        ("]".repeat(300_000), 1),
        ("}\n".repeat(30_000), 30_000),
        ("\"".repeat(300_001), 1),
        (":".repeat(300_000), 1),
        ("1".repeat(300_000), 1),
        ("a".repeat(300_000), 1),
        ("a-".repeat(220_000), 1),
        ("a.".repeat(220_000), 1),
        ("1.".repeat(220_000), 1),
        ("# comment\n".repeat(20_000), 0),
        ("a b\n".repeat(20_000), 20_000),
        ("role a = [\n".repeat(20_000), 20_000),
        ("firewall f {\n".repeat(20_000), 20_000),
        ("expect rules ".repeat(20_000), 1),
        (format!("firewall f {{\n{}}}", "nonsense here\n".repeat(20_000)), 20_000),
        (format!("firewall f {{\n{}}}", "a =\n".repeat(20_000)), 20_000),
        (format!("firewall f {{\n{}}}", "a = b |\n".repeat(20_000)), 20_000),
        (format!("test \"t\" {{ rules {{\n{}}} }}", "allow a\n".repeat(20_000)), 20_000),
        (format!("role a = [{}", "1-\n".repeat(20_000)), 1),
    ] {
        let start: String = text.chars().take(40).collect();
        assert_eq!(on_a_small_stack(text).errors.len(), errors, "{start:?}");
    }
}

#[test]
fn forty_broken_statements_are_forty_errors_in_their_places() {
    let text: String =
        (0..40).map(|n| format!("role good_{n} = 10.0.0.{n}\nrole bad_{n} 10.0.0.{n}\n\n")).collect();
    let parsed = parse(&text);
    assert_eq!(parsed.errors.len(), 40);
    assert_eq!(parsed.file.items.len(), 40);
    for (n, error) in parsed.errors.iter().enumerate() {
        let range = std::ops::Range::<usize>::from(error.range);
        assert_eq!(text.get(range.clone()), Some(format!("10.0.0.{n}").as_str()));
        assert_eq!(text[..range.start].lines().count(), n * 3 + 2);
    }
    assert_eq!(parsed.broken_names.len(), 40);
}
