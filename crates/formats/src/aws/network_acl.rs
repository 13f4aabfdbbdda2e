use std::borrow::Cow;

use diagnostics::{TextRange, printable};
use space::{
    Action, AddressSet, Conditions, Region, Rule as SpaceRule, RuleId, RuleSet, Set, Side, Symbol, SymbolKind,
};

use super::group::way;
use super::model::{Acl, Entry, Gap};
use super::parse::make_unique;
use super::security_group::{host_bits, restrict, unknown};
use super::traffic::Traffic;
use super::values::{Family, boolean, integer, network, text};
use crate::{Coverage, Direction, Problem, RuleEntry, RuleSetExport, StageEntry, Status};

/// What one direction of a network ACL holds, as it is listed.
pub struct Item<'a, 'j> {
    pub kind: ItemKind<'a, 'j>,
    /// Unique in the list.
    pub name: String,
    pub place: TextRange,
    pub number: Number,
}

#[derive(Clone, Copy)]
pub enum ItemKind<'a, 'j> {
    Entry(&'a Entry<'j>),
    Gap(&'a Gap),
}

/// The lowest number is asked first; what has none may stand anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Number {
    Unknown,
    Known(i64),
}

/// The rules that end each list, and that nobody can change: 32767 for IPv4 and 32768 for IPv6, `*` in the console
/// ("Amazon VPC quotas", section "Network ACLs").
pub const FIRST_DEFAULT: i64 = 32767;

impl Item<'_, '_> {
    pub fn is_default(&self) -> bool {
        matches!(self.number, Number::Known(number) if number >= FIRST_DEFAULT)
    }
}

/// The entries of one direction, in the order of the file. The same call gives the same order: the index is the rule id.
pub fn items<'a, 'j>(acl: &'a Acl<'j>, direction: Direction) -> Vec<Item<'a, 'j>> {
    let mut items: Vec<Item<'a, 'j>> = Vec::new();
    for entry in &acl.entries {
        if way_of(entry).is_none_or(|way| way == direction) {
            let number = entry.number.and_then(integer).map_or(Number::Unknown, Number::Known);
            let name = match number {
                Number::Known(FIRST_DEFAULT..) => "*".to_owned(),
                Number::Known(number) => number.to_string(),
                Number::Unknown => "no number".to_owned(),
            };
            items.push(Item { kind: ItemKind::Entry(entry), name, place: entry.object.place(), number });
        }
    }
    for gap in &acl.gaps {
        let (name, number) = (gap.what.clone(), Number::Unknown);
        items.push(Item { kind: ItemKind::Gap(gap), name, place: gap.place, number });
    }
    items.sort_by_key(|item| item.place.start);
    make_unique(items.iter_mut().map(|item| &mut item.name));
    items
}

