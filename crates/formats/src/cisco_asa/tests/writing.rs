use proptest::prelude::*;
use space::{
    Action, AddressSet, Conditions, IntervalSet, NameSet, Region, Rule, RuleId, Set, Side, Symbol,
    SymbolKind, protocol,
};

use super::*;
use crate::{Detection, Direction, NewRule, Refusal, RuleListing};

pub(super) fn rule(name: &str, permit: bool, region: Region) -> NewRule {
    NewRule { name: name.to_owned(), permit, region }
}

fn listing(rules: Vec<NewRule>, default_permit: bool) -> RuleListing {
    RuleListing { name: "edge fw".to_owned(), direction: Direction::Transit, rules, default_permit }
}

fn refusal(region: Region) -> Refusal {
    CiscoAsa.emit(&[listing(vec![rule("a", true, region)], false)]).expect_err("this cannot be said")
}

pub(super) fn set(text: &str) -> AddressSet {
    AddressSet::union_of(
        &text.split(' ').map(|net| net.parse::<ipnet::IpNet>().unwrap().into()).collect::<Vec<_>>(),
    )
}

fn named(name: &str) -> Region {
    Region::any().when(Conditions::named(Side::Destination, name))
}

#[test]
fn a_rule_set_is_written_as_the_global_list() {
    let ports = IntervalSet::from_ranges([(80, 80), (8080, 8090)]);
    let rules = vec![
        rule(
            "web?\nfront",
            true,
            Region::any()
                .from(set("10.0.0.0/8"))
                .to(set("192.0.2.8/32"))
                .service(protocol::TCP, IntervalSet::one(443)),
        ),
        rule("many", true, Region::any().from(set("10.0.0.1/32 10.0.0.3/32")).service(protocol::TCP, ports)),
        rule(
            "range",
            false,
            Region::any().to(AddressSet::range("10.0.0.1".parse().unwrap(), "10.0.0.9".parse().unwrap())),
        ),
        rule("name", true, named("www.example.com").protocol(protocol::UDP)),
        rule(
            "ping",
            true,
            Region::any().from(AddressSet::any_v4()).service(protocol::ICMP, IntervalSet::range(2048, 2303)),
        ),
        rule(
            "six",
            true,
            Region::any().from(set("2001:db8::/32")).to(AddressSet::any_v6()).protocol(protocol::ESP),
        ),
    ];
    let expected = "\
object-group network many-src
 network-object host 10.0.0.1
 network-object host 10.0.0.3
object-group service many-svc
 service-object tcp destination eq 80
 service-object tcp destination range 8080 8090
object network 10.0.0.1-10.0.0.9
 range 10.0.0.1 10.0.0.9
object network www.example.com
 fqdn www.example.com
access-list edge_fw remark web. front
access-list edge_fw extended permit tcp 10.0.0.0 255.0.0.0 host 192.0.2.8 eq 443
access-list edge_fw remark many
access-list edge_fw extended permit object-group many-svc object-group many-src any
access-list edge_fw remark range
access-list edge_fw extended deny ip any object 10.0.0.1-10.0.0.9
access-list edge_fw remark name
access-list edge_fw extended permit udp any object www.example.com
access-list edge_fw remark ping
access-list edge_fw extended permit icmp any4 any 8
access-list edge_fw remark six
access-list edge_fw extended permit esp 2001:db8::/32 any6
access-group edge_fw global
";
    assert_eq!(CiscoAsa.emit(&[listing(rules, false)]).as_deref(), Ok(expected));
    assert_eq!(
        CiscoAsa.emit(&[listing(Vec::new(), false)]).as_deref(),
        Ok("access-list edge_fw extended deny ip any any\naccess-group edge_fw global\n")
    );
}

#[test]
fn what_an_asa_cannot_say_is_refused() {
    let symbol = |kind| Region::any().when(Conditions::holds(Symbol::new(Side::Destination, kind, "Sql")));
    for (region, message) in [
        (named("*.example.com"), "an ASA has no wildcards, and `*.example.com` is one"),
        (named("localhost"), "`localhost` is no DNS name that an ASA takes"),
        (named("a_b.example.com"), "`a_b.example.com` is no DNS name that an ASA takes"),
        (
            named("a.example.com").to(set("10.0.0.0/8")),
            "`a.example.com` at certain addresses only cannot be written",
        ),
        (symbol(SymbolKind::ServiceTag), "a condition on the service tag `Sql` cannot be written"),
        (
            Region { in_interface: NameSet::one("dmz"), ..Region::any() },
            "the global list is asked at every interface, and the rule `a` is for some",
        ),
        (
            Region { destination_port: IntervalSet::one(80), ..Region::any() },
            "a port without its protocol cannot be matched",
        ),
        (Region::any().protocol(0), "an ASA reads protocol 0 as all protocols"),
        (
            Region::any().service(protocol::DCCP, IntervalSet::one(80)),
            "ports of protocol 33 cannot be written",
        ),
        (Region::any().from(set("10.0.0.0/8")).to(set("2001:db8::/32")), "the rule `a` matches nothing"),
    ] {
        let refusal = refusal(region);
        assert_eq!(refusal.message, message);
        assert!(!refusal.help.is_empty());
    }
}

