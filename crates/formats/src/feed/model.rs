use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use diagnostics::TextRange;
use space::{AddressSet, IntervalSet, SymbolKind};

use crate::Problem;

/// What a feed file says.
///
/// Every set of addresses in it is an upper bound that the vendor vouches for: a host has addresses of its set, not
/// necessarily all of them, and no others. To let a host through, let all of its set through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// The name of its kind: `m365-endpoints`.
    pub kind: &'static str,
    /// What the vendor calls this state of the list; `None` where the file does not say.
    pub version: Option<String>,
    /// Names and wildcards as the vendor writes them, in lower case, and the addresses that their hosts have. Ask
    /// [`addresses_of`](Feed::addresses_of), which knows about wildcards.
    pub names: BTreeMap<Arc<str>, AddressSet>,
    /// Names that the vendor lists and whose addresses it does not tell; none of them is in `names`.
    pub unknown_names: BTreeSet<Arc<str>>,
    /// Tags and other named groups, as the vendor spells them, and their addresses.
    pub groups: BTreeMap<(SymbolKind, Arc<str>), AddressSet>,
    /// What the file lists, in the order of ids.
    pub entries: Vec<FeedEntry>,
    /// What is odd in the file, in its order: keys that are not known, wrong values, ids that stand twice.
    pub problems: Vec<Problem>,
}

/// One entry of the list: an endpoint set, a tag, a service in a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedEntry {
    pub id: String,
    /// The service it belongs to, as the vendor calls it; empty where it says nothing.
    pub title: String,
    pub names: Vec<Arc<str>>,
    /// `None` where the file does not say, or not in a way that can be understood.
    pub addresses: Option<AddressSet>,
    /// Empty where the file names no ports.
    pub tcp: IntervalSet<u16>,
    pub udp: IntervalSet<u16>,
    /// The vendor's own word: `Optimize`, `Default`.
    pub category: Option<String>,
    pub required: Option<bool>,
    /// Where it stands; of several places, the first.
    pub place: TextRange,
}
