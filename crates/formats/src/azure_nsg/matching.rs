use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

use diagnostics::{TextRange, printable};
use space::{AddressSet, Conditions, IntervalSet, Region, Set, Side, Symbol, SymbolKind};

use super::model::{Endpoint, Rule};
use super::parse::resource_name;
use super::tags;
use super::template::{Scope, Term};
use super::values::{network, port_range};
use crate::json::{Kind, Value};
use crate::{Direction, Problem, Status};

/// What rules match, read from their properties: shared by all rules of a file.
pub struct Matcher<'a, 'j> {
    scope: &'a Scope<'j>,
    /// Application security groups by their names in lower case; `None` where two have the same.
    group_names: BTreeMap<String, Option<Pointed>>,
    any: Region,
    /// How many regions may still be made with every symbol told apart: a file made to explode does not.
    budget: usize,
}

/// The application security group behind a name.
struct Pointed {
    /// What points at it, in lower case.
    whole: String,
    /// The name as it is first spelled.
    name: String,
}

/// What a rule matches, and how well that is known.
pub struct Matched {
    pub regions: Vec<Region>,
    pub status: Status,
    pub reason: Cow<'static, str>,
}

/// One rule being read.
pub struct Reader<'r, 'a, 'j> {
    pub matcher: &'r mut Matcher<'a, 'j>,
    /// The name under which the rule is listed: what is not known of it is named after it.
    pub rule: &'r str,
    pub direction: Direction,
    pub problems: &'r mut Vec<Problem>,
    status: Status,
    reason: Cow<'static, str>,
}

/// Addresses, ports or protocols under a condition; the match is the union of all.
pub type Alternatives<T> = Vec<(T, Conditions)>;

/// More regions than this a rule has not: symbols beyond are taken together as one.
const REGIONS_PER_RULE: usize = 512;
const REGIONS_PER_FILE: usize = 1_000_000;
/// More unknown ports of one side than this are taken together as one.
const UNKNOWN_PORTS: usize = 4;

impl<'a, 'j> Matcher<'a, 'j> {
    pub fn new(scope: &'a Scope<'j>, rules: impl Iterator<Item = &'a Rule<'j>>) -> Self
    where
        'j: 'a,
    {
        let mut group_names: BTreeMap<String, Option<Pointed>> = BTreeMap::new();
        for rule in rules {
            for endpoint in [&rule.source, &rule.destination] {
                for pointer in endpoint.application_security_groups.into_iter().flat_map(pointers) {
                    let term = scope.term(pointer);
                    let Some(name) = resource_name(&term) else { continue };
                    let whole = whole(&term);
                    let known = group_names.entry(name.to_ascii_lowercase()).or_insert_with(|| {
                        let whole = whole.clone();
                        Some(Pointed { whole, name })
                    });
                    if known.as_ref().is_some_and(|known| known.whole != whole) {
                        *known = None;
                    }
                }
            }
        }
        Matcher { scope, group_names, any: Region::any(), budget: REGIONS_PER_FILE }
    }

    pub fn any(&self) -> Region {
        self.any.clone()
    }

    pub fn scope(&self) -> &'a Scope<'j> {
        self.scope
    }
}

impl<'r, 'a, 'j> Reader<'r, 'a, 'j> {
    pub fn new(
        matcher: &'r mut Matcher<'a, 'j>,
        rule: &'r str,
        direction: Direction,
        problems: &'r mut Vec<Problem>,
    ) -> Self {
        Reader { matcher, rule, direction, problems, status: Status::Understood, reason: Cow::Borrowed("") }
    }

    /// What the rule matches.
    pub fn matches(mut self, rule: &Rule<'j>) -> Matched {
        let mut sources = self.endpoint(Side::Source, &rule.source, rule.object);
        let mut destinations = self.endpoint(Side::Destination, &rule.destination, rule.object);
        let source_ports = self.ports(Side::Source, &rule.source, rule.object);
        let destination_ports = self.ports(Side::Destination, &rule.destination, rule.object);
        let services = self.services(rule, &source_ports, &destination_ports);

        let product = |a: usize, b: usize| a.saturating_mul(b).saturating_mul(services.len());
        let limit = REGIONS_PER_RULE.min(self.matcher.budget);
        for (side, own, other) in
            [(Side::Source, &mut sources, destinations.len()), (Side::Destination, &mut destinations, 1)]
        {
            if own.len() > 1 && product(own.len(), other) > limit {
                self.merge(side, own);
            }
        }
        self.matcher.budget = self.matcher.budget.saturating_sub(product(sources.len(), destinations.len()));

        let mut regions = Vec::with_capacity(product(sources.len(), destinations.len()));
        for (source, source_condition) in &sources {
            for (destination, destination_condition) in &destinations {
                let Some(ends) = source_condition.and(destination_condition) else { continue };
                for service in &services {
                    let Some(conditions) = ends.and(&service.conditions) else { continue };
                    let region = Region {
                        source: source.clone(),
                        destination: destination.clone(),
                        protocol: service.protocol(source, destination),
                        conditions,
                        ..service.region.clone()
                    };
                    if !region.is_empty() {
                        regions.push(region);
                    }
                }
            }
        }
        Matched { regions, status: self.status, reason: self.reason }
    }

