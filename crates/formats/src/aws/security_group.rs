use std::borrow::Cow;
use std::collections::HashMap;

use diagnostics::{TextRange, printable};
use space::{
    Action, AddressSet, Conditions, Region, Rule as SpaceRule, RuleId, RuleSet, Set, Side, Symbol, SymbolKind,
};

use super::group::way;
use super::model::{Gap, Group, Permission, PrefixList, Reading, Strange, Target, TargetKind};
use super::parse::make_unique;
use super::prefix_list;
use super::values::{Family, network, text};
use crate::{Coverage, Direction, ObjectTable, Problem, RuleEntry, RuleSetExport, StageEntry, Status};

/// A rule of one direction of a group, as it is listed: a permission for one source or destination.
pub struct Item<'g, 'j> {
    pub kind: ItemKind<'g, 'j>,
    /// Unique in the list.
    pub name: String,
    pub place: TextRange,
    pub head: TextRange,
}

#[derive(Clone, Copy)]
pub enum ItemKind<'g, 'j> {
    Rule { permission: &'g Permission<'j>, target: Option<&'g Target<'j>> },
    Gap(&'g Gap),
}

/// The names of groups by their ids.
pub type Names<'g> = HashMap<&'g str, &'g str>;

pub fn group_names<'g>(reading: &'g Reading<'_>) -> Names<'g> {
    reading.groups.iter().filter_map(|group| Some((group.id.as_deref()?, group.name.as_deref()?))).collect()
}

/// The rules of one direction, in the order of the file. The same call gives the same order: the index is the rule id.
pub fn items<'g, 'j>(group: &'g Group<'j>, direction: Direction, names: &Names<'_>) -> Vec<Item<'g, 'j>> {
    let mut items: Vec<Item<'g, 'j>> = Vec::new();
    let goes = |way: Option<Direction>| way.is_none_or(|way| way == direction);
    for permission in group.permissions.iter().filter(|permission| goes(permission.direction)) {
        let traffic = match &permission.traffic {
            Ok(traffic) => traffic.to_string(),
            Err(doubt) => {
                doubt.protocol.and_then(space::protocol::name).unwrap_or("unknown protocol").to_owned()
            }
        };
        let mut push = |target: Option<&'g Target<'j>>| {
            let whole = permission.is_flat || target.is_none();
            let place =
                target.filter(|_| !whole).map_or(permission.object.place(), |target| target.item.place());
            let head = target.and_then(|target| target.what).map_or(place, |what| what.place());
            let name = target.and_then(|target| target.rule_id.clone()).unwrap_or_else(|| {
                let far = target.map_or_else(|| "nobody".to_owned(), |target| shown(target, names));
                format!("{} {traffic} {far}", way(direction))
            });
            items.push(Item { kind: ItemKind::Rule { permission, target }, name, place, head });
        };
        for target in &permission.targets {
            push(Some(target));
        }
        if permission.targets.is_empty() && permission.strange.is_some() {
            push(None);
        }
    }
    for gap in group.gaps.iter().filter(|gap| goes(gap.direction)) {
        items.push(Item {
            kind: ItemKind::Gap(gap),
            name: gap.what.clone(),
            place: gap.place,
            head: gap.place,
        });
    }
    items.sort_by_key(|item| item.place.start);
    make_unique(items.iter_mut().map(|item| &mut item.name));
    items
}

/// The source or destination as an administrator would look for it.
fn shown(target: &Target<'_>, names: &Names<'_>) -> String {
    let what = text(target.what);
    if target.kind != TargetKind::Group {
        return what.unwrap_or_else(|| "unknown".to_owned());
    }
    let own = text(target.group_name);
    let name = what.as_deref().and_then(|id| names.get(id).copied()).or(own.as_deref());
    match (&what, name) {
        (Some(id), Some(name)) => format!("{id} ({name})"),
        _ => group_symbol(target).unwrap_or_else(|| "unknown".to_owned()),
    }
}

/// The name by which a referenced group is told from others: its id, which no other group of AWS has; else, as of the
/// group of a classic load balancer (`amazon-elb/amazon-elb-sg`), account and name.
pub fn group_symbol(target: &Target<'_>) -> Option<String> {
    text(target.what).or_else(|| {
        let name = text(target.group_name)?;
        Some(text(target.account).map_or(name.clone(), |account| format!("{account}/{name}")))
    })
}

pub struct Import<'i, 'j> {
    pub lists: &'i std::collections::BTreeMap<String, PrefixList>,
    pub names: &'i Names<'i>,
    pub coverage: &'i mut Coverage,
    pub problems: &'i mut Vec<Problem>,
    pub objects: &'i mut ObjectTable,
    pub group: &'i Group<'j>,
}

/// What a rule matches, and how well that is known.
struct Matched {
    regions: Vec<Region>,
    status: Status,
    reason: Cow<'static, str>,
}

impl Import<'_, '_> {
    pub fn rule_set(&mut self, name: &str, direction: Direction) -> RuleSetExport {
        if direction == Direction::Inbound {
            self.nobodys();
        }
        let items = items(self.group, direction, self.names);
        let mut entries = Vec::with_capacity(items.len());
        let mut rules = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            let id = RuleId(u32::try_from(at).unwrap_or(u32::MAX));
            let (entry, regions) = self.item(item, direction);
            entries.push(entry);
            if !regions.is_empty() {
                // Every rule permits, so that one that is not known can only permit more: its order does not matter
                // and it takes nothing from the others.
                rules.push(SpaceRule { id, matches: regions, action: Action::Permit });
            }
        }
        RuleSetExport {
            name: format!("{name}/{}", way(direction)),
            direction,
            stateful: true,
            rules: RuleSet::flat(rules, Action::Deny),
            entries,
            stages: vec![StageEntry { name: "implicit deny".to_owned(), place: None }],
        }
    }

