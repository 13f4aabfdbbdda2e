/// A FortiOS version: major, minor, patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(pub u16, pub u16, pub u16);

impl Version {
    /// The first with IPv4 and IPv6 in one policy list (FortiOS 6.4 release notes).
    pub const MERGED: Version = Version(6, 4, 0);
    /// The first in which deny policies catch what a virtual IP translated unless they say otherwise (FortiOS 7.2.4
    /// release notes, "changes in default behavior").
    pub const DENIES_VIRTUAL_IPS: Version = Version(7, 2, 4);

    /// The releases between which `srcaddr6-negate` and `dstaddr6-negate` came.
    pub const MAY_NEGATE_APART: Version = Version(7, 2, 0);
    pub const NEGATES_APART: Version = Version(7, 4, 0);

    /// What the first line of a backup says: `#config-version=FGT60F-7.0.10-FW-build0450-...`.
    pub fn of(text: &str) -> Option<Version> {
        const LOOKED_AT: usize = 200;
        let header = text.lines().take(LOOKED_AT).find_map(|line| {
            let line = line.trim_start_matches('\u{feff}').trim_ascii();
            line.strip_prefix("#config-version=")
        })?;
        header.split([':', '-']).take(8).find_map(|part| {
            let mut numbers = part.split('.');
            let version = Version(
                numbers.next()?.parse().ok()?,
                numbers.next()?.parse().ok()?,
                numbers.next().map_or(Some(0), |patch| patch.parse().ok())?,
            );
            numbers.next().is_none().then_some(version)
        })
    }
}
