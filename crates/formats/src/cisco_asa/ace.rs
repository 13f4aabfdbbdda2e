//! One entry of an extended list, as the regions it matches.
//!
//! Its grammar is that of `access-list extended` in the command reference: action, protocol, user, security group and
//! address of the source, its ports, the same for the destination, then how it is logged, when it holds, and `inactive`.

use std::sync::Arc;

use diagnostics::{TextRange, printable};
use space::{AddressSet, IntervalSet, Set, Side, SymbolKind, protocol};

use super::config::{Kind, Service};
use super::literals;
use super::matching::{Ace, Endpoint};
use super::resolve::{Missing, Resolved, Resolver, is_redacted, merged};
use super::values::{self, Addresses, Wrong, is_port_operator};
use super::words::{Word, Words};
use crate::UndefinedEntry;

/// Protocols, and ports where an object brings them.
struct Protocols {
    services: Vec<Service>,
    missing: Vec<Missing>,
    /// No ports can follow.
    closed: bool,
}

impl Protocols {
    fn of(protocols: IntervalSet<u8>) -> Self {
        Protocols { services: vec![Service::any_of(protocols)], missing: Vec::new(), closed: false }
    }

    /// The protocols that ports after it are for.
    fn numbers(&self) -> IntervalSet<u8> {
        self.services.first().map_or_else(IntervalSet::any, |service| service.protocols.clone())
    }

    fn icmp(&self) -> Option<u8> {
        let (low, high) = self.numbers().hull()?;
        (low == high && protocol::is_icmp(low)).then_some(low)
    }
}

/// Ports, or ICMP types.
enum Numbers {
    Any,
    Known(IntervalSet<u16>, Vec<Missing>),
}

/// Reads an entry, from `permit` or `deny` on.
pub(super) fn read<'a>(words: Words<'a>, resolver: &mut Resolver<'_, 'a>) -> Result<Ace<'a>, Wrong> {
    Reader { words, resolver, undefined: false }.ace()
}

struct Reader<'r, 'c, 'a> {
    words: Words<'a>,
    resolver: &'r mut Resolver<'c, 'a>,
    undefined: bool,
}

