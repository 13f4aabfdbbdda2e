use std::collections::HashMap;

use space::{Action, Conditions, Region, RuleId, RuleSet, Side, Symbol, SymbolKind};

use crate::plain::dialect::Dialect;
use crate::plain::matches::Parts;
use crate::plain::parse::{Meaning, Row, Rule, parse};
use crate::plain::records::Word;
use crate::plain::values::{Endpoint, shown};
use crate::{
    Coverage, Direction, Export, ImportError, Inventory, Problem, RuleEntry, RuleSetExport, StageEntry,
    Status, UndefinedEntry,
};

/// The name of the one rule set, and of the list that its rules stand in.
const RULE_SET: &str = "rules";

/// How many regions all rules together may have beyond one for each. Names in a source and in a destination
/// multiply: a small file could ask for more memory than there is.
const MOST_REGIONS: usize = 1_000_000;

/// Reads a file as one rule set in which the first match decides.
pub fn import(text: &str, dialect: &Dialect) -> Result<Export, ImportError> {
    let table = parse(text, dialect)?;
    let Some(last) = table.rows.iter().rposition(|row| matches!(row, Row::Rule(_))) else {
        let help = "check that the file is whole: a row for each rule stands below the header";
        return Err(ImportError::new(table.header.place, "the table has no rules", help));
    };
    let mut importer = Importer::new(text);
    importer.coverage.push(table.header.place, Status::Irrelevant, "the header");
    let unknown = table.header.unknown().filter(|column| !dialect.ignores(column.text));
    importer.problems.extend(unknown.map(unknown_column));

    let mut default = if dialect.default_permit { Action::Permit } else { Action::Deny };
    let mut stage = StageEntry { name: "implicit deny".to_owned(), place: None };
    for (at, row) in table.rows.into_iter().enumerate() {
        match row {
            Row::Empty(place) => importer.coverage.push(place, Status::Irrelevant, "an empty row"),
            Row::Rule(rule) if at == last && !dialect.mapped && is_default(&rule) => {
                default = action(rule.meaning.as_ref());
                stage = StageEntry { name: "default".to_owned(), place: Some(rule.place) };
                importer.coverage.push(rule.place, Status::Understood, "");
                importer.problems.extend(rule.problems);
            }
            Row::Rule(rule) => importer.rule(*rule),
        }
    }
    Ok(Export {
        format: "plain",
        rule_sets: vec![RuleSetExport {
            name: RULE_SET.to_owned(),
            direction: Direction::Transit,
            stateful: true,
            rules: RuleSet::flat(importer.rules, default),
            entries: importer.entries,
            stages: vec![stage],
        }],
        coverage: importer.coverage,
        problems: importer.problems,
        inventory: Inventory { undefined: importer.undefined, ..Inventory::default() },
        mapping: None,
    })
}

/// Whether the last row of a file is the default: it is called so, and it matches everything.
fn is_default(rule: &Rule) -> bool {
    let parts = rule.meaning.as_ref().map(Parts::of);
    rule.name.eq_ignore_ascii_case("default")
        && rule.enabled
        && rule.unknown.is_empty()
        && parts.is_some_and(|parts| parts.count() == 1 && parts.regions() == [Region::any()])
}

fn action(meaning: Option<&Meaning>) -> Action {
    match meaning {
        Some(meaning) if meaning.permit => Action::Permit,
        Some(_) => Action::Deny,
        None => Action::Unknown,
    }
}

fn unknown_column(column: Word) -> Problem {
    let message = match column.text {
        "" => "a column has no name".to_owned(),
        name => format!("the column `{}` is not known", shown(name)),
    };
    Problem {
        place: column.place,
        message,
        help: "remove it if it decides nothing, or call it `comment`; a value in it is an unknown condition"
            .to_owned(),
    }
}

struct Importer<'t> {
    text: &'t str,
    rules: Vec<space::Rule>,
    entries: Vec<RuleEntry>,
    coverage: Coverage,
    problems: Vec<Problem>,
    undefined: Vec<UndefinedEntry>,
    names: Names,
    symbols: Names,
    regions_left: usize,
}

impl<'t> Importer<'t> {
    fn new(text: &'t str) -> Self {
        Importer {
            text,
            rules: Vec::new(),
            entries: Vec::new(),
            coverage: Coverage::default(),
            problems: Vec::new(),
            undefined: Vec::new(),
            names: Names::default(),
            symbols: Names::default(),
            regions_left: MOST_REGIONS,
        }
    }

