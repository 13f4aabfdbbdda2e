//! What the match modules of a rule say of the first packet of a flow.

use diagnostics::printable;
use space::{Conditions, IntervalSet, Region, Set, Side, Symbol, SymbolKind, protocol};

use super::addresses::{self, Trouble};
use super::draft::Draft;
use super::dump::TableKind;
use super::family::Family;
use super::meaning::fitting;
use super::modules::{Module, Opaque, Sharing};
use super::rule::{Loaded, Opt};
use super::state::{self, Holds};
use super::values;

/// Adds what all modules of the rule demand.
pub(super) fn read(draft: &mut Draft<'_, '_>) {
    let rule = draft.rule;
    for (index, loaded) in rule.modules.iter().enumerate() {
        let options = || rule.options.iter().filter(move |option| option.module == index);
        let Some(module) = loaded.module else {
            let text = whole(draft, *loaded, index);
            draft.not_understood(&text);
            continue;
        };
        let needs_one = !matches!(module, Module::Opaque(_) | Module::Comment) && module.of_ports().is_none();
        if needs_one && options().next().is_none() {
            let text = whole(draft, *loaded, index);
            draft.not_understood(&text);
            continue;
        }
        match module {
            Module::Comment => options().for_each(|option| draft.comment(rule.value(option))),
            Module::Tcp | Module::Udp | Module::UdpLite | Module::Sctp | Module::Dccp => {
                options().for_each(|option| transport(draft, module, option));
            }
            Module::Multiport => options().for_each(|option| multiport(draft, option)),
            Module::IpRange => options().for_each(|option| range(draft, option)),
            Module::Icmp => options().for_each(|option| icmp(draft, protocol::ICMP, option)),
            Module::Icmp6 => options().for_each(|option| icmp(draft, protocol::ICMPV6, option)),
            Module::State | Module::Conntrack => options().for_each(|option| conntrack(draft, option)),
            Module::AddrType => address_types(draft, *loaded, index),
            Module::Set => set(draft, *loaded, index),
            Module::Recent => recent(draft, *loaded, index),
            Module::Opaque(module) => opaque(draft, module, *loaded, index),
        }
    }
    for option in &rule.foreign {
        let text = draft.text(option);
        draft.not_understood(&text);
    }
}

/// A whole module as it was written.
fn whole(draft: &Draft<'_, '_>, loaded: Loaded, index: usize) -> String {
    let mut text = "-m".to_owned();
    if let Some(name) = loaded.token {
        text.push(' ');
        text.push_str(draft.rule.text(name));
    }
    for option in draft.rule.options.iter().filter(|option| option.module == index) {
        text.push_str(if option.negated { " ! " } else { " " });
        text.push_str(&draft.text(option));
    }
    text
}

fn signed(draft: &Draft<'_, '_>, option: &Opt) -> String {
    let text = draft.text(option);
    if option.negated { format!("! {text}") } else { text }
}

/// A value that is not what the option takes.
fn invalid(draft: &mut Draft<'_, '_>, option: &Opt, what: &str, help: &str) {
    let text = signed(draft, option);
    let message = format!("`{}` {what}", printable(&fitting(&text)));
    draft.invalid(&text, draft.place(option), message, help);
}

/// Whether the rule is for one protocol, and the module is that one's.
fn is_for(draft: &Draft<'_, '_>, wanted: &[u8]) -> bool {
    draft.region.protocol.hull().is_some_and(|(low, high)| low == high && wanted.contains(&low))
}

fn inverted<T: Set>(set: T, negated: bool) -> T {
    if negated { set.complement() } else { set }
}

fn transport(draft: &mut Draft<'_, '_>, module: Module, option: &Opt) {
    let Some(number) = module.of_ports() else { return };
    let rule = draft.rule;
    let name = option.key;
    let text = rule.value(option);
    if !is_for(draft, &[number]) {
        let protocol = protocol::name(number).unwrap_or_default();
        let help = format!("iptables takes it with `-p {protocol}` only");
        return invalid(draft, option, "is for one protocol, and the rule is not for that one", &help);
    }
    match name {
        "--dport" | "--destination-port" | "--sport" | "--source-port" => match values::port_range(text) {
            Some(ports) => {
                let ports = inverted(ports, option.negated);
                let region = &mut draft.region;
                if matches!(name, "--dport" | "--destination-port") {
                    region.destination_port = region.destination_port.intersect(&ports);
                } else {
                    region.source_port = region.source_port.intersect(&ports);
                }
            }
            None => not_ports(draft, option),
        },
        "--syn" if option.negated => draft.never(NO_OPENING),
        "--syn" => {}
        "--tcp-flags" => {
            let comp = rule.values(option).get(1).map_or("", |token| &token.text);
            match values::syn_matches(text, comp) {
                Some(matches) if matches == option.negated => draft.never(NO_OPENING),
                Some(_) => {}
                None => {
                    invalid(draft, option, "names a TCP flag that there is none of", "write the flags' names")
                }
            }
        }
        // TCP options, and the types of SCTP chunks and DCCP packets: of the packet itself.
        _ => {
            let text = draft.text(option);
            draft.shared(&text, option.negated);
            draft.approximate(format!("`{name}` is not modelled"));
        }
    }
}

