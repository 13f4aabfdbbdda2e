use space::{Conditions, NameSet, Outcome, Side};

use super::*;
use crate::Day;

fn zones(into: &str, out: &str) -> Region {
    Region { in_interface: NameSet::one(into), out_interface: NameSet::one(out), ..Region::any() }
}

const ZONES: &str = "set zone a network layer3 ethernet1/1\nset zone b network layer3 ethernet1/2";

#[test]
fn packets_within_a_zone_pass_by_default_and_between_zones_not() {
    let export = one(ZONES, "source 192.0.2.1; action deny");
    let rules = &export.rule_sets[0].rules;
    let to = |region: Region| region.from("198.51.100.1".parse::<std::net::IpAddr>().unwrap().into());
    assert_eq!(decided(rules, &to(zones("a", "a"))), [Outcome::Permit]);
    assert_eq!(decided(rules, &to(zones("a", "b"))), [Outcome::Deny]);
    // Without the zones in the file, it hangs on whether both are the same.
    let export = one("", "source 192.0.2.1; action deny");
    let asked = to(Region { in_interface: NameSet::one("x"), ..Region::any() });
    let outcomes = decided(&export.rule_sets[0].rules, &asked);
    assert!(outcomes.contains(&Outcome::Permit) && outcomes.contains(&Outcome::Deny));
}

#[test]
fn the_default_rules_can_be_overridden() {
    let text = format!(
        "{ZONES}\n{}set rulebase default-security-rules rules intrazone-default action deny\n\
         set rulebase default-security-rules rules interzone-default action allow\n\
         set rulebase default-security-rules rules interzone-default log-end yes\n",
        rules(&[("r", &with("source 192.0.2.1; action deny"))])
    );
    let export = read(&text);
    let set = &export.rule_sets[0];
    let from = |region: Region| region.from("198.51.100.1".parse::<std::net::IpAddr>().unwrap().into());
    assert_eq!(decided(&set.rules, &from(zones("a", "a"))), [Outcome::Deny]);
    assert_eq!(decided(&set.rules, &from(zones("a", "b"))), [Outcome::Permit]);
    assert!(!entry(set, "intrazone-default").1.implied);
    let place = set.stages[0].place.expect("a statement of the file");
    assert_eq!(text[std::ops::Range::from(place)].lines().count(), 2);
}

#[test]
fn rule_types_tell_zones_apart() {
    let of = |keys: &str| one_shown(ZONES, keys);
    assert_eq!(
        of("rule-type intrazone; to a; from [ a b ]"),
        ["a>a any > any any []", "b>b any > any any []"]
    );
    assert_eq!(of("rule-type intrazone"), ["a>a any > any any []", "b>b any > any any []"]);
    assert_eq!(
        of("rule-type interzone; from [ a b ]; to [ a b ]"),
        ["a>b any > any any []", "b>a any > any any []"]
    );
    assert_eq!(of("from [ a b ]; to [ a b ]"), ["a+b>a+b any > any any []"]);
    // In a piece of a configuration there may be other zones.
    let pieces = one_shown("", "rule-type interzone; from any; to a");
    assert_eq!(pieces, ["any>a any > any any [not source and destination zone are the same]"]);
    let pieces = one_shown(
        "set zone a\nset deviceconfig system panorama-server 192.0.2.1",
        "rule-type interzone; to a",
    );
    assert_eq!(pieces, ["others>a any > any any []"]);
    let pieces = one_shown("", "rule-type intrazone");
    assert_eq!(pieces, ["any>any any > any any [source and destination zone are the same]"]);
}

#[test]
fn application_default_is_not_any_port() {
    let of = |keys: &str| one_shown("", keys);
    assert_eq!(
        of("application ssl; service application-default"),
        ["any>any any > any tcp/443 [application ssl]"]
    );
    // Inside of TLS that is decrypted, the standard port is another one.
    assert_eq!(
        of("application web-browsing; service application-default"),
        [
            "any>any any > any tcp/80 [application web-browsing]",
            "any>any any > any tcp/443 [application web-browsing, the session is decrypted]"
        ]
    );
    assert_eq!(
        of("application zoom; service application-default"),
        ["any>any any > any any [application zoom, application-default of application zoom]"]
    );
    assert_eq!(
        of("service application-default"),
        ["any>any any > any any [application-default of any application]"]
    );
    // A port with any application is a port; an application with any service is not.
    assert_eq!(of("service service-https"), ["any>any any > any tcp/443 []"]);
    assert_eq!(of("application ssl"), ["any>any any > any any [application ssl]"]);
    assert_eq!(
        of("application ssl; service service-http"),
        ["any>any any > any tcp/{80, 8080} [application ssl]"]
    );
}

