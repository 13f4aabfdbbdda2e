use std::sync::Arc;

use diagnostics::TextRange;
use formats::{Direction, Export, ImportError};
use space::{RuleSet, Set};
use syntax::ast::{EntryValue, Expression, ExpressionKind, ItemKind};

use crate::evaluate::Evaluator;
use crate::facts::known_facts;
use crate::policy::{PolicyScope, own_endpoints};
use crate::{
    Anchor, Db, EndpointSet, File, FileKind, Problem, Project, RouteValue, Statement, StatementId, statements,
};

/// An export with what passes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirewallValue {
    pub name: Arc<str>,
    /// `None` for an export that was named on the command line.
    pub statement: Option<StatementId>,
    /// `None` where the file could not be opened, which whoever opens files has said.
    pub export: Option<File>,
    /// Which flows pass it: any of these pairs.
    pub guards: Vec<(EndpointSet, EndpointSet)>,
    /// What stands behind it, where the policy says so.
    pub inside: Option<EndpointSet>,
    /// What the policy says of its interfaces.
    pub routes: Vec<RouteValue>,
    /// The rule set to look at, where the policy says so, and where it says it.
    pub rule_set: Option<(String, TextRange)>,
}

impl FirewallValue {
    /// The one that every flow of the policies passes, where they have no `firewall` statement.
    pub fn of_all_flows(name: &str) -> Self {
        FirewallValue {
            name: name.into(),
            statement: None,
            export: None,
            guards: vec![(EndpointSet::any(), EndpointSet::any())],
            inside: None,
            routes: Vec::new(),
            rule_set: None,
        }
    }
}

/// The firewalls of the project: those of the policies, then those of the command line.
pub fn firewalls(db: &dyn Db, project: Project) -> Vec<FirewallValue> {
    let mut out = Vec::new();
    for &file in project.policies(db) {
        for &statement in statements(db, file) {
            if matches!(statement.item(db).kind, ItemKind::Firewall(_)) {
                out.extend(firewall_value(db, statement).firewall.iter().cloned());
            }
        }
    }
    for (name, export) in project.extra_exports(db) {
        out.push(FirewallValue { export: Some(*export), ..FirewallValue::of_all_flows(name) });
    }
    out
}

/// A `firewall` statement, and what is wrong with it.
#[derive(Debug, PartialEq, Eq)]
pub struct FirewallResult {
    pub(crate) firewall: Option<FirewallValue>,
    pub(crate) problems: Vec<Problem>,
}

const KEYS: [&str; 6] = ["export", "format", "guards", "inside", "route", "rule_set"];