const NO_OPENING: &str = "for packets that open no connection";

fn not_ports(draft: &mut Draft<'_, '_>, option: &Opt) {
    if values::has_service_name(draft.rule.value(option)) {
        invalid(draft, option, "has a service name that is not known here", "write the number of the port");
    } else {
        invalid(
            draft,
            option,
            "is no port and no range of ports",
            "write a port between 0 and 65535, or a range",
        );
    }
}

fn multiport(draft: &mut Draft<'_, '_>, option: &Opt) {
    if !is_for(draft, &protocol::WITH_PORTS) {
        let help = "iptables takes it with `-p` and one of tcp, udp, udplite, sctp and dccp only";
        return invalid(draft, option, "needs a protocol with ports", help);
    }
    let rule = draft.rule;
    let Some(ports) = values::port_list(rule.value(option)) else { return not_ports(draft, option) };
    let ports = inverted(ports, option.negated);
    let source = draft.region.source_port.intersect(&ports);
    let destination = draft.region.destination_port.intersect(&ports);
    match option.key {
        "--dports" | "--destination-ports" => draft.region.destination_port = destination,
        "--sports" | "--source-ports" => draft.region.source_port = source,
        // Neither of the two is in the list.
        _ if option.negated => {
            draft.region.source_port = source;
            draft.region.destination_port = destination;
        }
        _ => draft.one_of(vec![
            Region { source_port: ports.clone(), ..Region::any() },
            Region { destination_port: ports, ..Region::any() },
        ]),
    }
}

fn range(draft: &mut Draft<'_, '_>, option: &Opt) {
    let rule = draft.rule;
    let family = draft.around.family;
    match addresses::range(rule.value(option), family) {
        Ok((set, backwards)) => {
            if backwards {
                let text = printable(&fitting(rule.value(option))).into_owned();
                let message = format!("the range `{text}` runs backwards: no address lies in it");
                draft.warn(draft.place(option), message, "put the lower address first");
            }
            let set = if option.negated { addresses::any(family).subtract(&set) } else { set };
            let region = &mut draft.region;
            if option.key == "--src-range" {
                region.source = region.source.intersect(&set);
            } else {
                region.destination = region.destination.intersect(&set);
            }
        }
        Err(Trouble::OtherFamily) => {
            let what =
                format!("has an address of {}, among rules for {}", family.other().name(), family.name());
            invalid(draft, option, &what, "keep the rules of iptables and those of ip6tables in two files");
        }
        Err(_) => {
            invalid(draft, option, "is no range of addresses", "write two addresses with a `-` between them")
        }
    }
}

fn icmp(draft: &mut Draft<'_, '_>, number: u8, option: &Opt) {
    if !is_for(draft, &[number]) {
        let protocol = protocol::name(number).unwrap_or_default();
        let help = format!("iptables takes it with `-p {protocol}` only");
        return invalid(draft, option, "is for one protocol, and the rule is not for that one", &help);
    }
    let family = if number == protocol::ICMP { Family::V4 } else { Family::V6 };
    match values::icmp(draft.rule.value(option), family) {
        Some(types) => {
            let types: IntervalSet<u16> = inverted(types, option.negated);
            draft.region.destination_port = draft.region.destination_port.intersect(&types);
        }
        None => invalid(draft, option, "is no type of ICMP", "write its number, or number and code: `3/4`"),
    }
}

