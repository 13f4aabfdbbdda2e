//! A rule that is being put together: what every rule may have; the modules are in `matches.rs`.

use std::borrow::Cow;

use diagnostics::{TextRange, printable};
use space::{AddressSet, Conditions, NameSet, Region, Set, Side, Symbol, SymbolKind};

use super::addresses::{self, Trouble};
use super::dump::{Hook, Line, TableKind};
use super::matches;
use super::meaning::{Meaning, Memory, Surroundings, Verdict, fitting, key};
use super::rule::{Argument, Opt, Rule};
use super::targets::{self, Effect};
use super::values;
use crate::{Problem, Status};

pub(super) struct Draft<'d, 'a> {
    pub rule: &'d Rule<'a>,
    pub around: &'d Surroundings<'a>,
    line: &'d Line<'a>,
    memory: &'d mut Memory,
    problems: &'d mut Vec<Problem>,
    pub region: Region,
    /// Each of them: one of these regions.
    alternatives: Vec<Vec<Region>>,
    conditions: Vec<(Symbol, bool)>,
    never: Option<&'static str>,
    comment: Option<String>,
    status: Status,
    reason: Cow<'static, str>,
    key: Option<String>,
}

/// More unknown matches than this in one rule become one: what they are is not known anyway.
const MOST_CONDITIONS: usize = 24;

/// A rule that means more regions than this is kept as an unknown.
const MOST_REGIONS: usize = 256;

impl<'d, 'a> Draft<'d, 'a> {
    pub fn new(
        rule: &'d Rule<'a>,
        around: &'d Surroundings<'a>,
        line: &'d Line<'a>,
        memory: &'d mut Memory,
        problems: &'d mut Vec<Problem>,
    ) -> Self {
        Draft {
            rule,
            around,
            line,
            memory,
            problems,
            region: around.base.clone(),
            alternatives: Vec::new(),
            conditions: Vec::new(),
            never: None,
            comment: None,
            status: Status::Understood,
            reason: Cow::Borrowed(""),
            key: None,
        }
    }

    pub fn meaning(mut self) -> Meaning {
        if let Some(why) = &self.rule.malformed {
            return self.malformed(why);
        }
        self.addresses();
        self.protocol();
        self.interfaces();
        if self.rule.fragments == Some(true) {
            self.never("for fragments");
        }
        matches::read(&mut self);
        self.finish()
    }

    /// The rule matches no new flow, and for which packets it is instead.
    pub fn never(&mut self, why: &'static str) {
        self.never.get_or_insert(why);
    }

    /// One of these regions must be met as well.
    pub fn one_of(&mut self, regions: Vec<Region>) {
        self.alternatives.push(regions);
    }

    /// A comment of the administrator.
    pub fn comment(&mut self, text: &str) {
        match &mut self.comment {
            Some(before) => {
                before.push_str("; ");
                before.push_str(text);
            }
            None => self.comment = Some(text.to_owned()),
        }
    }

    /// The symbol holds of the packets that match, or with `false` it does not.
    pub fn holds(&mut self, symbol: Symbol, value: bool) {
        if self.conditions.len() < MOST_CONDITIONS {
            self.conditions.push((symbol, value));
        } else if self.conditions.len() == MOST_CONDITIONS {
            let rest = self.own("its other matches", SymbolKind::Match);
            self.conditions.push((rest, true));
        }
    }

    /// A match that is not modelled and that other rules have in common with this one, by its text.
    pub fn shared(&mut self, text: &str, negated: bool) {
        let symbol = Symbol::new(Side::Packet, SymbolKind::Match, &fitting(text));
        self.holds(symbol, !negated);
    }

    /// A match that only this rule can be asked about.
    pub fn alone(&mut self, text: &str) {
        let symbol = self.own(text, SymbolKind::Match);
        // The same words twice in one rule are two questions.
        let symbol = if self.conditions.iter().any(|(other, _)| *other == symbol) {
            self.own(&format!("{text} ({})", self.conditions.len()), SymbolKind::Match)
        } else {
            symbol
        };
        self.holds(symbol, true);
    }