#[salsa::tracked]
pub fn firewall_value<'db>(db: &'db dyn Db, statement: Statement<'db>) -> FirewallResult {
    let id = statement.id(db);
    let ItemKind::Firewall(firewall) = &statement.item(db).kind else {
        return FirewallResult { firewall: None, problems: Vec::new() };
    };
    let scope = PolicyScope::of(db);
    let mut evaluator = Evaluator::new(&scope);
    let mut value = FirewallValue {
        name: firewall.name.text.as_str().into(),
        statement: Some(id.clone()),
        export: None,
        guards: Vec::new(),
        inside: None,
        routes: Vec::new(),
        rule_set: None,
    };
    let mut has_export = false;
    for entry in &firewall.entries {
        match (entry.key.text.as_str(), &entry.value) {
            ("export", EntryValue::Expression(Expression { kind: ExpressionKind::Text(path), .. })) => {
                has_export = true;
                let key = (statement.file(db).path(db).to_owned(), path.clone());
                value.export = Project::get(db).exports(db).get(&key).copied();
            }
            ("format", EntryValue::Expression(expression)) => {
                if let Ok(name) = evaluator.text(expression)
                    && formats::find(&name).is_none()
                {
                    let known: Vec<&str> = formats::FORMATS.iter().map(|format| format.name()).collect();
                    let guess = syntax::similar_name(&name, known.iter().copied());
                    let help = guess.map_or_else(
                        || format!("use one of: {}", known.join(", ")),
                        |guess| format!("did you mean `{guess}`?"),
                    );
                    evaluator.wrong(
                        expression.range,
                        format!("no format is called `{name}`"),
                        "not known",
                        help,
                    );
                }
            }
            ("guards", EntryValue::Flow { from, to, service: None }) => {
                guard(&mut evaluator, &mut value, from, to)
            }
            ("guards", EntryValue::Expression(Expression { kind: ExpressionKind::Any, .. })) => {
                value.guards.push((EndpointSet::any(), EndpointSet::any()));
            }
            ("route", EntryValue::Flow { from, to, service: None }) => {
                route(&mut evaluator, &mut value, from, to)
            }
            ("inside", EntryValue::Expression(expression)) => {
                value.inside = evaluator.endpoints(expression).ok().map(|endpoints| endpoints.all());
            }
            ("rule_set", EntryValue::Expression(expression)) => {
                value.rule_set =
                    evaluator.text(expression).ok().map(|name| (name.to_string(), expression.range));
            }
            (key, _) if KEYS.contains(&key) => {
                let help = match key {
                    "export" => "write the path between double quotes: `export = \"exports/edge.xml\"`",
                    "route" => "write what is behind an interface: `route = clients -> \"inside\"`",
                    "guards" => "write which flows pass it: `guards = [clients, servers] -> any`",
                    _ => "see `flowright help`, or the examples",
                };
                evaluator.wrong(entry.range, format!("this is no value for `{key}`"), "does not fit", help);
            }
            (key, _) => {
                let guess = syntax::similar_name(key, KEYS);
                let help = guess.map_or_else(
                    || format!("a firewall has {}", KEYS.map(|key| format!("`{key}`")).join(", ")),
                    |guess| format!("did you mean `{guess}`?"),
                );
                evaluator.wrong(entry.key.range, format!("a firewall has no `{key}`"), "not known", help);
            }
        }
    }
    if !has_export && !firewall.entries.iter().any(|entry| entry.key.text == "export") {
        let help = "add `export = \"PATH\"`: the file that the firewall gave you";
        let message = format!("`{}` has no export", firewall.name.text);
        evaluator.wrong(firewall.name.range, message, "nothing to check", help);
    }
    if value.guards.is_empty() {
        value.guards.push((EndpointSet::any(), EndpointSet::any()));
    }
    let problems = evaluator.complaints.into_iter().map(|complaint| complaint.at(&id, 0)).collect();
    FirewallResult { firewall: Some(value), problems }
}

fn guard(evaluator: &mut Evaluator<'_>, value: &mut FirewallValue, from: &Expression, to: &Expression) {
    if let (Ok(from), Ok(to)) = (evaluator.endpoints(from), evaluator.endpoints(to)) {
        value.guards.push((from.all(), to.all()));
    }
}

/// `route = clients -> "inside"`: the clients are behind the interface `inside`.
fn route(
    evaluator: &mut Evaluator<'_>,
    value: &mut FirewallValue,
    behind: &Expression,
    interface: &Expression,
) {
    let Ok(interface) = evaluator.text(interface) else { return };
    let range = behind.range;
    let Ok(behind) = evaluator.endpoints(behind).map(|endpoints| endpoints.all()) else { return };
    let claimed = value.routes.iter().find(|known| {
        let same_kind = known.behind.is_any() == behind.is_any();
        same_kind && known.behind.addresses.overlaps(&behind.addresses)
            || !known.behind.names.is_disjoint(&behind.names)
    });
    if let Some(known) = claimed {
        let message = format!("this is behind `{}` too, by another route", known.interface);
        let help =
            "let one of them have it: `10.0.0.0/8 except 10.1.0.0/16`; `any` is what no other route takes";
        evaluator.wrong(range, message, "routed twice", help);
    }
    value.routes.push(RouteValue { interface, behind });
}

/// An export as read, or why it cannot be.
#[salsa::tracked]
pub fn imported(db: &dyn Db, file: File) -> Result<Export, ImportError> {
    let (format, mapping) = match file.kind(db) {
        FileKind::Export { format, mapping } => (format.as_deref(), mapping.as_deref()),
        _ => (None, None),
    };
    formats::import_with(file.text(db), format, mapping)
}

/// The rule sets of an export without their places: equal when an edit only moved lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSetsOf {
    pub rule_sets: Vec<RuleSetMeaning>,
}

/// One rule set without places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSetMeaning {
    pub name: Arc<str>,
    pub direction: Direction,
    pub stateful: bool,
    pub rules: RuleSet,
    /// Whether anybody wrote a rule for it, or it is all defaults.
    pub written: bool,
}

