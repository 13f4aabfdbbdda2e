//! The lines of a list as rules.

use diagnostics::printable;
use space::{Action, AddressSet, Conditions, Region, Side, Symbol, SymbolKind};

use super::ace;
use super::config::{Line, LineEntry};
use super::rule_set::{Builder, Draft, families_of};
use crate::{Day, RuleEntry, Status};

impl<'a> Builder<'_, '_, 'a> {
    /// The chain of a list.
    pub fn list(&mut self, index: usize) -> usize {
        if let Some(&chain) = self.list_chains.get(&index) {
            return chain;
        }
        let chain = self.chain();
        self.list_chains.insert(index, chain);
        let config = self.config;
        let Some(list) = config.lists.get(index) else { return chain };
        let base = families_of(config, list.kind);
        let name = printable(list.name).into_owned();
        let mut remarks: Vec<&str> = Vec::new();
        for (line, number) in list.lines.iter().zip(1_u32..) {
            if let LineEntry::Remark(text) = line.entry {
                remarks.push(text);
                self.outcomes.push((line.statement, Status::Irrelevant, "a remark".to_owned()));
                continue;
            }
            let draft = self.line(&name, line, number, &base, remarks.join(" "));
            remarks.clear();
            self.push(chain, draft);
        }
        chain
    }

    fn line(
        &mut self,
        list: &str,
        line: &Line<'a>,
        number: u32,
        base: &AddressSet,
        comment: String,
    ) -> Draft {
        let mut entry = RuleEntry {
            name: format!("{list} line {number}"),
            place: line.place,
            head: line.place,
            list: list.to_owned(),
            comment: (!comment.is_empty()).then_some(comment),
            enabled: true,
            logs: false,
            implied: false,
            expires: None,
            inactive: None,
        };
        let (matches, action) = match self.meaning(list, line, base, &mut entry) {
            Ok(meaning) => meaning,
            Err((reason, text)) => {
                self.outcomes.push((line.statement, Status::NotUnderstood, reason));
                let name = self.own(&format!("access-list {list} {text}"));
                let symbol = Symbol::new(Side::Packet, SymbolKind::Match, &name);
                let region = Region::any().from(base.clone()).when(Conditions::holds(symbol));
                (vec![region], Action::Unknown)
            }
        };
        let is_rule = entry.enabled;
        Draft { entry, matches, action, is_rule }
    }

    /// What a line matches and does, or why that is not known and what it says.
    fn meaning(
        &mut self,
        list: &str,
        line: &Line<'a>,
        base: &AddressSet,
        entry: &mut RuleEntry,
    ) -> Result<(Vec<Region>, Action), (String, &'a str)> {
        let LineEntry::Rule(words) = line.entry else {
            return Err((format!("not an entry of `{list}`"), ""));
        };
        let mut ace = match ace::read(words, self.resolver) {
            Ok(ace) => ace,
            Err(wrong) => {
                let reason = wrong.message.clone();
                self.problems.push(wrong.into());
                return Err((reason, words.rest()));
            }
        };
        for missing in ace.redacted() {
            let name = self.own(&format!("{} in access-list {list} {}", missing.name, words.rest()));
            missing.name = name.into();
        }
        let action = if ace.permit { Action::Permit } else { Action::Deny };
        entry.logs = ace.logs;
        entry.expires = self.expires(ace.time_range);
        if ace.inactive {
            entry.enabled = false;
            entry.inactive = Some("disabled");
            self.outcomes.push((line.statement, Status::Understood, String::new()));
            return Ok((Vec::new(), action));
        }
        if ace.undefined
            && !line.expansions.is_empty()
            && let Some(matches) = self.expanded(line, base)
        {
            self.outcomes.push((line.statement, Status::Understood, String::new()));
            return Ok((matches, action));
        }
        let Some(matches) = ace.regions(base, self.regions_left.saturating_add(1)) else {
            return Err((
                "too many names and groups stand in source and destination".to_owned(),
                words.rest(),
            ));
        };
        self.regions_left = self.regions_left.saturating_sub(matches.len().saturating_sub(1));
        match ace.unknown() {
            Some(unknown) => self.outcomes.push((line.statement, Status::Approximated, unknown)),
            None if matches.is_empty() => {
                let reason = "no packet has these addresses and ports".to_owned();
                self.outcomes.push((line.statement, Status::Irrelevant, reason));
            }
            None => self.outcomes.push((line.statement, Status::Understood, String::new())),
        }
        Ok((matches, action))
    }

    /// What `show access-list` says that the objects of a line hold; `None` where it is not clear.
    fn expanded(&mut self, line: &Line<'a>, base: &AddressSet) -> Option<Vec<Region>> {
        let mut matches = Vec::new();
        for expansion in &line.expansions {
            let text = expansion.words.rest();
            // The addresses that a name was found to have come after the name itself.
            let of_name = |word: &str| {
                word.starts_with('(')
                    && word.contains('.')
                    && word.ends_with(')')
                    && !word.starts_with("(hitcnt=")
            };
            if text.split_ascii_whitespace().any(of_name) {
                continue;
            }
            let ace = ace::read(expansion.words, self.resolver).ok()?;
            if ace.undefined {
                return None;
            }
            let regions = ace.regions(base, self.regions_left)?;
            self.regions_left = self.regions_left.saturating_sub(regions.len());
            matches.extend(regions);
            let outcome = (expansion.statement, Status::Understood, String::new());
            self.outcomes.push(outcome);
        }
        (!matches.is_empty()).then_some(matches)
    }

    fn expires(&self, time_range: Option<&str>) -> Option<Day> {
        self.config.time_ranges.get(time_range?)?.end
    }
}
