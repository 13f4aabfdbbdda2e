//! Input that no administrator means: the program says so, with a place where there is one, and ends.

use std::path::Path;

use formats::text::{Encoding, encode};
use tests::binary::{Run, flowright, flowright_with, typed};
use tests::folder::with_files;

const RULES: &str = "\
*filter
:FORWARD DROP [0:0]
-A FORWARD -s 10.20.5.4/32 -d 192.0.2.9/32 -p tcp -m tcp --dport 443 -j ACCEPT
COMMIT
";

const POLICY: &str = "\
role proxy = 10.20.5.4

upload: proxy -> 192.0.2.9 tcp/443
";

/// More than anybody reads.
const TOO_MUCH: usize = 20_000;

/// The program did its job, or said that it could not; it did not break.
#[track_caller]
fn sound(run: &Run) {
    for (name, text) in [("standard output", &run.out), ("standard error", &run.err)] {
        for sign in ["panicked", "stack backtrace", "RUST_BACKTRACE", "\u{1b}"] {
            assert!(!text.contains(sign), "{name} has `{sign}`: {}", shown(text));
        }
    }
    assert!(matches!(run.status, Some(0 | 1 | 2 | 4)), "ended by {:?}: {}", run.status, shown(&run.err));
}

fn shown(text: &str) -> &str {
    &text[..text.floor_char_boundary(2000)]
}

/// The program says that it cannot do the job, in these words among others, and not in more than anybody reads.
#[track_caller]
fn refused(run: &Run, words: &[&str]) {
    sound(run);
    let said = format!("{}{}", run.out, run.err);
    assert_eq!(run.status, Some(2), "{}", shown(&said));
    assert!(said.len() < TOO_MUCH, "{} bytes are said: {}", said.len(), shown(&said));
    for word in words {
        assert!(said.contains(word), "`{word}` is not in what is said: {}", shown(&said));
    }
}

/// Both ways of reading an export refuse it.
#[track_caller]
fn refused_as_export(name: &str, bytes: &[u8], words: &[&str]) {
    let folder = with_files(&[("policy.flow", POLICY.as_bytes()), (name, bytes)]);
    refused(&flowright(folder.path(), &["import", name]), words);
    refused(&flowright(folder.path(), &["check", "policy.flow", "--export", name]), words);
    refused(&flowright(folder.path(), &["query", "--export", name, "10.20.5.4 -> 192.0.2.9 tcp/443"]), words);
    refused(&flowright(folder.path(), &["fix", "policy.flow", "--export", name, "--write"]), &[]);
    let after = std::fs::read(folder.path().join(name)).unwrap();
    assert!(after == bytes, "`fix --write` has changed a file that it could not read");
}

#[test]
fn no_arguments_are_a_question_for_help() {
    let folder = with_files(&[]);
    let run = flowright(folder.path(), &[]);
    refused(&run, &["Usage: flowright"]);
    assert_eq!(run.out, "", "an answer that nobody asked for");
}

#[test]
fn exports_in_other_encodings_are_read() {
    let marks = [Encoding::Utf8WithMark, Encoding::Utf16LittleEndian, Encoding::Utf16BigEndian];
    for encoding in marks {
        let folder =
            with_files(&[("policy.flow", POLICY.as_bytes()), ("edge.rules", &encode(RULES, encoding))]);
        let run = flowright(
            folder.path(),
            &["check", "policy.flow", "--export", "edge.rules", "--format", "concise"],
        );
        sound(&run);
        assert_eq!((run.status, run.out.as_str()), (Some(0), ""), "{encoding:?}: {}", run.err);
    }
}

