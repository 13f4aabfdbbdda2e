use std::collections::BTreeMap;

use diagnostics::{Edit, TextRange, printable};
use ipnet::IpNet;
use space::RuleId;

use super::commands::{AclCommands, Step};
use super::edit::{no_such_rule, twice};
use super::model::{Acl, Entry};
use super::network_acl::{Item, ItemKind, Number, order};
use super::numbers::{NUMBERS, assign};
use super::splice::Splicer;
use super::write::{self, Far, Place, Spec};
use crate::json::{Kind, Value};
use crate::json_out::Out;
use crate::{Change, Direction, Edited, NewRule, Refusal};

/// "Amazon VPC quotas", section "Network ACLs": rules of one family and direction, the last one, `*`, among them; 20
/// unless raised, and at most 40.
const ENTRY_LIMIT: usize = 40;

/// One direction of a network ACL, and what becomes of its entries.
pub struct Plan<'p, 'j> {
    acl: &'p Acl<'j>,
    direction: Direction,
    items: &'p [Item<'p, 'j>],
    /// The entries whose place is known, in the order in which AWS asks them, without the last ones.
    own: Vec<Own<'p, 'j>>,
    /// The position in `own` of an item.
    positions: BTreeMap<usize, usize>,
}

struct Own<'p, 'j> {
    entry: &'p Entry<'j>,
    number: i64,
}

/// What becomes of an entry.
enum Fate {
    Stays,
    Goes,
    Becomes(Vec<Wanted>),
}

/// An entry that is to be written.
struct Wanted {
    spec: Spec,
    permit: bool,
}

/// Where an entry stands in the new order.
enum Slot {
    Stays(usize),
    /// The entry is given other properties.
    Becomes(usize, Wanted),
    New(Wanted),
}

impl<'p, 'j> Plan<'p, 'j> {
    pub fn new(acl: &'p Acl<'j>, direction: Direction, items: &'p [Item<'p, 'j>]) -> Result<Self, Refusal> {
        let mut own: Vec<Own<'p, 'j>> = Vec::new();
        let mut positions = BTreeMap::new();
        for at in order(items) {
            let Some(item) = items.get(at) else { continue };
            if let (ItemKind::Entry(entry), Number::Known(number)) = (item.kind, item.number)
                && !item.is_default()
            {
                if own.last().is_some_and(|last| last.number == number) {
                    return Err(Refusal::new(
                        format!(
                            "two rules have the number {number}, and which of them comes first is not known"
                        ),
                        "give each rule a number of its own first",
                    ));
                }
                positions.insert(at, own.len());
                own.push(Own { entry, number });
            }
        }
        Ok(Plan { acl, direction, items, own, positions })
    }

    pub fn carry_out(self, text: &str, changes: &[Change]) -> Result<Edited, Refusal> {
        let count = self.own.len();
        let mut fates: Vec<Fate> = (0..count).map(|_| Fate::Stays).collect();
        let mut before: Vec<Vec<Wanted>> = (0..=count).map(|_| Vec::new()).collect();
        for change in changes {
            match change {
                Change::Insert { before: place, rule } => {
                    let at = match place {
                        Some(id) => self.position(*id)?.unwrap_or(count),
                        None => count,
                    };
                    let wanted = self.wanted(rule)?;
                    before.get_mut(at).ok_or_else(no_such_rule)?.extend(wanted);
                }
                Change::Remove { rule } => self.once(&mut fates, *rule, Fate::Goes)?,
                Change::Replace { rule, with } => {
                    let mut wanted = Vec::new();
                    for rule in with {
                        wanted.extend(self.wanted(rule)?);
                    }
                    let fate = if wanted.is_empty() { Fate::Goes } else { Fate::Becomes(wanted) };
                    self.once(&mut fates, *rule, fate)?;
                }
            }
        }
        let mut slots: Vec<Slot> = Vec::new();
        let mut gone: Vec<usize> = Vec::new();
        let mut before = before.into_iter();
        for (at, fate) in fates.into_iter().enumerate() {
            slots.extend(before.next().into_iter().flatten().map(Slot::New));
            match fate {
                Fate::Stays => slots.push(Slot::Stays(at)),
                Fate::Goes => gone.push(at),
                Fate::Becomes(wanted) => {
                    let mut wanted = wanted.into_iter();
                    slots.extend(wanted.next().map(|first| Slot::Becomes(at, first)));
                    slots.extend(wanted.map(Slot::New));
                }
            }
        }
        slots.extend(before.flatten().map(Slot::New));
        self.limit(&slots)?;
        let numbers = self.numbers(&slots)?;
        let edits = self.edits(text, &slots, &numbers, &gone)?;
        let (commands, rollback) = self.commands(&slots, &numbers, &gone);
        Ok(Edited { edits, commands, rollback })
    }

