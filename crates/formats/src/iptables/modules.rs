//! The match modules: which options each has, and what becomes of those that the flow space has no coordinate for.

/// A module behind `-m`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Module {
    Tcp,
    Udp,
    UdpLite,
    Sctp,
    Dccp,
    Multiport,
    IpRange,
    Icmp,
    Icmp6,
    State,
    Conntrack,
    Comment,
    AddrType,
    Set,
    Recent,
    /// Known, and not modelled.
    Opaque(&'static Opaque),
}

/// A module whose matches are kept as unknowns.
#[derive(Debug)]
pub(super) struct Opaque {
    name: &'static str,
    pub sharing: Sharing,
    /// All its options; `None` where no list of them is kept.
    options: Option<&'static [(&'static str, Arity)]>,
}

/// Whether the same text in two rules means the same of one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sharing {
    /// It counts, remembers, draws lots, or looks at what rules change: nothing is shared.
    PerRule,
    /// A property of the packet at one hook; the module is one predicate.
    Whole,
    /// The same, and each of its options is a predicate by itself.
    Options,
    /// A property of the packet that no hook changes; each option is a predicate by itself.
    OptionsEverywhere,
    /// A property of the packet and the moment that no hook changes; the module is one predicate.
    WholeEverywhere,
}

/// How many arguments an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arity {
    Exactly(usize),
    /// All up to the next option.
    Open,
}

const NONE: Arity = Arity::Exactly(0);
const ONE: Arity = Arity::Exactly(1);
const TWO: Arity = Arity::Exactly(2);

impl Module {
    /// The module of that name, for a rule of either family.
    pub fn find(name: &str) -> Option<Module> {
        Some(match name {
            "tcp" => Module::Tcp,
            "udp" => Module::Udp,
            "comment" => Module::Comment,
            "conntrack" => Module::Conntrack,
            "state" => Module::State,
            "multiport" => Module::Multiport,
            "set" => Module::Set,
            "icmp" => Module::Icmp,
            "icmp6" | "icmpv6" => Module::Icmp6,
            "iprange" => Module::IpRange,
            "addrtype" => Module::AddrType,
            "recent" => Module::Recent,
            "udplite" => Module::UdpLite,
            "sctp" => Module::Sctp,
            "dccp" => Module::Dccp,
            _ => Module::Opaque(OPAQUE.iter().find(|module| module.name == name)?),
        })
    }

    /// The module that `-p` brings with it, once one of its options is used.
    pub fn of_protocol(protocol: u8) -> Option<Module> {
        use space::protocol::{DCCP, ICMP, ICMPV6, SCTP, TCP, UDP, UDPLITE};
        Some(match protocol {
            TCP => Module::Tcp,
            UDP => Module::Udp,
            UDPLITE => Module::UdpLite,
            SCTP => Module::Sctp,
            DCCP => Module::Dccp,
            ICMP => Module::Icmp,
            ICMPV6 => Module::Icmp6,
            _ => return None,
        })
    }

    /// The protocol whose ports the module matches.
    pub fn of_ports(self) -> Option<u8> {
        use space::protocol::{DCCP, SCTP, TCP, UDP, UDPLITE};
        Some(match self {
            Module::Tcp => TCP,
            Module::Udp => UDP,
            Module::UdpLite => UDPLITE,
            Module::Sctp => SCTP,
            Module::Dccp => DCCP,
            _ => return None,
        })
    }

    /// Whether its options are not listed, so that it may have any.
    pub fn has_any_option(self) -> bool {
        matches!(self, Module::Opaque(module) if module.options.is_none())
    }

    /// The options of the module, and how many arguments each takes.
    pub fn options(self) -> &'static [(&'static str, Arity)] {
        match self {
            Module::Tcp => TCP,
            Module::Udp | Module::UdpLite => UDP,
            Module::Sctp => SCTP,
            Module::Dccp => DCCP,
            Module::Multiport => MULTIPORT,
            Module::IpRange => IP_RANGE,
            Module::Icmp => ICMP,
            Module::Icmp6 => ICMP6,
            Module::State => STATE,
            Module::Conntrack => CONNTRACK,
            Module::Comment => COMMENT,
            Module::AddrType => ADDRESS_TYPE,
            Module::Set => SET,
            Module::Recent => RECENT,
            Module::Opaque(module) => module.options.unwrap_or_default(),
        }
    }

    /// The option of that name.
    pub fn option(self, name: &str) -> Option<(&'static str, Arity)> {
        self.options().iter().copied().find(|(option, _)| *option == name)
    }
}

impl Opaque {
    pub fn name(&self) -> &'static str {
        self.name
    }
}

