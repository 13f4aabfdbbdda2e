//! Objects for what is written: those that there are, where they say exactly what is needed, and new ones.

use std::collections::{HashMap, HashSet};

use space::{AddressSet, IntervalSet, Region, Set, Side, protocol};

use super::address::Sort;
use super::domain::{Domain, index};
use super::lexer::quoted;
use super::names;
use super::parts::Family;
use super::sections::Kind;
use super::service_parts::{ServicePart, merged};
use super::write::{End, Spec};
use crate::Refusal;

/// More addresses than this go into groups. A cautious figure: how many members a group may have depends on the model.
const MOST_MEMBERS: usize = 300;

/// More ranges than this in one service make several.
const MOST_RANGES: usize = 16;

/// The objects at hand, and those that are to be made.
#[derive(Default)]
pub(super) struct Book {
    taken: [HashSet<String>; 2],
    taken_services: HashSet<String>,
    sets: [HashMap<AddressSet, String>; 2],
    dns: [HashMap<String, String>; 2],
    services: HashMap<Vec<Region>, String>,
    /// How the file calls single hosts: what stands before and behind the address.
    host_style: Option<(String, String)>,
    pub new: Vec<NewObject>,
}

/// An object to be made.
#[derive(Clone, Debug)]
pub(super) struct NewObject {
    pub kind: Kind,
    pub name: String,
    pub lines: Vec<String>,
}

impl Book {
    /// Nothing but what FortiOS has by itself.
    pub fn new() -> Self {
        let mut book = Book::default();
        for family in [Family::V4, Family::V6] {
            let at = index(family);
            book.sets[at].insert(family.all(), "all".to_owned());
            book.taken[at].extend(["all", "none"].map(str::to_owned));
        }
        book.services.insert(vec![ServicePart::any().region()], "ALL".to_owned());
        book.taken_services.insert("ALL".to_owned());
        book
    }

    /// What a file has. Of two objects that say the same, the first is used.
    pub fn of(domain: &mut Domain<'_, '_>) -> Self {
        let mut book = Book::default();
        let mut hosts: HashMap<(String, String), usize> = HashMap::new();
        let Domain { objects, interfaces, findings, services, document, .. } = domain;
        for (objects, family) in objects.iter_mut().zip([Family::V4, Family::V6]) {
            let at = index(family);
            for object in 0..objects.list.len() {
                let Some((node, sort)) = objects.list.get(object).map(|it| (it.node, it.kind)) else {
                    continue;
                };
                book.taken[at].insert(node.name.to_string());
                // One that is tied to an interface fits policies of that interface only.
                let tied =
                    document.value(node, "associated-interface").is_some_and(|word| !word.text.is_empty());
                if tied || !matches!(sort, Sort::Address | Sort::Group) {
                    continue;
                }
                let parts = objects.resolve(object, Side::Destination, interfaces, findings);
                let [part] = &*parts else { continue };
                let name = node.name.to_string();
                if part.when.is_none() {
                    if sort == Sort::Address
                        && part.addresses.size() == 1.0
                        && let Some(address) = part.addresses.first()
                        && let Some((before, behind)) = node.name.split_once(&address.to_string())
                    {
                        *hosts.entry((before.to_owned(), behind.to_owned())).or_default() += 1;
                    }
                    book.sets[at].entry(part.addresses.clone()).or_insert(name);
                } else if part.addresses == family.all()
                    && let [(symbol, true)] = part.when.essential().as_slice()
                    && symbol.kind == space::SymbolKind::Name
                {
                    book.dns[at].entry(symbol.name.to_string()).or_insert(name);
                }
            }
            if objects.find("all").is_none() {
                book.sets[at].entry(family.all()).or_insert_with(|| "all".to_owned());
            }
            book.taken[at].extend(["all", "none"].map(str::to_owned));
        }
        let mut styles: Vec<((String, String), usize)> =
            hosts.into_iter().filter(|(_, count)| *count > 1).collect();
        styles.sort_by(|(a, x), (b, y)| (y, a).cmp(&(x, b)));
        book.host_style = styles.into_iter().next().map(|(style, _)| style);
        for at in 0..services.list.len() {
            let parts = services.resolve(at, findings);
            let Some(service) = services.list.get(at) else { continue };
            book.taken_services.insert(service.node.name.to_string());
            if service.unknown.is_none() && parts.iter().all(|part| part.when.is_none() && part.to.is_any()) {
                book.services.entry(key(&parts)).or_insert_with(|| service.node.name.to_string());
            }
        }
        if !book.taken_services.contains("ALL") {
            book.services.entry(vec![ServicePart::any().region()]).or_insert_with(|| "ALL".to_owned());
            book.taken_services.insert("ALL".to_owned());
        }
        book
    }

