use std::borrow::Cow;

use diagnostics::{TextRange, printable};
use space::{AddressSet, Conditions, IntervalSet, Region, Set, Side, Symbol, SymbolKind};

use super::ip_groups::IpGroups;
use super::model::{Kind, Rule};
use super::tags;
use super::template::{Scope, Term};
use super::values::{addresses, port_range};
use crate::json::{Kind as JsonKind, Value};
use crate::{NamePattern, Problem, Status};

/// What all rules of a file are read with.
pub struct Matcher<'j> {
    pub scope: &'j Scope<'j>,
    pub ip_groups: IpGroups<'j>,
    pub patterns: Vec<NamePattern>,
    any: Region,
    /// How many regions may still be made with every symbol told apart: a file made to explode does not.
    budget: usize,
}

/// What a rule matches, and how well that is known.
pub struct Matched {
    pub regions: Vec<Region>,
    pub status: Status,
    pub reason: Cow<'static, str>,
}

/// One rule being read.
pub struct Reader<'r, 'j> {
    pub matcher: &'r mut Matcher<'j>,
    /// The name under which the rule is listed: what is not known of it is named after it.
    pub rule: &'r str,
    pub problems: &'r mut Vec<Problem>,
    /// Whether the firewall is known not to be the DNS server of its clients.
    pub without_proxy: bool,
    status: Status,
    reason: Cow<'static, str>,
}

/// Addresses or ports under a condition; the match is the union of all.
pub type Alternatives<T> = Vec<(T, Conditions)>;

/// More regions than this a rule has not: symbols beyond are taken together as one.
const REGIONS_PER_RULE: usize = 4_096;
const REGIONS_PER_FILE: usize = 1_000_000;
/// More unknown ports than this are taken together as one.
const UNKNOWN_PORTS: usize = 4;

impl<'j> Matcher<'j> {
    pub fn new(scope: &'j Scope<'j>, ip_groups: IpGroups<'j>) -> Self {
        Matcher { scope, ip_groups, patterns: Vec::new(), any: Region::any(), budget: REGIONS_PER_FILE }
    }

    pub fn any(&self) -> Region {
        self.any.clone()
    }
}

impl<'r, 'j> Reader<'r, 'j> {
    pub fn new(matcher: &'r mut Matcher<'j>, rule: &'r str, problems: &'r mut Vec<Problem>) -> Self {
        Reader {
            matcher,
            rule,
            problems,
            without_proxy: false,
            status: Status::Understood,
            reason: Cow::Borrowed(""),
        }
    }

    /// What the rule matches.
    pub fn matches(mut self, rule: &Rule<'j>) -> Matched {
        let regions = match rule.kind {
            Some(Kind::Network) => self.network(rule),
            Some(Kind::Application) => self.application(rule),
            Some(Kind::Nat) => self.nat(rule),
            None => Vec::new(),
        };
        Matched { regions, status: self.status, reason: self.reason }
    }

