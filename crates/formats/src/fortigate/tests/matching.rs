use super::*;

#[test]
fn services_have_several_protocols_ports_and_source_ports() {
    let services = "config firewall service custom
    edit \"mixed\"
        set tcp-portrange 443:1024-65535 8443
        set udp-portrange 443
    next
    edit \"all\"
        set protocol IP
    next
    edit \"gre\"
        set protocol IP
        set protocol-number 47
    next
    edit \"unreachable\"
        set protocol ICMP
        set icmptype 3
        set icmpcode 4
    next
    edit \"was tcp\"
        set tcp-portrange 1-65535
        set protocol ICMP
    next
end
config firewall service group
    edit \"group\"
        set member \"gre\" \"unreachable\"
    next
    edit \"outer\"
        set member \"group\" \"SSH\"
    next
end";
    let text = |service: &str| with(services, &[policy(1, &format!("set service {service}"))]);
    let mixed = text("\"mixed\"");
    assert_eq!(ask(&mixed, "10.0.0.1 -> 192.0.2.1 tcp/443 from 1024"), "permit by policy 1");
    assert_eq!(ask(&mixed, "10.0.0.1 -> 192.0.2.1 tcp/443 from 1023"), "deny by implicit deny");
    assert_eq!(ask(&mixed, "10.0.0.1 -> 192.0.2.1 tcp/8443 from 1"), "permit by policy 1");
    assert_eq!(ask(&mixed, "10.0.0.1 -> 192.0.2.1 udp/443"), "permit by policy 1");
    assert_eq!(ask(&text("all"), "10.0.0.1 -> 192.0.2.1 esp"), "permit by policy 1");
    let outer = text("outer");
    assert_eq!(ask(&outer, "10.0.0.1 -> 192.0.2.1 gre"), "permit by policy 1");
    assert_eq!(ask(&outer, "10.0.0.1 -> 192.0.2.1 icmp/3.4"), "permit by policy 1");
    assert_eq!(ask(&outer, "10.0.0.1 -> 192.0.2.1 icmp/3.3"), "deny by implicit deny");
    assert_eq!(ask(&outer, "10.0.0.1 -> 192.0.2.1 tcp/22"), "permit by policy 1");
    let was = text("\"was tcp\"");
    assert_eq!(ask(&was, "10.0.0.1 -> 192.0.2.1 tcp/22"), "deny by implicit deny");
    assert_eq!(ask(&was, "10.0.0.1 -> 192.0.2.1 icmp/8"), "permit by policy 1");
}

#[test]
fn predefined_services_need_no_definition_and_may_have_another() {
    let text = with("", &[policy(1, "set service \"DNS\" \"PING\" \"Web Access\"")]);
    for service in ["udp/53", "tcp/53", "icmp/8", "tcp/443"] {
        assert_eq!(ask(&text, &format!("10.0.0.1 -> 192.0.2.1 {service}")), "permit by policy 1");
    }
    assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 icmp/0"), "deny by implicit deny");
    assert_eq!(problems(&text), [] as [String; 0]);
    let own =
        "config firewall service custom\n    edit \"HTTPS\"\n        set tcp-portrange 8443\n    next\nend";
    let text = with(own, &[policy(1, "set service \"HTTPS\"")]);
    assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 tcp/443"), "deny by implicit deny");
    assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 tcp/8443"), "permit by policy 1");
}

#[test]
fn a_service_that_nobody_defines_is_not_known() {
    let text = with("", &[policy(1, "set service \"Veeam\" \"SSH\"")]);
    assert_eq!(problems(&text), ["no service is called `Veeam`"]);
    assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 tcp/22"), "permit by policy 1");
    assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 tcp/2500"), "either");
    let undefined = &import(&text).inventory.undefined;
    assert_eq!((undefined[0].kind, undefined[0].name.as_str()), ("service", "Veeam"));
}

#[test]
fn what_is_negated_is_everything_else() {
    let net = "config firewall address\n    edit \"lan\"\n        set subnet 10.0.0.0/8\n    next\n    edit \"site\"\n        set type fqdn\n        set fqdn \"www.example.com\"\n    next\nend";
    let text = with(
        net,
        &[policy(
            1,
            "set dstaddr \"lan\"\nset dstaddr-negate enable\nset service \"SSH\"\nset service-negate enable",
        )],
    );
    assert_eq!(ask(&text, "10.0.0.1 -> 10.0.0.2 tcp/80"), "deny by implicit deny");
    assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 tcp/80"), "permit by policy 1");
    assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 tcp/22"), "deny by implicit deny");
    assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 gre"), "permit by policy 1");
    // The address of a name is not known: everything but it is not, either.
    let text = with(net, &[policy(1, "set dstaddr \"lan\" \"site\"\nset dstaddr-negate enable")]);
    assert_eq!(ask(&text, "10.0.0.1 -> 10.0.0.2 tcp/80"), "deny by implicit deny");
    assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 tcp/80"), "either");
}

