use compiler::{Assessment, File, Kind, Requirement, governed, requirements_at};
use formats::{Change, NewRule};
use space::{Conditions, Decider, Effort, FlowSet, Region, Set, Verdict};

use crate::context::{BoundFirewall, BoundRuleSet};
use crate::superfluous::Superfluous;
use crate::{Context, deciders, overbroad_rule, redundant_rule, words};

/// One thing to do about one finding.
pub(super) struct Plan {
    pub check: &'static str,
    pub firewall: String,
    pub export: File,
    pub rule_set: usize,
    /// What it does, in a line.
    pub title: String,
    /// The same for the same finding after other fixes.
    pub key: String,
    /// Whether it is of use only if it newly permits something.
    pub wants_permission: bool,
    /// What the firewall says to stand inside.
    pub inside: Option<compiler::EndpointSet>,
    pub steps: Steps,
}

pub(super) enum Steps {
    /// Ways to do it; the first that proves safe is taken.
    Changes(Vec<Vec<Change>>),
    /// A choice to make.
    Manual(Vec<String>),
}

/// The first plan that is not yet `done`. First what is missing, then what is too much, then what is superfluous: a
/// rule that a fix makes superfluous is found superfluous afterwards.
pub(super) fn plans(context: &Context<'_>, done: &dyn Fn(&str) -> bool) -> Option<Plan> {
    missing(context, done)
        .or_else(|| overbroad(context, done))
        .or_else(|| superfluous(context, done, "shadowed-rule"))
        .or_else(|| superfluous(context, done, "redundant-rule"))
}

fn missing(context: &Context<'_>, done: &dyn Fn(&str) -> bool) -> Option<Plan> {
    if !is_on(context, "missing-flow") {
        return None;
    }
    for firewall in &context.firewalls {
        for (requirement, assessment) in requirements_at(context.db, context.project, &firewall.value) {
            let wanted = matches!(assessment.verdict, Some(Verdict::Missing | Verdict::Partial));
            let key = format!("missing-flow {} {}", firewall.value.name, requirement.id);
            if requirement.kind != Kind::Required || !wanted || done(&key) {
                continue;
            }
            if let Some(plan) = permit(context, firewall, &requirement, assessment, key) {
                return Some(plan);
            }
        }
    }
    None
}

/// Permits what a requirement lacks, ahead of what denies it.
fn permit(
    context: &Context<'_>,
    firewall: &BoundFirewall<'_>,
    requirement: &Requirement,
    assessment: &Assessment,
    key: String,
) -> Option<Plan> {
    let part = assessment.parts.iter().find(|part| !part.judgement.denied.is_empty())?;
    let rule_set = firewall.rule_sets.iter().find(|rule_set| rule_set.index == part.rule_set)?;
    let at = &firewall.value.name;
    let plan = |title: String, steps| Plan {
        check: "missing-flow",
        firewall: at.to_string(),
        export: firewall.export,
        rule_set: rule_set.index,
        title,
        key,
        wants_permission: true,
        inside: firewall.value.inside.clone(),
        steps,
    };
    if requirement.alternatives.len() > 1 {
        let options = requirement.alternatives.iter().map(|alternative| {
            let one = Requirement { alternatives: vec![alternative.clone()], ..requirement.clone() };
            format!("permit {}", words::asked(&one))
        });
        let title = format!("permit one of the alternatives of `{}` at `{at}`", requirement.id);
        return Some(plan(title, Steps::Manual(options.collect())));
    }
    let lacking =
        assessment.parts.iter().filter(|it| it.rule_set == part.rule_set && !it.judgement.denied.is_empty());
    let far_only = super::format_of(context, firewall.export).is_some_and(|format| !format.names_near_side());
    let region = |part: &compiler::Part| {
        let mut region = compiler::as_rule(&part.question);
        if let Some(inside) = firewall.value.inside.as_ref().filter(|_| far_only) {
            compiler::open_near_side(&mut region, rule_set.direction, &inside.addresses);
        }
        region
    };
    let rules: Vec<NewRule> = lacking
        .clone()
        .map(|part| NewRule { name: requirement.id.to_string(), permit: true, region: region(part) })
        .collect();
    let mut places: Vec<Option<space::RuleId>> = Vec::new();
    let mut denying: Vec<Decider> = lacking.flat_map(|part| part.judgement.denying()).collect();
    denying.sort_unstable();
    denying.dedup();
    for decider in denying {
        let entry = deciders::entry_rule(rule_set, decider, &part.question.region);
        if let Decider::Rule(id) = decider {
            places.extend([entry, Some(id)]);
        }
    }
    places.retain(Option::is_some);
    if places.is_empty() {
        places.push(None);
    }
    // Where the first denying rule is in a chain that not all of the flow walks, the start of a stage's chain is ahead
    // of it for all.
    for stage in rule_set.meaning.rules.stages.iter().rev() {
        let first = rule_set.meaning.rules.chains.get(stage.chain).and_then(|chain| chain.rules.first());
        if let Some(first) = first
            && !places.contains(&Some(first.id))
        {
            places.push(Some(first.id));
        }
    }
    places.push(None);
    let mut tried = Vec::new();
    places.retain(|place| {
        !tried.contains(place) && {
            tried.push(*place);
            true
        }
    });
    let inserted = |before: Option<space::RuleId>| {
        rules.iter().map(move |rule| Change::Insert { before, rule: rule.clone() }).collect::<Vec<_>>()
    };
    let mut options: Vec<Vec<Change>> = places.into_iter().map(inserted).collect();
    let stages = stage_by_stage(rule_set, &part.question.region);
    if stages.len() > 1 {
        // What several stages deny has to be permitted in each.
        options.insert(0, stages.into_iter().flat_map(inserted).collect());
    }
    if rules.iter().any(|rule| is_for_replies(&rule.region)) {
        // A vendor that cannot tell replies from other packets refuses the first; the second opens more, and is unsafe.
        options.extend(options.clone().into_iter().map(|changes| changes.into_iter().map(untold).collect()));
    }
    Some(plan(format!("permit `{}` at `{at}`", requirement.id), Steps::Changes(options)))
}

