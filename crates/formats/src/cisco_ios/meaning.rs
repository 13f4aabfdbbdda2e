//! What an entry matches, as regions.

use std::borrow::Cow;
use std::collections::HashMap;

use diagnostics::TextRange;
use space::{AddressSet, Conditions, IntervalSet, Region, Set, Side, Symbol, SymbolKind, protocol};

use super::lines::short;
use super::model::{
    Ace, Body, Config, Endpoint, Entry, Family, FlagMode, Flags, GroupKind, List, Ports, Protocol,
};
use super::resolve::{Groups, Resolved};
use crate::{Day, Status, UndefinedEntry};

/// An entry of a list as a rule.
#[derive(Clone, Debug)]
pub struct Meaning {
    pub matches: Vec<Region>,
    pub verdict: Verdict,
    pub status: Status,
    pub reason: Cow<'static, str>,
    pub inactive: Option<&'static str>,
    pub expires: Option<Day>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Permit,
    Deny,
    Unknown,
    /// Permits replies to what other entries reflected; its regions come from them.
    Evaluate,
    /// A remark.
    None,
}

/// An entry becomes no more regions than this.
const MOST_REGIONS: usize = 4096;

/// Reads entries one after the other; names of conditions that one entry alone asks are counted on the way.
pub struct Meanings<'r, 'a> {
    pub groups: &'r Groups<'a>,
    pub config: &'r Config<'a>,
    /// How often each text was asked about by one entry alone.
    own: HashMap<String, u32>,
    /// Groups and time ranges in use, by name: kind, name, place, whether it is defined.
    pub uses: Vec<Use<'a>>,
    time_ranges: HashMap<&'a str, usize>,
}

/// A group or time range that an entry names.
pub struct Use<'a> {
    pub group: Option<usize>,
    pub time_range: Option<usize>,
    pub kind: &'static str,
    pub name: &'a str,
    pub place: TextRange,
}

impl Use<'_> {
    pub fn undefined(&self) -> Option<UndefinedEntry> {
        let defined = self.group.is_some() || self.time_range.is_some();
        (!defined).then(|| UndefinedEntry { kind: self.kind, name: self.name.to_owned(), place: self.place })
    }
}

type Service = (IntervalSet<u8>, IntervalSet<u16>, IntervalSet<u16>, Conditions);

/// What is collected about one entry.
struct Draft {
    status: Status,
    reason: Cow<'static, str>,
    conditions: Conditions,
}

impl Draft {
    fn worsen(&mut self, status: Status, reason: impl Into<Cow<'static, str>>) {
        if status > self.status {
            (self.status, self.reason) = (status, reason.into());
        }
    }

    fn and(&mut self, symbol: Symbol) {
        // Unknowns of a packet never contradict each other here: none is denied.
        if let Some(both) = self.conditions.and(&Conditions::holds(symbol)) {
            self.conditions = both;
        }
    }
}

impl<'r, 'a> Meanings<'r, 'a> {
    pub fn new(config: &'r Config<'a>, groups: &'r Groups<'a>) -> Self {
        let time_ranges =
            config.time_ranges.iter().enumerate().map(|(index, range)| (range.name, index)).collect();
        Meanings { groups, config, own: HashMap::new(), uses: Vec::new(), time_ranges }
    }

    /// A condition that only one statement asks; the same words again are another one.
    pub fn alone(&mut self, text: &str) -> Symbol {
        let count = self.own.entry(text.to_owned()).or_insert(0);
        *count += 1;
        let name = if *count == 1 { text.to_owned() } else { format!("{text} ({count})") };
        Symbol::new(Side::Packet, SymbolKind::Match, &name)
    }

