use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use space::{AddressSet, IntervalSet, Set, SymbolKind};

use crate::ImportError;
use crate::feed::object::{Members, Notes};
use crate::feed::values;
use crate::feed::{Feed, FeedEntry, FeedKind};
use crate::json::{Kind, Value};

/// The weekly file of Azure's service tags, `ServiceTags_Public_….json`; one for each cloud.
///
/// Learn, "Virtual network service tags": a tag is spelt as its `name`. Tags without a list (`Internet`,
/// `VirtualNetwork`, `AzureLoadBalancer`) are not in it.
pub struct AzureServiceTags;

const FILE_KEYS: &[&str] = &["changeNumber", "cloud", "values"];
const TAG_KEYS: &[&str] = &["name", "id", "properties"];
const PROPERTY_KEYS: &[&str] = &[
    "changeNumber",
    "region",
    "regionId",
    "platform",
    "systemService",
    "addressPrefixes",
    "networkFeatures",
];

impl FeedKind for AzureServiceTags {
    fn name(&self) -> &'static str {
        "azure-service-tags"
    }

    fn title(&self) -> &'static str {
        "Azure service tags"
    }

    fn origin(&self) -> &'static str {
        "\"Azure IP Ranges and Service Tags\" in the Microsoft Download Center"
    }

    fn detect(&self, root: Value<'_>) -> bool {
        let is_list = root.get("values").is_some_and(|values| values.kind() == Kind::Array);
        is_list && (root.get("changeNumber").is_some() || root.get("cloud").is_some())
    }

    fn read(&self, root: Value<'_>) -> Result<Feed, ImportError> {
        let mut notes = Notes::default();
        let file = Members::read(root, "the list of tags", FILE_KEYS, &mut notes)?;
        let mut entries = Vec::new();
        let mut said: BTreeMap<Arc<str>, Option<AddressSet>> = BTreeMap::new();
        for tag in file.list("values")?.unwrap_or_default() {
            let (name, entry) = entry(tag, &mut notes)?;
            match said.get_mut(&name) {
                None => {
                    said.insert(name, entry.addresses.clone());
                }
                Some(before) => {
                    let message = format!("a second tag is called `{}`", diagnostics::printable(&name));
                    notes.add(entry.place, message, "the addresses of both count: download the file again");
                    let both = before.take().zip(entry.addresses.clone());
                    *before = both.map(|(one, other)| one.union(&other));
                }
            }
            entries.push(entry);
        }
        if entries.is_empty() {
            let help = format!("download the file again: {}", self.origin());
            return Err(ImportError::new(root.place(), "the file holds no tag", help));
        }
        entries.sort_by(|one, other| one.id.cmp(&other.id));
        let known = said.into_iter().filter_map(|(name, addresses)| Some((name, addresses?)));
        Ok(Feed {
            kind: self.name(),
            version: file.text("changeNumber"),
            names: BTreeMap::new(),
            unknown_names: BTreeSet::new(),
            groups: known.map(|(name, addresses)| ((SymbolKind::ServiceTag, name), addresses)).collect(),
            entries,
            problems: notes.finish(),
        })
    }
}

fn entry(tag: Value<'_>, notes: &mut Notes) -> Result<(Arc<str>, FeedEntry), ImportError> {
    let members = Members::read(tag, "a tag", TAG_KEYS, notes)?;
    let name: Arc<str> = members.needed("name", "this tag")?.into();
    let mut entry = FeedEntry {
        id: members.text("id").unwrap_or_else(|| name.to_string()),
        title: String::new(),
        names: Vec::new(),
        addresses: None,
        tcp: IntervalSet::empty(),
        udp: IntervalSet::empty(),
        category: None,
        required: None,
        place: members.place(),
    };
    let mut list = None;
    if let Some(properties) = members.get("properties") {
        let properties = Members::read(properties, "the properties of a tag", PROPERTY_KEYS, notes)?;
        entry.title = properties.text("systemService").unwrap_or_default();
        list = properties.list("addressPrefixes")?;
    }
    let list = list.unwrap_or_default();
    if list.is_empty() {
        let message = format!("the tag `{}` lists no address prefix", diagnostics::printable(&name));
        notes.add(entry.place, message, "its addresses count as unknown");
    }
    entry.addresses = values::prefixes(&list, notes);
    Ok((name, entry))
}
