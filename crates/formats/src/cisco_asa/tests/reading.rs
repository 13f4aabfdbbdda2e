use super::*;
use crate::Detection;

#[test]
fn landmarks_are_those_of_no_other_vendor() {
    for sure in [
        "ASA Version 9.8(2)",
        ": Saved\n:\nPIX Version 8.0(4)",
        "access-list a line 1 extended permit ip any any (hitcnt=0) 0x1",
        "access-list a; 1 elements; name hash: 0x1",
        "interface e0\n nameif outside\n",
        "access-group a global",
        "access-group a in interface outside",
    ] {
        assert_eq!(CiscoAsa.detect(sure), Detection::Sure, "{sure}");
    }
    for perhaps in ["object network a\n host 10.0.0.1\n", "access-list a extended permit ip any any"] {
        assert_eq!(CiscoAsa.detect(perhaps), Detection::Perhaps, "{perhaps}");
    }
    assert_eq!(
        CiscoAsa.detect("ip access-list standard 9\n permit any\naccess-list a extended permit ip any any\n"),
        Detection::No
    );
    for other in [
        "ip access-list extended a\n permit ip any any",
        "access-list 101 permit ip any 10.0.0.0 0.0.0.255",
        "interface e0\n ip access-group 101 in",
        "object-group network a",
        "",
    ] {
        assert_eq!(CiscoAsa.detect(other), Detection::No, "{other}");
    }
}

#[test]
fn one_line_of_an_asa_does_not_make_a_router_one() {
    let line = "access-list MGMT extended permit ip host 192.0.2.9 any\n";
    let router = format!(
        "hostname r1\ninterface GigabitEthernet0/0\n ip address 10.0.0.1 255.255.255.0\n\
         interface GigabitEthernet0/1\n ip address 10.0.1.1 255.255.255.0\n{line}"
    );
    assert_eq!(crate::detect(&router).map(Format::name), Some("cisco-ios"));
    assert_eq!(crate::detect(line).map(Format::name), Some("cisco-asa"));
}

#[test]
fn pix_6_names_interfaces_after_the_lines_that_set_their_speed() {
    let rest = "access-list OUT permit tcp any host 192.0.2.5 eq www\n";
    let interfaces = "interface ethernet0 auto\ninterface ethernet1 100full\n";
    let names = "nameif ethernet0 outside security0\nnameif ethernet1 inside security100\n";
    let addresses = "ip address outside 192.0.2.1 255.255.255.0\nip address inside 10.0.0.1 255.255.255.0\n";
    let bound = "access-group OUT in interface outside\nroute outside 0.0.0.0 0.0.0.0 192.0.2.254 1\n";
    for text in [
        format!("PIX Version 6.3(4)\n{interfaces}{names}{rest}{addresses}{bound}"),
        format!("PIX Version 6.0(1)\n{names}{interfaces}{addresses}{rest}{bound}"),
    ] {
        let export = import(&text);
        let behind: Vec<_> =
            export.inventory.interfaces.iter().map(|it| (it.name.as_str(), it.behind.size())).collect();
        assert_eq!(behind, [("outside", 2f64.powi(32) - 256.0), ("inside", 256.0)], "{text}");
        let question = "10.0.0.9 -> 198.51.100.1 tcp/80 in inside out outside";
        assert_eq!(ask(&text, question), "permit by security-level 100 of inside");
        let question = "198.51.100.1 -> 10.0.0.9 tcp/22 in outside out inside";
        assert!(ask(&text, question).starts_with("deny by implicit deny"), "{}", ask(&text, question));
    }
}

#[test]
fn masks_are_netmasks_and_not_wildcards() {
    let list = "access-list OUT extended permit ip any 10.0.0.0 255.255.255.0";
    assert_eq!(decide(list, "192.0.2.9 -> 10.0.0.200 gre"), "permit by OUT line 1");
    assert!(decide(list, "192.0.2.9 -> 10.0.1.1 gre").starts_with("deny"));
    let list = "access-list OUT extended permit ip any 10.0.0.0 0.0.0.255";
    assert_eq!(decide(list, "192.0.2.9 -> 10.0.0.200 gre"), "either");
    assert_eq!(problems(&outside(list)), ["the ones of the netmask `0.0.0.255` do not all come first"]);
    let list = "access-list OUT extended permit ip any 10.0.0.7 255.255.255.0";
    assert_eq!(decide(list, "192.0.2.9 -> 10.0.0.7 gre"), "either");
    assert_eq!(problems(&outside(list)), ["`10.0.0.7` has bits beyond its mask, and the ASA refuses it"]);
}

