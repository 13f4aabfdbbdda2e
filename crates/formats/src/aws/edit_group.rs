use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use diagnostics::{Edit, TextRange, printable};
use space::{FlowSet, Region, RuleId};

use super::commands::{GroupCommands, Step, as_it_is, permissions};
use super::edit::{no_such_rule, twice};
use super::emit::Count;
use super::group::way;
use super::keys::{LONGEST, folded};
use super::model::{Group, Permission, PrefixList, Target, TargetKind};
use super::security_group::{Item, ItemKind, group_symbol};
use super::splice::Splicer;
use super::traffic::Traffic;
use super::values::{any_network, text};
use super::write::{self, Place, Spec, Targets, Wanted};
use crate::json::{Kind, Value};
use crate::json_out::Out;
use crate::{Change, Edited, NewRule, Refusal, RuleSetExport};

/// One direction of a group, and what is to become of its rules.
///
/// All rules permit, so that where a new one stands does not matter; a new deny takes its part out of every rule that
/// would stand after it.
pub struct Plan<'p, 'j> {
    pub lists: &'p BTreeMap<String, PrefixList>,
    pub group: &'p Group<'j>,
    pub given: &'p RuleSetExport,
    pub items: &'p [Item<'p, 'j>],
}

/// What becomes of a permission of the file.
#[derive(Default)]
struct Changed {
    gone: Vec<TextRange>,
    added: Targets,
}

