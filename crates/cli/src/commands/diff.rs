use std::fmt::Write;
use std::path::Path;

use compiler::{Database, Date, File, FileKind, declared};
use diagnostics::printable;
use formats::RuleSetExport;
use serde_json::json;
use space::{Change, Decider, Effort, FlowSet, Region, difference};

use crate::arguments::{Diff, TextOrJson};
use crate::commands::import::{Opened, open};
use crate::error::Error;
use crate::load::{empty_project, line_of, policy_paths, read_text, shown};
use crate::output;
use crate::status::Status;

pub fn run(arguments: &Diff) -> Result<Status, Error> {
    let is_policy = |argument: &str| argument.ends_with(".flow") || Path::new(argument).is_dir();
    let sections = match (is_policy(&arguments.old), is_policy(&arguments.new)) {
        (true, true) => policies(&arguments.old, &arguments.new)?,
        (false, false) => exports(&open(&arguments.old)?, &open(&arguments.new)?)?,
        _ => {
            return Err(Error::usage(
                "a policy and an export cannot be compared with each other",
                "`flowright check` holds an export against a policy; `diff` takes two exports or two policies",
            ));
        }
    };
    let differ = sections.iter().any(|section| !section.gained.is_empty() || !section.lost.is_empty());
    let text = match arguments.format {
        TextOrJson::Full => in_words(&sections),
        TextOrJson::Json => {
            let all: Vec<_> = sections.iter().map(Section::json).collect();
            format!("{:#}\n", json!({ "schema": "flowright.diff/1", "differ": differ, "sections": all }))
        }
    };
    output::answer(&text)?;
    Ok(if differ { Status::Findings } else { Status::Clean })
}

/// What differs in one rule set, or between two policies.
struct Section {
    name: String,
    words: (&'static str, &'static str),
    gained: Vec<Line>,
    lost: Vec<Line>,
}

struct Line {
    region: String,
    witness: Option<String>,
    /// Who decided before, and who decides now.
    by: Option<(String, String)>,
}

impl Section {
    fn json(&self) -> serde_json::Value {
        let lines = |lines: &[Line]| -> Vec<serde_json::Value> {
            let line = |line: &Line| {
                let (old, new) = line.by.as_ref().map_or((None, None), |(old, new)| (Some(old), Some(new)));
                json!({ "region": line.region, "witness": line.witness, "old": old, "new": new })
            };
            lines.iter().map(line).collect()
        };
        json!({
            "name": self.name,
            self.words.0.replace(' ', "_"): lines(&self.gained),
            self.words.1.replace(' ', "_"): lines(&self.lost),
        })
    }
}

fn too_much(exhausted: space::Exhausted) -> Error {
    Error::usage(
        format!("the comparison takes more than {} region operations", exhausted.limit),
        "compare fewer rules at once, or ask about the flows that matter with `flowright query`",
    )
}

fn exports(old: &Opened, new: &Opened) -> Result<Vec<Section>, Error> {
    let mut out = Vec::new();
    let mut said = Vec::new();
    for before in &old.export.rule_sets {
        match new.export.rule_sets.iter().find(|after| after.name == before.name) {
            Some(after) => out.push(rule_sets((old, before), (new, after))?),
            None => said.push(format!("the rule set `{}` is only in {}", before.name, old.path)),
        }
    }
    for after in &new.export.rule_sets {
        if !old.export.rule_sets.iter().any(|before| before.name == after.name) {
            said.push(format!("the rule set `{}` is only in {}", after.name, new.path));
        }
    }
    // With one rule set on each side there is nothing to mix up, whatever they are called.
    if let ([before], [after], true) =
        (old.export.rule_sets.as_slice(), new.export.rule_sets.as_slice(), out.is_empty())
    {
        return Ok(vec![rule_sets((old, before), (new, after))?]);
    }
    if out.is_empty() {
        let help = "compare exports of the same firewall, or of firewalls with one rule set each";
        return Err(Error::usage("the exports have no rule set in common", help));
    }
    for line in said {
        output::say(&format!("not compared: {line}"));
    }
    Ok(out)
}

