//! Narrower, split and correlated versions of a rule: what anomalies are made of.

use crate::Random;
use crate::model::{Ports, Prefix, Rule, Side};

/// A rule strictly inside this one, of the same action; `None` where none is simply made.
pub(crate) fn narrower(random: &mut Random, rule: &Rule) -> Option<Rule> {
    let source = narrower_side(random, &rule.source);
    let destination = narrower_side(random, &rule.destination);
    let ports = narrower_ports(random, &rule.service.destination);
    if source.is_none() && destination.is_none() && ports.is_none() {
        return None;
    }
    let mut out = rule.clone();
    // One of what can be narrowed at least, and perhaps more.
    while out == *rule {
        if let Some(source) = source.clone().filter(|_| random.chance(50)) {
            out.source = source;
        }
        if let Some(destination) = destination.clone().filter(|_| random.chance(50)) {
            out.destination = destination;
        }
        if let Some(ports) = ports.clone().filter(|_| random.chance(50)) {
            out.service.destination = ports;
        }
    }
    Some(out)
}

fn narrower_side(random: &mut Random, side: &Side) -> Option<Side> {
    if side.len() > 1 {
        return Some(vec![random.pick(side)?.clone()]);
    }
    match side.first()?.as_slice() {
        [Prefix::ANY] => None,
        [one] if one.1 < 32 => {
            let length = (one.1 + 1 + random.small(8)).min(32);
            Some(single(random.inside(*one, length)))
        }
        [_] => None,
        several => Some(single(*random.pick(several)?)),
    }
}

fn narrower_ports(random: &mut Random, ports: &[Ports]) -> Option<Vec<Ports>> {
    match ports {
        [] => None,
        [(low, high)] if low == high => None,
        [(low, high)] => {
            let first = low + random.port(high - low);
            let most = (high - first).min((high - low) / 2);
            Some(vec![(first, first + random.port(most))])
        }
        several => Some(vec![*random.pick(several)?]),
    }
}

/// Two rules that together are this one, and neither of which is.
pub(crate) fn split(random: &mut Random, rule: &Rule) -> Option<[Rule; 2]> {
    let mut ways: Vec<[Rule; 2]> = Vec::new();
    for is_source in [true, false] {
        let side = if is_source { &rule.source } else { &rule.destination };
        let halves = match (side.len(), side.first()?.as_slice()) {
            (1, [one]) if one.1 < 32 && *one != Prefix::ANY => {
                let half = 1 << (31 - one.1);
                [single(Prefix(one.0, one.1 + 1)), single(Prefix(one.0 | half, one.1 + 1))]
            }
            (1, _) => continue,
            _ => [side[..1].to_vec(), side[1..].to_vec()],
        };
        ways.push(halves.map(|half| {
            let mut part = rule.clone();
            *(if is_source { &mut part.source } else { &mut part.destination }) = half;
            part
        }));
    }
    let ports = match rule.service.destination.as_slice() {
        [(low, high)] if low < high => {
            let middle = low + random.port(high - low - 1);
            Some([vec![(*low, middle)], vec![(middle + 1, *high)]])
        }
        [first, rest @ ..] if !rest.is_empty() => Some([vec![*first], rest.to_vec()]),
        _ => None,
    };
    ways.extend(ports.map(|halves| {
        halves.map(|half| {
            let mut part = rule.clone();
            part.service.destination = half;
            part
        })
    }));
    random.pick(&ways).cloned()
}

/// A rule of the other action that is narrower on one axis and wider on another.
pub(crate) fn correlated(random: &mut Random, rule: &Rule) -> Option<Rule> {
    let mut out = Rule { permit: !rule.permit, ..rule.clone() };
    out.source = narrower_side(random, &rule.source)?;
    if let [(low, high)] = rule.service.destination.as_slice() {
        let (less, more) = (random.port(20), 1 + random.port(39));
        out.service.destination = vec![(low.saturating_sub(less).max(1), high.saturating_add(more))];
        return Some(out);
    }
    let [only] = rule.destination.as_slice() else { return None };
    let [one] = only.as_slice() else { return None };
    let length = one.1.checked_sub(1 + random.small(4)).filter(|_| one.1 >= 12)?;
    out.destination = single(Prefix(one.0 & Prefix::mask(length), length));
    Some(out)
}

pub(crate) fn single(prefix: Prefix) -> Side {
    vec![vec![prefix]]
}