fn is_for_replies(region: &Region) -> bool {
    region.conditions.get(&formats::established()) == Some(true)
}

/// A change whose new rules do not ask whether a packet is a reply.
fn untold(change: Change) -> Change {
    let established = formats::established();
    let open = |rule: NewRule| NewRule {
        region: Region { conditions: rule.region.conditions.retain(|it| *it != established), ..rule.region },
        ..rule
    };
    match change {
        Change::Insert { before, rule } => Change::Insert { before, rule: open(rule) },
        Change::Replace { rule, with } => {
            Change::Replace { rule, with: with.into_iter().map(open).collect() }
        }
        Change::Remove { .. } => change,
    }
}

/// For each stage that by itself denies some of the question, the place ahead of what denies it.
fn stage_by_stage(rule_set: &BoundRuleSet<'_>, question: &Region) -> Vec<Option<space::RuleId>> {
    let rules = &rule_set.meaning.rules;
    let mut places = Vec::new();
    for stage in &rules.stages {
        let alone = space::RuleSet { chains: rules.chains.clone(), stages: vec![stage.clone()] };
        let Ok(pieces) = space::decide(std::slice::from_ref(question), &alone, &Effort::usual()) else {
            continue;
        };
        let denying = pieces.iter().find(|piece| piece.outcome == space::Outcome::Deny);
        if let Some(piece) = denying {
            let entry = deciders::entry_rule(rule_set, piece.decider, question);
            let last = rules.chains.get(stage.chain).and_then(|chain| chain.rules.last()).map(|rule| rule.id);
            let is_last_stage = rules.stages.last() == Some(stage);
            places.push(entry.or(if is_last_stage { None } else { last }));
        }
    }
    places
}

fn overbroad(context: &Context<'_>, done: &dyn Fn(&str) -> bool) -> Option<Plan> {
    if !is_on(context, "overbroad-rule") {
        return None;
    }
    let effort = Effort::usual();
    let declared = overbroad_rule::Declared::of(context);
    for firewall in &context.firewalls {
        for rule_set in &firewall.rule_sets {
            let governed = governed(context.db, context.project, &firewall.value, rule_set.direction);
            let Ok(shares) = overbroad_rule::shares(rule_set, &governed, &declared, &effort) else {
                continue;
            };
            for share in shares.iter().filter(|share| !share.excess.is_empty()) {
                let name = deciders::bare(rule_set, share.decider);
                let key = format!("overbroad-rule {} {} {name}", firewall.value.name, rule_set.meaning.name);
                if done(&key) || is_waived(context, "overbroad-rule", &firewall.value.name, &name) {
                    continue;
                }
                if let Some(steps) = narrowed(rule_set, share, &governed, declared.at(rule_set), &effort) {
                    return Some(Plan {
                        check: "overbroad-rule",
                        firewall: firewall.value.name.to_string(),
                        export: firewall.export,
                        rule_set: rule_set.index,
                        title: format!(
                            "permit by {} at `{}` only what is declared",
                            deciders::name(rule_set, share.decider),
                            firewall.value.name
                        ),
                        key,
                        wants_permission: false,
                        inside: firewall.value.inside.clone(),
                        steps,
                    });
                }
            }
        }
    }
    None
}