#[test]
fn custom_applications_groups_and_filters() {
    let objects = "set application own default port [ tcp/80,8443 udp/53 ]\nset application dyn default port tcp/dynamic\n\
                   set application echo default ident-by-icmp-type type 8\nset application gre2 default ident-by-ip-protocol 47\n\
                   set application-group g members [ own ssl inner ]\nset application-group inner members ntp\n\
                   set application-filter f category networking";
    let of = |keys: &str| one_shown(objects, &format!("service application-default; {keys}"));
    assert_eq!(
        of("application own"),
        ["any>any any > any udp/53 [application own]", "any>any any > any tcp/{80, 8443} [application own]"]
    );
    assert_eq!(
        of("application dyn"),
        ["any>any any > any any [application dyn, application-default of application dyn]"]
    );
    assert_eq!(of("application echo"), ["any>any any > any icmp/8 [application echo]"]);
    assert_eq!(of("application gre2"), ["any>any any > any gre [application gre2]"]);
    let group = of("application g");
    assert_eq!(group.len(), 2 + 1 + 2, "{group:?}");
    assert_eq!(
        one_shown(objects, "application f; service service-https"),
        ["any>any any > any tcp/443 [application filter f]"]
    );
}

#[test]
fn services_predefined_and_own() {
    let objects = "set service a protocol tcp port 1-3,5\nset service b protocol udp port 5\nset service b protocol udp source-port 7\n\
                   set service-group g members [ a service-https inner ]\nset service-group inner members [ b c ]\n\
                   set service c protocol udp port 1-3,5,443\nset service all protocol tcp port 0-65535";
    let of = |keys: &str| one_shown(objects, keys);
    assert_eq!(of("service [ service-http service-https ]"), ["any>any any > any tcp/{80, 443, 8080} []"]);
    let both: Vec<String> = of("service g");
    assert_eq!(
        both,
        ["any>any any > any [tcp/{1-3, 5, 443}, udp/{1-3, 5, 443}] []", "any>any any > any udp/5 from 7 []"]
    );
    assert_eq!(of("service all"), ["any>any any > any tcp []"]);
    // A firewall's own service of a predefined name is what it says.
    assert_eq!(
        one_shown("set service service-http protocol tcp port 1", "service service-http"),
        ["any>any any > any tcp/1 []"]
    );
}

#[test]
fn addresses_are_what_they_hold_and_not_what_they_are_called() {
    let objects = "set address 192.0.2.9 ip-netmask 198.51.100.7\nset address net ip-netmask 10.1.2.3/16\nset address six ip-netmask 2001:db8::/32\n\
                   set address wild ip-wildcard 10.0.0.1/0.0.3.0\nset address \"with blank\" ip-range 192.0.2.10-192.0.2.12";
    let of = |keys: &str| one_shown(objects, keys);
    assert_eq!(of("source 192.0.2.9"), ["any>any 198.51.100.7 > any any []"]);
    assert_eq!(of("source 192.0.2.8; destination 192.0.2.0/30"), ["any>any 192.0.2.8 > 192.0.2.0/30 any []"]);
    assert_eq!(of("source \"with blank\""), ["any>any [192.0.2.10/31, 192.0.2.12] > any any []"]);
    assert_eq!(of("source six"), ["any>any 2001:db8::/32 > any any []"]);
    assert_eq!(of("source wild"), ["any>any [10.0.0.1, 10.0.1.1, 10.0.2.1, 10.0.3.1] > any any []"]);
    let export = one(objects, "source net");
    assert_eq!(shown(matches(&export, "r")), ["any>any 10.1.0.0/16 > any any []"]);
    assert_eq!(
        export.problems[0].message,
        "`10.1.2.3/16` has bits behind the prefix, which the firewall leaves out"
    );
    assert_eq!(of("source 0.0.0.0/0"), ["any>any 0.0.0.0/0 > any any []"]);
}

#[test]
fn negation_is_the_complement() {
    let objects =
        "set address web fqdn www.example.com\nset external-list bad type ip url http://example.com/list";
    let of = |keys: &str| one_shown(objects, keys);
    assert_eq!(of("source 0.0.0.0/1; negate-source yes"), ["any>any [128.0.0.0/1, ::/0] > any any []"]);
    assert_eq!(of("source 0.0.0.0/1; negate-source no"), ["any>any 0.0.0.0/1 > any any []"]);
    // What is not known is excluded as what it is: neither nothing nor everything.
    assert_eq!(
        of("destination [ 0.0.0.0/0 web bad ]; negate-destination yes"),
        ["any>any any > ::/0 any [not www.example.com, not bad]"]
    );
    let export = one("", "negate-source yes");
    assert_eq!(shown(matches(&export, "r")), ["any>any any > any any [rule r: negate-source of any]"]);
}

