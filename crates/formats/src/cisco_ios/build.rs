//! Puts a rule set together: chains of rules, and the entries behind them in the order of the file.

use std::collections::HashMap;

use diagnostics::TextRange;
use space::{Action, Chain, Conditions, IntervalSet, Region, Rule, RuleId, RuleSet, Stage, protocol};

use super::lines::short;
use super::meaning::{Meaning, Verdict, every};
use super::model::{Body, Config, Family, List, Platform};
use crate::{Direction, RuleEntry, RuleSetExport, StageEntry};

/// A rule set in the making. Rules are numbered as they come, and renumbered by their places at the end.
pub struct Builder {
    chains: Vec<Vec<Rule>>,
    stages: Vec<(Stage, StageEntry)>,
    entries: Vec<RuleEntry>,
    names: HashMap<String, u32>,
}

/// What an entry is called, and where it stands.
pub struct Draft {
    pub name: String,
    pub place: TextRange,
    pub list: String,
    pub implied: bool,
}

impl Builder {
    pub fn new() -> Self {
        Builder { chains: Vec::new(), stages: Vec::new(), entries: Vec::new(), names: HashMap::new() }
    }

    pub fn chain(&mut self) -> usize {
        self.chains.push(Vec::new());
        self.chains.len() - 1
    }

    pub fn is_empty(&self, chain: usize) -> bool {
        self.chains.get(chain).is_none_or(Vec::is_empty)
    }

    pub fn stage(&mut self, chain: usize, default: Action, name: &str) {
        let entry = StageEntry { name: name.to_owned(), place: None };
        self.stages.push((Stage { chain, default }, entry));
    }

    /// An entry without a rule; returns its number.
    pub fn entry(&mut self, draft: Draft) -> RuleId {
        let count = self.names.entry(draft.name.clone()).or_insert(0);
        *count += 1;
        let name = if *count == 1 { draft.name } else { format!("{} ({count})", draft.name) };
        let id = RuleId(u32::try_from(self.entries.len()).unwrap_or(u32::MAX));
        self.entries.push(RuleEntry {
            name,
            place: draft.place,
            head: draft.place,
            list: draft.list,
            comment: None,
            enabled: true,
            logs: false,
            implied: draft.implied,
            expires: None,
            inactive: None,
        });
        id
    }

    pub fn rule(&mut self, chain: usize, draft: Draft, matches: Vec<Region>, action: Action) {
        let id = self.entry(draft);
        if let Some(chain) = self.chains.get_mut(chain) {
            chain.push(Rule { id, matches, action });
        }
    }

    /// The entries of a list, and what is implied at its end.
    pub fn list(&mut self, chain: usize, config: &Config<'_>, list: &List<'_>, meanings: &[Meaning]) {
        let called = called(config, list);
        let kept = keyword(list);
        for place in &list.obscured {
            let name = format!("{called}: entries taken away");
            let symbol = space::Symbol::new(space::Side::Packet, space::SymbolKind::Match, &name);
            let draft = Draft { name, place: *place, list: kept.clone(), implied: false };
            let region = every(list.family).when(Conditions::holds(symbol));
            self.rule(chain, draft, vec![region], Action::Unknown);
        }
        let mut remarks: Vec<&str> = Vec::new();
        for (entry, meaning) in list.entries.iter().zip(meanings) {
            if let Body::Remark(text) = entry.body {
                remarks.push(text);
                continue;
            }
            let action = match meaning.verdict {
                Verdict::Permit | Verdict::Evaluate => Action::Permit,
                Verdict::Deny => Action::Deny,
                Verdict::Unknown => Action::Unknown,
                Verdict::None => continue,
            };
            let name = format!("{called} {}", entry.number);
            let id = self.entry(Draft { name, place: entry.place, list: kept.clone(), implied: false });
            if let Some(made) = self.entries.last_mut() {
                if !remarks.is_empty() {
                    made.comment = Some(remarks.join(" "));
                    remarks.clear();
                }
                made.logs = matches!(&entry.body, Body::Rule(ace) if ace.logs);
                made.expires = meaning.expires;
                made.inactive = meaning.inactive;
            }
            if !meaning.matches.is_empty()
                && let Some(chain) = self.chains.get_mut(chain)
            {
                chain.push(Rule { id, matches: meaning.matches.clone(), action });
            }
        }
        self.implied(chain, config, list, &called);
    }