#[test]
fn names_stand_where_addresses_do() {
    let text = "name 10.0.0.80 web description the site\nname 10.0.0.0 lan\nname 2001:db8::1 six\n";
    let lines = "access-list OUT extended permit tcp any host web eq www\n\
                 access-list OUT extended permit udp any lan 255.255.255.0 eq domain\n\
                 access-list OUT extended permit tcp any host six\n";
    let list = format!("{text}{lines}");
    assert_eq!(decide(&list, "192.0.2.9 -> 10.0.0.80 tcp/80"), "permit by OUT line 1");
    assert_eq!(decide(&list, "192.0.2.9 -> 10.0.0.9 udp/53"), "permit by OUT line 2");
    assert_eq!(decide(&list, "2001:db8::9 -> 2001:db8::1 tcp/9"), "permit by OUT line 3");
    // In a group too, and further up than the name itself.
    let list = format!(
        "object-group network g\n network-object host web\n network-object lan 255.255.255.128\n{text}\
         access-list OUT extended permit ip any object-group g"
    );
    assert_eq!(decide(&list, "192.0.2.9 -> 10.0.0.80 gre"), "permit by OUT line 1");
    let uses = import(&outside(&list)).inventory.objects;
    let used: Vec<(&str, u32)> = uses.iter().map(|object| (object.name.as_str(), object.uses)).collect();
    assert_eq!(used, [("g", 1), ("web", 1), ("lan", 1), ("six", 0)]);
}

#[test]
fn an_alias_that_nothing_defines_is_not_any_and_not_nothing() {
    let list =
        "access-list OUT extended permit tcp any host web\naccess-list OUT extended deny tcp any host web";
    assert_eq!(decide(list, "192.0.2.9 -> 10.0.0.80 tcp/80"), "either");
    let undefined = import(&outside(list)).inventory.undefined;
    assert_eq!(
        undefined.iter().map(|it| (it.kind, it.name.as_str())).collect::<Vec<_>>(),
        [("name", "web"); 2]
    );
    // Both ask the same: what the first does not permit, the second does not match.
    let text = outside(&format!("{list}\naccess-list OUT extended permit ip any any"));
    assert_eq!(
        ask(&text, "192.0.2.9 -> 10.0.0.80 tcp/80 in outside out inside"),
        "permit by OUT line 1, OUT line 3"
    );
    // The network of that name is another thing than the host.
    let group = "object-group network g\n network-object host web\n network-object web 255.255.255.0\n\
                 access-list OUT extended permit ip any object-group g\n";
    let export = import(&outside(group));
    assert_eq!(firewall(&export).rules.rules().map(|rule| rule.matches.len()).max(), Some(2));
    // Addresses that were made illegible are each their own, even where they read the same.
    let hidden = text.replace("host web", "host xx.xx.4.7");
    assert_eq!(ask(&hidden, "192.0.2.9 -> 10.0.0.80 tcp/80 in outside out inside"), "either");
}

#[test]
fn any_is_one_family_before_version_9() {
    let lines = "access-list OUT extended permit tcp any any eq 443";
    assert_eq!(decide(lines, "2001:db8::9 -> 2001:db8:1::1 tcp/443"), "permit by OUT line 1");
    let old = outside(lines).replace("Version 9.8(2)", "Version 8.4(1)");
    assert_eq!(ask(&old, "192.0.2.9 -> 10.0.0.8 tcp/443 in outside out inside"), "permit by OUT line 1");
    // IPv6 has no list there: the levels decide.
    assert_eq!(
        ask(&old, "2001:db8::9 -> 2001:db8:1::1 tcp/443 in outside out inside"),
        "deny by implicit deny of security-level 0 of outside"
    );
    let both = format!(
        "{old}ipv6 access-list SIX permit tcp any any eq 443\naccess-group SIX in interface outside\n"
    );
    assert_eq!(
        ask(&both, "2001:db8::9 -> 2001:db8:1::1 tcp/443 in outside out inside"),
        "permit by SIX line 1"
    );
    assert_eq!(ask(&both, "192.0.2.9 -> 10.0.0.8 tcp/443 in outside out inside"), "permit by OUT line 1");
}