    /// What the rule says is known, and one bound is loose.
    pub fn approximate(&mut self, reason: impl Into<Cow<'static, str>>) {
        self.worsen(Status::Approximated, reason);
    }

    fn worsen(&mut self, status: Status, reason: impl Into<Cow<'static, str>>) {
        if status > self.status {
            self.status = status;
            self.reason = reason.into();
        }
    }

    /// A value that iptables would refuse, or that is not known: the rule matches some of what the rest of it says.
    pub fn invalid(&mut self, text: &str, place: TextRange, message: String, help: &str) {
        let symbol = self.own(text, SymbolKind::Undefined);
        self.holds(symbol, true);
        self.worsen(Status::NotUnderstood, message.clone());
        self.warn(place, message, help);
    }

    /// An option or a module that is not known.
    pub fn not_understood(&mut self, text: &str) {
        self.alone(text);
        self.worsen(Status::NotUnderstood, format!("`{}` is not known", printable(&fitting(text))));
    }

    pub fn warn(&mut self, place: TextRange, message: String, help: &str) {
        self.problems.push(Problem { place, message, help: help.to_owned() });
    }

    /// Where an option and its values stand.
    pub fn place(&self, option: &Opt) -> TextRange {
        let name = self.token_place(option.name);
        let last = option.after.checked_sub(1).filter(|_| option.after > option.first);
        last.map_or(name, |last| name.cover(self.token_place(last)))
    }

    fn token_place(&self, token: usize) -> TextRange {
        let token = self.rule.tokens.get(token);
        token.map_or(self.line.place, |token| TextRange::new(token.start, token.end))
    }

    /// An option as it was written, without its `!`.
    pub fn text(&self, option: &Opt) -> String {
        let mut text = self.rule.text(option.name).to_owned();
        for value in self.rule.values(option) {
            text.push(' ');
            text.push_str(&value.text);
        }
        text
    }

    fn own(&mut self, text: &str, kind: SymbolKind) -> Symbol {
        let name = format!("{} in {}", fitting(text), self.key());
        Symbol::new(Side::Packet, kind, &name)
    }

    fn key(&mut self) -> &str {
        if self.key.is_none() {
            self.key = Some(key(self.around.table, self.line, self.memory));
        }
        self.key.as_deref().unwrap_or_default()
    }

    fn addresses(&mut self) {
        if let Some(source) = self.rule.source
            && let Some(set) = self.address(source, Side::Source)
        {
            self.region.source = set;
        }
        if let Some(destination) = self.rule.destination
            && let Some(set) = self.address(destination, Side::Destination)
        {
            self.region.destination = set;
        }
    }

    fn address(&mut self, argument: Argument, side: Side) -> Option<AddressSet> {
        let family = self.around.family;
        let rule = self.rule;
        let text = rule.text(argument.token);
        let place = self.token_place(argument.token);
        let option = if side == Side::Source { "-s" } else { "-d" };
        if argument.negated && text.contains(',') {
            let message = format!("`! {option}` takes one address, not a list");
            self.invalid(&format!("! {option} {text}"), place, message, "write one rule for each");
            return None;
        }
        match addresses::list(text, family) {
            Ok(found) => {
                if found.host_bits {
                    let message = format!("`{}` has bits set that its mask drops", printable(&fitting(text)));
                    self.warn(place, message, "iptables reads the network it lies in: write that");
                }
                Some(if argument.negated { addresses::any(family).subtract(&found.set) } else { found.set })
            }
            Err(Trouble::Name) => {
                self.holds(Symbol::new(side, SymbolKind::Undefined, &fitting(text)), !argument.negated);
                let shown = printable(&fitting(text)).into_owned();
                self.approximate(format!("`{shown}` is resolved when the rules are loaded"));
                None
            }
            Err(trouble) => {
                let shown = printable(&fitting(text)).into_owned();
                let (message, help) = match trouble {
                    Trouble::OtherFamily => (
                        format!(
                            "`{shown}` is an address of {}, among rules for {}",
                            family.other().name(),
                            family.name()
                        ),
                        "keep the rules of iptables and those of ip6tables in two files",
                    ),
                    Trouble::Scattered => (
                        format!("the mask of `{shown}` has too many holes to list what it means"),
                        "use prefixes",
                    ),
                    _ => (
                        format!("`{shown}` is no address"),
                        "write an address, or one with the length of its prefix",
                    ),
                };
                self.invalid(&format!("{option} {text}"), place, message, help);
                None
            }
        }
    }

