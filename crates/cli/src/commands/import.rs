use std::collections::BTreeMap;
use std::fmt::Write;

use diagnostics::{FileId, Finding, Level, LineIndex, Span, TextRange, full, printable};
use formats::{Direction, Export, RuleSetExport, Status as Covered};
use serde_json::json;
use space::{Action, RuleId};

use crate::arguments::{Import, TextOrJson};
use crate::error::Error;
use crate::load::{Files, mapping_of, path_and_format, read_text, shown};
use crate::output;
use crate::status::Status;

pub fn run(arguments: &Import) -> Result<Status, Error> {
    let export = match arguments.exports.as_slice() {
        [one] if !is_folder(one) => one,
        several => return crate::commands::overview::run(several, arguments),
    };
    let opened = open(export)?;
    let text = match arguments.format {
        TextOrJson::Full => in_words(&opened),
        TextOrJson::Json => as_json(&opened),
    };
    output::answer(&text)?;
    let strict = arguments.strict && opened.export.coverage.totals().not_understood > 0;
    Ok(if strict { Status::CouldNot } else { Status::Clean })
}

fn is_folder(argument: &str) -> bool {
    path_and_format(argument).is_ok_and(|(path, _)| std::path::Path::new(&path).is_dir())
}

/// An export that was read.
pub struct Opened {
    pub path: String,
    pub text: String,
    pub export: Export,
}

/// Reads `FILE[=FORMAT]`; what is wrong with the file is shown with its lines.
pub fn open(argument: &str) -> Result<Opened, Error> {
    let (path, format) = path_and_format(argument)?;
    let (text, _) = read_text(&path)?;
    let path = shown(&path);
    let mapping = mapping_of(&path, format.as_deref())?;
    match formats::import_with(&text, format.as_deref(), mapping.as_deref()) {
        Ok(export) => Ok(Opened { path, text, export }),
        Err(error) => {
            let range = if error.place.len() > 200 {
                TextRange { end: error.place.start, ..error.place }
            } else {
                error.place
            };
            let span = Span { file: FileId(0), range };
            let finding = Finding::new("unreadable-export", Level::Error, error.message.clone())
                .primary(span, "here")
                .help(error.help.clone());
            eprint!("{}", full(&[finding], &Files::one(&path, &text), output::style()));
            Err(Error::Shown)
        }
    }
}

/// The rule set with this name; with none, the one for transit if it has rules, or the only one.
pub fn pick<'a>(export: &'a Export, name: Option<&str>) -> Result<&'a RuleSetExport, Error> {
    let names = || {
        export.rule_sets.iter().map(|rule_set| format!("`{}`", rule_set.name)).collect::<Vec<_>>().join(", ")
    };
    if let Some(name) = name {
        return export.rule_sets.iter().find(|rule_set| rule_set.name == name).ok_or_else(|| {
            Error::usage(format!("the export has no rule set `{name}`"), format!("use one of {}", names()))
        });
    }
    let written = |rule_set: &&RuleSetExport| rule_set.entries.iter().any(|entry| !entry.implied);
    let transit =
        export.rule_sets.iter().filter(|rule_set| rule_set.direction == Direction::Transit).find(written);
    match (transit, export.rule_sets.as_slice()) {
        (Some(transit), _) => Ok(transit),
        (None, [only]) => Ok(only),
        _ => Err(Error::usage(
            "the export has several rule sets",
            format!("add `--rule-set NAME`: one of {}", names()),
        )),
    }
}

fn in_words(opened: &Opened) -> String {
    let lines = LineIndex::new(&opened.text);
    let line = |range: TextRange| lines.line_column(range.start).0;
    let mut text = format!("{}: {}\n", printable(&opened.path), opened.export.format);
    for rule_set in &opened.export.rule_sets {
        let direction = match rule_set.direction {
            Direction::Inbound => "inbound",
            Direction::Outbound => "outbound",
            Direction::Transit => "transit",
        };
        let state = if rule_set.stateful { "stateful" } else { "stateless" };
        let _ = writeln!(text, "\nrule set {} ({direction}, {state})", printable(&rule_set.name));
        let rules: BTreeMap<RuleId, &space::Rule> =
            rule_set.rules.rules().map(|rule| (rule.id, rule)).collect();
        for (index, entry) in rule_set.entries.iter().enumerate() {
            let id = RuleId(u32::try_from(index).unwrap_or(u32::MAX));
            let place = if entry.place.is_empty() { "-".to_owned() } else { line(entry.place).to_string() };
            let _ = write!(text, "  {place:>6}  {:<24} ", printable(&entry.name));
            match (rules.get(&id), entry.inactive) {
                (_, Some(why)) => {
                    let _ = writeln!(text, "({why})");
                }
                (None, None) => text.push_str("(matches nothing here)\n"),
                (Some(rule), None) => {
                    let action = action(rule_set, rule.action);
                    let matches: Vec<String> = rule.matches.iter().take(3).map(ToString::to_string).collect();
                    let more = rule.matches.len().saturating_sub(3);
                    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
                    let shown = if matches.is_empty() { "nothing".to_owned() } else { matches.join("; ") };
                    let _ = writeln!(text, "{action}  {}{more}", printable(&shown));
                }
            }
        }
        for (stage, entry) in rule_set.rules.stages.iter().zip(&rule_set.stages) {
            let place = entry.place.map_or("-".to_owned(), |place| line(place).to_string());
            let _ = writeln!(
                text,
                "  {place:>6}  {:<24} {}",
                printable(&entry.name),
                action(rule_set, stage.default)
            );
        }
    }
    let unclear = opened.export.coverage.statements.iter().filter(|it| it.status != Covered::Understood);
    let mut first = true;
    for statement in unclear {
        if std::mem::take(&mut first) {
            text.push_str("\nstatements that are not plainly understood\n");
        }
        let status = statement.status.as_str().replace('_', " ");
        let _ = writeln!(text, "  {:>6}  {status}: {}", line(statement.place), printable(&statement.reason));
    }
    if !opened.export.problems.is_empty() {
        text.push_str("\nproblems\n");
        for problem in &opened.export.problems {
            let _ = writeln!(
                text,
                "  {:>6}  {}; {}",
                line(problem.place),
                printable(&problem.message),
                printable(&problem.help)
            );
        }
    }
    let _ = writeln!(text, "\n{}", opened.export.coverage.totals().in_words());
    text
}