fn conntrack(draft: &mut Draft<'_, '_>, option: &Opt) {
    let rule = draft.rule;
    let (name, value) = (option.key, rule.value(option));
    let around = draft.around;
    let alone = |draft: &mut Draft<'_, '_>| {
        let text = signed(draft, option);
        draft.alone(&text);
        draft.approximate(format!("`{name}` is not modelled here"));
    };
    // The raw table is asked before tracking knows of the packet.
    if around.table.kind == TableKind::Raw {
        return alone(draft);
    }
    match name {
        "--ctstate" | "--state" => match state::holds(value, option.negated, around.exempted) {
            Holds::Malformed => {
                let help = "write NEW, ESTABLISHED, RELATED or INVALID";
                invalid(draft, option, "names a state that there is none of", help);
            }
            // Whether addresses are translated changes between the hooks.
            Holds::When(symbol, _) if !around.one_hook() && symbol.name.starts_with('-') => alone(draft),
            Holds::Unknown => alone(draft),
            holds => tracked(draft, option, holds),
        },
        "--ctproto" if !around.exempted => {
            match values::protocols(value).filter(|protocols| !protocols.is_any()) {
                Some(protocols) => {
                    let region = &mut draft.region;
                    region.protocol = region.protocol.intersect(&inverted(protocols, option.negated));
                }
                None => invalid(draft, option, "is no protocol", "name a protocol or its number"),
            }
        }
        // The first packet of a flow gives the direction its name.
        "--ctdir" if !around.exempted => match value.to_ascii_uppercase().as_str() {
            "ORIGINAL" if option.negated => draft.never(state::FOR_REPLIES),
            "REPLY" if !option.negated => draft.never(state::FOR_REPLIES),
            "ORIGINAL" | "REPLY" => {}
            _ => invalid(draft, option, "is no direction", "write ORIGINAL or REPLY"),
        },
        _ => alone(draft),
    }
}

/// Adds what the state demands: `holds` of packets that are tracked, and of the others whether UNTRACKED is listed.
fn tracked(draft: &mut Draft<'_, '_>, option: &Opt, holds: Holds) {
    if let Holds::When(..) = holds {
        let text = printable(&fitting(draft.rule.value(option))).into_owned();
        draft.approximate(format!("`{} {text}` is not modelled", option.key));
    }
    // Neighbour discovery belongs to no connection: the kernel lets it pass tracking by.
    let discovery = draft.around.family == Family::V6 && draft.region.protocol.contains(protocol::ICMPV6);
    let untracked = state::lists_untracked(draft.rule.value(option)) != option.negated;
    match holds {
        Holds::Always if !discovery || untracked => {}
        Holds::Never(why) if !discovery || !untracked => draft.never(why),
        Holds::When(symbol, value) if !discovery => draft.holds(symbol, value),
        holds => {
            let types = state::untracked_types();
            let mut parts = Vec::new();
            if !matches!(holds, Holds::Never(_)) {
                let conditions = match holds {
                    Holds::When(symbol, true) => Conditions::holds(symbol),
                    Holds::When(symbol, false) => Conditions::lacks(symbol),
                    _ => Conditions::none(),
                };
                let others = IntervalSet::one(protocol::ICMPV6).complement();
                let tracked = Region::any().when(conditions);
                parts.push(Region { protocol: others, ..tracked.clone() });
                parts.push(tracked.service(protocol::ICMPV6, types.complement()));
            }
            if untracked {
                parts.push(Region::any().service(protocol::ICMPV6, types));
            }
            draft.one_of(parts);
        }
    }
}

const ADDRESS_TYPES: [&str; 12] = [
    "UNSPEC",
    "UNICAST",
    "LOCAL",
    "BROADCAST",
    "ANYCAST",
    "MULTICAST",
    "BLACKHOLE",
    "UNREACHABLE",
    "PROHIBIT",
    "THROW",
    "NAT",
    "XRESOLVE",
];