/// The order in which AWS asks the entries: by number; what may stand anywhere comes first, and is not sure to match.
pub fn order(items: &[Item<'_, '_>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by_key(|at| items.get(*at).map(|item| item.number));
    order
}

/// Which way an entry's traffic goes; `None` where the file does not tell.
fn way_of(entry: &Entry<'_>) -> Option<Direction> {
    let out = entry.egress.and_then(boolean)?;
    Some(if out { Direction::Outbound } else { Direction::Inbound })
}

/// What an entry does: `Some(true)` allows.
pub fn allows(entry: &Entry<'_>) -> Option<bool> {
    let word = text(entry.action)?;
    if word.eq_ignore_ascii_case("allow") {
        Some(true)
    } else if word.eq_ignore_ascii_case("deny") {
        Some(false)
    } else {
        None
    }
}

pub struct Import<'i, 'j> {
    pub coverage: &'i mut Coverage,
    pub problems: &'i mut Vec<Problem>,
    pub acl: &'i Acl<'j>,
}

/// What an entry matches and does, and how well that is known.
struct Matched {
    regions: Vec<Region>,
    action: Action,
    status: Status,
    reason: Cow<'static, str>,
    problems: Vec<Problem>,
}

impl<'j> Import<'_, 'j> {
    pub fn rule_set(&mut self, name: &str, direction: Direction) -> RuleSetExport {
        if direction == Direction::Inbound {
            self.unbound();
        }
        let items = items(self.acl, direction);
        let mut entries = Vec::with_capacity(items.len());
        let mut rules: Vec<Option<SpaceRule>> = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            let id = RuleId(u32::try_from(at).unwrap_or(u32::MAX));
            let mut entry = RuleEntry {
                name: item.name.clone(),
                place: item.place,
                head: item.place,
                list: self.acl.shown(),
                comment: None,
                enabled: true,
                logs: false,
                implied: item.is_default(),
                expires: None,
                inactive: None,
            };
            let matched = match item.kind {
                ItemKind::Gap(gap) => {
                    let what = format!("{} of {}", gap.what, self.acl.shown());
                    let matches = vec![unknown(Side::Packet, SymbolKind::Undefined, &what)];
                    rules.push(Some(SpaceRule { id, matches, action: Action::Unknown }));
                    entries.push(entry);
                    continue;
                }
                ItemKind::Entry(given) => {
                    entry.head = given.number.map_or(item.place, |number| number.place());
                    self.entry(item, given, direction)
                }
            };
            entries.push(entry);
            rules.push(Some(SpaceRule { id, matches: matched.regions, action: matched.action }));
        }
        let order = order(&items);
        self.ties(&items, &order, &mut rules, direction);
        let ordered = order.iter().filter_map(|at| rules.get_mut(*at)?.take()).collect();
        RuleSetExport {
            name: format!("{name}/{}", way(direction)),
            direction,
            stateful: false,
            rules: RuleSet::flat(ordered, Action::Deny),
            entries,
            stages: vec![StageEntry { name: "implicit deny (rule `*`)".to_owned(), place: None }],
        }
    }

    fn unbound(&mut self) {
        if self.acl.associations.is_some_and(|associations| associations.is_empty()) {
            self.problems.push(Problem {
                place: self.acl.place,
                message: format!(
                    "`{}` is associated with no subnet: it filters nothing",
                    printable(&self.acl.shown())
                ),
                help: "associate it with a subnet: `aws ec2 replace-network-acl-association`".to_owned(),
            });
        }
    }

    fn entry(&mut self, item: &Item<'_, 'j>, entry: &Entry<'j>, direction: Direction) -> Matched {
        let mut matched = Matched {
            regions: Vec::new(),
            action: Action::Unknown,
            status: Status::Understood,
            reason: "".into(),
            problems: Vec::new(),
        };
        let known_way = way_of(entry).is_some();
        match &entry.strange {
            Some(strange) => {
                let message = format!("rule `{}` {}", printable(&item.name), strange.what);
                let help = "take it out, if it is a slip; otherwise decide by hand what this rule does";
                matched.problem(strange.place, message.clone(), help);
                matched.status = Status::NotUnderstood;
                matched.reason = message.into();
                let what = format!("what {} of {} matches", item.name, self.acl.shown());
                matched.regions = vec![unknown(Side::Packet, SymbolKind::Match, &what)];
            }
            None => {
                self.matches(item, entry, direction, &mut matched);
                match allows(entry) {
                    Some(true) => matched.action = Action::Permit,
                    Some(false) => matched.action = Action::Deny,
                    None => {
                        let place = entry.action.unwrap_or(entry.object).place();
                        let message = format!("rule `{}` neither allows nor denies", printable(&item.name));
                        matched.problem(place, message, "say `allow` or `deny`");
                        matched.approximate("whether the rule allows or denies is not known");
                    }
                }
            }
        }
        if !known_way {
            let message = format!("rule `{}` does not say whether it is for egress", printable(&item.name));
            matched.problem(
                entry.egress.unwrap_or(entry.object).place(),
                message,
                "write `\"Egress\": false` or `true`",
            );
            matched
                .hang(&self.own("direction", item), "whether the rule is inbound or outbound is not known");
        }
        match item.number {
            // First, and perhaps not matching, is every place at once.
            Number::Unknown => {
                let place = entry.number.unwrap_or(entry.object).place();
                let message = format!("rule `{}` has no number that can be read", printable(&item.name));
                matched.problem(place, message, "give it a number from 1 to 32766");
                matched.hang(&self.own("position", item), "the rule's number is not known");
            }
            Number::Known(number @ ..1) => {
                let place = entry.number.unwrap_or(entry.object).place();
                let message = format!("the rule number {number} is not from 1 to 32766");
                matched.problem(place, message, "AWS refuses it: give the rule a number in that range");
            }
            Number::Known(_) => {}
        }
        if known_way || direction == Direction::Inbound {
            self.coverage.push(item.place, matched.status, std::mem::take(&mut matched.reason));
            if self.problems.len() <= super::PROBLEM_LIMIT {
                self.problems.append(&mut matched.problems);
            }
        }
        matched
    }

    fn matches(&self, item: &Item<'_, 'j>, entry: &Entry<'j>, direction: Direction, matched: &mut Matched) {
        let side = if direction == Direction::Inbound { Side::Source } else { Side::Destination };
        let (far, family, conditions) = self.far(item, entry, side, matched);
        let traffic = Traffic::of_entry(entry.protocol, entry.port_range, entry.type_code, family);
        let region = match traffic {
            Ok(traffic) => traffic.region(),
            Err(doubt) => {
                let what = if doubt.protocol.is_some() { "ports" } else { "protocol" };
                let place = doubt.place.unwrap_or(entry.object.place());
                let message = format!("rule `{}` {}", printable(&item.name), doubt.what);
                matched.problem(place, message, "AWS would refuse it: export the network ACL again");
                matched.approximate("its protocol or ports cannot be read");
                let all = doubt.protocol.map_or_else(Region::any, |number| Region::any().protocol(number));
                all.when(self.own(what, item))
            }
        };
        if let Some(both) = region.conditions.and(&conditions) {
            let region = region.when(both);
            matched.regions = vec![if side == Side::Source { region.from(far) } else { region.to(far) }];
        }
    }

    /// The addresses at the far side, their family, and what they hang on.
    fn far(
        &self,
        item: &Item<'_, 'j>,
        entry: &Entry<'j>,
        side: Side,
        matched: &mut Matched,
    ) -> (AddressSet, Family, Conditions) {
        let (value, family) = match (entry.v4, entry.v6) {
            (Some(value), None) => (Some(value), Family::V4),
            (None, Some(value)) => (Some(value), Family::V6),
            (both, _) => (None, if both.is_some() { Family::V6 } else { Family::V4 }),
        };
        let written = text(value);
        if let (Some(value), Some(written)) = (value, &written)
            && let Some((net, has_host_bits)) = network(written, family)
        {
            if has_host_bits {
                matched.problems.push(host_bits(written, net, value.place()));
            }
            return (net.into(), family, Conditions::none());
        }
        let place = value.unwrap_or(entry.object).place();
        let message = match &written {
            Some(written) => {
                format!(
                    "rule `{}` is for `{}`, which is no prefix",
                    printable(&item.name),
                    printable(written)
                )
            }
            None => format!("rule `{}` does not have one prefix", printable(&item.name)),
        };
        matched.problem(place, message, "write one address with its length: `192.0.2.0/24`, `2001:db8::/32`");
        matched.approximate("its addresses cannot be read");
        let what = format!("addresses of {} of {}", item.name, self.acl.shown());
        let unknown = Conditions::holds(Symbol::new(side, SymbolKind::Undefined, &what));
        // Of an IPv6 entry types count, of an IPv4 one they do not: where neither is known, the ports are what they say.
        (AddressSet::any(), family, unknown)
    }

    /// Something that is not known of this entry alone.
    fn own(&self, what: &str, item: &Item<'_, 'j>) -> Conditions {
        let what = format!("{what} of {} of {}", item.name, self.acl.shown());
        Conditions::holds(Symbol::new(Side::Packet, SymbolKind::Undefined, &what))
    }

    /// Two entries of one number: AWS has no such, and in which order they would be asked is not known.
    fn ties(
        &mut self,
        items: &[Item<'_, 'j>],
        order: &[usize],
        rules: &mut [Option<SpaceRule>],
        direction: Direction,
    ) {
        let number = |at: &usize| items.get(*at).map(|item| item.number);
        for tied in order.chunk_by(|a, b| number(a) == number(b)) {
            let [first, second, ..] = tied else { continue };
            let (Some(first), Some(second)) = (items.get(*first), items.get(*second)) else { continue };
            let Number::Known(number) = second.number else { continue };
            let actions: Vec<Action> =
                tied.iter().filter_map(|at| rules.get(*at)?.as_ref()).map(|rule| rule.action).collect();
            let differ = actions.windows(2).any(|two| two.first() != two.last());
            if number < FIRST_DEFAULT && self.problems.len() <= super::PROBLEM_LIMIT {
                self.problems.push(Problem {
                    place: second.place,
                    message: format!(
                        "{} {} rules have the number {number}: `{}` and `{}`{}",
                        tied.len(),
                        way(direction),
                        printable(&first.name),
                        printable(&second.name),
                        if tied.len() > 2 { " among them" } else { "" },
                    ),
                    help: "give each rule of a direction a number of its own".to_owned(),
                });
            }
            if differ {
                for rule in tied.iter() {
                    if let Some(Some(rule)) = rules.get_mut(*rule) {
                        rule.action = Action::Unknown;
                    }
                }
            }
        }
    }
}

impl Matched {
    fn problem(&mut self, place: TextRange, message: String, help: &str) {
        self.problems.push(Problem { place, message, help: help.to_owned() });
    }

    fn approximate(&mut self, reason: &'static str) {
        if self.status == Status::Understood {
            self.status = Status::Approximated;
            self.reason = Cow::Borrowed(reason);
        }
    }

    /// Makes all that it matches hang on something that is not known.
    fn hang(&mut self, conditions: &Conditions, reason: &'static str) {
        restrict(&mut self.regions, conditions);
        self.approximate(reason);
    }
}