    /// One row becomes one entry, one statement and, where it is enabled, one rule.
    fn rule(&mut self, row: Rule) {
        let number = self.entries.len();
        let name = if row.name.is_empty() { format!("rule {}", number + 1) } else { row.name.to_string() };
        let name = self.names.distinct(name);
        if row.enabled {
            let (matches, action) = self.enabled(&row, &name);
            let id = RuleId(u32::try_from(number).unwrap_or(u32::MAX));
            self.rules.push(space::Rule { id, matches, action });
        } else if row.meaning.is_some() {
            self.coverage.push(row.place, Status::Understood, "");
        } else {
            self.coverage.push(row.place, Status::Irrelevant, "disabled, whatever it says");
        }
        self.problems.extend(row.problems);
        self.entries.push(RuleEntry {
            name,
            place: row.place,
            head: row.place,
            list: RULE_SET.to_owned(),
            comment: (!row.comment.is_empty()).then(|| row.comment.into_owned()),
            enabled: row.enabled,
            logs: row.logs,
            implied: false,
            expires: None,
            inactive: (!row.enabled).then_some("disabled"),
        });
    }

    /// What a rule matches and does; notes what became of its row.
    fn enabled(&mut self, row: &Rule, name: &str) -> (Vec<Region>, Action) {
        let regions = match self.regions(row) {
            Ok(regions) => regions,
            Err(reason) => {
                self.coverage.push(row.place, Status::NotUnderstood, reason);
                let matches = Region::any().when(self.unknown(row, name, "not understood"));
                return (vec![matches], Action::Unknown);
            }
        };
        let action = action(row.meaning.as_ref());
        let unexplained = self.unexplained(row);
        if row.unknown.is_empty() {
            match unexplained.as_slice() {
                [] => self.coverage.push(row.place, Status::Understood, ""),
                names => {
                    let reason = format!("nobody explains {}", names.join(", "));
                    self.coverage.push(row.place, Status::Approximated, reason);
                }
            }
            return (regions, action);
        }
        let says: Vec<String> =
            row.unknown.iter().map(|(column, value)| format!("{} {}", column.text, value.text)).collect();
        let says = shown(&says.join(", "));
        self.coverage.push(row.place, Status::Approximated, format!("`{says}` is not known"));
        let only_if = Region::any().when(self.unknown(row, name, &says));
        (regions.iter().filter_map(|region| region.intersect(&only_if)).collect(), action)
    }

    /// The objects that a rule names and nobody explains, each noted as undefined.
    fn unexplained(&mut self, row: &Rule) -> Vec<String> {
        let Some(meaning) = &row.meaning else { return Vec::new() };
        let ends = meaning.source.iter().chain(&meaning.destination).filter_map(|end| match end {
            Endpoint::Unknown(word) => Some(("address", *word)),
            _ => None,
        });
        let services = meaning.unknown_services.iter().map(|word| ("service", *word));
        let mut names = Vec::new();
        for (kind, word) in ends.chain(services) {
            self.undefined.push(UndefinedEntry { kind, name: word.text.to_owned(), place: word.place });
            names.push(format!("`{}`", shown(word.text)));
        }
        names.sort();
        names.dedup();
        names.truncate(8);
        names
    }

    /// The regions of a rule, or why it has none.
    fn regions(&mut self, row: &Rule) -> Result<Vec<Region>, String> {
        let Some(meaning) = &row.meaning else {
            return Err(row.problems.first().map_or(String::new(), |problem| problem.message.clone()));
        };
        let parts = Parts::of(meaning);
        match self.regions_left.checked_sub(parts.count().saturating_sub(1)) {
            Some(left) => {
                self.regions_left = left;
                Ok(parts.regions())
            }
            None => {
                let message = "too many names stand in source and destination".to_owned();
                let help = "write fewer names, or several rules".to_owned();
                self.problems.push(Problem { place: row.place, message: message.clone(), help });
                Err(message)
            }
        }
    }

    /// A condition of this rule alone. Its name does not hold the rule's number, so that an edit elsewhere in the file
    /// leaves it the same.
    fn unknown(&mut self, row: &Rule, name: &str, says: &str) -> Conditions {
        let rule = if row.name.is_empty() {
            self.text.get(std::ops::Range::from(row.place)).unwrap_or(name)
        } else {
            name
        };
        let symbol = self.symbols.distinct(format!("{}: {says}", shown(rule)));
        Conditions::holds(Symbol::new(Side::Packet, SymbolKind::Match, &symbol))
    }
}

/// The names given out, and the last number that made one of them different.
#[derive(Default)]
struct Names(HashMap<String, usize>);

impl Names {
    /// `name`, or where it was given out before, `name (2)`, `name (3)` and so on.
    fn distinct(&mut self, name: String) -> String {
        let Some(&last) = self.0.get(&name) else {
            self.0.insert(name.clone(), 1);
            return name;
        };
        let mut number = last;
        let distinct = loop {
            number += 1;
            let candidate = format!("{name} ({number})");
            if !self.0.contains_key(&candidate) {
                break candidate;
            }
        };
        self.0.insert(name, number);
        self.0.insert(distinct.clone(), 1);
        distinct
    }
}
