use std::collections::BTreeMap;

use compiler::{Anchor, declared, declared_by_known_name, declared_replies, governed};
use diagnostics::{Certainty, Finding, Level};
use space::{Conditions, Decider, Effort, Exhausted, FlowSet, Outcome, Region, Set, decide, surely_excess};

use crate::context::BoundRuleSet;
use crate::{Check, Context, deciders, words};

pub(crate) const CHECK: Check = Check {
    name: "overbroad-rule",
    summary: "a rule permits packets that nothing declares",
    level: Level::Warning,
    page: include_str!("overbroad_rule.md"),
    run,
};

/// What one rule (or default) permits of what the policies govern.
#[derive(Clone, Debug)]
pub(crate) struct Share {
    pub decider: Decider,
    pub permitted: FlowSet,
    /// Surely permitted to somebody, and surely not declared.
    pub excess: FlowSet,
    /// Permitted, and perhaps not declared; what is in `excess` too.
    pub possible: FlowSet,
}

fn run(context: &Context<'_>, out: &mut Vec<Finding<Anchor>>) {
    let tick = || context.db.unwind_if_revision_cancelled();
    let declared = Declared::of(context);
    for firewall in &context.firewalls {
        for rule_set in &firewall.rule_sets {
            let governed = governed(context.db, context.project, &firewall.value, rule_set.direction);
            match shares(rule_set, &governed, &declared, &context.effort(&tick)) {
                Ok(shares) => {
                    for share in shares {
                        out.extend(finding(rule_set, &firewall.value.name, &share, declared.at(rule_set)));
                    }
                }
                Err(exhausted) => context.cut_short(CHECK.name, rule_set, exhausted, out),
            }
        }
    }
}

/// What each rule permits of `governed`, and how much of that nothing declares.
pub(crate) fn shares(
    rule_set: &BoundRuleSet<'_>,
    governed: &FlowSet,
    declared: &Declared,
    effort: &Effort<'_>,
) -> Result<Vec<Share>, Exhausted> {
    // Flows from and to what is governed are asked about once.
    let stateless = !rule_set.meaning.stateful;
    let mut asked = FlowSet::empty();
    for region in &governed.regions {
        let region = if stateless { first_packets(region) } else { region.clone() };
        let fresh = FlowSet::from(region).subtract(&asked, effort)?;
        asked = asked.union(fresh);
    }
    let mut by: BTreeMap<Decider, FlowSet> = BTreeMap::new();
    for piece in decide(&asked.regions, &rule_set.meaning.rules, effort)? {
        if piece.outcome == Outcome::Permit {
            // Of packets that begin a flow, this is known.
            let conditions = piece.region.conditions.retain(|symbol| *symbol != formats::established());
            by.entry(piece.decider).or_default().regions.push(piece.region.when(conditions));
        }
    }
    let flows = declared.at(rule_set);
    let mut out = Vec::new();
    for (decider, permitted) in by {
        let possible = permitted.subtract(flows, effort)?.subtract(&declared.by_known_name, effort)?;
        if possible.is_empty() {
            continue;
        }
        let excess = surely_excess(&permitted, flows, effort)?;
        out.push(Share { decider, permitted, excess, possible });
    }
    Ok(out)
}

fn finding(
    rule_set: &BoundRuleSet<'_>,
    at: &str,
    share: &Share,
    declared: &FlowSet,
) -> Option<Finding<Anchor>> {
    let effort = Effort::usual();
    let certain = !share.excess.is_empty();
    let name = deciders::name(rule_set, share.decider);
    let message = if certain {
        format!("{name} at `{at}` permits more than anything declares")
    } else {
        format!("{name} at `{at}` may permit more than anything declares")
    };
    let mut finding = Finding::new(CHECK.name, CHECK.level, message);
    let label = if certain { "permits too much" } else { "may permit too much" };
    finding = deciders::labelled(finding, rule_set, &[(share.decider, label.to_owned())], None);
    let plain = |region: &Region| Region { conditions: Conditions::none(), ..region.packets_only() };
    let seen =
        if certain { share.excess.clone() } else { share.possible.map(plain).canonical(&effort).ok()? };
    let permitted = share.permitted.map(plain).canonical(&effort).ok()?;
    let justified = permitted.intersect(&declared.map(plain)).canonical(&effort).ok()?;
    for note in words::regions("it permits here", &permitted.condensed()) {
        finding = finding.note(note);
    }
    let needed = justified_in_words(rule_set, share, declared);
    if certain {
        let part = if permitted.size() > 0.0 { justified.size() / permitted.size() } else { 0.0 };
        for note in words::regions("of that is declared", &needed) {
            finding = finding.note(note);
        }
        finding =
            finding.note(format!("{} is declared of {}", share_in_words(part), packets(permitted.size())));
    } else {
        finding.certainty = Certainty::Possible;
        let names = named(declared, &seen);
        if names.is_empty() {
            finding = finding
                .note("it hangs on a match that is not modelled, or on a group that is not in the export");
        } else {
            let have = if names.len() == 1 { "has" } else { "have" };
            let names = words::list(names);
            finding = finding
                .note(format!("not known: which addresses {names} {have}; for those the rule is right"));
            finding = finding.help(format!("an address feed for {names} would settle it"));
        }
    }
    finding.witness = words::witness(&seen);
    if let Some(witness) = finding.witness.clone() {
        finding = finding.note(format!("one such packet: {witness}"));
    }
    if certain {
        finding = match needed.regions.len() {
            0 => finding.help("nothing declared needs it: remove it, or declare what it is for"),
            _ => finding.help(format!(
                "permit only {}",
                words::list(needed.regions.iter().map(|region| format!("`{region}`")))
            )),
        };
    }
    finding.firewall = Some(at.to_owned());
    finding.rule = Some(deciders::bare(rule_set, share.decider));
    finding.blame = vec![deciders::bare(rule_set, share.decider)];
    Some(finding)
}

