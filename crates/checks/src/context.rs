use std::cell::RefCell;
use std::collections::BTreeMap;

use compiler::{
    Anchor, Db, File, FirewallValue, Problem, Project, RuleSetMeaning, bound_rule_sets, firewalls,
};
use diagnostics::{Finding, Level, TextRange};
use formats::{Direction, Export, RuleEntry, RuleSetExport};
use space::{Decider, Effort, Exhausted, RuleId};

/// What the user chose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Levels of checks by name, where they differ from the checks' own.
    pub levels: BTreeMap<String, Level>,
    /// A statement of an export that is not understood is an error.
    pub strict: bool,
}

/// What a check may look at.
pub struct Context<'db> {
    pub db: &'db dyn Db,
    pub project: Project,
    pub settings: &'db Settings,
    /// The firewalls whose exports could be read, each with the rule sets its flows meet.
    pub firewalls: Vec<BoundFirewall<'db>>,
    /// What keeps firewalls from being checked: a rule set that has to be named.
    pub problems: Vec<Problem>,
    /// The checks that are cut short at rule sets, so that each is said once.
    cut_short: RefCell<Vec<(&'static str, Anchor)>>,
}

/// A firewall with an export that could be read.
pub struct BoundFirewall<'db> {
    pub value: FirewallValue,
    pub export: File,
    pub rule_sets: Vec<BoundRuleSet<'db>>,
}

/// A rule set that a firewall's flows meet.
pub struct BoundRuleSet<'db> {
    /// Its index in the export.
    pub index: usize,
    pub direction: Direction,
    pub meaning: &'db RuleSetMeaning,
    /// With places and names.
    pub exported: &'db RuleSetExport,
    pub export: File,
}

impl<'db> Context<'db> {
    pub fn new(db: &'db dyn Db, project: Project, settings: &'db Settings) -> Self {
        let mut bound = Vec::new();
        let mut problems = Vec::new();
        for value in firewalls(db, project) {
            let Some(export) = value.export else { continue };
            let Ok(read) = compiler::imported(db, export) else { continue };
            let chosen = match bound_rule_sets(db, &value) {
                Ok(chosen) => chosen,
                Err(problem) => {
                    problems.push(*problem);
                    continue;
                }
            };
            let meanings = &compiler::rule_sets(db, export).rule_sets;
            let rule_sets = chosen.into_iter().filter_map(|(index, direction)| {
                let (meaning, exported) = (meanings.get(index)?, read.rule_sets.get(index)?);
                Some(BoundRuleSet { index, direction, meaning, exported, export })
            });
            let rule_sets = rule_sets.collect();
            bound.push(BoundFirewall { value, export, rule_sets });
        }
        Context { db, project, settings, firewalls: bound, problems, cut_short: RefCell::default() }
    }

    /// The exports that could be read, each once, with the first firewall that they are of.
    pub fn exports(&self) -> Vec<(&BoundFirewall<'db>, &'db Export)> {
        let mut out: Vec<(&BoundFirewall<'db>, &'db Export)> = Vec::new();
        for firewall in &self.firewalls {
            if !out.iter().any(|(known, _)| known.export == firewall.export)
                && let Ok(read) = compiler::imported(self.db, firewall.export)
            {
                out.push((firewall, read));
            }
        }
        out
    }

    /// The bound on work for one question, which also lets an editor cancel it.
    pub fn effort<'a>(&self, tick: &'a dyn Fn()) -> Effort<'a> {
        Effort::usual().with_tick(tick)
    }

    /// Says once that `check` could not be finished at `rule_set`.
    pub fn cut_short(
        &self,
        check: &'static str,
        rule_set: &BoundRuleSet<'_>,
        exhausted: Exhausted,
        out: &mut Vec<Finding<Anchor>>,
    ) {
        let place = rule_set.start();
        let mut said = self.cut_short.borrow_mut();
        if said.contains(&(check, place.clone())) {
            return;
        }
        said.push((check, place.clone()));
        let message = format!(
            "`{check}` is not finished for the rule set `{}`: it took more than {} region operations",
            rule_set.meaning.name, exhausted.limit
        );
        let mut finding = Finding::new(check, Level::Warning, message)
            .primary(place, "this rule set is too entangled")
            .note("every other finding stands; what is said of this rule set by this check is not complete")
            .help("split the rule set, or report it: such rule sets are what we measure with");
        finding.certainty = diagnostics::Certainty::Possible;
        out.push(finding);
    }
}

impl BoundRuleSet<'_> {
    pub fn anchor(&self, decider: Decider) -> Anchor {
        Anchor::Decider { export: self.export, rule_set: self.index, decider }
    }

    /// The start of the export, for what is said of the rule set as a whole.
    pub fn start(&self) -> Anchor {
        Anchor::Text { file: self.export, range: TextRange::default() }
    }

    pub fn entry(&self, id: RuleId) -> Option<&RuleEntry> {
        self.exported.entry(id)
    }

    /// Whether the decider stands somewhere in the file.
    pub fn has_place(&self, decider: Decider) -> bool {
        match decider {
            Decider::Rule(id) => self.entry(id).is_some_and(|entry| !entry.place.is_empty()),
            Decider::Default(stage) => {
                self.exported.stages.get(stage).is_some_and(|stage| stage.place.is_some())
            }
        }
    }

    /// The rules that somebody wrote and that can decide a packet here.
    pub fn written_rules(&self) -> impl Iterator<Item = &space::Rule> {
        self.meaning.rules.rules().filter(|rule| {
            !rule.matches.is_empty()
                && self
                    .entry(rule.id)
                    .is_some_and(|entry| !entry.implied && entry.enabled && entry.inactive.is_none())
        })
    }
}
