use std::collections::{HashMap, HashSet};

use diagnostics::TextRange;

use super::keys::{LONGEST, Style, folded, get};
use super::model::{Gap, Group, Permission, Strange, Target, TargetKind};
use super::parse::{Reader, not_known, set, whole};
use super::traffic::Traffic;
use super::values::{any_network, boolean, text};
use crate::json::{Kind, Member, Value};
use crate::{Direction, Status};

/// A group of `describe-security-groups`.
pub fn read<'j>(reader: &mut Reader<'j>, object: Value<'j>) -> Group<'j> {
    let mut group = empty(object.place());
    for member in object.members() {
        let mut buffer = [0; LONGEST];
        let value = member.value;
        match folded(&member.name, &mut buffer) {
            "groupid" if !value.is_empty() => {
                group.id = text(Some(value));
                if group.name.is_none() {
                    group.place = value.place();
                }
                reader.reading.coverage.push(whole(&member), Status::Understood, "");
            }
            "groupname" if !value.is_empty() => {
                group.name = text(Some(value));
                group.place = value.place();
                reader.reading.coverage.push(whole(&member), Status::Understood, "");
            }
            "ippermissions" => {
                group.style = Style::of(&member.name);
                permissions(reader, &mut group, &member, Direction::Inbound);
            }
            "ippermissionsegress" => {
                group.style = Style::of(&member.name);
                permissions(reader, &mut group, &member, Direction::Outbound);
            }
            _ if value.is_empty() => {}
            "description" | "ownerid" | "vpcid" | "securitygrouparn" => {
                reader.irrelevant(whole(&member), "where and what it is");
            }
            "tags" | "tag" | "tagset" => {
                reader.irrelevant(whole(&member), "resource tags: no packet is matched by them");
            }
            _ => reader.unknown_property(&member, "security group"),
        }
    }
    for (list, direction) in [(group.inbound, Direction::Inbound), (group.outbound, Direction::Outbound)] {
        if list.is_none() {
            // An empty list is no rule; without the list, nothing is known.
            let what = format!("the {} rules that the file leaves out", way(direction));
            reader.problem(
                group.place,
                format!(
                    "the {} rules of `{}` are not in the file",
                    way(direction),
                    diagnostics::printable(&group.shown())
                ),
                "export the whole group: `aws ec2 describe-security-groups`",
            );
            group.gaps.push(Gap { place: group.place, what, direction: Some(direction) });
        }
    }
    group
}

fn empty<'j>(place: TextRange) -> Group<'j> {
    Group {
        id: None,
        name: None,
        place,
        permissions: Vec::new(),
        gaps: Vec::new(),
        inbound: None,
        outbound: None,
        flat: None,
        style: Style::default(),
    }
}

pub fn way(direction: Direction) -> &'static str {
    if direction == Direction::Inbound { "inbound" } else { "outbound" }
}

fn permissions<'j>(
    reader: &mut Reader<'j>,
    group: &mut Group<'j>,
    member: &Member<'j>,
    direction: Direction,
) {
    let list = member.value;
    let slot = if direction == Direction::Inbound { &mut group.inbound } else { &mut group.outbound };
    if slot.is_some() {
        return twice(reader, member, &mut group.gaps, Some(direction));
    }
    *slot = Some(list);
    for element in items(list) {
        if element.kind() == Kind::Object {
            group.permissions.extend(permission(reader, element, list, direction));
        } else {
            unreadable(reader, element, &mut group.gaps, Some(direction));
        }
    }
    if !matches!(list.kind(), Kind::Array | Kind::Object | Kind::Null) {
        unreadable(reader, list, &mut group.gaps, Some(direction));
    }
}

/// The items of a list; PowerShell writes a list of one as the one.
fn items<'j>(list: Value<'j>) -> impl Iterator<Item = Value<'j>> {
    list.elements().chain((list.kind() == Kind::Object).then_some(list))
}

/// A list that is there a second time: which of the two holds is not known.
pub fn twice<'j>(
    reader: &mut Reader<'j>,
    member: &Member<'j>,
    gaps: &mut Vec<Gap>,
    direction: Option<Direction>,
) {
    reader.problem(
        whole(member),
        format!("`{}` is there twice", diagnostics::printable(&member.name)),
        "keep one of the two",
    );
    reader.reading.coverage.push(whole(member), Status::NotUnderstood, "a list of rules for the second time");
    gaps.push(Gap { place: whole(member), what: "the rules of a second list".to_owned(), direction });
}

pub fn unreadable<'j>(
    reader: &mut Reader<'j>,
    value: Value<'j>,
    gaps: &mut Vec<Gap>,
    direction: Option<Direction>,
) {
    reader.problem(
        value.place(),
        "a rule is an object, and this is none".to_owned(),
        "export again with `aws ec2 describe-security-groups` or `describe-network-acls`, as JSON",
    );
    reader.reading.coverage.push(value.place(), Status::NotUnderstood, "no rule that can be read");
    if gaps.len() < GAP_LIMIT {
        gaps.push(Gap { place: value.place(), what: "a rule that cannot be read".to_owned(), direction });
    }
}

