use diagnostics::apply;
use proptest::prelude::*;
use space::{
    Action, AddressSet, Conditions, Effort, IntervalSet, Region, Rule, RuleId, RuleSet, Set, Side, Symbol,
    SymbolKind, difference, protocol,
};

use crate::plain::Csv;
use crate::{Change, Direction, Export, Format, ImportError, NewRule, RuleListing, Totals};

const MAPPING: &str = r#"
ignore = ["Hits"]

[columns]
name = "Rule Name"
action = "Action"
source = "From"
destination = "To"
service = "Service"
enabled = "State"

[table]
delimiter = ";"
lists = "|"

[words]
any = ["Any", "all"]
permit = ["Allow"]
deny = ["Block"]
yes = ["on"]
no = ["off"]

[addresses]
"mail server" = ["192.0.2.25", "2001:db8::25"]
servers = ["10.1.0.0/24"]

[services]
HTTPS = ["tcp/443"]
"#;

const SPLIT: &str = r#"
[columns]
action = "action"
source = "src"
destination = "dst"
protocol = "proto"
port = "dport"
"#;

fn read(text: &str, mapping: &str) -> Result<Export, ImportError> {
    crate::import_with(text, Some("csv"), Some(mapping))
}

fn matches(export: &Export) -> Vec<String> {
    let rules = export.rule_sets.first().map(|rule_set| rule_set.rules.rules().collect::<Vec<_>>());
    rules
        .unwrap_or_default()
        .iter()
        .map(|rule| {
            let regions: Vec<String> = rule.matches.iter().map(ToString::to_string).collect();
            format!("{:?} {}", rule.action, regions.join("; "))
        })
        .collect()
}

#[test]
fn a_table_is_read_in_its_own_columns_and_words() {
    let text = "Rule Name;Hits;From;To;Service;Action;State\n\
                mail;17;servers;mail server;tcp/25|HTTPS;Allow;on\n\
                old;0;all;Any;Any;Allow;off\n\
                rest;3;any;ANY;any;Block;\n";
    let export = read(text, MAPPING).unwrap();
    assert_eq!(export.problems, []);
    assert_eq!(
        matches(&export),
        ["Permit 10.1.0.0/24 -> [192.0.2.25, 2001:db8::25] tcp/{25, 443}", "Deny any -> any any",]
    );
    assert_eq!(export.format, "csv");
}

#[test]
fn an_object_that_nobody_explains_is_an_unknown_and_never_any() {
    let text =
        "Rule Name;From;To;Service;Action;State\nmail;branch;servers;SAP;Allow;on\nrest;any;any;any;Block;\n";
    let export = read(text, MAPPING).unwrap();
    let branch = Symbol::new(Side::Source, SymbolKind::Undefined, "branch");
    let sap = Symbol::new(Side::Packet, SymbolKind::Undefined, "SAP");
    let asked = Conditions::holds(branch).and(&Conditions::holds(sap)).unwrap();
    let rule = export.rule_sets[0].rules.rules().next().unwrap();
    assert_eq!(
        rule.matches,
        [Region::any().to("10.1.0.0/24".parse::<ipnet::IpNet>().unwrap().into()).when(asked)]
    );
    let names: Vec<&str> = export.inventory.undefined.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["branch", "SAP"]);
    assert_eq!(&text[std::ops::Range::from(export.inventory.undefined[1].place)], "SAP");
    assert_eq!(
        export.coverage.totals(),
        Totals { understood: 1, approximated: 1, irrelevant: 1, not_understood: 0 }
    );
}

#[test]
fn protocols_and_ports_may_stand_apart() {
    let text = "action,src,dst,proto,dport\n\
                permit,any,192.0.2.1,tcp udp,53\n\
                permit,any,192.0.2.2,any,\n\
                permit,any,192.0.2.3,47,any\n\
                permit,any,192.0.2.4,icmp,8\n";
    let export = read(text, SPLIT).unwrap();
    assert_eq!(
        matches(&export),
        [
            "Permit any -> 192.0.2.1 [tcp/53, udp/53]",
            "Permit any -> 192.0.2.2 any",
            "Permit any -> 192.0.2.3 gre",
            "Unknown any -> any any, match `permit,any,192.0.2.4,icmp,8: not understood`",
        ]
    );
    assert_eq!(export.problems.len(), 1);
}