    /// Permissions for nobody: AWS has none such, and they permit nothing.
    fn nobodys(&mut self) {
        for permission in &self.group.permissions {
            if permission.targets.is_empty() && permission.strange.is_none() {
                let reason = "names no prefix, list or group: it permits nothing";
                self.coverage.push(permission.object.place(), Status::Irrelevant, reason);
            }
        }
    }

    fn item(&mut self, item: &Item<'_, '_>, direction: Direction) -> (RuleEntry, Vec<Region>) {
        let mut entry = RuleEntry {
            name: item.name.clone(),
            place: item.place,
            head: item.head,
            list: self.group.shown(),
            comment: None,
            enabled: true,
            logs: false,
            implied: false,
            expires: None,
            inactive: None,
        };
        let (permission, target) = match item.kind {
            ItemKind::Gap(gap) => {
                let what = format!("{} of {}", gap.what, self.group.shown());
                return (entry, vec![unknown(Side::Packet, SymbolKind::Undefined, &what)]);
            }
            ItemKind::Rule { permission, target } => (permission, target),
        };
        entry.comment = target.and_then(|target| text(target.description));
        let known = permission.direction.is_some();
        // A rule whose direction is not known stands in both rule sets and is counted once.
        let counts = known || direction == Direction::Inbound;
        let mut problems = Vec::new();
        let mut matched = self.matched(item, permission, target, direction, &mut problems);
        if matched.regions.is_empty() {
            entry.inactive = Some("its prefix list is empty");
        }
        if !known {
            let what = format!("direction of {}", item.name);
            let condition = Conditions::holds(Symbol::new(Side::Packet, SymbolKind::Undefined, &what));
            restrict(&mut matched.regions, &condition);
            approximate(&mut matched, "whether the rule is inbound or outbound is not known");
            problems.push(Problem {
                place: permission.object.place(),
                message: format!(
                    "rule `{}` does not say whether it is inbound or outbound",
                    printable(&item.name)
                ),
                help: "write `\"IsEgress\": false` or `true`".to_owned(),
            });
        }
        if counts {
            self.coverage.push(item.place, matched.status, matched.reason);
            if self.problems.len() <= super::PROBLEM_LIMIT {
                self.problems.append(&mut problems);
            }
        }
        (entry, matched.regions)
    }

    fn matched(
        &mut self,
        item: &Item<'_, '_>,
        permission: &Permission<'_>,
        target: Option<&Target<'_>>,
        direction: Direction,
        problems: &mut Vec<Problem>,
    ) -> Matched {
        let strange = permission.strange.as_ref().or(target.and_then(|target| target.strange.as_ref()));
        let (Some(target), None) = (target, strange) else {
            return self.strange(item, strange, problems);
        };
        let mut matched = Matched { regions: Vec::new(), status: Status::Understood, reason: "".into() };
        let side = if direction == Direction::Inbound { Side::Source } else { Side::Destination };
        let far = self.far(item, target, side, &mut matched, problems);
        let service = match &permission.traffic {
            Ok(traffic) => traffic.region(),
            Err(doubt) => {
                let what = if doubt.protocol.is_some() { "ports" } else { "protocol" };
                let what = format!("{what} of {}", item.name);
                let all = doubt.protocol.map_or_else(Region::any, |number| Region::any().protocol(number));
                problems.push(Problem {
                    place: doubt.place.unwrap_or(permission.object.place()),
                    message: format!("rule `{}` {}", printable(&item.name), doubt.what),
                    help: "AWS would refuse it: export the group again".to_owned(),
                });
                approximate(&mut matched, "its protocol or ports cannot be read");
                all.when(Conditions::holds(Symbol::new(Side::Packet, SymbolKind::Undefined, &what)))
            }
        };
        for (addresses, conditions) in far {
            let Some(both) = service.conditions.and(&conditions) else { continue };
            let region = match side {
                Side::Source => service.clone().from(addresses),
                _ => service.clone().to(addresses),
            };
            matched.regions.push(region.when(both));
        }
        matched
    }

