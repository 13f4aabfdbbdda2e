//! The words of a rule of nftables.

use super::nft_keys::{Key, base, concatenation, elements, head, header, words_of};
use super::random::Random;
use super::topology::Family;

/// Which packets a table sees.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Of {
    Both,
    One(Family),
}

/// What a rule may say.
#[derive(Clone, Copy)]
pub struct Words {
    pub of: Of,
    /// The family of the packets that will be sent.
    pub near: Family,
    /// Whether it may look at the state of connections.
    pub tracked: bool,
    /// The hook of its chain; empty where that may be any.
    pub hook: &'static str,
}

impl Words {
    /// Matches, other statements and a verdict.
    pub fn rule(self, later: &[&str], sets: &[String], maps: &[String], random: &mut Random) -> String {
        let family = self.family(random);
        let transport = *random.pick(&["tcp", "tcp", "udp", "udp", "th", "sctp"]);
        let mut parts = Vec::new();
        if random.chance(35) {
            parts.push(self.address(family, random));
        }
        if random.chance(20) {
            parts.push(self.address(family, random));
        }
        match random.below(10) {
            0..4 => parts.push(self.ports(transport, random)),
            4 => parts.push(Self::icmp(family, random)),
            5 => parts.push(self.general(family, random)),
            6 => parts.push(self.concatenated(family, transport, random)),
            _ => {}
        }
        if random.chance(20) {
            parts.extend(self.link(random));
        }
        if self.tracked && random.chance(35) {
            parts.push(Self::state(random));
        }
        if !sets.is_empty() && random.chance(25) {
            let not = Self::not(random);
            let (keys, name) = random.pick(sets).split_once('|').unwrap_or_default();
            parts.push(format!("{keys}{not} @{name}"));
        }
        if family_conflicts(&parts) || transport_conflicts(&parts) {
            parts.truncate(1);
        }
        for other in
            ["counter", "log prefix \"fwd: drop \"", "counter packets 3 bytes 400", "meta mark set 0x10"]
        {
            if random.chance(7) {
                parts.push(other.to_owned());
            }
        }
        parts.push(self.verdict(later, maps, &parts, random));
        // Alone, it reads the same bytes of any protocol.
        if parts.iter().any(|part| part.contains("th dport") || part.contains("th sport")) {
            parts.insert(0, (*random.pick(&["meta l4proto { tcp, udp }", "meta l4proto udp"])).to_owned());
        }
        parts.retain(|part| !part.is_empty());
        if parts.is_empty() {
            parts.push("counter".to_owned());
        }
        if random.chance(10) {
            parts.push(format!("comment \"{}\"", random.pick(&["plain", "two words", "drop; }", "# none"])));
        }
        parts.join(" ")
    }

    fn family(self, random: &mut Random) -> Family {
        match self.of {
            Of::One(family) => family,
            Of::Both if random.chance(85) => self.near,
            Of::Both => self.near.other(),
        }
    }

    fn verdict(self, later: &[&str], maps: &[String], parts: &[String], random: &mut Random) -> String {
        if !later.is_empty() && random.chance(25) {
            return format!("{} {}", random.pick(&["jump", "jump", "goto"]), random.pick(later));
        }
        let mapped = |map: String| {
            let mut both = parts.to_vec();
            both.push(map.clone());
            (!family_conflicts(&both) && !transport_conflicts(&both)).then_some(map)
        };
        if !maps.is_empty() && random.chance(20) {
            let (keys, name) = random.pick(maps).split_once('|').unwrap_or_default();
            if let Some(map) = mapped(format!("{keys} vmap @{name}")) {
                return map;
            }
        }
        if random.chance(12) {
            let key = self.key(random);
            let last = later.last().copied();
            let elements = elements(&[key], true, last, random);
            if let Some(map) = mapped(format!("{} vmap {{ {elements} }}", key.words())) {
                return map;
            }
        }
        if self.tracked && random.chance(8) {
            return format!(
                "ct state vmap {{ established : accept, related : accept, invalid : drop{} }}",
                { *random.pick(&["", "", ", new : drop", ", new : accept", ", new : return"]) }
            );
        }
        match random.below(100) {
            0..38 => "accept",
            38..66 => "drop",
            66..70 if !self.hook.is_empty() && !self.hook.contains("routing") => "reject",
            70..82 => "return",
            82..90 => "continue",
            90.. => "",
            _ => "accept",
        }
        .to_owned()
    }

