use crate::condition_union::canonical_conditions;
use crate::{AddressSet, Conditions, Effort, Exhausted, NameSet, Region, Set};

/// The canonical form of a union of regions.
///
/// Coordinate by coordinate: the values of the first are grouped by what the other coordinates then allow; groups
/// with the same allowance are one. That map from values to allowance is a property of the set alone, so the form is.
pub(crate) fn canonical(regions: &[Region], effort: &Effort) -> Result<Vec<Region>, Exhausted> {
    let all: Vec<&Region> = regions.iter().filter(|region| !region.is_empty()).collect();
    by_source(&all, effort)
}

/// Groups the values of one coordinate by the regions that cover them, asks `rest` what those allow, and joins the
/// groups that allow the same.
fn group<'a, S: Set + 'a, V: PartialEq>(
    regions: &[&'a Region],
    axis: impl Fn(&'a Region) -> &'a S,
    effort: &Effort,
    rest: impl Fn(&[&'a Region]) -> Result<Vec<V>, Exhausted>,
) -> Result<Vec<(S, Vec<V>)>, Exhausted> {
    let mut parts: Vec<(S, Vec<&'a Region>)> = Vec::new();
    let mut covered = S::empty();
    for region in regions {
        effort.look(parts.len() + 1)?;
        let mine = axis(region);
        let mut beyond = Vec::new();
        for (values, covering) in &mut parts {
            if *values == *mine {
                covering.push(region);
                continue;
            }
            if !values.overlaps(mine) {
                continue;
            }
            effort.spend(1)?;
            let outside = values.subtract(mine);
            if !outside.is_empty() {
                effort.look(covering.len())?;
                *values = values.intersect(mine);
                beyond.push((outside, covering.clone()));
            }
            covering.push(region);
        }
        let fresh = mine.subtract(&covered);
        if !fresh.is_empty() {
            covered = covered.union(mine);
            beyond.push((fresh, vec![region]));
        }
        parts.extend(beyond);
    }
    let mut grouped: Vec<(Vec<S>, Vec<V>)> = Vec::new();
    for (values, covering) in parts {
        let allowed = rest(&covering)?;
        if allowed.is_empty() {
            continue;
        }
        effort.look(grouped.len() + 1)?;
        match grouped.iter_mut().find(|(_, known)| *known == allowed) {
            Some((all, _)) => all.push(values),
            None => grouped.push((vec![values], allowed)),
        }
    }
    Ok(grouped.into_iter().map(|(all, allowed)| (union(all), allowed)).collect())
}

/// Joined two by two: one after the other, the large unions would be copied for each small one.
fn union<S: Set>(mut all: Vec<S>) -> S {
    while all.len() > 1 {
        let pairs = all.chunks(2).map(|pair| match pair {
            [one, other] => one.union(other),
            _ => pair.first().cloned().unwrap_or_else(S::empty),
        });
        all = pairs.collect();
    }
    all.pop().unwrap_or_else(S::empty)
}

fn by_source(regions: &[&Region], effort: &Effort) -> Result<Vec<Region>, Exhausted> {
    let grouped = group(
        regions,
        |r| &r.source,
        effort,
        |regions| {
            group(regions, |r| &r.destination, effort, |regions| by_service(regions, effort)).map(sorted)
        },
    )?;
    let mut out = Vec::new();
    for (source, destinations) in grouped {
        for (destination, rests) in destinations {
            for rest in rests {
                out.push(Region { source: source.clone(), destination: destination.clone(), ..rest });
            }
        }
    }
    out.sort();
    Ok(out)
}

/// Regions with any source and destination, for the service and what hangs on it.
fn by_service(regions: &[&Region], effort: &Effort) -> Result<Vec<Region>, Exhausted> {
    if let [one] = regions {
        // Most cells are covered once.
        let conditions = Conditions::reduced(one.conditions.literals());
        return Ok(vec![Region {
            source: AddressSet::any(),
            destination: AddressSet::any(),
            conditions,
            ..(*one).clone()
        }]);
    }
    let grouped = group(
        regions,
        |r| &r.protocol,
        effort,
        |regions| {
            group(
                regions,
                |r| &r.source_port,
                effort,
                |regions| {
                    group(regions, |r| &r.destination_port, effort, |regions| by_interface(regions, effort))
                        .map(sorted)
                },
            )
            .map(sorted)
        },
    )?;
    let mut out = Vec::new();
    for (protocol, source_ports) in grouped {
        for (source_port, destination_ports) in source_ports {
            for (destination_port, rests) in destination_ports {
                for (in_interface, out_interface, conditions) in rests {
                    out.push(Region {
                        source: AddressSet::any(),
                        destination: AddressSet::any(),
                        protocol: protocol.clone(),
                        source_port: source_port.clone(),
                        destination_port: destination_port.clone(),
                        in_interface,
                        out_interface,
                        conditions,
                    });
                }
            }
        }
    }
    out.sort();
    Ok(out)
}

type Surroundings = (NameSet, NameSet, Conditions);

fn by_interface(regions: &[&Region], effort: &Effort) -> Result<Vec<Surroundings>, Exhausted> {
    let grouped = group(
        regions,
        |r| &r.in_interface,
        effort,
        |regions| {
            group(
                regions,
                |r| &r.out_interface,
                effort,
                |regions| {
                    let all: Vec<&Conditions> = regions.iter().map(|region| &region.conditions).collect();
                    canonical_conditions(&all, effort)
                },
            )
            .map(sorted)
        },
    )?;
    let mut out: Vec<Surroundings> = Vec::new();
    for (in_interface, outs) in grouped {
        for (out_interface, conditions) in outs {
            for condition in conditions {
                out.push((in_interface.clone(), out_interface.clone(), condition));
            }
        }
    }
    out.sort();
    Ok(out)
}

fn sorted<S: Set + Ord, V: Ord>(mut grouped: Vec<(S, Vec<V>)>) -> Vec<(S, Vec<V>)> {
    grouped.sort();
    grouped
}
