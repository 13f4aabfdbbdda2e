use proptest::prelude::*;
use space::NameSet;

use super::*;
use crate::RuleListing;

fn listing(direction: Direction, rules: Vec<NewRule>, default_permit: bool) -> RuleListing {
    RuleListing { name: "backup".to_owned(), direction, rules, default_permit }
}

fn written(listing: &RuleListing) -> String {
    Aws.emit(std::slice::from_ref(listing)).expect("something that AWS can say")
}

fn refused(region: Region) -> Refusal {
    Aws.emit(&[listing(Direction::Outbound, vec![new("r", true, region)], false)])
        .expect_err("nothing that AWS can say")
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

#[test]
fn a_group_is_written() {
    let rules = vec![
        new("exo: proxy -> exchange", true, tcp(443).to(prefix("203.0.113.0/24"))),
        new("relay", true, tcp(443).to(prefix("2001:db8::/32"))),
        new("again", true, tcp(443).to(prefix("203.0.113.0/24"))),
        new("db", true, tcp(5432).when(listed(Side::Destination, "sg-0a1"))),
    ];
    let out = listing(Direction::Outbound, rules, false);
    let text = Aws.emit(&[out, listing(Direction::Inbound, vec![], false)]).expect("a group");
    let expected = r#"{
    "SecurityGroups": [
        {
            "GroupName": "backup",
            "Description": "backup",
            "IpPermissions": [],
            "IpPermissionsEgress": [
                {
                    "IpProtocol": "tcp",
                    "FromPort": 443,
                    "ToPort": 443,
                    "UserIdGroupPairs": [],
                    "IpRanges": [
                        {
                            "CidrIp": "203.0.113.0/24",
                            "Description": "exo: proxy -- exchange"
                        }
                    ],
                    "Ipv6Ranges": [
                        {
                            "CidrIpv6": "2001:db8::/32",
                            "Description": "relay"
                        }
                    ],
                    "PrefixListIds": []
                },
                {
                    "IpProtocol": "tcp",
                    "FromPort": 5432,
                    "ToPort": 5432,
                    "UserIdGroupPairs": [
                        {
                            "GroupId": "sg-0a1",
                            "Description": "db"
                        }
                    ],
                    "IpRanges": [],
                    "Ipv6Ranges": [],
                    "PrefixListIds": []
                }
            ]
        }
    ]
}
"#;
    assert_eq!(text, expected);
    let export = read(&text);
    assert_eq!((outbound(&export).name.as_str(), export.problems.len()), ("backup/outbound", 0));
}

#[test]
fn denies_are_taken_out_of_the_permits_below_them() {
    let rules = vec![
        new("not smtp", false, tcp(25)),
        new("not there", false, Region::any().to(prefix("203.0.113.128/25"))),
        new("all tcp", true, Region::any().protocol(protocol::TCP).to(prefix("203.0.113.0/24"))),
        new("too late", false, tcp(22)),
    ];
    let below = listing(Direction::Outbound, rules, false);
    let export = read(&written(&below));
    same(&meant(&below), &outbound(&export).rules);
    let expected = ["outbound tcp/0-24 203.0.113.0/25", "outbound tcp/26-65535 203.0.113.0/25"];
    assert_eq!(names(outbound(&export)), expected);
    // Permit the rest: the last rule.
    let open = listing(Direction::Inbound, vec![new("no rdp", false, tcp(3389))], true);
    same(&meant(&open), &inbound(&read(&written(&open))).rules);
}

#[test]
fn the_name_of_a_rule_set_names_the_group() {
    let named = |name: &str| {
        let listing = RuleListing { name: name.to_owned(), ..listing(Direction::Outbound, vec![], false) };
        outbound(&read(&written(&listing))).name.clone()
    };
    assert_eq!(named("web/outbound"), "web/outbound");
    assert_eq!(named("Oslo edge → øst"), "Oslo edge - -st/outbound");
    assert_eq!(named("sg-web"), "web/outbound");
    assert_eq!(named("  "), "group/outbound");
    let twice = [listing(Direction::Outbound, vec![], false), listing(Direction::Outbound, vec![], false)];
    assert!(Aws.emit(&twice).expect_err("one group").message.contains("two rule sets"));
}

#[test]
fn types_of_icmp_are_written() {
    let echo = Region::any().service(protocol::ICMP, IntervalSet::one(8 * 256));
    let kinds = Region::any().service(protocol::ICMP, IntervalSet::range(3 * 256, 5 * 256 + 1));
    let all = Region::any().protocol(protocol::ICMPV6);
    let one = listing(
        Direction::Inbound,
        vec![new("a", true, echo), new("b", true, kinds), new("c", true, all)],
        false,
    );
    let export = read(&written(&one));
    same(&meant(&one), &inbound(&export).rules);
    assert!(names(inbound(&export)).contains(&"inbound icmp/3 0.0.0.0/0"));
    assert!(names(inbound(&export)).contains(&"inbound icmp/5.1 ::/0"));
}