pub(super) fn any_addresses() -> impl Strategy<Value = AddressSet> {
    let v4 = (any::<u32>(), 0u32..2000).prop_map(|(low, length)| AddressSet {
        v4: IntervalSet::range(low, low.saturating_add(length)),
        v6: IntervalSet::empty(),
    });
    let v6 = (any::<u128>(), any::<u16>()).prop_map(|(low, length)| AddressSet {
        v4: IntervalSet::empty(),
        v6: IntervalSet::range(low, low.saturating_add(length.into())),
    });
    let v4_prefix = (any::<u32>(), 0u8..=32)
        .prop_map(|(bits, length)| ipnet::Ipv4Net::new(bits.into(), length).unwrap().trunc().into());
    let v6_prefix = (any::<u128>(), 0u8..=128)
        .prop_map(|(bits, length)| ipnet::Ipv6Net::new(bits.into(), length).unwrap().trunc().into());
    let one = prop_oneof![
        Just(AddressSet::any()),
        Just(AddressSet::any_v4()),
        Just(AddressSet::any_v6()),
        v4,
        v6,
        v4_prefix,
        v6_prefix
    ];
    prop::collection::vec(one, 1..4).prop_map(|sets| AddressSet::union_of(&sets))
}

fn any_endpoint() -> impl Strategy<Value = (AddressSet, Option<&'static str>)> {
    let name = prop::sample::select(vec!["a.example.com", "b.a.example.com", "host-1.example.org"]);
    let families = prop::sample::select(vec![AddressSet::any(), AddressSet::any_v4(), AddressSet::any_v6()]);
    prop_oneof![
        3 => any_addresses().prop_map(|addresses| (addresses, None)),
        1 => (families, name).prop_map(|(families, name)| (families, Some(name)))
    ]
}

fn any_ports() -> impl Strategy<Value = IntervalSet<u16>> {
    let range = (any::<u16>(), 0u16..600).prop_map(|(low, length)| (low, low.saturating_add(length)));
    let some = prop::collection::vec(range, 1..4).prop_map(IntervalSet::from_ranges);
    prop_oneof![Just(IntervalSet::any()), some]
}

fn any_service() -> impl Strategy<Value = (IntervalSet<u8>, IntervalSet<u16>, IntervalSet<u16>)> {
    let set = |numbers: Vec<u8>| IntervalSet::from_ranges(numbers.into_iter().map(|number| (number, number)));
    let ported =
        prop::sample::subsequence(vec![protocol::TCP, protocol::UDP, protocol::SCTP], 1..=3).prop_map(set);
    let numbered =
        prop::sample::subsequence(vec![protocol::ICMP, protocol::TCP, protocol::ICMPV6], 1..=3).prop_map(set);
    let whole = prop::collection::vec((1..=u8::MAX, 0u8..20), 1..4).prop_map(|ranges| {
        IntervalSet::from_ranges(ranges.into_iter().map(|(low, length)| (low, low.saturating_add(length))))
    });
    let any = IntervalSet::any;
    prop_oneof![
        1 => Just((IntervalSet::any(), any(), any())),
        4 => (ported, any_ports(), any_ports()),
        1 => (numbered, any_ports()).prop_map(move |(protocols, ports)| (protocols, any(), ports)),
        1 => whole.prop_map(move |protocols| (protocols, any(), any()))
    ]
}

pub(super) fn any_rule() -> impl Strategy<Value = NewRule> {
    let name =
        prop_oneof!["[a-c]{1,2}", "[a# ,;\"?\t\n=ø]{0,6}", Just("line 1 inactive".to_owned()), "x{70,120}"];
    (name, any::<bool>(), any_endpoint(), any_endpoint(), any_service()).prop_filter_map(
        "packets of two families",
        |(name, permit, (source, source_name), (destination, destination_name), service)| {
            let named = |side, name: Option<&str>| {
                name.map_or_else(Conditions::none, |name| Conditions::named(side, name))
            };
            let conditions =
                named(Side::Source, source_name).and(&named(Side::Destination, destination_name)).unwrap();
            let (protocol, source_port, destination_port) = service;
            let region = Region {
                source,
                destination,
                protocol,
                source_port,
                destination_port,
                conditions,
                ..Region::any()
            };
            (!region.families().is_empty()).then_some(NewRule { name, permit, region })
        },
    )
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

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]
    #[test]
    fn what_is_written_reads_back_the_same(
        rules in prop::collection::vec(any_rule(), 0..5),
        default_permit: bool,
    ) {
        let text = CiscoAsa.emit(&[listing(rules.clone(), default_permit)]).unwrap();
        prop_assert_eq!(CiscoAsa.detect(&text), Detection::Sure);
        let export = CiscoAsa.import(&text).unwrap();
        prop_assert_eq!(&export.problems, &[], "{}", text);
        prop_assert_eq!(export.coverage.totals().approximated + export.coverage.totals().not_understood, 0, "{}", text);
        let meant = as_rule_set(&rules, default_permit);
        prop_assert!(same(&meant, &export.rule_sets[0].rules), "{}", text);
        prop_assert!(text.lines().all(|line| line.len() < 500 && line.is_ascii() || line.contains(" remark ")));
    }
}
