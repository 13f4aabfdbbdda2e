//! What is written reads back as what was meant.

use proptest::prelude::*;
use space::{
    Action, AddressSet, Conditions, IntervalSet, NameSet, Outcome, Region, Rule, RuleId, RuleSet, Set, Side,
    Symbol, SymbolKind, decide, difference, protocol,
};

use super::*;
use crate::{Direction, NewRule, Refusal, RuleListing};

pub(super) fn rule(name: &str, permit: bool, region: Region) -> NewRule {
    NewRule { name: name.to_owned(), permit, region }
}

fn listing(rules: Vec<NewRule>, default_permit: bool) -> RuleListing {
    RuleListing { name: "edge".to_owned(), direction: Direction::Transit, rules, default_permit }
}

pub(super) fn net(text: &str) -> AddressSet {
    text.parse::<ipnet::IpNet>().unwrap().into()
}

pub(super) fn tcp(ports: IntervalSet<u16>) -> Region {
    Region::any().service(protocol::TCP, ports)
}

fn refused(region: Region) -> Refusal {
    CiscoIos.emit(&[listing(vec![rule("a", true, region)], false)]).unwrap_err()
}

#[test]
fn a_whole_file() {
    let web = tcp(IntervalSet::one(443)).from(net("10.0.0.0/8")).to(net("192.0.2.1/32"));
    let back = Region { source_port: IntervalSet::one(443), ..tcp(IntervalSet::range(1024, 65535)) }
        .from(net("192.0.2.1/32"))
        .to(net("10.0.0.0/8"))
        .when(Conditions::holds(crate::established()));
    let text = CiscoIos
        .emit(&[listing(vec![rule("web?\tof contoso", true, web.clone()), rule("back", true, back)], false)])
        .unwrap();
    assert_eq!(
        text,
        "ip access-list extended edge\n remark web of contoso\n permit tcp 10.0.0.0 0.255.255.255 host 192.0.2.1 eq 443\n \
         remark back\n permit tcp host 192.0.2.1 eq 443 10.0.0.0 0.255.255.255 range 1024 65535 established\n deny ip any any\n"
    );
    assert_eq!(CiscoIos.detect(&text), crate::Detection::Sure);
    let six = web.from(net("2001:db8::/32")).to(net("2001:db8::1/128"));
    let text = CiscoIos.emit(&[listing(vec![rule("", true, six)], false)]).unwrap();
    assert_eq!(
        text,
        "! the last line denies neighbour discovery too, where nothing above permits it\nipv6 access-list edge-v6\n \
         permit tcp 2001:db8::/32 host 2001:db8::1 eq 443\n deny ipv6 any any\n"
    );
    assert_eq!(import(&text).rule_sets[0].name, "edge-v6");
    let both = CiscoIos.emit(&[listing(Vec::new(), true)]).unwrap();
    assert_eq!(
        both,
        "ip access-list extended edge\n permit ip any any\nipv6 access-list edge-v6\n permit ipv6 any any\n"
    );
    assert_eq!(import(&both).rule_sets[0].name, "edge");
    assert_eq!(
        CiscoIos.emit(&[listing(Vec::new(), false)]).unwrap(),
        "ip access-list extended edge\n deny ip any any\n"
    );
}