/// More gaps than this say no more: each is any number of rules.
const GAP_LIMIT: usize = 100;

fn permission<'j>(
    reader: &mut Reader<'j>,
    object: Value<'j>,
    holder: Value<'j>,
    direction: Direction,
) -> Option<Permission<'j>> {
    let (mut protocol, mut from, mut to, mut strange) = (None, None, None, None);
    let mut lists: Vec<(TargetKind, Member<'j>)> = Vec::new();
    for member in object.members().filter(|member| !member.value.is_empty()) {
        let mut buffer = [0; LONGEST];
        match folded(&member.name, &mut buffer) {
            "ipprotocol" => set(&mut protocol, &member, &mut strange),
            "fromport" => set(&mut from, &member, &mut strange),
            "toport" => set(&mut to, &member, &mut strange),
            "ipranges" | "ipv4ranges" => lists.push((TargetKind::V4, member)),
            "ipv6ranges" => lists.push((TargetKind::V6, member)),
            "prefixlistids" => lists.push((TargetKind::PrefixList, member)),
            "useridgrouppairs" => lists.push((TargetKind::Group, member)),
            _ => {
                strange.get_or_insert_with(|| not_known(&member));
            }
        }
    }
    let mut permission = Permission {
        object,
        holder,
        direction: Some(direction),
        traffic: Traffic::of_permission(protocol, from, to),
        targets: Vec::new(),
        strange,
        is_flat: false,
    };
    // The .NET SDK, and so PowerShell and AWS Config, give IPv4 ranges twice: as objects in `Ipv4Ranges`, and as the
    // older texts in `IpRanges`.
    let ranges = |is_text: bool| -> HashSet<String> {
        let of_v4 = lists.iter().filter(|(kind, _)| *kind == TargetKind::V4);
        let items = of_v4.flat_map(|(_, member)| items(member.value));
        items.filter_map(|item| text(if is_text { Some(item) } else { get(item, "cidrip") })).collect()
    };
    let (texts, objects) = (ranges(true), ranges(false));
    for (kind, member) in &lists {
        let list = member.value;
        for item in items(list) {
            reader.count(item)?;
            if *kind == TargetKind::V4 && text(Some(item)).is_some_and(|range| objects.contains(&range)) {
                reader.irrelevant(item.place(), "the same range again, as an older text");
                continue;
            }
            let mut target = target(*kind, item, Some(list));
            target.is_said_twice = *kind == TargetKind::V4
                && !texts.is_empty()
                && text(target.what).is_some_and(|range| texts.contains(&range) && objects.contains(&range));
            permission.targets.push(target);
        }
        if !matches!(list.kind(), Kind::Array | Kind::Object) {
            permission.strange.get_or_insert_with(|| Strange {
                place: whole(member),
                what: format!("has no list in `{}`", diagnostics::printable(&member.name)),
            });
        }
    }
    // Every permission of AWS has all four lists: where they are empty, and one was left out, that one names somebody.
    let is_whole = |name: &&str| get(object, name).is_some();
    let named = ["ipranges", "ipv6ranges", "prefixlistids", "useridgrouppairs"];
    let count = named.iter().filter(|name| is_whole(name)).count();
    if permission.targets.is_empty() && count < named.len() {
        permission.strange.get_or_insert_with(|| Strange {
            place: object.place(),
            what: "names nobody, and not all lists of whom it names are in the file".to_owned(),
        });
    }
    Some(permission)
}

/// An item of one of the lists of a permission.
fn target<'j>(kind: TargetKind, item: Value<'j>, list: Option<Value<'j>>) -> Target<'j> {
    let mut target = Target {
        kind,
        item,
        list,
        what: None,
        description: None,
        group_name: None,
        account: None,
        peering: None,
        strange: None,
        rule_id: None,
        is_said_twice: false,
    };
    if item.kind() == Kind::String && matches!(kind, TargetKind::V4 | TargetKind::V6 | TargetKind::PrefixList)
    {
        target.what = Some(item);
    }
    for member in item.members().filter(|member| !member.value.is_empty()) {
        let mut buffer = [0; LONGEST];
        let slot = match (kind, folded(&member.name, &mut buffer)) {
            (TargetKind::V4, "cidrip")
            | (TargetKind::V6, "cidripv6")
            | (TargetKind::PrefixList, "prefixlistid")
            | (TargetKind::Group, "groupid") => &mut target.what,
            (_, "description") => &mut target.description,
            (TargetKind::Group, "groupname") => &mut target.group_name,
            (TargetKind::Group, "userid") => &mut target.account,
            (TargetKind::Group, "peeringstatus") => &mut target.peering,
            (TargetKind::Group, "vpcid" | "vpcpeeringconnectionid") => continue,
            _ => {
                target.strange.get_or_insert_with(|| not_known(&member));
                continue;
            }
        };
        set(slot, &member, &mut target.strange);
    }
    target
}

