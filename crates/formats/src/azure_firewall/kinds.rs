use diagnostics::{TextRange, printable};
use space::{AddressSet, Conditions, IntervalSet, Region, Set, Side, Symbol, SymbolKind};

use super::matching::{Alternatives, Reader};
use super::model::Rule;
use super::names::{Pattern, conditions, pattern};
use super::template::Term;
use crate::NamePattern;
use crate::json::Value;

impl<'j> Reader<'_, 'j> {
    pub fn network(&mut self, rule: &Rule<'j>) -> Vec<Region> {
        let sources = self.sources(rule);
        let mut destinations = Alternatives::new();
        let groups = rule.destination_ip_groups;
        let mut found =
            self.addresses(Side::Destination, rule.destination_addresses, groups, &mut destinations);
        found |= self.network_names(rule, &mut destinations);
        if !found {
            let unknown = self.absent(Side::Destination, "destination", rule.object);
            destinations.push((AddressSet::any(), unknown));
        }
        let ports = self.ports(rule.destination_ports, "destination ports", rule.object);
        let services = self.ip_services(rule, &ports);
        self.product(sources, destinations, &services)
    }

    /// "FQDN filtering in network rules": the firewall asks for the addresses, as its clients do where it is their DNS
    /// server; there are no wildcards.
    fn network_names(&mut self, rule: &Rule<'j>, out: &mut Alternatives<AddressSet>) -> bool {
        let Some(list) = rule.destination_fqdns else { return false };
        self.terms(list, &mut |this, place, term| {
            let condition = match &term {
                Term::Text(text) => match pattern(text) {
                    Pattern::Exact(name) if !name.starts_with('*') => {
                        this.noted(text, place, vec![name.clone()]);
                        Conditions::named(Side::Destination, &name)
                    }
                    _ => {
                        this.noted(text, place, Vec::new());
                        let what =
                            format!("`{}` is no host name: network rules have no wildcards", printable(text));
                        this.unreadable(Side::Destination, place, &what)
                    }
                },
                Term::Expression(expression) => this.placeholder(Side::Destination, "name ", expression),
                Term::Other => this.unreadable(Side::Destination, place, "a name is a string"),
            };
            if this.without_proxy {
                this.approximated(
                    "without DNS proxy the firewall may know other addresses for the name than clients",
                );
            }
            out.push((AddressSet::any(), condition));
        })
    }

    /// An application rule asks for the name in the SNI or `Host` header of what a client sends.
    pub fn application(&mut self, rule: &Rule<'j>) -> Vec<Region> {
        let sources = self.sources(rule);
        let mut names: Vec<Conditions> = Vec::new();
        let mut found = false;
        if let Some(list) = rule.target_fqdns {
            found |= self.terms(list, &mut |this, place, term| match &term {
                Term::Text(text) => {
                    let pattern = pattern(text);
                    let covers = match &pattern {
                        Pattern::Exact(name) => vec![name.clone()],
                        _ => Vec::new(),
                    };
                    this.noted(text, place, covers);
                    if matches!(pattern, Pattern::Unknown) {
                        let what =
                            format!("`{}` is no name with an asterisk at its left end only", printable(text));
                        names.push(this.unreadable(Side::Destination, place, &what));
                    }
                    names.extend(conditions(&pattern));
                }
                Term::Expression(expression) => {
                    names.push(this.placeholder(Side::Destination, "name ", expression));
                }
                Term::Other => names.push(this.unreadable(Side::Destination, place, "a name is a string")),
            });
        }
        for (list, what) in [(rule.fqdn_tags, "FQDN tag"), (rule.web_categories, "web category")] {
            if let Some(list) = list {
                found |= self.terms(list, &mut |this, place, term| {
                    names.push(match &term {
                        // Azure compares them in any case.
                        Term::Text(text) => {
                            let name = format!("{what} {}", text.trim().to_ascii_lowercase());
                            Conditions::holds(Symbol::new(Side::Destination, SymbolKind::Match, &name))
                        }
                        Term::Expression(expression) => {
                            this.placeholder(Side::Destination, &format!("{what} "), expression)
                        }
                        Term::Other => this.unreadable(
                            Side::Destination,
                            place,
                            "an FQDN tag or web category is a string",
                        ),
                    });
                });
            }
        }
        if let Some(list) = rule.target_urls {
            found |= self.terms(list, &mut |this, place, term| match &term {
                Term::Text(text) => {
                    let condition = this.url(text.trim(), place);
                    names.extend(condition);
                }
                Term::Expression(expression) => {
                    names.push(this.placeholder(Side::Destination, "URL ", expression));
                }
                Term::Other => names.push(this.unreadable(Side::Destination, place, "a URL is a string")),
            });
        }
        if !found {
            names.push(self.absent(Side::Destination, "target FQDNs", rule.object));
        }
        let mut destinations: Alternatives<AddressSet> =
            names.into_iter().map(|condition| (AddressSet::any(), condition)).collect();
        self.narrowed(rule, &mut destinations);
        let services = self.application_services(rule);
        self.product(sources, destinations, &services)
    }

    /// Addresses beside names: how Azure takes the two together is not documented.
    fn narrowed(&mut self, rule: &Rule<'j>, destinations: &mut Alternatives<AddressSet>) {
        let lists = [rule.destination_addresses, rule.destination_ip_groups, rule.destination_fqdns];
        let Some(list) = lists.into_iter().flatten().find(|list| !list.is_empty()) else { return };
        let any = list.elements().count() == 1
            && list.elements().all(|address| address.string().is_some_and(|text| text.trim() == "*"));
        if any {
            return;
        }
        self.approximated("destination addresses of an application rule are not modelled");
        let name = format!("destination addresses of {}", self.rule);
        let narrowed = Conditions::holds(Symbol::new(Side::Destination, SymbolKind::Match, &name));
        destinations.retain_mut(|(_, conditions)| match conditions.and(&narrowed) {
            Some(both) => {
                *conditions = both;
                true
            }
            None => false,
        });
    }

    /// `host/path`: the name is that of the host, and the rest shows when TLS is inspected.
    fn url(&mut self, text: &str, place: TextRange) -> Vec<Conditions> {
        self.approximated("a URL: its path is no part of what is modelled");
        let bare = text.split_once("://").map_or(text, |(_, rest)| rest);
        let host = bare.split(['/', ':', '?']).next().unwrap_or_default();
        let asked =
            Conditions::holds(Symbol::new(Side::Destination, SymbolKind::Match, &format!("URL {text}")));
        match pattern(host) {
            Pattern::Exact(name) => {
                Conditions::named(Side::Destination, &name).and(&asked).into_iter().collect()
            }
            Pattern::Every => vec![asked],
            // `*x` is all that ends so; one symbol says it, and which hosts those are is left open.
            Pattern::EndsWith(_) => vec![asked],
            Pattern::Unknown => {
                let what = format!("`{}` is no URL that Azure knows", printable(text));
                vec![self.unreadable(Side::Destination, place, &what)]
            }
        }
    }

    /// A NAT rule translates what comes to an address of the firewall, and lets it pass without asking any other rule
    /// ("Azure Firewall rule processing logic"). So packets to the public address pass; and after it, packets to the
    /// translated one, but only those that were translated.
    pub fn nat(&mut self, rule: &Rule<'j>) -> Vec<Region> {
        self.approximated("a NAT rule: that a packet was translated is no part of what is modelled");
        let sources = self.sources(rule);
        let mut public = Alternatives::new();
        if !self.addresses(
            Side::Destination,
            rule.destination_addresses,
            rule.destination_ip_groups,
            &mut public,
        ) {
            let unknown = self.absent(Side::Destination, "destination addresses", rule.object);
            public.push((AddressSet::any(), unknown));
        }
        let ports = self.ports(rule.destination_ports, "destination ports", rule.object);
        let services = self.ip_services(rule, &ports);
        let mut regions = self.product(sources.clone(), public, &services);

        let mut inside = Alternatives::new();
        let found = self.addresses(Side::Destination, rule.translated_address, None, &mut inside);
        let named = self.translated_name(rule.translated_fqdn, &mut inside);
        if !found && !named {
            let unknown = self.absent(Side::Destination, "translated address", rule.object);
            inside.push((AddressSet::any(), unknown));
        }
        let ports = match rule.translated_port.filter(|port| !port.is_empty()) {
            Some(port) => self.ports(Some(port), "translated port", rule.object),
            None => vec![(IntervalSet::any(), self.absent(Side::Packet, "translated port", rule.object))],
        };
        let services = self.ip_services(rule, &ports);
        let translated =
            Symbol::new(Side::Packet, SymbolKind::Match, &format!("translated by {}", self.rule));
        let translated = Conditions::holds(translated);
        for mut region in self.product(sources, inside, &services) {
            if let Some(conditions) = region.conditions.and(&translated) {
                region.conditions = conditions;
                regions.push(region);
            }
        }
        regions
    }

    fn translated_name(&mut self, name: Option<Value<'j>>, out: &mut Alternatives<AddressSet>) -> bool {
        let Some(name) = name else { return false };
        self.terms(name, &mut |this, place, term| {
            let condition = match &term {
                Term::Text(text) => match pattern(text) {
                    Pattern::Exact(name) => {
                        this.noted(text, place, vec![name.clone()]);
                        Conditions::named(Side::Destination, &name)
                    }
                    _ => this.unreadable(Side::Destination, place, "a translated FQDN is a host name"),
                },
                Term::Expression(expression) => this.placeholder(Side::Destination, "name ", expression),
                Term::Other => this.unreadable(Side::Destination, place, "a name is a string"),
            };
            out.push((AddressSet::any(), condition));
        })
    }

    fn noted(&mut self, written: &str, place: TextRange, covers: Vec<String>) {
        self.matcher.patterns.push(NamePattern { written: written.to_owned(), place, covers });
    }
}