    /// The position of an entry among those that can be changed; `None` for one that ends the list.
    fn position(&self, id: RuleId) -> Result<Option<usize>, Refusal> {
        let at = usize::try_from(id.0).map_err(|_| no_such_rule())?;
        let item = self.items.get(at).ok_or_else(no_such_rule)?;
        match self.positions.get(&at) {
            Some(position) => Ok(Some(*position)),
            None if item.is_default() => Ok(None),
            None => Err(Refusal::new(
                format!("where `{}` stands among the rules is not known", printable(&item.name)),
                "export the network ACL again: `aws ec2 describe-network-acls`",
            )),
        }
    }

    fn once(&self, fates: &mut [Fate], id: RuleId, fate: Fate) -> Result<(), Refusal> {
        let at = usize::try_from(id.0).unwrap_or(usize::MAX);
        let name = self.items.get(at).map(|item| item.name.as_str()).unwrap_or_default();
        let Some(position) = self.position(id)? else {
            return Err(Refusal::new(
                format!("`{}` ends the list, and AWS neither removes nor changes it", printable(name)),
                "put a rule before it: any number from 1 to 32766 is asked first",
            ));
        };
        let slot = fates.get_mut(position).ok_or_else(no_such_rule)?;
        if !matches!(slot, Fate::Stays) {
            return Err(twice(name));
        }
        *slot = fate;
        Ok(())
    }

    /// The entries to be written for a rule that is wanted. They all do the same, so that their order does not matter.
    fn wanted(&self, rule: &NewRule) -> Result<Vec<Wanted>, Refusal> {
        let specs = write::specs(&rule.name, &rule.region, self.direction, Place::NetworkAcl)?;
        Ok(specs.into_iter().map(|spec| Wanted { spec, permit: rule.permit }).collect())
    }

    fn limit(&self, slots: &[Slot]) -> Result<(), Refusal> {
        let (mut v4, mut v6, mut new) = (0, 0, false);
        let mut count = |is_v6: bool| *(if is_v6 { &mut v6 } else { &mut v4 }) += 1;
        for slot in slots {
            match slot {
                Slot::Stays(at) => count(self.own.get(*at).is_some_and(|own| own.entry.v6.is_some())),
                Slot::Becomes(_, wanted) | Slot::New(wanted) => {
                    new |= matches!(slot, Slot::New(_));
                    count(matches!(wanted.spec.far, Far::Net(IpNet::V6(_))));
                }
            }
        }
        // With the rule that ends the list.
        let most = v4.max(v6) + 1;
        if new && most > ENTRY_LIMIT {
            return Err(Refusal::new(
                format!(
                    "{most} rules are needed one way, and a network ACL has at most {ENTRY_LIMIT} of a family (20, where the quota was not raised)"
                ),
                "use larger prefixes, or write the rules into security groups",
            ));
        }
        Ok(())
    }

    /// A number for each slot.
    fn numbers(&self, slots: &[Slot]) -> Result<Vec<i64>, Refusal> {
        let now: Vec<Option<i64>> = slots
            .iter()
            .map(|slot| match slot {
                Slot::Stays(at) | Slot::Becomes(at, _) => self.own.get(*at).map(|own| own.number),
                Slot::New(_) => None,
            })
            .collect();
        if now.iter().all(Option::is_some) {
            return Ok(now.into_iter().flatten().collect());
        }
        if let Some(item) = self.items.iter().find(|item| item.number == Number::Unknown) {
            return Err(Refusal::new(
                format!("a new rule could get the number of `{}`, which is not known", printable(&item.name)),
                "export the network ACL again: `aws ec2 describe-network-acls`",
            ));
        }
        assign(&now).ok_or_else(|| {
            Refusal::new(
                format!("no number from {} to {} is left for the new rule", NUMBERS.start(), NUMBERS.end()),
                "remove rules that decide nothing first",
            )
        })
    }

