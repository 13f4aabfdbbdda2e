use std::sync::Arc;

use formats::Direction;
use space::{
    AddressSet, Conditions, Effort, FlowSet, IntervalSet, Judgement, Question, Region, Set, Side, Verdict,
    judge, protocol,
};

use crate::facts::known_facts;
use crate::firewall::{firewall_value, inside};
use crate::policy::{own_endpoints, requirements_of};
use crate::{
    Db, EndpointSet, Facts, File, FirewallValue, Kind, Project, Requirement, Routes, StatementId,
    bound_rule_sets, firewalls, first_packet, questions, replies, requirements, rule_sets, statements,
};

/// What is proved of a requirement at a firewall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// `None` where none of its packets pass the firewall.
    pub verdict: Option<Verdict>,
    /// The judgements of the alternative that comes closest, question by question and rule set by rule set.
    pub parts: Vec<Part>,
    /// The bound that was met before the answer was found; the verdict is `undecided` then.
    pub exhausted: Option<u64>,
}

/// One question at one rule set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub question: Question,
    /// Its index in the export.
    pub rule_set: usize,
    /// Whether it asks for the replies to the flow, which a rule set without state sees by themselves.
    pub reply: bool,
    pub judgement: Judgement,
}

/// A requirement, by the statement that brings it and its id there.
#[salsa::interned(debug)]
struct RequirementKey<'db> {
    #[returns(ref)]
    statement: StatementId,
    #[returns(ref)]
    id: Arc<str>,
}

/// A firewall, by its statement or, from the command line, by its export.
#[salsa::interned(debug)]
struct FirewallKey<'db> {
    #[returns(ref)]
    statement: Option<StatementId>,
    #[returns(copy)]
    export: Option<File>,
}

#[salsa::interned(debug)]
struct Pair<'db> {
    #[returns(copy)]
    requirement: RequirementKey<'db>,
    #[returns(copy)]
    firewall: FirewallKey<'db>,
}

/// Decides `requirement` at `firewall`. Remembered for the pair: an edit elsewhere does not decide it again.
pub fn assess<'db>(db: &'db dyn Db, requirement: &Requirement, firewall: &FirewallValue) -> &'db Assessment {
    let requirement = RequirementKey::new(db, requirement.statement.clone(), requirement.id.clone());
    let firewall = FirewallKey::new(db, firewall.statement.clone(), firewall.export);
    assessment(db, Pair::new(db, requirement, firewall))
}

#[salsa::tracked]
fn assessment<'db>(db: &'db dyn Db, pair: Pair<'db>) -> Assessment {
    let nothing = Assessment { verdict: None, parts: Vec::new(), exhausted: None };
    let (Some(requirement), Some(firewall)) =
        (requirement_by_key(db, pair.requirement(db)), firewall_by_key(db, pair.firewall(db)))
    else {
        return nothing;
    };
    let (Some(export), Ok(bound)) = (firewall.export, bound_rule_sets(db, firewall)) else { return nothing };
    let rule_sets = &rule_sets(db, export).rule_sets;
    let inside = inside(db, firewall);
    let facts = known_facts(db, Project::get(db));
    let routes = Routes::of(db, firewall);
    let tick = || db.unwind_if_revision_cancelled();
    let mut best: Option<(Verdict, Vec<Part>)> = None;
    for alternative in &requirement.alternatives {
        let mut verdicts = Vec::new();
        let mut parts = Vec::new();
        for (guard_from, guard_to) in &firewall.guards {
            let from = alternative.from.intersect(guard_from);
            let to = alternative.to.intersect(guard_to);
            let ways = |from: &EndpointSet, to: &EndpointSet| -> Vec<Question> {
                let questions = questions(from, to, &alternative.services, facts).into_iter();
                questions.flat_map(|question| routes.applied(question)).collect()
            };
            let stateful = |index: usize| rule_sets.get(index).is_none_or(|rule_set| rule_set.stateful);
            let both_ways = requirement.kind != Kind::Never;
            for (index, question, reply) in asked_at(&bound, stateful, [&from, &to, &inside], ways, both_ways)
            {
                let Some(rule_set) = rule_sets.get(index) else { continue };
                if parts.iter().any(|part: &Part| part.rule_set == index && part.question == question) {
                    continue;
                }
                let effort = Effort::usual().with_tick(&tick);
                match judge(&question, &rule_set.rules, &effort) {
                    Ok(judgement) => {
                        verdicts.push(judgement.verdict());
                        parts.push(Part { question, rule_set: index, reply, judgement });
                    }
                    Err(exhausted) => {
                        return Assessment {
                            verdict: Some(Verdict::Undecided),
                            parts,
                            exhausted: Some(exhausted.limit),
                        };
                    }
                }
            }
        }
        if let Some(verdict) = together(&verdicts) {
            let closer = best.as_ref().is_none_or(|(known, _)| closeness(verdict) > closeness(*known));
            if closer {
                best = Some((verdict, parts));
            }
        }
    }
    best.map_or(nothing, |(verdict, parts)| Assessment { verdict: Some(verdict), parts, exhausted: None })
}