    fn protocol(&mut self) {
        let Some(argument) = self.rule.protocol else { return };
        let rule = self.rule;
        let text = rule.text(argument.token);
        match values::protocols(text) {
            Some(protocols) if !argument.negated => self.region.protocol = protocols,
            Some(protocols) if !protocols.is_any() => self.region.protocol = protocols.complement(),
            found => {
                let message = match found {
                    None => format!("no protocol is called `{}`", printable(&fitting(text))),
                    Some(_) => {
                        "a rule for no protocol at all matches nothing, and iptables refuses it".to_owned()
                    }
                };
                let place = self.token_place(argument.token);
                self.invalid(&format!("-p {text}"), place, message, "name a protocol or its number");
            }
        }
    }

    fn interfaces(&mut self) {
        if let Some(argument) = self.rule.in_interface {
            self.region.in_interface = self.interface(argument, "-i");
        }
        if let Some(argument) = self.rule.out_interface {
            self.region.out_interface = self.interface(argument, "-o");
        }
        // Which hooks know the interface is found out when it is known where the chain is called.
        let open = self.region.in_interface.is_any() && self.region.out_interface.is_any();
        let hook = self.around.table.chains.get(self.line.chain as usize).and_then(|chain| chain.hook);
        if !open && !self.around.one_hook() && matches!(hook, None | Some(Hook::Postrouting)) {
            self.key();
        }
    }

    fn interface(&mut self, argument: Argument, option: &str) -> NameSet {
        let rule = self.rule;
        let text = rule.text(argument.token);
        let names = match self.memory.interfaces.get(text) {
            Some(names) => names.clone(),
            None => match values::interface(text) {
                Some(names) => {
                    self.memory.interfaces.insert(text.to_owned(), names.clone());
                    names
                }
                None => {
                    let message =
                        format!("`{}` cannot be the name of an interface", printable(&fitting(text)));
                    let place = self.token_place(argument.token);
                    self.invalid(&format!("{option} {text}"), place, message, "a name has at most 15 bytes");
                    return NameSet::any();
                }
            },
        };
        if argument.negated { names.complement() } else { names }
    }

    fn malformed(mut self, why: &str) -> Meaning {
        let symbol = self.own("a rule that cannot be read", SymbolKind::Undefined);
        let message = format!("the rule cannot be read: {}", printable(why));
        self.warn(self.line.place, message, "iptables would refuse it: export again with `iptables-save`");
        Meaning {
            matches: vec![self.around.base.clone().when(Conditions::holds(symbol))],
            verdict: Verdict::Unknown,
            inactive: None,
            logs: false,
            comment: None,
            status: Status::NotUnderstood,
            reason: format!("{}: what it matches and does is kept as an unknown", printable(why)).into(),
            key: self.key,
        }
    }

    fn finish(mut self) -> Meaning {
        let (verdict, logs) = self.target();
        let matches = if self.never.is_some() { Vec::new() } else { self.regions() };
        // That it matches nothing is exact, whatever its other matches are.
        if self.never.is_some() && self.status == Status::Approximated {
            (self.status, self.reason) = (Status::Understood, Cow::Borrowed(""));
        }
        Meaning {
            matches,
            verdict,
            inactive: self.never,
            logs,
            comment: self.comment,
            status: self.status,
            reason: self.reason,
            key: self.key,
        }
    }