#[test]
fn what_aws_cannot_say_is_refused() {
    let ports = Region { source_port: IntervalSet::one(53), ..tcp(443) };
    let symbol = |kind| Conditions::holds(Symbol::new(Side::Destination, kind, "x"));
    let cases = [
        (
            tcp(443).when(Conditions::named(Side::Destination, "outlook.office365.com")),
            "addresses, not names",
        ),
        (
            tcp(443).from(prefix("10.0.0.4/32")),
            "`r` picks the source, and the outbound rules of a security group can only pick the destination",
        ),
        (ports, "source ports"),
        (tcp(443).when(Conditions::holds(crate::established())), "lets pass by itself"),
        (tcp(443).when(symbol(SymbolKind::ServiceTag)), "not known"),
        (tcp(443).when(listed(Side::Destination, "office")), "no id of a prefix list"),
        (tcp(443).when(listed(Side::Source, "sg-1")), "only the far side"),
        (tcp(443).to(prefix("10.0.0.0/8")).when(listed(Side::Destination, "pl-1")), "cut down to addresses"),
        (
            tcp(443).when(Conditions::lacks(Symbol::new(
                Side::Destination,
                SymbolKind::AddressGroup,
                "pl-1",
            ))),
            "does not hold",
        ),
        (Region { in_interface: NameSet::one("eth0"), ..tcp(443) }, "interface"),
        (Region { destination_port: IntervalSet::one(443), ..Region::any() }, "every protocol"),
        (Region::any().service(protocol::SCTP, IntervalSet::one(443)), "`sctp`"),
        (Region { source: AddressSet::any_v4(), ..tcp(443).to(prefix("2001:db8::/32")) }, "address family"),
    ];
    for (region, message) in cases {
        let refusal = refused(region);
        assert!(refusal.message.contains(message), "{}", refusal.message);
        assert!(!refusal.help.is_empty());
    }
    let both =
        listed(Side::Destination, "pl-1").and(&listed(Side::Destination, "sg-1")).expect("no contradiction");
    assert!(refused(tcp(443).when(both)).message.contains("one prefix list or group"));
    let transit = Aws.emit(&[listing(Direction::Transit, vec![], false)]);
    assert!(transit.expect_err("no such list").message.contains("inbound and outbound"));
}

#[test]
fn the_limits_of_a_group_are_kept() {
    let hosts = |count: u32| AddressSet {
        v4: IntervalSet::from_ranges((0..count).map(|host| (host * 2, host * 2))),
        v6: IntervalSet::empty(),
    };
    let out = listing(Direction::Outbound, vec![new("r", true, tcp(1).to(hosts(1_000)))], false);
    assert_eq!(outbound(&read(&written(&out))).entries.len(), 1_000);
    assert!(refused(tcp(1).to(hosts(1_001))).message.contains("1001 rules"));
    assert!(refused(tcp(1).to(hosts(100_000))).message.contains("100000 rules"));
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

/// Regions that AWS can say; with lists and groups only where `listed`, for a network ACL has none.
pub fn a_region(direction: Direction, with_lists: bool) -> impl Strategy<Value = Region> {
    let ports = || {
        prop::collection::vec((0_u16..2000, 0_u16..60_000), 1..3).prop_map(|ranges| {
            IntervalSet::from_ranges(ranges.into_iter().map(|(low, more)| (low, low.saturating_add(more))))
        })
    };
    let service = prop_oneof![
        Just(Region::any()),
        (prop::sample::select(vec![protocol::TCP, protocol::UDP]), ports())
            .prop_map(|(protocol, to)| Region::any().service(protocol, to)),
        ports().prop_map(|ports| Region {
            protocol: IntervalSet::one(6).union(&IntervalSet::one(17)),
            destination_port: ports,
            ..Region::any()
        }),
        Just(Region::any().protocol(protocol::ESP)),
        Just(Region::any().protocol(protocol::ICMP)),
        (0_u16..2000, 0_u16..300).prop_map(
            |(low, more)| Region::any().service(protocol::ICMP, IntervalSet::range(low, low + more % 5))
        ),
    ];
    let list = prop::sample::select(vec!["pl-1", "sg-0a1", "sg-9"]);
    let list = if with_lists { prop::option::weighted(0.3, list).boxed() } else { Just(None).boxed() };
    (service, an_address_set(), list).prop_map(move |(service, far, list)| {
        let (side, region) = match direction {
            Direction::Inbound => (Side::Source, service.clone().from(far)),
            _ => (Side::Destination, service.clone().to(far)),
        };
        match list {
            Some(list) => service.when(listed(side, list)),
            None => region,
        }
    })
}

fn a_direction() -> impl Strategy<Value = Direction> {
    prop::sample::select(vec![Direction::Inbound, Direction::Outbound])
}

fn rules(direction: Direction) -> impl Strategy<Value = Vec<NewRule>> {
    let permit =
        (a_region(direction, true), "[a-c ø]{0,3}").prop_map(|(region, name)| new(&name, true, region));
    let deny =
        (a_region(direction, false), "[a-c ]{0,3}").prop_map(|(region, name)| new(&name, false, region));
    prop::collection::vec(prop_oneof![3 => permit, 1 => deny], 0..6)
}

proptest! {
    #[test]
    fn what_is_written_is_read_back_the_same(
        (direction, rules) in a_direction().prop_flat_map(|direction| (Just(direction), rules(direction))),
        default_permit in prop::bool::weighted(0.2),
    ) {
        let listing = listing(direction, rules, default_permit);
        match Aws.emit(std::slice::from_ref(&listing)) {
            Ok(text) => {
                let export = read(&text);
                same(&meant(&listing), &one(&export, direction).rules);
                let without_other = export.problems.iter().filter(|problem| !problem.message.contains("are not in the file"));
                prop_assert_eq!(without_other.count(), 0);
            }
            // A group or list cannot be cut down, and what is left of much may be too much.
            Err(refusal) => prop_assert!(
                refusal.message.contains("cut down") || refusal.message.contains("never has more than") || refusal.message.contains("takes too many"),
                "{}", refusal.message
            ),
        }
    }
}