#[salsa::tracked]
pub fn rule_sets(db: &dyn Db, file: File) -> RuleSetsOf {
    let facts = known_facts(db, Project::get(db));
    let exported = imported(db, file).as_ref().map(|export| export.rule_sets.as_slice()).unwrap_or_default();
    let rule_sets = exported.iter().map(|rule_set| RuleSetMeaning {
        name: rule_set.name.as_str().into(),
        direction: rule_set.direction,
        stateful: rule_set.stateful,
        rules: facts.applied_to(&rule_set.rules),
        written: rule_set.entries.iter().any(|entry| !entry.implied),
    });
    RuleSetsOf { rule_sets: rule_sets.collect() }
}

/// The rule sets of its export that a firewall's flows meet, by index, with whether direction selects among the flows.
///
/// The one the policy names; else the one for transit, if anybody wrote a rule for it; else the pair for what comes in
/// and goes out. Where that is not one thing, a problem says what to choose from.
pub fn bound_rule_sets(
    db: &dyn Db,
    firewall: &FirewallValue,
) -> Result<Vec<(usize, Direction)>, Box<Problem>> {
    let Some(export) = firewall.export else { return Ok(Vec::new()) };
    let all = &rule_sets(db, export).rule_sets;
    let names = || all.iter().map(|rule_set| format!("`{}`", rule_set.name)).collect::<Vec<_>>().join(", ");
    if let Some((wanted, range)) = &firewall.rule_set {
        let exact = all.iter().position(|rule_set| *rule_set.name == **wanted);
        if let Some(index) = exact {
            return Ok(vec![(index, Direction::Transit)]);
        }
        let base = format!("{wanted}/");
        let pair: Vec<(usize, Direction)> = all
            .iter()
            .enumerate()
            .filter(|(_, rule_set)| rule_set.name.starts_with(&base))
            .map(|(index, rule_set)| (index, rule_set.direction))
            .collect();
        if !pair.is_empty() {
            return Ok(pair);
        }
        let place = match &firewall.statement {
            Some(id) => Anchor::Statement { id: id.clone(), range: *range },
            None => Anchor::Text { file: export, range: TextRange::default() },
        };
        return Err(Box::new(Problem {
            place,
            message: format!("the export has no rule set `{wanted}`"),
            label: "not in the export".to_owned(),
            related: Vec::new(),
            help: Some(format!("use one of {}", names())),
        }));
    }
    let transit = all.iter().enumerate().find(|(_, it)| it.direction == Direction::Transit && it.written);
    let directed: Vec<(usize, Direction)> = all
        .iter()
        .enumerate()
        .filter(|(_, rule_set)| rule_set.direction != Direction::Transit)
        .map(|(index, rule_set)| (index, rule_set.direction))
        .collect();
    if let Some((index, _)) = transit {
        return Ok(vec![(index, Direction::Transit)]);
    }
    let inbound = directed.iter().filter(|(_, direction)| *direction == Direction::Inbound).count();
    let outbound = directed.len() - inbound;
    if directed.is_empty() {
        let only = all.iter().position(|rule_set| rule_set.direction == Direction::Transit);
        return Ok(only.map(|index| (index, Direction::Transit)).into_iter().collect());
    }
    if inbound <= 1 && outbound <= 1 {
        return Ok(directed);
    }
    let (place, help) = match &firewall.statement {
        Some(id) => {
            let start = TextRange::new(0, "firewall".len());
            (Anchor::Statement { id: id.clone(), range: start }, "add `rule_set = \"NAME\"` to the firewall")
        }
        None => (
            Anchor::Text { file: export, range: TextRange::default() },
            "write a `firewall` statement with `rule_set = \"NAME\"` for each",
        ),
    };
    Err(Box::new(Problem {
        place,
        message: format!(
            "the export of `{}` has several rule sets, and any of them could be meant",
            firewall.name
        ),
        label: "which one?".to_owned(),
        related: Vec::new(),
        help: Some(format!("{help}; there are {}", names())),
    }))
}

/// What stands behind a firewall: what the policy says, else the sides of its guards that are not `any`, else
/// everything the policies name.
pub(crate) fn inside(db: &dyn Db, firewall: &FirewallValue) -> EndpointSet {
    if let Some(inside) = &firewall.inside {
        return inside.clone();
    }
    let mut all = EndpointSet::empty();
    for (from, to) in &firewall.guards {
        for side in [from, to] {
            if !side.is_any() {
                all = all.union(side);
            }
        }
    }
    if all.is_empty() { own_endpoints(db, Project::get(db)).clone() } else { all }
}
