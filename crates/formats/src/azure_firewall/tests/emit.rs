use proptest::prelude::*;
use space::{
    Action, AddressSet, Conditions, IntervalSet, Rule, RuleId, Set as _, Side, Symbol, SymbolKind, protocol,
};

use super::*;
use crate::azure_firewall::AzureFirewall;
use crate::{Direction, Format as _, NewRule, Refusal, RuleListing};

pub fn addresses(text: &str) -> AddressSet {
    AddressSet::from(text.parse::<ipnet::IpNet>().expect("a prefix"))
}

pub fn named(name: &str, service: (u8, u16)) -> Region {
    Region::any()
        .service(service.0, IntervalSet::one(service.1))
        .when(Conditions::named(Side::Destination, name))
}

fn listing(rules: Vec<(bool, Region)>, default_permit: bool) -> RuleListing {
    let rules = rules.into_iter().enumerate();
    let rules = rules.map(|(at, (permit, region))| NewRule { name: format!("rule {at}"), permit, region });
    RuleListing {
        name: "edge".to_owned(),
        direction: Direction::Transit,
        rules: rules.collect(),
        default_permit,
    }
}

fn wanted(listing: &RuleListing) -> RuleSet {
    let rules = listing.rules.iter().enumerate().map(|(at, rule)| Rule {
        id: RuleId(u32::try_from(at).expect("few rules")),
        matches: vec![rule.region.clone()],
        action: if rule.permit { Action::Permit } else { Action::Deny },
    });
    RuleSet::flat(rules.collect(), if listing.default_permit { Action::Permit } else { Action::Deny })
}

fn emitted(rules: Vec<(bool, Region)>) -> Result<String, Refusal> {
    let listing = listing(rules, false);
    let text = AzureFirewall.emit(std::slice::from_ref(&listing))?;
    let export = read(&text);
    assert_eq!(crate::detect(&text).map(|format| format.name()), Some("azure-firewall"));
    assert!(export.problems.is_empty(), "{:?}", export.problems);
    assert_eq!(export.rule_sets.len(), 1);
    assert_eq!(export.coverage.totals().not_understood, 0);
    same(&wanted(&listing), &export.rule_sets[0].rules);
    Ok(text)
}

#[test]
fn names_go_into_application_rules_where_they_can() {
    let text = emitted(vec![
        (true, named("*.example.com", (protocol::TCP, 443))),
        (true, named("www.example.com", (protocol::TCP, 8443)).from(addresses("10.0.0.0/8"))),
        (true, named("www.example.com", (protocol::UDP, 443))),
    ])
    .expect("rules that Azure can have");
    assert!(
        text.contains(r#""targetFqdns""#)
            && text.contains(r#""destinationFqdns""#)
            && text.contains("enableProxy")
    );
    let refusal =
        emitted(vec![(true, named("*.example.com", (protocol::TCP, 8443)))]).expect_err("a wildcard");
    assert_eq!(
        refusal.message,
        "`rule 0` is for `*.example.com`, and network rules of an Azure Firewall have no wildcards"
    );
}

#[test]
fn an_application_rule_before_a_network_rule_of_the_other_action() {
    let anywhere = Region::any().service(protocol::TCP, IntervalSet::one(443));
    let text =
        emitted(vec![(false, named("www.example.com", (protocol::TCP, 443))), (true, anywhere.clone())]);
    assert!(text.expect("the name goes into a network rule").contains("destinationFqdns"));
    let refusal = emitted(vec![(false, named("*.example.com", (protocol::TCP, 443))), (true, anywhere)]);
    assert_eq!(
        refusal.expect_err("a wildcard").message,
        "`rule 1` comes after `rule 0`, and Azure asks network rules before application rules"
    );
}

#[test]
fn what_azure_cannot_say_is_refused() {
    let region = Region::any();
    let source_port = Region { source_port: IntervalSet::one(7), ..region.clone().protocol(protocol::UDP) };
    let interface = Region { in_interface: space::NameSet::one("eth0"), ..region.clone() };
    let symbol = |kind| Conditions::holds(Symbol::new(Side::Source, kind, "x.example.com"));
    for region in [
        source_port,
        interface,
        region.clone().protocol(protocol::GRE),
        region.clone().protocol(protocol::ICMP),
        region.clone().service(protocol::ICMP, IntervalSet::one(8 * 256)),
        Region { destination_port: IntervalSet::one(80), ..region.clone() },
        region.clone().when(symbol(SymbolKind::Name)),
        region.clone().when(symbol(SymbolKind::AddressGroup)),
        region.clone().when(symbol(SymbolKind::Match)),
        region.clone().when(Conditions::lacks(Symbol::new(
            Side::Destination,
            SymbolKind::Name,
            "a.example.com",
        ))),
        named("*cdn.example.net", (protocol::TCP, 443)),
        named("a.*.example.net", (protocol::TCP, 443)),
        named("www.example.com", (protocol::TCP, 443)).to(addresses("192.0.2.0/24")),
    ] {
        assert!(emitted(vec![(true, region.clone())]).is_err(), "{region:?}");
    }
    let inbound = RuleListing { direction: Direction::Inbound, ..listing(vec![], false) };
    assert!(AzureFirewall.emit(&[inbound]).is_err());
}

pub fn region() -> impl Strategy<Value = Region> {
    let nets =
        ["10.0.0.0/8", "10.1.0.0/16", "192.0.2.0/24", "192.0.2.7/32", "2001:db8::/32", "2001:db8::7/128"];
    let side = prop_oneof![Just(None), proptest::sample::select(nets.to_vec()).prop_map(Some)];
    let names = vec![
        None,
        None,
        Some("*.example.com"),
        Some("www.example.com"),
        Some("a.b.example.com"),
        Some("example.org"),
    ];
    let service = proptest::sample::select(vec![(6, 443), (6, 80), (17, 53), (6, 8443), (0, 0), (1, 0)]);
    (side.clone(), side, proptest::sample::select(names), service).prop_map(
        |(source, destination, name, service)| {
            let mut region = Region::any();
            if let Some(source) = source {
                region.source = addresses(source);
            }
            match (name, destination) {
                (Some(name), _) => region.conditions = Conditions::named(Side::Destination, name),
                (None, Some(net)) => region.destination = addresses(net),
                (None, None) => {}
            }
            match service {
                (0, _) => region,
                (1, _) => {
                    let v4 = !region.source.v4.is_empty() && !region.destination.v4.is_empty();
                    let v6 = !region.source.v6.is_empty() && !region.destination.v6.is_empty();
                    let icmp =
                        [(1, 1)].into_iter().filter(|_| v4).chain([(58, 58)].into_iter().filter(|_| v6));
                    Region { protocol: IntervalSet::from_ranges(icmp), ..region }
                }
                (number, port) => region.service(number, IntervalSet::one(port)),
            }
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_reads_back_the_same(
        rules in prop::collection::vec((any::<bool>(), region()), 0..6),
        default_permit: bool,
    ) {
        let listing = listing(rules, default_permit);
        if let Ok(text) = AzureFirewall.emit(std::slice::from_ref(&listing)) {
            let export = read(&text);
            prop_assert!(export.problems.is_empty());
            same(&wanted(&listing), &export.rule_sets[0].rules);
        }
    }
}
