use space::{Conditions, NameSet, Region, Set, Side, Symbol, SymbolKind};

use super::model::{Profile, Setting};
use super::words::ALL_PROFILES;
use crate::Direction;

pub const NAMES: [&str; 3] = ["Domain", "Private", "Public"];

fn symbol(name: &str) -> Symbol {
    Symbol::new(Side::Packet, SymbolKind::Match, &format!("profile {name}"))
}

/// The conditions under which one of the profiles in `bits` is the active one; together they are the whole of it.
///
/// A connection has exactly one profile ("Only one profile is applied at a time", `New-NetFirewallRule`). Two symbols
/// tell the three apart, so that rules for each of them together are surely a rule for any: what is neither Domain
/// nor Private is Public.
pub fn conditions(bits: u8) -> Vec<Conditions> {
    let domain = || Conditions::holds(symbol("Domain"));
    let not_domain = || Conditions::lacks(symbol("Domain"));
    let among_others = |condition: Conditions| not_domain().and(&condition).unwrap_or_default();
    let private = || among_others(Conditions::holds(symbol("Private")));
    let public = || among_others(Conditions::lacks(symbol("Private")));
    match bits & ALL_PROFILES {
        0 => vec![],
        1 => vec![domain()],
        2 => vec![private()],
        3 => vec![domain(), private()],
        4 => vec![public()],
        5 => vec![domain(), public()],
        6 => vec![not_domain()],
        _ => vec![Conditions::none()],
    }
}

/// The profiles of which conditions on the profile symbols speak, as bits; `None` where they do not tell profiles apart
/// the way [`conditions`] does.
pub fn bits(conditions: &Conditions) -> Option<u8> {
    match (conditions.get(&symbol("Domain")), conditions.get(&symbol("Private"))) {
        (None, None) => Some(ALL_PROFILES),
        (Some(true), None) => Some(1),
        (Some(false), Some(true)) => Some(2),
        (Some(false), Some(false)) => Some(4),
        (Some(false), None) => Some(6),
        (None | Some(true), Some(_)) => None,
    }
}

/// Whether a symbol is one of those that tell profiles apart.
pub fn is_profile(symbol: &Symbol) -> bool {
    symbol.kind == SymbolKind::Match && matches!(&*symbol.name, "profile Domain" | "profile Private")
}

/// What Windows does with what no rule matches, unless a profile says otherwise ("The default setting when managing a
/// computer is Block", for outbound "is Allow"; `Set-NetFirewallProfile`).
pub fn documented_default(direction: Direction) -> bool {
    direction == Direction::Outbound
}

impl Profile {
    fn default_setting(&self, direction: Direction) -> Setting {
        match direction {
            Direction::Outbound => self.outbound_permits,
            _ => self.inbound_permits,
        }
    }

    /// Whether what no rule matches is permitted; `None` where that is not known.
    pub fn default_permits(&self, direction: Direction) -> Option<bool> {
        match self.default_setting(direction) {
            Setting::Default => Some(documented_default(direction)),
            Setting::Known(permits) => Some(permits),
            Setting::Unknown => None,
        }
    }

    pub fn says_default(&self, direction: Direction) -> bool {
        matches!(self.default_setting(direction), Setting::Known(_))
    }
}

/// More interfaces than this a profile does not leave out.
const EXCLUDED_LIMIT: usize = 500;

/// What a profile does before any rule is asked.
pub struct Override {
    pub profile: usize,
    pub name: String,
    /// `None` where it is not known whether the packets are permitted.
    pub permits: Option<bool>,
    pub regions: Vec<Region>,
}

/// The ways in which profiles decide before their rules: switched off, closed to all rules, or not for an interface.
pub fn overrides(profiles: &[Profile; 3], direction: Direction) -> Vec<Override> {
    let mut out = Vec::new();
    for (at, profile) in profiles.iter().enumerate() {
        let name = NAMES.get(at).copied().unwrap_or_default();
        let when = || {
            let conditions = conditions(1 << at);
            conditions.into_iter().map(|conditions| Region::any().when(conditions)).collect::<Vec<_>>()
        };
        let mut push = |name: String, permits, regions| {
            out.push(Override { profile: at, name, permits, regions });
        };
        match profile.enabled {
            Setting::Known(false) => {
                push(format!("{name} profile: firewall off"), Some(true), when());
                continue;
            }
            Setting::Unknown => push(format!("{name} profile: firewall on or off"), None, when()),
            _ => {}
        }
        if !profile.excluded.is_empty() {
            let mut regions = when();
            let many = profile.excluded.len() > EXCLUDED_LIMIT;
            let names = profile.excluded.iter().map(|alias| NameSet::one(alias));
            let names = names.take(EXCLUDED_LIMIT).reduce(|all, one| all.union(&one));
            for region in &mut regions {
                let names = names.clone().unwrap_or_else(NameSet::any);
                match direction {
                    Direction::Outbound => region.out_interface = names,
                    _ => region.in_interface = names,
                }
            }
            // Of more than are told apart, any may be left out.
            let (permits, regions) = if many { (None, when()) } else { (Some(true), regions) };
            push(format!("{name} profile: interfaces left out"), permits, regions);
        }
        if direction == Direction::Inbound {
            match profile.inbound_rules {
                Setting::Known(false) => {
                    let permits = profile.default_permits(direction);
                    push(format!("{name} profile: inbound rules ignored"), permits, when());
                }
                Setting::Unknown => {
                    push(format!("{name} profile: inbound rules ignored or not"), None, when());
                }
                _ => {}
            }
        }
    }
    out
}

/// The profiles in which local rules count, as bits, and those where it is not known.
pub fn local_rules(profiles: &[Profile; 3]) -> (u8, u8) {
    let mut counted = ALL_PROFILES;
    let mut unknown = 0;
    for (at, profile) in profiles.iter().enumerate() {
        match profile.local_rules {
            Setting::Known(false) => counted &= !(1 << at),
            Setting::Unknown => unknown |= 1 << at,
            _ => {}
        }
    }
    (counted, unknown)
}