#[test]
fn both_families_stand_in_one_policy() {
    let sections = "config firewall address6\n    edit \"lan\"\n        set ip6 2001:db8:1::/48\n    next\nend\nconfig firewall address\n    edit \"lan\"\n        set subnet 10.0.0.0/8\n    next\nend";
    let text =
        with(sections, &[policy(1, "set srcaddr \"lan\"\nset srcaddr6 \"lan\"\nset dstaddr6 \"all\"")]);
    assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 tcp/80"), "permit by policy 1");
    assert_eq!(ask(&text, "2001:db8:1::1 -> 2001:db8::1 tcp/80"), "permit by policy 1");
    assert_eq!(ask(&text, "2001:db8:2::1 -> 2001:db8::1 tcp/80"), "deny by implicit deny");
    // Without addresses of IPv6 a policy passes none of it.
    let text = with("", &[policy(1, "")]);
    assert_eq!(ask(&text, "2001:db8:1::1 -> 2001:db8::1 tcp/80"), "deny by implicit deny");
    let none = with("", &[policy(1, "set srcaddr6 \"all\"\nset dstaddr6 \"none\"")]);
    assert_eq!(ask(&none, "2001:db8:1::1 -> 2001:db8::1 tcp/80"), "deny by implicit deny");
    let both = with("", &[policy(1, "set srcaddr6 \"all\"\nset dstaddr6 \"all\"")]);
    assert_eq!(import(&both).rule_sets[0].rules.chains[0].rules[0].matches, [space::Region::any()]);
}

#[test]
fn ipv6_had_a_list_of_its_own() {
    let six = policy(1, "set service \"SSH\"").replace("\"all\"", "\"lan6\"");
    let text = format!(
        "config firewall address6\n    edit \"lan6\"\n        set ip6 2001:db8::/32\n    next\nend\n{}config firewall policy6\n{six}end\n",
        with("", &[policy(1, "")])
    );
    assert_eq!(ask(&text, "2001:db8::1 -> 2001:db8::2 tcp/22"), "permit by policy6 1");
    assert_eq!(ask(&text, "2001:db8::1 -> 2001:db8::2 tcp/23"), "deny by implicit deny");
    assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 tcp/23"), "permit by policy 1");
}

#[test]
fn internet_services_replace_destination_and_service() {
    let isdb = "set internet-service enable\nset internet-service-name \"Microsoft-Office365\"\nunset dstaddr\nunset service";
    let text = with("", &[policy(1, isdb)]);
    assert_eq!(problems(&text), [] as [String; 0]);
    assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 tcp/443"), "either");
    let rules = &import(&text).rule_sets[0].rules;
    let symbol = rules.chains[0].rules[0].matches[0].conditions.iter().next().unwrap().0.clone();
    assert_eq!((&*symbol.name, symbol.kind), ("Microsoft-Office365", space::SymbolKind::AddressGroup));
    // Negated, it is everything else; both together are everything.
    let negated = format!("{isdb}\nset internet-service-negate enable");
    let text = with("", &[policy(1, isdb), policy(2, &negated)]);
    assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 tcp/443"), "permit by policy 1, policy 2");
    // By number, where the file says which it is.
    let named = "config firewall internet-service-name\n    edit \"Google-Web\"\n        set internet-service-id 65537\n    next\nend";
    let by_id = "set internet-service enable\nset internet-service-id 65537\nset internet-service-negate enable\nunset dstaddr\nunset service";
    let by_name =
        "set internet-service enable\nset internet-service-name \"Google-Web\"\nunset dstaddr\nunset service";
    let text = with(named, &[policy(1, by_name), policy(2, by_id)]);
    assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 tcp/443"), "permit by policy 1, policy 2");
    // As a source it replaces the source only.
    let source = "set internet-service-src enable\nset internet-service-src-name \"Okta\"\nunset srcaddr\nset service \"HTTPS\"";
    let text = with("", &[policy(1, source)]);
    assert_eq!(ask(&text, "198.51.100.1 -> 192.0.2.1 tcp/443"), "either");
    assert_eq!(ask(&text, "198.51.100.1 -> 192.0.2.1 tcp/80"), "deny by implicit deny");
}

#[test]
fn what_is_missing_is_not_any() {
    for key in ["srcintf", "dstintf", "srcaddr", "dstaddr", "service"] {
        let text = with("", &[policy(1, &format!("unset {key}"))]);
        assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 tcp/80"), "either", "{key}");
        assert_eq!(problems(&text), [format!("`policy 1` has no `{key}`")]);
    }
}