impl<'a> Reader<'_, '_, 'a> {
    fn ace(mut self) -> Result<Ace<'a>, Wrong> {
        let permit = self.next("an action")?.text == "permit";
        let protocols = self.protocols()?;
        let mut conditions = Vec::new();
        self.users(&mut conditions);
        self.security_group(Side::Source, &mut conditions);
        let source = self.endpoint()?;
        let from = self.source_ports(&protocols)?;
        self.security_group(Side::Destination, &mut conditions);
        let destination = self.endpoint()?;
        let to = self.destination_numbers(&protocols)?;
        let (services, unknown_services) = services(protocols, from, to);
        let mut ace = Ace {
            permit,
            services,
            unknown_services,
            source,
            destination,
            conditions,
            logs: false,
            inactive: false,
            time_range: None,
            undefined: false,
        };
        self.options(&mut ace)?;
        ace.undefined = self.undefined;
        Ok(ace)
    }

    fn next(&mut self, what: &str) -> Result<Word<'a>, Wrong> {
        let words = self.words;
        self.words.next().ok_or_else(|| values::missing(&words, what))
    }

    fn protocols(&mut self) -> Result<Protocols, Wrong> {
        let word = self.next("a protocol")?;
        match word.text {
            "ip" => Ok(Protocols::of(IntervalSet::any())),
            "object" | "object-group" => {
                let name = self.next("the name of an object")?;
                let Some((kind, resolved)) = self.object(name.text) else {
                    let missing = vec![Missing::new(SymbolKind::Undefined, name.text)];
                    return Ok(Protocols { services: Vec::new(), missing, closed: false });
                };
                let missing = resolved.missing.clone();
                match kind {
                    Kind::Service | Kind::Services => {
                        Ok(Protocols { services: resolved.services.clone(), missing, closed: true })
                    }
                    Kind::Protocols => Ok(Protocols {
                        services: vec![Service::any_of(resolved.protocols.clone())],
                        closed: !missing.is_empty(),
                        missing,
                    }),
                    Kind::Other => Ok(Protocols { services: Vec::new(), missing, closed: false }),
                    _ => Err(misplaced(name, kind)),
                }
            }
            name => match literals::protocol_number(name) {
                Some(number) => Ok(Protocols::of(IntervalSet::one(number))),
                None => Err(values::unexpected(word)),
            },
        }
    }

    fn object(&mut self, name: &str) -> Option<(Kind, Arc<Resolved>)> {
        let found = self.resolver.config.definition(name).map(|(at, definition)| (at, definition.kind));
        let Some((at, kind)) = found else {
            self.undefined = true;
            return None;
        };
        Some((kind, self.resolver.resolve(at)))
    }

    /// `user LOCAL\operator`, `user-group EXAMPLE\\admins`, `object-group-user staff`
    fn users(&mut self, conditions: &mut Vec<(Side, Missing)>) {
        while let Some(word @ ("user" | "user-group" | "object-group-user")) = self.words.peek() {
            self.words.next();
            let name = self.words.next().map_or("", |word| word.text);
            conditions.push((Side::Source, Missing::new(SymbolKind::Match, format!("{word} {name}"))));
        }
    }

    /// `security-group tag 5`, `object-group-security quarantine`
    fn security_group(&mut self, side: Side, conditions: &mut Vec<(Side, Missing)>) {
        while let Some(word @ ("security-group" | "object-group-security")) = self.words.peek() {
            self.words.next();
            let mut name = format!("{word} {}", self.words.next().map_or("", |word| word.text));
            if word == "security-group" {
                name.push(' ');
                name.push_str(self.words.next().map_or("", |word| word.text));
            }
            conditions.push((side, Missing::new(SymbolKind::AddressGroup, name)));
        }
    }

    fn endpoint(&mut self) -> Result<Endpoint, Wrong> {
        let config = self.resolver.config;
        let start = self.words;
        let mut ahead = self.words;
        let Some(word) = ahead.next() else { return Err(values::missing(&self.words, "an address")) };
        let addresses = match word.text {
            "any" => Addresses::Known(AddressSet::any()),
            "any4" => Addresses::Known(AddressSet::any_v4()),
            "any6" => Addresses::Known(AddressSet::any_v6()),
            "host" => values::host(&mut ahead, &config.aliases)?,
            // These two are how `show access-list` resolves objects.
            "range" => values::range(&mut ahead, &config.aliases)?,
            "fqdn" => {
                self.words = ahead;
                let name = self.next("a DNS name")?;
                return Ok(Endpoint::missing(Missing::new(SymbolKind::Name, name.text)));
            }
            "interface" => {
                self.words = ahead;
                let name = self.next("the name of an interface")?;
                return Ok(self.interface(name));
            }
            "object" | "object-group" | "object-group-network-service" => {
                self.words = ahead;
                let name = self.next("the name of an object")?;
                return match self.object(name.text) {
                    None => Ok(Endpoint::missing(Missing::new(SymbolKind::Undefined, name.text))),
                    Some((Kind::Network | Kind::Networks | Kind::Other, resolved)) => {
                        Ok(Endpoint { known: resolved.addresses.clone(), missing: resolved.missing.clone() })
                    }
                    Some((kind, _)) => Err(misplaced(name, kind)),
                };
            }
            _ => {
                ahead = self.words;
                values::subnet(&mut ahead, &config.aliases)?
            }
        };
        self.words = ahead;
        Ok(match addresses {
            Addresses::Known(set) => Endpoint::known(set),
            Addresses::Undefined(word) => {
                self.undefined = true;
                let whole = start.distance(&self.words);
                let hidden = is_redacted(word.text);
                if !hidden && !config.aliases.contains_key(word.text) {
                    let (name, place) = (word.text.to_owned(), word.place());
                    self.resolver.undefined.push(UndefinedEntry { kind: "name", name, place });
                }
                let kind = if hidden { SymbolKind::Placeholder } else { SymbolKind::Undefined };
                Endpoint::missing(Missing::new(kind, whole))
            }
        })
    }

    /// The address of an interface of the firewall itself.
    fn interface(&self, name: Word<'_>) -> Endpoint {
        let named = self.resolver.interface(name.text);
        let known = named.filter(|interface| !interface.unknown_address);
        let v4 = known.and_then(|it| it.addresses.iter().find(|(address, _)| address.is_ipv4()));
        match v4 {
            Some((address, _)) => Endpoint::known((*address).into()),
            None => {
                Endpoint::missing(Missing::new(SymbolKind::AddressGroup, format!("interface {}", name.text)))
            }
        }
    }

    fn source_ports(&mut self, protocols: &Protocols) -> Result<Numbers, Wrong> {
        match self.words.peek() {
            Some("object-group") => {
                let mut ahead = self.words;
                ahead.next();
                let name = ahead.next().map_or("", |word| word.text);
                let ports = match self.resolver.config.definition(name) {
                    Some((_, definition)) => matches!(definition.kind, Kind::Ports(_)),
                    // Of a group that is not defined, only its place tells: an address has to come after ports.
                    None => match ahead.next().map(|word| word.text) {
                        None => false,
                        Some("object-group") => {
                            let next = ahead.next().map_or("", |word| word.text);
                            let next = self.resolver.config.definition(next);
                            next.is_some_and(|(_, definition)| definition.kind.is_network())
                        }
                        Some(word) => !is_port_operator(word) && !is_option(word),
                    },
                };
                if ports { self.numbers(protocols) } else { Ok(Numbers::Any) }
            }
            Some("range") => {
                let mut ahead = self.words;
                ahead.next();
                let is_address = ahead.next().is_some_and(|low| low.text.contains(['.', ':']));
                if is_address { Ok(Numbers::Any) } else { self.numbers(protocols) }
            }
            Some(word) if is_port_operator(word) => self.numbers(protocols),
            _ => Ok(Numbers::Any),
        }
    }

    fn destination_numbers(&mut self, protocols: &Protocols) -> Result<Numbers, Wrong> {
        match self.words.peek() {
            Some(word) if word == "object-group" || is_port_operator(word) => self.numbers(protocols),
            Some(word) if !is_option(word) => match protocols.icmp() {
                Some(number) => Ok(Numbers::Known(values::icmp(&mut self.words, number)?, Vec::new())),
                None => Ok(Numbers::Any),
            },
            _ => Ok(Numbers::Any),
        }
    }

    /// An operator, or a group of ports or of ICMP types.
    fn numbers(&mut self, protocols: &Protocols) -> Result<Numbers, Wrong> {
        let start = self.words.remainder();
        let refused = |place: TextRange| {
            Err(Wrong::new(
                place,
                "ports stand beside a protocol that has none, or a service that has its own",
                "export the configuration again with `show running-config`",
            ))
        };
        let numbers = protocols.numbers();
        if !self.words.eat("object-group") {
            let ports = values::ports(&mut self.words)?;
            let unknown = protocols.services.is_empty();
            if protocols.closed || !unknown && !values::with_ports(&numbers) {
                return refused(TextRange::new(start.start, self.words.remainder().start));
            }
            return Ok(Numbers::Known(ports, Vec::new()));
        }
        let name = self.next("the name of a group")?;
        let Some((kind, resolved)) = self.object(name.text) else {
            let missing = vec![Missing::new(SymbolKind::Undefined, name.text)];
            return Ok(Numbers::Known(IntervalSet::empty(), missing));
        };
        let fits = match kind {
            Kind::Ports(transport) => !protocols.closed && numbers.is_subset_of(&transport.protocols()),
            Kind::IcmpTypes => protocols.icmp() == Some(protocol::ICMP),
            _ => return Err(misplaced(name, kind)),
        };
        if !fits {
            return refused(name.place());
        }
        Ok(Numbers::Known(resolved.numbers.clone(), resolved.missing.clone()))
    }

    fn options(&mut self, ace: &mut Ace<'a>) -> Result<(), Wrong> {
        while let Some(word) = self.words.next() {
            match word.text {
                "log" => {
                    ace.logs = true;
                    match self.words.peek() {
                        Some("disable") => {
                            ace.logs = false;
                            self.words.next();
                        }
                        Some(level) if level == "default" || is_level(level) => {
                            self.words.next();
                        }
                        _ => {}
                    }
                }
                "interval" => {
                    self.words.next();
                }
                "inactive" => ace.inactive = true,
                "time-range" => {
                    let name = self.next("the name of a time range")?;
                    let kind = if self.resolver.config.time_ranges.contains_key(name.text) {
                        SymbolKind::Match
                    } else {
                        SymbolKind::Undefined
                    };
                    let symbol = format!("time-range {}", name.text);
                    ace.conditions.push((Side::Packet, Missing::new(kind, symbol)));
                    ace.time_range = Some(name.text);
                }
                // What `show access-list` adds: how often it matched, a hash, what a name is.
                text if text.starts_with('(') || text.starts_with("0x") => {}
                _ => return Err(values::unexpected(word)),
            }
        }
        Ok(())
    }
}