#[test]
fn families_of_any() {
    let list = "access-list OUT extended permit tcp any4 any4 eq 1\naccess-list OUT extended permit tcp any6 any6 eq 2";
    assert_eq!(decide(list, "192.0.2.9 -> 10.0.0.8 tcp/1"), "permit by OUT line 1");
    assert!(decide(list, "192.0.2.9 -> 10.0.0.8 tcp/2").starts_with("deny"));
    assert_eq!(decide(list, "2001:db8::9 -> 2001:db8:1::1 tcp/2"), "permit by OUT line 2");
}

#[test]
fn ports_of_both_sides_and_their_names() {
    let list = "access-list OUT extended permit tcp any gt 1023 any range www 90\n\
                access-list OUT extended permit udp any eq domain any\n\
                access-list OUT extended permit tcp any any eq sqlnet\n\
                access-list OUT extended permit tcp any any neq 25";
    assert_eq!(decide(list, "192.0.2.9 -> 10.0.0.8 tcp/80 from 1024"), "permit by OUT line 1");
    assert_eq!(decide(list, "192.0.2.9 -> 10.0.0.8 tcp/90 from 1023"), "permit by OUT line 4");
    assert_eq!(decide(list, "192.0.2.9 -> 10.0.0.8 udp/9 from 53"), "permit by OUT line 2");
    assert_eq!(decide(list, "192.0.2.9 -> 10.0.0.8 tcp/1521 from 9"), "permit by OUT line 3");
    assert!(decide(list, "192.0.2.9 -> 10.0.0.8 tcp/25 from 9").starts_with("deny"));
    for wrong in ["tcp any any eq www1", "tcp any any eq 65536", "tcp any any range 9 8", "gre any any eq 80"]
    {
        let list = format!("access-list OUT extended permit {wrong}");
        assert_eq!(decide(&list, "192.0.2.9 -> 10.0.0.8 tcp/80 from 9"), "either", "{wrong}");
        assert_eq!(status(&outside(&list), "access-list").0, Status::NotUnderstood, "{wrong}");
    }
}

#[test]
fn icmp_has_types_and_codes() {
    let list = "access-list OUT extended permit icmp any any echo\n\
                access-list OUT extended permit icmp any any unreachable 4\n\
                access-list OUT extended permit icmp any any 13 log\n\
                access-list OUT extended permit icmp6 any any echo";
    assert_eq!(decide(list, "192.0.2.9 -> 10.0.0.8 icmp/8"), "permit by OUT line 1");
    assert_eq!(decide(list, "192.0.2.9 -> 10.0.0.8 icmp/3.4"), "permit by OUT line 2");
    assert!(decide(list, "192.0.2.9 -> 10.0.0.8 icmp/3.1").starts_with("deny"));
    assert_eq!(decide(list, "192.0.2.9 -> 10.0.0.8 icmp/13"), "permit by OUT line 3");
    assert_eq!(decide(list, "2001:db8::9 -> 2001:db8:1::1 icmpv6/128"), "permit by OUT line 4");
}

#[test]
fn the_address_of_an_interface() {
    let list = "access-list OUT extended permit tcp any interface outside eq 443\n\
                access-list OUT extended permit tcp any interface lan eq 443";
    assert_eq!(decide(list, "198.51.100.9 -> 192.0.2.1 tcp/443"), "permit by OUT line 1");
    assert_eq!(decide(list, "198.51.100.9 -> 10.0.0.1 tcp/443"), "either");
}

#[test]
fn what_is_wrong_does_not_pass_in_silence() {
    let text = outside("access-list OUT extended permit ip any any\nfrobnicate all\n");
    assert_eq!(status(&text, "frobnicate").0, Status::NotUnderstood);
    assert_eq!(ask(&text, "192.0.2.9 -> 10.0.0.8 tcp/1 in outside out inside"), "either");
    let text =
        outside("access-list OUT extended permit ip any any\nestablished tcp 4000 0 permitto tcp 1024\n");
    assert_eq!(status(&text, "established").0, Status::Approximated);
    assert_eq!(
        ask(&text, "192.0.2.9 -> 10.0.0.8 tcp/1 in outside out inside"),
        "permit by OUT line 1, established tcp 4000 0 permitto tcp 1024"
    );
    let text = outside("access-list OUT extended permit tcp any any established\n");
    assert_eq!(status(&text, "access-list").0, Status::NotUnderstood);
}