/// What each of the bound rule sets is asked about a flow: its packets, and at those that are stateless the replies
/// too, where `both_ways`; each with whether it is about replies.
pub(crate) fn asked_at(
    bound: &[(usize, Direction)],
    stateful: impl Fn(usize) -> bool,
    [from, to, inside]: [&EndpointSet; 3],
    questions: impl Fn(&EndpointSet, &EndpointSet) -> Vec<Question>,
    both_ways: bool,
) -> Vec<(usize, Question, bool)> {
    let mut out = Vec::new();
    for &(index, direction) in bound {
        let (from, to) = match direction {
            Direction::Transit => (from.clone(), to.clone()),
            Direction::Outbound => (from.intersect(inside), to.clone()),
            Direction::Inbound => (from.clone(), to.intersect(inside)),
        };
        let asked = questions(&from, &to);
        if stateful(index) {
            out.extend(asked.into_iter().map(|question| (index, question, false)));
            continue;
        }
        out.extend(asked.iter().map(|question| (index, first_packet(question), false)));
        if !both_ways {
            continue;
        }
        let back = bound.iter().filter(|(_, other)| match direction {
            Direction::Transit => *other == Direction::Transit,
            Direction::Inbound => *other == Direction::Outbound,
            Direction::Outbound => *other == Direction::Inbound,
        });
        for &(index, _) in back {
            out.extend(asked.iter().flat_map(replies).map(|question| (index, question, true)));
        }
    }
    out
}

/// The verdict on several questions, all of which are asked.
pub(crate) fn together(verdicts: &[Verdict]) -> Option<Verdict> {
    let first = *verdicts.first()?;
    if verdicts.iter().all(|verdict| *verdict == first) {
        return Some(first);
    }
    Some(if verdicts.contains(&Verdict::Undecided) { Verdict::Undecided } else { Verdict::Partial })
}

/// One alternative that is met is enough; one that may be met may be enough.
pub(crate) fn closeness(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Met => 3,
        Verdict::Undecided => 2,
        Verdict::Partial => 1,
        Verdict::Missing => 0,
    }
}

fn requirement_by_key<'db>(db: &'db dyn Db, key: RequirementKey<'db>) -> Option<&'db Requirement> {
    let id = key.statement(db);
    let statement = *statements(db, id.file).iter().find(|statement| statement.key(db) == &*id.key)?;
    let all = requirements_of(db, statement);
    let wanted = key.id(db);
    all.iter()
        .find(|requirement| requirement.id == *wanted)
        .or_else(|| all.first().filter(|_| all.len() == 1))
}

fn firewall_by_key<'db>(db: &'db dyn Db, key: FirewallKey<'db>) -> Option<&'db FirewallValue> {
    match key.statement(db) {
        Some(id) => {
            let statement =
                *statements(db, id.file).iter().find(|statement| statement.key(db) == &*id.key)?;
            firewall_value(db, statement).firewall.as_ref()
        }
        None => extra_firewall(db, Project::get(db), key.export(db)?).as_ref(),
    }
}

#[salsa::tracked]
fn extra_firewall(db: &dyn Db, project: Project, export: File) -> Option<FirewallValue> {
    firewalls(db, project)
        .into_iter()
        .find(|firewall| firewall.statement.is_none() && firewall.export == Some(export))
}