/// The tightest replacement of a rule: what is declared of its share, and what of it is nobody's business here.
fn narrowed(
    rule_set: &BoundRuleSet<'_>,
    share: &overbroad_rule::Share,
    governed: &FlowSet,
    declared: &FlowSet,
    effort: &Effort<'_>,
) -> Option<Steps> {
    let bare = |region: &Region| {
        let question = space::Question::about(region.clone());
        Region { conditions: Conditions::none(), ..compiler::as_rule(&question) }
    };
    let name = deciders::bare(rule_set, share.decider);
    let permits: Vec<NewRule> = overbroad_rule::justified_in_words(rule_set, share, declared)
        .regions
        .into_iter()
        .map(|region| NewRule { name: format!("{name} narrowed"), permit: true, region })
        .collect();
    let matches: FlowSet = match share.decider {
        Decider::Rule(id) => rule_set.meaning.rules.rule(id)?.matches.iter().map(bare).collect(),
        Decider::Default(_) => FlowSet::any(),
    };
    let everywhere = governed.map(bare);
    if let Decider::Rule(rule) = share.decider {
        let one_family = |set: &FlowSet| -> FlowSet { set.regions.iter().flat_map(families).collect() };
        if one_family(&matches).is_subset_of(&everywhere, effort).ok()? {
            return Some(Steps::Changes(vec![vec![Change::Replace { rule, with: permits }]]));
        }
    }
    let before = match share.decider {
        Decider::Rule(rule) => Some(rule),
        Decider::Default(_) => None,
    };
    let denied = matches.intersect(&everywhere).canonical(effort).ok()?;
    let denies = denied.regions.iter().map(|region| NewRule {
        name: format!("{name} narrowed"),
        permit: false,
        region: region.clone(),
    });
    let all = permits.into_iter().chain(denies).map(|rule| Change::Insert { before, rule });
    Some(Steps::Changes(vec![all.collect()]))
}

/// The IPv4 and the IPv6 part of a region; a packet between the two does not exist.
fn families(region: &Region) -> Vec<Region> {
    [space::AddressSet::any_v4(), space::AddressSet::any_v6()]
        .into_iter()
        .map(|family| Region {
            source: region.source.intersect(&family),
            destination: region.destination.intersect(&family),
            ..region.clone()
        })
        .filter(|region| !region.is_empty())
        .collect()
}

/// Rules that can go: all shadowed ones of a rule set at once (none of them decides anything), and redundant ones as many at
/// once as do not need each other (of two that say the same, one must stay).
fn superfluous(context: &Context<'_>, done: &dyn Fn(&str) -> bool, check: &'static str) -> Option<Plan> {
    if !is_on(context, check) {
        return None;
    }
    for firewall in &context.firewalls {
        for rule_set in &firewall.rule_sets {
            let at = &firewall.value.name;
            let superfluous = Superfluous::of(&rule_set.meaning.rules);
            let mut found: Vec<(space::RuleId, String, String)> = Vec::new();
            // Redundant rules go together as long as none of them is what decides in the place of another.
            let mut heirs: Vec<Decider> = Vec::new();
            for rule in rule_set.written_rules() {
                let effort = Effort::usual();
                let me = Decider::Rule(rule.id);
                let instead = if check == "shadowed-rule" {
                    superfluous.shadow(rule, &effort).map(|shadow| shadow.map(|_| Vec::new()))
                } else if redundant_rule::is_asked(rule_set, rule) && !heirs.contains(&me) {
                    superfluous.redundant(rule, &effort)
                } else {
                    Ok(None)
                };
                let Some(instead) = instead.unwrap_or(None) else { continue };
                let bare = deciders::bare(rule_set, me);
                let key = format!("{check} {at} {} {bare}", rule_set.meaning.name);
                let gone =
                    |decider: &Decider| found.iter().any(|(rule, ..)| *decider == Decider::Rule(*rule));
                if done(&key) || is_waived(context, check, at, &bare) || instead.iter().any(gone) {
                    continue;
                }
                heirs.extend(instead);
                found.push((rule.id, bare, key));
            }
            // Where they cannot go together, one of them may keep the others: then they go one by one.
            let together = format!("{check} {at} {}", rule_set.meaning.name);
            if done(&together) {
                found.truncate(1);
            }
            let key = match found.as_slice() {
                [] => continue,
                [(_, _, key)] => key.clone(),
                _ => together,
            };
            return Some(Plan {
                check,
                firewall: at.to_string(),
                export: firewall.export,
                rule_set: rule_set.index,
                title: format!(
                    "remove {} at `{at}`",
                    words::list(found.iter().map(|(_, name, _)| format!("rule `{name}`")))
                ),
                key,
                wants_permission: false,
                inside: firewall.value.inside.clone(),
                steps: Steps::Changes(vec![
                    found.iter().map(|(rule, ..)| Change::Remove { rule: *rule }).collect(),
                ]),
            });
        }
    }
    None
}

fn is_on(context: &Context<'_>, check: &str) -> bool {
    context.settings.levels.get(check) != Some(&diagnostics::Level::Off)
}

fn is_waived(context: &Context<'_>, check: &str, firewall: &str, rule: &str) -> bool {
    compiler::waivers(context.db, context.project).iter().any(|waiver| {
        waiver.check == check
            && waiver.firewall.as_deref().is_none_or(|wanted| wanted == firewall)
            && waiver.rule.as_deref().is_none_or(|wanted| wanted == rule)
            && waiver.until.is_none_or(|until| until >= context.project.as_of(context.db))
    })
}
