//! Every real export is read: nothing panics, every line is accounted for, and every packet is decided once.

use std::panic::{AssertUnwindSafe, catch_unwind};

use diagnostics::{LineIndex, TextRange};
use formats::text::decode;
use formats::{Export, ImportError};
use space::{AddressSet, Effort, FlowSet, Region, decide};
use tests::corpus::{Real, corpus, exports};
use tests::random::Random;

const FORMATS: [&str; 10] = [
    "iptables",
    "azure_nsg",
    "aws",
    "azure_firewall",
    "cisco_asa",
    "cisco_ios",
    "fortigate",
    "nftables",
    "panos",
    "windows",
];

/// How many statements of each export ended in which state. Only our own figures are written down.
#[test]
fn real_exports_are_read_and_accounted_for() {
    let Some(corpus) = corpus() else { return };
    let mut totals = Vec::new();
    let mut wrong = Vec::new();
    for real in FORMATS.iter().flat_map(|format| exports(&corpus, format)) {
        let text = match decode(&real.bytes) {
            Ok((text, _)) => text,
            Err(error) => {
                totals.push(format!("{}: no text at byte {}", real.path, error.offset));
                continue;
            }
        };
        let read = match catch_unwind(|| formats::import(&text, None)) {
            Ok(read) => read,
            Err(_) => {
                wrong.push(format!("{}: reading it panics", real.path));
                continue;
            }
        };
        totals.push(match &read {
            Ok(export) => format!("{}: {}", real.path, export.coverage.totals().in_words()),
            Err(error) => {
                let (line, _) = LineIndex::new(&text).line_column(error.place.start);
                format!("{}: cannot be read, line {line}", real.path)
            }
        });
        wrong.extend(misplaced(&text, &read).map(|what| format!("{}: {what}", real.path)));
        if let Ok(export) = &read {
            wrong.extend(unaccounted(&text, export).into_iter().map(|what| format!("{}: {what}", real.path)));
            let undecided = export.rule_sets.iter().filter_map(|rule_set| {
                partitions(&rule_set.rules)
                    .err()
                    .map(|what| format!("{}: {}: {what}", real.path, rule_set.name))
            });
            wrong.extend(undecided);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(totals.len() > 40, "only {} files: is this the whole corpus?", totals.len());
    insta::assert_snapshot!("real_exports", totals.join("\n"));
}

/// Cut off or with a few bytes changed, an export is read, or refused with one error that has a place in the file.
#[test]
fn mangled_exports_are_read_or_refused() {
    let Some(corpus) = corpus() else { return };
    let mut wrong = Vec::new();
    let mut count = 0;
    for real in FORMATS.iter().flat_map(|format| exports(&corpus, format)) {
        for (how, bytes) in mangled(&real) {
            count += 1;
            let Ok((text, _)) = decode(&bytes) else { continue };
            for format in [None, Some(format_of(&real))] {
                let done = catch_unwind(AssertUnwindSafe(|| {
                    let read = formats::import(&text, format);
                    misplaced(&text, &read).chain(read.iter().filter_map(ill_formed)).next()
                }));
                match done {
                    Ok(None) => {}
                    Ok(Some(what)) => wrong.push(format!("{} {how}: {what}", real.path)),
                    Err(_) => wrong.push(format!("{} {how}: reading it panics", real.path)),
                }
            }
        }
    }
    println!("{count} mangled exports");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Versions of a file: cut off at places 97 bytes apart, about twenty of them, and with up to four bytes changed.
fn mangled(real: &Real) -> Vec<(String, Vec<u8>)> {
    let places: Vec<usize> = (0..real.bytes.len()).step_by(97).collect();
    let every = places.len().div_ceil(20).max(1);
    let cut =
        places.iter().step_by(every).map(|at| (format!("cut at byte {at}"), real.bytes[..*at].to_vec()));
    let mut out: Vec<(String, Vec<u8>)> = cut.collect();
    let mut random = Random::new(0x000F_100D);
    for round in 0..20 {
        let mut bytes = real.bytes.clone();
        for _ in 0..=round % 4 {
            let at = random.below(bytes.len());
            if let Some(byte) = bytes.get_mut(at) {
                // Half the changes are to signs that mean something to somebody.
                let signs = b" \t\n\"'{}[],:;-!*/0\xff\0";
                *byte =
                    if round % 2 == 0 { signs[random.below(signs.len())] } else { random.next_u64() as u8 };
            }
        }
        out.push((format!("with bytes changed, round {round}"), bytes));
    }
    out
}

/// The places that do not lie in the text.
fn misplaced<'a>(text: &'a str, read: &'a Result<Export, ImportError>) -> impl Iterator<Item = String> + 'a {
    let all: Vec<(&str, TextRange)> = match read {
        Err(error) => vec![("the error", error.place)],
        Ok(export) => {
            let entries = export.rule_sets.iter().flat_map(|rule_set| &rule_set.entries);
            let stages = export.rule_sets.iter().flat_map(|rule_set| &rule_set.stages);
            let entries = entries.map(|entry| ("a rule", entry.place));
            let stages = stages.filter_map(|stage| stage.place).map(|place| ("a default", place));
            let statements =
                export.coverage.statements.iter().map(|statement| ("a statement", statement.place));
            let problems = export.problems.iter().map(|problem| ("a problem", problem.place));
            entries.chain(stages).chain(statements).chain(problems).collect()
        }
    };
    all.into_iter().filter(|(_, place)| text.get(std::ops::Range::from(*place)).is_none()).map(
        |(what, place)| {
            format!("{what} is at {}..{}, outside the text or inside a character", place.start, place.end)
        },
    )
}

/// What is promised of whatever could be read.
fn ill_formed(export: &Export) -> Option<String> {
    let unordered =
        export.coverage.statements.windows(2).find(|pair| pair[0].place.start > pair[1].place.start);
    if let Some(pair) = unordered {
        return Some(format!("statements are out of order at byte {}", pair[1].place.start));
    }
    export.rule_sets.iter().find_map(|rule_set| {
        let unlisted = rule_set.rules.rules().any(|rule| rule_set.entry(rule.id).is_none());
        let stages = rule_set.rules.stages.len() != rule_set.stages.len();
        (rule_set.rules.check().is_err() || unlisted || stages)
            .then(|| format!("`{}` is not well formed", rule_set.name))
    })
}

/// The lines, or the rules of a group, that lie in no statement, or in several.
fn unaccounted(text: &str, export: &Export) -> Vec<String> {
    let statements: Vec<TextRange> =
        export.coverage.statements.iter().map(|statement| statement.place).collect();
    let in_statements = |range: TextRange| {
        statements.iter().filter(|place| place.start < range.end && range.start < place.end).count()
    };
    match export.format {
        "iptables" => {
            let mut at = 0;
            let mut out = Vec::new();
            for (index, line) in text.split_inclusive('\n').enumerate() {
                let content = line.trim();
                let start = at + (line.len() - line.trim_start().len());
                at += line.len();
                if content.is_empty() || content.starts_with('#') {
                    continue;
                }
                let found = in_statements(TextRange::new(start, start + content.len()));
                if found != 1 {
                    out.push(format!("line {} lies in {found} statements", index + 1));
                }
            }
            out
        }
        _ => {
            // A rule of a group, however it is nested: an object that says what it gives access to, and in which
            // direction.
            let Ok(json) = serde_json::from_str::<serde_json::Value>(text) else { return Vec::new() };
            let (mut rules, mut open) = (0, vec![&json]);
            while let Some(value) = open.pop() {
                if let Some(object) = value.as_object() {
                    let has = |name: &str| object.keys().any(|key| key.eq_ignore_ascii_case(name));
                    rules += usize::from(has("access") && has("direction"));
                    open.extend(object.values());
                }
                open.extend(value.as_array().into_iter().flatten());
            }
            let written = export.rule_sets.iter().flat_map(|rule_set| &rule_set.entries);
            let mut places: Vec<TextRange> = written.map(|entry| entry.place).collect();
            places.sort_unstable();
            places.dedup();
            let covered =
                statements.iter().filter(|place| text[std::ops::Range::from(**place)].contains('{')).count();
            if rules > covered {
                vec![format!("{rules} rules in the file, and {covered} statements with rules")]
            } else {
                Vec::new()
            }
        }
    }
}

/// Whether deciding all packets of either family cuts them into parts that are disjoint and leave nothing out.
fn partitions(rules: &space::RuleSet) -> Result<(), String> {
    let effort = Effort::usual();
    let exhausted = |_| "deciding takes too long".to_owned();
    let asked = [AddressSet::any_v4(), AddressSet::any_v6()]
        .map(|family| Region::any().from(family.clone()).to(family));
    let pieces = decide(&asked, rules, &effort).map_err(exhausted)?;
    for (at, piece) in pieces.iter().enumerate() {
        if let Some(other) = pieces[at + 1..].iter().find(|other| other.region.overlaps(&piece.region)) {
            return Err(format!("decided twice: {} and {}", piece.region, other.region));
        }
    }
    let all: FlowSet = pieces.into_iter().map(|piece| piece.region).collect();
    let left = FlowSet { regions: asked.to_vec() }.subtract(&all, &effort).map_err(exhausted)?;
    if left.is_empty() { Ok(()) } else { Err(format!("not decided: {left}")) }
}

/// The format that a file's folder is called after.
fn format_of(real: &Real) -> &str {
    match real.path.split('/').next().unwrap_or_default() {
        "panos" => "pan-os",
        folder => folder,
    }
}