/// The required flows of the project that pass a firewall, each with what is proved of it there.
pub fn requirements_at<'db>(
    db: &'db dyn Db,
    project: Project,
    firewall: &FirewallValue,
) -> Vec<(Requirement, &'db Assessment)> {
    requirements(db, project)
        .into_iter()
        .filter(|requirement| requirement.kind != Kind::Optional)
        .map(|requirement| {
            let assessment = assess(db, &requirement, firewall);
            (requirement, assessment)
        })
        .collect()
}

/// All packets that the project declares: required or optional, by any of their alternatives. Of a name whose addresses
/// a feed tells, those addresses, whatever asks for them by name.
pub fn declared(db: &dyn Db, project: Project) -> FlowSet {
    asked(db, project)
        .into_iter()
        .map(|question| match is_known_name(&question) {
            true => Region { conditions: Conditions::none(), ..question.region },
            false => question.region,
        })
        .collect()
}

/// The same flows once more, by name, where a feed tells the addresses of the name: a rule for the name is as right as one
/// for the addresses.
pub fn declared_by_known_name(db: &dyn Db, project: Project) -> FlowSet {
    let widened = |wide, set: &AddressSet| if wide { set.whole_families() } else { set.clone() };
    asked(db, project)
        .into_iter()
        .filter(is_known_name)
        .map(|Question { region, .. }| Region {
            source: widened(is_named(&region, Side::Source), &region.source),
            destination: widened(is_named(&region, Side::Destination), &region.destination),
            ..region
        })
        .collect()
}

/// The replies to all packets that the project declares: what stateless rule sets have to let through beside them.
pub fn declared_replies(db: &dyn Db, project: Project) -> FlowSet {
    // An answer to an echo has one code; a rule that names the type alone is as right.
    let bare = |question: Question| {
        let icmp = question.region.protocol.ranges().all(|(low, high)| low == high && protocol::is_icmp(low));
        let types = question.region.destination_port.ranges().map(|(low, high)| (low & !255, high | 255));
        let destination_port = match icmp {
            true => IntervalSet::from_ranges(types),
            false => question.region.destination_port.clone(),
        };
        Region { conditions: Conditions::none(), destination_port, ..question.region }
    };
    asked(db, project).iter().flat_map(replies).map(bare).collect()
}

fn asked(db: &dyn Db, project: Project) -> Vec<Question> {
    let known = known_facts(db, project);
    let all = requirements(db, project);
    let wanted = all.iter().filter(|requirement| requirement.kind != Kind::Never);
    wanted
        .flat_map(|requirement| &requirement.alternatives)
        .flat_map(|alternative| questions(&alternative.from, &alternative.to, &alternative.services, known))
        .collect()
}

fn is_named(region: &Region, side: Side) -> bool {
    region.conditions.iter().any(|(symbol, held)| *held && symbol.side == side)
}

fn is_known_name(question: &Question) -> bool {
    let hidden = question.hidden.source || question.hidden.destination;
    !hidden && (is_named(&question.region, Side::Source) || is_named(&question.region, Side::Destination))
}

/// The packets that the policies speak for at a firewall: from or to what they name, and passing the firewall. The
/// rest of the network is nobody's business here.
pub fn governed(db: &dyn Db, project: Project, firewall: &FirewallValue, direction: Direction) -> FlowSet {
    let own = EndpointSet { addresses: own_endpoints(db, project).addresses.clone(), ..EndpointSet::empty() };
    let any = EndpointSet::any();
    let inside = inside(db, firewall);
    let routes = Routes::of(db, firewall);
    let mut all = FlowSet::empty();
    for (from, to) in &firewall.guards {
        for (own_from, own_to) in [(&own, &any), (&any, &own)] {
            let mut from = EndpointSet {
                addresses: from.addresses.intersect(&own_from.addresses),
                ..EndpointSet::empty()
            };
            let mut to =
                EndpointSet { addresses: to.addresses.intersect(&own_to.addresses), ..EndpointSet::empty() };
            match direction {
                Direction::Transit => {}
                Direction::Outbound => from.addresses = from.addresses.intersect(&inside.addresses),
                Direction::Inbound => to.addresses = to.addresses.intersect(&inside.addresses),
            }
            let regions = questions(&from, &to, &[crate::ServicePart::any()], &Facts::default())
                .into_iter()
                .flat_map(|question| routes.applied(question))
                .map(|question| question.region);
            all = all.union(regions.collect::<FlowSet>());
        }
    }
    all
}
