//! An address plan of sites, with a DMZ, partners and management: sources broad, destinations narrow.

use crate::Random;
use crate::anomaly::single;
use crate::model::{Ports, Prefix, Protocol, Rule, Service, Side};

/// Where the rules of an enterprise come from.
pub(crate) struct Enterprise {
    /// Whether a side may be groups, as in policy sources, or is one prefix.
    groups: bool,
    sites: Vec<Prefix>,
    subnets: Vec<Vec<Prefix>>,
    hosts: Vec<Vec<Prefix>>,
    dmz: Vec<Prefix>,
    partners: Vec<Prefix>,
    regions: Vec<Prefix>,
    management: Vec<Prefix>,
}

const TCP: Protocol = Protocol::Tcp;
const UDP: Protocol = Protocol::Udp;

/// Services with their weights: a few carry most rules.
const SERVICES: &[((Protocol, &[Ports]), f64)] = &[
    ((TCP, &[(443, 443)]), 22.0),
    ((TCP, &[(80, 80)]), 11.0),
    ((TCP, &[(22, 22)]), 9.0),
    ((TCP, &[(1433, 1433)]), 5.0),
    ((TCP, &[(8080, 8080)]), 4.5),
    ((TCP, &[(3306, 3306)]), 4.0),
    ((TCP, &[(5432, 5432)]), 4.0),
    ((TCP, &[(1521, 1521)]), 4.0),
    ((TCP, &[(8443, 8443)]), 4.0),
    ((TCP, &[(3389, 3389)]), 3.5),
    ((TCP, &[(445, 445)]), 3.0),
    ((TCP, &[(25, 25)]), 2.0),
    ((TCP, &[(389, 389)]), 1.8),
    ((TCP, &[(636, 636)]), 1.8),
    ((TCP, &[(9092, 9092)]), 1.4),
    ((TCP, &[(6379, 6379)]), 1.2),
    ((TCP, &[(5671, 5672)]), 1.2),
    ((TCP, &[(27017, 27019)]), 1.0),
    ((TCP, &[(1024, 65535)]), 1.0),
    ((TCP, &[(49152, 65535)]), 1.2),
    ((TCP, &[(9000, 9100)]), 1.0),
    ((TCP, &[(80, 80), (443, 443)]), 4.5),
    ((TCP, &[(80, 80), (443, 443), (8080, 8080), (8443, 8443)]), 1.8),
    ((TCP, &[(135, 135), (139, 139), (445, 445)]), 1.4),
    ((TCP, &[(88, 88), (389, 389), (464, 464), (636, 636), (3268, 3269)]), 1.2),
    ((TCP, &[(2379, 2380), (6443, 6443), (10250, 10259)]), 0.6),
    ((UDP, &[(53, 53)]), 6.0),
    ((UDP, &[(123, 123)]), 3.0),
    ((UDP, &[(514, 514)]), 2.5),
    ((UDP, &[(161, 162)]), 2.5),
    ((UDP, &[(500, 500), (4500, 4500)]), 0.8),
    ((UDP, &[(16384, 32767)]), 0.8),
    ((UDP, &[(1812, 1813)]), 0.8),
    ((TCP, &[]), 1.2),
    ((UDP, &[]), 0.4),
    ((Protocol::Icmp, &[]), 3.5),
    ((Protocol::Any, &[]), 2.5),
];

const KINDS: &[(Kind, f64)] = &[
    (Kind::User, 35.0),
    (Kind::Application, 35.0),
    (Kind::Infrastructure, 12.0),
    (Kind::Web, 6.0),
    (Kind::Partner, 5.0),
    (Kind::Management, 5.0),
    (Kind::Block, 2.0),
];

#[derive(Clone, Copy)]
enum Kind {
    User,
    Application,
    Infrastructure,
    Web,
    Partner,
    Management,
    Block,
}

impl Enterprise {
    pub fn new(random: &mut Random, count: usize, groups: bool) -> Self {
        let number = (count / 60).clamp(4, 3800);
        let length = if number <= 200 { 16 } else { 20 };
        let private = Prefix(10 << 24, 8);
        let sites: Vec<Prefix> = (0..number).map(|_| random.inside(private, length)).collect();
        let lengths = [22, 23, 24, 24, 24, 24, 25, 26, 27, 28];
        let subnets: Vec<Vec<Prefix>> = sites
            .iter()
            .map(|site| {
                (0..14)
                    .map(|_| {
                        let length = random.pick(&lengths).copied().unwrap_or(24);
                        random.inside(*site, length)
                    })
                    .collect()
            })
            .collect();
        let hosts = subnets.iter().map(|nets| (0..60).map(|_| within(random, nets, 32)).collect()).collect();
        let dmz =
            (0..(count / 50).max(8)).map(|_| random.inside(Prefix(172 << 24 | 16 << 16, 12), 32)).collect();
        let partners = (0..(count / 80).max(8))
            .map(|_| {
                let length = random.pick(&[24, 26, 28, 29, 32]).copied().unwrap_or(24);
                random.inside(Prefix(100 << 24 | 64 << 16, 10), length)
            })
            .collect();
        let regions = (0..16).map(|number| Prefix(10 << 24 | number << 20, 12)).chain([private]).collect();
        let management = (0..6).map(|_| random.inside(Prefix(192 << 24 | 168 << 16, 16), 26)).collect();
        Enterprise { groups, sites, subnets, hosts, dmz, partners, regions, management }
    }

