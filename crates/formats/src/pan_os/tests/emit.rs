use proptest::prelude::*;
use space::{AddressSet, Conditions, IntervalSet, NameSet, Set, Side, Symbol, SymbolKind};

use super::*;
use crate::{Direction, NewRule, Refusal, RuleListing};

pub fn new_rule(name: &str, permit: bool, region: Region) -> NewRule {
    NewRule { name: name.to_owned(), permit, region }
}

fn listing(rules: Vec<NewRule>, default_permit: bool) -> RuleListing {
    RuleListing { name: "policy".to_owned(), direction: Direction::Transit, rules, default_permit }
}

fn emitted(rules: Vec<NewRule>, default_permit: bool) -> Result<String, Refusal> {
    let text = PanOs.emit(&[listing(rules.clone(), default_permit)])?;
    let export = read(&text);
    assert_eq!(export.problems, []);
    let meant = rules.iter().zip(0..).map(|(new, number)| rule(number, new.permit, new.region.clone()));
    let default = if default_permit { Action::Permit } else { Action::Deny };
    same(&RuleSet::flat(meant.collect(), default), &export.rule_sets[0].rules);
    Ok(text)
}

fn named(side: Side, name: &str) -> Conditions {
    Conditions::named(side, name)
}

#[test]
fn rules_are_written_with_the_objects_they_need() {
    let hosts = AddressSet::range("192.0.2.1".parse().unwrap(), "192.0.2.5".parse().unwrap());
    let rules = vec![
        new_rule("web", true, tcp(443).from(hosts)),
        new_rule("mail host", true, tcp(25).when(named(Side::Destination, "mail.example.com"))),
        new_rule("cloud", true, tcp(443).when(named(Side::Destination, "*.example.com"))),
        new_rule("say \"no\"\nhere", false, Region::any().to(AddressSet::any_v4())),
    ];
    let expected = "\
set address mail.example.com fqdn mail.example.com
set service tcp-25 protocol tcp port 25
set profiles custom-url-category below.example.com type \"URL List\"
set profiles custom-url-category below.example.com list *.example.com/
set rulebase security rules web from any
set rulebase security rules web to any
set rulebase security rules web source 192.0.2.1-192.0.2.5
set rulebase security rules web destination any
set rulebase security rules web application any
set rulebase security rules web service service-https
set rulebase security rules web action allow
set rulebase security rules \"mail host\" from any
set rulebase security rules \"mail host\" to any
set rulebase security rules \"mail host\" source any
set rulebase security rules \"mail host\" destination mail.example.com
set rulebase security rules \"mail host\" application any
set rulebase security rules \"mail host\" service tcp-25
set rulebase security rules \"mail host\" action allow
set rulebase security rules cloud from any
set rulebase security rules cloud to any
set rulebase security rules cloud source any
set rulebase security rules cloud destination any
set rulebase security rules cloud category below.example.com
set rulebase security rules cloud application any
set rulebase security rules cloud service service-https
set rulebase security rules cloud action allow
set rulebase security rules \"say no-here\" from any
set rulebase security rules \"say no-here\" to any
set rulebase security rules \"say no-here\" source any
set rulebase security rules \"say no-here\" destination 0.0.0.0/0
set rulebase security rules \"say no-here\" application any
set rulebase security rules \"say no-here\" service any
set rulebase security rules \"say no-here\" action deny
set rulebase default-security-rules rules intrazone-default action deny
set rulebase default-security-rules rules interzone-default action deny
";
    assert_eq!(emitted(rules, false).as_deref(), Ok(expected));
    assert!(emitted(Vec::new(), true).is_ok());
}

#[test]
fn what_the_vendor_cannot_say_is_refused() {
    let icmp = Region::any().service(protocol::ICMP, IntervalSet::range(8 * 256, 8 * 256 + 255));
    let tag = Symbol::new(Side::Destination, SymbolKind::ServiceTag, "Storage");
    let group = Symbol::new(Side::Destination, SymbolKind::AddressGroup, "list");
    let application = Symbol::new(Side::Packet, SymbolKind::Match, "application ssl");
    for (region, message) in [
        (icmp, "`r` is for `icmp`, which no service can be"),
        (
            Region::any().to(AddressSet::any_v6()),
            "IPv6 addresses from `::` on cannot be written without IPv4",
        ),
        (Region::any().protocol(protocol::GRE), "`r` is for `gre`, which no service can be"),
        (
            tcp(25).when(named(Side::Destination, "*.example.com")),
            "`*.example.com` cannot be written for other ports than those of the web",
        ),
        (
            tcp(443).when(named(Side::Source, "*.example.com")),
            "a condition on the name `*.example.com` cannot be written",
        ),
        (
            tcp(443).when(named(Side::Destination, "a.*.example.com")),
            "a condition on the name `a.*.example.com` cannot be written",
        ),
        (tcp(443).when(Conditions::holds(tag)), "a condition on the service tag `Storage` cannot be written"),
        (
            tcp(443).when(Conditions::holds(group)),
            "a condition on the address group `list` cannot be written",
        ),
        (
            tcp(443).when(Conditions::lacks(application)),
            "a condition on the match `application ssl` cannot be written",
        ),
        (
            tcp(443).when(named(Side::Destination, "a.example.com")).to(AddressSet::any_v4()),
            "a name at certain addresses only cannot be written",
        ),
        (
            Region { in_interface: NameSet::starting_with("a"), ..Region::any() },
            "a set of zones such as `a` cannot be written",
        ),
        (Region::any().from(AddressSet::empty()), "the rule `r` matches nothing"),
    ] {
        let refusal = PanOs.emit(&[listing(vec![new_rule("r", true, region)], false)]).expect_err(message);
        assert_eq!(refusal.message, message);
        assert!(!refusal.help.is_empty());
    }
    assert!(PanOs.emit(&[]).is_err());
}