    /// The names of objects for one side.
    pub fn addresses(&mut self, family: Family, end: &End) -> Vec<String> {
        let at = index(family);
        match end {
            End::Name(name) => {
                if let Some(known) = self.dns[at].get(name) {
                    return vec![known.clone()];
                }
                let plain =
                    name.strip_prefix("*.").map_or_else(|| name.clone(), |rest| format!("wildcard.{rest}"));
                let lines = vec!["set type fqdn".to_owned(), format!("set fqdn {}", quoted(name))];
                let made = self.make(family, &plain, lines);
                self.dns[at].insert(name.clone(), made.clone());
                vec![made]
            }
            End::Addresses(set) => {
                if let Some(known) = self.sets[at].get(set) {
                    return vec![known.clone()];
                }
                let ranges: Vec<AddressSet> =
                    set.ranges().map(|(low, high)| AddressSet::range(low, high)).collect();
                let names: Vec<String> = ranges.iter().map(|range| self.range(family, range)).collect();
                if names.len() <= MOST_MEMBERS { names } else { self.groups(family, &names) }
            }
        }
    }

    fn range(&mut self, family: Family, range: &AddressSet) -> String {
        let at = index(family);
        if let Some(known) = self.sets[at].get(range) {
            return known.clone();
        }
        let prefixes = range.prefixes();
        let (name, lines) = match (prefixes.as_slice(), range.ranges().next()) {
            ([prefix], _) => {
                let is_host = prefix.prefix_len() == prefix.max_prefix_len();
                let name = match (&self.host_style, is_host) {
                    (Some((before, behind)), true) => format!("{before}{}{behind}", prefix.addr()),
                    (None, true) => prefix.addr().to_string(),
                    (_, false) => prefix.to_string(),
                };
                let value = match family {
                    Family::V4 => format!("set subnet {} {}", prefix.network(), prefix.netmask()),
                    Family::V6 => format!("set ip6 {prefix}"),
                };
                (name, vec![value])
            }
            (_, Some((low, high))) => {
                let lines = [
                    "set type iprange".to_owned(),
                    format!("set start-ip {low}"),
                    format!("set end-ip {high}"),
                ];
                (format!("{low}-{high}"), lines.to_vec())
            }
            _ => (String::new(), Vec::new()),
        };
        let made = self.make(family, &name, lines);
        self.sets[at].insert(range.clone(), made.clone());
        made
    }

    fn make(&mut self, family: Family, name: &str, lines: Vec<String>) -> String {
        let name = names::of_object(name, &mut self.taken[index(family)]);
        let kind = if family == Family::V4 { Kind::Address } else { Kind::Address6 };
        self.new.push(NewObject { kind, name: name.clone(), lines });
        name
    }

    /// Groups of as many members as each model takes.
    fn groups(&mut self, family: Family, names: &[String]) -> Vec<String> {
        let kind = if family == Family::V4 { Kind::AddressGroup } else { Kind::AddressGroup6 };
        let mut groups = Vec::new();
        for members in names.chunks(MOST_MEMBERS) {
            let label =
                format!("{} and {} more", members.first().map_or("", String::as_str), members.len() - 1);
            let name = names::of_object(&label, &mut self.taken[index(family)]);
            let lines = vec![format!("set member {}", list(members))];
            self.new.push(NewObject { kind, name: name.clone(), lines });
            groups.push(name);
        }
        groups
    }

    /// The names of services that together say `specs`.
    pub fn services(&mut self, specs: &[Spec]) -> Result<Vec<String>, Refusal> {
        let parts: Vec<ServicePart> = specs.iter().map(Spec::part).collect();
        if let Some(known) = self.services.get(&key(&parts)) {
            return Ok(vec![known.clone()]);
        }
        let mut out = Vec::new();
        for spec in specs {
            out.extend(self.service(spec)?);
        }
        Ok(out)
    }