#[test]
fn what_is_for_the_firewall_itself_is_not_for_what_passes() {
    let list = "access-list CP extended permit ip any any\naccess-list OUT extended permit tcp any any eq 443\n\
                access-group CP in interface outside control-plane\nicmp permit any outside\nssh 0.0.0.0 0.0.0.0 outside\n\
                http 10.0.0.0 255.0.0.0 inside\nsysopt connection permit-vpn\n";
    assert!(decide(list, "192.0.2.9 -> 10.0.0.8 tcp/22").starts_with("deny"));
    for (line, reason) in [
        ("access-group CP", "traffic to the firewall itself"),
        ("icmp", "traffic to the firewall itself"),
        ("ssh", "traffic to the firewall itself"),
        ("access-list CP", "the list is for traffic to the firewall itself"),
    ] {
        assert_eq!(status(&outside(list), line), (Status::Irrelevant, reason.to_owned()), "{line}");
    }
}

#[test]
fn tunnels_and_translations_are_told_of() {
    let text = outside(
        "access-list OUT extended permit ip any any\ncrypto map m 1 match address VPN\ncrypto map m interface outside\n",
    );
    assert_eq!(problems(&text), ["what comes out of a VPN tunnel passes the access lists unasked"]);
    assert_eq!(problems(&format!("{text}no sysopt connection permit-vpn\n")), [""; 0]);
    let text = outside("access-list OUT permit ip any any\nstatic (inside,outside) 192.0.2.8 10.0.0.8 netmask 255.255.255.255\n")
        .replace("9.8(2)", "8.2(1)");
    assert_eq!(problems(&text), ["access lists name the translated addresses here, as before ASA 8.3"]);
}

#[test]
fn a_terminal_log_is_read_like_a_configuration() {
    let text = outside("access-list OUT extended permit tcp any any eq 443");
    let log = format!(
        "fw# show running-config\r\n: Saved\r\n{}: end\r\nfw# show route\r\nC 10.0.0.0 255.255.255.0 is directly connected\r\nfw#\r\n",
        text.replace("access-group", "<--- More --->\r              \raccess-group").replace('\n', "\r\n")
    );
    assert_eq!(ask(&log, "192.0.2.9 -> 10.0.0.8 tcp/443 in outside out inside"), "permit by OUT line 1");
    assert_eq!(status(&log, "C 10.0").1, "what another command printed");
    assert_eq!(import(&log).coverage.totals().not_understood, 0);
}

#[test]
fn an_export_without_rules_is_an_error() {
    let error = |text: &str| CiscoAsa.import(text).unwrap_err().message;
    assert_eq!(
        error("object network a\n host 10.0.0.1\n"),
        "the file has objects, and no access list and no interface"
    );
    assert_eq!(error("hostname fw\n"), "the file has no access list and no interface with a name");
}

#[test]
fn what_is_behind_each_interface() {
    let behind = |text: &str| -> Vec<(String, String)> {
        let interfaces = import(text).inventory.interfaces;
        interfaces.into_iter().map(|entry| (entry.name, space::address_set(&entry.behind))).collect()
    };
    let routes = "route outside 0.0.0.0 0.0.0.0 192.0.2.254 1\nroute inside 10.0.0.0 255.0.0.0 10.0.0.254 1\n\
                  route outside 10.9.0.0 255.255.0.0 192.0.2.253 1\n";
    let text = format!("{INTERFACES}{routes}");
    assert_eq!(
        behind(&text),
        [
            (
                "outside".to_owned(),
                "0.0.0.0/0 except [10.0.0.0/13, 10.8.0.0/16, 10.10.0.0-10.255.255.255]".to_owned()
            ),
            ("inside".to_owned(), "[10.0.0.0/13, 10.8.0.0/16, 10.10.0.0-10.255.255.255]".to_owned()),
        ]
    );
    let connected =
        [("outside".to_owned(), "192.0.2.0/24".to_owned()), ("inside".to_owned(), "10.0.0.0/24".to_owned())];
    assert_eq!(behind(&format!("{text}router ospf 1\n network 10.0.0.0 255.0.0.0 area 0\n")), connected);
    // Two ways to one network: neither is sure.
    let two = format!(
        "{INTERFACES}route outside 172.16.0.0 255.255.0.0 192.0.2.2 1\nroute inside 172.16.0.0 255.255.0.0 10.0.0.2 5\n"
    );
    assert_eq!(behind(&two), connected);
    // An address that DHCP gives may lie anywhere, so only the routes by that interface are sure.
    let dhcp = text.replace("ip address 192.0.2.1 255.255.255.0", "ip address dhcp");
    assert_eq!(behind(&dhcp)[1], ("inside".to_owned(), "10.0.0.0/24".to_owned()));
    assert!(behind(&dhcp)[0].1.starts_with("0.0.0.0/0 except"));
}