fn rule_sets(old: (&Opened, &RuleSetExport), new: (&Opened, &RuleSetExport)) -> Result<Section, Error> {
    let found = difference(&old.1.rules, &new.1.rules, &Effort::usual()).map_err(too_much)?;
    let lines = |changes: Vec<Change>| changes.into_iter().map(|change| line(change, old, new)).collect();
    Ok(Section {
        name: new.1.name.clone(),
        words: ("newly permitted", "newly denied"),
        gained: lines(found.newly_permitted),
        lost: lines(found.newly_denied),
    })
}

fn line(change: Change, old: (&Opened, &RuleSetExport), new: (&Opened, &RuleSetExport)) -> Line {
    let name = |(opened, rule_set): (&Opened, &RuleSetExport), decider: Decider| {
        let found = match decider {
            Decider::Rule(id) => rule_set.entry(id).map(|entry| (entry.name.as_str(), Some(entry.place))),
            Decider::Default(stage) => {
                rule_set.stages.get(stage).map(|stage| (stage.name.as_str(), stage.place))
            }
        };
        let (name, place) = found.unwrap_or_default();
        let place = place.map_or_else(String::new, |place| {
            format!(" ({}:{})", opened.path, line_of(&opened.text, place.start))
        });
        format!("{name}{place}")
    };
    Line {
        witness: change.region.witness().map(|packet| packet.to_string()),
        region: change.region.to_string(),
        by: Some((name(old, change.old), name(new, change.new))),
    }
}

fn policies(old: &str, new: &str) -> Result<Vec<Section>, Error> {
    let declared_by = |argument: &str| -> Result<FlowSet, Error> {
        let db = Database::default();
        let mut files = Vec::new();
        for path in policy_paths(&[argument.to_owned()])? {
            let (text, _) = read_text(&path)?;
            files.push(File::new(&db, shown(&path), text.into(), FileKind::Policy));
        }
        let project = empty_project(&db, files, Date { year: 2000, month: 1, day: 1 });
        if let Some(problem) = compiler::check_policy(&db, project).into_iter().next() {
            let place = compiler::position(&db, &problem.place);
            let text = place.file.text(&db);
            let (line, column) = diagnostics::LineIndex::new(text).line_column(place.range.start);
            return Err(Error::Input {
                path: place.file.path(&db).to_owned(),
                line,
                column,
                message: problem.message,
                help: problem.help.unwrap_or_else(|| "`flowright check` shows it in its place".to_owned()),
            });
        }
        Ok(declared(&db, project))
    };
    let (before, after) = (declared_by(old)?, declared_by(new)?);
    let effort = Effort::usual();
    let minus = |a: &FlowSet, b: &FlowSet| -> Result<Vec<Line>, Error> {
        let rest = a.subtract(b, &effort).and_then(|rest| rest.canonical(&effort)).map_err(too_much)?;
        let plain = |region: &Region| Region { in_interface: space::Set::any(), ..region.clone() };
        Ok(rest
            .regions
            .iter()
            .map(|region| Line {
                region: plain(region).to_string(),
                witness: plain(region).witness().map(|packet| packet.to_string()),
                by: None,
            })
            .collect())
    };
    Ok(vec![Section {
        name: "declared".to_owned(),
        words: ("newly declared", "no longer declared"),
        gained: minus(&after, &before)?,
        lost: minus(&before, &after)?,
    }])
}

fn in_words(sections: &[Section]) -> String {
    let mut text = String::new();
    for section in sections {
        if section.gained.is_empty() && section.lost.is_empty() {
            let _ = writeln!(text, "{}: no difference", printable(&section.name));
            continue;
        }
        let _ = writeln!(text, "{}", printable(&section.name));
        for (word, lines) in [(section.words.0, &section.gained), (section.words.1, &section.lost)] {
            for line in lines {
                let _ = writeln!(text, "  {word}: {}", printable(&line.region));
                if let Some(witness) = &line.witness {
                    let _ = writeln!(text, "      for example {}", printable(witness));
                }
                if let Some((old, new)) = &line.by {
                    let _ = writeln!(text, "      before: {}; now: {}", printable(old), printable(new));
                }
            }
        }
    }
    text
}
