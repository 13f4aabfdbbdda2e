//! The words and numbers that Windows' enumerations have in its many outputs.

use super::model::Setting;
use crate::Direction;

/// `Inbound`, `In`, `1`.
pub fn direction(text: &str) -> Option<Direction> {
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(&["Inbound", "In", "1"]) {
        Some(Direction::Inbound)
    } else if is(&["Outbound", "Out", "2"]) {
        Some(Direction::Outbound)
    } else {
        None
    }
}

/// What a rule does with what it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Allow,
    Block,
    /// Allows what blocking rules would block.
    Bypass,
}

/// `Allow`, `Block`, `Bypass`; 2 and 4 in what `ConvertTo-Json` makes of the cmdlets' enumeration.
pub fn action(text: &str) -> Option<Verb> {
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(&["Allow", "2"]) {
        Some(Verb::Allow)
    } else if is(&["Block", "4"]) {
        Some(Verb::Block)
    } else if is(&["Bypass", "AllowBypass"]) {
        Some(Verb::Bypass)
    } else {
        None
    }
}

/// `True`; of a rule's `Enabled`, 1 is true and 2 is false.
pub fn enabled(text: &str) -> Option<bool> {
    boolean(text).or(match text {
        "1" => Some(true),
        "2" => Some(false),
        _ => None,
    })
}

pub fn boolean(text: &str) -> Option<bool> {
    if ["True", "Yes", "$true"].iter().any(|word| text.eq_ignore_ascii_case(word)) {
        Some(true)
    } else if ["False", "No", "$false"].iter().any(|word| text.eq_ignore_ascii_case(word)) {
        Some(false)
    } else {
        None
    }
}

/// A `GpoBoolean`: 0 is false, 1 is true, 2 is not configured.
pub fn policy_boolean(text: &str) -> Setting {
    match text.trim() {
        "" | "2" => Setting::Default,
        "0" => Setting::Known(false),
        "1" => Setting::Known(true),
        text if text.eq_ignore_ascii_case("NotConfigured") => Setting::Default,
        text => boolean(text).map_or(Setting::Unknown, Setting::Known),
    }
}

/// Whether a profile's default action permits.
pub fn policy_action(text: &str) -> Setting {
    match text.trim() {
        "" | "0" => Setting::Default,
        text if text.eq_ignore_ascii_case("NotConfigured") => Setting::Default,
        text => match action(text) {
            Some(Verb::Allow) => Setting::Known(true),
            Some(Verb::Block) => Setting::Known(false),
            _ => Setting::Unknown,
        },
    }
}

/// Network profiles, as a set of bits: Domain 1, Private 2, Public 4 (MS-FASP, FW_PROFILE_TYPE).
pub const ALL_PROFILES: u8 = 7;

/// The profiles that a word names, as bits.
pub fn profile(text: &str) -> Option<u8> {
    if let Some(at) = ["Domain", "Private", "Public"].iter().position(|name| text.eq_ignore_ascii_case(name))
    {
        return Some(1 << at);
    }
    if text.eq_ignore_ascii_case("Any") || text.eq_ignore_ascii_case("All") || text == "*" {
        return Some(ALL_PROFILES);
    }
    match text.parse::<u32>().ok()? {
        0 => Some(ALL_PROFILES),
        // FW_PROFILE_TYPE_ALL is 0x7FFFFFFF.
        bits if bits & !7 == 0 || bits == 0x7FFF_FFFF => u8::try_from(bits & 7).ok(),
        _ => None,
    }
}

/// `Wired`, `Wireless`, `RemoteAccess`, in one spelling.
pub fn interface_type(text: &str) -> Option<&'static str> {
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(&["Wired", "Lan", "1"]) {
        Some("Wired")
    } else if is(&["Wireless", "2"]) {
        Some("Wireless")
    } else if is(&["RemoteAccess", "Ras", "4"]) {
        Some("RemoteAccess")
    } else {
        None
    }
}

/// The number of a protocol by the names of the cmdlets, of `netsh` and of the console, or by number.
pub fn protocol(text: &str) -> Option<u8> {
    const NAMES: &[(&str, u8)] = &[
        ("TCP", 6),
        ("UDP", 17),
        ("ICMPv4", 1),
        ("ICMPv6", 58),
        ("IGMP", 2),
        ("GRE", 47),
        ("HOPOPT", 0),
        ("IPv6", 41),
        ("IPv6-Route", 43),
        ("IPv6Route", 43),
        ("IPv6-Frag", 44),
        ("IPv6Frag", 44),
        ("IPv6-NoNxt", 59),
        ("IPv6NoNxt", 59),
        ("IPv6-Opts", 60),
        ("IPv6Opts", 60),
        ("VRRP", 112),
        ("PGM", 113),
        ("L2TP", 115),
        ("ICMP", 1),
    ];
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok();
    }
    NAMES.iter().find(|(name, _)| text.eq_ignore_ascii_case(name)).map(|(_, number)| *number)
}