    fn edits(
        &self,
        text: &str,
        slots: &[Slot],
        numbers: &[i64],
        gone: &[usize],
    ) -> Result<Vec<Edit>, Refusal> {
        let mut splicer = Splicer::new(text);
        let style = self.acl.style;
        let written = |wanted: &Wanted, number| {
            write::entry(&wanted.spec, wanted.permit, number, self.direction, style)
        };
        let mut new: Vec<Out> = Vec::new();
        for (slot, number) in slots.iter().zip(numbers) {
            match slot {
                Slot::Stays(at) => {
                    let own = self.own.get(*at).ok_or_else(no_such_rule)?;
                    if let Some(value) = own.entry.number.filter(|_| own.number != *number) {
                        let quoted = value.kind() == Kind::String;
                        let text = if quoted { format!("\"{number}\"") } else { number.to_string() };
                        splicer.replace(value.place(), text);
                    }
                }
                Slot::Becomes(at, wanted) => {
                    let own = self.own.get(*at).ok_or_else(no_such_rule)?;
                    splicer.rewrite(own.entry.object, &written(wanted, *number));
                }
                Slot::New(wanted) => new.push(written(wanted, *number)),
            }
        }
        let mut lists: BTreeMap<TextRange, (Value<'j>, Vec<TextRange>, Vec<Out>)> = BTreeMap::new();
        for own in gone.iter().filter_map(|at| self.own.get(*at)) {
            let list = own.entry.holder;
            let slot = lists.entry(list.place()).or_insert_with(|| (list, Vec::new(), Vec::new()));
            slot.1.push(own.entry.object.place());
        }
        if !new.is_empty() {
            let list = self.acl.list.ok_or_else(|| {
                Refusal::new(
                    format!("`{}` has no list of entries to write to", printable(&self.acl.shown())),
                    "export the whole network ACL: `aws ec2 describe-network-acls`",
                )
            })?;
            lists.entry(list.place()).or_insert_with(|| (list, Vec::new(), Vec::new())).2.extend(new);
        }
        for (list, gone, new) in lists.into_values() {
            splicer.change_list(list, &gone, &new);
        }
        Ok(splicer.finish())
    }

    /// What makes the change on the running network ACL, and what takes it back. An entry cannot be renumbered: it is
    /// made again, and the old one goes.
    fn commands(&self, slots: &[Slot], numbers: &[i64], gone: &[usize]) -> (Vec<String>, Vec<String>) {
        let commands = AclCommands::new(self.acl.id.as_deref(), self.direction);
        let removals: Vec<Step> = gone
            .iter()
            .filter_map(|at| self.own.get(*at))
            .map(|own| (commands.delete(own.number), commands.create_again(own.entry, own.number)))
            .collect();
        let mut steps: Vec<Step> = Vec::new();
        // A number is free again only when its rule is gone; where none is needed, what goes goes last.
        let is_free =
            |number: &i64| !gone.iter().filter_map(|at| self.own.get(*at)).any(|own| own.number == *number);
        let first = !numbers.iter().all(is_free);
        if first {
            steps.extend(removals.iter().cloned());
        }
        let (mut up, mut down, mut others): (Vec<[Step; 2]>, Vec<[Step; 2]>, Vec<Step>) = Default::default();
        for (slot, number) in slots.iter().zip(numbers) {
            let (at, wanted) = match slot {
                Slot::Stays(at) => (*at, None),
                Slot::Becomes(at, wanted) => (*at, Some(wanted)),
                Slot::New(wanted) => {
                    let create = commands.create(&wanted.spec, wanted.permit, *number);
                    others.push((create, commands.delete(*number)));
                    continue;
                }
            };
            let Some(Own { entry, number: old }) = self.own.get(at) else { continue };
            if number == old {
                if let Some(wanted) = wanted {
                    let replace = commands.replace(&wanted.spec, wanted.permit, *number);
                    others.push((replace, commands.replace_back(entry, *number)));
                }
                continue;
            }
            let create = match wanted {
                Some(wanted) => commands.create(&wanted.spec, wanted.permit, *number),
                None => commands.create_again(entry, *number),
            };
            let step = [
                (create, commands.delete(*number)),
                (commands.delete(*old), commands.create_again(entry, *old)),
            ];
            if number > old { up.push(step) } else { down.push(step) }
        }
        // Those that move up from the highest down, then those that move down from the lowest up: no number is ever
        // taken twice, and the order never changes.
        up.reverse();
        steps.extend(up.into_iter().chain(down).flatten());
        steps.extend(others);
        if !first {
            steps.extend(removals);
        }
        let (forward, mut back): (Vec<String>, Vec<String>) = steps.into_iter().unzip();
        back.reverse();
        (forward, back)
    }
}