#[test]
fn a_url_category_narrows_by_the_host() {
    let objects = "set profiles custom-url-category own list [ www.example.com/ *.example.org/ ]\nset profiles custom-url-category own type \"URL List\"\n\
                   set profiles custom-url-category odd list [ ^.example.net/ example.net/path ]\nset profiles custom-url-category loose list example.com";
    let of = |keys: &str| one_shown(objects, keys);
    assert_eq!(
        of("category own; service service-https"),
        ["any>any any > any tcp/443 [www.example.com]", "any>any any > any tcp/443 [*.example.org]"]
    );
    // Elsewhere than on the ports of the web, only web sessions have a host.
    let any_service = of("category own; destination 192.0.2.1");
    assert_eq!(any_service.len(), 6, "{any_service:#?}");
    let on_web = any_service.iter().filter(|text| !text.contains("another port")).count();
    assert_eq!(on_web, 2);
    assert_eq!(of("category odd; service service-https"), ["any>any any > any tcp/443 [url category odd]"]);
    assert_eq!(
        of("category loose; service service-https"),
        ["any>any any > any tcp/443 [example.com]", "any>any any > any tcp/443 [url category loose]"]
    );
    assert_eq!(
        of("category gambling; service service-https"),
        ["any>any any > any tcp/443 [url category gambling]"]
    );
    assert_eq!(of("category any"), ["any>any any > any any []"]);
    let export = one(objects, "category own");
    let patterns: Vec<(&str, Vec<&str>)> = export
        .inventory
        .patterns
        .iter()
        .map(|pattern| (pattern.written.as_str(), pattern.covers.iter().map(String::as_str).collect()))
        .collect();
    assert_eq!(
        patterns,
        [
            ("www.example.com/", vec!["www.example.com"]),
            ("*.example.org/", vec!["*.example.org"]),
            ("^.example.net/", vec![]),
            ("example.net/path", vec![]),
            ("example.com", vec!["example.com"]),
        ]
    );
}

#[test]
fn users_profiles_and_schedules_are_conditions() {
    let objects = "set schedule once schedule-type non-recurring [ 2027/01/01@00:00-2027/01/31@23:59 2027/02/01@00:00-2027/03/05@12:00 ]\n\
                   set schedule work schedule-type recurring daily 08:00-17:00";
    assert_eq!(
        one_shown(objects, "source-user [ contoso\\ann known-user ]; hip-profiles any"),
        [
            "any>any any > any any [source-user contoso\\ann]",
            "any>any any > any any [source-user known-user]"
        ]
    );
    let export = one(objects, "schedule once");
    assert_eq!(shown(matches(&export, "r")), ["any>any any > any any [schedule once]"]);
    assert_eq!(entry(&export.rule_sets[0], "r").1.expires, Some(Day { year: 2027, month: 3, day: 5 }));
    assert_eq!(entry(&one(objects, "schedule work").rule_sets[0], "r").1.expires, None);
    assert_eq!(
        one_shown("", "source-hip [ any ]; destination-hip Managed"),
        ["any>any any > any any [destination-hip Managed]"]
    );
}

#[test]
fn every_action_but_allow_denies() {
    for (action, expected) in [
        ("allow", Action::Permit),
        ("deny", Action::Deny),
        ("drop", Action::Deny),
        ("reset-both", Action::Deny),
        ("reset-client", Action::Deny),
        ("reset-server", Action::Deny),
        ("inspect", Action::Unknown),
    ] {
        let export = one("", &format!("action {action}"));
        assert_eq!(export.rule_sets[0].rules.chains[0].rules[0].action, expected, "{action}");
    }
}

#[test]
fn a_name_is_a_condition_on_its_side() {
    let region = |side| Region::any().when(Conditions::named(side, "www.example.com"));
    let objects = "set address web fqdn WWW.example.com";
    assert_eq!(matches(&one(objects, "destination web"), "r"), [region(Side::Destination)]);
    assert_eq!(matches(&one(objects, "source web"), "r"), [region(Side::Source)]);
    let both = one(objects, "destination [ web 192.0.2.1 ]; service service-https");
    let rules = &both.rule_sets[0].rules;
    let asked = tcp(443).when(Conditions::named(Side::Destination, "www.example.com"));
    assert_eq!(decided(rules, &asked), [Outcome::Permit]);
}

#[test]
fn ipv4_addresses_match_prefixes_of_ipv6_that_begin_with_zeros() {
    let objects = "set address all ip-netmask ::/0\nset address low ip-range ::c000:200-::c000:2ff";
    let of = |keys: &str| one_shown(objects, keys);
    assert_eq!(of("source ::/0"), ["any>any any > any any []"]);
    assert_eq!(of("source all"), ["any>any any > any any []"]);
    assert_eq!(of("destination ::/8"), ["any>any any > [0.0.0.0/0, ::/8] any []"]);
    assert_eq!(of("destination low"), ["any>any any > [192.0.2.0/24, ::c000:200/120] any []"]);
    // The other way round it does not hold.
    assert_eq!(of("source 0.0.0.0/0"), ["any>any 0.0.0.0/0 > any any []"]);
    assert_eq!(of("source 2001:db8::/32"), ["any>any 2001:db8::/32 > any any []"]);
}

#[test]
fn lists_without_entries_are_no_rules_that_match_nothing() {
    let objects = "set profiles custom-url-category c type \"URL List\"\nset application own default port";
    assert_eq!(one_shown(objects, "category c"), ["any>any any > any any [url category c]"]);
    assert_eq!(
        one_shown(objects, "application own; service application-default"),
        ["any>any any > any any [application own, application-default of application own]"]
    );
}