    /// A rule as its owner would have asked for it.
    pub fn rule(&self, random: &mut Random) -> Rule {
        let kind = random.weighted(KINDS).copied().unwrap_or(Kind::User);
        let (here, there) = (self.site(random), self.site(random));
        let of = |pool: &[Vec<Prefix>], site: usize| pool.get(site).cloned().unwrap_or_default();
        let (subnets, hosts, near) = (of(&self.subnets, here), of(&self.hosts, there), of(&self.hosts, here));
        let far = of(&self.subnets, there);
        let any_site =
            |random: &mut Random| self.sites.get(self.site(random)).copied().unwrap_or(Prefix::ANY);
        let host = |hosts: &[Prefix], random: &mut Random| {
            hosts.get(random.skewed(hosts.len(), 1.5)).copied().unwrap_or(Prefix::ANY)
        };
        let one = |pool: &[Prefix], random: &mut Random| random.pick(pool).copied().unwrap_or(Prefix::ANY);
        let wide = random.chance(20);
        let narrow = random.chance(70);
        let permit = !random.chance(8) && !matches!(kind, Kind::Block);
        let wanted = match kind {
            Kind::Infrastructure => Some(UDP),
            Kind::Web => Some(TCP),
            _ => None,
        };
        let (source, destination) = match kind {
            Kind::User => (
                self.side(random, |random| if wide { any_site(random) } else { one(&subnets, random) }),
                self.side(
                    random,
                    |random| if narrow { host(&hosts, random) } else { within(random, &far, 29) },
                ),
            ),
            Kind::Application => (
                self.side(random, |random| host(&near, random)),
                self.side(random, |random| if wide { one(&far, random) } else { host(&hosts, random) }),
            ),
            Kind::Infrastructure => (
                self.side(random, |random| {
                    if random.chance(90) { any_site(random) } else { one(&self.regions, random) }
                }),
                self.side(random, |random| host(&hosts, random)),
            ),
            Kind::Web => (single(Prefix::ANY), self.side(random, |random| one(&self.dmz, random))),
            Kind::Partner => (
                self.side(random, |random| one(&self.partners, random)),
                self.side(random, |random| host(&hosts, random)),
            ),
            Kind::Management => (
                self.side(random, |random| one(&self.management, random)),
                self.side(random, |random| one(&far, random)),
            ),
            Kind::Block => (self.side(random, |random| within(random, &self.partners, 32)), {
                let site = self.sites.get(there).copied().unwrap_or(Prefix::ANY);
                single(site)
            }),
        };
        let service = match kind {
            Kind::Block => Service { protocol: Protocol::Any, source: Vec::new(), destination: Vec::new() },
            _ => service(random, wanted),
        };
        Rule { source, destination, service, permit }
    }

    /// Big sites have more rules.
    fn site(&self, random: &mut Random) -> usize {
        random.skewed(self.sites.len(), 1.7)
    }

    fn side(&self, random: &mut Random, mut pick: impl FnMut(&mut Random) -> Prefix) -> Side {
        if !self.groups {
            return single(pick(random));
        }
        let objects = *random.weighted(&[(1, 70.0), (2, 18.0), (3, 8.0), (4, 4.0)]).unwrap_or(&1);
        let sizes = [(1, 45.0), (2, 20.0), (3, 14.0), (4, 10.0), (6, 7.0), (8, 4.0)];
        (0..objects)
            .map(|_| {
                let size = *random.weighted(&sizes).unwrap_or(&1);
                let mut group: Vec<Prefix> = (0..size).map(|_| pick(random)).collect();
                group.sort_unstable();
                group.dedup();
                group
            })
            .collect()
    }
}

fn within(random: &mut Random, pool: &[Prefix], length: u8) -> Prefix {
    let around = random.pick(pool).copied().unwrap_or(Prefix::ANY);
    random.inside(around, length)
}

fn service(random: &mut Random, wanted: Option<Protocol>) -> Service {
    let of_kind = |(protocol, ports): &(Protocol, &[Ports])| {
        wanted.is_none_or(|wanted| *protocol == wanted && !ports.is_empty())
    };
    let choice: Vec<((Protocol, &[Ports]), f64)> =
        SERVICES.iter().copied().filter(|(service, _)| of_kind(service)).collect();
    let (protocol, ports) = random.weighted(&choice).copied().unwrap_or((Protocol::Any, &[]));
    let source = if protocol.has_ports() && random.chance(2) { vec![(1024, 65535)] } else { Vec::new() };
    Service { protocol, source, destination: ports.to_vec() }
}
