use proptest::prelude::*;
use space::{
    AddressSet, Conditions, IntervalSet, NameSet, Region, Rule, RuleId, Set, Side, Symbol, SymbolKind,
    difference,
};

use super::*;
use crate::{Direction, NewRule, RuleListing};

fn rule(name: &str, permit: bool, region: Region) -> NewRule {
    NewRule { name: name.to_owned(), permit, region }
}

fn listing(rules: Vec<NewRule>) -> RuleListing {
    RuleListing { name: "FORWARD".to_owned(), direction: Direction::Transit, rules, default_permit: false }
}

fn v4(low: &str, high: &str) -> AddressSet {
    AddressSet::range(low.parse().unwrap(), high.parse().unwrap())
}

fn net(text: &str) -> AddressSet {
    text.parse::<ipnet::IpNet>().unwrap().into()
}

fn emit(rules: Vec<NewRule>) -> String {
    Iptables.emit(&[listing(rules)]).unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

/// The lines that a rule becomes.
fn lines(region: Region) -> Vec<String> {
    let text = emit(vec![rule("", true, region)]);
    let lines = text.lines().filter_map(|line| line.strip_prefix("-A FORWARD ")).skip(1);
    lines
        .map(|line| {
            line.strip_suffix(" -j ACCEPT")
                .unwrap_or_else(|| line.strip_suffix("-j ACCEPT").unwrap())
                .to_owned()
        })
        .collect()
}

fn refused(region: Region) -> String {
    let refusal = Iptables.emit(&[listing(vec![rule("", true, region)])]).unwrap_err();
    assert!(!refusal.help.is_empty());
    refusal.message
}

fn tcp(ports: IntervalSet<u16>) -> Region {
    Region::any().service(space::protocol::TCP, ports)
}

#[test]
fn a_whole_file() {
    let web = tcp(IntervalSet::one(443)).from(net("10.0.0.0/8")).to(net("192.0.2.1/32"));
    let text =
        emit(vec![rule("web of \"contoso\"", true, web), rule("rest", false, Region::any().protocol(17))]);
    assert_eq!(
        text,
        "*filter\n:FORWARD DROP [0:0]\n-F FORWARD\n-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n\
         -A FORWARD -s 10.0.0.0/8 -d 192.0.2.1/32 -p tcp -m tcp --dport 443 -m comment --comment \"web of \\\"contoso\\\"\" -j ACCEPT\n\
         -A FORWARD -p udp -m comment --comment rest -j DROP\nCOMMIT\n"
    );
    assert!(problems(&text).is_empty());
    let inbound = RuleListing { direction: Direction::Inbound, default_permit: true, ..listing(Vec::new()) };
    assert!(
        Iptables
            .emit(std::slice::from_ref(&inbound))
            .unwrap()
            .starts_with("*filter\n:INPUT ACCEPT [0:0]\n-F INPUT\n")
    );
}

#[test]
fn addresses_become_few_lines() {
    assert_eq!(
        lines(Region::any().from(v4("10.0.0.1", "10.0.0.9"))),
        ["-m iprange --src-range 10.0.0.1-10.0.0.9"]
    );
    let two = net("10.0.0.0/24").union(&v4("10.9.0.1", "10.9.0.3"));
    assert_eq!(lines(Region::any().to(two)), ["-d 10.0.0.0/24", "-m iprange --dst-range 10.9.0.1-10.9.0.3"]);
    let all_but = AddressSet::any_v4().subtract(&net("10.0.0.0/8"));
    assert_eq!(lines(Region::any().from(all_but)), ["! -s 10.0.0.0/8"]);
    let both = Region::any()
        .from(v4("10.0.0.1", "10.0.0.9"))
        .to(AddressSet::any_v4().subtract(&v4("10.0.0.1", "10.0.0.9")));
    assert_eq!(lines(both), ["-m iprange --src-range 10.0.0.1-10.0.0.9 ! --dst-range 10.0.0.1-10.0.0.9"]);
}

#[test]
fn ports_become_few_lines() {
    assert_eq!(lines(tcp(IntervalSet::range(80, 90))), ["-p tcp -m tcp --dport 80:90"]);
    assert_eq!(lines(tcp(IntervalSet::one(22).complement())), ["-p tcp -m tcp ! --dport 22"]);
    let three = IntervalSet::from_ranges([(80, 80), (443, 443), (8000, 8010)]);
    assert_eq!(lines(tcp(three.clone())), ["-p tcp -m multiport --dports 80,443,8000:8010"]);
    let both = Region { source_port: IntervalSet::range(1024, 65535), ..tcp(three.clone()) };
    assert_eq!(lines(both), ["-p tcp -m tcp --sport 1024:65535 -m multiport --dports 80,443,8000:8010"]);
    let lists = Region { source_port: three.clone(), ..tcp(three) };
    assert_eq!(
        lines(lists),
        ["-p tcp -m multiport --sports 80,443,8000:8010 -m multiport --dports 80,443,8000:8010"]
    );
    // Seven ranges and one port are fifteen; one more is a second line.
    let eight = IntervalSet::from_ranges((0..8).map(|n| (n * 100, n * 100 + u16::from(n < 7))));
    assert_eq!(lines(tcp(eight)).len(), 1);
    let nine = IntervalSet::from_ranges((0..8).map(|n| (n * 100, n * 100 + 1)));
    assert_eq!(lines(tcp(nine)).len(), 2);
    let both = Region { protocol: IntervalSet::from_ranges([(6, 6), (17, 17)]), ..tcp(IntervalSet::one(53)) };
    assert_eq!(lines(both), ["-p tcp -m tcp --dport 53", "-p udp -m udp --dport 53"]);
}

#[test]
fn icmp_types_and_interfaces() {
    let icmp = |types| lines(Region::any().service(space::protocol::ICMP, types));
    assert_eq!(icmp(IntervalSet::range(2048, 2303)), ["-p icmp -m icmp --icmp-type 8"]);
    assert_eq!(icmp(IntervalSet::range(2048, 2303).complement()), ["-p icmp -m icmp ! --icmp-type 8"]);
    assert_eq!(
        icmp(IntervalSet::range(772, 773)),
        ["-p icmp -m icmp --icmp-type 3/4", "-p icmp -m icmp --icmp-type 3/5"]
    );
    let region = Region {
        in_interface: NameSet::one("eth0"),
        out_interface: NameSet::one("lo").complement(),
        ..Region::any()
    };
    assert_eq!(lines(region), ["-i eth0 ! -o lo"]);
    let two = NameSet::one("eth0").union(&NameSet::one("eth1"));
    assert_eq!(lines(Region { in_interface: two, ..Region::any() }), ["-i eth0", "-i eth1"]);
}

#[test]
fn ipv6_has_a_file_of_its_own() {
    let text = emit(vec![rule("", true, tcp(IntervalSet::one(443)).to(net("2001:db8::/32")))]);
    assert!(text.contains("-d 2001:db8::/32 -p tcp"));
    assert_eq!(ask(&text, "FORWARD", "2001:db8::1 -> 2001:db8::2 tcp/443"), "permit by FORWARD 2");
    assert_eq!(ask(&text, "FORWARD", "10.0.0.1 -> 192.0.2.1 tcp/443"), "either");
    // All of IPv6 shows no address; the file shows its family all the same.
    let text = emit(vec![rule("a::b -s", true, Region::any().from(AddressSet::any_v6()))]);
    assert_eq!(ask(&text, "FORWARD", "2001:db8::1 -> 2001:db8::2 tcp/443"), "permit by FORWARD 2");
    let types = Region::any()
        .to(net("2001:db8::/32"))
        .service(space::protocol::ICMPV6, IntervalSet::range(32768, 33023));
    assert_eq!(lines(types), ["-d 2001:db8::/32 -p ipv6-icmp -m icmp6 --icmpv6-type 128"]);
}

#[test]
fn what_iptables_cannot_say_is_refused() {
    let both = net("10.0.0.0/8").union(&net("2001:db8::/32"));
    assert!(refused(Region::any().from(both)).contains("IPv4 and IPv6"));
    assert!(
        refused(Region::any().from(net("10.0.0.0/8")).to(net("2001:db8::/32"))).contains("IPv4 and IPv6")
    );
    let two = listing(vec![
        rule("", true, Region::any().from(net("10.0.0.0/8"))),
        rule("", true, Region::any().from(net("2001:db8::/32"))),
    ]);
    assert_eq!(
        Iptables.emit(std::slice::from_ref(&two)).unwrap_err().help,
        "write one file for each family: `flowright compile --family ipv4`, and `ipv6`"
    );
    let named = Region::any().when(Conditions::named(Side::Destination, "outlook.office365.com"));
    assert_eq!(refused(named), "iptables matches addresses, and `outlook.office365.com` is a name");
    let group = Symbol::new(Side::Source, SymbolKind::AddressGroup, "office");
    assert!(refused(Region::any().when(Conditions::holds(group))).contains("`office`"));
    let time = Symbol::new(Side::Packet, SymbolKind::Match, "time");
    assert!(refused(Region::any().when(Conditions::lacks(time))).contains("`time`"));
    assert!(
        refused(Region { destination_port: IntervalSet::one(80), ..Region::any() })
            .contains("without its protocol")
    );
    assert!(
        refused(Region { destination_port: IntervalSet::one(80), ..Region::any().protocol(47) })
            .contains("47 has no ports")
    );
    let many = Region { protocol: IntervalSet::range(60, 90), ..Region::any() };
    assert!(refused(many).contains("31 protocols"));
    assert!(refused(Region::any().protocol(0)).contains("protocol 0"));
    assert!(refused(Region::any().service(1, IntervalSet::range(65280, 65535))).contains("255"));
    assert!(refused(Region::any().service(58, IntervalSet::one(32768))).contains("ipv6-icmp"));
    let wild = Region { in_interface: NameSet::starting_with("eth"), ..Region::any() };
    assert!(refused(wild).contains("one interface"));
    for name in ["eth+", "", "sixteen_letters_", "a b", "-x", "!"] {
        assert!(
            refused(Region { in_interface: NameSet::one(name), ..Region::any() }).contains("interface"),
            "{name}"
        );
    }
    let scattered = |octet: u8| {
        let one = |n: u8| (u32::from_be_bytes([10, octet, n, 0]), u32::from_be_bytes([10, octet, n, 1]));
        AddressSet { v4: IntervalSet::from_ranges((0..=255).map(one)), v6: IntervalSet::empty() }
    };
    assert!(refused(Region::any().from(scattered(1)).to(scattered(2))).contains("65536 lines"));
    let inbound = RuleListing {
        direction: Direction::Inbound,
        ..listing(vec![rule("", true, Region { out_interface: NameSet::one("eth0"), ..Region::any() })])
    };
    assert!(Iptables.emit(std::slice::from_ref(&inbound)).unwrap_err().message.contains("chain INPUT"));
}

#[test]
fn comments_fit_and_break_nothing() {
    for name in [
        "plain",
        "a \"quoted\" \\ one",
        "two\nlines\tand -j DROP",
        "-j DROP",
        "-t nat",
        "!",
        "# hash",
        "é".repeat(200).as_str(),
        &"x".repeat(1000),
        "\u{1b}[31m",
        "'apostrophe'",
        "COMMIT",
        "-s 2001:db8::1",
    ] {
        let text = emit(vec![rule(name, false, Region::any().from(net("10.0.0.0/8")))]);
        assert_eq!(ask(&text, "FORWARD", "10.0.0.1 -> 192.0.2.1 tcp/80"), "deny by FORWARD 2", "{name}");
        let export = import(&text);
        let comment = set(&export, "FORWARD").entries[2].comment.clone().unwrap();
        assert!(comment.len() <= 255 && !comment.contains('\n'), "{comment}");
        assert_eq!(export.coverage.totals().not_understood, 0);
    }
}

/// What the listing means, for the packets of a family; of the others nothing is known.
fn meaning(listing: &RuleListing, family: &AddressSet) -> RuleSet {
    let other = AddressSet::any().subtract(family);
    let beyond = vec![Region::any().from(other.clone()), Region::any().from(family.clone()).to(other)];
    let mut rules = vec![Rule { id: RuleId(0), matches: beyond, action: Action::Unknown }];
    for new in &listing.rules {
        let mine = Region::any().from(family.clone()).to(family.clone());
        let matches = new.region.intersect(&mine).into_iter().collect();
        let id = RuleId(u32::try_from(rules.len()).unwrap());
        rules.push(Rule { id, matches, action: if new.permit { Action::Permit } else { Action::Deny } });
    }
    RuleSet::flat(rules, if listing.default_permit { Action::Permit } else { Action::Deny })
}

fn addresses(v6: bool) -> impl Strategy<Value = AddressSet> {
    let base = if v6 { 0x2001_0db8_u128 << 96 } else { 0x0a00_0000 };
    let ranges = prop::collection::vec((0_u32..600, 0_u32..300), 1..4);
    let some = move |ranges: Vec<(u32, u32)>| {
        let ranges =
            ranges.into_iter().map(|(low, size)| (base + u128::from(low), base + u128::from(low + size)));
        if v6 {
            AddressSet { v4: IntervalSet::empty(), v6: IntervalSet::from_ranges(ranges) }
        } else {
            let narrow = |n: u128| u32::try_from(n).unwrap();
            AddressSet {
                v4: IntervalSet::from_ranges(ranges.map(|(a, b)| (narrow(a), narrow(b)))),
                v6: IntervalSet::empty(),
            }
        }
    };
    let whole = if v6 { AddressSet::any_v6() } else { AddressSet::any_v4() };
    let all_but = whole.clone();
    prop_oneof![
        2 => Just(AddressSet::any()),
        1 => Just(whole),
        3 => ranges.clone().prop_map(some),
        1 => ranges.prop_map(move |ranges| all_but.subtract(&some(ranges))),
        2 => (0_u32..33).prop_map(move |length| {
            let text = if v6 { format!("2001:db8::/{length}") } else { format!("10.128.0.0/{length}") };
            text.parse::<ipnet::IpNet>().unwrap().into()
        }),
    ]
}

fn ports() -> impl Strategy<Value = IntervalSet<u16>> {
    let ranges = prop::collection::vec((0_u16..2000, 0_u16..4), 1..24);
    let some = |ranges: Vec<(u16, u16)>| {
        IntervalSet::from_ranges(ranges.into_iter().map(|(low, size)| (low, low + size)))
    };
    prop_oneof![
        Just(IntervalSet::any()),
        ranges.clone().prop_map(some),
        ranges.prop_map(move |ranges| some(ranges).complement()),
        (0_u16..=65535).prop_map(|low| IntervalSet::range(low, 65535)),
    ]
}

fn service(v6: bool) -> impl Strategy<Value = Region> {
    let icmp = if v6 { space::protocol::ICMPV6 } else { space::protocol::ICMP };
    let types = prop::collection::vec((0_u16..40, 0_u16..3), 1..4).prop_map(|all| {
        IntervalSet::from_ranges(all.into_iter().map(|(kind, code)| {
            if code == 0 { (kind * 256, kind * 256 + 255) } else { (kind * 256 + code, kind * 256 + code) }
        }))
    });
    prop_oneof![
        1 => Just(Region::any()),
        4 => (prop::sample::subsequence(vec![6_u8, 17, 33, 132, 136], 1..3), ports(), ports()).prop_map(|(protocols, source_port, destination_port)| Region {
            protocol: IntervalSet::from_ranges(protocols.into_iter().map(|one| (one, one))),
            source_port,
            destination_port,
            ..Region::any()
        }),
        1 => (1_u8..=255).prop_map(|number| Region { protocol: IntervalSet::one(number).complement(), ..Region::any() }),
        1 => (1_u8..=255).prop_map(|number| Region::any().protocol(number)),
        1 => types.prop_map(move |types| Region::any().service(icmp, types)),
    ]
}

fn interface() -> impl Strategy<Value = NameSet> {
    prop_oneof![
        4 => Just(NameSet::any()),
        1 => Just(NameSet::one("eth0")),
        1 => Just(NameSet::one("eth0.5").union(&NameSet::one("tun0"))),
        1 => Just(NameSet::one("lo").complement()),
    ]
}

pub(super) fn new_rule(v6: bool) -> impl Strategy<Value = NewRule> {
    (addresses(v6), addresses(v6), service(v6), interface(), interface(), any::<bool>(), "[ -~]{0,12}")
        .prop_map(|(source, destination, service, in_interface, out_interface, permit, name)| {
            rule(&name, permit, Region { source, destination, in_interface, out_interface, ..service })
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn what_is_written_is_read_back(
        (rules, v6) in any::<bool>().prop_flat_map(|v6| (prop::collection::vec(new_rule(v6), 0..5), Just(v6))),
        default_permit in any::<bool>(),
    ) {
        let listing = RuleListing { default_permit, ..listing(rules) };
        let named = super::super::write::family(&listing.rules).unwrap();
        let family = if named.is_some() && v6 { AddressSet::any_v6() } else { AddressSet::any_v4() };
        let text = match Iptables.emit(std::slice::from_ref(&listing)) {
            Ok(text) => text,
            // Types of the other family's ICMP, protocol 255 and such: refused, never widened.
            Err(refusal) => {
                prop_assume!(!refusal.message.contains("lines") && !refusal.message.contains("types of"));
                return Err(TestCaseError::fail(format!("{refusal:?}")));
            }
        };
        let export = import(&text);
        prop_assert!(export.problems.is_empty(), "{:?}", export.problems);
        let totals = export.coverage.totals();
        prop_assert_eq!((totals.approximated, totals.not_understood), (0, 0));
        let read = &set(&export, "FORWARD").rules;
        let found = difference(&meaning(&listing, &family), read, &Effort::usual()).unwrap();
        prop_assert!(found.is_empty(), "{text}\n{found:?}");
    }
}