impl<'j> Plan<'_, 'j> {
    pub fn carry_out(&self, text: &str, changes: &[Change]) -> Result<Edited, Refusal> {
        let (mut gone, wanted) = self.decide(changes)?;
        let wanted = self.without_doubles(&mut gone, wanted);
        for at in &gone {
            let Some(Item { kind: ItemKind::Rule { target: Some(target), .. }, name, .. }) =
                self.items.get(*at)
            else {
                let name = self.items.get(*at).map(|item| item.name.as_str()).unwrap_or_default();
                return Err(Refusal::new(
                    format!("`{}` is no rule that can be changed", printable(name)),
                    "export the group again: `aws ec2 describe-security-groups`",
                ));
            };
            if target.is_said_twice {
                return Err(Refusal::new(
                    format!("`{}` stands in the file twice, in two shapes", printable(name)),
                    "export again with `aws ec2 describe-security-groups` alone",
                ));
            }
        }
        if !wanted.is_empty() {
            self.limit(&gone, &wanted)?;
        }
        let edits = self.edits(text, &gone, &wanted)?;
        let (commands, rollback) = self.commands(&gone, &wanted)?;
        Ok(Edited { edits, commands, rollback })
    }

    /// Which rules go, and which come.
    fn decide(&self, changes: &[Change]) -> Result<(BTreeSet<usize>, Vec<Wanted>), Refusal> {
        let count = self.items.len();
        let position =
            |id: &RuleId| usize::try_from(id.0).ok().filter(|at| *at < count).ok_or_else(no_such_rule);
        let mut before: BTreeMap<usize, Vec<&NewRule>> = BTreeMap::new();
        let mut instead: BTreeMap<usize, &[NewRule]> = BTreeMap::new();
        for change in changes {
            let (at, with): (usize, &[NewRule]) = match change {
                Change::Insert { before: place, rule } => {
                    let at = place.as_ref().map_or(Ok(count), position)?;
                    before.entry(at).or_default().push(rule);
                    continue;
                }
                Change::Remove { rule } => (position(rule)?, &[]),
                Change::Replace { rule, with } => (position(rule)?, with),
            };
            if instead.insert(at, with).is_some() {
                return Err(twice(self.items.get(at).map(|item| item.name.as_str()).unwrap_or_default()));
            }
        }
        let mut gone = BTreeSet::new();
        let mut wanted = Vec::new();
        let mut denied = FlowSet::empty();
        let by_id: HashMap<RuleId, &[Region]> =
            self.given.rules.rules().map(|rule| (rule.id, rule.matches.as_slice())).collect();
        for at in 0..=count {
            for rule in before.remove(&at).into_iter().flatten() {
                self.new_rule(rule, &mut denied, &mut wanted)?;
            }
            if let Some(with) = instead.get(&at) {
                gone.insert(at);
                for rule in *with {
                    self.new_rule(rule, &mut denied, &mut wanted)?;
                }
            } else if !denied.is_empty()
                && let Some(item) = self.items.get(at)
            {
                let id = RuleId(u32::try_from(at).unwrap_or(u32::MAX));
                let matches: FlowSet = by_id.get(&id).copied().unwrap_or_default().iter().cloned().collect();
                if matches.overlaps(&denied) {
                    gone.insert(at);
                    for (name, region) in write::less(&item.name, matches, &denied)? {
                        self.push(&name, &region, &mut wanted)?;
                    }
                }
            }
        }
        Ok((gone, wanted))
    }

    fn new_rule(
        &self,
        rule: &NewRule,
        denied: &mut FlowSet,
        wanted: &mut Vec<Wanted>,
    ) -> Result<(), Refusal> {
        if !rule.permit {
            *denied = std::mem::take(denied).union(rule.region.clone().into());
            return Ok(());
        }
        for (name, region) in write::less(&rule.name, rule.region.clone().into(), denied)? {
            self.push(&name, &region, wanted)?;
        }
        Ok(())
    }

    fn push(&self, name: &str, region: &Region, wanted: &mut Vec<Wanted>) -> Result<(), Refusal> {
        let description = write::description(name);
        let specs = write::specs(name, region, self.given.direction, Place::SecurityGroup)?;
        wanted.extend(specs.into_iter().map(|spec| (spec, description.clone())));
        Ok(())
    }

    /// AWS keeps no rule twice: what is wanted and there already is not written, and does not go.
    fn without_doubles(&self, gone: &mut BTreeSet<usize>, wanted: Vec<Wanted>) -> Vec<Wanted> {
        let mut there: HashMap<Spec, usize> = HashMap::new();
        for (at, item) in self.items.iter().enumerate() {
            if let Some(spec) = spec_of(item) {
                // Of two that are the same, the one that stays counts.
                if gone.contains(&at) {
                    there.entry(spec).or_insert(at);
                } else {
                    there.insert(spec, at);
                }
            }
        }
        let mut seen: HashSet<Spec> = HashSet::new();
        let mut out = Vec::new();
        for (spec, description) in wanted {
            if let Some(at) = there.get(&spec) {
                gone.remove(at);
            } else if seen.insert(spec.clone()) {
                out.push((spec, description));
            }
        }
        out
    }

    fn limit(&self, gone: &BTreeSet<usize>, wanted: &[Wanted]) -> Result<(), Refusal> {
        let mut count = Count::default();
        let stays = self.items.iter().enumerate().filter(|(at, _)| !gone.contains(at));
        for (_, item) in stays {
            if let ItemKind::Rule { target: Some(target), .. } = item.kind {
                count.add(target.kind, self.size(target.kind, text(target.what).as_deref()));
            }
        }
        for (spec, _) in wanted {
            count.add(spec.far.kind(), self.size(spec.far.kind(), Some(&spec.far.text())));
        }
        count.check()
    }

    /// "Amazon VPC quotas": a prefix list takes as many rules as it can have entries.
    fn size(&self, kind: TargetKind, what: Option<&str>) -> usize {
        let list = what.filter(|_| kind == TargetKind::PrefixList).and_then(|id| self.lists.get(id));
        list.and_then(|list| list.size).unwrap_or(1)
    }

    fn edits(&self, text: &str, gone: &BTreeSet<usize>, wanted: &[Wanted]) -> Result<Vec<Edit>, Refusal> {
        let (group, direction) = (self.group, self.given.direction);
        let mut splicer = Splicer::new(text);
        // The lists of permissions or of flat rules, with what goes and what comes.
        let mut lists: BTreeMap<TextRange, (Value<'j>, Vec<TextRange>, Vec<Out>)> = BTreeMap::new();
        let mut changed: BTreeMap<TextRange, (&Permission<'j>, Changed)> = BTreeMap::new();
        for item in gone.iter().filter_map(|at| self.items.get(*at)) {
            let ItemKind::Rule { permission, target: Some(target) } = item.kind else { continue };
            if permission.is_flat {
                let holder = permission.holder;
                let list = lists.entry(holder.place()).or_insert_with(|| (holder, Vec::new(), Vec::new()));
                list.1.push(permission.object.place());
            } else {
                let slot =
                    changed.entry(permission.object.place()).or_insert((permission, Changed::default()));
                slot.1.gone.push(target.item.place());
            }
        }
        let own = if direction == crate::Direction::Inbound { group.inbound } else { group.outbound };
        let mut hosts: HashMap<Traffic, &Permission<'j>> = HashMap::new();
        for permission in &group.permissions {
            if let (Ok(traffic), None, false) = (&permission.traffic, &permission.strange, permission.is_flat)
                && permission.direction == Some(direction)
            {
                hosts.entry(*traffic).or_insert(permission);
            }
        }
        let mut new: Vec<Wanted> = Vec::new();
        for (spec, description) in wanted {
            let target = (spec.far.clone(), description.clone());
            if let Some(host) = hosts.get(&spec.traffic) {
                let slot = changed.entry(host.object.place()).or_insert((host, Changed::default()));
                slot.1.added.push(target);
            } else if own.is_some() {
                new.push((spec.clone(), description.clone()));
            } else {
                let Some(list) = group.flat else {
                    return Err(Refusal::new(
                        format!(
                            "the {} rules of `{}` are not in the file",
                            way(direction),
                            printable(&group.shown())
                        ),
                        "export the whole group: `aws ec2 describe-security-groups`",
                    ));
                };
                let rule = write::flat_rule(
                    spec,
                    group.id.as_deref(),
                    direction,
                    description.as_deref(),
                    group.style,
                );
                lists.entry(list.place()).or_insert_with(|| (list, Vec::new(), Vec::new())).2.push(rule);
            }
        }
        if let (Some(own), false) = (own, new.is_empty()) {
            let is_whole = self.writes_empty_lists();
            let new = write::by_traffic(new);
            let permissions = new
                .iter()
                .map(|(traffic, targets)| write::permission(*traffic, targets, group.style, is_whole));
            lists.entry(own.place()).or_insert_with(|| (own, Vec::new(), Vec::new())).2.extend(permissions);
        }
        for (permission, change) in changed.values() {
            if change.added.is_empty() && change.gone.len() >= permission.targets.len() {
                let holder = permission.holder;
                let list = lists.entry(holder.place()).or_insert_with(|| (holder, Vec::new(), Vec::new()));
                list.1.push(permission.object.place());
            } else {
                self.change_permission(&mut splicer, permission, change);
            }
        }
        for (list, gone, new) in lists.into_values() {
            splicer.change_list(list, &gone, &new);
        }
        Ok(splicer.finish())
    }

    fn change_permission(&self, splicer: &mut Splicer<'_>, permission: &Permission<'j>, change: &Changed) {
        let style = self.group.style;
        let mut missing = Vec::new();
        for kind in [TargetKind::Group, TargetKind::V4, TargetKind::V6, TargetKind::PrefixList] {
            let of_kind = change.added.iter().filter(|(far, _)| far.kind() == kind);
            let new: Vec<Out> =
                of_kind.map(|(far, text)| write::target(far, text.as_deref(), style)).collect();
            let targets = permission.targets.iter().filter(|target| target.kind == kind);
            let gone: Vec<TextRange> = targets
                .map(|target| target.item.place())
                .filter(|place| change.gone.contains(place))
                .collect();
            if new.is_empty() && gone.is_empty() {
                continue;
            }
            let list = list_of(permission, kind);
            match list {
                Some(list) => splicer.change_list(list, &gone, &new),
                None => missing.push((style.key(kind.keys().0), Out::List(new))),
            }
        }
        splicer.set_members(permission.object, missing);
    }

    /// Whether permissions of the group have lists with nothing in them, as the command line writes them.
    fn writes_empty_lists(&self) -> bool {
        let has_empty = |permission: &Permission<'j>| {
            permission
                .object
                .members()
                .any(|member| member.value.kind() == Kind::Array && member.value.is_empty())
        };
        self.group.permissions.is_empty() || self.group.permissions.iter().any(has_empty)
    }

    /// What comes, comes before what goes, so that nothing is closed in between.
    fn commands(
        &self,
        gone: &BTreeSet<usize>,
        wanted: &[Wanted],
    ) -> Result<(Vec<String>, Vec<String>), Refusal> {
        let commands = GroupCommands::new(self.group.id.as_deref(), self.given.direction);
        let mut steps: Vec<Step> = Vec::new();
        if !wanted.is_empty() {
            let permissions = permissions(wanted);
            steps.push((commands.authorize(&permissions), commands.revoke(&permissions)));
        }
        let mut ids = Vec::new();
        let mut old = Vec::new();
        for item in gone.iter().filter_map(|at| self.items.get(*at)) {
            let ItemKind::Rule { permission, target: Some(target) } = item.kind else { continue };
            let Some(permission) = as_it_is(permission, target) else {
                return Err(Refusal::new(
                    format!("`{}` cannot be read, and so not taken back", printable(&item.name)),
                    "export the group again: `aws ec2 describe-security-groups`",
                ));
            };
            old.push(permission);
            ids.extend(target.rule_id.clone());
        }
        if !old.is_empty() {
            let revoke =
                if ids.len() == old.len() { commands.revoke_by_id(&ids) } else { commands.revoke(&old) };
            steps.push((revoke, commands.authorize(&old)));
        }
        let (forward, mut back): (Vec<String>, Vec<String>) = steps.into_iter().unzip();
        back.reverse();
        Ok((forward, back))
    }
}

