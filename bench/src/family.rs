use crate::Random;
use crate::anomaly::{correlated, narrower, single, split};
use crate::classbench::{ACL1, FW1, IPC1, filters};
use crate::enterprise::Enterprise;
use crate::model::{Prefix, Protocol, Rule, Rules, Service};

/// What rule sets there are to measure with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// One prefix a side, in an address plan of sites.
    Enterprise,
    /// Groups of prefixes, as policy sources have them.
    Policy,
    /// An access list: hosts to hosts.
    Acl1,
    /// A firewall: any to hosts, and hosts to any, so that rules overlap by the thousand.
    Fw1,
    /// A packet filter: all lengths.
    Ipc1,
}

impl Family {
    pub const ALL: [Family; 5] =
        [Family::Enterprise, Family::Policy, Family::Acl1, Family::Fw1, Family::Ipc1];

    pub fn name(self) -> &'static str {
        match self {
            Family::Enterprise => "enterprise",
            Family::Policy => "policy",
            Family::Acl1 => "acl1",
            Family::Fw1 => "fw1",
            Family::Ipc1 => "ipc1",
        }
    }

    pub fn named(name: &str) -> Option<Family> {
        Family::ALL.into_iter().find(|family| family.name() == name)
    }

    /// `count` rules, the last of which denies everything; the same for the same arguments. Among them are rules that are
    /// shadowed, redundant and correlated, in the shares that surveys of real firewalls report.
    pub fn rules(self, count: usize, seed: u64) -> Rules {
        let mut random = Random::new(seed.wrapping_mul(31).wrapping_add(count as u64));
        let mut base = match self {
            Family::Enterprise | Family::Policy => {
                let plan = Enterprise::new(&mut random, count, self == Family::Policy);
                Base::Plan(Box::new(plan))
            }
            Family::Acl1 | Family::Fw1 | Family::Ipc1 => {
                let statistics = match self {
                    Family::Acl1 => &ACL1,
                    Family::Fw1 => &FW1,
                    _ => &IPC1,
                };
                let mut ready = filters(&mut random, statistics, count);
                ready.reverse();
                Base::Ready(ready)
            }
        };
        Rules { rules: assembled(&mut random, &mut base, count) }
    }
}

/// Where rules without anomalies come from.
enum Base {
    Plan(Box<Enterprise>),
    /// The last one first.
    Ready(Vec<Rule>),
}

impl Base {
    fn rule(&mut self, random: &mut Random) -> Option<Rule> {
        match self {
            Base::Plan(plan) => Some(plan.rule(random)),
            Base::Ready(rules) => rules.pop(),
        }
    }
}

/// What is put next, by its share in a thousand.
const NEXT: &[(Next, f64)] = &[
    (Next::Base, 835.0),
    (Next::Shadowed, 35.0),
    (Next::ShadowedByTwo, 15.0),
    (Next::Redundant, 30.0),
    (Next::RedundantByTwo, 10.0),
    (Next::RedundantByLater, 10.0),
    (Next::Correlated, 20.0),
];

#[derive(Clone, Copy)]
enum Next {
    Base,
    Shadowed,
    ShadowedByTwo,
    Redundant,
    RedundantByTwo,
    RedundantByLater,
    Correlated,
}

fn assembled(random: &mut Random, base: &mut Base, count: usize) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::with_capacity(count);
    // Rules that come some way after what covers them.
    let mut later: Vec<(usize, Rule)> = Vec::new();
    while rules.len() + later.len() + 1 < count {
        if let Some(at) = later.iter().position(|(from, _)| *from <= rules.len()) {
            rules.push(later.swap_remove(at).1);
            continue;
        }
        let left = count - 1 - rules.len() - later.len();
        let next = if left < 3 { Next::Base } else { *random.weighted(NEXT).unwrap_or(&Next::Base) };
        let earlier = random.pick(&rules).cloned();
        match (next, earlier) {
            (Next::Shadowed | Next::Redundant, Some(earlier)) => {
                let part = narrower(random, &earlier);
                let permit = earlier.permit != matches!(next, Next::Shadowed);
                rules.extend(part.map(|part| Rule { permit, ..part }));
            }
            (Next::Correlated, Some(earlier)) => rules.extend(correlated(random, &earlier)),
            (Next::ShadowedByTwo | Next::RedundantByTwo, _) => {
                let Some(whole) = base.rule(random) else { break };
                match split(random, &whole) {
                    Some(halves) => {
                        rules.extend(halves);
                        let permit = whole.permit != matches!(next, Next::ShadowedByTwo);
                        later.push((rules.len() + random.index(200), Rule { permit, ..whole }));
                    }
                    None => rules.push(whole),
                }
            }
            (Next::RedundantByLater, _) => {
                let Some(whole) = base.rule(random) else { break };
                rules.extend(narrower(random, &whole));
                rules.push(whole);
            }
            _ => match base.rule(random) {
                Some(rule) => rules.push(rule),
                None => break,
            },
        }
    }
    later.sort_by_key(|(from, _)| *from);
    rules.extend(later.into_iter().map(|(_, rule)| rule));
    rules.push(Rule {
        source: single(Prefix::ANY),
        destination: single(Prefix::ANY),
        service: Service { protocol: Protocol::Any, source: Vec::new(), destination: Vec::new() },
        permit: false,
    });
    rules
}