    /// The addresses of one side.
    fn endpoint(&mut self, side: Side, endpoint: &Endpoint<'j>, rule: Value<'j>) -> Alternatives<AddressSet> {
        let mut literal: Vec<AddressSet> = Vec::new();
        let mut others: Alternatives<AddressSet> = Vec::new();
        for value in endpoint.addresses.values() {
            self.terms(value, &mut |this, place, term| {
                this.address(side, place, term, &mut literal, &mut others)
            });
        }
        let groups = self.groups(side, endpoint);
        if !groups.is_empty() {
            if literal.is_empty() && others.is_empty() {
                return groups;
            }
            return self.addresses_and_groups(side, literal, others, groups, endpoint);
        }
        match literal.as_slice() {
            [] if others.is_empty() => vec![(AddressSet::any(), self.absent(side, "addresses", rule))],
            [] => others,
            _ => {
                let set =
                    if let [one] = literal.as_slice() { one.clone() } else { AddressSet::union_of(&literal) };
                if set.is_any() {
                    return vec![(set, Conditions::none())];
                }
                others.insert(0, (set, Conditions::none()));
                others
            }
        }
    }

    fn address(
        &mut self,
        side: Side,
        place: TextRange,
        term: Term<'j>,
        literal: &mut Vec<AddressSet>,
        others: &mut Alternatives<AddressSet>,
    ) {
        let anywhere = AddressSet::any;
        let text = match &term {
            Term::Text(text) => text.trim(),
            Term::Expression(expression) => {
                others.push((anywhere(), self.placeholder(side, "", expression)));
                return;
            }
            Term::Other => {
                let unknown = self.unreadable(side, place, "an address is a string");
                others.push((anywhere(), unknown));
                return;
            }
        };
        if text == "*" || text.eq_ignore_ascii_case("any") {
            literal.push(anywhere());
        } else if let Some((net, has_host_bits)) = network(text) {
            if has_host_bits {
                self.problem(
                    place,
                    format!("`{text}` has host bits: Azure takes it as `{}`", net.trunc()),
                    format!("write `{}`, or `{}` for the host", net.trunc(), net.addr()),
                );
            }
            literal.push(net.into());
        } else if tags::has_form(text) {
            self.tag(side, place, &tags::canonical(text), literal, others);
        } else {
            let what = format!("`{}` is no address, prefix or service tag", printable(text));
            others.push((anywhere(), self.unreadable(side, place, &what)));
        }
    }

    fn tag(
        &mut self,
        side: Side,
        place: TextRange,
        tag: &str,
        literal: &mut Vec<AddressSet>,
        others: &mut Alternatives<AddressSet>,
    ) {
        // The side on which the network interface stands that the group is bound to.
        let own = if self.direction == Direction::Inbound { Side::Destination } else { Side::Source };
        let symbol = |name: &str| Symbol::new(side, SymbolKind::ServiceTag, name);
        match tag {
            tags::VIRTUAL_NETWORK if side == own => literal.push(AddressSet::any()),
            tags::INTERNET => {
                if side == own {
                    let (end, way) =
                        if own == Side::Source { ("source", "outbound") } else { ("destination", "inbound") };
                    self.problem(
                        place,
                        format!("the {end} of {way} traffic is in the virtual network: `Internet` there matches nothing"),
                        format!("name addresses of the virtual network, or `*`, as the {end}"),
                    );
                }
                let outside = Conditions::lacks(symbol(tags::VIRTUAL_NETWORK));
                let doubtful = Conditions::holds(symbol(tags::INTERNET)).and(&outside);
                others.push((tags::PUBLIC.clone(), outside));
                others.extend(doubtful.map(|conditions| (tags::DOUBTFUL.clone(), conditions)));
            }
            tags::AZURE_LOAD_BALANCER => {
                literal.push(IpAddr::V4(tags::HOST_ADDRESS).into());
                others.push((AddressSet::any(), Conditions::holds(symbol(tag))));
            }
            _ => others.push((AddressSet::any(), Conditions::holds(symbol(tag)))),
        }
    }