#[test]
fn what_a_list_cannot_say_is_refused() {
    let named =
        |kind| Region::any().when(Conditions::holds(Symbol::new(Side::Destination, kind, "*.example.com")));
    let of = |region: Region| refused(region).message;
    assert_eq!(
        of(named(SymbolKind::Name)),
        "an access list matches addresses, and `*.example.com` is a name"
    );
    assert!(refused(named(SymbolKind::Name)).help.contains("feed"));
    assert_eq!(
        of(named(SymbolKind::ServiceTag)),
        "an access list cannot match the service tag `*.example.com`"
    );
    let replies = Conditions::holds(crate::established());
    assert_eq!(
        of(Region::any().when(replies)),
        "only TCP tells replies from other packets, by `established`"
    );
    assert_eq!(
        of(Region { in_interface: NameSet::one("Ethernet0"), ..Region::any() }),
        "the rule `a` names an interface, and an access list knows none"
    );
    assert_eq!(
        of(Region { destination_port: IntervalSet::one(80), ..Region::any().protocol(protocol::DCCP) }),
        "ports of the protocol `33` cannot be written: a list knows those of TCP, UDP and SCTP"
    );
    assert!(of(Region::any().protocol(0)).starts_with("protocol 0"));
    let scattered = AddressSet {
        v4: IntervalSet::from_ranges((0..5000).map(|n| (n * 8, n * 8))),
        v6: IntervalSet::empty(),
    };
    assert!(refused(Region::any().from(scattered)).message.contains("prefixes"));
    let inbound = RuleListing { direction: Direction::Inbound, ..listing(Vec::new(), false) };
    assert!(CiscoIos.emit(&[inbound]).is_err());
    assert!(
        CiscoIos.emit(&[listing(Vec::new(), false), listing(Vec::new(), true)]).is_err(),
        "one name twice"
    );
    assert!(CiscoIos.emit(&[]).is_err());
}

#[test]
fn names_become_ones_that_ios_takes() {
    for (name, expected) in [
        ("oslo edge", "oslo-edge"),
        ("1st", "acl-1st"),
        ("standard", "acl-standard"),
        ("", "acl-"),
        ("a\"b", "a-b"),
    ] {
        let text =
            CiscoIos.emit(&[RuleListing { name: name.to_owned(), ..listing(Vec::new(), false) }]).unwrap();
        assert!(text.starts_with(&format!("ip access-list extended {expected}\n")), "{text}");
        assert_eq!(import(&text).rule_sets[0].name, expected);
    }
}

fn any_v4() -> impl Strategy<Value = AddressSet> {
    let range = (any::<u32>(), 0u32..300).prop_map(|(low, length)| AddressSet {
        v4: IntervalSet::range(low, low.saturating_add(length)),
        v6: IntervalSet::empty(),
    });
    let prefix = (any::<u32>(), 0u8..=32)
        .prop_map(|(bits, length)| ipnet::Ipv4Net::new(bits.into(), length).unwrap().trunc().into());
    prop_oneof![Just(AddressSet::any_v4()), range, prefix]
}

fn any_addresses() -> impl Strategy<Value = AddressSet> {
    let v6 = (any::<u128>(), 100u8..=128)
        .prop_map(|(bits, length)| ipnet::Ipv6Net::new(bits.into(), length).unwrap().trunc().into());
    let one =
        prop_oneof![3 => any_v4(), 1 => Just(AddressSet::any()), 1 => Just(AddressSet::any_v6()), 1 => v6];
    prop::collection::vec(one, 1..3).prop_map(|sets| AddressSet::union_of(&sets))
}

fn any_ports() -> impl Strategy<Value = IntervalSet<u16>> {
    let range = (any::<u16>(), 0u16..600).prop_map(|(low, length)| (low, low.saturating_add(length)));
    let some = prop::collection::vec(range, 1..3).prop_map(IntervalSet::from_ranges);
    let hole = any::<u16>().prop_map(|port| IntervalSet::one(port).complement());
    prop_oneof![2 => Just(IntervalSet::any()), 2 => some, 1 => hole]
}

