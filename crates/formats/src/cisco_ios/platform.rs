//! Which system a file is of, and whether it is of one of them at all.

use super::lines::Lines;
use super::model::Platform;
use crate::Detection;

/// Detection looks at no more than this many lines.
const LOOKED_AT: usize = 20_000;

/// Which of the systems wrote the file. What nothing shows is IOS.
pub fn of(text: &str) -> Platform {
    let mut likely = Platform::Ios;
    for line in Lines::new(text).take(LOOKED_AT) {
        let text = line.text;
        if text.starts_with('!') {
            if text.contains("cisco-nx") {
                return Platform::NxOs;
            }
            if text.contains("IOS XR") {
                return Platform::Xr;
            }
            if text.contains("EOS-")
                || text.starts_with("! device:")
                || text.contains("boot system flash:/EOS")
            {
                return Platform::Eos;
            }
            continue;
        }
        if line.indent > 0 {
            // EOS writes its lists and NX-OS its interfaces with prefix lengths: no sign of the one or the other.
            continue;
        }
        let mut words = text.split_ascii_whitespace();
        match (words.next().unwrap_or_default(), words.next().unwrap_or_default()) {
            ("feature" | "vdc" | "switchname" | "install", _)
            | ("vrf", "context")
            | ("boot", "kickstart" | "nxos") => {
                return Platform::NxOs;
            }
            ("object-group", "ip" | "ipv6") if matches!(words.next(), Some("address" | "port")) => {
                return Platform::NxOs;
            }
            ("IP" | "MAC", "access") => return Platform::NxOs,
            ("ipv4", "access-list") | ("router", "static") => return Platform::Xr,
            // IOS says which kind of list it is; of the two others, most are NX-OS.
            ("ip", "access-list") => {
                let kind = words.next().unwrap_or_default();
                let named = !matches!(
                    kind,
                    "standard"
                        | "extended"
                        | "resequence"
                        | "logging"
                        | "log-update"
                        | "persistent"
                        | "role-based"
                );
                if named && words.next().is_none() {
                    likely = Platform::NxOs;
                }
            }
            ("transceiver", "qsfp") | ("daemon", "TerminAttr") | ("IP" | "IPV6", "Access") => {
                return Platform::Eos;
            }
            _ => {}
        }
    }
    likely
}

/// Whether `text` is a configuration, or a list, of these systems.
pub fn detect(text: &str) -> Detection {
    let mut perhaps = 0_u32;
    let mut in_interface = false;
    let mut sure = false;
    // What ASA has in its groups, and lines that open a brace, as other configurations do.
    let mut foreign = 0_u32;
    for line in Lines::new(text).filter(|line| !line.is_nothing()).take(LOOKED_AT) {
        let mut words = line.text.split_ascii_whitespace();
        let mut word = || words.next().unwrap_or_default();
        let (first, second, third, fourth) = (word(), word(), word(), word());
        if line.indent == 0 && first != "ip" {
            in_interface = first == "interface";
        }
        match (first, second) {
            // What ASA and PIX have, and a router has not.
            ("ASA" | "PIX" | "FWSM", "Version") | (":", "Saved") => return Detection::No,
            ("nameif" | "security-level", _) => return Detection::No,
            ("access-group", _) if matches!(third, "in" | "out") && fourth == "interface" => {
                return Detection::No;
            }
            ("access-list", _) if third == "line" || line.text.contains("(hitcnt=") => return Detection::No,
            ("network-object" | "port-object" | "service-object" | "protocol-object" | "icmp-object", _) => {
                foreign += 3
            }
            _ if line.text.ends_with('{') => foreign += 1,
            // What other vendors write.
            ("set" | "config" | "edit", _) if line.indent == 0 => return Detection::No,
            ("ip" | "ipv6", "access-list")
                if matches!(third, "standard" | "extended") && !fourth.is_empty() =>
            {
                sure = true
            }
            ("ipv4", "access-list") => sure = true,
            ("ip" | "ipv6", "access-list") if !third.is_empty() => sure = true,
            ("Extended" | "Standard" | "Reflexive", "IP") if third.eq_ignore_ascii_case("access") => {
                sure = true
            }
            ("IP" | "IPv6" | "MAC", "access" | "Access") if third.eq_ignore_ascii_case("list") => sure = true,
            ("access-list", number)
                if super::names::number(number, 2699).is_some()
                    && matches!(third, "permit" | "deny" | "remark") =>
            {
                sure = true;
            }
            ("ip" | "ipv4" | "ipv6", "access-group" | "traffic-filter") if in_interface => sure = true,
            ("ip" | "ipv4", "address") if in_interface => perhaps += 2,
            ("zone-pair" | "zone", "security") => perhaps += 2,
            ("object-group", "network" | "service" | "ip" | "v6-network") => perhaps += 1,
            ("hostname" | "version" | "router" | "interface" | "switchport", _) if !second.is_empty() => {
                perhaps += u32::from(!line.text.ends_with([';', '{']));
            }
            _ => {}
        }
    }
    if sure && foreign < 50 || perhaps >= 6 && foreign < 3 {
        Detection::Sure
    } else if perhaps >= 2 && foreign < 3 {
        Detection::Perhaps
    } else {
        Detection::No
    }
}