    /// The application security groups of one side.
    fn groups(&mut self, side: Side, endpoint: &Endpoint<'j>) -> Alternatives<AddressSet> {
        let Some(list) = endpoint.application_security_groups.filter(|list| !list.is_empty()) else {
            return Vec::new();
        };
        let list = self.matcher.scope.resolve(list);
        let mut out = Vec::new();
        for pointer in pointers(list) {
            let term = self.matcher.scope.term(pointer);
            let conditions = match resource_name(&term) {
                Some(name) => {
                    let pointed = self.matcher.group_names.get(&name.to_ascii_lowercase());
                    let name = match pointed.and_then(Option::as_ref) {
                        Some(pointed) => pointed.name.clone(),
                        None => whole(&term),
                    };
                    Conditions::holds(Symbol::new(side, SymbolKind::ApplicationSecurityGroup, &name))
                }
                None => match term {
                    Term::Expression(expression) => self.placeholder(side, "", &expression),
                    _ => self.unreadable(side, pointer.place(), "an application security group has an id"),
                },
            };
            out.push((AddressSet::any(), conditions));
        }
        if out.is_empty() {
            let unknown = match self.matcher.scope.term(list) {
                Term::Expression(expression) => self.placeholder(side, "", &expression),
                _ => self.unreadable(side, list.place(), "an application security group has an id"),
            };
            out.push((AddressSet::any(), unknown));
        }
        out
    }

    /// Azure refuses a side with both. Whether it would be the union or what is in both is not known.
    fn addresses_and_groups(
        &mut self,
        side: Side,
        literal: Vec<AddressSet>,
        others: Alternatives<AddressSet>,
        groups: Alternatives<AddressSet>,
        endpoint: &Endpoint<'j>,
    ) -> Alternatives<AddressSet> {
        let place = endpoint.application_security_groups.map_or(TextRange::default(), Value::place);
        let either = self.unreadable(
            side,
            place,
            "addresses beside application security groups: Azure takes one of them",
        );
        let mut out = Vec::new();
        let addresses: Alternatives<AddressSet> =
            literal.into_iter().map(|set| (set, Conditions::none())).chain(others).collect();
        for (set, condition) in &addresses {
            for (_, group) in &groups {
                out.extend(condition.and(group).map(|both| (set.clone(), both)));
            }
        }
        for (set, condition) in addresses.into_iter().chain(groups) {
            out.extend(condition.and(&either).map(|both| (set, both)));
        }
        out
    }

    /// The ports of one side.
    fn ports(
        &mut self,
        side: Side,
        endpoint: &Endpoint<'j>,
        rule: Value<'j>,
    ) -> Alternatives<IntervalSet<u16>> {
        let mut ranges: Vec<(u16, u16)> = Vec::new();
        let mut others: Alternatives<IntervalSet<u16>> = Vec::new();
        for value in endpoint.ports.values() {
            self.terms(value, &mut |this, place, term| {
                let unknown = match &term {
                    Term::Text(text) => match port_range(text.trim()) {
                        Ok(range) => return ranges.push(range),
                        Err(why) => this.unreadable(side, place, &format!("`{}` {why}", printable(text))),
                    },
                    Term::Expression(expression) => {
                        let end = if side == Side::Source { "source port " } else { "destination port " };
                        this.placeholder(Side::Packet, end, expression)
                    }
                    Term::Other => this.unreadable(side, place, "a port is a number or a range"),
                };
                others.push((IntervalSet::any(), unknown));
            });
        }
        let set = match ranges.as_slice() {
            [] if others.is_empty() => return vec![(IntervalSet::any(), self.absent(side, "ports", rule))],
            [(low, high)] => IntervalSet::range(*low, *high),
            _ => IntervalSet::from_ranges(ranges),
        };
        if set.is_any() {
            others.clear();
        }
        if others.len() > UNKNOWN_PORTS {
            let name = format!("the ports of {} that are not known", self.rule);
            others = vec![(
                IntervalSet::any(),
                Conditions::holds(Symbol::new(Side::Packet, SymbolKind::Match, &name)),
            )];
        }
        if !set.is_empty() {
            others.insert(0, (set, Conditions::none()));
        }
        others
    }