/// Which addresses are local, say, the firewall's own tables know: one symbol for each type and side.
fn address_types(draft: &mut Draft<'_, '_>, loaded: Loaded, index: usize) {
    let rule = draft.rule;
    let options = || rule.options.iter().filter(move |option| option.module == index);
    // Asked of one interface: that hangs on the hook as well.
    if options().any(|option| option.key.starts_with("--limit")) {
        let text = whole(draft, loaded, index);
        return unmodelled(draft, "addrtype", &text, draft.around.one_hook());
    }
    for option in options() {
        let side = if option.key == "--src-type" { Side::Source } else { Side::Destination };
        let mut names: Vec<&str> = rule.value(option).split(',').collect();
        names.sort_unstable();
        names.dedup();
        let known = |name: &&str| ADDRESS_TYPES.iter().any(|known| known.eq_ignore_ascii_case(name));
        if !names.iter().all(known) {
            invalid(
                draft,
                option,
                "names a type of addresses that there is none of",
                "write one of the types, such as LOCAL",
            );
            continue;
        }
        let symbol = |name: &str| {
            let name = format!("of type {} (addrtype)", name.to_ascii_uppercase());
            Symbol::new(side, SymbolKind::AddressGroup, &name)
        };
        draft.approximate("which addresses are of that type is not in the export");
        match names.as_slice() {
            [one] => draft.holds(symbol(one), !option.negated),
            _ if option.negated => names.iter().for_each(|name| draft.holds(symbol(name), false)),
            _ => {
                let one = |name: &&str| Region::any().when(Conditions::holds(symbol(name)));
                draft.one_of(names.iter().map(one).collect());
            }
        }
    }
}

/// `-m set --match-set NAME src`: the members are in another export.
fn set(draft: &mut Draft<'_, '_>, loaded: Loaded, index: usize) {
    let rule = draft.rule;
    let mut options = rule.options.iter().filter(|option| option.module == index);
    let text = whole(draft, loaded, index);
    let (Some(option), None) = (options.next(), options.next()) else {
        return unmodelled(draft, "set", &text, false);
    };
    let (name, flags) = (rule.value(option), rule.values(option).get(1).map_or("", |token| &token.text));
    if !matches!(option.key, "--match-set" | "--set") {
        return unmodelled(draft, "set", &text, false);
    }
    if flags.split(',').any(|flag| !matches!(flag, "src" | "dst")) {
        return invalid(
            draft,
            option,
            "needs `src` or `dst` for each part of the set",
            "write it as `ipset` made the set",
        );
    }
    draft.approximate(format!("the members of set `{}` are not in the export", printable(&fitting(name))));
    if draft.around.changed_sets.binary_search_by(|changed| changed.as_str().cmp(name)).is_ok() {
        return draft.alone(&text);
    }
    let symbol = match flags {
        "src" => Symbol::new(Side::Source, SymbolKind::AddressGroup, &fitting(name)),
        "dst" => Symbol::new(Side::Destination, SymbolKind::AddressGroup, &fitting(name)),
        _ => Symbol::new(Side::Packet, SymbolKind::AddressGroup, &fitting(&format!("{name} {flags}"))),
    };
    draft.holds(symbol, !option.negated);
}

/// `--set` only remembers the address, and always holds (`man iptables-extensions`, recent).
fn recent(draft: &mut Draft<'_, '_>, loaded: Loaded, index: usize) {
    let rule = draft.rule;
    let remembers = rule.options.iter().find(|option| option.module == index && option.key == "--set");
    match remembers {
        Some(option) if option.negated => draft.never("for no packet: `! --set` never holds"),
        Some(_) => {}
        None => {
            let text = whole(draft, loaded, index);
            unmodelled(draft, "recent", &text, false);
        }
    }
}

fn unmodelled(draft: &mut Draft<'_, '_>, name: &str, text: &str, shared: bool) {
    if shared {
        draft.shared(text, false);
    } else {
        draft.alone(text);
    }
    draft.approximate(format!("match `-m {name}` is not modelled"));
}

fn opaque(draft: &mut Draft<'_, '_>, module: &Opaque, loaded: Loaded, index: usize) {
    let rule = draft.rule;
    let options = || rule.options.iter().filter(move |option| option.module == index);
    let here = match module.sharing {
        Sharing::PerRule => false,
        Sharing::Whole => draft.around.one_hook(),
        // A target that changes the length of packets may stand between two rules.
        Sharing::Options => draft.around.one_hook() && !(draft.around.resized && module.name() == "length"),
        Sharing::OptionsEverywhere | Sharing::WholeEverywhere => true,
    };
    let split = here
        && matches!(module.sharing, Sharing::Options | Sharing::OptionsEverywhere)
        && options().next().is_some()
        // It changes what the option beside it means.
        && !options().any(|option| option.key == "--suppl-groups");
    if !split {
        let text = whole(draft, loaded, index);
        return unmodelled(draft, module.name(), &text, here);
    }
    for option in options() {
        let text = format!("-m {} {}", module.name(), draft.text(option));
        draft.shared(&text, option.negated);
    }
    draft.approximate(format!("match `-m {}` is not modelled", module.name()));
}
