//! The matches of a random rule set, each in one of the ways in which they are written.

use space::protocol;

use super::random::Random;
use super::topology::{Family, LINKS};

/// What matches are of.
#[derive(Clone, Copy)]
pub struct Words {
    pub family: Family,
    /// Whether they may look at the state of connections.
    pub tracked: bool,
    /// Whether there may be some that Flowright does not model.
    pub opaque: bool,
}

const PORTS: [u16; 10] = [0, 1, 22, 53, 80, 443, 1023, 1024, 8080, 65535];

impl Words {
    /// `-p` with what goes with it, and its number where the rule is about that protocol.
    pub fn protocol(self, random: &mut Random) -> (String, Option<u8>) {
        let option = *random.pick(&["-p", "-p", "-p", "--protocol"]);
        let (number, names): (u8, &[&str]) = match random.below(20) {
            0..8 => (protocol::TCP, &["tcp", "tcp", "TCP", "6"]),
            8..13 => (protocol::UDP, &["udp", "udp", "17"]),
            13..15 if self.family == Family::V4 => (protocol::ICMP, &["icmp", "1"]),
            13..15 => (protocol::ICMPV6, &["ipv6-icmp", "icmpv6", "58"]),
            15 => (protocol::SCTP, &["sctp", "132"]),
            16 => (protocol::UDPLITE, &["udplite", "136"]),
            17 => (protocol::GRE, &["gre", "47"]),
            18 => (protocol::ESP, &["esp", "50"]),
            _ => return (format!("{option} {}", random.pick(&["all", "89", "253", "112", "dccp"])), None),
        };
        let name = *random.pick(names);
        if random.chance(8) {
            return (format!("! {option} {name}"), None);
        }
        (format!("{option} {name}{}", self.detail(number, random)), Some(number))
    }

    /// Ports, flags or types, with a blank before them.
    fn detail(self, number: u8, random: &mut Random) -> String {
        let module = match number {
            protocol::TCP => "tcp",
            protocol::UDP => "udp",
            protocol::SCTP => "sctp",
            protocol::ICMP | protocol::ICMPV6 => return self.icmp(random),
            // iptables has no module of that name.
            protocol::UDPLITE if random.chance(70) => return Self::multiport(random),
            _ => return String::new(),
        };
        let mut text = String::new();
        if random.chance(25) {
            return Self::multiport(random);
        }
        let flags = number == protocol::TCP && random.chance(20);
        if random.chance(60) || flags && random.chance(50) {
            text += &format!(" -m {module}");
        }
        if flags {
            text += *random.pick(&[
                " --syn",
                " ! --syn",
                " --tcp-flags FIN,SYN,RST,ACK SYN",
                " --tcp-flags SYN,ACK SYN,ACK",
                " ! --tcp-flags SYN,ACK SYN",
                " --tcp-flags ALL SYN",
                " --tcp-flags ALL NONE",
                " ! --tcp-flags ALL NONE",
                " --tcp-flags SYN,RST SYN,RST",
            ]);
        }
        if random.chance(20) {
            text += &Self::port(&["--sport", "--source-port"], true, random);
        }
        if random.chance(75) {
            // Two complements beside each other are one of the pair to iptables with nf_tables, up to 1.8.9 at least.
            let alone = !text.contains('!');
            text += &Self::port(&["--dport", "--dport", "--destination-port"], alone, random);
        }
        text
    }

    fn multiport(random: &mut Random) -> String {
        let option = *random.pick(&["--dports", "--dports", "--sports", "--ports", "--destination-ports"]);
        let not = if random.chance(25) { " !" } else { "" };
        let mut count = 0;
        let mut list = Vec::new();
        // Fifteen are allowed, and a range counts for two.
        for _ in 0..1 + random.below(7) {
            let (low, high) = Self::two_ports(random);
            let one = if random.chance(35) && low < high { format!("{low}:{high}") } else { low.to_string() };
            count += 2;
            if count <= 14 {
                list.push(one);
            }
        }
        format!(" -m multiport{not} {option} {}", list.join(","))
    }

    fn icmp(self, random: &mut Random) -> String {
        if random.chance(25) {
            return String::new();
        }
        let (module, option, names, kinds): (&str, &str, &[&str], &[u8]) = match self.family {
            Family::V4 => {
                let names = &[
                    "echo-request",
                    "destination-unreachable",
                    "port-unreachable",
                    "time-exceeded",
                    "any",
                    "fragmentation-needed",
                ];
                ("icmp", "--icmp-type", names, &[0, 3, 5, 8, 11, 13])
            }
            Family::V6 => {
                let names = &[
                    "echo-request",
                    "destination-unreachable",
                    "packet-too-big",
                    "neighbour-solicitation",
                    "port-unreachable",
                ];
                ("icmp6", "--icmpv6-type", names, &[1, 2, 3, 4, 128, 129, 135])
            }
        };
        let value = match random.below(3) {
            0 => (*random.pick(names)).to_owned(),
            1 => random.pick(kinds).to_string(),
            _ => format!("{}/{}", random.pick(kinds), random.below(5)),
        };
        // `! any` is nothing to ask for.
        let not = if value == "any" { "" } else { Self::not(random) };
        let module = if random.chance(50) { format!(" -m {module}") } else { String::new() };
        format!("{module}{not} {option} {value}")
    }

