use diagnostics::printable;
use ipnet::IpNet;
use space::{AddressSet, IntervalSet, Set};

use super::keys::{LONGEST, folded, get};
use super::model::{PrefixList, Reading};
use super::values::{any_network, integer, text};
use crate::json::{Kind, Value};
use crate::{ObjectEntry, ObjectTable, Problem, Status};

/// How objects of this kind are called in the inventory.
pub const KIND: &str = "prefix list";

/// A prefix list of `describe-managed-prefix-lists` (its name), of `describe-prefix-lists` (with `Cidrs`), or of
/// `get-managed-prefix-list-entries` with the list's id written beside `Entries`.
pub fn read<'j>(reading: &mut Reading<'j>, object: Value<'j>) {
    let (mut id, mut name, mut owner, mut entries, mut size) = (None, None, None, None, None);
    let mut goes_on = false;
    let mut head = object.place();
    for member in object.members().filter(|member| !member.value.is_empty()) {
        match folded(&member.name, &mut [0; LONGEST]) {
            "prefixlistid" => {
                id = text(Some(member.value));
                head = member.value.place();
            }
            "prefixlistname" => name = text(Some(member.value)),
            "ownerid" => owner = text(Some(member.value)),
            "maxentries" => size = integer(member.value).and_then(|size| usize::try_from(size).ok()),
            "nexttoken" => goes_on = true,
            _ => {}
        }
    }
    for key in ["cidrs", "entries"] {
        entries = entries.or(get(object, key).filter(|list| matches!(list.kind(), Kind::Array | Kind::Null)));
    }
    let Some(id) = id else {
        reading.coverage.push(object.place(), Status::NotUnderstood, "a prefix list without an id");
        return;
    };
    let mut is_partly_unknown = goes_on;
    let addresses = entries.map(|entries| {
        let mut nets: Vec<IpNet> = Vec::new();
        for entry in entries.elements() {
            let cidr = if entry.kind() == Kind::Object { get(entry, "cidr") } else { Some(entry) };
            match text(cidr).as_deref().and_then(any_network) {
                Some((net, _)) => nets.push(net),
                None => {
                    is_partly_unknown = true;
                    if reading.problems.len() <= super::PROBLEM_LIMIT {
                        reading.problems.push(Problem {
                            place: entry.place(),
                            message: format!("an entry of `{}` is no prefix", printable(&id)),
                            help: "export the list again: `aws ec2 get-managed-prefix-list-entries`"
                                .to_owned(),
                        });
                    }
                }
            }
        }
        let v4 = nets.iter().filter_map(|net| match net {
            IpNet::V4(net) => Some((u32::from(net.network()), u32::from(net.broadcast()))),
            IpNet::V6(_) => None,
        });
        let v6 = nets.iter().filter_map(|net| match net {
            IpNet::V6(net) => Some((u128::from(net.network()), u128::from(net.broadcast()))),
            IpNet::V4(_) => None,
        });
        AddressSet { v4: IntervalSet::from_ranges(v4), v6: IntervalSet::from_ranges(v6) }
    });
    let (status, reason) = match &addresses {
        None => {
            (Status::Irrelevant, "names a prefix list; `get-managed-prefix-list-entries` has what is in it")
        }
        Some(_) if is_partly_unknown => (Status::Approximated, "not all of its entries are known"),
        Some(_) => (Status::Understood, ""),
    };
    reading.coverage.push(object.place(), status, reason);
    let is_of_aws = owner.as_deref() == Some("AWS")
        || name.as_deref().is_some_and(|name: &str| name.starts_with("com.amazonaws."));
    let list =
        PrefixList { name, place: object.place(), head, addresses, is_partly_unknown, is_of_aws, size };
    match reading.lists.get_mut(&id) {
        Some(known) => merge(known, list, &id, &mut reading.problems),
        None => {
            reading.lists.insert(id, list);
        }
    }
}

/// One list may be in several answers: its name in the one, its entries in the other.
fn merge(known: &mut PrefixList, other: PrefixList, id: &str, problems: &mut Vec<Problem>) {
    if known.name.is_none() {
        known.name = other.name;
    }
    known.size = known.size.or(other.size);
    known.is_of_aws |= other.is_of_aws;
    match (&mut known.addresses, other.addresses) {
        (Some(mine), Some(theirs)) => {
            if *mine != theirs && problems.len() <= super::PROBLEM_LIMIT {
                problems.push(Problem {
                    place: other.head,
                    message: format!("the file has two versions of `{}`, which differ", printable(id)),
                    help: "keep the newer one".to_owned(),
                });
            }
            if *mine != theirs {
                // What both have it surely has.
                *mine = mine.intersect(&theirs);
                known.is_partly_unknown = true;
            }
            known.is_partly_unknown |= other.is_partly_unknown;
        }
        (mine @ None, Some(theirs)) => {
            *mine = Some(theirs);
            known.is_partly_unknown = other.is_partly_unknown;
            (known.place, known.head) = (other.place, other.head);
        }
        (_, None) => {}
    }
}

/// The lists that an administrator keeps.
pub fn define(reading: &Reading<'_>, objects: &mut ObjectTable) {
    for (id, list) in reading.lists.iter().filter(|(_, list)| !list.is_of_aws) {
        let content = list.addresses.as_ref().filter(|_| !list.is_partly_unknown).map(|addresses| {
            let ranges: Vec<String> = addresses.prefixes().iter().map(ToString::to_string).collect();
            ranges.join(" ")
        });
        objects.define(ObjectEntry {
            kind: KIND,
            name: id.clone(),
            place: list.place,
            head: list.head,
            uses: 0,
            content,
        });
    }
}
