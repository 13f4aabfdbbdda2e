use space::{Conditions, Outcome, Side, SymbolKind};

use super::*;

fn symbols(export: &Export) -> Vec<(Side, SymbolKind, String)> {
    let all = matches(export, "r").iter().flat_map(|region| region.conditions.iter());
    all.map(|(symbol, _)| (symbol.side, symbol.kind, symbol.name.to_string())).collect()
}

#[test]
fn what_a_file_does_not_say_is_a_condition() {
    let objects = "set external-list bad type ip url http://example.com/list\nset address-group dyn dynamic filter \"'web' and 'prod'\"\n\
                   set address var ip-netmask $branch\nset region Home address [ 192.0.2.0/25 192.0.2.128/25 ]";
    let of = |keys: &str| symbols(&one(objects, keys));
    let destination = |kind, name: &str| vec![(Side::Destination, kind, name.to_owned())];
    assert_eq!(of("destination bad"), destination(SymbolKind::AddressGroup, "bad"));
    assert_eq!(of("destination dyn"), destination(SymbolKind::AddressGroup, "dyn"));
    assert_eq!(of("destination US"), destination(SymbolKind::AddressGroup, "region US"));
    assert_eq!(
        of("destination panw-known-ip-list"),
        destination(SymbolKind::AddressGroup, "panw-known-ip-list")
    );
    assert_eq!(of("destination var"), destination(SymbolKind::Placeholder, "$branch"));
    assert_eq!(of("destination $other"), destination(SymbolKind::Placeholder, "$other"));
    assert_eq!(of("destination nowhere"), destination(SymbolKind::Undefined, "nowhere"));
    assert_eq!(one_shown(objects, "destination Home"), ["any>any any > 192.0.2.0/24 any []"]);
    let export = one(objects, "destination [ nowhere Home ]; service gone");
    let undefined: Vec<(&str, &str)> =
        export.inventory.undefined.iter().map(|entry| (entry.kind, entry.name.as_str())).collect();
    assert_eq!(undefined, [("address", "nowhere"), ("service", "gone")]);
}

#[test]
fn a_group_with_an_unknown_member_keeps_the_known_ones() {
    let objects = "set address-group g static [ 192.0.2.1 web list inner ]\nset address web fqdn www.example.com\n\
                   set external-list list type ip url x\nset address-group inner static 192.0.2.2";
    assert_eq!(
        one_shown(objects, "source g"),
        [
            "any>any [192.0.2.1, 192.0.2.2] > any any []",
            "any>any any > any any [www.example.com]",
            "any>any any > any any [list]"
        ]
    );
}

#[test]
fn groups_that_contain_themselves_are_unknown_and_end() {
    let objects = "set address-group a static [ b 192.0.2.1 ]\nset address-group b static a\nset service-group s members s\n\
                   set application-group x members [ x ssl ]\nset address-group none description empty";
    let export = one(objects, "source a; service s; application x; destination none");
    assert!(export.problems.iter().any(|problem| problem.message == "the group `a` contains itself"));
    assert!(export.problems.iter().any(|problem| problem.message == "`none` has no members"));
    assert!(matches(&export, "r").iter().all(|region| !region.conditions.is_none()));
}

#[test]
fn an_unknown_key_narrows_the_rule_by_itself() {
    let text = rules(&[("r", &with("quantum-zone entangled")), ("s", &with("quantum-zone entangled"))]);
    let export = read(&text);
    assert_eq!(shown(matches(&export, "r")), ["any>any any > any any [rule r: quantum-zone]"]);
    assert_eq!(shown(matches(&export, "s")), ["any>any any > any any [rule s: quantum-zone]"]);
    assert_eq!(
        status_of(&export, &text, "rules r quantum-zone"),
        (Status::NotUnderstood, "`quantum-zone` is not known".to_owned())
    );
    assert_eq!(status_of(&export, &text, "rules r from").0, Status::Understood);
}

#[test]
fn a_rule_that_lacks_what_it_must_have_is_no_rule_for_all() {
    let export =
        read("set rulebase security rules r action allow\nset rulebase security rules r source 192.0.2.1\n");
    let regions = matches(&export, "r");
    assert_eq!(regions.len(), 1);
    let says: Vec<String> = regions[0].conditions.iter().map(|(symbol, _)| symbol.name.to_string()).collect();
    assert_eq!(
        says,
        ["application", "destination", "from", "service", "to"].map(|key| format!("rule r: no {key}"))
    );
    let export = read("set rulebase security rules r source any\n");
    assert_eq!(export.rule_sets[0].rules.chains[0].rules[0].action, Action::Unknown);
}