/// Regions without addresses.
fn any_service() -> impl Strategy<Value = Region> {
    let ported = (
        prop::sample::select(vec![protocol::TCP, protocol::UDP, protocol::SCTP]),
        any_ports(),
        any_ports(),
        any::<bool>(),
    )
        .prop_map(|(number, source_port, destination_port, replies)| {
            let region = Region { source_port, destination_port, ..Region::any().protocol(number) };
            let state = Conditions::holds(crate::established());
            if replies && number == protocol::TCP { region.when(state) } else { region }
        });
    let both = any_ports().prop_map(|destination_port| Region {
        protocol: IntervalSet::from_ranges([(protocol::TCP, protocol::TCP), (protocol::UDP, protocol::UDP)]),
        destination_port,
        ..Region::any()
    });
    let plain = prop::sample::select(vec![2_u8, 47, 50, 51, 88, 89, 103, 115])
        .prop_map(|number| Region::any().protocol(number));
    prop_oneof![1 => Just(Region::any()), 4 => ported, 1 => both, 1 => plain]
}

/// Messages go with the family whose they are.
fn any_messages() -> impl Strategy<Value = Region> {
    let types = (0u16..40, 0u16..5, any::<bool>()).prop_map(|(kind, code, whole)| match whole {
        true => IntervalSet::range(kind * 256, kind * 256 + 255),
        false => IntervalSet::one(kind * 256 + code),
    });
    (types, any_v4(), any_v4())
        .prop_map(|(types, from, to)| Region::any().service(protocol::ICMP, types).from(from).to(to))
}

pub(super) fn any_rule_of(
    addresses: impl Strategy<Value = AddressSet> + Clone,
) -> impl Strategy<Value = NewRule> {
    let flow =
        (any_service(), addresses.clone(), addresses).prop_map(|(region, from, to)| region.from(from).to(to));
    let region = prop_oneof![5 => flow, 1 => any_messages()];
    ("[a-c]{0,2}[?ø\n]?", any::<bool>(), region)
        .prop_map(|(name, permit, region)| rule(&name, permit, region))
}

pub(super) fn any_rule_v4() -> impl Strategy<Value = NewRule> {
    any_rule_of(any_v4().boxed())
}

pub(super) fn as_rule_set(rules: &[NewRule], default_permit: bool) -> RuleSet {
    let action = |permit| if permit { Action::Permit } else { Action::Deny };
    let rules = rules.iter().zip(0..).map(|(rule, number)| Rule {
        id: RuleId(number),
        matches: vec![rule.region.clone()],
        action: action(rule.permit),
    });
    RuleSet::flat(rules.collect(), action(default_permit))
}

/// Where the two decide otherwise, one family at a time; what a file does not speak of is left out.
pub(super) fn differs(meant: &RuleSet, read: &RuleSet, silent: &[bool; 2]) -> Vec<Region> {
    let effort = Effort::usual();
    let found = difference(meant, read, &effort).unwrap();
    let changes = found.newly_permitted.iter().chain(&found.newly_denied);
    let parts = changes.flat_map(|change| change.region.families());
    let spoken = |part: &Region| {
        let unknown = || {
            decide(std::slice::from_ref(part), read, &effort)
                .unwrap()
                .iter()
                .all(|it| it.outcome == Outcome::Unknown)
        };
        !(silent[usize::from(part.source.v6.is_empty())] && unknown())
    };
    parts.filter(spoken).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn what_is_written_reads_back_the_same(
        rules in prop::collection::vec(any_rule_of(any_addresses().boxed()), 0..5),
        default_permit: bool,
    ) {
        let text = CiscoIos.emit(&[listing(rules.clone(), default_permit)]).unwrap();
        prop_assert_eq!(CiscoIos.detect(&text), crate::Detection::Sure);
        let export = import(&text);
        prop_assert_eq!(&export.problems, &[]);
        prop_assert_eq!(export.coverage.totals().not_understood + export.coverage.totals().approximated, 0);
        prop_assert_eq!(export.rule_sets.len(), 1);
        let speaks = |v4: bool| default_permit || rules.iter().flat_map(|rule| rule.region.families()).any(|it| it.source.v6.is_empty() == v4);
        let silent = [!speaks(false), !speaks(true)];
        let found = differs(&as_rule_set(&rules, default_permit), &export.rule_sets[0].rules, &silent);
        prop_assert!(found.is_empty(), "{:?}\n{}", found, text);
    }
}