pub fn any_addresses() -> impl Strategy<Value = AddressSet> {
    let v4 = (any::<u32>(), 0u32..2000).prop_map(|(low, length)| AddressSet {
        v4: IntervalSet::range(low, low.saturating_add(length)),
        v6: IntervalSet::empty(),
    });
    let v6 = (any::<u128>(), any::<u16>()).prop_map(|(low, length)| AddressSet {
        v4: IntervalSet::empty(),
        v6: IntervalSet::range(low, low.saturating_add(length.into())),
    });
    let prefix = (any::<u32>(), 0u8..=32)
        .prop_map(|(bits, length)| ipnet::Ipv4Net::new(bits.into(), length).unwrap().trunc().into());
    let one = prop_oneof![
        Just(AddressSet::any()),
        Just(AddressSet::any_v4()),
        Just(AddressSet::range("2000::".parse().unwrap(), "3fff::".parse().unwrap())),
        v4,
        v6,
        prefix
    ];
    prop::collection::vec(one, 1..4).prop_map(|sets| AddressSet::union_of(&sets))
}

fn any_ports() -> impl Strategy<Value = IntervalSet<u16>> {
    let range = (any::<u16>(), 0u16..600).prop_map(|(low, length)| (low, low.saturating_add(length)));
    let some = prop::collection::vec(range, 1..4).prop_map(IntervalSet::from_ranges);
    prop_oneof![Just(IntervalSet::any()), Just(IntervalSet::one(443)), some]
}

fn any_zones() -> impl Strategy<Value = NameSet> {
    prop_oneof![
        3 => Just(NameSet::any()),
        1 => prop::sample::subsequence(vec!["inside", "outside", "guest lan", "dmz"], 1..3)
            .prop_map(|names| names.into_iter().fold(NameSet::empty(), |all, name| all.union(&NameSet::one(name))))
    ]
}

pub fn any_rule() -> impl Strategy<Value = NewRule> {
    let service = prop_oneof![
        1 => Just((IntervalSet::any(), IntervalSet::any(), IntervalSet::any())),
        3 => (prop::sample::subsequence(vec![protocol::TCP, protocol::UDP, protocol::SCTP], 1..=3), any_ports(), any_ports())
            .prop_map(|(numbers, from, to)| (IntervalSet::from_ranges(numbers.into_iter().map(|n| (n, n))), from, to)),
    ];
    let names = prop::option::weighted(
        0.3,
        prop::sample::select(vec!["a.example.com", "b.example.org", "*.example.com"]),
    );
    let source_name =
        prop::option::weighted(0.2, prop::sample::select(vec!["a.example.com", "src.example.net"]));
    let name =
        prop_oneof!["[a-c]{1,2}", "[a# ,;\"\t\n=ø]{0,6}", Just("intrazone-default".to_owned()), "[a-z]{70}"];
    (
        name,
        any::<bool>(),
        any_addresses(),
        any_addresses(),
        service,
        (any_zones(), any_zones()),
        names,
        source_name,
    )
        .prop_map(|(name, permit, source, destination, service, zones, host, source_name)| {
            let (mut protocol, mut source_port, mut destination_port) = service;
            let wildcard = host.is_some_and(|host| host.starts_with('*'));
            if wildcard {
                (protocol, destination_port) =
                    (IntervalSet::one(protocol::TCP), IntervalSet::from_ranges([(80, 80), (443, 443)]));
            }
            if protocol.is_any() {
                (source_port, destination_port) = (IntervalSet::any(), IntervalSet::any());
            }
            let mut conditions = Conditions::none();
            let (mut source, mut destination) = (source, destination);
            if let Some(host) = host {
                conditions = conditions.and(&Conditions::named(Side::Destination, host)).unwrap();
                if !wildcard {
                    destination = AddressSet::any();
                }
            }
            if let Some(host) = source_name {
                conditions = conditions.and(&Conditions::named(Side::Source, host)).unwrap();
                source = AddressSet::any();
            }
            let (in_interface, out_interface) = zones;
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
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn what_is_written_reads_back_the_same(
        rules in prop::collection::vec(any_rule(), 0..5),
        default_permit: bool,
    ) {
        prop_assert!(emitted(rules, default_permit).is_ok());
    }
}
