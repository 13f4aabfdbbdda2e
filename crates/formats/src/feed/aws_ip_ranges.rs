use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use diagnostics::TextRange;
use space::{AddressSet, IntervalSet, Set, SymbolKind};

use crate::ImportError;
use crate::feed::object::{Members, Notes};
use crate::feed::values;
use crate::feed::{Feed, FeedEntry, FeedKind};
use crate::json::{Kind, Value};

/// The address ranges of AWS, `ip-ranges.json`.
///
/// VPC user guide, "AWS IP address ranges": a prefix stands once for each service that uses it, and `AMAZON` holds
/// them all. A group is called by its service, `S3`, and by service and region, `S3.eu-west-1`.
pub struct AwsIpRanges;

const FILE_KEYS: &[&str] = &["syncToken", "createDate", "prefixes", "ipv6_prefixes"];
const LISTS: [(&str, &str); 2] = [("prefixes", "ip_prefix"), ("ipv6_prefixes", "ipv6_prefix")];

/// What is said of one service in one region: the first place, and every prefix.
type Said = BTreeMap<(String, String), (TextRange, Vec<Option<AddressSet>>)>;

impl FeedKind for AwsIpRanges {
    fn name(&self) -> &'static str {
        "aws-ip-ranges"
    }

    fn title(&self) -> &'static str {
        "AWS IP address ranges"
    }

    fn origin(&self) -> &'static str {
        "https://ip-ranges.amazonaws.com/ip-ranges.json"
    }

    /// By the keys of a prefix: other clouds publish lists with a `syncToken` and `prefixes` as well.
    fn detect(&self, root: Value<'_>) -> bool {
        LISTS.iter().any(|(list, key)| {
            let first = root.get(list).and_then(|list| list.elements().next());
            first.is_some_and(|prefix| prefix.get(key).is_some())
        })
    }

    fn read(&self, root: Value<'_>) -> Result<Feed, ImportError> {
        let mut notes = Notes::default();
        let file = Members::read(root, "the list of ranges", FILE_KEYS, &mut notes)?;
        let mut said = Said::new();
        for (list, key) in LISTS {
            for prefix in file.list(list)?.unwrap_or_default() {
                add(prefix, key, &mut said, &mut notes)?;
            }
        }
        let mut entries = Vec::new();
        let mut groups: BTreeMap<String, Vec<Option<&AddressSet>>> = BTreeMap::new();
        for ((service, region), (place, sets)) in &said {
            let sets = || sets.iter().map(Option::as_ref);
            let id = format!("{service}.{region}");
            groups.entry(service.clone()).or_default().extend(sets());
            groups.entry(id.clone()).or_default().extend(sets());
            entries.push(FeedEntry {
                id,
                title: service.clone(),
                names: Vec::new(),
                addresses: joined(sets()),
                tcp: IntervalSet::empty(),
                udp: IntervalSet::empty(),
                category: None,
                required: None,
                place: *place,
            });
        }
        entries.sort_by(|one, other| one.id.cmp(&other.id));
        let known = groups.into_iter().filter_map(|(name, sets)| Some((name, joined(sets)?)));
        let groups = known.map(|(name, set)| ((SymbolKind::AddressGroup, Arc::from(name)), set)).collect();
        Ok(Feed {
            kind: self.name(),
            version: file.text("syncToken").or(file.text("createDate")),
            names: BTreeMap::new(),
            unknown_names: BTreeSet::new(),
            groups,
            entries,
            problems: notes.finish(),
        })
    }
}

fn add(prefix: Value<'_>, key: &'static str, said: &mut Said, notes: &mut Notes) -> Result<(), ImportError> {
    let keys = [key, "region", "service", "network_border_group"];
    let members = Members::read(prefix, "a prefix", &keys, notes)?;
    // Without its service or region a prefix could belong to any group: then none of them is whole.
    let group = (members.needed("service", "this prefix")?, members.needed("region", "this prefix")?);
    let value = members.get(key).filter(|value| value.kind() == Kind::String);
    let set = match value {
        Some(value) => values::prefix(value, notes),
        None => {
            notes.add(members.place(), format!("this prefix has no `{key}`"), "its groups count as unknown");
            None
        }
    };
    said.entry(group).or_insert((members.place(), Vec::new())).1.push(set);
    Ok(())
}

/// The union, unless one of the sets is not known.
fn joined<'a>(sets: impl IntoIterator<Item = Option<&'a AddressSet>>) -> Option<AddressSet> {
    sets.into_iter().collect::<Option<Vec<_>>>().map(AddressSet::union_of)
}