fn is_option(word: &str) -> bool {
    matches!(word, "log" | "inactive" | "time-range" | "interval")
        || word.starts_with('(')
        || word.starts_with("0x")
}

/// The levels of syslog by number or name (`logging` in the command reference).
fn is_level(word: &str) -> bool {
    const NAMES: [&str; 8] = [
        "emergencies",
        "alerts",
        "critical",
        "errors",
        "warnings",
        "notifications",
        "informational",
        "debugging",
    ];
    NAMES.contains(&word) || word.len() == 1 && word.bytes().all(|digit| matches!(digit, b'0'..=b'7'))
}

fn misplaced(name: Word<'_>, kind: Kind) -> Wrong {
    let message = format!("`{}` is an `{}`, which cannot stand here", printable(name.text), kind.noun());
    Wrong::new(name.place(), message, "name an object of the kind that the rule needs")
}

/// The services with the ports that stand beside them.
fn services(protocols: Protocols, from: Numbers, to: Numbers) -> (Vec<Service>, Vec<(Service, Missing)>) {
    let any = Service::any_of(IntervalSet::any());
    let beside = |service: &Service| {
        let set = |numbers: &Numbers, own: &IntervalSet<u16>| match numbers {
            Numbers::Any => own.clone(),
            Numbers::Known(set, _) => own.intersect(set),
        };
        Service {
            protocols: service.protocols.clone(),
            source: set(&from, &service.source),
            destination: set(&to, &service.destination),
        }
    };
    let mut unknown: Vec<(Service, Missing)> = Vec::new();
    for missing in protocols.missing {
        // Which protocols they are is open; ports that stand beside them hold only for those that have ports.
        unknown.push((any.clone(), missing));
    }
    // What is open on one side leaves the other as it is.
    let open = |numbers: &Numbers| matches!(numbers, Numbers::Known(_, missing) if !missing.is_empty());
    let both = open(&from) && open(&to);
    for (numbers, of_source) in [(&from, true), (&to, false)] {
        let Numbers::Known(_, missing) = numbers else { continue };
        for missing in missing {
            let kept = |service: &Service| {
                let beside = beside(service);
                if both {
                    service.clone()
                } else if of_source {
                    Service { source: service.source.clone(), ..beside }
                } else {
                    Service { destination: service.destination.clone(), ..beside }
                }
            };
            unknown.extend(protocols.services.iter().map(|service| (kept(service), missing.clone())));
            if protocols.services.is_empty() {
                unknown.push((any.clone(), missing.clone()));
            }
        }
    }
    (merged(protocols.services.iter().map(beside).collect()), unknown)
}
