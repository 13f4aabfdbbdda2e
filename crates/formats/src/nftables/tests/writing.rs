use proptest::prelude::*;
use space::{
    AddressSet, Conditions, IntervalSet, NameSet, Region, Rule, RuleId, RuleSet, Set, Side, Symbol,
    SymbolKind, difference,
};

use super::*;
use crate::{Direction, NewRule, RuleListing};

pub(super) fn rule(name: &str, permit: bool, region: Region) -> NewRule {
    NewRule { name: name.to_owned(), permit, region }
}

fn listing(direction: Direction, rules: Vec<NewRule>) -> RuleListing {
    RuleListing { name: "edge".to_owned(), direction, rules, default_permit: false }
}

pub(super) fn net(text: &str) -> AddressSet {
    text.parse::<ipnet::IpNet>().unwrap().into()
}

fn range(low: &str, high: &str) -> AddressSet {
    AddressSet::range(low.parse().unwrap(), high.parse().unwrap())
}

fn emit(rules: Vec<NewRule>) -> String {
    Nftables.emit(&[listing(Direction::Transit, rules)]).unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

/// The lines that a rule becomes.
fn lines(region: Region) -> Vec<String> {
    let text = emit(vec![rule("", true, region)]);
    let lines = text.lines().filter_map(|line| line.strip_prefix("\t\t")).skip(2);
    lines.map(|line| line.strip_suffix("accept").unwrap().trim_end().to_owned()).collect()
}

fn refused(region: Region) -> String {
    let refusal = Nftables.emit(&[listing(Direction::Transit, vec![rule("", true, region)])]).unwrap_err();
    assert!(!refusal.help.is_empty());
    refusal.message
}

pub(super) fn tcp(ports: IntervalSet<u16>) -> Region {
    Region::any().service(space::protocol::TCP, ports)
}

#[test]
fn a_whole_file() {
    let web = tcp(IntervalSet::one(443)).from(net("10.0.0.0/8")).to(net("192.0.2.1/32"));
    let transit = listing(
        Direction::Transit,
        vec![rule("web of \"contoso\"", true, web), rule("", false, Region::any().protocol(17))],
    );
    let inbound = RuleListing { default_permit: true, ..listing(Direction::Inbound, Vec::new()) };
    let text = Nftables.emit(&[transit, inbound]).unwrap();
    assert_eq!(
        text,
        "table inet flowright\ndelete table inet flowright\n\ntable inet flowright {\n\tchain forward {\n\
         \t\ttype filter hook forward priority filter; policy drop;\n\t\tct state established,related accept\n\
         \t\tip saddr 10.0.0.0/8 ip daddr 192.0.2.1 tcp dport 443 accept comment \"web of 'contoso'\"\n\
         \t\tmeta l4proto udp drop\n\t}\n\n\tchain input {\n\
         \t\ttype filter hook input priority filter; policy accept;\n\t\tct state established,related accept\n\t}\n}\n"
    );
    let export = import(&text);
    assert!(export.problems.is_empty());
    assert_eq!(export.coverage.totals().not_understood + export.coverage.totals().approximated, 0);
    assert_eq!(export.rule_sets.len(), 2);
    let twice = [listing(Direction::Transit, Vec::new()), listing(Direction::Transit, Vec::new())];
    assert!(Nftables.emit(&twice).unwrap_err().message.contains("forward"));
}

#[test]
fn regions_become_few_lines() {
    assert_eq!(lines(Region::any().from(range("10.0.0.1", "10.0.0.9"))), ["ip saddr 10.0.0.1-10.0.0.9"]);
    let two = net("10.0.0.0/24").union(&range("10.9.0.1", "10.9.0.3"));
    assert_eq!(lines(Region::any().to(two)), ["ip daddr { 10.0.0.0/24, 10.9.0.1-10.9.0.3 }"]);
    let all_but = AddressSet::any_v4().subtract(&net("10.0.0.0/8"));
    assert_eq!(lines(Region::any().from(all_but)), ["ip saddr != 10.0.0.0/8"]);
    let both = net("10.0.0.0/8").union(&net("2001:db8::/32"));
    assert_eq!(lines(Region::any().from(both)), ["ip saddr 10.0.0.0/8", "ip6 saddr 2001:db8::/32"]);
    let v4 = Region::any().from(AddressSet::any_v4()).to(AddressSet::any_v4());
    assert_eq!(lines(v4), ["meta nfproto ipv4"]);
    assert_eq!(lines(tcp(IntervalSet::one(22).complement())), ["tcp dport != 22"]);
    let ports = IntervalSet::from_ranges([(80, 80), (443, 443), (8000, 8010)]);
    let wide = Region { protocol: IntervalSet::from_ranges([(6, 6), (17, 17)]), ..tcp(ports.clone()) };
    assert_eq!(lines(wide), ["meta l4proto { tcp, udp } th dport { 80, 443, 8000-8010 }"]);
    let clients = Region { source_port: IntervalSet::range(1024, 65535), ..tcp(ports) };
    assert_eq!(lines(clients), ["tcp sport 1024-65535 tcp dport { 80, 443, 8000-8010 }"]);
    let icmp = |types| lines(Region::any().service(space::protocol::ICMP, types));
    assert_eq!(icmp(IntervalSet::range(2048, 2303)), ["meta l4proto icmp icmp type 8"]);
    assert_eq!(
        icmp(IntervalSet::from_ranges([(772, 774), (2048, 2815)])),
        ["meta l4proto icmp icmp type 8-10", "meta l4proto icmp icmp type 3 icmp code 4-6"]
    );
    let named = |names| Region { in_interface: names, ..Region::any() };
    assert_eq!(lines(named(NameSet::one("a").union(&NameSet::one("b")))), ["iifname { \"a\", \"b\" }"]);
    assert_eq!(lines(named(NameSet::starting_with("eth").complement())), ["iifname != \"eth*\""]);
}

#[test]
fn what_cannot_be_said_is_refused() {
    let name = Symbol::new(Side::Destination, SymbolKind::Name, "*.example.com");
    assert!(
        refused(tcp(IntervalSet::one(443)).when(Conditions::holds(name)))
            .contains("`*.example.com` is a name")
    );
    let open = Region { destination_port: IntervalSet::one(443), ..Region::any() };
    assert!(refused(open).contains("without its protocol"));
    let gre =
        Region { protocol: IntervalSet::one(47), destination_port: IntervalSet::one(1), ..Region::any() };
    assert!(refused(gre).contains("no ports"));
    let odd = Region { in_interface: NameSet::one("a b"), ..Region::any() };
    assert!(refused(odd).contains("cannot be the name"));
    let out = Region { out_interface: NameSet::one("eth0"), ..Region::any() };
    let inbound = listing(Direction::Inbound, vec![rule("", true, out)]);
    assert!(Nftables.emit(&[inbound]).unwrap_err().message.contains("`oifname` matches none"));
}

fn addresses() -> impl Strategy<Value = AddressSet> {
    let v4 = prop::collection::vec((any::<u32>(), 0_u32..2000), 0..3);
    let v6 = prop::collection::vec((any::<u128>(), 0_u128..2000), 0..2);
    let some = (v4, v6).prop_map(|(v4, v6)| AddressSet {
        v4: IntervalSet::from_ranges(v4.into_iter().map(|(low, size)| (low, low.saturating_add(size)))),
        v6: IntervalSet::from_ranges(v6.into_iter().map(|(low, size)| (low, low.saturating_add(size)))),
    });
    prop_oneof![
        3 => Just(AddressSet::any()),
        1 => Just(AddressSet::any_v4()),
        1 => Just(AddressSet::any_v6()),
        1 => some.clone().prop_map(|set| set.complement()),
        4 => some,
    ]
}

fn numbers() -> impl Strategy<Value = IntervalSet<u16>> {
    let some = prop::collection::vec((any::<u16>(), 0_u16..600), 1..4).prop_map(|ranges| {
        IntervalSet::from_ranges(ranges.into_iter().map(|(low, size)| (low, low.saturating_add(size))))
    });
    prop_oneof![
        3 => Just(IntervalSet::any()),
        1 => some.clone().prop_map(|set| set.complement()),
        3 => some,
    ]
}

fn services() -> impl Strategy<Value = Region> {
    let with = |numbers: &'static [u8]| prop::sample::subsequence(numbers, 1..=numbers.len());
    let ported =
        (with(&[6, 17, 33, 132, 136]), numbers(), numbers()).prop_map(|(protocols, source, destination)| {
            Region {
                protocol: IntervalSet::from_ranges(protocols.into_iter().map(|number| (number, number))),
                source_port: source,
                destination_port: destination,
                ..Region::any()
            }
        });
    let icmp = (with(&[1, 58]), numbers()).prop_map(|(protocols, types)| Region {
        protocol: IntervalSet::from_ranges(protocols.into_iter().map(|number| (number, number))),
        destination_port: types,
        ..Region::any()
    });
    let plain = prop::collection::vec((any::<u8>(), 0_u8..20), 1..4).prop_map(|ranges| Region {
        protocol: IntervalSet::from_ranges(
            ranges.into_iter().map(|(low, size)| (low, low.saturating_add(size))),
        ),
        ..Region::any()
    });
    prop_oneof![2 => Just(Region::any()), 5 => ported, 2 => icmp, 2 => plain]
}

fn interfaces() -> impl Strategy<Value = NameSet> {
    prop_oneof![
        4 => Just(NameSet::any()),
        1 => Just(NameSet::one("eth0")),
        1 => Just(NameSet::one("br-lan").union(&NameSet::one("wg0")).complement()),
        1 => Just(NameSet::starting_with("eth")),
    ]
}

pub(super) fn region() -> impl Strategy<Value = Region> {
    (addresses(), addresses(), services(), interfaces(), interfaces()).prop_map(
        |(source, destination, service, in_interface, out_interface)| Region {
            source,
            destination,
            in_interface,
            out_interface,
            ..service
        },
    )
}

/// What the listing says, without nftables.
fn meaning(listing: &RuleListing) -> RuleSet {
    let action = |permit| if permit { space::Action::Permit } else { space::Action::Deny };
    let one = |(at, rule): (usize, &NewRule)| Rule {
        id: RuleId(at as u32),
        matches: vec![rule.region.clone()],
        action: action(rule.permit),
    };
    RuleSet::flat(listing.rules.iter().enumerate().map(one).collect(), action(listing.default_permit))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_written_is_read_back(
        rules in prop::collection::vec((any::<bool>(), region(), "[ -~]{0,30}"), 0..6),
        default_permit in any::<bool>(),
    ) {
        let rules = rules.iter().map(|(permit, region, name)| rule(name, *permit, region.clone())).collect();
        let listing = RuleListing { default_permit, ..listing(Direction::Transit, rules) };
        let text = Nftables.emit(std::slice::from_ref(&listing)).unwrap();
        let export = import(&text);
        prop_assert!(export.problems.is_empty(), "{text} {:?}", export.problems);
        let found = difference(&meaning(&listing), &set(&export, "forward").rules, &Effort::usual()).unwrap();
        prop_assert!(found.is_empty(), "{text}\n{found:?}");
    }
}
