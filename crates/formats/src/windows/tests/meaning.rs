//! What rules mean, in the shape of the collector.

use super::*;

const WEB: &str = r#""DisplayName": "web", "Name": "web", "Protocol": "TCP", "LocalPort": ["443"]"#;

fn with(rule: &str, more: &str) -> String {
    format!("{rule}, {more}")
}

#[test]
fn a_rule_is_for_what_its_filters_say() {
    let export = read(&collected(&[&with(
        WEB,
        r#""RemoteAddress": ["192.0.2.0/255.255.255.0", "198.51.100.5-198.51.100.9"]"#,
    )]));
    let set = inbound(&export);
    assert_eq!(set.name, "FS01/inbound");
    assert_eq!(outbound(&export).name, "FS01/outbound");
    assert_eq!(verdict(set, "192.0.2.77 -> 10.0.0.1 tcp/443"), Verdict::Met);
    assert_eq!(verdict(set, "198.51.100.9 -> 10.0.0.1 tcp/443"), Verdict::Met);
    assert_eq!(verdict(set, "198.51.100.10 -> 10.0.0.1 tcp/443"), Verdict::Missing);
    assert_eq!(verdict(set, "192.0.2.77 -> 10.0.0.1 udp/443"), Verdict::Missing);
    assert_eq!(verdict(outbound(&export), "10.0.0.1 -> 192.0.2.77 tcp/25"), Verdict::Met);
    assert_eq!(export.coverage.totals().not_understood, 0);
    assert_eq!(export.coverage.totals().approximated, 0);
    assert!(export.problems.is_empty());
}