    fn not(random: &mut Random) -> &'static str {
        if random.chance(20) { " !=" } else { "" }
    }

    fn address(self, family: Family, random: &mut Random) -> String {
        let side = *random.pick(&["saddr", "daddr"]);
        let header = header(family);
        let key = Key::Address(side, family);
        match random.below(20) {
            0 => {
                let op = *random.pick(&["<", ">", "<=", ">="]);
                format!("{header} {side} {op} {}", family.address(base(family, random)))
            }
            1 if family == Family::V4 => {
                let mask = *random.pick(&["255.0.0.255", "255.255.0.1", "255.255.0.15", "0.255.0.0"]);
                let low =
                    base(family, random) & u128::from(u32::from(mask.parse::<std::net::Ipv4Addr>().unwrap()));
                let op = *random.pick(&["==", "!="]);
                format!("{header} {side} & {mask} {op} {}", family.address(low))
            }
            2..9 => {
                format!(
                    "{header} {side}{} {{ {} }}",
                    Self::not(random),
                    elements(&[key], false, None, random)
                )
            }
            _ => format!("{header} {side}{} {}", Self::not(random), key.value(true, random)),
        }
    }

    fn ports(self, transport: &'static str, random: &mut Random) -> String {
        let side = *random.pick(&["dport", "dport", "sport"]);
        let key = Key::Port(transport, side);
        let words = key.words();
        match random.below(10) {
            0 => {
                let op = *random.pick(&["<", ">", "<=", ">="]);
                format!("{words} {op} {}", 1 + random.below(65000))
            }
            1..5 => {
                format!("{words}{} {{ {} }}", Self::not(random), elements(&[key], false, None, random))
            }
            5 if transport == "tcp" => (*random.pick(&[
                "tcp flags syn",
                "tcp flags & (fin|syn|rst|ack) == syn",
                "tcp flags & (fin|syn|rst|ack) != syn",
                "tcp flags != syn",
                "tcp flags { syn, ack }",
                "tcp flags ack",
            ]))
            .to_owned(),
            _ => format!("{words}{} {}", Self::not(random), key.value(true, random)),
        }
    }

    fn icmp(family: Family, random: &mut Random) -> String {
        let (header, types): (_, &[&str]) = match family {
            Family::V4 => ("icmp", &["echo-request", "8", "destination-unreachable", "time-exceeded", "13"]),
            Family::V6 => ("icmpv6", &["echo-request", "128", "packet-too-big", "nd-neighbor-advert", "139"]),
        };
        let not = Self::not(random);
        match random.below(6) {
            0 => format!("{header} type{not} {{ {}, {} }}", types[0], types[2 + random.below(3)]),
            1 => {
                format!("{header} code{not} {}", random.pick(&["0", "1", "0-3", "> 1"])).replace("!= >", ">")
            }
            2 => format!("{header} type {} {header} code{not} 0", random.pick(types)),
            _ => format!("{header} type{not} {}", random.pick(types)),
        }
    }

    /// What both IPs have, or only one.
    fn general(self, family: Family, random: &mut Random) -> String {
        let not = Self::not(random);
        let protocols =
            *random.pick(&["tcp", "udp", "{ tcp, udp }", "{ icmp, ipv6-icmp }", "gre", "89", "sctp", "6-17"]);
        match random.below(6) {
            0 if self.of == Of::Both => format!("meta nfproto{not} {}", random.pick(&["ipv4", "ipv6"])),
            1 if self.of == Of::Both => format!("meta protocol{not} {}", random.pick(&["ip", "ip6"])),
            2 if family == Family::V4 => format!("ip protocol{not} {protocols}"),
            2 => format!("ip6 nexthdr{not} {protocols}"),
            _ => format!("meta l4proto{not} {protocols}"),
        }
    }

    fn concatenated(self, family: Family, transport: &'static str, random: &mut Random) -> String {
        let keys = concatenation(family, transport, random);
        let elements = elements(&keys, false, None, random);
        format!("{}{} {{ {elements} }}", words_of(&keys), Self::not(random))
    }

    /// An interface that the hook knows.
    fn link(self, random: &mut Random) -> Option<String> {
        let keys: &[&'static str] = match self.hook {
            "forward" => &["iifname", "oifname"],
            "prerouting" | "input" => &["iifname"],
            "output" => &["oifname"],
            _ => return None,
        };
        let key = Key::Link(random.pick::<&str>(keys));
        let not = Self::not(random);
        Some(match random.below(6) {
            0 => format!("{}{not} {{ {} }}", key.words(), elements(&[key], false, None, random)),
            1 => format!("{}{not} \"{}\"", key.words(), random.pick(&["eth*", "eth1*", "tun*", "ppp*"])),
            _ => format!("{}{not} {}", key.words(), key.value(false, random)),
        })
    }

    fn state(random: &mut Random) -> String {
        let states = *random.pick(&[
            "new",
            "new",
            "established,related",
            "established",
            "invalid",
            "untracked",
            "{ new, established }",
            "{ established, related }",
            "new,untracked",
        ]);
        format!("ct state{} {states}", Self::not(random))
    }

    /// A named set, on one line, and its keys with its name: `ip saddr|s0`.
    pub fn set(self, number: usize, random: &mut Random) -> (String, String) {
        let keys = self.keys(random);
        let elements = elements(&keys, false, None, random);
        let line = format!("set s{number} {{ {} elements = {{ {elements} }}; }}", head(&keys));
        (line, format!("{}|s{number}", words_of(&keys)))
    }

    /// A named map to verdicts, some of which lead to the chain.
    pub fn map(self, number: usize, chain: Option<&str>, random: &mut Random) -> (String, String) {
        let keys = self.keys(random);
        let elements = elements(&keys, true, chain, random);
        let head = head(&keys).replacen(';', " : verdict;", 1);
        let line = format!("map m{number} {{ {head} elements = {{ {elements} }}; }}");
        (line, format!("{}|m{number}", words_of(&keys)))
    }

    fn keys(self, random: &mut Random) -> Vec<Key> {
        if random.chance(35) {
            let family = self.family(random);
            return concatenation(family, random.pick::<&str>(&["tcp", "udp"]), random);
        }
        vec![self.key(random)]
    }

    fn key(self, random: &mut Random) -> Key {
        match random.below(5) {
            0 | 1 => Key::Address(random.pick::<&str>(&["saddr", "daddr"]), self.family(random)),
            2 => Key::Protocol,
            _ => Key::Port(
                random.pick::<&str>(&["tcp", "udp", "th"]),
                random.pick::<&str>(&["dport", "sport"]),
            ),
        }
    }
}