#[test]
fn a_fixed_export_keeps_its_encoding() {
    let closed = RULES.replace("443", "80");
    for encoding in
        [Encoding::Utf8WithMark, Encoding::Utf16LittleEndian, Encoding::Utf16BigEndian, Encoding::Latin1]
    {
        let text = if encoding == Encoding::Latin1 { format!("# Büro\n{closed}") } else { closed.clone() };
        let folder =
            with_files(&[("policy.flow", POLICY.as_bytes()), ("edge.rules", &encode(&text, encoding))]);
        let run = flowright(folder.path(), &["fix", "policy.flow", "--export", "edge.rules", "--write"]);
        sound(&run);
        let after = std::fs::read(folder.path().join("edge.rules")).unwrap();
        let (read, kept) = formats::text::decode(&after).unwrap();
        assert_eq!(kept, encoding, "{}", run.out);
        assert!(read != text && read.contains("443"), "nothing was fixed: {}{}", run.out, run.err);
    }
}

#[test]
fn what_is_no_text_is_refused() {
    let unmarked: Vec<u8> = RULES.bytes().flat_map(|byte| [byte, 0]).collect();
    refused_as_export("edge.rules", &unmarked, &["edge.rules", "NUL"]);
    let mut half = encode(RULES, Encoding::Utf16LittleEndian);
    half.pop();
    refused_as_export("edge.rules", &half, &["edge.rules", "UTF-16"]);
    refused_as_export("edge.rules", &[0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0], &["edge.rules"]);
}

#[test]
fn nothing_in_the_file_is_refused() {
    refused_as_export("edge.rules", b"", &["edge.rules", "empty"]);
    refused_as_export("edge.rules", b" \n\t\n", &["edge.rules", "empty"]);
    refused_as_export("edge.rules", "\u{feff}".as_bytes(), &["edge.rules", "empty"]);
}

#[test]
fn one_line_of_fifty_megabytes() {
    const MEGABYTES: usize = 50 << 20;
    let long = "x".repeat(MEGABYTES);
    let digits = "1".repeat(MEGABYTES);
    let tenth = MEGABYTES / 10;
    for text in [long.clone(), digits[..tenth].to_owned(), format!("role a = \"{}", &long[..tenth])] {
        let folder = with_files(&[("big.flow", text.as_bytes())]);
        refused(&flowright(folder.path(), &["check", "big.flow", "--format", "concise"]), &["big.flow:1:"]);
    }
    let folder = with_files(&[("big.flow", format!("#{long}").as_bytes())]);
    assert_eq!(flowright(folder.path(), &["check", "big.flow", "--format", "concise"]).status, Some(0));
    let exports = [
        long.clone(),
        digits,
        format!("*filter\n:FORWARD DROP [0:0]\n-A FORWARD -s {long} -j ACCEPT\nCOMMIT\n"),
        format!("name,action,source,destination,service\nweb,permit,{long},any,any\n"),
        format!("{{\"securityRules\": [{{\"name\": \"{long}"),
    ];
    for text in exports {
        let folder = with_files(&[("policy.flow", POLICY.as_bytes()), ("big", text.as_bytes())]);
        let run =
            flowright(folder.path(), &["check", "policy.flow", "--export", "big", "--format", "concise"]);
        sound(&run);
        assert!(run.out.len() + run.err.len() < TOO_MUCH, "{} bytes: {}", run.out.len(), shown(&run.out));
        assert!(run.status == Some(2) || run.status == Some(4), "{:?}: {}", run.status, shown(&run.out));
    }
}

#[test]
fn nesting_of_ten_thousand() {
    const DEPTH: usize = 10_000;
    let lists = "[".repeat(DEPTH);
    let objects = "{\"securityRules\":".repeat(DEPTH);
    refused_as_export("edge.json", lists.as_bytes(), &["edge.json"]);
    refused_as_export("edge.json", objects.as_bytes(), &["edge.json:1:"]);
    refused_as_export("edge.json", format!("{}1{}", objects, "}".repeat(DEPTH)).as_bytes(), &["edge.json"]);
    for (open, close) in [("[", "]"), ("(", ")")] {
        let nested = format!("role a = {}10.0.0.1{}\n", open.repeat(DEPTH), close.repeat(DEPTH));
        let folder = with_files(&[("deep.flow", nested.as_bytes())]);
        refused(&flowright(folder.path(), &["check", "deep.flow", "--format", "concise"]), &["deep.flow:1:"]);
        refused(&flowright(folder.path(), &["fmt", "deep.flow"]), &["deep.flow"]);
    }
    let whens = "when a == b { ".repeat(DEPTH);
    let folder = with_files(&[("deep.flow", whens.as_bytes())]);
    refused(&flowright(folder.path(), &["check", "deep.flow", "--format", "concise"]), &["deep.flow:"]);
}