    /// What every list ends with.
    fn implied(&mut self, chain: usize, config: &Config<'_>, list: &List<'_>, called: &str) {
        let draft = |name: String| Draft { name, place: list.head, list: keyword(list), implied: true };
        if list.obscured.is_empty() && list.entries.iter().all(|entry| matches!(entry.body, Body::Remark(_)))
        {
            // "For the implicit statements to take effect, an ACL must contain at least one entry" (IOS, "deny"). Whether a
            // remark is one, and what the others do, their manuals do not say.
            let known = list.entries.is_empty() && config.platform == Platform::Ios;
            let action = if known { Action::Permit } else { Action::Unknown };
            self.rule(chain, draft(format!("{called} without entries")), vec![every(list.family)], action);
            return;
        }
        if list.family == Family::V6 {
            // IOS IPv6 Command Reference, "ipv6 access-list", and NX-OS Security Configuration Guide, "Implicit Rules".
            let all: &[(&str, u16)] = match config.platform {
                Platform::NxOs => &[
                    ("nd-na", 136),
                    ("nd-ns", 135),
                    ("router-advertisement", 134),
                    ("router-solicitation", 133),
                ],
                _ => &[("nd-na", 136), ("nd-ns", 135)],
            };
            for (name, kind) in all {
                let region = every(Family::V6)
                    .service(protocol::ICMPV6, IntervalSet::range(kind * 256, kind * 256 + 255));
                // The manual of EOS names a denial only.
                let action = if config.platform == Platform::Eos { Action::Unknown } else { Action::Permit };
                self.rule(chain, draft(format!("{called} implicit permit {name}")), vec![region], action);
            }
        }
        self.rule(chain, draft(format!("{called} implicit deny")), vec![every(list.family)], Action::Deny);
    }

    pub fn finish(self, name: String) -> RuleSetExport {
        // What is implied stands at the end of its list, after what was written there.
        let mut order: Vec<usize> = (0..self.entries.len()).collect();
        let mut ends: HashMap<&str, u32> = HashMap::new();
        for entry in self.entries.iter().filter(|entry| !entry.implied) {
            let end = ends.entry(entry.list.as_str()).or_insert(0);
            *end = (*end).max(entry.place.start);
        }
        let key = |index: &usize| {
            let entry = &self.entries[*index];
            let start = match entry.implied {
                true => ends.get(entry.list.as_str()).copied().unwrap_or(0).max(entry.place.start),
                false => entry.place.start,
            };
            (start, entry.implied, *index)
        };
        order.sort_by_key(key);
        let mut numbers = vec![RuleId(0); order.len()];
        for (number, index) in order.iter().enumerate() {
            numbers[*index] = RuleId(u32::try_from(number).unwrap_or(u32::MAX));
        }
        let mut entries: Vec<Option<RuleEntry>> = self.entries.into_iter().map(Some).collect();
        let sorted =
            order.iter().filter_map(|index| entries.get_mut(*index).and_then(Option::take)).collect();
        let mut chains = self.chains;
        for rule in chains.iter_mut().flatten() {
            if let Some(number) = numbers.get(rule.id.0 as usize) {
                rule.id = *number;
            }
        }
        let (stages, stage_entries) = self.stages.into_iter().unzip();
        RuleSetExport {
            name,
            direction: Direction::Transit,
            stateful: false,
            rules: RuleSet { chains: chains.into_iter().map(Chain::from).collect(), stages },
            entries: sorted,
            stages: stage_entries,
        }
    }
}

/// The list with its command word: unique in a file.
pub fn keyword(list: &List<'_>) -> String {
    format!("{} access-list {}", list.family.word(), short(list.name))
}

/// What an administrator calls a list: its name, with the family where both have one of that name.
fn called(config: &Config<'_>, list: &List<'_>) -> String {
    let name = short(list.name);
    let twin = list.family == Family::V6 && config.list_by_name.contains_key(&(Family::V4, list.name));
    if twin { format!("{name} (IPv6)") } else { name }
}