    /// A rule with something in it that is not known: what it permits may be anything.
    fn strange(
        &mut self,
        item: &Item<'_, '_>,
        strange: Option<&Strange>,
        problems: &mut Vec<Problem>,
    ) -> Matched {
        let place = strange.map_or(item.place, |strange| strange.place);
        let what = strange.map_or("names nobody", |strange| &strange.what);
        let message = format!("rule `{}` {what}", printable(&item.name));
        problems.push(Problem {
            place,
            message: message.clone(),
            help: "take it out, if it is a slip; otherwise decide by hand what this rule does".to_owned(),
        });
        let symbol = format!("what {} permits", item.name);
        let regions = vec![unknown(Side::Packet, SymbolKind::Match, &symbol)];
        Matched { regions, status: Status::NotUnderstood, reason: message.into() }
    }

    /// The addresses at the far side.
    fn far(
        &mut self,
        item: &Item<'_, '_>,
        target: &Target<'_>,
        side: Side,
        matched: &mut Matched,
        problems: &mut Vec<Problem>,
    ) -> Vec<(AddressSet, Conditions)> {
        let anywhere = |name: &str| {
            vec![(AddressSet::any(), Conditions::holds(Symbol::new(side, SymbolKind::AddressGroup, name)))]
        };
        let what = text(target.what);
        match (target.kind, what) {
            (TargetKind::V4 | TargetKind::V6, Some(what)) => {
                let family = if target.kind == TargetKind::V4 { Family::V4 } else { Family::V6 };
                if let Some((net, has_host_bits)) = network(&what, family) {
                    if has_host_bits {
                        problems.push(host_bits(&what, net, item.head));
                    }
                    return vec![(net.into(), Conditions::none())];
                }
                self.unreadable(item, &what, side, matched, problems)
            }
            (TargetKind::PrefixList, Some(id)) => {
                self.objects.refer(&[prefix_list::KIND], &id);
                match self.lists.get(&id) {
                    Some(PrefixList { addresses: Some(addresses), is_partly_unknown, .. }) => {
                        let mut out = Vec::new();
                        if !addresses.is_empty() {
                            out.push((addresses.clone(), Conditions::none()));
                        }
                        if *is_partly_unknown {
                            out.extend(anywhere(&id));
                        }
                        out
                    }
                    _ => anywhere(&id),
                }
            }
            (TargetKind::Group, _) if group_symbol(target).is_some() => {
                let symbol = group_symbol(target).unwrap_or_default();
                if let Some(state) =
                    text(target.peering).filter(|state| !state.eq_ignore_ascii_case("active"))
                {
                    problems.push(Problem {
                        place: item.head,
                        message: format!(
                            "the peering to `{}` is `{}`: the rule is stale",
                            printable(&symbol),
                            printable(&state)
                        ),
                        help: "remove it, or restore the peering: `aws ec2 describe-stale-security-groups`"
                            .to_owned(),
                    });
                }
                anywhere(&symbol)
            }
            _ => self.unreadable(item, "nothing", side, matched, problems),
        }
    }

    fn unreadable(
        &mut self,
        item: &Item<'_, '_>,
        what: &str,
        side: Side,
        matched: &mut Matched,
        problems: &mut Vec<Problem>,
    ) -> Vec<(AddressSet, Conditions)> {
        problems.push(Problem {
            place: item.head,
            message: format!(
                "rule `{}` is for `{}`, which is no prefix",
                printable(&item.name),
                printable(what)
            ),
            help: "write an address with its length: `192.0.2.7/32`, `2001:db8::/32`".to_owned(),
        });
        approximate(matched, "its addresses cannot be read");
        let symbol = Symbol::new(side, SymbolKind::Undefined, &format!("{what} of {}", item.name));
        vec![(AddressSet::any(), Conditions::holds(symbol))]
    }
}

/// AWS masks host bits away: EC2 API reference, `AuthorizeSecurityGroupIngress` and `CreateNetworkAclEntry`.
pub fn host_bits(written: &str, net: ipnet::IpNet, place: TextRange) -> Problem {
    Problem {
        place,
        message: format!("`{}` has host bits: AWS takes it as `{}`", printable(written), net.trunc()),
        help: format!("write `{}`, or `{}/{}` for the host", net.trunc(), net.addr(), net.max_prefix_len()),
    }
}

pub fn unknown(side: Side, kind: SymbolKind, name: &str) -> Region {
    Region::any().when(Conditions::holds(Symbol::new(side, kind, name)))
}

pub fn restrict(regions: &mut Vec<Region>, conditions: &Conditions) {
    regions.retain_mut(|region| match region.conditions.and(conditions) {
        Some(both) => {
            region.conditions = both;
            true
        }
        None => false,
    });
}

fn approximate(matched: &mut Matched, reason: &'static str) {
    if matched.status == Status::Understood {
        matched.status = Status::Approximated;
        matched.reason = Cow::Borrowed(reason);
    }
}
