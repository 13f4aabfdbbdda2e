use proptest::prelude::*;
use space::{
    Action, AddressSet, Conditions, Effort, IntervalSet, NameSet, Region, Rule, RuleId, RuleSet, Set, Side,
    Symbol, SymbolKind, difference, protocol,
};

use super::*;
use crate::{Direction, NewRule, RuleListing};

fn rule(name: &str, permit: bool, region: Region) -> NewRule {
    NewRule { name: name.to_owned(), permit, region }
}

fn listing(rules: Vec<NewRule>, default_permit: bool) -> RuleListing {
    RuleListing { name: "edge".to_owned(), direction: Direction::Transit, rules, default_permit }
}

fn net(text: &str) -> AddressSet {
    text.parse::<ipnet::IpNet>().unwrap().into()
}

fn https() -> Region {
    Region::any().service(protocol::TCP, IntervalSet::one(443))
}

fn emit(rules: Vec<NewRule>) -> String {
    Fortigate.emit(&[listing(rules, false)]).unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

fn refused(region: Region) -> String {
    let refusal = Fortigate.emit(&[listing(vec![rule("r", true, region)], false)]).unwrap_err();
    assert!(!refusal.help.is_empty());
    refusal.message
}

#[test]
fn a_whole_file() {
    let region =
        https().from(net("10.20.5.0/28")).when(Conditions::named(Side::Destination, "*.example.com"));
    let text = emit(vec![rule("backup to \"contoso\"", true, region)]);
    assert_eq!(
        text,
        r#"config firewall address
    edit "10.20.5.0/28"
        set subnet 10.20.5.0 255.255.255.240
    next
    edit "wildcard.example.com"
        set type fqdn
        set fqdn "*.example.com"
    next
end
config firewall service custom
    edit "tcp-443"
        set tcp-portrange 443
    next
end
config firewall policy
    edit 1
        set name "backup to -contoso-"
        set srcintf "any"
        set dstintf "any"
        set action accept
        set srcaddr "10.20.5.0/28"
        set dstaddr "wildcard.example.com"
        set schedule "always"
        set service "tcp-443"
        set logtraffic all
    next
end
"#
    );
    assert_eq!(ask(&text, "10.20.5.1 -> a.example.com tcp/443"), "permit by policy 1");
    let empty = Fortigate.emit(&[listing(Vec::new(), false)]).unwrap();
    assert_eq!(ask(&empty, "10.20.5.1 -> 192.0.2.1 tcp/443"), "deny by policy 1");
}

#[test]
fn both_families_go_into_one_policy() {
    let both = net("10.0.0.0/8").union(&net("2001:db8::/32"));
    let text = emit(vec![rule("r", true, https().from(both.clone()).to(both))]);
    assert!(
        text.contains("set srcaddr \"10.0.0.0/8\"") && text.contains("set srcaddr6 \"2001:db8::/32\""),
        "{text}"
    );
    assert_eq!(text.matches("edit 1\n").count(), 1);
}

#[test]
fn names_are_short_and_unique() {
    let long = "a name that goes on for much longer than thirty-five letters";
    let text = emit(vec![rule(long, true, https()), rule(long, true, https())]);
    assert!(text.contains("set name \"a name that goes on for much longer\""), "{text}");
    assert!(text.contains("set name \"a name that goes on for much long 2\""), "{text}");
    assert_eq!(text.matches(&format!("set comments \"{long}\"")).count(), 2);
}

#[test]
fn many_addresses_go_into_groups() {
    let many = AddressSet {
        v4: IntervalSet::from_ranges((0..700).map(|number| (number * 4, number * 4))),
        v6: IntervalSet::empty(),
    };
    let region = https().from(many.clone());
    let text = emit(vec![rule("r", true, region.clone())]);
    assert_eq!(text.matches("set member ").count(), 3);
    let export = import(&text);
    let found = difference(
        &one_family(&[rule("r", true, region)], false),
        &split(&export.rule_sets[0].rules),
        &Effort::usual(),
    );
    assert!(found.unwrap().is_empty());
}

#[test]
fn what_fortios_cannot_say_is_refused() {
    let named = |name: &str| https().when(Conditions::named(Side::Destination, name));
    assert_eq!(
        refused(named("autodiscover.*.example.com")),
        "FortiOS has no address for the name `autodiscover.*.example.com`"
    );
    assert_eq!(refused(named("localhost")), "FortiOS has no address for the name `localhost`");
    assert_eq!(
        refused(named("a.example.com").to(net("10.0.0.0/8"))),
        "`a.example.com` at certain addresses only cannot be written"
    );
    let tag = Symbol::new(Side::Destination, SymbolKind::ServiceTag, "Storage");
    assert_eq!(
        refused(https().when(Conditions::holds(tag))),
        "a condition on the service tag `Storage` cannot be written"
    );
    assert_eq!(refused(Region::any().protocol(0)), "the protocol number 0 alone cannot be written");
    assert_eq!(
        refused(Region::any().service(protocol::DCCP, IntervalSet::one(5))),
        "ports of the protocol `dccp` cannot be written"
    );
    let crossed = Region::any().from(net("10.0.0.0/8")).to(net("2001:db8::/32"));
    assert_eq!(refused(crossed), "the rule `r` goes from one family of addresses to the other");
    let some = Region { in_interface: NameSet::starting_with("port"), ..https() };
    assert_eq!(refused(some), "a set of interfaces such as `port` cannot be written");
    assert_eq!(refused(https().from(AddressSet::empty())), "the rule `r` matches nothing");
    let inbound = RuleListing { direction: Direction::Inbound, ..listing(Vec::new(), false) };
    assert!(Fortigate.emit(&[inbound]).is_err());
}

/// What a rule set says of packets within one family: others do not exist.
pub(super) fn split(rules: &RuleSet) -> RuleSet {
    let mut out = RuleSet { chains: Vec::new(), stages: rules.stages.clone() };
    for chain in &rules.chains {
        let chain = chain.rules.iter().map(|rule| Rule {
            matches: rule.matches.iter().flat_map(Region::families).collect(),
            ..rule.clone()
        });
        out.chains.push(chain.collect::<Vec<_>>().into());
    }
    out
}

pub(super) fn one_family(rules: &[NewRule], default_permit: bool) -> RuleSet {
    let action = |permit| if permit { Action::Permit } else { Action::Deny };
    let rules = rules.iter().zip(0..).map(|(rule, number)| Rule {
        id: RuleId(number),
        matches: vec![rule.region.clone()],
        action: action(rule.permit),
    });
    // The last policy of a list that permits the rest is a policy too.
    let rest = default_permit.then(|| Rule {
        id: RuleId(9_999),
        matches: vec![Region::any()],
        action: Action::Permit,
    });
    split(&RuleSet::flat(rules.chain(rest).collect(), Action::Deny))
}

fn any_addresses() -> impl Strategy<Value = AddressSet> {
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
    let name = prop::sample::select(vec![
        "a.example.com",
        "b.a.example.com",
        "*.example.com",
        "*.a.example.com",
        "host-1.example.org",
    ]);
    prop_oneof![
        3 => any_addresses().prop_map(|addresses| (addresses, None)),
        1 => name.prop_map(|name| (AddressSet::any(), Some(name)))
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
    let types = prop::collection::vec((0u8..=255, any::<bool>()), 1..4).prop_map(|types| {
        IntervalSet::from_ranges(types.into_iter().map(|(kind, whole)| {
            let code = |code| u16::from_be_bytes([kind, code]);
            if whole { (code(0), code(255)) } else { (code(3), code(4)) }
        }))
    });
    let numbered = prop::sample::select(vec![protocol::ICMP, protocol::ICMPV6]);
    let whole = prop::collection::vec((1u8..200, 0u8..20), 1..4).prop_map(|ranges| {
        IntervalSet::from_ranges(ranges.into_iter().map(|(low, length)| (low, low.saturating_add(length))))
    });
    let any = IntervalSet::any;
    prop_oneof![
        1 => Just((IntervalSet::any(), any(), any())),
        4 => (ported, any_ports(), any_ports()),
        1 => (numbered, types).prop_map(move |(number, types)| (IntervalSet::one(number), any(), types)),
        1 => whole.prop_map(move |protocols| (protocols, any(), any()))
    ]
}

fn any_interface() -> impl Strategy<Value = NameSet> {
    prop_oneof![
        4 => Just(NameSet::any()),
        1 => prop::sample::subsequence(vec!["lan", "ssl.root", "the zone", "WAN"], 1..3)
            .prop_map(|names| names.into_iter().fold(NameSet::empty(), |all, name| all.union(&NameSet::one(name))))
    ]
}

pub(super) fn any_rule() -> impl Strategy<Value = NewRule> {
    let name = prop_oneof!["[a-c]{1,2}", "[a# ,;\"\t\n=ø\\\\']{0,50}", Just("default".to_owned())];
    let interfaces = (any_interface(), any_interface());
    (name, any::<bool>(), any_endpoint(), any_endpoint(), any_service(), interfaces)
        .prop_map(
            |(name, permit, (source, source_name), (destination, destination_name), service, interfaces)| {
                let named = |side, name: Option<&str>| {
                    name.map_or_else(Conditions::none, |name| Conditions::named(side, name))
                };
                let conditions =
                    named(Side::Source, source_name).and(&named(Side::Destination, destination_name));
                let (protocol, source_port, destination_port) = service;
                let (in_interface, out_interface) = interfaces;
                let conditions = conditions.unwrap();
                let region = Region {
                    source,
                    destination,
                    protocol,
                    source_port,
                    destination_port,
                    in_interface,
                    out_interface,
                    conditions,
                };
                NewRule { name, permit, region }
            },
        )
        .prop_filter("goes from one family to the other", |rule| !rule.region.families().is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn what_is_written_reads_back_the_same(rules in prop::collection::vec(any_rule(), 0..5), default_permit: bool) {
        let text = Fortigate.emit(&[listing(rules.clone(), default_permit)]).unwrap();
        prop_assert_eq!(Fortigate.detect(&text), crate::Detection::Sure);
        let export = import(&text);
        prop_assert_eq!(&export.problems, &[]);
        prop_assert_eq!(export.coverage.totals().understood, export.coverage.statements.len(), "{}", text);
        let meant = one_family(&rules, default_permit);
        let read = split(&export.rule_sets[0].rules);
        for (old, new) in [(&meant, &read), (&read, &meant)] {
            let found = difference(old, new, &Effort::usual()).unwrap();
            prop_assert!(found.is_empty(), "{:?}\n{}", found, text);
        }
    }
}