#[test]
fn what_is_wrong_with_a_mapping_is_said() {
    let message = |mapping: &str| read("a,b\n", mapping).unwrap_err().message;
    for (mapping, wanted) in [
        ("[columns]\naction = 1\n", "line 2: "),
        ("[columns]\naktion = \"x\"\n", "`aktion` is no column"),
        ("[columns]\naction = \"a\"\n", "either `service` or `protocol`"),
        ("[columns]\nservice = \"a\"\n[table]\ndelimiter = \"::\"\n", "`delimiter` is one character"),
        (
            "[columns]\nservice = \"a\"\n[addresses]\nx = [\"10.0.0.1/33\"]\n",
            "`10.0.0.1/33` in `x` is no address",
        ),
        ("[columns]\nservice = \"a\"\n[services]\nx = [\"443\"]\n", "`443` in `x` is no service"),
        (
            "[columns]\nservice = \"S\"\naction = \"A\"\nsource = \"F\"\ndestination = \"T\"\n",
            "lacks the columns",
        ),
    ] {
        assert!(message(mapping).contains(wanted), "{}", message(mapping));
    }
    assert!(crate::import("a,b\n", Some("csv")).unwrap_err().help.contains("edge.csv.toml"));
    assert!(crate::import_with("*filter\n", Some("iptables"), Some("")).is_err());
}

fn rule(name: &str, permit: bool, region: Region) -> NewRule {
    NewRule { name: name.to_owned(), permit, region }
}

#[test]
fn a_change_is_written_in_the_words_and_objects_of_the_table() {
    let text = "Rule Name;Hits;From;To;Service;Action;State\nrest;3;any;ANY;any;Block;\n";
    let export = read(text, MAPPING).unwrap();
    let to_mail = AddressSet::union_of([
        &AddressSet::from("192.0.2.25".parse::<std::net::IpAddr>().unwrap()),
        &AddressSet::from("2001:db8::25".parse::<std::net::IpAddr>().unwrap()),
    ]);
    let region = Region::any().to(to_mail).service(protocol::TCP, IntervalSet::one(443));
    let change = Change::Insert { before: Some(RuleId(0)), rule: rule("web", true, region) };
    let edited = Csv.edit(text, &export, 0, &[change]).unwrap();
    assert_eq!(
        apply(text, &edited.edits).unwrap(),
        "Rule Name;Hits;From;To;Service;Action;State\nweb;;Any;mail server;HTTPS;Allow;\nrest;3;any;ANY;any;Block;\n"
    );
}

fn region() -> impl Strategy<Value = Region> {
    let address = prop_oneof![
        Just(AddressSet::any()),
        (0u32..6, 20u8..=32).prop_map(|(at, length)| {
            let address = std::net::Ipv4Addr::from(0x0a01_0000 + (at << 8));
            AddressSet::from(ipnet::IpNet::from(ipnet::Ipv4Net::new(address, length).unwrap().trunc()))
        }),
    ];
    let service = prop_oneof![
        Just((IntervalSet::any(), IntervalSet::any())),
        (prop_oneof![Just(protocol::TCP), Just(protocol::UDP)], 1u16..500, 0u16..3).prop_map(
            |(number, port, more)| (IntervalSet::one(number), IntervalSet::range(port, port + more))
        ),
    ];
    (address.clone(), address, service).prop_map(|(from, to, (protocol, destination_port))| Region {
        source: from,
        destination: to,
        protocol,
        destination_port,
        ..Region::any()
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_back_the_same(
        rules in prop::collection::vec((any::<bool>(), region()), 0..8),
        default_permit: bool,
        split: bool,
    ) {
        let mapping = if split { SPLIT } else { MAPPING };
        let rules: Vec<NewRule> =
            rules.into_iter().map(|(permit, region)| rule("a rule", permit, region)).collect();
        let listing =
            RuleListing { name: "rules".to_owned(), direction: Direction::Transit, rules, default_permit };
        let text = Csv.emit_with(std::slice::from_ref(&listing), mapping).unwrap();
        let export = read(&text, mapping).unwrap();
        let action = |permit: bool| if permit { Action::Permit } else { Action::Deny };
        let wanted = listing.rules.iter().zip(0..).map(|(rule, id)| Rule {
            id: RuleId(id),
            matches: vec![rule.region.clone()],
            action: action(rule.permit),
        });
        let wanted = RuleSet::flat(wanted.collect(), action(default_permit));
        let changed = difference(&wanted, &export.rule_sets[0].rules, &Effort::usual()).unwrap();
        prop_assert!(changed.is_empty(), "{text}\n{changed:?}");
    }
}