    /// `-s` or `-d`.
    pub fn addresses(self, side: &str, random: &mut Random) -> String {
        let option = match (side, random.below(4)) {
            ("source", 0) => "--source",
            ("source", 1) => "--src",
            ("source", _) => "-s",
            (_, 0) => "--destination",
            (_, 1) => "--dst",
            _ => "-d",
        };
        if random.chance(15) {
            // The kernel does not take the complement of everything.
            return format!("! {option} {}", self.prefix(1, random));
        }
        let mut list = vec![self.prefix(0, random)];
        while random.chance(12) {
            list.push(self.prefix(0, random));
        }
        format!("{option} {}", list.join(","))
    }

    /// `-m iprange`.
    pub fn range(self, random: &mut Random) -> String {
        let mut text = "-m iprange".to_owned();
        let which = 1 + random.below(3);
        for (bit, option) in [(1, "--src-range"), (2, "--dst-range")] {
            if which & bit != 0 {
                let base = self.base(random);
                let reach = if random.chance(30) { 1 << 20 } else { 300 };
                let [low, high] =
                    [base, base + random.between(0, reach)].map(|number| self.family.address(number));
                text += &format!("{} {option} {low}-{high}", Self::not(random));
            }
        }
        text
    }

    pub fn interface(self, options: &[&str; 2], random: &mut Random) -> String {
        let option = if random.chance(85) { options[0] } else { options[1] };
        let name = match random.below(10) {
            0..6 => *random.pick(&LINKS),
            6..9 => *random.pick(&["eth+", "eth1+", "tun+", "wg-+", "eth10+", "ppp+", "e+"]),
            _ => *random.pick(&["eth2", "lo", "eth"]),
        };
        format!("{}{option} {name}", if random.chance(20) { "! " } else { "" })
    }

    pub fn state(self, random: &mut Random) -> String {
        let list = *random.pick(&[
            "NEW",
            "NEW",
            "ESTABLISHED,RELATED",
            "RELATED,ESTABLISHED",
            "INVALID",
            "NEW,ESTABLISHED",
            "UNTRACKED",
        ]);
        let not = Self::not(random);
        match random.below(3) {
            0 => format!("-m state{not} --state {list}"),
            _ => format!("-m conntrack{not} --ctstate {list}"),
        }
    }

    pub fn comment(self, random: &mut Random) -> String {
        let words = ["plain", "\"two words\"", "\"-j DROP\"", "\"it's \\\"quoted\\\"\"", "\"a # sign\""];
        format!("-m comment --comment {}", random.pick(&words))
    }

    fn not(random: &mut Random) -> &'static str {
        if random.chance(15) { " !" } else { "" }
    }

    /// Two ports, the lower first.
    pub fn two_ports(random: &mut Random) -> (u16, u16) {
        let mut port = || {
            if random.chance(70) {
                *random.pick(&PORTS)
            } else {
                u16::try_from(random.below(65536)).expect("it is below")
            }
        };
        let (one, other) = (port(), port());
        (one.min(other), one.max(other))
    }

    /// A port or a range of them, with a blank before it.
    fn port(options: &[&str], may_negate: bool, random: &mut Random) -> String {
        let option = *random.pick(options);
        let (low, high) = Self::two_ports(random);
        let (low, high, ports) = match random.below(10) {
            0..5 => (low, low, low.to_string()),
            5..8 => (low, high, format!("{low}:{high}")),
            8 => (low, u16::MAX, format!("{low}:")),
            _ => (0, high, format!(":{high}")),
        };
        // What is not any port is something that iptables with nf_tables forgets, up to 1.8.9 at least.
        let not = if !may_negate || (low, high) == (0, u16::MAX) { "" } else { Self::not(random) };
        format!("{not} {option} {ports}")
    }

    /// An address behind one of the interfaces, from few enough that rules meet each other.
    pub fn base(self, random: &mut Random) -> u128 {
        let link = random.below(LINKS.len()) as u128;
        let host = random.between(0, 255);
        match self.family {
            Family::V4 => match random.below(8) {
                0 => 0xc0a8_0000 | link << 8 | host,
                1 => 0xcb00_7100 | host,
                _ => 0x0a00_0000 | link << 16 | random.between(0, 2) << 8 | host,
            },
            Family::V6 => 0x2001_0db8 << 96 | link << 80 | random.between(0, 2) << 64 | host,
        }
    }

    /// A prefix at least this long, or an address with another mask.
    fn prefix(self, shortest: u32, random: &mut Random) -> String {
        let address = self.family.address(self.base(random));
        let length = match self.family {
            Family::V4 => *random.pick(&[0, 7, 8, 14, 15, 16, 16, 22, 23, 24, 24, 25, 29, 31, 32]),
            Family::V6 => *random.pick(&[0, 16, 32, 45, 47, 48, 48, 62, 63, 64, 64, 120, 124, 127, 128]),
        };
        let length = shortest.max(length);
        match random.below(10) {
            0..2 => address.to_string(),
            2 if self.family == Family::V4 => {
                let mask = u32::MAX.checked_shl(32 - length).unwrap_or_default();
                format!("{address}/{}", self.family.address(mask.into()))
            }
            3 if random.chance(20) => match self.family {
                Family::V4 => format!("{address}/255.0.255.0"),
                Family::V6 => format!("{address}/ffff:ffff:fff0:ffff::"),
            },
            _ => format!("{address}/{length}"),
        }
    }
}