#[test]
fn chains_ten_thousand_deep() {
    const DEPTH: usize = 10_000;
    let mut text = "*filter\n:FORWARD DROP [0:0]\n".to_owned();
    for chain in 0..DEPTH {
        text.push_str(&format!(":c{chain} - [0:0]\n"));
    }
    text.push_str("-A FORWARD -j c0\n");
    for chain in 0..DEPTH - 1 {
        text.push_str(&format!("-A c{chain} -j c{}\n", chain + 1));
    }
    text.push_str(&format!(
        "-A c{} -s 10.20.5.4/32 -d 192.0.2.9/32 -p tcp -m tcp --dport 443 -j ACCEPT\nCOMMIT\n",
        DEPTH - 1
    ));
    let folder = with_files(&[("policy.flow", POLICY.as_bytes()), ("deep.rules", text.as_bytes())]);
    let run =
        flowright(folder.path(), &["query", "--export", "deep.rules", "10.20.5.4 -> 192.0.2.9 tcp/443"]);
    sound(&run);
    assert!(run.out.starts_with("permit: "), "{}{}", shown(&run.out), shown(&run.err));
}

#[test]
fn roles_in_a_long_row() {
    let mut text = "role r0 = 10.0.0.1\n".to_owned();
    for role in 1..20_000 {
        text.push_str(&format!("role r{role} = r{}\n", role - 1));
    }
    text.push_str("web: r19999 -> 192.0.2.9 tcp/443\n");
    let folder = with_files(&[("long.flow", text.as_bytes())]);
    sound(&flowright(folder.path(), &["check", "long.flow", "--format", "concise"]));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut export = "name,action,source,destination,service\n".to_owned();
    for rule in 0..5_000 {
        export.push_str(&format!(
            "rule-{rule},permit,10.20.5.4,192.0.2.{},tcp/{}\n",
            rule % 250,
            1000 + rule
        ));
    }
    let folder = with_files(&[("edge.csv", export.as_bytes())]);
    for format in ["full", "json"] {
        let line = format!(
            "{{ flowright import edge.csv --format {format}; echo $? > status; }} | head -c 1 > /dev/null"
        );
        let run = typed(folder.path(), &line);
        assert_eq!(run.out, "", "{format}");
        let status = std::fs::read_to_string(folder.path().join("status")).unwrap();
        assert_eq!(status.trim(), "0", "{format}");
    }
}

#[test]
fn standard_input_is_read_for_a_dash() {
    let folder = with_files(&[("policy.flow", POLICY.as_bytes()), ("edge.rules", RULES.as_bytes())]);
    let run =
        |arguments: &[&str], input: &str| flowright_with(folder.path(), arguments, &[], input.as_bytes());
    let checked = run(&["check", "-", "--export", "edge.rules", "--format", "concise"], POLICY);
    assert_eq!((checked.status, checked.out.as_str()), (Some(0), ""), "{}", checked.err);
    let checked = run(&["check", "policy.flow", "--export", "-", "--format", "concise"], RULES);
    assert_eq!((checked.status, checked.out.as_str()), (Some(0), ""), "{}", checked.err);
    let wrong = run(&["check", "-"], "role a\n");
    refused(&wrong, &["<standard input>:1:"]);
    let imported = run(&["import", "-"], RULES);
    assert_eq!(imported.status, Some(0), "{}", imported.err);
    assert!(imported.out.starts_with("<standard input>: iptables\n"), "{}", imported.out);
    let asked = run(&["query", "--export", "-", "10.20.5.4 -> 192.0.2.9 tcp/443"], RULES);
    assert!(asked.out.starts_with("permit: "), "{}{}", asked.out, asked.err);
    let formatted = run(&["fmt", "-"], "role a=10.0.0.1");
    assert_eq!((formatted.status, formatted.out.as_str()), (Some(0), "role a = 10.0.0.1\n"));
    let packet = "{\"src\":\"10.20.5.4\",\"dst\":\"192.0.2.9\",\"protocol\":\"tcp\",\"dst_port\":443}\n";
    let decided = run(&["query", "--export", "edge.rules", "--packets", "-"], packet);
    assert!(decided.out.contains("\"decision\":\"permit\""), "{}{}", decided.out, decided.err);
}