    /// Every source with every destination and every service.
    pub fn product(
        &mut self,
        mut sources: Alternatives<AddressSet>,
        mut destinations: Alternatives<AddressSet>,
        services: &[super::services::Service],
    ) -> Vec<Region> {
        let size = |a: usize, b: usize| a.saturating_mul(b).saturating_mul(services.len());
        let limit = REGIONS_PER_RULE.min(self.matcher.budget);
        if destinations.len() > 1 && size(sources.len(), destinations.len()) > limit {
            self.merge(Side::Destination, &mut destinations);
        }
        if sources.len() > 1 && size(sources.len(), destinations.len()) > limit {
            self.merge(Side::Source, &mut sources);
        }
        let total = size(sources.len(), destinations.len());
        self.matcher.budget = self.matcher.budget.saturating_sub(total);
        let mut regions = Vec::with_capacity(total);
        for (source, source_condition) in &sources {
            for (destination, destination_condition) in &destinations {
                let Some(ends) = source_condition.and(destination_condition) else { continue };
                for service in services {
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
        regions
    }

    /// The sources of a rule of any kind.
    pub fn sources(&mut self, rule: &Rule<'j>) -> Alternatives<AddressSet> {
        let groups = rule.source_ip_groups;
        let mut out = Alternatives::new();
        let any = self.addresses(Side::Source, rule.source_addresses, groups, &mut out);
        if !any {
            out.push((AddressSet::any(), self.absent(Side::Source, "source addresses", rule.object)));
        }
        out
    }

    /// Adds what addresses, prefixes, ranges, service tags and IP groups stand for. Returns whether there is anything.
    pub fn addresses(
        &mut self,
        side: Side,
        list: Option<Value<'j>>,
        groups: Option<Value<'j>>,
        out: &mut Alternatives<AddressSet>,
    ) -> bool {
        let mut literal: Vec<AddressSet> = Vec::new();
        let mut is_any = false;
        let before = out.len();
        let mut found = false;
        if let Some(value) = list {
            found |= self.terms(value, &mut |this, place, term| {
                let text = match &term {
                    Term::Text(text) => text.trim(),
                    Term::Expression(expression) => {
                        out.push((AddressSet::any(), this.placeholder(side, "", expression)));
                        return;
                    }
                    Term::Other => {
                        out.push((AddressSet::any(), this.unreadable(side, place, "an address is a string")));
                        return;
                    }
                };
                if text == "*" || text.eq_ignore_ascii_case("any") {
                    is_any = true;
                } else if let Some((set, taken)) = addresses(text) {
                    if let Some(net) = taken {
                        this.problem(
                            place,
                            format!("`{text}` has host bits: Azure takes it as `{net}`"),
                            format!("write `{net}`"),
                        );
                    }
                    literal.push(set);
                } else if tags::has_form(text) {
                    let tag = Symbol::new(side, SymbolKind::ServiceTag, &tags::canonical(text));
                    out.push((AddressSet::any(), Conditions::holds(tag)));
                } else {
                    let what = format!("`{}` is no address, prefix, range or service tag", printable(text));
                    out.push((AddressSet::any(), this.unreadable(side, place, &what)));
                }
            });
        }
        if let Some(value) = groups {
            found |= self.terms(value, &mut |this, place, term| match this
                .matcher
                .ip_groups
                .alternatives(side, &term)
            {
                Some(group) => out.extend(group),
                None => {
                    let unknown = match &term {
                        Term::Expression(expression) => this.placeholder(side, "", expression),
                        _ => this.unreadable(side, place, "an IP group is pointed at by its id"),
                    };
                    out.push((AddressSet::any(), unknown));
                }
            });
        }
        // What is known without a condition is one set.
        let mut at = before;
        while at < out.len() {
            if out[at].1.is_none() {
                literal.push(out.swap_remove(at).0);
            } else {
                at += 1;
            }
        }
        if is_any {
            out.truncate(before);
            out.push((AddressSet::any(), Conditions::none()));
        } else if !literal.is_empty() {
            let set =
                if let [one] = literal.as_slice() { one.clone() } else { AddressSet::union_of(&literal) };
            out.insert(before, (set, Conditions::none()));
        }
        found
    }

    /// The ports of a rule: literal ones together, and others.
    pub fn ports(
        &mut self,
        list: Option<Value<'j>>,
        what: &str,
        rule: Value<'j>,
    ) -> Alternatives<IntervalSet<u16>> {
        let mut ranges: Vec<(u16, u16)> = Vec::new();
        let mut others: Alternatives<IntervalSet<u16>> = Vec::new();
        if let Some(value) = list {
            self.terms(value, &mut |this, place, term| {
                let unknown = match &term {
                    Term::Text(text) => match port_range(text.trim()) {
                        Ok(range) => return ranges.push(range),
                        Err(why) => {
                            this.unreadable(Side::Packet, place, &format!("`{}` {why}", printable(text)))
                        }
                    },
                    Term::Expression(expression) => {
                        this.placeholder(Side::Packet, &format!("{what} "), expression)
                    }
                    Term::Other => this.unreadable(Side::Packet, place, "a port is a number or a range"),
                };
                others.push((IntervalSet::any(), unknown));
            });
        }
        if ranges.is_empty() && others.is_empty() {
            return vec![(IntervalSet::any(), self.absent(Side::Packet, what, rule))];
        }
        let set = IntervalSet::from_ranges(ranges);
        if set.is_any() {
            others.clear();
        }
        if others.len() > UNKNOWN_PORTS {
            let name = format!("the ports of {} that are not known", self.rule);
            let unknown = Conditions::holds(Symbol::new(Side::Packet, SymbolKind::Match, &name));
            others = vec![(IntervalSet::any(), unknown)];
        }
        if !set.is_empty() {
            others.insert(0, (set, Conditions::none()));
        }
        others
    }

    /// Calls `each` for every value of a property: of a string or a number, or of a list of them. What is blank is
    /// none. Returns whether there was any.
    pub fn terms(&mut self, value: Value<'j>, each: &mut dyn FnMut(&mut Self, TextRange, Term<'j>)) -> bool {
        let value = self.matcher.scope.resolve(value);
        let is_list = value.kind() == JsonKind::Array;
        let own = (!is_list).then_some(value);
        let mut found = false;
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
                _ if element.kind() == JsonKind::Null => {}
                term => {
                    found = true;
                    each(self, element.place(), term);
                }
            }
        }
        found
    }

    /// An unknown for an element that the rule does not have: not any, and not none.
    pub fn absent(&mut self, side: Side, what: &str, rule: Value<'j>) -> Conditions {
        self.problem(
            rule.place(),
            format!("rule `{}` has no {what}", printable(self.rule)),
            "say `*` for all, or export the rule again".to_owned(),
        );
        self.approximated("an element of the rule is missing");
        Conditions::holds(Symbol::new(side, SymbolKind::Undefined, &format!("{what} of {}", self.rule)))
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
        let name = format!("the names, tags and groups of {}", self.rule);
        let unknown = Conditions::holds(Symbol::new(side, SymbolKind::Match, &name));
        self.approximated("more names, tags and groups than are told apart");
        alternatives.retain(|(_, conditions)| conditions.is_none());
        alternatives.push((AddressSet::any(), unknown));
    }

    pub fn approximated(&mut self, reason: &'static str) {
        if self.status == Status::Understood {
            self.status = Status::Approximated;
            self.reason = Cow::Borrowed(reason);
        }
    }

    pub fn problem(&mut self, place: TextRange, message: String, help: String) {
        self.problems.push(Problem { place, message, help });
    }
}
