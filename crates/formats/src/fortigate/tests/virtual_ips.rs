use super::*;

fn vip(lines: &str) -> String {
    let lines = lines.replace('\n', "\n        ");
    format!(
        "config firewall vip\n    edit \"web\"\n        set extip 198.51.100.7\n        set mappedip \"10.0.0.7\"\n        set extintf \"wan1\"\n        {lines}\n    next\nend"
    )
}

const FORWARDED: &str = "set portforward enable\nset extport 8443\nset mappedport 443";

fn header(version: &str) -> String {
    format!("#config-version=FGT60F-{version}-FW-build1-1:opmode=0:vdom=0\n")
}

#[test]
fn a_policy_for_a_virtual_ip_catches_its_external_address_and_mapped_port() {
    let to = |service: &str, question: &str| {
        let lines = format!("set dstaddr \"web\"\nset service \"{service}\"");
        ask(&with(&vip(FORWARDED), &[policy(1, &lines)]), question)
    };
    assert_eq!(to("HTTPS", "203.0.113.1 -> 198.51.100.7 tcp/8443 in wan1"), "permit by policy 1");
    assert_eq!(to("ALL", "203.0.113.1 -> 198.51.100.7 tcp/8443 in wan1"), "permit by policy 1");
    assert_eq!(to("HTTPS", "203.0.113.1 -> 198.51.100.7 tcp/443 in wan1"), "deny by implicit deny");
    assert_eq!(to("HTTPS", "203.0.113.1 -> 10.0.0.7 tcp/443 in wan1"), "deny by implicit deny");
    assert_eq!(to("HTTPS", "203.0.113.1 -> 198.51.100.7 tcp/8443 in dmz"), "deny by implicit deny");
    assert_eq!(to("SSH", "203.0.113.1 -> 198.51.100.7 tcp/8443 in wan1"), "deny by implicit deny");
    let whole = with(&vip(""), &[policy(1, "set dstaddr \"web\"\nset service \"SSH\"")]);
    assert_eq!(ask(&whole, "203.0.113.1 -> 198.51.100.7 tcp/22 in wan1"), "permit by policy 1");
    assert_eq!(ask(&whole, "203.0.113.1 -> 198.51.100.7 tcp/23 in wan1"), "deny by implicit deny");
}

#[test]
fn ranges_of_ports_are_shifted_one_by_one() {
    let vip = vip("set portforward enable\nset extport 8000-8009\nset mappedport 80-89");
    let text = with(
        &format!(
            "{vip}\nconfig firewall service custom\n    edit \"some\"\n        set tcp-portrange 85-95\n    next\nend"
        ),
        &[policy(1, "set dstaddr \"web\"\nset service \"some\"")],
    );
    assert_eq!(ask(&text, "203.0.113.1 -> 198.51.100.7 tcp/8005 in wan1"), "permit by policy 1");
    assert_eq!(ask(&text, "203.0.113.1 -> 198.51.100.7 tcp/8004 in wan1"), "deny by implicit deny");
    let uneven = text.replace("mappedport 80-89", "mappedport 80");
    assert_eq!(ask(&uneven, "203.0.113.1 -> 198.51.100.7 tcp/8005 in wan1"), "either");
}

#[test]
fn a_denial_of_all_does_not_catch_what_is_translated_before_it() {
    let policies = [policy(1, "set action deny"), policy(2, "set dstaddr \"web\"")];
    let question = "203.0.113.1 -> 198.51.100.7 tcp/8443 in wan1";
    let text = |version: &str| format!("{}{}", header(version), with(&vip(FORWARDED), &policies));
    assert_eq!(ask(&text("7.0.10"), question), "permit by policy 2");
    assert_eq!(ask(&text("7.2.4"), question), "deny by policy 1");
    assert_eq!(ask(&with(&vip(FORWARDED), &policies), question), "either");
    let says = |version: &str, value: &str| {
        text(version).replace("set action deny", &format!("set action deny\n        set match-vip {value}"))
    };
    assert_eq!(ask(&says("7.0.10", "enable"), question), "deny by policy 1");
    assert_eq!(ask(&says("7.4.1", "disable"), question), "permit by policy 2");
    // Other packets are caught as ever.
    assert_eq!(ask(&text("7.0.10"), "203.0.113.1 -> 198.51.100.8 tcp/8443 in wan1"), "deny by policy 1");
    assert_eq!(ask(&text("7.0.10"), "203.0.113.1 -> 198.51.100.7 tcp/22 in wan1"), "deny by policy 1");
}

#[test]
fn nor_does_a_permission_of_all() {
    let text = with(&vip(FORWARDED), &[policy(1, ""), policy(2, "set action deny\nset dstaddr \"web\"")]);
    assert_eq!(ask(&text, "203.0.113.1 -> 198.51.100.7 tcp/8443 in wan1"), "deny by policy 2");
    assert_eq!(ask(&text, "203.0.113.1 -> 198.51.100.7 tcp/22 in wan1"), "permit by policy 1");
    // A virtual IP that no enabled policy names translates nothing.
    let unused =
        with(&vip(FORWARDED), &[policy(1, ""), policy(2, "set dstaddr \"web\"\nset status disable")]);
    assert_eq!(ask(&unused, "203.0.113.1 -> 198.51.100.7 tcp/8443 in wan1"), "permit by policy 1");
}

#[test]
fn groups_and_what_is_not_known_of_a_virtual_ip() {
    let group = format!(
        "{}\nconfig firewall vipgrp\n    edit \"both\"\n        set member \"web\"\n    next\nend",
        vip(FORWARDED)
    );
    let text = with(&group, &[policy(1, "set dstaddr \"both\"")]);
    assert_eq!(ask(&text, "203.0.113.1 -> 198.51.100.7 tcp/8443 in wan1"), "permit by policy 1");
    for (old, new) in [
        ("set extip 198.51.100.7", "set extip ${address}"),
        ("set extip 198.51.100.7", "set extip 0.0.0.0"),
        ("set portforward", "set type server-load-balance\n        set portforward"),
        ("set portforward", "set service \"HTTPS\"\n        set portforward"),
    ] {
        let text = with(&vip(FORWARDED).replace(old, new), &[policy(1, "set dstaddr \"web\"")]);
        assert_eq!(ask(&text, "203.0.113.1 -> 198.51.100.7 tcp/8443 in wan1"), "either", "{new}");
        assert_eq!(status(&text, "edit \"web\"").0, Status::Approximated, "{new}");
    }
    let off = with(&vip("set status disable"), &[policy(1, "set dstaddr \"web\"")]);
    assert_eq!(ask(&off, "203.0.113.1 -> 198.51.100.7 tcp/8443 in wan1"), "deny by implicit deny");
}

#[test]
fn with_central_nat_policies_name_the_mapped_address() {
    let central = format!("config system settings\n    set central-nat enable\nend\n{}", vip(FORWARDED));
    let text = with(&central, &[policy(1, "")]);
    assert_eq!(ask(&text, "203.0.113.1 -> 198.51.100.7 tcp/8443 in wan1"), "either");
    assert_eq!(ask(&text, "203.0.113.1 -> 198.51.100.8 tcp/8443 in wan1"), "permit by policy 1");
}
