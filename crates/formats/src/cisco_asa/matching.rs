//! What an entry says, and the regions that it matches.

use space::{AddressSet, Conditions, Region, Set, Side, SymbolKind};

use super::config::Service;
use super::resolve::Missing;

/// What an entry says.
#[derive(Debug)]
pub(super) struct Ace<'a> {
    pub permit: bool,
    pub services: Vec<Service>,
    /// Services that the file does not determine, each within the protocols and ports beside it.
    pub unknown_services: Vec<(Service, Missing)>,
    pub source: Endpoint,
    pub destination: Endpoint,
    /// What has to hold besides: users, security groups, the time.
    pub conditions: Vec<(Side, Missing)>,
    pub logs: bool,
    pub inactive: bool,
    pub time_range: Option<&'a str>,
    /// It names an object that the file does not define.
    pub undefined: bool,
}

/// The addresses of one side.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    pub known: AddressSet,
    pub missing: Vec<Missing>,
}

impl Endpoint {
    pub fn known(known: AddressSet) -> Self {
        Endpoint { known, missing: Vec::new() }
    }

    pub fn missing(missing: Missing) -> Self {
        Endpoint { known: AddressSet::empty(), missing: vec![missing] }
    }
}

impl Ace<'_> {
    /// The regions it matches among packets of these families, and how many there are to be at most.
    pub fn regions(&self, base: &AddressSet, most: usize) -> Option<Vec<Region>> {
        let mut shared = Conditions::none();
        for (side, missing) in &self.conditions {
            shared = shared.and(&missing.condition(*side))?;
        }
        let sides = |endpoint: &Endpoint, side: Side| {
            let mut parts = Vec::with_capacity(1 + endpoint.missing.len());
            let known = endpoint.known.intersect(base);
            if !known.is_empty() {
                parts.push((known, Conditions::none()));
            }
            for missing in &endpoint.missing {
                let families = missing.families.intersect(base);
                if !families.is_empty() {
                    parts.push((families, missing.condition(side)));
                }
            }
            parts
        };
        let sources = sides(&self.source, Side::Source);
        let destinations = sides(&self.destination, Side::Destination);
        let services = self.services.iter().map(|service| (service, Conditions::none()));
        let unknown = self.unknown_services.iter();
        let unknown = unknown.map(|(service, missing)| (service, missing.condition(Side::Packet)));
        let services: Vec<_> = services.chain(unknown).collect();
        let count = sources.len().saturating_mul(destinations.len()).saturating_mul(services.len());
        if count > most {
            return None;
        }
        let mut regions = Vec::with_capacity(count);
        for (source, from) in &sources {
            for (destination, to) in &destinations {
                for (service, what) in &services {
                    let conditions =
                        shared.and(from).and_then(|all| all.and(to)).and_then(|all| all.and(what));
                    let Some(conditions) = conditions else { continue };
                    let region = Region {
                        source: source.clone(),
                        destination: destination.clone(),
                        protocol: service.protocols.clone(),
                        source_port: service.source.clone(),
                        destination_port: service.destination.clone(),
                        in_interface: Set::any(),
                        out_interface: Set::any(),
                        conditions,
                    };
                    if !region.is_empty() {
                        regions.push(region);
                    }
                }
            }
        }
        Some(regions)
    }

    /// The addresses in it that were made illegible: each is one of its own.
    pub fn redacted(&mut self) -> impl Iterator<Item = &mut Missing> {
        let sides = self.source.missing.iter_mut().chain(&mut self.destination.missing);
        sides.filter(|missing| missing.kind == SymbolKind::Placeholder && !missing.name.starts_with("object"))
    }

    /// The first thing that the file does not determine; a DNS name is what the rule asks for.
    pub fn unknown(&self) -> Option<String> {
        let sides = self.source.missing.iter().chain(&self.destination.missing);
        let services = self.unknown_services.iter().map(|(_, missing)| missing);
        let conditions = self.conditions.iter().map(|(_, missing)| missing);
        let mut all = sides.chain(services).chain(conditions);
        all.find(|missing| missing.kind != SymbolKind::Name).map(Missing::in_words)
    }
}