    fn regions(&mut self) -> Vec<Region> {
        let alternatives = std::mem::take(&mut self.alternatives);
        let count = alternatives.iter().fold(1_usize, |count, regions| count.saturating_mul(regions.len()));
        if count > MOST_REGIONS {
            self.alone("its lists of ports or types of addresses");
            self.worsen(Status::Approximated, "its lists combine to more parts than are kept");
        }
        let Some(conditions) = self.conjunction() else { return Vec::new() };
        self.region.conditions = conditions;
        let mut regions = vec![std::mem::replace(&mut self.region, self.around.base.clone())];
        if count <= MOST_REGIONS {
            for choice in alternatives {
                let both = |region: &Region| {
                    choice.iter().filter_map(|other| region.intersect(other)).collect::<Vec<_>>()
                };
                regions = regions.iter().flat_map(both).collect();
            }
        }
        regions.retain(|region| !region.is_empty());
        regions
    }

    fn conjunction(&mut self) -> Option<Conditions> {
        let mut all = Conditions::none();
        for (symbol, value) in self.conditions.drain(..) {
            let one = if value { Conditions::holds(symbol) } else { Conditions::lacks(symbol) };
            all = all.and(&one)?;
        }
        Some(all)
    }

    /// What becomes of a packet that matches, and whether it is logged.
    fn target(&mut self) -> (Verdict, bool) {
        let Some(target) = self.rule.target else {
            self.no_verdict("a counter, no verdict");
            return (Verdict::Continue, false);
        };
        let around = self.around;
        let rule = self.rule;
        let name = rule.text(target.token);
        let place = self.token_place(target.token);
        if let Some(&index) = around.chains.get(name)
            && let Some(chain) = around.table.chains.get(index)
        {
            if chain.hook.is_none() && chain.declared {
                return (if target.goto { Verdict::Goto(index) } else { Verdict::Jump(index) }, false);
            }
            let message = match chain.hook {
                Some(_) => format!("a rule cannot lead to the built-in chain `{}`", printable(name)),
                None => format!("chain `{}` is not declared", printable(name)),
            };
            return (self.no_target(place, message), false);
        }
        let Some(effect) = targets::effect(name).filter(|_| !target.goto) else {
            let table = around.table.kind.name();
            let shown = printable(&fitting(name)).into_owned();
            let message = format!("`{shown}` is neither a chain of table {table} nor a known target");
            return (self.no_target(place, message), false);
        };
        let nat = around.table.kind == TableKind::Nat;
        let verdict = match effect {
            Effect::Permit => Verdict::Permit,
            Effect::Deny if nat => self.no_target(place, format!("`{name}` is refused in table nat")),
            Effect::Deny => Verdict::Deny,
            Effect::Return => Verdict::Return,
            Effect::NewSource if nat => Verdict::Permit,
            Effect::NewSource | Effect::NewPrefix | Effect::NewDestination => {
                self.approximate(format!("rewritten by {name}: what later stages see is not known"));
                if effect == Effect::NewPrefix && nat { Verdict::NewPrefix } else { Verdict::Unknown }
            }
            Effect::Elsewhere => {
                self.approximate(format!("what `{name}` does is not decided by the rules"));
                Verdict::Unknown
            }
            Effect::Log => {
                self.no_verdict("a log, no verdict");
                Verdict::Continue
            }
            Effect::Nothing => {
                self.no_verdict(format!("`{name}` gives no verdict"));
                Verdict::Continue
            }
        };
        (verdict, effect == Effect::Log)
    }

    /// Whatever the rule matches, it decides nothing.
    fn no_verdict(&mut self, reason: impl Into<Cow<'static, str>>) {
        if self.status != Status::NotUnderstood {
            self.status = Status::Irrelevant;
            self.reason = reason.into();
        }
    }

    fn no_target(&mut self, place: TextRange, message: String) -> Verdict {
        self.worsen(Status::NotUnderstood, message.clone());
        let help =
            "iptables would refuse the file: export again with `iptables-save`, all tables and chains of it";
        self.warn(place, message, help);
        Verdict::Unknown
    }
}