#[test]
fn blocking_comes_before_allowing_and_bypass_before_blocking() {
    let allow = with(WEB, r#""RemoteAddress": ["192.0.2.0/24"]"#);
    let block = r#""DisplayName": "no", "Name": "no", "Action": "Block", "RemoteAddress": ["192.0.2.7"]"#;
    let set = read(&collected(&[&allow, block]));
    assert_eq!(verdict(inbound(&set), "192.0.2.7 -> 10.0.0.1 tcp/443"), Verdict::Missing);
    assert_eq!(verdict(inbound(&set), "192.0.2.8 -> 10.0.0.1 tcp/443"), Verdict::Met);

    let bypass = r#""DisplayName": "scan", "Name": "scan", "OverrideBlockRules": "True", "Authentication": "Required", "RemoteMachine": "O:LSD:(A;;CC;;;S-1-5-21-1)""#;
    let set = read(&collected(&[&allow, block, bypass]));
    assert_eq!(verdict(inbound(&set), "192.0.2.7 -> 10.0.0.1 tcp/443"), Verdict::Undecided);
    assert!(symbols(inbound(&set)).contains(&"authentication Required".to_owned()));
}

#[test]
fn profiles_are_conditions_that_together_are_none() {
    let domain = with(WEB, r#""Profile": "Domain""#);
    let set = read(&collected(&[&domain]));
    assert_eq!(verdict(inbound(&set), "192.0.2.7 -> 10.0.0.1 tcp/443"), Verdict::Undecided);
    assert_eq!(symbols(inbound(&set)), ["profile Domain"]);
    let others = with(WEB, r#""Profile": "Private, Public""#);
    let set = read(&collected(&[&domain, &others]));
    assert_eq!(verdict(inbound(&set), "192.0.2.7 -> 10.0.0.1 tcp/443"), Verdict::Met);
    let all = with(WEB, r#""Profile": "Domain, Private, Public""#);
    assert!(symbols(inbound(&read(&collected(&[&all])))).is_empty());
    // A bit mask, as `ConvertTo-Json` writes an enumeration.
    let numbers = with(WEB, r#""Profile": 6"#);
    assert_eq!(symbols(inbound(&read(&collected(&[&numbers])))), ["not profile Domain"]);
}

#[test]
fn a_program_is_a_condition_that_rules_share() {
    let one = with(WEB, r#""Program": "C:\\Veeam\\Agent.exe""#);
    let two = r#""DisplayName": "b", "Name": "b", "Protocol": "TCP", "LocalPort": ["2500-3300"], "Program": "c:\\veeam\\agent.EXE""#;
    let export = read(&collected(&[&one, two]));
    assert_eq!(symbols(inbound(&export)), [r"program C:\Veeam\Agent.exe"]);
    assert_eq!(verdict(inbound(&export), "192.0.2.7 -> 10.0.0.1 tcp/2600"), Verdict::Undecided);
    assert_eq!(export.coverage.totals().approximated, 0);
    let system = with(WEB, r#""Program": "System", "Service": "*""#);
    assert_eq!(symbols(inbound(&read(&collected(&[&system])))), ["program System", "service *"]);
}

#[test]
fn address_keywords_are_symbols_of_the_remote_side() {
    let local = with(WEB, r#""RemoteAddress": ["LocalSubnet", "192.0.2.1"]"#);
    let export = read(&collected(&[&local]));
    assert_eq!(symbols(inbound(&export)), ["LocalSubnet"]);
    assert_eq!(verdict(inbound(&export), "192.0.2.1 -> 10.0.0.1 tcp/443"), Verdict::Met);
    assert_eq!(verdict(inbound(&export), "192.0.2.2 -> 10.0.0.1 tcp/443"), Verdict::Undecided);
    let four = with(WEB, r#""RemoteAddress": ["LocalSubnet4"]"#);
    let export = read(&collected(&[&four]));
    assert_eq!(verdict(inbound(&export), "2001:db8::1 -> 2001:db8::2 tcp/443"), Verdict::Missing);
    assert_eq!(export.coverage.totals().approximated, 0);
}

#[test]
fn port_keywords_are_symbols_but_the_endpoint_mapper_is_135() {
    let mapper = r#""Protocol": "TCP", "LocalPort": ["RPCEPMap"]"#;
    let export = read(&collected(&[mapper]));
    assert_eq!(verdict(inbound(&export), "192.0.2.7 -> 10.0.0.1 tcp/135"), Verdict::Met);
    assert_eq!(verdict(inbound(&export), "192.0.2.7 -> 10.0.0.1 tcp/136"), Verdict::Missing);
    let rpc = r#""Protocol": "TCP", "LocalPort": ["RPC", "445"]"#;
    let export = read(&collected(&[rpc]));
    assert_eq!(verdict(inbound(&export), "192.0.2.7 -> 10.0.0.1 tcp/49152"), Verdict::Undecided);
    assert_eq!(verdict(inbound(&export), "192.0.2.7 -> 10.0.0.1 tcp/445"), Verdict::Met);
    assert_eq!(symbols(inbound(&export)), ["local port RPC"]);
}

#[test]
fn icmp_has_types_and_its_ports_say_nothing() {
    let echo = r#""Protocol": "ICMPv4", "LocalPort": ["RPC"], "IcmpType": ["8:*", "3:4"]"#;
    let export = read(&collected(&[echo]));
    assert_eq!(verdict(inbound(&export), "192.0.2.7 -> 10.0.0.1 icmp/2048"), Verdict::Met);
    assert_eq!(verdict(inbound(&export), "192.0.2.7 -> 10.0.0.1 icmp/772"), Verdict::Met);
    assert_eq!(verdict(inbound(&export), "192.0.2.7 -> 10.0.0.1 icmp/773"), Verdict::Missing);
    let out = r#""Direction": "Outbound", "Action": "Block", "Protocol": "1", "IcmpType": "8""#;
    let export = read(&collected(&[out]));
    assert_eq!(verdict(outbound(&export), "10.0.0.1 -> 192.0.2.7 icmp/2049"), Verdict::Missing);
    assert_eq!(verdict(outbound(&export), "10.0.0.1 -> 192.0.2.7 icmp/0"), Verdict::Met);
}

#[test]
fn protocols_are_names_or_numbers() {
    for (written, protocol) in [("41", "ipv6"), ("GRE", "gre"), ("2", "igmp"), ("IPv6", "ipv6")] {
        let export = read(&collected(&[&format!(r#""Protocol": "{written}""#)]));
        assert_eq!(verdict(inbound(&export), &format!("192.0.2.7 -> 10.0.0.1 {protocol}")), Verdict::Met);
        assert_eq!(verdict(inbound(&export), "192.0.2.7 -> 10.0.0.1 tcp/1"), Verdict::Missing);
    }
    let export = read(&collected(&[r#""Protocol": "bogus""#]));
    assert_eq!(verdict(inbound(&export), "192.0.2.7 -> 10.0.0.1 tcp/1"), Verdict::Undecided);
    assert_eq!(messages(&export.problems), ["`bogus` is no protocol that Windows knows"]);
}

#[test]
fn disabled_rules_are_listed_and_match_nothing() {
    for disabled in ["\"False\"", "2", "\"2\""] {
        let export = read(&collected(&[&with(WEB, &format!("\"Enabled\": {disabled}"))]));
        let entry = &inbound(&export).entries[0];
        assert!(!entry.enabled);
        assert_eq!(entry.inactive, Some("disabled"));
        assert_eq!(verdict(inbound(&export), "192.0.2.7 -> 10.0.0.1 tcp/443"), Verdict::Missing);
    }
}

#[test]
fn enumerations_may_be_numbers() {
    let rule = r#""DisplayName": "n", "Direction": 2, "Action": 4, "Enabled": 1, "Profile": 0, "PolicyStoreSourceType": 1, "Protocol": "TCP", "RemotePort": "25", "Authentication": 0, "Encryption": 0, "InterfaceType": 0"#;
    let export = read(&collected(&[rule]));
    assert_eq!(verdict(outbound(&export), "10.0.0.1 -> 192.0.2.7 tcp/25"), Verdict::Missing);
    assert_eq!(export.coverage.totals().approximated, 0);
}

#[test]
fn defaults_are_those_of_the_profiles_or_the_documented_ones() {
    let export = read(&collected(&[WEB]));
    assert_eq!(outbound(&export).stages[0].place, None);
    assert!(outbound(&export).stages[0].name.contains("allows unless"));
    let block = r#""DefaultOutboundAction": "Block","#;
    let text = collected_with(&[WEB], block, "").replace(r#", "DefaultOutboundAction": "NotConfigured""#, "");
    let export = read(&text);
    assert_eq!(verdict(outbound(&export), "10.0.0.1 -> 192.0.2.7 tcp/25"), Verdict::Missing);
    assert!(outbound(&export).stages[0].place.is_some());
    // Only one profile blocks: what becomes of the packet hangs on the profile.
    let text = collected_with(&[WEB], &format!("@Public{block}"), "");
    let export = read(&text);
    assert_eq!(verdict(outbound(&export), "10.0.0.1 -> 192.0.2.7 tcp/25"), Verdict::Undecided);
    let entry = outbound(&export).entries.last().unwrap();
    assert_eq!(entry.name, "Public profile: default outbound action");
    assert!(entry.implied);
}

#[test]
fn a_profile_that_is_off_or_shielded_decides_before_its_rules() {
    let text = collected_with(&[WEB], r#""Enabled": "False","#, "");
    let export = read(&text);
    assert_eq!(verdict(inbound(&export), "192.0.2.7 -> 10.0.0.1 tcp/25"), Verdict::Met);
    let text = collected_with(&[WEB], r#""AllowInboundRules": "False","#, "");
    let export = read(&text);
    assert_eq!(verdict(inbound(&export), "192.0.2.7 -> 10.0.0.1 tcp/443"), Verdict::Missing);
    let text = collected_with(&[WEB], r#""DisabledInterfaceAliases": ["lab"],"#, "");
    let export = read(&text);
    assert_eq!(verdict(inbound(&export), "192.0.2.7 -> 10.0.0.1 tcp/25"), Verdict::Undecided);
}

#[test]
fn local_rules_may_be_ignored() {
    let text = collected_with(&[WEB], r#""AllowLocalFirewallRules": "False","#, "");
    let export = read(&text);
    assert_eq!(inbound(&export).entries[0].inactive, Some("local rules are ignored"));
    assert_eq!(verdict(inbound(&export), "192.0.2.7 -> 10.0.0.1 tcp/443"), Verdict::Missing);
    let policy = with(WEB, r#""PolicyStoreSourceType": "GroupPolicy""#);
    let text = collected_with(&[&policy], r#""AllowLocalFirewallRules": "False","#, "");
    assert_eq!(verdict(inbound(&read(&text)), "192.0.2.7 -> 10.0.0.1 tcp/443"), Verdict::Met);
    // Ignored in the domain, they count elsewhere.
    let text = collected_with(&[WEB], r#"@Domain"AllowLocalFirewallRules": "False","#, "");
    assert_eq!(symbols(inbound(&read(&text))), ["not profile Domain"]);
}

#[test]
fn a_policy_rule_takes_the_place_of_a_local_one_of_its_name() {
    let policy = with(WEB, r#""PolicyStoreSourceType": 2, "RemoteAddress": ["192.0.2.1"]"#);
    let export = read(&collected(&[WEB, &policy]));
    assert_eq!(inbound(&export).entries[0].inactive, Some("a group policy has a rule of its name"));
    assert_eq!(verdict(inbound(&export), "192.0.2.7 -> 10.0.0.1 tcp/443"), Verdict::Missing);
}

#[test]
fn names_are_what_the_console_shows_made_unique() {
    let rule = |key: &str| format!(r#""Name": "{key}", "DisplayName": "@{{App?ms-resource://App/Name}}""#);
    let other = r#""Name": "c", "DisplayName": "other""#;
    let export = read(&collected(&[&rule("a"), &rule("b"), &rule("b"), other]));
    assert_eq!(
        names(inbound(&export)),
        [
            "@{App?ms-resource://App/Name} (a)",
            "@{App?ms-resource://App/Name} (b)",
            "@{App?ms-resource://App/Name} (b) (2)",
            "other"
        ]
    );
}

#[test]
fn dynamic_keywords_are_names_or_addresses() {
    let more = r#"
  "dynamicKeywords": [
    {"Id": "{A}", "Keyword": "*.example.com", "AutoResolve": "True", "Addresses": ["198.51.100.7"]},
    {"Id": "{b}", "Keyword": "branch", "AutoResolve": "False", "Addresses": ["192.0.2.0/24,2001:db8::/32"]}
  ],"#;
    let rule = r#""DisplayName": "dk", "Direction": "Outbound", "Action": "Block", "RemoteDynamicKeywordAddresses": ["{a}", "{B}", "{c}"]"#;
    let text = collected_with(&[rule], "", more).replace("  \"dynamicKeywords\": [],\n", "");
    let export = read(&text);
    assert_eq!(symbols(outbound(&export)), ["*.com", "*.example.com", "{c}"]);
    assert_eq!(verdict(outbound(&export), "10.0.0.1 -> 192.0.2.7 tcp/443"), Verdict::Missing);
    assert_eq!(verdict(outbound(&export), "10.0.0.1 -> a.b.example.com tcp/443"), Verdict::Missing);
    assert_eq!(export.inventory.objects.len(), 2);
    assert_eq!(export.inventory.objects[0].uses, 1);
    assert_eq!(export.inventory.undefined[0].name, "{c}");
    assert_eq!(export.inventory.patterns[0].covers, ["*.example.com"]);
}

#[test]
fn what_is_not_known_makes_a_rule_unknown() {
    let strange = with(WEB, r#""RemoteColour": "blue""#);
    let export = read(&collected(&[&strange, WEB]));
    assert_eq!(verdict(inbound(&export), "192.0.2.7 -> 10.0.0.1 tcp/443"), Verdict::Undecided);
    assert_eq!(export.coverage.totals().not_understood, 1);
    for (value, message) in [
        (r#""RemoteAddress": ["10.0.0.9-10.0.0.1"]"#, "`10.0.0.9-10.0.0.1` is no address that Windows takes"),
        (
            r#""RemoteAddress": ["10.0.0.0/255.0.255.0"]"#,
            "`10.0.0.0/255.0.255.0` is no address that Windows takes",
        ),
        (r#""RemotePort": ["70000"]"#, "`70000` is no port"),
        (r#""RemotePort": ["90-80"]"#, "`90-80` is no port"),
        (r#""InterfaceType": "Radio""#, "`Radio` is no interface type"),
        (r#""Profile": "Work""#, "`Work` is no network profile"),
    ] {
        let export = read(&collected(&[&with(WEB, value)]));
        assert_eq!(messages(&export.problems), [message]);
        assert_eq!(verdict(inbound(&export), "192.0.2.7 -> 10.0.0.1 tcp/443"), Verdict::Undecided, "{value}");
        assert_eq!(export.coverage.totals().approximated, 1);
    }
    let export = read(&collected(&[&with(WEB, r#""RemoteAddress": ["10.1.2.3/24"]"#)]));
    assert_eq!(verdict(inbound(&export), "10.1.2.9 -> 10.0.0.1 tcp/443"), Verdict::Met);
    assert_eq!(messages(&export.problems), ["`10.1.2.3/24` has bits beyond its prefix"]);
}

#[test]
fn interfaces_are_interfaces_and_what_is_behind_them() {
    let alias = with(WEB, r#""InterfaceAlias": ["Ethernet0"]"#);
    let more = r#"
  "interfaces": [
    {"InterfaceAlias": "Ethernet0", "Addresses": ["10.20.4.10/24", "fe80::1/64", "192.0.2.1/24"]},
    {"InterfaceAlias": "Ethernet1", "Addresses": ["192.0.2.9/24", "127.0.0.1/8"]}
  ],"#;
    let export = read(&collected_with(&[&alias], "", more));
    let rule = inbound(&export).rules.rules().next().unwrap();
    assert!(rule.matches[0].in_interface.contains("Ethernet0"));
    assert!(!rule.matches[0].in_interface.contains("Ethernet1"));
    assert_eq!(export.inventory.interfaces.len(), 1);
    assert_eq!(export.inventory.interfaces[0].behind.prefixes()[0].to_string(), "10.20.4.0/24");
}

#[test]
fn a_rule_for_another_windows_is_no_rule_here() {
    let old = with(WEB, r#""Platform": ["6.1"]"#);
    let export = read(&collected(&[&old]));
    assert_eq!(inbound(&export).entries[0].inactive, Some("for another version of Windows"));
    let later = with(WEB, r#""Platform": ["6.2+"]"#);
    assert_eq!(verdict(inbound(&read(&collected(&[&later]))), "192.0.2.7 -> 10.0.0.1 tcp/443"), Verdict::Met);
}

#[test]
fn a_rule_that_may_block_or_allow_does_so_between_both() {
    let unknown = with(WEB, r#""Action": "NotConfigured""#);
    let block = r#""DisplayName": "no", "Action": "Block", "RemoteAddress": ["192.0.2.7"]"#;
    let export = read(&collected(&[&unknown, block, WEB]));
    assert_eq!(verdict(inbound(&export), "192.0.2.7 -> 10.0.0.1 tcp/443"), Verdict::Missing);
    assert_eq!(verdict(inbound(&export), "192.0.2.8 -> 10.0.0.1 tcp/443"), Verdict::Undecided);
}