#[test]
fn what_else_must_hold_is_a_condition() {
    for line in [
        "set groups \"admins\"",
        "set users \"ann\"",
        "set ztna-ems-tag \"compliant\"",
        "set tos 0x10",
        "set application 15832",
        "set nat64 enable",
        "set never-heard-of 7",
        "set policy-expiry enable\nset policy-expiry-date 2031-05-06 00:00:00",
    ] {
        let text = with("", &[policy(1, line)]);
        assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 tcp/80"), "either", "{line}");
        assert_eq!(status(&text, "edit 1").0, Status::Approximated, "{line}");
    }
    // What is off restricts nothing.
    for line in
        ["set never-heard-of disable", "set tos 0x00\nset tos-mask 0x00", "set groups", "set nat enable"]
    {
        let text = with("", &[policy(1, line)]);
        assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 tcp/80"), "permit by policy 1", "{line}");
        assert_eq!(status(&text, "edit 1").0, Status::Understood, "{line}");
    }
    // Two policies for one group ask the same; a condition of a policy alone is its own.
    let both = |first: &str, second: &str| {
        let text = with("", &[policy(1, first), policy(2, second)]);
        import(&text).rule_sets[0].rules.chains[0]
            .rules
            .iter()
            .map(|rule| rule.matches.clone())
            .collect::<Vec<_>>()
    };
    let same = both("set groups \"a\"", "set groups \"a\"");
    assert_eq!(same[0], same[1]);
    let other = both("set tos 0x10", "set tos 0x10");
    assert_ne!(other[0], other[1]);
}

#[test]
fn profiles_inspect_and_the_flow_is_permitted() {
    let text = with("", &[policy(1, "set utm-status enable\nset av-profile \"default\"\nset nat enable")]);
    assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 tcp/80"), "permit by policy 1");
    let (status, reason) = status(&text, "edit 1");
    assert_eq!(status, Status::Approximated);
    assert_eq!(reason, "security profiles inspect what it permits, and may block content");
}

#[test]
fn schedules_hold_at_times() {
    let schedules = "config firewall schedule onetime
    edit \"migration\"
        set start 00:00 2030/01/01
        set end 23:59 2030/02/28
    next
end
config firewall schedule recurring
    edit \"all week\"
        set day sunday monday tuesday wednesday thursday friday saturday
    next
    edit \"office\"
        set day monday tuesday
        set start 08:00
        set end 17:00
    next
    edit \"never\"
        set day none
    next
end
config firewall schedule group
    edit \"both\"
        set member \"office\" \"all week\"
    next
end";
    let text = |schedule: &str| with(schedules, &[policy(1, &format!("set schedule \"{schedule}\""))]);
    let question = "10.0.0.1 -> 192.0.2.1 tcp/80";
    assert_eq!(ask(&text("all week"), question), "permit by policy 1");
    assert_eq!(ask(&text("both"), question), "permit by policy 1");
    assert_eq!(ask(&text("office"), question), "either");
    assert_eq!(ask(&text("never"), question), "deny by implicit deny");
    assert_eq!(ask(&text("migration"), question), "either");
    assert_eq!(ask(&text("gone"), question), "either");
    let expires = import(&text("migration")).rule_sets[0].entries[0].expires;
    assert_eq!(expires, Some(crate::Day { year: 2030, month: 2, day: 28 }));
    assert_eq!(problems(&text("gone")), ["no schedule is called `gone`"]);
}

#[test]
fn an_action_that_is_not_known_is_an_unknown() {
    let text = with("", &[policy(1, "set action isolate"), policy(2, "")]);
    assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 tcp/80"), "either");
    let text = with("", &[policy(1, "set action ipsec\nset vpntunnel \"branch\"")]);
    assert_eq!(status(&text, "edit 1").0, Status::Approximated);
    let text = with("", &[policy(1, "set action learn")]);
    assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 tcp/80"), "permit by policy 1");
}

#[test]
fn the_policy_based_mode_asks_two_lists() {
    let security = |lines: &str| format!("config firewall security-policy\n{}end\n", policy(1, lines));
    let first = policy(1, "unset action\nset service \"ALL\"");
    let text = format!(
        "config system settings\n    set ngfw-mode policy-based\nend\n{}{}",
        with("", &[first]),
        security("set service \"HTTPS\"")
    );
    assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 tcp/443"), "permit by security-policy 1");
    assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 tcp/80"), "deny by implicit deny");
    let application = security("unset service\nset enforce-default-app-port enable\nset application 15832");
    assert_eq!(ask(&application, "10.0.0.1 -> 192.0.2.1 tcp/443"), "either");
    let narrow =
        format!("{}{}", with("", &[policy(1, "set service \"HTTPS\"")]), security("set service \"ALL\""));
    assert_eq!(ask(&narrow, "10.0.0.1 -> 192.0.2.1 tcp/80"), "deny by implicit deny");
}