/// A rule of `describe-security-group-rules`.
pub fn read_flat<'j>(reader: &mut Reader<'j>, object: Value<'j>, holder: Value<'j>) {
    if reader.count(object).is_none() {
        return;
    }
    let (mut protocol, mut from, mut to, mut strange) = (None, None, None, None);
    let (mut id, mut group, mut egress, mut description) = (None, None, None, None);
    let mut targets: Vec<(TargetKind, Value<'j>)> = Vec::new();
    for member in object.members().filter(|member| !member.value.is_empty()) {
        let mut buffer = [0; LONGEST];
        match folded(&member.name, &mut buffer) {
            "securitygroupruleid" => set(&mut id, &member, &mut strange),
            "groupid" => set(&mut group, &member, &mut strange),
            "isegress" => set(&mut egress, &member, &mut strange),
            "ipprotocol" => set(&mut protocol, &member, &mut strange),
            "fromport" => set(&mut from, &member, &mut strange),
            "toport" => set(&mut to, &member, &mut strange),
            "description" => set(&mut description, &member, &mut strange),
            "cidripv4" => targets.push((TargetKind::V4, member.value)),
            "cidripv6" => targets.push((TargetKind::V6, member.value)),
            "prefixlistid" => targets.push((TargetKind::PrefixList, member.value)),
            "referencedgroupinfo" => targets.push((TargetKind::Group, member.value)),
            "groupownerid" | "tags" | "securitygrouprulearn" => {}
            _ => {
                strange.get_or_insert_with(|| not_known(&member));
            }
        }
    }
    if targets.len() != 1 {
        strange.get_or_insert_with(|| Strange {
            place: object.place(),
            what: format!("names {} sources or destinations, where there is one", targets.len()),
        });
    }
    let rule_id = text(id);
    let targets = targets.into_iter().take(1).map(|(kind, value)| {
        let mut target = target(kind, value, None);
        target.description = target.description.or(description);
        target.rule_id.clone_from(&rule_id);
        target
    });
    let permission = Permission {
        object,
        holder,
        direction: egress
            .and_then(boolean)
            .map(|out| if out { Direction::Outbound } else { Direction::Inbound }),
        traffic: Traffic::of_permission(protocol, from, to),
        targets: targets.collect(),
        strange,
        is_flat: true,
    };
    reader.flat.push((text(group), permission));
}

/// What tells one rule of a group from another: AWS keeps no two alike.
type Key = (Direction, Traffic, TargetKind, String);

fn key(permission: &Permission<'_>, target: &Target<'_>) -> Option<Key> {
    let what = text(target.what)?;
    let what = any_network(&what).map_or(what, |(net, _)| net.trunc().to_string());
    Some((permission.direction?, permission.traffic.as_ref().ok().copied()?, target.kind, what))
}

/// Gives the flat rules to their groups. One that the group has already names the rule there.
pub fn place_flat(reader: &mut Reader<'_>) {
    let flat = std::mem::take(&mut reader.flat);
    if flat.is_empty() {
        return;
    }
    let mut by_id: HashMap<Option<String>, usize> = HashMap::new();
    let mut known: HashMap<(usize, Key), (usize, usize)> = HashMap::new();
    for (at, group) in reader.reading.groups.iter().enumerate() {
        if by_id.contains_key(&group.id) {
            continue;
        }
        by_id.insert(group.id.clone(), at);
        for (nth, permission) in group.permissions.iter().enumerate() {
            for (index, target) in permission.targets.iter().enumerate() {
                if let Some(key) = key(permission, target) {
                    known.entry((at, key)).or_insert((nth, index));
                }
            }
        }
    }
    for (id, permission) in flat {
        let at = match by_id.get(&id) {
            Some(at) => *at,
            None => {
                if !reader.has_room(permission.object) {
                    return;
                }
                let at = reader.reading.groups.len();
                let mut group = empty(permission.object.place());
                group.id.clone_from(&id);
                group.flat = Some(permission.holder).filter(|holder| holder.kind() == Kind::Array);
                group.style =
                    permission.object.members().next().map_or(Style::Pascal, |first| Style::of(&first.name));
                if let Some(place) = reader.flat_goes_on {
                    let what = "the rules that another answer has".to_owned();
                    group.gaps.push(Gap { place, what, direction: None });
                }
                by_id.insert(id, at);
                reader.reading.groups.push(group);
                at
            }
        };
        let same = permission.targets.first().filter(|_| permission.strange.is_none());
        let same = same.and_then(|target| known.get(&(at, key(&permission, target)?)).copied());
        let Some(group) = reader.reading.groups.get_mut(at) else { continue };
        match same {
            Some((nth, index)) => {
                reader.reading.coverage.push(permission.object.place(), Status::Understood, "");
                let target = group.permissions.get_mut(nth).and_then(|it| it.targets.get_mut(index));
                if let (Some(target), Some(flat)) = (target, permission.targets.into_iter().next()) {
                    target.rule_id = flat.rule_id;
                    target.is_said_twice = true;
                }
            }
            None => group.permissions.push(permission),
        }
    }
}
