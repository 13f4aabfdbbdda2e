use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use space::AddressSet;

use crate::ImportError;
use crate::feed::object::{Members, Notes};
use crate::feed::values;
use crate::feed::{Feed, FeedEntry, FeedKind};
use crate::json::{Kind, Value};

/// The answer of the Microsoft 365 endpoints web service.
///
/// Learn, "Office 365 IP Address and URL web service": a list of endpoint sets, of whose keys most are optional.
/// Ids are unique within one instance (worldwide, China, …) only, and the file does not say of which it is, nor its
/// version: that is what the service's `version` method answers.
pub struct M365Endpoints;

const KEYS: &[&str] = &[
    "id",
    "serviceArea",
    "serviceAreaDisplayName",
    "urls",
    "ips",
    "tcpPorts",
    "udpPorts",
    "category",
    "required",
    "expressRoute",
    "notes",
];

impl FeedKind for M365Endpoints {
    fn name(&self) -> &'static str {
        "m365-endpoints"
    }

    fn title(&self) -> &'static str {
        "Microsoft 365 endpoints"
    }

    fn origin(&self) -> &'static str {
        "https://endpoints.office.com/endpoints/worldwide?clientrequestid=GUID, with a GUID of your own"
    }

    fn detect(&self, root: Value<'_>) -> bool {
        let mut sets = root.elements().take(8);
        sets.any(|set| {
            let has = |key| set.get(key).is_some();
            has("serviceArea") || has("id") && (has("urls") || has("ips"))
        })
    }

    fn read(&self, root: Value<'_>) -> Result<Feed, ImportError> {
        let mut notes = Notes::default();
        let mut ids = BTreeSet::new();
        let mut entries = Vec::new();
        for set in root.elements() {
            let entry = entry(set, &mut notes)?;
            if !ids.insert(entry.id.clone()) {
                let message =
                    format!("a second endpoint set has the id `{}`", diagnostics::printable(&entry.id));
                let help = "both count; if the file was put together from two instances, pin a file for each";
                notes.add(entry.place, message, help);
            }
            entries.push(entry);
        }
        entries.sort_by_key(|entry| (entry.id.parse::<u64>().unwrap_or(u64::MAX), entry.id.clone()));
        let (names, unknown_names) = names(&entries);
        Ok(Feed {
            kind: self.name(),
            version: None,
            names,
            unknown_names,
            groups: BTreeMap::new(),
            entries,
            problems: notes.finish(),
        })
    }
}

fn entry(set: Value<'_>, notes: &mut Notes) -> Result<FeedEntry, ImportError> {
    let members = Members::read(set, "an endpoint set", KEYS, notes)?;
    let urls = members.list("urls")?.unwrap_or_default();
    let ips = members.list("ips")?.unwrap_or_default();
    let required = members.get("required").filter(|value| value.kind() == Kind::Bool);
    Ok(FeedEntry {
        id: members.needed("id", "this endpoint set")?,
        title: members.text("serviceAreaDisplayName").or(members.text("serviceArea")).unwrap_or_default(),
        names: values::names(&urls, notes),
        addresses: values::prefixes(&ips, notes),
        tcp: values::ports(members.get("tcpPorts"), notes),
        udp: values::ports(members.get("udpPorts"), notes),
        category: members.text("category"),
        required: required.map(|value| value.raw() == "true"),
        place: members.place(),
    })
}

/// The names whose addresses are known, and the others.
///
/// A set with addresses promises that the hosts of its names have no others. When a name stands in several sets:
///
/// - A host is one host, and what it resolves to does not depend on the port. A promise made of it in one set holds
///   in another that says nothing; two promises are joined, which is never too small.
/// - A wildcard may stand for other hosts in each set. A set without addresses then speaks of hosts of which nothing
///   is promised, and so nothing is known of the wildcard.
fn names(entries: &[FeedEntry]) -> (BTreeMap<Arc<str>, AddressSet>, BTreeSet<Arc<str>>) {
    let mut said: BTreeMap<Arc<str>, Vec<Option<&AddressSet>>> = BTreeMap::new();
    for entry in entries {
        for name in &entry.names {
            said.entry(name.clone()).or_default().push(entry.addresses.as_ref());
        }
    }
    let (mut known, mut unknown) = (BTreeMap::new(), BTreeSet::new());
    for (name, said) in said {
        let one_host = !name.contains('*');
        let promised: Vec<&AddressSet> = said.iter().flatten().copied().collect();
        if promised.len() == said.len() || one_host && !promised.is_empty() {
            known.insert(name, AddressSet::union_of(promised));
        } else {
            unknown.insert(name);
        }
    }
    (known, unknown)
}