    /// Calls `each` for every value of a property: of a string or a number, or of a list of them. What is blank is
    /// none.
    fn terms(&mut self, value: Value<'j>, each: &mut dyn FnMut(&mut Self, TextRange, Term<'j>)) {
        let value = self.matcher.scope.resolve(value);
        let is_list = value.kind() == Kind::Array;
        let own = (!is_list).then_some(value);
        for element in value.elements().chain(own) {
            match self.matcher.scope.term(element) {
                Term::Text(text) if text.trim().is_empty() => {
                    if is_list || !text.is_empty() {
                        self.problem(
                            element.place(),
                            "a blank where a value should be: it matches nothing".to_owned(),
                            "take it out of the list".to_owned(),
                        );
                    }
                }
                _ if element.kind() == Kind::Null => {}
                term => each(self, element.place(), term),
            }
        }
    }

    /// An unknown for an element that the rule does not have: not any, and not none.
    pub fn absent(&mut self, side: Side, what: &str, rule: Value<'j>) -> Conditions {
        let end = match side {
            Side::Source => "source ",
            Side::Destination => "destination ",
            Side::Packet => "",
        };
        self.problem(
            rule.place(),
            format!("rule `{}` has no {end}{what}", printable(self.rule)),
            format!("say `*` for all {what}, or export the rule again"),
        );
        self.approximated("an element of the rule is missing");
        let side = if what == "addresses" { side } else { Side::Packet };
        Conditions::holds(Symbol::new(side, SymbolKind::Undefined, &format!("{end}{what} of {}", self.rule)))
    }

    /// An unknown for a value that Azure would refuse.
    pub fn unreadable(&mut self, side: Side, place: TextRange, what: &str) -> Conditions {
        let help = "correct the value; if PowerShell cut it off, export with `ConvertTo-Json -Depth 10`";
        self.problem(place, what.to_owned(), help.to_owned());
        self.approximated("a value of the rule cannot be read");
        let name = format!("{} of {}", what.replace('`', ""), self.rule);
        Conditions::holds(Symbol::new(side, SymbolKind::Undefined, &name))
    }

    /// What an expression comes to. In two rules it comes to the same, unless it counts copies or asks at run time.
    pub fn placeholder(&mut self, side: Side, what: &str, expression: &str) -> Conditions {
        self.approximated("an expression that is only known when the template is deployed");
        let lower = expression.to_ascii_lowercase();
        let own =
            ["copyindex(", "newguid(", "reference(", "list"].iter().any(|function| lower.contains(function));
        let name =
            if own { format!("{what}{expression} of {}", self.rule) } else { format!("{what}{expression}") };
        Conditions::holds(Symbol::new(side, SymbolKind::Placeholder, &name))
    }

    /// Takes all that is not literal together as one unknown.
    fn merge(&mut self, side: Side, alternatives: &mut Alternatives<AddressSet>) {
        let sure: Vec<AddressSet> = alternatives
            .iter()
            .filter(|(_, conditions)| conditions.is_none())
            .map(|(set, _)| set.clone())
            .collect();
        let name = format!("the tags and groups of {}", self.rule);
        let unknown = Conditions::holds(Symbol::new(side, SymbolKind::Match, &name));
        self.approximated("more tags and groups than are told apart");
        alternatives.clear();
        if !sure.is_empty() {
            alternatives.push((AddressSet::union_of(&sure), Conditions::none()));
        }
        alternatives.push((AddressSet::any(), unknown));
    }

    pub fn approximated(&mut self, reason: &'static str) {
        if self.status == Status::Understood {
            self.status = Status::Approximated;
            self.reason = Cow::Borrowed(reason);
        }
    }

    fn problem(&mut self, place: TextRange, message: String, help: String) {
        self.problems.push(Problem { place, message, help });
    }
}

/// The values that point at application security groups: the `id` of each object.
fn pointers<'j>(list: Value<'j>) -> impl Iterator<Item = Value<'j>> {
    let own = (list.kind() == Kind::Object).then_some(list);
    list.elements().chain(own).map(|group| group.get("id").filter(|id| !id.is_empty()).unwrap_or(group))
}

/// All of what points at a group, for comparison in any case.
fn whole(term: &Term<'_>) -> String {
    match term {
        Term::Text(text) => text.trim().to_ascii_lowercase(),
        Term::Expression(expression) => expression.to_ascii_lowercase(),
        Term::Other => String::new(),
    }
}