    pub fn entry(&mut self, list: &List<'a>, entry: &Entry<'a>) -> Meaning {
        let nothing = |verdict, status, reason: &'static str| Meaning {
            matches: Vec::new(),
            verdict,
            status,
            reason: Cow::Borrowed(reason),
            inactive: None,
            expires: None,
        };
        match &entry.body {
            _ if list.reflexive => {
                nothing(Verdict::None, Status::Irrelevant, "a reply that was let through for a while")
            }
            Body::Remark(_) => nothing(Verdict::None, Status::Irrelevant, "a remark"),
            Body::Evaluate(_) => nothing(Verdict::Evaluate, Status::Understood, ""),
            Body::Unreadable(why) => {
                let symbol = self.alone(&format!("`{}` in {}", short(entry.text), short(list.name)));
                let region = every(list.family).when(Conditions::holds(symbol));
                Meaning {
                    matches: vec![region],
                    verdict: Verdict::Unknown,
                    status: Status::NotUnderstood,
                    reason: format!("{why}: what it matches and does is kept as an unknown").into(),
                    inactive: None,
                    expires: None,
                }
            }
            Body::Rule(ace) => self.rule(list, ace),
        }
    }

    fn rule(&mut self, list: &List<'a>, ace: &Ace<'a>) -> Meaning {
        let mut draft =
            Draft { status: Status::Understood, reason: Cow::Borrowed(""), conditions: Conditions::none() };
        let sources = self.endpoint(list, &ace.source, Side::Source, &mut draft);
        let destinations = self.endpoint(list, &ace.destination, Side::Destination, &mut draft);
        let services = self.services(list, ace, &mut draft);
        if ace.established {
            draft.and(crate::established());
        }
        for text in &ace.shared {
            draft.and(Symbol::new(Side::Packet, SymbolKind::Match, text));
            draft.worsen(Status::Approximated, format!("`{text}` is kept as an unknown"));
        }
        for text in &ace.unknown {
            let symbol = self.alone(&format!("`{text}` in {}", short(list.name)));
            draft.and(symbol);
            draft.worsen(
                Status::NotUnderstood,
                format!("`{text}` is not known: the entry matches some of what the rest of it says"),
            );
        }
        let expires = self.time_range(ace, &mut draft);
        let states =
            ace.flags.as_ref().map_or_else(|| vec![Conditions::none()], |flags| states(flags, &mut draft));
        let verdict = if ace.permit { Verdict::Permit } else { Verdict::Deny };
        if ace.fragments {
            // A flow's packets are whole here: only what the first fragment cannot tell is asked of the others.
            return Meaning {
                matches: Vec::new(),
                verdict,
                status: Status::Understood,
                reason: Cow::Borrowed(""),
                inactive: Some("for fragments"),
                expires,
            };
        }
        let count = [sources.len(), destinations.len(), services.len(), states.len()]
            .into_iter()
            .fold(1, usize::saturating_mul);
        let mut matches = Vec::with_capacity(count.min(MOST_REGIONS));
        if count > MOST_REGIONS {
            let symbol = self.alone(&format!("groups of an entry of {}", short(list.name)));
            draft.and(symbol);
            draft.worsen(Status::Approximated, "its groups combine to more parts than are kept");
            matches.push(every(list.family).when(draft.conditions.clone()));
        } else {
            for (source, of_source) in &sources {
                for (destination, of_destination) in &destinations {
                    for (protocol, source_port, destination_port, of_service) in &services {
                        for state in &states {
                            let all = [of_source, of_destination, of_service, state];
                            let conditions =
                                all.into_iter().try_fold(draft.conditions.clone(), |all, one| all.and(one));
                            let Some(conditions) = conditions else { continue };
                            let region = Region {
                                source: source.clone(),
                                destination: destination.clone(),
                                protocol: protocol.clone(),
                                source_port: source_port.clone(),
                                destination_port: destination_port.clone(),
                                conditions,
                                ..Region::any()
                            };
                            if !region.is_empty() {
                                matches.push(region);
                            }
                        }
                    }
                }
            }
        }
        let inactive = matches.is_empty().then_some("matches nothing");
        Meaning { matches, verdict, status: draft.status, reason: draft.reason, inactive, expires }
    }

    fn endpoint(
        &mut self,
        list: &List<'a>,
        endpoint: &Endpoint<'a>,
        side: Side,
        draft: &mut Draft,
    ) -> Vec<(AddressSet, Conditions)> {
        match endpoint {
            Endpoint::Known(set) => vec![(set.clone(), Conditions::none())],
            Endpoint::Within(set, text) => {
                draft.worsen(Status::Approximated, "its wildcard mask has too many holes to list");
                vec![(set.clone(), Conditions::holds(Symbol::new(side, SymbolKind::Match, text)))]
            }
            Endpoint::Host(name) => {
                draft.worsen(
                    Status::Approximated,
                    format!("`{}` was resolved when the line was entered", short(name)),
                );
                vec![(
                    list.family.any(),
                    Conditions::holds(Symbol::new(side, SymbolKind::Undefined, &short(name))),
                )]
            }
            Endpoint::Group(name, place) => {
                let group = self.groups.of_addresses(name, list.family);
                self.uses.push(Use { group, time_range: None, kind: "object-group", name, place: *place });
                let symbol = |kind, text: &str| Conditions::holds(Symbol::new(side, kind, text));
                let called = format!("object-group {}", short(name));
                let Some(group) = group else {
                    draft.worsen(Status::Approximated, format!("`{}` is not defined", short(name)));
                    return vec![(list.family.any(), symbol(SymbolKind::Undefined, &called))];
                };
                let found = self.groups.get(group);
                self.partly(found, name, draft);
                if found.is_empty() {
                    return vec![(list.family.any(), symbol(SymbolKind::AddressGroup, &called))];
                }
                let known =
                    found.addresses.iter().map(|set| (set.intersect(&list.family.any()), Conditions::none()));
                let unknown = found
                    .unknown
                    .iter()
                    .map(|text| (list.family.any(), symbol(SymbolKind::AddressGroup, text)));
                known.chain(unknown).collect()
            }
        }
    }

    /// What is to be said of a group that is empty or only partly known.
    fn partly(&self, found: &Resolved, name: &str, draft: &mut Draft) {
        if found.is_empty() {
            draft.worsen(
                Status::Approximated,
                format!("the group `{}` is empty: what it matches is kept as an unknown", short(name)),
            );
        } else if !found.unknown.is_empty() {
            draft.worsen(
                Status::Approximated,
                format!("the group `{}` has members that are not known", short(name)),
            );
        }
    }

    /// Protocols with source and destination ports.
    fn services(&mut self, list: &List<'a>, ace: &Ace<'a>, draft: &mut Draft) -> Vec<Service> {
        let (protocols, place) = match &ace.protocol {
            Protocol::Known(protocols) => {
                let sources = self.ports(list, &ace.source_ports, draft, "source");
                let destinations = self.ports(list, &ace.destination_ports, draft, "destination");
                let mut out = Vec::with_capacity(sources.len() * destinations.len());
                for (source, of_source) in &sources {
                    for (destination, of_destination) in &destinations {
                        if let Some(conditions) = of_source.and(of_destination) {
                            out.push((protocols.clone(), source.clone(), destination.clone(), conditions));
                        }
                    }
                }
                return out;
            }
            Protocol::Group(name, place) => (*name, *place),
        };
        let group =
            self.groups.find(protocols, |kind| matches!(kind, GroupKind::Services | GroupKind::Protocols));
        self.uses.push(Use { group, time_range: None, kind: "object-group", name: protocols, place });
        let called = format!("object-group {}", short(protocols));
        let unknown = |kind, text: &str| {
            let any = IntervalSet::any;
            (IntervalSet::any(), any(), any(), Conditions::holds(Symbol::new(Side::Packet, kind, text)))
        };
        let Some(group) = group else {
            draft.worsen(Status::Approximated, format!("`{}` is not defined", short(protocols)));
            return vec![unknown(SymbolKind::Undefined, &called)];
        };
        let found = self.groups.get(group);
        self.partly(found, protocols, draft);
        if found.is_empty() {
            return vec![unknown(SymbolKind::Match, &called)];
        }
        let mut out: Vec<Service> = Vec::new();
        for ((protocols, source), destination) in &found.services {
            // A region has one meaning of its ports: types of ICMP beside ports of TCP would be taken for each other.
            out.push((protocols.clone(), source.clone(), destination.clone(), Conditions::none()));
        }
        out.extend(found.unknown.iter().map(|text| unknown(SymbolKind::Match, text)));
        out
    }

    fn ports(
        &mut self,
        list: &List<'a>,
        ports: &Ports<'a>,
        draft: &mut Draft,
        side: &str,
    ) -> Vec<(IntervalSet<u16>, Conditions)> {
        match ports {
            Ports::Known(set) => vec![(set.clone(), Conditions::none())],
            Ports::Undefined(name) => {
                draft.worsen(Status::NotUnderstood, format!("no port is called `{}`", short(name)));
                let symbol = self.alone(&format!("{side} port `{}` in {}", short(name), short(list.name)));
                vec![(IntervalSet::any(), Conditions::holds(symbol))]
            }
            Ports::Group(name, place) => {
                let group = self.groups.find(name, |kind| kind == GroupKind::Ports);
                self.uses.push(Use { group, time_range: None, kind: "object-group", name, place: *place });
                let symbol = |kind, text: &str| {
                    let name = format!("{side} port in {text}");
                    (IntervalSet::any(), Conditions::holds(Symbol::new(Side::Packet, kind, &name)))
                };
                let called = format!("object-group {}", short(name));
                let Some(group) = group else {
                    draft.worsen(Status::Approximated, format!("`{}` is not defined", short(name)));
                    return vec![symbol(SymbolKind::Undefined, &called)];
                };
                let found = self.groups.get(group);
                self.partly(found, name, draft);
                if found.is_empty() {
                    return vec![symbol(SymbolKind::Match, &called)];
                }
                let known = found.services.values().map(|ports| (ports.clone(), Conditions::none()));
                known.chain(found.unknown.iter().map(|text| symbol(SymbolKind::Match, text))).collect()
            }
        }
    }

    fn time_range(&mut self, ace: &Ace<'a>, draft: &mut Draft) -> Option<Day> {
        let (name, place) = ace.time_range?;
        let time_range = self.time_ranges.get(name).copied();
        self.uses.push(Use { group: None, time_range, kind: "time-range", name, place });
        let range = time_range.and_then(|index| self.config.time_ranges.get(index));
        let kind = if range.is_some() { SymbolKind::Match } else { SymbolKind::Undefined };
        draft.and(Symbol::new(Side::Packet, kind, &format!("time-range {}", short(name))));
        draft.worsen(Status::Approximated, "whether its time range holds is kept as an unknown");
        range?.ends
    }
}