    fn service(&mut self, spec: &Spec) -> Result<Vec<String>, Refusal> {
        if let Some(known) = self.services.get(&key(&[spec.part()])) {
            return Ok(vec![known.clone()]);
        }
        let Spec::Ports { protocols, from, to } = spec else { return Ok(vec![self.single(spec)]) };
        // `HTTP` and `HTTPS` say what `tcp/{80, 443}` asks for.
        let each: Vec<Spec> = to
            .ranges()
            .map(|(low, high)| Spec::Ports {
                protocols: protocols.clone(),
                from: from.clone(),
                to: IntervalSet::range(low, high),
            })
            .collect();
        let known: Option<Vec<String>> =
            each.iter().map(|spec| self.services.get(&key(&[spec.part()])).cloned()).collect();
        if let Some(known) = known {
            return Ok(known);
        }
        let ranges: Vec<(u16, u16)> = to.ranges().collect();
        let each = from.ranges().len().max(1);
        if each > MOST_RANGES {
            return Err(Refusal::new(
                format!("{each} ranges of source ports do not go into one service"),
                "write fewer ranges of source ports",
            ));
        }
        let chunks = ranges.chunks((MOST_RANGES / each).max(1));
        let specs = chunks.map(|chunk| Spec::Ports {
            protocols: protocols.clone(),
            from: from.clone(),
            to: IntervalSet::from_ranges(chunk.iter().copied()),
        });
        Ok(specs.map(|spec| self.single(&spec)).collect())
    }

    fn single(&mut self, spec: &Spec) -> String {
        let key = key(&[spec.part()]);
        if let Some(known) = self.services.get(&key) {
            return known.clone();
        }
        let (name, lines) = described(spec);
        let name = names::of_object(&name, &mut self.taken_services);
        self.new.push(NewObject { kind: Kind::Service, name: name.clone(), lines });
        self.services.insert(key, name.clone());
        name
    }
}

/// Names between quotes.
pub(super) fn list<T: AsRef<str>>(names: &[T]) -> String {
    names.iter().map(|name| quoted(name.as_ref())).collect::<Vec<_>>().join(" ")
}

/// The one spelling of what services stand for.
fn key(parts: &[ServicePart]) -> Vec<Region> {
    let parts = merged(parts).unwrap_or_default();
    let mut regions: Vec<Region> = parts.iter().map(ServicePart::region).collect();
    regions.sort();
    regions
}

fn described(spec: &Spec) -> (String, Vec<String>) {
    match spec {
        Spec::All => ("ALL".to_owned(), vec!["set protocol IP".to_owned()]),
        Spec::Protocol(number) if protocol::is_icmp(*number) => {
            (word(*number), vec![format!("set protocol {}", icmp_word(*number)), "unset icmptype".to_owned()])
        }
        Spec::Protocol(number) => {
            let lines = vec!["set protocol IP".to_owned(), format!("set protocol-number {number}")];
            (word(*number), lines)
        }
        Spec::Icmp { protocol, kind, code } => {
            let mut lines =
                vec![format!("set protocol {}", icmp_word(*protocol)), format!("set icmptype {kind}")];
            lines.push(
                code.map_or_else(|| "unset icmpcode".to_owned(), |code| format!("set icmpcode {code}")),
            );
            let code = code.map(|code| format!(".{code}")).unwrap_or_default();
            (format!("{}-{kind}{code}", word(*protocol)), lines)
        }
        Spec::Ports { protocols, from, to } => {
            let span = |(low, high): (u16, u16)| {
                if low == high { low.to_string() } else { format!("{low}-{high}") }
            };
            let from: Vec<String> =
                if from.is_any() { Vec::new() } else { from.ranges().map(span).collect() };
            let to: Vec<String> =
                if to.is_any() { vec!["0-65535".to_owned()] } else { to.ranges().map(span).collect() };
            let mut ranges = Vec::new();
            for to in &to {
                if from.is_empty() {
                    ranges.push(to.clone());
                }
                ranges.extend(from.iter().map(|from| format!("{to}:{from}")));
            }
            let words: Vec<String> = protocols.iter().map(|number| word(*number)).collect();
            let mut name = format!("{}-{}", words.join("-"), to.join("_"));
            if !from.is_empty() {
                name.push_str(&format!("-from-{}", from.join("_")));
            }
            let lines = words.iter().map(|word| format!("set {word}-portrange {}", ranges.join(" ")));
            (name, lines.collect())
        }
    }
}

fn word(number: u8) -> String {
    protocol::name(number).map_or_else(|| format!("ip-{number}"), str::to_owned)
}

fn icmp_word(number: u8) -> &'static str {
    if number == protocol::ICMP { "ICMP" } else { "ICMP6" }
}