const TCP: &[(&str, Arity)] = &[
    ("--dport", ONE),
    ("--sport", ONE),
    ("--tcp-flags", TWO),
    ("--syn", NONE),
    ("--destination-port", ONE),
    ("--source-port", ONE),
    ("--tcp-option", ONE),
];
const UDP: &[(&str, Arity)] =
    &[("--dport", ONE), ("--sport", ONE), ("--destination-port", ONE), ("--source-port", ONE)];
const SCTP: &[(&str, Arity)] = &[
    ("--dport", ONE),
    ("--sport", ONE),
    ("--destination-port", ONE),
    ("--source-port", ONE),
    ("--chunk-types", Arity::Open),
];
const DCCP: &[(&str, Arity)] = &[
    ("--dport", ONE),
    ("--sport", ONE),
    ("--destination-port", ONE),
    ("--source-port", ONE),
    ("--dccp-types", ONE),
    ("--dccp-option", ONE),
];
const MULTIPORT: &[(&str, Arity)] = &[
    ("--dports", ONE),
    ("--sports", ONE),
    ("--ports", ONE),
    ("--destination-ports", ONE),
    ("--source-ports", ONE),
];
const IP_RANGE: &[(&str, Arity)] = &[("--src-range", ONE), ("--dst-range", ONE)];
const ICMP: &[(&str, Arity)] = &[("--icmp-type", ONE)];
const ICMP6: &[(&str, Arity)] = &[("--icmpv6-type", ONE), ("--icmp6-type", ONE)];
const STATE: &[(&str, Arity)] = &[("--state", ONE)];
const CONNTRACK: &[(&str, Arity)] = &[
    ("--ctstate", ONE),
    ("--ctproto", ONE),
    ("--ctorigsrc", ONE),
    ("--ctorigdst", ONE),
    ("--ctreplsrc", ONE),
    ("--ctrepldst", ONE),
    ("--ctorigsrcport", ONE),
    ("--ctorigdstport", ONE),
    ("--ctreplsrcport", ONE),
    ("--ctrepldstport", ONE),
    ("--ctstatus", ONE),
    ("--ctexpire", ONE),
    ("--ctdir", ONE),
];
const COMMENT: &[(&str, Arity)] = &[("--comment", ONE)];
const ADDRESS_TYPE: &[(&str, Arity)] =
    &[("--src-type", ONE), ("--dst-type", ONE), ("--limit-iface-in", NONE), ("--limit-iface-out", NONE)];
const SET: &[(&str, Arity)] = &[
    ("--match-set", TWO),
    ("--set", TWO),
    ("--return-nomatch", NONE),
    ("--update-counters", NONE),
    ("--update-subcounters", NONE),
    ("--packets-eq", ONE),
    ("--packets-lt", ONE),
    ("--packets-gt", ONE),
    ("--bytes-eq", ONE),
    ("--bytes-lt", ONE),
    ("--bytes-gt", ONE),
];
const RECENT: &[(&str, Arity)] = &[
    ("--set", NONE),
    ("--rcheck", NONE),
    ("--update", NONE),
    ("--remove", NONE),
    ("--rttl", NONE),
    ("--rsource", NONE),
    ("--rdest", NONE),
    ("--reap", NONE),
    ("--name", ONE),
    ("--seconds", ONE),
    ("--hitcount", ONE),
    ("--mask", ONE),
];