fn family_conflicts(parts: &[String]) -> bool {
    let has = |words: &[&str]| parts.iter().any(|part| words.iter().any(|word| part.contains(word)));
    let v4 = has(&["ip saddr", "ip daddr", "ip protocol", "icmp type", "icmp code"]);
    let v6 = has(&["ip6 saddr", "ip6 daddr", "ip6 nexthdr", "icmpv6 type", "icmpv6 code"]);
    let named = has(&["nfproto", "meta protocol"]);
    u8::from(v4) + u8::from(v6) + u8::from(named) > 1
}

fn transport_conflicts(parts: &[String]) -> bool {
    let has = |words: &[&str]| parts.iter().any(|part| words.iter().any(|word| part.contains(word)));
    let protocol = |part: &String| {
        ["l4proto", "ip protocol", "ip6 nexthdr"].iter().any(|word| part.contains(word))
            && !part.contains(" th ")
    };
    let found = [
        has(&["tcp dport", "tcp sport", "tcp flags"]),
        has(&["udp dport", "udp sport"]),
        has(&["sctp dport", "sctp sport"]),
        has(&["icmp type", "icmp code"]),
        has(&["icmpv6 type", "icmpv6 code"]),
        // nft 1.0.6 aborts where it lists ports of a protocol that has none.
        parts.iter().any(protocol),
        has(&["th dport", "th sport"]),
    ];
    found.into_iter().filter(|found| *found).count() > 1
}