#[test]
fn an_access_list_comes_before_all_policies() {
    let acl = "config firewall acl\n    edit 1\n        set interface \"wan1\"\n        set srcaddr \"all\"\n        set dstaddr \"all\"\n        set service \"TELNET\"\n    next\nend";
    let text = with(acl, &[policy(1, "")]);
    assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 tcp/23 in wan1"), "deny by acl 1");
    assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 tcp/23 in lan"), "permit by policy 1");
    assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 tcp/22 in wan1"), "permit by policy 1");
}

#[test]
fn negation_was_for_both_families_before_each_had_its_own() {
    let objects = "config firewall address
    edit \"lan\"
        set subnet 10.0.0.0 255.0.0.0
    next
end
config firewall address6
    edit \"lan6\"
        set ip6 2001:db8::/32
    next
end";
    let lines = "set srcaddr \"lan\"\nset srcaddr6 \"lan6\"\nset dstaddr6 \"all\"\nset srcaddr-negate enable";
    let asked = |header: &str, lines: &str, source: &str| {
        let text = format!("{header}{}", with(objects, &[policy(1, lines)]));
        ask(&text, &format!("{source} -> 2001:db8:ffff::1 tcp/443"))
    };
    let of = |version: &str| {
        format!("#config-version=FGVM64-{version}-FW-build0001-000000:opmode=0:vdom=0:user=admin\n")
    };
    let (inside, outside) = ("2001:db8::1", "2001:db9::1");
    assert_eq!(asked(&of("7.0.5"), lines, inside), "deny by implicit deny");
    assert_eq!(asked(&of("7.0.5"), lines, outside), "permit by policy 1");
    assert_eq!(asked(&of("7.4.1"), lines, inside), "permit by policy 1");
    assert_eq!(asked(&of("7.4.1"), lines, outside), "deny by implicit deny");
    assert_eq!(asked("", lines, inside), "either");
    assert_eq!(asked("", lines, outside), "either");
    let said = format!("{lines}\nset srcaddr6-negate disable");
    assert_eq!(asked("", &said, inside), "permit by policy 1");
    let text = format!("{}{}", of("7.0.5"), with(objects, &[policy(1, lines)]));
    assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 tcp/443"), "deny by implicit deny");
    assert_eq!(ask(&text, "11.0.0.1 -> 192.0.2.1 tcp/443"), "permit by policy 1");
}

#[test]
fn internet_services_of_one_family_leave_the_services_of_the_other() {
    let lines = "set internet-service enable\nset internet-service-name \"Microsoft-Teams\"\n\
                 set srcaddr6 \"all\"\nset dstaddr6 \"all\"";
    let of = |service: &str| with("", &[policy(1, &format!("{lines}\n{service}"))]);
    let ssh = of("set service \"SSH\"");
    assert_eq!(ask(&ssh, "2001:db8::1 -> 2001:db8::2 tcp/22"), "permit by policy 1");
    assert_eq!(ask(&ssh, "2001:db8::1 -> 2001:db8::2 tcp/443"), "deny by implicit deny");
    assert_eq!(ask(&ssh, "10.0.0.1 -> 192.0.2.1 tcp/443"), "either");
    assert_eq!(ask(&of("unset service"), "2001:db8::1 -> 2001:db8::2 tcp/443"), "either");
}

#[test]
fn a_section_in_a_policy_is_a_condition() {
    let lines = "set service \"ALL\"\nconfig identity-based-policy\nedit 1\nset groups \"staff\"\nnext\nend";
    let text = with("", &[policy(1, lines)]);
    assert_eq!(ask(&text, "10.0.0.1 -> 192.0.2.1 tcp/443"), "either");
    assert_eq!(status(&text, "edit 1").0, Status::Approximated);
}

#[test]
fn tags_that_must_all_hold_are_another_question_than_any_of_them() {
    let tags = "set ztna-status enable\nset ztna-ems-tag \"a\" \"b\"";
    let deny = format!("{tags}\nset ztna-tags-match-logic and\nset action deny");
    let either = format!("{tags}\nset ztna-tags-match-logic or");
    let export = import(&with("", &[policy(1, &deny), policy(2, &either)]));
    let rules = &export.rule_sets[0].rules.chains[0].rules;
    assert!(!rules[0].matches[0].conditions.implied_by(&rules[1].matches[0].conditions));
    assert!(rules[1].matches[0].conditions.implied_by(&rules[0].matches[0].conditions));
}