const fn opaque(name: &'static str, sharing: Sharing, options: &'static [(&'static str, Arity)]) -> Opaque {
    Opaque { name, sharing, options: Some(options) }
}

/// One whose options are not listed here: a module that is not in the kernel's own tree.
const fn foreign(name: &'static str, sharing: Sharing) -> Opaque {
    Opaque { name, sharing, options: None }
}

/// Names and options from `man iptables-extensions`; the last ones from the xtables-addons package.
static OPAQUE: &[Opaque] = &[
    opaque("limit", Sharing::PerRule, &[("--limit", Arity::Open), ("--limit-burst", Arity::Open)]),
    opaque("mark", Sharing::PerRule, &[("--mark", Arity::Open)]),
    opaque("connmark", Sharing::PerRule, &[("--mark", Arity::Open)]),
    opaque("mac", Sharing::OptionsEverywhere, &[("--mac-source", Arity::Open)]),
    opaque(
        "hashlimit",
        Sharing::PerRule,
        &[
            ("--hashlimit", Arity::Open),
            ("--hashlimit-upto", Arity::Open),
            ("--hashlimit-above", Arity::Open),
            ("--hashlimit-burst", Arity::Open),
            ("--hashlimit-mode", Arity::Open),
            ("--hashlimit-srcmask", Arity::Open),
            ("--hashlimit-dstmask", Arity::Open),
            ("--hashlimit-name", Arity::Open),
            ("--hashlimit-htable-size", Arity::Open),
            ("--hashlimit-htable-max", Arity::Open),
            ("--hashlimit-htable-expire", Arity::Open),
            ("--hashlimit-htable-gcinterval", Arity::Open),
            ("--hashlimit-rate-match", Arity::Open),
            ("--hashlimit-rate-interval", Arity::Open),
        ],
    ),
    opaque(
        "connlimit",
        Sharing::PerRule,
        &[
            ("--connlimit-upto", Arity::Open),
            ("--connlimit-above", Arity::Open),
            ("--connlimit-mask", Arity::Open),
            ("--connlimit-saddr", Arity::Open),
            ("--connlimit-daddr", Arity::Open),
        ],
    ),
    opaque(
        "owner",
        Sharing::OptionsEverywhere,
        &[
            ("--uid-owner", Arity::Open),
            ("--gid-owner", Arity::Open),
            ("--socket-exists", Arity::Open),
            ("--suppl-groups", Arity::Open),
            ("--pid-owner", Arity::Open),
            ("--sid-owner", Arity::Open),
            ("--cmd-owner", Arity::Open),
        ],
    ),
    opaque("pkttype", Sharing::OptionsEverywhere, &[("--pkt-type", Arity::Open)]),
    opaque(
        "time",
        Sharing::WholeEverywhere,
        &[
            ("--datestart", Arity::Open),
            ("--datestop", Arity::Open),
            ("--timestart", Arity::Open),
            ("--timestop", Arity::Open),
            ("--monthdays", Arity::Open),
            ("--weekdays", Arity::Open),
            ("--days", Arity::Open),
            ("--contiguous", Arity::Open),
            ("--kerneltz", Arity::Open),
            ("--utc", Arity::Open),
            ("--localtz", Arity::Open),
        ],
    ),
    opaque("length", Sharing::Options, &[("--length", Arity::Open)]),
    opaque(
        "ttl",
        Sharing::Options,
        &[
            ("--ttl-eq", Arity::Open),
            ("--ttl-lt", Arity::Open),
            ("--ttl-gt", Arity::Open),
            ("--ttl", Arity::Open),
        ],
    ),
    opaque(
        "hl",
        Sharing::Options,
        &[("--hl-eq", Arity::Open), ("--hl-lt", Arity::Open), ("--hl-gt", Arity::Open)],
    ),
    opaque("tos", Sharing::Options, &[("--tos", Arity::Open)]),
    opaque("dscp", Sharing::Options, &[("--dscp", Arity::Open), ("--dscp-class", Arity::Open)]),
    opaque(
        "physdev",
        Sharing::Options,
        &[
            ("--physdev-in", Arity::Open),
            ("--physdev-out", Arity::Open),
            ("--physdev-is-in", Arity::Open),
            ("--physdev-is-out", Arity::Open),
            ("--physdev-is-bridged", Arity::Open),
        ],
    ),
    opaque("devgroup", Sharing::Options, &[("--src-group", Arity::Open), ("--dst-group", Arity::Open)]),
    opaque("realm", Sharing::Options, &[("--realm", Arity::Open)]),
    opaque(
        "ah",
        Sharing::Options,
        &[("--ahspi", Arity::Open), ("--ahlen", Arity::Open), ("--ahres", Arity::Open)],
    ),
    opaque("esp", Sharing::Options, &[("--espspi", Arity::Open)]),
    opaque(
        "policy",
        Sharing::Whole,
        &[
            ("--dir", Arity::Open),
            ("--pol", Arity::Open),
            ("--strict", Arity::Open),
            ("--reqid", Arity::Open),
            ("--spi", Arity::Open),
            ("--proto", Arity::Open),
            ("--mode", Arity::Open),
            ("--tunnel-src", Arity::Open),
            ("--tunnel-dst", Arity::Open),
            ("--next", Arity::Open),
        ],
    ),
    opaque(
        "rpfilter",
        Sharing::Whole,
        &[
            ("--loose", Arity::Open),
            ("--validmark", Arity::Open),
            ("--accept-local", Arity::Open),
            ("--invert", Arity::Open),
        ],
    ),
    opaque(
        "string",
        Sharing::Whole,
        &[
            ("--algo", Arity::Open),
            ("--from", Arity::Open),
            ("--to", Arity::Open),
            ("--string", ONE),
            ("--hex-string", ONE),
            ("--icase", Arity::Open),
        ],
    ),
    opaque("u32", Sharing::Whole, &[("--u32", Arity::Open)]),
    opaque("bpf", Sharing::Whole, &[("--bytecode", Arity::Open), ("--object-pinned", Arity::Open)]),
    opaque(
        "ecn",
        Sharing::Whole,
        &[("--ecn-tcp-cwr", Arity::Open), ("--ecn-tcp-ece", Arity::Open), ("--ecn-ip-ect", Arity::Open)],
    ),
    opaque("cgroup", Sharing::Whole, &[("--path", Arity::Open), ("--cgroup", Arity::Open)]),
    opaque("eui64", Sharing::Whole, &[]),
    opaque(
        "frag",
        Sharing::Whole,
        &[
            ("--fragid", Arity::Open),
            ("--fraglen", Arity::Open),
            ("--fragres", Arity::Open),
            ("--fragfirst", Arity::Open),
            ("--fragmore", Arity::Open),
            ("--fraglast", Arity::Open),
        ],
    ),
    opaque(
        "hbh",
        Sharing::Whole,
        &[("--hbh-len", Arity::Open), ("--hbh-opts", Arity::Open), ("--hbh-not-strict", Arity::Open)],
    ),
    opaque(
        "dst",
        Sharing::Whole,
        &[("--dst-len", Arity::Open), ("--dst-opts", Arity::Open), ("--dst-not-strict", Arity::Open)],
    ),
    opaque("ipv6header", Sharing::Whole, &[("--soft", Arity::Open), ("--header", Arity::Open)]),
    opaque("mh", Sharing::Whole, &[("--mh-type", Arity::Open)]),
    opaque(
        "rt",
        Sharing::Whole,
        &[
            ("--rt-type", Arity::Open),
            ("--rt-segsleft", Arity::Open),
            ("--rt-len", Arity::Open),
            ("--rt-0-res", Arity::Open),
            ("--rt-0-addrs", Arity::Open),
            ("--rt-0-not-strict", Arity::Open),
        ],
    ),
    opaque(
        "osf",
        Sharing::Whole,
        &[("--genre", Arity::Open), ("--ttl", Arity::Open), ("--log", Arity::Open)],
    ),
    opaque("helper", Sharing::PerRule, &[("--helper", Arity::Open)]),
    opaque(
        "socket",
        Sharing::PerRule,
        &[("--transparent", Arity::Open), ("--nowildcard", Arity::Open), ("--restore-skmark", Arity::Open)],
    ),
    opaque("tcpmss", Sharing::PerRule, &[("--mss", Arity::Open)]),
    opaque(
        "statistic",
        Sharing::PerRule,
        &[
            ("--mode", Arity::Open),
            ("--probability", Arity::Open),
            ("--every", Arity::Open),
            ("--packet", Arity::Open),
        ],
    ),
    opaque("quota", Sharing::PerRule, &[("--quota", Arity::Open)]),
    opaque(
        "cluster",
        Sharing::PerRule,
        &[
            ("--cluster-total-nodes", Arity::Open),
            ("--cluster-local-node", Arity::Open),
            ("--cluster-local-nodemask", Arity::Open),
            ("--cluster-hash-seed", Arity::Open),
        ],
    ),
    opaque("cpu", Sharing::PerRule, &[("--cpu", Arity::Open)]),
    opaque(
        "connbytes",
        Sharing::PerRule,
        &[("--connbytes", Arity::Open), ("--connbytes-dir", Arity::Open), ("--connbytes-mode", Arity::Open)],
    ),
    opaque("connlabel", Sharing::PerRule, &[("--label", Arity::Open), ("--set", Arity::Open)]),
    opaque("nfacct", Sharing::PerRule, &[("--nfacct-name", Arity::Open)]),
    opaque(
        "rateest",
        Sharing::PerRule,
        &[
            ("--rateest", Arity::Open),
            ("--rateest1", Arity::Open),
            ("--rateest2", Arity::Open),
            ("--rateest-delta", Arity::Open),
            ("--rateest-bps", Arity::Open),
            ("--rateest-bps1", Arity::Open),
            ("--rateest-bps2", Arity::Open),
            ("--rateest-pps", Arity::Open),
            ("--rateest-pps1", Arity::Open),
            ("--rateest-pps2", Arity::Open),
            ("--rateest-lt", Arity::Open),
            ("--rateest-gt", Arity::Open),
            ("--rateest-eq", Arity::Open),
        ],
    ),
    opaque(
        "ipvs",
        Sharing::PerRule,
        &[
            ("--ipvs", Arity::Open),
            ("--vproto", Arity::Open),
            ("--vaddr", Arity::Open),
            ("--vport", Arity::Open),
            ("--vdir", Arity::Open),
            ("--vmethod", Arity::Open),
            ("--vportctl", Arity::Open),
        ],
    ),
    foreign("srh", Sharing::Whole),
    foreign("ipcomp", Sharing::Whole),
    foreign("geoip", Sharing::OptionsEverywhere),
    foreign("condition", Sharing::PerRule),
    foreign("fuzzy", Sharing::PerRule),
    foreign("ipp2p", Sharing::PerRule),
    foreign("layer7", Sharing::PerRule),
    foreign("ndpi", Sharing::PerRule),
    foreign("psd", Sharing::PerRule),
    foreign("quota2", Sharing::PerRule),
];