/// What the program prints on a terminal.
fn on_a_terminal(folder: &Path, before: &str, arguments: &str) -> Option<String> {
    let has_script = typed(folder, "command -v script > /dev/null").status == Some(0);
    if !has_script {
        assert!(!tests::must_be_complete(), "the program `script` is needed: install util-linux");
        println!("skipped: there is no program `script` to make a terminal with");
        return None;
    }
    let line = format!("{before} TERM=xterm script -qec 'flowright {arguments}' /dev/null");
    Some(typed(folder, &line).out)
}

#[test]
fn colour_is_for_terminals_and_for_those_who_want_it() {
    let folder = with_files(&[("policy.flow", b"role a\n")]);
    let coloured = |text: &str| text.contains('\u{1b}');
    let piped = |arguments: &[&str], no_color: &[(&str, &str)]| {
        flowright_with(folder.path(), arguments, no_color, b"").out
    };
    assert!(!coloured(&piped(&["check", "policy.flow"], &[])));
    assert!(coloured(&piped(&["check", "policy.flow", "--color", "always"], &[])));
    assert!(
        coloured(&piped(&["check", "policy.flow", "--color", "always"], &[("NO_COLOR", "1")])),
        "what is asked for counts"
    );
    let shown = |before: &str, arguments: &str| on_a_terminal(folder.path(), before, arguments);
    if let Some(text) = shown("", "check policy.flow") {
        assert!(coloured(&text), "no colour on a terminal: {text}");
        let is_coloured = |before, arguments| coloured(&shown(before, arguments).unwrap());
        assert!(!is_coloured("NO_COLOR=1", "check policy.flow"));
        assert!(is_coloured("NO_COLOR=", "check policy.flow"), "an empty NO_COLOR asks for nothing");
        assert!(!is_coloured("", "check policy.flow --color never"));
        assert!(!is_coloured("NO_COLOR=1", "check missing.flow"), "errors of the program itself");
    }
}

#[test]
fn control_characters_of_an_export_do_not_reach_the_terminal() {
    let export = "name,action,source,destination,service\n\u{1b}[31mred\u{1b}]0;title\u{7},permit,10.20.5.0/24,any,any\n";
    let folder = with_files(&[("policy.flow", POLICY.as_bytes()), ("edge.csv", export.as_bytes())]);
    let runs = [
        flowright(folder.path(), &["check", "policy.flow", "--export", "edge.csv"]),
        flowright(folder.path(), &["check", "policy.flow", "--export", "edge.csv", "--format", "concise"]),
        flowright(folder.path(), &["check", "policy.flow", "--export", "edge.csv", "--format", "json"]),
        flowright(folder.path(), &["import", "edge.csv"]),
        flowright(folder.path(), &["import", "edge.csv", "--format", "json"]),
        flowright(folder.path(), &["fix", "policy.flow", "--export", "edge.csv", "--unsafe"]),
        flowright(folder.path(), &["query", "--export", "edge.csv", "10.20.5.4 -> 192.0.2.9 tcp/443"]),
    ];
    for run in runs {
        sound(&run);
        assert!(!run.out.contains('\u{7}') && !run.err.contains('\u{7}'));
    }
}
