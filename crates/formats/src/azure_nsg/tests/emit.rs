use proptest::prelude::*;
use space::{
    Action, AddressSet, Conditions, IntervalSet, NameSet, Region, Rule, RuleId, Set, Side, Symbol,
    SymbolKind, protocol,
};

use super::*;
use crate::azure_nsg::AzureNsg;
use crate::{Format as _, NewRule, Refusal, RuleListing};

fn listing(direction: Direction, rules: Vec<NewRule>, default_permit: bool) -> RuleListing {
    RuleListing { name: "backup".to_owned(), direction, rules, default_permit }
}

fn new(name: &str, permit: bool, region: Region) -> NewRule {
    NewRule { name: name.to_owned(), permit, region }
}

fn written(listing: &RuleListing) -> String {
    AzureNsg.emit(std::slice::from_ref(listing)).expect("something that Azure can say")
}

fn refused(region: Region) -> Refusal {
    AzureNsg
        .emit(&[listing(Direction::Outbound, vec![new("r", true, region)], false)])
        .expect_err("nothing that Azure can say")
}

/// What the listing means.
fn meant(listing: &RuleListing) -> RuleSet {
    let rules = listing.rules.iter().zip(0..).map(|(rule, id)| Rule {
        id: RuleId(id),
        matches: vec![rule.region.clone()],
        action: if rule.permit { Action::Permit } else { Action::Deny },
    });
    RuleSet::flat(rules.collect(), if listing.default_permit { Action::Permit } else { Action::Deny })
}

fn addresses(text: &str) -> AddressSet {
    text.parse::<ipnet::IpNet>().expect("a prefix").into()
}

fn https() -> Region {
    Region::any().service(protocol::TCP, IntervalSet::one(443))
}

fn symbol(kind: SymbolKind, name: &str) -> Conditions {
    Conditions::holds(Symbol::new(Side::Destination, kind, name))
}

#[test]
fn a_template_with_one_group_is_written() {
    let region = https().from(addresses("10.0.0.0/24")).to(addresses("203.0.113.7/32"));
    let text =
        written(&listing(Direction::Outbound, vec![new("exo: proxy -> exchange", true, region)], false));
    let expected = r#"{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "resources": [
    {
      "type": "Microsoft.Network/networkSecurityGroups",
      "apiVersion": "2023-09-01",
      "name": "backup",
      "location": "[resourceGroup().location]",
      "properties": {
        "securityRules": [
          {
            "name": "exo-proxy-exchange",
            "properties": {
              "description": "exo: proxy -> exchange",
              "protocol": "Tcp",
              "sourceAddressPrefix": "10.0.0.0/24",
              "sourcePortRange": "*",
              "destinationAddressPrefix": "203.0.113.7",
              "destinationPortRange": "443",
              "access": "Allow",
              "priority": 100,
              "direction": "Outbound"
            }
          },
          {
            "name": "DenyAllOther",
            "properties": {
              "description": "Whatever no rule above decides, before the default rules can",
              "protocol": "*",
              "sourceAddressPrefix": "*",
              "sourcePortRange": "*",
              "destinationAddressPrefix": "*",
              "destinationPortRange": "*",
              "access": "Deny",
              "priority": 4096,
              "direction": "Outbound"
            }
          }
        ]
      }
    }
  ]
}
"#;
    assert_eq!(text, expected);
    assert_eq!(outbound(&read(&text)).name, "backup/outbound");
}

#[test]
fn the_default_rules_open_nothing() {
    for permit in [false, true] {
        let empty = listing(Direction::Inbound, vec![], permit);
        same(&meant(&empty), &inbound(&read(&written(&empty))).rules);
    }
}

#[test]
fn the_name_of_a_rule_set_names_the_group() {
    let mut named = listing(Direction::Outbound, vec![], false);
    named.name = "web/outbound".to_owned();
    assert_eq!(outbound(&read(&written(&named))).name, "web/outbound");
    named.name = "Oslo edge, new".to_owned();
    assert_eq!(outbound(&read(&written(&named))).name, "Oslo-edge-new/outbound");
}

#[test]
fn names_are_made_to_fit_and_kept_apart() {
    let long = "x".repeat(200);
    let wanted = ["Büro → Øst", "_-.", "a", "A", "a", &long, &long, "[x]", "a.", "-b-"];
    let rules = wanted.iter().map(|name| new(name, true, https())).collect();
    let text = written(&listing(Direction::Outbound, rules, false));
    let export = read(&text);
    let names = names(outbound(&export));
    let expected = [
        "B-ro-st",
        "rule",
        "a",
        "A-2",
        "a-3",
        &"x".repeat(80),
        &format!("{}-2", "x".repeat(78)),
        "x",
        "a-4",
        "b",
    ];
    assert_eq!(names[..wanted.len()], expected);
    assert_eq!(
        outbound(&export).entries[7].comment.as_deref(),
        Some("[x]"),
        "`[[` is a bracket in a template"
    );
}

