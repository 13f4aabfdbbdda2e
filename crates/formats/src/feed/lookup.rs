use std::sync::Arc;

use space::AddressSet;

use crate::feed::Feed;
use crate::feed::pattern::{covers, normal, overlaps};

impl Feed {
    /// The addresses that the hosts of a name or wildcard have; `None` where the feed does not tell.
    ///
    /// What the vendor lists word for word is answered as listed. Of anything else, the narrowest patterns above it
    /// tell: `*.sharepoint.com` vouches for every host under it, so also for `contoso.sharepoint.com`. A pattern
    /// listed below another overrides it for its own hosts, because a vendor lists a host on its own when it lies
    /// elsewhere; listed without addresses, it makes them unknown, although the wildcard above has some. Where two
    /// patterns apply and neither is narrower, the host may be of either, and has the addresses of both.
    ///
    /// The hosts of a wildcard that is not listed are also those of every listed pattern that it overlaps.
    pub fn addresses_of(&self, name: &str) -> Option<AddressSet> {
        let asked = normal(name)?;
        if let Some(addresses) = self.names.get(asked.as_str()) {
            return Some(addresses.clone());
        }
        if self.unknown_names.contains(asked.as_str()) {
            return None;
        }
        let above: Vec<&str> = self.listed().filter(|pattern| covers(pattern, &asked)).collect();
        let has_narrower =
            |general: &str| above.iter().any(|specific| *specific != general && covers(general, specific));
        let mut telling: Vec<&str> = above.iter().copied().filter(|pattern| !has_narrower(pattern)).collect();
        if telling.is_empty() {
            return None;
        }
        if asked.contains('*') {
            telling.extend(
                self.listed().filter(|pattern| overlaps(pattern, &asked) && !covers(pattern, &asked)),
            );
        }
        let known: Option<Vec<&AddressSet>> =
            telling.iter().map(|pattern| self.names.get(*pattern)).collect();
        known.map(AddressSet::union_of)
    }

    /// Every name and wildcard of the feed.
    fn listed(&self) -> impl Iterator<Item = &str> {
        self.names.keys().chain(&self.unknown_names).map(|name: &Arc<str>| &**name)
    }
}
