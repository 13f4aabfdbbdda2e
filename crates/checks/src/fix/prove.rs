use compiler::{
    EndpointSet, File, Kind, declared, declared_by_known_name, declared_replies, questions, requirements,
};
use diagnostics::{Edit, Safety, apply};
use formats::{Change, Direction, Edited};
use space::{AddressSet, Effort, FlowSet, Region, difference};

use crate::Context;

/// What a change comes to: the rule sets of the edited text, read back, minus those of the text as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    pub safety: Safety,
    pub newly_permitted: FlowSet,
    pub newly_denied: FlowSet,
}

/// A change in the vendor's words, read back and proved.
pub(super) struct Written {
    pub edits: Vec<Edit>,
    pub commands: Vec<String>,
    pub rollback: Vec<String>,
    pub proof: Proof,
}

/// Has the export's format write `changes`, reads the result back, and subtracts. An error is the reason why it cannot
/// be done; then nothing is shown as done.
///
/// `bound_to` is what the policy says to stand inside. Where the vendor's rules name the far side only, the rule set meets
/// no other packets.
pub(super) fn written_and_proved(
    context: &Context<'_>,
    export: File,
    rule_set: usize,
    changes: &[Change],
    wants_permission: bool,
    bound_to: Option<&EndpointSet>,
) -> Result<Written, String> {
    let db = context.db;
    let text = export.text(db);
    let before = compiler::imported(db, export).as_ref().map_err(|error| error.message.clone())?;
    let format = super::format_of(context, export).ok_or("the format of the export is not known")?;
    let Edited { edits, commands, rollback } = format
        .edit(text, before, rule_set, changes)
        .map_err(|refusal| format!("{}; {}", refusal.message, refusal.help))?;
    let after = apply(text, &edits).ok_or("the edits of the export overlap")?;
    let after = formats::import_with(&after, Some(before.format), before.mapping.as_deref())
        .map_err(|error| format!("the edited export cannot be read back: {}", error.message))?;
    if before.rule_sets.len() != after.rule_sets.len() {
        return Err("the edited export has other rule sets than before".to_owned());
    }
    let exhausted = |_| "the proof takes too many region operations".to_owned();
    let effort = Effort::usual();
    let (mut permitted, mut denied) = (FlowSet::empty(), FlowSet::empty());
    for (old, new) in before.rule_sets.iter().zip(&after.rule_sets) {
        // A chain that several rule sets share changes all of them.
        let difference = difference(&old.rules, &new.rules, &effort).map_err(exhausted)?;
        let met = |set: FlowSet| match bound_to.filter(|_| !format.names_near_side()) {
            Some(inside) => set.intersect(&bound(old.direction, &inside.addresses)),
            None => set,
        };
        permitted = permitted.union(met(difference.permitted(&effort).map_err(exhausted)?));
        denied = denied.union(met(difference.denied(&effort).map_err(exhausted)?));
    }
    let newly_permitted = permitted.canonical(&effort).map_err(exhausted)?;
    let newly_denied = denied.canonical(&effort).map_err(exhausted)?;
    if wants_permission && newly_permitted.is_empty() {
        return Err("a rule there would permit nothing new".to_owned());
    }
    let facts = compiler::known_facts(db, context.project);
    let forbidden: FlowSet = requirements(db, context.project)
        .iter()
        .filter(|requirement| requirement.kind == Kind::Never)
        .flat_map(|requirement| &requirement.alternatives)
        .flat_map(|alternative| questions(&alternative.from, &alternative.to, &alternative.services, facts))
        .map(|question| question.region)
        .collect();
    if newly_permitted.overlaps(&forbidden) {
        return Err("it would permit a flow that the policy forbids: change the one or the other".to_owned());
    }
    let mut known = declared(db, context.project).union(declared_by_known_name(db, context.project));
    if before.rule_sets.get(rule_set).is_some_and(|rule_set| !rule_set.stateful) {
        let replies = declared_replies(db, context.project);
        let of_connections = space::Conditions::holds(formats::established());
        let tcp_too = |region: &space::Region| match region.protocol.contains(space::protocol::TCP) {
            true => region.clone().when(of_connections.clone()),
            false => region.clone(),
        };
        known = known.union(replies.map(tcp_too));
    }
    let known = known.map(|region| space::Region {
        in_interface: space::Set::any(),
        out_interface: space::Set::any(),
        ..region.clone()
    });
    let safe = newly_denied.is_empty() && newly_permitted.is_subset_of(&known, &effort).map_err(exhausted)?;
    let safety = if safe { Safety::Safe } else { Safety::Unsafe };
    Ok(Written { edits, commands, rollback, proof: Proof { safety, newly_permitted, newly_denied } })
}

/// The packets that a rule set meets which is bound to `inside`.
fn bound(direction: Direction, inside: &AddressSet) -> FlowSet {
    let region = match direction {
        Direction::Inbound => Region::any().to(inside.clone()),
        Direction::Outbound => Region::any().from(inside.clone()),
        Direction::Transit => Region::any(),
    };
    region.into()
}