#[test]
fn rules_that_drop_packets_elsewhere_leave_all_open() {
    let base = rules(&[("r", ANY)]);
    for (statement, counts) in [
        ("set rulebase dos rules d action deny", true),
        ("set rulebase dos rules d action protect", false),
        ("set rulebase pbf rules p action discard", true),
        ("set rulebase pbf rules p action forward egress-interface ethernet1/1", false),
        ("set rulebase quantum rules q action x", true),
        ("set rulebase nat rules n source any", false),
        ("set rulebase decryption rules n action decrypt", false),
    ] {
        let text = format!("{base}{statement}\n");
        let export = read(&text);
        let first = &export.rule_sets[0].rules.chains[0].rules[0];
        assert_eq!(first.action == Action::Unknown, counts, "{statement}");
        let expected = if counts { Status::NotUnderstood } else { Status::Irrelevant };
        assert_eq!(status_of(&export, &text, statement).0, expected, "{statement}");
        let outcomes = decided(&export.rule_sets[0].rules, &tcp(443));
        assert_eq!(outcomes.contains(&Outcome::Unknown), counts, "{statement}");
    }
}

#[test]
fn without_ipv6_firewalling_ipv6_is_open() {
    let text = format!("{}set deviceconfig setting session ipv6-firewalling no\n", rules(&[("r", ANY)]));
    let export = read(&text);
    let rules = &export.rule_sets[0].rules;
    let v6 = Region::any().from(space::AddressSet::any_v6()).to(space::AddressSet::any_v6());
    let v4 = Region::any().from(space::AddressSet::any_v4()).to(space::AddressSet::any_v4());
    assert!(decided(rules, &v6).contains(&Outcome::Unknown));
    assert_eq!(decided(rules, &v4), [Outcome::Permit]);
}

#[test]
fn values_that_are_wrong_are_problems_and_never_guesses() {
    for (object, says) in [
        ("set address x ip-netmask 192.0.2.300", "`192.0.2.300` is no address and no prefix"),
        ("set address x ip-netmask 192.0.2.1/33", "`192.0.2.1/33` is no address and no prefix"),
        ("set address x ip-range 192.0.2.9-192.0.2.1", "`192.0.2.9-192.0.2.1` is no range"),
        ("set address x ip-wildcard 192.0.2.9/3", "`192.0.2.9/3` is no address with a wildcard mask"),
        ("set address x fqdn *.example.com", "`*.example.com` is no host name"),
        ("set address x", "the address `x` has no value"),
    ] {
        let export = one(object, "source x");
        assert_eq!(export.problems[0].message, says);
        assert_eq!(symbols(&export), [(Side::Source, SymbolKind::Match, "address x".to_owned())], "{object}");
    }
    for ports in ["70000", "9-1", "http", "-", "1--2"] {
        let export = one(&format!("set service s protocol tcp port {ports}"), "service s");
        assert_eq!(export.problems[0].message, format!("`{ports}` are no ports"));
        assert_eq!(symbols(&export), [(Side::Packet, SymbolKind::Match, "service s".to_owned())]);
    }
    let export = one("", "source 192.0.2.9-192.0.2.1");
    assert_eq!(export.problems[0].message, "`192.0.2.9-192.0.2.1` is no range");
}

#[test]
fn replacing_an_object_by_an_unknown_one_only_opens_verdicts() {
    let known = one("set address x ip-netmask 192.0.2.1", "source x; action deny");
    let unknown = one("set external-list x type ip url u", "source x; action deny");
    let asked = tcp(443).from("192.0.2.1".parse::<std::net::IpAddr>().unwrap().into());
    assert_eq!(decided(&known.rule_sets[0].rules, &asked)[0], Outcome::Deny);
    let list = space::Symbol::new(Side::Source, SymbolKind::AddressGroup, "x");
    let on_list = asked.when(Conditions::holds(list));
    assert_eq!(decided(&unknown.rule_sets[0].rules, &on_list), [Outcome::Deny]);
}

#[test]
fn objects_know_their_uses_and_their_twins() {
    let text = format!(
        "set address a ip-netmask 192.0.2.1\nset address b ip-netmask 192.0.2.1/32\nset address c ip-netmask 192.0.2.3\n\
         set address-group g static [ a b ]\nset address d ip-netmask 192.0.2.4\nset service s protocol tcp port 443\n{}\
         set rulebase nat rules n destination d\n",
        rules(&[("r", &with("source [ a g ]; disabled yes")), ("q", &with("source a; service s"))])
    );
    let export = read(&text);
    let of = |name: &str| {
        let object = export.inventory.objects.iter().find(|object| object.name == name).expect("an object");
        (object.kind, object.uses, object.content.clone().unwrap_or_default())
    };
    assert_eq!(of("a"), ("address", 3, "192.0.2.1".to_owned()));
    assert_eq!(of("b"), ("address", 1, "192.0.2.1".to_owned()));
    assert_eq!(of("c").1, 0);
    assert_eq!(of("d").1, 1);
    assert_eq!(of("g"), ("address group", 1, "192.0.2.1".to_owned()));
    assert_eq!(of("s").1, 1);
}