/// The list of one kind in a permission, also where it is empty; of the two of PowerShell, the newer.
fn list_of<'j>(permission: &Permission<'j>, kind: TargetKind) -> Option<Value<'j>> {
    let find = |wanted: &str| {
        let mut members = permission.object.members();
        members.find(|member| folded(&member.name, &mut [0; LONGEST]) == wanted).map(|member| member.value)
    };
    let known = permission.targets.iter().find(|target| target.kind == kind).and_then(|target| target.list);
    let list = known.or_else(|| match kind {
        TargetKind::V4 => find("ipv4ranges").or_else(|| find("ipranges")),
        TargetKind::V6 => find("ipv6ranges"),
        TargetKind::PrefixList => find("prefixlistids"),
        TargetKind::Group => find("useridgrouppairs"),
    });
    list.filter(|list| matches!(list.kind(), Kind::Array | Kind::Object))
}

/// The rule of the file as one that could be written; `None` where it is not known whether it is the same.
fn spec_of(item: &Item<'_, '_>) -> Option<Spec> {
    let ItemKind::Rule { permission, target: Some(target) } = item.kind else { return None };
    let Permission { traffic: Ok(traffic), strange: None, direction: Some(_), .. } = permission else {
        return None;
    };
    let Target { strange: None, .. } = target else { return None };
    let far = match target.kind {
        TargetKind::V4 | TargetKind::V6 => write::Far::Net(any_network(&text(target.what)?)?.0.trunc()),
        TargetKind::PrefixList => write::Far::PrefixList(text(target.what)?),
        TargetKind::Group => write::Far::Group(group_symbol(target)?),
    };
    Some(Spec { traffic: *traffic, far })
}
