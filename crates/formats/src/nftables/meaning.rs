//! What a rule does to the first packet of a flow, as regions and actions.

use std::borrow::Cow;
use std::rc::Rc;

use diagnostics::{TextRange, printable};
use space::{Conditions, Region, Set, Side, Symbol, SymbolKind};

use super::axis::{self, Axis};
use super::canonical;
use super::draft::{Around, Draft, Memory};
use super::model::{Data, Element, Hook, Key, Op, Rule, Statement, Value, Verdict};
use crate::{Problem, Status, UndefinedEntry};

/// What one rule does, wherever its chain is reached from.
#[derive(Debug)]
pub(super) struct Meaning {
    /// One, or for a verdict map one for each element.
    pub outcomes: Vec<Outcome>,
    pub logs: bool,
    pub status: Status,
    pub reason: Cow<'static, str>,
    /// It asks for an interface.
    pub interfaces: bool,
    /// The words that name the rule, where more than one hook may lead to it.
    pub key: String,
}

#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub matches: Vec<Region>,
    pub action: Act,
    /// The element of the verdict map, with its number.
    pub element: Option<(u32, TextRange)>,
    /// Why it matches no new flow, where that is no mistake.
    pub inactive: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Permit,
    Deny,
    Unknown,
    Continue,
    Return,
    /// To a chain of the same table.
    Jump(usize),
    Goto(usize),
    /// The destination becomes another one.
    NewDestination,
    /// The source becomes another one, and the packet passes the chain.
    NewSource,
}

pub(super) fn meaning<'m, 'a>(
    rule: &'m Rule<'a>,
    chain: usize,
    around: &Around<'m, 'a>,
    memory: &mut Memory,
    problems: &mut Vec<Problem>,
) -> Meaning {
    let mut draft = Draft::new(rule, chain, around, memory, problems);
    if let Some(why) = &rule.malformed {
        let symbol = draft.own_symbol("a rule that cannot be read");
        draft.holds(symbol);
        let reason = format!("{}: what it matches and does is kept as an unknown", printable(why));
        draft.worsen(Status::NotUnderstood, reason);
        let regions = std::mem::take(&mut draft.regions);
        return draft.finish(vec![Outcome {
            matches: regions,
            action: Act::Unknown,
            element: None,
            inactive: None,
        }]);
    }
    draft.walk()
}