#[test]
fn what_takes_several_rules_is_split() {
    let both = addresses("10.0.0.0/24").union(&addresses("2001:db8::/32"));
    let services =
        Region { protocol: IntervalSet::range(6, 6).union(&IntervalSet::one(17)), ..Region::any() };
    let region = services.from(both.clone());
    let split = listing(Direction::Inbound, vec![new("both", true, region)], false);
    let export = read(&written(&split));
    assert_eq!(inbound(&export).entries.len(), 4 + 1 + 3, "two protocols, two families");
    same(&meant(&split), &inbound(&export).rules);
    // From one family to the other no packet goes.
    let families =
        listing(Direction::Inbound, vec![new("both", true, https().from(both.clone()).to(both))], false);
    assert_eq!(inbound(&read(&written(&families))).entries.len(), 2 + 1 + 3);
    assert!(
        refused(https().from(addresses("10.0.0.0/8")).to(addresses("::/0")))
            .message
            .contains("address family")
    );
}

#[test]
fn tags_and_groups_are_written() {
    let tag = new("tag", true, https().when(symbol(SymbolKind::ServiceTag, "Storage.westeurope")));
    let asg = new("asg", true, https().when(symbol(SymbolKind::ApplicationSecurityGroup, "web-servers")));
    let vnet = new("vnet", true, https().when(symbol(SymbolKind::ServiceTag, "VirtualNetwork")));
    let both = listing(Direction::Outbound, vec![tag, asg, vnet], false);
    let text = written(&both);
    assert!(text.contains("[resourceId('Microsoft.Network/applicationSecurityGroups', 'web-servers')]"));
    same(&meant(&both), &outbound(&read(&text)).rules);
}

#[test]
fn what_azure_cannot_say_is_refused() {
    let cases = [
        (https().when(Conditions::named(Side::Destination, "outlook.office365.com")), "addresses, not names"),
        (https().when(symbol(SymbolKind::ServiceTag, "Internet")), "stands for more"),
        (https().when(symbol(SymbolKind::ServiceTag, "AzureLoadBalancer")), "stands for more"),
        (https().when(symbol(SymbolKind::ServiceTag, "storage")), "not how Azure spells"),
        (https().when(symbol(SymbolKind::ServiceTag, "any")), "not how Azure spells"),
        (https().when(symbol(SymbolKind::Placeholder, "x")), "not known"),
        (https().when(symbol(SymbolKind::ApplicationSecurityGroup, "a/b")), "id is not known"),
        (
            https().to(addresses("10.0.0.0/8")).when(symbol(SymbolKind::ServiceTag, "Sql")),
            "cut down to addresses",
        ),
        (
            https().when(Conditions::lacks(Symbol::new(Side::Destination, SymbolKind::ServiceTag, "Sql"))),
            "does not hold",
        ),
        (
            https().when(Conditions::holds(Symbol::new(
                Side::Source,
                SymbolKind::ServiceTag,
                "VirtualNetwork",
            ))),
            "always in",
        ),
        (Region { in_interface: NameSet::one("eth0"), ..https() }, "interface"),
        (Region::any().protocol(protocol::GRE), "`gre`"),
        (Region::any().protocol(protocol::SCTP), "`sctp`"),
        (Region::any().service(protocol::ICMP, IntervalSet::one(2048)), "types or ports"),
        (Region::any().protocol(protocol::ICMP), "ICMP and ICMPv6"),
        (Region { destination_port: IntervalSet::one(443), ..Region::any() }, "every protocol"),
    ];
    for (region, message) in cases {
        let refusal = refused(region);
        assert!(refusal.message.contains(message), "{}", refusal.message);
        assert!(!refusal.help.is_empty());
    }
    let two = symbol(SymbolKind::ServiceTag, "Sql").and(&symbol(SymbolKind::ServiceTag, "Storage"));
    assert!(refused(https().when(two.expect("no contradiction"))).message.contains("one tag or group"));
    let transit = AzureNsg.emit(&[listing(Direction::Transit, vec![], false)]);
    assert!(transit.expect_err("no such list").message.contains("inbound and outbound"));
}