/// What a rule does, in words of this program.
fn action(rule_set: &RuleSetExport, action: Action) -> String {
    let chain = |index: usize| {
        // A chain is called by what its first rule is listed under.
        let first = rule_set.rules.chains.get(index).and_then(|chain| chain.rules.first());
        first
            .and_then(|rule| rule_set.entry(rule.id))
            .map_or_else(|| "an empty chain".to_owned(), |entry| entry.list.clone())
    };
    match action {
        Action::Permit => "permit".to_owned(),
        Action::Deny => "deny".to_owned(),
        Action::Unknown => "unknown".to_owned(),
        Action::Continue => "no verdict".to_owned(),
        Action::Return => "return".to_owned(),
        Action::Jump(to) => format!("jump to {}", printable(&chain(to))),
        Action::Goto(to) => format!("go to {}", printable(&chain(to))),
    }
}

fn as_json(opened: &Opened) -> String {
    let lines = LineIndex::new(&opened.text);
    let line = |range: TextRange| lines.line_column(range.start).0;
    let rule_sets: Vec<_> = opened
        .export
        .rule_sets
        .iter()
        .map(|rule_set| {
            let rules: BTreeMap<RuleId, &space::Rule> = rule_set.rules.rules().map(|rule| (rule.id, rule)).collect();
            let entries = rule_set.entries.iter().enumerate().map(|(index, entry)| {
                let rule = rules.get(&RuleId(u32::try_from(index).unwrap_or(u32::MAX)));
                json!({
                    "name": entry.name,
                    "list": entry.list,
                    "line": (!entry.place.is_empty()).then(|| line(entry.place)),
                    "comment": entry.comment,
                    "enabled": entry.enabled,
                    "logs": entry.logs,
                    "implied": entry.implied,
                    "inactive": entry.inactive,
                    "action": rule.map(|rule| action(rule_set, rule.action)),
                    "matches": rule.map(|rule| rule.matches.iter().map(ToString::to_string).collect::<Vec<_>>()),
                })
            });
            let stages = rule_set.rules.stages.iter().zip(&rule_set.stages).map(|(stage, entry)| {
                json!({ "name": entry.name, "line": entry.place.map(line), "default": action(rule_set, stage.default) })
            });
            json!({
                "name": rule_set.name,
                "direction": match rule_set.direction {
                    Direction::Inbound => "inbound",
                    Direction::Outbound => "outbound",
                    Direction::Transit => "transit",
                },
                "stateful": rule_set.stateful,
                "rules": entries.collect::<Vec<_>>(),
                "stages": stages.collect::<Vec<_>>(),
            })
        })
        .collect();
    let statements = opened.export.coverage.statements.iter();
    let statements = statements
        .map(|it| json!({ "line": line(it.place), "status": it.status.as_str(), "reason": it.reason }));
    let problems = opened.export.problems.iter();
    let problems =
        problems.map(|it| json!({ "line": line(it.place), "message": it.message, "help": it.help }));
    let totals = opened.export.coverage.totals();
    let whole = json!({
        "schema": "flowright.import/1",
        "file": opened.path,
        "format": opened.export.format,
        "rule_sets": rule_sets,
        "coverage": {
            "understood": totals.understood,
            "irrelevant": totals.irrelevant,
            "approximated": totals.approximated,
            "not_understood": totals.not_understood,
        },
        "statements": statements.collect::<Vec<_>>(),
        "problems": problems.collect::<Vec<_>>(),
    });
    format!("{whole:#}\n")
}