impl<'m, 'a> Draft<'_, 'm, 'a> {
    fn walk(mut self) -> Meaning {
        let rule = self.rule;
        // What only slows a log down, say, changes no verdict.
        let decides = rule.statements.iter().any(|statement| match statement {
            Statement::Verdict(verdict) => *verdict != Verdict::Continue,
            Statement::Vmap { .. }
            | Statement::NewDestination
            | Statement::NewSource
            | Statement::Unknown { .. } => true,
            Statement::Change { key, .. } => moved(key).is_some(),
            _ => false,
        });
        let mut rest = rule.statements.iter();
        while let Some(statement) = rest.next() {
            match statement {
                Statement::Match { key, op, value, place } => self.matching(key, *op, value, *place, decides),
                Statement::Log | Statement::Nothing | Statement::Notrack => {}
                Statement::Condition(text) => {
                    if decides {
                        self.approximate(format!("`{}` hangs on more than the packet", printable(text)));
                        self.alone(text);
                    }
                }
                Statement::Update { set, text } => {
                    self.use_set(set);
                    if decides {
                        let shown = printable(text).into_owned();
                        self.approximate(format!("`{shown}` hangs on what is in the set"));
                        self.alone(text);
                    }
                }
                Statement::Change { key, maps } => {
                    if *maps && decides {
                        self.approximate("only packets that the map has an entry for go on");
                        self.alone("an entry of its map");
                    }
                    if let Some(action) = moved(key) {
                        self.approximate("it changes where packets are from or go to");
                        return self.ends(action);
                    }
                }
                Statement::Verdict(verdict) => {
                    let action = self.action(verdict);
                    return self.ends(action);
                }
                Statement::Vmap { key, map, place } => {
                    let more =
                        rest.any(|statement| !matches!(statement, Statement::Nothing | Statement::Log));
                    return self.verdict_map(key, map, *place, more);
                }
                Statement::NewDestination => {
                    self.approximate("what it rewrites is not followed");
                    return self.ends(Act::NewDestination);
                }
                Statement::NewSource => return self.ends(Act::NewSource),
                Statement::Unknown { text, known } => {
                    let shown = printable(text).into_owned();
                    if *known {
                        self.approximate(format!("what becomes of packets after `{shown}` is not known"));
                    } else {
                        self.worsen(Status::NotUnderstood, format!("`{shown}` is not known"));
                        let place = self.rule.head;
                        let message =
                            format!("the rule has an `{shown}` expression, which nft does not tell of");
                        self.warn(
                            place,
                            message,
                            "export with `iptables-save` as well: the rule is one of iptables",
                        );
                        let symbol = self.own_symbol(&shown);
                        self.holds(symbol);
                    }
                    return self.ends(Act::Unknown);
                }
            }
        }
        self.ends(Act::Continue)
    }

    fn matching(&mut self, key: &Key<'a>, op: Op, value: &Value<'a>, place: TextRange, decides: bool) {
        let (status, reason) = (self.status, self.reason.clone());
        let mut alternatives = self.alternatives(key, op, value, place);
        self.family_of_icmp(key, &mut alternatives);
        self.one_of(&alternatives);
        self.learn(key, op, value);
        // A match without a verdict decides nothing, however loose it is.
        if !decides && self.status == Status::Approximated {
            (self.status, self.reason) = (status, reason);
        }
    }

    /// `icmp type` alone is one of IPv4, and `icmpv6 type` of IPv6: nft adds that, unless the rule said before which
    /// protocol or which IP it is about.
    fn family_of_icmp(&self, key: &Key<'a>, alternatives: &mut Vec<Region>) {
        let Key::Payload(header, _) = key else { return };
        if self.knows_ip || self.knows_protocol {
            return;
        }
        let of = match &**header {
            "icmp" | "igmp" => axis::any_v4(),
            "icmpv6" => axis::any_v6(),
            _ => return,
        };
        *alternatives = alternatives.iter().filter_map(|region| region.intersect(&of)).collect();
    }

    fn learn(&mut self, key: &Key<'a>, op: Op, value: &Value<'a>) {
        // Of a set with one element nft makes that element.
        let one = match value {
            Value::Word(_) => true,
            Value::Set(elements) => elements.len() == 1,
            _ => false,
        };
        let says = matches!(op, Op::Implicit | Op::Equal) && one;
        match Axis::of(key) {
            Some(Axis::Protocol) => self.knows_protocol |= says,
            Some(Axis::NfProto | Axis::EtherType) => self.knows_ip |= says,
            _ => {}
        }
        if let Key::Payload(header, _) = key {
            match &**header {
                "ip" | "ip6" => self.knows_ip = true,
                "icmp" | "icmpv6" => {
                    self.knows_ip = true;
                    self.knows_protocol = true;
                }
                _ => {}
            }
        }
    }

    fn ends(mut self, action: Act) -> Meaning {
        let matches = if self.never.is_some() { Vec::new() } else { std::mem::take(&mut self.regions) };
        let inactive = self.never;
        // That it matches nothing is exact, whatever its other matches are.
        if self.never.is_some() && self.status == Status::Approximated {
            (self.status, self.reason) = (Status::Understood, Cow::Borrowed(""));
        }
        self.finish(vec![Outcome { matches, action, element: None, inactive }])
    }

    fn finish(mut self, outcomes: Vec<Outcome>) -> Meaning {
        let logs = self.rule.statements.iter().any(|statement| matches!(statement, Statement::Log));
        // Which hooks know an interface is found out when it is known where the chain is called.
        let open = |region: &Region| region.in_interface.is_any() && region.out_interface.is_any();
        let interfaces = !outcomes.iter().all(|outcome| outcome.matches.iter().all(open));
        let chain = self.around.table.chains.get(self.chain);
        let hook = chain.and_then(|chain| chain.base.as_ref()).map(|base| base.hook);
        let perhaps = matches!(hook, None | Some(Hook::Postrouting | Hook::Egress));
        let key = if interfaces && perhaps { self.key().to_owned() } else { String::new() };
        Meaning {
            outcomes,
            logs,
            status: self.status,
            reason: std::mem::take(&mut self.reason),
            interfaces,
            key,
        }
    }

    fn action(&mut self, verdict: &Verdict<'a>) -> Act {
        let (name, goto) = match verdict {
            Verdict::Accept => return Act::Permit,
            Verdict::Drop => return Act::Deny,
            Verdict::Continue => return Act::Continue,
            Verdict::Return => return Act::Return,
            Verdict::Queue => {
                self.approximate("a program decides");
                return Act::Unknown;
            }
            Verdict::Block(chain, goto) => return if *goto { Act::Goto(*chain) } else { Act::Jump(*chain) },
            Verdict::Jump(name) => (name, false),
            Verdict::Goto(name) => (name, true),
        };
        let table = self.around.table;
        let found = table.chain_numbers.get(name).copied();
        match found.filter(|number| table.chains.get(*number).is_some_and(|chain| chain.declared)) {
            Some(chain) => {
                *self.memory.chain_uses.entry((self.around.number, chain)).or_default() += 1;
                if goto { Act::Goto(chain) } else { Act::Jump(chain) }
            }
            None => {
                let title = format!("{} {name}", table.title());
                let place = self.rule.head;
                let shown = printable(&title).into_owned();
                self.memory.undefined.push(UndefinedEntry { kind: "chain", name: title, place });
                let message = format!("chain `{shown}` is not in the file");
                self.worsen(Status::NotUnderstood, message.clone());
                self.warn(place, message, "export the whole ruleset with `nft list ruleset`");
                Act::Unknown
            }
        }
    }

    fn use_set(&mut self, name: &str) {
        if let Some(at) = self.around.table.set_numbers.get(name) {
            *self.memory.set_uses.entry((self.around.number, *at)).or_default() += 1;
        }
    }

    /// `more` says that statements follow, which elements that continue go on to.
    fn verdict_map(mut self, key: &Key<'a>, map: &Value<'a>, place: TextRange, more: bool) -> Meaning {
        let mut unknown = None;
        let elements: Vec<&Element<'a>> = match map {
            Value::Reference(name) => {
                let content = self.content(name, Side::Packet, place);
                unknown = content.unknown;
                content.elements
            }
            map => match super::values::literal(map) {
                Some(elements) => elements.iter().collect(),
                None => {
                    let text = canonical::value(map, false);
                    let message = format!("`{}` is no map", printable(&text));
                    unknown =
                        Some(self.invalid(place, &text, message, "write it as `nft list ruleset` prints it"));
                    Vec::new()
                }
            },
        };
        let before = std::mem::take(&mut self.regions);
        let (never, mut outcomes) = (self.never.take(), Vec::with_capacity(elements.len() + 1));
        let mut base = vec![self.base_of_all(key)];
        self.family_of_icmp(key, &mut base);
        if let Some(symbol) = unknown {
            let unknown: Vec<Region> =
                base.iter().map(|region| region.clone().when(Conditions::holds(symbol.clone()))).collect();
            self.regions.clone_from(&before);
            self.one_of(&unknown);
            let matches = if never.is_some() { Vec::new() } else { std::mem::take(&mut self.regions) };
            outcomes.push(Outcome {
                matches,
                action: Act::Unknown,
                element: Some((0, place)),
                inactive: never,
            });
        }
        let rest = |element: &Element<'a>| matches!(element.key, Value::Rest);
        let named: Vec<&Element<'a>> = elements.iter().copied().filter(|element| !rest(element)).collect();
        for (at, element) in elements.iter().enumerate() {
            let mut alternatives = if rest(element) {
                // What no other element has, also where one of those only continues or comes back.
                let others: Vec<Element<'a>> = named.iter().map(|one| (*one).clone()).collect();
                self.alternatives(key, Op::Unequal, &Value::Set(Rc::new(others)), place)
            } else {
                self.alternatives(key, Op::Equal, &element.key, element.place)
            };
            self.family_of_icmp(key, &mut alternatives);
            let why = never.or(self.never.take());
            self.regions.clone_from(&before);
            self.one_of(&alternatives);
            let matches = if why.is_some() { Vec::new() } else { std::mem::take(&mut self.regions) };
            let mut action = match &element.data {
                Some(Data::Verdict(verdict)) => self.action(verdict),
                _ => {
                    let text = canonical::value(&element.key, false);
                    let message = format!("element `{}` has no verdict", printable(&text));
                    self.worsen(Status::NotUnderstood, message.clone());
                    self.warn(element.place, message, "write it as `nft list ruleset` prints it");
                    Act::Unknown
                }
            };
            if more && action == Act::Continue {
                self.approximate("what follows a verdict map is not followed");
                action = Act::Unknown;
            }
            let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
            outcomes.push(Outcome { matches, action, element: Some((number, element.place)), inactive: why });
        }
        if outcomes.is_empty() {
            outcomes.push(Outcome {
                matches: Vec::new(),
                action: Act::Continue,
                element: None,
                inactive: never,
            });
        }
        self.finish(outcomes)
    }

    fn base_of_all(&self, key: &Key<'a>) -> Region {
        match key {
            Key::Concat(all) => all.iter().fold(Region::any(), |region, one| {
                region.intersect(&self.base_of(one)).unwrap_or_else(Region::any)
            }),
            key => self.base_of(key),
        }
    }
}

/// What becomes of a packet whose field is set.
fn moved(key: &Key<'_>) -> Option<Act> {
    match Axis::of(key)? {
        Axis::Source4 | Axis::Source6 | Axis::SourcePort(_) | Axis::HeaderSource => Some(Act::Unknown),
        Axis::Destination4 | Axis::Destination6 | Axis::DestinationPort(_) | Axis::HeaderDestination => {
            Some(Act::NewDestination)
        }
        Axis::Protocol4 | Axis::Protocol6 | Axis::IcmpType(_) | Axis::IcmpCode(_) => Some(Act::Unknown),
        Axis::Protocol | Axis::NfProto | Axis::EtherType => None,
    }
}

/// The symbol of something that may decide anything.
pub(super) fn obscure(name: &str) -> Symbol {
    Symbol::new(Side::Packet, SymbolKind::Undefined, &canonical::fitting(name.to_owned()))
}
