use proptest::prelude::*;
use space::{
    Action, AddressSet, Conditions, IntervalSet, NameSet, Region, Rule, RuleId, Set, Side, Symbol,
    SymbolKind, protocol,
};

use super::*;
use crate::windows::profiles;
use crate::{NewRule, Refusal, RuleListing};

fn listing(direction: Direction, rules: Vec<NewRule>, default_permit: bool) -> RuleListing {
    RuleListing { name: "host".to_owned(), direction, rules, default_permit }
}

fn new(name: &str, permit: bool, region: Region) -> NewRule {
    NewRule { name: name.to_owned(), permit, region }
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

fn refused(direction: Direction, rules: Vec<NewRule>) -> Refusal {
    Windows.emit(&[listing(direction, rules, false)]).expect_err("nothing that Windows can say")
}

fn net(text: &str) -> AddressSet {
    text.parse::<ipnet::IpNet>().expect("a prefix").into()
}

fn tcp(port: u16) -> Region {
    Region::any().service(protocol::TCP, IntervalSet::one(port))
}

#[test]
fn a_script_for_both_directions() {
    let text = Windows
        .emit(&[
            listing(
                Direction::Inbound,
                vec![new("smb: clients -> server", true, tcp(445).from(net("10.20.0.0/16")))],
                false,
            ),
            listing(
                Direction::Outbound,
                vec![
                    new("exo", true, tcp(443).when(Conditions::named(Side::Destination, "*.example.com"))),
                    new("rest", false, Region::any()),
                ],
                false,
            ),
        ])
        .expect("something that Windows can say");
    let expected = "\
# Rules of Windows Defender Firewall, for an elevated PowerShell.
# Rules that are already there stay: for these alone, put them into a group policy of their own
# and set its AllowLocalFirewallRules to False.

# Names are resolved by the network protection of Microsoft Defender Antivirus, which must be on;
# DNS over HTTPS must be off.
New-NetFirewallDynamicKeywordAddress -Id '{ID}' -Keyword '*.example.com' -AutoResolve $true

New-NetFirewallRule -Name 'smb: clients -> server' -DisplayName 'smb: clients -> server' -Direction Inbound -Action Allow -RemoteAddress '10.20.0.0/16' -Protocol TCP -LocalPort 445

New-NetFirewallRule -Name exo -DisplayName exo -Direction Outbound -Action Allow -Protocol TCP -RemotePort 443 -RemoteDynamicKeywordAddresses '{ID}'

# rest: the default blocks it

Set-NetFirewallProfile -All -Enabled True -DefaultInboundAction Block -DefaultOutboundAction Block
";
    let id = crate::windows::powershell::keyword_id("*.example.com");
    assert_eq!(text, expected.replace("{ID}", &id));
    let export = read(&text);
    assert_eq!(verdict(inbound(&export), "10.20.1.1 -> 10.0.0.1 tcp/445"), Verdict::Met);
    assert_eq!(verdict(outbound(&export), "10.20.1.1 -> a.example.com tcp/443"), Verdict::Met);
    assert_eq!(verdict(outbound(&export), "10.20.1.1 -> example.com tcp/443"), Verdict::Undecided);
    assert_eq!(export.coverage.totals().approximated, 0);
}

#[test]
fn the_default_is_what_the_listing_says() {
    for direction in [Direction::Inbound, Direction::Outbound] {
        for permit in [false, true] {
            let empty = listing(direction, vec![], permit);
            let text = Windows.emit(std::slice::from_ref(&empty)).unwrap();
            let export = read(&text);
            assert_eq!(export.rule_sets.len(), 1);
            same(&meant(&empty), &one(&export, direction).rules);
        }
    }
}

#[test]
fn what_is_allowed_above_a_denial_is_taken_out_of_it() {
    let rules = |net_region: Region| {
        vec![
            new("one", true, tcp(443).to(net("10.0.0.7/32"))),
            new("net", false, net_region.to(net("10.0.0.0/24"))),
            new("all", true, Region::any().protocol(protocol::TCP)),
        ]
    };
    for (region, default) in [(Region::any().protocol(protocol::TCP), true), (Region::any(), false)] {
        let listing = listing(Direction::Outbound, rules(region), default);
        let text = Windows.emit(std::slice::from_ref(&listing)).unwrap();
        assert!(text.contains("'net (2)'"), "{text}");
        same(&meant(&listing), &outbound(&read(&text)).rules);
    }
    // A name cannot be taken out of addresses.
    let named = tcp(443).when(Conditions::named(Side::Destination, "a.example.com"));
    let refusal = refused(
        Direction::Outbound,
        vec![new("a", true, named), new("b", false, tcp(443)), new("c", true, Region::any())],
    );
    assert!(refusal.message.contains("all but the name `a.example.com`"), "{}", refusal.message);
}

#[test]
fn names_of_strangers_are_data() {
    for name in [
        "'; Remove-Item C:\\ -Recurse; '",
        "\u{2019}; calc; \u{2018}",
        "a\nRemove-NetFirewallRule -All",
        "$(calc)`n\"x\"",
        "# | all, @{}",
        "",
        "All",
        "*",
    ] {
        let rules = vec![new(name, true, tcp(1)), new(name, false, tcp(2)), new(name, true, Region::any())];
        let listing = listing(Direction::Inbound, rules, false);
        let text = Windows.emit(std::slice::from_ref(&listing)).unwrap();
        let export = read(&text);
        assert_eq!(inbound(&export).entries.len(), 3, "{text}");
        assert_eq!(export.coverage.totals().not_understood, 0);
        same(&meant(&listing), &inbound(&export).rules);
    }
}

#[test]
fn what_windows_cannot_say_is_refused() {
    let name = |side| tcp(443).when(Conditions::named(side, "a.example.com"));
    let tag = Conditions::holds(Symbol::new(Side::Destination, SymbolKind::ServiceTag, "Storage"));
    let lacks = Conditions::lacks(Symbol::new(Side::Destination, SymbolKind::Name, "a.example.com"));
    for (direction, region, part) in [
        (Direction::Inbound, name(Side::Source), "addresses only"),
        (Direction::Inbound, name(Side::Destination), "addresses only"),
        (Direction::Outbound, name(Side::Source), "addresses only"),
        (Direction::Outbound, name(Side::Destination).to(net("10.0.0.0/8")), "never both"),
        (
            Direction::Outbound,
            tcp(443).when(Conditions::named(Side::Destination, "a.*.example.com")),
            "no host",
        ),
        (Direction::Outbound, tcp(443).when(tag), "service tag"),
        (Direction::Outbound, tcp(443).when(lacks), "all but"),
        (Direction::Outbound, Region::any().service(protocol::SCTP, IntervalSet::one(5)), "ports for TCP"),
        (Direction::Outbound, Region { in_interface: NameSet::one("eth0"), ..tcp(1) }, "one interface"),
        (
            Direction::Outbound,
            Region { out_interface: NameSet::starting_with("eth"), ..tcp(1) },
            "whole names",
        ),
        (
            Direction::Outbound,
            Region { protocol: IntervalSet::one(6).complement(), ..Region::any() },
            "dozens",
        ),
        (Direction::Outbound, tcp(1).to(AddressSet::empty()), "matches nothing"),
    ] {
        let refusal = refused(direction, vec![new("r", true, region)]);
        assert!(refusal.message.contains(part), "{part}: {}", refusal.message);
        assert!(!refusal.help.is_empty());
    }
    let transit = Windows.emit(&[listing(Direction::Transit, vec![], false)]).unwrap_err();
    assert!(transit.message.contains("passes through"));
    let twice = [listing(Direction::Inbound, vec![], false), listing(Direction::Inbound, vec![], false)];
    assert!(Windows.emit(&twice).is_err());
}

#[test]
fn long_lists_are_several_rules() {
    let every_other: AddressSet = AddressSet::union_of(
        &(0..2_500_u32).map(|at| AddressSet::from(std::net::IpAddr::V4((at * 2).into()))).collect::<Vec<_>>(),
    );
    let listing = listing(Direction::Outbound, vec![new("many", true, tcp(1).to(every_other))], false);
    let text = Windows.emit(std::slice::from_ref(&listing)).unwrap();
    assert_eq!(text.matches("New-NetFirewallRule").count(), 3);
    same(&meant(&listing), &outbound(&read(&text)).rules);
}

fn addresses() -> impl Strategy<Value = AddressSet> {
    prop_oneof![
        3 => Just(AddressSet::any()),
        1 => Just(AddressSet::any_v4()),
        1 => Just(AddressSet::any_v6()),
        4 => proptest::collection::vec((0_u32..64, 0_u32..8), 1..3).prop_map(|ranges| AddressSet {
            v4: IntervalSet::from_ranges(ranges.into_iter().map(|(low, more)| (low, low + more))),
            v6: IntervalSet::empty(),
        }),
        1 => (0_u128..64, 0_u128..8).prop_map(|(low, more)| AddressSet {
            v4: IntervalSet::one(7),
            v6: IntervalSet::range(low, low + more),
        }),
    ]
}

fn ports() -> impl Strategy<Value = IntervalSet<u16>> {
    prop_oneof![
        Just(IntervalSet::any()),
        proptest::collection::vec((0_u16..40, 0_u16..9), 1..3).prop_map(|ranges| {
            IntervalSet::from_ranges(ranges.into_iter().map(|(low, more)| (low, low + more)))
        }),
    ]
}

pub fn region(direction: Direction) -> impl Strategy<Value = Region> {
    let service = prop_oneof![
        Just(Region::any()),
        Just(Region::any().protocol(protocol::GRE)),
        (ports(), ports()).prop_map(|(source_port, port)| Region {
            source_port,
            ..Region::any().service(protocol::TCP, port)
        }),
        ports().prop_map(|port| Region::any().service(protocol::UDP, port)),
        ports().prop_map(|types| Region::any().service(protocol::ICMP, types)),
        ports().prop_map(|port| Region {
            protocol: IntervalSet::from_ranges([(6, 6), (17, 17)]),
            destination_port: port,
            ..Region::any()
        }),
    ];
    let profile = prop_oneof![4 => Just(7_u8), 1 => 1_u8..7];
    let interface = prop_oneof![4 => Just(NameSet::any()), 1 => Just(NameSet::one("Ethernet 0"))];
    let program =
        prop_oneof![4 => Just(None), 1 => Just(Some("program C:\\a, b's.exe")), 1 => Just(Some("service x"))];
    let remote = prop_oneof![6 => Just(None), 1 => Just(Some("LocalSubnet"))];
    (service, addresses(), addresses(), profile, interface, program, remote, any::<prop::sample::Index>())
        .prop_map(move |(service, source, destination, profile, interface, program, keyword, pick)| {
            let mut region = service.from(source).to(destination);
            let outbound = direction == Direction::Outbound;
            if outbound {
                region.out_interface = interface;
            } else {
                region.in_interface = interface;
            }
            let all = profiles::conditions(profile);
            let mut conditions = all[pick.index(all.len())].clone();
            let mut hold = |more: Conditions| conditions = conditions.and(&more).unwrap();
            if let Some(program) = program {
                hold(Conditions::holds(Symbol::new(Side::Packet, SymbolKind::Match, program)));
            }
            if let Some(keyword) = keyword {
                let side = if outbound { Side::Destination } else { Side::Source };
                hold(Conditions::holds(Symbol::new(side, SymbolKind::AddressGroup, keyword)));
                if outbound {
                    region.destination = AddressSet::any();
                } else {
                    region.source = AddressSet::any_v4();
                }
            }
            region.when(conditions)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn what_is_written_reads_back_the_same(
        ins in proptest::collection::vec((any::<bool>(), region(Direction::Inbound)), 0..5),
        outs in proptest::collection::vec((any::<bool>(), region(Direction::Outbound)), 0..5),
        defaults in any::<(bool, bool)>(),
    ) {
        let rules = |all: Vec<(bool, Region)>| all.into_iter().map(|(permit, region)| new("r", permit, region)).collect::<Vec<_>>();
        let listings =
            [listing(Direction::Inbound, rules(ins), defaults.0), listing(Direction::Outbound, rules(outs), defaults.1)];
        match Windows.emit(&listings) {
            Ok(text) => {
                let export = read(&text);
                prop_assert_eq!(export.coverage.totals().not_understood, 0);
                for listing in &listings {
                    same(&meant(listing), &one(&export, listing.direction).rules);
                }
            }
            // Only what is cut out of a condition.
            Err(refusal) => {
                let cut = refusal.message.contains("all but") || refusal.message.contains("profile")
                    || refusal.message.contains("dozens") || refusal.message.contains("cut")
                    || refusal.message.contains("whole names");
                prop_assert!(cut, "{}", refusal.message);
            }
        }
    }
}