/// What of a rule's share is declared, in few regions: the tightest replacement as a reader would write it. Where
/// declared flows go to names whose addresses are not known, it goes to any address.
pub(crate) fn justified_in_words(rule_set: &BoundRuleSet<'_>, share: &Share, declared: &FlowSet) -> FlowSet {
    let bare = |region: &Region| Region { conditions: Conditions::none(), ..region.packets_only() };
    let permitted = share.permitted.map(bare);
    // A rule's own matches are whole where its share has holes that earlier rules cut; what is in the holes they decide.
    let matches: Vec<Region> = match share.decider {
        Decider::Rule(id) => {
            rule_set.meaning.rules.rule(id).map(|rule| rule.matches.clone()).unwrap_or_default()
        }
        Decider::Default(_) => vec![Region::any()],
    };
    let plain = matches.iter().all(|region| region.conditions.is_none());
    let whole: FlowSet =
        if plain { matches.iter().map(Region::packets_only).collect() } else { permitted.condensed() };
    let mut needed = FlowSet::empty();
    for wanted in declared.regions.iter().map(bare) {
        let inside = whole.regions.iter().filter_map(|region| region.intersect(&wanted));
        needed
            .regions
            .extend(inside.filter(|region| permitted.regions.iter().any(|piece| piece.overlaps(region))));
    }
    for region in &mut needed.regions {
        // What a rule says of interfaces stays said.
        if let [only] = matches.as_slice() {
            region.in_interface = only.in_interface.clone();
            region.out_interface = only.out_interface.clone();
        }
    }
    needed.condensed()
}

/// What is declared, whatever the source ports: the sender chooses them, so that a rule which leaves them open is not
/// too broad for that.
pub(crate) struct Declared {
    pub flows: FlowSet,
    /// The flows and the replies to them, for rule sets that have no other way to let replies through.
    with_replies: FlowSet,
    /// The flows to names whose addresses a feed tells, by name.
    by_known_name: FlowSet,
}

impl Declared {
    /// What a rule of this rule set may permit.
    pub fn at(&self, rule_set: &BoundRuleSet<'_>) -> &FlowSet {
        if rule_set.meaning.stateful { &self.flows } else { &self.with_replies }
    }

    pub fn of(context: &Context<'_>) -> Self {
        let open = |region: &Region| Region { source_port: Set::any(), ..region.clone() };
        let flows = declared(context.db, context.project).map(open);
        let replies = declared_replies(context.db, context.project);
        Declared {
            with_replies: flows.clone().union(replies),
            flows,
            by_known_name: declared_by_known_name(context.db, context.project).map(open),
        }
    }
}

/// The packets of a region that begin a flow: what only replies may do is not too broad.
fn first_packets(region: &Region) -> Region {
    compiler::first_packet(&space::Question::about(region.clone())).region
}

/// The names that declared flows within `seen` go to.
fn named(declared: &FlowSet, seen: &FlowSet) -> Vec<String> {
    let mut names: Vec<String> = declared
        .regions
        .iter()
        .filter(|region| {
            let bare = Region { conditions: Conditions::none(), ..(*region).clone() };
            seen.regions.iter().any(|seen| seen.overlaps(&bare))
        })
        .flat_map(|region| region.conditions.essential())
        .map(|(symbol, _)| format!("`{}`", symbol.name))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// A number of packets as a reader takes it in.
fn packets(size: f64) -> String {
    if size < 1e6 { format!("{size:.0} packets") } else { format!("about 10^{:.0} packets", size.log10()) }
}

fn share_in_words(part: f64) -> String {
    match part {
        0.0 => "nothing".to_owned(),
        part if part < 0.001 => "less than a thousandth".to_owned(),
        part if part < 0.995 => format!("{:.1} %", part * 100.0),
        _ => "nearly all".to_owned(),
    }
}