#[test]
fn the_limits_of_a_group_are_kept() {
    let many = |count: usize| listing(Direction::Outbound, vec![new("r", true, https()); count], false);
    let export = read(&written(&many(999)));
    let set = outbound(&export);
    assert_eq!((set.entries.len(), export.problems.len()), (1_003, 0));
    let refusal = AzureNsg.emit(&[many(1_000)]).expect_err("too many");
    assert!(refusal.message.contains("1001 security rules"), "{}", refusal.message);
    let hosts = (0..4_000_u32).map(|host| (host * 2, host * 2));
    let region = https().to(AddressSet { v4: IntervalSet::from_ranges(hosts), v6: IntervalSet::empty() });
    assert!(refused(region).message.contains("4001 addresses"));
}

fn an_address_set() -> impl Strategy<Value = AddressSet> {
    prop_oneof![
        Just(AddressSet::any()),
        Just(AddressSet::any_v4()),
        (0_u32..300, 0_u32..300).prop_map(|(low, more)| AddressSet {
            v4: IntervalSet::range(low, low + more),
            v6: IntervalSet::empty()
        }),
        prop::collection::vec((0_u128..50, 0_u128..9), 1..3).prop_map(|ranges| AddressSet {
            v4: IntervalSet::empty(),
            v6: IntervalSet::from_ranges(ranges.into_iter().map(|(low, more)| (low, low + more))),
        }),
    ]
}

/// Regions that Azure can say, one family at a time.
fn a_region() -> impl Strategy<Value = Region> {
    let ports = || {
        prop::collection::vec((0_u16..2000, 0_u16..60_000), 1..4).prop_map(|ranges| {
            IntervalSet::from_ranges(ranges.into_iter().map(|(low, more)| (low, low.saturating_add(more))))
        })
    };
    let service = prop_oneof![
        Just(Region::any()),
        (prop::sample::select(vec![6_u8, 17]), ports(), prop::bool::ANY, ports()).prop_map(
            |(protocol, to, limited, from)| {
                let region = Region::any().service(protocol, to);
                if limited { Region { source_port: from, ..region } } else { region }
            }
        ),
        ports().prop_map(|ports| Region {
            protocol: IntervalSet::one(6).union(&IntervalSet::one(17)),
            destination_port: ports,
            ..Region::any()
        }),
        Just(Region::any().protocol(protocol::ESP)),
        Just(Region::any().protocol(protocol::AH)),
        Just(Region { protocol: IntervalSet::one(1).union(&IntervalSet::one(58)), ..Region::any() }),
    ];
    let tag = prop::option::of((
        prop::bool::ANY,
        prop::sample::select(vec!["Storage", "Sql.westeurope", "corpnetsaw"]),
    ));
    (service, an_address_set(), an_address_set(), tag).prop_filter_map(
        "one family",
        |(service, source, destination, tag)| {
            let mut region = service.from(source).to(destination);
            if let Some((at_source, tag)) = tag {
                let side = if at_source { Side::Source } else { Side::Destination };
                *(if at_source { &mut region.source } else { &mut region.destination }) = AddressSet::any();
                region.conditions = Conditions::holds(Symbol::new(side, SymbolKind::ServiceTag, tag));
            }
            let v4 = !region.source.v4.is_empty() && !region.destination.v4.is_empty();
            let v6 = !region.source.v6.is_empty() && !region.destination.v6.is_empty();
            // ICMP of a family that is not there does not exist, and is not written.
            if region.protocol.size() == 2.0 && region.protocol.contains(1) {
                region.protocol = match (v4, v6) {
                    (true, true) => region.protocol,
                    (true, false) => IntervalSet::one(1),
                    _ => IntervalSet::one(58),
                };
            }
            (v4 || v6).then_some(region)
        },
    )
}

pub fn new_rules(most: usize) -> impl Strategy<Value = Vec<NewRule>> {
    let rule = (a_region(), prop::bool::ANY, "[a-c ]{0,3}").prop_map(|(region, permit, name)| NewRule {
        name,
        permit,
        region,
    });
    prop::collection::vec(rule, 0..most)
}

proptest! {
    #[test]
    fn what_is_written_is_read_back_the_same(
        rules in new_rules(7),
        out in prop::bool::ANY,
        default_permit in prop::bool::ANY,
    ) {
        let direction = if out { Direction::Outbound } else { Direction::Inbound };
        let listing = listing(direction, rules, default_permit);
        let text = written(&listing);
        let export = read(&text);
        prop_assert!(export.problems.is_empty(), "{:?}", export.problems);
        let difference = difference(&meant(&listing), &one(&export, direction).rules, &Effort::usual()).expect("little work");
        prop_assert!(difference.is_empty(), "{text}\n{difference:#?}");
        prop_assert_eq!(AzureNsg.emit(std::slice::from_ref(&listing)).ok(), Some(text));
    }
}
