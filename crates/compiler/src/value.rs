use std::collections::BTreeSet;
use std::sync::Arc;

use space::{AddressSet, IntervalSet, Region, Set};

/// What a role or an endpoint expression means: one choice, or with `or` several, of which one is enough.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoints {
    pub choices: Vec<EndpointSet>,
}

/// A set of addresses and host names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointSet {
    pub addresses: AddressSet,
    /// DNS names and wildcards, in lower case.
    pub names: BTreeSet<Arc<str>>,
}

/// What a service expression means: one choice, or with `|` several, of which one is enough.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Services {
    /// Each choice is a list of parts, all of which are meant.
    pub choices: Vec<Vec<ServicePart>>,
}

/// Protocols with their ports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServicePart {
    pub protocol: IntervalSet<u8>,
    pub source_port: IntervalSet<u16>,
    pub destination_port: IntervalSet<u16>,
}

impl EndpointSet {
    pub fn empty() -> Self {
        EndpointSet { addresses: AddressSet::empty(), names: BTreeSet::new() }
    }

    /// Every address, and with them every host.
    pub fn any() -> Self {
        EndpointSet { addresses: AddressSet::any(), names: BTreeSet::new() }
    }

    pub fn is_any(&self) -> bool {
        self.addresses.is_any()
    }

    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty() && self.names.is_empty()
    }

    pub fn union(mut self, other: &EndpointSet) -> Self {
        self.addresses = self.addresses.union(&other.addresses);
        self.names.extend(other.names.iter().cloned());
        self
    }

    /// What is in both. A name is in `any`, in itself, and in a wildcard above it.
    pub fn intersect(&self, other: &EndpointSet) -> Self {
        let keep = |mine: &EndpointSet, theirs: &EndpointSet| -> Vec<Arc<str>> {
            let wanted = |name: &&Arc<str>| {
                theirs.is_any() || theirs.names.iter().any(|pattern| space::pattern_covers(pattern, name))
            };
            mine.names.iter().filter(wanted).cloned().collect()
        };
        let names = keep(self, other).into_iter().chain(keep(other, self)).collect();
        EndpointSet { addresses: self.addresses.intersect(&other.addresses), names }
    }
}

impl Endpoints {
    pub fn one(set: EndpointSet) -> Self {
        Endpoints { choices: vec![set] }
    }

    pub fn any() -> Self {
        Self::one(EndpointSet::any())
    }

    /// All choices together: what the expression may mean at the most.
    pub fn all(&self) -> EndpointSet {
        self.choices.iter().fold(EndpointSet::empty(), |all, choice| all.union(choice))
    }
}

impl Services {
    pub fn one(parts: Vec<ServicePart>) -> Self {
        Services { choices: vec![parts] }
    }

    pub fn any() -> Self {
        Self::one(vec![ServicePart::any()])
    }
}

impl ServicePart {
    pub fn any() -> Self {
        ServicePart {
            protocol: IntervalSet::any(),
            source_port: IntervalSet::any(),
            destination_port: IntervalSet::any(),
        }
    }
}

impl ServicePart {
    /// All packets of the service.
    pub fn region(&self) -> Region {
        Region {
            protocol: self.protocol.clone(),
            source_port: self.source_port.clone(),
            destination_port: self.destination_port.clone(),
            ..Region::any()
        }
    }
}