/// All packets of a family.
pub fn every(family: Family) -> Region {
    Region::any().from(family.any()).to(family.any())
}

/// Of which packets of a connection the flags hold: of its first (SYN alone), of those that are established, or of some.
fn states(flags: &Flags, draft: &mut Draft) -> Vec<Conditions> {
    const FIN: u8 = 1;
    const SYN: u8 = 2;
    const RST: u8 = 4;
    const PSH: u8 = 8;
    const ACK: u8 = 16;
    const LATER: [u8; 7] = [SYN | ACK, ACK, ACK | PSH, ACK | FIN, RST, RST | ACK, ACK | PSH | FIN];
    let matches = |bits: u8, mode: FlagMode| match mode {
        FlagMode::All => bits & flags.set == flags.set && bits & flags.clear == 0,
        _ => bits & flags.set != 0 || !bits & flags.clear != 0,
    };
    // `None` where it is one or the other.
    let of = |bits: u8| match flags.mode {
        FlagMode::Unsaid => {
            let (any, all) = (matches(bits, FlagMode::Any), matches(bits, FlagMode::All));
            (any == all).then_some(any)
        }
        mode => Some(matches(bits, mode)),
    };
    let first = of(SYN);
    let later: Vec<Option<bool>> = LATER.into_iter().map(of).collect();
    let later = if later.iter().all(|it| *it == later[0]) { later[0] } else { None };
    if first == Some(true) && later == Some(true) {
        return vec![Conditions::none()];
    }
    let symbol = Symbol::new(Side::Packet, SymbolKind::Match, &format!("tcp flags {}", short(&flags.text)));
    let mut out = Vec::new();
    for (state, known) in
        [(Conditions::lacks(crate::established()), first), (Conditions::holds(crate::established()), later)]
    {
        match known {
            Some(true) => out.push(state),
            Some(false) => {}
            None => {
                draft.worsen(
                    Status::Approximated,
                    "some packets of a connection have these flags, and some have not",
                );
                out.extend(state.and(&Conditions::holds(symbol.clone())));
            }
        }
    }
    out
}

/// The replies to what a region matches: the ends exchanged. Of ICMP it is not known which messages answer which.
pub fn mirrored(region: &Region, unknown: &Symbol) -> Vec<Region> {
    let icmp =
        IntervalSet::from_ranges([(protocol::ICMP, protocol::ICMP), (protocol::ICMPV6, protocol::ICMPV6)]);
    let turned = Region {
        source: region.destination.clone(),
        destination: region.source.clone(),
        protocol: region.protocol.subtract(&icmp),
        source_port: region.destination_port.clone(),
        destination_port: region.source_port.clone(),
        ..Region::any()
    };
    let messages = Region {
        protocol: region.protocol.intersect(&icmp),
        source_port: IntervalSet::any(),
        destination_port: IntervalSet::any(),
        ..turned.clone().when(Conditions::holds(unknown.clone()))
    };
    [turned, messages].into_iter().filter(|region| !region.is_empty()).collect()
}
